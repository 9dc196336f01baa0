"""`dynamic_depth_walker`: read the depth, split over price levels, re-evaluate every few seconds, walk up to the cap.

Source: algorithms.md sections 2.3 (control law), 2.4 (signals), 2.9 (in words). The law itself is `analysis/walker.py`;
here are the parameters, the splits, the signals and when a split may move.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import ClassVar

from depthwalk.analysis.depth import up_to, within
from depthwalk.analysis.ema import dries_up, ema
from depthwalk.analysis.momentum import Sample, momentum, order_flow_imbalance, remember
from depthwalk.analysis.splits import split as divide_quantity
from depthwalk.analysis.walker import Law, Progress, deficit, next_offset, rung, slew, target_offset
from depthwalk.domain.book import Book
from depthwalk.domain.units import CENT, CONTRACT, Duration, Price, Quantity, seconds
from depthwalk.executors.base import Executor
from depthwalk.executors.state import BaseParams, EndAction, Quote, Situation, require

_THIN_WITHIN = Price(3 * CENT)
"""Taker depth is counted this near the opposite best when compared with min_volume_threshold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicDepthWalkerParams(BaseParams):
    """Parameters of the walker. Counts in contracts, increments in dollars, offsets and gains in cents.

    *thin* overrides any of the others where taker depth at arrival is below *min_volume_threshold*.
    """

    timeout_seconds: float = 40.0
    max_slippage: float = 0.025
    end_action: EndAction = EndAction.CROSS
    walk_interval_seconds: float = 4.0
    max_walks: int = 10
    split_ratios: tuple[float, ...] = (0.6, 0.4)
    max_split_levels: int = 3
    min_split: Quantity = Quantity(5 * CONTRACT)
    min_volume_threshold: Quantity = Quantity(50 * CONTRACT)
    thin: Mapping[str, object] = field(default_factory=dict)
    momentum_threshold: float = 0.10
    momentum_window_seconds: float = 30.0
    base_increment: Price = Price(50)
    aggressive_increment: Price = Price(100)
    aggressive_walk_multiplier: float = 1.5
    conservative_walk_multiplier: float = 0.8
    ema_alpha: float = 0.3
    depth_dry_up_threshold: float = 0.5
    offsets: tuple[float, ...] = (1.1, 0.4, 0.0)
    patience: float = 1.0
    deficit_gain: float = 3.0
    spread_gain: float = 0.2

    def __post_init__(self) -> None:
        BaseParams.__post_init__(self)
        require(self.walk_interval_seconds > 0, "walk_interval_seconds", self.walk_interval_seconds, "more than 0")
        require(self.max_walks >= 0, "max_walks", self.max_walks, "0 or more")
        require(
            bool(self.split_ratios) and all(ratio > 0 for ratio in self.split_ratios),
            "split_ratios",
            list(self.split_ratios),
            "one or more numbers above 0",
        )
        require(self.max_split_levels >= 1, "max_split_levels", self.max_split_levels, "1 or more")
        require(
            len(self.offsets) >= self.levels, "offsets", list(self.offsets), f"at least {self.levels}, one for each split level"
        )
        require(self.min_split >= 0, "min_split", self.min_split, "0 or more")
        require(0 < self.ema_alpha <= 1, "ema_alpha", self.ema_alpha, "more than 0, at most 1")
        require(0 < self.depth_dry_up_threshold <= 1, "depth_dry_up_threshold", self.depth_dry_up_threshold, "above 0, to 1")
        require(self.momentum_threshold > 0, "momentum_threshold", self.momentum_threshold, "more than 0")
        require(
            self.momentum_window_seconds > 0,
            "momentum_window_seconds",
            self.momentum_window_seconds,
            "more than 0",
        )
        for name in ("base_increment", "aggressive_increment"):
            require(getattr(self, name) > 0, name, getattr(self, name), "more than 0")
        for name in ("aggressive_walk_multiplier", "conservative_walk_multiplier"):
            require(getattr(self, name) > 0, name, getattr(self, name), "more than 0")
        known = {each.name for each in fields(self)} - {"thin"}
        require(set(self.thin) <= known, "thin", sorted(set(self.thin) - known), "parameters of dynamic_depth_walker")
        if self.thin:
            self.when_thin()  # refuse impossible overrides now, not in the first thin book

    @property
    def levels(self) -> int:
        """How many splits there are before small ones are merged."""
        return min(len(self.split_ratios), self.max_split_levels)

    def when_thin(self) -> "DynamicDepthWalkerParams":
        """Return the parameters with the thin overrides applied."""
        return replace(self, thin={}, **self.thin)  # type: ignore[arg-type] # names were checked, values by the config

    def law(self) -> Law:
        """Return the control law these parameters describe."""
        return Law(
            offsets=self.offsets,
            patience=self.patience,
            deficit_gain=self.deficit_gain,
            spread_gain=self.spread_gain,
            base_slew=self.base_increment / CENT,
            aggressive_slew=self.aggressive_increment / CENT,
            aggressive_multiplier=self.aggressive_walk_multiplier,
            conservative_multiplier=self.conservative_walk_multiplier,
            threshold=self.momentum_threshold,
        )


class DynamicDepthWalker(Executor):
    """Splits resting at rising reservation prices, anchored on the best bid of the others."""

    algorithm: ClassVar[str] = "dynamic_depth_walker"

    def __init__(self, params: DynamicDepthWalkerParams) -> None:
        super().__init__(params)
        self.params = params
        self._law = params.law()
        self._offsets: dict[int, float] = {}
        self._before: Book | None = None
        self._samples: tuple[Sample, ...] = ()
        self._mean_depth: float | None = None
        self._dry_up = False

    @property
    def cadence(self) -> Duration:
        """Time between two evaluations."""
        return seconds(self.params.walk_interval_seconds)

    @property
    def adverse_momentum(self) -> float:
        """Momentum in -1 to 1: above 0 the price moves against us."""
        return momentum(self._samples, self.params.ema_alpha)

    def divide(self, situation: Situation) -> Sequence[Quantity]:
        """Split by the ratios; a thin book changes the parameters, never the algorithm (algorithms.md, fault 22).

        With no other bid there is nothing to anchor on: the whole quantity is one split at the opposite best.
        """
        if within(situation.book.asks, _THIN_WITHIN) < self.params.min_volume_threshold and self.params.thin:
            self.params = self.params.when_thin()
            self._law = self.params.law()
        if situation.book.best_bid is None:
            return (situation.quantity,)
        return divide_quantity(
            situation.quantity, self.params.split_ratios, levels=self.params.levels, minimum=self.params.min_split
        )

    def observe(self, situation: Situation) -> None:
        """Feed the signals: order-flow imbalance, and whether taker depth within the cap dries up."""
        book, before = situation.book, self._before
        if book.bids and book.asks:
            if before is not None:
                sample = (situation.now, order_flow_imbalance(before, book))
                self._samples = remember(self._samples, sample, seconds(self.params.momentum_window_seconds))
            self._before = book
        depth = float(up_to(book.asks, situation.cap))
        self._dry_up = dries_up(depth, self._mean_depth, self.params.depth_dry_up_threshold)
        self._mean_depth = ema(self._mean_depth, depth, self.params.ema_alpha)

    def quotes(self, situation: Situation) -> Sequence[Quote]:
        """Return each split's rung by the control law; a split that has used up its walks stays where it is."""
        book = situation.book
        spread = None if book.spread is None else book.spread / CENT
        progress = Progress(elapsed=situation.elapsed, remaining=situation.remaining, spread=spread)
        limit = slew(self._law, self.adverse_momentum, dry_up=self._dry_up)
        why = self._explain(progress)
        quotes: list[Quote] = []
        for split in situation.splits:
            if split.placed is not None and split.walks >= self.params.max_walks:
                quotes.append(Quote(split=split.index, price=split.placed, why="no walks left"))
                continue
            if book.best_bid is None:
                if split.placed is None and book.best_ask is not None:
                    price = min(book.best_ask, situation.cap)
                    quotes.append(Quote(split=split.index, price=price, why="no other bid to anchor on: at the ask"))
                continue
            offset = next_offset(self._offsets.get(split.index), target_offset(self._law, split.index, progress), limit)
            self._offsets[split.index] = offset
            price = rung(situation.grid, book.best_bid, offset, cap=situation.cap, best_ask=book.best_ask)
            quotes.append(Quote(split=split.index, price=price, why=f"{self.run.space.from_own_best(offset)}, {why}"))
        return quotes

    def _explain(self, progress: Progress) -> str:
        words = []
        if (behind := deficit(progress)) > 0:
            words.append(f"behind by {100 * behind:.0f} %")
        pressure = self.adverse_momentum
        if abs(pressure) >= self.params.momentum_threshold:
            words.append(f"momentum {pressure:+.2f} {'against' if pressure > 0 else 'for'} us")
        if self._dry_up:
            words.append("depth dries up")
        return ", ".join(words) or "on schedule"
