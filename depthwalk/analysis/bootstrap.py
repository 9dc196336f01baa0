"""The cluster bootstrap: statistics of a sample with 95 % percentile intervals. The only file that imports numpy.

Executions of the same market-event and day tell nearly the same story, so whole clusters are drawn with replacement
(algorithms.md section 4.2). One set of draws serves every statistic of a report: a difference of two groups then keeps what
they have in common, and a group's size varies as it would in another sample. The generator is seeded, so the same data print
the same numbers.

Memory: two bytes a cluster and resample.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from depthwalk.analysis.estimates import Estimate

SEED: Final = 20_251_105
"""The seed of every report's draws; fixed, so that a report can be repeated by anybody."""

_TAILS: Final = (2.5, 97.5)
_BLOCK: Final = 2_000_000
_FEWEST_CLUSTERS: Final = 2
_MIDDLE: Final = 0.5
_CLOSE: Final = 1e-6
"""Ranks are whole numbers of rows; products of shares and counts are so only to within rounding."""

Floats = npt.NDArray[np.float64]
Value = float | int | None


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """A statistic and its value in each resample (nan where a resample left nothing to compute it from).

    Draws of one `Bootstrap` can be added, subtracted and scaled: resample by resample.
    """

    value: float
    values: Floats
    clusters: int

    def estimate(self) -> Estimate | None:
        """Return the value with its interval; None where the sample had no value."""
        if not np.isfinite(self.value):
            return None
        known = self.values[np.isfinite(self.values)]
        if self.clusters < _FEWEST_CLUSTERS or not known.size:
            return Estimate(value=self.value)
        low, high = np.percentile(known, _TAILS)
        return Estimate(value=self.value, low=float(low), high=float(high))

    def __add__(self, other: "Draws") -> "Draws":
        return Draws(self.value + other.value, self.values + other.values, min(self.clusters, other.clusters))

    def __sub__(self, other: "Draws") -> "Draws":
        return self + other.scaled(-1.0)

    def scaled(self, factor: float) -> "Draws":
        """Return it times *factor*."""
        return Draws(self.value * factor, self.values * factor, self.clusters)

    def over(self, other: "Draws") -> "Draws":
        """Return it divided by *other*, nothing where that is 0."""
        with np.errstate(invalid="ignore", divide="ignore"):
            values = self.values / other.values
        value = self.value / other.value if other.value else float("nan")
        return Draws(value, values, min(self.clusters, other.clusters))


class Bootstrap:
    """Resamples of a sample whose rows belong to *clusters* (one key a row). Statistics name rows by their number."""

    def __init__(self, clusters: Iterable[Hashable], *, resamples: int = 2_000, seed: int = SEED) -> None:
        numbers: dict[Hashable, int] = {}
        self._cluster: npt.NDArray[np.intp] = np.array(
            [numbers.setdefault(key, len(numbers)) for key in clusters], dtype=np.intp
        )
        self.clusters = len(numbers)
        self.resamples = resamples
        self._weights = _weights(self.clusters, resamples, seed)

    def means(self, rows: Sequence[int], columns: Sequence[Sequence[Value]]) -> list[Draws]:
        """Return the mean of each column over *rows*; None in a column is left out of that column."""
        values = _table(columns)
        present = np.isfinite(values)
        filled, wide = np.where(present, values, 0.0), values.shape[1]
        # Most columns lack the same rows, or none: their weights are added up once.
        places: dict[bytes, int] = {}
        which = [places.setdefault(column.tobytes(), len(places)) for column in present.T]
        patterns = present[:, [which.index(place) for place in range(len(places))]]
        sums, clusters = self._summed(rows, np.hstack((filled, patterns.astype(float))))
        with np.errstate(invalid="ignore", divide="ignore"):
            drawn = sums[:, :wide] / sums[:, wide:][:, which]
            plain = filled.sum(axis=0) / present.sum(axis=0)
        return [Draws(float(plain[k]), drawn[:, k], int(clusters[wide + which[k]])) for k in range(wide)]

    def totals(self, rows: Sequence[int], columns: Sequence[Sequence[Value]]) -> list[Draws]:
        """Return the sum of each column over *rows*; None counts as nothing. Without any value there is no total."""
        values = _table(columns)
        present = np.isfinite(values)
        filled, wide = np.where(present, values, 0.0), values.shape[1]
        sums, clusters = self._summed(rows, np.hstack((filled, present.astype(float))))
        plain = np.where(present.any(axis=0), filled.sum(axis=0), np.nan)
        return [Draws(float(plain[k]), sums[:, k], int(clusters[wide + k])) for k in range(wide)]

    def deviation(self, rows: Sequence[int], column: Sequence[Value]) -> Draws:
        """Return the standard deviation (n - 1 below) of a column over *rows*."""
        values = _table([column])
        known = values[np.isfinite(values)]
        center = float(known.mean()) if known.size else 0.0
        # Around the mean, or the difference of two large sums would lose the digits.
        around = np.where(np.isfinite(values), values - center, 0.0)
        sums, clusters = self._summed(rows, np.hstack((around, around**2, np.isfinite(values).astype(float))))
        first, second, count = sums.T
        with np.errstate(invalid="ignore", divide="ignore"):
            variance = (second - first**2 / count) / (count - 1)
            drawn = np.where(count > 1, np.sqrt(np.maximum(variance, 0.0)), np.nan)
        plain = float(known.std(ddof=1)) if known.size > 1 else float("nan")
        return Draws(plain, drawn, int(clusters[2]))

    def quantiles(self, rows: Sequence[int], column: Sequence[Value], shares: Sequence[float]) -> list[Draws]:
        """Return quantiles of a column over *rows*: the smallest value that at least the share of the rows do not exceed.

        The middle of an even number of rows (share 0.5) is halved between its two neighbors, as a median is.
        """
        every = _table([column])[:, 0]
        known = np.isfinite(every)
        order = np.argsort(every[known], kind="stable")
        values = every[known][order]
        owners = self._cluster[np.asarray(rows, dtype=np.intp)][known][order]
        if not values.size:
            return [Draws(float("nan"), np.full(self.resamples, np.nan), 0) for _ in shares]
        drawn = np.full((self.resamples, len(shares)), np.nan)
        step = max(1, _BLOCK // values.size)
        for first in range(0, self.resamples, step):
            block = slice(first, min(first + step, self.resamples))
            drawn[block] = _ranked(values, self._weights[:, block][owners], shares)
        plain = _ranked(values, np.ones((values.size, 1), dtype=np.uint16), shares)[0]
        used = len(np.unique(owners))
        return [Draws(float(plain[k]), drawn[:, k], used) for k in range(len(shares))]

    def _summed(self, rows: Sequence[int], values: Floats) -> tuple[Floats, npt.NDArray[np.intp]]:
        """Return the sum of each column in each resample, and in how many clusters each column is not 0."""
        owners, places = np.unique(self._cluster[np.asarray(rows, dtype=np.intp)], return_inverse=True)
        by_cluster = np.zeros((owners.size, values.shape[1]))
        if owners.size == len(values):
            by_cluster[places] = values  # one row each, which is much quicker
        else:
            np.add.at(by_cluster, places, values)
        drawn = np.empty((self.resamples, values.shape[1]))
        step = max(1, _BLOCK // max(1, owners.size))
        for first in range(0, self.resamples, step):
            block = slice(first, min(first + step, self.resamples))
            drawn[block] = (by_cluster.T @ self._weights[:, block][owners].astype(np.float64)).T
        return drawn, np.count_nonzero(by_cluster, axis=0)


def _weights(clusters: int, resamples: int, seed: int) -> npt.NDArray[np.uint16]:
    """Return how often each cluster (row) was drawn in each resample (column)."""
    weights = np.zeros((clusters, resamples), dtype=np.uint16)
    if not clusters:
        return weights
    # The raw stream, because that alone is the same in every version of numpy; the remainder's bias is below 1 in 10**12.
    bits = np.random.PCG64(seed)
    step = max(1, _BLOCK // clusters)
    for first in range(0, resamples, step):
        height = min(step, resamples - first)
        raw = bits.random_raw(height * clusters).reshape(height, clusters)
        drawn = (raw % np.uint64(clusters)).astype(np.intp) + np.arange(height)[:, None] * clusters
        counted = np.bincount(drawn.ravel(), minlength=height * clusters)
        weights[:, first : first + height] = counted.reshape(height, clusters).T
    return weights


def _table(columns: Sequence[Sequence[Value]]) -> Floats:
    """Return columns side by side, None as nan."""
    return np.array(columns, dtype=np.float64).reshape(len(columns), -1).T


def _ranked(values: Floats, weights: npt.NDArray[np.uint16], shares: Sequence[float]) -> Floats:
    """Return the quantiles of sorted *values* under each column of *weights*; nan where a column has no weight."""
    reached = weights.astype(np.int32)
    # A running sum down the columns, whole rows at a time: several times quicker than numpy's own.
    for row in range(1, len(reached)):
        reached[row] += reached[row - 1]
    total = reached[-1].astype(np.float64)
    last = values.size - 1
    found = np.empty((weights.shape[1], len(shares)))
    for k, share in enumerate(shares):
        # Whole numbers below a rank are those up to the whole number before it.
        rank = share * total
        low = np.minimum(_before(reached, np.ceil(rank - _CLOSE)), last)
        above = np.minimum(_before(reached, np.ceil(rank + _CLOSE)), last) if share == _MIDDLE else low
        found[:, k] = np.where(total > 0, (values[low] + values[above]) / 2, np.nan)
    return found


def _before(reached: npt.NDArray[np.int32], rank: Floats) -> npt.NDArray[np.intp]:
    """Return how many entries of each column are below its rank."""
    below: npt.NDArray[np.intp] = np.count_nonzero(reached < rank.astype(np.int32), axis=0)
    return below
