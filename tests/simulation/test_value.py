import itertools
import math
import pickle
import statistics

import pytest

from depthwalk.domain.order import Side
from depthwalk.domain.units import Instant
from depthwalk.simulation import value as value_module
from depthwalk.simulation.scenarios import MODERATE, THIN
from depthwalk.simulation.synthetic import Valuation
from depthwalk.simulation.value import Values
from tests.support.lab_worlds import Written

START = Instant(1_800_000_000_000_000)


def _at(seconds: float) -> Instant:
    return Instant(START + round(seconds * 1_000_000))


def _values(seed: int, seconds: float) -> Values:
    values = Values.of(THIN, seed, START, 60.0)
    values.reach(_at(seconds))
    return values


def test_the_value_moves_as_its_class_says_and_stays_inside() -> None:
    """Steps and news add up to the variance of the table, and no value leaves 3 to 97 cents."""
    values = _values(11, 40_000)
    assert all(3.0 <= value <= 97.0 for value in values.values)
    every = {(at - START) // 40_000_000: value for at, value in zip(values.times, values.values, strict=True)}
    moves = [after - before for before, after in itertools.pairwise(every[key] for key in sorted(every))]
    expected = math.sqrt(THIN.volatility**2 * 40 + 40 / THIN.news_interval * THIN.news_size**2 * 1.25)
    assert expected == pytest.approx(statistics.pstdev(moves), rel=0.25)


def test_the_value_is_its_seed_however_it_is_drawn() -> None:
    """The same seed draws the same value, at once or in many pieces; another seed draws another; time runs forward."""
    whole, pieces = _values(5, 500), Values.of(THIN, 5, START, 60.0)
    for second in range(0, 501, 7):
        pieces.reach(_at(second))
    assert whole.values[:900] == pieces.values[:900]
    assert whole.values[:900] != _values(6, 500).values[:900]
    assert sorted(whole.times) == whole.times


def test_providers_lag_by_the_same_however_often_one_asks() -> None:
    """What they hold the value for is anchored at the value's own steps: asking in between changes nothing, to the last bit."""
    asked, once = (Valuation(THIN, Values.of(THIN, 5, START, 60.0)) for _ in range(2))
    for tenth in range(3_000):
        asked.fair(_at(tenth / 10), 0, 0)
    assert once.fair(_at(300), 0, 0) == asked.fair(_at(300), 0, 0)
    assert once.value(_at(300)) == asked.value(_at(300))


def test_a_fork_goes_its_own_way() -> None:
    """A trade in one fork moves no other; a drift adds its cents a second, and is followed in the providers' lag."""
    valuation = Valuation(MODERATE, Values.of(MODERATE, 3, START, 60.0))
    valuation.value(_at(10))
    still, traded, drifting, other = (valuation.fork(_at(10), drift) for drift in (0.0, 0.0, 0.1, 0.0))
    traded.traded(_at(10), Side.BUY, 100_000)
    assert still.fair(_at(50), 0, 0) == other.fair(_at(50), 0, 0) < traded.fair(_at(50), 0, 0)
    assert 4.0 == pytest.approx(drifting.value(_at(50)) - still.value(_at(50)), abs=0.051)
    lag = 0.1 * MODERATE.provider_lag
    assert 4.0 - lag == pytest.approx(drifting.fair(_at(50), 0, 0) - still.fair(_at(50), 0, 0), abs=0.11)


@pytest.mark.parametrize("asked", [0.0, 9.9, 10.2])
def test_a_drift_begins_at_the_fork_and_the_lag_goes_on(asked: float) -> None:
    """Nothing of it before, whenever one last asked; a jump that providers have not seen yet is not seen by forking."""
    steps = ((_at(1), 60.0), (_at(10.1), 70.0), (_at(10.5), 70.0), (_at(11.5), 71.0))
    valuation = Valuation(THIN, Values(THIN.provider_lag, START, 60.0, Written(*steps)))
    valuation.value(_at(asked))
    still, drifting = (valuation.fork(_at(10.2), drift) for drift in (0.0, 1.0))
    assert still.fair(_at(10.2), 0, 0) == drifting.fair(_at(10.2), 0, 0) < 65
    values = [drifting.value(_at(second)) for second in (10.2, 10.4, 10.5, 11.4, 11.5)]
    assert [70.0, 70.0, 70.3, 70.3, 72.3] == pytest.approx(values)


def test_a_fork_of_a_fork_drifts_by_both() -> None:
    """And whoever is forked keeps what its forks may still read."""
    base = Valuation(THIN, Values.of(THIN, 5, START, 60.0))
    once = base.fork(_at(0), 0.001)
    twice, still = once.fork(_at(0), 0.002), once.fork(_at(0), 0.0)
    late = _at(20_000)
    for ahead in (base, once):
        ahead.value(late)
    for seconds in (0.4, 1.9, 20_000):
        plain = Values.of(THIN, 5, START, 60.0)
        plain.reach(_at(seconds))
        when, value = max(step for step in zip(plain.times, plain.values, strict=True) if step[0] <= _at(seconds))
        drifted = (when - START) / 1_000_000
        expected = (value + 0.001 * drifted, value + 0.003 * drifted)
        assert expected == pytest.approx((still.value(_at(seconds)), twice.value(_at(seconds))))


@pytest.mark.parametrize("window", [1_000, 700_000, 3_600_000_000])
def test_no_figure_depends_on_how_far_ahead_is_drawn(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step at the very end of a piece is neither lost nor told twice."""
    expected = _values(5, 100)
    monkeypatch.setattr(value_module, "_WINDOW", window)
    found = _values(5, 100)
    count = sum(time <= _at(100) for time in expected.times)
    assert 200 < count
    for name in ("times", "values", "lagged"):
        assert getattr(expected, name)[:count] == getattr(found, name)[:count]


def test_a_value_can_be_put_away() -> None:
    """A valuation that was pickled goes on as the one that was not."""
    valuation = Valuation(THIN, Values.of(THIN, 5, START, 60.0))
    valuation.fair(_at(100), 0, 0)
    later = pickle.loads(pickle.dumps(valuation))  # noqa: S301 - our own bytes
    assert valuation.fair(_at(400), 1, 2) == later.fair(_at(400), 1, 2)


def test_what_is_past_is_forgotten_by_who_goes_alone() -> None:
    """A market that runs for days keeps no more than the latest steps; what a fork may still need is kept."""
    alone, shared = (Valuation(THIN, values := Values.of(THIN, 5, START, 60.0)) for _ in range(2))
    first = shared.fork(START, 0.0)
    for hour in range(1, 5):
        assert alone.value(_at(3_600 * hour)) == shared.value(_at(3_600 * hour))
    assert len(alone._values.times) < 2_000
    assert len(values.times) > 20_000
    assert values.values[2] == first.value(values.times[2])
