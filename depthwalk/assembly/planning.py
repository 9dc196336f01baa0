"""One `depthwalk plan`: the market and the book read once, and every algorithm's own first decision on them. Sends nothing.

A fresh executor is given the two events that a run would begin with, and its intents are looked at instead of performed:
there is no second opinion here about what an algorithm would do.
"""

import asyncio
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from depthwalk.analysis.plans import BookFacts, Objection, Plan, PlanSheet, Tokens
from depthwalk.assembly.admission import objections_to_market, objections_to_request, parent_of, read_market
from depthwalk.domain.units import Duration
from depthwalk.errors import DepthwalkError, NotAuthorized

if TYPE_CHECKING:
    from depthwalk.analysis.budget import Allowance, Costs
    from depthwalk.assembly.execution import ExecuteRequest
    from depthwalk.clock import Clock
    from depthwalk.config import Config
    from depthwalk.domain.messages import BookChanged, Intent, Started
    from depthwalk.domain.order import ParentOrder
    from depthwalk.domain.result import ApiUsage
    from depthwalk.executors.base import Executor
    from depthwalk.executors.state import BaseParams
    from depthwalk.kalshi.client import KalshiClient

_PREFIX: Final = "/trade-api/v2"
_OWN_UNKNOWN: Final = "without a key our own resting orders are not known and still in the book"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What was read: the two events a run begins with, what reading them cost, and what the account may spend."""

    started: "Started"
    changed: "BookChanged"
    opening: "ApiUsage"
    costs: "Costs"
    allowance: "Allowance"
    source: str
    objections: tuple[Objection, ...]
    notes: tuple[str, ...] = ()


def plan(request: "ExecuteRequest") -> PlanSheet:
    """Return what each algorithm would do now, or only the one that is named; nothing is sent and nothing recorded.

    Raises:
        UsageError: what was asked for cannot be (unknown ticker or algorithm, off-grid price, unusable file).
        ExchangeError: the exchange could not be asked.

    """
    from depthwalk.config import load
    from depthwalk.executors.registry import ALGORITHMS

    config = load(request.config_path)
    environment = request.environment or config.environment.value
    chosen = config.algorithm_for(request.algorithm, request.method)
    names = list(ALGORITHMS) if request.algorithm is None else [chosen]
    # A method belongs to one algorithm; the others are shown as their sections have them.
    params = {name: config.params_for(name, request.method if name == chosen else None, request.overrides) for name in names}
    parent = parent_of(request, "0" * 32)
    objections = tuple(_said(each) for each in objections_to_request(request, config))
    seed = None
    if environment == "paper":
        seed = secrets.randbits(32) if request.seed is None else request.seed
        seen = _on_paper(request, config, parent, seed)
    else:
        seen = asyncio.run(_on_venue(environment, config, parent))
    executors = {name: _decided(name, params[name], seen) for name in names}
    return PlanSheet(
        parent=parent,
        environment=environment,
        source=seen.source,
        at=seen.changed.at,
        chosen=chosen,
        plans=tuple(_plan(executor, intents, seen) for executor, intents in executors.values()),
        book=next((facts for executor, _ in executors.values() if (facts := _facts(executor, seen)) is not None), None),
        objections=(*objections, *seen.objections),
        notes=seen.notes,
        seed=seed,
    )


def _said(error: DepthwalkError) -> Objection:
    return Objection(message=error.message, hint=error.hint)


# --- reading ---


def _on_paper(request: "ExecuteRequest", config: "Config", parent: "ParentOrder", seed: int) -> _Seen:
    """Read the embedded exchange as `execute` builds it, on virtual time: with the same seed both see the same book."""
    from depthwalk.assembly.databases import open_store
    from depthwalk.assembly.execution import SEEDED_START, world_of
    from depthwalk.assembly.paper import paper_client, paper_exchange
    from depthwalk.clock import LoopClock, SystemClock
    from depthwalk.runtime.virtual_time import run_virtual

    start = SystemClock().now() if request.seed is None else SEEDED_START
    with open_store(request.config_path, request.database_path) as database:
        exchange = paper_exchange(world_of(request, seed=seed, start=start), database)

    async def main() -> _Seen:
        clock = LoopClock(start, asyncio.get_running_loop())
        client = paper_client(exchange, config=config, seed=seed, clock=clock)
        try:
            return await _read(client, clock, config, parent, source=exchange.source, signed=True)
        finally:
            await client.close()

    return run_virtual(main())


async def _on_venue(environment: str, config: "Config", parent: "ParentOrder") -> _Seen:
    from depthwalk.assembly.venues import reading_client
    from depthwalk.config.credentials import key_state

    key = key_state(config)
    async with reading_client(config, environment) as (client, clock, source):
        signed = key.variable_set and key.exists
        return await _read(client, clock, config, parent, source=source, signed=signed, environment=environment)


async def _read(
    client: "KalshiClient",
    clock: "Clock",
    config: "Config",
    parent: "ParentOrder",
    *,
    source: str,
    signed: bool,
    environment: str = "paper",
) -> _Seen:
    """Read what a run reads before its first decision, in its order (assembly/execution.py, runtime/readings.py)."""
    from depthwalk.domain.messages import BookChanged, ForeignOrder, Started

    notes: tuple[str, ...] = ()
    if signed and config.rate_limit.tier.value == "auto":
        await client.adopt_limits()
    market = await read_market(client, parent, environment)
    offset = client.server_offset or Duration(0)
    objections = tuple(_said(each) for each in objections_to_market(market, now=clock.now(), offset=offset))
    started = Started(at=clock.now(), parent=parent, market=market, rules=config.rules())
    foreign: tuple[ForeignOrder, ...] = ()
    try:
        reports = await client.resting_orders(parent.ticker) if signed else ()
    except NotAuthorized as error:
        reports, signed, notes = (), False, (f"the key is not accepted: {error.message}",)
    foreign = tuple(ForeignOrder(side=each.side, price=each.price, quantity=each.remaining) for each in reports)
    asked = clock.now()
    book = await client.book(parent.ticker)
    changed = BookChanged(at=clock.now(), book=book, confirmed_at=asked, foreign=foreign)
    opening = client.usage
    costs, allowance = await _rates(client, config, signed=signed)
    return _Seen(
        started=started,
        changed=changed,
        opening=opening,
        costs=costs,
        allowance=allowance,
        source=source,
        objections=objections,
        notes=notes if signed else (*notes, _OWN_UNKNOWN),
    )


async def _rates(client: "KalshiClient", config: "Config", *, signed: bool) -> "tuple[Costs, Allowance]":
    """Return what requests cost and the buckets allow: the account's own where it can be asked, else as published."""
    from depthwalk.analysis.budget import Allowance, Costs
    from depthwalk.kalshi.throttle import CostTable, Tier, published_limits

    tier, ours = config.rate_limit.tier.value, config.rate_limit
    table = CostTable(await client.endpoint_costs()) if signed else CostTable()
    if tier == "auto":
        limits = await client.limits() if signed else published_limits(Tier.BASIC)
    else:
        limits = published_limits(Tier(tier))
    used = round(1_000 * ours.utilisation)

    def tokens(method: str, path: str) -> int:
        return table.cost(method, f"{_PREFIX}{path}")

    orders = "/portfolio/events/orders"
    costs = Costs(
        create=tokens("POST", orders),
        amend=tokens("POST", f"{orders}/:order_id/amend"),
        cancel=tokens("DELETE", f"{orders}/:order_id"),
        list_orders=tokens("GET", "/portfolio/orders"),
        read_order=tokens("GET", "/portfolio/orders/:order_id"),
        read_book=tokens("GET", "/markets/:ticker/orderbook"),
        read_fills=tokens("GET", "/portfolio/fills"),
        read_trades=tokens("GET", "/markets/trades"),
    )
    allowance = Allowance(
        write_rate=limits.write.rate * used,
        write_capacity=limits.write.capacity * used,
        read_rate=limits.read.rate * used,
        read_capacity=limits.read.capacity * used,
        calls_per_minute=ours.calls_per_minute,
    )
    return costs, allowance


# --- deciding ---


def _decided(name: str, params: "BaseParams", seen: _Seen) -> "tuple[Executor, tuple[Intent, ...]]":
    """Return a fresh executor after the two events a run begins with, and what it wants done."""
    from depthwalk.executors.registry import make_executor

    executor = make_executor(name, params)
    executor.handle(seen.started)
    return executor, executor.handle(seen.changed)


def _facts(executor: "Executor", seen: _Seen) -> BookFacts | None:
    from depthwalk.analysis.depth import liquidity_class, touch, up_to, within
    from depthwalk.domain.result import Depths
    from depthwalk.domain.units import CENT, Quantity

    sight, run = executor.watch.sight, executor.run
    if sight is None:
        return None
    ladder, (bid, ask) = sight.book.asks, run.space.traded_touch(sight.book)
    arrival = executor.arrival
    depths = Depths(
        touch=touch(ladder),
        within_1=within(ladder, CENT),
        within_3=within(ladder, 3 * CENT),
        within_5=within(ladder, 5 * CENT),
        within_cap=Quantity(0) if arrival is None else up_to(ladder, run.space.traded(arrival.cap)),
    )
    age = Duration(seen.changed.at - sight.confirmed_at)
    return BookFacts(bid=bid, ask=ask, depths=depths, liquidity=liquidity_class(ladder, run.rules.liquidity), age=age)


def _plan(executor: "Executor", intents: "tuple[Intent, ...]", seen: _Seen) -> Plan:
    """Read an executor's first decision off its intents."""
    from depthwalk.analysis.plans import plan_orders, sweet_spot, worst_case
    from depthwalk.domain.messages import Finish, SubmitOrder

    run, sight, arrival = executor.run, executor.watch.sight, executor.arrival
    blank = Plan(
        algorithm=executor.algorithm,
        horizon=run.horizon,
        end_action=executor.base.end_action.value,
        arrival=arrival,
        refused=next((intent.detail for intent in intents if isinstance(intent, Finish)), None),
        hold=executor.watch.hold,
    )
    if sight is None:
        return blank
    spot = sweet_spot(sight.book.asks, run.parent.quantity)
    blank = replace(blank, sweet_spot=None if spot is None else run.space.traded(spot))
    if arrival is None:
        return blank
    orders = [intent for intent in intents if isinstance(intent, SubmitOrder)]
    reasons = {split.index: split.why for split in executor.desk.splits}
    fees = run.market.fees
    return replace(
        blank,
        orders=plan_orders(run.parent, fees, sight.book, orders, reasons),
        worst=worst_case(run.parent, fees, orders, arrival.cap),
        tokens=_tokens(executor, len(orders), seen),
    )


def _tokens(executor: "Executor", splits: int, seen: _Seen) -> Tokens:
    from depthwalk.analysis.budget import Pace, tokens
    from depthwalk.domain.messages import Look
    from depthwalk.executors.desk import LONGEST_LIFE
    from depthwalk.executors.state import END_GAME, POLL, EndAction

    run = executor.run
    steps = -(-(run.closing_at - seen.changed.at) // executor.cadence)
    at_book = executor.look is Look.BOOK
    # Who does not look at the book has nothing to walk after.
    most = getattr(getattr(executor, "params", executor.base), "max_walks", steps if at_book else 0)
    pace = Pace(
        splits=splits,
        steps=steps,
        walks=min(most, steps),
        renewals=run.horizon // (LONGEST_LIFE // 2),
        polls=-(-END_GAME // POLL),
        looks_at_book=at_book,
        crosses=executor.base.end_action is EndAction.CROSS,
    )
    opening = seen.opening
    return tokens(
        pace,
        seen.costs,
        opening=opening.read_tokens,
        opening_calls=opening.calls,
        allowance=seen.allowance,
        horizon=run.horizon,
    )
