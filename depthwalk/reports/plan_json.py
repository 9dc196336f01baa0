"""The object of `plan --json`: what the table shows, in exact units. Pure.

Strings with decimals for amounts, numbers for shares, null for what is not there or not known, never 0.
"""

from depthwalk.analysis.budget import FORMULA
from depthwalk.analysis.plans import BookFacts, FlowFacts, Forecast, Outlay, Plan, PlannedOrder, PlanSheet, Tokens
from depthwalk.domain.order import Action
from depthwalk.domain.units import (
    CENT,
    format_instant,
    format_mid,
    format_money,
    format_price,
    format_quantity,
    in_seconds,
)
from depthwalk.reports.result_json import Json, average_text


def plan_json(sheet: PlanSheet) -> dict[str, Json]:
    """Return the object; `execute_would_run` is null where each run draws its algorithm."""
    parent, book = sheet.parent, sheet.book
    return {
        "ticker": parent.ticker,
        "side": parent.outcome.value,
        "action": parent.action.value,
        "requested": format_quantity(parent.quantity),
        "environment": sheet.environment,
        "source": sheet.source,
        "seed": sheet.seed,
        "at": format_instant(sheet.at),
        "arrival": None if book is None else _book_json(book),
        "flow": None if sheet.flow is None else _flow_json(sheet.flow),
        "execute_would_run": sheet.chosen,
        "refused": [{"message": each.message, "hint": each.hint} for each in sheet.objections],
        "notes": list(sheet.notes),
        "token_formula": FORMULA,
        "algorithms": [_plan_json(plan, sheet) for plan in sheet.plans],
    }


def _book_json(book: BookFacts) -> dict[str, Json]:
    bid, ask = book.bid, book.ask
    return {
        "bid": None if bid is None else format_price(bid),
        "ask": None if ask is None else format_price(ask),
        "mid": None if book.mid_twice is None else format_mid(book.mid_twice),
        "spread": None if bid is None or ask is None else format_price(ask - bid),
        "depth": format_quantity(book.depths.within_3),
        "depth_within_1": format_quantity(book.depths.within_1),
        "depth_within_5": format_quantity(book.depths.within_5),
        "depth_at_touch": format_quantity(book.depths.touch),
        "liquidity_category": book.liquidity.value,
        "book_age_ms": round(book.age / 1_000),
    }


def _flow_json(facts: FlowFacts) -> dict[str, Json]:
    flow, tape = facts.flow, facts.tape
    return {
        "contracts_per_second": flow.volume,
        "trades_per_second": flow.trades,
        "mean_trade": flow.size,
        "mean_order_life_seconds": flow.life,
        "prior": facts.liquidity.value,
        "tape": None
        if tape is None
        else {"trades": tape.trades, "contracts": format_quantity(tape.volume), "seconds": in_seconds(tape.span)},
    }


def _plan_json(plan: Plan, sheet: PlanSheet) -> dict[str, Json]:
    arrival, tokens, action = plan.arrival, plan.tokens, sheet.parent.action
    mid_twice = None if sheet.book is None else sheet.book.mid_twice
    sends = bool(plan.orders)
    return {
        "algorithm": plan.algorithm,
        "refused": plan.refused,
        "waits_because": plan.hold,
        "timeout_seconds": in_seconds(plan.horizon),
        "end_action": plan.end_action,
        "target_price": None if arrival is None else format_price(arrival.target),
        "cap_price": None if arrival is None else format_price(arrival.cap),
        "cap_origin": None if arrival is None else arrival.cap_origin.value,
        "sweet_spot": None if plan.sweet_spot is None else format_price(plan.sweet_spot),
        "min_cumulative_depth": None if arrival is None else format_quantity(arrival.depths.within_cap),
        "coverage": plan.coverage,
        "splits": [_order_json(order) for order in plan.orders],
        "at_once": _outlay(plan.taking, action) if sends else None,
        "resting": _outlay(plan.resting, action) if sends else None,
        "if_filled": _outlay(plan.whole, action) if sends else None,
        "expected": None if plan.forecast is None else _forecast_json(plan.forecast, plan, action, mid_twice),
        "worst_case": None if plan.worst is None else _outlay(plan.worst, action),
        "tokens": None if tokens is None else _tokens_json(tokens),
    }


def _order_json(order: PlannedOrder) -> dict[str, Json]:
    return {
        "level": order.level,
        "price": format_price(order.price),
        "quantity": format_quantity(order.quantity),
        "at_once": format_quantity(order.taking.quantity),
        "resting": format_quantity(order.resting.quantity),
        "queue_ahead": format_quantity(order.ahead) if order.resting.quantity else None,
        "fill_probability": order.probability,
        "expected_filled": format_quantity(order.filled),
        "why": order.why,
    }


def _forecast_json(forecast: Forecast, plan: Plan, action: Action, mid_twice: int | None) -> dict[str, Json]:
    cost, shortfall = forecast.cost(action, mid_twice), forecast.shortfall
    return {
        **_outlay(forecast.filled, action),
        "filled_share": plan.filled_share,
        "maker_quantity": format_quantity(forecast.maker),
        "cost_to_mid_cents": None if cost is None else float(cost / CENT),
        "shortfall": None if shortfall is None else format_money(shortfall),
        "walks": forecast.walks,
        "finished_because": forecast.end.value,
    }


def _outlay(outlay: Outlay, action: Action) -> dict[str, Json]:
    total = outlay.total(action)
    return {
        "quantity": format_quantity(outlay.quantity),
        "average_price": average_text(outlay.value, outlay.quantity),
        "value": format_money(outlay.value),
        "fees": None if outlay.fees is None else format_money(outlay.fees),
        "total": None if total is None else format_money(total),
    }


def _tokens_json(tokens: Tokens) -> dict[str, Json]:
    return {
        "writes_now": tokens.writes_now,
        "writes_at_most": tokens.writes_at_most,
        "write_budget": tokens.write_budget,
        "reads_at_most": tokens.reads_at_most,
        "read_budget": tokens.read_budget,
        "calls_at_most": tokens.calls_at_most,
        "calls_budget": tokens.calls_budget,
    }
