"""The venue's side of a token bucket, and clocks and records for throttles that are tested without waiting."""

from collections.abc import Callable, Iterable
from fractions import Fraction

from depthwalk.domain.units import SECOND, Duration, Instant


def passes(departures: Iterable[tuple[int, int]], *, rate: Fraction | int, capacity: int) -> bool:
    """Say whether a full bucket of that rate and capacity lets all (time, cost) pass."""
    level, at = Fraction(capacity), None
    for time, cost in sorted(departures):
        level = min(Fraction(capacity), level + Fraction(rate) * Fraction(time - (time if at is None else at), SECOND)) - cost
        at = time
        if level < 0:
            return False
    return True


class StandingClock:
    """A clock that stands still: what would have been slept is in `slept`."""

    def __init__(self, at: Instant) -> None:
        self._at = at
        self.slept = 0

    def now(self) -> Instant:
        """Return the time it stands at."""
        return self._at

    async def sleep(self, duration: Duration) -> None:
        """Note the wait."""
        self.slept += duration


class MemoryRecord:
    """A shared record in memory; *busy*: how often another process is at it."""

    def __init__(self, text: bytes | None = None) -> None:
        self.text = text
        self.busy = 0
        self.asked = 0

    def update(self, change: Callable[[bytes | None], bytes]) -> bool:
        """Replace the record, as the port says."""
        self.asked += 1
        if self.busy:
            self.busy -= 1
            return False
        self.text = change(self.text)
        return True
