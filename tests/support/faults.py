"""Venues that go wrong on purpose: scripted call by call or at random from a seed, and what tests of faults ask of a run.

The transports sit between the client and the paper exchange's app, so everything above the wire is the real thing.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Any, NoReturn

import httpx

from depthwalk.domain.messages import Event, Intent, OrderAccepted, SubmitOrder
from depthwalk.domain.units import Instant, Quantity, format_instant, parse_instant, seconds
from depthwalk.errors import StorageError
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


# --- at random ------------------------------------------------------------------------------------------------------


class Fault(Enum):
    """What may happen to a call. Writes take those up to LATE, reads the rest."""

    DROPPED = "never arrives"
    LOST = "acted on, the reply is lost"
    FAILED_BEFORE = "500, not acted on"
    FAILED_AFTER = "503, acted on"
    THROTTLED = "429"
    GARBAGE = "acted on, the reply makes no sense"
    TWICE = "arrives twice"
    SLOW = "arrives after up to two seconds"
    SLOW_REPLY = "the reply takes up to two seconds"
    HUNG_REPLY = "acted on, no reply while anybody waits"
    LATE = "arrives after it was given up"
    READ_LOST = "a read without an answer"
    READ_FAILED = "a read answered with 500"
    READ_THROTTLED = "a read answered with 429"
    READ_SLOW = "a read that takes up to two seconds"
    READ_HUNG = "a read that hangs"


WRITES = tuple(fault for fault in Fault if not fault.name.startswith("READ"))
READS = tuple(fault for fault in Fault if fault.name.startswith("READ"))

HANGS = 20.0
LATEST = 7.5
"""Seconds: the client gives up after 3, and within 5 more an order must be found (design, D7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How bad it is: shares of writes and reads that go wrong, and by how many seconds the account's data may lag."""

    writes: float = 0.0
    reads: float = 0.0
    lag: float = 0.0
    faults: tuple[Fault, ...] = WRITES + READS


class Storm:
    """Random faults from a seed. It begins with the first look at the account, so that a run always starts."""

    def __init__(self, weather: Weather, rng: Random) -> None:
        self.happened: Counter[Fault] = Counter()
        self._weather = weather
        self._rng = rng
        self._begun = False
        self._kept: dict[str, tuple[float, httpx.Response]] = {}

    async def __call__(self, call: Call) -> httpx.Response:
        """Do to a call what the weather has for it."""
        self._begun = self._begun or "/portfolio/" in call.request.url.path
        if not self._begun:
            return await call.forward()
        fault = self._draw(WRITES, self._weather.writes) if call.write else self._draw(READS, self._weather.reads)
        if fault is None:
            return await self._pass(call)
        self.happened[fault] += 1
        return await self._go_wrong(call, fault)

    def _draw(self, kinds: Iterable[Fault], share: float) -> Fault | None:
        if self._rng.random() >= share:
            return None
        possible = [fault for fault in kinds if fault in self._weather.faults]
        return self._rng.choice(possible) if possible else None

    async def _go_wrong(self, call: Call, fault: Fault) -> httpx.Response:
        match fault:
            case Fault.DROPPED | Fault.READ_LOST:
                call.lose()
            case Fault.FAILED_BEFORE | Fault.READ_FAILED:
                return call.answer(500, {})
            case Fault.THROTTLED | Fault.READ_THROTTLED:
                return call.answer(429, {"error": "too many requests"})
            case Fault.SLOW | Fault.READ_SLOW:
                await asyncio.sleep(self._rng.uniform(0.1, 2.0))
            case Fault.LATE:
                await asyncio.sleep(self._rng.uniform(3.0, LATEST))
            case Fault.READ_HUNG:
                await asyncio.sleep(HANGS)
            case _:
                pass
        reply = await self._pass(call)
        match fault:
            case Fault.LOST:
                call.lose()
            case Fault.FAILED_AFTER:
                return call.answer(503, {})
            case Fault.GARBAGE:
                return call.answer(200, {"ok": 1})
            case Fault.TWICE:
                again = await call.forward()
                return self._rng.choice((reply, again))
            case Fault.SLOW_REPLY:
                await asyncio.sleep(self._rng.uniform(0.1, 2.0))
            case Fault.HUNG_REPLY:
                await asyncio.sleep(HANGS)
            case _:
                pass
        return reply

    async def _pass(self, call: Call) -> httpx.Response:
        """Forward; what is read of the account may be as old as the lag, and the exchange says so."""
        if call.write or not self._weather.lag or "/portfolio/" not in call.request.url.path + "/":
            return self._admit_lag(call, await call.forward())
        now, key = asyncio.get_running_loop().time(), str(call.request.url)
        kept = self._kept.get(key)
        if kept is not None and now - kept[0] < self._weather.lag and self._rng.random() < 0.6:
            return kept[1]
        reply = await call.forward()
        self._kept[key] = (asyncio.get_running_loop().time(), reply)
        return reply

    def _admit_lag(self, call: Call, reply: httpx.Response) -> httpx.Response:
        if not (call.freshness and self._weather.lag and reply.is_success):
            return reply
        told = parse_instant(json.loads(reply.content)["as_of_time"])
        return call.answer(200, {"as_of_time": format_instant(Instant(told - seconds(self._weather.lag)))})


def stormy(storm: Storm) -> Wrap:
    """Put a storm between client and exchange."""
    return scripted(storm)
