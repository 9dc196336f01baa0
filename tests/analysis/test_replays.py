"""A comparison of a replay: days of an event are the clusters, and too few of them allow no verdict."""

from dataclasses import replace

import pytest

from depthwalk.analysis.paired import FEWEST_EVENT_DAYS, FEWEST_SEEDS, Cell, Comparison, Verdict
from tests.support.replays import DAY, pairs, replay, replayed
from tests.support.trials import BASE, OTHER, compared, trial


def _verdict(comparison: Comparison) -> Verdict:
    against = comparison.cells[0].arm(OTHER).against
    assert against is not None
    return against.verdict


def _width(cell: Cell) -> float:
    against = cell.arm(OTHER).against
    assert against is not None
    found = against.primary
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    return found.high - found.low


def test_windows_of_one_event_and_day_stand_together() -> None:
    """Ten alike windows a day tell no more than one: the interval is wider than that of as many seeds."""
    clustered = replayed(pairs(200, days=20), replay(200, days=20)).cells[0]
    seeds = compared(pairs(200, days=20)).cells[0]
    assert (20, 200) == (clustered.clusters, seeds.clusters)
    assert 2 * _width(seeds) < _width(clustered)


def test_quantiles_too_are_of_days_and_not_of_windows() -> None:
    """Costs rise from day to day: the median of ten days is known far less well than that of 200 windows."""
    trials = [
        each for number in range(200) for each in (trial(number, BASE, 2.0 + number % 10), trial(number, OTHER, number % 10))
    ]
    days, seeds = (found.cells[0].arm(OTHER) for found in (replayed(trials, replay(200, days=10)), compared(trials)))
    for of_days, of_seeds in ((days.net_median, seeds.net_median), (days.shortfall_median, seeds.shortfall_median)):
        assert of_days is not None
        assert of_seeds is not None
        assert (of_days.low, of_days.high) != (None, None)
        assert of_days.value == of_seeds.value
        assert 2 * (of_seeds.high or 0) - 2 * (of_seeds.low or 0) < (of_days.high or 0) - (of_days.low or 0)


def test_a_cluster_is_an_event_and_a_day() -> None:
    """Markets of one event share theirs."""
    one, other = replay(4, days=2), replay(1, days=1, event="OTHER")
    assert one.event_days == 2
    assert ("EV", 0) == one.windows[0].event_day
    assert ("OTHER", 0) == other.windows[0].event_day
    assert ("EV", 1) == one.windows[1].event_day
    assert one.windows[1].at == DAY


@pytest.mark.parametrize(
    ("windows", "days", "verdict"),
    [
        (FEWEST_SEEDS - 1, FEWEST_EVENT_DAYS, Verdict.TOO_FEW_WINDOWS),
        (200, FEWEST_EVENT_DAYS - 1, Verdict.TOO_FEW_DAYS),
        (200, FEWEST_EVENT_DAYS, Verdict.BETTER),
    ],
)
def test_a_verdict_needs_windows_and_days(windows: int, days: int, verdict: Verdict) -> None:
    """A hundred windows of one day are one story."""
    assert verdict is _verdict(replayed(pairs(windows, days=days), replay(windows, days=days)))


def test_days_without_a_cost_do_not_count() -> None:
    """Of 20 days one has no window that could be priced: its spread is that of 19."""
    trials = pairs(200, days=FEWEST_EVENT_DAYS)
    known = [replace(each, shortfall=None) if each.seed % FEWEST_EVENT_DAYS == 0 else each for each in trials]
    assert Verdict.TOO_FEW_DAYS is _verdict(replayed(known, replay(200, days=FEWEST_EVENT_DAYS)))


def test_all_windows_of_a_class_make_it_whole() -> None:
    """Each class has as many as were found in it."""
    made_of = replay(6, days=2)
    assert (6, 0) == (made_of.count("thin"), made_of.count("liquid"))
    assert replayed(pairs(6, days=2), made_of).complete
    assert not replayed(pairs(5, days=2), made_of).complete
    assert replayed(pairs(5, days=2), made_of).asked.wanted == 6


def test_takes_beyond_the_share_are_counted_by_trial() -> None:
    """And the largest is kept, of those that are known."""
    arm = replayed(pairs(6, days=2, takes_beyond=3, worst_take=0.75), replay(6, days=2)).cells[0].arm(OTHER)
    assert (6, 0.75) == (arm.takes_beyond, arm.worst_take)
    none = replayed(pairs(6, days=2), replay(6, days=2)).cells[0].arm(OTHER)
    assert (0, None) == (none.takes_beyond, none.worst_take)


def test_windows_above_the_touch_are_counted() -> None:
    """40 contracts against 20 displayed are twice as many."""
    assert replayed(pairs(6, days=2), replay(6, days=2)).cells[0].above_touch == 6
