"""An order on the command line: the options that `execute` and `plan` share, each declared once, and the request they make."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from depthwalk.cli import terminal, values
from depthwalk.cli.options import Session
from depthwalk.errors import UsageError

if TYPE_CHECKING:
    from depthwalk.assembly import ExecuteRequest

Ticker = Annotated[str, typer.Argument(metavar="TICKER", help="The market.")]
Side = Annotated[Literal["yes", "no"], typer.Option("--side", help="The contract.")]
ActionName = Annotated[Literal["buy", "sell"], typer.Option("--action", help="What to do with it.")]
Count = Annotated[str | None, typer.Option("--count", metavar="N", help="How many contracts; asked for if missing.")]
Target = Annotated[
    str | None, typer.Option("--target", metavar="P", help="The price hoped for, in dollars; else the best now offered.")
]
Limit = Annotated[str | None, typer.Option("--limit", metavar="P", help="The price never passed, in dollars.")]
Algorithm = Annotated[
    str | None, typer.Option("--algo", metavar="NAME", help="The algorithm, or auto: drawn by rollout share.")
]
MethodName = Annotated[str | None, typer.Option("--method", metavar="NAME", help="A named profile of the config.")]
Timeout = Annotated[str | None, typer.Option("--timeout", metavar="S", help="Seconds allowed.")]
End = Annotated[
    Literal["cross", "cancel"] | None, typer.Option("--end", help="What becomes of the rest when the time is over.")
]
Urgency = Annotated[
    str | None, typer.Option("--urgency", metavar="U", help="How little time there is: 0 waits longest, 1 hurries most.")
]
HalfLife = Annotated[
    str | None,
    typer.Option("--edge-half-life", metavar="T", help="Instead: the time in which the reason to trade is worth half."),
]
Tags = Annotated[list[str] | None, typer.Option("--tag", metavar="K=V", help="A note for reports; may be repeated.")]
Time = Annotated[Literal["real", "simulated"], typer.Option("--time", help="Paper: at the clock's pace, or as fast as can be.")]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", min=0, help="Paper: a fresh account and market, repeatable.")]
Books = Annotated[Path | None, typer.Option("--books", metavar="FILE", help="Paper: start from recorded books.")]
At = Annotated[str | None, typer.Option("--at", metavar="TIME", help="Where in the recording to start.")]
Flow = Annotated[
    Literal["none", "synthetic"] | None, typer.Option("--flow", help="What moves the recorded book between its rows.")
]
Faults = Annotated[
    str | None,
    typer.Option("--faults", metavar="SEED|FILE", help="Paper: rehearse faults, drawn from a seed or as a file says."),
]


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
    urgency: str | None,
    half_life: str | None,
    tag: Sequence[str],
    simulated: bool,
    seed: int | None,
    books: Path | None,
    at: str | None,
    flow: str | None,
    faults: str | None = None,
) -> "ExecuteRequest":
    """Return the flags as a request, exact. Asks for a missing count on a terminal. Raises UsageError."""
    _check_together(books=books, at=at, flow=flow)
    name = values.ticker(ticker)
    prices = values.price("--target", target), values.price("--limit", limit)
    overrides: dict[str, object] = {}
    if (allowed := values.timeout(timeout)) is not None:
        overrides["timeout_seconds"] = allowed
    if end is not None:
        overrides["end_action"] = end
    if (hurry := values.share("--urgency", urgency)) is not None:
        overrides["urgency"] = hurry
    if (life := values.duration("--edge-half-life", half_life)) is not None:
        if hurry is not None:
            raise UsageError("--urgency and --edge-half-life are two ways to say the same", hint="leave one of them out")
        from depthwalk.domain.units import in_seconds

        overrides["edge_half_life_seconds"] = in_seconds(life)
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
        faults=faults,
    )


def _check_together(*, books: Path | None, at: str | None, flow: str | None) -> None:
    """Refuse flags that need what is not there."""
    if books is None:
        for flag, given in (("--at", at is not None), ("--flow", flow is not None)):
            if given:
                raise UsageError(f"{flag} needs recorded books", hint="--books FILE names them")
