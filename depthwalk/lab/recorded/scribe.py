"""Frames in, tapes out: where a recording of changes is checked and cut. Nothing is decoded and no file is opened here.

A tape ends, and says why, where a number of the feed's sequence is missing, where a level would fall below nothing, and where
the book stays crossed for longer than a trade takes to arrive in its several parts. After the first two nothing is known until
the next snapshot; after the last the book is still known, and a new tape begins where it uncrosses.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from depthwalk.domain.book import Book, Level
from depthwalk.domain.grid import STRUCTURES, Grid, fitting_structure
from depthwalk.domain.market import FeeSchedule
from depthwalk.domain.units import ONE, SECOND, Duration, Instant, Price, Quantity, format_price
from depthwalk.errors import DomainError, UsageError
from depthwalk.lab.recorded.tape import Cut, Kind, Row, Tape, Tapes, differences

CROSSED_AT_MOST: Final = SECOND
"""How long a book may be crossed or locked. In kxbtc15m-ws-l2 it is for 12 ms at most, while the parts of a trade arrive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is known of a market beside its books; a grid of None is the smallest published one that fits the prices."""

    grid: Grid | None = None
    fees: FeeSchedule = field(default_factory=FeeSchedule)
    close_time: Instant | None = None


@dataclass(slots=True, eq=False)
class _Draft:
    """A tape being written."""

    ticker: str
    start: Instant
    first: Book
    until: Instant
    rows: list[Row] = field(default_factory=list)


class _Half:
    """One side's levels, and its best price. *sign* is that of `Side`."""

    __slots__ = ("best", "levels", "sign")

    def __init__(self, levels: Iterable[Level], sign: int) -> None:
        self.levels: dict[int, int] = {price: quantity for price, quantity in levels if quantity}
        self.sign = sign
        self.best: int | None = self._find()

    def _find(self) -> int | None:
        return max(self.levels, key=lambda price: price * self.sign, default=None)

    def change(self, price: int, change: int) -> bool:
        """Change a level; False, and nothing done, where less than nothing would be left."""
        left = self.levels.get(price, 0) + change
        if left < 0:
            return False
        if left:
            self.levels[price] = left
            if self.best is None or (price - self.best) * self.sign > 0:
                self.best = price
        else:
            self.levels.pop(price, None)
            if price == self.best:
                self.best = self._find()
        return True


class _Market:
    """A market whose book is known now."""

    def __init__(self, stream: str, book: Book) -> None:
        self.stream = stream
        self.halves = (_Half(book.bids, 1), _Half(book.asks, -1))
        self.draft: _Draft | None = None
        self.crossed: tuple[Instant, int, str] | None = None
        """Since when it is crossed, how many rows of the draft were written before, and where."""

    def book(self) -> Book:
        bids, asks = ([(Price(at), Quantity(size)) for at, size in half.levels.items()] for half in self.halves)
        return Book.of_levels(bids=bids, asks=asks)

    @property
    def is_crossed(self) -> bool:
        bid, ask = self.halves[0].best, self.halves[1].best
        return bid is not None and ask is not None and bid >= ask


def refused(where: str, error: Exception) -> UsageError:
    """Return what to raise for a line that a scribe cannot use."""
    return UsageError(f"{where}: not a frame of an order book: {error}")


class Scribe:
    """Writes tapes. *source* names the recording, *patience* how long a book may stay crossed."""

    def __init__(self, source: str, *, patience: Duration = CROSSED_AT_MOST) -> None:
        self._source = source
        self._patience = patience
        self._markets: dict[str, _Market] = {}
        self._strangers: set[str] = set()
        self._traded: set[str] = set()
        self._sequence: dict[str, int] = {}
        self._seen: dict[str, Instant] = {}
        self._now = Instant(0)
        self._drafts: list[_Draft] = []
        self._cuts: list[Cut] = []

    def frame(self, stream: str, number: int | None, at: Instant, where: str) -> Instant:
        """Take note of a frame of a stream, whatever it says; return its time, which never runs backwards.

        A stream is one subscription of one connection. Its numbers follow one another; where one is missing, all its markets
        are cut. None: nobody numbers it.
        """
        if number is not None:
            last = self._sequence.get(stream)
            self._sequence[stream] = number
            if last is not None and number != last + 1:
                begun = "the feed begins anew" if number <= 1 else f"frame {last} of the feed is followed by {number}"
                self._break(stream, where, begun)
        self._now = self._seen[stream] = max(self._now, at)
        return self._now

    def snapshot(self, stream: str, at: Instant, ticker: str, book: Book, where: str) -> None:
        """State a market's whole book. One that is known on this stream is carried on; otherwise a tape begins."""
        known = self._markets.get(ticker)
        if known is not None and known.stream == stream:
            for kind, price, change in differences(known.book(), book):
                self.change(at, ticker, kind, price, change, stream=stream, where=where)
            return
        if known is not None:
            self._cut(ticker, known, where, "another connection carries it on")
        market = self._markets[ticker] = _Market(stream, book)
        self._begin(ticker, market, at)
        self._look(market, at, where)

    def change(self, at: Instant, ticker: str, kind: int, price: int, change: int, *, stream: str, where: str) -> None:
        """Change one level of a market, if it is the stream's: another one tells the same, and twice would be wrong.

        Raises DomainError where no level can have that price.
        """
        if not 0 < price < ONE:
            raise DomainError(f"no book has a level at {format_price(price)}")
        market = self._markets.get(ticker)
        if market is None:
            if ticker not in self._strangers:
                self._strangers.add(ticker)
                self._cuts.append(Cut(ticker=ticker, at=at, where=where, reason="changes before any snapshot are passed over"))
            return
        if market.stream != stream:
            return
        if not market.halves[kind].change(price, change):
            self._strangers.add(ticker)
            del self._markets[ticker]
            self._cut(ticker, market, where, f"{change / 100:+g} contracts at {format_price(price)} leave less than nothing")
            return
        if market.draft is not None:
            market.draft.rows.append((at, kind, price, change))
        if market.crossed is not None or market.is_crossed:
            self._look(market, at, where)
            if market.draft is None and market.crossed is None:
                self._begin(ticker, market, at)

    def trade(self, at: Instant, ticker: str, kind: Kind, price: Price, quantity: Quantity) -> None:
        """Note a trade in a market whose book is known, and of any that its trades are told."""
        self._traded.add(ticker)
        market = self._markets.get(ticker)
        if market is not None and market.draft is not None:
            market.draft.rows.append((at, kind, price, quantity))

    def forget(self, ticker: str, where: str, reason: str, *, until: Instant) -> None:
        """Cut a market's tape: nothing is known of it after *until*."""
        market = self._markets.pop(ticker, None)
        if market is not None:
            self._seen[market.stream] = max(self._seen[market.stream], until)
            self._cut(ticker, market, where, reason)

    def finish(self, terms: Mapping[str, Terms] | None = None) -> Tapes:
        """Return the tapes; *terms* are those of markets of which more is known than the frames say."""
        for market in self._markets.values():
            if market.crossed is not None and market.draft is not None:
                self._give_up(market, "it is still crossed at the end")
            self._end(market)
        self._markets.clear()
        known = terms or {}
        prices: dict[str, set[int]] = {}
        for draft in self._drafts:
            seen = prices.setdefault(draft.ticker, set())
            seen.update(price for side in (draft.first.bids, draft.first.asks) for price, _ in side)
            seen.update(row[2] for row in draft.rows)
        grids = {
            ticker: known.get(ticker, Terms()).grid or STRUCTURES[fitting_structure(seen)] for ticker, seen in prices.items()
        }
        tapes = [self._tape(draft, known.get(draft.ticker, Terms()), grids[draft.ticker]) for draft in self._drafts]
        return Tapes(tapes=tuple(sorted(tapes, key=lambda tape: (tape.start, tape.ticker))), cuts=tuple(self._cuts))

    # --- tapes ---

    def _begin(self, ticker: str, market: _Market, at: Instant) -> None:
        self._strangers.discard(ticker)
        market.draft = _Draft(ticker, at, market.book(), at)

    def _look(self, market: _Market, at: Instant, where: str) -> None:
        """Watch how long a book is crossed."""
        if market.crossed is not None and at - market.crossed[0] > self._patience and market.draft is not None:
            self._give_up(market, f"it stays crossed for more than {self._patience / SECOND:g} s")
        if not market.is_crossed:
            market.crossed = None
        elif market.crossed is None and market.draft is not None:
            market.crossed = at, max(0, len(market.draft.rows) - 1), where

    def _give_up(self, market: _Market, reason: str) -> None:
        """End the tape of a market before it was crossed."""
        draft, crossed = market.draft, market.crossed
        if draft is None or crossed is None:
            return
        since, rows, where = crossed
        self._cuts.append(Cut(ticker=draft.ticker, at=since, where=where, reason=reason))
        del draft.rows[rows:]
        draft.until = since
        if since > draft.start:
            self._drafts.append(draft)
        market.draft = None

    def _end(self, market: _Market) -> None:
        draft = market.draft
        if draft is not None:
            draft.until = max(draft.start, self._seen[market.stream])
            self._drafts.append(draft)
            market.draft = None

    def _cut(self, ticker: str, market: _Market, where: str, reason: str) -> None:
        self._cuts.append(Cut(ticker=ticker, at=self._seen[market.stream], where=where, reason=reason))
        self._end(market)

    def _break(self, stream: str, where: str, reason: str) -> None:
        for ticker, market in list(self._markets.items()):
            if market.stream == stream:
                del self._markets[ticker]
                self._strangers.add(ticker)
                self._cut(ticker, market, where, reason)

    def _tape(self, draft: _Draft, terms: Terms, grid: Grid) -> Tape:
        columns = zip(*draft.rows, strict=True) if draft.rows else ((), (), (), ())
        at, kind, price, change = columns
        return Tape(
            ticker=draft.ticker,
            source=self._source,
            grid=grid,
            fees=terms.fees,
            close_time=terms.close_time,
            start=draft.start,
            until=draft.until,
            first=draft.first,
            at=np.array(at, dtype=np.int64),
            kind=np.array(kind, dtype=np.int8),
            price=np.array(price, dtype=np.int32),
            change=np.array(change, dtype=np.int64),
            tells_trades=draft.ticker in self._traded,
        )
