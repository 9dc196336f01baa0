"""What was recorded, and the book of a moment with what speaks for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from depthwalk.domain.order import Side
from depthwalk.domain.units import Instant, Price, Quantity
from depthwalk.ports import RecordedBook, RecordedTrade, RecordingSource
from depthwalk.storage import migrations
from depthwalk.storage.coverage import book_at, database_info, environments_of, read_coverage
from depthwalk.storage.database import Database, open_database
from depthwalk.storage.recordings import RecordingStore
from tests.support.executions import BOOK

POLL, IMPORT = RecordingSource.POLL, RecordingSource.IMPORT


@pytest.fixture
def database(database_path: Path) -> Iterator[Database]:
    """Return an open database."""
    with open_database(database_path) as opened:
        yield opened


def _book(at: int, ticker: str = "T", environment: str = "live", source: RecordingSource = POLL) -> RecordedBook:
    return RecordedBook(
        ticker=ticker, environment=environment, source=source, event_time=Instant(at), receipt_time=Instant(at), book=BOOK
    )


def _trade(at: int, ticker: str = "T") -> RecordedTrade:
    return RecordedTrade(
        trade_id=f"{ticker}-{at}",
        ticker=ticker,
        environment="live",
        source=POLL,
        at=Instant(at),
        price=Price(4200),
        quantity=Quantity(100),
        taker=Side.BUY,
    )


def _beat(store: RecordingStore, since: int, until: int, ticker: str = "T") -> None:
    store.heartbeat([ticker], environment="live", source=POLL, since=Instant(since), until=Instant(until))


def _gap(store: RecordingStore, since: int, until: int) -> None:
    store.gap(["T"], environment="live", source=POLL, since=Instant(since), until=Instant(until), detail="no answer")


def test_a_new_database_holds_nothing(database: Database) -> None:
    """Every table is named with no rows; the schema is the newest; the file has a size."""
    info = database_info(database)

    assert migrations.names()[-1] == info.schema
    assert len(migrations.names()) == info.steps
    assert {0} == {rows for _, rows in info.tables}
    assert {"order_book_snapshots", "market_trades", "recording_marks", "trades", "journal"} <= {
        name for name, _ in info.tables
    }
    assert () == info.coverage
    assert database.path.stat().st_size <= info.size


def test_coverage_is_by_exchange_market_and_source(database: Database) -> None:
    """Sorted; narrowed by exchange or market."""
    store = RecordingStore(database)
    store.write_books([_book(5), _book(9), _book(7, "U"), _book(1, environment="demo"), _book(4, source=IMPORT)])
    store.write_trades([_trade(12)])
    _beat(store, 5, 11)
    _gap(store, 11, 14)
    found = database_info(database).coverage

    assert [("demo", "T", "poll"), ("live", "T", "import"), ("live", "T", "poll"), ("live", "U", "poll")] == [
        (row.environment, row.ticker, row.source) for row in found
    ]
    assert (5, 14, 2, 1, 1, 6e-6, 1, 3e-6) == (
        found[2].first, found[2].last, found[2].books, found[2].trades,
        found[2].heartbeats, found[2].heartbeat_seconds, found[2].gaps, found[2].gap_seconds,
    )  # fmt: skip
    assert [found[0]] == list(database_info(database, "demo").coverage)
    assert [found[3]] == read_coverage(database, ticker="U")
    assert [("demo", 1), ("live", 4)] == environments_of(database, "T")
    assert [] == environments_of(database, "V")


def test_the_table_of_another_tool_is_counted_too(database: Database) -> None:
    """Whatever its name."""
    with database.transaction(durable=False) as connection:
        connection.execute('CREATE TABLE "my ""notes""" (words TEXT)')

    assert ('my "notes"', 0) in database_info(database).tables


@pytest.mark.parametrize(
    ("at", "book", "confirmed", "covered", "gap"),
    [
        (100, 100, 100, True, None),  # of that very moment
        (105, 100, 105, True, None),  # the stretch of heartbeats spans it
        (120, 100, 120, True, None),
        (125, 100, 120, False, None),  # between the last heartbeat and the gap that was noted
        (140, 100, 120, False, (130, 150)),
        (155, 100, 120, False, (130, 150)),  # after the gap, before the next sign
        (165, 100, 165, True, None),  # the same book still: a stretch after the gap spans it
        (170, 170, 170, True, None),
        (999, 170, 180, False, None),
    ],
)
def test_what_speaks_for_a_book(
    database: Database, at: int, book: int, confirmed: int, covered: bool, gap: tuple[int, int] | None
) -> None:
    """Heartbeats confirm it, a gap since the last sign of it is told, and beyond both nothing is known."""
    store = RecordingStore(database)
    store.write_books([_book(100), _book(170), _book(160, "U"), _book(161, environment="demo")])
    _beat(store, 100, 120)
    _gap(store, 130, 150)
    _beat(store, 160, 180)
    _beat(store, 0, 5_000, "U")
    found = book_at(database, "T", "live", Instant(at))

    assert found is not None
    assert (book, confirmed, covered) == (found.recorded.event_time, found.confirmed_until, found.covered)
    assert (None if gap is None else (*gap, "no answer")) == found.gap


def test_before_the_first_book_there_is_none(database: Database) -> None:
    """And none of a market that was never recorded."""
    RecordingStore(database).write_books([_book(100)])

    assert book_at(database, "T", "live", Instant(99)) is None
    assert book_at(database, "T", "paper", Instant(200)) is None


def test_of_two_sources_the_later_book_counts(database: Database) -> None:
    """An import and our own polling of one exchange complete each other; another's heartbeat confirms nothing."""
    store = RecordingStore(database)
    store.write_books([_book(100), _book(110, source=IMPORT)])
    _beat(store, 100, 200)
    found = book_at(database, "T", "live", Instant(120))

    assert found is not None
    assert (110, IMPORT, False) == (found.recorded.event_time, found.recorded.source, found.covered)
