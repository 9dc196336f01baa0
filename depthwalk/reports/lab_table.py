"""A comparison of the laboratory for people: a table for each class and world, then how to read it. Pure.

Half intervals stand behind a plus-minus, whole ones in brackets. What is good or bad is said in words; colors only repeat it.
A narrow screen gets the same columns in two tables.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.paired import (
    FEWEST_SEEDS,
    FILL_MARGIN,
    TOUCH_BINS,
    Against,
    ArmFigures,
    Asked,
    AskedArm,
    Cell,
    Comparison,
    FillVerdict,
    Verdict,
)
from depthwalk.analysis.trial_columns import Metric
from depthwalk.domain.order import Action
from depthwalk.reports import wording
from depthwalk.reports.lab_source import (
    MEASURED,
    caution,
    cell_title,
    deep_words,
    named,
    noun,
    paired,
    replay_words,
    takes_words,
    unpriced_words,
)
from depthwalk.reports.wording import UNICODE, Glyphs

ENOUGH_SEEDS = 2_000
"""What a report on simulations should have in each cell (algorithms.md section 4.2)."""

_WIDE = 120
VERDICT_STYLES = {
    Verdict.BETTER: "bold green",
    Verdict.WORSE: "bold red",
    Verdict.UNDECIDED: "yellow",
    Verdict.TOO_FEW: "dim",
    Verdict.TOO_FEW_WINDOWS: "dim",
    Verdict.TOO_FEW_DAYS: "dim",
}

_FEW = "too few"

_Cells = Callable[[ArmFigures], "str | Text"]
_Columns = Sequence[tuple[str, _Cells]]


def comparison_tables(comparison: Comparison, *, width: int, signs: Glyphs = UNICODE) -> RenderableType:
    """Return the whole comparison for a terminal of *width* columns."""
    parts: list[RenderableType] = [*_partial(comparison)]
    if comparison.asked.replay is not None:
        parts += [Text(signs.text(replay_words(comparison.asked.replay))), Text()]
    for cell in comparison.cells:
        parts += [*_cell(comparison, cell, width, signs), Text()]
    parts += [*_overview(comparison, signs), *_arms(comparison, signs), _audit(comparison)]
    return Group(*parts, *_notes(comparison, signs), *_partial(comparison))


def verdict_words(against: Against) -> str:
    """Return what may be said of an arm, in words."""
    if against.fill in (FillVerdict.HOLDS, FillVerdict.NOT_ASKED):
        return against.verdict.value
    return f"{against.verdict.value}, {against.fill.value}"


def audit_words(comparison: Comparison) -> list[str]:
    """Return what must not have happened and did, arm by arm."""
    found = []
    traded = _traded(comparison)
    for cell in comparison.cells:
        for arm in cell.arms:
            audit = arm.audit
            counts = [
                (audit.overfilled, f"{traded} {wording.contracts(audit.overfilled)} contracts more than asked"),
                (audit.orphans, f"left {audit.orphans:,} orders resting"),
                (audit.beyond_cap, f"had {audit.beyond_cap:,} fills beyond its cap"),
            ]
            if words := [said for count, said in counts if count]:
                found.append(f"{arm.arm} in {cell.class_name}, {cell.world}: {', '.join(words)}")
    return found


def clean_words(comparison: Comparison) -> str:
    """Return what an audit says that found nothing."""
    return f"no arm {_traded(comparison)} more than asked, left an order resting, or passed its cap"


def number(value: float, decimals: int = 2, *, signed: bool = False) -> str:
    """Write a number; what rounds to 0 has no sign."""
    text = f"{value:+,.{decimals}f}" if signed else f"{value:,.{decimals}f}"
    return text if float(text.replace(",", "")) else text.lstrip("+-")


def interval(estimate: Estimate | None, decimals: int = 2) -> str:
    """Write a signed difference with its interval."""
    if estimate is None:
        return wording.ABSENT
    value = number(estimate.value, decimals, signed=True)
    if estimate.low is None or estimate.high is None:
        return f"{value} [{wording.ABSENT}]"
    return f"{value} [{number(estimate.low, decimals, signed=True)}, {number(estimate.high, decimals, signed=True)}]"


def mean_words(estimate: Estimate | None, decimals: int) -> str:
    """Write a mean alone."""
    return wording.ABSENT if estimate is None else number(estimate.value, decimals)


def halved(estimate: Estimate | None, signs: Glyphs, *, signed: bool = False) -> str:
    """Write a mean and half of its interval."""
    if estimate is None:
        return wording.ABSENT
    value = number(estimate.value, signed=signed)
    if estimate.low is None or estimate.high is None:
        return value
    return f"{value} {half_sign(signs)}{number((estimate.high - estimate.low) / 2)}"


def _partial(comparison: Comparison) -> Iterator[Text]:
    if comparison.complete:
        return
    asked = comparison.asked
    done = sum(cell.seeds for cell in comparison.cells)
    words = "Who stops when he likes what he sees is less sure than the verdicts say."
    yield Text(f"PARTIAL: {done:,} of {named(asked, asked.wanted)} were run. {words}", "bold yellow")


def _cell(comparison: Comparison, cell: Cell, width: int, signs: Glyphs) -> Iterator[RenderableType]:
    yield from _heading(comparison.asked, cell, signs)
    figures, against = _figure_columns(signs), _against_columns(signs)
    if width >= _WIDE:
        yield _table((*figures, *against), cell, signs)
        return
    yield _table(figures, cell, signs)
    if len(cell.arms) > 1:
        yield Text(f"against {comparison.asked.baseline} {paired(comparison.asked)}", "dim")
        yield _table(against, cell, signs, without=comparison.asked.baseline)


def _heading(asked: Asked, cell: Cell, signs: Glyphs) -> Iterator[Text]:
    low, high = (wording.contracts(each) for each in cell.quantity)
    line = Text(signs.text(cell_title(asked, cell)), "bold")
    line.append(f"  {asked.action.value} {asked.outcome.value.upper()}, N {low if low == high else f'{low} to {high}'}")
    line.append("" if cell.over_touch is None else f", N/touch in the median {number(cell.over_touch)}")
    yield line
    bins = ", ".join(f"{title}: {count:,}" for title, count in zip(TOUCH_BINS, cell.touch_bins, strict=True))
    yield Text(signs.text(f"{named(asked, cell.seeds)}; N/touch {bins}"), "dim")
    if asked.replay is not None:
        yield Text(signs.text(takes_words(asked.replay, cell, cell.arms)), "dim")
    if cell.one_sided:
        rates = sorted(arm.one_sided_fill.value for arm in cell.arms if arm.one_sided_fill is not None)
        ends = list(dict.fromkeys(number(rate, 0) for rate in rates[:1] + rates[-1:]))
        filled = f"{' to '.join(ends)} % filled" if ends else "nothing known of fills"
        yield Text(f"{cell.one_sided:,} of them one-sided at the decision: {filled}, in no other figure", "dim")
    for words, style in ((deep_words(cell), "dim"), (unpriced_words(cell), "yellow")):
        if words:
            yield Text(signs.text(words), style)


def arm_name(name: str, signs: Glyphs) -> str:
    """Return an arm's name as a table shows it: parameters of its own begin a line of their own."""
    return signs.text(name).replace(":", ":\n", 1)


def half_sign(signs: Glyphs) -> str:
    """Return what stands before half an interval."""
    return "±" if signs is UNICODE else "+-"


def _figure_columns(signs: Glyphs) -> _Columns:
    def mean(metric: Metric, decimals: int) -> _Cells:
        return lambda arm: mean_words(arm.means[metric], decimals)

    def with_half(metric: Metric) -> _Cells:
        return lambda arm: halved(arm.means[metric], signs)

    return (
        ("slip %", mean(Metric.SLIPPAGE, 2)),
        ("fill %", mean(Metric.FILL, 1)),
        ("shortfall %", with_half(Metric.SHORTFALL)),
        (f"net {signs.cents}", with_half(Metric.NET_CENTS)),
        ("reqs", mean(Metric.REQUESTS, 0)),
        ("last s", mean(Metric.LAST_FILL, 1)),
    )


def _against_columns(signs: Glyphs) -> _Columns:
    """Return net cents, the verdict, fill points."""

    def of(show: Callable[[Against], str | Text]) -> _Cells:
        return lambda arm: Text("baseline", "dim") if arm.against is None else show(arm.against)

    def verdict(against: Against) -> Text:
        return Text(verdict_words(against), VERDICT_STYLES[against.verdict])

    difference = "Δ" if signs is UNICODE else "+/-"
    return (
        (f"{difference} net {signs.cents} [95 %]", of(lambda against: interval(against.primary))),
        (f"{difference} fill pts [95 %]", of(lambda against: interval(against.differences[Metric.FILL], 1))),
        ("verdict", of(verdict)),
    )


def _table(columns: _Columns, cell: Cell, signs: Glyphs, *, without: str | None = None) -> Table:
    """Return a table. Where it is too wide names and figures are broken; with figures kept whole columns would be dropped."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    names = {arm.arm: arm_name(arm.arm, signs) for arm in cell.arms if arm.arm != without}
    table.add_column("arm", overflow="fold")
    for title, _ in columns:
        table.add_column(title, justify="left" if title == "verdict" else "right", overflow="fold")
    for arm in cell.arms:
        if arm.arm in names:
            table.add_row(names[arm.arm], *(show(arm) for _, show in columns))
    return table


def _overview(comparison: Comparison, signs: Glyphs) -> Iterator[RenderableType]:
    """Yield a table an arm, a row a world: what it saves in each class; nothing where there is one world only."""
    asked = comparison.asked
    if len(asked.worlds) == 1:
        return
    cells = {(cell.world, cell.class_name): cell for cell in comparison.cells}
    for arm in asked.arms:
        if arm.name == asked.baseline:
            continue
        yield Text(signs.text(f"{arm.name}: net {signs.cents} against {asked.baseline}"), "bold")
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column("world", no_wrap=True)
        for name in asked.classes:
            table.add_column(signs.text(name), overflow="fold")
        for world in asked.worlds:
            found = (cells.get((world, name)) for name in asked.classes)
            table.add_row(signs.text(world), *(_saving(None if cell is None else cell.arm(arm.name), signs) for cell in found))
        yield from (table, Text())


def _saving(arm: ArmFigures | None, signs: Glyphs) -> Text:
    if arm is None or arm.against is None:
        return Text(wording.ABSENT)
    line = Text(f"{halved(arm.against.primary, signs, signed=True)} ")
    verdict = arm.against.verdict
    return line.append(_FEW if verdict.value.startswith(_FEW) else verdict.value, VERDICT_STYLES[verdict])


def _arms(comparison: Comparison, signs: Glyphs) -> Iterator[Text]:
    """Say what stands behind names that are not an algorithm's as it comes."""
    for arm in comparison.asked.arms:
        if arm.name != arm.algorithm or arm.changed:
            yield Text(signs.text(f"{arm.name}: {arm_words(arm)}"), "dim")


def arm_words(arm: AskedArm) -> str:
    """Say which algorithm an arm is, and with which parameters that are not as it comes."""
    changed = ", ".join(f"{name} {_plain(arm.parameters[name])}" for name in arm.changed)
    return f"{arm.algorithm} with {changed}" if changed else f"{arm.algorithm} as it comes"


def _plain(value: object) -> str:
    return f"[{', '.join(_plain(each) for each in value)}]" if isinstance(value, list | tuple) else str(value)


def _audit(comparison: Comparison) -> Text:
    if words := audit_words(comparison):
        return Text("AUDIT FAILED: ", "bold red").append("; ".join(words), "red")
    return Text(f"Audit: {clean_words(comparison)}.", "green")


def _traded(comparison: Comparison) -> str:
    return "bought" if comparison.asked.action is Action.BUY else "sold"


def _notes(comparison: Comparison, signs: Glyphs) -> Iterator[Text]:
    asked = comparison.asked
    drawn = "seeds" if asked.replay is None else "event-days"
    tested = Counter(
        cell.world for cell in comparison.cells for arm in cell.arms if arm.against and arm.against.adjusted is not None
    )
    family = max(tested.values(), default=0)
    several = f", after Holm's correction for the {family} comparisons of a world" if family > 1 else ""
    figures = (
        f"{MEASURED} Net: shortfall with all fees, in cents a contract ordered; it alone decides. Last: the last fill, where"
        " there was one."
    )
    intervals = (
        f"Intervals: 95 %, {comparison.resamples:,} resamples of the {drawn}; after {half_sign(signs)} half of one. Against"
        f" {asked.baseline}: the same {noun(asked)}s{several}; below 0 is cheaper. An arm that is better is also asked whether"
        f" it fills no more than {FILL_MARGIN:g} point less. Undecided is an answer."
    )
    lines = [figures, intervals, caution(asked)]
    for line in (*lines, *_more(comparison)):
        yield Text(signs.text(line), "dim")


def _more(comparison: Comparison) -> Iterator[str]:
    """Say how many seeds there should be; how many windows there are, the recording says."""
    if comparison.asked.replay is not None:
        return
    judged = [arm.against for cell in comparison.cells for arm in cell.arms if arm.against is not None]
    if any(against.verdict is Verdict.TOO_FEW for against in judged):
        yield f"No verdict is given on fewer than {FEWEST_SEEDS} seeds on which both arms have a cost: --runs has more."
    elif min((cell.seeds for cell in comparison.cells), default=0) < ENOUGH_SEEDS:
        yield f"A report should have {ENOUGH_SEEDS:,} seeds in each table: --runs {ENOUGH_SEEDS}."
