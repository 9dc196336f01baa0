"""`depthwalk executions`: what was executed before."""

from typing import TYPE_CHECKING, Annotated, cast

import typer

from depthwalk.cli import terminal
from depthwalk.cli.options import Yes, session_of
from depthwalk.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from depthwalk.assembly import Dormant
    from depthwalk.reports.history import ExecutionRow
    from depthwalk.reports.result_json import Json
    from depthwalk.storage.executions import ExecutionSummary

app = typer.Typer(rich_markup_mode=None, help="Look back at executions.")

_LIMIT = 20


@app.callback(invoke_without_command=True)
def executions(context: typer.Context) -> int | None:
    """Look back at executions; without a command, list them."""
    return list_(context, limit=_LIMIT) if context.invoked_subcommand is None else None


@app.command("list")
def list_(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = _LIMIT,
) -> int:
    """List the latest executions, newest first; with --env only those of that environment."""
    from depthwalk import assembly
    from depthwalk.reports.history import execution_json, executions_table
    from depthwalk.storage.executions import list_executions

    session = session_of(context)
    with assembly.open_store(session.config, session.database) as store:
        rows = [_row(found, store.path) for found in list_executions(store, environment=session.environment, limit=limit)]
    if session.json:
        terminal.write_json(execution_json(row) for row in rows)
    else:
        terminal.write_table(session, lambda width, signs: executions_table(rows, width=width, signs=signs))
    return ExitCode.DONE


@app.command()
def show(
    context: typer.Context,
    execution: Annotated[str, typer.Argument(metavar="ID", help="The execution's id, or the beginning of it.")],
) -> int:
    """Show one execution: what it cost, every decision and why, every fill."""
    from depthwalk import assembly
    from depthwalk.config.rendering import on_one_line, parameters_as_written
    from depthwalk.reports.history import TimedRecord, details_json, execution_details
    from depthwalk.storage.executions import load_execution

    session = session_of(context)
    with assembly.open_store(session.config, session.database) as store:
        found = load_execution(store, execution)
        row = _row(found.summary, store.path)
    start, result, fills = found.summary.start, found.result, found.fills
    written, changed = parameters_as_written(start.algorithm, start.parameters)
    decisions = [TimedRecord(at=decision.at, record=decision.record) for decision in found.decisions]
    if session.json:
        terminal.write_json([details_json(row, result, decisions, fills, parameters=cast("dict[str, Json]", written))])
    else:
        terminal.write_table(
            session,
            lambda width, signs: execution_details(
                row,
                result,
                decisions,
                fills,
                changed={name: on_one_line(written[name]) for name in changed},
                width=width,
                signs=signs,
            ),
        )
    return ExitCode.DONE


@app.command()
def cancel(
    context: typer.Context,
    execution: Annotated[str, typer.Argument(metavar="ID", help="The execution's id, or the beginning of it.")],
) -> int:
    """End an execution that runs in another terminal: its orders are canceled, its fills recorded.

    One whose process is gone is settled here and now, as `recover` does.
    """
    from depthwalk import assembly
    from depthwalk.cli.recover import show as show_recovery

    session = session_of(context)
    with terminal.waiting(session, "ending it") as say:
        done = assembly.end(session.config, session.database, execution, waiting=say)
    show_recovery(session, [done])
    return assembly.recovery_code([done])


@app.command()
def resume(
    context: typer.Context,
    execution: Annotated[str, typer.Argument(metavar="ID", help="The execution's id, or the beginning of it.")],
    *,
    yes: Yes = False,
) -> int:
    """Carry on an execution whose process died, with what is left of its quantity, its walks and its time."""
    from depthwalk import assembly
    from depthwalk.cli.execute import watched

    session = session_of(context)

    def agree(found: "Dormant") -> None:
        from depthwalk.domain.units import format_quantity, in_seconds

        if not yes:
            left = f"{format_quantity(found.unfilled)} contracts and {in_seconds(found.left):.0f} s are left"
            terminal.confirm(
                f"Nobody has driven {found.execution_id[:8]} on {found.ticker} ({found.environment}) for"
                f" {in_seconds(found.age):.0f} s; {left}. Carry it on?"
            )

    return watched(
        session,
        lambda view: assembly.resume(
            session.config, session.database, execution, environment=session.environment, view=view, agree=agree
        ),
    )


def _row(found: "ExecutionSummary", database: "Path") -> "ExecutionRow":
    from depthwalk import assembly
    from depthwalk.domain.result import Status
    from depthwalk.reports.history import ExecutionRow

    holder = assembly.owner(database, found.start.execution_id) if found.status is Status.RUNNING else None

    start = found.start
    return ExecutionRow(
        execution_id=start.execution_id,
        parent=start.parent,
        algorithm=start.algorithm,
        environment=start.environment,
        source=start.source,
        status=found.status,
        reason=found.reason,
        started_at=start.started_at,
        finished_at=found.finished_at,
        filled=found.filled,
        paid=found.paid,
        fees=found.fees,
        walks=found.walks,
        slippage_percent=found.slippage_percent,
        owner=None if holder is None else holder.pid,
        routing=start.routing,
        tags=dict(start.tags),
    )
