"""The server's token buckets: how much a key may ask for (kalshi-api.md section 9). Pure; time comes in with each request."""

from depthwalk.domain.units import SECOND, Instant
from depthwalk.wire.account import AccountLimits, BucketLimit, EndpointCost, EndpointCosts

ROOT = "/trade-api/v2"
DEFAULT_COST = 10
CHEAP_COST = 2

BASIC = AccountLimits(tier="basic", read=BucketLimit(rate=200, capacity=200), write=BucketLimit(rate=100, capacity=100))
"""The tier every account begins with."""

COSTS = EndpointCosts(
    default=DEFAULT_COST,
    listed=(
        EndpointCost(method="DELETE", path=f"{ROOT}/portfolio/events/orders", cost=CHEAP_COST),
        EndpointCost(method="DELETE", path=f"{ROOT}/portfolio/events/orders/:order_id", cost=CHEAP_COST),
        EndpointCost(method="DELETE", path=f"{ROOT}/portfolio/events/orders/batched", cost=CHEAP_COST),
        EndpointCost(method="GET", path=f"{ROOT}/portfolio/orders/:order_id", cost=CHEAP_COST),
    ),
)
"""What is served as `/account/endpoint_costs`, and charged."""


class Bucket:
    """Tokens that refill continuously up to a capacity. Counted in millionths, so that microseconds add up exactly."""

    def __init__(self, limit: BucketLimit) -> None:
        self._rate = limit.rate
        self._capacity = limit.capacity * SECOND
        self._level = self._capacity
        self._at: Instant | None = None

    def take(self, now: Instant, tokens: int) -> bool:
        """Take *tokens* at *now* and say whether they were there; a refused request takes nothing."""
        if self._at is not None and now > self._at:
            self._level = min(self._capacity, self._level + (now - self._at) * self._rate)
        self._at = now if self._at is None else max(now, self._at)
        if self._level < tokens * SECOND:
            return False
        self._level -= tokens * SECOND
        return True


class Buckets:
    """The read and the write bucket of one key."""

    def __init__(self, limits: AccountLimits) -> None:
        self.read = Bucket(limits.read)
        self.write = Bucket(limits.write)
