"""One `depthwalk execute`: checked, built, run, measured, written down."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from depthwalk.assembly.admission import objections_to_market, objections_to_request, parent_of, read_market
from depthwalk.assembly.databases import open_store
from depthwalk.assembly.paper import PaperWorld, paper_client, paper_exchange
from depthwalk.domain.order import Action, Outcome, ParentOrder
from depthwalk.domain.units import (
    Duration,
    Instant,
    Price,
    Quantity,
    parse_instant,
)
from depthwalk.errors import ExchangeError

if TYPE_CHECKING:
    from depthwalk.clock import Clock
    from depthwalk.config import Config
    from depthwalk.domain.market import Market
    from depthwalk.domain.result import ExecutionResult
    from depthwalk.executors.state import BaseParams
    from depthwalk.kalshi.client import KalshiClient
    from depthwalk.ports import View
    from depthwalk.storage.database import Database

SEEDED_START: Final = parse_instant("2026-01-05T15:00:00Z")
"""When a seeded paper run takes place: the same seed gives the same run, so it cannot be now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuteRequest:
    """One `depthwalk execute`, parsed. *overrides* are raw parameter values; None everywhere means not given."""

    ticker: str
    outcome: Outcome
    action: Action
    quantity: Quantity
    target: Price | None = None
    limit: Price | None = None
    algorithm: str | None = None
    method: str | None = None
    overrides: dict[str, object] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    environment: str | None = None
    config_path: Path | None = None
    database_path: Path | None = None
    simulated: bool = False
    seed: int | None = None
    books: Path | None = None
    books_at: Instant | None = None
    flow: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """A request checked against the configuration: what will be run, and on what."""

    request: ExecuteRequest
    config: "Config"
    algorithm: str
    params: "BaseParams"
    seed: int
    start: Instant


def environment_of(request: ExecuteRequest) -> str:
    """Return where a request would be executed: what it says, else what the configuration says."""
    from depthwalk.config import load

    return request.environment or load(request.config_path).environment.value


def execute(request: ExecuteRequest, view: "View") -> "ExecutionResult":
    """Run one execution from start to finish and return its measured result; everything is in the database by then.

    Raises:
        UsageError: what was asked for cannot be (unknown ticker, off-grid price, unusable file).
        Refused: it may not be sent (limits, environment, market not open).
        ExchangeError: the exchange could not be asked.
        StorageError: the database failed underway; orders were canceled.

    """
    from depthwalk.clock import LoopClock, SystemClock

    plan = _checked(request)
    with open_store(request.config_path, request.database_path) as database:
        seeded = request.seed is not None
        world = world_of(request, seed=plan.seed, start=plan.start)
        exchange = paper_exchange(world, database)

        async def main() -> "ExecutionResult":
            loop = asyncio.get_running_loop()
            clock = LoopClock(plan.start, loop) if seeded or request.simulated else SystemClock()
            client = paper_client(exchange, config=plan.config, seed=plan.seed, clock=clock)
            try:
                return await _run(plan, client=client, source=exchange.source, clock=clock, database=database, view=view)
            finally:
                await client.close()

        return _drive(main, simulated=request.simulated)


def _checked(request: ExecuteRequest) -> _Plan:
    """Check what can be checked without the exchange."""
    from depthwalk.clock import SystemClock
    from depthwalk.config import load

    config = load(request.config_path)
    for objection in objections_to_request(request, config):
        raise objection
    name = config.algorithm_for(request.algorithm, request.method)
    params = config.params_for(name, request.method, request.overrides)
    return _Plan(
        request=request,
        config=config,
        algorithm=name,
        params=params,
        seed=secrets.randbits(32) if request.seed is None else request.seed,
        start=SystemClock().now() if request.seed is None else SEEDED_START,
    )


def world_of(request: ExecuteRequest, *, seed: int, start: Instant) -> PaperWorld:
    """Return the paper exchange that a request trades on."""
    return PaperWorld(
        seed=seed,
        start=start,
        fresh=request.seed is not None,
        ticker=request.ticker,
        books=request.books,
        books_at=request.books_at,
        flow=request.flow,
    )


def _drive(main: "Callable[[], Coroutine[Any, Any, ExecutionResult]]", *, simulated: bool) -> "ExecutionResult":
    if not simulated:
        return asyncio.run(main())
    from depthwalk.runtime.virtual_time import run_virtual

    return run_virtual(main())


async def _run(
    plan: _Plan, *, client: "KalshiClient", source: str, clock: "Clock", database: "Database", view: "View"
) -> "ExecutionResult":
    from depthwalk.executors.registry import make_executor, plain_parameters
    from depthwalk.runtime.outcome import conclude
    from depthwalk.runtime.runner import Runner
    from depthwalk.runtime.shutdown import stopping_on_signals
    from depthwalk.storage.journal import ExecutionJournal, ExecutionStart

    request = plan.request
    # The id is from the operating system, never from the seed: client order ids must not repeat (design, D7).
    parent = parent_of(request, secrets.token_hex(16))
    if plan.config.rate_limit.tier.value == "auto":
        await client.adopt_limits()
    market = await _open_market(client, parent, clock)
    executor = make_executor(plan.algorithm, plan.params)
    parameters = plain_parameters(plan.params)
    start = ExecutionStart(
        execution_id=parent.parent_id,
        parent=parent,
        algorithm=plan.algorithm,
        parameters=parameters,
        environment="paper",
        source=source,
        started_at=clock.now(),
        seed=plan.seed,
        fresh_account=request.seed is not None,
        tags=dict(request.tags),
    )
    journal = ExecutionJournal.begin(database, start)
    runner = Runner(
        executor=executor,
        parent=parent,
        market=market,
        rules=plan.config.rules(),
        exchange=client,
        clock=clock,
        journal=journal,
        view=view,
        refresh=not request.simulated,
    )
    # Until the result is written: a Ctrl-C between the last order and the record must not cost the record.
    with stopping_on_signals(runner.stop):
        await runner.run()
        volume = await _traded_volume(client, executor.run.started_at, parent.ticker) if source != "replay" else None
        result = conclude(
            executor,
            finished_at=clock.now(),
            api=client.usage,
            environment="paper",
            source=source,
            seed=plan.seed,
            parameters=parameters,
            tags=request.tags,
            traded_volume=volume,
        )
        journal.finish(result)
    return result


async def _traded_volume(client: "KalshiClient", since: Instant, ticker: str) -> Quantity | None:
    """Return what was traded in the market since then, or None where it cannot be read: it is worth a read, not a failure."""
    try:
        trades = await client.trades(ticker, since=since)
    except ExchangeError:
        return None
    return Quantity(sum(trade.quantity for trade in trades if trade.at >= since and not trade.is_block))


async def _open_market(client: "KalshiClient", parent: ParentOrder, clock: "Clock") -> "Market":
    """Read the market and check that this order may be sent there now."""
    market = await read_market(client, parent)
    for objection in objections_to_market(market, now=clock.now(), offset=client.server_offset or Duration(0)):
        raise objection
    return market
