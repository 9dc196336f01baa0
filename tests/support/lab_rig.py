"""One execution in a world of the laboratory, twice: in the laboratory's own way, and through the whole paper stack.

Both begin at the same moment, in forks of the same world, and draw the delays of their requests from streams that begin alike.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from depthwalk.clock import LoopClock
from depthwalk.domain.messages import Event, Intent, Rules
from depthwalk.domain.order import Fill
from depthwalk.domain.result import ApiUsage
from depthwalk.domain.units import Instant, Quantity
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
from depthwalk.reports.live_view import NullView
from depthwalk.runtime.runner import Runner
from depthwalk.runtime.virtual_time import run_virtual
from depthwalk.simulation.flow import stream
from depthwalk.storage.journal import MemoryJournal

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


def in_the_lab(world: WarmWorld, name: str, params: BaseParams, *, throttle: Throttle | None = None) -> Ran:
    """Run an execution as the laboratory does."""
    exchange, clock = exchange_of(world.setting, world.fork()), Schedule(START)
    venue = LabVenue(
        exchange,
        clock,
        rng=stream(world.seed, "latency"),
        latency=world.setting.latency,
        throttle=throttle or Throttle(),
        market=world.setting.market,
    )
    executor, told = listening(name, params)
    Drive(executor, world.parent, world.setting.market, Rules(), exchange=venue, clock=clock).to_the_end()
    return Ran(executor, exchange, venue.usage, clock.now(), told)


def on_paper(world: WarmWorld, name: str, params: BaseParams, *, throttle: Throttle | None = None) -> Ran:
    """Run the same through HTTP, JSON, signing, the throttle, asyncio and the runner with its journal."""
    exchange = exchange_of(world.setting, world.fork())

    async def main() -> Ran:
        clock = LoopClock(START, asyncio.get_running_loop())
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        client = KalshiClient(
            base_url=PAPER_URL,
            transport=LatencyTransport(
                httpx.ASGITransport(app=create_app(exchange, clock, {"paper": key.public_key()})),
                clock,
                stream(world.seed, "latency"),
                world.setting.latency,
            ),
            credentials=Credentials("paper", lambda: pem),
            clock=clock,
            throttle=throttle or Throttle(),
            rng=random.Random(world.seed),
            timeout_seconds=3.0,
            writes_enabled=True,
        )
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


def resting(ran: Ran) -> int:
    """Return how many of our orders rest at the exchange."""
    return len(ran.exchange.ledger.resting(TICKER))
