"""Results and their parts as column values, and back: one pair of functions a table. No SQL, no files.

Whatever goes in comes out equal, but for `parameters`, which come back as JSON holds them.
"""

import sqlite3

from depthwalk.domain.messages import Finish, Reason
from depthwalk.domain.order import OrderStatus, ParentOrder
from depthwalk.domain.result import (
    ApiUsage,
    Arrival,
    BasicEstimate,
    CapOrigin,
    Conditions,
    Depths,
    ExecutionResult,
    LiquidityClass,
    Shortfall,
    SplitView,
    Status,
    WalkStep,
)
from depthwalk.domain.routing import Routing
from depthwalk.domain.units import Duration, Instant, Price, Quantity
from depthwalk.storage import codec
from depthwalk.storage.database import Value

Values = dict[str, Value]


def state_values(result: ExecutionResult) -> Values:
    """Return what the end of a run says in `execution_state`."""
    return {
        "execution_id": result.execution_id,
        "source": result.source,
        "algorithm": result.algorithm,
        "params": codec.encode(result.parameters),
        "tags": codec.encode(result.tags),
        "seed": result.seed,
        "status": result.status.value,
        "reason": result.finish.reason.value,
        "detail": result.finish.detail,
        "started_at_us": result.started_at,
        "finished_at_us": result.finished_at,
        **_arrival_values(result.arrival),
    }


def routing_values(routing: Routing | None) -> Values:
    """Return how `--algo auto` chose, in `execution_state`: all NULL where the algorithm was named."""
    liquidity = None if routing is None else routing.liquidity
    return {
        "routed_control": routing.control if routing else None,
        "routed_candidate": routing.candidate if routing else None,
        "routed_class": liquidity.value if liquidity else None,
        "routed_share_ppm": routing.share if routing else None,
        "routed_draw_ppm": routing.draw if routing else None,
    }


def routing_of(row: sqlite3.Row) -> Routing | None:
    """Return the routing in a row of `execution_state`, or None."""
    if row["routed_draw_ppm"] is None:
        return None
    return Routing(
        control=row["routed_control"],
        candidate=row["routed_candidate"],
        liquidity=LiquidityClass(row["routed_class"]) if row["routed_class"] is not None else None,
        share=row["routed_share_ppm"],
        draw=row["routed_draw_ppm"],
    )


def _arrival_values(arrival: Arrival | None) -> Values:
    depths = arrival.depths if arrival else None
    return {
        "arrival_at_us": arrival.at if arrival else None,
        "arrival_bid_e4": arrival.bid if arrival else None,
        "arrival_ask_e4": arrival.ask if arrival else None,
        "arrival_touch_e2": depths.touch if depths else None,
        "arrival_within_1_e2": depths.within_1 if depths else None,
        "arrival_within_3_e2": depths.within_3 if depths else None,
        "arrival_within_5_e2": depths.within_5 if depths else None,
        "arrival_within_cap_e2": depths.within_cap if depths else None,
        "arrival_book_age_us": arrival.book_age if arrival else None,
        "liquidity": arrival.liquidity.value if arrival else None,
        "target_e4": arrival.target if arrival else None,
        "cap_e4": arrival.cap if arrival else None,
        "cap_origin": arrival.cap_origin.value if arrival else None,
    }


def arrival_of(row: sqlite3.Row) -> Arrival | None:
    """Return the arrival in a row of `execution_state`, or None."""
    if row["arrival_at_us"] is None:
        return None
    return Arrival(
        at=Instant(row["arrival_at_us"]),
        bid=row["arrival_bid_e4"],
        ask=row["arrival_ask_e4"],
        depths=Depths(
            touch=Quantity(row["arrival_touch_e2"]),
            within_1=Quantity(row["arrival_within_1_e2"]),
            within_3=Quantity(row["arrival_within_3_e2"]),
            within_5=Quantity(row["arrival_within_5_e2"]),
            within_cap=Quantity(row["arrival_within_cap_e2"]),
        ),
        liquidity=LiquidityClass(row["liquidity"]),
        book_age=Duration(row["arrival_book_age_us"]),
        target=Price(row["target_e4"]),
        cap=Price(row["cap_e4"]),
        cap_origin=CapOrigin(row["cap_origin"]),
    )


def split_values(execution_id: str, split: SplitView) -> Values:
    """Return a split as a row of `split_orders`."""
    return {
        "execution_id": execution_id,
        "level": split.level,
        "price_e4": split.price,
        "quantity_e2": split.quantity,
        "filled_e2": split.filled,
        "paid_e6": split.paid,
        "fees_e6": split.fees,
        "walks": split.walks,
        "status": split.status,
        "order_status": split.order_status.value if split.order_status else None,
        "ahead_e2": split.ahead,
        "walk_history": codec.encode(split.history),
    }


def split_of(row: sqlite3.Row) -> SplitView:
    """Return the split in a row of `split_orders`."""
    return SplitView(
        level=row["level"],
        price=row["price_e4"],
        quantity=row["quantity_e2"],
        filled=row["filled_e2"],
        paid=row["paid_e6"],
        fees=row["fees_e6"],
        walks=row["walks"],
        status=row["status"],
        order_status=OrderStatus(row["order_status"]) if row["order_status"] else None,
        ahead=row["ahead_e2"],
        history=codec.decode(tuple[WalkStep, ...], row["walk_history"]),
    )


def metrics_values(result: ExecutionResult) -> Values:
    """Return the numbers of a result as a row of `execution_metrics`."""
    shortfall, basic = result.shortfall, result.estimated_basic
    return {
        "execution_id": result.execution_id,
        "filled_e2": result.filled,
        "maker_filled_e2": result.maker_filled,
        "paid_e6": result.paid,
        "fees_e6": result.fees,
        "average_price": result.average_price,
        "slippage_percent": result.slippage_percent,
        "slippage_bps": result.slippage_bps,
        "shortfall_total_e6": shortfall.total,
        "shortfall_spread_e6": shortfall.spread,
        "shortfall_drift_e6": shortfall.drift,
        "shortfall_opportunity_e6": shortfall.opportunity,
        "shortfall_fees_e6": shortfall.fees,
        "shortfall_total_mid_e6": shortfall.total_mid,
        "shortfall_opportunity_mid_e6": shortfall.opportunity_mid,
        "shortfall_depth_short": int(shortfall.depth_short),
        "time_to_first_fill_us": result.time_to_first_fill,
        "time_to_full_fill_us": result.time_to_full_fill,
        "total_time_us": result.total_time,
        "walks": result.walks,
        "calls": result.api.calls,
        "read_tokens": result.api.read_tokens,
        "write_tokens": result.api.write_tokens,
        "basic_average_price": basic.average_price if basic else None,
        "basic_slippage_percent": basic.slippage_percent if basic else None,
        "basic_filled_e2": basic.filled if basic else None,
        "improvement_over_basic": result.improvement_over_basic,
        "n_over_touch": result.n_over_touch,
    }


def conditions_values(result: ExecutionResult) -> Values:
    """Return what the market was like as a row of `execution_conditions`."""
    conditions = result.conditions
    return {
        "execution_id": result.execution_id,
        "near_limit_e2": conditions.near_limit,
        "traded_volume_e2": conditions.traded_volume,
        "momentum": conditions.momentum,
        "ema_slippage_percent": conditions.ema_slippage_percent,
    }


def _conditions_of(metrics: sqlite3.Row) -> Conditions:
    return Conditions(
        near_limit=metrics["near_limit_e2"],
        traded_volume=metrics["traded_volume_e2"],
        momentum=metrics["momentum"],
        ema_slippage_percent=metrics["ema_slippage_percent"],
    )


def result_of(state: sqlite3.Row, metrics: sqlite3.Row, splits: tuple[SplitView, ...], parent: ParentOrder) -> ExecutionResult:
    """Return the result in the rows of an execution that ended; *metrics* joined with its conditions."""
    basic = None
    if metrics["basic_filled_e2"] is not None:
        basic = BasicEstimate(
            average_price=metrics["basic_average_price"],
            slippage_percent=metrics["basic_slippage_percent"],
            filled=metrics["basic_filled_e2"],
        )
    return ExecutionResult(
        execution_id=state["execution_id"],
        parent=parent,
        algorithm=state["algorithm"],
        parameters=codec.decode(dict[str, object], state["params"]),
        environment=state["environment"],
        source=state["source"],
        seed=state["seed"],
        status=Status(state["status"]),
        finish=Finish(reason=Reason(state["reason"]), detail=state["detail"]),
        started_at=state["started_at_us"],
        finished_at=state["finished_at_us"],
        arrival=arrival_of(state),
        filled=metrics["filled_e2"],
        paid=metrics["paid_e6"],
        fees=metrics["fees_e6"],
        average_price=metrics["average_price"],
        slippage_percent=metrics["slippage_percent"],
        slippage_bps=metrics["slippage_bps"],
        shortfall=Shortfall(
            total=metrics["shortfall_total_e6"],
            spread=metrics["shortfall_spread_e6"],
            drift=metrics["shortfall_drift_e6"],
            opportunity=metrics["shortfall_opportunity_e6"],
            fees=metrics["shortfall_fees_e6"],
            total_mid=metrics["shortfall_total_mid_e6"],
            opportunity_mid=metrics["shortfall_opportunity_mid_e6"],
            depth_short=bool(metrics["shortfall_depth_short"]),
        ),
        time_to_first_fill=metrics["time_to_first_fill_us"],
        time_to_full_fill=metrics["time_to_full_fill_us"],
        total_time=metrics["total_time_us"],
        walks=metrics["walks"],
        splits=splits,
        api=ApiUsage(calls=metrics["calls"], read_tokens=metrics["read_tokens"], write_tokens=metrics["write_tokens"]),
        estimated_basic=basic,
        improvement_over_basic=metrics["improvement_over_basic"],
        n_over_touch=metrics["n_over_touch"],
        maker_filled=metrics["maker_filled_e2"],
        conditions=_conditions_of(metrics),
        tags=codec.decode(dict[str, str], state["tags"]),
    )
