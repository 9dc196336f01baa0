"""The traders of a synthetic market: who comes when, with what, for how long. All randomness of a world is drawn here.

Everything in this file is exogenous: it is drawn from seeds of its own and knows nothing of any book, so the same seed is the
same world whatever an agent does in it (algorithms.md section 3.1, point 2). How these arrivals turn into prices, which does
depend on the book, lives in `synthetic.py`; applying them to an order book is the business of whoever owns that book.

Units: offsets, reaches and values in cents (float); rates per second; quantities in Quantity units, whole contracts.
"""

import heapq
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

from depthwalk.domain.order import Side
from depthwalk.domain.units import CONTRACT, SECOND, Instant, Quantity

VALUE_STEP_SECONDS = 0.5
_LOWEST_VALUE, _HIGHEST_VALUE = 3.0, 97.0
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


@dataclass(frozen=True, slots=True)
class ProviderOrder:
    """A provider comes: rests *offset* cents from fair until *expires_at*. *number* is unique within the world."""

    at: Instant
    number: int
    side: Side
    offset: float
    quantity: Quantity
    expires_at: Instant


@dataclass(frozen=True, slots=True)
class NoiseTaker:
    """A taker comes, willing to pay *reach* cents beyond fair."""

    at: Instant
    side: Side
    quantity: Quantity
    reach: float


@dataclass(frozen=True, slots=True)
class InformedTaker:
    """A taker comes who knows the value; which side he takes, if any, the book decides."""

    at: Instant
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class ReviewTick:
    """Providers look at their stale quotes; *index* counts from the world's beginning."""

    at: Instant
    index: int


@dataclass(frozen=True, slots=True)
class ValueStep:
    """The latent value is now *value* cents."""

    at: Instant
    value: float


Exogenous = ProviderOrder | NoiseTaker | InformedTaker | ReviewTick | ValueStep


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


def exogenous(market_class: MarketClass, seed: int, start: Instant, value: float) -> Iterator[Exogenous]:
    """Return everything that happens in a world from *start* on, in order of time, without end.

    The iterator is made of plain values and can be pickled, so that a world can be put away and taken up again.

    Args:
        market_class: the parameters.
        seed: same seed, same arrivals.
        start: when the world begins; nothing happens before.
        value: the latent value at *start*, cents.

    """
    return _Merged(
        (
            _Values(market_class, stream(seed, "value"), start, value),
            _Reviews(market_class, start),
            *(_Providers(market_class, stream(seed, f"provider {side.value}"), start, side) for side in Side),
            *(_NoiseTakers(market_class, stream(seed, f"taker {side.value}"), start, side) for side in Side),
            _Informed(market_class, stream(seed, "informed"), start),
        )
    )


def _later(at: float, rng: random.Random, rate: float) -> float:
    return at + rng.expovariate(rate) * SECOND


def _contracts(rng: random.Random, mean: float, sigma: float) -> Quantity:
    drawn = rng.lognormvariate(math.log(mean) - sigma * sigma / 2, sigma)
    return Quantity(max(1, round(drawn)) * CONTRACT)


class _Endless(Iterator[Exogenous]):
    """An iterator that never ends. Generators would say the same in fewer lines, but cannot be pickled."""

    def __iter__(self) -> Self:
        return self


class _Merged(_Endless):
    """Endless iterators as one, in order of time; at the same time, in the order given."""

    def __init__(self, parts: Sequence[_Endless]) -> None:
        self._parts = parts
        firsts = [next(part) for part in parts]
        self._heap = [(event.at, index, event) for index, event in enumerate(firsts)]
        heapq.heapify(self._heap)

    def __next__(self) -> Exogenous:
        _, index, event = self._heap[0]
        following = next(self._parts[index])
        heapq.heapreplace(self._heap, (following.at, index, following))
        return event


class _Providers(_Endless):
    def __init__(self, cls: MarketClass, rng: random.Random, start: Instant, side: Side) -> None:
        self._class, self._rng, self._side = cls, rng, side
        self._at = float(start)
        self._number = 0 if side is Side.BUY else 1

    def __next__(self) -> Exogenous:
        cls, rng = self._class, self._rng
        self._at = _later(self._at, rng, cls.provider_rate)
        moment = Instant(round(self._at))
        offset = cls.half_gap + rng.expovariate(1.0 / cls.provider_reach)
        quantity = _contracts(rng, cls.provider_size, cls.provider_size_sigma)
        expires_at = Instant(moment + lifetime(rng, cls.provider_life))
        number = self._number
        self._number += _NUMBER_STRIDE
        return ProviderOrder(moment, number, self._side, offset, quantity, expires_at)


def _poisson(rng: random.Random, mean: float) -> int:
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


class _NoiseTakers(_Endless):
    """Hawkes clusters: founders at the rate that makes the total `taker_rate`, each taker followed by `branching` others."""

    def __init__(self, cls: MarketClass, rng: random.Random, start: Instant, side: Side) -> None:
        self._class, self._rng, self._side = cls, rng, side
        self._founder_rate = cls.taker_rate * (1.0 - cls.branching)
        self._founder = _later(float(start), rng, self._founder_rate)
        self._followers: list[float] = []

    def __next__(self) -> Exogenous:
        cls, rng = self._class, self._rng
        if self._followers and self._followers[0] <= self._founder:
            at = heapq.heappop(self._followers)
        else:
            at = self._founder
            self._founder = _later(self._founder, rng, self._founder_rate)
        for _ in range(_poisson(rng, cls.branching)):
            heapq.heappush(self._followers, _later(at, rng, 1.0 / cls.cluster_seconds))
        quantity = _contracts(rng, cls.taker_size, cls.taker_size_sigma)
        insensitive = rng.random() < cls.insensitive_share
        reach = rng.expovariate(1.0 / cls.taker_reach)
        return NoiseTaker(Instant(round(at)), self._side, quantity, cls.insensitive_reach if insensitive else reach)


class _Informed(_Endless):
    def __init__(self, cls: MarketClass, rng: random.Random, start: Instant) -> None:
        self._class, self._rng = cls, rng
        self._at = float(start)

    def __next__(self) -> Exogenous:
        self._at = _later(self._at, self._rng, 2 * self._class.informed_rate)
        contracts = max(1, round(self._rng.expovariate(1.0 / self._class.informed_size)))
        return InformedTaker(Instant(round(self._at)), Quantity(contracts * CONTRACT))


class _Reviews(_Endless):
    def __init__(self, cls: MarketClass, start: Instant) -> None:
        self._class, self._start = cls, start
        self._index = 0

    def __next__(self) -> Exogenous:
        self._index += 1
        return ReviewTick(Instant(self._start + round(self._index * SECOND / self._class.review_rate)), self._index)


def _reflected(value: float) -> float:
    if value < _LOWEST_VALUE:
        return 2 * _LOWEST_VALUE - value
    return min(value, 2 * _HIGHEST_VALUE - value)


class _Values(_Endless):
    """Small steps at a fixed pace, and news between them."""

    def __init__(self, cls: MarketClass, rng: random.Random, start: Instant, value: float) -> None:
        self._class, self._rng, self._start, self._value = cls, rng, start, value
        self._sigma = cls.volatility * math.sqrt(VALUE_STEP_SECONDS)
        self._step, self._steps = float(start), 0
        self._news = _later(float(start), rng, 1.0 / cls.news_interval)

    def __next__(self) -> Exogenous:
        cls, rng = self._class, self._rng
        due = self._step + VALUE_STEP_SECONDS * SECOND
        if self._news < due:
            at = self._news
            size = cls.news_size * (0.5 + 0.5 * rng.expovariate(1.0))
            self._value = _reflected(self._value + (size if rng.getrandbits(1) else -size))
            self._news = _later(self._news, rng, 1.0 / cls.news_interval)
        else:
            self._steps += 1
            at = self._step = self._start + self._steps * VALUE_STEP_SECONDS * SECOND
            self._value = _reflected(self._value + rng.gauss(0.0, self._sigma))
        return ValueStep(Instant(round(at)), self._value)
