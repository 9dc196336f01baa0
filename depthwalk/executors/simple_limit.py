"""`simple_limit`: one limit order, left alone until it is filled or the time is up. The baseline of every comparison.

Source: algorithms.md sections 2.10 and 3.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from depthwalk.domain.units import Duration, Price, Quantity, seconds
from depthwalk.executors.left_alone import LeftAlone
from depthwalk.executors.state import BaseParams, EndAction, Quote, Situation


class LimitRule(Enum):
    """Where the order goes at arrival, never beyond the cap."""

    ASK = "ask"
    """The opposite best: takes what is there, rests the rest."""
    BID = "bid"
    """The own side's best: joins the queue."""
    MID = "mid"
    """Half-way, rounded towards us."""
    CAP = "cap"
    """The worst price allowed."""


@dataclass(frozen=True, kw_only=True)
class SimpleLimitParams(BaseParams):
    """Parameters of `simple_limit`."""

    timeout_seconds: float = 30.0
    max_slippage: float = 0.02
    end_action: EndAction = EndAction.CANCEL
    limit_rule: LimitRule = LimitRule.ASK


class SimpleLimit(LeftAlone):
    """One order at the price of the limit rule."""

    algorithm: ClassVar[str] = "simple_limit"
    post_only: ClassVar[bool] = False

    check: ClassVar[Duration] = seconds(2)  # reading one order is cheap

    def __init__(self, params: SimpleLimitParams) -> None:
        super().__init__(params)
        self.params = params

    def divide(self, situation: Situation) -> Sequence[Quantity]:
        """Return the whole quantity."""
        return (situation.quantity,)

    def choose(self, situation: Situation) -> Sequence[Quote]:
        """Return the price of the limit rule."""
        return (Quote(split=0, price=self._price(situation), why=f"limit at the {self.params.limit_rule.value}"),)

    def _price(self, situation: Situation) -> Price:
        """Apply the rule; where the side it looks at is empty, the cap stands in."""
        book, cap = situation.book, situation.cap
        match self.params.limit_rule:
            case LimitRule.ASK:
                price: int | None = book.best_ask
            case LimitRule.BID:
                price = book.best_bid
            case LimitRule.MID:
                price = None if book.mid_twice is None else book.mid_twice // 2
            case LimitRule.CAP:
                price = cap
        floor = None if price is None else situation.grid.floor(min(price, cap))
        return cap if floor is None else floor
