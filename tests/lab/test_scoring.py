"""What a candidate is worth in training, by hand."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from depthwalk.analysis.trials import Trial
from depthwalk.analysis.tuned import Objective
from depthwalk.domain.result import ApiUsage
from depthwalk.lab.scoring import FILL_WEIGHT, REQUEST_WEIGHT, Goal, scores
from tests.support.trials import ONE_SIDED, trial

GROSS = Goal(objective=Objective.GROSS)


def of(costs: Sequence[float], arm: str = "mine", base: float = 2.0) -> list[Trial]:
    """Return an arm's trials that cost so much, beside a baseline's that cost *base*."""
    return [each for seed, cost in enumerate(costs) for each in (trial(seed, "base", base), trial(seed, arm, cost))]


def scored(goal: Goal, *settings: tuple[str, list[Trial]], arms: Sequence[str] = ("mine",)) -> list[float]:
    """Score arms against the baseline."""
    found = scores(goal, "base", arms, settings)
    assert found is not None
    return found


def test_a_score_is_the_mean_of_the_classes_of_shortfall_in_the_baselines() -> None:
    """1.5 of 2 cents, and 3 of 4; another arm on its own."""
    thin, liquid = of([1.0, 2.0]), of([3.0, 3.0], base=4.0)
    assert [0.75] == pytest.approx(scored(GROSS, ("thin", thin), ("liquid", liquid)))
    both = [*of([1.0, 2.0]), trial(0, "other", 2.0), trial(1, "other", 2.0)]
    assert [1.0, 0.75] == pytest.approx(scored(GROSS, ("thin", both), arms=("other", "mine")))


def test_fees_count_where_they_are_asked_for() -> None:
    """Half a cent for everybody."""
    assert [2.0 / 2.5] == pytest.approx(scored(Goal(), ("thin", of([1.5]))))


def test_a_fill_below_the_least_and_a_request_above_the_most_cost_their_weight() -> None:
    """In the class that has a least fill; above and below they cost nothing."""
    mine = [each if each.arm == "base" else replace(each, filled=each.filled * 9 // 10) for each in of([1.0, 1.0])]
    within = Goal(objective=Objective.GROSS, least_fill={"thin": 90.0}, most_requests=12.0)
    assert [0.5] == pytest.approx(scored(within, ("thin", mine)))
    fill = Goal(objective=Objective.GROSS, least_fill={"thin": 93.0})
    assert [0.5 + 3 * FILL_WEIGHT] == pytest.approx(scored(fill, ("thin", mine)))
    assert [0.5] == pytest.approx(scored(fill, ("liquid", mine)))
    often = [replace(each, api=ApiUsage(calls=16, read_tokens=0, write_tokens=0)) for each in mine]
    assert [0.5 + 4 * REQUEST_WEIGHT] == pytest.approx(scored(within, ("thin", often)))


def test_one_sided_arrivals_and_rests_without_a_price_are_left_out() -> None:
    """Of the baseline's figure too; with nothing left the score is the worst there is."""
    one_sided = [trial(9, arm, 5.0, benchmark=ONE_SIDED, shortfall=None) for arm in ("base", "mine")]
    unpriced = [trial(8, "base", 9.0), trial(8, "mine", shortfall=None)]
    assert [0.5] == pytest.approx(scored(GROSS, ("thin", [*of([1.0]), *one_sided, *unpriced])))
    assert [float("inf")] == scored(GROSS, ("thin", unpriced))
    assert scores(GROSS, "base", ["mine"], [("thin", one_sided)]) is None


def test_a_baseline_that_costs_nothing_is_no_measure() -> None:
    """A tenth of a cent stands in, and cheaper stays better."""
    assert [1 - 0.5 / 0.1, 1 - 1.0 / 0.1] == pytest.approx(
        [*scored(GROSS, ("thin", of([-0.5], base=0.0))), *scored(GROSS, ("thin", of([-1.0], base=0.0)))]
    )
