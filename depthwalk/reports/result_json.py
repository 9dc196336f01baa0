"""An execution's result as the JSON object of design section 3: these keys, in this order. Pure.

Prices, counts and dollars are strings with their decimals, ratios and seconds are numbers, absent is null and never 0.
Prices are in the traded side's prices.
"""

from fractions import Fraction

from depthwalk.domain.result import ApiUsage, Arrival, BasicEstimate, ExecutionResult, Shortfall, SplitView, WalkStep
from depthwalk.domain.units import (
    Duration,
    Instant,
    Money,
    Price,
    Quantity,
    format_mid,
    format_money,
    format_price,
    format_quantity,
    in_seconds,
)

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""What the standard library's `json` writes."""


def to_json(result: ExecutionResult) -> dict[str, Json]:
    """Return the object that `execute --json` ends with."""
    parent, arrival = result.parent, result.arrival
    return {
        "execution_id": result.execution_id,
        "ticker": parent.ticker,
        "side": parent.outcome.value,
        "action": parent.action.value,
        "algorithm": result.algorithm,
        "status": result.status.value,
        "target_price": _price(parent.target if arrival is None else arrival.target),
        "cap_price": None if arrival is None else _price(arrival.cap),
        "arrival": None if arrival is None else _arrival(arrival),
        "requested": format_quantity(parent.quantity),
        "filled": format_quantity(result.filled),
        "unfilled": format_quantity(result.unfilled),
        "average_price": average_text(result.paid, result.filled),
        "fees": format_money(result.fees),
        "slippage_percent": result.slippage_percent,
        "slippage_bps": result.slippage_bps,
        "shortfall": _shortfall(result.shortfall),
        "time_to_first_fill": _seconds(result.time_to_first_fill),
        "time_to_full_fill": _seconds(result.time_to_full_fill),
        "total_time": _seconds(result.total_time),
        "walks": result.walks,
        "splits": [_split(split, parent.outcome.value, result.started_at) for split in result.splits],
        "api": _api(result.api),
        "estimated_basic": None if result.estimated_basic is None else _basic(result.estimated_basic),
        "improvement_over_basic": result.improvement_over_basic,
        "finished_because": result.finish.reason.value,
        "environment": result.environment,
        "source": result.source,
        "n_over_touch": result.n_over_touch,
    }


def average_text(paid: Money, filled: Quantity) -> str | None:
    """Write an average price with six decimals, or four where they say it exactly; None where nothing is filled."""
    return None if not filled else _decimals(Fraction(paid, filled * 10_000))


def _decimals(dollars: Fraction) -> str:
    # Rounded to even at a millionth of a dollar; the last two decimals only where they are not zero.
    text = format_money(round(dollars * 1_000_000))
    return text.removesuffix("00")


def _price(price: Price | None) -> str | None:
    return None if price is None else format_price(price)


def _money(money: Money | None) -> str | None:
    return None if money is None else format_money(money)


def _seconds(duration: Duration | None) -> float | None:
    return None if duration is None else in_seconds(duration)


def _arrival(arrival: Arrival) -> dict[str, Json]:
    bid, ask = arrival.bid, arrival.ask
    return {
        "bid": _price(bid),
        "ask": _price(ask),
        "mid": None if arrival.mid_twice is None else format_mid(arrival.mid_twice),
        "spread": None if bid is None or ask is None else format_price(ask - bid),
        "depth": format_quantity(arrival.depths.within_3),
        "liquidity_category": arrival.liquidity.value,
        "book_age_ms": round(arrival.book_age / 1_000),
    }


def _shortfall(shortfall: Shortfall) -> dict[str, Json]:
    return {
        "total": _money(shortfall.total),
        "spread": _money(shortfall.spread),
        "drift": _money(shortfall.drift),
        "opportunity": _money(shortfall.opportunity),
        "fees": _money(shortfall.fees),
    }


def _split(split: SplitView, side: str, started_at: Instant) -> dict[str, Json]:
    return {
        "level": split.level,
        "side": side,
        "price": _price(split.price),
        "quantity": format_quantity(split.quantity),
        "filled": format_quantity(split.filled),
        "average_price": average_text(split.paid, split.filled),
        "walks": split.walks,
        "status": split.status,
        "walk_history": [_walk(walk, started_at) for walk in split.history],
    }


def _walk(walk: WalkStep, started_at: Instant) -> dict[str, Json]:
    """Return one placement or walk; *time* is seconds since the start of the run."""
    return {
        "time": in_seconds(walk.at - started_at),
        "previous": _price(walk.previous),
        "price": format_price(walk.price),
        "why": walk.why,
    }


def _api(usage: ApiUsage) -> dict[str, Json]:
    return {"calls": usage.calls, "read_tokens": usage.read_tokens, "write_tokens": usage.write_tokens}


def _basic(basic: BasicEstimate) -> dict[str, Json]:
    average = None if basic.average_price is None else _decimals(Fraction(basic.average_price))
    return {
        "average_price": average,
        "slippage_percent": basic.slippage_percent,
        "filled": format_quantity(basic.filled),
    }
