"""`depthwalk recover`: settle what a crash or a doubt left. Safe to run any number of times, also from cron."""

from typing import TYPE_CHECKING

import typer

from depthwalk.cli import terminal
from depthwalk.cli.options import Session, session_of
from depthwalk.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depthwalk.domain.result import Recovery


def recover(context: typer.Context) -> int:
    """Settle what a crash left: orders in doubt, open orders, unfinished executions.

    Orders that still rest are canceled, fills are recorded, the execution is closed. Nothing is ever bought or sold,
    and what still runs is left alone. Safe to run any number of times; with --env only that environment.
    """
    from depthwalk import assembly

    session = session_of(context)
    with terminal.waiting(session, "settling what was left") as say:
        found = assembly.recover(session.config, session.database, environment=session.environment, progress=say)
    show(session, found)
    return assembly.recovery_code(found)


def show(session: Session, found: "Sequence[Recovery]") -> None:
    """Write what became of executions; with --quiet only what is still in doubt."""
    from depthwalk.reports.recovery_table import recovery_json, recovery_table

    rows = [each for each in found if not session.quiet or each.exit_code is not ExitCode.DONE]
    if session.json:
        terminal.write_json(recovery_json(row) for row in rows)
    elif rows or not session.quiet:
        terminal.write_table(session, lambda *_: recovery_table(rows))
