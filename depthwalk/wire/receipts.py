"""What the receipts of all order writes have in common. Only `orders.py` and `cancels.py` use this."""

import msgspec

from depthwalk.domain.units import Instant, Money, Quantity
from depthwalk.wire import scalars
from depthwalk.wire.scalars import Json, WireError


class RawFault(msgspec.Struct):
    """The flat error of one item of a batch."""

    code: str | None = None
    message: str | None = None
    details: str | None = None


class Receipt(msgspec.Struct):
    """Every receipt's fields: which of them must be there depends on the request."""

    order_id: str
    client_order_id: str | None = None
    fill_count: str | None = None
    remaining_count: str | None = None
    reduced_by: str | None = None
    average_fill_price: str | None = None
    average_fee_paid: str | None = None
    ts_ms: int | None = None
    error: RawFault | None = None

    def __post_init__(self) -> None:
        if not self.order_id:
            raise ValueError("empty order_id")

    @property
    def at(self) -> Instant | None:
        """When the matching engine did it."""
        return None if self.ts_ms is None else scalars.from_milliseconds(self.ts_ms)


def count_of(text: str | None, path: str) -> Quantity:
    """Read a count that a receipt must have."""
    if text is None:
        raise WireError(path, "missing")
    return scalars.quantity(text, path)


def stamped(written: Json, *, client_id: str | None, at: Instant | None) -> Json:
    """Add the client's id and the engine's time, where there are any."""
    if client_id is not None:
        written["client_order_id"] = client_id
    if at is not None:
        written["ts_ms"] = scalars.to_milliseconds(at)
    return written


def averages(written: Json, price: Money | None, fee: Money | None) -> Json:
    """Add the averages per contract, where something was filled."""
    if price is not None:
        written["average_fill_price"] = scalars.short_money(price)
    if fee is not None:
        written["average_fee_paid"] = scalars.short_money(fee)
    return written
