from hypothesis import given
from hypothesis import strategies as st

from depthwalk.reports.sparkline import sparkline
from depthwalk.reports.wording import ASCII

_ROWS = st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=200)


def test_heights_follow_the_values() -> None:
    """The lowest value is the lowest bar, the highest the highest, the middle in between."""
    assert sparkline([0, 50, 100], width=10) == "▁▅█"


def test_a_flat_row_is_drawn_at_half_height() -> None:
    """No movement looks like none, whatever the value."""
    assert sparkline([7, 7, 7], width=10) == "▄▄▄"


def test_ascii_levels_can_be_used() -> None:
    """A terminal without Unicode gets the same heights in ASCII."""
    assert sparkline([1, 2], width=10, levels=ASCII.levels) == "_#"


def test_nothing_to_draw_is_nothing() -> None:
    """No values, or no room: an empty text."""
    assert (sparkline([], width=10), sparkline([1, 2], width=0)) == ("", "")


@given(_ROWS, st.integers(1, 80))
def test_it_never_exceeds_its_width_and_ends_with_the_last_value(values: list[int], width: int) -> None:
    """There are min(values, width) bars."""
    assert min(len(values), width) == len(sparkline(values, width=width))


@given(_ROWS, st.integers(-(10**6), 10**6), st.integers(1, 1000))
def test_only_the_shape_counts(values: list[int], shift: int, scale: int) -> None:
    """Shifting and scaling all values changes nothing."""
    moved = [value * scale + shift for value in values]
    assert sparkline(values, width=40) == sparkline(moved, width=40)
