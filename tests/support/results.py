"""Builders of snapshots and results as a run would give them: valid values, every field overridable."""

from dataclasses import replace
from typing import Any

from depthwalk.domain.messages import Finish, Reason
from depthwalk.domain.order import Action, OrderStatus, Outcome, ParentOrder
from depthwalk.domain.result import (
    ApiUsage,
    Arrival,
    BasicEstimate,
    CapOrigin,
    Depths,
    ExecutionResult,
    LiquidityClass,
    RunSnapshot,
    Shortfall,
    SplitView,
    Status,
    WalkStep,
)
from depthwalk.domain.units import (
    SECOND,
    Duration,
    Instant,
    Money,
    Price,
    Quantity,
    parse_instant,
    parse_money,
    parse_price,
    parse_quantity,
    seconds,
)

START = parse_instant("2026-05-13T20:20:37Z")
"""When every sample run began."""

USAGE = ApiUsage(calls=23, read_tokens=210, write_tokens=84)


def after(elapsed: float) -> Instant:
    """Return the time *elapsed* seconds into a sample run."""
    return Instant(START + seconds(elapsed))


def parent(**changes: Any) -> ParentOrder:
    """Build a parent order: buy 100 YES of PAPER-LIQUID."""
    fields: dict[str, Any] = {
        "parent_id": "3f9c1e7ab2d84c06a1d5e0f3b7c92a48",
        "ticker": "PAPER-LIQUID",
        "outcome": Outcome.YES,
        "action": Action.BUY,
        "quantity": parse_quantity("100"),
    }
    return ParentOrder(**(fields | changes))


def arrival(**changes: Any) -> Arrival:
    """Build an arrival at 0.4100 / 0.4200 with 310 contracts within three cents."""
    depths = ("120", "250", "310", "480", "260")
    names = ("touch", "within_1", "within_3", "within_5", "within_cap")
    fields: dict[str, Any] = {
        "at": after(0.2),
        "bid": parse_price("0.41"),
        "ask": parse_price("0.42"),
        "depths": Depths(**{name: parse_quantity(depth) for name, depth in zip(names, depths, strict=True)}),
        "liquidity": LiquidityClass.LIQUID,
        "book_age": Duration(80_000),
        "target": parse_price("0.42"),
        "cap": parse_price("0.43"),
        "cap_origin": CapOrigin.SLIPPAGE,
    }
    return Arrival(**(fields | changes))


def walk(at: float, previous: str | None, price: str, why: str) -> WalkStep:
    """Build a walk *at* seconds into the run."""
    before = None if previous is None else parse_price(previous)
    return WalkStep(at=after(at), previous=before, price=parse_price(price), why=why)


def split(level: int, price: str, quantity: str, filled: str = "0", **changes: Any) -> SplitView:
    """Build a split whose fills were all at its present price."""
    done = parse_quantity(filled)
    fields: dict[str, Any] = {
        "level": level,
        "price": parse_price(price),
        "quantity": parse_quantity(quantity),
        "filled": done,
        "paid": Money(parse_price(price) * done),
        "fees": Money(0),
        "walks": 0,
        "status": "resting",
        "order_status": OrderStatus.RESTING,
    }
    return SplitView(**(fields | changes))


def working_splits() -> tuple[SplitView, ...]:
    """Build two splits, one filled after two walks, one resting in a queue."""
    first = (
        walk(0.3, None, "0.4100", "bid +0.00c, on schedule"),
        walk(8.3, "0.4100", "0.4150", "bid +0.40c, behind by 12 %"),
        walk(12.4, "0.4150", "0.4200", "bid +1.10c, behind by 31 %, momentum +0.23 against us, depth dries up"),
    )
    second = (
        walk(0.3, None, "0.4050", "bid -0.50c, on schedule"),
        walk(12.4, "0.4050", "0.4100", "bid +0.00c, behind by 31 %, momentum +0.23 against us"),
    )
    return (
        split(1, "0.4200", "60", "60", walks=2, status="filled", order_status=OrderStatus.FILLED, history=first),
        split(2, "0.4100", "40", "2", walks=1, ahead=parse_quantity("1250"), history=second, fees=parse_money("0.0175")),
    )


def snapshot(**changes: Any) -> RunSnapshot:
    """Build a run 14.6 seconds into its 40: 62 of 100 filled, three walks."""
    splits = changes.pop("splits", working_splits())
    mids = (8300, 8300, 8320, 8310, 8340, 8380, 8400, 8390, 8420, 8400)
    fields: dict[str, Any] = {
        "at": after(14.6),
        "parent": parent(),
        "algorithm": "dynamic_depth_walker",
        "phase": "working",
        "started_at": START,
        "deadline": after(40),
        "arrival": arrival(),
        "bid": parse_price("0.41"),
        "ask": parse_price("0.43"),
        "book_age": Duration(400_000),
        "filled": Quantity(sum(one.filled for one in splits)),
        "paid": Money(sum(one.paid for one in splits)),
        "fees": Money(sum(one.fees for one in splits)),
        "walks": sum(one.walks for one in splits),
        "splits": splits,
        "mids": tuple((after(1.5 * number), twice) for number, twice in enumerate(mids)),
    }
    return RunSnapshot(**(fields | changes))


def before_arrival() -> RunSnapshot:
    """Build a run that has not seen a usable book yet."""
    return snapshot(
        at=after(1.2), phase="waiting for a book", arrival=None, bid=None, ask=None, book_age=None, splits=(), mids=(),
        hold="the book is crossed",
    )  # fmt: skip


def selling_no() -> RunSnapshot:
    """Build a sale of NO on a live market with long names and large numbers, holding."""
    splits = (
        split(1, "0.0980", "12000", "250.5", walks=11, ahead=parse_quantity("104250.25"), status="canceling",
              order_status=OrderStatus.CANCELING, history=(walk(61, "0.0990", "0.0980", "bid -0.10c, on schedule"),)),
        split(2, "0.1000", "8000", status="in doubt", order_status=OrderStatus.IN_DOUBT),
    )  # fmt: skip
    return snapshot(
        at=after(640.25),
        parent=parent(ticker="KXBTCMAXY-25DEC31-129999.99", outcome=Outcome.NO, action=Action.SELL,
                      quantity=Quantity(2_000_000)),
        deadline=after(7200),
        arrival=arrival(bid=Price(980), ask=Price(1001), target=Price(980), cap=Price(970), cap_origin=CapOrigin.NEXT_PRICE,
                        liquidity=LiquidityClass.THIN),
        bid=Price(980), ask=Price(1001), book_age=Duration(12_300_000), splits=splits,
        hold="the book is older than 10 s",
    )  # fmt: skip


def result(**changes: Any) -> ExecutionResult:
    """Build the result of the sample run: 62 of 100 filled when the 40 seconds were over."""
    filled, paid = parse_quantity("62"), parse_money("26.02")
    fields: dict[str, Any] = {
        "execution_id": parent().parent_id,
        "parent": parent(),
        "algorithm": "dynamic_depth_walker",
        "parameters": {"timeout_seconds": 40.0},
        "environment": "paper",
        "source": "synthetic",
        "seed": 7,
        "status": Status.PARTIAL,
        "finish": Finish(reason=Reason.HORIZON),
        "started_at": START,
        "finished_at": after(40),
        "arrival": arrival(),
        "filled": filled,
        "paid": paid,
        "fees": parse_money("0.0175"),
        "average_price": paid / filled / 10_000,
        "slippage_percent": 1.1271859,
        "slippage_bps": 112.71859,
        "shortfall": Shortfall(
            total=parse_money("1.2575"), spread=parse_money("0.31"), drift=parse_money("-0.02"),
            opportunity=parse_money("0.95"), fees=parse_money("0.0175"), total_mid=parse_money("0.9"),
            opportunity_mid=parse_money("0.5925"),
        ),
        "time_to_first_fill": seconds(2.5),
        "time_to_full_fill": None,
        "total_time": Duration(40 * SECOND),
        "walks": 3,
        "splits": working_splits(),
        "api": USAGE,
        "estimated_basic": BasicEstimate(average_price=0.42, slippage_percent=1.2048193, filled=parse_quantity("100")),
        "improvement_over_basic": 0.0776334,
        "n_over_touch": 0.8333333,
        "maker_filled": parse_quantity("2"),
        "tags": {"desk": "east"},
    }  # fmt: skip
    return ExecutionResult(**(fields | changes))


def nothing_filled() -> ExecutionResult:
    """Build the result of a run that filled nothing and never saw a two-sided book."""
    nothing = Shortfall(total=None, spread=None, drift=None, opportunity=None, fees=Money(0))
    return replace(
        result(),
        status=Status.UNFILLED,
        finish=Finish(reason=Reason.NO_BOOK, detail="the book is crossed"),
        arrival=None,
        filled=Quantity(0),
        paid=Money(0),
        fees=Money(0),
        average_price=None,
        slippage_percent=None,
        slippage_bps=None,
        shortfall=nothing,
        time_to_first_fill=None,
        walks=0,
        splits=(),
        estimated_basic=None,
        improvement_over_basic=None,
        n_over_touch=None,
        maker_filled=Quantity(0),
    )
