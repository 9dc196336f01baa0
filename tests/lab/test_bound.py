"""The bounds: what is on the clairvoyant's menu, written down by hand; every limit tried; no arm better than both for long."""

import os
import pickle
from dataclasses import replace
from statistics import fmean

import pytest

from depthwalk.analysis.bounds import BEST_LIMIT, BEST_LIMIT_NET, BOUNDS, CLAIRVOYANT
from depthwalk.analysis.trials import Trial
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.order import Action, Side
from depthwalk.domain.units import CENT, CONTRACT, Money, Price, Quantity
from depthwalk.executors.registry import default_parameters
from depthwalk.executors.simple_limit import SimpleLimitParams
from depthwalk.executors.state import EndAction
from depthwalk.lab.bound import (
    DEEPEST,
    BoundTask,
    ConstantLimit,
    Menu,
    bounds,
    cap,
    clairvoyant,
    constant_limits,
)
from depthwalk.lab.running import Arm, Order, WarmWorld, completing_book, exchange_of, play, run
from depthwalk.lab.worlds import CLASSES, TICKER, WORLDS, setting
from depthwalk.simulation.flow import Exogenous, InformedTaker, NoiseTaker, ProviderOrder
from tests.support.lab_worlds import MIRROR, DiaryWorld, MadeWorld, at, levels, plain_setting

CAP = 0.025
LADDER = [(Side.BUY, 48, 10), (Side.SELL, 52, 5), (Side.SELL, 53, 5), (Side.SELL, 54, 5)]
LATE = at(400)
EVENTS: list[Exogenous] = [
    ProviderOrder(at(1), 0, Side.SELL, 0.5, Quantity(2 * CONTRACT), LATE),  # offers 2 at 51
    NoiseTaker(at(2), Side.SELL, Quantity(3 * CONTRACT), 2.5),  # sells 3 at 48
    InformedTaker(at(3), Quantity(4 * CONTRACT)),  # would have sold 4 at 51
    NoiseTaker(at(4), Side.SELL, Quantity(10 * CONTRACT), 3.0),  # sells 7 at 48, and 3 more would have gone for 47
    ProviderOrder(at(5), 4, Side.SELL, 5.0, Quantity(9 * CONTRACT), LATE),  # offers at 55, beyond the cap
    NoiseTaker(at(6), Side.BUY, Quantity(1 * CONTRACT), 2.0),  # another buyer
    ProviderOrder(at(7), 8, Side.BUY, 1.5, Quantity(8 * CONTRACT), LATE),  # a bid at 48
    ProviderOrder(at(8), 12, Side.SELL, -2.5, Quantity(1 * CONTRACT), LATE),  # offers at 48 and meets that bid
    NoiseTaker(at(40.001), Side.SELL, Quantity(50 * CONTRACT), 9.0),  # comes too late
]
MENU = [(47, 3), (48, 3), (48, 7), (48, 1), (51, 2), (51, 4), (52, 5), (53, 5)]

THIN = setting(CLASSES["thin"], WORLDS["base"])
ONE_SIDED = 36
"""A seed of the thin class whose book has an empty side at the decision."""

WALKER = Arm(name="walker", algorithm="dynamic_depth_walker", params=default_parameters("dynamic_depth_walker"))
SIMPLE = Arm(name="simple_limit", algorithm="simple_limit", params=default_parameters("simple_limit"))


def _mirrored(event: Exogenous) -> Exogenous:
    """Return what happens in the same world seen by a seller: values stay, being worth half a dollar."""
    return event if isinstance(event, InformedTaker) else event._replace(side=MIRROR[event.side])  # type: ignore[union-attr] # no value steps here


def _world(contracts: int, action: Action = Action.BUY) -> MadeWorld:
    if action is Action.BUY:
        return MadeWorld(plain_setting(contracts), LADDER, EVENTS)
    mirrored = [(MIRROR[side], 100 - cents, count) for side, cents, count in LADDER]
    return MadeWorld(
        plain_setting(contracts), mirrored, [_mirrored(event) for event in EVENTS], order=Order(action=Action.SELL)
    )


def _menu(world: MadeWorld, contracts: int) -> list[tuple[int, int]]:
    menu = Menu(world, CAP)
    completing_book(exchange_of(world.setting, menu.book), menu.book, world.space)
    return levels(menu.cheapest(Quantity(contracts * CONTRACT)))


def _total(found: list[tuple[int, int]]) -> dict[int, int]:
    return {price: sum(count for other, count in found if other == price) for price, _ in found}


@pytest.mark.parametrize("action", Action)
def test_the_menu_is_all_one_could_have_had_within_the_cap(action: Action) -> None:
    """Offers at their limits, sales at their prices, rests at their reservations; a seller finds the same, mirrored."""
    assert _total(MENU) == _total(_menu(_world(100, action), 100))


def test_the_cheapest_comes_first_and_no_more_than_asked() -> None:
    """Of 12 contracts 3 come at 47 cents and 9 of the 11 at 48."""
    assert {47: 3, 48: 9} == _total(_menu(_world(12), 12))


@pytest.mark.parametrize("action", Action)
def test_the_clairvoyant_pays_the_menu_and_completes_the_rest_as_everybody(action: Action) -> None:
    """The menu's 30 contracts without fees; of the rest what the book offers at the horizon, or at its last price."""
    world = _world(32, action)
    trial = clairvoyant(world, CAP)
    paid = sum(price * count for price, count in MENU)
    assert (30 * CONTRACT, paid * CENT * CONTRACT) == (trial.filled, trial.paid)
    # Left at the horizon: asks at 51 (1 of 2 was taken by the buyer at 6 s), 52, 53, 54, 55; the rest of two takes 51 and 52.
    rest = (51 + 52) * CENT * CONTRACT
    arrival = 50 * CENT * 32 * CONTRACT
    assert (Money(paid * CENT * CONTRACT + rest - arrival), Money(0)) == (trial.shortfall, trial.fees)
    assert Money(paid * CENT * CONTRACT + 2 * 51 * CENT * CONTRACT - arrival) == trial.lenient
    assert 0 < trial.completion_fees


def test_the_cap_is_that_of_an_executor_at_the_same_book() -> None:
    """2.5 % above the best offer, in the prices of what is traded, on the grid."""
    assert (53 * CENT, 53 * CENT) == (cap(_world(12), CAP), cap(_world(12, Action.SELL), CAP))


@pytest.mark.parametrize("class_name", CLASSES)
def test_whatever_others_sold_could_have_been_bought_at_that_price_or_less(class_name: str) -> None:
    """At every price the menu has at least what the tape says was sold at it or below, and what was offered at the start."""
    for seed in range(3):
        world = WarmWorld(setting(CLASSES[class_name], WORLDS["base"]), seed)
        menu = Menu(world, CAP)
        exchange = exchange_of(world.setting, menu.book)
        offered = menu.book.book().asks
        exchange.advance(at(40), (TICKER,))
        sold = [(trade.price, trade.quantity) for trade in exchange.listings[TICKER].tape if trade.taker is Side.SELL]
        had = list(menu.cheapest(Quantity(10**9)))
        for price, _ in had:
            least = sum(quantity for other, quantity in (*sold, *offered) if other <= price)
            assert least <= sum(quantity for other, quantity in had if other <= price)


def test_an_onlooker_changes_nothing() -> None:
    """A world that is looked at ends with the book it would have had."""
    watched, plain = DiaryWorld(THIN, 3), WarmWorld(THIN, 3).fork()
    book = watched.fork()
    assert plain.advance(at(60)) == book.advance(at(60))
    assert (plain.book(), plain.value) == (book.book(), book.value)
    assert {ProviderOrder, NoiseTaker, InformedTaker} == {type(event) for event in watched.diaries[0].arrivals}


def test_an_onlooker_is_told_what_came_of_it() -> None:
    """An order that trades comes with its executions, an informed taker who stays away with none and no order."""
    told = []
    world = _world(12)
    book = world.fork(lambda event, order, events: told.append((event, order is not None, len(events))))
    book.advance(at(4.5))
    # The taker at 4 s takes the one bid, and his rest is removed.
    assert [(EVENTS[0], True, 0), (EVENTS[1], True, 1), (EVENTS[2], False, 0), (EVENTS[3], True, 2)] == told


# --- the best constant limit ---


def test_limits_are_tried_from_the_cap_to_two_cents_below_the_best_bid() -> None:
    """One a cent."""
    world = MadeWorld(plain_setting(12), LADDER)
    assert 53 - (48 - DEEPEST // CENT) + 1 == len(list(constant_limits(world, CAP)))


@pytest.mark.parametrize("seed", [2, 6, 13])
def test_the_best_limit_is_the_cheapest_of_them(seed: int) -> None:
    """Gross and net are chosen each by itself; on the latter two of these seeds they are not the same limit."""
    world = WarmWorld(THIN, seed)
    tried = list(constant_limits(world, CAP))
    _, gross, net = sorted(bounds(world, CAP), key=lambda trial: trial.arm != CLAIRVOYANT)
    assert (BEST_LIMIT, BEST_LIMIT_NET) == (gross.arm, net.arm)
    assert min(trial.shortfall for trial in tried if trial.shortfall is not None) == gross.shortfall
    assert min(trial.net for trial in tried if trial.net is not None) == net.net


@pytest.mark.parametrize("class_name", CLASSES)
def test_a_constant_limit_at_the_ask_is_the_simple_limit_with_forty_seconds(class_name: str) -> None:
    """Where nothing moves on the way there, the two are one and the same execution."""
    params = SimpleLimitParams(timeout_seconds=40.0, max_slippage=0.025, end_action=EndAction.CROSS)
    same = 0
    for seed in range(4):
        world = WarmWorld(setting(CLASSES[class_name], WORLDS["base"]), seed)
        simple = run(world, Arm(name="x", algorithm="simple_limit", params=params))
        limit = world.benchmark.best_ask
        assert limit is not None
        found = play(world, "x", ConstantLimit(limit, CAP))
        same += simple == found
    assert 3 <= same


def test_what_rested_in_vain_is_taken_at_the_end() -> None:
    """Nobody sells at 46 cents; at the end the 10 contracts within the cap are taken."""
    trial = play(MadeWorld(plain_setting(12), LADDER), "x", ConstantLimit(Price(46 * CENT), CAP))
    assert (10 * CONTRACT, 0) == (trial.filled, trial.maker)


def test_a_limit_beyond_the_cap_is_the_cap() -> None:
    """What somebody chose beforehand does not pass what the run allows."""
    trial = play(MadeWorld(plain_setting(12), LADDER), "x", ConstantLimit(Price(99 * CENT), CAP))
    assert (0, 10 * CONTRACT) == (trial.beyond_cap, trial.filled)


def test_a_finer_grid_is_tried_in_steps_of_a_cent() -> None:
    """A grid of a tenth of a cent takes no longer."""
    base = plain_setting(12)
    assert "deci_cent" in STRUCTURES
    fine = replace(base, structure="deci_cent")
    assert len(list(constant_limits(MadeWorld(base, LADDER), CAP))) == len(list(constant_limits(MadeWorld(fine, LADDER), CAP)))


# --- pieces ---


def _task(seeds: range) -> BoundTask:
    return BoundTask(setting=THIN, arms=(SIMPLE, WALKER), seeds=seeds, order=Order())


def test_a_piece_runs_the_arms_then_the_bounds_and_is_a_plain_value() -> None:
    """What came back from a copy that was sent somewhere is the same to the last digit; its name says what it was."""
    task = _task(range(7, 9))
    trials = task.run()
    assert [(seed, arm) for seed in (7, 8) for arm in ("simple_limit", "walker", *_names())] == [
        (trial.seed, trial.arm) for trial in trials
    ]
    assert trials == pickle.loads(pickle.dumps(task)).run()  # noqa: S301 - our own bytes
    assert "thin, base, seeds 7 to 8" == str(task)


def _names() -> tuple[str, ...]:
    return CLAIRVOYANT, BEST_LIMIT, BEST_LIMIT_NET


def test_the_bounds_have_the_widest_cap_of_the_arms() -> None:
    """An arm that may pay more than the bounds is not bounded by them."""
    wide = replace(SIMPLE, name="wide", params=SimpleLimitParams(max_slippage=0.08))
    world = WarmWorld(THIN, 6)
    for arms, widest in (((SIMPLE,), 0.02), ((SIMPLE, wide), 0.08), ((wide, SIMPLE), 0.08)):
        found = BoundTask(setting=THIN, arms=arms, seeds=range(6, 7), order=Order()).run()
        assert bounds(world, widest) == found[len(arms) :]
    assert all(one != other for one, other in zip(bounds(world, 0.02), bounds(world, 0.08), strict=True))


def test_a_world_that_begins_with_an_empty_side_has_no_bound() -> None:
    """There is no mid to measure against: nothing is told of such a seed."""
    assert WarmWorld(THIN, ONE_SIDED).benchmark.mid_twice is None
    assert [] == _task(range(ONE_SIDED, ONE_SIDED + 1)).run()


def test_the_bounds_lie_below_what_arms_reach() -> None:
    """On the mean far below; and on hardly a path is an arm cheaper than the clairvoyant."""
    by_arm: dict[str, list[Trial]] = {}
    for trial in _task(range(15)).run():
        by_arm.setdefault(trial.arm, []).append(trial)
    mean = {arm: fmean(trial.percent(trial.shortfall) or 0 for trial in trials) for arm, trials in by_arm.items()}
    assert mean[CLAIRVOYANT] < mean[BEST_LIMIT] < mean["walker"] < mean["simple_limit"]
    assert set(BOUNDS) < set(by_arm)
    cheaper = sum(
        (one.shortfall or 0) < (other.shortfall or 0) for one, other in zip(by_arm["walker"], by_arm[CLAIRVOYANT], strict=True)
    )
    assert cheaper <= 1


REFERENCE = {"liquid": (-0.06, 0.40, 24), "moderate": (-0.81, 0.19, 24), "thin": (-0.63, 0.53, 26)}
"""Of algorithms.md section 3.7: shortfall of the clairvoyant and of the best limit, what the walker captures, in percent."""


@pytest.mark.soak
@pytest.mark.parametrize("class_name", REFERENCE)
def test_the_bounds_are_those_of_the_reference(class_name: str) -> None:
    """Within its noise and ours, with the rest completed at the touch as there."""
    runs = int(os.environ.get("DEPTHWALK_LAB_SEEDS", "100"))
    task = BoundTask(
        setting=setting(CLASSES[class_name], WORLDS["base"]), arms=(SIMPLE, WALKER), seeds=range(runs), order=Order()
    )
    by_arm: dict[str, list[float]] = {}
    for trial in task.run():
        by_arm.setdefault(trial.arm, []).append(trial.percent(trial.lenient) or 0)
    mean = {arm: fmean(values) for arm, values in by_arm.items()}
    known, limit, share = REFERENCE[class_name]
    noise = 4.5 * runs**-0.5
    assert known == pytest.approx(mean[CLAIRVOYANT], abs=noise)
    assert limit == pytest.approx(mean[BEST_LIMIT], abs=noise)
    captured = 100 * (mean["simple_limit"] - mean["walker"]) / (mean["simple_limit"] - mean[CLAIRVOYANT])
    assert share == pytest.approx(captured, abs=80 * runs**-0.5)
