"""The mid of a run, noted once a second: which sample counts for which moment."""

from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.units import SECOND, Instant
from depthwalk.lab.measuring import Mids
from depthwalk.lab.running import START, Touch, WarmWorld, _Sampled
from depthwalk.lab.worlds import CLASSES, WORLDS, setting


@pytest.mark.parametrize(
    ("at", "before", "after"),
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
def test_before_is_strictly_before_and_after_may_be_the_moment_itself(at: int, before: int | None, after: int | None) -> None:
    """Samples at 0, 1, 2 and 3 seconds; at 2 a side was empty. Before the first and after the last there is none."""
    mids = Mids(START, SECOND, [10, 11, None, 13])
    assert (before, after) == (mids.before(Instant(START + at)), mids.after(Instant(START + at)))


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
