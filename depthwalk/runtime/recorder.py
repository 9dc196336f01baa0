"""The recorder's judgement: what to ask for next, which books are news, when a heartbeat is due, what is a gap. No I/O.

Values in, values out; the loop that asks and writes is in `recording.py`. A book is news when what would be stored of it differs
from what was stored last. An unchanged book is confirmed by a heartbeat now and then, so that sameness and silence can be told
apart (design, section 5). Silence is the time between two readings of a ticker where one in between failed or where it is longer
than two and a half intervals; each silence becomes exactly one gap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from typing import Final, Protocol

from depthwalk.domain.book import Book
from depthwalk.domain.units import Duration, Instant, Quantity, in_seconds, seconds

BOOKS_AT_ONCE: Final = 100
"""Tickers of one request for books (kalshi-api.md section 5.5)."""

HEARTBEAT: Final = seconds(60)
"""An unchanged book is confirmed at least this often."""

_TRADES_AT_ONCE: Final = 10
"""Tickers a round whose trades are asked for: one request each, so many tickers take turns."""

_LATE: Final = Fraction(5, 2)
_OVERLAP: Final = seconds(5)
"""Trades are asked for from a little before the last one on: their times are the venue's, and may come out of order."""


class PublicTrade(Protocol):
    """What the recorder has to know of a trade; it is handed through otherwise."""

    @property
    def trade_id(self) -> str:
        """The venue's id of it."""
        ...

    @property
    def at(self) -> Instant:
        """When it was, by the venue's clock."""
        ...

    @property
    def is_block(self) -> bool:
        """Whether it was negotiated off the book."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BookRow:
    """A changed book: its best levels, and the totals over all levels. *at*: when it was asked for; *received_at*: had."""

    ticker: str
    at: Instant
    received_at: Instant
    book: Book
    bid_total: Quantity
    ask_total: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatRow:
    """At that time the book of the ticker still was the one stored last."""

    ticker: str
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRow:
    """Nothing is known of the ticker's book between two times."""

    ticker: str
    start: Instant
    end: Instant
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRow:
    """A public trade that was not seen before."""

    ticker: str
    trade: PublicTrade


Row = BookRow | HeartbeatRow | GapRow | TradeRow
"""What is written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskBooks:
    """Ask for the books of these tickers, at most BOOKS_AT_ONCE."""

    tickers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskTrades:
    """Ask for the trades of a ticker at or after a time of the venue's clock."""

    ticker: str
    since: Instant


@dataclass(slots=True, kw_only=True)
class TickerState:
    """What is known of one ticker. *read_at*: the last reading; *row_at*: the last book or heartbeat stored."""

    ticker: str
    trades_since: Instant
    book: Book | None = None
    read_at: Instant | None = None
    row_at: Instant | None = None
    stored: tuple[Book, Quantity, Quantity] | None = None
    trouble: str | None = None
    recent_trades: dict[str, Instant] = field(default_factory=dict)
    rows: int = 0
    gaps: int = 0


@dataclass(slots=True, kw_only=True)
class Totals:
    """How much was written."""

    books: int = 0
    heartbeats: int = 0
    gaps: int = 0
    trades: int = 0


class RecorderCore:
    """One recording.

    Args:
        trades_since: the tickers, each with the time from which on its trades are wanted (the venue's clock).
        started_at: when the recording begins: a ticker not read since is silent from here on.
        interval: the pace of the rounds; None for a single one, which is never late.
        depth: levels a side that are stored.

    """

    def __init__(
        self, trades_since: Mapping[str, Instant], *, started_at: Instant, interval: Duration | None, depth: int
    ) -> None:
        self._states = {ticker: TickerState(ticker=ticker, trades_since=since) for ticker, since in trades_since.items()}
        self._started_at = started_at
        self._longest = None if interval is None else interval * _LATE
        self._depth = depth
        self._turn = 0
        self.totals = Totals()

    @property
    def states(self) -> Sequence[TickerState]:
        """Every ticker as it stands, in the order given."""
        return tuple(self._states.values())

    def requests(self) -> list[AskBooks | AskTrades]:
        """Return what to ask for in the next round: all books, and the trades of the tickers whose turn it is."""
        tickers = list(self._states)
        books = [
            AskBooks(tickers=tuple(tickers[start : start + BOOKS_AT_ONCE])) for start in range(0, len(tickers), BOOKS_AT_ONCE)
        ]
        turn = list(islice(tickers[self._turn :] + tickers[: self._turn], _TRADES_AT_ONCE))
        self._turn = (self._turn + len(turn)) % max(1, len(tickers))
        trades = [
            AskTrades(ticker=ticker, since=Instant(max(0, self._states[ticker].trades_since - _OVERLAP))) for ticker in turn
        ]
        return [*books, *trades]

    def books_read(self, asked: AskBooks, *, sent_at: Instant, received_at: Instant, books: Mapping[str, Book]) -> list[Row]:
        """Take a reply. A ticker that was asked for and is not in it counts as failed."""
        rows: list[Row] = []
        for ticker in asked.tickers:
            book, state = books.get(ticker), self._states[ticker]
            if book is None:
                state.trouble = state.trouble or "the exchange left it out of its reply"
            elif state.read_at is None or sent_at > state.read_at:
                rows += self._read(state, book, sent_at, received_at)
        return self._counted(rows)

    def books_failed(self, asked: AskBooks, why: str) -> None:
        """Take a failure: the tickers are silent from their last reading until the next."""
        for ticker in asked.tickers:
            state = self._states[ticker]
            # The first reason is the one that began the silence.
            state.trouble = state.trouble or why

    def trades_read(self, asked: AskTrades, trades: Sequence[PublicTrade]) -> list[Row]:
        """Take trades, newest first as the venue lists them; return the new ones oldest first, no block trades."""
        state = self._states[asked.ticker]
        new = {trade.trade_id: trade for trade in trades if not trade.is_block and trade.trade_id not in state.recent_trades}
        state.recent_trades |= {trade.trade_id: trade.at for trade in new.values()}
        state.trades_since = max(state.trades_since, *state.recent_trades.values(), Instant(0))
        # What the next request cannot bring again need not be remembered; the venue counts in whole seconds.
        oldest = state.trades_since - 2 * _OVERLAP
        state.recent_trades = {trade_id: at for trade_id, at in state.recent_trades.items() if at >= oldest}
        in_order = sorted(new.values(), key=lambda trade: trade.at)
        return self._counted([TradeRow(ticker=asked.ticker, trade=trade) for trade in in_order])

    def finish(self, at: Instant) -> list[Row]:
        """End the recording: what is silent now stays silent until *at*, what is not gets a last heartbeat."""
        rows: list[Row] = []
        for state in self._states.values():
            rows += self._gap(state, at)
            if state.read_at is not None and state.row_at is not None and state.read_at > state.row_at:
                rows.append(HeartbeatRow(ticker=state.ticker, at=state.read_at))
                state.row_at = state.read_at
        return self._counted(rows)

    def _read(self, state: TickerState, book: Book, sent_at: Instant, received_at: Instant) -> list[Row]:
        rows: list[Row] = self._gap(state, sent_at)
        state.read_at, state.book, state.trouble = sent_at, book, None
        stored = self._storable(book)
        if stored != state.stored:
            top, bid_total, ask_total = state.stored = stored
            rows.append(
                BookRow(
                    ticker=state.ticker,
                    at=sent_at,
                    received_at=received_at,
                    book=top,
                    bid_total=bid_total,
                    ask_total=ask_total,
                )
            )
        elif state.row_at is None or sent_at - state.row_at >= HEARTBEAT or rows:
            # After a silence too: else nothing would say that the book was the same again from here on.
            rows.append(HeartbeatRow(ticker=state.ticker, at=sent_at))
        else:
            return rows
        state.row_at = sent_at
        return rows

    def _gap(self, state: TickerState, at: Instant) -> list[Row]:
        """Return the silence that ends at *at*, if it was one."""
        start = self._started_at if state.read_at is None else state.read_at
        silence = at - start
        late = self._longest is not None and silence > self._longest
        if silence <= 0 or not (late or state.trouble):
            return []
        why = state.trouble or f"the reading came late, after {in_seconds(silence):.1f} s"
        return [GapRow(ticker=state.ticker, start=start, end=at, why=why)]

    def _storable(self, book: Book) -> tuple[Book, Quantity, Quantity]:
        top = Book(book.bids[: self._depth], book.asks[: self._depth])
        bid_total, ask_total = (sum(quantity for _, quantity in side) for side in (book.bids, book.asks))
        return top, Quantity(bid_total), Quantity(ask_total)

    def _counted(self, rows: list[Row]) -> list[Row]:
        for row in rows:
            state = self._states[row.ticker]
            match row:
                case BookRow():
                    self.totals.books += 1
                    state.rows += 1
                case HeartbeatRow():
                    self.totals.heartbeats += 1
                    state.rows += 1
                case GapRow():
                    self.totals.gaps += 1
                    state.gaps += 1
                case TradeRow():
                    self.totals.trades += 1
        return rows
