"""Parameters of algorithms that re-price: how often, how long, how patient. Each group is combined into their own classes.

Patience is the caller's: where a price drifts away while one waits, waiting is not free (algorithms.md section 2.5).
"""

from dataclasses import dataclass
from math import inf
from typing import Final

from depthwalk.analysis.walker import Law
from depthwalk.executors.state import BaseParams, require

_SHORTEST: Final = 0.1
_MOST_CENTS: Final = 1_000
_STEEPEST: Final = 10
_NEUTRAL: Final = 0.5
_LATEST_REST: Final = 0.5
"""At full urgency the last quarter of the horizon is spent at the cap (algorithms.md section 2.7): this share of the half
that urgency has left above neutral."""


def require_cents(name: str, *values: float) -> None:
    """Raise DomainError naming a parameter of the control law that is out of all proportion, or no number."""
    for value in values:
        require(-_MOST_CENTS <= value <= _MOST_CENTS, name, value, f"-{_MOST_CENTS} to {_MOST_CENTS} cents")


@dataclass(frozen=True, kw_only=True)
class WalkingParams(BaseParams):
    """Time between two steps, re-pricings of one split, and how patient to be.

    *urgency* 0 waits longest, 0.5 (the same as not set) takes the other parameters as they are, 1 hurries most. Instead of it
    *edge_half_life_seconds* says in what time the caller's reason to trade is worth half.
    """

    timeout_seconds: float = 40.0
    walk_interval_seconds: float = 4.0
    max_walks: int = 10
    urgency: float | None = None
    edge_half_life_seconds: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            self.walk_interval_seconds >= _SHORTEST, "walk_interval_seconds", self.walk_interval_seconds, f"{_SHORTEST} or more"
        )
        require(self.max_walks >= 0, "max_walks", self.max_walks, "0 or more")
        require(self.urgency is None or 0 <= self.urgency <= 1, "urgency", self.urgency, "0 to 1, or null")
        life = self.edge_half_life_seconds
        require(life is None or life > 0, "edge_half_life_seconds", life, "more than 0, or null")
        both = self.urgency is not None and life is not None
        require(not both, "edge_half_life_seconds", life, "null where urgency is set: it is another way to say the same")

    @property
    def haste(self) -> float:
        """Urgency as a number: as set, or horizon / (horizon + half-life), which is 0.5 where the two are equal."""
        if self.edge_half_life_seconds is not None:
            return self.timeout_seconds / (self.timeout_seconds + self.edge_half_life_seconds)
        return _NEUTRAL if self.urgency is None else self.urgency

    @property
    def pace(self) -> float:
        """What rates of walking are multiplied by: 0 to 2."""
        return self.haste / _NEUTRAL

    @property
    def at_cap_from(self) -> float:
        """The share of the horizon from which everything rests at the cap: 1 (never) up to neutral urgency, 0.75 at most."""
        return 1 - _LATEST_REST * max(0.0, self.haste - _NEUTRAL)


@dataclass(frozen=True, kw_only=True)
class LawParams(WalkingParams):
    """The control law's gains, in cents: *patience* v, *deficit_gain* g, *spread_gain* z (algorithms.md section 2.3).

    *imbalance_gain* q is that of the sizes at the touch. Patience runs out with the share of the time to the power
    *patience_power*; of a spread no more counts than *widest_spread* (cents; None: all of it).
    Before the share *passive_until* of the horizon nothing is priced at the ask or above it, so that no taker's fee is paid;
    the end game apart.
    """

    patience: float = 1.0
    deficit_gain: float = 3.0
    spread_gain: float = 0.2
    imbalance_gain: float = 0.0
    patience_power: float = 1.0
    widest_spread: float | None = None
    passive_until: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.passive_until <= 1, "passive_until", self.passive_until, "0 to 1")
        for name in ("patience", "deficit_gain", "spread_gain", "imbalance_gain"):
            require_cents(name, getattr(self, name))
        power, widest = self.patience_power, self.widest_spread
        require(0 < power <= _STEEPEST, "patience_power", power, f"more than 0, at most {_STEEPEST}")
        require(widest is None or 1 <= widest <= _MOST_CENTS, "widest_spread", widest, f"1 to {_MOST_CENTS} cents, or null")

    def law(self, offsets: tuple[float, ...]) -> Law:
        """Return the law that these parameters and *offsets* describe, with the caller's patience in it."""
        return Law(
            offsets=offsets,
            patience=self.patience * self.pace,
            deficit_gain=self.deficit_gain,
            spread_gain=self.spread_gain,
            imbalance_gain=self.imbalance_gain,
            patience_power=self.patience_power,
            widest_spread=inf if self.widest_spread is None else self.widest_spread,
        )
