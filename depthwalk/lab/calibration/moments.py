"""What is compared: moments of a market as arithmetic on the sums of its stretches, with bootstrap bands. No files, no fitting.

A stretch is the unit that is drawn with replacement: minutes next to one another tell the same story, stretches hardly.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from depthwalk.lab.calibration.sums import AFTER_TRADE, AT, HORIZONS, WITHIN

Floats = npt.NDArray[np.float64]

RESAMPLES: Final = 400
_TAILS: Final = (2.5, 97.5)
_FEWEST: Final = 30
"""How many observations a moment needs to be one."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment: its name for people, its unit, how it follows from sums, and of how many observations.

    *scale*: it is compared in proportion (a spread half as wide is as wrong as one twice as wide), not by its difference.
    """

    name: str
    unit: str
    of: Callable[[Floats], Floats]
    count: str
    scale: bool = True


def _ratio(above: str, below: str, factor: float = 1.0) -> Callable[[Floats], Floats]:
    return lambda sums: factor * sums[..., AT[above]] / sums[..., AT[below]]


def _typical(log: str, below: str, factor: float = 1.0) -> Callable[[Floats], Floats]:
    return lambda sums: np.exp(factor * sums[..., AT[log]] / sums[..., AT[below]])


def _spread(square: str, log: str, below: str) -> Callable[[Floats], Floats]:
    def of(sums: Floats) -> Floats:
        count = sums[..., AT[below]]
        variance: Floats = sums[..., AT[square]] / count - (sums[..., AT[log]] / count) ** 2
        return np.sqrt(np.maximum(variance, 0.0))

    return of


def _root(square: str, below: str) -> Callable[[Floats], Floats]:
    return lambda sums: np.sqrt(sums[..., AT[square]] / sums[..., AT[below]])


def _residence(sums: Floats) -> Floats:
    """Return how long a contract stays: what stands within reach, over what comes there a second (Little's law)."""
    standing = sums[..., AT["near"]] / sums[..., AT["books"]]
    return standing * sums[..., AT["add_seconds"]] / sums[..., AT["added"]]


MOMENTS: Final[dict[str, Moment]] = {
    "spread": Moment("spread", "c", _ratio("spread", "books"), "books"),
    "touch": Moment("at the best price", "contracts", _typical("touch", "books", 0.5), "books"),
    **{
        f"depth{cents}": Moment(f"within {cents} c of it", "contracts", _typical(f"depth{cents}", "books", 0.5), "books")
        for cents in WITHIN
    },
    "levels": Moment("prices with orders within 5 c", "levels", _ratio("levels", "books", 0.5), "books"),
    "level_spread": Moment("spread of a level's size", "log", _spread("level_square", "level", "levels"), "levels"),
    "one_sided": Moment("one side empty", "share", _ratio("one_sided", "steps"), "steps", scale=False),
    "moves": Moment("best prices change in a step", "share", _ratio("moves", "pairs"), "pairs", scale=False),
    **{
        f"volatility{span}": Moment(
            f"sd of the mid in {span} s", "c", _root(f"squares{span}", f"changes{span}"), f"changes{span}"
        )
        for span in HORIZONS
    },
    "lean": Moment("mid in 4 s per imbalance", "c", _ratio("lean_move", "lean_square"), "pairs", scale=False),
    "add_rate": Moment("new orders a side", "/s", _ratio("adds", "add_seconds", 0.5), "adds"),
    "add_size": Moment("new order, mean", "contracts", _ratio("added", "adds"), "adds"),
    "add_spread": Moment("spread of its size", "log", _spread("add_log_square", "add_log", "adds"), "adds"),
    "add_offset": Moment("its distance from the best", "c", _ratio("add_offset", "adds"), "adds"),
    "residence": Moment("how long a contract rests", "s", _residence, "adds"),
    "trade_rate": Moment("takers a side", "/s", _ratio("trades", "trade_seconds", 0.5), "trades"),
    "trade_size": Moment("taker, mean", "contracts", _ratio("traded", "trades"), "trades"),
    "trade_spread": Moment("spread of its size", "log", _spread("trade_log_square", "trade_log", "trades"), "trades"),
    "followed": Moment("taker followed by one within 2 s", "share", _ratio("followed", "trades"), "trades", scale=False),
    **{
        f"mark{span}": Moment(
            f"mid {span} s after a taker", "c", _ratio(f"mark{span}", f"marked{span}"), f"marked{span}", scale=False
        )
        for span in AFTER_TRADE
    },
}
"""Every moment there is, in the order shown. "Typical" quantities are geometric means: a few huge orders do not move them."""


@dataclass(frozen=True, slots=True)
class Band:
    """A moment of a sample: its *value*, its 95 % interval, and the standard deviation of its resamples as it is compared."""

    value: float
    low: float
    high: float
    deviation: float


def compared(key: str, value: Floats) -> Floats:
    """Return a moment in the form in which two are compared."""
    return np.log(np.maximum(value, 1e-6)) if MOMENTS[key].scale else value


def values(table: Sequence[Sequence[float]] | Floats) -> dict[str, float]:
    """Return the moments of all stretches together, as far as there is enough to tell."""
    total = np.asarray(table, dtype=float).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {key: float(each.of(total)) for key, each in MOMENTS.items() if total[AT[each.count]] >= _FEWEST}
    return {key: value for key, value in found.items() if math.isfinite(value)}


def bands(table: Sequence[Sequence[float]] | Floats, *, seed: int = 0) -> dict[str, Band]:
    """Return the moments of all stretches together with their bootstrap bands; the same table has the same bands."""
    rows = np.asarray(table, dtype=float)
    known = values(rows)
    generator = np.random.Generator(np.random.PCG64(seed))
    drawn = generator.multinomial(len(rows), [1 / len(rows)] * len(rows), size=RESAMPLES) @ rows
    found: dict[str, Band] = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        for key, value in known.items():
            resampled = MOMENTS[key].of(drawn)
            resampled = resampled[np.isfinite(resampled)]
            low, high = np.percentile(resampled, _TAILS)
            found[key] = Band(value, float(low), float(high), float(np.std(compared(key, resampled))))
    return found
