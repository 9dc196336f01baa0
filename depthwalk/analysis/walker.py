"""The control law of the Dynamic Depth Walker: from the state of a run to the price each split should rest at.

Source: algorithms.md section 2.3. Offsets, spread and slew are in cents as floats; the price they lead to is put on the
market's grid, rounded towards us, and never above the cap or the best ask. Seen as a buyer sees it.
"""

from dataclasses import dataclass

from depthwalk.domain.grid import Grid
from depthwalk.domain.units import CENT, Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """The law's parameters: *offsets* a, *patience* v, *deficit_gain* g, *spread_gain* z, and the slew limits (cents)."""

    offsets: tuple[float, ...]
    patience: float
    deficit_gain: float
    spread_gain: float
    base_slew: float
    aggressive_slew: float
    aggressive_multiplier: float
    conservative_multiplier: float
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where the run stands: *elapsed* and *remaining* as shares of 1, *spread* in cents (None: one side is missing)."""

    elapsed: float
    remaining: float
    spread: float | None


def deficit(progress: Progress) -> float:
    """Return how far the run is behind the straight line, 0 where it is ahead."""
    return max(0.0, progress.remaining - (1 - progress.elapsed))


def target_offset(law: Law, split: int, progress: Progress) -> float:
    """Return a_k + v·elapsed + g·deficit + z·(spread - 1) of split number *split* (from 0), in cents."""
    spread = 1.0 if progress.spread is None else progress.spread
    return (
        law.offsets[split]
        + law.patience * progress.elapsed
        + law.deficit_gain * deficit(progress)
        + law.spread_gain * (spread - 1)
    )


def slew(law: Law, adverse: float, *, dry_up: bool) -> float:
    """Return the most an offset may rise in one step, in cents; *adverse* momentum is positive when it runs against us."""
    if dry_up or adverse >= 2 * law.threshold:
        return law.aggressive_slew * law.aggressive_multiplier
    if adverse >= law.threshold:
        return law.base_slew * law.aggressive_multiplier
    if adverse <= -law.threshold:
        return law.base_slew * law.conservative_multiplier
    return law.base_slew


def next_offset(previous: float | None, target: float, limit: float) -> float:
    """Move towards *target*: down at once, up by at most *limit*; the first placement goes there directly."""
    return target if previous is None else min(target, previous + limit)


def rung(grid: Grid, best_bid: Price, offset: float, *, cap: Price, best_ask: Price | None) -> Price:
    """Return the price to rest at: best other bid plus offset, at most the cap and the best ask, rounded down to the grid.

    The sum is taken to the nearest price unit first, so that a float's last digit cannot cost a step of the grid. Below the
    lowest valid price, the lowest valid price (the cap is valid, so there is one).
    """
    ceiling = cap if best_ask is None else min(cap, best_ask)
    price = min(ceiling, best_bid + round(offset * CENT))
    floor = grid.floor(price)
    if floor is not None:
        return floor
    lowest = grid.above(0)
    return ceiling if lowest is None else min(lowest, ceiling)
