"""What a stretch of a market is boiled down to: sums, from which every moment follows. Recorded and simulated markets alike.

A stretch is some minutes of one market, or one market that was looked at now and then. The sums of stretches add up, so moments
of all of them, and of any resample of them, are arithmetic on a table (`moments.py`). Nothing here knows files or parameters.

A book counts while its mid lies inside PRICES: beyond, a contract nearly decided trades in another way, and the synthetic
market begins inside. Prices and distances in cents, quantities in contracts, time in seconds.
"""

import math
from collections.abc import Sequence
from typing import Final

from depthwalk.domain.book import Book, Level
from depthwalk.domain.units import CENT, CONTRACT, SECOND, Instant, Price

PRICES: Final = (20.0, 80.0)
"""The mids, in cents, at which a book counts."""

HORIZONS: Final = (1, 4, 20, 40)
"""The seconds over which the mid's change is measured: the volatility signature."""

WITHIN: Final = (1, 3, 5)
"""The cents from the best price within which depth is measured."""

NEAR: Final = 10
"""Orders further than this many cents from the best of their side are not looked at: nothing reaches them."""

AHEAD: Final = 4
"""Seconds over which the imbalance is asked what it says of the mid."""

AFTER_TRADE: Final = (5, 30)
"""Seconds after a trade at which the mid is looked at, to the nearest look."""

FOLLOWED: Final = 2 * SECOND
"""A taker is followed if another comes to the same side within this: how takers cluster, whatever makes them."""

_NAMES: Final = (
    *("steps", "one_sided", "books", "spread", "touch"),
    *(f"depth{cents}" for cents in WITHIN),
    *("levels", "level", "level_square", "moves", "pairs", "near"),
    *(f"changes{span}" for span in HORIZONS),
    *(f"squares{span}" for span in HORIZONS),
    *("lean_move", "lean_square", "adds", "added", "add_log", "add_log_square", "add_offset", "add_seconds"),
    *("trades", "traded", "trade_log", "trade_log_square", "trade_seconds", "followed"),
    *(f"marked{span}" for span in AFTER_TRADE),
    *(f"mark{span}" for span in AFTER_TRADE),
)
AT: Final = {name: index for index, name in enumerate(_NAMES)}
"""The column of each sum."""

_LEANING_LEVELS: Final = 3


class Stretch:
    """One stretch, looked at every *step* seconds. Samples, increases and trades come in order of time.

    *increases*: the sizes of new orders are read off what a level has grown by since the last sample; False where somebody
    tells of every change (`add`), or where the looks are too far apart for that to mean anything.
    """

    def __init__(self, step: int, *, increases: bool) -> None:
        self._step, self._increases = step, increases
        self._sums = nothing()
        self._mids: list[float] = []
        self._leans: list[float] = []
        self._trades: list[tuple[int, int]] = []
        self._taken: dict[int, int] = {}
        self._last: Book | None = None
        self._in_range = False

    def sample(self, book: Book | None) -> None:
        """Note the book of the next step; None where it is not known."""
        sums = self._sums
        mid, lean = math.nan, math.nan
        if book is None:
            self._in_range = False
        elif book.bids and book.asks:
            center = (book.bids[0][0] + book.asks[0][0]) / (2 * CENT)
            self._in_range = book.asks[0][0] > book.bids[0][0] and PRICES[0] <= center <= PRICES[1]
            if self._in_range:
                mid, lean = center, _lean(book)
                self._measure(book)
        elif self._in_range:
            sums[AT["steps"]] += 1
            sums[AT["one_sided"]] += 1
        self._compare(book if self._in_range else None)
        self._mids.append(mid)
        self._leans.append(lean)

    def add(self, quantity: float, offset: float) -> None:
        """Note a new order of *quantity* contracts, *offset* cents behind the best of its side (itself included)."""
        if self._in_range and offset <= NEAR and quantity > 0:
            sums, log = self._sums, math.log(quantity)
            sums[AT["adds"]] += 1
            sums[AT["added"]] += quantity
            sums[AT["add_log"]] += log
            sums[AT["add_log_square"]] += log * log
            sums[AT["add_offset"]] += offset

    def trade(self, at: Instant, sign: int, quantity: float) -> None:
        """Note a taker's order (*sign* 1 bought, -1 sold) of *quantity* contracts; it falls into the step to come."""
        if self._in_range and quantity > 0:
            count_taker(self._sums, quantity, followed=at - self._taken.get(sign, -FOLLOWED) < FOLLOWED)
            self._taken[sign] = at
            self._trades.append((len(self._mids) - 1, sign))

    def close(self, *, tells_adds: bool, tells_trades: bool) -> Sequence[float]:
        """Return the sums. *tells_adds*, *tells_trades*: orders and trades were told, so that none means none came."""
        sums, mids, step = self._sums, self._mids, self._step
        for span in HORIZONS:
            if span % step == 0:
                changes = _changes(mids, span // step)
                sums[AT[f"changes{span}"]] += len(changes)
                sums[AT[f"squares{span}"]] += sum(change * change for change in changes)
        ahead = max(1, AHEAD // step)
        for lean, before, after in zip(self._leans, mids, mids[ahead:], strict=False):
            if not (math.isnan(before) or math.isnan(after)):
                sums[AT["lean_move"]] += lean * (after - before)
                sums[AT["lean_square"]] += lean * lean
        # What is told after the last look belongs to nobody.
        seconds = sum(not math.isnan(mid) for mid in mids[:-1]) * step
        if tells_adds or self._increases:
            sums[AT["add_seconds"]] += seconds
        if tells_trades:
            sums[AT["trade_seconds"]] += seconds
        for span in AFTER_TRADE:
            self._mark(span)
        return sums

    def _measure(self, book: Book) -> None:
        sums = self._sums
        sums[AT["steps"]] += 1
        sums[AT["books"]] += 1
        sums[AT["spread"]] += (book.asks[0][0] - book.bids[0][0]) / CENT
        for side in (book.bids, book.asks):
            self._measure_side(side)

    def _measure_side(self, side: Sequence[Level]) -> None:
        sums = self._sums
        best = side[0][0]
        sums[AT["touch"]] += math.log(side[0][1] / CONTRACT)
        total, reached = 0, 0
        limits = [*WITHIN, NEAR]
        for price, quantity in side:
            away = abs(price - best)
            while away > limits[reached] * CENT:
                self._reach(limits[reached], total)
                reached += 1
                if reached == len(limits):
                    return
            total += quantity
            if away <= WITHIN[-1] * CENT:
                log = math.log(quantity / CONTRACT)
                sums[AT["levels"]] += 1
                sums[AT["level"]] += log
                sums[AT["level_square"]] += log * log
        for limit in limits[reached:]:
            self._reach(limit, total)

    def _reach(self, cents: int, total: int) -> None:
        if cents == NEAR:
            self._sums[AT["near"]] += total / CONTRACT
        else:
            self._sums[AT[f"depth{cents}"]] += math.log(total / CONTRACT)

    def _compare(self, book: Book | None) -> None:
        """Compare a book with that of the step before."""
        last, self._last = self._last, book
        if last is None or book is None or not (book.bids and book.asks and last.bids and last.asks):
            return
        sums = self._sums
        sums[AT["pairs"]] += 1
        sums[AT["moves"]] += book.bids[0][0] != last.bids[0][0] or book.asks[0][0] != last.asks[0][0]
        if self._increases:
            for before, after in ((last.bids, book.bids), (last.asks, book.asks)):
                known, best = dict(before), after[0][0]
                for price, quantity in _near(after, best):
                    grown = quantity - known.get(price, 0)
                    if grown > 0:
                        self.add(grown / CONTRACT, abs(price - best) / CENT)

    def _mark(self, span: int) -> None:
        """Note how far the mid has gone with each trade by *span* seconds after the step before it."""
        mids, sums, ahead = self._mids, self._sums, max(1, round(span / self._step))
        for index, sign in self._trades:
            later = index + ahead
            if later < len(mids) and not (math.isnan(mids[index]) or math.isnan(mids[later])):
                sums[AT[f"marked{span}"]] += 1
                sums[AT[f"mark{span}"]] += sign * (mids[later] - mids[index])


def count_taker(sums: list[float], quantity: float, *, followed: bool) -> None:
    """Add a taker to the sums of a stretch; *followed*: the one before it on its side came shortly before."""
    log = math.log(quantity)
    sums[AT["trades"]] += 1
    sums[AT["traded"]] += quantity
    sums[AT["trade_log"]] += log
    sums[AT["trade_log_square"]] += log * log
    sums[AT["followed"]] += followed


def nothing() -> list[float]:
    """Return the sums of nothing."""
    return [0.0] * len(_NAMES)


def _near(side: Sequence[Level], best: Price) -> Sequence[Level]:
    return [level for level in side if abs(level[0] - best) <= NEAR * CENT]


def _lean(book: Book) -> float:
    bids = sum(quantity for _, quantity in book.bids[:_LEANING_LEVELS])
    asks = sum(quantity for _, quantity in book.asks[:_LEANING_LEVELS])
    return (bids - asks) / (bids + asks)


def _changes(mids: Sequence[float], steps: int) -> list[float]:
    return [change for a, b in zip(mids, mids[steps:], strict=False) if not math.isnan(change := b - a)]
