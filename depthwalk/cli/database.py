"""`depthwalk db`: what the database holds, recorded files into it, and the depth of a recorded book."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from depthwalk.cli import failures, terminal, values
from depthwalk.cli.options import Session, session_of
from depthwalk.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from depthwalk.domain.units import Instant
    from depthwalk.reports.database_tables import ImportRow
    from depthwalk.storage.database import Database

app = typer.Typer(rich_markup_mode=None, help="The database: what it holds, recorded files in, the depth at a time.")

_SHOWN = 20
_PATIENCE = 1.0
"""Seconds that an import takes before it shows a progress bar."""


@app.command("import")
def import_(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="JSON lines of books and trades, plain or gzip.")],
) -> int:
    """Write recorded books and trades into the database; again does no harm.

    A line is a book (ts, ticker, yes, no: bids as [price, count] texts) or a trade (ts, ticker, yes_price, count,
    taker_side). Bad lines are counted and the first of them named; the rest is kept. A truncated
    gzip file gives what can be read of it.

    --env names the exchange that the file was recorded on: live unless given, whatever the config
    says. Importing touches no order, and paper runs never see these rows.

    Exit code 2 where a file cannot be read or holds nothing usable; the other files are imported.
    """
    from depthwalk import assembly
    from depthwalk.reports.database_tables import import_json, imports_table

    session = session_of(context)
    environment = session.environment or "live"
    with assembly.open_store(session.config, session.database) as store:
        rows = [_imported(session, store, file, environment) for file in files]
    if session.json:
        terminal.write_json(import_json(row) for row in rows)
    elif any(row.error is None for row in rows):
        done = [row for row in rows if row.error is None]
        terminal.write_table(session, lambda width, signs: imports_table(done, width=width, signs=signs))
    return ExitCode.USAGE if any(row.error for row in rows) else ExitCode.DONE


def _imported(session: Session, store: "Database", file: Path, environment: str) -> "ImportRow":
    from depthwalk.reports.database_tables import ImportRow
    from depthwalk.storage.importing import import_file
    from depthwalk.storage.recordings import RecordingStore

    try:
        with _progress(session, file) as progress:
            found = import_file(RecordingStore(store), file, environment=environment, progress=progress)
    except UsageError as error:
        failures.tell(error.message, error.hint)
        return ImportRow(path=file, environment=environment, error=error.message)
    return ImportRow(
        path=found.path,
        environment=found.environment,
        lines=found.lines,
        books=found.books,
        books_written=found.books_written,
        superseded=found.superseded,
        trades=found.trades,
        trades_written=found.trades_written,
        tickers=found.tickers,
        first=found.first,
        last=found.last,
        bad_lines=found.bad_lines,
        bad=tuple(found.bad),
        damage=found.damage,
    )


@contextmanager
def _progress(session: Session, file: Path) -> "Iterator[Callable[[int, int], None] | None]":
    """Give what draws a bar of bytes on a terminal, once the import has taken a while."""
    import sys

    if session.quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from depthwalk.reports.terminal import console

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console(sys.stderr, no_color=session.no_color), transient=True)
    task = bar.add_task(file.name, total=None)

    def show(done: int, size: int) -> None:
        bar.update(task, completed=done, total=size)
        if not bar.live.is_started and (bar.tasks[0].elapsed or 0) > _PATIENCE:
            bar.start()

    try:
        yield show
    finally:
        bar.stop()


@app.command()
def info(
    context: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help=f"Every market, not only the {_SHOWN} recorded last.")] = False,
) -> int:
    """Show the file, its tables, and what was recorded of which market; with --env only of that environment."""
    from depthwalk import assembly
    from depthwalk.reports.database_tables import CoverageRow, InfoRow, info_json, info_table
    from depthwalk.storage.coverage import database_info

    session = session_of(context)
    with assembly.open_store(session.config, session.database) as store:
        found = database_info(store, session.environment)
    row = InfoRow(
        path=found.path,
        size=found.size,
        schema=found.schema,
        steps=found.steps,
        tables=found.tables,
        coverage=[
            CoverageRow(
                environment=one.environment,
                ticker=one.ticker,
                source=one.source,
                first=one.first,
                last=one.last,
                books=one.books,
                trades=one.trades,
                heartbeats=one.heartbeats,
                heartbeat_seconds=one.heartbeat_seconds,
                gaps=one.gaps,
                gap_seconds=one.gap_seconds,
            )
            for one in found.coverage
        ],
    )
    limit = None if everything else _SHOWN
    if session.json:
        terminal.write_json([info_json(row)])
    else:
        terminal.write_table(session, lambda width, signs: info_table(row, width=width, limit=limit, signs=signs))
    return ExitCode.DONE


@app.command()
def depth(
    context: typer.Context,
    ticker: Annotated[str, typer.Argument(metavar="TICKER", help="The market.")],
    *,
    price: Annotated[str, typer.Option("--price", metavar="P", help="The price in dollars, of the outcome of --side.")],
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="When, with its zone: 2026-05-13T20:20:37Z.")],
    side: Annotated[Literal["yes", "no"], typer.Option("--side", help="Whose prices: of YES or of NO.")] = "yes",
) -> int:
    """Answer: what was the depth at this price at that time?

    The last recorded book at or before the time is used, its age is shown, and a warning where
    nothing recorded says that it still was the book. --env is needed only where the market was
    recorded on more than one exchange. Books that executions saw are not recordings.
    """
    from depthwalk import assembly
    from depthwalk.domain.order import Outcome
    from depthwalk.reports.depth_table import depth_answer, depth_json, depth_table, depth_warnings
    from depthwalk.storage.coverage import book_at

    session = session_of(context)
    market, level, moment = values.ticker(ticker), values.price("--price", price), values.instant("--at", at)
    if level is None or moment is None:
        raise UsageError("--price and --at are needed")
    with assembly.open_store(session.config, session.database) as store:
        environment = _recorded_environment(store, market, session.environment, moment)
        found = book_at(store, market, environment, moment)
    if found is None:
        raise UsageError(f"no book of {market} was recorded at or before {at}")
    answer = depth_answer(
        found.recorded,
        outcome=Outcome(side),
        price=level,
        at=moment,
        confirmed_until=found.confirmed_until,
        covered=found.covered,
        gap=found.gap,
    )
    if session.json:
        terminal.write_json([depth_json(answer)])
    else:
        terminal.write_table(session, lambda _, signs: depth_table(answer, signs=signs))
        for warning in depth_warnings(answer):
            failures.tell(f"warning: {warning}")
    return ExitCode.DONE


def _recorded_environment(store: "Database", ticker: str, asked: str | None, at: "Instant") -> str:
    """Return the exchange whose recording answers. Raises UsageError where there is none, or more than one and none named."""
    from depthwalk.domain.units import format_instant
    from depthwalk.storage.coverage import environments_of

    recorded = environments_of(store, ticker)
    found = [one for one in recorded if asked in (None, one[0])]
    if not recorded:
        raise UsageError(f"no book of {ticker} is recorded", hint="`depthwalk db info --all` lists what is")
    if not found:
        named = ", ".join(name for name, _ in recorded)
        raise UsageError(f"no book of {ticker} is recorded on {asked}", hint=f"it is on {named}")
    if len(found) > 1:
        named = ", ".join(name for name, _ in found)
        raise UsageError(f"{ticker} is recorded on several exchanges: {named}", hint="choose one with --env")
    name, first = found[0]
    if first > at:
        raise UsageError(f"the recorded books of {ticker} ({name}) begin at {format_instant(first)}, after the time asked for")
    return name
