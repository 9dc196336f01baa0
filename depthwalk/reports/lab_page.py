"""The results page of a comparison in the laboratory: one HTML file that needs no network, no script and no other file.

What was asked, the verdicts, and class by class what `lab_cell.py` says of each world. Pure; plots need the extra `plots`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from depthwalk.analysis.paired import FILL_MARGIN, PRIMARY, ArmFigures, Asked, AskedArm, Comparison, Verdict
from depthwalk.analysis.trials import STEPS
from depthwalk.domain.units import in_seconds
from depthwalk.reports import lab_plots
from depthwalk.reports.lab_cell import cell_part
from depthwalk.reports.lab_html import Html, breakable, details, document, figure, join, table, tag
from depthwalk.reports.lab_labels import labels
from depthwalk.reports.lab_plots import Arm, Difference
from depthwalk.reports.lab_source import caution, named, noun, replay_words
from depthwalk.reports.lab_svg import check_plots, mark
from depthwalk.reports.lab_table import arm_words, audit_words, clean_words
from depthwalk.reports.lab_words import Arms, difference, interval, judged, keyed

__all__ = ["check_plots", "page"]

_PANEL: Final = 330
_AXIS: Final = "net cents a contract"

_VERDICTS: Final = f"""
Net shortfall in cents a contract, less the baseline's of the same moment: negative is a saving. An arm is called better or
worse where the interval excludes 0, also after Holm's correction over all arms and classes of the world; what is better is
also asked whether it fills no less, within {FILL_MARGIN:g} point. Undecided is an answer.
"""
_MEASURED: Final = f"""
Slippage is of what was filled: its average price against the mid at the decision, without fees. The shortfall is of the whole
order: its unfilled rest is completed through the book {in_seconds(STEPS[-1]):g} seconds after the decision. Net is with all
fees, in cents a contract ordered; it alone decides. Means are over two-sided arrivals, differences where both arms have the
figure.
"""
_INVENTED: Final = """
The markets are invented: their makers do not think, their parameters do not change, and they are calibrated to few published
figures. Which arm is ahead, and by how much, is what this is for; absolute levels are not to be quoted for Kalshi.
"""
_ON_INVENTED: Final = "Executions on simulated markets, each arm on the very same seeds."
_ON_RECORDED: Final = "Executions on recorded markets, each arm in the very same windows, under two readings of the queue."


def page(comparison: Comparison) -> str:
    """Return the page. Raises UsageError where plots cannot be drawn here."""
    check_plots()
    asked = comparison.asked
    arms = _arms(asked)
    title = f"{', '.join(asked.classes)}: {len(arms)} arm{'' if len(arms) == 1 else 's'} compared"
    return document(
        f"depthwalk lab: {title}",
        _header(comparison, title),
        *_verdicts(comparison, arms),
        *(_class(name, comparison, arms) for name in dict.fromkeys(cell.class_name for cell in comparison.cells)),
        _footer(asked),
    )


def _arms(asked: Asked) -> Arms:
    names = sorted((arm.name for arm in asked.arms), key=lambda name: name != asked.baseline)
    return {
        name: Arm(name=name, label=label, look=mark(place))
        for place, (name, label) in enumerate(zip(names, labels(names), strict=True))
    }


# --- the head ---


def _header(comparison: Comparison, title: str) -> Html:
    asked = comparison.asked
    facts = {
        "order": f"{asked.action.value.upper()} {asked.outcome.value.upper()}",
        "classes": ", ".join(asked.classes),
        "worlds": "; ".join(asked.worlds),
        "baseline": asked.baseline,
        f"{noun(asked)}s": _moments(asked),
        "intervals": f"95 %, percentile bootstrap of {comparison.resamples:,} resamples, by {_cluster(asked)}",
        "version": f"depthwalk {asked.version}",
    }
    if comparison.cells and comparison.clean:
        facts["audit"] = clean_words(comparison)
    parameters = table(
        "The arms as they were asked for",
        ["arm", "what it is", "all parameters"],
        [[breakable(arm.name), breakable(arm_words(arm)), breakable(_parameters(arm))] for arm in asked.arms],
        class_="words",
    )
    return tag(
        "header",
        tag("h1", title),
        tag("p", _ON_INVENTED if asked.replay is None else _ON_RECORDED, class_="quiet"),
        *_alarms(comparison),
        tag("dl", *(join([tag("dt", name), tag("dd", value)]) for name, value in facts.items())),
        details("Arms and parameters", parameters),
    )


def _moments(asked: Asked) -> str:
    """Say on which seeds, or in which windows of what."""
    if asked.replay is not None:
        return replay_words(asked.replay)
    seeds = f"{asked.first_seed} to {asked.first_seed + asked.runs - 1}, the same for every arm" if asked.runs else "none"
    return f"{asked.runs:,} in each class and world ({seeds})"


def _cluster(asked: Asked) -> str:
    return "seed" if asked.replay is None else "day of an event"


def _parameters(arm: AskedArm) -> str:
    """Write parameters as a configuration has them."""
    plain = (
        (name, value if isinstance(value, str) else json.dumps(value, default=str)) for name, value in arm.parameters.items()
    )
    return ", ".join(f"{name}: {value}" for name, value in plain)


def _alarms(comparison: Comparison) -> Iterable[Html]:
    if not comparison.complete:
        done = sum(cell.seeds for cell in comparison.cells)
        wanted = named(comparison.asked, comparison.asked.wanted)
        words = f"PARTIAL: {done:,} of {wanted} were run before it ended; all figures are of those."
        yield tag("p", words, class_="alarm", role="alert")
    for words in audit_words(comparison):
        yield tag("p", f"AUDIT FAILED: {words}.", class_="alarm", role="alert")


# --- the verdicts ---


def _verdicts(comparison: Comparison, arms: Arms) -> Iterable[Html]:
    asked = comparison.asked
    others = [arm for arm in arms.values() if arm.name != asked.baseline]
    yield tag("h2", f"Against {asked.baseline}")
    if not others or not comparison.cells:
        yield tag("p", "There is nothing to compare with it." if comparison.cells else "Nothing has run.")
        return
    yield tag("p", _VERDICTS)
    worlds = list(dict.fromkeys(cell.world for cell in comparison.cells))
    first, *rest = (_matrix(comparison, world, others) for world in worlds)
    yield first
    if rest:
        yield from [details("The other worlds", *rest)] if asked.replay is None else rest  # a bracket is no choice
        for place, name in enumerate(dict.fromkeys(cell.class_name for cell in comparison.cells)):
            cells = [cell for cell in comparison.cells if cell.class_name == name]
            panels = [_Panel(arm.name, [_Row(cell.world, cell.world, cell.arm(arm.name)) for cell in cells]) for arm in others]
            yield tag("h3", f"{name}: in every world")
            yield _forests(panels, f"w{place}-", span=_span(panels))
    else:
        panels = [
            _Panel(cell.class_name, [_Row(arm.name, arm.label, cell.arm(arm.name)) for arm in others])
            for cell in comparison.cells
        ]
        yield _forests(panels, "v")


def _matrix(comparison: Comparison, world: str, others: Sequence[Arm]) -> Html:
    cells = [cell for cell in comparison.cells if cell.world == world]
    return table(
        f"World {world}: net cents a contract, less the baseline's",
        ["arm", *(heading for cell in cells for heading in (cell.class_name, ""))],
        [
            [keyed(arm), *(part for cell in cells for part in _against(cell.arm(arm.name)))]
            for arm in others
        ],
    )  # fmt: skip


def _against(figures: ArmFigures) -> tuple[Html, Html]:
    return interval(difference(figures, PRIMARY), PRIMARY, signed=True), judged(figures.against)


class _Row(NamedTuple):
    """A row of a forest: what it is, its label in the plot, and the figures of the arm."""

    name: str
    label: str
    figures: ArmFigures


class _Panel(NamedTuple):
    """A forest."""

    title: str
    rows: Sequence[_Row]


def _forests(panels: Sequence[_Panel], name: str, *, span: tuple[float, float] | None = None) -> Html:
    """Return the panels side by side, each over its own span unless it is given."""
    drawn = []
    for place, panel in enumerate(panels):
        forest = lab_plots.forest(
            [
                Difference(label=row.label, estimate=difference(row.figures, PRIMARY), better=_better(row.figures))
                for row in panel.rows
            ],
            span=span or _span([panel]),
            axis=_AXIS,
            width=_PANEL,
            name=f"{name}{place}",
            words=f"{panel.title}: differences in net cents with their intervals. The table below has the numbers.",
        )
        numbers = table(
            f"{panel.title}: net cents, less the baseline's",
            ["", "difference", "verdict"],
            [[breakable(row.name), *_against(row.figures)] for row in panel.rows],
        )
        drawn.append(figure(forest, "", numbers, title=panel.title))
    return tag("div", *drawn, class_="plots small")


def _better(figures: ArmFigures) -> bool | None:
    words: Mapping[Verdict, bool] = {Verdict.BETTER: True, Verdict.WORSE: False}
    return None if figures.against is None else words.get(figures.against.verdict)


def _span(panels: Sequence[_Panel]) -> tuple[float, float]:
    """Return from where to where all differences of these panels, and 0, are."""
    ends = [0.0]
    for estimate in (difference(row.figures, PRIMARY) for panel in panels for row in panel.rows):
        if estimate is not None:
            ends += [end for end in (estimate.low, estimate.high, estimate.value) if end is not None]
    margin = 0.06 * (max(ends) - min(ends)) or 1.0
    return min(ends) - margin, max(ends) + margin


# --- class by class ---


def _class(name: str, comparison: Comparison, arms: Arms) -> Html:
    cells = [(place, cell) for place, cell in enumerate(comparison.cells) if cell.class_name == name]
    parts = [tag("h2", f"Class {name}")]
    for turn, (place, cell) in enumerate(cells):
        part = cell_part(cell, comparison.asked, arms, name=f"c{place}", whole=not turn)
        if turn:
            parts.append(tag("details", tag("summary", f"World {cell.world}", class_="world"), part))
        else:
            parts += [tag("h3", f"World {cell.world}"), part]
    return tag("section", *parts)


def _footer(asked: Asked) -> Html:
    return tag(
        "footer",
        tag("h3", "How to read this"),
        tag("p", _MEASURED),
        tag("p", _INVENTED if asked.replay is None else caution(asked)),
        tag("p", "All figures of every class and world, and those of each execution, are in the files of --json and --csv."),
    )
