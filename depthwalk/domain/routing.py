"""Which of two algorithms an execution was given by `--algo auto`: the draw, the share it was held against, both names.

Only the value. How a draw is made is in `analysis/routing.py`, when one is made in `assembly/routing.py`.
"""

from dataclasses import dataclass
from typing import Final

from depthwalk.domain.result import LiquidityClass

AUTO: Final = "auto"
"""What `--algo` says where an algorithm is to be drawn; none bears this name."""

MILLION: Final = 1_000_000
"""Shares and draws are whole millionths, so that they are compared and stored exactly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """A decision of `--algo auto`: the *candidate* where *draw* is below *share*, else the *control*.

    *draw* is 0 to 999,999 and *share* 0 to 1,000,000 millionths. *liquidity* and *share* are None where the book had no class:
    then the control runs, whatever was drawn.
    """

    control: str
    candidate: str
    liquidity: LiquidityClass | None
    share: int | None
    draw: int

    @property
    def algorithm(self) -> str:
        """The algorithm that it decides for; where the API budget did not hold it, another one ran."""
        return self.candidate if self.share is not None and self.draw < self.share else self.control
