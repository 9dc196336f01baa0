"""Shapes that a comparison's plots draw: a distribution and a fan of price paths, as few plain numbers each.

They are made while the trials are still there, so that whoever draws needs none of them. No drawing here.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from depthwalk.domain.units import CENT

DISTRIBUTION: Final = tuple(each / 100 for each in range(101))
"""The shares of the trials whose quantiles make up a distribution: the least, every hundredth, the most."""

FAN: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The shares whose quantiles bound the bands of a fan."""


def quantiles(values: Iterable[float | None], shares: Sequence[float]) -> tuple[float, ...]:
    """Return the smallest values that at least each share of the known values do not exceed; nothing where none is known."""
    known = sorted(value for value in values if value is not None and math.isfinite(value))
    # Products of shares and counts are whole numbers only to within rounding.
    return tuple(known[max(0, math.ceil(share * len(known) - 1e-6) - 1)] for share in shares) if known else ()


def distribution(values: Iterable[float | None]) -> tuple[float, ...]:
    """Return the quantiles of *values* at DISTRIBUTION; nothing where there are none."""
    return quantiles(values, DISTRIBUTION)


def fan(paths: Sequence[Sequence[int | None]]) -> tuple[tuple[float, ...], ...]:
    """Return the quantiles at FAN, in cents, at each step of *paths* (of `Benchmark.path`: twice a change, in Price units).

    A path without a mid at some step is left out there. Paths that were not followed are empty and left out.
    """
    followed = [path for path in paths if path]
    return tuple(
        quantiles((None if twice is None else twice / (2 * CENT) for twice in step), FAN)
        for step in zip(*followed, strict=True)
    )
