"""What an arm captures of what was possible: small examples by hand, and what follows from the definition."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthwalk.analysis.bounds import BEST_LIMIT, BEST_LIMIT_NET, CLAIRVOYANT, BoundedCell, Captured, bounds_of
from depthwalk.analysis.collection import CellKey, Collection
from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.paired import Asked, AskedArm
from depthwalk.analysis.trial_columns import Metric
from depthwalk.domain.units import CONTRACT, Quantity
from tests.support.priced_trials import priced_trial

THIN = CellKey("thin", "base")


def _asked(names: Sequence[str], runs: int, classes: tuple[str, ...] = ("thin",)) -> Asked:
    arms = tuple(AskedArm(name=name, algorithm=name, parameters={}, changed=()) for name in names)
    return Asked(classes=classes, worlds=("base",), arms=arms, baseline=names[0], runs=runs, first_seed=0, version="1")


def _cell(
    cents: Mapping[str, Sequence[float]], fees: Mapping[str, float] | None = None, runs: int | None = None
) -> BoundedCell:
    """Return the cell of arms that cost so many cents a contract on each seed, the first the baseline."""
    names = [name for name in cents if name not in (BEST_LIMIT, BEST_LIMIT_NET, CLAIRVOYANT)]
    whole = {BEST_LIMIT: cents[CLAIRVOYANT], BEST_LIMIT_NET: cents[CLAIRVOYANT], **cents}
    collection = Collection(names[0])
    count = len(cents[CLAIRVOYANT])
    for seed in reversed(range(count)):
        trials = [priced_trial(seed, name, values[seed], (fees or {}).get(name, 0.0)) for name, values in whole.items()]
        collection.add(THIN, trials)
    return bounds_of(_asked(names, runs or count), collection, {THIN: runs or count}, resamples=200).cells[0]


def _value(estimate: object) -> float:
    return getattr(estimate, "value", float("nan"))


def test_captured_is_the_part_of_the_way_on_the_mean() -> None:
    """From 3 cents on the mean to -1: who costs 2 has gone a quarter of the way, the baseline none, the bound all of it."""
    cell = _cell({"simple": [2.0, 4.0], "walker": [1.0, 3.0], CLAIRVOYANT: [-2.0, 0.0]})
    found = {arm.arm: _value(arm.of_clairvoyant.gross) for arm in cell.arms}
    assert {"simple": 0.0, "walker": 25.0, BEST_LIMIT: 100.0, BEST_LIMIT_NET: 100.0, CLAIRVOYANT: 100.0} == found


def test_each_bound_has_a_share_of_its_own_gross_and_net() -> None:
    """Fees count where they are said to; the best net limit is what the net share of the limit is of."""
    costs = {"simple": [4.0], "walker": [3.0], BEST_LIMIT: [2.0], BEST_LIMIT_NET: [2.5], CLAIRVOYANT: [0.0]}
    walker = _cell(costs, {"simple": 2.0, "walker": 1.0, BEST_LIMIT: 1.5, BEST_LIMIT_NET: 0.5}).arm("walker")
    assert (50.0, 25.0) == (_value(walker.of_limit.gross), _value(walker.of_clairvoyant.gross))
    assert (pytest.approx(100 * 2 / 3), pytest.approx(100 * 2 / 6)) == (
        _value(walker.of_limit.net),
        _value(walker.of_clairvoyant.net),
    )


def test_who_was_cheaper_than_the_clairvoyant_is_counted() -> None:
    """Strictly, and on how many seeds."""
    cell = _cell({"simple": [2.0, 4.0, 5.0], "walker": [1.0, 3.0, 2.0], CLAIRVOYANT: [1.5, 3.5, 2.0]})
    assert {"simple": 0, "walker": 2, CLAIRVOYANT: 0} == {
        arm.arm: arm.cheaper for arm in cell.arms if not arm.arm.startswith("best")
    }


def test_where_there_is_no_way_to_the_bound_nothing_is_captured() -> None:
    """A baseline that is as cheap as the bound leaves nothing to capture."""
    assert (
        _cell({"simple": [1.0, 1.0], "walker": [0.5, 1.0], CLAIRVOYANT: [1.0, 1.0]}).arm("walker").of_clairvoyant.gross is None
    )


def test_a_way_backwards_is_no_way() -> None:
    """Of a bound that costs more than the baseline an arm between the two would seem to have captured half."""
    walker = _cell({"simple": [1.0, 1.0], "walker": [1.5, 1.5], CLAIRVOYANT: [2.0, 2.0]}).arm("walker")
    assert walker.of_clairvoyant == Captured(gross=None, net=None)


def test_a_share_of_a_way_that_is_hardly_there_has_no_interval() -> None:
    """A cent on the mean of four seeds, on one of which it is three backwards."""
    costs = {"simple": [2.0, 2.0, 2.0, 2.0], "walker": [1.5, 1.5, 1.5, 1.5], CLAIRVOYANT: [5.0, -1.0, 0.0, 0.0]}
    assert Estimate(value=50.0) == _cell(costs).arm("walker").of_clairvoyant.gross


def test_shares_are_of_seeds_on_which_all_could_be_priced() -> None:
    """A seed that only the walker filled was a dear one: it would count against the walker alone."""
    collection = Collection("simple")
    for seed, cents in enumerate((3.0, 9.0)):
        costs = {"simple": cents, "walker": cents - 1, BEST_LIMIT: 0.0, BEST_LIMIT_NET: 0.0, CLAIRVOYANT: -1.0}
        trials = [priced_trial(seed, name, cost, 0.0) for name, cost in costs.items()]
        collection.add(THIN, [replace(each, shortfall=None) if each.arm == "simple" and seed else each for each in trials])
    cell = bounds_of(_asked(["simple", "walker"], 2), collection, {THIN: 2}, resamples=200).cells[0]
    assert Estimate(value=25.0) == cell.arm("walker").of_clairvoyant.gross
    assert pytest.approx(5.0) == _value(cell.arm("walker").means[Metric.SHORTFALL_CENTS])


def test_a_cell_says_what_was_ordered_and_how_many_seeds_tell() -> None:
    """Seeds that were asked for and are not there began with one side."""
    cell = _cell({"simple": [1.0, 2.0], CLAIRVOYANT: [0.0, 0.0]}, runs=5)
    assert (5, 2, Quantity(10 * CONTRACT), 2.0) == (cell.seeds, cell.two_sided, cell.quantity, cell.over_touch)
    assert pytest.approx(1.5) == _value(cell.arm("simple").means[Metric.SHORTFALL_CENTS])


def test_a_class_without_two_sides_is_left_out() -> None:
    """What was asked for and has no trial is no cell."""
    collection = Collection("simple")
    collection.add(THIN, [priced_trial(0, name, 1.0, 0.0) for name in ("simple", BEST_LIMIT, BEST_LIMIT_NET, CLAIRVOYANT)])
    found = bounds_of(
        _asked(["simple"], 3, ("liquid", "thin")), collection, {THIN: 3, CellKey("liquid", "base"): 2}, resamples=10
    )
    assert ["thin"] == [cell.class_name for cell in found.cells]
    assert (5, 6) == (found.ran, found.wanted)


@settings(max_examples=30)
@given(
    costs=st.lists(st.tuples(st.floats(2, 9), st.floats(-3, 9), st.floats(-9, 1)), min_size=3, max_size=6),
    shift=st.floats(-5, 5),
)
def test_shares_do_not_change_when_all_cost_more(costs: list[tuple[float, float, float]], shift: float) -> None:
    """Only ways count, in the share and in its interval."""
    simple, walker, known = ([row[place] for row in costs] for place in range(3))

    def share(more: float) -> tuple[float, float, float]:
        arms = {"simple": simple, "walker": walker, CLAIRVOYANT: known}
        estimate = _cell({name: [cost + more for cost in values] for name, values in arms.items()}).arm("walker").of_clairvoyant
        assert estimate.gross is not None
        assert estimate.gross.low is not None
        assert estimate.gross.high is not None
        return estimate.gross.value, estimate.gross.low, estimate.gross.high

    assert pytest.approx(share(0.0), abs=1e-3) == share(round(shift, 2))
