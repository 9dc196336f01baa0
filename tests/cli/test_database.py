import json
import random
import sqlite3
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from depthwalk.cli.main import main
from depthwalk.domain.units import format_instant, parse_instant
from depthwalk.storage.database import open_database
from depthwalk.storage.importing import import_file
from depthwalk.storage.recordings import RecordingStore
from tests.support.recorded import NOON, book_line, depth_in_file, raw_lines, trade_line, written

# The README's query: the same answer in SQL. Its time is to the second.
SQL = """
SELECT side, TOTAL(quantity) FILTER (WHERE price_e4 = :price) AS resting_at_price,
    TOTAL(quantity) FILTER (WHERE CASE side WHEN 'bid' THEN price_e4 >= :price ELSE price_e4 <= :price END) AS or_better
FROM depth_levels
WHERE snapshot_id = (
    SELECT id FROM order_book_snapshots
    WHERE ticker = :ticker AND environment = 'live' AND source IN ('poll', 'import', 'stream')
        AND event_time_us <= strftime('%s', :at) * 1000000
    ORDER BY event_time_us DESC, id DESC LIMIT 1
)
GROUP BY side
"""
PLACES = 100


def _run(database: Path, *arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main(["--db", str(database), *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def _depth(database: Path, *arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    return _run(database, "db", "depth", *arguments, capsys=capsys)


@pytest.fixture
def imported(database_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Return a database with one imported book at noon."""
    file = written(tmp_path / "books", [book_line(yes=[("0.41", "5"), ("0.40", "1.5")], no=[("0.57", "2")])])
    assert main(["--db", str(database_path), "db", "import", str(file)]) == 0
    capsys.readouterr()
    return database_path


def test_depth_agrees_with_the_file_at_random_places(
    shared: Path, database_path: Path, rng: random.Random, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hundred markets, prices and times of a week of real books: the command, and plain SQL, say what the file says."""
    path = shared / "rest-depth-hourly" / "converted.books.jsonl.gz"
    books: dict[str, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for line in raw_lines(path):
        books[line["ticker"]].append((parse_instant(line["ts"]), line))
    with open_database(database_path) as database:
        import_file(RecordingStore(database), path, environment="live")
    reader = sqlite3.connect(f"file:{database_path}?mode=ro", uri=True)
    begun = 0
    for _ in range(PLACES):
        ticker, side = rng.choice(sorted(books)), rng.choice(["yes", "no"])
        of_market = sorted(books[ticker], key=lambda one: one[0])
        at = rng.randint(of_market[0][0], of_market[-1][0] + 3_600_000_000) // 1_000_000 * 1_000_000
        before = [line for time, line in of_market if time <= at]
        # Every second price is one of the book's, so that there is something to find.
        levels = [Decimal(price) for price, _ in (before or [of_market[0][1]])[-1][side]] or [Decimal("0.5")]
        price = rng.choice([rng.choice(levels), Decimal(rng.randint(1, 99)) / 100])
        arguments = [ticker, "--price", f"{price}", "--at", format_instant(at), "--side", side]
        code, out, _ = _depth(database_path, "--json", *arguments, capsys=capsys)
        if not before:
            assert (2, "") == (code, out)
            continue
        begun += 1
        found, expected = json.loads(out), depth_in_file(before[-1], price, side)
        assert expected == {key: Decimal(found[key]) for key in expected}
        assert parse_instant(before[-1]["ts"]) == parse_instant(found["book_time"])
        yes_price = price if side == "yes" else 1 - price
        values = {"price": int(yes_price * 10_000), "ticker": ticker, "at": format_instant(at)}
        rows = {row[0]: row[1:] for row in reader.execute(SQL, values)}
        bids, asks = (
            (expected["bids_at_price"], expected["sellable_at_or_above"]),
            (
                expected["asks_at_price"],
                expected["buyable_at_or_below"],
            ),
        )
        wanted = (bids, asks) if side == "yes" else (asks, bids)
        for leg, figures in zip(("bid", "ask"), wanted, strict=True):
            assert [float(figure) for figure in figures] == [round(value, 2) for value in rows.get(leg, (0.0, 0.0))]
    reader.close()
    assert PLACES // 2 < begun


def test_an_import_is_told_and_harmless_to_repeat(
    database_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counts as JSON, one object a file; the second time nothing is new, and the exit code is 0 both times."""
    file = str(written(tmp_path / "rows", [book_line(), trade_line(), trade_line(), "broken"], packed=True))
    first, second = (_run(database_path, "--json", "db", "import", file, capsys=capsys) for _ in range(2))
    told, again = json.loads(first[1]), json.loads(second[1])

    assert (0, 0, "", "") == (first[0], second[0], first[2], second[2])
    assert (1, 1, 2, 2, 1, "live") == (
        told["books"], told["books_written"], told["trades"], told["trades_written"], told["bad_lines"], told["environment"],
    )  # fmt: skip
    assert (0, 0, 3) == (again["books_written"], again["trades_written"], again["already_there"])


def test_one_bad_file_does_not_stop_the_others(database_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, one line a file on standard error; what could be read is in the table and in the database."""
    good, bad = written(tmp_path / "good", [book_line()]), written(tmp_path / "bad", ["nothing"])
    code, out, err = _run(database_path, "db", "import", str(bad), str(tmp_path / "absent"), str(good), capsys=capsys)

    assert (2, 2) == (code, err.count("\n"))
    assert "not one of its 1 lines is a recorded book or trade" in err
    assert "cannot be read" in err
    assert "good" in out
    assert "1 " in _run(database_path, "db", "info", capsys=capsys)[1]


def test_the_environment_of_an_import_can_be_named(
    database_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--env says where the file was recorded; `db info` narrows by it."""
    file = str(written(tmp_path / "rows", [book_line()]))
    _run(database_path, "--env", "demo", "db", "import", file, capsys=capsys)
    counts = [
        len(json.loads(_run(database_path, "--json", "--env", name, "db", "info", capsys=capsys)[1])["coverage"])
        for name in ("demo", "live")
    ]

    assert [1, 0] == counts


def test_info_shows_the_file_and_what_is_in_it(imported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a table for people, and as one JSON object."""
    code, out, err = _run(imported, "db", "info", capsys=capsys)
    assert (0, "") == (code, err)
    in_one = "".join(out.split())  # a long path is folded
    assert all(words in in_one for words in (str(imported), "order_book_snapshots", "live", "import"))
    found = json.loads(_run(imported, "--json", "db", "info", capsys=capsys)[1])
    assert {"T": 1} == {row["ticker"]: row["books"] for row in found["coverage"]}


def test_depth_is_told_with_its_age(imported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The warning, that nothing confirms the book, is on standard error; the answer is on standard output."""
    code, out, err = _depth(imported, "T", "--price", "0.4", "--at", "2026-07-01T12:00:41Z", capsys=capsys)

    assert 0 == code
    assert all(words in out for words in ("41.0 s earlier", "6.50", "$0.4100", "$0.4300"))
    assert err.startswith("depthwalk: warning: no heartbeat covers that time")


def test_depth_of_the_very_moment_needs_no_warning(imported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing can have changed in no time."""
    code, out, err = _depth(imported, "T", "--price", "0.59", "--at", NOON, "--side", "no", capsys=capsys)

    assert (0, "") == (code, err)
    assert "of that very moment" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["U", "--price", "0.4", "--at", NOON], "no book of U is recorded"),
        (["T", "--price", "0.4", "--at", "2026-07-01T11:59:59Z"], "begin at 2026-07-01T12:00:00.000000Z, after the time asked"),
        (["T", "--price", "0.4", "--at", NOON, "--env", "demo"], "no book of T is recorded on demo (hint: it is on live)"),
        (["T", "--price", "1.4", "--at", NOON], "--price: price '1.4' is not between 0 and 1 dollar"),
        (["T", "--price", "0.4", "--at", "noon"], "--at: time 'noon' is not RFC 3339"),
        (["T", "--price", "0.4", "--at", "2026-07-01T12:00:00"], "has no zone"),
        (["T", "--price", "0.4"], "missing option '--at'"),
        (["T", "--price", "0.4", "--at", NOON, "--side", "maybe"], "'maybe' is not one of"),
        (["T;", "--price", "0.4", "--at", NOON], "is not a market ticker"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    imported: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    """Exit 2 and one line."""
    code, out, err = _depth(imported, *arguments, capsys=capsys)

    assert (2, "", 1) == (code, out, err.count("\n"))
    assert words in err


def test_a_market_recorded_on_two_exchanges_needs_a_choice(
    imported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are never mixed."""
    file = str(written(tmp_path / "rows", [book_line(yes=[("0.2", "7")])]))
    _run(imported, "--env", "demo", "db", "import", file, capsys=capsys)
    arguments = ["T", "--price", "0.2", "--at", NOON]
    code, _, err = _depth(imported, *arguments, capsys=capsys)
    assert 2 == code
    assert "recorded on several exchanges: demo, live (hint: choose one with --env)" in err
    found = json.loads(_depth(imported, "--json", "--env", "demo", *arguments, capsys=capsys)[1])
    assert ("demo", "7.00") == (found["environment"], found["bids_at_price"])
