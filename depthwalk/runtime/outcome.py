"""The result of a finished run: what the executor and its fills say, measured. Pure."""

from bisect import bisect_right
from collections.abc import Mapping

from depthwalk.analysis.benchmarks import MarkedFill, shortfall, slippage_percent
from depthwalk.analysis.depth import near, sweep, sweep_levels
from depthwalk.analysis.ema import REPORT_ALPHA, ema
from depthwalk.analysis.fees import estimate
from depthwalk.domain.book import Book
from depthwalk.domain.messages import Finish, Reason
from depthwalk.domain.order import Fill
from depthwalk.domain.result import ApiUsage, BasicEstimate, Conditions, ExecutionResult, Shortfall, Status
from depthwalk.domain.units import CENT, ONE, Instant, Money, Quantity
from depthwalk.errors import DomainError
from depthwalk.executors import asking
from depthwalk.executors.base import Executor
from depthwalk.executors.snapshot import split_views, value_of


def conclude(
    executor: Executor,
    *,
    finished_at: Instant,
    api: ApiUsage,
    environment: str,
    source: str,
    seed: int | None,
    parameters: Mapping[str, object],
    tags: Mapping[str, str],
    traded_volume: Quantity | None = None,
    finish: Finish | None = None,
) -> ExecutionResult:
    """Measure a finished run, or one that came to *finish* without its executor's doing.

    Raises:
        DomainError: it has not finished, or fills and requested quantity do not add up.

    """
    finish, run, arrival = finish or executor.finish, executor.run, executor.arrival
    if finish is None:
        raise DomainError("the run has not finished")
    fills = sorted(executor.desk.children.fills, key=lambda fill: fill.at)
    filled = Quantity(sum(fill.quantity for fill in fills))
    requested = run.parent.quantity
    if filled > requested:
        raise DomainError(f"overfilled: {filled / 100:g} of {requested / 100:g} contracts")
    paid = value_of(executor, fills)
    average = paid / filled / ONE if filled else None
    slippage = slippage_percent(
        run.parent.action, average_price=average, mid_twice=None if arrival is None else arrival.mid_twice
    )
    basic = _basic(executor)
    better = None
    if basic is not None and basic.slippage_percent is not None and slippage is not None:
        better = basic.slippage_percent - slippage
    touch = 0 if arrival is None else arrival.depths.touch
    return ExecutionResult(
        execution_id=run.parent.parent_id,
        parent=run.parent,
        algorithm=executor.algorithm,
        parameters=dict(parameters),
        environment=environment,
        source=source,
        seed=seed,
        status=status_of(finish, filled, requested),
        finish=finish,
        started_at=run.started_at,
        finished_at=finished_at,
        arrival=arrival,
        filled=filled,
        paid=paid,
        fees=Money(sum(fill.fee for fill in fills)),
        average_price=average,
        slippage_percent=slippage,
        slippage_bps=None if slippage is None else 100 * slippage,
        shortfall=_shortfall(executor, fills, Quantity(requested - filled)),
        time_to_first_fill=run.worked(fills[0].at) if fills else None,
        time_to_full_fill=run.worked(fills[-1].at) if filled == requested else None,
        total_time=run.worked(finished_at),
        walks=sum(split.walks for split in executor.desk.splits),
        splits=split_views(executor),
        api=api,
        estimated_basic=basic,
        improvement_over_basic=better,
        n_over_touch=requested / touch if touch else None,
        maker_filled=Quantity(sum(fill.quantity for fill in fills if not fill.is_taker)),
        conditions=Conditions(
            near_limit=_near_limit(executor),
            traded_volume=traded_volume,
            momentum=asking.momentum(executor),
            ema_slippage_percent=_ema_slippage(executor, fills),
        ),
        tags=dict(tags),
    )


def status_of(finish: Finish, filled: Quantity, requested: Quantity) -> Status:
    """Classify how a run ended (design, section 6)."""
    if finish.reason is Reason.IN_DOUBT:
        return Status.UNKNOWN
    if filled == requested:
        return Status.FILLED
    match finish.reason:
        case Reason.STOPPED | Reason.RECOVERED:
            return Status.CANCELED
        case Reason.REFUSED:
            return Status.REFUSED
        case Reason.FAULT | Reason.REJECTED:
            return Status.FAILED
        case _:
            return Status.PARTIAL if filled else Status.UNFILLED


def _shortfall(executor: Executor, fills: list[Fill], unfilled: Quantity) -> Shortfall:
    run, arrival = executor.run, executor.arrival
    final: Book | None = None if executor.watch.sight is None else executor.watch.sight.book
    first = executor.watch.first
    times = [at for at, _ in executor.watch.mids]
    marked = []
    for fill in fills:
        seen = bisect_right(times, fill.at)
        mid = executor.watch.mids[seen - 1][1] if seen else None
        marked.append(MarkedFill(price=run.space.leg(fill.price), quantity=fill.quantity, mid_twice=mid))
    completion: Money | None = Money(0)
    if unfilled and final is not None:
        taken = sweep_levels(final.asks, unfilled)
        missing = Quantity(unfilled - sum(quantity for _, quantity in taken))
        if taken and missing:
            taken.append((taken[-1][0], missing))  # priced like the opportunity: the ladder goes on at its last price
        legs = [(run.space.leg(price), quantity) for price, quantity in taken]
        try:
            completion = estimate(run.market.fees, legs, is_taker=True, side=run.parent.side)
        except DomainError:  # the venue's table of these fees is not in its API
            completion = None
    return shortfall(
        marked,
        arrival_mid_twice=None if arrival is None or first is None else first.book.mid_twice,
        unfilled=unfilled,
        final=final,
        fees=Money(sum(fill.fee for fill in fills)),
        completion_fees=completion,
    )


def _near_limit(executor: Executor) -> Quantity | None:
    limit, first = executor.run.parent.limit, executor.watch.first
    if limit is None or first is None:
        return None
    return near(first.book.asks, executor.run.space.traded(limit), CENT)


def _ema_slippage(executor: Executor, fills: list[Fill]) -> float | None:
    """Follow the slippage of the fills in order: what it has come to at the end."""
    mean: float | None = None
    parent, arrival = executor.run.parent, executor.arrival
    for fill in fills:
        price = parent.own_price(fill.price) / ONE
        mid = None if arrival is None else arrival.mid_twice
        slippage = slippage_percent(parent.action, average_price=price, mid_twice=mid)
        if slippage is not None:
            mean = ema(mean, slippage, REPORT_ALPHA)
    return mean


def _basic(executor: Executor) -> BasicEstimate | None:
    """Sweep the arrival book up to the baseline's limit: the opposite best, within the cap (algorithms.md section 4.4)."""
    arrival, first = executor.arrival, executor.watch.first
    if arrival is None or first is None or first.book.best_ask is None:
        return None
    space, parent = executor.run.space, executor.run.parent
    cap = min(first.book.best_ask, space.traded(arrival.cap))
    swept = sweep(first.book.asks, parent.quantity, cap)
    if not swept.filled or swept.worst is None:
        return BasicEstimate(average_price=None, slippage_percent=None, filled=Quantity(0))
    # One level only: its price is the average.
    average = space.traded(swept.worst) / ONE
    slippage = slippage_percent(parent.action, average_price=average, mid_twice=arrival.mid_twice)
    return BasicEstimate(average_price=average, slippage_percent=slippage, filled=swept.filled)
