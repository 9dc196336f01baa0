"""One `depthwalk plan`: what `execute` would read is read, and every algorithm's own first decision shown. Sends nothing.

Whatever would keep `execute` from sending is listed instead of raised.
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from depthwalk.analysis.plans import BookFacts, Objection, Plan, PlanSheet
from depthwalk.assembly import admission
from depthwalk.assembly.fallback import Chosen, chosen_within_budget
from depthwalk.assembly.means import notes_on_means, objections_to_means, read_means
from depthwalk.assembly.token_price import Rates, first_decision, read_rates, token_price
from depthwalk.domain.units import Duration
from depthwalk.errors import NotAuthorized, Refused, UsageError

if TYPE_CHECKING:
    from depthwalk.assembly.execution import ExecuteRequest
    from depthwalk.clock import Clock
    from depthwalk.config import Config
    from depthwalk.domain.messages import BookChanged, Intent, Rules, Started
    from depthwalk.domain.order import ParentOrder
    from depthwalk.domain.result import ApiUsage
    from depthwalk.domain.units import Money
    from depthwalk.executors.base import Executor
    from depthwalk.executors.state import BaseParams
    from depthwalk.kalshi.client import KalshiClient

_OWN_UNKNOWN: Final = "without a key our own resting orders are not known and still in the book; neither are cash and position"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What is planned: the order, the algorithm that would run with its parameters, and the rules that would hold."""

    config: "Config"
    environment: str
    parent: "ParentOrder"
    chosen: str
    params: "dict[str, BaseParams]"
    rules: "Rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What was read: the two events a run begins with, what reading them cost, and what the account may spend."""

    started: "Started"
    changed: "BookChanged"
    opening: "ApiUsage"
    rates: Rates
    source: str
    objections: tuple[Refused, ...]
    notes: tuple[str, ...] = ()


def plan(request: "ExecuteRequest") -> PlanSheet:
    """Return what each algorithm would do now, or only the one that is named; nothing is sent and nothing recorded.

    Raises:
        UsageError: what was asked for cannot be (unknown ticker or algorithm, off-grid price, unusable file).
        Refused: our clock is so far from the exchange's that it takes no signature, so the account cannot be read.
        ExchangeError: the exchange could not be asked.

    """
    from depthwalk.config import load
    from depthwalk.executors.registry import ALGORITHMS

    config = load(request.config_path)
    environment = request.environment or config.environment.value
    admission.check_paper_only(request, environment)
    chosen = config.algorithm_for(request.algorithm, request.method)
    names = list(ALGORITHMS) if request.algorithm is None else [chosen]
    # A method belongs to one algorithm; the others are shown as their sections have them.
    params = {name: config.params_for(name, request.method if name == chosen else None, request.overrides) for name in names}
    parent = admission.parent_of(request, "0" * 32)
    objections = admission.objections_to_request(request, config)
    reserved, spent = _reservable(request, config, environment, parent)
    asked = _Asked(
        config=config,
        environment=environment,
        parent=parent,
        chosen=chosen,
        params=params,
        rules=admission.rules_within(config, reserved),
    )
    seed = None
    # A seed or a recording means an exchange of one's own, whatever is served.
    served = config.paper.server is not None and not request.own_world
    if environment == "paper" and not served:
        seed = secrets.randbits(32) if request.seed is None else request.seed
        seen = _on_paper(request, asked, seed)
    else:
        seen = asyncio.run(_on_venue(asked))
    picked, short = _within_budget(request, asked, seen)
    params.setdefault(picked.name, picked.params)
    executors = [first_decision(name, each, seen.started, seen.changed) for name, each in params.items()]
    return PlanSheet(
        parent=parent,
        environment=environment,
        source=seen.source,
        at=seen.changed.at,
        chosen=picked.name,
        plans=tuple(_plan(executor, intents, seen) for executor, intents in executors),
        book=next((facts for executor, _ in executors if (facts := _facts(executor, seen)) is not None), None),
        objections=tuple(
            Objection(message=each.message, hint=each.hint)
            for each in (*objections, *_unsigned(config, environment), *spent, *seen.objections, *short)
        ),
        notes=seen.notes if picked.note is None else (*seen.notes, picked.note),
        seed=seed,
    )


def _unsigned(config: "Config", environment: str) -> tuple[UsageError, ...]:
    """Return why nobody could sign the order, if so."""
    from depthwalk.assembly.trading import destination

    try:
        destination(config, environment)
    except UsageError as no:
        return (no,)
    return ()


def _reservable(
    request: "ExecuteRequest", config: "Config", environment: str, parent: "ParentOrder"
) -> "tuple[Money | None, Sequence[Refused]]":
    """Return what the order could reserve of the day's limit, or why nothing; None where it is under none, or unknown."""
    from depthwalk.assembly.databases import open_store
    from depthwalk.assembly.trading import destination
    from depthwalk.clock import SystemClock
    from depthwalk.storage.limits import stake_of_day

    if request.seed is not None or request.simulated:
        return None, ()
    try:
        account = destination(config, environment).account
    except UsageError:
        return None, ()  # without a key it is nobody's day
    day = admission.days_limit(config, SystemClock().now())
    with open_store(request.config_path, request.database_path) as database:
        stake = stake_of_day(database, environment=environment, account=account, since=day.since)
    refused = stake.nothing_left(day)
    if refused is not None:
        return None, (refused,)
    return min(admission.worst_stake(parent, config), stake.left(day)), ()


def _within_budget(request: "ExecuteRequest", asked: _Asked, seen: _Seen) -> tuple[Chosen, Sequence[Refused]]:
    """Return what would run if nothing else did, or why not."""
    name = asked.chosen
    try:
        picked = chosen_within_budget(
            name,
            asked.params[name],
            config=asked.config,
            overrides=request.overrides,
            started=seen.started,
            seen=seen.changed,
            rates=seen.rates,
        )
    except Refused as no:
        return Chosen(name, asked.params[name]), (no,)
    return picked, ()


# --- reading ---


def _on_paper(request: "ExecuteRequest", asked: _Asked, seed: int) -> _Seen:
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
        client = paper_client(exchange, config=asked.config, seed=seed, clock=clock)
        try:
            return await _read(client, clock, asked, source=exchange.source, signed=True)
        finally:
            await client.close()

    return run_virtual(main())


async def _on_venue(asked: _Asked) -> _Seen:
    from depthwalk.assembly.venues import reading_client
    from depthwalk.config.credentials import key_state

    key = key_state(asked.config)
    signed = asked.environment == "paper" or (key.variable_set and key.exists)
    async with reading_client(asked.config, asked.environment) as (client, clock, source):
        with admission.clocks_first(client):
            return await _read(client, clock, asked, source=source, signed=signed)


async def _read(client: "KalshiClient", clock: "Clock", asked: _Asked, *, source: str, signed: bool) -> _Seen:
    """Read what a run reads before its first decision, in its order (admission.admitted, then runtime/readings.py)."""
    from depthwalk.domain.messages import BookChanged, ForeignOrder, Started

    config, parent = asked.config, asked.parent
    notes: tuple[str, ...] = ()
    rates = await read_rates(client, config, signed=signed)
    market = await admission.read_market(client, parent, asked.environment)
    status = await client.status(market.exchange_index)
    offset = client.server_offset
    objections = [
        *admission.objections_to_market(market, now=clock.now(), offset=offset),
        *admission.objections_to_exchange(market, status),
        *admission.objections_to_clock(offset),
    ]
    if signed:
        try:
            means = await read_means(client, parent, market, clock=clock)
        except NotAuthorized as error:
            signed, notes = False, (f"the key is not accepted: {error.message}",)
        else:
            slippage = asked.params[asked.chosen].max_slippage
            objections += objections_to_means(means, parent, market, max_slippage=slippage, environment=asked.environment)
            notes = notes_on_means(means, parent, market, max_slippage=slippage)
    started = Started(at=clock.now(), parent=parent, market=market, rules=asked.rules)
    reports = await client.resting_orders(parent.ticker) if signed else ()
    foreign = tuple(ForeignOrder(side=each.side, price=each.price, quantity=each.remaining) for each in reports)
    looked = clock.now()
    book = await client.book(parent.ticker)
    return _Seen(
        started=started,
        changed=BookChanged(at=clock.now(), book=book, confirmed_at=looked, foreign=foreign),
        opening=client.usage,
        rates=rates,
        source=source,
        objections=tuple(objections),
        notes=notes if signed else (*notes, _OWN_UNKNOWN),
    )


# --- deciding ---


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
        tokens=token_price(executor, len(orders), seen.changed, seen.rates, opening=seen.opening),
    )
