"""A whole paper run without the command line: exchange, app, client, runner and journal on virtual time."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from depthwalk.clock import LoopClock
from depthwalk.domain.messages import Finish, Rules
from depthwalk.domain.order import Action, Outcome, ParentOrder
from depthwalk.domain.units import Instant, Quantity, parse_instant
from depthwalk.executors.base import Executor
from depthwalk.kalshi.client import KalshiClient
from depthwalk.kalshi.environments import PAPER_URL
from depthwalk.kalshi.signing import Credentials
from depthwalk.kalshi.throttle import Throttle
from depthwalk.paper.app import create_app
from depthwalk.paper.build import synthetic_exchange
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.latency import LatencyTransport
from depthwalk.reports.live_view import NullView
from depthwalk.runtime.runner import Runner
from depthwalk.runtime.virtual_time import run_virtual
from depthwalk.storage.journal import MemoryJournal

START = parse_instant("2026-01-05T15:00:00Z")

Wrap = Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]
Meddle = Callable[["PaperRun"], Coroutine[Any, Any, None]]


@dataclass
class PaperRun:
    """What is left after a run, and what a meddler may touch while it goes on."""

    executor: Executor
    exchange: PaperExchange
    journal: MemoryJournal
    parent: ParentOrder
    runner: Runner
    client: KalshiClient
    clock: LoopClock
    finish: Finish | None = None
    error: BaseException | None = None

    @property
    def position(self) -> int:
        """The position the exchange has booked."""
        return self.exchange.account.position(self.parent.ticker).quantity

    @property
    def resting(self) -> int:
        """How many of our orders rest at the exchange."""
        return len(self.exchange.ledger.resting(self.parent.ticker))


def paper_run(
    executor: Executor,
    *,
    ticker: str = "PAPER-MODERATE",
    quantity: int = 6_000,
    outcome: Outcome = Outcome.YES,
    action: Action = Action.BUY,
    seed: int = 7,
    wrap: Wrap = lambda inner: inner,
    meddle: Meddle | None = None,
    exchange: PaperExchange | None = None,
    start: Instant = START,
) -> PaperRun:
    """Run one execution to its end. *wrap* goes around the exchange's own transport; an error is kept, not raised."""
    venue = exchange or synthetic_exchange(seed, start)

    async def main() -> PaperRun:
        clock = LoopClock(start, asyncio.get_running_loop())
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        inner = wrap(httpx.ASGITransport(app=create_app(venue, clock, {"paper": key.public_key()})))
        client = KalshiClient(
            base_url=PAPER_URL,
            transport=LatencyTransport(inner, clock, random.Random(seed)),
            credentials=Credentials("paper", lambda: pem),
            clock=clock,
            throttle=Throttle(),
            rng=random.Random(seed),
            timeout_seconds=3.0,
            writes_enabled=True,
        )
        parent = ParentOrder(parent_id="0" * 32, ticker=ticker, outcome=outcome, action=action, quantity=Quantity(quantity))
        journal = MemoryJournal()
        runner = Runner(
            executor=executor,
            parent=parent,
            market=await client.market(ticker),
            rules=Rules(),
            exchange=client,
            clock=clock,
            journal=journal,
            view=NullView(),
            refresh=False,
        )
        run = PaperRun(executor, venue, journal, parent, runner, client, clock)
        meddler = asyncio.ensure_future(meddle(run)) if meddle else None
        try:
            run.finish = await runner.run()
        except BaseException as error:  # noqa: BLE001 - what ended the run is what the test looks at
            run.error = error
        finally:
            if meddler is not None:
                meddler.cancel()
                await asyncio.gather(meddler, return_exceptions=True)
            await client.close()
        return run

    return run_virtual(main())
