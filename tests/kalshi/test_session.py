"""What goes over the wire around every request: signatures, time, failures, retries, hosts."""

import asyncio
import base64
from collections.abc import AsyncIterator
from itertools import pairwise

import httpx
import pytest
from pytest_httpx import HTTPXMock

from depthwalk.clock import ManualClock
from depthwalk.domain.book import BookState
from depthwalk.domain.messages import AmendOrder
from depthwalk.domain.order import Side
from depthwalk.domain.result import ApiUsage
from depthwalk.domain.units import SECOND, Price, Quantity
from depthwalk.errors import (
    InDoubt,
    NotAuthorized,
    NotFound,
    OrderRefused,
    RefusalReason,
    Refused,
    Throttled,
    Unreachable,
    UsageError,
)
from depthwalk.kalshi.session import FAILURES, Call, lost
from depthwalk.kalshi.throttle import Throttle
from depthwalk.ports import CancelReply
from depthwalk.wire.faults import Kind
from depthwalk.wire.signing import message_to_sign
from tests.support.kalshi_client import DATE, MARKET, NOW, ROOT, CountingKey, client

_BOOK = b'{"orderbook_fp":{"yes_dollars":[["0.4200","13.00"]],"no_dollars":[]}}'
_TOO_MANY = b'{"error":"too many requests"}'
_AMEND = AmendOrder(client_id="dw-p-1", price=Price(4_300), total=Quantity(1_000))
_BOOK_URL = f"{ROOT}/markets/KX-A/orderbook"
_CANCEL_URL = f"{ROOT}/portfolio/events/orders/o-1?market_ticker=KX-A&exchange_index=2"


def test_every_exception_of_httpx_becomes_one_of_ours() -> None:
    """All classes that httpx exports: a read has no answer, a write is in doubt."""
    exported = [each for each in vars(httpx).values() if isinstance(each, type) and issubclass(each, Exception)]
    assert len(exported) > 20
    for each in exported:
        assert issubclass(each, FAILURES), each
        error = each.__new__(each)
        read = Call(method="GET", template="/x", what="x", kind=Kind.READ)
        write = Call(method="POST", template="/x", what="x", kind=Kind.WRITE)
        assert isinstance(lost(read, error), Unreachable)
        assert isinstance(lost(write, error), InDoubt)


@pytest.mark.parametrize("error", [httpx.ReadTimeout("t"), httpx.ReadError("r"), httpx.RemoteProtocolError("p"), OSError("o")])
def test_a_lost_reply_is_doubt_for_a_write_and_asked_again_for_a_read(httpx_mock: HTTPXMock, error: Exception) -> None:
    """One request for the write, three for the read."""
    httpx_mock.add_exception(error, method="DELETE")
    httpx_mock.add_exception(error, method="GET", is_reusable=True)
    exchange = client(max_retries=2)
    with pytest.raises(InDoubt, match=r"cancel o-1: .*may or may not"):
        asyncio.run(exchange.cancel(MARKET, "o-1"))
    with pytest.raises(Unreachable, match="order book of KX-A: "):
        asyncio.run(exchange.book("KX-A"))
    assert [1, 3] == [len(httpx_mock.get_requests(method=method)) for method in ("DELETE", "GET")]


def test_a_read_recovers(httpx_mock: HTTPXMock) -> None:
    """A broken connection, a 503 and a 429 later, the book is there; the waits passed on the clock."""
    httpx_mock.add_exception(httpx.ReadError("broken"))
    httpx_mock.add_response(status_code=503)
    httpx_mock.add_response(status_code=429, content=b'{"error":"too many requests"}')
    httpx_mock.add_response(content=_BOOK)
    clock = ManualClock(NOW)
    exchange = client(clock=clock, max_retries=3)
    assert BookState.BIDS_ONLY is asyncio.run(exchange.book("KX-A")).state
    assert clock.now() > NOW
    assert ApiUsage(calls=4, read_tokens=40, write_tokens=0) == exchange.usage


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b'{"msg":"limit"}', Unreachable),
        (401, b'{"error":{"code":"authentication_error","details":"NOT_FOUND"}}', NotAuthorized),
        (403, b"", NotAuthorized),
        (404, b'{"error":{"code":"not_found","message":"not found"}}', NotFound),
        (200, b'{"error":{"code":"not_found"}}', Unreachable),
        (200, b"<html>", Unreachable),
    ],
)
def test_a_definite_answer_to_a_read_is_not_asked_for_again(
    httpx_mock: HTTPXMock, status: int, body: bytes, error: type[Exception]
) -> None:
    """One request, and the status kept."""
    httpx_mock.add_response(status_code=status, content=body)
    with pytest.raises(error, match="order book of KX-A"):
        asyncio.run(client().book("KX-A"))
    assert len(httpx_mock.get_requests()) == 1


def test_throttled_reads_give_up_in_the_end(httpx_mock: HTTPXMock) -> None:
    """After the last retry the 429 is reported as what it is."""
    httpx_mock.add_response(status_code=429, content=b'{"error":"too many requests"}', is_reusable=True)
    with pytest.raises(Throttled, match="too many requests"):
        asyncio.run(client(max_retries=1).book("KX-A"))
    assert len(httpx_mock.get_requests()) == 2


@pytest.mark.parametrize(("method", "attempts", "longest"), [("DELETE", 7, 12), ("POST", 4, 2)])
def test_a_throttled_write_is_a_definite_no(httpx_mock: HTTPXMock, method: str, attempts: int, longest: int) -> None:
    """429: not carried out, so nothing is in doubt; it goes out again a few times, a cancel more often, and then is refused."""
    httpx_mock.add_response(status_code=429, content=_TOO_MANY, is_reusable=True)
    clock = ManualClock(NOW)
    exchange = client(clock=clock)
    write = exchange.cancel(MARKET, "o-1") if method == "DELETE" else exchange.amend(MARKET, "o-1", Side.BUY, _AMEND)
    with pytest.raises(OrderRefused) as caught:
        asyncio.run(write)
    assert RefusalReason.THROTTLED is caught.value.reason
    assert attempts == len(httpx_mock.get_requests(method=method))
    # The waits for tokens come on top: the bucket counts as empty after each.
    assert longest * 0.45 * SECOND <= clock.now() - NOW <= (longest + 1) * SECOND


def test_a_throttled_cancel_gets_through(httpx_mock: HTTPXMock) -> None:
    """Twice 429, then done: the same request each time, after a wait, and signed anew when it leaves."""
    for _ in range(2):
        httpx_mock.add_response(status_code=429, content=_TOO_MANY)
    httpx_mock.add_response(content=b'{"order_id":"o-1","reduced_by":"6.00"}')
    exchange = client(key=CountingKey(), clock=ManualClock(NOW))
    assert CancelReply(order_id="o-1", reduced_by=Quantity(600)) == asyncio.run(exchange.cancel(MARKET, "o-1"))
    requests = httpx_mock.get_requests()
    assert [("DELETE", httpx.URL(_CANCEL_URL))] * 3 == [(each.method, each.url) for each in requests]
    times = [int(each.headers["kalshi-access-timestamp"]) for each in requests]
    assert all(after - before >= 125 for before, after in pairwise(times))
    assert ApiUsage(calls=3, read_tokens=0, write_tokens=6) == exchange.usage


@pytest.mark.parametrize(
    ("second", "error"), [(httpx.ReadTimeout("t"), InDoubt), (httpx.Response(503), InDoubt), (httpx.Response(404), NotFound)]
)
def test_only_a_429_is_answered_with_another_attempt(
    httpx_mock: HTTPXMock, second: Exception | httpx.Response, error: type[Exception]
) -> None:
    """What comes after it counts as it always does: a lost reply is doubt, and nothing goes out a third time."""
    httpx_mock.add_response(status_code=429, content=_TOO_MANY)
    if isinstance(second, Exception):
        httpx_mock.add_exception(second)
    else:
        httpx_mock.add_response(status_code=second.status_code)
    with pytest.raises(error):
        asyncio.run(client().cancel(MARKET, "o-1"))
    assert len(httpx_mock.get_requests()) == 2


def test_a_429_empties_the_bucket_of_its_kind(httpx_mock: HTTPXMock) -> None:
    """Whatever ours says, the venue's is empty: the next read waits for its tokens; writes have a bucket of their own."""
    httpx_mock.add_response(status_code=429, content=_TOO_MANY, method="GET")
    throttle = Throttle(utilisation=1.0)
    clock = ManualClock(NOW)
    with pytest.raises(Throttled):
        asyncio.run(client(clock=clock, throttle=throttle, max_retries=0).book("KX-A"))
    assert throttle.reserve(NOW, Kind.WRITE, 10) == 0
    assert SECOND // 20 == throttle.reserve(clock.now(), Kind.READ, 10)


def test_redirects_are_not_followed(httpx_mock: HTTPXMock) -> None:
    """A signed request goes to the host it was signed for or nowhere; a redirected write is in doubt."""
    httpx_mock.add_response(status_code=307, headers={"location": "https://evil.example/"}, is_reusable=True)
    exchange = client(key=CountingKey())
    with pytest.raises(Unreachable, match="307"):
        asyncio.run(exchange.book("KX-A"))
    with pytest.raises(InDoubt, match="307"):
        asyncio.run(exchange.cancel(MARKET, "o-1"))
    assert {"external-api.demo.kalshi.co"} == {request.url.host for request in httpx_mock.get_requests()}


def test_one_signature_a_request_over_the_path_that_is_sent(httpx_mock: HTTPXMock) -> None:
    """Each attempt is signed once, anew, and verifies over the URL's own path without its query."""
    httpx_mock.add_response(status_code=500)
    httpx_mock.add_response(content=_BOOK)
    httpx_mock.add_response(content=b'{"order_id":"o-1","reduced_by":"1.00"}')
    key = CountingKey()

    async def run() -> None:
        exchange = client(key=key)
        await exchange.book("KX-A")
        await exchange.cancel(MARKET, "o-1")

    asyncio.run(run())
    requests = httpx_mock.get_requests()
    assert key.reads == 1
    assert [_BOOK_URL, _BOOK_URL, _CANCEL_URL] == [str(request.url) for request in requests]
    for request in requests:
        timestamp = int(request.headers["kalshi-access-timestamp"])
        signature = base64.b64decode(request.headers["kalshi-access-signature"])
        assert key.key.public_key().verify(signature, message_to_sign(timestamp, request.method, request.url.path)) is None
        assert len(request.headers.get_list("kalshi-access-signature")) == 1


def test_signed_after_waiting_for_tokens(httpx_mock: HTTPXMock) -> None:
    """A signature that waited in the queue would be stale: the time in it is the time of sending."""
    httpx_mock.add_response(content=_BOOK, is_reusable=True)
    clock = ManualClock(NOW)
    exchange = client(clock=clock, key=CountingKey(), throttle=Throttle(calls_per_minute=2))

    async def run() -> None:
        await exchange.book("KX-A")
        await exchange.book("KX-A")

    asyncio.run(run())
    first, second = (int(request.headers["kalshi-access-timestamp"]) for request in httpx_mock.get_requests())
    assert second - first == 60_000
    assert clock.now() - NOW == 60_000_000


def test_without_a_key_nothing_is_signed(httpx_mock: HTTPXMock) -> None:
    """Public books need none."""
    httpx_mock.add_response(content=_BOOK)
    asyncio.run(client().book("KX-A"))
    assert not [name for name in httpx_mock.get_requests()[0].headers if name.startswith("kalshi")]


def test_writes_that_are_not_enabled_never_leave(httpx_mock: HTTPXMock) -> None:
    """Create, amend, decrease, cancel, batch: refused with exit 4 before the key is even read."""
    key = CountingKey()
    exchange = client(key=key, writes_enabled=False)
    for write in (exchange.cancel(MARKET, "o-1"), exchange.cancel_batch(MARKET, ["o-1"])):
        with pytest.raises(Refused, match="not sent") as caught:
            asyncio.run(write)
        assert caught.value.exit_code.value == 4
        assert caught.value.hint == "use --env paper"
    assert (0, []) == (key.reads, httpx_mock.get_requests())
    assert ApiUsage() == exchange.usage


def test_the_server_offset_comes_from_the_date_header(httpx_mock: HTTPXMock) -> None:
    """The middle of the second that the header names, against our clock; errors carry one too."""
    httpx_mock.add_response(status_code=404, headers={"date": DATE})
    exchange = client()
    assert exchange.server_offset is None
    with pytest.raises(NotFound):
        asyncio.run(exchange.book("KX-A"))
    assert exchange.server_offset == 2_250_000


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}, {"date": DATE, "age": "30"}])
def test_dates_that_say_nothing_are_ignored(httpx_mock: HTTPXMock, headers: dict[str, str]) -> None:
    """None, nonsense, or one that a cache kept."""
    httpx_mock.add_response(content=_BOOK, headers=headers)
    exchange = client()
    asyncio.run(exchange.book("KX-A"))
    assert exchange.server_offset is None


class _Hanging(httpx.AsyncBaseTransport):
    """An exchange that takes the request and never answers, as an in-process one may."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError(request)


class _Dripping(httpx.AsyncByteStream):
    """A body that stops in the middle."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"orderbook_fp":'
        await asyncio.Event().wait()


class _Slow(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=_Dripping(), request=request)


@pytest.mark.parametrize("transport", [_Hanging(), _Slow()])
def test_silence_ends_in_a_timeout(transport: httpx.AsyncBaseTransport) -> None:
    """In-process transports know no timeouts: the session keeps the time, for head and body."""
    exchange = client(transport=transport, timeout_seconds=0.01, max_retries=0)
    with pytest.raises(Unreachable, match="no answer in time"):
        asyncio.run(exchange.book("KX-A"))
    with pytest.raises(InDoubt, match="no answer in time"):
        asyncio.run(exchange.cancel(MARKET, "o-1"))


def test_being_canceled_is_not_a_timeout() -> None:
    """A canceled task stays canceled; nothing turns it into an error of the exchange."""

    async def run() -> None:
        task = asyncio.create_task(client(transport=_Hanging()).book("KX-A"))
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())


@pytest.mark.parametrize("ticker", ["", "../portfolio/orders", "A B", "A?x=1", "A#", "A%2F", "Ä", "..", "."])
def test_names_that_lead_elsewhere_are_refused(httpx_mock: HTTPXMock, ticker: str) -> None:
    """A ticker is one part of a path, whatever was typed."""
    with pytest.raises(UsageError, match="not a ticker"):
        asyncio.run(client().book(ticker))
    assert not httpx_mock.get_requests()
