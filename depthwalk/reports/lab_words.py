"""Figures of a comparison as the results page writes them: a number with its interval, a verdict, an arm with its color."""

from collections.abc import Mapping
from typing import Final

from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.paired import Against, ArmFigures, FillVerdict, Verdict
from depthwalk.analysis.trial_columns import Metric
from depthwalk.reports import wording
from depthwalk.reports.lab_html import Html, breakable, join, tag
from depthwalk.reports.lab_plots import Arm
from depthwalk.reports.lab_table import number

_DECIMALS: Final = {"%": 2, "cents": 2, "s": 1, "": 1}
_COARSE: Final = frozenset({Metric.FILL, Metric.FULL, Metric.MAKER})

Arms = Mapping[str, Arm]
"""The arms of a comparison by name, with their labels and looks, the baseline first."""


def difference(figures: ArmFigures, metric: Metric) -> Estimate | None:
    """Return an arm's figure less the baseline's; None for the baseline."""
    return None if figures.against is None else figures.against.differences[metric]


def shown(value: float | None, metric: Metric, *, signed: bool = False) -> str:
    """Write a figure as precisely as it is meant."""
    return wording.ABSENT if value is None else number(value, 1 if metric in _COARSE else _DECIMALS[metric.unit], signed=signed)


def interval(estimate: Estimate | None, metric: Metric, *, signed: bool = False) -> Html:
    """Write a figure with its interval below."""
    if estimate is None:
        return join([wording.ABSENT])
    value = shown(estimate.value, metric, signed=signed)
    if estimate.low is None or estimate.high is None:
        return join([value])
    low, high = (shown(each, metric, signed=signed) for each in (estimate.low, estimate.high))
    return join([value, tag("small", f"[{low}, {high}]")])


def judged(against: Against | None) -> Html:
    """Write what may be said of an arm, as words; colors only repeat them."""
    if against is None:
        return join(["baseline"])
    classes = {Verdict.BETTER: "better", Verdict.WORSE: "worse"}
    word = tag("span", against.verdict.value, class_=classes.get(against.verdict, "undecided"))
    if against.fill is FillVerdict.NOT_ASKED:
        return word
    return join([word, tag("small", against.fill.value)])


def keyed(arm: Arm) -> Html:
    """Write an arm's name with its color before it."""
    return join([tag("span", class_="key", style=f"--key: {arm.look.variable}"), breakable(arm.name)])
