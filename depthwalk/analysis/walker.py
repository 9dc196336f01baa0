"""The control law of the walkers: from the state of a run to the price each split should rest at.

Source: algorithms.md section 2.3. Offsets, spread and slew are in cents as floats; the price they lead to is put on the
market's grid, rounded towards us, and never above the ceiling. Seen as a buyer sees it.
"""

from dataclasses import dataclass
from math import inf

from depthwalk.domain.grid import Grid
from depthwalk.domain.units import CENT, Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """The law's parameters: *offsets* a (one a split, in cents), *patience* v, *deficit_gain* g, *spread_gain* z.

    *imbalance_gain* q is what a best bid with nothing against it is worth: the price tends to go where less is offered.

    Patience runs out with the time to the *patience_power* w: evenly at 1, late and fast above it. Of a spread no more counts
    than *widest_spread*, in cents: in a book that is far open the other side says little about what the contract is worth.
    """

    offsets: tuple[float, ...]
    patience: float
    deficit_gain: float
    spread_gain: float
    imbalance_gain: float = 0.0
    patience_power: float = 1.0
    widest_spread: float = inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Slew:
    """How far a reservation price may rise in one step (cents), by what runs against us; *threshold* from which it counts."""

    base: float
    aggressive: float
    aggressive_multiplier: float
    conservative_multiplier: float
    threshold: float

    def limit(self, adverse: float, *, dry_up: bool) -> float:
        """Return the most for one step; *adverse* momentum is positive when it runs against us."""
        if dry_up or adverse >= 2 * self.threshold:
            return self.aggressive * self.aggressive_multiplier
        if adverse >= self.threshold:
            return self.base * self.aggressive_multiplier
        if adverse <= -self.threshold:
            return self.base * self.conservative_multiplier
        return self.base


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where the run stands: *elapsed* and *remaining* as shares of 1, *spread* in cents (None: one side is missing).

    *imbalance* of the sizes at the touch, -1 (all offered) to 1 (all bid), 0 where a side is missing.
    """

    elapsed: float
    remaining: float
    spread: float | None
    imbalance: float = 0.0


def deficit(progress: Progress) -> float:
    """Return how far the run is behind the straight line, 0 where it is ahead."""
    return max(0.0, progress.remaining - (1 - progress.elapsed))


def target_offset(law: Law, split: int, progress: Progress) -> float:
    """Return a_k + v·elapsed**w + g·deficit + z·(spread - 1) + q·imbalance of split number *split* (from 0), in cents."""
    spread = 1.0 if progress.spread is None else min(progress.spread, law.widest_spread)
    gone: float = progress.elapsed**law.patience_power
    return (
        law.offsets[split]
        + law.patience * gone
        + law.deficit_gain * deficit(progress)
        + law.spread_gain * (spread - 1)
        + law.imbalance_gain * progress.imbalance
    )


def next_offset(previous: float | None, target: float, limit: float) -> float:
    """Move towards *target*: down at once, up by at most *limit*; the first placement goes there directly."""
    return target if previous is None else min(target, previous + limit)


def rung(grid: Grid, best_bid: Price, offset: float, *, ceiling: Price) -> Price:
    """Return the price to rest at: best other bid plus offset, at most *ceiling*, rounded down to the grid.

    The sum is taken to the nearest price unit first, so that a float's last digit cannot cost a step of the grid. Below the
    lowest valid price, the lowest valid price (the cap is valid, so there is one).
    """
    price = min(ceiling, best_bid + round(offset * CENT))
    floor = grid.floor(price)
    if floor is not None:
        return floor
    lowest = grid.above(0)
    return ceiling if lowest is None else min(lowest, ceiling)


def improve_or_join(grid: Grid, best_bid: Price, *, best_ask: Price | None, cap: Price) -> Price:
    """Return the next price above the best other bid where that is below the ask, else the bid; never above the cap.

    First in the queue where there is room, in the queue where there is none (algorithms.md section 2.3).
    """
    better = grid.above(best_bid)
    room = better is not None and better <= cap and (best_ask is None or better < best_ask)
    floor = grid.floor(better if better is not None and room else min(best_bid, cap))
    return cap if floor is None else floor
