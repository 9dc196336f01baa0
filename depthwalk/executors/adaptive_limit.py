"""`adaptive_limit`: one order under the control law, without splits, slew or signals: what splitting is compared with.

Source: algorithms.md section 2.10.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from depthwalk.analysis.walker import Law
from depthwalk.domain.units import Quantity
from depthwalk.executors.reservation import Reserving
from depthwalk.executors.state import EndAction, Situation
from depthwalk.executors.walking import LawParams, require_cents


@dataclass(frozen=True, kw_only=True)
class AdaptiveLimitParams(LawParams):
    """Parameters of `adaptive_limit`; *offset* in cents above the best other bid (the law's a)."""

    max_slippage: float = 0.025
    end_action: EndAction = EndAction.CROSS
    offset: float = 1.1

    def __post_init__(self) -> None:
        super().__post_init__()
        require_cents("offset", self.offset)


class AdaptiveLimit(Reserving):
    """One order that follows the best bid of the others and grows less patient."""

    algorithm: ClassVar[str] = "adaptive_limit"

    def __init__(self, params: AdaptiveLimitParams) -> None:
        super().__init__(params)
        self.params: AdaptiveLimitParams = params
        self._law = params.law((params.offset,))

    @property
    def law(self) -> Law:
        """The law of the parameters."""
        return self._law

    def divide(self, situation: Situation) -> Sequence[Quantity]:
        """Return the whole quantity."""
        return (situation.quantity,)
