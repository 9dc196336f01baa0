"""Imports and contents of the database, drawn and as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from depthwalk.domain.units import SECOND, Instant, parse_instant
from depthwalk.reports.database_tables import (
    CoverageRow,
    ImportRow,
    InfoRow,
    import_json,
    imports_table,
    info_json,
    info_table,
)
from depthwalk.reports.wording import ASCII
from tests.support.tables import as_text, same_as_snapshot

_FIRST, _LAST = parse_instant("2026-07-07T01:23:57Z"), parse_instant("2026-07-15T03:24:09Z")


def _import_row(**changes: Any) -> ImportRow:
    fields: dict[str, Any] = {
        "path": Path("/recordings/hourly/books.jsonl.gz"),
        "environment": "live",
        "lines": 19_820,
        "books": 19_813,
        "books_written": 19_000,
        "superseded": 13,
        "trades": 4,
        "trades_written": 4,
        "tickers": 1_458,
        "first": _FIRST,
        "last": _LAST,
        "bad_lines": 3,
        "bad": [(7, "not JSON"), (9, "no: missing")],
    }
    return ImportRow(**(fields | changes))


def _coverage(ticker: str, **changes: Any) -> CoverageRow:
    fields: dict[str, Any] = {
        "environment": "live",
        "ticker": ticker,
        "source": "poll",
        "first": _FIRST,
        "last": _LAST,
        "books": 1_234,
        "trades": 56,
        "heartbeats": 3,
        "heartbeat_seconds": 4_200.0,
        "gaps": 2,
        "gap_seconds": 33.5,
    }
    return CoverageRow(**(fields | changes))


def _info(coverage: list[CoverageRow]) -> InfoRow:
    tables = [("market_trades", 56), ("order_book_snapshots", 12_345)]
    return InfoRow(
        path=Path("/data/depthwalk.sqlite"), size=24_100_000, schema="m005", steps=5, tables=tables, coverage=coverage
    )


_ROWS = [
    _coverage("KXHIGHNY-26JUL15-B88.5"),
    _coverage("KXAFLGAME-26JUL160530SKSGEE-GEE", last=Instant(_LAST + 60 * SECOND), gaps=0, gap_seconds=0.0),
    _coverage("PAPER-THIN", environment="paper", last=Instant(_LAST - 60 * SECOND), heartbeats=0, heartbeat_seconds=0.0),
]


@pytest.mark.parametrize("width", [80, 140])
def test_an_import_looks_as_agreed(width: int) -> None:
    """A file a line, then what was wrong (REFRESH_SNAPSHOTS=1 renews it)."""
    rows = [
        _import_row(),
        _import_row(path=Path("b"), bad_lines=0, bad=[], superseded=0, books=0, books_written=0, damage="cut short"),
    ]
    assert same_as_snapshot(f"db-import-{width}", as_text(imports_table(rows, width=width), width=width))


def test_files_of_one_name_are_told_apart_by_their_folders() -> None:
    """Recordings of several days often have one name."""
    rows = [_import_row(path=Path(name)) for name in ("/data/a/books.gz", "/data/b/books.gz", "/data/b/trades.gz")]
    lines = as_text(imports_table(rows, width=80), width=80).splitlines()

    assert ["a/books.gz", "b/books.gz", "trades.gz"] == [line.split()[0] for line in lines[1:4]]


def test_an_import_is_a_json_object() -> None:
    """What was there already is what is neither written nor superseded."""
    found = json.loads(json.dumps(import_json(_import_row())))

    assert (800, 13, 3) == (found["already_there"], found["books_superseded"], found["bad_lines"])
    assert {"line": 9, "problem": "no: missing"} == found["first_bad_lines"][1]
    assert ("2026-07-07T01:23:57.000000Z", None, None) == (found["first"], found["damage"], found["error"])


def test_a_file_that_gave_nothing_has_nulls() -> None:
    """No times, and the reason."""
    found = import_json(ImportRow(path=Path("x"), environment="live", error="x: the file is empty"))

    assert (None, None, "x: the file is empty", 0) == (found["first"], found["last"], found["error"], found["already_there"])


@pytest.mark.parametrize("width", [80, 140])
def test_the_contents_look_as_agreed(width: int) -> None:
    """The file, its tables, each exchange, each market; nothing wider than the screen."""
    text = as_text(info_table(_info(_ROWS), width=width, limit=20), width=width)
    assert same_as_snapshot(f"db-info-{width}", text)
    assert max(map(len, text.splitlines())) <= width


def test_the_markets_recorded_last_are_shown_first() -> None:
    """The others are counted, and shown on demand."""
    short, whole = (as_text(info_table(_info(_ROWS), width=140, limit=limit), width=140) for limit in (1, None))

    assert "KXAFLGAME" in short
    assert "KXHIGHNY" not in short
    assert "2 more, recorded earlier; --all shows them" in short
    assert all(row.ticker in whole for row in _ROWS)
    assert "recorded earlier" not in whole


def test_nothing_recorded_says_how_to_begin() -> None:
    """No headings over nothing."""
    text = as_text(info_table(_info([]), width=80, limit=20), width=80)
    assert "nothing is recorded yet" in text
    assert "ticker" not in text


def test_contents_are_a_json_object_with_every_market() -> None:
    """Sizes in bytes, times as RFC 3339."""
    found = json.loads(json.dumps(info_json(_info(_ROWS))))

    assert (24_100_000, {"market_trades": 56, "order_book_snapshots": 12_345}) == (found["size_bytes"], found["tables"])
    assert [row.ticker for row in _ROWS] == [row["ticker"] for row in found["coverage"]]
    assert (33.5, "2026-07-07T01:23:57.000000Z") == (found["coverage"][0]["gap_seconds"], found["coverage"][0]["first"])


def test_what_comes_from_outside_cannot_steer_the_terminal() -> None:
    """File names and reasons are printed as text, in ASCII where nothing else can be shown."""
    row = _import_row(path=Path("a/\x1b[31mé.gz"), bad=[(1, "bad \x07 é")])
    text = as_text(imports_table([row], width=80, signs=ASCII), width=80)

    assert text.isascii()
    assert not {"\x1b", "\x07"} & set(text)
