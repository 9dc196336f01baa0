"""A seeded cross-entropy search for the lowest score, over numbers within bounds and choices. No algorithm is known in here.

Each generation draws candidates around a center, has them scored, and moves center and spread towards the best of them
(Rubinstein and Kroese, The Cross-Entropy Method, 2004, chapter 5): a Gaussian for each number, shares for each choice, both
smoothed, with a floor under the spread. Scores are noisy, so what is found is the center, not the luckiest candidate; and in
a play-off, on more seeds, it has to beat where the search began.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, inf, log10, sqrt
from statistics import fmean
from typing import Final, assert_never

from depthwalk.analysis.paired import FIRST_TRAINING_SEED, check_seeds

PLAY_OFF: Final = 4
"""On how many generations' seeds the last center and the start are compared."""

_FINENESS: Final = 200
"""A number is rounded so that there are at least so many between its bounds: finer than any score can tell apart."""

_REDRAWS: Final = 200
"""How often a candidate that cannot be, or is there already, is drawn again before the generation goes without it."""

_FIRST_SPREAD: Final = 0.25
_LEAST_SPREAD: Final = 0.02
"""Standard deviations as a share of the way between the bounds, at first and at least."""

_START_SHARE: Final = 0.5
_LEAST_SHARE: Final = 0.05
"""How likely the start's choice is at first beyond an even share, and how likely all choices together stay at least."""

_ELITE: Final = 0.25
"""The best share of a generation: what the next one is drawn around."""

_CENTER_STEP: Final = 0.6
_SPREAD_STEP: Final = 0.3
_CHOICE_STEP: Final = 0.5
"""How far each moves towards the elite's. The spread lags, or the search would come to rest on its way;
tried on bowls of ten numbers with noise as large as that of 60 seeds in three classes, from near and from far."""

Point = tuple[float, ...]
"""A value for each axis: a number within its bounds, or the place of a choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """An axis of numbers, both bounds included; *whole* has none between whole ones."""

    low: float
    high: float
    whole: bool = False

    def share(self, value: float) -> float:
        """Return where between the bounds a value lies: 0 to 1."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def value(self, share: float) -> float:
        """Return the value there, rounded to what can be told apart."""
        found = self.low + min(1.0, max(0.0, share)) * (self.high - self.low)
        if self.whole:
            return round(found)
        decimals = max(0, ceil(-log10((self.high - self.low) / _FINENESS)))
        return min(self.high, max(self.low, round(found, decimals)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An axis of *count* values of no order."""

    count: int


Axis = Number | Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long to search: *population* candidates in each of *generations*, each scored on *runs* seeds."""

    generations: int = 12
    population: int = 24
    runs: int = 60

    def training(self, seed: int) -> tuple[range, ...]:
        """Return each generation's seeds and those of the play-off, all different; another *seed* has others."""
        first = FIRST_TRAINING_SEED + seed * (self.generations + PLAY_OFF) * self.runs
        ends = [first + number * self.runs for number in (*range(self.generations + 1), self.generations + PLAY_OFF)]
        return tuple(range(*each) for each in pairwise(ends))

    def fresh(self, seed: int, runs: int) -> range:
        """Return the seeds of the result. Raises UsageError where they would be those of training."""
        check_seeds(seed, runs)
        return range(seed, seed + runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """What a generation came to. *center* is what the search would answer now; scores are of training and no result.

    The play-off is one as well, the last.
    """

    number: int
    center: Point
    best: Point
    best_score: float
    start_score: float

    @property
    def relative(self) -> float | None:
        """The best score in the start's; None where the start's is no measure."""
        return self.best_score / self.start_score if 0 < self.start_score < inf else None


Evaluate = Callable[[int, Sequence[Point]], Sequence[float]]
"""Scores the candidates of a generation (its number, from 0 on), the start always first among them; lower is better. The
play-off has the number after the last."""


def search(
    axes: Sequence[Axis],
    start: Point,
    evaluate: Evaluate,
    *,
    effort: Effort,
    rng: random.Random,
    possible: Callable[[Point], bool] = lambda _: True,
) -> Iterator[Generation]:
    """Search from *start*, and yield each generation when it has been scored; the last one's center is the answer.

    The last is the play-off, unless the search came back to where it began. *possible* refuses points that cannot be; they
    are drawn again. The start, put within the bounds, must not be refused.
    """
    cloud = _Cloud(axes, start)
    center = origin = cloud.center
    for number in range(effort.generations):
        points = _drawn(cloud, origin, effort.population, rng, possible)
        scores = evaluate(number, points)
        ranked = [points[place] for place in sorted(range(len(points)), key=lambda place: (scores[place], place))]
        cloud.move(ranked[: max(1, round(_ELITE * len(ranked)))])
        center = cloud.center if possible(cloud.center) else ranked[0]
        yield Generation(number=number, center=center, best=ranked[0], best_score=min(scores), start_score=scores[0])
    if center != origin:
        scores = evaluate(effort.generations, (origin, center))
        winner = center if scores[1] < scores[0] else origin
        yield Generation(number=effort.generations, center=winner, best=winner, best_score=min(scores), start_score=scores[0])


def _drawn(
    cloud: "_Cloud", origin: Point, population: int, rng: random.Random, possible: Callable[[Point], bool]
) -> list[Point]:
    """Return the start, the center and draws around it, each once; the start is not counted. Few where there are few."""
    found = {origin: None}
    if possible(cloud.center):
        found[cloud.center] = None
    for _ in range(_REDRAWS * population):
        if len(found) > population:
            break
        point = cloud.draw(rng)
        if point not in found and possible(point):
            found[point] = None
    return list(found)


class _Cloud:
    """Where candidates are drawn: for each axis a mean and a spread, as shares between the bounds, or shares of choices."""

    def __init__(self, axes: Sequence[Axis], start: Point) -> None:
        self._axes = tuple(axes)
        self._sides = [_side(axis, value) for axis, value in zip(axes, start, strict=True)]

    @property
    def center(self) -> Point:
        """The middle: means, and the likeliest choices."""
        return tuple(side.center for side in self._sides)

    def draw(self, rng: random.Random) -> Point:
        """Return a point around the center; what falls outside the bounds lies on them."""
        return tuple(side.draw(rng) for side in self._sides)

    def move(self, elite: Sequence[Point]) -> None:
        """Move towards the elite."""
        for side, values in zip(self._sides, zip(*elite, strict=True), strict=True):
            side.move(values)


class _Numbers:
    """One number's Gaussian."""

    def __init__(self, axis: Number, start: float) -> None:
        self._axis = axis
        self._mean, self._spread = axis.share(start), _FIRST_SPREAD

    @property
    def center(self) -> float:
        return self._axis.value(self._mean)

    def draw(self, rng: random.Random) -> float:
        return self._axis.value(rng.gauss(self._mean, self._spread))

    def move(self, values: Sequence[float]) -> None:
        shares = [self._axis.share(value) for value in values]
        mean = fmean(shares)
        spread = sqrt(fmean((share - mean) ** 2 for share in shares))
        self._mean += _CENTER_STEP * (mean - self._mean)
        self._spread = max(_LEAST_SPREAD, self._spread + _SPREAD_STEP * (spread - self._spread))


class _Choices:
    """One choice's shares."""

    def __init__(self, axis: Choice, start: float) -> None:
        even = (1 - _START_SHARE) / axis.count
        self._shares = [even + _START_SHARE * (place == start) for place in range(axis.count)]

    @property
    def center(self) -> float:
        return max(range(len(self._shares)), key=self._shares.__getitem__)

    def draw(self, rng: random.Random) -> float:
        return rng.choices(range(len(self._shares)), self._shares)[0]

    def move(self, values: Sequence[float]) -> None:
        floor = _LEAST_SHARE / len(self._shares)
        for place, share in enumerate(self._shares):
            moved = share + _CHOICE_STEP * (values.count(place) / len(values) - share)
            self._shares[place] = floor + (1 - _LEAST_SHARE) * moved


def _side(axis: Axis, start: float) -> _Numbers | _Choices:
    match axis:
        case Number():
            return _Numbers(axis, start)
        case Choice():
            return _Choices(axis, start)
        case _:
            assert_never(axis)
