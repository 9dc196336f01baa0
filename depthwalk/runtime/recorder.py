"""The recorder's judgement: what to ask for next, which books are news, when a heartbeat is due, what is a gap. No I/O.

Values in, values out; the loop that asks and writes is in `recording.py`. A book is news when what would be stored of it
differs from what was stored last. A heartbeat says up to when a ticker was read without a silence, whether its book changed or
not, so that sameness and silence can be told apart (design, section 5). Silence is the time between two readings of a ticker
where one in between failed, or where it is longer than two and a half intervals; each silence becomes exactly one gap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from depthwalk.domain.book import Book
from depthwalk.domain.units import Duration, Instant, Quantity, in_seconds, seconds
from depthwalk.ports import RecordedBook, RecordedTrade, RecordingSource
from depthwalk.runtime.unseen import Unseen

BOOKS_AT_ONCE: Final = 100
"""Tickers of one request for books (kalshi-api.md section 5.5)."""

HEARTBEAT: Final = seconds(20)
"""How often the mark of a stretch without silence grows."""

_TRADES_AT_ONCE: Final = 10
"""Tickers a round whose trades are asked for: one request each, so many tickers take turns."""

_LATE: Final = Fraction(5, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """The ticker was read again and again from *since* to *until*; its latest stored book was the book at *until*."""

    ticker: str
    since: Instant
    until: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Nothing is known of the ticker's book between two times."""

    ticker: str
    since: Instant
    until: Instant
    why: str


Row = RecordedBook | RecordedTrade | Heartbeat | Gap
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is stored of a ticker before the recording: its last book, and its trades from *trades_since* (the first wanted)."""

    book: RecordedBook | None
    trades_since: Instant
    trades: Mapping[str, Instant] = field(default_factory=dict)


Stored = tuple[Book, Quantity, Quantity]
"""What a row has of a book: the best levels, the bids' total, the asks' total."""


@dataclass(slots=True, kw_only=True)
class TickerState:
    """One ticker as the recorder sees it.

    *book* and *read_at*: the last reading. *stored*: the last book written. *stretch*: since when there was no silence.
    *beat_at*: up to when that is written down. *trouble*: why it is silent now. *trades*: which are still to come.
    """

    ticker: str
    stored: Stored | None
    trades: Unseen
    book: Book | None = None
    read_at: Instant | None = None
    stretch: Instant | None = None
    beat_at: Instant | None = None
    trouble: str | None = None
    rows: int = 0
    gaps: int = 0


@dataclass(slots=True, kw_only=True)
class Totals:
    """How much there was to write."""

    books: int = 0
    heartbeats: int = 0
    gaps: int = 0
    trades: int = 0


class RecorderCore:
    """One recording.

    Args:
        known: the tickers, each with what is stored of it already.
        environment: where they are traded.
        started_at: when the recording begins: a ticker not read since is silent from here on.
        interval: the pace of the rounds; None for a single one, which is never late.
        depth: levels a side that are stored.

    """

    def __init__(
        self,
        known: Mapping[str, Known],
        *,
        environment: str,
        started_at: Instant,
        interval: Duration | None,
        depth: int,
    ) -> None:
        self._states = {
            ticker: TickerState(
                ticker=ticker,
                stored=_stored(before.book),
                trades=Unseen(before.trades_since, before.trades),
            )
            for ticker, before in known.items()
        }
        self._environment = environment
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
        tickers = tuple(self._states)
        starts = range(0, len(tickers), BOOKS_AT_ONCE)
        turn = (tickers[self._turn :] + tickers[: self._turn])[:_TRADES_AT_ONCE]
        self._turn = (self._turn + len(turn)) % max(1, len(tickers))
        return [
            *(AskBooks(tickers=tickers[start : start + BOOKS_AT_ONCE]) for start in starts),
            *(AskTrades(ticker=name, since=self._states[name].trades.ask_from) for name in turn),
        ]

    def books_read(self, asked: AskBooks, *, sent_at: Instant, received_at: Instant, books: Mapping[str, Book]) -> list[Row]:
        """Take a reply and return what is to be written. A ticker that was asked for and is not in it counts as failed."""
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

    def trades_read(self, asked: AskTrades, trades: Sequence[RecordedTrade]) -> list[Row]:
        """Take trades, in any order; return the new ones oldest first. Block trades do not touch the book and are left out."""
        new = self._states[asked.ticker].trades.news(trade for trade in trades if not trade.is_block)
        return self._counted([*new])

    def finish(self, at: Instant) -> list[Row]:
        """End the recording at *at*: the last stretches are written down, and what is silent now is silent until then."""
        rows: list[Row] = []
        for state in self._states.values():
            rows += [*_beat(state), *self._gap(state, at)]
        return self._counted(rows)

    def _read(self, state: TickerState, book: Book, sent_at: Instant, received_at: Instant) -> list[Row]:
        rows: list[Row] = []
        if gap := self._gap(state, sent_at):
            rows += [*_beat(state), *gap]
            state.stretch = None
        begins = state.stretch is None
        state.read_at, state.book, state.trouble = sent_at, book, None
        state.stretch = sent_at if state.stretch is None else state.stretch
        stored = top, bid_total, ask_total = self._storable(book)
        if stored != state.stored:
            state.stored = stored
            rows.append(
                RecordedBook(
                    ticker=state.ticker,
                    environment=self._environment,
                    source=RecordingSource.POLL,
                    event_time=sent_at,
                    receipt_time=received_at,
                    book=top,
                    bid_total=bid_total,
                    ask_total=ask_total,
                )
            )
            if begins:
                state.beat_at = sent_at  # the book itself says so
        elif begins:
            state.beat_at = None
        if state.beat_at is None or sent_at - state.beat_at >= HEARTBEAT:
            rows += _beat(state)
        return rows

    def _gap(self, state: TickerState, at: Instant) -> list[Row]:
        """Return the silence that ends at *at*, if it was one."""
        since = self._started_at if state.read_at is None else state.read_at
        silence = at - since
        late = self._longest is not None and silence > self._longest
        if silence <= 0 or not (late or state.trouble):
            return []
        why = state.trouble or f"no reading for {in_seconds(silence):.1f} s"
        return [Gap(ticker=state.ticker, since=since, until=at, why=why)]

    def _storable(self, book: Book) -> Stored:
        return Book(book.bids[: self._depth], book.asks[: self._depth]), _total(book.bids), _total(book.asks)

    def _counted(self, rows: list[Row]) -> list[Row]:
        for row in rows:
            state = self._states[row.ticker]
            match row:
                case RecordedBook():
                    self.totals.books += 1
                    state.rows += 1
                case Heartbeat():
                    self.totals.heartbeats += 1
                case Gap():
                    self.totals.gaps += 1
                    state.gaps += 1
                case RecordedTrade():
                    self.totals.trades += 1
        return rows


def _total(levels: Sequence[tuple[int, int]]) -> Quantity:
    return Quantity(sum(quantity for _, quantity in levels))


def _stored(row: RecordedBook | None) -> Stored | None:
    if row is None:
        return None
    bids, asks = row.bid_total, row.ask_total
    return row.book, _total(row.book.bids) if bids is None else bids, _total(row.book.asks) if asks is None else asks


def _beat(state: TickerState) -> list[Row]:
    """Return the stretch up to the last reading, where it is not written down that far."""
    if state.stretch is None or state.read_at is None or state.beat_at == state.read_at:
        return []
    state.beat_at = state.read_at
    return [Heartbeat(ticker=state.ticker, since=state.stretch, until=state.read_at)]
