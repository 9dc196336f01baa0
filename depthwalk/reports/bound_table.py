"""The bounds of the laboratory and how near the arms come to them: tables for people, one object for programs. Pure.

Half intervals stand behind a plus-minus, whole ones in brackets. Nothing is told by color alone.
"""

from collections.abc import Callable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from depthwalk.analysis.bootstrap import SEED
from depthwalk.analysis.bounds import BEST_LIMIT, BEST_LIMIT_NET, BOUNDS, CLAIRVOYANT, BoundedArm, BoundedCell, Bounds, Captured
from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.trial_columns import Metric
from depthwalk.domain.units import format_quantity
from depthwalk.reports import wording
from depthwalk.reports.lab_json import asked_json, estimate_json
from depthwalk.reports.lab_source import MEASURED, caution
from depthwalk.reports.lab_table import ENOUGH_SEEDS, arm_name, arm_words, half_sign, halved, mean_words, number
from depthwalk.reports.result_json import Json
from depthwalk.reports.wording import UNICODE, Glyphs

_Columns = Sequence[tuple[str, Callable[[BoundedArm], str]]]


def bound_tables(bounds: Bounds, *, signs: Glyphs = UNICODE) -> RenderableType:
    """Return a table for each class in each world, and how to read them."""
    parts: list[RenderableType] = []
    if bounds.ran < bounds.wanted:
        parts += [Text(f"PARTIAL: {bounds.ran:,} of {bounds.wanted:,} seeds were run.", "bold yellow")]
    for cell in bounds.cells:
        parts += [*_heading(bounds, cell, signs), _table(bounds, cell, signs), *_cheaper(cell, signs), Text()]
    if not bounds.cells:
        parts += [Text("No seed began with two sides: there is nothing to measure against.", "bold yellow"), Text()]
    return Group(*parts, *_notes(bounds, signs))


def _heading(bounds: Bounds, cell: BoundedCell, signs: Glyphs) -> Iterator[Text]:
    asked = bounds.asked
    line = Text(signs.text(f"{cell.class_name} in world {cell.world}"), "bold")
    line.append(f"  {asked.action.value} {asked.outcome.value.upper()}, N {wording.contracts(cell.quantity)}")
    yield line.append(f", N/touch in the median {number(cell.over_touch)}")
    one_sided = cell.seeds - cell.two_sided
    left_out = f"; {one_sided:,} of them one-sided at the decision, in no figure" if one_sided else ""
    yield Text(f"{cell.seeds:,} seed{'' if cell.seeds == 1 else 's'}{left_out}", "dim")


def _table(bounds: Bounds, cell: BoundedCell, signs: Glyphs) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("arm", overflow="fold")
    columns = _columns(bounds.asked.baseline, signs)
    for title, _ in columns:
        table.add_column(title, justify="right", overflow="fold")
    for arm in cell.arms:
        style = "bold cyan" if arm.arm in BOUNDS else ""
        table.add_row(arm_name(arm.arm, signs), *(show(arm) for _, show in columns), style=style)
    return table


def _columns(baseline: str, signs: Glyphs) -> _Columns:
    def mean(metric: Metric, decimals: int) -> Callable[[BoundedArm], str]:
        return lambda arm: mean_words(arm.means[metric], decimals)

    def captured(of: Callable[[BoundedArm], Captured], known: tuple[str, ...]) -> Callable[[BoundedArm], str]:
        return lambda arm: wording.ABSENT if arm.arm in known else _share(of(arm).gross)

    return (
        ("slip %", mean(Metric.SLIPPAGE, 2)),
        ("fill %", mean(Metric.FILL, 1)),
        ("shortfall %", lambda arm: halved(arm.means[Metric.SHORTFALL], signs)),
        ("net %", mean(Metric.NET, 2)),
        ("of limit", captured(lambda arm: arm.of_limit, (baseline, *BOUNDS))),
        ("of clairv.", captured(lambda arm: arm.of_clairvoyant, (baseline, BEST_LIMIT_NET, CLAIRVOYANT))),
    )


def _share(estimate: Estimate | None) -> str:
    if estimate is None or estimate.low is None or estimate.high is None:
        return mean_words(estimate, 0)
    return f"{number(estimate.value, 0)} [{number(estimate.low, 0)}, {number(estimate.high, 0)}]"


def _cheaper(cell: BoundedCell, signs: Glyphs) -> Iterator[Text]:
    words = [f"{arm.arm} on {arm.cheaper:,}" for arm in cell.arms if arm.cheaper and arm.arm not in BOUNDS]
    if words:
        yield Text(signs.text(f"Cheaper than the clairvoyant, of {cell.two_sided:,} seeds: {', '.join(words)}"), "dim")


def _notes(bounds: Bounds, signs: Glyphs) -> Iterator[Text]:
    asked = bounds.asked
    for arm in asked.arms:
        if arm.name != arm.algorithm or arm.changed:
            yield Text(signs.text(f"{arm.name}: {arm_words(arm)}"), "dim")
    figures = f"{MEASURED} Net: shortfall with all fees."
    limit = (
        "Best limit: the one limit from 2 cents below the best bid to the cap that turned out cheapest on a seed, after it had"
        " rested 40 s and the rest was taken within the cap, with delays and with what it did to the market. The second one"
        " counts fees."
    )
    clairvoyant = (
        "Clairvoyant: the cheapest of all that could have been bought within the cap in 40 s in a market without us, without a"
        " delay or a fee. An order changes what comes after it, so now and then one is cheaper; often would mean that something"
        " knows the future that must not."
    )
    rest = (
        f"Of limit, of clairvoyant: what part of the way from {asked.baseline}'s shortfall to the bound's an arm goes, in %."
        f" Intervals: 95 %, {bounds.resamples:,} resamples of the seeds; after {half_sign(signs)} half of one."
    )
    lines = [figures, limit, clairvoyant, rest, caution(asked)]
    if min((cell.seeds for cell in bounds.cells), default=0) < ENOUGH_SEEDS:
        lines.append(f"A report should have {ENOUGH_SEEDS:,} seeds in each table: --runs {ENOUGH_SEEDS}.")
    for line in lines:
        yield Text(signs.text(line), "dim")


def bound_json(bounds: Bounds) -> dict[str, Json]:
    """Return the object of `lab bound --json`: counts of contracts are strings, ratios numbers, what is not known is null."""
    return {
        **asked_json(bounds.asked),
        "complete": bounds.ran == bounds.wanted,
        "bounds": {"best_limit": BEST_LIMIT, "best_limit_net": BEST_LIMIT_NET, "clairvoyant": CLAIRVOYANT},
        "bootstrap": {"resamples": bounds.resamples, "seed": SEED},
        "cells": [_cell_json(cell) for cell in bounds.cells],
    }


def _cell_json(cell: BoundedCell) -> dict[str, Json]:
    return {
        "class": cell.class_name,
        "world": cell.world,
        "seeds": cell.seeds,
        "two_sided": cell.two_sided,
        "one_sided": cell.seeds - cell.two_sided,
        "quantity": format_quantity(cell.quantity),
        "n_over_touch": cell.over_touch,
        "arms": {arm.arm: _arm_json(arm) for arm in cell.arms},
    }


def _arm_json(arm: BoundedArm) -> dict[str, Json]:
    return {
        **{metric.key: estimate_json(estimate) for metric, estimate in arm.means.items()},
        "captured_of_best_limit_percent": {"gross": estimate_json(arm.of_limit.gross), "net": estimate_json(arm.of_limit.net)},
        "captured_of_clairvoyant_percent": {
            "gross": estimate_json(arm.of_clairvoyant.gross),
            "net": estimate_json(arm.of_clairvoyant.net),
        },
        "cheaper_than_clairvoyant_seeds": arm.cheaper,
    }
