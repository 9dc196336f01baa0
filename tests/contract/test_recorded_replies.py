"""Kalshi's own words: replies recorded by others, read by our codecs. The recordings stay where they are (README there)."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from depthwalk.domain.book import Book
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.market import FeeType, MarketStatus
from depthwalk.domain.order import OrderStatus, Side
from depthwalk.domain.units import parse_price, parse_quantity
from depthwalk.errors import RefusalReason
from depthwalk.kalshi.throttle import CostTable, Tier, published_limits
from depthwalk.wire import account, cancels, markets, orders, portfolio, trades
from depthwalk.wire.books import decode_book
from depthwalk.wire.faults import Fault, decode_fault, refusal_reason
from depthwalk.wire.fees import decode_event, decode_series
from depthwalk.wire.scalars import WireError, dumps


@pytest.fixture(scope="session")
def demo(shared: Path) -> Path:
    """Return the folder of the June 2026 replies: V2 orders, fixed point, from the demo exchange."""
    return shared / "rest-fixtures-demo-2026-06"


@pytest.fixture(scope="session")
def january(shared: Path) -> Path:
    """Return the folder of the January 2026 replies: V1 orders, cents beside dollars."""
    return shared / "rest-fixtures-2026-01"


def _body(folder: Path, name: str) -> bytes:
    packed = folder / f"{name}.json.gz"
    return gzip.decompress(packed.read_bytes()) if packed.exists() else (folder / f"{name}.json").read_bytes()


def _old(folder: Path, name: str) -> bytes:
    """Return the reply inside a January file."""
    return dumps(json.loads(_body(folder, name))["response"])


# How each recorded area is read; the fixtures below are told apart by their names.
_READERS: dict[str, Callable[[bytes], object]] = {
    "account__endpoint_costs": account.decode_costs,
    "account__limits": account.decode_limits,
    "auth__balance_ok": account.decode_balance,
    "exchange__status": account.decode_status,
    "fills__after_taker": portfolio.decode_fills,
    "markets__page1": markets.decode_markets,
    "markets__page2": markets.decode_markets,
    "markets__page3": markets.decode_markets,
    "markets__garbage_cursor": markets.decode_markets,
    "markets__high_temp": markets.decode_markets,
    "markets__single": markets.decode_market,
    "markets__single_filter_lastpage": markets.decode_markets,
    "markets__status_closed": markets.decode_markets,
    "markets__status_open": markets.decode_markets,
    "markets__status_settled": markets.decode_markets,
    "markets__unauth_list": markets.decode_markets,
    "markets__unauth_single": markets.decode_market,
    "orderbook__base": decode_book,
    "orders__cancel_v2": cancels.decode_cancel_receipt,
    "orders__create_v2_maker": orders.decode_create_receipt,
    "orders__create_v2_taker_ioc": orders.decode_create_receipt,
    "orders__get_after_cancel": portfolio.decode_order,
    "orders__get_after_create": portfolio.decode_order,
    "orders__legacy_cancel": portfolio.decode_order,
    "orders__legacy_create": portfolio.decode_order,
    "orders__settlement_seed": orders.decode_create_receipt,
    "orders__stp_resting_after": portfolio.decode_order,
    "orders__stp_self_cross": orders.decode_create_receipt,
    "orders__stp_setup": orders.decode_create_receipt,
    "portfolio__orders_list": portfolio.decode_orders,
    "portfolio__positions": account.decode_positions,
    "trades__public_recorded": trades.decode_trades,
}


@pytest.mark.parametrize("name", _READERS)
def test_every_recorded_success_is_read(demo: Path, name: str) -> None:
    """Nothing in a real reply is refused."""
    assert _READERS[name](_body(demo, name)) is not None


@pytest.mark.parametrize(
    ("name", "status", "fault", "reason"),
    [
        (
            "orders__post_only_cross",
            400,
            Fault(code="invalid_order", message="invalid order", details="post only cross"),
            RefusalReason.POST_ONLY_CROSS,
        ),
        (
            "orders__duplicate_client_order_id",
            409,
            Fault(code="order_already_exists", message="order already exists"),
            RefusalReason.ALREADY_EXISTS,
        ),
        (
            "orders__reuse_canceled_client_id",
            409,
            Fault(code="order_already_exists", message="order already exists"),
            RefusalReason.ALREADY_EXISTS,
        ),
        (
            "orders__invalid_price_structure",
            400,
            Fault(code="invalid_price", message="invalid price"),
            RefusalReason.INVALID_PRICE,
        ),
        (
            "orders__insufficient_balance",
            400,
            Fault(code="insufficient_balance", message="insufficient balance"),
            RefusalReason.INSUFFICIENT_BALANCE,
        ),
        ("orders__cancel_executed", 404, Fault(code="not_found", message="not found"), RefusalReason.NOT_FOUND),
        ("orders__cancel_unknown_id", 404, Fault(code="not_found", message="not found"), RefusalReason.NOT_FOUND),
        (
            "auth__unknown_key_id",
            401,
            Fault(code="authentication_error", message="authentication_error", details="NOT_FOUND"),
            RefusalReason.OTHER,
        ),
    ],
)
def test_every_recorded_refusal_is_understood(demo: Path, name: str, status: int, fault: Fault, reason: RefusalReason) -> None:
    """Code, message and details, and what they mean for an order; the status is the recorded one."""
    meta = json.loads((demo / f"{name}.meta.json").read_text())
    assert status == meta["status"]
    assert fault == decode_fault(_body(demo, name))
    assert reason is refusal_reason(status, fault)


@pytest.mark.parametrize("name", ["orders__numeric_field_types", "markets__limit_over_max", "auth__skew_minus30s"])
def test_the_other_shapes_are_read(demo: Path, name: str) -> None:
    """Flat, `msg`, nested without details: something is always said."""
    assert str(decode_fault(_body(demo, name))) != "no reason given"


def test_our_create_is_what_the_recorded_client_sent(demo: Path) -> None:
    """The recorded request bodies read and write back as they were."""
    for name in ("orders__create_v2_maker", "orders__create_v2_taker_ioc", "orders__stp_self_cross"):
        request = json.loads((demo / f"{name}.meta.json").read_text())["request_body"]
        written = json.loads(orders.encode_create(orders.decode_create(dumps(request))))
        assert {key: value for key, value in request.items() if value is not False} == written


def test_a_number_in_a_create_is_refused_as_the_exchange_did(demo: Path) -> None:
    """The recorded bad request, read by our paper's reader, names the same field."""
    request = json.loads((demo / "orders__numeric_field_types.meta.json").read_text())["request_body"]
    with pytest.raises(WireError) as caught:
        orders.decode_create(dumps(request))
    assert caught.value.path in decode_fault(_body(demo, "orders__numeric_field_types")).details


def test_a_taker_and_its_fill(demo: Path) -> None:
    """An order of one contract that took at 0.52 against a limit of 0.99, and the fee it paid."""
    receipt = orders.decode_create_receipt(_body(demo, "orders__create_v2_taker_ioc"))
    assert (100, 0, 520_000, 17_500) == (receipt.filled, receipt.remaining, receipt.average_price, receipt.average_fee)
    fills = portfolio.decode_fills(_body(demo, "fills__after_taker"))
    record = next(item for item in fills.items if item.fill.order_id == receipt.order_id)
    assert (5_200, 100, 17_500, True) == (record.fill.price, record.fill.quantity, record.fill.fee, record.fill.is_taker)
    assert (Side.BUY, None) == (record.side, fills.cursor)
    listed = portfolio.decode_orders(_body(demo, "portfolio__orders_list"))
    order = next(item for item in listed.items if item.order_id == receipt.order_id)
    assert (OrderStatus.FILLED, 9_900, 100, 520_000) == (order.status, order.price, order.filled, order.taker_cost)


def test_a_read_that_lags_its_cancel(demo: Path) -> None:
    """After an acknowledged cancel the order still read `resting`: why a single read settles nothing."""
    canceled = cancels.decode_cancel_receipt(_body(demo, "orders__cancel_v2"))
    order = portfolio.decode_order(_body(demo, "orders__get_after_cancel"))
    assert (canceled.order_id, OrderStatus.RESTING) == (order.order_id, order.status)


def test_a_stopped_self_trade_has_no_size_left(demo: Path) -> None:
    """201 with nothing filled and nothing resting: the rest was canceled."""
    receipt = orders.decode_create_receipt(_body(demo, "orders__stp_self_cross"))
    assert (0, 0) == (receipt.filled, receipt.remaining)


def test_a_recorded_market(demo: Path) -> None:
    """Grid from its ranges, status, close, and the book of the same market."""
    record = markets.decode_market(_body(demo, "markets__single"))
    assert (MarketStatus.ACTIVE, STRUCTURES["linear_cent"]) == (record.status, record.grid)
    assert record.close_time is not None
    book = decode_book(_body(demo, "orderbook__base"))
    assert (4_700, 5_200) == (book.best_bid, book.best_ask)


def test_cursors_end(demo: Path) -> None:
    """The last page's cursor is empty; the others' are not."""
    assert markets.decode_markets(_body(demo, "markets__single_filter_lastpage")).cursor is None
    assert markets.decode_markets(_body(demo, "markets__page1")).cursor is not None


def test_recorded_limits_and_costs(demo: Path) -> None:
    """Basic is the tier of our table; what the costs list agrees with what we know without asking."""
    assert published_limits(Tier.BASIC) == account.decode_limits(_body(demo, "account__limits"))
    told, known = CostTable(account.decode_costs(_body(demo, "account__endpoint_costs"))), CostTable()
    root = "/trade-api/v2/portfolio"
    for method, path in (
        ("POST", f"{root}/events/orders"),
        ("POST", f"{root}/events/orders/:order_id/amend"),
        ("DELETE", f"{root}/events/orders/:order_id"),
        ("DELETE", f"{root}/events/orders/batched"),
        ("GET", f"{root}/orders"),
    ):
        assert told.cost(method, path) == known.cost(method, path)


def test_the_shapes_of_january_that_still_hold(january: Path) -> None:
    """Market, event, series, status, freshness, balance in cents, an empty book of nulls."""
    assert STRUCTURES["deci_cent"] == markets.decode_market(_old(january, "market_single_response")).grid
    assert decode_event(_old(january, "event_single_response")).series_ticker == "KXELONMARS"
    assert FeeType.QUADRATIC is decode_series(_old(january, "series_single_response")).fee_type
    assert account.decode_status(_old(january, "exchange_status_response")).default.trading_active
    assert account.decode_user_data_time(_old(january, "user_data_timestamp_response")) > 0
    assert account.decode_balance(_old(january, "portfolio_balance_response")).total == 100_000_000
    assert Book((), ()) == decode_book(_old(january, "orderbook_response"))


@pytest.mark.parametrize(
    ("name", "decode"),
    [
        ("trades_list_response", trades.decode_trades),
        ("order_queue_position_response", portfolio.decode_queue_position),
        ("portfolio_order_single_response", portfolio.decode_order),
        ("create_order_response", orders.decode_create_receipt),
        ("decrease_order_response", cancels.decode_decrease_receipt),
    ],
)
def test_the_shapes_of_january_that_ended_are_refused(january: Path, name: str, decode: Callable[[bytes], object]) -> None:
    """Integer counts and V1 orders: refused with the field, not misread."""
    with pytest.raises(WireError):
        decode(_old(january, name))


def _raw_books(shared: Path) -> Iterator[tuple[str, bytes]]:
    with gzip.open(shared / "lol-orderbooks-once" / "book_snapshots.jsonl.gz", "rt") as lines:
        for line in lines:
            row = json.loads(line)
            yield row["contract_id"], row["raw_json"].encode()


def test_recorded_books_equal_their_conversion(shared: Path) -> None:
    """Seventy raw bodies of production: every level, against the converted form read by the domain's own parsers."""
    with gzip.open(shared / "lol-orderbooks-once" / "converted.books.jsonl.gz", "rt") as lines:
        converted = {(row := json.loads(line))["ticker"]: row for line in lines}
    books = {ticker: decode_book(body) for ticker, body in _raw_books(shared)}
    assert len(books) > 50
    for ticker, book in books.items():
        yes, no = (
            [(parse_price(price), parse_quantity(size)) for price, size in converted[ticker][side]] for side in ("yes", "no")
        )
        assert Book.of_bids(yes=yes, no=no) == book
