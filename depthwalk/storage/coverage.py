"""What the database holds: its size and tables, what was recorded of which market and when, and the book of a moment.

Reads only.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from depthwalk.domain.units import Instant
from depthwalk.errors import StorageError
from depthwalk.ports import RecordedBook
from depthwalk.storage import migrations
from depthwalk.storage.database import Database
from depthwalk.storage.recordings import RecordingStore

_SIDECARS: Final = ("", "-wal", "-shm")
"""What SQLite keeps beside the file counts as its size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What was recorded of one market, on one exchange, from one source."""

    environment: str
    ticker: str
    source: str
    first: Instant
    last: Instant
    books: int
    trades: int
    heartbeats: int
    heartbeat_seconds: float
    gaps: int
    gap_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseInfo:
    """A database as it lies there. *size* in bytes, with its write-ahead log; *schema* the latest step of *steps*."""

    path: Path
    size: int
    schema: str
    steps: int
    tables: tuple[tuple[str, int], ...]
    coverage: tuple[Coverage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookAt:
    """The last book at or before a moment, and what speaks for it being the book still.

    *confirmed_until* is the latest time up to the moment at which it was seen to be the book; *covered*: a heartbeat spans the
    moment, or the book is of that very moment. *gap* says from when to when, and why, nothing is known around it.
    """

    recorded: RecordedBook
    confirmed_until: Instant
    covered: bool
    gap: tuple[Instant, Instant, str] | None


def database_info(database: Database, environment: str | None = None) -> DatabaseInfo:
    """Return what the database holds, coverage of *environment* only where one is named. Raises StorageError."""
    names = [row["name"] for row in database.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    kept = [name for name in names if not name.startswith(("sqlite_", "_sqlite_"))]
    steps = [row["name"] for row in database.rows(migrations.APPLIED)]
    return DatabaseInfo(
        path=database.path,
        size=_size(database.path),
        schema=steps[-1],
        steps=len(steps),
        tables=tuple((name, _count(database, name)) for name in kept),
        coverage=tuple(read_coverage(database, environment)),
    )


def _size(path: Path) -> int:
    beside = (path.with_name(path.name + suffix) for suffix in _SIDECARS)
    try:
        return sum(file.stat().st_size for file in beside if file.exists())
    except OSError as error:
        raise StorageError(f"database {path}: {error.strerror or error}") from error


def _count(database: Database, table: str) -> int:
    quoted = table.replace('"', '""')
    row = database.row(f'SELECT COUNT(*) AS rows FROM "{quoted}"')  # noqa: S608 - a name from the schema, quoted
    return row["rows"] if row else 0


def read_coverage(database: Database, environment: str | None = None, *, ticker: str | None = None) -> list[Coverage]:
    """Return what was recorded, by environment, ticker and source. Raises StorageError."""
    found = database.rows(
        "SELECT * FROM recording_coverage WHERE (?1 IS NULL OR environment = ?1) AND (?2 IS NULL OR ticker = ?2)"
        " ORDER BY environment, ticker, source",
        (environment, ticker),
    )
    return [
        Coverage(
            environment=row["environment"],
            ticker=row["ticker"],
            source=row["source"],
            first=row["first_us"],
            last=row["last_us"],
            books=row["books"],
            trades=row["trades"],
            heartbeats=row["heartbeats"],
            heartbeat_seconds=row["heartbeat_seconds"],
            gaps=row["gaps"],
            gap_seconds=row["gap_seconds"],
        )
        for row in found
    ]


def environments_of(database: Database, ticker: str) -> list[tuple[str, Instant]]:
    """Return the environments that have recorded books of a market, with the time of the first. Raises StorageError."""
    found = database.rows(
        "SELECT environment, MIN(event_time_us) AS first FROM order_book_snapshots"
        " WHERE ticker = ? AND source IN ('poll', 'import', 'stream') GROUP BY environment ORDER BY environment",
        (ticker,),
    )
    return [(row["environment"], Instant(row["first"])) for row in found]


def book_at(database: Database, ticker: str, environment: str, at: Instant) -> BookAt | None:
    """Return the last recorded book at or before *at*, whatever its source; None without one. Raises StorageError."""
    recorded = RecordingStore(database).latest_book(ticker, environment, at=at)
    if recorded is None:
        return None
    where = (environment, ticker, recorded.source.value)
    seen = database.row(
        "SELECT MAX(until_us) AS until FROM recording_marks"
        " WHERE kind = 'heartbeat' AND environment = ? AND ticker = ? AND source = ? AND from_us <= ? AND until_us >= ?",
        (*where, at, recorded.event_time),
    )
    until = recorded.event_time if seen is None or seen["until"] is None else Instant(seen["until"])
    confirmed = min(max(until, recorded.event_time), at)
    gap = database.row(
        "SELECT from_us, until_us, detail FROM recording_marks"
        " WHERE kind = 'gap' AND environment = ? AND ticker = ? AND source = ? AND from_us < ? AND until_us > ?"
        " ORDER BY until_us DESC LIMIT 1",
        (*where, at, confirmed),
    )
    return BookAt(
        recorded=recorded,
        confirmed_until=confirmed,
        covered=confirmed == at,
        gap=None if gap is None else (Instant(gap["from_us"]), Instant(gap["until_us"]), gap["detail"] or ""),
    )
