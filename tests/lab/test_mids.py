"""The mid of a run, noted once a second: which sample counts for which moment."""

from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.order import Side
from depthwalk.domain.units import CONTRACT, SECOND, Instant, Quantity
from depthwalk.executors.simple_limit import LimitRule, SimpleLimitParams
from depthwalk.lab.measuring import Mids
from depthwalk.lab.running import START, Arm, Touch, WarmWorld, _Sampled, run
from depthwalk.lab.worlds import CLASSES, WORLDS, setting
from depthwalk.simulation.flow import NoiseTaker, ProviderOrder
from tests.support.lab_worlds import MadeWorld, at, plain_setting


@pytest.mark.parametrize(
    ("moment", "before", "after"),
    [
        (-1, None, 10),
        (0, None, 10),
        (1, 10, 11),
        (SECOND - 1, 10, 11),
        (SECOND, 10, 11),
        (SECOND + 1, 11, None),
        (2 * SECOND, 11, None),
        (2 * SECOND + 1, None, 13),
        (3 * SECOND, None, 13),
        (3 * SECOND + 1, 13, None),
        (90 * SECOND, 13, None),
    ],
)
def test_before_is_strictly_before_and_after_may_be_the_moment_itself(
    moment: int, before: int | None, after: int | None
) -> None:
    """Samples at 0, 1, 2 and 3 seconds; at 2 a side was empty. Before the first and after the last there is none."""
    mids = Mids(START, SECOND, [10, 11, None, 13])
    assert (before, after) == (mids.before(Instant(START + moment)), mids.after(Instant(START + moment)))


@cache
def _world() -> WarmWorld:
    return WarmWorld(setting(CLASSES["thin"], WORLDS["base"]), 8)


@cache
def _alone() -> Sequence[Touch]:
    """Return the touch at every full second of a world that is moved on second by second."""
    book, touches = _world().fork(), list[Touch]()
    for second in range(45):
        book.advance(Instant(START + second * SECOND))
        touches.append(book.best)
    return touches


@given(st.lists(st.integers(0, 44 * SECOND), max_size=20))
def test_the_touch_is_noted_every_second_however_the_book_is_moved_on(moments: list[int]) -> None:
    """One sample for each full second from the decision on, as the book was then."""
    book = _Sampled(_world().fork())
    for moment in sorted(moments):
        book.advance(Instant(START + moment))
        assert _alone()[: moment // SECOND + 1] == book.touches


def test_the_touches_are_not_all_one() -> None:
    """Else no sample could be told from another."""
    assert len(set(_alone())) > 3


LATE = at(1_000)
EVENTS = (
    ProviderOrder(at(0.7), 0, Side.SELL, 3.0, Quantity(CONTRACT), LATE),  # offers at 53: a mid of 50.5 at 1 s
    ProviderOrder(at(1.4), 4, Side.SELL, 2.0, Quantity(CONTRACT), LATE),  # at 52: 50 from now on
    NoiseTaker(at(1.5), Side.SELL, Quantity(15 * CONTRACT), 2.0),  # sells 15 at 48, the last 5 to us: 49 from now on
    ProviderOrder(at(6.8), 8, Side.SELL, 1.0, Quantity(CONTRACT), LATE),  # at 51: 48.5 at 7 s
    ProviderOrder(at(7.5), 12, Side.BUY, 3.0, Quantity(CONTRACT), LATE),  # bids 47: 49 from 8 s on
)


def test_drift_and_mark_outs_are_of_the_right_seconds() -> None:
    """Five are bought at 48 after 1.5 s: the mid before is that of 1 s, what they were worth after 5 s that of 7 s."""
    levels = [(Side.BUY, 48, 10), (Side.BUY, 46, 10), (Side.SELL, 54, 10)]
    bidding = Arm(name="bid", algorithm="simple_limit", params=SimpleLimitParams(limit_rule=LimitRule.BID))
    trial = run(MadeWorld(plain_setting(5), levels, EVENTS), bidding)
    assert (Quantity(5 * CONTRACT), 1_500_000) == (trial.filled, trial.first_fill)
    assert (5 * (4_800 - 5_050) * CONTRACT, 5 * (5_050 - 5_100) * CONTRACT) == (trial.spread, trial.drift)
    assert (0.5, 1.0, None) == trial.mark_outs
