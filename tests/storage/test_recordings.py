"""Recorded books, trades and marks: written once, read back equal, apart from what executions saw."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depthwalk.domain.messages import BookChanged
from depthwalk.domain.order import Side
from depthwalk.domain.units import Instant, Price, Quantity
from depthwalk.errors import StorageError
from depthwalk.ports import BookSink, RecordedBook, RecordedTrade, RecordingSource
from depthwalk.storage import migrations, views
from depthwalk.storage.database import Database, open_database
from depthwalk.storage.journal import ExecutionJournal
from depthwalk.storage.recordings import RecordingStore, book_of, trade_of
from tests.support.domain_strategies import BOOKS, PRICES, QUANTITIES
from tests.support.executions import BOOK, start

_TIMES = st.integers(0, 2**53).map(Instant)
_NAMES = st.text("ABC-.123", min_size=1, max_size=20)
_WHERE = st.sampled_from(["paper", "demo", "live"])
_SOURCES = st.sampled_from(RecordingSource)
_BOOKS = st.builds(
    RecordedBook,
    ticker=_NAMES,
    environment=_WHERE,
    source=_SOURCES,
    event_time=_TIMES,
    receipt_time=_TIMES,
    book=BOOKS,
)
_TRADES = st.builds(
    RecordedTrade,
    trade_id=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    ticker=_NAMES,
    environment=_WHERE,
    source=_SOURCES,
    at=_TIMES,
    price=PRICES,
    quantity=QUANTITIES,
    taker=st.sampled_from(Side),
    is_block=st.booleans(),
)


@pytest.fixture
def database(database_path: Path) -> Iterator[Database]:
    """Return an open database."""
    with open_database(database_path) as opened:
        yield opened


def _book(at: int = 1_000_000, **changes: object) -> RecordedBook:
    fields: dict[str, object] = {
        "ticker": "T",
        "environment": "live",
        "source": RecordingSource.POLL,
        "event_time": Instant(at),
        "receipt_time": Instant(at + 5),
        "book": BOOK,
    }
    return RecordedBook(**(fields | changes))  # type: ignore[arg-type]


def _trade(trade_id: str = "one", at: int = 1_000_000, **changes: object) -> RecordedTrade:
    fields: dict[str, object] = {
        "trade_id": trade_id,
        "ticker": "T",
        "environment": "live",
        "source": RecordingSource.POLL,
        "at": Instant(at),
        "price": Price(4200),
        "quantity": Quantity(150),
        "taker": Side.SELL,
    }
    return RecordedTrade(**(fields | changes))  # type: ignore[arg-type]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_BOOKS, max_size=6))
def test_books_come_back_equal(database: Database, rows: list[RecordedBook]) -> None:
    """Whatever was written is what is read; of one moment the first."""
    with database.transaction(durable=False) as connection:
        connection.execute("DELETE FROM order_book_snapshots")
    first: dict[tuple[object, ...], RecordedBook] = {}
    for row in rows:
        first.setdefault((row.ticker, row.environment, row.source, row.event_time), row)

    assert len(first) == RecordingStore(database).write_books(rows)
    assert list(first.values()) == [book_of(row) for row in database.rows("SELECT * FROM order_book_snapshots ORDER BY id")]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_TRADES, max_size=6))
def test_trades_come_back_equal(database: Database, rows: list[RecordedTrade]) -> None:
    """Whatever was written is what is read; of one id the first."""
    with database.transaction(durable=False) as connection:
        connection.execute("DELETE FROM market_trades")
    first: dict[tuple[str, str], RecordedTrade] = {}
    for row in rows:
        first.setdefault((row.environment, row.trade_id), row)

    assert len(first) == RecordingStore(database).write_trades(rows)
    assert list(first.values()) == [trade_of(row) for row in database.rows("SELECT * FROM market_trades ORDER BY id")]


def test_the_store_is_a_sink(database: Database) -> None:
    """What the recorder is handed, by its type; nothing to write is nothing written."""
    sink: BookSink = RecordingStore(database)

    assert (0, 0) == (sink.write_books([]), sink.write_trades([]))


def test_the_latest_is_of_its_market_and_exchange(database: Database) -> None:
    """Another ticker, another environment or a later time does not count."""
    store = RecordingStore(database)
    store.write_books([_book(3), _book(1), _book(9, ticker="U"), _book(8, environment="demo"), _book(7)])
    store.write_trades([_trade("a", 3), _trade("b", 7), _trade("c", 9, ticker="U"), _trade("d", 9, environment="demo")])

    assert _book(7) == store.latest_book("T", "live")
    assert _book(3) == store.latest_book("T", "live", at=Instant(6))
    assert store.latest_book("T", "live", at=Instant(0)) is None
    assert _trade("b", 7) == store.last_trade("T", "live")
    assert _trade("a", 3) == store.last_trade("T", "live", at=Instant(6))
    assert store.last_trade("T", "paper") is None


def test_a_book_of_the_best_levels_keeps_the_totals_of_all(database: Database) -> None:
    """The totals differ from the sums of what is stored, and come back."""
    cut = _book(bid_total=Quantity(999_999), ask_total=Quantity(888_888))
    RecordingStore(database).write_books([cut])

    assert cut == RecordingStore(database).latest_book("T", "live")


def test_what_executions_saw_is_neither_refused_nor_read(database: Database) -> None:
    """An execution may see two books of one moment, beside recorded ones; they are no recording."""
    store = RecordingStore(database)
    journal = ExecutionJournal.begin(database, start())
    ticker = start().parent.ticker
    store.write_books([_book(5, ticker=ticker, environment="paper")])
    for _ in range(2):
        journal.append(BookChanged(at=Instant(6), confirmed_at=Instant(5), book=BOOK, foreign=BOOK), [])

    assert 3 == len(database.rows("SELECT id FROM order_book_snapshots"))
    assert _book(5, ticker=ticker, environment="paper") == store.latest_book(ticker, "paper")
    assert [1] == [row["books"] for row in database.rows("SELECT books FROM recording_coverage")]


def test_a_stretch_of_heartbeats_is_one_row(database: Database) -> None:
    """With the same start it grows and never shrinks; a new start is a new row; each ticker has its own."""
    store = RecordingStore(database)
    for since, until in ((10, 20), (10, 50), (10, 30), (60, 70)):
        store.heartbeat(["T", "U"], environment="live", source=RecordingSource.POLL, since=Instant(since), until=Instant(until))
    found = database.rows("SELECT ticker, from_us, until_us FROM recording_marks WHERE kind = 'heartbeat' ORDER BY 1, 2")

    assert [("T", 10, 50), ("T", 60, 70), ("U", 10, 50), ("U", 60, 70)] == [tuple(row) for row in found]


def test_gaps_starts_and_stops_are_rows(database: Database) -> None:
    """Each with its reason; starts and stops are of no ticker, and repeat."""
    store, poll = RecordingStore(database), RecordingSource.POLL
    store.started(environment="demo", source=poll, at=Instant(1), detail="T")
    store.started(environment="demo", source=poll, at=Instant(1), detail="T")
    store.gap(["T"], environment="demo", source=poll, since=Instant(5), until=Instant(9), detail="no answer")
    store.stopped(environment="demo", source=poll, at=Instant(12), detail="interrupted")
    found = database.rows("SELECT kind, ticker, from_us, until_us, detail FROM recording_marks ORDER BY id")

    assert [
        ("start", None, 1, 1, "T"),
        ("start", None, 1, 1, "T"),
        ("gap", "T", 5, 9, "no answer"),
        ("stop", None, 12, 12, "interrupted"),
    ] == [tuple(row) for row in found]


def test_a_batch_is_whole_or_absent(database: Database) -> None:
    """A value that no column holds undoes the rows before it too."""
    store = RecordingStore(database)
    with pytest.raises(StorageError):
        store.write_trades([_trade("a"), _trade("b", quantity=Quantity(2**70))])

    assert [] == database.rows("SELECT * FROM market_trades")


def test_coverage_counts_every_kind_of_row(database: Database) -> None:
    """One row a market, exchange and source, in seconds and times."""
    store, poll = RecordingStore(database), RecordingSource.POLL
    store.write_books([_book(1_000_000), _book(4_000_000), _book(2_000_000, source=RecordingSource.IMPORT)])
    store.write_trades([_trade("a", 3_000_000), _trade("b", 9_000_000)])
    store.heartbeat(["T"], environment="live", source=poll, since=Instant(1_000_000), until=Instant(5_000_000))
    store.gap(["T"], environment="live", source=poll, since=Instant(5_000_000), until=Instant(6_500_000), detail="")
    imported, polled = database.rows("SELECT * FROM recording_coverage ORDER BY source")

    assert ("import", 1, 0, 0) == (imported["source"], imported["books"], imported["trades"], imported["gaps"])
    assert {
        "environment": "live",
        "ticker": "T",
        "source": "poll",
        "books": 2,
        "first_book": "1970-01-01T00:00:01.000Z",
        "last_book": "1970-01-01T00:00:04.000Z",
        "trades": 2,
        "first_trade": "1970-01-01T00:00:03.000Z",
        "last_trade": "1970-01-01T00:00:09.000Z",
        "heartbeats": 1,
        "heartbeat_seconds": 4.0,
        "gaps": 1,
        "gap_seconds": 1.5,
        "first_us": 1_000_000,
        "last_us": 9_000_000,
    } == dict(polled)


def test_public_trades_are_shown_in_dollars(database: Database) -> None:
    """Who took YES bought the YES leg; the NO price stands beside."""
    RecordingStore(database).write_trades([_trade()])
    (row,) = database.rows("SELECT * FROM trades_public")

    assert (0.42, 0.58, 1.5, "ask", "no", "1970-01-01T00:00:01.000Z") == (
        row["price"], row["no_price"], row["quantity"], row["taker_side"], row["taker_outcome"], row["event_time"],
    )  # fmt: skip


def test_a_database_of_the_first_release_is_upgraded(database_path: Path) -> None:
    """m003 had books of executions, two of one moment among them: they stay, and recordings are unique from now on."""
    connection = sqlite3.connect(database_path, isolation_level=None)
    migrations.apply(connection, stop_before="m004_recordings")
    values = "(1, 2, 'paper', 'synthetic', '[[4100,100]]', '[]', 100, 0, 4100, NULL, NULL)"
    for _ in range(2):
        connection.execute(f"INSERT INTO order_book_snapshots VALUES (NULL, 'T', {values[1:]}")  # noqa: S608 - our own words
    connection.close()

    with open_database(database_path) as database:
        assert 2 == len(database.rows("SELECT * FROM books"))
        store = RecordingStore(database)
        assert (1, 0) == (store.write_books([_book()]), store.write_books([_book()]))


@pytest.mark.parametrize("name", [*views.M002, *views.M004])
def test_any_tool_reads_every_view(database: Database, name: str) -> None:
    """The plain sqlite3 module, read-only, without our code; the rows of a recording are there."""
    store = RecordingStore(database)
    store.write_books([_book()])
    store.write_trades([_trade()])
    connection = sqlite3.connect(f"file:{database.path}?mode=ro", uri=True)
    try:
        rows = connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608 - our own names
    finally:
        connection.close()

    assert {"books": 1, "depth_levels": 4, "trades_public": 1, "recording_coverage": 1}.get(name, 0) == len(rows)
