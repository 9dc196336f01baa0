"""The thresholds of the decision report as values.

What each is compared with is in `analysis/rules.py`; they are set and checked in `config/decision.py`.
"""

from dataclasses import dataclass
from typing import Final

from depthwalk.domain.units import CONTRACT, DOLLAR, Money, Price, Quantity

_CUMULATIVE: Final = Money(500 * DOLLAR)
_ANNUAL: Final = Money(500 * DOLLAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Every number the verdict depends on (design section 7, algorithms.md sections 4.3 and 4.5).

    Shares and percentages are ratios (0.015 is 1.5 %), *shallow_time* a multiple of the time-out, *min_gain* and *max_loss*
    dollars a contract, *annual_cost* what the advanced algorithm costs a year to build and keep.
    """

    baseline: str = "simple_limit"
    candidates: tuple[str, ...] = ("dynamic_depth_walker",)
    min_executions: int = 100
    min_events: int = 20
    resamples: int = 2000
    average_slippage: float = 0.015
    thin_slippage: float = 0.025
    underfilled: float = 0.10
    thin_share: float = 0.30
    cumulative_cost: Money = _CUMULATIVE
    veto_average_slippage: float = 0.01
    veto_thin_share: float = 0.20
    shallow_depth: Quantity = Quantity(500 * CONTRACT)
    shallow_underfilled: float = 0.20
    shallow_time: float = 1.0
    needs: int = 3
    min_gain: Price = Price(10)
    min_gain_share: float = 0.05
    max_loss: Price = Price(5)
    fill_margin: float = 0.01
    annual_cost: Money = _ANNUAL
    sensitivity: tuple[float, ...] = (0.75, 1.25)
