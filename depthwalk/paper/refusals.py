"""How the paper exchange says no: the venue's code and status as our own exceptions. The rules that lead here stand elsewhere.

The message of such an exception is the venue's `details`, or the code in words where there are none (kalshi-api.md section 11).
"""

from collections.abc import Mapping
from http import HTTPStatus

from depthwalk.errors import ExchangeError, NotFound, OrderRefused
from depthwalk.wire.faults import Fault, refusal_reason

_STATUS: Mapping[str, HTTPStatus] = {
    "order_already_exists": HTTPStatus.CONFLICT,
    "fill_or_kill_insufficient_resting_volume": HTTPStatus.CONFLICT,
    "trading_is_paused": HTTPStatus.CONFLICT,
    "exchange_is_paused": HTTPStatus.CONFLICT,
    "market_closed": HTTPStatus.CONFLICT,
}


def _words(code: str) -> str:
    return code.replace("_", " ")


def refusal(code: str, details: str = "") -> OrderRefused:
    """Return the exception for a definite no with this code: 400 unless the code belongs to another status."""
    status = _STATUS.get(code, HTTPStatus.BAD_REQUEST)
    reason = refusal_reason(status, Fault(code=code, details=details))
    return OrderRefused(details or _words(code), reason=reason, status=status, code=code)


def missing(what: str = "") -> NotFound:
    """Return the exception for something that is not there (any more)."""
    return NotFound(what or "not found", status=HTTPStatus.NOT_FOUND, code="not_found")


def fault_of(error: ExchangeError) -> Fault:
    """Return what the reply says of such an exception."""
    code = error.code or ""
    details = error.message if error.message != _words(code) and code != "not_found" else ""
    return Fault(code=code, message=_words(code), details=details)
