"""Imports and the database's contents, as tables for people and as JSON objects. Pure.

The rows are this room's own, so that nothing here depends on how they are kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from depthwalk.domain.units import Instant, format_instant
from depthwalk.reports import wording
from depthwalk.reports.result_json import Json
from depthwalk.reports.wording import UNICODE, Glyphs

_WIDE = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """What came of one file. *already* lines were in the database before; *superseded* books had a later one of their moment.

    *bad* are the first bad lines with what is wrong; *damage* why reading ended early. Of a file that gave nothing, *error*
    says why.
    """

    path: Path
    environment: str
    lines: int = 0
    books: int = 0
    books_written: int = 0
    superseded: int = 0
    trades: int = 0
    trades_written: int = 0
    tickers: int = 0
    first: Instant | None = None
    last: Instant | None = None
    bad_lines: int = 0
    bad: Sequence[tuple[int, str]] = ()
    damage: str | None = None
    error: str | None = None

    @property
    def already(self) -> int:
        """How many books and trades were in the database before."""
        return self.books - self.superseded - self.books_written + self.trades - self.trades_written


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRow:
    """What was recorded of one market from one source."""

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
class InfoRow:
    """A database: its file, *size* in bytes, its latest schema step, its tables with their rows."""

    path: Path
    size: int
    schema: str
    steps: int
    tables: Sequence[tuple[str, int]]
    coverage: Sequence[CoverageRow]


def imports_table(rows: Sequence[ImportRow], *, width: int, signs: Glyphs = UNICODE) -> RenderableType:
    """Return what was imported, a file a line, and below it what was wrong."""
    wide = width >= _WIDE
    table = _table()
    table.add_column("file", overflow="fold")
    for heading in ("books", "trades", "new", "tickers", "bad lines"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("as", *(("first UTC", "last UTC") if wide else ())):
        table.add_column(heading, no_wrap=True)
    notes: list[RenderableType] = []
    for row, name in zip(rows, map(signs.text, _names(rows)), strict=True):
        if row.error is None:
            new = f"{row.books_written + row.trades_written:,}"
            counts = [f"{row.books:,}", f"{row.trades:,}", new, f"{row.tickers:,}"]
            bad = Text(f"{row.bad_lines:,}", "yellow" if row.bad_lines else "")
            span = [row.environment, *((_moment(at, wide=True) for at in (row.first, row.last)) if wide else ())]
            table.add_row(name, *counts, bad, *span)
        notes += [Text(f"{name}: {signs.text(words)}", style) for words, style in _import_notes(row)]
    parts: list[RenderableType] = [table] if table.row_count else []
    return Group(*parts, *([Text()] if parts and notes else []), *notes)


def _names(rows: Sequence[ImportRow]) -> list[str]:
    """Return the files' names, with their folders where two would read the same: recordings often do."""
    names = [row.path.name for row in rows]
    return [row.path.name if names.count(row.path.name) == 1 else "/".join(row.path.parts[-2:]) for row in rows]


def _import_notes(row: ImportRow) -> list[tuple[str, str]]:
    if row.error is not None:
        return [(row.error, "red")]
    notes = []
    if row.already:
        notes.append((f"{row.already:,} were in the database already", "dim"))
    if row.superseded:
        notes.append(
            (f"{row.superseded:,} books had a later one of the same market and moment behind them; that one counts", "dim")
        )
    notes += [(f"line {number}: {problem}", "yellow") for number, problem in row.bad]
    if row.bad_lines > len(row.bad):
        more = row.bad_lines - len(row.bad)
        notes.append((f"{more:,} more bad line{'s' if more > 1 else ''}", "yellow"))
    if row.damage is not None:
        notes.append((f"{row.damage}; what was read is kept", "yellow"))
    return notes


def import_json(row: ImportRow) -> dict[str, Json]:
    """Return one line of `db import --json`."""
    return {
        "file": str(row.path),
        "environment": row.environment,
        "lines": row.lines,
        "books": row.books,
        "books_written": row.books_written,
        "books_superseded": row.superseded,
        "trades": row.trades,
        "trades_written": row.trades_written,
        "already_there": row.already,
        "tickers": row.tickers,
        "first": _time(row.first),
        "last": _time(row.last),
        "bad_lines": row.bad_lines,
        "first_bad_lines": [{"line": number, "problem": problem} for number, problem in row.bad],
        "damage": row.damage,
        "error": row.error,
    }


def info_table(info: InfoRow, *, width: int, limit: int | None, signs: Glyphs = UNICODE) -> RenderableType:
    """Return the database for people: file, tables, recordings by environment, and the *limit* markets recorded last."""
    head = Table.grid(padding=(0, 2, 0, 0))
    head.add_column(style="dim", no_wrap=True)
    head.add_column(overflow="fold")
    head.add_row("file", signs.text(str(info.path)))
    head.add_row("size", _bytes(info.size))
    head.add_row("schema", f"{info.schema} ({info.steps} steps)")
    tables = _table()
    tables.add_column("table", no_wrap=True)
    tables.add_column("rows", justify="right", no_wrap=True)
    for name, rows in info.tables:
        tables.add_row(signs.text(name), f"{rows:,}")
    parts: list[RenderableType] = [head, Text(), tables, Text()]
    if not info.coverage:
        return Group(*parts, Text("nothing is recorded yet: `depthwalk snapshot` or `depthwalk db import`", "dim"))
    latest = sorted(info.coverage, key=lambda row: (-row.last, row.environment, row.ticker, row.source))
    shown = latest[:limit]
    parts += [_by_environment(info.coverage, wide=width >= _WIDE), Text(), _by_ticker(shown, wide=width >= _WIDE, signs=signs)]
    if len(shown) < len(latest):
        parts.append(Text(f"{len(latest) - len(shown):,} more, recorded earlier; --all shows them", "dim"))
    return Group(*parts)


def _by_environment(rows: Sequence[CoverageRow], *, wide: bool) -> Table:
    table = _table()
    for heading in ("recorded on", "source"):
        table.add_column(heading, no_wrap=True)
    for heading in ("tickers", "books", "trades", "gaps"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("first UTC", "last UTC"):
        table.add_column(heading, no_wrap=True)
    for where in sorted({(row.environment, row.source) for row in rows}):
        group = [row for row in rows if (row.environment, row.source) == where]
        counts = (
            len(group),
            *(sum(count) for count in zip(*((row.books, row.trades, row.gaps) for row in group), strict=True)),
        )
        span = (min(row.first for row in group), max(row.last for row in group))
        table.add_row(*where, *(f"{count:,}" for count in counts), *(_moment(at, wide=wide) for at in span))
    return table


def _by_ticker(rows: Sequence[CoverageRow], *, wide: bool, signs: Glyphs) -> Table:
    mixed = len({(row.environment, row.source) for row in rows}) > 1
    table = _table()
    table.add_column("ticker", overflow="fold")
    if mixed:
        table.add_column("from", no_wrap=True)
    for heading in ("books", "trades", "gaps", *(("heartbeats", "covered", "missing") if wide else ())):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("first UTC", "last UTC"):
        table.add_column(heading, no_wrap=True)
    for row in rows:
        cells = [signs.text(row.ticker)] + ([f"{row.environment} {row.source}"] if mixed else [])
        cells += [f"{row.books:,}", f"{row.trades:,}"]
        gaps = Text(f"{row.gaps:,}", "yellow" if row.gaps else "")
        times = [f"{row.heartbeats:,}", _span(row.heartbeats, row.heartbeat_seconds), _span(row.gaps, row.gap_seconds)]
        table.add_row(*cells, gaps, *(times if wide else []), _moment(row.first, wide=wide), _moment(row.last, wide=wide))
    return table


def info_json(info: InfoRow) -> dict[str, Json]:
    """Return the object of `db info --json`, with every market."""
    return {
        "file": str(info.path),
        "size_bytes": info.size,
        "schema": info.schema,
        "tables": dict(info.tables),
        "coverage": [
            {
                "environment": row.environment,
                "ticker": row.ticker,
                "source": row.source,
                "first": format_instant(row.first),
                "last": format_instant(row.last),
                "books": row.books,
                "trades": row.trades,
                "heartbeats": row.heartbeats,
                "heartbeat_seconds": row.heartbeat_seconds,
                "gaps": row.gaps,
                "gap_seconds": row.gap_seconds,
            }
            for row in info.coverage
        ],
    }


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")


def _moment(at: Instant | None, *, wide: bool) -> str:
    if at is None:
        return wording.ABSENT
    return wording.moment(at)[: 19 if wide else 10]


def _span(count: int, seconds: float) -> str:
    return wording.elapsed(round(seconds * 1_000_000)) if count else wording.ABSENT


def _time(at: Instant | None) -> str | None:
    return None if at is None else format_instant(at)


def _bytes(size: int) -> str:
    """Write a size: "812 bytes", "1.2 MB"."""
    value, unit = float(size), 0
    units = ("bytes", "kB", "MB", "GB", "TB")
    while value >= 1000 and unit < len(units) - 1:  # noqa: PLR2004 - steps of the decimal units
        value, unit = value / 1000, unit + 1
    return f"{size:,} bytes" if unit == 0 else f"{value:.1f} {units[unit]}"
