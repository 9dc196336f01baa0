"""The decision report for people: verdict, rules, comparison, figures, verdict again. Pure.

Figures are columns of "value [low, high]"; a narrow screen gets the same columns in more tables, never fewer columns. What is
good or bad is said in words; colors only repeat it.
"""

from collections.abc import Callable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from depthwalk.analysis.comparison import CandidateGain
from depthwalk.analysis.decision import Verdict, gap_words
from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.figures import Figures, Waiting
from depthwalk.analysis.rules import Result, Rule
from depthwalk.reports import wording
from depthwalk.reports.decision_json import rule_flips
from depthwalk.reports.decision_report import DecisionReport, Row, Section
from depthwalk.reports.wording import UNICODE, Glyphs

_GAP = 2
_LABEL = 9
_WIDE = 120
_ENOUGH_IDS = 5
_LARGE = 100
_SHORT_ORIGINS = {"execution spec": "spec", "architecture assessment": "assessed"}

_RESULT_STYLES = {
    Result.HOLDS: "bold",
    Result.FAILS: "dim",
    Result.UNDECIDED: "yellow",
    Result.NOT_GIVEN: "dim",
}
_VERDICT_STYLES = {
    Verdict.NOT_ENOUGH_DATA: "bold yellow",
    Verdict.KEEP_SIMPLE: "bold cyan",
    Verdict.WATCH: "bold yellow",
    Verdict.PILOT: "bold green",
    Verdict.ADOPT: "bold green",
}

Cell = Callable[[Figures], str]
Columns = Sequence[tuple[str, Cell]]


def report_tables(report: DecisionReport, *, width: int, signs: Glyphs = UNICODE) -> RenderableType:
    """Return the whole report for a terminal of *width* columns."""
    parts: list[RenderableType] = [_headline(report, signs), _verdict(report, signs), Text()]
    if report.evidence.rows:
        parts += [_stages(report, signs), *_missing(report), Text(), *_rules(report, width, signs), Text()]
        for candidate in report.candidates:
            if any(each.executions[1] for each in candidate.classes):
                parts += [*_candidate(report, candidate, width, signs), Text()]
        parts += [*_figures(report, width, signs)]
        parts += [*_notes(report, signs), Text(), _verdict(report, signs)]
    else:
        parts += [*_notes(report, signs)]
    return Group(*parts)


def _headline(report: DecisionReport, signs: Glyphs) -> Text:
    text, style = wording.badge(report.environment)
    line = Text()
    line.append(text if signs is UNICODE else f"[{text.strip()}]", style)
    line.append(f"  {report.days} day{'' if report.days == 1 else 's'} to {wording.moment(report.until)[:16]}Z")
    if report.total is None:
        return line.append(f"  no finished executions in {report.environment}", "bold")
    count = len(report.evidence.rows)
    return line.append(f"  {_many(count, 'execution')} in {_many(report.total.events, 'market-event')}")


def _verdict(report: DecisionReport, signs: Glyphs) -> Text:
    decision = report.decision
    line = Text()
    line.append(decision.verdict.value, _VERDICT_STYLES[decision.verdict]).append(f"  {signs.text(decision.because)}")
    if decision.flips:
        others = ", ".join(
            f"{verdict.value} at x{factor:g}"
            for factor, verdict in decision.sensitivity.items()
            if verdict is not decision.verdict
        )
        line.append(f"  The verdict hangs on the thresholds: {others}.", "yellow")
    if report.safety.result is Result.FAILS:
        line.append(f"\nSAFETY: {report.safety.words}.", "bold red")
    return line


def _stages(report: DecisionReport, signs: Glyphs) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), show_header=False)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for stage in report.decision.stages:
        table.add_row(stage.name, _result(stage.result), signs.text(stage.why))
    return table


def _missing(report: DecisionReport) -> Iterator[Text]:
    gaps = report.decision.gaps
    for name in dict.fromkeys(gap.algorithm for gap in gaps):
        words = "; ".join(gap_words(gap) for gap in gaps if gap.algorithm == name)
        yield Text(f"Missing of {name}: {words}.", "yellow")


def _rules(report: DecisionReport, width: int, signs: Glyphs) -> Iterator[RenderableType]:
    wide = width >= _WIDE
    table = Table(box=None, pad_edge=False, padding=(0, _GAP if wide else 1, 0, 0), header_style="dim")
    table.add_column("rule", overflow="fold")
    table.add_column("value [95 %]", justify="right", no_wrap=True)
    table.add_column("threshold", justify="right", no_wrap=True)
    table.add_column("result", no_wrap=True)
    if wide:
        table.add_column("of", overflow="fold")
        table.add_column("executions", justify="right", no_wrap=True)
    table.add_column("from", no_wrap=True)
    factors = list(report.decision.sensitivity)
    flips = False
    for rule in report.rules:
        result = _result(rule.result())
        if rule_flips(rule, factors):
            result.append(" *")
            flips = True
        cells: list[str | Text] = [rule.title, _value(rule), _threshold(rule, signs), result]
        if wide:
            cells += [rule.scope, f"{rule.n:,}" if rule.n else wording.ABSENT]
        origin = rule.source.partition(",")[0]
        table.add_row(*cells, origin if wide else _SHORT_ORIGINS.get(origin, origin))
    yield table
    words = (
        "pass: the statement holds throughout its interval; fail: nowhere in it; undecided: in part of it. Slippage here counts"
        " the unfilled rest at what completing the order would cost, fees aside."
    )
    if not wide:
        words += " From: the execution spec, or the architecture assessment."
    if flips:
        scaled = " or ".join(f"x{factor:g}" for factor in factors if factor != 1)
        words += f" * comes out otherwise with the threshold {scaled}."
    yield Text(words, "dim")


def _candidate(report: DecisionReport, gain: CandidateGain, width: int, signs: Glyphs) -> Iterator[RenderableType]:
    wide = width >= _WIDE
    base = report.thresholds.baseline
    title = Text(f"{gain.algorithm} against {base}", "bold")
    if not report.randomised:
        title.append(": not randomised, the two may have met different orders", "yellow")
    yield title
    table = Table(box=None, pad_edge=False, padding=(0, _GAP if wide else 1, 0, 0), header_style="dim")
    table.add_column(no_wrap=True)
    for heading in (f"saves {signs.cents} [95 %]", "needed", "fills points [95 %]", "N/touch"):
        table.add_column(heading, justify="right", no_wrap=True)
    if wide:
        table.add_column("executions", justify="right", no_wrap=True)
    table.add_column("result", no_wrap=True)
    margin = 100 * report.thresholds.fill_margin
    for each in gain.classes:
        cells: list[str | Text] = [
            each.liquidity.value,
            _estimate(each.gain, signed=True),
            f"> {each.needed:.2f}",
            _estimate(each.fill, 1, signed=True),
            " / ".join(wording.ABSENT if touch is None else f"{touch:.2f}" for touch in each.touch),
        ]
        if wide:
            cells.append(" / ".join(f"{count:,}" for count in each.executions))
        table.add_row(*cells, _result(each.result(margin)))
    yield table
    words = f"Saves: the net shortfall of {base} less that of {gain.algorithm}, in cents a contract"
    main = "" if gain.dominant is None else f"; most executions are in {gain.dominant.value} books"
    yield Text(f"{words}{main}. N/touch: medians, {base} first.", "dim")


def _figures(report: DecisionReport, width: int, signs: Glyphs) -> Iterator[RenderableType]:
    # Where "all" has one part only, that part says the same.
    parts = report.sections[1:]
    sections = parts if len(parts) == 1 else report.sections
    for title, columns in _topics(signs):
        for place, packed in enumerate(_packed(columns, sections, width)):
            yield Text(f"{title}, continued" if place else title, "bold")
            yield from _tables(packed, sections, signs)
            yield Text()


def _topics(signs: Glyphs) -> Iterator[tuple[str, Columns]]:
    yield (
        "Fills, and slippage of what was filled, in percent [95 % interval]",
        (
            ("executions", lambda f: f"{f.executions:,}"),
            ("events", lambda f: f"{f.events:,}"),
            ("filled", lambda f: _estimate(f.fill_rate, 1)),
            ("under-filled", lambda f: _estimate(f.underfilled, 1)),
            ("slippage mean", lambda f: _estimate(f.slippage_mean)),
            ("slippage median", lambda f: _estimate(f.slippage_median)),
            ("volatility", lambda f: _estimate(f.slippage_deviation)),
        ),
    )
    yield (
        "Shortfall in percent of the arrival mid (net: all parts, gross: without fees)",
        (
            ("net", lambda f: _estimate(f.percent.net)),
            ("gross", lambda f: _estimate(f.percent.gross)),
            ("spread", lambda f: _estimate(f.percent.parts["spread"])),
            ("drift", lambda f: _estimate(f.percent.parts["drift"])),
            ("unfilled rest", lambda f: _estimate(f.percent.parts["opportunity"])),
            ("fees", lambda f: _estimate(f.percent.parts["fees"])),
        ),
    )
    yield (
        f"Shortfall in cents a contract ({signs.cents}) and in dollars altogether",
        (
            (f"{signs.cents} net", lambda f: _estimate(f.cents.net)),
            (f"{signs.cents} net median", lambda f: _estimate(f.net_cents_median)),
            (f"{signs.cents} net 95th pct.", lambda f: _estimate(f.net_cents_tail)),
            (f"{signs.cents} gross", lambda f: _estimate(f.cents.gross)),
            ("$ net", lambda f: _estimate(f.dollars.net)),
            ("$ gross", lambda f: _estimate(f.dollars.gross)),
            ("$ fees", lambda f: _estimate(f.dollars.parts["fees"])),
        ),
    )
    yield (
        "Seconds (median / 95th percentile; never: too many did not get there) and effort",
        (
            ("first fill", lambda f: _waiting(f.first_fill)),
            ("last fill", lambda f: _waiting(f.full_fill)),
            ("not all", lambda f: _censored(f.full_fill)),
            ("walks", lambda f: _mean(f.walks)),
            ("requests", lambda f: _mean(f.calls)),
            ("tokens r / w", lambda f: f"{_mean(f.read_tokens)} / {_mean(f.write_tokens)}"),
            ("maker", lambda f: wording.ABSENT if f.maker_share is None else f"{f.maker_share:.0f} %"),
            ("N/touch", lambda f: _mean(f.n_over_touch, 2)),
        ),
    )


def _packed(columns: Columns, sections: Sequence[Section], width: int) -> Iterator[list[tuple[str, Cell, int]]]:
    """Yield the columns in as few tables as the width allows."""
    rows = [row.figures for section in sections for row in section.rows]
    left: list[tuple[str, Cell, int]] = []
    used = _LABEL
    for heading, cell in columns:
        needed = max(len(heading), *(len(cell(figures)) for figures in rows))
        if left and used + _GAP + needed > width:
            yield left
            left, used = [], _LABEL
        left.append((heading, cell, needed))
        used += _GAP + needed
    yield left


def _tables(columns: list[tuple[str, Cell, int]], sections: Sequence[Section], signs: Glyphs) -> Iterator[RenderableType]:
    for place, section in enumerate(sections):
        table = Table(box=None, pad_edge=False, padding=(0, 0, 0, _GAP), header_style="dim", show_header=not place)
        table.add_column(no_wrap=True, width=_LABEL)
        for heading, _, needed in columns:
            table.add_column(heading, justify="right", no_wrap=True, width=needed)
        yield Text(signs.text(section.name), "underline")
        for row in section.rows:
            table.add_row(_label(row), *(cell(row.figures) for _, cell, _ in columns))
        yield table


def _label(row: Row) -> Text:
    return Text(row.name, "bold" if row.name == "total" else "")


def _notes(report: DecisionReport, signs: Glyphs) -> Iterator[RenderableType]:
    evidence, total = report.evidence, report.total
    counted = [
        (0 if total is None else total.without_mid, "had no arrival mid and are in no slippage and no shortfall"),
        (0 if total is None else total.without_price, "left a rest that no book could price and are in no shortfall"),
        (evidence.undated, "ran on seeds, in simulated time, and count whatever --days says"),
    ]
    left = [
        (evidence.earlier, f"older than {_many(report.days, 'day')}"),
        (evidence.hybrid, "on hybrid books, which are no evidence"),
        (evidence.refused, "refused before anything was sent"),
        (evidence.unfinished, "not finished"),
        (len(evidence.unknown), "of unknown outcome"),
    ]
    lines = [f"{_many(count, 'execution')} {words}." for count, words in counted if count]
    missing = [f"{count:,} {words}" for count, words in left if count]
    if missing:
        lines.append(f"Not counted: {', '.join(missing)}.")
    if report.safety.result is Result.FAILS:
        ids = [*report.safety.overfilled, *report.safety.beyond_cap, *report.safety.unknown]
        shown = ", ".join(each[:12] for each in ids[:_ENOUGH_IDS])
        lines.append(f"Look at: {shown}{' and others' if len(ids) > _ENOUGH_IDS else ''}.")
    if evidence.rows:
        lines.append(
            f"Intervals: bootstrap of {_many(report.clusters, 'cluster')} (event and day), {report.thresholds.resamples:,}"
            " resamples, seeded."
        )
    for line in lines:
        yield Text(signs.text(line), "dim")


def _result(result: Result) -> Text:
    return Text(result.value, _RESULT_STYLES[result])


def _number(value: float, decimals: int, *, signed: bool) -> str:
    text = f"{value:+,.{decimals}f}" if signed else f"{value:,.{decimals}f}"
    # What rounds to 0 has no sign.
    return text.lstrip("+-") if not float(text.replace(",", "")) else text


def _estimate(estimate: Estimate | None, decimals: int = 2, *, signed: bool = False) -> str:
    if estimate is None:
        return wording.ABSENT
    text = _number(estimate.value, decimals, signed=signed)
    if estimate.low is None or estimate.high is None:
        return f"{text} [{wording.ABSENT}]"
    low, high = (_number(each, decimals, signed=signed) for each in (estimate.low, estimate.high))
    return f"{text} [{low}, {high}]"


def _mean(estimate: Estimate | None, decimals: int = 1) -> str:
    return wording.ABSENT if estimate is None else _number(estimate.value, decimals, signed=False)


def _waiting(waiting: Waiting | None) -> str:
    if waiting is None:
        return wording.ABSENT
    return " / ".join("never" if each is None else f"{each:.1f}" for each in (waiting.median, waiting.tail))


def _censored(waiting: Waiting | None) -> str:
    return wording.ABSENT if waiting is None else f"{waiting.censored:.1f} %"


def _value(rule: Rule) -> str:
    if not rule.given:
        return "not given"
    value = rule.value
    if value is None:
        return "no data"
    if rule.key == "veto_not_profitable":
        return f"${value.value:,.2f}"
    text = _estimate(value)
    match rule.unit:
        case "percent":
            return text.replace(" [", " % [")
        case "dollars":
            return f"${_estimate(value, 0 if abs(value.value) >= _LARGE else 2)}"
        case "timeouts":
            return text


def _threshold(rule: Rule, signs: Glyphs) -> str:
    sign = {">=": "≥", "<=": "≤"}.get(rule.comparison, rule.comparison) if signs is UNICODE else rule.comparison
    match rule.unit:
        case "percent":
            return f"{sign} {rule.threshold:g} %"
        case "dollars":
            return f"{sign} ${rule.threshold:,.0f}"
        case "timeouts":
            return f"{sign} {rule.threshold:g}"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
