"""`depthwalk report`: what executions really cost, and whether another algorithm pays."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from depthwalk.cli import terminal
from depthwalk.cli.options import session_of
from depthwalk.errors import DomainError, ExitCode, UsageError

if TYPE_CHECKING:
    from depthwalk.domain.units import Money

_MOST_DAYS = 36_500


def report(
    context: typer.Context,
    *,
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, max=_MOST_DAYS, help="The last N days.")] = 90,
    by: Annotated[
        Literal["algorithm", "ticker", "tag"], typer.Option("--by", help="What the figures are grouped by.")
    ] = "algorithm",
    realised_pnl: Annotated[
        str | None, typer.Option("--realised-pnl", metavar="DOLLARS", help="What the strategy has earned so far, for its veto.")
    ] = None,
) -> int:
    """Report what executions cost, and say whether another algorithm than the simple one pays.

    The executions of one environment: the configured one, or --env.
    """
    from depthwalk import assembly

    session = session_of(context)
    found = assembly.decision_report(
        assembly.ReportRequest(
            days=days,
            by=by,
            realised=_profit(realised_pnl),
            environment=session.environment,
            config_path=session.config,
            database_path=session.database,
        )
    )
    if session.json:
        from depthwalk.reports.decision_json import report_json

        terminal.write_json([report_json(found)])
    else:
        from depthwalk.reports.decision_tables import report_tables

        terminal.write_table(session, lambda width, signs: report_tables(found, width=width, signs=signs))
    return ExitCode.DONE


def _profit(text: str | None) -> "Money | None":
    """Return dollars, also less than 0; None for None. Raises UsageError."""
    from depthwalk.domain.units import parse_money

    if text is None:
        return None
    try:
        return parse_money(text)
    except DomainError as error:
        raise UsageError(f"--realised-pnl: {error.message}", hint="dollars, as in 1250.50 or -80") from None
