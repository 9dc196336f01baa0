"""A run as plain lines, for pipes and logs: one line a decision, a fill, a change of state. Pure, ASCII, no colors.

Prices are in the traded side's prices; the decisions' YES prices are turned here.
"""

from collections.abc import Sequence

from depthwalk.domain.messages import Record
from depthwalk.domain.order import OrderStatus, ParentOrder
from depthwalk.domain.result import RunSnapshot, SplitView
from depthwalk.domain.units import Price, format_mid, format_price, format_quantity, in_seconds
from depthwalk.reports import wording
from depthwalk.reports.live_table import with_cross

_PASSING = frozenset({None, OrderStatus.PENDING, OrderStatus.AMENDING, OrderStatus.CANCELING})


def lines(before: RunSnapshot | None, now: RunSnapshot, records: Sequence[Record]) -> list[str]:
    """Return what happened between two snapshots (None: the beginning) and the decisions taken, in order of cause."""
    found: list[str] = []
    if before is None:
        found.append(_line(now, "start", _start(now)))
    if now.arrival is not None and (before is None or before.arrival is None):
        found.append(_line(now, "arrival", _arrival(now)))
    found += _changes(before, now)
    found += [_line(now, *decision_words(now.parent, record)) for record in records]
    if not any(record.what in ("hold", "resume") for record in records):
        held = None if before is None else before.hold
        if now.hold != held:
            found.append(_line(now, "hold", now.hold) if now.hold else _line(now, "resume", f"over: {held}"))
    if now.finish is not None and (before is None or before.finish is None):
        found.append(_line(now, "end", _end(now)))
    return found


def decision_words(parent: ParentOrder, record: Record) -> tuple[str, str]:
    """Return what a decision is about ("split 1", "run") and its words, prices in the traded side's prices."""
    words = record.what
    if record.price is not None:
        price = parent.own_price(record.price)
        previous = None if record.previous is None else parent.own_price(record.previous)
        words += f" {wording.prices(previous, price, wording.ASCII)}"
    return "run" if record.split is None else f"split {record.split}", f"{words}  {record.why}"


def _line(now: RunSnapshot, subject: str, text: str) -> str:
    elapsed = in_seconds(wording.since_start(now, now.at))
    line = wording.printable(f"{elapsed:7.1f} s  {subject:<8} {text}").rstrip()
    return line.encode("ascii", "replace").decode("ascii")


def _start(now: RunSnapshot) -> str:
    parent = now.parent
    words = f"{wording.side_words(parent)} {format_quantity(parent.quantity)} {parent.ticker}, {now.algorithm}"
    if now.started_at is not None and now.deadline is not None:
        words += f", {wording.elapsed(now.deadline - now.started_at)}"
    return f"{words}, execution {parent.parent_id}"


def _arrival(now: RunSnapshot) -> str:
    arrival = now.arrival
    if arrival is None:
        return ""
    middle = "none" if arrival.mid_twice is None else format_mid(arrival.mid_twice)
    return (
        f"bid {_price(arrival.bid)}, ask {_price(arrival.ask)}, mid {middle}, target {_price(arrival.target)},"
        f" cap {_price(arrival.cap)} ({wording.cap_words(arrival.cap_origin, now.parent.action)}), {arrival.liquidity.value}"
    )


def _price(price: Price | None) -> str:
    return "none" if price is None else format_price(price)


def _changes(before: RunSnapshot | None, now: RunSnapshot) -> list[str]:
    known = {split.level: split for split in with_cross(before)} if before is not None else {}
    found: list[str] = []
    for split in with_cross(now):
        subject = f"split {split.level}" if split.level > 0 else "cross"
        old = known.get(split.level)
        if (fill := _fill(old, split)) is not None:
            found.append(_line(now, subject, fill))
        if old is not None and _settled_otherwise(old, split):
            found.append(_line(now, subject, f"state {old.status} -> {split.status}"))
    return found


def _fill(old: SplitView | None, split: SplitView) -> str | None:
    quantity = split.filled - (old.filled if old is not None else 0)
    if quantity <= 0:
        return None
    paid = split.paid - (old.paid if old is not None else 0)
    words = f"filled {format_quantity(quantity)}"
    if paid > 0:  # else the venue has told the quantity before the fills themselves
        words += f" at {format_price(round(paid / quantity))}"
    return words if split.level <= 0 else f"{words}, {format_quantity(split.filled)} of {format_quantity(split.quantity)}"


def _settled_otherwise(old: SplitView, split: SplitView) -> bool:
    """Say whether the state is news: what passes by itself (a request out, and back to resting after it) is none."""
    if split.order_status == old.order_status or split.order_status in _PASSING:
        return False
    return split.order_status is not OrderStatus.RESTING or old.order_status is OrderStatus.IN_DOUBT


def _end(now: RunSnapshot) -> str:
    finish = now.finish
    reason = "" if finish is None else f"{finish.reason.value.replace('_', ' ')}: {finish.detail}".removesuffix(": ")
    words = f"{reason}; {format_quantity(now.filled)} of {format_quantity(now.parent.quantity)} filled"
    average = wording.average_price(now.paid, now.filled)
    return words if average is None else f"{words} at {format_price(round(average))} on average"
