"""A run as it stands, read off an executor for the view and the record. Reads only; prices turned into the traded side's."""

from depthwalk.domain.order import Fill, OrderStatus
from depthwalk.domain.result import RunSnapshot, SplitView
from depthwalk.domain.units import Duration, Instant, Money, Price, Quantity
from depthwalk.executors.base import Executor
from depthwalk.executors.children import Child
from depthwalk.executors.desk import CROSS_SPLIT
from depthwalk.executors.state import Phase, Split


def value_of(executor: Executor, fills: list[Fill]) -> Money:
    """Return the sum of price x quantity in the traded side's prices: what was paid, or for a seller received."""
    own = executor.run.parent.own_price
    return Money(sum(own(fill.price) * fill.quantity for fill in fills))


def _sum(fills: list[Fill]) -> Quantity:
    """Return what the fills we hold come to: it goes with what was paid, while the venue's word may run ahead of both."""
    return Quantity(sum(fill.quantity for fill in fills))


def take_snapshot(executor: Executor, now: Instant) -> RunSnapshot:
    """Return the whole run at *now*; it has been started."""
    run, desk, sight = executor.run, executor.desk, executor.watch.sight
    fills = desk.children.fills
    bid, ask = (None, None) if sight is None else run.space.traded_touch(sight.book)
    return RunSnapshot(
        at=now,
        parent=run.parent,
        algorithm=executor.algorithm,
        phase=executor.phase.value,
        started_at=run.started_at,
        deadline=run.deadline,
        arrival=executor.arrival,
        bid=bid,
        ask=ask,
        book_age=None if sight is None else Duration(now - sight.confirmed_at),
        filled=_sum(fills),
        paid=value_of(executor, fills),
        fees=Money(sum(fill.fee for fill in fills)),
        walks=sum(split.walks for split in desk.splits),
        splits=split_views(executor),
        mids=tuple((at, run.space.traded_twice(mid)) for at, mid in executor.watch.mids),
        hold=executor.watch.hold,
        finish=executor.finish,
    )


def split_views(executor: Executor) -> tuple[SplitView, ...]:
    """Return the splits by level from 1; the end game's order, if there was one, follows with level 0."""
    views = [_split_view(executor, split) for split in executor.desk.splits]
    crossing = [child for child in executor.desk.children if child.split == CROSS_SPLIT]
    if crossing:
        views.append(_end_game_view(executor, crossing))
    return tuple(views)


def _split_view(executor: Executor, split: Split) -> SplitView:
    desk, space = executor.desk, executor.run.space
    live = desk.live_child(split)
    fills = [fill for child in desk.children if child.split == split.index for fill in child.fills]
    filled = _sum(fills)
    return SplitView(
        level=split.index + 1,
        price=None if split.placed is None else space.traded(split.placed),
        quantity=split.quantity,
        filled=filled,
        paid=value_of(executor, fills),
        fees=Money(sum(fill.fee for fill in fills)),
        walks=split.walks,
        status=_status(executor, filled >= split.quantity, live),
        ahead=split.ahead if live is not None and live.status is OrderStatus.RESTING else None,
        order_status=None if live is None else live.status,
        history=tuple(split.history),
    )


def _status(executor: Executor, done: bool, live: Child | None) -> str:
    if done:
        return "filled"
    if live is not None:
        return live.status.value
    return "canceled" if executor.phase not in (Phase.WAITING, Phase.WORKING) else "waiting"


def _end_game_view(executor: Executor, crossing: list[Child]) -> SplitView:
    """Return the final order as a row of its own; its quantity is part of the splits' quantities."""
    fills = [fill for child in crossing for fill in child.fills]
    last = crossing[-1]
    price: Price = executor.run.space.traded(executor.run.space.leg(last.price))
    return SplitView(
        level=0,
        price=price,
        quantity=Quantity(sum(child.total for child in crossing)),
        filled=_sum(fills),
        paid=value_of(executor, fills),
        fees=Money(sum(fill.fee for fill in fills)),
        walks=0,
        status="end game",
        order_status=last.status,
    )
