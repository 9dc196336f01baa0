"""What a search for parameters came to: the tuned ones against those they would replace, on seeds that nobody trained on.

One figure decides: the mean over classes of the difference in shortfall, in percent of the baseline's, with a 95 % interval
of the seeds. Tuned parameters are recommended where they are cheaper in the first world and dearer in no other. Values and
their statistics; what was seen in training is not here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import reduce
from math import isfinite
from operator import add
from statistics import fmean
from typing import Final, NamedTuple

from depthwalk.analysis.bootstrap import Bootstrap, Draws
from depthwalk.analysis.collection import CellKey, Collection
from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.paired import FEWEST_SEEDS, RESAMPLES, Asked, AskedArm, Comparison, Verdict
from depthwalk.analysis.pairing import compare
from depthwalk.analysis.trial_columns import Metric
from depthwalk.analysis.trials import Trial
from depthwalk.errors import DomainError

_LEAST_SCALE: Final = 0.1
"""Cents a contract: a baseline that costs less is no measure."""


class Objective(Enum):
    """The shortfall that a search minimizes."""

    NET = "net"
    """With all fees."""
    GROSS = "gross"
    """Without."""

    @property
    def metric(self) -> Metric:
        """It as a figure of a comparison."""
        return Metric.NET_CENTS if self is Objective.NET else Metric.SHORTFALL_CENTS

    def cents(self, trial: Trial) -> float | None:
        """Return it of one trial, in cents a contract; None where it is not known."""
        return trial.cents(trial.net if self is Objective.NET else trial.shortfall)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What was searched: *varied* names parameters and their bounds, *training* the seeds (all of it, in all generations)."""

    algorithm: str
    varied: Mapping[str, str]
    objective: Objective
    least_fill: Mapping[str, float]
    most_requests: float
    generations: int
    population: int
    train_runs: int
    train_worlds: tuple[str, ...]
    training: range
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How much dearer the tuned parameters are in one world, in percent of the baseline's shortfall, mean of the classes."""

    world: str
    estimate: Estimate | None
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """The tuned arm against one that it could replace: by class in *comparison* (of the two), and world by world."""

    name: str
    comparison: Comparison
    changes: tuple[Change, ...]

    @property
    def beaten(self) -> bool:
        """Whether the tuned parameters are cheaper in the first world and dearer in no other."""
        first, *others = self.changes
        return first.verdict is Verdict.BETTER and all(change.verdict is not Verdict.WORSE for change in others)

    @property
    def equal(self) -> bool:
        """Whether the search came back with the very parameters it began with."""
        mine, tuned = self.comparison.asked.arms
        return mine.parameters == tuned.parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What was searched and what came of it on fresh seeds; *comparison* has all arms against the baseline."""

    sought: Sought
    name: str
    comparison: Comparison
    rivals: tuple[Rival, ...]

    @property
    def recommended(self) -> bool:
        """Whether the tuned parameters should replace what is there; never of a comparison whose audit failed."""
        return self.comparison.clean and all(rival.beaten for rival in self.rivals)

    @property
    def arm(self) -> AskedArm:
        """The tuned parameters."""
        return next(arm for arm in self.comparison.asked.arms if arm.name == self.name)


def baseline_scale(mean: float) -> float:
    """Return what a difference is divided by to be a share of the baseline's mean shortfall (cents)."""
    return max(abs(mean), _LEAST_SCALE)


def tuned_of(
    sought: Sought,
    name: str,
    rivals: Sequence[str],
    comparison: Comparison,
    collection: Collection,
    *,
    resamples: int = RESAMPLES,
) -> Tuned:
    """Judge the arm *name* against *rivals*, all of a comparison that is complete. Its first world decides.

    Raises:
        DomainError: the comparison is of seeds that were trained on, or of other seeds in one arm than in another.

    """
    first = comparison.asked.first_seed
    if max(first, sought.training.start) < min(first + comparison.asked.runs, sought.training.stop):
        raise DomainError("the comparison has seeds that were trained on")
    judging = _Judging(sought.objective, comparison.asked, name, collection, resamples)
    return Tuned(sought=sought, name=name, comparison=comparison, rivals=tuple(judging.against(rival) for rival in rivals))


class _Judging(NamedTuple):
    """What is asked of each rival and world."""

    objective: Objective
    asked: Asked
    tuned: str
    collection: Collection
    resamples: int

    def against(self, rival: str) -> Rival:
        arms = {arm.name: arm for arm in self.asked.arms}
        asked = replace(self.asked, arms=(arms[rival], arms[self.tuned]), baseline=rival)
        pair = compare(asked, self.collection, resamples=self.resamples)
        return Rival(name=rival, comparison=pair, changes=tuple(self._change(pair, world) for world in asked.worlds))

    def _change(self, pair: Comparison, world: str) -> Change:
        cells = [cell for cell in pair.cells if cell.world == world]
        parts = [self._relative(pair.asked.baseline, CellKey(cell.class_name, world)) for cell in cells]
        # One set of draws for all classes: a seed counts as often in each of them.
        estimate = reduce(add, parts).scaled(100 / len(parts)).estimate()
        few = any(
            against is not None and against.pairs < FEWEST_SEEDS for against in (cell.arm(self.tuned).against for cell in cells)
        )
        return Change(world=world, estimate=estimate, verdict=Verdict.TOO_FEW if few else _verdict(estimate))

    def _relative(self, rival: str, cell: CellKey) -> Draws:
        """Return the mean difference in a class, as a share of the baseline's mean. One-sided seeds have neither."""
        arms = self.collection.arms(cell)
        base, mine, other = (arms[name].metric(self.objective.metric) for name in (self.asked.baseline, self.tuned, rival))
        costs = [cost for cost in base if isfinite(cost)]
        draw = Bootstrap(range(len(base)), resamples=self.resamples)
        differences = [one - another for one, another in zip(mine, other, strict=True)]
        (difference,) = draw.means(range(len(base)), [differences])
        return difference.scaled(1 / baseline_scale(fmean(costs) if costs else 0.0))


def _verdict(estimate: Estimate | None) -> Verdict:
    if estimate is not None and estimate.high is not None and estimate.high < 0:
        return Verdict.BETTER
    if estimate is not None and estimate.low is not None and estimate.low > 0:
        return Verdict.WORSE
    return Verdict.UNDECIDED
