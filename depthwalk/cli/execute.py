"""`depthwalk execute`: the call, the view, the exit code. Its options are in `order.py`."""

from typing import TYPE_CHECKING

import typer

from depthwalk.cli import order, terminal
from depthwalk.cli.exit_code import exit_code_of, explanation
from depthwalk.cli.failures import tell
from depthwalk.cli.options import Session, Yes, session_of
from depthwalk.cli.order import build_request
from depthwalk.errors import ExitCode, worst

if TYPE_CHECKING:
    from collections.abc import Callable

    from depthwalk.assembly import ExecuteRequest
    from depthwalk.domain.result import ExecutionResult
    from depthwalk.reports.live_view import NullView


def execute(
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
    yes: Yes = False,
) -> int:
    """Execute an order by splitting and walking.

    A live table shows every split and every walk; without a terminal there are plain lines on standard error instead.
    The end says what it really cost.
    Ctrl-C cancels every order and confirms it before leaving.
    """
    session = session_of(context)
    request = build_request(
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
    if session.environment == "live" and not yes:
        from depthwalk.domain.units import format_quantity

        quantity = format_quantity(request.quantity)
        terminal.confirm(f"{action.capitalize()} {quantity} {side.upper()} of {request.ticker} with real money?")
    return perform(session, request)


def perform(session: Session, request: "ExecuteRequest") -> int:
    """Run it, watched; write the result and what there is to tell besides; return the exit code."""
    from depthwalk import assembly

    notes: list[str] = []
    try:
        return watched(session, lambda view: assembly.execute(request, view, tell=notes.append))
    finally:
        for note in () if session.quiet else notes:
            tell(note)


def watched(session: Session, act: "Callable[[NullView], ExecutionResult]") -> int:
    """Do *act* with a view that fits the terminal; write the result; return the exit code."""
    with _view(session) as view:
        result = act(view)
    code = exit_code_of(result)
    words = explanation(result, code)
    try:
        _write(session, result)
    except OSError as error:
        # The order is done; only its result could not be written. It is in the database.
        tell(f"the result could not be written: {error}", f"`depthwalk executions show {result.execution_id}` has it")
        code = worst(code, ExitCode.FAULT)
    if words is not None:
        tell(*words)
    if view.fault is not None and session.verbose:
        tell(f"the view gave up: {view.fault} ({type(view.fault).__name__})")
    return code


def _view(session: Session) -> "NullView":
    import sys

    from depthwalk.config import load
    from depthwalk.reports.live_view import LiveView, NullView, PlainView
    from depthwalk.reports.off_thread import OffThread
    from depthwalk.reports.terminal import console

    if session.quiet:
        return NullView()
    if session.json or session.verbose or not terminal.can_draw():
        return OffThread(PlainView())
    environment = session.environment or load(session.config).environment.value
    return OffThread(LiveView(console(sys.stderr, no_color=session.no_color), environment=environment))


def _write(session: Session, result: "ExecutionResult") -> None:
    from depthwalk.reports.result_json import to_json
    from depthwalk.reports.summary import summary

    if session.json:
        terminal.write_json([to_json(result)])
    else:
        terminal.write_table(session, lambda _, signs: summary(result, signs=signs))
