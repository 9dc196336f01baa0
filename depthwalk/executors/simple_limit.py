"""`simple_limit`: one limit order, left alone until it is filled or the time is up. The baseline of every comparison.

Source: algorithms.md sections 2.10 and 3.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from depthwalk.domain.messages import Look
from depthwalk.domain.units import Duration, Price, Quantity, seconds
from depthwalk.executors.base import Executor
from depthwalk.executors.state import BaseParams, EndAction, Quote, Situation

_ORDER_CHECK = seconds(2)
"""How often the order is read. Reading one order is cheap, and the run can end as soon as it is filled."""


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


class SimpleLimit(Executor):
    """One order at the price of the limit rule."""

    algorithm: ClassVar[str] = "simple_limit"
    post_only: ClassVar[bool] = False

    def __init__(self, params: SimpleLimitParams) -> None:
        super().__init__(params)
        self.params = params
        self._price: Price | None = None

    @property
    def cadence(self) -> Duration:
        """Time between two readings of the order."""
        return _ORDER_CHECK

    @property
    def look(self) -> Look:
        """The order is all that matters once it is placed."""
        return Look.ORDERS

    @property
    def walks_at_most(self) -> int:
        """None: nothing is re-priced."""
        return 0

    def divide(self, situation: Situation) -> Sequence[Quantity]:
        """Return the whole quantity."""
        return (situation.quantity,)

    def quotes(self, situation: Situation) -> Sequence[Quote]:
        """Return the price chosen at arrival."""
        if self._price is None:
            self._price = self._choose(situation)
        return (Quote(split=0, price=self._price, why=f"limit at the {self.params.limit_rule.value}"),)

    def _choose(self, situation: Situation) -> Price:
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
