"""Taking orders off the book: decrease, cancel, batch cancel; requests and receipts, both ways.

Source: kalshi-api.md sections 6.7, 6.9 and 6.10.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from depthwalk.domain.units import Instant, Quantity, format_quantity
from depthwalk.wire import scalars
from depthwalk.wire.faults import Fault, flat_fault
from depthwalk.wire.receipts import Receipt, count_of, stamped
from depthwalk.wire.scalars import Json, WireError, load


@dataclass(frozen=True, slots=True, kw_only=True)
class DecreaseBody:
    """A smaller size in place: exactly one of *reduce_by* and *reduce_to*."""

    reduce_by: Quantity | None = None
    reduce_to: Quantity | None = None
    ticker: str | None = None
    exchange_index: int | None = None

    def __post_init__(self) -> None:
        if (self.reduce_by is None) == (self.reduce_to is None):
            raise WireError("reduce_by", "exactly one of reduce_by and reduce_to is needed")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecreaseReceipt:
    """The answer to a decrease."""

    order_id: str
    remaining: Quantity
    client_id: str | None = None
    at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelItem:
    """One order of a batch cancel; the ticker or the shard finds it."""

    order_id: str
    ticker: str | None = None
    exchange_index: int | None = None
    subaccount: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelReceipt:
    """The answer to a cancel: the quantity taken off the book. *fault* only in batches: that item was not canceled."""

    order_id: str
    reduced_by: Quantity
    client_id: str | None = None
    at: Instant | None = None
    fault: Fault | None = None


class _Decrease(msgspec.Struct, omit_defaults=True):
    reduce_by: str | None = None
    reduce_to: str | None = None
    market_ticker: str | None = None
    exchange_index: int | None = None


class _CancelItem(msgspec.Struct, omit_defaults=True):
    order_id: str
    market_ticker: str | None = None
    exchange_index: int | None = None
    subaccount: int | None = None


class _CancelBatch(msgspec.Struct):
    orders: list[_CancelItem]


class _Receipts(msgspec.Struct):
    orders: list[Receipt]


# --- decrease -------------------------------------------------------------------------------------------------------


def encode_decrease(body: DecreaseBody) -> bytes:
    """Write the body of `POST …/{order_id}/decrease`."""
    raw = _Decrease(
        reduce_by=None if body.reduce_by is None else format_quantity(body.reduce_by),
        reduce_to=None if body.reduce_to is None else format_quantity(body.reduce_to),
        market_ticker=body.ticker,
        exchange_index=body.exchange_index,
    )
    return msgspec.json.encode(raw)


def decode_decrease(body: bytes) -> DecreaseBody:
    """Read the body of a decrease. Raises WireError where not exactly one of the two sizes is there."""
    raw = load(_Decrease, body)
    return DecreaseBody(
        reduce_by=scalars.optional_quantity(raw.reduce_by, "reduce_by"),
        reduce_to=scalars.optional_quantity(raw.reduce_to, "reduce_to"),
        ticker=raw.market_ticker or None,
        exchange_index=raw.exchange_index,
    )


def encode_decrease_receipt(receipt: DecreaseReceipt) -> Json:
    """Write the reply to a decrease."""
    written: Json = {"order_id": receipt.order_id, "remaining_count": format_quantity(receipt.remaining)}
    return stamped(written, client_id=receipt.client_id, at=receipt.at)


def decode_decrease_receipt(body: bytes) -> DecreaseReceipt:
    """Read the reply to a decrease. Raises WireError where there is no order in it."""
    raw = load(Receipt, body)
    return DecreaseReceipt(
        order_id=raw.order_id,
        remaining=count_of(raw.remaining_count, "remaining_count"),
        client_id=raw.client_order_id or None,
        at=raw.at,
    )


# --- cancel ---------------------------------------------------------------------------------------------------------


def encode_cancel_receipt(receipt: CancelReceipt) -> Json:
    """Write the reply to a cancel, or one item of a batch's."""
    written: Json = {"order_id": receipt.order_id, "reduced_by": format_quantity(receipt.reduced_by)}
    if receipt.fault is not None:
        written["error"] = flat_fault(receipt.fault)
    return stamped(written, client_id=receipt.client_id, at=receipt.at)


def _cancel_receipt(raw: Receipt, path: str) -> CancelReceipt:
    error = raw.error
    return CancelReceipt(
        order_id=raw.order_id,
        reduced_by=count_of(raw.reduced_by, path),
        client_id=raw.client_order_id or None,
        at=raw.at,
        fault=None if error is None else Fault(code=error.code or "", message=error.message or "", details=error.details or ""),
    )


def decode_cancel_receipt(body: bytes) -> CancelReceipt:
    """Read the reply to a cancel. Raises WireError where there is no order in it."""
    return _cancel_receipt(load(Receipt, body), "reduced_by")


def encode_cancel_batch(items: Sequence[CancelItem]) -> bytes:
    """Write the body of `DELETE /portfolio/events/orders/batched`."""
    raw = [
        _CancelItem(
            order_id=item.order_id,
            market_ticker=item.ticker,
            exchange_index=item.exchange_index,
            subaccount=item.subaccount,
        )
        for item in items
    ]
    return msgspec.json.encode(_CancelBatch(orders=raw))


def decode_cancel_batch(body: bytes) -> tuple[CancelItem, ...]:
    """Read the body of a batch cancel. Raises WireError."""
    return tuple(
        CancelItem(
            order_id=raw.order_id,
            ticker=raw.market_ticker or None,
            exchange_index=raw.exchange_index,
            subaccount=raw.subaccount,
        )
        for raw in load(_CancelBatch, body).orders
    )


def encode_cancel_receipts(receipts: Sequence[CancelReceipt]) -> Json:
    """Write the reply to a batch cancel."""
    return {"orders": [encode_cancel_receipt(receipt) for receipt in receipts]}


def decode_cancel_receipts(body: bytes) -> tuple[CancelReceipt, ...]:
    """Read the reply to a batch cancel. Raises WireError."""
    items = load(_Receipts, body).orders
    return tuple(_cancel_receipt(raw, f"orders[{index}].reduced_by") for index, raw in enumerate(items))
