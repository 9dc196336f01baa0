"""`depthwalk lab calibrate`: a market class out of recorded books and trades."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from depthwalk.cli import failures, terminal
from depthwalk.cli.options import Session, session_of
from depthwalk.cli.output_file import output_file
from depthwalk.errors import ExitCode

if TYPE_CHECKING:
    from depthwalk.assembly.calibrating import Calibrating

_EVERY = 5.0
"""Seconds between lines where nothing can be redrawn."""

_NAMELESS = "calibrated"


def calibrate(
    context: typer.Context,
    *,
    sources: Annotated[
        list[Path], typer.Argument(metavar="FILE|DB", help="Recorded books and trades, run folders, or a database.")
    ],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where the class goes, as YAML.")] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="What it is called; else as the file without its ending.")
    ] = None,
    assume: Annotated[
        str | None, typer.Option("--assume", metavar="CLASS", help="The class for what the recording does not say.")
    ] = None,
    only: Annotated[
        Literal["thin", "moderate", "liquid"] | None, typer.Option("--only", help="Only markets whose usual book is such.")
    ] = None,
    tickers: Annotated[
        list[str] | None, typer.Option("--ticker", metavar="TICKER", help="Only this market; may stand several times.")
    ] = None,
    count: Annotated[
        int | None,
        typer.Option("--count", metavar="N", min=1, max=1_000_000, help="Contracts of the usual order; else the usual touch."),
    ] = None,
    effort: Annotated[
        float, typer.Option("--effort", metavar="X", min=0.01, max=100, help="How much to simulate; 1 is some minutes.")
    ] = 1.0,
) -> int:
    """Estimate a market class from recorded books, and trades where there are any.

    What the recording shows is measured, or matched by simulating classes until one shows the
    same. Parameters that it does not identify are refused by name, unless --assume names a class
    to take them from; the file then says which. The table sets the recording beside the class,
    moment by moment. `lab compare --classes FILE` trades in it.

    From a database the rows of one exchange are taken: live unless --env says otherwise.
    """
    from depthwalk import assembly
    from depthwalk.domain.result import LiquidityClass
    from depthwalk.domain.units import CONTRACT, Quantity

    session = session_of(context)
    file = output_file("--out", out)
    request = assembly.CalibrateRequest(
        sources=tuple(sources),
        name=name or (_NAMELESS if out is None else out.stem),
        assume=assume,
        only=None if only is None else LiquidityClass(only),
        tickers=tuple(tickers or ()),
        quantity=None if count is None else Quantity(count * CONTRACT),
        environment=session.environment or "live",
        effort=effort,
    )
    with _progress(session) as watch:
        found = assembly.calibrate(request, watch)
    if session.json:
        from depthwalk.reports.calibration_table import calibration_json

        terminal.write_json([calibration_json(found)])
    else:
        from depthwalk.reports.calibration_table import calibration_tables

        terminal.write_table(session, lambda _, signs: calibration_tables(found, signs=signs))
    if file is not None:
        file.write(lambda text: text.write(found.text))
    return ExitCode.DONE


@contextmanager
def _progress(session: Session) -> "Iterator[Callable[[Calibrating], None]]":
    """Give what shows how far it is: a bar on a terminal, else a line now and then."""
    import sys

    if session.quiet:
        yield lambda _: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from depthwalk.reports.terminal import console

    out = console(sys.stderr, no_color=session.no_color)
    bar = Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn(), console=out, transient=True
    )
    task = bar.add_task("", total=None)
    told = 0.0

    def words(now: "Calibrating") -> str:
        return now.doing if not now.done else f"{now.doing}: {now.off:.2f} deviations off"

    def say(now: "Calibrating") -> None:
        nonlocal told
        elapsed = bar.tasks[0].elapsed or 0.0
        if elapsed - told >= _EVERY:
            told = elapsed
            failures.tell(f"{words(now)}, {now.done} of at most {now.total} looks" if now.done else words(now))

    if not out.is_terminal or out.is_dumb_terminal:
        yield say
        return
    with bar:
        yield lambda now: bar.update(task, description=words(now), completed=now.done, total=now.total or None)
