"""What `recover` and `executions cancel` did, as a table for people and as JSON objects. Pure."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from depthwalk.domain.result import Recovery, Status
from depthwalk.domain.units import format_quantity
from depthwalk.reports.result_json import Json

_SHORT_ID = 8


def recovery_table(rows: Sequence[Recovery]) -> Table | Text:
    """Return the rows as a table; a line where there is nothing to recover."""
    if not rows:
        return Text("nothing to recover: every execution has ended, every order is accounted for")
    several = len({row.environment for row in rows}) > 1
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("id", *(("env",) if several else ()), "market", "before", "after"):
        table.add_column(name, no_wrap=True)
    table.add_column("filled", justify="right", no_wrap=True)
    table.add_column("what happened", overflow="fold", ratio=1)
    for row in rows:
        settled = row.after is not None and row.after is not Status.UNKNOWN
        after = Text("as it was" if row.after is None else row.after.value, style="" if settled else "bold")
        filled = f"{format_quantity(row.filled)}/{format_quantity(row.requested)}"
        where = (row.environment,) if several else ()
        table.add_row(row.execution_id[:_SHORT_ID], *where, row.ticker, row.before.value, after, filled, row.detail)
    return table


def recovery_json(row: Recovery) -> dict[str, Json]:
    """Return one row as JSON."""
    return {
        "execution_id": row.execution_id,
        "environment": row.environment,
        "ticker": row.ticker,
        "before": row.before.value,
        "after": None if row.after is None else row.after.value,
        "requested": format_quantity(row.requested),
        "filled": format_quantity(row.filled),
        "detail": row.detail,
    }
