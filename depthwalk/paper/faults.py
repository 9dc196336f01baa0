"""Deterministic faults between a client and the paper exchange: a transport around another, which does what a FaultPlan says.

It stands outside the delays of `latency.py`, so that a client that gives up a hanging request leaves nothing behind here.
What is on its way arrives: it runs in a task of its own, whoever still waits (design, D9). Waits go by the clock, chance by
the plan's seed, so the same plan and the same requests give the same faults.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from heapq import heappop, heappush
from http import HTTPStatus
from itertools import count
from random import Random
from typing import Final, NoReturn

import httpx

from depthwalk.clock import Clock
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.units import Duration, Instant, format_instant, parse_instant, seconds
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.fault_plan import OF_THE_EXCHANGE, OF_THE_MARKET, PAUSES, Calls, FaultKind, FaultPlan, concerns
from depthwalk.wire.faults import TOO_MANY_REQUESTS, Fault, encode_fault

SLOWEST: Final = 2.0
"""Seconds: `slow` and `slow_reply` take between 0.1 and this, unless said."""

LATEST: Final = 4.5
"""Seconds: `late` arrives up to this after the client gave up, unless said: within 5 a client has to find it (design, D7)."""

PATIENCE: Final = 10.0
"""Seconds a client is taken to wait, where its request does not say."""

PAUSE: Final = 5.0
"""Seconds a pause lasts that begins with a call, unless said."""

_STALE_SHARE: Final = 0.6
"""How many reads within the lag get the old answer."""

Happening = tuple[Calls, FaultKind]
"""What happened to which sort of request; ANY for what happened to the exchange."""

_STATUS: Final = {
    FaultKind.E500_BEFORE: HTTPStatus.INTERNAL_SERVER_ERROR,
    FaultKind.E500_AFTER: HTTPStatus.INTERNAL_SERVER_ERROR,
    FaultKind.E503_BEFORE: HTTPStatus.SERVICE_UNAVAILABLE,
    FaultKind.E503_AFTER: HTTPStatus.SERVICE_UNAVAILABLE,
    FaultKind.E504_BEFORE: HTTPStatus.GATEWAY_TIMEOUT,
    FaultKind.E504_AFTER: HTTPStatus.GATEWAY_TIMEOUT,
}

# Bodies: kalshi-api.md section 11.
_SKEWED: Final = encode_fault(Fault(code="header_timestamp_expired", message="header timestamp expired"))
_UNFUNDED: Final = encode_fault(Fault(code="insufficient_shard_balance", message="insufficient shard balance"))
_PAUSED: Final = {
    FaultKind.TRADING_PAUSE: encode_fault(Fault(code="trading_is_paused", message="trading is paused")),
    FaultKind.EXCHANGE_PAUSE: encode_fault(Fault(code="exchange_is_paused", message="exchange is paused")),
}


def _sort(request: httpx.Request) -> Calls:
    match request.method:
        case "GET":
            return Calls.READ
        case "DELETE":
            return Calls.CANCEL
        case _:
            return Calls.CREATE if request.url.path.endswith("/orders") else Calls.AMEND


def _shows_orders(path: str) -> bool:
    """Say whether it is of orders or fills: positions and cash are read before a run starts."""
    return "/portfolio/orders" in path or "/portfolio/fills" in path


def _answer(request: httpx.Request, status: HTTPStatus, body: object) -> httpx.Response:
    return httpx.Response(status, json=body, request=request)


def _break(request: httpx.Request) -> NoReturn:
    raise httpx.ReadError("the connection broke (a fault on purpose)", request=request)


class FaultTransport(httpx.AsyncBaseTransport):
    """Lets requests to *inner* go wrong.

    Args:
        inner: the way to the exchange.
        plan: what shall go wrong.
        clock: for waits, and for what happens at a time.
        exchange: the exchange at the other end, where it is in this process: then pauses are its own. Without it they are
            answered here, and resting orders that asked to be canceled on a pause stay; what needs the markets never happens.
        tell: gets `report()` when the transport is closed.

    """

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        plan: FaultPlan,
        clock: Clock,
        *,
        exchange: PaperExchange | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.happened: Counter[Happening] = Counter()
        self.stale = 0
        self._inner = inner
        self._plan = plan
        self._clock = clock
        self._exchange = exchange
        self._tell = tell
        self._rng = Random(f"{plan.seed}/faults")
        self._begun: Instant | None = None
        self._stormy = False
        self._counted: Counter[Calls] = Counter()
        self._order = count()
        # What will begin (True) or end (False) at the exchange, and when; the number decides between simultaneous ones.
        self._coming: list[tuple[Instant, int, FaultKind, Duration, bool]] = []
        self._paused: Counter[FaultKind] = Counter()
        self._kept: dict[str, tuple[Instant, bytes]] = {}
        self._under_way: set[asyncio.Task[httpx.Response]] = set()

    def report(self) -> str:
        """Say in one line what happened: how often, to which sort of request, under the names of the plan."""
        said = [
            f"{times} {kind.value}" if sort is Calls.ANY else f"{times} {sort.value}{'s' if times > 1 else ''} {kind.value}"
            for (sort, kind), times in self.happened.items()
        ]
        if self.stale:
            said.append(f"{self.stale} read{'s' if self.stale > 1 else ''} stale")
        return f"faults: {', '.join(said) or 'none'}"

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a request to the exchange and its reply back, or let it go wrong. Raises httpx.TransportError then."""
        now, sort = self._clock.now(), _sort(request)
        self._bring_to(now)
        self._counted.update((sort, Calls.ANY))
        self._stormy = self._stormy or sort is not Calls.READ or _shows_orders(request.url.path)
        chosen = self._scripted(sort) or self._timed(sort, now) or self._drawn(sort)
        if chosen is None:
            return await self._pass(request)
        kind, wait = chosen
        if kind in OF_THE_EXCHANGE:
            self._announce(now, kind, PAUSE if wait is None else wait)
            self._bring_to(now)
            return await self._pass(request)
        self.happened[sort, kind] += 1
        return await self._go_wrong(request, kind, wait)

    async def aclose(self) -> None:
        """Wait until everything on its way has arrived, close, and tell what happened."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._inner.aclose()
        if self._tell is not None:
            self._tell(self.report())

    # --- what goes wrong with this one ---

    def _scripted(self, sort: Calls) -> tuple[FaultKind, float | None] | None:
        for each in self._plan.calls:
            if each.call in (sort, Calls.ANY) and each.number == self._counted[each.call]:
                return each.fault, each.seconds
        return None

    def _timed(self, sort: Calls, now: Instant) -> tuple[FaultKind, float | None] | None:
        since = now - (self._begun or now)
        for each in self._plan.times:
            lasts = seconds(each.at) <= since < seconds(each.at) + seconds(each.seconds)
            if lasts and each.fault not in OF_THE_EXCHANGE and concerns(each.fault, sort):
                return each.fault, None
        return None

    def _drawn(self, sort: Calls) -> tuple[FaultKind, float | None] | None:
        share = self._plan.reads if sort is Calls.READ else self._plan.writes
        if not self._stormy or self._rng.random() >= share:
            return None
        possible = [kind for kind in self._plan.kinds if concerns(kind, sort)]
        return (self._rng.choice(possible), None) if possible else None

    async def _go_wrong(self, request: httpx.Request, kind: FaultKind, wait: float | None) -> httpx.Response:
        patience = _patience(request)
        match kind:
            case FaultKind.SLOW:
                return await self._pass(request, after=self._either(wait, 0.1, SLOWEST))
            case FaultKind.LATE:
                return await self._pass(request, after=self._either(wait, patience, patience + LATEST))
            case FaultKind.SLOW_REPLY:
                wait = self._either(wait, 0.1, SLOWEST)
            case FaultKind.HUNG_BEFORE | FaultKind.HUNG_AFTER:
                wait = 2 * patience if wait is None else wait
            case _:
                pass
        reply = await self._reply(request, kind)
        await self._clock.sleep(seconds(wait or 0.0))
        return _break(request) if reply is None else reply

    async def _reply(self, request: httpx.Request, kind: FaultKind) -> httpx.Response | None:
        """Return what the client is answered, after the exchange has acted where the kind says so; None: nothing at all."""
        match kind:
            case FaultKind.DROPPED | FaultKind.HUNG_BEFORE:
                return None
            case FaultKind.E500_BEFORE | FaultKind.E503_BEFORE | FaultKind.E504_BEFORE:
                return _answer(request, _STATUS[kind], {})
            case FaultKind.THROTTLED:
                return _answer(request, HTTPStatus.TOO_MANY_REQUESTS, TOO_MANY_REQUESTS)
            case FaultKind.CLOCK_SKEW:
                return _answer(request, HTTPStatus.UNAUTHORIZED, _SKEWED)
            case FaultKind.UNFUNDED:
                return _answer(request, HTTPStatus.NOT_FOUND, _UNFUNDED)
            case _:
                reply = await self._pass(request)
        match kind:
            case FaultKind.LOST_AFTER | FaultKind.HUNG_AFTER:
                return None
            case FaultKind.E500_AFTER | FaultKind.E503_AFTER | FaultKind.E504_AFTER:
                return _answer(request, _STATUS[kind], {})
            case FaultKind.NO_ORDER:
                return _answer(request, HTTPStatus.OK, {"ok": 1})
            case FaultKind.TWICE:
                again = await self._pass(request)
                return self._rng.choice((reply, again))
            case _:
                return reply

    def _either(self, said: float | None, low: float, high: float) -> float:
        return self._rng.uniform(low, high) if said is None else said

    # --- the way there ---

    async def _pass(self, request: httpx.Request, after: float = 0.0) -> httpx.Response:
        """Let a request arrive, *after* seconds; what is read of the account may be old, and the exchange says so."""
        path, lag = request.url.path, seconds(self._plan.lag_seconds)
        if request.method != "GET" or not lag or not self._stormy:
            return await self._arrive(request, after)
        if path.endswith("/user_data_timestamp"):
            return _aged(request, await self._arrive(request, after), lag)
        if "/portfolio/" not in path:
            return await self._arrive(request, after)
        url = str(request.url)
        kept = self._kept.get(url)
        if kept is not None and self._clock.now() - kept[0] < lag and self._rng.random() < _STALE_SHARE:
            self.stale += 1
            await self._clock.sleep(seconds(after))
            return httpx.Response(HTTPStatus.OK, content=kept[1], headers={"content-type": "application/json"}, request=request)
        # As of when it was sent: it may have been answered at once.
        sent = Instant(self._clock.now() + seconds(after))
        reply = await self._arrive(request, after)
        if reply.is_success:
            self._kept[url] = sent, reply.content
        return reply

    async def _arrive(self, request: httpx.Request, after: float) -> httpx.Response:
        task = asyncio.create_task(self._deliver(request, seconds(after)))
        self._under_way.add(task)
        task.add_done_callback(self._arrived)
        return await asyncio.shield(task)

    async def _deliver(self, request: httpx.Request, delay: Duration) -> httpx.Response:
        await self._clock.sleep(delay)
        self._bring_to(self._clock.now())
        refusal = None if self._exchange is not None else self._in_the_exchanges_place(request)
        if refusal is not None:
            return refusal
        reply = await self._inner.handle_async_request(request)
        await reply.aread()
        return reply

    def _arrived(self, task: asyncio.Task[httpx.Response]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            # Looked at, so that a failure nobody waits for any more is not reported as forgotten.
            task.exception()

    # --- what happens to the exchange ---

    def _announce(self, at: Instant, kind: FaultKind, lasts: float) -> None:
        heappush(self._coming, (at, next(self._order), kind, seconds(lasts), True))

    def _bring_to(self, now: Instant) -> None:
        """Let everything happen at the exchange that was to happen by now, in order."""
        if self._begun is None:
            self._begun = now
            for each in self._plan.times:
                if each.fault in OF_THE_EXCHANGE:
                    self._announce(Instant(now + seconds(each.at)), each.fault, each.seconds)
        while self._coming and self._coming[0][0] <= now:
            at, _, kind, lasts, begins = heappop(self._coming)
            if begins:
                self.happened[Calls.ANY, kind] += 1
            if kind in PAUSES:
                self._pause(at, kind, lasts, begins=begins)
            elif self._exchange is not None and kind in OF_THE_MARKET:
                self._change_markets(self._exchange, at, kind)

    def _pause(self, at: Instant, kind: FaultKind, lasts: Duration, *, begins: bool) -> None:
        self._paused[kind] += 1 if begins else -1
        if begins:
            heappush(self._coming, (Instant(at + lasts), next(self._order), kind, Duration(0), False))
        if self._exchange is not None:
            self._exchange.pause(
                at, trading=not self._paused[FaultKind.TRADING_PAUSE], exchange=not self._paused[FaultKind.EXCHANGE_PAUSE]
            )

    @staticmethod
    def _change_markets(exchange: PaperExchange, at: Instant, kind: FaultKind) -> None:
        at = exchange.advance(at)
        for listing in exchange.listings.values():
            if kind is FaultKind.MARKET_CLOSE:
                listing.terms = replace(listing.terms, close_time=at)
            else:
                listing.terms = replace(listing.terms, grid=STRUCTURES["deci_cent"])

    def _in_the_exchanges_place(self, request: httpx.Request) -> httpx.Response | None:
        """Answer what an exchange out of reach cannot be made to answer: that it is paused."""
        closed, halted = (bool(self._paused[kind]) for kind in (FaultKind.EXCHANGE_PAUSE, FaultKind.TRADING_PAUSE))
        if not (closed or halted):
            return None
        sort = _sort(request)
        if sort is Calls.READ:
            if not request.url.path.endswith("/exchange/status"):
                return None
            return _answer(request, HTTPStatus.OK, {"exchange_active": not closed, "trading_active": False})
        if sort is Calls.CANCEL and not closed:
            return None
        return _answer(request, HTTPStatus.CONFLICT, _PAUSED[FaultKind.EXCHANGE_PAUSE if closed else FaultKind.TRADING_PAUSE])


def _patience(request: httpx.Request) -> float:
    """Return how long the client waits for a reply, in seconds."""
    limits = request.extensions.get("timeout")
    said = limits.get("read") if isinstance(limits, dict) else None
    return PATIENCE if said is None else float(said)


def _aged(request: httpx.Request, reply: httpx.Response, lag: Duration) -> httpx.Response:
    """Return the exchange's word on how fresh the account's data is, less the lag."""
    if not reply.is_success:
        return reply
    told = parse_instant(json.loads(reply.content)["as_of_time"])
    return _answer(request, HTTPStatus(reply.status_code), {"as_of_time": format_instant(Instant(told - lag))})
