"""Orders that are placed once and left alone: what `simple_limit` and `static_split` have in common."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from depthwalk.domain.messages import Look
from depthwalk.domain.units import Duration
from depthwalk.executors.base import Executor
from depthwalk.executors.state import BaseParams, Quote, Situation


class LeftAlone(Executor):
    """The prices of the arrival hold to the end; only the orders are read, so that the run can end when they are filled."""

    check: ClassVar[Duration]
    """Time between two readings of the orders."""

    def __init__(self, params: BaseParams) -> None:
        super().__init__(params)
        self._quotes: Sequence[Quote] = ()

    @property
    def cadence(self) -> Duration:
        """Time between two readings of the orders."""
        return self.check

    @property
    def look(self) -> Look:
        """The orders are all that matters once they are placed."""
        return Look.ORDERS

    @property
    def walks_at_most(self) -> int:
        """None: nothing is re-priced."""
        return 0

    def quotes(self, situation: Situation) -> Sequence[Quote]:
        """Return what was chosen at arrival."""
        if not self._quotes:
            self._quotes = self.choose(situation)
        return self._quotes

    @abstractmethod
    def choose(self, situation: Situation) -> Sequence[Quote]:
        """Return where each split rests, once."""
