"""Token buckets in exact integers: how long to wait, what is left, and levels handed from one bucket to another. Pure.

Reservations stand, so waiters never wake together, and every sequence of departures is one that the venue's bucket of that rate
and capacity would let pass. A level may be handed to a bucket of another size; that may cost tokens and never makes any.
"""

from copy import copy
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from depthwalk.domain.units import Duration, Instant
from depthwalk.errors import DomainError

_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What a bucket of *capacity* tokens holds right after its latest departure, *at*, in millionths of a token."""

    millionths: int
    capacity: int
    at: Instant

    @property
    def possible(self) -> bool:
        """Whether a bucket can hold that."""
        return 0 <= self.millionths <= self.capacity * _MILLION


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
        self._token = per_second.denominator * _MILLION
        self._full = capacity * self._token
        self._level, self._at = self._full, Instant(0)

    def another(self) -> "Bucket":
        """Return a full bucket of the same rate and capacity."""
        twin: Bucket = copy(self)
        twin._level, twin._at = self._full, Instant(0)
        return twin

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

    def drain(self, now: Instant) -> None:
        """Count as empty from *now* on; departures that were reserved stand."""
        self._level, self._at = 0, max(now, self._at)

    @property
    def level(self) -> Level:
        """What it holds, rounded down."""
        return Level(millionths=self._level // self.rate.denominator, capacity=self.capacity, at=self._at)

    @level.setter
    def level(self, found: Level) -> None:
        """Go on from the level of a bucket that stood for the same tokens: what was spent of a larger one stays spent."""
        lost = max(0, found.capacity - self.capacity) * _MILLION
        self._level, self._at = max(0, found.millionths - lost) * self.rate.denominator, found.at


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLevels:
    """The level of what every request may use, and of what is kept for cancels; *kept* None: nothing is."""

    common: Level
    kept: Level | None


class Budget:
    """A bucket of which a share is kept for cancels: two buckets that together are no more than the whole."""

    def __init__(self, *, rate: Fraction, capacity: int, share: Fraction, largest: int, smallest: int) -> None:
        kept = max(smallest, int(capacity * share))
        split = share > 0 and capacity - kept >= largest
        self.common = Bucket(rate=rate * (1 - share) if split else rate, capacity=capacity - kept if split else capacity)
        self.kept = Bucket(rate=rate * share, capacity=kept) if split else None

    def another(self) -> "Budget":
        """Return a full one of the same sizes."""
        twin = copy(self)
        twin.common, twin.kept = self.common.another(), None if self.kept is None else self.kept.another()
        return twin

    def choose(self, now: Instant, cost: int, *, cancel: bool, weight: int = 1) -> tuple[Bucket, int, Duration]:
        """Return the bucket to take from, how much, and the wait: a cancel takes whichever is sooner.

        *weight* requests are taken together, but no more than the bucket holds. Raises DomainError where one never passes.
        """
        tokens = max(cost, min(cost * weight, self.common.capacity))
        wait = self.common.wait(now, tokens)
        if cancel and wait and self.kept is not None and cost <= self.kept.capacity:
            sooner = self.kept.wait(now, cost)
            if sooner < wait:
                return self.kept, cost, sooner
        return self.common, tokens, wait

    def drain(self, now: Instant) -> None:
        """Count all of it as empty from *now* on."""
        self.common.drain(now)
        if self.kept is not None:
            self.kept.drain(now)

    @property
    def levels(self) -> BudgetLevels:
        """What it holds."""
        return BudgetLevels(common=self.common.level, kept=None if self.kept is None else self.kept.level)

    @levels.setter
    def levels(self, found: BudgetLevels) -> None:
        """Go on from the levels of a budget that stood for the same tokens."""
        self.common.level = found.common
        if self.kept is not None:
            # Where nothing was kept, all of it may have been spent.
            self.kept.level = found.kept or Level(millionths=0, capacity=self.kept.capacity, at=found.common.at)
