"""Measuring one execution of the laboratory: its fills and the world at the common horizon turned into a `Trial`."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from depthwalk.analysis.benchmarks import MarkedFill, shortfall
from depthwalk.analysis.depth import sweep_levels, up_to
from depthwalk.analysis.fees import estimate
from depthwalk.analysis.trials import MARK_OUTS, STEPS, Benchmark, Trial
from depthwalk.domain.book import Book, Level
from depthwalk.domain.market import FeeSchedule
from depthwalk.domain.messages import Reason
from depthwalk.domain.order import Fill
from depthwalk.domain.result import ApiUsage, Shortfall
from depthwalk.domain.units import CENT, Duration, Instant, Money, Quantity
from depthwalk.executors.base import Executor
from depthwalk.executors.space import BuyerSpace


class Mids:
    """Twice the mid of a buyer's book as sampled every *step* from *start* on; None while a side is empty."""

    def __init__(self, start: Instant, step: Duration, twice: Sequence[int | None]) -> None:
        self._start, self._step, self._twice = start, step, twice

    def before(self, at: Instant) -> int | None:
        """Return the latest sample before *at*; None where there is none, or no mid."""
        place = min(-((self._start - at) // self._step), len(self._twice))
        return self._twice[place - 1] if place > 0 else None

    def after(self, at: Instant) -> int | None:
        """Return the first sample at or after *at*; None where there is none yet, or no mid."""
        place = max(0, -((self._start - at) // self._step))
        return self._twice[place] if place < len(self._twice) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An execution that is over, and the world at the common horizon: what `measure` looks at.

    *final* is a buyer's book at the horizon without our orders; *resting* how many of our orders still rest.
    """

    executor: Executor
    fills: tuple[Fill, ...]
    began: Instant
    mids: Mids
    final: Book
    api: ApiUsage
    throttled: Duration
    resting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What fills and the rest came to against the arrival mid: the parts of a `Trial` that are named alike."""

    whole: Shortfall
    completion_fees: Money
    lenient: Money | None
    lenient_fees: Money


def priced(
    space: BuyerSpace,
    schedule: FeeSchedule,
    benchmark: Benchmark,
    fills: Sequence[MarkedFill],
    *,
    unfilled: Quantity,
    final: Book,
) -> Cost:
    """Price fills, and the rest of them in the buyer's book of the horizon. Raises DomainError as the fee model does."""
    taken = sweep_levels(final.asks, unfilled)
    missing = Quantity(unfilled - sum(quantity for _, quantity in taken))
    if taken and missing:
        taken.append((taken[-1][0], missing))
    best, arrival = final.best_ask, benchmark.mid_twice
    whole = shortfall(
        fills,
        arrival_mid_twice=arrival,
        unfilled=unfilled,
        final=final,
        fees=Money(0),
        completion_fees=Money(0),
    )
    lenient: Money | None = None
    if whole.spread is not None and whole.drift is not None and arrival is not None and (best or not unfilled):
        lenient = Money(whole.spread + whole.drift + (2 * (best or 0) - arrival) * unfilled // 2)
    return Cost(
        whole=whole,
        completion_fees=_fees(space, schedule, taken),
        lenient=lenient,
        lenient_fees=_fees(space, schedule, [(best, unfilled)] if best is not None and unfilled else []),
    )


def measure(seed: int, arm: str, benchmark: Benchmark, ended: Ended) -> Trial:
    """Measure an execution. Raises DomainError as the fee model does."""
    executor, run = ended.executor, ended.executor.run
    space, parent = run.space, run.parent
    fills = sorted(ended.fills, key=lambda fill: fill.at)
    filled = sum(fill.quantity for fill in fills)
    unfilled = Quantity(max(0, parent.quantity - filled))
    fees = Money(sum(fill.fee for fill in fills))
    marked = [
        MarkedFill(price=space.leg(fill.price), quantity=fill.quantity, mid_twice=ended.mids.before(fill.at)) for fill in fills
    ]
    cost = priced(space, run.market.fees, benchmark, marked, unfilled=unfilled, final=ended.final)
    whole = cost.whole
    cap = None if executor.arrival is None else space.traded(executor.arrival.cap)
    first = executor.watch.first
    finish = executor.finish
    return Trial(
        seed=seed,
        arm=arm,
        benchmark=benchmark,
        requested=parent.quantity,
        filled=Quantity(filled),
        maker=Quantity(sum(fill.quantity for fill in fills if not fill.is_taker)),
        paid=Money(sum(space.leg(fill.price) * fill.quantity for fill in fills)),
        fees=fees,
        shortfall=whole.total,
        spread=whole.spread,
        drift=whole.drift,
        opportunity=whole.opportunity,
        completion_fees=cost.completion_fees,
        lenient=cost.lenient,
        lenient_fees=cost.lenient_fees,
        at_mid=whole.total_mid,
        depth_short=whole.depth_short,
        first_fill=Duration(fills[0].at - ended.began) if fills else None,
        last_fill=Duration(fills[-1].at - ended.began) if fills else None,
        walks=sum(split.walks for split in executor.desk.splits),
        api=ended.api,
        throttled=ended.throttled,
        reason=Reason.FAULT if finish is None else finish.reason,
        overfilled=Quantity(max(0, filled - parent.quantity)),
        orphans=ended.resting,
        beyond_cap=0 if cap is None else sum(space.leg(fill.price) > cap for fill in fills),
        within_cap=None if cap is None or first is None else up_to(first.book.asks, cap),
        mark_outs=tuple(_mark_out(space, fills, ended.mids, after) for after in MARK_OUTS),
        filled_by=_filled_by(fills, ended.began),
    )


def _filled_by(fills: Sequence[Fill], began: Instant) -> tuple[Quantity, ...]:
    """Return what was filled by each of STEPS; *fills* in order of time."""
    filled = [0, *accumulate(fill.quantity for fill in fills)]
    times = [fill.at for fill in fills]
    return tuple(Quantity(filled[bisect_right(times, Instant(began + step))]) for step in STEPS)


def _mark_out(space: BuyerSpace, fills: Sequence[Fill], mids: Mids, after: Duration) -> float | None:
    """Return what maker fills gained on average by that time after them, in cents; None where that is not known of any."""
    gained = quantity = 0
    for fill in fills:
        if fill.is_taker:
            continue
        twice = mids.after(Instant(fill.at + after))
        if twice is not None:
            gained += (twice - 2 * space.leg(fill.price)) * fill.quantity
            quantity += fill.quantity
    return gained / quantity / (2 * CENT) if quantity else None


def _fees(space: BuyerSpace, schedule: FeeSchedule, levels: Sequence[Level]) -> Money:
    return estimate(schedule, [(space.leg(price), quantity) for price, quantity in levels], is_taker=True, side=space.side)
