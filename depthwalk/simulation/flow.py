"""The traders of a synthetic market: who comes when, with what, for how long. All randomness of a world is drawn here.

Everything in this file is exogenous: it is drawn from seeds of its own and knows nothing of any book, so the same seed is the
same world whatever an agent does in it (algorithms.md section 3.1, point 2). How these arrivals turn into prices, which does
depend on the book, lives in `synthetic.py`; applying them to an order book is the business of whoever owns that book.

Units: offsets, reaches and values in cents (float); rates per second; quantities in Quantity units, whole contracts.
"""

import heapq
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

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
    """Informed takers a second, both sides together."""
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
    """Yield everything that happens in a world from *start* on, in order of time, without end.

    Args:
        market_class: the parameters.
        seed: same seed, same arrivals.
        start: when the world begins; nothing happens before.
        value: the latent value at *start*, cents.

    """
    return heapq.merge(
        _values(market_class, stream(seed, "value"), start, value),
        _reviews(market_class, start),
        *(_providers(market_class, stream(seed, f"provider {side.value}"), start, side) for side in Side),
        *(_noise_takers(market_class, stream(seed, f"taker {side.value}"), start, side) for side in Side),
        _informed(market_class, stream(seed, "informed"), start),
        key=lambda event: event.at,
    )


def _later(at: float, rng: random.Random, rate: float) -> float:
    return at + rng.expovariate(rate) * SECOND


def _contracts(rng: random.Random, mean: float, sigma: float) -> Quantity:
    drawn = rng.lognormvariate(math.log(mean) - sigma * sigma / 2, sigma)
    return Quantity(max(1, round(drawn)) * CONTRACT)


def _providers(cls: MarketClass, rng: random.Random, start: Instant, side: Side) -> Iterator[Exogenous]:
    at, count = float(start), 0
    shift = 0 if side is Side.BUY else 1
    while True:
        at = _later(at, rng, cls.provider_rate)
        moment = Instant(round(at))
        offset = cls.half_gap + rng.expovariate(1.0 / cls.provider_reach)
        quantity = _contracts(rng, cls.provider_size, cls.provider_size_sigma)
        expires_at = Instant(moment + lifetime(rng, cls.provider_life))
        yield ProviderOrder(moment, count * _NUMBER_STRIDE + shift, side, offset, quantity, expires_at)
        count += 1


def _poisson(rng: random.Random, mean: float) -> int:
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def _noise_takers(cls: MarketClass, rng: random.Random, start: Instant, side: Side) -> Iterator[Exogenous]:
    """Hawkes clusters: founders at the rate that makes the total `taker_rate`, each taker followed by `branching` others."""
    founder_rate = cls.taker_rate * (1.0 - cls.branching)
    founder = _later(float(start), rng, founder_rate)
    followers: list[float] = []
    while True:
        if followers and followers[0] <= founder:
            at = heapq.heappop(followers)
        else:
            at = founder
            founder = _later(founder, rng, founder_rate)
        for _ in range(_poisson(rng, cls.branching)):
            heapq.heappush(followers, _later(at, rng, 1.0 / cls.cluster_seconds))
        quantity = _contracts(rng, cls.taker_size, cls.taker_size_sigma)
        insensitive = rng.random() < cls.insensitive_share
        reach = rng.expovariate(1.0 / cls.taker_reach)
        yield NoiseTaker(Instant(round(at)), side, quantity, cls.insensitive_reach if insensitive else reach)


def _informed(cls: MarketClass, rng: random.Random, start: Instant) -> Iterator[Exogenous]:
    at = float(start)
    while True:
        at = _later(at, rng, cls.informed_rate)
        contracts = max(1, round(rng.expovariate(1.0 / cls.informed_size)))
        yield InformedTaker(Instant(round(at)), Quantity(contracts * CONTRACT))


def _reviews(cls: MarketClass, start: Instant) -> Iterator[Exogenous]:
    index = 1
    while True:
        yield ReviewTick(Instant(start + round(index * SECOND / cls.review_rate)), index)
        index += 1


def _reflected(value: float) -> float:
    if value < _LOWEST_VALUE:
        return 2 * _LOWEST_VALUE - value
    return min(value, 2 * _HIGHEST_VALUE - value)


def _values(cls: MarketClass, rng: random.Random, start: Instant, value: float) -> Iterator[Exogenous]:
    sigma = cls.volatility * math.sqrt(VALUE_STEP_SECONDS)
    step, steps = float(start), 0
    news = _later(float(start), rng, 1.0 / cls.news_interval)
    while True:
        due = step + VALUE_STEP_SECONDS * SECOND
        if news < due:
            at = news
            size = cls.news_size * (0.5 + 0.5 * rng.expovariate(1.0))
            value = _reflected(value + (size if rng.getrandbits(1) else -size))
            news = _later(news, rng, 1.0 / cls.news_interval)
        else:
            steps += 1
            at = step = start + steps * VALUE_STEP_SECONDS * SECOND
            value = _reflected(value + rng.gauss(0.0, sigma))
        yield ValueStep(Instant(round(at)), value)
