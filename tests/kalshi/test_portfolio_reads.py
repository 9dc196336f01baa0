"""Reads of the account: what is asked and how the answer is read."""

import asyncio

from pytest_httpx import HTTPXMock

from depthwalk.domain.order import OrderStatus
from depthwalk.domain.units import SECOND, Quantity
from depthwalk.kalshi.throttle import Throttle
from tests.support.kalshi_client import NOW, ROOT, client

_ORDER = {
    "order_id": "o-1",
    "client_order_id": "dw-p-1",
    "ticker": "KX-A",
    "status": "resting",
    "yes_price_dollars": "0.4200",
    "initial_count_fp": "10.00",
    "fill_count_fp": "4.00",
    "remaining_count_fp": "6.00",
    "book_side": "bid",
    "outcome_side": "yes",
    "created_time": "2026-11-01T12:00:00.5Z",
}


def test_orders_are_listed(httpx_mock: HTTPXMock) -> None:
    """Resting ones by status; those since a time from two seconds before it, in the server's time."""
    orders = f"{ROOT}/portfolio/orders?ticker=KX-A"
    httpx_mock.add_response(url=f"{orders}&status=resting&limit=1000", json={"orders": [_ORDER], "cursor": ""})
    httpx_mock.add_response(url=f"{orders}&min_ts={NOW // SECOND - 2}&limit=1000", json={"orders": None, "cursor": ""})
    httpx_mock.add_response(url=f"{ROOT}/portfolio/orders/o-1", json={"order": _ORDER})
    exchange = client()
    (order,) = asyncio.run(exchange.resting_orders("KX-A"))
    assert (OrderStatus.RESTING, 4_200, 400, 600) == (order.status, order.price, order.filled, order.remaining)
    assert [] == asyncio.run(exchange.orders_since("KX-A", NOW))
    assert order == asyncio.run(exchange.order("o-1"))


def test_fills_come_oldest_first(httpx_mock: HTTPXMock) -> None:
    """The venue lists newest first; nothing is dropped at the edge of the filter."""
    fills = [
        {
            "fill_id": name,
            "order_id": "o-1",
            "ticker": "KX-A",
            "book_side": "bid",
            "count_fp": "1.00",
            "yes_price_dollars": "0.4200",
            "is_taker": True,
            "fee_cost": "0.017100",
            "created_time": f"2026-11-01T12:00:0{second}Z",
        }
        for name, second in (("f-2", 2), ("f-1", 1))
    ]
    httpx_mock.add_response(
        url=f"{ROOT}/portfolio/fills?ticker=KX-A&min_ts={NOW // SECOND - 2}&limit=1000",
        json={"fills": fills, "cursor": ""},
    )
    found = asyncio.run(client().fills_since("KX-A", NOW))
    assert ["f-1", "f-2"] == [fill.fill_id for fill in found]
    assert [17_100] * 2 == [fill.fee for fill in found]


def test_money_and_positions(httpx_mock: HTTPXMock) -> None:
    """Cash of the shard; the signed position of the market, zero where there is none."""
    httpx_mock.add_response(
        url=f"{ROOT}/portfolio/balance?exchange_index=2",
        json={
            "balance": 100,
            "balance_dollars": "1.0050",
            "updated_ts": 1,
            "balance_breakdown": [{"exchange_index": 2, "balance": "0.5000"}],
        },
    )
    position = {"ticker": "KX-A", "position_fp": "-3.50"}
    httpx_mock.add_response(
        url=f"{ROOT}/portfolio/positions?ticker=KX-A&limit=1000", json={"market_positions": [position], "cursor": ""}
    )
    httpx_mock.add_response(
        url=f"{ROOT}/portfolio/positions?ticker=KX-B&limit=1000", json={"market_positions": [], "cursor": ""}
    )
    exchange = client()
    assert asyncio.run(exchange.balance(2)) == 500_000
    assert asyncio.run(exchange.position("KX-A")) == -350
    assert asyncio.run(exchange.position("KX-B")) == 0


def test_queue_positions_and_freshness(httpx_mock: HTTPXMock) -> None:
    """Contracts ahead, one or all; and how old the account's data are."""
    httpx_mock.add_response(url=f"{ROOT}/portfolio/orders/o-1/queue_position", json={"queue_position_fp": "12.50"})
    httpx_mock.add_response(
        url=f"{ROOT}/portfolio/orders/queue_positions?market_tickers=KX-A",
        json={"queue_positions": [{"order_id": "o-1", "market_ticker": "KX-A", "queue_position_fp": "0.00"}]},
    )
    httpx_mock.add_response(url=f"{ROOT}/exchange/user_data_timestamp", json={"as_of_time": "2026-11-01T12:00:00.250000Z"})
    exchange = client()
    assert asyncio.run(exchange.queue_position("o-1")) == 1_250
    assert {"o-1": Quantity(0)} == asyncio.run(exchange.queue_positions("KX-A"))
    assert NOW == asyncio.run(exchange.user_data_as_of())


def test_the_accounts_limits_are_adopted(httpx_mock: HTTPXMock) -> None:
    """Buckets and costs of the replies hold from then on."""
    bucket = {"refill_rate": 600, "bucket_capacity": 600}
    httpx_mock.add_response(
        url=f"{ROOT}/account/limits", json={"usage_tier": "expert", "read": bucket, "write": bucket, "grants": []}
    )
    listed = [{"method": "GET", "path": "/trade-api/v2/markets/:ticker/orderbook", "cost": 1}]
    httpx_mock.add_response(url=f"{ROOT}/account/endpoint_costs", json={"default_cost": 10, "endpoint_costs": listed})
    httpx_mock.add_response(json={"orderbook_fp": {}})
    throttle = Throttle(utilisation=1.0, cancel_reserve=0.0)
    exchange = client(throttle=throttle)

    async def run() -> None:
        await exchange.adopt_limits()
        await exchange.book("KX-A")
        await exchange.close()

    asyncio.run(run())
    assert throttle.largest_write == 600
    assert exchange.usage.read_tokens == 21
