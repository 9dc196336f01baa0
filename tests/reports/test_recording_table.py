"""A recording as table, lines and objects."""

from dataclasses import replace

import pytest

from depthwalk.domain.book import Book
from depthwalk.domain.messages import LiquidityRule
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.units import Duration, Instant, Quantity, parse_instant, seconds
from depthwalk.reports.recording_table import (
    RecordingPicture,
    TickerRow,
    class_of,
    depth_of,
    line,
    render,
    summary_json,
    ticker_json,
    ticker_line,
)
from depthwalk.reports.wording import ASCII, UNICODE, Glyphs
from tests.support.paper import book
from tests.support.tables import as_text, same_as_snapshot

AT = parse_instant("2026-11-21T12:10:00Z")
DEEP = book(bids=[(41, 120), (40, 300)], asks=[(43, 700), (44, 30)])
ROWS = (
    TickerRow(ticker="KXHIGHNY-26NOV21-B45.5", book=DEEP, age=seconds(0.4), rows=1_234, gaps=0),
    TickerRow(ticker="KX-THIN", book=book(bids=[(10, 4)], asks=[(60, 900)]), age=seconds(0.4), rows=7, gaps=1),
    TickerRow(ticker="KX-ONE-SIDED", book=book(asks=[(43, 700)]), age=seconds(0.4), rows=2, gaps=0),
    TickerRow(ticker="KX-SILENT", book=DEEP, age=seconds(75), rows=44, gaps=3, trouble="order books: no answer in time"),
    TickerRow(ticker="KX-NEVER", book=None, age=None, rows=0, gaps=0, trouble="the exchange left it out of its reply"),
)
PICTURE = RecordingPicture(
    environment="live",
    rule=LiquidityRule(),
    interval=seconds(4),
    at=AT,
    started_at=Instant(AT - seconds(600)),
    tickers=ROWS,
    books=1_287,
    heartbeats=150,
    gaps=4,
    trades=1,
    trouble=("order books: no answer in time", "trades of KX-SILENT: no answer in time"),
)


def drawn(width: int, signs: Glyphs = UNICODE, height: int | None = None, shown: RecordingPicture = PICTURE) -> str:
    """Draw it as plain text."""
    return as_text(render(shown, width=width, height=height, signs=signs), width=width)


@pytest.mark.parametrize("width", [80, 140])
def test_the_table_looks_as_agreed(width: int) -> None:
    """The whole picture, at the two widths that count (REFRESH_SNAPSHOTS=1 renews it)."""
    assert same_as_snapshot(f"recording-{width}", drawn(width))


def test_ascii_terminals_get_ascii() -> None:
    """No sign of ours is beyond ASCII where the terminal cannot show it."""
    assert drawn(140, ASCII).isascii()


@pytest.mark.parametrize("height", [12, 24])
@pytest.mark.parametrize("width", [80, 140])
def test_many_tickers_fit_and_the_silent_come_first(width: int, height: int) -> None:
    """What does not fit is counted; nobody looks for a silent ticker below the edge of the screen."""
    many = replace(PICTURE, tickers=[*(replace(ROWS[0], ticker=f"KX-{n}") for n in range(300)), ROWS[3]])
    lines = drawn(width, height=height, shown=many).splitlines()
    assert len(lines) < height
    assert max(map(len, lines)) <= width
    assert any("KX-SILENT" in text for text in lines)
    assert any(text.startswith("and ") and text.endswith(" more") for text in lines)


def test_depth_and_class_are_of_the_thinner_side() -> None:
    """What an order can count on whichever way it goes."""
    lopsided = book(bids=[(41, 60), (37, 900)], asks=[(43, 700)])
    assert Quantity(6_000) == depth_of(lopsided, LiquidityRule())
    assert LiquidityClass.MODERATE is class_of(lopsided, LiquidityRule())
    assert LiquidityClass.THIN is class_of(Book((), ()), LiquidityRule())


def test_the_line_names_the_silent() -> None:
    """At most three by name; one line, ASCII."""
    text = line(replace(PICTURE, tickers=[replace(ROWS[3], ticker=f"KX-{n}") for n in range(5)]))
    assert "silent: KX-0, KX-1, KX-2 and 2 more  order books: no answer in time" in text
    assert text.isascii()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (ROWS[0], "bid 0.4100  ask 0.4300  spread 2.00 c  depth 420.00  liquid  book written  2 new trades"),
        (ROWS[2], "bid -  ask 0.4300  spread -  depth 0.00  thin  asks only  book written  2 new trades"),
        (ROWS[4], "no book: the exchange left it out of its reply"),
    ],
)
def test_a_snapshot_is_a_line_a_ticker(row: TickerRow, words: str) -> None:
    """For the log of a cron job."""
    assert f"{row.ticker}  {words}" == ticker_line(row, LiquidityRule(), written=True, trades=2)


def test_objects_have_null_where_nothing_is_known() -> None:
    """Never 0 for what was not read."""
    found = ticker_json(ROWS[4], PICTURE, written=False, trades=0)
    assert {None} == {found[key] for key in ("state", "bid", "ask", "spread", "mid", "liquidity", "depth")}
    assert "0.4200" == ticker_json(ROWS[0], PICTURE, written=True, trades=0)["mid"]


def test_the_summary_counts() -> None:
    """Rows of each kind, and for how long."""
    found = summary_json(PICTURE)
    assert (600.0, 1_287, 1, 150, 4) == tuple(found[key] for key in ("seconds", "books", "trades", "heartbeats", "gaps"))
    assert "1,287 books, 1 trade, 150 heartbeats, 4 gaps of 5 tickers in 10 min 00 s" in line(PICTURE)


def test_the_age_of_a_silent_ticker_is_shown() -> None:
    """Minutes without a book are minutes on the screen."""
    assert "75.0 s" in drawn(80)
    assert "-" in drawn(80, shown=replace(PICTURE, tickers=[replace(ROWS[0], age=Duration(0)), ROWS[4]]))
