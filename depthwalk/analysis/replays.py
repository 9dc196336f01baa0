"""What a replay was made of: recordings, and the moments in them at which was decided. Values; the laboratory finds them."""

from dataclasses import dataclass
from typing import Final

from depthwalk.domain.units import SECOND, Duration, Instant, Quantity

_DAY: Final = 86_400 * SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayWindow:
    """A moment at which was decided: the market and its event, the recording's time, and how liquid the book was then."""

    ticker: str
    event: str
    at: Instant
    class_name: str

    @property
    def event_day(self) -> tuple[str, int]:
        """The event and the UTC day: windows of one tell nearly the same story (algorithms.md section 4.2)."""
        return self.event, self.at // _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A replay as asked for: *windows* by their number, which is the seed of a trial, *every* so much time.

    Each asks for *of_touch* times what the best price offers, or for *quantity*, one of the two being None. More than *share*
    of a level as displayed is flagged or, *strict*, refused. *recordings* say what was read, and nowhere on whose machine.
    """

    recordings: tuple[str, ...]
    windows: tuple[ReplayWindow, ...]
    every: Duration
    of_touch: float | None
    quantity: Quantity | None
    share: float
    strict: bool

    @property
    def event_days(self) -> int:
        """How many independent clusters there are, at most."""
        return len({window.event_day for window in self.windows})

    def count(self, class_name: str) -> int:
        """Return how many windows were found in a class."""
        return sum(window.class_name == class_name for window in self.windows)
