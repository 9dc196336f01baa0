"""Whole paper runs in bad weather, from seeds: whatever fails on the way, money and orders add up afterwards.

The default is 120 runs and a hundred more behind the marker `soak`, which DEPTHWALK_STORM_RUNS makes as many as wanted
(read at import): DEPTHWALK_STORM_RUNS=20000 pytest -m soak tests/runtime/test_storm.py, in blocks that pytest-xdist shares
out over the cores. DEPTHWALK_STORM_FIRST is the first seed of that. A failure names its whole scene; `play(draw(seed, ...))`
is that run again. The scenes are in `support/storm.py`.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from depthwalk.domain.book import BookState
from depthwalk.domain.messages import AmendOrder, BookChanged, MarketChanged, Reason, Started, SubmitOrder
from depthwalk.domain.order import Action, OrderStatus, Outcome, TimeInForce
from depthwalk.domain.result import ApiUsage
from depthwalk.domain.units import Instant, in_seconds, seconds
from depthwalk.executors.desk import LONGEST_LIFE, OUTLIVE
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalkerParams
from depthwalk.executors.registry import make_executor
from depthwalk.executors.state import BaseParams, EndAction
from depthwalk.paper.fault_plan import OF_THE_EXCHANGE, PASSING, Calls, FaultKind, FaultPlan, TimedFault, concerns
from depthwalk.paper.faults import FaultTransport, Happening
from depthwalk.paper.ledger import PaperOrder
from depthwalk.runtime.outcome import conclude
from tests.support.faults import stormy
from tests.support.paper_run import START, PaperRun, paper_run
from tests.support.storm import COMBINATIONS, RECORDED, Scene, draw, play

SOAK_RUNS = int(os.environ.get("DEPTHWALK_STORM_RUNS", "100"))
SOAK_FIRST = int(os.environ.get("DEPTHWALK_STORM_FIRST", "1000000"))
BLOCKS = 10

RUNS_EACH = 5

_LATE_START = seconds(20)
_UNFIT = (BookState.CROSSED, BookState.LOCKED, BookState.EMPTY)


def ours(run: PaperRun) -> list[PaperOrder]:
    """Return the run's orders as the exchange has them; the account may have others."""
    return [order for order in run.exchange.ledger.orders() if order.client_id.startswith(run.parent.child_prefix)]


def wrong(run: PaperRun, params: BaseParams) -> Iterator[str]:
    """Say what does not add up after a run."""
    if run.error is not None or run.finish is None:
        yield f"raised {run.error!r}"
        return
    in_doubt, requested = run.finish.reason is Reason.IN_DOUBT, run.parent.quantity
    fills, orders = run.executor.desk.children.fills, ours(run)
    booked, recorded = sum(order.filled for order in orders), sum(fill.quantity for fill in fills)
    if booked > requested:
        yield f"overfilled: {booked} of {requested}"
    if recorded > booked or (recorded != booked and not in_doubt):
        yield f"recorded {recorded}, the exchange has {booked}"
    if run.position != sum(order.filled * order.side.sign for order in run.exchange.ledger.orders()):
        yield "the position is not that of the orders"
    if not in_doubt and sum(fill.fee for fill in fills) != sum(order.charged for order in orders):
        yield "the fees differ"
    yield from wrong_rest(run, params, in_doubt=in_doubt)
    yield from wrong_prices(run)
    yield from wrong_moments(run, params)
    yield from wrong_result(run, recorded)
    replayed = make_executor(run.executor.algorithm, params)
    if any(replayed.handle(event) != answer for event, answer in run.journal.entries):
        yield "the replay differs"


def wrong_rest(run: PaperRun, params: BaseParams, *, in_doubt: bool) -> Iterator[str]:
    """Say what rests and must not: after a run in doubt an order may, if it dies of its expiry soon."""
    latest = Instant(START + _LATE_START + seconds(params.timeout_seconds) + OUTLIVE)
    for order in ours(run):
        if order.status is not OrderStatus.RESTING:
            continue
        if not in_doubt:
            yield f"{order.client_id} rests"
        elif order.expires_at is None or order.expires_at > latest:
            yield f"{order.client_id} rests for good"


def wrong_prices(run: PaperRun) -> Iterator[str]:
    """Say which orders or fills are beyond the cap."""
    arrival, sign = run.executor.arrival, run.parent.side.sign
    if arrival is None:
        return
    cap = run.parent.own_price(arrival.cap)
    for order in ours(run):
        if (order.price - cap) * sign > 0:
            yield f"{order.client_id} is beyond the cap"
    if any((fill.price - cap) * sign > 0 for fill in run.executor.desk.children.fills):
        yield "a fill is beyond the cap"


def wrong_moments(run: PaperRun, params: BaseParams) -> Iterator[str]:
    """Say what was sent when it must not be: off the grid as it was known, or on a book that nobody can trade on.

    The account's own orders are no part of a book: they may lock or cross what the others show.
    """
    grid, unfit = run.executor.run.market.grid, False
    taking: set[str] = set()
    replayed = make_executor(run.executor.algorithm, params)
    for event, answer in run.journal.entries:
        if isinstance(event, Started | MarketChanged):
            grid = event.market.grid
        elif isinstance(event, BookChanged):
            others = replayed.desk.children.removed_from(event.book, event.foreign)
            unfit = others is None or others.state in _UNFIT
        replayed.handle(event)
        for intent in answer:
            if isinstance(intent, SubmitOrder | AmendOrder):
                if intent.price not in grid:
                    yield f"{intent.client_id} is off the grid"
                if unfit:
                    yield f"{intent.client_id} was sent on an unfit book"
            if isinstance(intent, SubmitOrder) and intent.time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL:
                if intent.client_id in taking:
                    yield f"{intent.client_id} takes, and was sent twice"
                taking.add(intent.client_id)


def wrong_result(run: PaperRun, recorded: int) -> Iterator[str]:
    """Say whether the result does not add up to what was asked for."""
    result = conclude(
        run.executor,
        finished_at=run.clock.now(),
        api=ApiUsage(),
        environment="paper",
        source=run.exchange.source,
        seed=None,
        parameters={},
        tags={},
    )
    if (result.filled, result.filled + result.unfilled) != (recorded, run.parent.quantity):
        yield f"the result has {result.filled} filled and {result.unfilled} unfilled"


def weather_report(scenes: Iterator[Scene]) -> tuple[list[str], Counter[str], Counter[Happening]]:
    """Play scenes and return what was wrong, how runs ended, and what went wrong on the way."""
    complaints: list[str] = []
    endings: Counter[str] = Counter()
    faults: Counter[Happening] = Counter()
    for scene in scenes:
        run, happened = play(scene)
        faults += happened
        endings["raised" if run.finish is None else run.finish.reason.value] += 1
        complaints += [f"{scene}: {text}" for text in wrong(run, scene.params)]
    return complaints, endings, faults


@pytest.mark.parametrize(("algorithm", "outcome", "action"), COMBINATIONS)
def test_a_storm_costs_neither_money_nor_orders(algorithm: str, outcome: Outcome, action: Action) -> None:
    """Position = recorded fills <= requested, nothing rests, cap and grid hold, the journal replays; doubt is the exception."""
    first = 1_000 * COMBINATIONS.index((algorithm, outcome, action))
    complaints, endings, _ = weather_report(draw(seed, algorithm, outcome, action) for seed in range(first, first + RUNS_EACH))

    assert [] == complaints
    assert RUNS_EACH == endings.total()
    assert endings[Reason.IN_DOUBT.value] <= 1


ONCE = Scene(
    seed=9_000_942,
    algorithm="dynamic_depth_walker",
    params=DynamicDepthWalkerParams(timeout_seconds=30.0, max_slippage=0.0, end_action=EndAction.CANCEL),
    outcome=Outcome.NO,
    action=Action.BUY,
    ticker=RECORDED,
    structure="deci_cent",
    quantity=12_345,
    weather=FaultPlan(seed=9_000_943, lag_seconds=0.4),
    meddler="other orders",
    when=9.56834763170242,
    old=None,
)


@pytest.mark.parametrize(
    "scene",
    [
        ONCE,
        replace(
            ONCE,
            seed=9_001_053,
            params=DynamicDepthWalkerParams(timeout_seconds=30.0, end_action=EndAction.CANCEL),
            outcome=Outcome.YES,
            action=Action.SELL,
            structure="tapered_deci_cent",
            weather=FaultPlan(
                seed=9_001_054,
                reads=0.1,
                lag_seconds=0.4,
                times=(TimedFault(at=23.750153070200962, fault=FaultKind.MARKET_CLOSE, seconds=1.3084755475427736),),
            ),
            when=1.809552440181711,
        ),
    ],
)
def test_a_storm_that_once_cost_a_run(scene: Scene) -> None:
    """An order sent while ended ones were being read once ended the run."""
    complaints, _, _ = weather_report(iter([scene]))
    assert [] == complaints


def test_the_storm_has_every_fault() -> None:
    """What the storm says it does, it does: no kind of fault is missing from a heavy one."""
    scene = draw(7, "dynamic_depth_walker", Outcome.YES, Action.BUY)
    reads = {(True, kind) for kind in PASSING if concerns(kind, Calls.READ)}
    wanted = reads | {(False, kind) for kind in PASSING}
    happened: set[tuple[bool, FaultKind]] = set()
    for seed in range(20):
        storms: list[FaultTransport] = []
        heavy = FaultPlan(seed=seed, writes=0.9, reads=0.5)
        paper_run(make_executor(scene.algorithm, scene.params), quantity=20_000, seed=seed, wrap=stormy(heavy, storms))
        happened |= {(sort is Calls.READ, kind) for sort, kind in storms[0].happened}
        if happened >= wanted:
            break

    assert wanted == happened


def test_the_scenes_have_every_way_of_going_wrong() -> None:
    """What is drawn covers all that happens to an exchange, recorded markets, foreign orders, long horizons and old books."""
    scenes = [draw(seed, *COMBINATIONS[seed % len(COMBINATIONS)]) for seed in range(400)]
    timed = {each.fault for scene in scenes for each in scene.weather.times}
    called = {each.fault for scene in scenes for each in scene.weather.calls}

    assert timed >= {*OF_THE_EXCHANGE, FaultKind.THROTTLED, FaultKind.CLOCK_SKEW}
    assert called >= {FaultKind.UNFUNDED, FaultKind.LATE}
    assert {"PAPER-THIN", "PAPER-MODERATE", "PAPER-LIQUID", RECORDED} == {scene.ticker for scene in scenes}
    assert {"nobody", "stop", "cancel elsewhere", "coarser grid", "other orders"} == {scene.meddler for scene in scenes}
    assert max(scene.params.timeout_seconds for scene in scenes) > in_seconds(LONGEST_LIFE)
    assert any(scene.old is not None for scene in scenes)


@pytest.mark.soak
@pytest.mark.skipif(
    not SOAK_RUNS, reason="DEPTHWALK_STORM_RUNS says how many runs; the short storm is always part of the suite"
)
@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_long_storm_costs_neither_money_nor_orders(block: int) -> None:
    """As the short one, as many runs as asked for; doubt stays below one run in a hundred."""
    seeds = range(SOAK_FIRST, SOAK_FIRST + SOAK_RUNS)[block::BLOCKS]
    complaints, endings, _ = weather_report(draw(seed, *COMBINATIONS[seed % len(COMBINATIONS)]) for seed in seeds)

    assert [] == complaints
    assert len(seeds) == endings.total()
    assert endings[Reason.IN_DOUBT.value] <= 1 + len(seeds) // 100
