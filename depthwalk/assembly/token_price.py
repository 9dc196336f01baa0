"""What a run would cost in API tokens, at most, and what the buckets let pass meanwhile. Reads the account; sends nothing.

A fresh executor is given the two events that a run would begin with, and its intents are looked at instead of performed:
there is no second opinion here about what an algorithm would do.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from depthwalk.domain.result import ApiUsage
from depthwalk.domain.units import Duration

if TYPE_CHECKING:
    from depthwalk.analysis.budget import Allowance, Costs
    from depthwalk.analysis.plans import Tokens
    from depthwalk.config import Config
    from depthwalk.domain.messages import BookChanged, Intent, Started
    from depthwalk.executors.base import Executor
    from depthwalk.executors.state import BaseParams
    from depthwalk.kalshi.client import KalshiClient

_PREFIX: Final = "/trade-api/v2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What requests cost, and what the buckets allow."""

    costs: "Costs"
    allowance: "Allowance"

    @property
    def first_look(self) -> ApiUsage:
        """What a run reads before its first decision, once it was admitted: its orders and the book."""
        return ApiUsage(calls=2, read_tokens=self.costs.list_orders + self.costs.read_book)


async def read_rates(client: "KalshiClient", config: "Config", *, signed: bool) -> Rates:
    """Return the account's own costs and limits where it can be asked (*signed*), else as published.

    Where the tier is the venue's to say, the client keeps to them from then on.
    """
    from depthwalk.analysis.budget import Allowance, Costs
    from depthwalk.kalshi.throttle import CostTable, Tier, published_limits

    tier, ours = config.rate_limit.tier.value, config.rate_limit
    if signed and tier == "auto":
        limits, costs_listed = await client.adopt_limits()
        table = CostTable(costs_listed)
    else:
        limits = published_limits(Tier.BASIC if tier == "auto" else Tier(tier))
        table = CostTable(await client.endpoint_costs()) if signed else CostTable()
    used, calls = round(1_000 * ours.utilisation), ours.calls_per_minute

    def tokens(method: str, path: str) -> int:
        return table.cost(method, f"{_PREFIX}{path}")

    orders = "/portfolio/events/orders"
    costs = Costs(
        create=tokens("POST", orders),
        amend=tokens("POST", f"{orders}/:order_id/amend"),
        cancel=tokens("DELETE", f"{orders}/:order_id"),
        list_orders=tokens("GET", "/portfolio/orders"),
        read_order=tokens("GET", "/portfolio/orders/:order_id"),
        read_book=tokens("GET", "/markets/:ticker/orderbook"),
        read_fills=tokens("GET", "/portfolio/fills"),
        read_trades=tokens("GET", "/markets/trades"),
    )
    allowance = Allowance(
        write_rate=limits.write.rate * used,
        write_capacity=limits.write.capacity * used,
        read_rate=limits.read.rate * used,
        read_capacity=limits.read.capacity * used,
        calls_per_minute=calls,
        # As the throttle has it (kalshi/throttle.py).
        calls_at_once=0 if calls is None else max(1, calls // 10),
    )
    return Rates(costs=costs, allowance=allowance)


def first_decision(
    name: str, params: "BaseParams", started: "Started", seen: "BookChanged"
) -> "tuple[Executor, tuple[Intent, ...]]":
    """Return a fresh executor after the two events a run begins with, and what it wants done."""
    from depthwalk.executors.registry import make_executor

    executor = make_executor(name, params)
    executor.handle(started)
    return executor, executor.handle(seen)


def token_price(executor: "Executor", splits: int, seen: "BookChanged", rates: Rates, *, opening: ApiUsage) -> "Tokens":
    """Return the bound of a run from an executor's first decision beside what may be spent until its orders expire.

    *opening* is what was spent, or will be, up to the first book.
    """
    from depthwalk.analysis.budget import Pace, tokens
    from depthwalk.domain.messages import Look
    from depthwalk.executors.desk import LONGEST_LIFE, OUTLIVE
    from depthwalk.executors.state import END_GAME, POLL, EndAction

    run = executor.run
    steps = -(-(run.closing_at - seen.at) // executor.cadence)
    at_book = executor.look is Look.BOOK
    # Who does not look at the book has nothing to walk after.
    most = getattr(getattr(executor, "params", executor.base), "max_walks", steps if at_book else 0)
    pace = Pace(
        splits=splits,
        steps=steps,
        walks=min(most, steps),
        renewals=run.horizon // (LONGEST_LIFE // 2),
        polls=-(-END_GAME // POLL),
        looks_at_book=at_book,
        crosses=executor.base.end_action is EndAction.CROSS,
    )
    return tokens(
        pace,
        rates.costs,
        opening=opening.read_tokens,
        opening_calls=opening.calls,
        allowance=rates.allowance,
        period=Duration(run.horizon + OUTLIVE),
    )
