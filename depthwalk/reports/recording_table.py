"""A recording as it stands: a table of tickers for a terminal, a line for pipes, objects for programs. Pure.

The class and the depth of a ticker are those of its thinner side: what an order that takes can count on whichever way it goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from depthwalk.analysis.depth import liquidity_class, within
from depthwalk.domain.book import Book, BookState
from depthwalk.domain.messages import LiquidityRule
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.units import (
    Duration,
    Instant,
    Quantity,
    format_instant,
    format_mid,
    format_price,
    format_quantity,
    in_seconds,
)
from depthwalk.ports import RecordedBook, RecordedTrade
from depthwalk.reports import wording
from depthwalk.reports.result_json import Json
from depthwalk.reports.wording import UNICODE, Glyphs

WIDE = 132
_OTHER_LINES = 8
"""Lines of the picture that are no tickers, and one for the cursor."""

_COLUMNS = ("bid", "ask", "spread", "depth", "class", "age", "books", "gaps")


@dataclass(frozen=True, slots=True, kw_only=True)
class TickerRow:
    """One ticker: its last book, how old that is, books written and gaps noted; *trouble* says why it is silent."""

    ticker: str
    book: Book | None
    age: Duration | None
    rows: int
    gaps: int
    trouble: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingPicture:
    """A recording to be drawn; *trouble* are the requests of the last round that failed, in words."""

    environment: str
    rule: LiquidityRule
    interval: Duration
    at: Instant
    started_at: Instant
    tickers: Sequence[TickerRow]
    books: int
    heartbeats: int
    gaps: int
    trades: int
    trouble: Sequence[str] = ()


def depth_of(book: Book, rule: LiquidityRule) -> Quantity:
    """Return the depth near the best price of the thinner side."""
    return min(within(book.asks, rule.within), within(book.bids, rule.within))


def class_of(book: Book, rule: LiquidityRule) -> LiquidityClass:
    """Return the liquidity class of the thinner side."""
    found = {liquidity_class(book.asks, rule), liquidity_class(book.bids, rule)}
    return next(each for each in (LiquidityClass.THIN, LiquidityClass.MODERATE, LiquidityClass.LIQUID) if each in found)


# --- for people -------------------------------------------------------------------------------------------------------


def render(picture: RecordingPicture, *, width: int, height: int | None = None, signs: Glyphs = UNICODE) -> RenderableType:
    """Build the table for a terminal of *width* columns; with *height*, tickers that do not fit are counted.

    The silent ones are shown first: they are why one looks.
    """
    shown: Sequence[TickerRow] = picture.tickers
    room = len(shown) if height is None else max(1, height - _OTHER_LINES)
    if len(shown) > room:
        shown = sorted(shown, key=lambda row: row.trouble is None)[:room]
    parts: list[RenderableType] = [_title(picture, signs), Text(), _table(picture, shown, width, signs)]
    if len(shown) < len(picture.tickers):
        parts.append(Text(f"and {len(picture.tickers) - len(shown)} more", "dim"))
    parts += [Text(), Text(words(picture), no_wrap=True, overflow=signs.overflow)]
    if picture.trouble:
        more = f" (and {len(picture.trouble) - 1} more)" if len(picture.trouble) > 1 else ""
        text = f"SILENT: {signs.text(picture.trouble[0])}{more}"
        parts.append(Text(text, "bold yellow", no_wrap=True, overflow=signs.overflow))
    return Group(*parts)


def words(picture: RecordingPicture) -> str:
    """Say how much was written."""
    return (
        f"{_count(picture.books, 'book')}, {_count(picture.trades, 'trade')}, {_count(picture.heartbeats, 'heartbeat')},"
        f" {_count(picture.gaps, 'gap')} of {_count(len(picture.tickers), 'ticker')}"
        f" in {wording.elapsed(picture.at - picture.started_at)}"
    )


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def _title(picture: RecordingPicture, signs: Glyphs) -> Text:
    text, style = wording.badge(picture.environment)
    title = Text(no_wrap=True, overflow=signs.overflow)
    title.append(text if signs is UNICODE else f"[{text.strip()}]", style)
    title.append("  recording", "bold").append(f"  every {in_seconds(picture.interval):g} s")
    return title.append(f"  {wording.moment(picture.at)}")


def _table(picture: RecordingPicture, rows: Sequence[TickerRow], width: int, signs: Glyphs) -> Table:
    wide = width >= WIDE
    cells = [_cells(row, picture, signs) for row in rows]
    table = Table(box=None, pad_edge=False, padding=(0, 2 if wide else 1, 0, 0), header_style="dim", expand=False)
    table.add_column("ticker", no_wrap=True, overflow=signs.overflow)  # gives way; figures are never cut
    for place, heading in enumerate(_COLUMNS):
        longest = max((len(row[place]) for row in cells), default=0)
        justify: JustifyMethod = "left" if heading == "class" else "right"
        table.add_column(heading, justify=justify, no_wrap=True, min_width=max(longest, len(heading)))
    if wide:
        table.add_column("state", no_wrap=True, overflow=signs.overflow)
    for row, figures in zip(rows, cells, strict=True):
        name = Text(signs.text(row.ticker), "bold" if row.trouble is None else "bold yellow")
        table.add_row(name, *figures, *([_state(row, signs)] if wide else []))
    return table


def _cells(row: TickerRow, picture: RecordingPicture, signs: Glyphs) -> list[str | Text]:
    book = row.book or Book((), ())
    found = class_of(book, picture.rule)
    return [
        _price(book.best_bid),
        _price(book.best_ask),
        wording.ABSENT if book.spread is None else f"{book.spread / 100:.2f} {signs.cents}",
        wording.ABSENT if row.book is None else wording.contracts(depth_of(book, picture.rule)),
        Text(wording.ABSENT) if row.book is None else Text(found.value, wording.CLASS_STYLES[found]),
        Text(wording.elapsed(row.age), "bold yellow" if row.trouble is not None else ""),
        f"{row.rows:,}",
        f"{row.gaps:,}",
    ]


def _price(price: int | None) -> str:
    return wording.ABSENT if price is None else format_price(price)


def _state(row: TickerRow, signs: Glyphs) -> Text:
    if row.trouble is not None:
        return Text(f"silent: {signs.text(row.trouble)}", "bold yellow")
    if row.book is None or row.book.state is BookState.TWO_SIDED:
        return Text()
    return Text(row.book.state.value, "yellow")


def line(picture: RecordingPicture) -> str:
    """Return the recording on one plain ASCII line, for pipes and logs."""
    silent = [row.ticker for row in picture.tickers if row.trouble is not None]
    parts = [wording.moment(picture.at), words(picture)]
    if silent:
        named = ", ".join(silent[:3]) + (f" and {len(silent) - 3} more" if len(silent) > len(silent[:3]) else "")
        parts.append(f"silent: {named}")
    parts += picture.trouble[:1]
    return wording.ASCII.text("  ".join(parts))


def ticker_line(row: TickerRow, rule: LiquidityRule, *, written: bool, trades: int) -> str:
    """Return what one snapshot found of a ticker, on one plain ASCII line."""
    if row.book is None:
        return wording.ASCII.text(f"{row.ticker}  no book: {row.trouble or 'not read'}")
    spread = wording.ABSENT if row.book.spread is None else f"{row.book.spread / 100:.2f} c"
    parts = [
        row.ticker,
        f"bid {_price(row.book.best_bid)}",
        f"ask {_price(row.book.best_ask)}",
        f"spread {spread}",
        f"depth {wording.contracts(depth_of(row.book, rule))}",
        class_of(row.book, rule).value,
        *(() if row.book.state is BookState.TWO_SIDED else (row.book.state.value,)),
        "book written" if written else "book as before",
        _count(trades, "new trade"),
    ]
    return wording.ASCII.text("  ".join(parts))


# --- for programs -----------------------------------------------------------------------------------------------------


def ticker_json(row: TickerRow, picture: RecordingPicture, *, written: bool, trades: int) -> dict[str, Json]:
    """Return what one snapshot found of a ticker."""
    book = row.book
    return {
        "kind": "snapshot",
        "at": format_instant(picture.at),
        "environment": picture.environment,
        "ticker": row.ticker,
        "trouble": row.trouble,
        **_book_figures(book, None if book is None else class_of(book, picture.rule)),
        "depth": None if book is None else format_quantity(depth_of(book, picture.rule)),
        "written": written,
        "trades": trades,
    }


def _book_figures(book: Book | None, found: LiquidityClass | None) -> dict[str, Json]:
    empty = book or Book((), ())
    return {
        "state": None if book is None else book.state.value,
        "bid": None if empty.best_bid is None else format_price(empty.best_bid),
        "ask": None if empty.best_ask is None else format_price(empty.best_ask),
        "spread": None if empty.spread is None else format_price(empty.spread),
        "mid": None if empty.mid_twice is None else format_mid(empty.mid_twice),
        "liquidity": None if found is None else found.value,
    }


def book_json(row: RecordedBook, rule: LiquidityRule) -> dict[str, Json]:
    """Return a book that was written, while watching."""
    return {
        "kind": "book",
        "at": format_instant(row.event_time),
        "environment": row.environment,
        "ticker": row.ticker,
        **_book_figures(row.book, class_of(row.book, rule)),
        "bids": [[format_price(price), format_quantity(quantity)] for price, quantity in row.book.bids],
        "asks": [[format_price(price), format_quantity(quantity)] for price, quantity in row.book.asks],
        "bid_total": None if row.bid_total is None else format_quantity(row.bid_total),
        "ask_total": None if row.ask_total is None else format_quantity(row.ask_total),
    }


def trade_json(row: RecordedTrade) -> dict[str, Json]:
    """Return a trade that was written, while watching."""
    return {
        "kind": "trade",
        "at": format_instant(row.at),
        "environment": row.environment,
        "ticker": row.ticker,
        "trade_id": row.trade_id,
        "price": format_price(row.price),
        "quantity": format_quantity(row.quantity),
        "taker_side": row.taker.value,
    }


def mark_json(kind: str, environment: str, ticker: str, *, since: Instant, until: Instant, why: str | None) -> dict[str, Json]:
    """Return a heartbeat or a gap that was written, while watching."""
    return {
        "kind": kind,
        "at": format_instant(until),
        "environment": environment,
        "ticker": ticker,
        "since": format_instant(since),
        "until": format_instant(until),
        "why": why,
    }


def summary_json(picture: RecordingPicture) -> dict[str, Json]:
    """Return the end of a watch."""
    return {
        "kind": "summary",
        "at": format_instant(picture.at),
        "environment": picture.environment,
        "seconds": in_seconds(picture.at - picture.started_at),
        "tickers": [row.ticker for row in picture.tickers],
        "books": picture.books,
        "trades": picture.trades,
        "heartbeats": picture.heartbeats,
        "gaps": picture.gaps,
    }
