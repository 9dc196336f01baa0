"""When tuned parameters may replace what is there: by hand, of costs that are the same on every seed, and of noisy ones."""

from dataclasses import replace

import pytest

from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.paired import Verdict
from depthwalk.analysis.tuned import Objective, baseline_scale
from depthwalk.errors import DomainError
from tests.support.trials import BASE, OTHER
from tests.support.tunings import SOUGHT, TUNED, made_up

CHEAPER = {BASE: 2.0, OTHER: 1.5, TUNED: 1.0}
DEARER = {BASE: 2.0, OTHER: 1.0, TUNED: 1.5}


def test_a_change_is_the_mean_of_the_classes_in_the_baselines_shortfall() -> None:
    """Half a cent of 2 and of 4; of net shortfall with half a cent of fees in it."""
    cells = {("thin", "base"): CHEAPER, ("liquid", "base"): CHEAPER | {BASE: 4.0}}
    (rival,) = made_up(cells).rivals
    (change,) = rival.changes
    assert Estimate(value=-18.75, low=-18.75, high=-18.75) == change.estimate
    assert (OTHER, "base", Verdict.BETTER) == (rival.name, change.world, change.verdict)
    net = made_up(cells, sought=replace(SOUGHT, objective=Objective.NET))
    expected = -100 * (0.5 / 2.5 + 0.5 / 4.5) / 2
    assert expected == pytest.approx(net.rivals[0].changes[0].estimate.value)  # type: ignore[union-attr] # there is one


def test_better_in_the_first_world_is_recommended() -> None:
    """And worse or undecided there is not."""
    assert made_up({("thin", "base"): CHEAPER}).recommended
    assert not made_up({("thin", "base"): DEARER}).recommended
    alike = made_up({("thin", "base"): {BASE: 2.0, OTHER: 1.0, TUNED: 1.0}}, noise=1.0)
    assert (False, Verdict.UNDECIDED) == (alike.recommended, alike.rivals[0].changes[0].verdict)


def test_worse_in_another_world_is_not_recommended() -> None:
    """Better there is not asked for."""
    assert not made_up({("thin", "base"): CHEAPER, ("thin", "toxic"): DEARER}).recommended
    alike = {BASE: 2.0, OTHER: 1.0, TUNED: 1.0}
    assert made_up({("thin", "base"): CHEAPER, ("thin", "toxic"): alike}).recommended
    assert not made_up({("thin", "base"): alike, ("thin", "toxic"): CHEAPER}).recommended


def test_every_rival_has_to_be_beaten() -> None:
    """Who began with a method does not lose to the algorithm as it comes."""
    costs = {BASE: 2.0, OTHER: 0.9, "three_level": 1.5, TUNED: 1.0}
    found = made_up({("thin", "base"): costs})
    assert [(OTHER, False), ("three_level", True)] == [(rival.name, rival.beaten) for rival in found.rivals]
    assert not found.recommended


def test_few_seeds_give_no_verdict() -> None:
    """In any class."""
    assert Verdict.TOO_FEW is made_up({("thin", "base"): CHEAPER}, runs=99).rivals[0].changes[0].verdict


def test_the_pair_is_compared_for_itself() -> None:
    """By class, with the rival as baseline, and no other arm in it."""
    (rival,) = made_up({("thin", "base"): CHEAPER}).rivals
    assert (OTHER, [OTHER, TUNED]) == (rival.comparison.asked.baseline, [arm.arm for arm in rival.comparison.cells[0].arms])


def test_a_search_that_comes_back_with_what_it_had_is_noticed() -> None:
    """By the parameters, not by the figures."""
    same = {"patience": 1.3}
    found = made_up({("thin", "base"): CHEAPER}, parameters={OTHER: same, TUNED: same})
    assert (True, same) == (found.rivals[0].equal, found.arm.parameters)
    assert not made_up({("thin", "base"): CHEAPER}).rivals[0].equal


@pytest.mark.parametrize(("training", "fine"), [(range(100, 120), True), (range(99, 120), False), (range(10, 20), False)])
def test_no_result_is_of_seeds_that_were_trained_on(training: range, fine: bool) -> None:
    """One in common is one too many."""
    sought = replace(SOUGHT, training=training)
    if fine:
        assert made_up({("thin", "base"): CHEAPER}, sought=sought).recommended
    else:
        with pytest.raises(DomainError, match="trained on"):
            made_up({("thin", "base"): CHEAPER}, sought=sought)


def test_a_baseline_that_costs_nothing_is_no_measure() -> None:
    """Nor is one that is paid."""
    assert [0.1, 0.1, 2.0, 2.0] == [baseline_scale(mean) for mean in (0.0, -0.05, 2.0, -2.0)]
