"""Executions that have not ended: which there are, asking one to end, and closing one that never began to act."""

from depthwalk.domain.messages import Reason
from depthwalk.domain.result import Status
from depthwalk.domain.units import Instant
from depthwalk.storage.database import Database
from depthwalk.storage.executions import ExecutionSummary, summaries

_OPEN = (Status.RUNNING.value, Status.UNKNOWN.value)


def unfinished(
    database: Database, *, environment: str | None = None, account: str | None = None, ticker: str | None = None
) -> list[ExecutionSummary]:
    """Return the executions that run, crashed, or ended in doubt, the oldest first; None leaves a condition out."""
    return summaries(
        database,
        "s.status IN (?, ?) AND (?3 IS NULL OR s.environment = ?3) AND (?4 IS NULL OR s.account = ?4)"
        " AND (?5 IS NULL OR s.ticker = ?5) ORDER BY s.rowid",
        (*_OPEN, environment, account, ticker),
    )


def ask_to_end(database: Database, execution_id: str, at: Instant) -> bool:
    """Write down that an execution shall end, for its owner to find; False where it has ended already."""
    with database.transaction(durable=True) as connection:
        changed = connection.execute(
            "UPDATE execution_state SET cancel_asked_at_us = ? WHERE execution_id = ? AND status IN (?, ?)",
            (at, execution_id, *_OPEN),
        )
        return changed.rowcount > 0


def asked_to_end(database: Database, execution_id: str) -> bool:
    """Say whether somebody has asked for the end of an execution."""
    row = database.row("SELECT cancel_asked_at_us FROM execution_state WHERE execution_id = ?", (execution_id,))
    return row is not None and row["cancel_asked_at_us"] is not None


def abandon(database: Database, execution_id: str, *, at: Instant, detail: str) -> None:
    """Close an execution that has no event: its process died before anything was decided, so nothing was sent."""
    with database.transaction(durable=True) as connection:
        connection.execute(
            "UPDATE execution_state SET status = ?, reason = ?, detail = ?, finished_at_us = ?,"
            " updated_at_us = max(updated_at_us, ?) WHERE execution_id = ? AND status = ?",
            (Status.CANCELED.value, Reason.RECOVERED.value, detail, at, at, execution_id, Status.RUNNING.value),
        )
