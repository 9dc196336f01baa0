"""The control law of algorithms.md section 2.3, for tests worked out by hand: what the walker comes with may change."""

from typing import Any, Final

PLAIN: Final[dict[str, Any]] = {
    "max_slippage": 0.025,
    "split_ratios": (0.6, 0.4),
    "offsets": (1.1, 0.4, 0.0),
    "patience": 1.0,
    "deficit_gain": 3.0,
    "spread_gain": 0.2,
    "imbalance_gain": 0.0,
    "patience_power": 1.0,
    "widest_spread": None,
    "thin": {},
}
