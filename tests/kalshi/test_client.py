"""The client's methods: what they send and how they read the answer."""

import asyncio
import json

import httpx
import pytest
from pytest_httpx import HTTPXMock

from depthwalk.domain.messages import AmendOrder, SubmitOrder
from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.units import SECOND, Instant, Price, Quantity
from depthwalk.errors import InDoubt, NotFound, OrderRefused, RefusalReason, Refused
from depthwalk.kalshi.client import KalshiClient
from depthwalk.kalshi.environments import DEMO, LIVE, VENUES
from depthwalk.kalshi.throttle import Throttle
from depthwalk.ports import AmendReply, CancelReply, Exchange, SubmitReply
from tests.support.kalshi_client import DATE, MARKET, NOW, ROOT, client

_ORDERS = f"{ROOT}/portfolio/events/orders"


def _submit(**changes: object) -> SubmitOrder:
    values: dict[str, object] = {
        "client_id": "dw-p-1",
        "split": 1,
        "side": Side.BUY,
        "price": Price(4_200),
        "quantity": Quantity(1_000),
        "time_in_force": TimeInForce.GOOD_TILL_CANCELED,
        "expires_at": Instant(NOW + 55 * SECOND),
    }
    return SubmitOrder(**(values | changes))


def _sent(httpx_mock: HTTPXMock) -> dict[str, object]:
    body: dict[str, object] = json.loads(httpx_mock.get_requests()[-1].content)
    return body


def test_the_client_is_an_exchange() -> None:
    """It has what the ports ask for; mypy checks the signatures here."""
    exchange: Exchange = client()
    assert isinstance(exchange, KalshiClient)


def test_a_resting_order_as_it_goes_out(httpx_mock: HTTPXMock) -> None:
    """The shard is named, pauses cancel it, and it expires at the server's time, rounded up to whole seconds."""
    httpx_mock.add_response(json={"exchange_active": True, "trading_active": True}, headers={"date": DATE})
    httpx_mock.add_response(
        url=_ORDERS,
        method="POST",
        status_code=201,
        json={"order_id": "o-1", "client_order_id": "dw-p-1", "fill_count": "4.00", "remaining_count": "6.00", "ts_ms": 1},
    )
    exchange = client()

    async def run() -> SubmitReply:
        await exchange.status()
        return await exchange.submit(MARKET, _submit(post_only=True))

    assert SubmitReply(order_id="o-1", filled=Quantity(400), remaining=Quantity(600)) == asyncio.run(run())
    expected = {
        "ticker": "KX-A",
        "side": "bid",
        "count": "10.00",
        "price": "0.4200",
        "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "taker_at_cross",
        "client_order_id": "dw-p-1",
        # 0.25 s past noon by our clock, 2.25 s behind the server's, 55 s to live: 57.5 s, rounded up.
        "expiration_time": NOW // SECOND + 58,
        "post_only": True,
        "cancel_order_on_pause": True,
        "exchange_index": 2,
    }
    assert expected == _sent(httpx_mock)
    assert (10, 10) == (exchange.usage.read_tokens, exchange.usage.write_tokens)


def test_an_immediate_order_has_no_expiry(httpx_mock: HTTPXMock) -> None:
    """The venue refuses the two together; 200 is accepted as 201 is."""
    httpx_mock.add_response(status_code=200, json={"order_id": "o-1", "fill_count": "0.00", "remaining_count": "0.00"})
    reply = asyncio.run(client().submit(MARKET, _submit(time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)))
    assert SubmitReply(order_id="o-1", filled=Quantity(0), remaining=Quantity(0)) == reply
    sent = _sent(httpx_mock)
    assert not {"expiration_time", "cancel_order_on_pause", "post_only"} & sent.keys()
    assert sent["time_in_force"] == "immediate_or_cancel"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"order_id": "o-1"},
        {"order_id": "", "fill_count": "0.00", "remaining_count": "10.00"},
        {"order_id": "o-1", "client_order_id": "dw-p-2", "fill_count": "0.00", "remaining_count": "10.00"},
        {"order_id": "o-1", "fill_count": "4.00", "remaining_count": "6.01"},
        {"order_id": "o-1", "fill_count": "-1.00", "remaining_count": "6.00"},
        {"order_id": "o-1", "fill_count": "1.001", "remaining_count": "6.00"},
        {"order": {"order_id": "o-1"}},
    ],
)
def test_a_success_without_our_order_in_it_is_doubt(httpx_mock: HTTPXMock, body: dict[str, object]) -> None:
    """No id, somebody else's id, more than was asked for: it may have arrived, it is not sent again."""
    httpx_mock.add_response(status_code=201, json=body)
    with pytest.raises(InDoubt, match=r"create dw-p-1: the reply makes no sense"):
        asyncio.run(client().submit(MARKET, _submit()))
    assert len(httpx_mock.get_requests()) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failing_exchange_leaves_a_create_in_doubt(httpx_mock: HTTPXMock, status: int) -> None:
    """Even with an error body: the order may stand. Once, never again."""
    httpx_mock.add_response(status_code=status, json={"error": {"code": "internal", "message": "x"}})
    with pytest.raises(InDoubt) as caught:
        asyncio.run(client().submit(MARKET, _submit()))
    assert status == caught.value.status
    assert len(httpx_mock.get_requests()) == 1


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, {"error": {"code": "invalid_order", "details": "post only cross"}}, RefusalReason.POST_ONLY_CROSS),
        (400, {"code": "bad_request", "message": "bad request"}, RefusalReason.OTHER),
        (400, {"msg": "validation"}, RefusalReason.OTHER),
        (429, {"error": "too many requests"}, RefusalReason.THROTTLED),
        (410, {"error": {"code": "deprecated_v1_order_endpoint"}}, RefusalReason.OTHER),
        (409, {"error": {"code": "order_already_exists"}}, RefusalReason.ALREADY_EXISTS),
        (409, {"error": {"code": "trading_is_paused"}}, RefusalReason.PAUSED),
        (404, {"error": {"code": "insufficient_shard_balance"}}, RefusalReason.INSUFFICIENT_BALANCE),
    ],
)
def test_a_definite_no_to_a_create(httpx_mock: HTTPXMock, status: int, body: dict[str, object], reason: RefusalReason) -> None:
    """All four shapes; the reason says what to do next, the status and code are kept."""
    httpx_mock.add_response(status_code=status, json=body, is_reusable=True)
    with pytest.raises(OrderRefused, match="create dw-p-1") as caught:
        asyncio.run(client().submit(MARKET, _submit()))
    assert (reason, status) == (caught.value.reason, caught.value.status)


def test_an_amend_as_it_goes_out(httpx_mock: HTTPXMock) -> None:
    """Price and total together, the expiry only where it changes; the reply may leave the rest unsaid."""
    httpx_mock.add_response(url=f"{_ORDERS}/o-1/amend", method="POST", json={"order_id": "o-1", "ts_ms": 1}, is_reusable=True)
    amend = AmendOrder(client_id="dw-p-1", price=Price(4_300), total=Quantity(1_000))
    exchange = client()
    assert AmendReply(order_id="o-1", remaining=None) == asyncio.run(exchange.amend(MARKET, "o-1", Side.SELL, amend))
    expected = {"ticker": "KX-A", "side": "ask", "price": "0.4300", "count": "10.00", "exchange_index": 2}
    assert expected == _sent(httpx_mock)
    renewed = AmendOrder(client_id="dw-p-1", price=Price(4_300), total=Quantity(1_000), expires_at=NOW)
    asyncio.run(exchange.amend(MARKET, "o-1", Side.SELL, renewed))
    assert _sent(httpx_mock)["expiration_time"] == NOW // SECOND + 1


def test_an_amend_that_says_what_remains(httpx_mock: HTTPXMock) -> None:
    """After the match; more than the total is nonsense and leaves it in doubt."""
    httpx_mock.add_response(json={"order_id": "o-1", "remaining_count": "3.00", "fill_count": "7.00"})
    httpx_mock.add_response(json={"order_id": "o-1", "remaining_count": "11.00", "fill_count": None})
    amend = AmendOrder(client_id="dw-p-1", price=Price(4_300), total=Quantity(1_000))
    exchange = client()
    assert asyncio.run(exchange.amend(MARKET, "o-1", Side.BUY, amend)).remaining == 300
    with pytest.raises(InDoubt, match=r"11\.00 left of 10\.00"):
        asyncio.run(exchange.amend(MARKET, "o-1", Side.BUY, amend))


def test_an_amend_of_a_vanished_order_is_refused(httpx_mock: HTTPXMock) -> None:
    """404 on an amend is a definite no."""
    httpx_mock.add_response(status_code=404, json={"error": {"code": "not_found", "message": "not found"}})
    amend = AmendOrder(client_id="dw-p-1", price=Price(4_300), total=Quantity(1_000))
    with pytest.raises(OrderRefused) as caught:
        asyncio.run(client().amend(MARKET, "o-1", Side.BUY, amend))
    assert RefusalReason.NOT_FOUND is caught.value.reason


def test_a_decrease_as_it_goes_out(httpx_mock: HTTPXMock) -> None:
    """One size, and how to find the shard."""
    httpx_mock.add_response(url=f"{_ORDERS}/o-1/decrease", json={"order_id": "o-1", "remaining_count": "2.00", "ts_ms": 1})
    remaining = asyncio.run(client().decrease(MARKET, "o-1", reduce_to=Quantity(200)))
    assert remaining == 200
    assert {"reduce_to": "2.00", "market_ticker": "KX-A", "exchange_index": 2} == _sent(httpx_mock)


def test_a_cancel_names_market_and_shard(httpx_mock: HTTPXMock) -> None:
    """The id alone does not find the shard; two tokens."""
    httpx_mock.add_response(
        method="DELETE",
        url=f"{_ORDERS}/o-1?market_ticker=KX-A&exchange_index=2",
        json={"order_id": "o-1", "reduced_by": "6.00", "ts_ms": 1},
    )
    exchange = client()
    assert CancelReply(order_id="o-1", reduced_by=Quantity(600)) == asyncio.run(exchange.cancel(MARKET, "o-1"))
    assert exchange.usage.write_tokens == 2


def test_a_cancel_that_finds_nothing(httpx_mock: HTTPXMock) -> None:
    """Canceled, filled or never there: the venue does not say, so it is NotFound and fills decide."""
    httpx_mock.add_response(status_code=404, json={"error": {"code": "not_found", "message": "not found"}})
    with pytest.raises(NotFound):
        asyncio.run(client().cancel(MARKET, "o-1"))


def test_a_cancel_of_something_else_is_doubt(httpx_mock: HTTPXMock) -> None:
    """A receipt for another order says nothing of ours."""
    httpx_mock.add_response(json={"order_id": "o-2", "reduced_by": "6.00"})
    with pytest.raises(InDoubt, match="o-2 is not the order"):
        asyncio.run(client().cancel(MARKET, "o-1"))


def test_batches_fit_the_bucket(httpx_mock: HTTPXMock) -> None:
    """Twelve cancels with a bucket of ten tokens go in three requests of at most five, two tokens each."""

    def answer(request: httpx.Request) -> httpx.Response:
        items = json.loads(request.content)["orders"]
        return httpx.Response(200, json={"orders": [{"order_id": item["order_id"], "reduced_by": "1.00"} for item in items]})

    httpx_mock.add_callback(answer, method="DELETE", url=f"{_ORDERS}/batched", is_reusable=True)
    exchange = client(throttle=Throttle(utilisation=0.1, cancel_reserve=0.0))
    ids = [f"o-{number}" for number in range(12)]
    assert ids == [receipt.order_id for receipt in asyncio.run(exchange.cancel_batch(MARKET, ids))]
    assert [5, 5, 2] == [len(json.loads(request.content)["orders"]) for request in httpx_mock.get_requests()]
    assert {"order_id": "o-11", "market_ticker": "KX-A", "exchange_index": 2} == _sent(httpx_mock)["orders"][-1]
    assert exchange.usage.write_tokens == 24


def test_every_write_asks_for_permission(httpx_mock: HTTPXMock) -> None:
    """Not one of the five leaves while writes are not enabled."""
    exchange = client(writes_enabled=False)
    amend = AmendOrder(client_id="dw-p-1", price=Price(4_300), total=Quantity(1_000))
    for write in (
        exchange.submit(MARKET, _submit()),
        exchange.amend(MARKET, "o-1", Side.BUY, amend),
        exchange.decrease(MARKET, "o-1", reduce_by=Quantity(100)),
        exchange.cancel(MARKET, "o-1"),
        exchange.cancel_batch(MARKET, ["o-1"]),
    ):
        with pytest.raises(Refused, match="until the safety work is finished"):
            asyncio.run(write)
    assert not httpx_mock.get_requests()


def test_environments_are_apart() -> None:
    """Demo and live share no host, and all is encrypted."""
    assert {"demo": DEMO, "live": LIVE} == VENUES
    hosts = [{httpx.URL(url).host for url in (venue.rest_url, venue.websocket_url, *venue.also)} for venue in (DEMO, LIVE)]
    assert set() == hosts[0] & hosts[1]
    assert {"https"} == {httpx.URL(url).scheme for venue in (DEMO, LIVE) for url in (venue.rest_url, *venue.also)}
