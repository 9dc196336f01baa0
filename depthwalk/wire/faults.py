"""Error replies: the four shapes the venue uses, what a code means to us, and which exception stands for it.

Nothing here raises for a body it cannot read: an error page of a proxy is an error too. Source: kalshi-api.md section 11.
"""

from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Final

import msgspec

from depthwalk.errors import (
    ExchangeError,
    InDoubt,
    NotAuthorized,
    NotFound,
    OrderRefused,
    RefusalReason,
    Throttled,
    Unreachable,
)
from depthwalk.wire.scalars import Json

TOO_MANY_REQUESTS: Final[Json] = {"error": "too many requests"}
"""The body of a 429: a string where every other error has an object."""

_LONGEST_EXCERPT: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What an error reply says. *code* is "" where it has none; codes may carry suffixes, so they are compared by prefix."""

    code: str = ""
    message: str = ""
    details: str = ""

    def __str__(self) -> str:
        """Say it in one line, each part once."""
        parts = [self.code, self.message if _plain(self.message) != _plain(self.code) else "", self.details]
        return ": ".join(part for part in parts if part) or "no reason given"


def _plain(text: str) -> str:
    return text.replace("_", " ").strip().lower()


class Kind(Enum):
    """What the failed request was, because that decides what its failure means."""

    READ = "read"
    WRITE = "write"
    CANCEL = "cancel"


class _Nested(msgspec.Struct):
    code: str | None = None
    message: str | None = None
    details: str | None = None


class _Body(msgspec.Struct):
    error: _Nested | str | None = None
    code: str | None = None
    message: str | None = None
    details: str | None = None
    msg: str | None = None


def decode_fault(body: bytes) -> Fault:
    """Read an error body of any shape; one that is none of the four becomes a message of its first words."""
    try:
        raw = msgspec.json.decode(body, type=_Body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        text = " ".join(body[: 4 * _LONGEST_EXCERPT].decode("utf-8", "replace").split())
        return Fault(message=text[:_LONGEST_EXCERPT])
    match raw.error:
        case str() as message:
            return Fault(message=message)
        case _Nested() as nested:
            return Fault(code=nested.code or "", message=nested.message or "", details=nested.details or "")
        case None:
            return Fault(code=raw.code or "", message=raw.message or raw.msg or "", details=raw.details or "")


def flat_fault(fault: Fault) -> Json:
    """Write the flat shape: JSON and content-type errors, and the items of a batch."""
    written: Json = {"code": fault.code, "message": fault.message}
    if fault.details:
        written["details"] = fault.details
    return written


def encode_fault(fault: Fault) -> Json:
    """Write the nested shape, which nearly all errors have."""
    return {"error": flat_fault(fault)}


def validation_fault(message: str) -> Json:
    """Write the shape of a refused query parameter."""
    return {"msg": message}


# By prefix of the code, the first that fits. The HTTP status is not consulted: 409 has opposite meanings.
_REASONS: Final = (
    ("invalid_price", RefusalReason.INVALID_PRICE),
    ("insufficient_balance", RefusalReason.INSUFFICIENT_BALANCE),
    ("insufficient_shard_balance", RefusalReason.INSUFFICIENT_BALANCE),
    ("available_balance_too_low", RefusalReason.INSUFFICIENT_BALANCE),
    ("order_already_exists", RefusalReason.ALREADY_EXISTS),
    ("fill_or_kill_insufficient_resting_volume", RefusalReason.UNFILLABLE),
    ("market_closed", RefusalReason.MARKET_CLOSED),
    ("market_inactive", RefusalReason.MARKET_CLOSED),
    ("trading_is_paused", RefusalReason.PAUSED),
    ("exchange_is_paused", RefusalReason.PAUSED),
    ("post_only_cross", RefusalReason.POST_ONLY_CROSS),
    ("not_found", RefusalReason.NOT_FOUND),
)


def refusal_reason(status: int, fault: Fault) -> RefusalReason:
    """Return why the venue said no to an order, as far as it changes what we do next."""
    code = fault.code.lower()
    if code.startswith("invalid_order") and "post only cross" in _plain(fault.details):
        return RefusalReason.POST_ONLY_CROSS
    for prefix, reason in _REASONS:
        if code.startswith(prefix):
            return reason
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RefusalReason.THROTTLED
    if status == HTTPStatus.NOT_FOUND and not code:
        return RefusalReason.NOT_FOUND
    return RefusalReason.OTHER


_HINTS: Final = {
    "header_timestamp_expired": "set this machine's clock: the exchange refuses signatures that are seconds old",
    "authentication_error": "check the key id and that the private key belongs to it, in this environment",
    "deprecated_v1_order_endpoint": "this version of depthwalk is out of date",
    "insufficient_shard_balance": "move cash to the market's exchange shard; the web app does so by itself, the API does not",
}


def _hint(fault: Fault) -> str | None:
    return next((hint for prefix, hint in _HINTS.items() if fault.code.startswith(prefix)), None)


def exception_for(status: int, fault: Fault, *, kind: Kind, what: str) -> ExchangeError:
    """Return the exception for a reply that is not a success; *what* names the request in the message.

    A read may be Unreachable, Throttled, NotAuthorized or NotFound. A write got a definite no with any 4xx (OrderRefused; a
    cancel with 404: NotFound), except 408, which says that somebody stopped waiting. Everything else leaves it InDoubt.
    """
    said = f"{what}: the exchange answered {status}, {fault}"
    code = fault.code or None
    hint = _hint(fault)
    if kind is not Kind.READ:
        return _write_exception(status, fault, kind=kind, said=said)
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return NotAuthorized(said, hint=hint, status=status, code=code)
        case HTTPStatus.NOT_FOUND:
            return NotFound(said, hint=hint, status=status, code=code)
        case HTTPStatus.TOO_MANY_REQUESTS:
            return Throttled(said, hint=hint, status=status, code=code)
        case _:
            return Unreachable(said, hint=hint, status=status, code=code)


def _write_exception(status: int, fault: Fault, *, kind: Kind, said: str) -> ExchangeError:
    code = fault.code or None
    hint = _hint(fault)
    definite = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if not definite or status == HTTPStatus.REQUEST_TIMEOUT:
        return InDoubt(said, hint=hint, status=status, code=code)
    if kind is Kind.CANCEL and status == HTTPStatus.NOT_FOUND:
        return NotFound(said, hint=hint, status=status, code=code)
    return OrderRefused(said, reason=refusal_reason(status, fault), hint=hint, status=status, code=code)
