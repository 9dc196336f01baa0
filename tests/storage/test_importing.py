"""Recorded files into the database: real ones whole, broken ones as far as they go, twice as once."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from depthwalk.domain.units import parse_instant
from depthwalk.errors import UsageError
from depthwalk.storage import importing
from depthwalk.storage.database import Database, open_database
from depthwalk.storage.importing import ImportReport, import_file
from depthwalk.storage.recordings import RecordingStore
from tests.support.recorded import NOON, book_line, raw_lines, trade_line, written

HOURLY = "rest-depth-hourly/converted.books.jsonl.gz"


@pytest.fixture
def database(database_path: Path) -> Iterator[Database]:
    """Return an open database."""
    with open_database(database_path) as opened:
        yield opened


def _import(database: Database, path: Path) -> ImportReport:
    return import_file(RecordingStore(database), path, environment="live")


def _count(database: Database, table: str) -> int:
    return int(database.rows(f"SELECT COUNT(*) FROM {table}")[0][0])  # noqa: S608 - our own names


@pytest.mark.parametrize(
    ("name", "table"),
    [
        (HOURLY, "order_book_snapshots"),
        ("weather-books/converted.books.jsonl.gz", "order_book_snapshots"),
        ("lol-orderbooks-once/converted.books.jsonl.gz", "order_book_snapshots"),
        ("kxbtc15m-ws-l2/20260513T202034Z/converted.book-1s.jsonl.gz", "order_book_snapshots"),
        ("kxbtcmaxy-ws-cents/20251105T0048Z.converted.book-1s.jsonl.gz", "order_book_snapshots"),
        ("weather-trades-cents/kxhighny.converted.trades.jsonl.gz", "market_trades"),
        ("weather-trades-cents/kxhighmia.converted.trades.jsonl.gz", "market_trades"),
        ("rest-fixtures-demo-2026-06/trades__public_recorded.converted.trades.jsonl.gz", "market_trades"),
    ],
)
def test_a_real_file_arrives_whole_and_once(database: Database, shared: Path, name: str, table: str) -> None:
    """As many rows as lines, equal prints of one order among them; a second import writes nothing."""
    lines = raw_lines(shared / name)
    first, second = _import(database, shared / name), _import(database, shared / name)

    assert len(lines) == first.lines == first.usable == first.books_written + first.trades_written == _count(database, table)
    assert (0, 0) == (first.bad_lines, first.superseded)
    assert len({line["ticker"] for line in lines}) == first.tickers
    times = [parse_instant(line["ts"]) for line in lines]
    assert (min(times), max(times)) == (first.first, first.last)
    assert (len(lines), 0, 0) == (second.usable, second.books_written, second.trades_written)


def test_the_last_of_several_books_of_a_moment_counts(database: Database, shared: Path) -> None:
    """A stream has several changes in one moment; what stood at its end is kept, and the others are counted."""
    path = shared / "demo-ws-session" / "converted.book-all.jsonl.gz"
    last = {(line["ticker"], line["ts"]): line for line in raw_lines(path)}
    report = _import(database, path)

    assert (2890, len(last), 2890 - len(last)) == (report.books, report.books_written, report.superseded)
    totals = database.rows("SELECT ticker, event_time_us, yes_total_e2 FROM order_book_snapshots")
    expected = {
        (ticker, parse_instant(ts), sum(round(float(count) * 100) for _, count in line["yes"]))
        for (ticker, ts), line in last.items()
    }
    assert expected == {tuple(row) for row in totals}


@pytest.mark.parametrize("packed", [False, True])
def test_both_forms_may_stand_in_one_file(database: Database, tmp_path: Path, packed: bool) -> None:
    """Plain or packed, told by the content and not by the name; blank lines are nothing."""
    lines = [book_line(yes=[("0.41", "5")]), "", trade_line(), "   ", book_line(ticker="U")]
    report = _import(database, written(tmp_path / "file", lines, packed=packed))

    assert (3, 2, 1, 2, 0) == (report.lines, report.books_written, report.trades_written, report.tickers, report.bad_lines)


def test_bad_lines_are_named_and_the_rest_is_kept(database: Database, tmp_path: Path) -> None:
    """The first ones with their numbers, as an editor counts them."""
    lines = ["", *(["broken"] * 7), book_line(), trade_line()]
    report = _import(database, written(tmp_path / "file", lines))

    assert (7, 1, 1) == (report.bad_lines, report.books_written, report.trades_written)
    assert [2, 3, 4, 5, 6] == [number for number, _ in report.bad]


def test_a_file_cut_short_keeps_what_was_read(database: Database, shared: Path, tmp_path: Path) -> None:
    """Half of a packed file: its whole lines arrive, and why it ended is said; the whole file adds only the rest."""
    whole = (shared / HOURLY).read_bytes()
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    first = _import(database, cut)
    second = _import(database, shared / HOURLY)

    assert first.damage is not None
    assert "cut short after line" in first.damage
    assert 5_000 < first.books_written < 19_813
    assert first.bad_lines == 0
    assert 19_813 == first.books_written + second.books_written == _count(database, "order_book_snapshots")


def test_a_damaged_pack_keeps_what_was_read(database: Database, tmp_path: Path) -> None:
    """The checksum at the end is wrong: everything is there, and it is said."""
    data = bytearray(gzip.compress(f"{book_line()}\n{book_line(ticker='U')}\n".encode()))
    data[-6] ^= 0xFF
    path = tmp_path / "file.gz"
    path.write_bytes(data)
    report = _import(database, path)

    assert 2 == report.books_written
    assert "CRC check failed" in str(report.damage)


def test_a_cut_line_of_a_plain_file_is_a_bad_line(database: Database, tmp_path: Path) -> None:
    """The recorder was killed while it wrote."""
    path = tmp_path / "file"
    path.write_text(book_line() + "\n" + book_line(ticker="U")[:40], encoding="utf-8")
    report = _import(database, path)

    assert (1, 1, [2]) == (report.books_written, report.bad_lines, [number for number, _ in report.bad])


def test_an_endless_line_is_one_bad_line(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not fill the memory, and its end does not pass for a line."""
    monkeypatch.setattr(importing, "_LONGEST_LINE", 1_000)
    path = written(tmp_path / "file", ["x" * 2_980 + book_line(), book_line(ticker="U")])
    report = _import(database, path)

    assert (1, 1, [1]) == (report.books_written, report.bad_lines, [number for number, _ in report.bad])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"ticker,price\nT,0.42\n", "not one of its 2 lines is a recorded book or trade; line 1: not JSON"),
        (gzip.compress(b"", mtime=0)[:12], "nothing could be read: the gzip file is damaged"),
    ],
)
def test_a_file_with_nothing_usable_is_refused(database: Database, tmp_path: Path, content: bytes, words: str) -> None:
    """It says what it holds instead."""
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="^.*" + words.replace("(", r"\(")) as caught:
        _import(database, path)

    assert str(path) in caught.value.message
    assert caught.value.hint


def test_a_file_that_cannot_be_read_is_refused(database: Database, tmp_path: Path) -> None:
    """Absent, or a folder."""
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            _import(database, path)


def test_rows_are_of_the_exchange_that_is_named(database: Database, tmp_path: Path) -> None:
    """The same file of two exchanges is two recordings."""
    path = written(tmp_path / "file", [book_line(), trade_line()])
    for environment in ("live", "demo"):
        report = import_file(RecordingStore(database), path, environment=environment)
        assert (1, 1) == (report.books_written, report.trades_written)

    found = database.rows("SELECT environment, source, books, trades FROM recording_coverage")
    assert [("demo", "import", 1, 1), ("live", "import", 1, 1)] == [tuple(row) for row in found]


def test_progress_is_told_in_bytes(database: Database, tmp_path: Path) -> None:
    """What is read of what there is, never more, never backwards."""
    path = written(tmp_path / "file", [trade_line(count=str(number + 1)) for number in range(2_500)], packed=True)
    told: list[tuple[int, int]] = []
    import_file(RecordingStore(database), path, environment="live", progress=lambda done, size: told.append((done, size)))

    size = path.stat().st_size
    assert told
    assert {size} == {whole for _, whole in told}
    assert sorted(told) == told
    assert told[-1][0] <= size


def test_a_book_at_noon_is_where_it_belongs(database: Database, tmp_path: Path) -> None:
    """Exact integers in the row: levels, totals, bests, spread."""
    _import(database, written(tmp_path / "file", [book_line(yes=[("0.41", "5"), ("0.4", "1.5")], no=[("0.57", "2")])]))
    (row,) = database.rows("SELECT * FROM order_book_snapshots")

    assert (parse_instant(NOON), "[[4100,500],[4000,150]]", "[[5700,200]]", 650, 200, 4100, 4300, 200) == (
        row["event_time_us"], row["yes_depth"], row["no_depth"], row["yes_total_e2"], row["no_total_e2"],
        row["best_bid_e4"], row["best_ask_e4"], row["spread_e4"],
    )  # fmt: skip
