"""What the account has: orders, fills and queue positions as the venue lists them, both ways. Money is in `account.py`.

Source: kalshi-api.md sections 6.4, 6.6, 6.14 and 7.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import msgspec

from depthwalk.domain.order import Fill, OrderStatus, Outcome, Side
from depthwalk.domain.units import (
    SECOND,
    Instant,
    Money,
    Price,
    Quantity,
    format_instant,
    format_money,
    format_price,
    format_quantity,
    mirrored,
)
from depthwalk.wire import scalars
from depthwalk.wire.direction import directions, side_of
from depthwalk.wire.orders import SelfTradePrevention
from depthwalk.wire.pages import Page, cursor_text
from depthwalk.wire.scalars import NO_MONEY, Json, WireError, load


class _Status(Enum):
    RESTING = "resting"
    CANCELED = "canceled"
    EXECUTED = "executed"


# `canceled` covers expiry, self-trade prevention, pauses and the rest of an IOC too, and may carry fills.
_STATUSES = {
    _Status.RESTING: OrderStatus.RESTING,
    _Status.CANCELED: OrderStatus.CANCELED,
    _Status.EXECUTED: OrderStatus.FILLED,
}
_WRITTEN = {domain: wire for wire, domain in _STATUSES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord:
    """An order as the venue keeps it. *status* is RESTING, CANCELED or FILLED; *price* the YES limit price.

    *initial* is the size when placed; what amends make of it is uncertain, so nothing may depend on it.
    """

    order_id: str
    client_id: str
    ticker: str
    side: Side
    price: Price
    status: OrderStatus
    initial: Quantity
    filled: Quantity
    remaining: Quantity
    taker_cost: Money = NO_MONEY
    maker_cost: Money = NO_MONEY
    taker_fees: Money = NO_MONEY
    maker_fees: Money = NO_MONEY
    created_at: Instant | None = None
    updated_at: Instant | None = None
    expires_at: Instant | None = None
    self_trade_prevention: SelfTradePrevention | None = None
    cancel_on_pause: bool = False
    order_group_id: str | None = None
    user_id: str = ""
    subaccount: int = 0
    exchange_index: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FillRecord:
    """A fill with what the domain's Fill leaves out because it is known there: market, side, shard."""

    fill: Fill
    ticker: str
    side: Side
    exchange_index: int = 0


class _Order(msgspec.Struct):
    order_id: str
    ticker: str
    status: _Status
    yes_price_dollars: str
    fill_count_fp: str
    remaining_count_fp: str
    initial_count_fp: str
    client_order_id: str | None = None
    user_id: str | None = None
    outcome_side: Outcome | None = None
    book_side: Side | None = None
    taker_fill_cost_dollars: str | None = None
    maker_fill_cost_dollars: str | None = None
    taker_fees_dollars: str | None = None
    maker_fees_dollars: str | None = None
    created_time: str | None = None
    last_update_time: str | None = None
    expiration_time: str | None = None
    self_trade_prevention_type: str | None = None
    cancel_order_on_pause: bool | None = None
    order_group_id: str | None = None
    subaccount_number: int | None = None
    exchange_index: int | None = None


class _OrderReply(msgspec.Struct):
    order: _Order


class _OrdersReply(msgspec.Struct):
    orders: list[_Order] | None
    cursor: str | None = None


class _Fill(msgspec.Struct):
    order_id: str
    count_fp: str
    yes_price_dollars: str
    is_taker: bool
    fee_cost: str
    fill_id: str | None = None
    trade_id: str | None = None
    ticker: str | None = None
    market_ticker: str | None = None
    outcome_side: Outcome | None = None
    book_side: Side | None = None
    created_time: str | None = None
    ts: int | None = None
    exchange_index: int | None = None


class _FillsReply(msgspec.Struct):
    fills: list[_Fill] | None
    cursor: str | None = None


class _Queue(msgspec.Struct):
    queue_position_fp: str


class _QueueEntry(msgspec.Struct):
    order_id: str
    queue_position_fp: str


class _QueueReply(msgspec.Struct):
    queue_positions: list[_QueueEntry] | None


# --- orders ---------------------------------------------------------------------------------------------------------


def _prevention(text: str | None, path: str) -> SelfTradePrevention | None:
    if not text:
        return None
    try:
        return SelfTradePrevention(text)
    except ValueError:
        raise WireError(path, f"{text!r} is not a self-trade prevention we know") from None


def _order(raw: _Order, path: str) -> OrderRecord:
    def cost(text: str | None, name: str) -> Money:
        return scalars.money(text, f"{path}.{name}") if text else NO_MONEY

    return OrderRecord(
        order_id=raw.order_id,
        client_id=raw.client_order_id or "",
        ticker=raw.ticker,
        side=side_of(raw.book_side, raw.outcome_side, f"{path}.book_side"),
        price=scalars.price(raw.yes_price_dollars, f"{path}.yes_price_dollars"),
        status=_STATUSES[raw.status],
        initial=scalars.quantity(raw.initial_count_fp, f"{path}.initial_count_fp"),
        filled=scalars.quantity(raw.fill_count_fp, f"{path}.fill_count_fp"),
        remaining=scalars.quantity(raw.remaining_count_fp, f"{path}.remaining_count_fp"),
        taker_cost=cost(raw.taker_fill_cost_dollars, "taker_fill_cost_dollars"),
        maker_cost=cost(raw.maker_fill_cost_dollars, "maker_fill_cost_dollars"),
        taker_fees=cost(raw.taker_fees_dollars, "taker_fees_dollars"),
        maker_fees=cost(raw.maker_fees_dollars, "maker_fees_dollars"),
        created_at=scalars.optional_instant(raw.created_time, f"{path}.created_time"),
        updated_at=scalars.optional_instant(raw.last_update_time, f"{path}.last_update_time"),
        expires_at=scalars.optional_instant(raw.expiration_time, f"{path}.expiration_time"),
        self_trade_prevention=_prevention(raw.self_trade_prevention_type, f"{path}.self_trade_prevention_type"),
        cancel_on_pause=bool(raw.cancel_order_on_pause),
        order_group_id=raw.order_group_id or None,
        user_id=raw.user_id or "",
        subaccount=raw.subaccount_number or 0,
        exchange_index=raw.exchange_index or 0,
    )


def order_object(order: OrderRecord, *, legacy: bool = True) -> Json:
    """Write an order with every field the official client insists on. Raises KeyError for a status the venue has no word for.

    *legacy* adds the deprecated direction fields, as the real exchange still did in June 2026.
    """
    written: Json = {
        "order_id": order.order_id,
        "user_id": order.user_id,
        "client_order_id": order.client_id,
        "ticker": order.ticker,
        "type": "limit",
        "status": _WRITTEN[order.status].value,
        "yes_price_dollars": format_price(order.price),
        "no_price_dollars": format_price(mirrored(order.price)),
        "initial_count_fp": format_quantity(order.initial),
        "fill_count_fp": format_quantity(order.filled),
        "remaining_count_fp": format_quantity(order.remaining),
        "taker_fill_cost_dollars": format_money(order.taker_cost),
        "maker_fill_cost_dollars": format_money(order.maker_cost),
        "taker_fees_dollars": format_money(order.taker_fees),
        "maker_fees_dollars": format_money(order.maker_fees),
        "cancel_order_on_pause": order.cancel_on_pause,
        "subaccount_number": order.subaccount,
        "exchange_index": order.exchange_index,
    }
    written.update(directions(order.side, legacy=legacy))
    times = (
        ("created_time", order.created_at),
        ("last_update_time", order.updated_at),
        ("expiration_time", order.expires_at),
    )
    written.update({name: format_instant(at) for name, at in times if at is not None})
    if order.self_trade_prevention is not None:
        written["self_trade_prevention_type"] = order.self_trade_prevention.value
    if order.order_group_id is not None:
        written["order_group_id"] = order.order_group_id
    return written


def decode_order(body: bytes) -> OrderRecord:
    """Read the reply to `GET /portfolio/orders/{order_id}`. Raises WireError."""
    return _order(load(_OrderReply, body).order, "order")


def encode_order(order: OrderRecord, *, legacy: bool = True) -> Json:
    """Write the reply to `GET /portfolio/orders/{order_id}`."""
    return {"order": order_object(order, legacy=legacy)}


def decode_orders(body: bytes) -> Page[OrderRecord]:
    """Read one page of `GET /portfolio/orders`, newest first. Raises WireError."""
    reply = load(_OrdersReply, body)
    items = tuple(_order(raw, f"orders[{index}]") for index, raw in enumerate(reply.orders or ()))
    return Page(items=items, cursor=reply.cursor or None)


def encode_orders(page: Page[OrderRecord], *, legacy: bool = True) -> Json:
    """Write one page of orders."""
    return {"orders": [order_object(order, legacy=legacy) for order in page.items], "cursor": cursor_text(page.cursor)}


# --- fills ----------------------------------------------------------------------------------------------------------


def _fill(raw: _Fill, path: str) -> FillRecord:
    fill_id = raw.fill_id or raw.trade_id
    ticker = raw.ticker or raw.market_ticker
    if not fill_id:
        raise WireError(f"{path}.fill_id", "missing")
    if not ticker:
        raise WireError(f"{path}.ticker", "missing")
    at = scalars.optional_instant(raw.created_time, f"{path}.created_time")
    if at is None:
        if raw.ts is None:
            raise WireError(f"{path}.created_time", "missing")
        at = scalars.from_seconds(raw.ts)
    return FillRecord(
        fill=Fill(
            fill_id=fill_id,
            order_id=raw.order_id,
            price=scalars.price(raw.yes_price_dollars, f"{path}.yes_price_dollars"),
            quantity=scalars.quantity(raw.count_fp, f"{path}.count_fp"),
            is_taker=raw.is_taker,
            fee=scalars.money(raw.fee_cost, f"{path}.fee_cost"),
            at=at,
        ),
        ticker=ticker,
        side=side_of(raw.book_side, raw.outcome_side, f"{path}.book_side"),
        exchange_index=raw.exchange_index or 0,
    )


def _written_fill(record: FillRecord, *, legacy: bool) -> Json:
    fill = record.fill
    return {
        "fill_id": fill.fill_id,
        "trade_id": fill.fill_id,
        "order_id": fill.order_id,
        "ticker": record.ticker,
        "market_ticker": record.ticker,
        "exchange_index": record.exchange_index,
        "count_fp": format_quantity(fill.quantity),
        "yes_price_dollars": format_price(fill.price),
        "no_price_dollars": format_price(mirrored(fill.price)),
        "is_taker": fill.is_taker,
        "fee_cost": format_money(fill.fee),
        "created_time": format_instant(fill.at),
        "ts": fill.at // SECOND,
        "subaccount_number": 0,
        **directions(record.side, legacy=legacy),
    }


def decode_fills(body: bytes) -> Page[FillRecord]:
    """Read one page of `GET /portfolio/fills`, newest first. Raises WireError."""
    reply = load(_FillsReply, body)
    items = tuple(_fill(raw, f"fills[{index}]") for index, raw in enumerate(reply.fills or ()))
    return Page(items=items, cursor=reply.cursor or None)


def encode_fills(page: Page[FillRecord], *, legacy: bool = True) -> Json:
    """Write one page of fills."""
    return {"fills": [_written_fill(record, legacy=legacy) for record in page.items], "cursor": cursor_text(page.cursor)}


# --- queue positions ------------------------------------------------------------------------------------------------


def decode_queue_position(body: bytes) -> Quantity:
    """Read the contracts ahead of one order at its price; 0 is first. Raises WireError."""
    return scalars.quantity(load(_Queue, body).queue_position_fp, "queue_position_fp")


def encode_queue_position(ahead: Quantity) -> Json:
    """Write the reply to `GET /portfolio/orders/{order_id}/queue_position`."""
    return {"queue_position_fp": format_quantity(ahead)}


def decode_queue_positions(body: bytes) -> dict[str, Quantity]:
    """Read the contracts ahead of each order, by order id. Raises WireError."""
    entries = load(_QueueReply, body).queue_positions or []
    return {
        entry.order_id: scalars.quantity(entry.queue_position_fp, f"queue_positions[{index}].queue_position_fp")
        for index, entry in enumerate(entries)
    }


def encode_queue_positions(ahead: Mapping[str, Quantity], *, ticker: str) -> Json:
    """Write the reply to `GET /portfolio/orders/queue_positions` for the orders of one market."""
    entries = [
        {"order_id": order_id, "market_ticker": ticker, "queue_position_fp": format_quantity(quantity)}
        for order_id, quantity in ahead.items()
    ]
    return {"queue_positions": entries}
