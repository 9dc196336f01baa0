"""Error bodies and what they mean."""

import pytest

from depthwalk.errors import InDoubt, NotAuthorized, NotFound, OrderRefused, RefusalReason, Throttled, Unreachable
from depthwalk.wire.faults import (
    TOO_MANY_REQUESTS,
    Fault,
    Kind,
    decode_fault,
    encode_fault,
    exception_for,
    flat_fault,
    refusal_reason,
    validation_fault,
)
from depthwalk.wire.scalars import dumps


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (
            b'{"error":{"code":"invalid_order","message":"invalid order","details":"post only cross"}}',
            Fault(code="invalid_order", message="invalid order", details="post only cross"),
        ),
        (b'{"code":"bad_request","message":"bad request","details":null}', Fault(code="bad_request", message="bad request")),
        (b'{"msg":"Parameter validation failed"}', Fault(message="Parameter validation failed")),
        (b'{"error":"too many requests"}', Fault(message="too many requests")),
        (b"<html>\n <b>502</b>", Fault(message="<html> <b>502</b>")),
        (b"", Fault()),
        (b"[1]", Fault(message="[1]")),
        (b"\xff", Fault(message="�")),
    ],
)
def test_every_shape_is_read(body: bytes, fault: Fault) -> None:
    """The four of section 11, and whatever a proxy sends."""
    assert fault == decode_fault(body)


def test_what_is_written_is_read() -> None:
    """Nested, flat, validation and 429."""
    fault = Fault(code="invalid_price", message="invalid price", details="off grid")
    assert fault == decode_fault(dumps(encode_fault(fault)))
    assert fault == decode_fault(dumps(flat_fault(fault)))
    assert Fault(message="limit") == decode_fault(dumps(validation_fault("limit")))
    assert Fault(message="too many requests") == decode_fault(dumps(TOO_MANY_REQUESTS))


def test_a_fault_says_each_part_once() -> None:
    """Codes and messages are mostly the same words."""
    assert "invalid_order: post only cross" == str(
        Fault(code="invalid_order", message="invalid order", details="post only cross")
    )
    assert "no reason given" == str(Fault())


@pytest.mark.parametrize(
    ("status", "code", "details", "reason"),
    [
        (400, "invalid_order", "post only cross", RefusalReason.POST_ONLY_CROSS),
        (400, "invalid_order", "", RefusalReason.OTHER),
        (400, "invalid_price", "", RefusalReason.INVALID_PRICE),
        (400, "insufficient_balance", "", RefusalReason.INSUFFICIENT_BALANCE),
        (400, "available_balance_too_low", "", RefusalReason.INSUFFICIENT_BALANCE),
        (404, "insufficient_shard_balance", "", RefusalReason.INSUFFICIENT_BALANCE),
        (409, "order_already_exists", "", RefusalReason.ALREADY_EXISTS),
        (409, "fill_or_kill_insufficient_resting_volume", "", RefusalReason.UNFILLABLE),
        (409, "trading_is_paused", "", RefusalReason.PAUSED),
        (409, "exchange_is_paused", "", RefusalReason.PAUSED),
        (409, "market_closed", "", RefusalReason.MARKET_CLOSED),
        (409, "MARKET_INACTIVE", "", RefusalReason.MARKET_CLOSED),
        (404, "not_found", "", RefusalReason.NOT_FOUND),
        (404, "", "", RefusalReason.NOT_FOUND),
        (404, "user_not_found:_<uuid>", "", RefusalReason.OTHER),
        (409, "order_already_exists:_<uuid>", "", RefusalReason.ALREADY_EXISTS),
        (429, "", "", RefusalReason.THROTTLED),
        (410, "deprecated_v1_order_endpoint", "", RefusalReason.OTHER),
        (409, "something_new", "", RefusalReason.OTHER),
    ],
)
def test_reasons_follow_the_code(status: int, code: str, details: str, reason: RefusalReason) -> None:
    """Never 409 alone: it means opposite things."""
    assert reason is refusal_reason(status, Fault(code=code, details=details))


@pytest.mark.parametrize(
    ("status", "read", "write", "cancel"),
    [
        (301, Unreachable, InDoubt, InDoubt),
        (303, Unreachable, InDoubt, InDoubt),
        (400, Unreachable, OrderRefused, OrderRefused),
        (401, NotAuthorized, OrderRefused, OrderRefused),
        (403, NotAuthorized, OrderRefused, OrderRefused),
        (404, NotFound, OrderRefused, NotFound),
        (408, Unreachable, InDoubt, InDoubt),
        (409, Unreachable, OrderRefused, OrderRefused),
        (410, Unreachable, OrderRefused, OrderRefused),
        (429, Throttled, OrderRefused, OrderRefused),
        (500, Unreachable, InDoubt, InDoubt),
        (503, Unreachable, InDoubt, InDoubt),
        (504, Unreachable, InDoubt, InDoubt),
    ],
)
def test_what_a_status_means_depends_on_the_request(
    status: int, read: type[Exception], write: type[Exception], cancel: type[Exception]
) -> None:
    """A definite no to a write is a 4xx; whatever else is not a success leaves it in doubt."""
    fault = Fault(code="c", message="m")
    answers = [exception_for(status, fault, kind=kind, what="w") for kind in (Kind.READ, Kind.WRITE, Kind.CANCEL)]
    assert [read, write, cancel] == [type(answer) for answer in answers]
    assert [status] * 3 == [answer.status for answer in answers]
    assert all("c" == answer.code for answer in answers)


def test_a_stale_clock_gets_a_hint() -> None:
    """The remedy stands beside the fault."""
    error = exception_for(401, Fault(code="header_timestamp_expired"), kind=Kind.READ, what="balance")
    assert error.hint is not None
    assert "clock" in error.hint
