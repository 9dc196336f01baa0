"""The traders of a synthetic market: who comes when, with what, for how long. What is not drawn here is drawn in `value.py`.

Everything in these two files is exogenous: it is drawn from seeds of its own and knows nothing of any book, so the same seed
is the same world whatever an agent does in it (algorithms.md section 3.1, point 2). How these arrivals turn into prices, which
does depend on the book, lives in `synthetic.py`; applying them to an order book is the business of whoever owns that book.

Units: offsets, reaches and values in cents (float); rates per second; quantities in Quantity units, whole contracts.
"""

import heapq
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import NamedTuple, Protocol

from depthwalk.domain.order import Side
from depthwalk.domain.units import CONTRACT, SECOND, Instant, Quantity

_MOMENT = attrgetter("at")
_WINDOW = 10 * SECOND
"""How far ahead arrivals are drawn at a time; no figure depends on it."""

_NUMBER_STRIDE = 4
_RECORDED_NUMBER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketClass:
    """The parameters of one liquidity class (the table of algorithms.md section 3.1). Rates hold per side unless noted."""

    name: str
    provider_rate: float
    """New provider orders a second."""
    half_gap: float
    """Cents that providers keep away from what they hold for fair."""
    provider_reach: float
    """Mean further distance of a provider order, cents, exponential."""
    provider_life: float
    """Mean lifetime of a provider order, seconds, exponential."""
    provider_size: float
    """Mean provider order, contracts, lognormal."""
    taker_rate: float
    """Noise takers a second, the followers of a cluster included."""
    taker_size: float
    """Mean noise taker, contracts, lognormal."""
    insensitive_share: float
    """Share of noise takers that sweep up to `insensitive_reach` through fair."""
    taker_reach: float
    """Mean cents beyond fair that the other takers pay at most, exponential."""
    informed_rate: float
    """Informed takers a second, a side: as many again look at the other one."""
    informed_threshold: float
    """Cents of profit an informed taker needs."""
    volatility: float
    """Cents per square root of a second of the value's small steps."""
    news_interval: float
    """Mean seconds between jumps of the value."""
    news_size: float
    """Mean size of a jump, cents."""
    provider_lag: float
    """Seconds in which the providers' idea of the value follows the value."""
    impact_per_contract: float
    """Cents by which a traded contract shifts the quotes."""
    impact_life: float
    """Seconds in which that shift decays."""
    imbalance_weight: float
    """Cents by which the quotes lean with the displayed imbalance of the first three levels."""
    review_rate: float
    """Looks a second at which stale quotes may be pulled."""
    informed_size: float = 30.0
    insensitive_reach: float = 8.0
    branching: float = 0.4
    cluster_seconds: float = 1.5
    provider_size_sigma: float = 0.8
    taker_size_sigma: float = 1.0

    def scaled(self, factor: float) -> "MarketClass":
        """Return the same market traded in lots *factor* times as large (> 0): sizes up, impact per contract down."""
        return replace(
            self,
            provider_size=self.provider_size * factor,
            taker_size=self.taker_size * factor,
            informed_size=self.informed_size * factor,
            impact_per_contract=self.impact_per_contract / factor,
        )

    def widened(self, cents: float) -> "MarketClass":
        """Return the same market with every provider *cents* (>= 0) further off, and insensitive takers reaching as far."""
        return replace(self, half_gap=self.half_gap + cents, insensitive_reach=self.insensitive_reach + cents)


class ProviderOrder(NamedTuple):
    """A provider comes: rests *offset* cents from fair until *expires_at*. *number* is unique within the world."""

    at: Instant
    number: int
    side: Side
    offset: float
    quantity: Quantity
    expires_at: Instant


class NoiseTaker(NamedTuple):
    """A taker comes, willing to pay *reach* cents beyond fair."""

    at: Instant
    side: Side
    quantity: Quantity
    reach: float


class InformedTaker(NamedTuple):
    """A taker comes who knows the value; which side he takes, if any, the book decides."""

    at: Instant
    quantity: Quantity


Exogenous = ProviderOrder | NoiseTaker | InformedTaker


def stream(seed: int, name: str) -> random.Random:
    """Return the generator of one named stream of a world; streams do not influence one another."""
    return random.Random(f"{seed}/{name}")


def first_value(seed: int) -> float:
    """Return the value a synthetic world begins with: uniform in 50 to 80 cents."""
    return stream(seed, "start").uniform(50.0, 80.0)


def recorded_number(index: int) -> int:
    """Return the order number of the *index*-th order of a recorded starting book."""
    return index * _NUMBER_STRIDE + _RECORDED_NUMBER


def lifetime(rng: random.Random, mean: float) -> int:
    """Draw an exponential lifetime of *mean* seconds, in microseconds, at least one."""
    return max(1, round(rng.expovariate(1.0 / mean) * SECOND))


def exogenous(market_class: MarketClass, seed: int, start: Instant) -> Iterator[Exogenous]:
    """Return everybody who comes to a world from *start* on, in order of time, without end.

    The iterator is made of plain values and can be pickled, so that a world can be put away and taken up again.

    Args:
        market_class: the parameters.
        seed: same seed, same arrivals.
        start: when the world begins; nothing happens before.

    """
    return _Merged(
        (
            *(_Providers(market_class, stream(seed, f"provider {side.value}"), start, side) for side in Side),
            *(_NoiseTakers(market_class, stream(seed, f"taker {side.value}"), start, side) for side in Side),
            _Informed(market_class, stream(seed, "informed"), start),
        ),
        start,
    )


def _later(at: float, rng: random.Random, rate: float) -> float:
    return at + rng.expovariate(rate) * SECOND


def _contracts(rng: random.Random, mean: float, sigma: float) -> Quantity:
    drawn = rng.lognormvariate(math.log(mean) - sigma * sigma / 2, sigma)
    return Quantity(max(1, round(drawn)) * CONTRACT)


class _Source(Protocol):
    """One kind of arrivals, endless, drawn in pieces of time."""

    def until(self, end: Instant) -> list[Exogenous]:
        """Return, in order of time, what comes before *end* and has not been returned yet."""
        ...


class _Merged(Iterator[Exogenous]):
    """Sources as one, in order of time; at the same time, in the order given.

    A generator would say the same in fewer lines, but cannot be pickled.
    """

    def __init__(self, sources: Sequence[_Source], start: Instant) -> None:
        self._sources = sources
        self._end = start
        self._ahead: list[Exogenous] = []

    def __next__(self) -> Exogenous:
        ahead = self._ahead
        while not ahead:
            # Latest first, so that the next is taken off the end; sorting keeps the order of what is equal.
            self._end = Instant(self._end + _WINDOW)
            for source in self._sources:
                ahead += source.until(self._end)
            ahead.sort(key=_MOMENT)
            ahead.reverse()
        return ahead.pop()


class _Providers:
    def __init__(self, cls: MarketClass, rng: random.Random, start: Instant, side: Side) -> None:
        self._class, self._rng, self._side = cls, rng, side
        self._next = _later(float(start), rng, cls.provider_rate)
        self._number = 0 if side is Side.BUY else 1

    def until(self, end: Instant) -> list[Exogenous]:
        cls, rng = self._class, self._rng
        drawn: list[Exogenous] = []
        while (at := Instant(round(self._next))) < end:
            offset = cls.half_gap + rng.expovariate(1.0 / cls.provider_reach)
            quantity = _contracts(rng, cls.provider_size, cls.provider_size_sigma)
            expires_at = Instant(at + lifetime(rng, cls.provider_life))
            drawn.append(ProviderOrder(at, self._number, self._side, offset, quantity, expires_at))
            self._number += _NUMBER_STRIDE
            self._next = _later(self._next, rng, cls.provider_rate)
        return drawn


def _poisson(rng: random.Random, mean: float) -> int:
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


class _NoiseTakers:
    """Hawkes clusters: founders at the rate that makes the total `taker_rate`, each taker followed by `branching` others."""

    def __init__(self, cls: MarketClass, rng: random.Random, start: Instant, side: Side) -> None:
        self._class, self._rng, self._side = cls, rng, side
        self._founder_rate = cls.taker_rate * (1.0 - cls.branching)
        self._founder = _later(float(start), rng, self._founder_rate)
        self._followers: list[float] = []

    def until(self, end: Instant) -> list[Exogenous]:
        cls, rng, followers = self._class, self._rng, self._followers
        drawn: list[Exogenous] = []
        while True:
            follows = bool(followers) and followers[0] <= self._founder
            at = followers[0] if follows else self._founder
            moment = Instant(round(at))
            if moment >= end:
                return drawn
            if follows:
                heapq.heappop(followers)
            else:
                self._founder = _later(at, rng, self._founder_rate)
            for _ in range(_poisson(rng, cls.branching)):
                heapq.heappush(followers, _later(at, rng, 1.0 / cls.cluster_seconds))
            quantity = _contracts(rng, cls.taker_size, cls.taker_size_sigma)
            insensitive = rng.random() < cls.insensitive_share
            reach = rng.expovariate(1.0 / cls.taker_reach)
            drawn.append(NoiseTaker(moment, self._side, quantity, cls.insensitive_reach if insensitive else reach))


class _Informed:
    def __init__(self, cls: MarketClass, rng: random.Random, start: Instant) -> None:
        self._class, self._rng = cls, rng
        self._next = self._after(float(start))

    def _after(self, at: float) -> float:
        return _later(at, self._rng, 2 * self._class.informed_rate)

    def until(self, end: Instant) -> list[Exogenous]:
        drawn: list[Exogenous] = []
        while (at := Instant(round(self._next))) < end:
            contracts = max(1, round(self._rng.expovariate(1.0 / self._class.informed_size)))
            drawn.append(InformedTaker(at, Quantity(contracts * CONTRACT)))
            self._next = self._after(self._next)
        return drawn
