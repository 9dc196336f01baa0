"""How far a command of the laboratory is: a bar with the differences so far, or a line now and then. To standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from depthwalk.cli import failures
from depthwalk.cli.options import Session
from depthwalk.errors import DepthwalkError, ExitCode

if TYPE_CHECKING:
    from depthwalk.assembly.laboratory import Progress

_EVERY = 5.0
"""Seconds between lines where nothing can be redrawn."""


@contextmanager
def progress(session: Session, what: str) -> "Iterator[Callable[[Progress], None]]":
    """Give what shows how far it is: a bar with the differences so far on a terminal, else a line now and then."""
    import sys

    if session.quiet:
        yield lambda _: None
        return
    from rich.console import Group
    from rich.live import Live
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from depthwalk.reports.lab_running import running_line, running_table
    from depthwalk.reports.terminal import console
    from depthwalk.reports.wording import glyphs

    out = console(sys.stderr, no_color=session.no_color)
    signs = glyphs(out.encoding)
    bar = Bar(TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=out)
    task = bar.add_task("", total=None)
    live = Live(bar, console=out, transient=True, refresh_per_second=4)
    told = 0.0

    def draw(now: "Progress") -> None:
        bar.update(task, completed=now.done, total=now.total)
        live.update(Group(bar, running_table(now.asked, now.collection, signs)))

    def say(now: "Progress") -> None:
        nonlocal told
        bar.update(task, completed=now.done, total=now.total)
        elapsed = bar.tasks[0].elapsed or 0.0
        if elapsed - told < _EVERY:
            return
        told = elapsed
        line = running_line(now.asked, now.collection, signs)
        failures.tell(f"{now.done:,} of {now.total:,} {what}{'; ' if line else ''}{line}")

    if not out.is_terminal or out.is_dumb_terminal:
        yield say
        return
    with live:
        yield draw


def end_of(ended_by: BaseException | None, *, clean: bool = True) -> ExitCode:
    """Return the exit code of a command whose result has been shown, and say where that is a part.

    Raises:
        ExceptionGroup: what it failed of and, where the result is not *clean*, the audit: whoever reports them has the worse
            of their exit codes, and a breach is worse than an interruption.

    """
    errors: list[DepthwalkError] = []
    if not clean:
        errors.append(DepthwalkError("an algorithm did what none may do: the audit names it"))
    if isinstance(ended_by, DepthwalkError):
        failures.tell("it failed before its end; what is shown is of the seeds that were done")
        errors.append(ended_by)
    elif ended_by is not None:
        failures.tell("interrupted; what is shown is of the seeds that were done")
    if errors:
        raise ExceptionGroup("the result has been shown", errors)
    return ExitCode.DONE if ended_by is None else ExitCode.INTERRUPTED
