"""How likely an order in the book is filled in a time, and how much of it: a model for plans, never a control input. Pure.

What reaches an order is a compound Poisson process: trades come at a rate, each of an exponential size. Then the volume of a
time exceeds x exactly where a Poisson count of trades exceeds an independent Poisson count of mean x / size, because the sum
of n exponential sizes exceeds x where a Poisson process of x / size has had fewer than n events (Klugman, Panjer and Willmot,
"Loss Models", compound distributions; the rest is derived here). Everything is seen as a buyer sees it: flow is what sellers
bring. Parts, and where they come from (algorithms.md sections 2.5, 3.1 and 3.2):

- at the best own price the flow is the class's, or the tape's; a price that is d cents better draws exp(k d) as much, and one
  that is worse as much less: the form of Avellaneda and Stoikov with the best own price as its origin;
- who stands at our price leaves one by one as orders of the class do, and newcomers stand behind us; better prices stay
  occupied; what is taken away comes back at the same pace (birth and death of a level, after Cont, Stoikov and Talreja).

A model of volume does not know where the price goes: where it comes to us more is filled than is said here, where it leaves
less. So small chances are larger in truth, and large ones smaller.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import exp, lgamma, log, sqrt
from typing import Final

from depthwalk.analysis.depth import queued_at
from depthwalk.domain.book import Book
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.units import CENT, CONTRACT, Duration, Price, Quantity, in_seconds, seconds

PRIOR_SPAN: Final = seconds(60)
"""How much tape the class counts for: after two minutes of tape two thirds of the rate are the tape's."""

TAPE_SPAN: Final = seconds(120)
"""How far back the tape is read."""

_MOST_DRAWN: Final = 3.0
"""No price draws more than so many times the flow: the figures come from spreads of one to three cents."""

_SPREAD: Final = 9.0
_ROOM: Final = 25
"""How far from its mean a Poisson count is followed: so many deviations and so many steps more; beyond is less than 1e-12."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What others bring to one side of a book: *trades* a second, of *size* contracts in the mean.

    *steepness* is k, by the cent; *life* the mean time in seconds for which others' orders stay.
    """

    trades: float
    size: float
    steepness: float
    life: float

    @property
    def volume(self) -> float:
        """Contracts a second."""
        return self.trades * self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """What was seen to trade against one side: so many trades of *volume* altogether within *span*."""

    trades: int
    volume: Quantity
    span: Duration


def _prior(volume: float, size: float, steepness: float, life: float) -> Flow:
    """Return the flow of a class from its volume a side in 40 s."""
    return Flow(trades=volume / 40 / size, size=size, steepness=steepness, life=life)


PRIORS: Final[Mapping[LiquidityClass, Flow]] = {
    LiquidityClass.LIQUID: _prior(88, 7, 0.51, 10),
    LiquidityClass.MODERATE: _prior(30, 9, 0.43, 25),
    LiquidityClass.THIN: _prior(13, 15, 0.36, 100),
}
"""The classes of algorithms.md section 3.1: volume a side in 40 s, mean size of a taker, mean life of an order.

k there is that of its takers: a share pi sells at any price, the others down to an exponential distance m from the middle, so
a price in the middle draws 1 / (pi + (1 - pi) exp(-h / m)) as much as the best one, h (half a spread) away.
"""


def posterior(prior: Flow, tape: Tape) -> Flow:
    """Return the flow after a look at the tape: the mean of a Gamma prior on the rate that weighs as `PRIOR_SPAN` of tape.

    The prior's trades in that time also weigh in the mean size.
    """
    weight = in_seconds(PRIOR_SPAN)
    before = prior.trades * weight
    trades = before + tape.trades
    volume = before * prior.size + tape.volume / CONTRACT
    return replace(prior, trades=trades / (weight + in_seconds(tape.span)), size=volume / trades)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where an order stands: *better* trades before it, *queued* was at its price first; *improves* on the others' best.

    An order behind the best price improves on it by less than 0.
    """

    better: Quantity
    queued: Quantity
    improves: Price


def spot(book: Book, price: Price, *, ours: Quantity = Quantity(0)) -> Spot:
    """Return where a new order at *price* would stand in a buyer's book of others; *ours* rests at least as well already.

    Nobody is drawn by more than the spread, and where a side is empty by nothing.
    """
    bid, ask = book.best_bid, book.best_ask
    improves = 0 if bid is None else min(price, bid if ask is None else ask) - bid
    better = sum(quantity for level, quantity in book.bids if level > price)
    return Spot(better=Quantity(better + ours), queued=queued_at(book.bids, price), improves=Price(improves))


def fill_probability(flow: Flow, at: Spot, quantity: Quantity, time: Duration) -> float:
    """Return the probability that an order of *quantity* is filled whole within *time*."""
    trades, ahead = _reaching(flow, at, time)
    return _count_exceeds(trades, (ahead + quantity / CONTRACT) / flow.size, by=1)


def expected_fill(flow: Flow, at: Spot, quantity: Quantity, time: Duration) -> float:
    """Return how much of an order of *quantity* is filled within *time*, in the mean, in Quantity units."""
    trades, ahead = _reaching(flow, at, time)
    mean = _excess(trades, flow.size, ahead) - _excess(trades, flow.size, ahead + quantity / CONTRACT)
    return min(float(quantity), max(0.0, mean * CONTRACT))


def left_after(flow: Flow, time: Duration) -> float:
    """Return the share of others' orders that are still there after *time*; of what was taken, the share still missing."""
    return exp(-in_seconds(time) / flow.life)


def _reaching(flow: Flow, at: Spot, time: Duration) -> tuple[float, float]:
    """Return the mean count of trades that reach an order's price within *time*, and the contracts that stand before it."""
    drawn = min(_MOST_DRAWN, exp(flow.steepness * at.improves / CENT))
    ahead = (at.better + at.queued * left_after(flow, time)) / CONTRACT
    return flow.trades * drawn * in_seconds(time), ahead


def _excess(trades: float, size: float, beyond: float) -> float:
    """Return the mean of what a volume has beyond a bound: E (V - x)+ = size E N [K <= N] - x P(K < N), K Poisson(x / size)."""
    mark = beyond / size
    return size * trades * _count_exceeds(trades, mark, by=-1) - beyond * _count_exceeds(trades, mark, by=1)


def _count_exceeds(mean: float, other: float, *, by: int) -> float:
    """Return the probability that a Poisson count is at least an independent one of mean *other* and *by* more."""
    start, weights = _poisson(mean)
    tail, above = 0.0, [0.0] * len(weights)
    for index in range(len(weights) - 1, -1, -1):
        tail += weights[index]
        above[index] = tail
    first, others = _poisson(other)
    total = 0.0
    for count, weight in enumerate(others, first + by - start):
        if count >= len(above):
            break
        total += weight * (above[count] if count > 0 else 1.0)
    return min(1.0, total)


def _poisson(mean: float) -> tuple[int, list[float]]:
    """Return the probabilities of a Poisson count around its mean, and the count of the first."""
    if mean <= 0:
        return 0, [1.0]
    reach = _SPREAD * sqrt(mean)
    start, end = max(0, int(mean - reach) - 1), int(mean + reach) + _ROOM
    weight = exp(start * log(mean) - mean - lgamma(start + 1))
    weights = [weight]
    for count in range(start + 1, end):
        weight *= mean / count
        weights.append(weight)
    return start, weights
