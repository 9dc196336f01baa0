"""One `depthwalk plan`: every algorithm's own first decision on what was read, and what may come of it. Sends nothing."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from depthwalk.analysis.plans import BookFacts, FlowFacts, Objection, Plan, PlanSheet
from depthwalk.assembly import admission
from depthwalk.assembly.fallback import Chosen, chosen_within_budget
from depthwalk.assembly.plan_reading import Asked, Seen, on_paper, on_venue
from depthwalk.assembly.routing import Arm, Arms, arms_of, class_seen, prospect
from depthwalk.assembly.token_price import FirstDecision, first_decision, token_price
from depthwalk.domain.routing import MILLION
from depthwalk.domain.units import Duration
from depthwalk.errors import Refused, UsageError

if TYPE_CHECKING:
    from depthwalk.assembly.execution import ExecuteRequest
    from depthwalk.config import Config
    from depthwalk.domain.order import ParentOrder
    from depthwalk.domain.units import Money


def plan(request: "ExecuteRequest") -> PlanSheet:
    """Return what each algorithm would do now, or only those that are named; nothing is sent and nothing recorded.

    Raises:
        UsageError: what was asked for cannot be (unknown ticker or algorithm, off-grid price, unusable file).
        Refused: our clock is so far from the exchange's that it takes no signature, so the account cannot be read.
        ExchangeError: the exchange could not be asked.

    """
    from depthwalk.config import load
    from depthwalk.executors.asking import Faulty

    config = load(request.config_path)
    environment = request.environment or config.environment.value
    admission.check_paper_only(request, environment)
    arms, unknown = _arms(config, request)
    meant = [arm for arm in (arms.control, arms.candidate) if arm is not None]
    shown, notes = (meant, []) if request.algorithm is not None else _all(config, request, arms.control)
    parent = admission.parent_of(request, "0" * 32)
    objections = [*unknown, *admission.objections_to_request(request, config)]
    reserved, spent = _reservable(request, config, environment, parent)
    asked = Asked(
        config=config,
        environment=environment,
        parent=parent,
        rules=admission.rules_within(config, reserved),
        max_slippage=max(arm.params.max_slippage for arm in meant),
    )
    # A seed or a recording means an exchange of one's own, whatever is served.
    embedded = environment == "paper" and (config.paper.server is None or request.own_world)
    seed = (secrets.randbits(32) if request.seed is None else request.seed) if embedded else None
    seen = asyncio.run(on_venue(asked)) if seed is None else on_paper(request, asked, seed)
    picks, short = _within_budget(request, config, meant, seen)
    # What runs in the place of one that the budget does not hold is shown beside it.
    instead = [Arm(pick.name, pick.params) for pick in picks]
    shown = list({arm.name: arm for arm in (*shown, *instead)}.values())
    if arms.candidate is not None:
        notes.append(prospect(arms, config.rollout, seen.started, seen.changed))
    book: BookFacts | None = None
    flow: FlowFacts | None = None
    plans: list[Plan] = []
    for arm in shown:
        try:
            first = first_decision(arm.name, arm.params, seen.started, seen.changed)
            if book is None and (facts := _facts(first, seen)) is not None:
                book, flow = facts, FlowFacts(liquidity=facts.liquidity, tape=seen.tape)
            plans.append(_plan(arm, first, seen, flow))
        except (Faulty, UsageError) as no:
            if arm in meant:
                raise UsageError(f"{arm.name}: {no.message}") from no
            notes.append(f"{arm.name} is left out: {no.message}")
    return PlanSheet(
        parent=parent,
        environment=environment,
        source=seen.source,
        at=seen.changed.at,
        chosen=None if unknown else _chosen(config, arms, picks, seen),
        plans=tuple(plans),
        detailed=_detailed(request, arms, shown, picks),
        book=book,
        flow=flow,
        objections=tuple(
            Objection(message=each.message, hint=each.hint)
            for each in (*objections, *_unsigned(config, environment), *spent, *seen.objections, *short)
        ),
        notes=(*seen.notes, *notes, *(pick.note for pick in picks if pick.note is not None)),
        seed=seed,
    )


def _arms(config: "Config", request: "ExecuteRequest") -> "tuple[Arms, Sequence[UsageError]]":
    """Return what is meant; where no algorithm is named, without what the default one does not know, and that it does not."""
    if request.algorithm is not None or request.method is not None:
        return arms_of(config, request.algorithm, request.method, request.overrides), ()
    try:
        return arms_of(config, None, None, request.overrides), ()
    except UsageError as no:
        kept = config.applicable(config.execution.algorithm, request.overrides)
        return arms_of(config, None, None, kept), (no,)


def _all(config: "Config", request: "ExecuteRequest", meant: Arm) -> tuple[list[Arm], list[str]]:
    """Return every algorithm, *meant* as it is and the others as their sections have them, and notes on what they lack.

    A method belongs to one algorithm; of what the request overrides the others get what they know.
    """
    from depthwalk.executors.registry import algorithm_names

    arms, notes = [], []
    for name in algorithm_names():
        if name == meant.name:
            arms.append(meant)
            continue
        try:
            kept = config.applicable(name, request.overrides)
            arms.append(Arm(name, config.params_for(name, None, kept)))
        except UsageError as no:  # another package's algorithm, or one that cannot be with what was given
            notes.append(f"{name} is left out: {no.message}")
            continue
        if dropped := sorted(request.overrides.keys() - kept.keys()):
            notes.append(f"{name} has no {' and no '.join(dropped)}")
    return arms, notes


def _detailed(request: "ExecuteRequest", arms: Arms, shown: Sequence[Arm], picks: Sequence[Chosen]) -> tuple[str, ...]:
    """Return which algorithms are shown whole: those that are meant, and what runs where the budget does not hold them."""
    if request.algorithm is not None:
        return tuple(arm.name for arm in shown)
    return tuple(dict.fromkeys((arms.control.name, *(pick.name for pick in picks))))


def _chosen(config: "Config", arms: Arms, picks: Sequence[Chosen], seen: Seen) -> str | None:
    """Return what `execute` would run; None where that is left to the draw of each run."""
    if arms.candidate is None:
        return picks[0].name
    liquidity = class_seen(seen.started, seen.changed, arms.control.params).liquidity
    share = 0 if liquidity is None else config.rollout.millionths(liquidity)
    return picks[share == MILLION].name if share in (0, MILLION) else None


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


def _within_budget(
    request: "ExecuteRequest", config: "Config", meant: Sequence[Arm], seen: Seen
) -> tuple[list[Chosen], list[Refused]]:
    """Return what would run in the place of each that is meant if nothing else did, and why not."""
    picks, short = [], []
    for arm in meant:
        try:
            pick = chosen_within_budget(
                arm.name,
                arm.params,
                config=config,
                overrides=request.overrides,
                started=seen.started,
                seen=seen.changed,
                rates=seen.rates,
            )
        except Refused as no:
            short.append(no)
            pick = Chosen(arm.name, arm.params)
        picks.append(pick)
    return picks, short


# --- deciding ---


def _facts(first: FirstDecision, seen: Seen) -> BookFacts | None:
    from depthwalk.analysis.depth import liquidity_class, touch, up_to, within
    from depthwalk.domain.result import Depths
    from depthwalk.domain.units import CENT, Quantity

    executor = first.executor
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


def _plan(arm: Arm, first: FirstDecision, seen: Seen, flow: FlowFacts | None) -> Plan:
    """Read an executor's first decision off its intents, and follow it to its end."""
    from depthwalk.analysis.plans import plan_orders, sweet_spot, worst_case
    from depthwalk.assembly.expectation import expect
    from depthwalk.domain.messages import Finish

    executor = first.executor
    run, sight, arrival = executor.run, executor.watch.sight, executor.arrival
    blank = Plan(
        algorithm=arm.name,
        quantity=run.parent.quantity,
        horizon=run.horizon,
        end_action=executor.base.end_action.value,
        arrival=arrival,
        refused=next((intent.detail for intent in first.intents if isinstance(intent, Finish)), None),
        hold=executor.watch.hold,
    )
    if sight is None:
        return blank
    spot = sweet_spot(sight.book.asks, run.parent.quantity)
    blank = replace(blank, sweet_spot=None if spot is None else run.space.traded(spot))
    if arrival is None or flow is None:
        return blank
    reasons = {split.index: split.why for split in executor.desk.splits}
    fees, now = run.market.fees, seen.changed.at
    time = Duration(max(0, run.closing_at - now))
    expected = expect(arm.name, arm.params, seen.started, seen.changed, flow.flow)
    return replace(
        blank,
        orders=plan_orders(run.parent, fees, sight.book, first.orders, reasons, flow=flow.flow, time=time),
        forecast=None if expected is None else expected.forecast,
        worst=worst_case(run.parent, fees, first.orders, arrival.cap),
        tokens=token_price(first, seen.changed, seen.rates, opening=seen.opening),
    )
