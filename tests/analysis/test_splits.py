"""One quantity into several: nothing lost, nothing invented, nothing too small."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.analysis.splits import largest_remainder, merge_small, split
from depthwalk.domain.units import CONTRACT, Quantity
from tests.support.books import contracts

THREE = (0.5, 0.3, 0.2)

ratio_lists = st.lists(
    st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 1.0, 2.0, 0.333, 1e-05, 25.0]), min_size=1, max_size=5
)
quantities = st.integers(1, 1_000_000).map(Quantity)
whole = st.integers(1, 10_000).map(contracts)
minimums = st.integers(0, 3_000).map(Quantity)


def _contracts(*numbers: float) -> tuple[Quantity, ...]:
    return tuple(contracts(number) for number in numbers)


# --- shares ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "ratios", "shares"),
    [
        (100, (0.6, 0.4), (60, 40)),
        (100, THREE, (50, 30, 20)),
        (7, (0.6, 0.4), (4, 3)),  # 4.2 and 2.8: the lot left over goes to .8
        (10, (1, 1, 1), (4, 3, 3)),  # equal remainders: the earlier one
        (11, (1, 1, 1), (4, 4, 3)),
        (10, (0.1, 0.2, 0.7), (1, 2, 7)),
        (14, (0.1, 0.3, 0.6), (2, 4, 8)),  # 1.4, 4.2, 8.4: a tie, which floats would not see
        (1, (0.6, 0.4), (1, 0)),
        (3, (3, 2), (2, 1)),  # ratios need not add up to 1
    ],
)
def test_shares_by_hand(number: int, ratios: tuple[float, ...], shares: tuple[int, ...]) -> None:
    """Whole contracts by largest remainder."""
    assert _contracts(*shares) == largest_remainder(contracts(number), ratios, CONTRACT)


@given(quantity=quantities, ratios=ratio_lists)
def test_shares_add_up_and_are_never_negative(quantity: Quantity, ratios: list[float]) -> None:
    """To the hundredth, for any ratios."""
    shares = largest_remainder(quantity, ratios)

    assert len(shares) == len(ratios)
    assert quantity == sum(shares)
    assert min(shares) >= 0


@given(number=st.integers(1, 10_000), lot=st.sampled_from([1, 7, 100]), ratios=ratio_lists)
def test_a_share_is_within_one_lot_of_the_exact_one(number: int, lot: int, ratios: list[float]) -> None:
    """Each is its exact share rounded down or up to a lot."""
    weights = [Fraction(str(ratio)) for ratio in ratios]
    shares = largest_remainder(Quantity(number * lot), ratios, lot)

    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - number * lot * weight / sum(weights)) < lot
        assert share % lot == 0


@given(quantity=quantities, ratios=ratio_lists)
def test_a_larger_remainder_is_served_first(quantity: Quantity, ratios: list[float]) -> None:
    """No split was rounded down while one with a smaller remainder was rounded up."""
    weights = [Fraction(str(ratio)) for ratio in ratios]
    exact = [quantity * weight / sum(weights) for weight in weights]
    shares = largest_remainder(quantity, ratios)
    up = [want - int(want) for want, got in zip(exact, shares, strict=True) if got > want]
    down = [want - int(want) for want, got in zip(exact, shares, strict=True) if got <= want]

    assert not up or not down or min(up) >= max(down)


# --- merging --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((60, 40), (60, 40)),
        ((60, 5), (60, 5)),  # exactly the minimum stays
        ((60, 4.99), (64.99,)),
        ((60, 3, 37), (63, 37)),  # into the more aggressive neighbour
        ((3, 97), (100,)),  # the first has only the one behind it
        ((3, 97, 20), (100, 20)),
        ((50, 3, 3), (50, 6)),  # from the last: the third makes 6 of the second, which then stands
        ((2, 2, 2, 2), (8,)),
        ((60, 0, 40), (60, 40)),
        ((0, 0, 1), (1,)),
        ((4,), (4,)),  # alone it is what there is
        ((0,), ()),
        ((), ()),
    ],
)
def test_merging_by_hand(before: tuple[float, ...], after: tuple[float, ...]) -> None:
    """Minimum 5 contracts."""
    assert _contracts(*after) == merge_small(_contracts(*before), contracts(5))


@given(parts=st.lists(st.integers(0, 3_000).map(Quantity), max_size=6), minimum=minimums)
def test_merging_loses_nothing_and_leaves_nothing_small(parts: list[Quantity], minimum: Quantity) -> None:
    """The sum stays; every split left is at least the minimum, unless it is the only one."""
    merged = merge_small(parts, minimum)

    assert sum(parts) == sum(merged)
    assert all(part > 0 for part in merged)
    assert len(merged) <= 1 or min(merged) >= minimum
    assert len(merged) <= sum(part > 0 for part in parts)


@given(parts=st.lists(st.integers(1, 3_000).map(Quantity), max_size=6), minimum=minimums)
def test_what_needs_no_merging_stays(parts: list[Quantity], minimum: Quantity) -> None:
    """Splits that are all large enough come back as they were; merging twice is merging once."""
    merged = merge_small(parts, minimum)

    assert merged == merge_small(merged, minimum)
    assert merged == tuple(parts) or min(parts) < minimum


# --- both together --------------------------------------------------------------------------------------------------


def test_the_default_split() -> None:
    """300 by 60/40: 180 and 120, the aggressive one first."""
    assert _contracts(180, 120) == split(contracts(300), (0.6, 0.4), levels=3, minimum=contracts(5))


def test_one_level_takes_all() -> None:
    """A single level is the whole quantity, whatever the other ratios are."""
    assert _contracts(37) == split(contracts(37), THREE, levels=1, minimum=contracts(5))


def test_fewer_levels_than_ratios_share_in_proportion() -> None:
    """50/30/20 on two levels is 5 to 3."""
    assert _contracts(50, 30) == split(contracts(80), THREE, levels=2, minimum=contracts(5))


@pytest.mark.parametrize(("number", "shares"), [(8, (5, 3)), (7, (7,)), (1, (1,))])
def test_a_small_order_is_not_shredded(number: int, shares: tuple[int, ...]) -> None:
    """Splits below 3 contracts are merged: 7 would be 5 and 2."""
    assert _contracts(*shares) == split(contracts(number), (0.65, 0.35), levels=2, minimum=contracts(3))


def test_a_fractional_quantity_is_divided_in_hundredths() -> None:
    """10.01 by 60/40: 6.006 and 4.004 contracts become 6.01 and 4.00."""
    assert _contracts(6.01, 4) == split(contracts(10.01), (0.6, 0.4), levels=2, minimum=contracts(1))


@given(quantity=whole, ratios=ratio_lists, levels=st.integers(1, 5), minimum=minimums)
def test_whole_contracts_stay_whole(quantity: Quantity, ratios: list[float], levels: int, minimum: Quantity) -> None:
    """A whole number of contracts is never cut into fractions."""
    assert all(part % CONTRACT == 0 for part in split(quantity, ratios, levels=levels, minimum=minimum))


@given(quantity=quantities, ratios=ratio_lists, levels=st.integers(1, 5), minimum=minimums)
def test_a_split_is_the_whole_order(quantity: Quantity, ratios: list[float], levels: int, minimum: Quantity) -> None:
    """Summing exactly, at least one and at most *levels* parts, none empty, none small unless alone."""
    parts = split(quantity, ratios, levels=levels, minimum=minimum)

    assert quantity == sum(parts)
    assert 1 <= len(parts) <= min(levels, len(ratios))
    assert all(part > 0 for part in parts)
    assert len(parts) == 1 or min(parts) >= minimum
