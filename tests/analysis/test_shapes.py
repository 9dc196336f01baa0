import math

from hypothesis import given
from hypothesis import strategies as st

from depthwalk.analysis.shapes import DISTRIBUTION, FAN, distribution, fan, quantiles

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
