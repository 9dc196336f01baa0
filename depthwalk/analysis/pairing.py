"""From collected trials to the figures of a comparison: means, paired differences, Holm's correction, verdicts.

What the words and figures mean stands with the values, in `paired.py`. Pure, and the same whatever order trials came in.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from math import erfc, isfinite, sqrt
from statistics import fmean, median
from typing import Final, NamedTuple, TypeVar

from depthwalk.analysis.bootstrap import Bootstrap, Draws
from depthwalk.analysis.collection import CellKey, Collection, Columns
from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.paired import (
    FEWEST_EVENT_DAYS,
    FEWEST_SEEDS,
    FILL_MARGIN,
    LEVEL,
    PRIMARY,
    RESAMPLES,
    TOUCH_BINS,
    TOUCH_ENDS,
    Against,
    ArmFigures,
    Asked,
    Audit,
    Cell,
    Comparison,
    FillVerdict,
    Verdict,
)
from depthwalk.analysis.shapes import distribution, fan
from depthwalk.analysis.trial_columns import FILLED_BY, NAN, PATH, REASONS, Metric
from depthwalk.domain.units import CENT, CONTRACT, Quantity

_MEDIAN: Final = 0.5
_TAIL: Final = 0.95

Key = TypeVar("Key", bound=Hashable)


def compare(asked: Asked, collection: Collection, *, resamples: int = RESAMPLES) -> Comparison:
    """Return the statistics of what has been collected. Raises DomainError as `Collection.arms`."""
    measuring = _Measuring(asked, resamples)
    found = set(collection.cells)
    cells = [
        measuring.cell(key, collection.arms(key))
        for world in asked.worlds
        for class_name in asked.classes
        if (key := CellKey(class_name, world)) in found
    ]
    return Comparison(asked=asked, cells=_judged(cells, replay=asked.replay is not None), resamples=resamples)


def holm(p_values: Mapping[Key, float]) -> dict[Key, float]:
    """Return p-values after Holm: of m the k-th smallest times m - k + 1, never below the one before, at most 1."""
    adjusted: dict[Key, float] = {}
    reached = 0.0
    for place, (key, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        reached = max(reached, min(1.0, (len(p_values) - place) * p))
        adjusted[key] = reached
    return adjusted


def p_value(draws: Draws) -> float | None:
    """Return the two-sided p-value of a mean that should be 0, normal with the resamples' standard error; None without one."""
    known = draws.values[[isfinite(value) for value in draws.values]]
    if not isfinite(draws.value) or draws.clusters < 2 or not known.size:  # noqa: PLR2004 - one has no spread
        return None
    error = float(known.std())
    if error == 0:
        return 1.0 if draws.value == 0 else 0.0
    return erfc(abs(draws.value) / error / sqrt(2))


class _Strata(NamedTuple):
    """The rows of a cell with two sides and with one, and the touch bin of each of the former."""

    two: list[int]
    one: list[int]
    bins: list[int]


class _Measuring:
    """Cells into figures. Resamples are drawn once for cells whose rows belong to the same clusters."""

    def __init__(self, asked: Asked, resamples: int) -> None:
        self._asked, self._resamples = asked, resamples
        self._clusters: Sequence[Hashable] = ()
        self._draw = Bootstrap((), resamples=resamples)

    def cell(self, key: CellKey, arms: Mapping[str, Columns]) -> Cell:
        first = next(iter(arms.values()))
        clusters = self._clusters_of(first)
        if self._clusters != clusters:
            self._clusters, self._draw = clusters, Bootstrap(clusters, resamples=self._resamples)
        sides = first.column("two_sided")
        two = [place for place, known in enumerate(sides) if known]
        touch, requested, bid, ask, within_3 = (
            first.column(name) for name in ("touch_e2", "requested_e2", "best_bid_e4", "best_ask_e4", "within_3_e2")
        )
        over = [requested[place] / touch[place] for place in two]
        strata = _Strata(two, [place for place, known in enumerate(sides) if not known], [_bin(each) for each in over])
        base = arms[self._asked.baseline]
        return Cell(
            class_name=key.class_name,
            world=key.world,
            seeds=len(first),
            clusters=self._draw.clusters,
            two_sided=len(two),
            one_sided=len(strata.one),
            quantity=(Quantity(int(min(requested))), Quantity(int(max(requested)))),
            over_touch=median(over) if over else None,
            touch_bins=tuple(strata.bins.count(number) for number in range(len(TOUCH_BINS))),
            spread_cents=fmean((ask[place] - bid[place]) / CENT for place in two) if two else None,
            touch=fmean(touch[place] / CONTRACT for place in two) if two else None,
            within_3=fmean(within_3[place] / CONTRACT for place in two) if two else None,
            fan=fan(_paths(base, two)),
            arms=tuple(
                self._arm(arm.name, arms[arm.name], None if arm.name == self._asked.baseline else base, strata)
                for arm in self._asked.arms
            ),
        )

    def _clusters_of(self, columns: Columns) -> Sequence[Hashable]:
        """Return the cluster of each row: seeds are independent, windows only from one day of an event to another."""
        replay = self._asked.replay
        if replay is None:
            return range(len(columns))
        return [replay.windows[int(number)].event_day for number in columns.column("seed")]

    def _arm(self, name: str, columns: Columns, base: Columns | None, strata: _Strata) -> ArmFigures:
        two = strata.two
        values = {metric: _at(columns.metric(metric), two) for metric in Metric}
        differences = {} if base is None else _differences(values, {metric: _at(base.metric(metric), two) for metric in values})
        # All at once: what takes the time is weighing the rows, not how many columns they have.
        means, net_by_touch, fill_curve, others, by_touch = self._means(
            two,
            [*values.values()],
            _binned(values[PRIMARY], strata.bins),
            _curve(columns, two),
            [*differences.values()],
            _binned(differences[PRIMARY], strata.bins) if differences else [],
        )
        net, shortfall = (
            _estimates(self._draw.quantiles(two, values[metric], (_MEDIAN, _TAIL))) for metric in (PRIMARY, Metric.SHORTFALL)
        )
        ((one_sided_fill,),) = self._means(strata.one, [_at(columns.metric(Metric.FILL), strata.one)])
        return ArmFigures(
            arm=name,
            means={metric: draws.estimate() for metric, draws in zip(values, means, strict=True)},
            net_median=net[0],
            net_tail=net[1],
            shortfall_median=shortfall[0],
            shortfall_tail=shortfall[1],
            net_by_touch=_estimates(net_by_touch),
            unpriced=sum(not isfinite(value) for value in values[PRIMARY]),
            depth_short=sum(map(int, _at(columns.column("depth_short"), two))),
            one_sided_fill=one_sided_fill.estimate(),
            reasons=Counter(REASONS[int(number)].value for number in columns.column("reason")),
            audit=Audit(
                overfilled=Quantity(int(sum(columns.column("overfilled_e2")))),
                orphans=int(sum(columns.column("orphans"))),
                beyond_cap=int(sum(columns.column("beyond_cap"))),
            ),
            distribution=distribution(values[PRIMARY]),
            fill_curve=_estimates(fill_curve),
            takes_beyond=sum(takes > 0 for takes in columns.column("takes_beyond")),
            worst_take=max((share for share in columns.column("worst_take") if isfinite(share)), default=None),
            against=_against(differences, dict(zip(differences, others, strict=True)), by_touch) if differences else None,
        )

    def _means(self, rows: list[int], *groups: list[list[float]]) -> list[list[Draws]]:
        """Return the mean of each column over *rows*, group by group."""
        draws = iter(self._draw.means(rows, [column for group in groups for column in group]))
        return [list(islice(draws, len(group))) for group in groups]


def _differences(values: Mapping[Metric, list[float]], base: Mapping[Metric, list[float]]) -> dict[Metric, list[float]]:
    return {metric: [mine - other for mine, other in zip(values[metric], base[metric], strict=True)] for metric in values}


def _against(differences: Mapping[Metric, list[float]], draws: Mapping[Metric, Draws], by_touch: Sequence[Draws]) -> Against:
    """Return the differences, not judged yet."""
    return Against(
        differences={metric: each.estimate() for metric, each in draws.items()},
        pairs=sum(isfinite(value) for value in differences[PRIMARY]),
        clusters=draws[PRIMARY].clusters,
        by_touch=_estimates(by_touch),
        p=p_value(draws[PRIMARY]),
        adjusted=None,
        verdict=Verdict.UNDECIDED,
        fill=FillVerdict.NOT_ASKED,
    )


def _judged(cells: Sequence[Cell], *, replay: bool) -> tuple[Cell, ...]:
    """Return the cells with verdicts: within each world, all arms in all classes are one family."""
    adjusted: dict[tuple[str, str, str], float] = {}
    for world in dict.fromkeys(cell.world for cell in cells):
        adjusted |= holm(
            {
                (cell.world, cell.class_name, arm.arm): arm.against.p
                for cell in cells
                if cell.world == world
                for arm in cell.arms
                if arm.against is not None and arm.against.p is not None and _lacking(arm.against, replay=replay) is None
            }
        )
    return tuple(
        replace(
            cell,
            arms=tuple(
                arm
                if arm.against is None
                else replace(
                    arm,
                    against=_judge(
                        arm.against, adjusted.get((cell.world, cell.class_name, arm.arm)), _lacking(arm.against, replay=replay)
                    ),
                )
                for arm in cell.arms
            ),
        )
        for cell in cells
    )


def _lacking(against: Against, *, replay: bool) -> Verdict | None:
    """Return what there is too little of for a verdict; None where there is enough."""
    if against.pairs < FEWEST_SEEDS:
        return Verdict.TOO_FEW_WINDOWS if replay else Verdict.TOO_FEW
    return Verdict.TOO_FEW_DAYS if replay and against.clusters < FEWEST_EVENT_DAYS else None


def _judge(against: Against, adjusted: float | None, lacking: Verdict | None) -> Against:
    primary = against.primary
    verdict = lacking or Verdict.UNDECIDED
    if primary is not None and adjusted is not None and adjusted < LEVEL:
        if primary.high is not None and primary.high < 0:
            verdict = Verdict.BETTER
        elif primary.low is not None and primary.low > 0:
            verdict = Verdict.WORSE
    fill = against.differences[Metric.FILL]
    return replace(
        against,
        adjusted=adjusted,
        verdict=verdict,
        fill=_fills(fill) if verdict is Verdict.BETTER else FillVerdict.NOT_ASKED,
    )


def _fills(difference: Estimate | None) -> FillVerdict:
    if difference is None or difference.low is None or difference.high is None:
        return FillVerdict.UNDECIDED
    if difference.low > -FILL_MARGIN:
        return FillVerdict.HOLDS
    return FillVerdict.FAILS if difference.high < -FILL_MARGIN else FillVerdict.UNDECIDED


def _curve(columns: Columns, rows: list[int]) -> list[list[float]]:
    """Return the share filled by each step, in percent."""
    requested = _at(columns.column("requested_e2"), rows)
    return [
        [100 * filled / asked for filled, asked in zip(_at(columns.column(name), rows), requested, strict=True)]
        for name in FILLED_BY
    ]


def _paths(columns: Columns, rows: list[int]) -> list[list[int | None]]:
    """Return the untouched mid's path of each row in which it was followed: there it begins at the decision, with two sides."""
    steps = (_at(columns.column(name), rows) for name in PATH)
    paths = (path for path in zip(*steps, strict=True) if isfinite(path[0]))
    return [[int(value) if isfinite(value) else None for value in path] for path in paths]


def _estimates(draws: Iterable[Draws]) -> tuple[Estimate | None, ...]:
    return tuple(each.estimate() for each in draws)


def _bin(over_touch: float) -> int:
    return sum(over_touch > end for end in TOUCH_ENDS)


def _binned(values: Sequence[float], bins: Sequence[int]) -> list[list[float]]:
    """Return the values once for each of TOUCH_BINS, nan where they are not of that bin."""
    return [
        [value if number == own else NAN for value, own in zip(values, bins, strict=True)] for number in range(len(TOUCH_BINS))
    ]


def _at(column: Sequence[float], places: Sequence[int]) -> list[float]:
    return [column[place] for place in places]
