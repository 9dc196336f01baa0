"""All figures of a class in a world as tables, for who unfolds them on the results page."""

from collections.abc import Callable, Mapping, Sequence

from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.paired import PRIMARY, TOUCH_BINS, ArmFigures, Asked
from depthwalk.analysis.trial_columns import Metric
from depthwalk.reports import wording
from depthwalk.reports.lab_html import Html, breakable, table
from depthwalk.reports.lab_source import paired
from depthwalk.reports.lab_words import Arms, interval, keyed


def all_figures(rows: Sequence[ArmFigures], asked: Asked, arms: Arms) -> list[Html]:
    """Return tables of every figure, of every paired difference, and of net cents by the size of the order."""
    head = ["", *(breakable(arms[row.arm].name) for row in rows)]

    def means(found: Callable[[ArmFigures], Mapping[Metric, Estimate | None]], *, signed: bool) -> list[list[str]]:
        kept = [row for row in rows if not signed or row.against is not None]
        return [[_titled(metric), *(interval(found(row)[metric], metric, signed=signed) for row in kept)] for metric in Metric]

    quantiles = [
        ["shortfall, net, median, cents", *(interval(row.net_median, PRIMARY) for row in rows)],
        ["shortfall, net, 95 %, cents", *(interval(row.net_tail, PRIMARY) for row in rows)],
        ["shortfall, gross, median, %", *(interval(row.shortfall_median, Metric.SHORTFALL) for row in rows)],
        ["shortfall, gross, 95 %, %", *(interval(row.shortfall_tail, Metric.SHORTFALL) for row in rows)],
        ["filled of one-sided arrivals, %", *(interval(row.one_sided_fill, Metric.FILL) for row in rows)],
    ]
    counts = [
        ["rest that no book could price, trials", *(f"{row.unpriced:,}" for row in rows)],
        ["rest beyond the displayed depth, trials", *(f"{row.depth_short:,}" for row in rows)],
        ["contracts overfilled (must be 0)", *(wording.contracts(row.audit.overfilled) for row in rows)],
        ["orders left resting (must be 0)", *(f"{row.audit.orphans:,}" for row in rows)],
        ["fills beyond the cap (must be 0)", *(f"{row.audit.beyond_cap:,}" for row in rows)],
    ]
    ends = dict.fromkeys(reason for row in rows for reason in row.reasons)
    counts += [
        [f"ended: {reason.replace('_', ' ')}, trials", *(str(row.reasons.get(reason, 0)) for row in rows)] for reason in ends
    ]
    found = [table("Every figure of every arm", head, [*means(lambda row: row.means, signed=False), *quantiles, *counts])]
    others = [row for row in rows if row.against is not None]
    if others:
        differences = means(lambda row: {} if row.against is None else row.against.differences, signed=True)
        adjusted = [
            wording.ABSENT if p is None else f"{p:.2g}" for p in (row.against and row.against.adjusted for row in others)
        ]
        differences.append(["p of net cents, after Holm", *adjusted])
        columns = ["", *(breakable(arms[row.arm].name) for row in others)]
        found.append(table(f"Paired differences: the arm less {asked.baseline} {paired(asked)}", columns, differences))
    bins = ["N/touch", *(name.replace("<=", "≤") for name in TOUCH_BINS)]
    found.append(
        table(
            "Net cents by N/touch",
            bins,
            [[keyed(arms[row.arm]), *(interval(each, PRIMARY) for each in row.net_by_touch)] for row in rows],
        )
    )
    return found


def _titled(metric: Metric) -> str:
    return f"{metric.title}, {metric.unit}" if metric.unit else metric.title
