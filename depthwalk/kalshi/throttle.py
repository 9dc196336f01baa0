"""Our own waiting to respect the venue's limits: token buckets in exact integers, and what each endpoint costs. Pure.

A request reserves its tokens and is told how long to wait; the wait itself is the caller's. Reservations stand, so waiters
never wake together, and every sequence of departures is one that the venue's bucket of that rate and capacity would let pass.
Source: kalshi-api.md section 9.
"""

from enum import Enum
from fractions import Fraction
from typing import Final

from depthwalk.domain.units import Duration, Instant
from depthwalk.errors import DomainError
from depthwalk.wire.account import AccountLimits, BucketLimit, EndpointCost, EndpointCosts
from depthwalk.wire.faults import Kind

_PREFIX: Final = "/trade-api/v2"
_LARGEST_COST: Final = 10
_CANCEL_COST: Final = 2
_MICROSECONDS: Final = 1_000_000


class Bucket:
    """A token bucket that starts full.

    Its state is the level right after the latest reserved departure, which may lie in the future; later reservations depart
    no earlier than that one. Levels are counted in millionths of a token (finer where the rate is a fraction): no rounding.
    """

    def __init__(self, *, rate: Fraction | int, capacity: int) -> None:
        """Take *rate* in tokens per second and *capacity* in tokens, both above 0."""
        per_second = Fraction(rate)
        if per_second <= 0 or capacity <= 0:
            raise DomainError(f"a bucket needs tokens: rate {rate}, capacity {capacity}")
        self.capacity = capacity
        self.rate = per_second
        self._gain = per_second.numerator
        self._token = per_second.denominator * _MICROSECONDS
        self._full = capacity * self._token
        self._level = self._full
        self._at = Instant(0)

    def _level_at(self, at: Instant) -> int:
        return min(self._full, self._level + (at - self._at) * self._gain)

    def wait(self, now: Instant, cost: int) -> Duration:
        """Return how long a request of *cost* would wait. Raises DomainError where it can never pass."""
        if cost > self.capacity:
            raise DomainError(f"a request of {cost} tokens never fits a bucket of {self.capacity}")
        start = max(now, self._at)
        missing = cost * self._token - self._level_at(start)
        # Rounded up: a microsecond too late passes, one too early does not.
        return Duration(start - now + (-(-missing // self._gain) if missing > 0 else 0))

    def take(self, at: Instant, cost: int) -> None:
        """Reserve *cost* for a departure at *at*, which `wait` said is possible."""
        departure = max(at, self._at)
        self._level = self._level_at(departure) - cost * self._token
        self._at = departure

    def reserve(self, now: Instant, cost: int) -> Duration:
        """Reserve *cost* and return how long to wait before it may be spent."""
        wait = self.wait(now, cost)
        self.take(Instant(now + wait), cost)
        return wait


class _Budget:
    """A bucket of which a share is kept for cancels: two buckets that together are no more than the whole."""

    def __init__(self, *, rate: Fraction, capacity: int, share: Fraction, largest: int, smallest: int) -> None:
        kept = max(smallest, int(capacity * share))
        split = share > 0 and capacity - kept >= largest
        self.common = Bucket(rate=rate * (1 - share) if split else rate, capacity=capacity - kept if split else capacity)
        self.kept = Bucket(rate=rate * share, capacity=kept) if split else None

    def choose(self, now: Instant, cost: int, *, cancel: bool) -> tuple[Bucket, Duration]:
        """Return the bucket to take from, and the wait: a cancel takes whichever is sooner."""
        wait = self.common.wait(now, cost)
        if cancel and wait and self.kept is not None and cost <= self.kept.capacity:
            sooner = self.kept.wait(now, cost)
            if sooner < wait:
                return self.kept, sooner
        return self.common, wait


class Tier(Enum):
    """The published usage tiers; the account's own limits come from `/account/limits`."""

    BASIC = "basic"
    ADVANCED = "advanced"
    EXPERT = "expert"
    PREMIER = "premier"
    PARAGON = "paragon"
    PRIME = "prime"
    PRESTIGE = "prestige"


_RATES: Final = {
    Tier.BASIC: (200, 100),
    Tier.ADVANCED: (300, 300),
    Tier.EXPERT: (600, 600),
    Tier.PREMIER: (1_200, 1_200),
    Tier.PARAGON: (2_400, 2_400),
    Tier.PRIME: (4_800, 4_800),
    Tier.PRESTIGE: (12_000, 9_600),
}


def published_limits(tier: Tier) -> AccountLimits:
    """Return the buckets of a tier, with one second of capacity: some have three, but the sources disagree on which."""
    read, write = _RATES[tier]
    return AccountLimits(
        tier=tier.value,
        read=BucketLimit(rate=read, capacity=read),
        write=BucketLimit(rate=write, capacity=write),
    )


_ORDERS: Final = f"{_PREFIX}/portfolio/events/orders"
KNOWN_COSTS: Final = EndpointCosts(
    default=10,
    listed=(
        EndpointCost(method="DELETE", path=f"{_ORDERS}/:order_id", cost=_CANCEL_COST),
        EndpointCost(method="DELETE", path=f"{_ORDERS}/batched", cost=_CANCEL_COST),
        EndpointCost(method="DELETE", path=_ORDERS, cost=_CANCEL_COST),
        EndpointCost(method="GET", path=f"{_PREFIX}/portfolio/orders/:order_id", cost=2),
    ),
)
"""The costs known without asking (sections 6.1 and 9)."""


class CostTable:
    """Tokens by endpoint. A template's `:name` stands for one part of the path, `*name` for all the rest."""

    def __init__(self, costs: EndpointCosts = KNOWN_COSTS) -> None:
        self._default = costs.default
        self._listed = [(item.method.upper(), item.path.strip("/").split("/"), item.cost) for item in costs.listed]
        self._known: dict[tuple[str, str], int] = {}

    def cost(self, method: str, template: str) -> int:
        """Return the tokens of one request to *template*, a path from the root whose changing parts are `:names` too."""
        known = self._known.get((method, template))
        if known is None:
            known = self._known[method, template] = self._search(method, template.strip("/").split("/"))
        return known

    def _search(self, method: str, parts: list[str]) -> int:
        """Return the cost of the most literal template that fits."""
        best, cost = -1, self._default
        for listed_method, listed_parts, listed_cost in self._listed:
            literal = _literal_parts(listed_parts, parts)
            if listed_method == method and literal is not None and literal > best:
                best, cost = literal, listed_cost
        return cost


def _literal_parts(template: list[str], parts: list[str]) -> int | None:
    """Return how many parts of *template* are equal to those of the path, None where it does not fit."""
    literal = 0
    for index, expected in enumerate(template):
        if expected.startswith("*"):
            return literal
        if index >= len(parts) or not (expected == parts[index] or expected.startswith(":")):
            return None
        literal += expected == parts[index]
    return literal if len(template) == len(parts) else None


class Throttle:
    """The account's read and write buckets, what endpoints cost, and perhaps a cap on calls of any kind.

    All writes share one bucket here, though the venue gives each shard its own: less than allowed, never more.

    Args:
        limits: the venue's buckets.
        utilisation: the share of them to use, so that jitter on the way does not add up to a refusal.
        cancel_reserve: the share of the write bucket that only cancels may use.
        calls_per_minute: a cap on all requests together; in any minute, burst included. None: no cap.

    """

    def __init__(
        self,
        *,
        limits: AccountLimits | None = None,
        utilisation: float = 0.9,
        cancel_reserve: float = 0.1,
        calls_per_minute: int | None = None,
        costs: CostTable | None = None,
    ) -> None:
        self._utilisation = _share(utilisation, "utilisation")
        self._cancel_reserve = _share(cancel_reserve, "cancel_reserve") if cancel_reserve else Fraction(0)
        self.costs = costs or CostTable()
        self._calls = None if calls_per_minute is None else self._per_minute(calls_per_minute)
        self.adopt(limits or published_limits(Tier.BASIC))

    def adopt(self, limits: AccountLimits) -> None:
        """Use these limits from now on; the buckets start full."""
        self._reads = self._budget(limits.read, share=Fraction(0))
        self._writes = self._budget(limits.write, share=self._cancel_reserve)

    def _budget(self, limit: BucketLimit, *, share: Fraction) -> _Budget:
        # However small the share, one request must fit, as long as the venue's own bucket holds it.
        capacity = max(int(limit.capacity * self._utilisation), min(_LARGEST_COST, limit.capacity))
        return _Budget(
            rate=limit.rate * self._utilisation, capacity=capacity, share=share, largest=_LARGEST_COST, smallest=_CANCEL_COST
        )

    def _per_minute(self, calls: int) -> _Budget:
        burst = max(1, calls // 10)
        # What the burst may take is not refilled within the minute: so no minute ever sees more than *calls*.
        rate = Fraction(max(calls - burst, 1), 60)
        return _Budget(rate=rate, capacity=burst, share=self._cancel_reserve, largest=1, smallest=1)

    @property
    def largest_write(self) -> int:
        """The most tokens that one write may cost: what a batch has to fit in."""
        return self._writes.common.capacity

    def reserve(self, now: Instant, kind: Kind, cost: int) -> Duration:
        """Reserve *cost* tokens for one request and return how long to wait. Raises DomainError where it can never pass."""
        cancel = kind is Kind.CANCEL
        budget = self._reads if kind is Kind.READ else self._writes
        chosen = [(*budget.choose(now, cost, cancel=cancel), cost)]
        if self._calls is not None:
            chosen.append((*self._calls.choose(now, 1, cancel=cancel), 1))
        wait = max(each for _, each, _ in chosen)
        for bucket, _, tokens in chosen:
            bucket.take(Instant(now + wait), tokens)
        return wait


def _share(value: float, name: str) -> Fraction:
    """Return a share as it was written: 0.9 is nine tenths, not the float nearest to it."""
    share = Fraction(str(value))
    if not 0 < share <= 1:
        raise DomainError(f"{name} {value} is not a share between 0 and 1")
    return share
