"""Venues that go wrong on purpose: scripted call by call in a test's own words, or by the shipped transport of `--faults`.

The transports sit between the client and the paper exchange's app, so everything above the wire is the real thing. And what
tests of faults ask of a run.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import httpx

from depthwalk.clock import LoopClock
from depthwalk.domain.messages import Event, Intent, OrderAccepted, SubmitOrder
from depthwalk.domain.units import Instant, Quantity
from depthwalk.errors import StorageError
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.fault_plan import FaultPlan
from depthwalk.paper.faults import FaultTransport
from tests.support.paper_run import START, PaperRun, Wrap
from tests.support.venue import Resting, Venue


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way, *at* seconds after START; *creates* counts those so far, this one included."""

    request: httpx.Request
    at: float
    creates: int
    way: httpx.AsyncBaseTransport

    @property
    def write(self) -> bool:
        """Whether it changes something."""
        return self.request.method != "GET"

    @property
    def create(self) -> bool:
        """Whether it is a create."""
        return self.request.method == "POST" and self.request.url.path.endswith("/orders")

    @property
    def amend(self) -> bool:
        """Whether it is an amend."""
        return self.request.url.path.endswith("/amend")

    @property
    def cancel(self) -> bool:
        """Whether it is a cancel."""
        return self.request.method == "DELETE"

    @property
    def freshness(self) -> bool:
        """Whether it asks how fresh the account's data is."""
        return self.request.url.path.endswith("user_data_timestamp")

    async def forward(self) -> httpx.Response:
        """Let the exchange have it, and return its whole answer."""
        reply = await self.way.handle_async_request(self.request)
        await reply.aread()
        return reply

    def answer(self, status: int, body: object) -> httpx.Response:
        """Answer in the exchange's place."""
        return httpx.Response(status, json=body, request=self.request)

    def lose(self) -> NoReturn:
        """Break the connection."""
        raise httpx.ReadError("scripted: lost", request=self.request)


Script = Callable[[Call], Awaitable[httpx.Response]]


class _Way(httpx.AsyncBaseTransport):
    def __init__(self, inner: httpx.AsyncBaseTransport, script: Script) -> None:
        self._inner = inner
        self._script = script
        self._creates = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        at = asyncio.get_running_loop().time()
        call = Call(request, at, self._creates, self._inner)
        if call.create:
            self._creates += 1
            call = Call(request, at, self._creates, self._inner)
        return await self._script(call)


def scripted(script: Script) -> Wrap:
    """Hand every call to *script*, which waits, forwards, answers itself or loses it."""
    return lambda inner: _Way(inner, script)


def late(number: int, arrives_at: float) -> Script:
    """Return a script that holds up the create *number* until *arrives_at* seconds after START."""

    async def script(call: Call) -> httpx.Response:
        if call.create and call.creates == number:
            await asyncio.sleep(arrives_at - call.at)
        return await call.forward()

    return script


def hanging(after: float) -> Script:
    """Return a script whose reads hang from *after* seconds on; writes work."""

    async def script(call: Call) -> httpx.Response:
        if not call.write and call.at > after:
            await asyncio.sleep(30)
        return await call.forward()

    return script


class AnswersWithNothing(Venue):
    """A venue that answers a post-only order which would take with an order of nothing, 0 filled and 0 remaining."""

    def _submit(self, intent: SubmitOrder) -> None:
        if not (intent.post_only and self._takeable(intent.side, intent.price)):
            super()._submit(intent)
            return
        order_id = f"order-{intent.client_id[-2:]}"
        self.resting[intent.client_id] = Resting(intent.client_id, order_id, intent.side, intent.price, 0)
        nothing = Quantity(0)
        self._give(OrderAccepted(at=self.now, client_id=intent.client_id, order_id=order_id, filled=nothing, remaining=nothing))


def events(run: PaperRun, *kinds: type[Any]) -> list[Any]:
    """Return the journaled events of these kinds."""
    return [event for event, _ in run.journal.entries if isinstance(event, kinds)]


def intents(run: PaperRun, *kinds: type[Any]) -> list[Any]:
    """Return the journaled intents of these kinds."""
    return [intent for _, answer in run.journal.entries for intent in answer if isinstance(intent, kinds)]


def since_start(what: Event | Instant) -> float:
    """Return seconds after START."""
    at = what if isinstance(what, int) else what.at
    return (at - START) / 1_000_000


def sent_at(run: PaperRun, *kinds: type[Intent]) -> list[float]:
    """Return when intents of these kinds were decided, in seconds after START."""
    return [since_start(event) for event, answer in run.journal.entries for intent in answer if isinstance(intent, kinds)]


def recorded(run: PaperRun) -> int:
    """Return what our ledger has as fills."""
    return sum(fill.quantity for fill in run.executor.desk.children.fills)


def check(run: PaperRun) -> None:
    """Hold what every run owes: the exchange and our ledger agree, never more than asked, nothing rests."""
    assert run.error is None
    assert run.position * run.parent.side.sign == recorded(run)
    assert recorded(run) <= run.parent.quantity
    assert run.resting == 0


def main_task() -> asyncio.Task[Any]:
    """Return the task the run lives in."""
    return next(task for task in asyncio.all_tasks() if task.get_coro().__name__ == "main")  # type: ignore[union-attr]


async def break_the_journal_at_the_first_fill(run: PaperRun) -> None:
    """Let the journal fail once: at the reply that reports fills, before they are read."""
    append, broken = run.journal.append, []

    def failing(event: Event, answer: Sequence[Intent]) -> None:
        if isinstance(event, OrderAccepted) and event.filled and not broken:
            broken.append(event)
            raise StorageError("disk full")
        append(event, answer)

    run.journal.append = failing  # type: ignore[method-assign]


# --- the shipped faults ---------------------------------------------------------------------------------------------


def stormy(plan: FaultPlan, kept: list[FaultTransport] | None = None, exchange: PaperExchange | None = None) -> Wrap:
    """Put the shipped transport around the exchange's own; it is added to *kept*, so that one can ask what happened.

    With *exchange* pauses, closes and changes of the grid are its own.
    """

    def wrap(inner: httpx.AsyncBaseTransport) -> FaultTransport:
        transport = FaultTransport(inner, plan, LoopClock(START, asyncio.get_running_loop()), exchange=exchange)
        if kept is not None:
            kept.append(transport)
        return transport

    return wrap


class _OldBooks(httpx.AsyncBaseTransport):
    def __init__(self, inner: httpx.AsyncBaseTransport, begins: float, ends: float) -> None:
        self._inner = inner
        self._begins, self._ends = begins, ends
        self._kept: bytes | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/orderbook"):
            return await self._inner.handle_async_request(request)
        if self._kept is not None and self._begins <= asyncio.get_running_loop().time() < self._ends:
            return httpx.Response(200, content=self._kept, headers={"content-type": "application/json"}, request=request)
        reply = await self._inner.handle_async_request(request)
        content = await reply.aread()
        self._kept = content if reply.is_success else self._kept
        return reply

    async def aclose(self) -> None:
        await self._inner.aclose()


def old_books(wrap: Wrap, begins: float, ends: float) -> Wrap:
    """Put a venue behind *wrap* that shows the last book from before *begins* until *ends*, in seconds after START."""
    return lambda inner: _OldBooks(wrap(inner), begins, ends)
