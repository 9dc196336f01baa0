"""`depthwalk paper`: the paper exchange, embedded or served on a socket."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depthwalk.cli import failures, terminal, values
from depthwalk.cli.options import Yes, session_of
from depthwalk.errors import ExitCode

if TYPE_CHECKING:
    from depthwalk.assembly import Serving

app = typer.Typer(rich_markup_mode=None, help="The paper exchange, embedded or served.")


@app.command()
def markets(context: typer.Context) -> int:
    """List its markets, and what the account holds there."""
    from depthwalk import assembly
    from depthwalk.reports.history import MarketRow, markets_json, markets_table

    session = session_of(context)
    found = assembly.paper_overview(session.config, session.database)
    rows = [
        MarketRow(ticker=row.ticker, title=row.title, liquidity=row.liquidity, position=row.position) for row in found.markets
    ]
    if session.json:
        terminal.write_json([markets_json(rows, cash=found.cash)])
    else:
        terminal.write_table(session, lambda _, signs: markets_table(rows, cash=found.cash, signs=signs))
    return ExitCode.DONE


@app.command()
def reset(
    context: typer.Context,
    *,
    cash: Annotated[str | None, typer.Option("--cash", metavar="DOLLARS", help="The cash to start with.")] = None,
    yes: Yes = False,
) -> int:
    """Start the paper account afresh: its positions go, the record of executions stays."""
    from depthwalk import assembly
    from depthwalk.domain.units import format_money

    session = session_of(context)
    amount = values.cash(cash)
    if not yes:
        terminal.confirm("Start the paper account afresh, without its positions?")
    left = assembly.paper_reset(session.config, session.database, amount)
    if session.json:
        terminal.write_json([{"cash": format_money(left)}])
    elif not session.quiet:
        terminal.write_line(f"the paper account starts afresh with ${format_money(left)}")
    return ExitCode.DONE


@app.command()
def serve(
    context: typer.Context,
    *,
    host: Annotated[str, typer.Option("--host", help="Where to listen: 127.0.0.1, ::1 or localhost.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65_535, help="0: any free one. Else that of paper.server, or 8765.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, max=2**63 - 1, help="Of the markets; same seed, same markets.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option("--state", metavar="FILE", help="Where it lives on; else a file in the data folder.")
    ] = None,
    copies: Annotated[
        int | None,
        typer.Option("--copies", min=1, max=100, help="Markets of each kind: PAPER-THIN, PAPER-THIN-2, and so on."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what the state file has, and begin anew.")] = False,
) -> int:
    """Run the paper exchange on this machine for other processes, until Ctrl-C.

    It keeps orders, fills and cash through any end of its own, and carries on from there.
    """
    from depthwalk import assembly

    session = session_of(context)
    request = assembly.ServeRequest(
        host=host, port=port, seed=seed, state=state, fresh=fresh, copies=copies, config_path=session.config
    )

    def ready(serving: "Serving") -> None:
        if session.json:
            terminal.write_json([_ready_json(serving)])
        elif not session.quiet:
            failures.tell_raw(_ready_text(serving))

    assembly.serve(request, ready)
    return ExitCode.DONE


def _ready_json(serving: "Serving") -> dict[str, object]:
    return {
        "url": serving.url,
        "state": str(serving.state),
        "private_key_path": str(serving.key_path),
        "api_key_id": serving.key_id,
        "seed": serving.seed,
        "resumed": serving.resumed,
        "orders": serving.orders,
        "fills": serving.fills,
    }


def _ready_text(serving: "Serving") -> str:
    began = f"carried on: {serving.orders} orders, {serving.fills} fills" if serving.resumed else "new"
    return (
        f"the paper exchange listens on {serving.url}/trade-api/v2 until Ctrl-C\n"
        f"  state  {serving.state} ({began}; seed {serving.seed})\n"
        f"  key    {serving.key_path} (API key id: {serving.key_id})\n"
        f'  depthwalk uses it with this in its config:  paper: {{server: "{serving.url}"}}\n'
    )
