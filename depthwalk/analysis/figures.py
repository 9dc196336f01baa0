"""What the executions of one group cost and how they went: the statistics of the report. Judging them is in `rules.py`.

Each execution counts once, whatever its size (algorithms.md section 4.2), but in the dollars. Executions without a figure
are left out of that figure and counted; unfilled contracts are never left out: they are in the fill rate and, priced by
completing the order, in the shortfall.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from depthwalk.analysis.bootstrap import Bootstrap, Draws
from depthwalk.analysis.estimates import Estimate
from depthwalk.domain.measured import Measured
from depthwalk.domain.units import DOLLAR, in_seconds

PARTS: Final = ("net", "gross", "spread", "drift", "opportunity", "fees")
"""The shortfall and its parts: gross = spread + drift + opportunity, net = gross + fees."""

_MEDIAN: Final = 0.5
_TAIL: Final = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How long something took, in seconds. An execution in which it never happened is censored at its end.

    Quantiles are of the Kaplan-Meier curve; None where the curve does not come down that far: more than half (a twentieth)
    of the executions never got there.
    """

    median: float | None
    tail: float | None
    censored: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """The shortfall and its parts in one unit, by the names of `PARTS`; None where no execution has one."""

    parts: dict[str, Estimate | None]

    @property
    def net(self) -> Estimate | None:
        """With fees."""
        return self.parts["net"]

    @property
    def gross(self) -> Estimate | None:
        """Without fees."""
        return self.parts["gross"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One group of executions. Shares and slippage in percent, cents a contract, dollars in total, times in seconds.

    *without_mid* had no arrival mid; *without_price* had one, but the unfilled rest could not be priced. Neither is in the
    shortfall.
    """

    executions: int
    events: int
    without_mid: int
    without_price: int
    requested: float
    filled: float
    fill_rate: Estimate | None
    underfilled: Estimate | None
    slippages: int
    slippage_mean: Estimate | None
    slippage_median: Estimate | None
    slippage_deviation: Estimate | None
    percent: Costs
    cents: Costs
    dollars: Costs
    net_cents_median: Estimate | None
    net_cents_tail: Estimate | None
    first_fill: Waiting | None
    full_fill: Waiting | None
    walks: Estimate | None
    calls: Estimate | None
    read_tokens: Estimate | None
    write_tokens: Estimate | None
    maker_share: float | None
    n_over_touch: Estimate | None


class Sample:
    """The executions of a report with their resamples; groups of it are named by row numbers."""

    def __init__(self, rows: Sequence[Measured], *, resamples: int) -> None:
        self.rows = rows
        self.bootstrap = Bootstrap((row.cluster for row in rows), resamples=resamples)

    def where(self, holds: Callable[[Measured], bool]) -> list[int]:
        """Return the numbers of the rows for which *holds*."""
        return [number for number, row in enumerate(self.rows) if holds(row)]

    def mean(self, numbers: Sequence[int], value: Callable[[Measured], float | None]) -> Draws:
        """Return the mean of a value over these rows."""
        return self.bootstrap.means(numbers, [[value(self.rows[number]) for number in numbers]])[0]

    def total(self, numbers: Sequence[int], value: Callable[[Measured], float | None]) -> Draws:
        """Return the sum of a value over these rows."""
        return self.bootstrap.totals(numbers, [[value(self.rows[number]) for number in numbers]])[0]

    def quantile(self, numbers: Sequence[int], value: Callable[[Measured], float | None], share: float) -> Draws:
        """Return a quantile of a value over these rows."""
        return self.bootstrap.quantiles(numbers, [value(self.rows[number]) for number in numbers], [share])[0]


def net_cents(row: Measured) -> float | None:
    """Return the whole shortfall in cents for each contract requested."""
    return None if row.shortfall is None else row.shortfall / row.requested / 100


def gross_percent(row: Measured) -> float | None:
    """Return the shortfall without fees in percent of the arrival value: slippage in which the unfilled rest counts."""
    return _in_percent(row, _part(row, "gross"))


def fill_percent(row: Measured) -> float:
    """Return how much of what was requested was filled."""
    return 100 * row.filled / row.requested


def gross_dollars(row: Measured) -> float | None:
    """Return the shortfall without fees in dollars."""
    part = _part(row, "gross")
    return None if part is None else part / DOLLAR


def _part(row: Measured, name: str) -> int | None:
    """Return a part of the shortfall; of one that is not known whole, none is used, or the parts would not add up."""
    if row.shortfall is None or not row.mid_twice:
        return None
    match name:
        case "net":
            return row.shortfall
        case "gross":
            return row.shortfall - row.fees
        case "spread":
            return row.spread
        case "drift":
            return row.drift
        case "opportunity":
            return row.opportunity
        case _:
            return row.fees


def _in_percent(row: Measured, part: int | None) -> float | None:
    return None if part is None or not row.mid_twice else 200 * part / (row.requested * row.mid_twice)


def figures(sample: Sample, numbers: Sequence[int]) -> Figures:
    """Return the statistics of the rows *numbers* of a sample."""
    rows = [sample.rows[number] for number in numbers]
    draw = sample.bootstrap
    parts = {name: [_part(row, name) for row in rows] for name in PARTS}
    means = _estimates(
        draw.means(
            numbers,
            [
                [fill_percent(row) for row in rows],
                [100.0 * row.underfilled for row in rows],
                [row.slippage_percent for row in rows],
                [row.walks for row in rows],
                [row.calls for row in rows],
                [row.read_tokens for row in rows],
                [row.write_tokens for row in rows],
                *([_in_percent(row, part) for row, part in zip(rows, parts[name], strict=True)] for name in PARTS),
                *(
                    [None if part is None else part / row.requested / 100 for row, part in zip(rows, parts[name], strict=True)]
                    for name in PARTS
                ),
            ],
        )
    )
    fill_rate, underfilled, slippage, walks, calls, read_tokens, write_tokens, *costs = means
    dollars = draw.totals(numbers, [[None if part is None else part / DOLLAR for part in parts[name]] for name in PARTS])
    slippages = [row.slippage_percent for row in rows]
    net_median, net_tail = draw.quantiles(numbers, [net_cents(row) for row in rows], [_MEDIAN, _TAIL])
    touch = draw.quantiles(numbers, [row.n_over_touch for row in rows], [_MEDIAN])[0]
    requested, filled = sum(row.requested for row in rows), sum(row.filled for row in rows)
    return Figures(
        executions=len(rows),
        events=len({row.event for row in rows}),
        without_mid=sum(not row.mid_twice for row in rows),
        without_price=sum(bool(row.mid_twice) and row.shortfall is None for row in rows),
        requested=requested / 100,
        filled=filled / 100,
        fill_rate=fill_rate,
        underfilled=underfilled,
        slippages=sum(value is not None for value in slippages),
        slippage_mean=slippage,
        slippage_median=draw.quantiles(numbers, slippages, [_MEDIAN])[0].estimate(),
        slippage_deviation=draw.deviation(numbers, slippages).estimate(),
        percent=Costs(parts=dict(zip(PARTS, costs[: len(PARTS)], strict=True))),
        cents=Costs(parts=dict(zip(PARTS, costs[len(PARTS) :], strict=True))),
        dollars=Costs(parts=dict(zip(PARTS, _estimates(dollars), strict=True))),
        net_cents_median=net_median.estimate(),
        net_cents_tail=net_tail.estimate(),
        first_fill=waiting((row.first_fill, row.total_time) for row in rows),
        full_fill=waiting((row.full_fill, row.total_time) for row in rows),
        walks=walks,
        calls=calls,
        read_tokens=read_tokens,
        write_tokens=write_tokens,
        maker_share=100 * sum(row.maker_filled for row in rows) / filled if filled else None,
        n_over_touch=touch.estimate(),
    )


def _estimates(draws: Iterable[Draws]) -> list[Estimate | None]:
    return [each.estimate() for each in draws]


def waiting(times: Iterable[tuple[int | None, int]]) -> Waiting | None:
    """Return how long something took, from pairs (when it happened or None, when watching ended), in microseconds."""
    # At one and the same time what happened comes before what was cut off.
    seen = sorted((end if at is None else at, at is None) for at, end in times)
    if not seen:
        return None
    left, survival = len(seen), 1.0
    median = tail = None
    for at, cut in seen:
        if not cut:
            survival *= 1 - 1 / left
            if median is None and survival <= 1 - _MEDIAN + 1e-9:
                median = in_seconds(at)
            if tail is None and survival <= 1 - _TAIL + 1e-9:
                tail = in_seconds(at)
        left -= 1
    return Waiting(median=median, tail=tail, censored=100 * sum(cut for _, cut in seen) / len(seen))
