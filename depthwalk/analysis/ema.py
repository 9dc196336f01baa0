"""The exponential mean, one observation after another."""

REPORT_ALPHA = 0.3
"""The weight of the newest observation where nothing else sets it (algorithms.md section 2.4)."""


def ema(previous: float | None, value: float, alpha: float) -> float:
    """Return alpha x value + (1 - alpha) x previous; the first observation stands for itself."""
    return value if previous is None else alpha * value + (1 - alpha) * previous


def dries_up(depth: float, mean_before: float | None, threshold: float) -> bool:
    """Say whether *depth* has fallen by the share *threshold* below its mean of before (algorithms.md section 2.4)."""
    return mean_before is not None and mean_before > 0 and depth <= (1 - threshold) * mean_before
