"""`spread_walker`: one order from inside the spread that rises step by step until it reaches the ask, and never comes down.

Source: algorithms.md section 2.10.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from depthwalk.analysis.walker import improve_or_join
from depthwalk.domain.units import CENT, Price, Quantity
from depthwalk.executors.reservation import Signaled
from depthwalk.executors.signals import SignalParams
from depthwalk.executors.state import EndAction, Quote, Situation, Split


@dataclass(frozen=True, kw_only=True)
class SpreadWalkerParams(SignalParams):
    """Parameters of `spread_walker`; urgency scales its increments."""

    max_slippage: float = 0.025
    end_action: EndAction = EndAction.CROSS


class SpreadWalker(Signaled):
    """A reservation price that starts one step above the best other bid, or at it, and only rises."""

    algorithm: ClassVar[str] = "spread_walker"

    def __init__(self, params: SpreadWalkerParams) -> None:
        super().__init__(params)
        self.params: SpreadWalkerParams = params
        self._reservation: float | None = None

    def divide(self, situation: Situation) -> Sequence[Quantity]:
        """Return the whole quantity."""
        return (situation.quantity,)

    def price(self, split: Split, situation: Situation, highest: Price) -> Quote | None:
        """Return the reservation price, at most the ask and the cap; with no other bid to start from, at the ask."""
        book, ask = situation.book, situation.book.best_ask
        ceiling = highest if ask is None else min(ask, highest)
        if self._reservation is None:
            if book.best_bid is None:
                self._reservation, why = float(ceiling), "no other bid to start from: at the ask"
            else:
                first = improve_or_join(situation.grid, book.best_bid, best_ask=ask, cap=situation.cap)
                self._reservation, why = float(first), "first in the spread"
        else:
            rise = self.signals.limit * self.params.pace
            # What it cannot rise to now it does not save up for later.
            self._reservation = max(self._reservation, min(self._reservation + rise * CENT, float(ceiling)))
            why = ", ".join((f"{rise:.2f}c more", *self.signals.words()))
        # To the nearest price unit first, so that a float's last digit cannot cost a step of the grid.
        price = situation.grid.floor(min(round(self._reservation), ceiling))
        return None if price is None else Quote(split=split.index, price=Price(price), why=why)
