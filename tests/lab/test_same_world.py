"""What makes a comparison honest: one world for all arms, no arm that changes what comes or knows it, and nothing lost in it.

Behind the marker `soak`: DEPTHWALK_LAB_RUNS examples of each property (100).
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthwalk.domain.messages import Look
from depthwalk.domain.order import Action, Outcome, Side, TimeInForce
from depthwalk.domain.units import CONTRACT, SECOND, Duration, Instant, Price, Quantity, seconds
from depthwalk.executors.left_alone import LeftAlone
from depthwalk.executors.registry import ALGORITHMS
from depthwalk.executors.state import BaseParams, EndAction, Quote, Situation
from depthwalk.lab.running import START, Arm, Order, WarmWorld, exchange_of, play, run, run_seed
from depthwalk.lab.worlds import CLASSES, TICKER, WORLDS, setting
from depthwalk.paper.trading import NewOrder
from tests.support.lab_rig import Ran, in_the_lab, resting
from tests.support.lab_worlds import DiaryWorld, spliced
from tests.support.parameters import any_parameters, lineup

THIN = setting(CLASSES["thin"], WORLDS["base"])
ARMS = [Arm(name=arm, algorithm=name, params=params) for arm, (name, params) in lineup().items()]
ORDERS = [Order(outcome=outcome, action=action) for outcome in Outcome for action in Action]
SOAK = int(os.environ.get("DEPTHWALK_LAB_RUNS", "100"))


@dataclass(frozen=True, kw_only=True)
class _IdleParams(BaseParams):
    timeout_seconds: float = 40.0
    max_slippage: float = 0.025
    end_action: EndAction = EndAction.CANCEL


class Idle(LeftAlone):
    """Looks at the book once a second, and never sends an order."""

    algorithm: ClassVar[str] = "idle"
    check: ClassVar[Duration] = seconds(1)

    @property
    def look(self) -> Look:
        """The whole book."""
        return Look.BOOK

    def divide(self, situation: Situation) -> Sequence[Quantity]:
        """Return the whole quantity."""
        return (situation.quantity,)

    def choose(self, situation: Situation) -> Sequence[Quote]:  # noqa: ARG002 - whatever is there
        """Want nothing."""
        return ()


# --- one world for all ---


@pytest.mark.parametrize("world_name", WORLDS)
@pytest.mark.parametrize("class_name", CLASSES)
def test_who_does_nothing_leaves_the_world_as_it_is(class_name: str, world_name: str) -> None:
    """Every arrival, order, trade, best price and value, and the book at every second, to the last bit."""
    world = DiaryWorld(setting(CLASSES[class_name], WORLDS[world_name]), 21)
    trial = play(world, "idle", Idle(_IdleParams()))
    end = Instant(START + 44 * SECOND)
    world.fork().advance(end)
    looked_at, alone = world.diaries
    assert alone.pages == looked_at.pages
    assert (0, 40) == (trial.filled, min(trial.api.calls, 40))


@pytest.mark.parametrize("class_name", CLASSES)
def test_the_same_comes_to_every_arm(class_name: str) -> None:
    """Whoever trades, however much: who arrives when with what is the same; what becomes of it is not."""
    world = DiaryWorld(setting(CLASSES[class_name], WORLDS["base"]), 22)
    for arm in ARMS:
        run(world, arm)
    first, *others = world.diaries
    for other in others:
        assert first.arrivals == other.arrivals
    assert any(first.pages != other.pages for other in others)


def test_a_seed_is_the_same_world_every_time_and_another_seed_another() -> None:
    """Built anew, the world has the same book and the same future."""
    pages = []
    for seed in (23, 23, 24):
        world = DiaryWorld(THIN, seed)
        world.fork().advance(Instant(START + 60 * SECOND))
        pages.append(world.diaries[0].pages)
    assert pages[0] == pages[1] != pages[2]


@pytest.mark.parametrize("class_name", ["thin", "moderate"])
def test_the_order_of_the_arms_does_not_matter(class_name: str) -> None:
    """Backwards, or each in a world of its own: the same trials."""
    place = setting(CLASSES[class_name], WORLDS["toxic"])
    forwards = run_seed(place, 25, ARMS)
    assert forwards == run_seed(place, 25, ARMS[::-1])[::-1]
    assert forwards[:3] == [trial for arm in ARMS[:3] for trial in run_seed(place, 25, [arm])]


def _order(key: int, price: Price) -> NewOrder:
    return NewOrder(
        key=key,
        side=Side.BUY,
        price=price,
        quantity=Quantity(5 * CONTRACT),
        time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
    )


def test_forks_do_not_touch_each_other() -> None:
    """Two that are moved on in turns, one of them swept by an agent, are the two that are moved on alone."""
    world = WarmWorld(THIN, 26)
    one, other, alone = world.fork(), world.fork(), world.fork()
    expected = alone.advance(Instant(START + 30 * SECOND))
    found = []
    for second in range(1, 31):
        now = Instant(START + second * SECOND)
        one.advance(now)
        ask = one.best[1]
        if ask is not None:
            one.submit(now, _order(-second, ask))
        found += other.advance(now)
    assert expected == found
    assert (alone.book(), alone.value) == (other.book(), other.value)
    assert one.book() != other.book()


# --- nothing of the future ---


PARTINGS = (2.0, 9.5, 21.0, 38.0)
"""When two worlds part, in seconds after the decision."""


@pytest.mark.parametrize("place", range(len(ARMS)), ids=[arm.name for arm in ARMS])
def test_nobody_knows_the_future(place: int) -> None:
    """Two worlds are one until they part: what an arm is told and does before that moment is the same in both."""
    arm, lab_class = ARMS[place], list(CLASSES.values())[place % 3]
    place_of_it = setting(lab_class, WORLDS["base"])
    parting = Instant(START + seconds(PARTINGS[place % 4]))
    one, other = (in_the_lab(spliced(place_of_it, 31, seed, parting=parting), arm.algorithm, arm.params) for seed in (31, 77))
    assert _before(one, parting) == _before(other, parting)


def test_the_worlds_do_part() -> None:
    """Else there would be nothing to know: after two seconds nearly all arms find something else."""
    parting = Instant(START + 2 * SECOND)
    worlds = [spliced(setting(CLASSES["moderate"], WORLDS["base"]), 31, seed, parting=parting) for seed in (31, 77)]
    found = [[in_the_lab(world, arm.algorithm, arm.params).told for world in worlds] for arm in ARMS]
    assert len(ARMS) - 2 <= sum(one != other for one, other in found)


def _before(ran: Ran, parting: Instant) -> list[object]:
    fills = [fill for fill in ran.fills if fill[0] < parting]
    return [*(told for told in ran.told if told[0].at < parting), fills]


def test_the_benchmark_is_of_the_moment_of_the_decision() -> None:
    """Whatever comes later, the mid an arm is measured against is the same."""
    now = Instant(START + 1)
    one, other = (spliced(THIN, 32, seed, parting=now) for seed in (32, 78))
    assert one.benchmark == other.benchmark
    assert one.fork().advance(Instant(START + 40 * SECOND)) != other.fork().advance(Instant(START + 40 * SECOND))


# --- nothing is lost ---


@st.composite
def _executions(draw: st.DrawFn) -> tuple[WarmWorld, str, BaseParams]:
    name = draw(st.sampled_from(list(ALGORITHMS)))
    place = setting(CLASSES[draw(st.sampled_from(list(CLASSES)))], WORLDS[draw(st.sampled_from(list(WORLDS)))])
    world = WarmWorld(place, draw(st.integers(0, 10**6)), draw(st.sampled_from(ORDERS)))
    return world, name, draw(any_parameters(name, timeout_seconds=(4.0, 12.0, 40.0)))


def _check_conserved(world: WarmWorld, name: str, params: BaseParams) -> None:
    ran = in_the_lab(world, name, params)
    fills, account = [record.fill for record in ran.exchange.ledger.fills], ran.exchange.account
    side = world.parent.side
    bought = sum(fill.quantity for fill in fills)
    assert side.sign * bought == account.position(TICKER).quantity
    # A buyer of the leg pays its price, a seller what is left of the dollar.
    paid = sum(fill.quantity * (fill.price if side is Side.BUY else 10_000 - fill.price) for fill in fills)
    assert exchange_of(world.setting, world.fork()).account.cash - paid - sum(fill.fee for fill in fills) == account.cash
    tape = {trade.trade_id: trade.quantity for trade in ran.exchange.listings[TICKER].tape}
    assert all(tape[fill.fill_id] == fill.quantity for fill in fills)
    orders = ran.exchange.ledger.orders()
    assert bought == sum(order.filled for order in orders)
    assert 0 == resting(ran)
    assert bought <= world.parent.quantity
    trial = play(world, "x", ALGORITHMS[name].executor(params))
    assert (0, 0, 0) == (trial.overfilled, trial.orphans, trial.beyond_cap)
    assert (bought, sum(fill.fee for fill in fills)) == (trial.filled, trial.fees)
    if trial.shortfall is not None:
        assert trial.shortfall == (trial.spread or 0) + (trial.drift or 0) + (trial.opportunity or 0)


@settings(max_examples=25)
@given(_executions())
def test_contracts_cash_and_fees_are_conserved_and_no_limit_is_passed(drawn: tuple[WarmWorld, str, BaseParams]) -> None:
    """Any algorithm, any parameters, any class, world, contract and side."""
    _check_conserved(*drawn)


@pytest.mark.soak
@settings(max_examples=SOAK)
@given(_executions())
def test_the_same_many_times(drawn: tuple[WarmWorld, str, BaseParams]) -> None:
    """As above."""
    _check_conserved(*drawn)
