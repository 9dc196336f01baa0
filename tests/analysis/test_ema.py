"""The exponential mean and the dry-up signal on it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.analysis.ema import dries_up, ema

values = st.floats(-1e6, 1e6)
alphas = st.floats(0.01, 1.0)


def test_the_first_observation_stands_for_itself() -> None:
    """There is nothing to weigh it against; a mean of 0 is an observation like any other."""
    assert 20.0 == ema(None, 20.0, 0.3)
    assert 6.0 == ema(0.0, 20.0, 0.3)


def test_an_exponential_mean_by_hand() -> None:
    """Alpha 0.3: 100, then 50, then 50 gives 100, 85, 74.5."""
    second = ema(ema(None, 100.0, 0.3), 50.0, 0.3)

    assert pytest.approx(85.0) == second
    assert pytest.approx(74.5) == ema(second, 50.0, 0.3)


def test_alpha_one_forgets_at_once() -> None:
    """The mean is the last observation."""
    assert 7.0 == ema(1_000.0, 7.0, 1.0)


@given(previous=values, value=values, alpha=alphas)
def test_the_mean_lies_between_what_was_and_what_is(previous: float, value: float, alpha: float) -> None:
    """It never overshoots, and a steady value stays (to a float's last digits)."""
    mean, slack = ema(previous, value, alpha), 1e-6

    assert min(previous, value) - slack <= mean <= max(previous, value) + slack


@pytest.mark.parametrize(
    ("depth", "before", "threshold", "expected"),
    [
        (50.0, 100.0, 0.5, True),  # exactly half of what it was
        (50.01, 100.0, 0.5, False),
        (0.0, 100.0, 1.0, True),
        (1.0, 100.0, 1.0, False),
        (80.0, 100.0, 0.2, True),
        (200.0, 100.0, 0.5, False),
    ],
)
def test_depth_dries_up_at_the_threshold(depth: float, before: float, threshold: float, expected: bool) -> None:
    """A fall by the share *threshold* of the mean of before, or more."""
    assert expected is dries_up(depth, before, threshold)


def test_the_first_book_cannot_dry_up() -> None:
    """Without a mean of before, even an empty ladder says nothing."""
    assert not dries_up(0.0, None, 0.5)
