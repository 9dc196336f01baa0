"""`depthwalk plan`: the options of `execute`, the call, the table, the exit code."""

from typing import TYPE_CHECKING

import typer

from depthwalk.cli import order, terminal
from depthwalk.cli.failures import tell
from depthwalk.cli.options import Yes, session_of
from depthwalk.errors import ExitCode

if TYPE_CHECKING:
    from depthwalk.assembly import PlanSheet


def plan(
    context: typer.Context,
    ticker: order.Ticker,
    *,
    side: order.Side = "yes",
    action: order.ActionName = "buy",
    count: order.Count = None,
    target: order.Target = None,
    limit: order.Limit = None,
    algo: order.Algorithm = None,
    method: order.MethodName = None,
    timeout: order.Timeout = None,
    end: order.End = None,
    urgency: order.Urgency = None,
    edge_half_life: order.HalfLife = None,
    tag: order.Tags = None,
    time: order.Time = "real",
    seed: order.Seed = None,
    books: order.Books = None,
    at: order.At = None,
    flow: order.Flow = None,
    faults: order.Faults = None,
    yes: Yes = False,  # noqa: ARG001 - there is nothing to ask; an `execute` line works with the one word changed
) -> int:
    """Show what execute would do now, and send nothing.

    Every algorithm side by side, or only the one named with --algo: its first orders and their
    chance to be filled, what may be expected in the end, the worst case, the API tokens. The
    options are those of execute; one that could not matter yet (--tag, --time, --yes) changes
    nothing. With --env demo or live the real book is read; that needs no key.
    """
    session = session_of(context)
    request = order.build_request(
        session,
        ticker=ticker,
        side=side,
        action=action,
        count=count,
        target=target,
        limit=limit,
        algo=algo,
        method=method,
        timeout=timeout,
        end=end,
        urgency=urgency,
        half_life=edge_half_life,
        tag=tag or (),
        simulated=time == "simulated",
        seed=seed,
        books=books,
        at=at,
        flow=flow,
        faults=faults,
    )
    from depthwalk import assembly
    from depthwalk.reports.plan_json import plan_json
    from depthwalk.reports.plan_table import plan_table

    sheet = assembly.plan(request)
    if session.json:
        terminal.write_json([plan_json(sheet)])
    else:
        terminal.write_table(session, lambda width, signs: plan_table(sheet, width=width, signs=signs))
    return _verdict(sheet)


def _verdict(sheet: "PlanSheet") -> ExitCode:
    """Say what `execute` would refuse, and return the code it would leave with; done where it would send."""
    for objection in sheet.objections:
        tell(f"execute would refuse it: {objection.message}", objection.hint)
    if sheet.refused is None:
        return ExitCode.DONE
    if not sheet.objections:
        tell(f"execute would refuse it: {sheet.refused}")
    return ExitCode.REFUSED
