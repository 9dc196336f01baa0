import math

from hypothesis import given
from hypothesis import strategies as st

from depthwalk.analysis.bootstrap import Bootstrap
from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.shapes import DISTRIBUTION, FAN, distribution, fan, fill_curve, quantiles

VALUES = st.lists(st.floats(min_value=-100, max_value=100), min_size=1, max_size=60)


def test_quantiles_are_the_smallest_values_that_enough_do_not_exceed() -> None:
    """Of ten values the share 0.3 is the third; 0 is the least and 1 the most."""
    values = [float(each) for each in (7, 1, 9, 3, 10, 2, 8, 4, 6, 5)]

    assert (1.0, 3.0, 4.0, 10.0) == quantiles(values, (0.0, 0.3, 0.31, 1.0))


def test_what_is_not_known_is_left_out() -> None:
    """None and not-a-number count for nothing; of nothing there are no quantiles."""
    assert (2.0,) == quantiles([None, 2.0, math.nan], (0.5,))
    assert () == distribution([None, math.nan])


@given(VALUES)
def test_a_distribution_never_falls_and_ends_at_the_extremes(values: list[float]) -> None:
    """Its hundred and one quantiles go from the least value to the most."""
    found = distribution(values)

    assert len(DISTRIBUTION) == len(found)
    assert sorted(found) == list(found)
    assert (min(values), max(values)) == (found[0], found[-1])


def test_a_fan_is_in_cents_and_steps() -> None:
    """Twice a cent in Price units is 200; a step without a mid is left out of that step only."""
    paths = [(0, 200), (0, None), (), (0, -100)]

    assert ((0.0,) * len(FAN), (-0.5, -0.5, -0.5, 1.0, 1.0)) == fan(paths)


def test_no_path_no_fan() -> None:
    """Where nobody followed the mid there is nothing to draw."""
    assert () == fan([(), ()])


def test_a_fill_curve_is_the_mean_share_by_each_step() -> None:
    """Two orders of 100 and 200: 50 and 100 filled are half each, then all of one and half of the other."""
    bootstrap = Bootstrap(range(2), resamples=200)

    curve = fill_curve(bootstrap, [0, 1], [(0, 50, 100), (0, 100, 100)], [100, 200])

    assert [0.0, 50.0, 75.0] == [None if each is None else each.value for each in curve]
    assert Estimate(value=75.0, low=50.0, high=100.0) == curve[2]


def test_no_fills_noted_no_curve() -> None:
    """Trials that do not say when they filled have no curve."""
    assert () == fill_curve(Bootstrap(range(2), resamples=10), [0, 1], [(), ()], [100, 100])
