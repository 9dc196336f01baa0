"""One class in one world on the results page: what was traded, the table of its arms, four plots, and all figures folded away.

The page around it is `lab_page.py`, the drawing `lab_plots.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.paired import PRIMARY, TOUCH_BINS, ArmFigures, Asked, Cell
from depthwalk.analysis.shapes import FAN
from depthwalk.analysis.trial_columns import Metric
from depthwalk.analysis.trials import STEPS
from depthwalk.domain.units import in_seconds
from depthwalk.reports import lab_plots, wording
from depthwalk.reports.lab_details import all_figures
from depthwalk.reports.lab_html import Html, details, figure, table, tag
from depthwalk.reports.lab_plots import Arm
from depthwalk.reports.lab_source import deep_words, named, paired, takes_words, unpriced_words
from depthwalk.reports.lab_table import number
from depthwalk.reports.lab_words import Arms, difference, interval, judged, keyed, shown

SECONDS: Final = tuple(in_seconds(step) for step in STEPS)
_CENTS: Final = "net shortfall, cents a contract (negative: better than the mid)"
_MEANS: Final = (
    (Metric.SLIPPAGE, "slippage %"),
    (Metric.FILL, "filled %"),
    (Metric.SHORTFALL, "shortfall %, gross"),
    (Metric.NET_CENTS, "shortfall cents, net"),
)
_DIFFERENCES: Final = ((PRIMARY, "difference net cents"), (Metric.FILL, "difference filled points"))
_EFFORTS: Final = ((Metric.REQUESTS, "requests"), (Metric.LAST_FILL, "last fill s"))
_SHARES: Final = (5, 25, 50, 75, 95)


def cell_part(cell: Cell, asked: Asked, arms: Arms, *, name: str, whole: bool) -> Html:
    """Return what is said of a cell, *whole* with all figures; *name* keeps its drawings apart from others'."""
    figures = {each.arm: each for each in cell.arms}
    rows = [figures[each] for each in arms if each in figures]
    plots = [
        plot
        for plot in (
            _distribution(rows, arms, name),
            _fill_curve(rows, arms, name),
            _frontier(rows, arms, name),
            _fan(cell, name),
        )
        if plot is not None
    ]
    return tag(
        "div",
        tag("p", _facts(cell, asked), class_="quiet"),
        _arms_table(rows, asked, arms),
        tag("div", *plots, class_="plots") if plots else tag("p", "No arrival had two sides: there is nothing to draw."),
        *([details("All figures", *all_figures(rows, asked, arms))] if whole else []),
    )


def _facts(cell: Cell, asked: Asked) -> str:
    least, most = map(wording.contracts, cell.quantity)
    touch = "" if cell.over_touch is None else f", {number(cell.over_touch)} times the touch in the median"
    bins = ", ".join(f"{count:,} at {name}" for name, count in zip(TOUCH_BINS, cell.touch_bins, strict=True) if count)
    books = [
        f"{words} {number(value, decimals)}{unit}"
        for words, value, decimals, unit in (
            ("spread", cell.spread_cents, 2, " cents"),
            ("at the touch", cell.touch, 1, ""),
            ("within 3 cents", cell.within_3, 1, " contracts"),
        )
        if value is not None
    ]
    sentences = [
        f"N {least if least == most else f'{least} to {most}'} contracts{touch}.",
        f"{named(asked, cell.seeds)}: {cell.two_sided:,} two-sided at the decision, ",
        f"{cell.one_sided:,} one-sided (of which the fill rate only is told).",
        f"By N/touch: {bins}." if bins else "",
        f"Books on average: {', '.join(books)}." if books else "",
        "" if asked.replay is None else takes_words(asked.replay, cell, cell.arms),
        deep_words(cell),
        unpriced_words(cell),
    ]
    return " ".join(filter(None, map(str.strip, sentences))).replace("<=", "≤")


# --- tables ---


def _arms_table(rows: Sequence[ArmFigures], asked: Asked, arms: Arms) -> Html:
    titles = [title for _, title in (*_MEANS, *_DIFFERENCES)] + ["verdict"] + [title for _, title in _EFFORTS]
    lines = [
        [
            keyed(arms[row.arm]),
            *(interval(row.means[metric], metric) for metric, _ in _MEANS),
            *(interval(difference(row, metric), metric, signed=True) for metric, _ in _DIFFERENCES),
            judged(row.against),
            *(interval(row.means[metric], metric) for metric, _ in _EFFORTS),
        ]
        for row in rows
    ]
    return table(f"Means with 95 % intervals; differences against {asked.baseline} {paired(asked)}", ["arm", *titles], lines)


# --- plots ---


def _distribution(rows: Sequence[ArmFigures], arms: Arms, name: str) -> Html | None:
    known = [row for row in rows if row.distribution]
    if not known:
        return None
    drawing = lab_plots.distributions(
        [(arms[row.arm], row.distribution, row.means[PRIMARY]) for row in known],
        axis=_CENTS,
        name=f"{name}d",
        words="Distributions of net shortfall in cents, one row an arm. "
        + _each(known, lambda row: shown(row.distribution[50], PRIMARY), "Medians"),
    )
    numbers = table(
        "Net shortfall in cents: quantiles and mean",
        ["arm", *(f"{share} %" for share in _SHARES), "mean"],
        [
            [
                keyed(arms[row.arm]),
                *(shown(row.distribution[share], PRIMARY) for share in _SHARES),
                interval(row.means[PRIMARY], PRIMARY),
            ]
            for row in known
        ],
    )
    again = f", the line is {arms[known[0].arm].label} again" if len(known) > 1 else ""
    caption = (
        f"What an execution costs in the end: distribution of the net shortfall. Signs are means with their intervals{again}. "
        "The outermost 2 % at either end are not drawn."
    )
    return figure(drawing, caption, numbers)


def _fill_curve(rows: Sequence[ArmFigures], arms: Arms, name: str) -> Html | None:
    known = [row for row in rows if any(row.fill_curve)]
    if not known:
        return None
    drawing = lab_plots.fill_curves(
        [(arms[row.arm], row.fill_curve) for row in known],
        SECONDS,
        axis="seconds after the decision",
        name=f"{name}c",
        words="Share filled over time, one line an arm. "
        + _each(known, lambda row: _value(row.fill_curve[-1], Metric.FILL), "Percent filled at the end"),
    )
    numbers = table(
        "Filled, in percent, by seconds after the decision",
        ["arm", *(f"{at:g} s" for at in SECONDS)],
        [[keyed(arms[row.arm]), *(interval(each, Metric.FILL) for each in row.fill_curve)] for row in known],
    )
    return figure(drawing, "How much is filled by when: the mean, and its interval as a band.", numbers)


def _frontier(rows: Sequence[ArmFigures], arms: Arms, name: str) -> Html | None:
    known = [row for row in rows if row.means[Metric.SLIPPAGE] is not None]
    if not known:
        return None
    drawing = lab_plots.frontier(
        [(_marked(arms[row.arm], row), row.means[Metric.SLIPPAGE], row.means[Metric.FILL]) for row in known],
        titles=("slippage of what was filled, %", "filled, %"),
        name=f"{name}f",
        words="Slippage against the share filled, one point an arm. "
        + _each(known, lambda row: f"{_value(row.means[Metric.SLIPPAGE], Metric.SLIPPAGE)} % at "
                f"{_value(row.means[Metric.FILL], Metric.FILL)} %", "Slippage at fill"),
    )  # fmt: skip
    numbers = table(
        "Slippage and fill",
        ["arm", "slippage, %", "filled, %"],
        [[keyed(arms[row.arm]), *(interval(row.means[m], m) for m in (Metric.SLIPPAGE, Metric.FILL))] for row in known],
    )
    caption = "What is paid against what is filled: to the upper left is better. The arms of the crosses are the intervals."
    return figure(drawing, caption, numbers)


def _marked(arm: Arm, figures: ArmFigures) -> Arm:
    return replace(arm, label=f"{arm.label} (baseline)") if figures.against is None else arm


def _fan(cell: Cell, name: str) -> Html | None:
    if not any(cell.fan):
        return None
    last = next(step for step in reversed(cell.fan) if step)
    ends = ", ".join(f"{100 * share:.0f} % {value:+.2f}" for share, value in zip(FAN, last, strict=True))
    drawing = lab_plots.fan(
        cell.fan,
        SECONDS,
        FAN,
        axis="change of the mid, cents",
        name=f"{name}p",
        words=f"Where the mid goes with nobody trading. Quantiles at the end, in cents: {ends}.",
    )
    lines = [
        [f"{100 * share:.0f} %", *(shown(step[k], PRIMARY, signed=True) if step else wording.ABSENT for step in cell.fan)]
        for k, share in enumerate(FAN)
    ]
    numbers = table("Quantiles of the mid's change in cents, by seconds after the decision", ["", *_ats()], lines)
    caption = "Where prices go by themselves: the mid of the same seeds with nobody trading, quantiles over the seeds."
    return figure(drawing, caption, numbers)


def _ats() -> list[str]:
    return [f"{at:g} s" for at in SECONDS]


def _value(estimate: Estimate | None, metric: Metric) -> str:
    return shown(None if estimate is None else estimate.value, metric)


def _each(rows: Sequence[ArmFigures], found: Callable[[ArmFigures], str], title: str) -> str:
    return f"{title}: {', '.join(f'{row.arm} {found(row)}' for row in rows)}."
