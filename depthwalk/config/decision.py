"""The section `decision`: the thresholds of the report, checked. What they mean is in `domain/thresholds.py`."""

from dataclasses import dataclass
from typing import Final

from depthwalk.domain.thresholds import Thresholds
from depthwalk.domain.units import CONTRACT, format_money, format_price, format_quantity
from depthwalk.executors.registry import algorithm_names, is_algorithm
from depthwalk.executors.state import require

_FEWEST_RESAMPLES: Final = 2_000
_MOST_RESAMPLES: Final = 50_000
_SHARES: Final = (
    "average_slippage",
    "thin_slippage",
    "underfilled",
    "thin_share",
    "veto_average_slippage",
    "veto_thin_share",
    "shallow_underfilled",
    "min_gain_share",
    "fill_margin",
)
_MOST_NEEDS: Final = 6
_COUNTS: Final = {"min_executions": 2, "min_events": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionConfig(Thresholds):
    """The thresholds as the user may set them."""

    def __post_init__(self) -> None:
        if not is_algorithm(self.baseline):
            require(holds=False, name="baseline", value=repr(self.baseline), allowed=", ".join(algorithm_names()))
        for name in self.candidates:
            if not is_algorithm(name) or name == self.baseline:
                others = ", ".join(other for other in algorithm_names() if other != self.baseline)
                require(holds=False, name="candidates", value=repr(name), allowed=others)
        require(len(set(self.candidates)) == len(self.candidates), "candidates", list(self.candidates), "each one once")
        for name, least in _COUNTS.items():
            require(getattr(self, name) >= least, name, getattr(self, name), f"{least} or more")
        span = f"{_FEWEST_RESAMPLES} to {_MOST_RESAMPLES}"
        require(_FEWEST_RESAMPLES <= self.resamples <= _MOST_RESAMPLES, "resamples", self.resamples, span)
        for name in _SHARES:
            require(0 <= getattr(self, name) <= 1, name, getattr(self, name), "0 to 1")
        for veto, rule in (("veto_average_slippage", "average_slippage"), ("veto_thin_share", "thin_share")):
            require(getattr(self, veto) <= getattr(self, rule), veto, getattr(self, veto), f"at most {rule}")
        require(self.shallow_depth >= CONTRACT, "shallow_depth", format_quantity(self.shallow_depth), "1 contract or more")
        require(self.shallow_time > 0, "shallow_time", self.shallow_time, "more than 0")
        require(1 <= self.needs <= _MOST_NEEDS, "needs", self.needs, f"1 to {_MOST_NEEDS}")
        for name in ("min_gain", "max_loss"):
            require(getattr(self, name) >= 0, name, format_price(getattr(self, name)), "0 or more")
        for name in ("cumulative_cost", "annual_cost"):
            require(getattr(self, name) >= 0, name, format_money(getattr(self, name)), "0 or more")
        require(bool(self.sensitivity), "sensitivity", "an empty list", "factors, each above 0")
        for factor in self.sensitivity:
            require(factor > 0, "sensitivity", factor, "factors, each above 0")
