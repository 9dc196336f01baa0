import asyncio
import base64
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from depthwalk.clock import ManualClock
from depthwalk.domain.order import Side
from depthwalk.domain.units import Duration, Instant, Quantity
from depthwalk.paper.app import create_app
from depthwalk.paper.limits import Bucket
from depthwalk.wire.account import BucketLimit, decode_balance, decode_limits, decode_positions
from depthwalk.wire.books import decode_book, decode_books
from depthwalk.wire.cancels import decode_cancel_receipt, decode_cancel_receipts
from depthwalk.wire.faults import decode_fault
from depthwalk.wire.fees import decode_event, decode_series
from depthwalk.wire.markets import decode_market, decode_markets
from depthwalk.wire.orders import decode_amend_receipt, decode_create_receipt
from depthwalk.wire.portfolio import decode_fills, decode_order, decode_orders
from depthwalk.wire.signing import message_to_sign
from depthwalk.wire.trades import decode_trades
from tests.support.paper import KEY_ID, ROOT, START, TICKER, PaperClient, at, book, client, exchange, wish

BOOK = book([(48, 10), (47, 5)], [(50, 3), (51, 4)])
ORDERS = "/portfolio/events/orders"


def _create(count: object = "5.00", price: object = "0.5100", **more: object) -> dict[str, object]:
    return {
        "ticker": TICKER,
        "side": "bid",
        "count": count,
        "price": price,
        "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "taker_at_cross",
        **more,
    }


def _with(job: Callable[[PaperClient], Awaitable[object]]) -> object:
    async def run() -> object:
        paper = client(exchange(BOOK))
        async with paper.http:
            return await job(paper)

    return asyncio.run(run())


def _get(path: str, *, signed: bool = True) -> httpx.Response:
    reply = _with(lambda paper: paper.send("GET", path, signed=signed))
    assert isinstance(reply, httpx.Response)
    return reply


def test_market_data_needs_no_key() -> None:
    """Markets, books, events and series are public and read back as what is listed."""
    assert BOOK == decode_book(_get(f"/markets/{TICKER}/orderbook", signed=False).content)
    market = decode_market(_get(f"/markets/{TICKER}", signed=False).content)
    assert (TICKER, "TEST", None) == (market.ticker, market.event_ticker, market.close_time)
    assert "TEST" == decode_event(_get("/events/TEST", signed=False).content).series_ticker
    assert 1 == decode_series(_get("/series/TEST", signed=False).content).multiplier
    assert [TICKER] == [one.ticker for one in decode_markets(_get("/markets?status=open", signed=False).content).items]
    assert () == decode_markets(_get("/markets?status=closed", signed=False).content).items
    assert [] == list(decode_trades(_get(f"/markets/trades?ticker={TICKER}", signed=False).content).items)
    books = decode_books(_get(f"/markets/orderbooks?tickers={TICKER}&tickers=NONE", signed=False).content)
    assert {TICKER: BOOK} == books


def test_a_book_of_some_depth_ascends_with_the_best_last() -> None:
    """`depth` gives the best levels, still ascending, as four and two decimals."""
    body = _get(f"/markets/{TICKER}/orderbook?depth=1").json()
    assert {"yes_dollars": [["0.4800", "10.00"]], "no_dollars": [["0.5000", "3.00"]]} == body["orderbook_fp"]


@pytest.mark.parametrize(
    "path",
    [
        f"/markets/{TICKER}/orderbook?depth=101",
        "/markets?limit=1001",
        "/markets?status=odd",
        "/markets/orderbooks",
        "/portfolio/orders?status=odd",
        "/portfolio/fills?limit=0",
        "/portfolio/fills?min_ts=soon",
        "/portfolio/orders/queue_positions",
    ],
)
def test_bad_parameters_have_a_shape_of_their_own(path: str) -> None:
    """A parameter out of range is 400 with `msg`."""
    reply = _get(path)
    assert 400 == reply.status_code
    assert ["msg"] == list(reply.json())


@pytest.mark.parametrize("path", ["/markets/NONE", "/events/NONE", "/series/NONE", "/nowhere", "/portfolio/orders/none"])
def test_what_is_not_there_is_404(path: str) -> None:
    """Unknown things and unknown paths answer with the nested shape."""
    reply = _get(path)
    assert (404, "not_found") == (reply.status_code, decode_fault(reply.content).code)


def test_an_order_from_create_to_cancel() -> None:
    """201 with counts and averages; the lists show it; amend, queue, decrease and cancel find it; the fill is there."""

    async def job(paper: PaperClient) -> None:
        reply = await paper.send("POST", ORDERS, _create("9.00", client_order_id="a"))
        assert 201 == reply.status_code
        created = decode_create_receipt(reply.content)
        assert (Quantity(700), Quantity(200)) == (created.filled, created.remaining)
        order_id = created.order_id
        listed = decode_orders((await paper.send("GET", f"/portfolio/orders?ticker={TICKER}&status=resting")).content)
        assert [order_id] == [one.order_id for one in listed.items]
        body = {"ticker": TICKER, "side": "bid", "price": "0.4800", "count": "9.00"}
        amended = decode_amend_receipt((await paper.send("POST", f"{ORDERS}/{order_id}/amend", body)).content)
        assert (Quantity(200), Quantity(0)) == (amended.remaining, amended.filled)
        queue = await paper.send("GET", f"/portfolio/orders/{order_id}/queue_position")
        assert {"queue_position_fp": "10.00"} == queue.json()
        queues = await paper.send("GET", f"/portfolio/orders/queue_positions?market_tickers={TICKER}")
        assert ["10.00"] == [one["queue_position_fp"] for one in queues.json()["queue_positions"]]
        decreased = await paper.send("POST", f"{ORDERS}/{order_id}/decrease", {"reduce_by": "1.00"})
        assert "1.00" == decreased.json()["remaining_count"]
        canceled = await paper.send("DELETE", f"{ORDERS}/{order_id}")
        assert Quantity(100) == decode_cancel_receipt(canceled.content).reduced_by
        assert 404 == (await paper.send("DELETE", f"{ORDERS}/{order_id}")).status_code
        order = decode_order((await paper.send("GET", f"/portfolio/orders/{order_id}")).content)
        assert (Quantity(700), Quantity(0)) == (order.filled, order.remaining)
        fills = decode_fills((await paper.send("GET", f"/portfolio/fills?order_id={order_id}")).content)
        assert [400, 300] == [one.fill.quantity for one in fills.items]
        assert 700 == decode_positions((await paper.send("GET", "/portfolio/positions")).content).items[0].position
        balance = decode_balance((await paper.send("GET", "/portfolio/balance")).content)
        assert balance.of(0) == 10_000_000_000 - order.taker_cost - order.taker_fees
        assert 2 == len(decode_trades((await paper.send("GET", "/markets/trades")).content).items)

    _with(job)


@pytest.mark.parametrize(
    ("body", "status", "code", "details"),
    [
        (_create(5), 400, "bad_request", "count"),
        (_create(price=0.51), 400, "bad_request", "price"),
        ({"ticker": TICKER}, 400, "bad_request", "side"),
        (_create(price="0.5150"), 400, "invalid_price", "0.5150"),
        (_create(post_only=True), 400, "invalid_order", "post only cross"),
        (_create("90000.00"), 400, "insufficient_balance", ""),
        (_create(time_in_force="fill_or_kill", count="8.00"), 409, "fill_or_kill_insufficient_resting_volume", ""),
        (_create(ticker="NONE"), 404, "not_found", ""),
    ],
)
def test_refusals_carry_status_and_code(body: dict[str, object], status: int, code: str, details: str) -> None:
    """Numbers for strings and missing fields are flat 400s; the exchange's refusals are nested."""
    reply = _with(lambda paper: paper.send("POST", ORDERS, body))
    assert isinstance(reply, httpx.Response)
    fault = decode_fault(reply.content)
    assert (status, code) == (reply.status_code, fault.code)
    assert details in fault.details
    assert (code == "bad_request") == ("error" not in reply.json())


def test_batches_cancel_all_and_the_old_endpoints() -> None:
    """A batch answers per item, cancel-all is an empty 204, V1 writes are gone."""

    async def job(paper: PaperClient) -> None:
        ids = [(await paper.send("POST", ORDERS, _create(price=f"0.4{n}00"))).json()["order_id"] for n in range(2)]
        batch = await paper.send("DELETE", f"{ORDERS}/batched", {"orders": [{"order_id": ids[0]}, {"order_id": "x"}]})
        first, second = decode_cancel_receipts(batch.content)
        assert (Quantity(500), None) == (first.reduced_by, first.fault)
        assert second.fault is not None
        everything = await paper.send("DELETE", ORDERS)
        assert (204, b"") == (everything.status_code, everything.content)
        for method, path in (("POST", ""), ("DELETE", "/x"), ("POST", "/x/amend"), ("POST", "/batched")):
            gone = await paper.send(method, f"/portfolio/orders{path}")
            assert (410, "deprecated_v1_order_endpoint") == (gone.status_code, decode_fault(gone.content).code)

    _with(job)


@pytest.mark.parametrize(
    ("skew_ms", "status"), [(0, 200), (-15_000, 200), (-15_001, 401), (30_000, 200), (30_001, 401), (-(10**13), 401)]
)
def test_the_signature_window(skew_ms: int, status: int) -> None:
    """15 s into the past, 30 s into the future."""

    async def job(paper: PaperClient) -> httpx.Response:
        paper.skew_ms = skew_ms
        return await paper.send("GET", "/portfolio/balance")

    reply = _with(job)
    assert isinstance(reply, httpx.Response)
    assert status == reply.status_code
    if status == 401:
        assert "header_timestamp_expired" == decode_fault(reply.content).code


def test_wrong_and_missing_signatures() -> None:
    """Private routes need all three headers, a known key, and a signature over this very path."""

    async def job(paper: PaperClient) -> list[tuple[int, str, str]]:
        good = (await paper.send("GET", "/portfolio/balance")).request.headers
        replies = [await paper.send("GET", "/portfolio/balance", signed=False)]
        for path, changes in (
            ("/portfolio/fills", {}),
            ("/portfolio/balance", {"kalshi-access-key": "nobody"}),
            ("/portfolio/balance", {"kalshi-access-signature": "not base64!"}),
            (f"/markets/{TICKER}", {"kalshi-access-signature": "AAAA"}),
            ("/portfolio/balance", {"kalshi-access-timestamp": "now"}),
        ):
            replies.append(await paper.http.get(ROOT + path, headers={**good, **changes}))
        return [(one.status_code, decode_fault(one.content).code, decode_fault(one.content).details) for one in replies]

    wrong = (401, "authentication_error", "INCORRECT_API_KEY_SIGNATURE")
    assert [
        (401, "signature_is_missing_from_headers", ""),
        wrong,
        (401, "authentication_error", "NOT_FOUND"),
        wrong,
        wrong,
        (401, "header_timestamp_expired", ""),
    ] == _with(job)


def test_rsa_keys_and_queries_outside_the_signature() -> None:
    """RSA-PSS verifies; the query is not signed; the Date header is the clock's second."""

    async def run() -> httpx.Response:
        key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        app = create_app(exchange(BOOK), ManualClock(START), {KEY_ID: key.public_key()})
        message = message_to_sign(START // 1_000, "GET", f"{ROOT}/portfolio/orders")
        pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
        headers = {
            "KALSHI-ACCESS-KEY": KEY_ID,
            "KALSHI-ACCESS-TIMESTAMP": str(START // 1_000),
            "KALSHI-ACCESS-SIGNATURE": base64.b64encode(key.sign(message, pss, hashes.SHA256())).decode(),
        }
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://paper") as http:
            return await http.get(f"{ROOT}/portfolio/orders?limit=5", headers=headers)

    reply = asyncio.run(run())
    assert 200 == reply.status_code
    assert START // 1_000_000 == parsedate_to_datetime(reply.headers["date"]).timestamp()


def test_buckets_refuse_and_refill() -> None:
    """Ten creates empty the write bucket; the eleventh is 429 with a string, reads go on, and a second refills it."""

    async def job(paper: PaperClient) -> None:
        assert isinstance(paper.clock, ManualClock)
        assert 100 == decode_limits((await paper.send("GET", "/account/limits")).content).write.capacity
        for _ in range(10):
            assert 201 == (await paper.send("POST", ORDERS, _create("1.00", "0.4000"))).status_code
        refused = await paper.send("POST", ORDERS, _create("1.00", "0.4000"))
        assert (429, {"error": "too many requests"}) == (refused.status_code, refused.json())
        assert 200 == (await paper.send("GET", "/portfolio/balance")).status_code
        paper.clock.advance(Duration(20_000))
        assert 204 == (await paper.send("DELETE", ORDERS)).status_code
        paper.clock.advance(Duration(1_000_000))
        assert 201 == (await paper.send("POST", ORDERS, _create("1.00", "0.4000"))).status_code

    _with(job)


def test_a_bucket_never_holds_more_than_its_capacity() -> None:
    """Idle time does not save up beyond the capacity, and time running backwards adds nothing."""
    bucket = Bucket(BucketLimit(rate=10, capacity=20))
    assert bucket.take(START, 20)
    assert not bucket.take(at(0.9), 10)
    assert bucket.take(at(1), 10)
    assert not bucket.take(START, 1)
    assert bucket.take(at(1_000), 20)
    assert not bucket.take(at(1_000), 1)


def test_lists_turn_pages() -> None:
    """Newest first, page by page, each order once; a nonsense cursor starts anew."""
    paper = exchange(BOOK)
    for n in range(5):
        paper.create(Instant(START + n), wish(Side.BUY, 40, 1, f"c{n}"))

    async def run() -> list[str]:
        connection = client(paper)
        seen: list[str] = []
        cursor = "nonsense"
        async with connection.http:
            while cursor:
                reply = await connection.send("GET", f"/portfolio/orders?limit=2&cursor={cursor}")
                page = decode_orders(reply.content)
                seen += [one.client_id for one in page.items]
                cursor = page.cursor or ""
        return seen

    assert ["c4", "c3", "c2", "c1", "c0"] == asyncio.run(run())


def test_status_costs_and_freshness() -> None:
    """The status says both flags, the costs list the cheap endpoints, and user data is as fresh as the clock."""
    status = _get("/exchange/status", signed=False).json()
    assert (True, True) == (status["exchange_active"], status["trading_active"])
    costs = _get("/account/endpoint_costs", signed=False).json()
    assert (10, {2}) == (costs["default_cost"], {one["cost"] for one in costs["endpoint_costs"]})
    assert {"as_of_time": "2027-01-15T08:00:00.000000Z"} == _get("/exchange/user_data_timestamp").json()
