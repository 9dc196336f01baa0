"""A comparison of the laboratory as one JSON object with stable keys. Pure.

Counts of contracts are strings with their decimals; percentages, cents, points, seconds and ratios are numbers; what is not
known is null, never 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from depthwalk.analysis.bootstrap import SEED
from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.paired import (
    FEWEST_EVENT_DAYS,
    FEWEST_SEEDS,
    FILL_MARGIN,
    LEVEL,
    PRIMARY,
    TOUCH_BINS,
    Against,
    ArmFigures,
    Asked,
    Audit,
    Cell,
    Comparison,
)
from depthwalk.analysis.replays import Replay
from depthwalk.analysis.shapes import FAN
from depthwalk.analysis.trial_columns import Metric
from depthwalk.analysis.trials import STEPS
from depthwalk.domain.units import format_quantity, in_seconds
from depthwalk.reports.result_json import Json


def comparison_json(comparison: Comparison) -> dict[str, Json]:
    """Return the object of `lab compare --json`."""
    return {
        **asked_json(comparison.asked),
        "complete": comparison.complete,
        "primary": PRIMARY.key,
        "fill_margin_points": FILL_MARGIN,
        "level": LEVEL,
        "fewest_seeds": FEWEST_SEEDS,
        "fewest_event_days": None if comparison.asked.replay is None else FEWEST_EVENT_DAYS,
        "bootstrap": {"resamples": comparison.resamples, "seed": SEED},
        "audit_clean": comparison.clean,
        "cells": [_cell(cell) for cell in comparison.cells],
    }


def asked_json(asked: Asked) -> dict[str, Json]:
    """Return what was asked for."""
    return {
        "version": asked.version,
        "source": "synthetic" if asked.replay is None else "replay",
        "replay": None if asked.replay is None else _replay(asked.replay),
        "classes": list(asked.classes),
        "worlds": list(asked.worlds),
        "arms": [
            {"name": arm.name, "algorithm": arm.algorithm, "parameters": _plain(arm.parameters), "changed": list(arm.changed)}
            for arm in asked.arms
        ],
        "baseline": asked.baseline,
        "runs": asked.runs,
        "first_seed": asked.first_seed,
        "side": asked.outcome.value,
        "action": asked.action.value,
    }


def _replay(replay: Replay) -> dict[str, Json]:
    return {
        "recordings": list(replay.recordings),
        "windows": len(replay.windows),
        "event_days": replay.event_days,
        "every_seconds": in_seconds(replay.every),
        "size_of_touch": replay.of_touch,
        "count": None if replay.quantity is None else format_quantity(replay.quantity),
        "take_share": replay.share,
        "strict_takes": replay.strict,
    }


def _cell(cell: Cell) -> dict[str, Json]:
    low, high = cell.quantity
    return {
        "class": cell.class_name,
        "world": cell.world,
        "seeds": cell.seeds,
        "clusters": cell.clusters,
        "two_sided": cell.two_sided,
        "one_sided": cell.one_sided,
        "quantity": {"least": format_quantity(low), "most": format_quantity(high)},
        "n_over_touch": {"median": cell.over_touch, "bins": dict(zip(TOUCH_BINS, cell.touch_bins, strict=True))},
        "above_touch": cell.above_touch,
        "books": {"spread_cents": cell.spread_cents, "touch_contracts": cell.touch, "within_3_cents_contracts": cell.within_3},
        "untouched_mid_cents": {
            "seconds": [in_seconds(step) for step in STEPS],
            "shares": list(FAN),
            "quantiles": [list(step) for step in cell.fan],
        }
        if cell.fan
        else None,
        "arms": {arm.arm: _arm(arm) for arm in cell.arms},
    }


def _arm(arm: ArmFigures) -> dict[str, Json]:
    return {
        "means": _by_metric(arm.means),
        "net_cents_median": estimate_json(arm.net_median),
        "net_cents_95th": estimate_json(arm.net_tail),
        "shortfall_percent_median": estimate_json(arm.shortfall_median),
        "shortfall_percent_95th": estimate_json(arm.shortfall_tail),
        "net_cents_by_n_over_touch": _by_bin(arm.net_by_touch),
        "net_cents_percentiles": list(arm.distribution),
        "filled_percent_by": {
            f"{in_seconds(step):g}": estimate_json(each) for step, each in zip(STEPS, arm.fill_curve, strict=True)
        },
        "one_sided_fill_percent": estimate_json(arm.one_sided_fill),
        "without_price_of_rest": arm.unpriced,
        "rest_deeper_than_book": arm.depth_short,
        "takes_beyond": arm.takes_beyond,
        "worst_take": arm.worst_take,
        "reasons": dict(arm.reasons),
        "audit": _audit(arm.audit),
        "against_baseline": None if arm.against is None else _against(arm.against),
    }


def _against(against: Against) -> dict[str, Json]:
    return {
        "verdict": against.verdict.value,
        "fill_verdict": against.fill.value,
        "pairs": against.pairs,
        "clusters": against.clusters,
        "p": against.p,
        "p_adjusted": against.adjusted,
        "differences": _by_metric(against.differences),
        "net_cents_by_n_over_touch": _by_bin(against.by_touch),
    }


def _audit(audit: Audit) -> dict[str, Json]:
    return {
        "clean": audit.clean,
        "overfilled": format_quantity(audit.overfilled),
        "orphans": audit.orphans,
        "beyond_cap": audit.beyond_cap,
    }


def _by_metric(estimates: Mapping[Metric, Estimate | None]) -> dict[str, Json]:
    return {metric.key: estimate_json(estimates[metric]) for metric in Metric}


def _by_bin(estimates: Sequence[Estimate | None]) -> dict[str, Json]:
    return {title: estimate_json(each) for title, each in zip(TOUCH_BINS, estimates, strict=True)}


def estimate_json(estimate: Estimate | None) -> Json:
    """Return a statistic with its interval."""
    return None if estimate is None else asdict(estimate)


def _plain(value: object) -> Json:
    """Return parameters with nothing in them that JSON does not know."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
