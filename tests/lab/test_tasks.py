"""Work cut into pieces: every seed of every setting once, and no arm with more time than the others may have."""

import pytest

from depthwalk.analysis.trials import MARK_OUTS
from depthwalk.domain.order import Action
from depthwalk.domain.units import ONE, Duration
from depthwalk.errors import UsageError
from depthwalk.executors.simple_limit import SimpleLimitParams
from depthwalk.lab.bound import BoundTask
from depthwalk.lab.running import HORIZON, Arm, Order
from depthwalk.lab.tasks import LONGEST, Task, tasks
from depthwalk.lab.worlds import CLASSES, WORLDS, setting

SETTINGS = [setting(CLASSES["thin"], WORLDS[name]) for name in ("base", "toxic")]


def _arm(seconds: float) -> Arm:
    return Arm(name="patient", algorithm="simple_limit", params=SimpleLimitParams(timeout_seconds=seconds))


def test_every_seed_of_every_setting_is_there_once() -> None:
    """Setting by setting, in blocks of which the last is shorter."""
    found = tasks(SETTINGS, [_arm(LONGEST)], range(3, 10), block=3)
    blocks = [range(3, 6), range(6, 9), range(9, 10)]
    assert [(each, block) for each in SETTINGS for block in blocks] == [(task.setting, task.seeds) for task in found]


def test_a_piece_does_what_was_asked_for() -> None:
    """A seller meets the mirrored book of the same world; mark-outs come with the time that they need."""
    plain, sold = (
        Task(setting=SETTINGS[0], arms=(_arm(LONGEST),), seeds=range(1), order=order, until=until).run()[0]
        for order, until in ((Order(), HORIZON), (Order(action=Action.SELL), Duration(HORIZON + max(MARK_OUTS))))
    )
    assert plain.benchmark.best_ask is not None
    assert sold.benchmark.best_bid == ONE - plain.benchmark.best_ask
    assert (None, True) == (plain.mark_outs[-1], sold.mark_outs[-1] is not None)


def test_more_time_is_no_better_algorithm() -> None:
    """Who trades on when the others' rest has been completed is refused, wherever arms are run."""
    arm = _arm(LONGEST + 1)
    said = "patient: found timeout_seconds 41; allowed: at most 40, as the rest of every arm is completed 44 s after"
    with pytest.raises(UsageError, match=said):
        tasks(SETTINGS, [arm], range(5))
    with pytest.raises(UsageError, match=said):
        BoundTask(setting=SETTINGS[0], arms=(arm,), seeds=range(5), order=Order())
