"""May this order be sent? What can be known before anything is: from the request, the configuration, the market.

`execute` raises the first objection, `plan` lists them all. What only the book can tell (nobody offers the other side, too
much money at stake at the cap) is the executor's own business.
"""

from typing import TYPE_CHECKING, Final

from depthwalk.assembly.venues import known_market
from depthwalk.domain.market import Market, MarketStatus
from depthwalk.domain.order import Outcome, ParentOrder
from depthwalk.domain.units import Duration, Instant, format_instant, format_price, format_quantity, in_seconds, seconds
from depthwalk.errors import Refused, UsageError

if TYPE_CHECKING:
    from depthwalk.assembly.execution import ExecuteRequest
    from depthwalk.config import Config
    from depthwalk.ports import Exchange

MAX_SKEW: Final = seconds(5)
"""Clocks further apart than this refuse to start (design, D6)."""


def objections_to_request(request: "ExecuteRequest", config: "Config") -> list[Refused]:
    """Return why an order must not be sent, as far as the request and the configuration tell; empty where it may."""
    found: list[Refused] = []
    environment = request.environment or config.environment.value
    if environment == "live" and not config.live.enabled:
        found.append(Refused("live is not enabled", hint="set live: {enabled: true} in the configuration, then use --env live"))
    if environment != "paper":
        found.append(
            Refused(
                f"orders in {environment} are refused until every order is accounted for after a fault",
                hint="--env paper runs the same code on the embedded exchange",
            )
        )
    if request.quantity > config.risk.max_count:
        found.append(
            Refused(
                f"count {format_quantity(request.quantity)} is above risk.max_count {format_quantity(config.risk.max_count)}",
                hint=f"it is set in {config.origin or 'the built-in defaults'}",
            )
        )
    return found


def parent_of(request: "ExecuteRequest", parent_id: str) -> ParentOrder:
    """Return the order that a request asks for."""
    return ParentOrder(
        parent_id=parent_id,
        ticker=request.ticker,
        outcome=request.outcome,
        action=request.action,
        quantity=request.quantity,
        target=request.target,
        limit=request.limit,
    )


async def read_market(exchange: "Exchange", parent: ParentOrder, environment: str = "paper") -> Market:
    """Read the market of an order. Raises UsageError where there is none, or a price of the order is off its grid."""
    market = await known_market(exchange.market, parent.ticker, environment)
    grid = market.grid if parent.outcome is Outcome.YES else market.grid.mirrored()
    for name, price in (("--limit", parent.limit), ("--target", parent.target)):
        if price is not None and price not in grid:
            below, above = grid.floor(price), grid.ceil(price)
            nearest = " and ".join(format_price(each) for each in (below, above) if each is not None)
            raise UsageError(
                f"{name} {format_price(price)} is not a price of {market.ticker}: allowed are {grid.describe()}",
                hint=f"nearest: {nearest}",
            )
    return market


def objections_to_market(market: Market, *, now: Instant, offset: Duration) -> list[Refused]:
    """Return why nothing must be sent to a market now, our time *now* and the exchange's ahead of it by *offset*."""
    found: list[Refused] = []
    if abs(offset) > MAX_SKEW:
        found.append(
            Refused(f"our clock and the exchange's differ by {in_seconds(offset):+.1f} s", hint="set the clock of this machine")
        )
    if market.status is not MarketStatus.ACTIVE:
        found.append(Refused(f"market {market.ticker} is {market.status.value}, not active"))
    if market.close_time is not None and market.close_time <= now + offset:
        found.append(Refused(f"market {market.ticker} closed at {format_instant(market.close_time)}"))
    return found
