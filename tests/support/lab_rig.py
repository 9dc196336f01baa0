"""One execution in a world of the laboratory, twice: in the laboratory's own way, and through the whole paper stack.

Both begin at the same moment, in forks of the same world, and draw the delays of their requests from streams that begin alike.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from depthwalk.clock import Clock, LoopClock
from depthwalk.domain.messages import Event, Intent, Rules
from depthwalk.domain.order import Fill
from depthwalk.domain.result import ApiUsage
from depthwalk.domain.units import Duration, Instant, Quantity
from depthwalk.executors.base import Executor
from depthwalk.executors.registry import make_executor
from depthwalk.executors.state import BaseParams
from depthwalk.kalshi.client import KalshiClient
from depthwalk.kalshi.environments import PAPER_URL
from depthwalk.kalshi.signing import Credentials
from depthwalk.kalshi.throttle import Throttle
from depthwalk.lab.drive import Drive
from depthwalk.lab.running import START, WarmWorld, exchange_of
from depthwalk.lab.venue import LabVenue
from depthwalk.lab.virtual import Schedule
from depthwalk.lab.worlds import TICKER
from depthwalk.paper.app import create_app
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.latency import LatencyTransport
from depthwalk.ports import Exchange
from depthwalk.reports.live_view import NullView
from depthwalk.runtime.runner import Runner
from depthwalk.runtime.virtual_time import run_virtual
from depthwalk.simulation.flow import stream
from depthwalk.storage.journal import MemoryJournal

T = TypeVar("T")

Told = tuple[Event, tuple[Intent, ...]]


@dataclass
class Ran:
    """An execution that is over: what its executor was told and answered, in order, and where the exchange stands."""

    executor: Executor
    exchange: PaperExchange
    usage: ApiUsage
    ended_at: Instant
    told: Sequence[Told] = field(default=())

    @property
    def fills(self) -> list[tuple[Any, ...]]:
        """The fills: when, at which price, how much, as whom, for which fee."""
        return [_seen(record.fill) for record in self.exchange.ledger.fills]

    @property
    def filled(self) -> Quantity:
        """How much was filled."""
        return Quantity(sum(record.fill.quantity for record in self.exchange.ledger.fills))


def _seen(fill: Fill) -> tuple[Any, ...]:
    return fill.at, fill.price, fill.quantity, fill.is_taker, fill.fee


def listening(name: str, params: BaseParams) -> tuple[Executor, list[Told]]:
    """Return an executor that writes down all it is told, and what it answers."""
    executor = make_executor(name, params)
    told: list[Told] = []

    class Listening(type(executor)):  # type: ignore[misc] # an algorithm, whichever it is
        def handle(self, event: Event) -> tuple[Intent, ...]:
            intents: tuple[Intent, ...] = super().handle(event)
            told.append((event, intents))
            return intents

    executor.__class__ = Listening
    return executor, told


def _venue(world: WarmWorld, clock: Schedule, exchange: PaperExchange, throttle: Throttle | None) -> LabVenue:
    return LabVenue(
        exchange,
        clock,
        rng=stream(world.seed, "latency"),
        latency=world.setting.latency,
        throttle=throttle or Throttle(),
        market=world.setting.market,
    )


def _client(world: WarmWorld, clock: LoopClock, exchange: PaperExchange, throttle: Throttle | None) -> KalshiClient:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    app = httpx.ASGITransport(app=create_app(exchange, clock, {"paper": key.public_key()}))
    return KalshiClient(
        base_url=PAPER_URL,
        transport=LatencyTransport(app, clock, stream(world.seed, "latency"), world.setting.latency),
        credentials=Credentials("paper", lambda: pem),
        clock=clock,
        throttle=throttle or Throttle(),
        rng=random.Random(world.seed),
        timeout_seconds=3.0,
        writes_enabled=True,
    )


def in_the_lab(world: WarmWorld, name: str, params: BaseParams, *, throttle: Throttle | None = None) -> Ran:
    """Run an execution as the laboratory does."""
    exchange, clock = exchange_of(world.setting, world.fork()), Schedule(START)
    venue = _venue(world, clock, exchange, throttle)
    executor, told = listening(name, params)
    Drive(executor, world.parent, world.setting.market, Rules(), exchange=venue, clock=clock).to_the_end()
    return Ran(executor, exchange, venue.usage, clock.now(), told)


def on_paper(world: WarmWorld, name: str, params: BaseParams, *, throttle: Throttle | None = None) -> Ran:
    """Run the same through HTTP, JSON, signing, the throttle, asyncio and the runner with its journal."""
    exchange = exchange_of(world.setting, world.fork())

    async def main() -> Ran:
        clock = LoopClock(START, asyncio.get_running_loop())
        client = _client(world, clock, exchange, throttle)
        executor, told = listening(name, params)
        runner = Runner(
            executor=executor,
            parent=world.parent,
            market=world.setting.market,
            rules=Rules(),
            exchange=client,
            clock=clock,
            journal=MemoryJournal(),
            view=NullView(),
            refresh=False,
        )
        await runner.run()
        usage, ended_at = client.usage, clock.now()
        await client.close()
        return Ran(executor, exchange, usage, ended_at, told)

    return run_virtual(main())


Act = Callable[[Exchange, Clock], Awaitable[T]]


@dataclass
class Answered(Generic[T]):
    """What came of requests, when that was, and what they took; in the laboratory also how long the throttle held them."""

    value: T
    at: Instant
    usage: ApiUsage
    exchange: PaperExchange
    waited: Duration = Duration(0)


def asked_in_the_lab(world: WarmWorld, act: Act[T], *, throttle: Throttle | None = None) -> Answered[T]:
    """Make requests of the laboratory's venue."""
    exchange, clock = exchange_of(world.setting, world.fork()), Schedule(START)
    venue = _venue(world, clock, exchange, throttle)
    found: list[T] = []

    async def main() -> None:
        found.append(await act(venue, clock))

    clock.spawn(main())
    while clock.turn():
        pass
    return Answered(found[0], clock.now(), venue.usage, exchange, venue.waited)


def asked_on_paper(world: WarmWorld, act: Act[T], *, throttle: Throttle | None = None) -> Answered[T]:
    """Make the same requests of the client, and so of the paper exchange behind its paths."""
    exchange = exchange_of(world.setting, world.fork())

    async def main() -> Answered[T]:
        clock = LoopClock(START, asyncio.get_running_loop())
        client = _client(world, clock, exchange, throttle)
        value = await act(client, clock)
        answered = Answered(value, clock.now(), client.usage, exchange)
        await client.close()
        return answered

    return run_virtual(main())


def resting(ran: Ran) -> int:
    """Return how many of our orders rest at the exchange."""
    return len(ran.exchange.ledger.resting(TICKER))
