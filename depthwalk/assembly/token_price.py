"""What a run would cost in API tokens, at most, and what the buckets let pass meanwhile. Reads the account; sends nothing.

A fresh executor is given the two events that a run would begin with, and its intents are looked at instead of performed:
there is no second opinion here about what an algorithm would do.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from depthwalk.domain.result import ApiUsage
from depthwalk.domain.units import Duration

if TYPE_CHECKING:
    from depthwalk.analysis.budget import Allowance, Costs
    from depthwalk.analysis.plans import Tokens
    from depthwalk.config import Config
    from depthwalk.domain.messages import BookChanged, Intent, Started, SubmitOrder
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
        read_as_of=tokens("GET", "/exchange/user_data_timestamp"),
        read_market=tokens("GET", "/markets/:ticker") + tokens("GET", "/exchange/status"),
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


class FirstDecision(NamedTuple):
    """A fresh executor after the two events a run begins with, and what it wants done; *cadence* is that of a whole step."""

    executor: "Executor"
    intents: "tuple[Intent, ...]"
    cadence: Duration

    @property
    def orders(self) -> "tuple[SubmitOrder, ...]":
        """What it would send."""
        from depthwalk.domain.messages import SubmitOrder

        return tuple(intent for intent in self.intents if isinstance(intent, SubmitOrder))


def first_decision(name: str, params: "BaseParams", started: "Started", seen: "BookChanged") -> FirstDecision:
    """Return what an algorithm decides first."""
    from depthwalk.executors import asking
    from depthwalk.executors.registry import make_executor

    executor = make_executor(name, params)
    executor.handle(started)
    cadence = asking.cadence(executor)  # later some say how much of the present step is left
    return FirstDecision(executor, executor.handle(seen), cadence)


def token_price(first: FirstDecision, seen: "BookChanged", rates: Rates, *, opening: ApiUsage) -> "Tokens":
    """Return the bound of a run from its first decision beside what may be spent until its orders expire.

    How often it re-prices and sends is what the algorithm says of itself. *opening* is what was spent, or will be, up to the
    first book.
    """
    from depthwalk.analysis.budget import Pace, tokens
    from depthwalk.executors import asking
    from depthwalk.executors.desk import LONGEST_LIFE, OUTLIVE
    from depthwalk.executors.state import END_GAME, POLL, EndAction
    from depthwalk.runtime.market_watch import EVERY

    executor = first.executor
    run = executor.run
    walks, creates = asking.bounds(executor)
    # It wakes to renew its orders even where its steps are further apart.
    steps = -(-(run.closing_at - seen.at) // min(first.cadence, LONGEST_LIFE // 2))
    pace = Pace(
        splits=len(executor.desk.splits),
        creates=steps if creates is None else creates,
        steps=steps,
        walks=steps if walks is None else min(walks, steps),
        renewals=run.horizon // (LONGEST_LIFE // 2),
        polls=-(-END_GAME // POLL),
        watches=-(-(run.horizon + OUTLIVE) // EVERY),
        look=asking.look(executor),
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
