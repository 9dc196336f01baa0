"""`static_split`, the depth optimizer: splits at the touch and below it, left alone until the end game.

Source: algorithms.md section 2.10.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from depthwalk.analysis.splits import split as divide_quantity
from depthwalk.analysis.walker import improve_or_join
from depthwalk.domain.units import CONTRACT, Duration, Price, Quantity, seconds
from depthwalk.executors.left_alone import LeftAlone
from depthwalk.executors.state import BaseParams, EndAction, Quote, Situation, require

_MOST_STEPS = 100


@dataclass(frozen=True, kw_only=True)
class StaticSplitParams(BaseParams):
    """Parameters of `static_split`; *level_steps*: how many steps of the grid lie between two splits."""

    timeout_seconds: float = 40.0
    max_slippage: float = 0.025
    end_action: EndAction = EndAction.CROSS
    split_ratios: tuple[float, ...] = (0.6, 0.4)
    level_steps: int = 1
    min_split: Quantity = Quantity(5 * CONTRACT)

    def __post_init__(self) -> None:
        super().__post_init__()
        ratios = self.split_ratios
        require(
            bool(ratios) and all(ratio > 0 for ratio in ratios), "split_ratios", list(ratios), "one or more numbers above 0"
        )
        require(1 <= self.level_steps <= _MOST_STEPS, "level_steps", self.level_steps, f"1 to {_MOST_STEPS}")
        require(self.min_split >= 0, "min_split", self.min_split, "0 or more")


class StaticSplit(LeftAlone):
    """The first split improves on the best other bid or joins it, each other one rests below."""

    algorithm: ClassVar[str] = "static_split"

    check: ClassVar[Duration] = seconds(4)

    def __init__(self, params: StaticSplitParams) -> None:
        super().__init__(params)
        self.params = params

    def divide(self, situation: Situation) -> Sequence[Quantity]:
        """Split by the ratios; with no other bid to rest below, the whole quantity is one split."""
        if situation.book.best_bid is None:
            return (situation.quantity,)
        ratios = self.params.split_ratios
        return divide_quantity(situation.quantity, ratios, levels=len(ratios), minimum=self.params.min_split)

    def choose(self, situation: Situation) -> Sequence[Quote]:
        """Return the first split at the touch or one step better, and each other one below it."""
        book, grid = situation.book, situation.grid
        if book.best_bid is None:
            ceiling = situation.cap if book.best_ask is None else min(book.best_ask, situation.cap)
            return [Quote(split=0, price=ceiling, why="no other bid to rest at: at the ask")]
        price: Price = improve_or_join(grid, book.best_bid, best_ask=book.best_ask, cap=situation.cap)
        quotes = []
        for split in situation.splits:
            if split.index:
                for _ in range(self.params.level_steps):
                    price = grid.below(price) or price
            where = "first in the spread, or in the queue" if not split.index else f"level {split.index + 1}"
            quotes.append(Quote(split=split.index, price=price, why=where))
        return quotes
