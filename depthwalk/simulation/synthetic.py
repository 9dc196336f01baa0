"""How a synthetic market prices: the providers' idea of fair, and the limits that arrivals turn into. Responses, no randomness.

The state here answers to the book (trades leave an impact, quotes lean with the imbalance), so it differs between a world with
an agent and one without; what arrives does not (`flow.py`). No orders and no matching here.

Nothing is integrated at the moment of a question: the lagged value is anchored at the value's own steps (`value.py`), the
impact at trades, so asking more often changes nothing, to the last bit.
"""

import math
from copy import copy
from dataclasses import dataclass

from depthwalk.domain.grid import Grid
from depthwalk.domain.order import Side
from depthwalk.domain.units import CENT, CONTRACT, ONE, SECOND, Instant, Price
from depthwalk.simulation.flow import MarketClass
from depthwalk.simulation.value import Values

_MASK = (1 << 64) - 1
_MANY = 1_000
"""So many steps of the value that are past are kept, more or less: a market is put away with them."""


class Valuation:
    """What the crowd believes, in cents: the value, the providers' lagged idea of it, and the impact of recent trades.

    Times asked for never run backwards.
    """

    def __init__(self, market_class: MarketClass, values: Values) -> None:
        self._values, self._index = values, 0
        self._shared = False
        self._impact_life, self._lean = market_class.impact_life, market_class.imbalance_weight
        self._per_contract = market_class.impact_per_contract
        self._impact, self._impact_at = 0.0, values.times[0]

    def fork(self, at: Instant, drift: float) -> "Valuation":
        """Return the same state, to go on from *at* by itself; the value drifts by *drift* cents a second on top from there."""
        self._shared = True
        twin: Valuation = copy(self)
        if drift:
            twin._values, twin._index = self._values.drifting(self._place(at), at, drift), 0
        return twin

    def value(self, at: Instant) -> float:
        """Return the value at a time."""
        return self._values.values[self._place(at)]

    def _place(self, at: Instant) -> int:
        """Return the index of the step that holds at a time."""
        values = self._values
        if values.end <= at:
            values.reach(at)
        times, index = values.times, self._index
        last = len(times) - 1
        while index < last and times[index + 1] <= at:
            index += 1
        if index > _MANY and not self._shared:
            values.forget(index)
            index = 0
        self._index = index
        return index

    def _impact_now(self, at: Instant) -> float:
        return self._impact * math.exp(-(at - self._impact_at) / SECOND / self._impact_life)

    def traded(self, at: Instant, taker: Side, quantity: int) -> None:
        """Let a trade of *quantity* (Quantity units) shift the quotes in the taker's direction."""
        self._impact = self._impact_now(at) + taker.sign * self._per_contract * quantity / CONTRACT
        self._impact_at = at

    def fair(self, at: Instant, bid_depth: int, ask_depth: int) -> float:
        """Return what providers quote around, in cents; the depths are those of the first three levels of each side."""
        total = bid_depth + ask_depth
        lean = self._lean * (bid_depth - ask_depth) / total if total else 0.0
        values, index = self._values, self._place(at)
        value = values.values[index]
        faded = math.exp(-((at - values.times[index]) / SECOND) / values.lag)
        return value + (values.lagged[index] - value) * faded + self._impact_now(at) + lean


def provider_price(grid: Grid, side: Side, fair: float, offset: float) -> Price | None:
    """Return the price of a provider order *offset* cents from *fair*, rounded away from it; None where the grid ends."""
    if side is Side.BUY:
        return grid.floor(math.floor((fair - offset) * CENT))
    return grid.ceil(math.ceil((fair + offset) * CENT))


def taker_limit(grid: Grid, side: Side, fair: float, reach: float) -> Price | None:
    """Return the worst price a taker pays who goes *reach* cents beyond *fair*, rounded towards him; None: he stays away."""
    if side is Side.BUY:
        return grid.floor(min(math.floor((fair + reach) * CENT), ONE))
    return grid.ceil(max(math.ceil((fair - reach) * CENT), 0))


@dataclass(frozen=True, slots=True)
class InformedChoice:
    """What an informed taker does: take *side* at *limit* or better."""

    side: Side
    limit: Price


def informed_choice(
    market_class: MarketClass, grid: Grid, value: float, best_bid: Price | None, best_ask: Price | None
) -> InformedChoice | None:
    """Decide whether the value lies far enough beyond a best price to be worth taking, and down to which price."""
    threshold = market_class.informed_threshold
    if best_ask is not None and value - best_ask / CENT >= threshold:
        limit = grid.floor(math.floor((value - threshold) * CENT))
        return None if limit is None else InformedChoice(Side.BUY, limit)
    if best_bid is not None and best_bid / CENT - value >= threshold:
        limit = grid.ceil(math.ceil((value + threshold) * CENT))
        return None if limit is None else InformedChoice(Side.SELL, limit)
    return None


def pulls(seed: int, number: int, tick: int) -> bool:
    """Decide by hash, one half for yes, whether the stale order *number* is pulled at review *tick*: no stream is touched."""
    mixed = (seed * 0x9E3779B97F4A7C15 + number * 0xBF58476D1CE4E5B9 + tick * 0x94D049BB133111EB) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return bool((mixed ^ (mixed >> 31)) & 1)
