"""Comparisons on the same seeds: exact on small cases, indifferent to the order of arrival, careful with verdicts."""

import random
from dataclasses import replace
from math import erfc, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthwalk.analysis.bootstrap import Bootstrap, Draws
from depthwalk.analysis.collection import CellKey, Collection
from depthwalk.analysis.paired import FIRST_TRAINING_SEED, Against, Cell, Comparison, FillVerdict, Verdict
from depthwalk.analysis.pairing import compare, holm, p_value
from depthwalk.analysis.trial_columns import Metric
from depthwalk.analysis.trials import Trial
from depthwalk.domain.units import CONTRACT, Money, Price, Quantity
from depthwalk.errors import UsageError
from tests.support.trials import BASE, BENCHMARK, OTHER, RESAMPLES, THIN, asked, collected, compared, one_sided, trial


def _cell(trials: list[Trial]) -> Cell:
    return compared(trials).cells[0]


def _against(trials: list[Trial], arm: str = OTHER) -> Against:
    found = _cell(trials).arm(arm).against
    assert found is not None
    return found


def _pairs(differences: list[float], *, filled: int = 40, base: float = 2.0, arm: str = OTHER) -> list[Trial]:
    """Return a seed for each difference: the arm's costs are the baseline's and so much more."""
    return [
        each
        for seed, difference in enumerate(differences)
        for each in (trial(seed, BASE, base), trial(seed, arm, base + difference, filled=filled))
    ]


def _value(against: Against, metric: Metric) -> float:
    found = against.differences[metric]
    assert found is not None
    return found.value


def test_a_difference_is_the_mean_of_the_differences_on_the_same_seeds() -> None:
    """1, 2 and 3 cents against 2, 2 and 5: one cent more, whatever the seeds have in common."""
    trials = [trial(seed, BASE, cents) for seed, cents in enumerate((1, 2, 3))]
    trials += [trial(seed, OTHER, cents, filled=30) for seed, cents in enumerate((2, 2, 5))]
    against = _against(trials)
    assert pytest.approx(1.0) == _value(against, Metric.NET_CENTS)
    assert pytest.approx(100 / 60) == _value(against, Metric.NET)
    assert pytest.approx(-25.0) == _value(against, Metric.FILL)
    assert _value(against, Metric.REQUESTS) == 0
    assert against.pairs == 3


def test_an_interval_is_that_of_the_resampled_differences() -> None:
    """The mean of 50 differences: the same numbers as their own bootstrap gives."""
    rng = random.Random(1)
    differences = [round(rng.gauss(0.3, 1.0), 2) for _ in range(50)]
    found = _against(_pairs(differences)).primary
    expected = Bootstrap(range(50), resamples=RESAMPLES).means(range(50), [differences])[0].estimate()
    assert found is not None
    assert expected is not None
    assert [expected.value, expected.low, expected.high] == pytest.approx([found.value, found.low, found.high])


def test_a_difference_takes_only_seeds_on_which_both_have_the_figure() -> None:
    """Slippage without a fill is none; the other arm's slippage on that seed is then left out as well."""
    trials = [trial(0, BASE, 1.0), trial(1, BASE, 7.0), trial(0, OTHER, 2.0), trial(1, OTHER, 3.0, filled=0)]
    cell = _cell(trials)
    against = cell.arm(OTHER).against
    assert against is not None
    assert pytest.approx(1.0) == _value(against, Metric.SLIPPAGE_CENTS)
    mean = cell.arm(BASE).means[Metric.SLIPPAGE_CENTS]
    assert mean is not None
    assert pytest.approx(4.0) == mean.value
    assert pytest.approx(-1.5) == _value(against, Metric.SHORTFALL_CENTS)


def test_one_sided_arrivals_are_counted_and_only_their_fills_are_told() -> None:
    """They are in no mean; each arm's fill rate over them stands apart."""
    cell = _cell([trial(0, BASE), trial(0, OTHER), one_sided(1, BASE, filled=10), one_sided(1, OTHER, filled=20)])
    assert (2, 1, 1) == (cell.seeds, cell.two_sided, cell.one_sided)
    for name, expected in ((BASE, 25.0), (OTHER, 50.0)):
        arm = cell.arm(name)
        assert arm.one_sided_fill is not None
        assert expected == arm.one_sided_fill.value
        fill = arm.means[Metric.FILL]
        assert fill is not None
        assert fill.value == 100
    assert cell.over_touch == 2


def test_a_cell_of_one_sided_arrivals_has_no_costs() -> None:
    """Nothing is made up."""
    cell = _cell([one_sided(0, BASE), one_sided(0, OTHER)])
    assert (0, 1) == (cell.two_sided, cell.one_sided)
    assert cell.over_touch is None
    assert all(estimate is None for estimate in cell.arm(OTHER).means.values())
    against = cell.arm(OTHER).against
    assert against is not None
    assert against.primary is None
    assert against.verdict is Verdict.TOO_FEW


@pytest.mark.parametrize(("touch", "place"), [(80, 0), (79, 1), (40, 1), (39, 2), (20, 2), (19, 3), (10, 3), (9, 4), (1, 4)])
def test_bins_of_the_size_relative_to_the_touch_include_their_upper_end(touch: int, place: int) -> None:
    """40 contracts on so many displayed; figures stand in the bin of their seeds, and nowhere else."""
    benchmark = replace(BENCHMARK, touch=Quantity(touch * CONTRACT))
    cell = _cell([trial(0, BASE, 1.0, benchmark=benchmark), trial(0, OTHER, 3.0, benchmark=benchmark)])
    assert tuple(int(number == place) for number in range(5)) == cell.touch_bins
    against = cell.arm(OTHER).against
    assert against is not None
    found = [None if each is None else round(each.value, 9) for each in against.by_touch]
    assert [2.0 if number == place else None for number in range(5)] == found
    net = [None if each is None else round(each.value, 9) for each in cell.arm(OTHER).net_by_touch]
    assert [3.5 if number == place else None for number in range(5)] == net


def test_a_cell_says_what_was_ordered_and_what_the_books_were() -> None:
    """The quantity of all seeds; spread, touch and depth: means of those with two sides; one asks for more than the touch."""
    deep = replace(BENCHMARK, best_bid=Price(5_700), touch=Quantity(40 * CONTRACT), within_3=Quantity(90 * CONTRACT))
    cell = _cell(
        [trial(0, BASE), trial(1, BASE, benchmark=deep), replace(one_sided(2, BASE), requested=Quantity(50 * CONTRACT))]
    )
    assert (Quantity(40 * CONTRACT), Quantity(50 * CONTRACT)) == cell.quantity
    assert (3.0, 30.0, 70.0, 1.5) == (cell.spread_cents, cell.touch, cell.within_3, cell.over_touch)
    assert cell.above_touch == 1


def test_holm_by_hand() -> None:
    """Of three: the smallest times 3, the next times 2, the last times 1, none below the one before it."""
    assert pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06}) == holm({"a": 0.01, "b": 0.04, "c": 0.03})
    assert holm({"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}


@given(st.dictionaries(st.integers(), st.floats(0, 1), max_size=8))
def test_holm_never_makes_anything_surer(p_values: dict[int, float]) -> None:
    """Adjusted values are at least the given ones, at most 1, and in the same order."""
    adjusted = holm(p_values)
    assert p_values.keys() == adjusted.keys()
    assert all(p_values[key] <= adjusted[key] <= 1 for key in p_values)
    ordered = sorted(p_values, key=p_values.__getitem__)
    assert sorted(adjusted[key] for key in ordered) == [adjusted[key] for key in ordered]


def test_a_p_value_is_the_normal_one_of_the_resamples_error() -> None:
    """1.96 errors away from 0 is 5 %; what never varies is certain, unless it is 0."""
    values = np.array([-1.0, 1.0] * 50)
    assert pytest.approx(erfc(1.96 / sqrt(2))) == p_value(Draws(1.96, values, 10))
    assert p_value(Draws(2.0, np.zeros(9), 9)) == 0
    assert p_value(Draws(0.0, np.zeros(9), 9)) == 1
    assert p_value(Draws(float("nan"), values, 9)) is None
    assert p_value(Draws(1.0, values, 1)) is None


def _spread(mean: float, seeds: int = 100) -> list[float]:
    """Return differences of that mean, half of them 1 more and half 1 less."""
    return [mean + (1 if seed % 2 else -1) for seed in range(seeds)]


@pytest.mark.parametrize(
    ("mean", "seeds", "verdict"),
    [
        (-0.4, 100, Verdict.BETTER),
        (0.4, 100, Verdict.WORSE),
        (0.1, 100, Verdict.UNDECIDED),
        (0.0, 100, Verdict.UNDECIDED),
        (-5.0, 99, Verdict.TOO_FEW),
    ],
)
def test_a_verdict_needs_a_difference_that_is_clear_and_enough_seeds(mean: float, seeds: int, verdict: Verdict) -> None:
    """The error of the mean is 0.1 cents."""
    assert verdict is _against(_pairs(_spread(mean, seeds))).verdict


def test_the_more_is_compared_the_clearer_it_has_to_be() -> None:
    """2.1 errors are enough for one comparison (4 %), not for the best of two; classes count like arms, worlds do not."""
    alone = _pairs(_spread(-0.208))
    twin = [trial(seed, "twin", 2.0 + difference) for seed, difference in enumerate(_spread(-0.208))]
    assert _against(alone).verdict is Verdict.BETTER
    assert _against(alone + twin).verdict is Verdict.UNDECIDED

    def verdicts(cells: dict[CellKey, list[Trial]]) -> set[Verdict]:
        question = asked(
            runs=100,
            classes=list(dict.fromkeys(key.class_name for key in cells)),
            worlds=tuple(dict.fromkeys(key.world for key in cells)),
        )
        found = compare(question, collected(cells), resamples=RESAMPLES).cells
        assert len(cells) == len(found)
        return {against.verdict for cell in found if (against := cell.arm(OTHER).against) is not None}

    assert verdicts({THIN: alone, CellKey("liquid", "base"): alone}) == {Verdict.UNDECIDED}
    assert verdicts({THIN: alone, CellKey("thin", "toxic"): alone}) == {Verdict.BETTER}


def test_a_verdict_needs_its_interval_too() -> None:
    """Three seeds of a hundred are much dearer: 2.05 errors below 0, and resamples with eight of them above it."""
    trials = _pairs([14.4 if seed < 3 else -1.0 for seed in range(100)])
    (cell,) = compare(asked(runs=100), collected({THIN: trials})).cells
    against = cell.arm(OTHER).against
    assert against is not None
    assert against.adjusted is not None
    assert against.adjusted < 0.05
    assert against.verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("filled", "mean", "fill"),
    [
        (40, -0.5, FillVerdict.HOLDS),
        (38, -0.5, FillVerdict.FAILS),
        (38, 0.5, FillVerdict.NOT_ASKED),
        (38, 0.0, FillVerdict.NOT_ASKED),
    ],
)
def test_whether_it_fills_no_less_is_asked_of_what_is_better(filled: int, mean: float, fill: FillVerdict) -> None:
    """The margin is a point; 38 of 40 are five points less."""
    assert fill is _against(_pairs(_spread(mean), filled=filled)).fill


@pytest.mark.parametrize(("seeds", "filled"), [(1, 20), (1, 0), (2, 0)])
def test_a_fill_rate_that_may_be_lower_is_said_to(seeds: int, filled: int) -> None:
    """So many executions of a hundred fill less: a half, 1 or 2 points in the mean, and from 0 to 5 is likely."""
    trials = _pairs(_spread(-0.5))
    for seed in range(seeds):
        trials[2 * seed + 1] = trial(seed, OTHER, trials[2 * seed + 1].spread / 400_000, filled=filled)  # type: ignore[operator] # known
    assert _against(trials).fill is FillVerdict.UNDECIDED


def test_counts_are_of_what_happened() -> None:
    """Rests without a price and deeper than the book of two-sided seeds; reasons and the audit of all."""
    trials = [
        trial(0, BASE),
        trial(1, BASE, shortfall=None),
        trial(2, BASE, filled=30, depth_short=True, overfilled=Quantity(150), orphans=2),
        replace(one_sided(3, BASE), beyond_cap=1, shortfall=None, depth_short=True),
    ]
    arm = _cell(trials).arm(BASE)
    assert (1, 1) == (arm.unpriced, arm.depth_short)
    assert {"filled": 3, "horizon": 1} == arm.reasons
    assert (150, 2, 1) == (arm.audit.overfilled, arm.audit.orphans, arm.audit.beyond_cap)
    assert not arm.audit.clean
    assert arm.against is None


def test_medians_tails_and_curves_are_of_two_sided_seeds() -> None:
    """Costs 1 to 20 cents and fees of a half: the median 11, the 95th percentile 19.5."""
    fill = {"filled_by": tuple(Quantity(min(40, 4 * step) * CONTRACT) for step in range(12))}
    arm = _cell([*(trial(seed, BASE, seed + 1.0, **fill) for seed in range(20)), one_sided(20, BASE)]).arm(BASE)
    assert arm.net_median is not None
    assert arm.net_tail is not None
    assert [11.0, 19.5] == pytest.approx([arm.net_median.value, arm.net_tail.value])
    expected = Bootstrap(range(21), resamples=RESAMPLES).quantiles(range(20), [seed + 1.5 for seed in range(20)], [0.5, 0.95])
    assert [each.estimate() for each in expected] == [arm.net_median, arm.net_tail]
    gross = [each and each.value for each in (arm.shortfall_median, arm.shortfall_tail)]
    assert [10.5 / 0.6, 19 / 0.6] == pytest.approx(gross)
    assert [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 100] == [each and each.value for each in arm.fill_curve]
    assert (1.5, 20.5) == (arm.distribution[0], arm.distribution[-1])


def test_a_verdict_needs_enough_seeds_that_have_a_cost_in_both_arms() -> None:
    """Of 100 seeds the rest of one could not be priced in one of the arms: 99 pairs, and the family has one member less."""
    trials = _pairs(_spread(-5.0))
    trials[9] = replace(trials[9], shortfall=None)
    trials += [trial(seed, "twin", 2.0 + difference) for seed, difference in enumerate(_spread(-0.208))]
    lacking = _against(trials)
    assert (99, 99, Verdict.TOO_FEW, None) == (lacking.pairs, lacking.clusters, lacking.verdict, lacking.adjusted)
    assert _against(trials, "twin").verdict is Verdict.BETTER


def test_untouched_paths_are_fanned_where_they_were_followed() -> None:
    """A path of twice the mid in Price units becomes cents; without paths there is no fan."""
    rising = replace(BENCHMARK, path=tuple(200 * step for step in range(12)))
    assert _cell([trial(0, BASE)]).fan == ()
    assert tuple((float(step),) * 5 for step in range(12)) == _cell([trial(0, BASE, benchmark=rising)]).fan


def test_a_comparison_knows_whether_it_is_whole() -> None:
    """Every class in every world, every seed; cells of which nothing has run are left out."""
    whole = compared([trial(0, BASE), trial(0, OTHER)])
    assert whole.complete
    assert not replace(whole, asked=replace(whole.asked, runs=2)).complete
    partial = compared([trial(0, BASE), trial(0, OTHER)], classes=("thin", "liquid"))
    assert not partial.complete
    assert [cell.class_name for cell in partial.cells] == ["thin"]


def test_nothing_is_reported_on_seeds_that_are_trained_on() -> None:
    """Whatever compares on them: they are refused before anything runs."""
    assert asked(runs=5, first_seed=FIRST_TRAINING_SEED - 5).seeds("thin") == 5
    with pytest.raises(UsageError, match="--seed 999999996: with --runs it must stay below 1,000,000,000"):
        asked(runs=5, first_seed=FIRST_TRAINING_SEED - 4)


def _arriving(seeds: list[int], size: int) -> Comparison:
    """Return the comparison of 20 seeds that came in this order, so many a block."""
    rng = random.Random(4)
    arms = (BASE, OTHER, "twin")
    trials = {
        seed: [trial(seed, arm, rng.gauss(2, 1), filled=rng.randrange(30, 41)) for arm in arms] for seed in range(len(seeds))
    }
    collection = Collection(BASE)
    for first in range(0, len(seeds), size):
        collection.add(THIN, [each for seed in seeds[first : first + size] for each in trials[seed]])
    return compare(asked(arms, runs=len(seeds)), collection, resamples=100)


@settings(max_examples=10)
@given(st.permutations(range(20)), st.integers(1, 20))
def test_the_order_of_arrival_does_not_matter(seeds: list[int], size: int) -> None:
    """Whatever seeds a piece has and whichever comes first: the same numbers, to the last digit."""
    assert _arriving(list(range(20)), 20) == _arriving(seeds, size)


@settings(max_examples=10)
@given(st.integers(-300, 300), st.randoms(use_true_random=False))
def test_what_shifts_an_arm_shifts_its_difference(shift: int, rng: random.Random) -> None:
    """By as much, with its interval, and nothing else."""
    differences = [rng.randrange(-200, 200) / 100 for _ in range(20)]
    plain = _against(_pairs(differences)).primary
    shifted = _against(_pairs([difference + shift / 100 for difference in differences])).primary
    assert plain is not None
    assert shifted is not None
    for before, after in ((plain.value, shifted.value), (plain.low, shifted.low), (plain.high, shifted.high)):
        assert before is not None
        assert before + shift / 100 == pytest.approx(after, abs=1e-6)


def test_an_arm_against_itself_differs_in_nothing() -> None:
    """And that is undecided, not a tie to be sold as one."""
    rng = random.Random(2)
    costs = [rng.gauss(2, 1) for _ in range(120)]
    trials = [trial(seed, arm, cents) for seed, cents in enumerate(costs) for arm in (BASE, OTHER)]
    against = _against(trials)
    assert all(estimate is None or estimate.value == 0 for estimate in against.differences.values())
    assert against.verdict is Verdict.UNDECIDED
    assert against.p == 1


def test_fees_count_in_what_decides() -> None:
    """Cheaper before fees and dearer after them is worse."""
    trials = [
        each
        for seed, noise in enumerate(_spread(0.0))
        for each in (
            trial(seed, BASE, 2.0),
            trial(seed, OTHER, 1.5 + noise / 10, fees=Money(200_000 + 400_000)),
        )
    ]
    against = _against(trials)
    assert pytest.approx(-0.5) == _value(against, Metric.SHORTFALL_CENTS)
    assert against.verdict is Verdict.WORSE
