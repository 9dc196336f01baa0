"""How takers cluster: a Hawkes process by maximum likelihood, and whether time rescaled by it ticks evenly. Numbers only.

Each flow (a side of a stretch) has its own rate, so that busy and quiet hours are not taken for clusters; the branching (how
many takers follow one) and the delay (exponential, as `simulation.flow` draws it) are common to all. Both are found by
expectation and maximization: of every taker, how surely was it a follower, and how late. By the random time change theorem
takers come evenly by the integrated rate if the model holds: n of them cut a flow's as n random points do, so that a gap is
more than the part x of it with probability (1 - x)^n; for many that is the exponential law, which few would always fail, as
their number has set the rate (Kolmogorov and Smirnov's distance says how far off it is). Few that do cluster fail too often.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_ROUNDS: Final = 200
_CLOSE: Final = 3e-4
_FIVE_PERCENT: Final = 1.358
"""Times 1/sqrt(n): the distance that one sample in twenty exceeds by chance."""


@dataclass(frozen=True, slots=True)
class Flow:
    """The takers of one side through a stretch of so many *seconds*: their *times* from its beginning, in order."""

    times: Sequence[float]
    seconds: float


@dataclass(frozen=True, slots=True)
class Clustering:
    """*branching* followers a taker, *delay* seconds later on average; *distance* of the residuals, *allowed* at 5 %."""

    branching: float
    delay: float
    takers: int
    distance: float
    allowed: float

    @property
    def holds(self) -> bool:
        """Whether the residuals are what the model says."""
        return self.distance <= self.allowed


def cluster(flows: Sequence[Flow]) -> Clustering | None:
    """Fit takers' times; None where none could have followed another.

    Takers of one moment cannot be told apart and were one order. Who came alone counts: nobody followed him.
    """
    flows = [flow for flow in flows if flow.times]
    count = sum(len(flow.times) for flow in flows)
    if count == len(flows):
        return None
    rates = [len(flow.times) / 2 / flow.seconds for flow in flows]
    branching, delay = 0.3, 1.0
    for _ in range(_ROUNDS):
        before = branching, delay
        sure, late, reach, born = 0.0, 0.0, 0.0, []
        for flow, rate in zip(flows, rates, strict=True):
            founders, followers, waited = _share(flow.times, rate, branching, delay)
            sure, late = sure + followers, late + waited
            reach += sum(1 - math.exp(-(flow.seconds - at) / delay) for at in flow.times)
            born.append(founders)
        branching = min(0.95, sure / max(reach, 1e-9))
        delay = max(1e-3, late / sure) if sure > 0 else delay
        rates = [max(founders, 1e-6) / flow.seconds for founders, flow in zip(born, flows, strict=True)]
        if abs(branching - before[0]) < _CLOSE and abs(math.log(delay / before[1])) < _CLOSE:
            break
    ranks = sorted(rank for flow, rate in zip(flows, rates, strict=True) for rank in _ranked(flow, rate, branching, delay))
    distance = max(max((index + 1) / count - rank, rank - index / count) for index, rank in enumerate(ranks))
    return Clustering(branching, delay, count, distance, _FIVE_PERCENT / math.sqrt(count))


def _share(flow: Sequence[float], rate: float, branching: float, delay: float) -> tuple[float, float, float]:
    """Return how many of a sequence came by themselves, how many followed, and by how long in all."""
    founders = followers = waited = 0.0
    weight = weighted = last = 0.0
    for at in flow:
        fade = math.exp(-(at - last) / delay)
        # The sums over all earlier takers of exp(-age/delay), and of age times that, carried from taker to taker.
        weighted = (weighted + weight * (at - last)) * fade
        weight *= fade
        drawn = branching / delay * weight
        whole = rate + drawn
        founders += rate / whole
        followers += drawn / whole
        waited += branching / delay * weighted / whole
        weight += 1.0
        last = at
    return founders, followers, waited


def _ranked(flow: Flow, rate: float, branching: float, delay: float) -> list[float]:
    """Return for each gap before a taker, measured by the integrated rate, how probable one at most as long is."""
    gaps: list[float] = []
    weight, last = 0.0, 0.0
    for at in flow.times:
        fade = math.exp(-(at - last) / delay)
        gaps.append(rate * (at - last) + branching * weight * (1 - fade))
        weight = weight * fade + 1.0
        last = at
    rest = flow.seconds - last
    whole = sum(gaps) + rate * rest + branching * weight * (1 - math.exp(-rest / delay))
    return [1 - max(0.0, 1 - gap / whole) ** len(gaps) for gap in gaps]
