"""What a calibration came to, as values for whoever shows it: parameters with where they are from, moments with how they fit.

The fit is a statement about a class and a recording: what the recording shows, with its bootstrap band, beside what the class
shows in worlds that it was not fitted in. No simulation here.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Origin(Enum):
    """How a parameter came to its number."""

    MEASURED = "measured"
    MATCHED = "matched"
    ASSUMED = "assumed"


class Verdict(Enum):
    """Whether a class shows what the recording shows."""

    OK = "ok"
    NEAR = "near"
    OFF = "off"


NEAR: Final = 0.15
"""A moment outside its band is near up to this far from the recording's, in proportion to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a class.

    *source*: the class it is assumed from, or "" where the recording says it. *factor*: how many times as large or small a
    matched one may well be (95 %), as far as the moments' own uncertainty goes.
    """

    name: str
    value: float
    origin: Origin
    source: str = ""
    factor: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentFit:
    """A moment of the recording with its 95 % band, and what the class shows; None where it shows too little of it."""

    key: str
    name: str
    unit: str
    data: float
    low: float
    high: float
    shown: float | None

    @property
    def verdict(self) -> Verdict:
        """OK inside the band, near within NEAR of the recording's value, else off."""
        if self.shown is None:
            return Verdict.OFF
        if self.low <= self.shown <= self.high:
            return Verdict.OK
        return Verdict.NEAR if abs(self.shown - self.data) <= NEAR * abs(self.data) else Verdict.OFF


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterFit:
    """How takers cluster, and how far rescaled time is from ticking evenly (*allowed*: what chance alone does, at 5 %)."""

    branching: float
    delay: float
    takers: int
    distance: float
    allowed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """A calibration. *sources* are the recordings, *looked* in words how finely they look; *text* is the class as YAML."""

    name: str
    sources: tuple[str, ...]
    looked: str
    markets: int
    stretches: int
    books: int
    contracts: int
    structure: str
    parameters: tuple[Parameter, ...]
    moments: tuple[MomentFit, ...]
    clustering: ClusterFit | None
    text: str

    def count(self, verdict: Verdict) -> int:
        """Return how many moments have a verdict."""
        return sum(moment.verdict is verdict for moment in self.moments)
