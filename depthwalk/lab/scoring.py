"""What a candidate of the search is worth on training seeds: one number, lower is better. For the search alone, no result.

The score is the mean over settings of the candidate's shortfall in the baseline's, and penalties for filling less, or asking
more often, than is wanted. Of two-sided seeds, all candidates' the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from statistics import fmean
from typing import Final

from depthwalk.analysis.trials import Stratum, Trial
from depthwalk.analysis.tuned import Objective, baseline_scale

FILL_WEIGHT: Final = 0.05
"""What each percent of the order that is filled less than wanted costs, as a share of the baseline's shortfall."""

REQUEST_WEIGHT: Final = 0.02
"""What each request more than wanted costs, likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What is minimized, and within what: *least_fill* (percent, by class; others have none), *most_requests* in the mean."""

    objective: Objective = Objective.NET
    least_fill: Mapping[str, float] = field(default_factory=dict)
    most_requests: float = inf


def scores(
    goal: Goal, baseline: str, arms: Sequence[str], settings: Iterable[tuple[str, Sequence[Trial]]]
) -> list[float] | None:
    """Return each arm's score from the trials of all arms and the baseline, setting by setting; None: no seed had two sides."""
    parts: dict[str, list[float]] = {arm: [] for arm in arms}
    for class_name, trials in settings:
        by_arm: dict[str, dict[int, Trial]] = {}
        for trial in trials:
            if trial.benchmark.stratum is Stratum.TWO_SIDED:
                by_arm.setdefault(trial.arm, {})[trial.seed] = trial
        if by_arm:
            for arm, found in parts.items():
                found.append(_score(goal, class_name, by_arm[arm], by_arm[baseline]))
    return [fmean(parts[arm]) for arm in arms] if any(parts.values()) else None


def _score(goal: Goal, class_name: str, mine: Mapping[int, Trial], base: Mapping[int, Trial]) -> float:
    fill = 100 * fmean(trial.fill_rate for trial in mine.values())
    requests = fmean(trial.api.calls for trial in mine.values())
    penalty = FILL_WEIGHT * max(0.0, goal.least_fill.get(class_name, 0.0) - fill)
    penalty += REQUEST_WEIGHT * max(0.0, requests - goal.most_requests)
    return _relative(goal.objective, mine, base) + penalty


def _relative(objective: Objective, mine: Mapping[int, Trial], base: Mapping[int, Trial]) -> float:
    """Return a shortfall in the baseline's; infinite where no seed has both."""
    pairs = [
        (own, other)
        for seed, trial in mine.items()
        if (own := objective.cents(trial)) is not None and (other := objective.cents(base[seed])) is not None
    ]
    if not pairs:
        return inf
    own_mean, other_mean = (fmean(values) for values in zip(*pairs, strict=True))
    return 1 + (own_mean - other_mean) / baseline_scale(other_mean)
