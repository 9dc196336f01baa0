"""The laboratory is the paper stack without HTTP: same events, same decisions, same fills, same requests, to the microsecond.

One thing differs and is meant to: the client guesses the venue's clock from headers that name whole seconds, so an expiry may
be a second off. It lies 15 seconds behind the end of the run, where nothing of it rests any more.

A sample in the suite; behind the marker `soak` as many drawn executions as DEPTHWALK_LAB_RUNS says (40; about five a second).
"""

import os
from random import Random

import pytest

from depthwalk.domain.messages import AmendRejected, TapeRead
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.units import SECOND
from depthwalk.errors import RefusalReason
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalkerParams
from depthwalk.executors.registry import ALGORITHMS
from depthwalk.executors.state import BaseParams, EndAction
from depthwalk.kalshi.throttle import Throttle
from depthwalk.lab.running import START, Order, WarmWorld
from depthwalk.lab.worlds import CLASSES, WORLDS, setting
from tests.support.lab_rig import Ran, in_the_lab, listening, on_paper, resting
from tests.support.laws import PLAIN
from tests.support.parameters import drawn_parameters, lineup

ARMS = lineup()
ORDERS = [Order(outcome=outcome, action=action) for outcome in Outcome for action in Action]


def _assert_same(lab: Ran, paper: Ran) -> None:
    assert [event for event, _ in paper.told] == [event for event, _ in lab.told]
    assert paper.told == lab.told
    assert (paper.fills, paper.usage, paper.ended_at) == (lab.fills, lab.usage, lab.ended_at)
    assert _orders(paper) == _orders(lab)
    for one, other in zip(_expiries(paper), _expiries(lab), strict=True):
        assert (0, True) == (other % SECOND, abs(one - other) <= SECOND)
    assert (paper.exchange.account_state(), 0) == (lab.exchange.account_state(), resting(lab))


def _orders(ran: Ran) -> list[tuple[object, ...]]:
    orders = ran.exchange.ledger.orders()
    return [(each.client_id, each.created_at, each.updated_at, each.price, each.total, each.status) for each in orders]


def _expiries(ran: Ran) -> list[int]:
    return [each.expires_at or 0 for each in ran.exchange.ledger.orders()]


@pytest.mark.parametrize("place", range(len(ARMS)), ids=list(ARMS))
def test_every_algorithm_and_profile_trades_alike(place: int) -> None:
    """Each in a class, a side and an action of its own; all of them together see all of these."""
    name, params = list(ARMS.values())[place]
    world = WarmWorld(setting(list(CLASSES.values())[place % 3], WORLDS["base"]), 100 + place, ORDERS[place % 4])
    lab = in_the_lab(world, name, params)
    _assert_same(lab, on_paper(world, name, params))
    assert lab.told


def test_the_sample_trades_at_all() -> None:
    """Not the same nothing twice: most of the sample is filled, some of it by resting and some by taking."""
    fills = []
    for place, (name, params) in enumerate(ARMS.values()):
        world = WarmWorld(setting(list(CLASSES.values())[place % 3], WORLDS["base"]), 100 + place, ORDERS[place % 4])
        fills += in_the_lab(world, name, params).fills
    assert {True, False} == {fill[3] for fill in fills}
    assert 3 * len(ARMS) <= len(fills)


def _drawn(rng: Random, world_name: str) -> tuple[WarmWorld, str, BaseParams]:
    lab_class, order = rng.choice(list(CLASSES.values())), rng.choice(ORDERS)
    world = WarmWorld(setting(lab_class, WORLDS[world_name]), rng.randrange(10**6), order)
    name = rng.choice(list(ALGORITHMS))
    return world, name, drawn_parameters(name, rng, timeout_seconds=(4.0, 12.0, 40.0))


@pytest.mark.parametrize("world_name", ["slow", "toxic", "drift", "maker-fees"])
def test_drawn_parameters_trade_alike_under_stress(world_name: str) -> None:
    """Where round trips take 0.6 seconds looks are given up half-way; that too happens at the same moment."""
    rng = Random(world_name)
    for _ in range(3):
        world, name, params = _drawn(rng, world_name)
        _assert_same(in_the_lab(world, name, params), on_paper(world, name, params))


@pytest.mark.parametrize("world_name", ["base", "slow"])
def test_who_reads_the_tape_reads_the_same(world_name: str) -> None:
    """Also where it takes too long: then the book is looked at without it, at the same moment."""
    params = DynamicDepthWalkerParams(trade_imbalance=True, timeout_seconds=20.0)
    world = WarmWorld(setting(CLASSES["liquid"], WORLDS[world_name]), 3)
    lab = in_the_lab(world, "dynamic_depth_walker", params)
    _assert_same(lab, on_paper(world, "dynamic_depth_walker", params))
    read = [event for event, _ in lab.told if isinstance(event, TapeRead) and event.trades]
    assert (world_name == "base") is bool(read)


def test_an_order_that_is_gone_when_it_is_amended_is_no_end_of_the_run() -> None:
    """The venue answers 404 to the amend of an order that was filled on the way; the run goes on."""
    world = WarmWorld(setting(CLASSES["moderate"], WORLDS["base"]), 0)
    name, params = "dynamic_depth_walker", DynamicDepthWalkerParams(**(PLAIN | {"split_ratios": (0.5, 0.3, 0.2)}))
    lab = in_the_lab(world, name, params)
    _assert_same(lab, on_paper(world, name, params))
    refused = [event.reason for event, _ in lab.told if isinstance(event, AmendRejected)]
    assert [RefusalReason.NOT_FOUND] == refused
    assert 30 * SECOND < lab.ended_at - START


def test_a_budget_that_makes_requests_wait_makes_them_wait_alike() -> None:
    """With 30 calls a minute the walker is late everywhere, and equally."""
    world = WarmWorld(setting(CLASSES["thin"], WORLDS["base"]), 4)
    name, params = "dynamic_depth_walker", DynamicDepthWalkerParams(**PLAIN)
    lab = in_the_lab(world, name, params, throttle=Throttle(calls_per_minute=30))
    _assert_same(lab, on_paper(world, name, params, throttle=Throttle(calls_per_minute=30)))
    assert lab.usage.calls < in_the_lab(world, name, params).usage.calls


def test_who_listens_changes_nothing() -> None:
    """The stand-in that writes down what an executor is told is that algorithm."""
    name, params = ARMS["twap"]
    executor, told = listening(name, params)
    assert isinstance(executor, type(ALGORITHMS[name].executor(params)))
    assert not told
    assert EndAction.CROSS is executor.base.end_action


@pytest.mark.soak
def test_many_drawn_executions_trade_alike() -> None:
    """Any algorithm with any parameters, in any class and world, on either side of either contract."""
    rng = Random(int(os.environ.get("DEPTHWALK_LAB_SEED", "1")))
    for _ in range(int(os.environ.get("DEPTHWALK_LAB_RUNS", "40"))):
        world, name, params = _drawn(rng, rng.choice(list(WORLDS)))
        _assert_same(in_the_lab(world, name, params), on_paper(world, name, params))
