"""Creating and amending orders: what is sent and the receipts that come back, both ways. Taking off is in `cancels.py`.

A receipt is not an order and has no status. Reading one needs only what an executor acts on: a reply that says an order was
placed must not be thrown away for a decoration in it. Source: kalshi-api.md sections 6.2 and 6.8.
"""

from dataclasses import dataclass
from enum import Enum

import msgspec

from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.units import Instant, Money, Price, Quantity, format_price, format_quantity
from depthwalk.wire import scalars
from depthwalk.wire.receipts import Receipt, averages, count_of, stamped
from depthwalk.wire.scalars import Json, WireError, load


class SelfTradePrevention(Enum):
    """What happens where an order meets another of the same account."""

    TAKER_AT_CROSS = "taker_at_cross"
    MAKER = "maker"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateBody:
    """A new order. *expires_at* (server time, whole seconds) only with GOOD_TILL_CANCELED; *price* is a YES price."""

    ticker: str
    side: Side
    quantity: Quantity
    price: Price
    time_in_force: TimeInForce
    self_trade_prevention: SelfTradePrevention = SelfTradePrevention.TAKER_AT_CROSS
    client_id: str | None = None
    expires_at: Instant | None = None
    post_only: bool = False
    reduce_only: bool = False
    cancel_on_pause: bool = False
    order_group_id: str | None = None
    subaccount: int | None = None
    exchange_index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateReceipt:
    """The answer to a create. The averages are per contract, and only where something was filled."""

    order_id: str
    client_id: str | None
    filled: Quantity
    remaining: Quantity
    average_price: Money | None = None
    average_fee: Money | None = None
    at: Instant | None = None


REMOVE_EXPIRY = Instant(0)
"""As the *expires_at* of an amend: let the order stay until canceled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendBody:
    """A change in place. *total* counts what is filled; *expires_at* None keeps the present one, REMOVE_EXPIRY removes it."""

    ticker: str
    side: Side
    price: Price
    total: Quantity
    client_id: str | None = None
    updated_client_id: str | None = None
    expires_at: Instant | None = None
    exchange_index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendReceipt:
    """The answer to an amend. *remaining* after the match and *filled* by this amend: None where the venue does not say."""

    order_id: str
    client_id: str | None = None
    remaining: Quantity | None = None
    filled: Quantity | None = None
    average_price: Money | None = None
    average_fee: Money | None = None
    at: Instant | None = None


class _Create(msgspec.Struct, omit_defaults=True):
    ticker: str
    side: Side
    count: str
    price: str
    time_in_force: TimeInForce
    self_trade_prevention_type: SelfTradePrevention
    client_order_id: str | None = None
    expiration_time: int | None = None
    post_only: bool | None = None
    reduce_only: bool | None = None
    cancel_order_on_pause: bool | None = None
    order_group_id: str | None = None
    subaccount: int | None = None
    exchange_index: int | None = None


class _Amend(msgspec.Struct, omit_defaults=True):
    ticker: str
    side: Side
    price: str
    count: str
    client_order_id: str | None = None
    updated_client_order_id: str | None = None
    expiration_time: int | None = None
    exchange_index: int | None = None


def _positive(text: str, path: str) -> Quantity:
    quantity = scalars.quantity(text, path)
    if quantity <= 0:
        raise WireError(path, f"{text} is not more than 0")
    return quantity


def _seconds(at: Instant | None) -> int | None:
    return None if at is None else scalars.whole_seconds(at, "expiration_time")


def _moment(value: int | None) -> Instant | None:
    return None if value is None else scalars.from_seconds(value)


# --- create ---------------------------------------------------------------------------------------------------------


def encode_create(body: CreateBody) -> bytes:
    """Write the body of `POST /portfolio/events/orders`. Raises WireError where the expiry has a fraction of a second."""
    raw = _Create(
        ticker=body.ticker,
        side=body.side,
        count=format_quantity(body.quantity),
        price=format_price(body.price),
        time_in_force=body.time_in_force,
        self_trade_prevention_type=body.self_trade_prevention,
        client_order_id=body.client_id,
        expiration_time=_seconds(body.expires_at),
        post_only=body.post_only or None,
        reduce_only=body.reduce_only or None,
        cancel_order_on_pause=body.cancel_on_pause or None,
        order_group_id=body.order_group_id,
        subaccount=body.subaccount,
        exchange_index=body.exchange_index,
    )
    return msgspec.json.encode(raw)


def decode_create(body: bytes) -> CreateBody:
    """Read the body of a create. Raises WireError: a missing field, a number where a string must be, a count not above 0.

    Whether the price is on the market's grid, and which fields go together, is the exchange's business.
    """
    raw = load(_Create, body)
    return CreateBody(
        ticker=raw.ticker,
        side=raw.side,
        quantity=_positive(raw.count, "count"),
        price=scalars.price(raw.price, "price"),
        time_in_force=raw.time_in_force,
        self_trade_prevention=raw.self_trade_prevention_type,
        client_id=raw.client_order_id or None,
        expires_at=_moment(raw.expiration_time),
        post_only=bool(raw.post_only),
        reduce_only=bool(raw.reduce_only),
        cancel_on_pause=bool(raw.cancel_order_on_pause),
        order_group_id=raw.order_group_id or None,
        subaccount=raw.subaccount,
        exchange_index=raw.exchange_index,
    )


def encode_create_receipt(receipt: CreateReceipt) -> Json:
    """Write the reply to a create."""
    written: Json = {
        "order_id": receipt.order_id,
        "fill_count": format_quantity(receipt.filled),
        "remaining_count": format_quantity(receipt.remaining),
    }
    averages(written, receipt.average_price, receipt.average_fee)
    return stamped(written, client_id=receipt.client_id, at=receipt.at)


def decode_create_receipt(body: bytes) -> CreateReceipt:
    """Read the reply to a create. Raises WireError where there is no order in it."""
    raw = load(Receipt, body)
    return CreateReceipt(
        order_id=raw.order_id,
        client_id=raw.client_order_id or None,
        filled=count_of(raw.fill_count, "fill_count"),
        remaining=count_of(raw.remaining_count, "remaining_count"),
        average_price=scalars.informative_money(raw.average_fill_price),
        average_fee=scalars.informative_money(raw.average_fee_paid),
        at=raw.at,
    )


# --- amend ----------------------------------------------------------------------------------------------------------


def encode_amend(body: AmendBody) -> bytes:
    """Write the body of `POST …/{order_id}/amend`. Raises WireError where the expiry has a fraction of a second."""
    raw = _Amend(
        ticker=body.ticker,
        side=body.side,
        price=format_price(body.price),
        count=format_quantity(body.total),
        client_order_id=body.client_id,
        updated_client_order_id=body.updated_client_id,
        expiration_time=_seconds(body.expires_at),
        exchange_index=body.exchange_index,
    )
    return msgspec.json.encode(raw)


def decode_amend(body: bytes) -> AmendBody:
    """Read the body of an amend. Raises WireError."""
    raw = load(_Amend, body)
    return AmendBody(
        ticker=raw.ticker,
        side=raw.side,
        price=scalars.price(raw.price, "price"),
        total=_positive(raw.count, "count"),
        client_id=raw.client_order_id or None,
        updated_client_id=raw.updated_client_order_id or None,
        expires_at=_moment(raw.expiration_time),
        exchange_index=raw.exchange_index,
    )


def encode_amend_receipt(receipt: AmendReceipt) -> Json:
    """Write the reply to an amend; the optional fields are null where nothing is said, as the venue has them."""
    written: Json = {
        "order_id": receipt.order_id,
        "remaining_count": None if receipt.remaining is None else format_quantity(receipt.remaining),
        "fill_count": None if receipt.filled is None else format_quantity(receipt.filled),
    }
    averages(written, receipt.average_price, receipt.average_fee)
    return stamped(written, client_id=receipt.client_id, at=receipt.at)


def decode_amend_receipt(body: bytes) -> AmendReceipt:
    """Read the reply to an amend. Raises WireError where there is no order in it."""
    raw = load(Receipt, body)
    return AmendReceipt(
        order_id=raw.order_id,
        client_id=raw.client_order_id or None,
        remaining=scalars.optional_quantity(raw.remaining_count, "remaining_count"),
        filled=scalars.optional_quantity(raw.fill_count, "fill_count"),
        average_price=scalars.informative_money(raw.average_fill_price),
        average_fee=scalars.informative_money(raw.average_fee_paid),
        at=raw.at,
    )
