"""Two algorithms against each other on stored executions: what one saves over the other, class by class and in a year.

Unpaired: the two met different moments, and unless the algorithm was drawn at random for each order they may have met
different kinds of orders too (algorithms.md section 4.4). The sizes relative to the touch are given so that it can be seen.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from depthwalk.analysis.bootstrap import Draws
from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.figures import Sample, fill_percent, net_cents
from depthwalk.analysis.rules import Result
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.thresholds import Thresholds
from depthwalk.domain.units import CENT, DOLLAR

DAYS_A_YEAR = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What an algorithm still lacks in a class: executions and market-events; 0 where it has enough of one of them."""

    algorithm: str
    liquidity: LiquidityClass
    executions: int
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassGain:
    """What a candidate gains in one class: net shortfall saved in cents a contract, fill rate in points.

    *needed* is the saving that must be exceeded, in cents: in the dominant class the least that is worth it, elsewhere the
    most that may be lost (negative). *touch* is the median size relative to the touch, baseline first.
    """

    liquidity: LiquidityClass
    executions: tuple[int, int]
    baseline_cents: float | None
    gain: Estimate | None
    fill: Estimate | None
    needed: float
    touch: tuple[float | None, float | None]

    def saves(self) -> Result:
        """Return whether it saves more than needed."""
        return _above(self.gain, self.needed)

    def fills(self, margin: float) -> Result:
        """Return whether it fills no less, but for *margin* in points."""
        return _above(self.fill, -margin)

    def result(self, margin: float) -> Result:
        """Return whether it saves enough without filling less."""
        return _joint([self.saves(), self.fills(margin)])


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateGain:
    """A candidate against the baseline. *saving* is dollars a year at the volume of the report's days, by class."""

    algorithm: str
    classes: tuple[ClassGain, ...]
    dominant: LiquidityClass | None
    result: Result
    gaps: tuple[Gap, ...]
    saving: Estimate | None
    contracts_a_year: float


def classes_seen(sample: Sample) -> tuple[LiquidityClass, ...]:
    """Return the classes that occur; where none does, all of them: that is what is missing."""
    seen = {row.liquidity for row in sample.rows}
    return tuple(each for each in LiquidityClass if each in seen) or tuple(LiquidityClass)


def gaps(sample: Sample, algorithm: str, thresholds: Thresholds) -> tuple[Gap, ...]:
    """Return what an algorithm lacks for any verdict, in each class that occurs (algorithms.md section 4.3)."""
    found = []
    for liquidity in classes_seen(sample):
        rows = [sample.rows[number] for number in _arm(sample, algorithm, liquidity)]
        executions = max(0, thresholds.min_executions - sum(row.shortfall is not None for row in rows))
        events = max(0, thresholds.min_events - len({row.event for row in rows}))
        if executions or events:
            found.append(Gap(algorithm=algorithm, liquidity=liquidity, executions=executions, events=events))
    return tuple(found)


def compare(sample: Sample, candidate: str, thresholds: Thresholds, *, days: int) -> CandidateGain:
    """Return what *candidate* gains over the baseline. A class that one of the two never met has no gain."""
    sizes = Counter(row.liquidity for row in sample.rows if row.liquidity is not None)
    dominant = max(LiquidityClass, key=lambda each: sizes[each]) if sizes else None
    missing = gaps(sample, candidate, thresholds)
    classes, savings, yearly = [], [], 0.0
    for liquidity in classes_seen(sample):
        base, other = (_arm(sample, name, liquidity) for name in (thresholds.baseline, candidate))
        cents = sample.mean(base, net_cents)
        gain = cents - sample.mean(other, net_cents)
        fill = sample.mean(other, fill_percent) - sample.mean(base, fill_percent)
        baseline_cents = cents.estimate()
        classes.append(
            ClassGain(
                liquidity=liquidity,
                executions=(len(base), len(other)),
                baseline_cents=None if baseline_cents is None else baseline_cents.value,
                gain=gain.estimate(),
                fill=fill.estimate(),
                needed=_needed(baseline_cents, thresholds) if liquidity is dominant else -thresholds.max_loss / CENT,
                touch=(_touch(sample, base), _touch(sample, other)),
            )
        )
        contracts = sum(row.requested for row in sample.rows if row.liquidity is liquidity) / 100 * DAYS_A_YEAR / days
        yearly += contracts
        savings.append(gain.scaled(contracts / 100))
    result = _joint([each.result(100 * thresholds.fill_margin) for each in classes])
    saving = _summed(savings)
    return CandidateGain(
        algorithm=candidate,
        classes=tuple(classes),
        dominant=dominant,
        result=Result.UNDECIDED if missing and result is Result.HOLDS else result,
        gaps=missing,
        saving=None if saving is None else saving.estimate(),
        contracts_a_year=yearly,
    )


def worth(saving: Estimate | None, thresholds: Thresholds) -> Result:
    """Return whether a year's saving is more than a year's cost."""
    return _above(saving, thresholds.annual_cost / DOLLAR)


def _needed(baseline_cents: Estimate | None, thresholds: Thresholds) -> float:
    share = 0.0 if baseline_cents is None else thresholds.min_gain_share * baseline_cents.value
    return max(thresholds.min_gain / CENT, share)


def _above(value: Estimate | None, threshold: float) -> Result:
    if value is None or value.low is None or value.high is None:
        return Result.UNDECIDED
    return Result.HOLDS if value.low > threshold else Result.FAILS if value.high <= threshold else Result.UNDECIDED


def _joint(results: Sequence[Result]) -> Result:
    """Return FAILS where one fails, HOLDS where all hold."""
    for worst in (Result.FAILS, Result.UNDECIDED):
        if worst in results:
            return worst
    return Result.HOLDS


def _arm(sample: Sample, algorithm: str, liquidity: LiquidityClass) -> list[int]:
    return sample.where(lambda row: row.algorithm == algorithm and row.liquidity is liquidity)


def _touch(sample: Sample, numbers: list[int]) -> float | None:
    known = [touch for number in numbers if (touch := sample.rows[number].n_over_touch) is not None]
    return median(known) if known else None


def _summed(draws: list[Draws]) -> Draws | None:
    total = None
    for each in draws:
        total = each if total is None else total + each
    return total
