"""Moments matched by simulation: parameters are sought at which the simulated class shows what the recording shows.

Levenberg-Marquardt in the logarithms of the parameters, then one parameter at a time; all on the same seeds (common random
numbers), so that a fit is the same whenever it is repeated. Which parameters are sought is decided elsewhere.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from depthwalk.lab.calibration.moments import MOMENTS, Band, Floats, compared, values
from depthwalk.lab.calibration.simulated import SEED, Look, simulate
from depthwalk.lab.class_files import MOST_ARRIVALS, SPANS, arrivals, arrivals_a_second, warming
from depthwalk.simulation.flow import MarketClass

Progress = Callable[[int, int, float], None]
"""Is told how many evaluations are done, how many there may be, and the best distance so far."""

ROUNDS: Final = 12
"""Steps that a fit makes at most."""

WORK: Final = 100_000
"""Arrivals of one look at a class: a few seconds."""

_FLOORS: Final = {True: 0.04, False: 0.01}
"""What a moment must at least be off by to count as one deviation, in logarithms and by difference: no class is that exact."""

_STEP: Final = 0.3
_GROPES: Final = (0.4, 0.2, 0.1)
_LOWEST: Final = 1e-4
_DAMPINGS: Final = (0.03, 0.3, 3.0, 30.0)
_GAIN: Final = 0.02
_BEND: Final = 3.0
"""Deviations from which on a moment counts less than in proportion: one that cannot be met must not ruin the others."""

_LONGEST: Final = 300
_SHORTEST: Final = 120
_LONG: Final = 0.09
"""What part of a look's arrivals come in one world, as long as it lasts from _SHORTEST to _LONGEST seconds."""

_PULL: Final = 1.1
"""How hard a parameter is held where it began: a factor of three counts as one deviation of one moment."""

_JUMPS: Final = 10
"""How many jumps of the value all worlds of a look should have, at the usual work: they make most of the long volatilities."""

_FEWEST_SEEDS: Final = 4
_MOST_SEEDS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is to be met: *bands* of the recording, looked at as *look*, on the prices of *structure*.

    *work*: arrivals that one look at a class may take in all its worlds.
    """

    bands: Mapping[str, Band]
    look: Look
    structure: str
    work: int


def moments_of(market: MarketClass, target: Target, worlds: "Worlds") -> dict[str, float]:
    """Return what a class shows when it is looked at as the recording was."""
    return values([simulate(market, target.structure, seed, seconds=worlds.seconds, look=target.look) for seed in worlds.seeds])


@dataclass(frozen=True, slots=True)
class Worlds:
    """In which worlds a class is looked at, and for how many seconds in each."""

    seeds: range
    seconds: int

    @classmethod
    def of(cls, market: MarketClass, target: Target, *, first: int = SEED) -> "Worlds":
        """Return as many as keep one look at such a class short."""
        a_second, step = arrivals_a_second(market), target.look.step
        seconds = int(min(_LONGEST, max(_SHORTEST, _LONG * target.work / a_second))) // step * step
        jumps = math.ceil(_JUMPS * market.news_interval / seconds * min(1.0, target.work / WORK))
        count = int(min(_MOST_SEEDS, max(_FEWEST_SEEDS, jumps, target.work / ((warming(market) + seconds) * a_second))))
        return cls(range(first, first + count), seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A class, and how sure each sought parameter is: *errors*, standard deviations of their logarithms."""

    market: MarketClass
    errors: Mapping[str, float]


def fit(
    start: MarketClass, free: Sequence[str], target: Target, *, rounds: int = ROUNDS, progress: Progress = lambda *_: None
) -> Found:
    """Return the class nearest to the target that differs from *start* in *free* parameters only."""
    return _Fit(start, free, target, rounds, progress).run()


class _Fit:
    def __init__(self, start: MarketClass, free: Sequence[str], target: Target, rounds: int, progress: Progress) -> None:
        self._start, self._free, self._target = start, tuple(free), target
        self._rounds, self._progress = rounds, progress
        self._worlds = Worlds.of(start, target)
        self._low = np.log([max(SPANS[name].low, _LOWEST) for name in free])
        self._high = np.log([SPANS[name].high for name in free])
        self._begin = np.clip(np.log([max(getattr(start, name), _LOWEST) for name in free]), self._low, self._high)
        self._done, self._best = 0, float("inf")
        self._most = 1 + (2 + 2 * len(_GROPES)) * len(self._free) + len(_DAMPINGS) * rounds

    def run(self) -> Found:
        at = self._begin
        if not self._free:
            return Found(market=self._start, errors={})
        off = self._off(at)
        slopes, fresh = self._slopes(at, off), True
        for _ in range(self._rounds):
            better = self._stepped(at, off, slopes)
            gain = 0.0
            if better is not None:
                moved, there = better
                step, gain = moved - at, 1 - float(there @ there) / max(float(off @ off), 1e-12)
                # Broyden: what the step has shown of the slopes is taken in, which is far cheaper than to take them anew.
                slopes = slopes + np.outer(there - off - slopes @ step, step) / max(float(step @ step), 1e-12)
                at, off = moved, there
            if gain < _GAIN:
                if fresh:
                    break
                slopes = self._slopes(at, off)
            fresh = gain < _GAIN
        at, off = self._groped(at, off)
        return Found(market=self._market(at), errors=self._errors(self._slopes(at, off)))

    def _groped(self, at: Floats, off: Floats) -> tuple[Floats, Floats]:
        """Return the best found by moving one parameter at a time: slopes are blurred by chance, comparisons are not."""
        for size in _GROPES[: self._rounds]:
            for index in range(len(at)):
                for step in (size, -size):
                    moved = at.copy()
                    moved[index] = np.clip(at[index] + step, self._low[index], self._high[index])
                    there = self._off(moved)
                    if there @ there < off @ off:
                        at, off = moved, there
                        break
        return at, off

    def _errors(self, slopes: Floats) -> dict[str, float]:
        """Return how far each parameter may be off: the data's part alone, without the pull towards the beginning."""
        moments = slopes[: len(self._target.bands)]
        spread = np.linalg.inv(moments.T @ moments + 1e-6 * np.eye(len(self._free)))
        return {name: float(np.sqrt(spread[index, index])) for index, name in enumerate(self._free)}

    def _market(self, at: Floats) -> MarketClass:
        found = {name: float(value) for name, value in zip(self._free, np.exp(at), strict=True)}
        return replace(self._start, name=self._start.name, **found)

    def _off(self, at: Floats) -> Floats:
        """Return by how many deviations each moment is off, and how far each parameter has gone from where it began.

        Far off where a class is too busy to be looked at.
        """
        market = self._market(at)
        bands = self._target.bands
        if arrivals(market) > MOST_ARRIVALS:
            return np.full(len(bands) + len(at), 1e3)
        shown = moments_of(market, self._target, self._worlds)
        deviations = np.array([_deviations(key, band, shown.get(key)) for key, band in bands.items()])
        off = np.concatenate((deviations, (at - self._begin) / _PULL))
        self._done += 1
        self._best = min(self._best, float(np.sqrt(np.mean(deviations**2))))
        self._progress(self._done, self._most, self._best)
        return off

    def _slopes(self, at: Floats, off: Floats) -> Floats:
        columns = []
        for index in range(len(at)):
            step = _STEP if at[index] + _STEP <= self._high[index] else -_STEP
            moved = at.copy()
            moved[index] += step
            columns.append((self._off(moved) - off) / step)
        return np.array(columns).T

    def _stepped(self, at: Floats, off: Floats, slopes: Floats) -> tuple[Floats, Floats] | None:
        """Return the first step, from bold to careful, that comes nearer; None where none does."""
        square = slopes.T @ slopes
        for damping in _DAMPINGS:
            step = np.linalg.solve(square + damping * (np.diag(np.diag(square)) + 0.1 * np.eye(len(at))), -slopes.T @ off)
            moved = np.clip(at + np.clip(step, -1.0, 1.0), self._low, self._high)
            there = self._off(moved)
            if there @ there < off @ off:
                return moved, there
        return None


def _deviations(key: str, band: Band, shown: float | None) -> float:
    """Return by how many deviations a moment is off, large numbers bent down."""
    if shown is None:
        return _BEND * 3
    floor = _FLOORS[MOMENTS[key].scale]
    pair = compared(key, np.array([shown, band.value]))
    off = float(pair[0] - pair[1]) / max(band.deviation, floor)
    return float(np.sign(off)) * _BEND * float(np.log1p(abs(off) / _BEND))
