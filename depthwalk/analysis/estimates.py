"""A statistic and how sure it is: plain values, made by `bootstrap.py` and `figures.py`, judged by `rules.py`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value with its 95 % interval; *low* and *high* are None where the data allow no interval (fewer than two clusters)."""

    value: float
    low: float | None = None
    high: float | None = None
