"""What an algorithm says, and all it may say: which splits, at which price each should rest now, and how often to ask.

No orders, no events, no time of its own: those are the shared layer's (`base.py`).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from depthwalk.domain.messages import Look, PublicTrade
from depthwalk.domain.units import Duration, Quantity
from depthwalk.executors.state import Quote, Situation


class Algorithm(ABC):
    """Splits and prices."""

    algorithm: ClassVar[str]
    post_only: ClassVar[bool] = True
    """Whether orders that should not take are sent so that they cannot."""

    @property
    @abstractmethod
    def cadence(self) -> Duration:
        """Time between two steps."""

    @property
    def look(self) -> Look:
        """What must be read before a step."""
        return Look.BOOK

    @property
    def walks_at_most(self) -> int | None:
        """How often the order of one split may be re-priced; None: at every step. For the API budget, not a limit."""
        return None

    @property
    def creates_at_most(self) -> int | None:
        """How many orders one split sends where nothing goes wrong; None: one at every step. For the API budget."""
        return 1

    @abstractmethod
    def divide(self, situation: Situation) -> Sequence[Quantity]:
        """Return the quantities of the splits at arrival, summing to the requested quantity."""

    @abstractmethod
    def quotes(self, situation: Situation) -> Sequence[Quote]:
        """Return where each split should rest now; a split left out stays as it is."""

    def observe(self, situation: Situation) -> None:  # noqa: B027 - optional: most algorithms have no signals
        """Take note of a usable book, for signals."""

    def read_tape(self, trades: Sequence[PublicTrade]) -> None:  # noqa: B027 - only for those that look at the tape
        """Take note of what others have traded since the last look, before the book of this one."""

    @property
    def adverse_momentum(self) -> float | None:
        """Momentum against us now, -1 to 1, of an algorithm that follows it; else None."""
        return None
