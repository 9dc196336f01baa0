"""`depthwalk execute`: its options, the call, the exit code."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from depthwalk.cli import terminal, values
from depthwalk.cli.exit_code import exit_code_of, explanation
from depthwalk.cli.failures import tell
from depthwalk.cli.options import Session, Yes, session_of
from depthwalk.errors import ExitCode, UsageError, worst

if TYPE_CHECKING:
    from depthwalk.assembly import ExecuteRequest
    from depthwalk.domain.result import ExecutionResult
    from depthwalk.reports.live_view import NullView


def execute(
    context: typer.Context,
    ticker: Annotated[str, typer.Argument(metavar="TICKER", help="The market.")],
    *,
    side: Annotated[Literal["yes", "no"], typer.Option("--side", help="The contract.")] = "yes",
    action: Annotated[Literal["buy", "sell"], typer.Option("--action", help="What to do with it.")] = "buy",
    count: Annotated[str | None, typer.Option("--count", metavar="N", help="How many contracts; asked for if missing.")] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="P", help="The price hoped for, in dollars; else the best now offered.")
    ] = None,
    limit: Annotated[str | None, typer.Option("--limit", metavar="P", help="The price never passed, in dollars.")] = None,
    algo: Annotated[str | None, typer.Option("--algo", metavar="NAME", help="The algorithm; else as configured.")] = None,
    method: Annotated[str | None, typer.Option("--method", metavar="NAME", help="A named profile of the config.")] = None,
    timeout: Annotated[str | None, typer.Option("--timeout", metavar="S", help="Seconds allowed.")] = None,
    end: Annotated[
        Literal["cross", "cancel"] | None, typer.Option("--end", help="What becomes of the rest when the time is over.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", metavar="K=V", help="A note for reports; may be repeated.")] = None,
    time: Annotated[
        Literal["real", "simulated"], typer.Option("--time", help="Paper: at the clock's pace, or as fast as can be.")
    ] = "real",
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", min=0, help="Paper: a fresh account and market, repeatable.")
    ] = None,
    books: Annotated[Path | None, typer.Option("--books", metavar="FILE", help="Paper: start from recorded books.")] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="Where in the recording to start.")] = None,
    flow: Annotated[
        Literal["none", "synthetic"] | None, typer.Option("--flow", help="What moves the recorded book between its rows.")
    ] = None,
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
        tag=tag or (),
        simulated=time == "simulated",
        seed=seed,
        books=books,
        at=at,
        flow=flow,
    )
    if session.environment == "live" and not yes:
        from depthwalk.domain.units import format_quantity

        quantity = format_quantity(request.quantity)
        terminal.confirm(f"{action.capitalize()} {quantity} {side.upper()} of {request.ticker} with real money?")
    return perform(session, request)


def build_request(
    session: Session,
    *,
    ticker: str,
    side: str,
    action: str,
    count: str | None,
    target: str | None,
    limit: str | None,
    algo: str | None,
    method: str | None,
    timeout: str | None,
    end: str | None,
    tag: Sequence[str],
    simulated: bool,
    seed: int | None,
    books: Path | None,
    at: str | None,
    flow: str | None,
) -> "ExecuteRequest":
    """Return the flags as a request, exact. Asks for a missing count on a terminal. Raises UsageError."""
    _check_together(session, simulated=simulated, seed=seed, books=books, at=at, flow=flow)
    name = values.ticker(ticker)
    prices = values.price("--target", target), values.price("--limit", limit)
    overrides: dict[str, object] = {}
    if (allowed := values.timeout(timeout)) is not None:
        overrides["timeout_seconds"] = allowed
    if end is not None:
        overrides["end_action"] = end
    labels, start = values.tags(tag), values.instant("--at", at)
    if count is None:
        if not terminal.can_ask():
            raise UsageError("--count is missing", hint="how many contracts, as in --count 100")
        count = terminal.ask(f"How many contracts to {action}")
    quantity = values.count(count)
    # Only now: what was wrong with the flags has been said without loading anything.
    from depthwalk.assembly import ExecuteRequest
    from depthwalk.domain.order import Action, Outcome

    return ExecuteRequest(
        ticker=name,
        outcome=Outcome(side),
        action=Action(action),
        quantity=quantity,
        target=prices[0],
        limit=prices[1],
        algorithm=algo,
        method=method,
        overrides=overrides,
        tags=labels,
        environment=session.environment,
        config_path=session.config,
        database_path=session.database,
        simulated=simulated,
        seed=seed,
        books=books,
        books_at=start,
        flow=flow or "none",
    )


def _check_together(
    session: Session, *, simulated: bool, seed: int | None, books: Path | None, at: str | None, flow: str | None
) -> None:
    """Refuse flags that need what is not there."""
    if session.environment not in (None, "paper"):
        for flag, given in (("--time simulated", simulated), ("--seed", seed is not None), ("--books", books is not None)):
            if given:
                raise UsageError(f"{flag} is for the paper exchange, not for {session.environment}", hint="leave --env out")
    if books is None:
        for flag, given in (("--at", at is not None), ("--flow", flow is not None)):
            if given:
                raise UsageError(f"{flag} needs recorded books", hint="--books FILE names them")


def perform(session: Session, request: "ExecuteRequest") -> int:
    """Run it, watched; write the result; return the exit code."""
    from depthwalk import assembly

    with _view(session) as view:
        result = assembly.execute(request, view)
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
    from depthwalk.reports.terminal import console

    if session.quiet:
        return NullView()
    if session.json or session.verbose or not terminal.can_draw():
        return PlainView()
    environment = session.environment or load(session.config).environment.value
    return LiveView(console(sys.stderr, no_color=session.no_color), environment=environment)


def _write(session: Session, result: "ExecutionResult") -> None:
    from depthwalk.reports.result_json import to_json
    from depthwalk.reports.summary import summary

    if session.json:
        terminal.write_json([to_json(result)])
    else:
        terminal.write_table(session, lambda _, signs: summary(result, signs=signs))
