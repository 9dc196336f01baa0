from dataclasses import replace

import pytest

from depthwalk.analysis.trials import STEPS
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.units import ONE, Instant
from depthwalk.executors.registry import default_parameters
from depthwalk.lab.running import START, Arm, Order, WarmWorld, run_seed
from depthwalk.lab.tasks import tasks
from depthwalk.lab.worlds import BASE, CLASSES, WORLDS, setting

SETTING = setting(CLASSES["moderate"], WORLDS[BASE])
ARMS = [Arm(name=name, algorithm=name, params=default_parameters(name)) for name in ("simple_limit", "dynamic_depth_walker")]


def test_following_the_mid_changes_nothing_else() -> None:
    """With and without paths the trials are the same but for the path, which all arms of a seed share."""
    plain, followed = run_seed(SETTING, 3, ARMS), run_seed(SETTING, 3, ARMS, paths=True)

    assert plain == [replace(each, benchmark=replace(each.benchmark, path=())) for each in followed]
    assert 1 == len({each.benchmark.path for each in followed})


def test_a_path_is_the_mid_of_a_world_nobody_trades_in() -> None:
    """At each step it is twice the mid there, less twice the mid at the decision."""
    world = WarmWorld(SETTING, 5)
    world.follow()
    book, start = world.fork(), world.benchmark.mid_twice

    assert start is not None
    for step, change in zip(STEPS, world.benchmark.path, strict=True):
        book.advance(Instant(START + step))
        bid, ask = book.best
        assert change == (None if bid is None or ask is None else bid + ask - start)
    assert any(world.benchmark.path)


def test_a_seller_sees_the_path_mirrored() -> None:
    """What rises for a buyer falls for a seller of the same contract."""
    buyer, seller = WarmWorld(SETTING, 5), WarmWorld(SETTING, 5, Order(action=Action.SELL))
    buyer.follow()
    seller.follow()

    assert [None if each is None else -each for each in buyer.benchmark.path] == list(seller.benchmark.path)


def test_a_sellers_percents_are_of_what_he_sells() -> None:
    """Selling YES and buying NO are one execution, and a cent is not the same part of the two contracts."""
    arm = ARMS[0]
    (sold,), (bought,) = (
        run_seed(SETTING, 3, [arm], order=order) for order in (Order(action=Action.SELL), Order(outcome=Outcome.NO))
    )
    assert bought.benchmark.mid_twice is not None
    yes, no = 2 * ONE - bought.benchmark.mid_twice, bought.benchmark.mid_twice
    assert sold.shortfall == bought.shortfall
    assert (sold.percent(sold.shortfall) or 0) * yes == pytest.approx((bought.percent(bought.shortfall) or 0) * no)
    assert (sold.slippage or 0) * yes == pytest.approx((bought.slippage or 0) * no)


def test_what_was_filled_by_when_ends_at_what_was_filled() -> None:
    """It never falls; nothing is filled at the decision, all of it at the last step; the last fill lies where it says."""
    for trial in run_seed(SETTING, 3, ARMS):
        assert sorted(trial.filled_by) == list(trial.filled_by)
        assert (0, trial.filled) == (trial.filled_by[0], trial.filled_by[-1])
        assert trial.last_fill is not None
        done = [step for step, filled in zip(STEPS, trial.filled_by, strict=True) if filled == trial.filled]
        assert 0 <= done[0] - trial.last_fill < STEPS[1]


def test_tasks_follow_the_mid_only_if_asked() -> None:
    """Paths cost a run of the market a seed: who does not draw them does not pay."""
    for paths in (False, True):
        (task,) = tasks([SETTING], ARMS[:1], range(1), paths=paths)
        assert paths == any(trial.benchmark.path for trial in task.run())
