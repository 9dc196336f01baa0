"""Everything that was recorded of one market from one source, in order: what a replay is made of. Reads only."""

from dataclasses import dataclass

from depthwalk.domain.units import Instant
from depthwalk.ports import RecordedBook, RecordedTrade
from depthwalk.storage.coverage import Coverage
from depthwalk.storage.database import Database
from depthwalk.storage.recordings import book_of, trade_of

Span = tuple[Instant, Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRows:
    """Books by their event time, trades by theirs (no block trades); *confirmed* and *gaps* are stretches, oldest first."""

    books: tuple[RecordedBook, ...]
    trades: tuple[RecordedTrade, ...]
    confirmed: tuple[Span, ...]
    gaps: tuple[Span, ...]


def recorded_rows(database: Database, coverage: Coverage) -> RecordedRows:
    """Read what *coverage* says is there; trades of whichever source. Raises StorageError."""
    where = (coverage.environment, coverage.ticker)
    books = database.rows(
        "SELECT * FROM order_book_snapshots WHERE environment = ? AND ticker = ? AND source = ? ORDER BY event_time_us, id",
        (*where, coverage.source),
    )
    trades = database.rows(
        "SELECT * FROM market_trades WHERE environment = ? AND ticker = ? AND NOT is_block ORDER BY event_time_us, id", where
    )
    marks = database.rows(
        "SELECT kind, from_us, until_us FROM recording_marks WHERE environment = ? AND ticker = ? AND source = ?"
        " ORDER BY from_us",
        (*where, coverage.source),
    )
    spans = {
        kind: tuple((Instant(mark["from_us"]), Instant(mark["until_us"])) for mark in marks if mark["kind"] == kind)
        for kind in ("heartbeat", "gap")
    }
    return RecordedRows(
        books=tuple(map(book_of, books)),
        trades=tuple(map(trade_of, trades)),
        confirmed=spans["heartbeat"],
        gaps=spans["gap"],
    )
