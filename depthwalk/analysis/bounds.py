"""How much of what was possible an algorithm gets: arms between a baseline and two bounds that know the future.

Pure. The bounds are arms of a collection like the others (`lab/bound.py` makes them); all are of the same seeds, all two-sided.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import fmean, median
from typing import Final

from depthwalk.analysis.bootstrap import Bootstrap, Draws
from depthwalk.analysis.collection import CellKey, Collection, Columns
from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.paired import RESAMPLES, Asked
from depthwalk.analysis.trial_columns import Metric
from depthwalk.domain.units import Quantity

CLAIRVOYANT: Final = "clairvoyant"
"""The arm that had the cheapest of all that could have been bought."""

BEST_LIMIT: Final = "best limit"
"""The arm of the constant limit that cost least before fees."""

BEST_LIMIT_NET: Final = "best limit, net"
"""The arm of the constant limit that cost least with fees."""

BOUNDS: Final = (BEST_LIMIT, BEST_LIMIT_NET, CLAIRVOYANT)

METRICS: Final = (
    Metric.SLIPPAGE,
    Metric.FILL,
    Metric.FULL,
    Metric.SHORTFALL,
    Metric.SHORTFALL_CENTS,
    Metric.NET,
    Metric.NET_CENTS,
    Metric.LENIENT,
)
"""What is told of each arm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """How much of the way from the baseline's shortfall to a bound's an arm went, in percent, over seeds priced in all arms.

    None where the bound costs no less than the baseline, and without an interval where it perhaps does not.
    """

    gross: Estimate | None
    net: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundedArm:
    """An arm, or a bound, in a cell. *of_limit* is of the way to the best limit, net of fees to the best net limit.

    *cheaper*: on how many seeds it cost less before fees than the clairvoyant. An order moves the market, and now and then to
    its own good; often would mean that something knows the future.
    """

    arm: str
    means: Mapping[Metric, Estimate | None]
    of_clairvoyant: Captured
    of_limit: Captured
    cheaper: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundedCell:
    """A class in a world. *two_sided* are the seeds of which anything is told, the others began with an empty side."""

    class_name: str
    world: str
    seeds: int
    two_sided: int
    quantity: Quantity
    over_touch: float
    arms: tuple[BoundedArm, ...]

    def arm(self, name: str) -> BoundedArm:
        """Return an arm's figures."""
        return next(each for each in self.arms if each.arm == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What was asked and what was found, class by class within each world. Cells without a two-sided seed are left out.

    *ran* is on how many seeds of all classes and worlds.
    """

    asked: Asked
    cells: tuple[BoundedCell, ...]
    ran: int
    resamples: int = RESAMPLES

    @property
    def wanted(self) -> int:
        """How many seeds of all classes and worlds were asked for."""
        return len(self.asked.classes) * len(self.asked.worlds) * self.asked.runs


def bounds_of(asked: Asked, collection: Collection, ran: Mapping[CellKey, int], *, resamples: int = RESAMPLES) -> Bounds:
    """Return the statistics of what has been collected, *ran* on so many seeds. Raises DomainError as `Collection.arms`."""
    found = set(collection.cells)
    cells = [
        _cell(asked, key, collection.arms(key), seeds=ran[key], resamples=resamples)
        for world in asked.worlds
        for class_name in asked.classes
        if (key := CellKey(class_name, world)) in found
    ]
    return Bounds(asked=asked, cells=tuple(cells), ran=sum(ran.values()), resamples=resamples)


def _cell(asked: Asked, key: CellKey, arms: Mapping[str, Columns], *, seeds: int, resamples: int) -> BoundedCell:
    base = arms[asked.baseline]
    draw = Bootstrap(range(len(base)), resamples=resamples)
    rows = range(len(base))
    means = {name: _means(draw, columns, rows, METRICS) for name, columns in arms.items()}
    net = [columns.metric(Metric.NET) for columns in arms.values()]
    priced = [row for row in rows if all(isfinite(column[row]) for column in net)]
    costs = {name: _means(draw, columns, priced, (Metric.SHORTFALL, Metric.NET)) for name, columns in arms.items()}
    requested, touch = base.column("requested_e2"), base.column("touch_e2")
    return BoundedCell(
        class_name=key.class_name,
        world=key.world,
        seeds=seeds,
        two_sided=len(base),
        quantity=Quantity(round(fmean(requested))),
        over_touch=median(one / other for one, other in zip(requested, touch, strict=True)),
        arms=tuple(
            BoundedArm(
                arm=name,
                means={metric: draws.estimate() for metric, draws in means[name].items()},
                of_clairvoyant=Captured(
                    gross=_captured(costs, asked.baseline, name, CLAIRVOYANT, Metric.SHORTFALL),
                    net=_captured(costs, asked.baseline, name, CLAIRVOYANT, Metric.NET),
                ),
                of_limit=Captured(
                    gross=_captured(costs, asked.baseline, name, BEST_LIMIT, Metric.SHORTFALL),
                    net=_captured(costs, asked.baseline, name, BEST_LIMIT_NET, Metric.NET),
                ),
                cheaper=_cheaper(arms[name].metric(Metric.SHORTFALL), arms[CLAIRVOYANT].metric(Metric.SHORTFALL)),
            )
            for name in (*(arm.name for arm in asked.arms), *BOUNDS)
        ),
    )


def _means(draw: Bootstrap, columns: Columns, rows: Sequence[int], metrics: Sequence[Metric]) -> dict[Metric, Draws]:
    found = ([column[row] for row in rows] for column in map(columns.metric, metrics))
    return dict(zip(metrics, draw.means(rows, list(found)), strict=True))


def _captured(
    costs: Mapping[str, Mapping[Metric, Draws]], baseline: str, arm: str, bound: str, metric: Metric
) -> Estimate | None:
    base = costs[baseline][metric]
    way = base - costs[bound][metric]
    length = way.estimate()
    if length is None or length.value <= 0:
        return None
    share = (base - costs[arm][metric]).scaled(100.0).over(way).estimate()
    # Of resamples with no way, or with one backwards, shares mean nothing.
    return share if share is None or length.low is None or length.low > 0 else Estimate(value=share.value)


def _cheaper(costs: Sequence[float], bound: Sequence[float]) -> int:
    return sum(isfinite(one - other) and one < other for one, other in zip(costs, bound, strict=True))
