"""One `depthwalk execute`: checked, built, run, measured, written down."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from depthwalk.assembly.admission import (
    admitted,
    carried,
    check_paper_only,
    clocks_first,
    days_limit,
    objections_to_request,
    parent_of,
    rules_within,
    worst_stake,
)
from depthwalk.assembly.databases import open_store
from depthwalk.assembly.fallback import chosen_within_budget
from depthwalk.assembly.ownership import claim_of, own
from depthwalk.assembly.paper import PaperWorld, paper_client, paper_exchange
from depthwalk.assembly.recovery import leftovers
from depthwalk.assembly.routing import Arms, arms_of, route
from depthwalk.assembly.running import end_asked, see_through
from depthwalk.assembly.trading import EMBEDDED, Destination, destination, trading_client
from depthwalk.domain.order import Action, Outcome, ParentOrder
from depthwalk.domain.result import Status
from depthwalk.domain.units import Instant, Price, Quantity, format_quantity, parse_instant

if TYPE_CHECKING:
    from depthwalk.clock import Clock
    from depthwalk.config import Config
    from depthwalk.domain.result import ExecutionResult
    from depthwalk.kalshi.client import KalshiClient
    from depthwalk.ports import View
    from depthwalk.storage.database import Database
    from depthwalk.storage.journal import ExecutionStart

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
    faults: str | None = None

    @property
    def own_world(self) -> bool:
        """Whether it asks for an exchange of its own: only the embedded one can be seeded, hurried or given books."""
        return self.seed is not None or self.simulated or self.books is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """A request checked against the configuration: what will be run, and on what."""

    request: ExecuteRequest
    config: "Config"
    environment: str
    destination: Destination
    arms: Arms
    seed: int
    start: Instant
    tell: Callable[[str], None]

    @property
    def alone(self) -> bool:
        """Whether it has an account, and perhaps a time, of its own, so that it shares nothing with other executions."""
        return self.request.seed is not None or self.request.simulated


def environment_of(request: ExecuteRequest) -> str:
    """Return where a request would be executed: what it says, else what the configuration says."""
    from depthwalk.config import load

    return request.environment or load(request.config_path).environment.value


def execute(request: ExecuteRequest, view: "View", *, tell: Callable[[str], None] | None = None) -> "ExecutionResult":
    """Run one execution from start to finish and return its measured result; everything is in the database by then.

    *tell* gets the lines for people that are not the result: which faults happened, what an earlier crash had left.

    Raises:
        UsageError: what was asked for cannot be (unknown ticker, off-grid price, unusable file).
        Refused: it may not be sent (limits, environment, market not open, another execution there).
        ExchangeError: the exchange could not be asked.
        InDoubt: an earlier execution left this market in doubt.
        StorageError: the database failed underway; orders were canceled.

    """
    from depthwalk.clock import LoopClock, SystemClock

    plan = _checked(request, tell or (lambda _: None))
    with open_store(request.config_path, request.database_path) as database:
        if plan.destination.venue != EMBEDDED:
            return asyncio.run(_on_connection(plan, database, view))
        world = world_of(request, seed=plan.seed, start=plan.start)
        exchange = paper_exchange(world, database)

        async def main() -> "ExecutionResult":
            loop = asyncio.get_running_loop()
            clock = LoopClock(plan.start, loop) if plan.alone else SystemClock()
            client = paper_client(
                exchange, config=plan.config, seed=plan.seed, clock=clock, faults=request.faults, tell=plan.tell
            )
            try:
                return await _run(plan, client=client, source=exchange.source, clock=clock, database=database, view=view)
            finally:
                await client.close()

        return _drive(main, simulated=request.simulated)


async def _on_connection(plan: _Plan, database: "Database", view: "View") -> "ExecutionResult":
    from depthwalk.clock import SystemClock

    clock = SystemClock()
    async with trading_client(plan.config, plan.environment, clock, faults=plan.request.faults, tell=plan.tell) as venue:
        return await _run(plan, client=venue.client, source=venue.source, clock=clock, database=database, view=view)


def _checked(request: ExecuteRequest, tell: Callable[[str], None]) -> _Plan:
    """Check what can be checked without the exchange."""
    from depthwalk.clock import SystemClock
    from depthwalk.config import load

    config = load(request.config_path)
    environment = request.environment or config.environment.value
    check_paper_only(request, environment)
    for objection in objections_to_request(request, config):
        raise objection
    where = _destination(request, config, environment)
    return _Plan(
        request=request,
        config=config,
        environment=environment,
        destination=where,
        arms=arms_of(config, request.algorithm, request.method, request.overrides),
        seed=secrets.randbits(32) if request.seed is None else request.seed,
        start=SystemClock().now() if request.seed is None else SEEDED_START,
        tell=tell,
    )


def _destination(request: ExecuteRequest, config: "Config", environment: str) -> Destination:
    """Return where the orders go; whatever is served, a world of one's own is inside this process. Raises as `destination`."""
    own = environment == "paper" and request.own_world
    return Destination(EMBEDDED, "") if own else destination(config, environment)


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
    """Own the market, settle what was left there, and begin."""
    # The id is from the operating system, never from the seed: client order ids must not repeat (design, D7).
    start = _start_of(plan, parent_of(plan.request, secrets.token_hex(16)), source, clock)
    claim = claim_of(start, database.path, f"depthwalk execute {start.parent.ticker}", alone=plan.alone)
    owned = own(claim, now=clock.now(), config=plan.config)
    ended = False
    try:
        if start.venue != EMBEDDED:
            with clocks_first(client):
                await client.user_data_as_of()  # is anybody there? Else nothing is begun, and nothing settled
        if not plan.alone:
            for each in await leftovers(database, start, None if start.venue == EMBEDDED else client, clock):
                left = f"{format_quantity(each.filled)} of {format_quantity(each.requested)} filled"
                plan.tell(f"settled what execution {each.execution_id[:8]} had left here: {left}; {each.detail}")
        result = await _begin(plan, start, database, client=client, clock=clock, view=view, running=owned.running)
        ended = result.status is not Status.UNKNOWN
    finally:
        owned.release(ended=ended)
    return result


def _start_of(plan: _Plan, parent: ParentOrder, source: str, clock: "Clock") -> "ExecutionStart":
    from depthwalk.executors.registry import plain_parameters
    from depthwalk.storage.journal import ExecutionStart

    return ExecutionStart(
        execution_id=parent.parent_id,
        parent=parent,
        algorithm=plan.arms.control.name,
        parameters=plain_parameters(plan.arms.control.params),
        environment=plan.environment,
        source=source,
        started_at=clock.now(),
        seed=plan.seed if plan.destination.venue == EMBEDDED else None,
        fresh_account=plan.request.seed is not None,
        venue=plan.destination.venue,
        account=plan.destination.account,
        reserved=worst_stake(parent, plan.config),
        tags=dict(plan.request.tags),
    )


async def _begin(
    plan: _Plan,
    start: "ExecutionStart",
    database: "Database",
    *,
    client: "KalshiClient",
    clock: "Clock",
    view: "View",
    running: int,
) -> "ExecutionResult":
    """Check all that can be checked before an order is sent, write down that the execution begins, and see it through."""
    from depthwalk.domain.messages import Started
    from depthwalk.executors.registry import make_executor, plain_parameters
    from depthwalk.runtime.runner import Runner
    from depthwalk.storage.journal import ExecutionJournal

    config, parent, before = plan.config, start.parent, client.usage
    let_in = await admitted(client, parent, config, clock=clock, environment=plan.environment)
    started = Started(at=clock.now(), parent=parent, market=let_in.market, rules=config.rules())
    routed = await route(client, started, let_in.means.seen, arms=plan.arms, rollout=config.rollout)
    name, params = routed.arm
    cash = carried(let_in, parent, max_slippage=params.max_slippage, environment=plan.environment)
    chosen = chosen_within_budget(
        name,
        params,
        config=config,
        overrides=plan.request.overrides,
        started=started,
        seen=routed.seen,
        rates=let_in.rates,
        running=running,
    )
    notes = (*routed.notes, *cash, *((chosen.note,) if chosen.note else ()))
    start = replace(start, algorithm=chosen.name, parameters=plain_parameters(chosen.params), routing=routed.routing)
    day = None if plan.alone else days_limit(config, clock.now())
    journal = ExecutionJournal.begin(database, start, day=day)
    executor = make_executor(chosen.name, chosen.params)
    runner = Runner(
        executor=executor,
        parent=parent,
        market=let_in.market,
        rules=rules_within(config, None if day is None else journal.start.reserved),
        exchange=client,
        clock=clock,
        journal=journal,
        view=view,
        refresh=not plan.request.simulated,
        notes=notes,
    )
    ask = None if plan.alone else end_asked(database, start.execution_id, config)
    return await see_through(
        runner.run(), runner, executor, journal=journal, client=client, clock=clock, ask=ask, before=before
    )
