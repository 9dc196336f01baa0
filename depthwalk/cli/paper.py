"""`depthwalk paper`: the embedded paper exchange."""

from typing import Annotated

import typer

from depthwalk.cli import terminal, values
from depthwalk.cli.options import Yes, session_of
from depthwalk.errors import ExitCode

app = typer.Typer(rich_markup_mode=None, help="The embedded paper exchange.")


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
