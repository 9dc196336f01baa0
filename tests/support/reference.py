"""The prototype's table that the laboratory has to reproduce (algorithms.md sections 3.3 and 3.4), and the arms it is made of.

Parameters are stated here in full: what the algorithms come with may change, the reference does not.
"""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from depthwalk.analysis.trials import Trial
from depthwalk.analysis.walker import Law
from depthwalk.domain.units import CONTRACT, Price, Quantity
from depthwalk.executors.adaptive_limit import AdaptiveLimit, AdaptiveLimitParams
from depthwalk.executors.base import Executor
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalker, DynamicDepthWalkerParams
from depthwalk.executors.simple_limit import SimpleLimit, SimpleLimitParams
from depthwalk.executors.spread_walker import SpreadWalker, SpreadWalkerParams
from depthwalk.executors.state import EndAction, Quote, Situation, Split
from depthwalk.executors.static_split import StaticSplit, StaticSplitParams
from depthwalk.executors.twap import Twap, TwapParams
from depthwalk.lab.running import WarmWorld, play
from depthwalk.lab.scale import perform
from depthwalk.lab.worlds import BASE, CLASSES, WORLDS, setting
from tests.support.laws import PLAIN


class Row(NamedTuple):
    """Percent of the arrival mid on filled contracts, percent filled, percent with the rest at the ask at 44 s."""

    slippage: float
    filled: float
    shortfall: float


TABLE: Mapping[str, Mapping[str, Row]] = {
    "liquid": {
        "simple_limit": Row(0.94, 94.6, 1.03),
        "simple_limit_40x": Row(0.98, 98.5, 1.02),
        "static_split": Row(0.71, 86.9, 0.92),
        "spread_walker": Row(1.07, 96.1, 1.13),
        "twap": Row(1.22, 98.2, 1.27),
        "adaptive_limit": Row(0.96, 99.7, 0.98),
        "walker": Row(0.75, 99.4, 0.77),
        "three levels": Row(0.63, 99.0, 0.67),
        "fee-aware": Row(0.70, 95.3, 0.81),
    },
    "moderate": {
        "simple_limit": Row(1.50, 92.8, 1.61),
        "simple_limit_40x": Row(1.54, 97.5, 1.61),
        "static_split": Row(0.53, 83.6, 0.93),
        "spread_walker": Row(0.95, 91.2, 1.14),
        "twap": Row(1.88, 93.9, 1.98),
        "adaptive_limit": Row(1.25, 99.3, 1.27),
        "walker": Row(0.99, 98.8, 1.03),
        "three levels": Row(0.89, 98.1, 0.94),
        "fee-aware": Row(0.85, 95.5, 0.96),
    },
    "thin": {
        "simple_limit": Row(2.54, 86.4, 2.88),
        "simple_limit_40x": Row(2.61, 93.3, 2.89),
        "static_split": Row(1.00, 71.2, 2.35),
        "spread_walker": Row(1.22, 76.6, 2.25),
        "twap": Row(2.58, 74.2, 3.47),
        "adaptive_limit": Row(1.79, 93.6, 2.05),
        "walker": Row(1.63, 91.7, 1.97),
        "three levels": Row(1.57, 90.4, 1.96),
        "fee-aware": Row(1.51, 84.6, 2.11),
    },
}

TOLERANCE: Mapping[str, Row] = {
    "liquid": Row(0.10, 2.0, 0.12),
    "moderate": Row(0.10, 2.0, 0.12),
    "thin": Row(0.15, 2.0, 0.12),
}
"""How far off a figure may be at 2,000 seeds."""

ABLATIONS: Mapping[str, tuple[float, float, float]] = {
    "one level": (0.22, 0.28, 0.10),
    "three levels": (-0.11, -0.09, -0.01),
    "no deficit term": (-0.03, -0.13, 0.01),
    "no end crossing": (0.00, -0.01, -0.05),
    "never down": (0.00, 0.02, 0.06),
    "momentum off": (0.00, 0.00, 0.00),
    "momentum in the level": (0.07, -0.02, 0.01),
    "dry-up off": (0.00, 0.00, -0.01),
    "every second": (0.00, -0.01, -0.01),
}
"""Shortfall in points against the walker, on the same seeds: liquid, moderate, thin."""

LAW = DynamicDepthWalkerParams(
    timeout_seconds=40.0,
    walk_interval_seconds=4.0,
    max_walks=10,
    max_split_levels=3,
    min_split=Quantity(5 * CONTRACT),
    passive_until=0.0,
    **PLAIN,
)
"""The walker of algorithms.md section 2.3."""

_BLOCK = 25
_THREE = (0.5, 0.3, 0.2)


class NeverDown(DynamicDepthWalker):
    """The walker whose prices only rise."""

    def price(self, split: Split, situation: Situation, highest: Price) -> Quote | None:
        """Return what the law says, but no less than where the split is."""
        quote = super().price(split, situation, highest)
        if quote is None or split.placed is None:
            return quote
        return replace(quote, price=max(quote.price, min(split.placed, highest)))


class Leaning(DynamicDepthWalker):
    """The walker whose offsets rise by three cents for a momentum of one against it."""

    @property
    def law(self) -> Law:
        """The law with momentum in its offsets."""
        law, lean = super().law, 3.0 * self.adverse_momentum
        return replace(law, offsets=tuple(offset + lean for offset in law.offsets))


ARMS: Mapping[str, Callable[[], Executor]] = {
    "simple_limit": lambda: SimpleLimit(SimpleLimitParams()),
    "simple_limit_40x": lambda: SimpleLimit(SimpleLimitParams(timeout_seconds=40.0, end_action=EndAction.CROSS)),
    "static_split": lambda: StaticSplit(StaticSplitParams(max_slippage=0.025)),
    "spread_walker": lambda: SpreadWalker(SpreadWalkerParams(max_slippage=0.025)),
    "twap": lambda: Twap(TwapParams(max_slippage=0.025)),
    "adaptive_limit": lambda: AdaptiveLimit(
        AdaptiveLimitParams(max_slippage=0.025, offset=1.1, patience=1.0, deficit_gain=3.0, spread_gain=0.2)
    ),
    "walker": lambda: DynamicDepthWalker(LAW),
    "three levels": lambda: DynamicDepthWalker(replace(LAW, split_ratios=_THREE)),
    "fee-aware": lambda: DynamicDepthWalker(replace(LAW, passive_until=0.85)),
    "one level": lambda: DynamicDepthWalker(replace(LAW, split_ratios=(1.0,))),
    "no deficit term": lambda: DynamicDepthWalker(replace(LAW, deficit_gain=0.0)),
    "no end crossing": lambda: DynamicDepthWalker(replace(LAW, end_action=EndAction.CANCEL)),
    "never down": lambda: NeverDown(LAW),
    "momentum off": lambda: DynamicDepthWalker(replace(LAW, order_flow_imbalance=False)),
    "momentum in the level": lambda: Leaning(LAW),
    "dry-up off": lambda: DynamicDepthWalker(replace(LAW, dry_up=False)),
    "every second": lambda: DynamicDepthWalker(replace(LAW, walk_interval_seconds=1.0, max_walks=40)),
    "shipped": lambda: DynamicDepthWalker(DynamicDepthWalkerParams()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePiece:
    """Some *arms* of the table on some seeds of a class. A piece of the laboratory's work."""

    name: str
    arms: tuple[str, ...]
    seeds: range
    world: str = BASE

    def run(self) -> list[Trial]:
        """Run it."""
        where = setting(CLASSES[self.name], WORLDS[self.world])
        worlds = (WarmWorld(where, seed) for seed in self.seeds)
        return [play(world, arm, ARMS[arm]()) for world in worlds for arm in self.arms]


def trials_of(name: str, arms: Sequence[str], seeds: range, jobs: int | None = 1) -> dict[str, list[Trial]]:
    """Run arms on the seeds of a class; those with two sides at the decision, by arm, in order of seeds."""
    pieces = [
        ReferencePiece(name=name, arms=tuple(arms), seeds=seeds[first : first + _BLOCK])
        for first in range(0, len(seeds), _BLOCK)
    ]
    found: dict[str, list[Trial]] = {arm: [] for arm in arms}
    for _, trials in perform(pieces, jobs=jobs):
        for trial in trials:
            if trial.benchmark.mid_twice is not None:
                found[trial.arm].append(trial)
    return {arm: sorted(each, key=lambda trial: trial.seed) for arm, each in found.items()}


def mean(values: Iterable[float | None]) -> float:
    """Return the mean of what there is."""
    return statistics.fmean(value for value in values if value is not None)


def row_of(trials: Sequence[Trial]) -> Row:
    """Return what the table has of an arm."""
    slippage = mean(trial.slippage for trial in trials)
    return Row(
        slippage, 100 * mean(trial.fill_rate for trial in trials), mean(trial.percent(trial.lenient) for trial in trials)
    )
