"""Our own waiting to respect the venue's limits: its read and write buckets, and what each endpoint costs.

Levels can be handed from one throttle to another of the same account, of other limits too; that may cost tokens and never
makes any. Source: kalshi-api.md section 9.
"""

from copy import copy
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Final

from depthwalk.clock import Clock
from depthwalk.domain.units import Duration, Instant, as_written
from depthwalk.errors import DomainError
from depthwalk.kalshi.buckets import Budget, BudgetLevels
from depthwalk.wire.account import AccountLimits, BucketLimit, EndpointCost, EndpointCosts
from depthwalk.wire.faults import Kind

_PREFIX: Final = "/trade-api/v2"
_LARGEST_COST: Final = 10
_CANCEL_COST: Final = 2


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """All levels of a throttle; *calls* None: calls are not counted."""

    reads: BudgetLevels
    writes: BudgetLevels
    calls: BudgetLevels | None


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
        self._set(limits or published_limits(Tier.BASIC))

    def adopt(self, limits: AccountLimits) -> None:
        """Use these limits from now on. What was spent stays spent: larger buckets fill up at their rate."""
        levels = self.levels
        self._set(limits)
        self.levels = levels

    def _set(self, limits: AccountLimits) -> None:
        self._reads = self._budget(limits.read, share=Fraction(0))
        self._writes = self._budget(limits.write, share=self._cancel_reserve)

    def another(self) -> "Throttle":
        """Return a throttle of the same sizes whose buckets are full: what working the sizes out again would come to."""
        twin: Throttle = copy(self)
        twin._reads, twin._writes = self._reads.another(), self._writes.another()
        twin._calls = None if self._calls is None else self._calls.another()
        return twin

    @property
    def levels(self) -> Levels:
        """What the buckets hold."""
        return Levels(
            reads=self._reads.levels, writes=self._writes.levels, calls=None if self._calls is None else self._calls.levels
        )

    @levels.setter
    def levels(self, found: Levels) -> None:
        """Go on from the levels of another throttle of this account."""
        self._reads.levels = found.reads
        self._writes.levels = found.writes
        if self._calls is not None and found.calls is not None:
            self._calls.levels = found.calls

    def _budget(self, limit: BucketLimit, *, share: Fraction) -> Budget:
        # However small the share, one request must fit, as long as the venue's own bucket holds it.
        capacity = max(int(limit.capacity * self._utilisation), min(_LARGEST_COST, limit.capacity))
        return Budget(
            rate=limit.rate * self._utilisation, capacity=capacity, share=share, largest=_LARGEST_COST, smallest=_CANCEL_COST
        )

    def _per_minute(self, calls: int) -> Budget:
        burst = max(1, calls // 10)
        # What the burst may take is not refilled within the minute: so no minute ever sees more than *calls*.
        rate = Fraction(max(calls - burst, 1), 60)
        return Budget(rate=rate, capacity=burst, share=self._cancel_reserve, largest=1, smallest=1)

    @property
    def largest_write(self) -> int:
        """The most tokens that one write may cost: what a batch has to fit in."""
        return self._writes.common.capacity

    async def admit(self, clock: Clock, kind: Kind, cost: int) -> None:
        """Wait until a request of *cost* tokens may leave. Raises DomainError where it can never pass."""
        await clock.sleep(self.reserve(clock.now(), kind, cost))

    async def refused(self, clock: Clock, kind: Kind) -> None:
        """Learn that the venue's bucket is empty, whatever ours says: it answered 429."""
        self.drain(clock.now(), kind)

    def drain(self, now: Instant, kind: Kind) -> None:
        """Count the bucket of that kind of request as empty from *now* on."""
        self._of(kind).drain(now)

    def drain_all(self, now: Instant) -> None:
        """Count everything as empty from *now* on."""
        for each in (self._reads, self._writes, self._calls):
            if each is not None:
                each.drain(now)

    def _of(self, kind: Kind) -> Budget:
        return self._reads if kind is Kind.READ else self._writes

    def reserve(self, now: Instant, kind: Kind, cost: int, *, weight: int = 1) -> Duration:
        """Reserve *cost* tokens for one request and return how long to wait. Raises DomainError where it can never pass.

        *weight*: how many such requests to reserve for, as far as the bucket holds them, for others that cannot be seen.
        """
        cancel = kind is Kind.CANCEL
        bucket, tokens, wait = self._of(kind).choose(now, cost, cancel=cancel, weight=weight)
        if self._calls is not None:
            calls, count, later = self._calls.choose(now, 1, cancel=cancel, weight=weight)
            wait = max(wait, later)
            calls.take(Instant(now + wait), count)
        bucket.take(Instant(now + wait), tokens)
        return wait


def _share(value: float, name: str) -> Fraction:
    """Return a share exactly. Raises DomainError for what is none."""
    share = as_written(value)
    if not 0 < share <= 1:
        raise DomainError(f"{name} {value} is not a share between 0 and 1")
    return share
