"""The rules of the decision report (design section 7): what each one measures, and how it stands.

The verdict is in `decision.py`. The need is judged on the baseline algorithm's executions: it is what they cost that another
algorithm could save. Only the share of thin books is a matter of all executions. "Average slippage" counts the unfilled rest,
priced by completing the order (the gross shortfall): slippage of the filled contracts alone flatters an algorithm that fills
only when it is cheap (algorithms.md sections 1.5 and 4.5).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from depthwalk.analysis.bootstrap import Draws
from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.figures import Sample, gross_dollars, gross_percent
from depthwalk.domain.measured import Measured
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.thresholds import Thresholds
from depthwalk.domain.units import DOLLAR, Money, in_seconds

_TAIL: Final = 0.95
_SPECIFICATION: Final = "execution spec"
_ASSESSMENT: Final = "architecture assessment, restated (its own wording can never hold)"


_Value = Callable[[Measured], float | None]


class Result(Enum):
    """How a statement stands: it holds in the whole interval, in none of it, or the interval straddles the threshold."""

    HOLDS = "pass"
    FAILS = "fail"
    UNDECIDED = "undecided"
    NOT_GIVEN = "not given"


Comparison = Literal[">", ">=", "<", "<="]
Unit = Literal["percent", "dollars", "timeouts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One statement of the report. *value* is None without data; *n* executions it was measured on, *scope* says which.

    *need* is what it counts for: statements of the same need are alternatives. A veto has none.
    """

    key: str
    title: str
    need: str | None
    comparison: Comparison
    threshold: float
    unit: Unit
    value: Estimate | None
    n: int
    scope: str
    source: str
    given: bool = True

    @property
    def veto(self) -> bool:
        """Whether it speaks against a change where it holds."""
        return self.need is None

    def result(self, factor: float = 1.0) -> Result:
        """Return how it stands with *factor* times the threshold."""
        if not self.given:
            return Result.NOT_GIVEN
        value, threshold = self.value, self.threshold * factor
        if value is None or value.low is None or value.high is None:
            return Result.UNDECIDED
        match self.comparison:
            case ">":
                sure, never = value.low > threshold, value.high <= threshold
            case ">=":
                sure, never = value.low >= threshold, value.high < threshold
            case "<":
                sure, never = value.high < threshold, value.low >= threshold
            case "<=":
                sure, never = value.high <= threshold, value.low > threshold
        return Result.HOLDS if sure else Result.FAILS if never else Result.UNDECIDED


@dataclass(frozen=True, slots=True)
class _Found:
    """A statistic, how many rows had a value for it, and which rows these are."""

    value: Estimate | None
    n: int
    scope: str


class _Rows:
    """Chosen rows of a sample under a name."""

    def __init__(self, sample: Sample, numbers: Sequence[int], scope: str) -> None:
        self._sample, self._numbers, self._scope = sample, numbers, scope

    def mean(self, value: _Value) -> _Found:
        """Return the mean of a value."""
        return self._found(self._sample.mean(self._numbers, value), value)

    def total(self, value: _Value) -> _Found:
        """Return the sum of a value."""
        return self._found(self._sample.total(self._numbers, value), value)

    def tail(self, value: _Value) -> _Found:
        """Return the 95th percentile of a value."""
        return self._found(self._sample.quantile(self._numbers, value, _TAIL), value)

    def _found(self, draws: Draws, value: _Value) -> _Found:
        known = sum(value(self._sample.rows[number]) is not None for number in self._numbers)
        return _Found(draws.estimate(), known, self._scope)


def rules(sample: Sample, thresholds: Thresholds, *, realised: Money | None) -> tuple[Rule, ...]:
    """Return every rule, in the order of the design; *realised* is the profit so far, None where not given."""
    limits, name = thresholds, thresholds.baseline
    base = sample.where(lambda row: row.algorithm == name)
    depth = f"depth < {limits.shallow_depth / 100:g}"
    of_base = _Rows(sample, base, name)
    of_thin = _Rows(sample, [k for k in base if sample.rows[k].liquidity is LiquidityClass.THIN], f"{name}, thin")
    of_shallow = _Rows(sample, [k for k in base if _shallow(sample.rows[k], limits)], f"{name}, {depth}")
    of_all = _Rows(sample, sample.where(lambda row: row.liquidity is not None), "all executions")
    average, share = of_base.mean(gross_percent), of_all.mean(_thin_percent)
    return (
        _need("average_slippage", "average slippage", limits.average_slippage, average),
        _need("thin_slippage", "slippage in thin markets", limits.thin_slippage, of_thin.mean(gross_percent)),
        _need("underfilled", "under-filled orders", limits.underfilled, of_base.mean(_underfilled_percent)),
        _need("thin_share", "thin share of executions", limits.thin_share, share),
        _rule(
            "cumulative_cost",
            "cumulative slippage cost",
            of_base.total(gross_dollars),
            comparison=">",
            threshold=limits.cumulative_cost / DOLLAR,
            unit="dollars",
            need="cumulative_cost",
        ),
        _veto("veto_average_slippage", "veto: average slippage", limits.veto_average_slippage, average),
        _veto("veto_thin_share", "veto: thin share", limits.veto_thin_share, share),
        _profit(realised),
        _rule(
            "shallow_underfilled",
            f"under-filled, {depth}",
            of_shallow.mean(_underfilled_percent),
            comparison=">",
            threshold=100 * limits.shallow_underfilled,
            need="shallow",
            source=_ASSESSMENT,
        ),
        _rule(
            "shallow_time",
            "or p95 time / time-out",
            of_shallow.tail(_in_timeouts),
            comparison=">=",
            threshold=limits.shallow_time,
            unit="timeouts",
            need="shallow",
            source=_ASSESSMENT,
        ),
    )


def _rule(
    key: str,
    title: str,
    found: _Found,
    *,
    comparison: Comparison,
    threshold: float,
    unit: Unit = "percent",
    need: str | None = None,
    source: str = _SPECIFICATION,
) -> Rule:
    return Rule(
        key=key,
        title=title,
        need=need,
        comparison=comparison,
        threshold=threshold,
        unit=unit,
        value=found.value,
        n=found.n,
        scope=found.scope,
        source=source,
    )


def _need(key: str, title: str, share: float, found: _Found) -> Rule:
    """Return a need that a percentage is above a share."""
    return _rule(key, title, found, comparison=">", threshold=100 * share, need=key)


def _veto(key: str, title: str, share: float, found: _Found) -> Rule:
    """Return a veto that a percentage is below a share."""
    return _rule(key, title, found, comparison="<", threshold=100 * share)


def _profit(realised: Money | None) -> Rule:
    """Return the veto of a strategy that does not earn: what it loses is not lost in execution. Exact, so no interval."""
    dollars = None if realised is None else realised / DOLLAR
    return Rule(
        key="veto_not_profitable",
        title="veto: not yet profitable",
        need=None,
        comparison="<=",
        threshold=0.0,
        unit="dollars",
        value=None if dollars is None else Estimate(value=dollars, low=dollars, high=dollars),
        n=0,
        scope="realised P&L",
        source=_SPECIFICATION,
        given=dollars is not None,
    )


def _shallow(row: Measured, thresholds: Thresholds) -> bool:
    return row.depth is not None and row.depth < thresholds.shallow_depth


def _thin_percent(row: Measured) -> float:
    return 100.0 * (row.liquidity is LiquidityClass.THIN)


def _underfilled_percent(row: Measured) -> float:
    return 100.0 * row.underfilled


def _in_timeouts(row: Measured) -> float | None:
    """Return the time to the last fill in time-outs; an order that was never filled took one at least."""
    if not row.timeout:
        return None
    return (
        max(1.0, in_seconds(row.total_time) / row.timeout) if row.full_fill is None else in_seconds(row.full_fill) / row.timeout
    )
