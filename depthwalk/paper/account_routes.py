"""What the account's holder may do on the paper exchange: orders, fills, positions, balance, limits.

Paths, parameters and statuses: kalshi-api.md sections 6, 7 and 9; the old order endpoints answer 410.
"""

from http import HTTPStatus

from depthwalk.domain.order import OrderStatus
from depthwalk.domain.units import Instant
from depthwalk.paper.account import PositionState
from depthwalk.paper.calls import BadParameter, Call, Meter, PaperRoute, Reply
from depthwalk.paper.ledger import PaperOrder, newest_first
from depthwalk.paper.limits import BASIC, CHEAP_COST
from depthwalk.paper.refusals import missing
from depthwalk.wire.account import Balance, PositionRecord, encode_balance, encode_limits, encode_positions
from depthwalk.wire.cancels import (
    decode_cancel_batch,
    decode_decrease,
    encode_cancel_receipt,
    encode_cancel_receipts,
    encode_decrease_receipt,
)
from depthwalk.wire.faults import Fault, encode_fault
from depthwalk.wire.orders import decode_amend, decode_create, encode_amend_receipt, encode_create_receipt
from depthwalk.wire.pages import Page
from depthwalk.wire.portfolio import (
    FillRecord,
    OrderRecord,
    encode_fills,
    encode_order,
    encode_orders,
    encode_queue_position,
    encode_queue_positions,
)
from depthwalk.wire.scalars import Json, WireError

_MONEY_PER_CENT = 10_000
_STATUSES = {"resting": OrderStatus.RESTING, "canceled": OrderStatus.CANCELED, "executed": OrderStatus.FILLED}


# --- writes ---


def _create(call: Call) -> Reply:
    receipt = call.exchange.create(call.now, decode_create(call.body))
    return Reply(status=HTTPStatus.CREATED, body=encode_create_receipt(receipt))


def _amend(call: Call) -> Reply:
    receipt = call.exchange.amend(call.now, call.path["order_id"], decode_amend(call.body))
    return Reply(body=encode_amend_receipt(receipt))


def _decrease(call: Call) -> Reply:
    receipt = call.exchange.decrease(call.now, call.path["order_id"], decode_decrease(call.body))
    return Reply(body=encode_decrease_receipt(receipt))


def _cancel(call: Call) -> Reply:
    return Reply(body=encode_cancel_receipt(call.exchange.cancel(call.now, call.path["order_id"])))


def _cancel_batch(call: Call) -> Reply:
    return Reply(body=encode_cancel_receipts(call.exchange.cancel_batch(call.now, decode_cancel_batch(call.body))))


def _cancel_all(call: Call) -> Reply:
    call.exchange.cancel_all(call.now)
    return Reply(status=HTTPStatus.NO_CONTENT)


def _batch_size(body: bytes) -> int:
    """Count a batch's parts; what cannot be read costs one and is refused later."""
    try:
        return max(1, len(decode_cancel_batch(body)))
    except WireError:
        return 1


def _gone(_call: Call) -> Reply:
    fault = Fault(
        code="deprecated_v1_order_endpoint",
        message="deprecated v1 order endpoint",
        details="use /portfolio/events/orders",
    )
    return Reply(status=HTTPStatus.GONE, body=encode_fault(fault))


# --- orders and fills ---


def _record(call: Call, order: PaperOrder) -> OrderRecord:
    return order.record(call.exchange.user_id, call.exchange.listings[order.ticker].terms.exchange_index)


def _known(call: Call) -> PaperOrder:
    call.exchange.advance(call.now)
    order = call.exchange.ledger.by_id(call.path["order_id"])
    if order is None:
        raise missing()
    return order


def _order(call: Call) -> Reply:
    return Reply(body=encode_order(_record(call, _known(call))))


def _within(at: Instant, after: Instant | None, before: Instant | None) -> bool:
    return (after is None or at >= after) and (before is None or at <= before)


def _orders(call: Call) -> Reply:
    word = call.query.get("status", "")
    if word and word not in _STATUSES:
        raise BadParameter("Parameter validation failed: status is none of " + ", ".join(_STATUSES))
    limit, after, before = call.limit(), call.moment("min_ts"), call.moment("max_ts")
    tickers, events = call.names("ticker"), call.names("event_ticker")
    call.exchange.advance(call.now)
    listings = call.exchange.listings

    def wanted(order: PaperOrder) -> bool:
        return (
            (not word or order.status is _STATUSES[word])
            and (tickers is None or order.ticker in tickers)
            and (events is None or listings[order.ticker].terms.event_ticker in events)
            and _within(order.created_at, after, before)
        )

    page = newest_first(call.exchange.ledger.orders(), wanted, limit=limit, cursor=call.query.get("cursor"))
    return Reply(body=encode_orders(Page(items=tuple(_record(call, one) for one in page.items), cursor=page.cursor)))


def _queue_position(call: Call) -> Reply:
    order = _known(call)
    if order.status is not OrderStatus.RESTING:
        raise missing()
    return Reply(body=encode_queue_position(call.exchange.listings[order.ticker].book.ahead(order.key)))


def _queue_positions(call: Call) -> Reply:
    tickers, event = call.names("market_tickers"), call.query.get("event_ticker")
    if tickers is None and not event:
        raise BadParameter("Parameter validation failed: market_tickers or event_ticker is needed")
    call.exchange.advance(call.now)
    entries: list[object] = []
    for ticker, listing in call.exchange.listings.items():
        if (tickers is not None and ticker in tickers) or (event and listing.terms.event_ticker == event):
            own = call.exchange.ledger.resting(ticker).values()
            written = encode_queue_positions({one.order_id: listing.book.ahead(one.key) for one in own}, ticker=ticker)
            found = written["queue_positions"]
            entries += found if isinstance(found, list) else []
    body: Json = {"queue_positions": entries}
    return Reply(body=body)


def _fills(call: Call) -> Reply:
    limit, after, before = call.limit(), call.moment("min_ts"), call.moment("max_ts")
    tickers, order_id = call.names("ticker"), call.query.get("order_id")
    call.exchange.advance(call.now)

    def wanted(record: FillRecord) -> bool:
        return (
            (tickers is None or record.ticker in tickers)
            and (not order_id or record.fill.order_id == order_id)
            and _within(record.fill.at, after, before)
        )

    page = newest_first(call.exchange.ledger.fills, wanted, limit=limit, cursor=call.query.get("cursor"))
    return Reply(body=encode_fills(page))


# --- money ---


def _positions(call: Call) -> Reply:
    ticker, event, limit = call.query.get("ticker"), call.query.get("event_ticker"), call.limit()
    now = call.exchange.advance(call.now)
    listings = call.exchange.listings

    def wanted(position: PositionState) -> bool:
        listing = listings.get(position.ticker)
        return (not ticker or position.ticker == ticker) and (
            not event or (listing is not None and listing.terms.event_ticker == event)
        )

    everything = list(reversed(call.exchange.account.positions()))
    page = newest_first(everything, wanted, limit=limit, cursor=call.query.get("cursor"))
    records = tuple(
        PositionRecord(
            ticker=one.ticker,
            position=one.quantity,
            exposure=one.cost,
            traded=one.traded,
            realized=one.realized,
            fees=one.fees,
            updated_at=now,
        )
        for one in page.items
    )
    return Reply(body=encode_positions(Page(items=records, cursor=page.cursor)))


def _balance(call: Call) -> Reply:
    now = call.exchange.advance(call.now)
    cash = call.exchange.available()
    worth = sum(position.cost for position in call.exchange.account.positions()) // _MONEY_PER_CENT
    return Reply(body=encode_balance(Balance(total=cash, at=now, shards={0: cash}, portfolio_cents=worth)))


def _limits(_call: Call) -> Reply:
    return Reply(body=encode_limits(BASIC))


_NEW = "/portfolio/events/orders"
_OLD = "/portfolio/orders"

ACCOUNT_ROUTES = (
    PaperRoute(method="POST", path=_NEW, handler=_create, meter=Meter.WRITE),
    PaperRoute(method="DELETE", path=_NEW, handler=_cancel_all, meter=Meter.WRITE, cost=CHEAP_COST),
    PaperRoute(
        method="DELETE",
        path=f"{_NEW}/batched",
        handler=_cancel_batch,
        meter=Meter.WRITE,
        cost=CHEAP_COST,
        units=_batch_size,
    ),
    PaperRoute(method="DELETE", path=f"{_NEW}/{{order_id}}", handler=_cancel, meter=Meter.WRITE, cost=CHEAP_COST),
    PaperRoute(method="POST", path=f"{_NEW}/{{order_id}}/amend", handler=_amend, meter=Meter.WRITE),
    PaperRoute(method="POST", path=f"{_NEW}/{{order_id}}/decrease", handler=_decrease, meter=Meter.WRITE),
    PaperRoute(method="GET", path=_OLD, handler=_orders),
    PaperRoute(method="GET", path=f"{_OLD}/queue_positions", handler=_queue_positions),
    PaperRoute(method="GET", path=f"{_OLD}/{{order_id}}", handler=_order, cost=CHEAP_COST),
    PaperRoute(method="GET", path=f"{_OLD}/{{order_id}}/queue_position", handler=_queue_position),
    PaperRoute(method="GET", path="/portfolio/fills", handler=_fills),
    PaperRoute(method="GET", path="/portfolio/positions", handler=_positions),
    PaperRoute(method="GET", path="/portfolio/balance", handler=_balance),
    PaperRoute(method="GET", path="/account/limits", handler=_limits),
    *(
        PaperRoute(method=method, path=path, handler=_gone, private=False, meter=Meter.WRITE)
        for method, path in (
            ("POST", _OLD),
            ("POST", f"{_OLD}/batched"),
            ("DELETE", f"{_OLD}/batched"),
            ("DELETE", f"{_OLD}/{{order_id}}"),
            ("POST", f"{_OLD}/{{order_id}}/amend"),
            ("POST", f"{_OLD}/{{order_id}}/decrease"),
        )
    ),
)
