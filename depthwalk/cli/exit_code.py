"""What an execution's result means as an exit code, and the line that goes with it. Pure."""

from typing import TYPE_CHECKING

from depthwalk.errors import ExitCode, worst

if TYPE_CHECKING:
    from depthwalk.domain.result import ExecutionResult


def exit_code_of(result: "ExecutionResult") -> ExitCode:
    """Return the exit code of a finished execution: of its status and its reason the one that wins (design, section 3)."""
    from depthwalk.domain.messages import Reason
    from depthwalk.domain.result import Status

    by_reason = {
        Reason.IN_DOUBT: ExitCode.IN_DOUBT,
        Reason.FAULT: ExitCode.FAULT,
        Reason.STOPPED: ExitCode.INTERRUPTED,
        Reason.MARKET_CLOSED: ExitCode.UNREACHABLE,
        Reason.REJECTED: ExitCode.UNREACHABLE,
        Reason.REFUSED: ExitCode.REFUSED,
    }
    by_status = {
        Status.PARTIAL: ExitCode.INCOMPLETE,
        Status.UNFILLED: ExitCode.INCOMPLETE,
        Status.CANCELED: ExitCode.INTERRUPTED,
        Status.REFUSED: ExitCode.REFUSED,
        Status.UNKNOWN: ExitCode.IN_DOUBT,
        Status.RUNNING: ExitCode.FAULT,
    }
    reason = by_reason.get(result.finish.reason, ExitCode.DONE)
    if result.status is Status.FILLED:
        # Everything asked for is there: a stop or a closed market that came too late changes nothing.
        return reason if reason in (ExitCode.IN_DOUBT, ExitCode.FAULT) else ExitCode.DONE
    if result.status is Status.FAILED:
        return reason if reason is not ExitCode.DONE else ExitCode.FAULT
    return worst(by_status[result.status], reason)


def explanation(result: "ExecutionResult", code: ExitCode) -> tuple[str, str | None] | None:
    """Return the line and the hint that standard error gets; None where the result speaks for itself."""
    detail = result.finish.detail or result.finish.reason.value.replace("_", " ")
    match code:
        case ExitCode.IN_DOUBT:
            return f"an order is in doubt: {detail}", "`depthwalk recover` settles it"
        case ExitCode.INTERRUPTED:
            return f"stopped, and every order is canceled: {detail}", None
        case ExitCode.REFUSED:
            return f"refused, nothing was sent: {detail}", None
        case ExitCode.UNREACHABLE:
            return f"the exchange takes no orders: {detail}", None
        case ExitCode.FAULT:
            return f"the execution failed: {detail}", f"`depthwalk executions show {result.execution_id}` has every step"
        case _:
            return None
