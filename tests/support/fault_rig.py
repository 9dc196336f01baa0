"""A client that gives up after 3 s, the shipped faults, and a paper exchange with one deep market, on virtual time."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx

from depthwalk.clock import LoopClock
from depthwalk.domain.book import Book
from depthwalk.domain.order import Side
from depthwalk.domain.units import Duration, seconds
from depthwalk.paper.app import create_app
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.fault_plan import FaultPlan
from depthwalk.paper.faults import FaultTransport
from depthwalk.runtime.virtual_time import run_virtual
from depthwalk.wire.orders import encode_create
from tests.support.paper import KEY_ID, START, TICKER, PaperClient, book, exchange, wish

T = TypeVar("T")

ORDERS = "/portfolio/events/orders"
LIST = f"/portfolio/orders?ticker={TICKER}"
MARKET = f"/markets/{TICKER}"
GIVES_UP = 3.0
DEEP: Book = book(bids=[(40, 1_000)], asks=[(60, 1_000)])


def order(client_id: str, **more: object) -> dict[str, object]:
    """Return the body of a create that rests."""
    body: dict[str, object] = json.loads(encode_create(wish(Side.BUY, 30, 1, client_id, **more)))
    return body


class Counting(httpx.AsyncBaseTransport):
    """The way to the exchange, which knows what arrived there and when, in seconds."""

    def __init__(self, app: httpx.ASGITransport, clock: LoopClock) -> None:
        self.arrived: list[tuple[float, str]] = []
        self._app = app
        self._clock = clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Note it and hand it on."""
        self.arrived.append(((self._clock.now() - START) / 1_000_000, request.method))
        return await self._app.handle_async_request(request)


class Rig:
    """A client that gives up after 3 s, faults, an exchange."""

    def __init__(self, plan: FaultPlan, *, within_reach: bool = True) -> None:
        self.told: list[str] = []
        self.paper: PaperExchange = exchange(DEEP)
        self.clock = LoopClock(START, asyncio.get_running_loop())
        self.client = PaperClient(self.paper, self.clock)
        app = create_app(self.paper, self.clock, {KEY_ID: self.client.key.public_key()})
        self.inner = Counting(httpx.ASGITransport(app=app), self.clock)
        self.faults = FaultTransport(
            self.inner, plan, self.clock, exchange=self.paper if within_reach else None, tell=self.told.append
        )
        self.client.http = httpx.AsyncClient(transport=self.faults, base_url="http://paper", timeout=GIVES_UP)
        self._numbers = iter(range(1, 1_000))

    async def send(self, method: str, path: str, json: object = None) -> int | str:
        """Send a request and return the status, or the name of what went wrong."""
        try:
            async with asyncio.timeout(GIVES_UP):
                reply = await self.client.send(method, path, json)
        except (httpx.TransportError, TimeoutError) as error:
            return type(error).__name__
        return reply.status_code

    async def body(self, path: str) -> str:
        """Read something and return what it says."""
        return (await self.client.send("GET", path)).text

    async def create(self, **more: object) -> int | str:
        """Send an order that rests, each under an id of its own."""
        return await self.send("POST", ORDERS, order(f"dw-{next(self._numbers)}", **more))

    async def cancel(self, place: int = 0) -> int | str:
        """Cancel the order created as the *place*-th."""
        return await self.send("DELETE", f"{ORDERS}/{self.paper.ledger.orders()[place].order_id}")

    async def until(self, at: float) -> None:
        """Wait until *at* seconds after START."""
        await self.clock.sleep(Duration(START + seconds(at) - self.clock.now()))

    def orders(self) -> int:
        """Return how many orders the exchange has."""
        return len(self.paper.ledger.orders())


def on_rig(act: Callable[[Rig], Awaitable[T]], plan: FaultPlan, *, within_reach: bool = True) -> T:
    """Act on a rig on virtual time and close it."""

    async def main() -> T:
        rig = Rig(plan, within_reach=within_reach)
        try:
            return await act(rig)
        finally:
            await rig.client.http.aclose()

    return run_virtual(main())
