"""`twap`: equal slices of the time, each takes its share of the quantity; what one does not get the next one wants too.

Source: algorithms.md section 2.10. The slices divide the time up to the end game, which takes what is left. The passive
variant rests its slices inside the spread instead of taking.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from depthwalk.analysis.walker import improve_or_join
from depthwalk.domain.units import CONTRACT, Duration, Price, Quantity, format_quantity
from depthwalk.executors.base import Executor
from depthwalk.executors.state import BaseParams, EndAction, Quote, Situation, require

_MOST_SLICES = 1_000


@dataclass(frozen=True, kw_only=True)
class TwapParams(BaseParams):
    """Parameters of `twap`; *passive* slices rest where they improve on the best other bid, or join it."""

    timeout_seconds: float = 40.0
    max_slippage: float = 0.025
    end_action: EndAction = EndAction.CROSS
    slices: int = 10
    passive: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require(1 <= self.slices <= _MOST_SLICES, "slices", self.slices, f"1 to {_MOST_SLICES}")


class Twap(Executor):
    """One split, released slice by slice."""

    algorithm: ClassVar[str] = "twap"

    def __init__(self, params: TwapParams) -> None:
        super().__init__(params)
        self.params = params

    @property
    def cadence(self) -> Duration:
        """Time from the last event to the next slice."""
        worked = self.run.worked(self._latest)
        # Rounded up, so that the next slice is due when it is woken for.
        return Duration(-(-self._number(worked) * self.run.working // self.params.slices) - worked)

    @property
    def walks_at_most(self) -> int:
        """Takers re-price nothing, passive slices once a slice; every slice adds to the order."""
        return self.params.slices if self.params.passive else 0

    @property
    def creates_at_most(self) -> int:
        """A taker's slice is an order of its own."""
        return 1 if self.params.passive else self.params.slices

    def divide(self, situation: Situation) -> Sequence[Quantity]:
        """Return the whole quantity."""
        return (situation.quantity,)

    def quotes(self, situation: Situation) -> Sequence[Quote]:
        """Release what is due by now: at the cap or better, or passively in the spread."""
        slices = self.params.slices
        number = self._number(self.run.worked(situation.now))
        due = _share(situation.quantity, number, slices)
        why = f"slice {number} of {slices}, {format_quantity(due)} in all"
        if self.params.passive:
            return (Quote(split=0, price=self._rest(situation), why=why, release=due),)
        return (Quote(split=0, price=situation.cap, why=why, take=True, release=due),)

    def _number(self, worked: Duration) -> int:
        """Return the number of the slice, from 1 on, that is due after so much time at work."""
        return min(self.params.slices, worked * self.params.slices // self.run.working + 1)

    def _rest(self, situation: Situation) -> Price:
        book = situation.book
        if book.best_bid is None:  # nothing to improve on
            ceiling = situation.cap if book.best_ask is None else min(book.best_ask, situation.cap)
            return situation.splits[0].placed or ceiling
        return improve_or_join(situation.grid, book.best_bid, best_ask=book.best_ask, cap=situation.cap)


def _share(quantity: Quantity, number: int, slices: int) -> Quantity:
    """Return what is due by slice *number*, rounded up, in whole contracts where the quantity is whole."""
    lot = CONTRACT if quantity % CONTRACT == 0 else 1
    return Quantity(-(-(quantity // lot) * number // slices) * lot)
