"""The trials of a comparison as they come in, in whatever order, and as columns once they are in. No statistics to print.

A cell is a class in a world. What is asked of a collection does not depend on the order in which trials arrived, but for the
running interval, which is there to be looked at while waiting.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import isfinite, sqrt
from typing import Final, NamedTuple

from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.trial_columns import COLUMNS, NAN, PLACES, Metric, row
from depthwalk.analysis.trials import Trial
from depthwalk.errors import DomainError

_NORMAL_95: Final = 1.96
_FEWEST: Final = 2
_WIDTH: Final = len(COLUMNS)
_SEED: Final = PLACES["seed"]
_NET: Final = PLACES[Metric.NET_CENTS.key]


class CellKey(NamedTuple):
    """A class in a world."""

    class_name: str
    world: str


class Columns:
    """The trials of one arm in a cell, in the order of their seeds. Nan is no value."""

    def __init__(self, blocks: Iterable["array[float]"]) -> None:
        """Take rows one after the other, in any order."""
        self._flat = array("d")
        for block in blocks:
            self._flat += block
        seeds = self._flat[_SEED::_WIDTH]
        self._order = sorted(range(len(seeds)), key=seeds.__getitem__)

    def __len__(self) -> int:
        return len(self._order)

    def column(self, name: str) -> "array[float]":
        """Return a column by its name of COLUMNS."""
        found = self._flat[PLACES[name] :: _WIDTH]
        return array("d", [found[place] for place in self._order])

    def metric(self, metric: Metric) -> "array[float]":
        """Return a metric of every trial."""
        return self.column(metric.key)

    def rows(self) -> Iterator["array[float]"]:
        """Yield the trials one by one, each with all COLUMNS."""
        return (self._flat[place * _WIDTH : (place + 1) * _WIDTH] for place in self._order)


class Running:
    """The mean of differences so far, with an interval that is good enough to watch (normal, and not of resamples)."""

    def __init__(self) -> None:
        self._count, self._mean, self._around = 0, 0.0, 0.0

    def add(self, value: float) -> None:
        """Take a difference."""
        self._count += 1
        delta = value - self._mean
        self._mean += delta / self._count
        self._around += delta * (value - self._mean)

    def estimate(self) -> Estimate | None:
        """Return the mean; None before there is one."""
        if self._count < _FEWEST:
            return Estimate(value=self._mean) if self._count else None
        half = _NORMAL_95 * sqrt(self._around / (self._count - 1) / self._count)
        return Estimate(value=self._mean, low=self._mean - half, high=self._mean + half)


class Collection:
    """All trials of a comparison, by cell and arm; *baseline* is the arm that running intervals are against."""

    def __init__(self, baseline: str) -> None:
        self.baseline = baseline
        self._cells: defaultdict[CellKey, list[dict[str, array[float]]]] = defaultdict(list)
        self._running: defaultdict[tuple[CellKey, str], Running] = defaultdict(Running)

    def add(self, cell: CellKey, trials: Iterable[Trial]) -> None:
        """Take trials, all arms of a seed together: all of them or, where it is interrupted, none."""
        block: defaultdict[str, array[float]] = defaultdict(lambda: array("d"))
        net: defaultdict[int, dict[str, float]] = defaultdict(dict)
        for trial in trials:
            values = row(trial)
            block[trial.arm].extend(values)
            net[trial.seed][trial.arm] = values[_NET]
        self._cells[cell].append(dict(block))
        for of_seed in net.values():
            base = of_seed.pop(self.baseline, NAN)
            for arm, value in of_seed.items():
                if isfinite(value - base):
                    self._running[cell, arm].add(value - base)

    def running(self, cell: CellKey, arm: str) -> Estimate | None:
        """Return the net cents an arm costs more than the baseline on the same seeds, as far as is known."""
        return self._running[cell, arm].estimate()

    @property
    def cells(self) -> tuple[CellKey, ...]:
        """The cells in which there is anything, in the order of their first trials."""
        return tuple(self._cells)

    def arms(self, cell: CellKey) -> dict[str, Columns]:
        """Return each arm's trials in a cell.

        Raises:
            DomainError: a seed is there twice, or not in every arm: what is compared would not be paired.

        """
        blocks = self._cells[cell]
        names = dict.fromkeys(arm for block in blocks for arm in block)
        found = {arm: Columns(block[arm] for block in blocks if arm in block) for arm in names}
        known: array[float] | None = None
        for arm, columns in found.items():
            seeds = columns.column("seed")
            if any(one == other for one, other in pairwise(seeds)):
                raise DomainError(f"{arm} has a seed of {cell.class_name}, {cell.world} twice")
            if known is not None and seeds != known:
                raise DomainError(f"the arms in {cell.class_name}, {cell.world} did not run on the same seeds")
            known = seeds
        return found
