"""Whether the cash on the market's shard carries an order. Kalshi keeps cash by shard, and moves none for an API order.

Only what opens a position needs cash: a bid at p locks p a contract, an ask 1 - p; what closes one frees cash. Sources:
kalshi-api.md sections 6.3 and 7.4.
"""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from depthwalk.domain.market import Market
from depthwalk.domain.messages import BookChanged
from depthwalk.domain.order import ParentOrder
from depthwalk.domain.units import Money, Price, Quantity, cost, format_money, format_price, format_quantity
from depthwalk.errors import DomainError, Refused

if TYPE_CHECKING:
    from depthwalk.clock import Clock
    from depthwalk.kalshi.client import KalshiClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """The account in one market: cash on its shard, and the signed position; and the book that prices are taken from."""

    cash: Money
    position: Quantity
    seen: BookChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class _Need:
    """What the part of an order that opens a position takes, fees included, at a price of the user's outcome."""

    price: Price
    opening: Quantity
    total: Money


async def read_means(client: "KalshiClient", parent: ParentOrder, market: Market, *, clock: "Clock") -> Means:
    """Read position, cash and book, all at once. Raises as reads do."""
    asked = clock.now()
    position, cash, book = await asyncio.gather(
        client.position(parent.ticker), client.balance(market.exchange_index), client.book(parent.ticker)
    )
    return Means(cash=cash, position=position, seen=BookChanged(at=clock.now(), book=book, confirmed_at=asked))


def objections_to_means(
    means: Means, parent: ParentOrder, market: Market, *, max_slippage: float, environment: str
) -> list[Refused]:
    """Return the objection where not even the cheapest case is covered: all at the opposite best, or at the cap if lower.

    A dearer case is no reason to refuse: prices come nearer, and what is not covered is refused by the venue. Without a
    price to go by there is no objection.
    """
    needs = _needs(means, parent, market, max_slippage)
    if needs is None or needs[0].total <= means.cash:
        return []
    least, shard = needs[0], market.exchange_index
    if environment == "paper":
        hint = "lower --count; `depthwalk paper reset` starts the paper account afresh"
    else:
        hint = f"lower --count, or move cash to shard {shard}: the exchange does not do it for an order over the API"
    return [
        Refused(
            f"shard {shard}, where {market.ticker} is, has {format_money(means.cash)} dollars:"
            f" {format_quantity(least.opening)} contracts at {format_price(least.price)} take"
            f" {format_money(least.total)} with fees",
            hint=hint,
        )
    ]


def notes_on_means(means: Means, parent: ParentOrder, market: Market, *, max_slippage: float) -> tuple[str, ...]:
    """Return a note where the cash covers the cheapest case, but not everything at the cap."""
    needs = _needs(means, parent, market, max_slippage)
    if needs is None or not needs[0].total <= means.cash < needs[1].total:
        return ()
    most = needs[1]
    has = f"shard {market.exchange_index} has {format_money(means.cash)} dollars"
    return (f"{has}: not enough for all at the cap {format_price(most.price)}, {format_money(most.total)} with fees",)


def _needs(means: Means, parent: ParentOrder, market: Market, max_slippage: float) -> tuple[_Need, _Need] | None:
    """Return what the cheapest and the dearest case take; None without a target, or where nothing opens a position."""
    from depthwalk.analysis.benchmarks import cap_price
    from depthwalk.executors.space import BuyerSpace

    closing = min(parent.quantity, max(0, -parent.side.sign * means.position))
    opening = Quantity(parent.quantity - closing)
    space = BuyerSpace.of(parent)
    opposite = space.book(means.seen.book).best_ask
    target = space.traded(opposite) if parent.target is None and opposite is not None else parent.target
    if target is None or not opening:
        return None
    grid = space.traded_grid(market.grid)
    cap, _ = cap_price(parent.action, grid, target=target, limit=parent.limit, max_slippage=max_slippage)
    # In a buyer's prices, which are also what a contract locks, whatever the side.
    dearest = space.traded(cap)
    cheapest = dearest if opposite is None else min(dearest, opposite)

    def need(price: Price) -> _Need:
        takes = opposite is not None and price >= opposite
        total = Money(cost(price, opening) + _fees(market, parent, space.leg(price), opening, is_taker=takes))
        return _Need(price=space.traded(price), opening=opening, total=total)

    return need(cheapest), need(dearest)


def _fees(market: Market, parent: ParentOrder, leg: Price, quantity: Quantity, *, is_taker: bool) -> Money:
    from depthwalk.analysis.fees import estimate

    try:
        return estimate(market.fees, [(leg, quantity)], is_taker, parent.side)
    except DomainError:
        return Money(0)  # a flat table, which the API does not give
