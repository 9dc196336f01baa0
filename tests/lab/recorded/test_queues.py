import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.errors import UsageError
from depthwalk.lab.recorded.queues import BRACKET, PROBABILISTIC, RISK_AVERSE, QueueModel

SPREAD_EVENLY = QueueModel(name="even", cancels_ahead=True, power=1.0)


def test_the_risk_averse_reading_comes_forward_only_where_it_must() -> None:
    """A level that shrinks leaves us where we stood, until less than that is there."""
    assert [600, 600, 400] == [RISK_AVERSE.after_cancels(600, 1_000, gone) for gone in (0, 400, 600)]


def test_the_probabilistic_reading_by_hand() -> None:
    """3 contracts before and 7 behind: of 1.99 that cancel, log 8 / (log 4 + log 8) is behind, 1.194; so 0.79 is sure ahead."""
    assert math.isclose(0.6, math.log(8) / (math.log(4) + math.log(8)))
    assert 300 - 79 == PROBABILISTIC.after_cancels(300, 1_000, 199)


def test_the_first_power_spreads_evenly() -> None:
    """With f(x) = x half a level that cancels is half of what was ahead; what is not whole is rounded against us."""
    assert 150 == SPREAD_EVENLY.after_cancels(300, 1_000, 500)
    assert 3 == SPREAD_EVENLY.after_cancels(3, 10, 1)


def test_nothing_is_moved_past_the_level() -> None:
    """Where nobody stands behind us, who cancels stood before us; where nobody is ahead, nobody is afterwards."""
    assert [800, 0] == [PROBABILISTIC.after_cancels(1_000, 1_000, gone) for gone in (200, 1_000)]
    assert 0 == PROBABILISTIC.after_cancels(0, 1_000, 300)


def test_half_of_a_shrinking_best_is_read_as_traded() -> None:
    """The measured share, rounded down; none in the risk-averse reading."""
    assert [50, 0] == [model.volume(101) for model in (PROBABILISTIC, RISK_AVERSE)]


@pytest.mark.parametrize("wrong", [{"traded": -1}, {"traded": 1_000_001}, {"power": 0.0}, {"power": math.inf}])
def test_a_reading_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    """A share lies between 0 and 1, a power above 0."""
    with pytest.raises(UsageError, match="queue model odd"):
        QueueModel(name="odd", cancels_ahead=True, **wrong)


@given(st.sampled_from([*BRACKET, SPREAD_EVENLY]), st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_place_in_the_queue_only_gets_better(model: QueueModel, ahead: int, behind: int, gone: int) -> None:
    """It is never below nothing, never beyond what is left, never worse than before, and never better risk-averse."""
    before = ahead + behind
    shrunk = min(gone, before)
    after = model.after_cancels(ahead, before, shrunk)
    assert 0 <= after <= min(ahead, before - shrunk)
    assert after <= RISK_AVERSE.after_cancels(ahead, before, shrunk)
    assert before - shrunk - after <= behind, "more stands behind us than did"
