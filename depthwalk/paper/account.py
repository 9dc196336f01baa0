"""One paper account: cash, signed positions, money reserved for resting orders. No orders' lives, no matching, no fee formula.

A position is one signed number a market: positive YES, negative NO. An opening bid at p locks p a contract, an opening ask
1 - p; what closes a position locks nothing and frees cash when it fills (kalshi-api.md sections 3.2 and 6.3). Of several
resting orders of a side the one that would fill first closes first.

Not modelled: netting across the markets of an event, shards, subaccounts, settlement. A maker fee (charged by some series)
is not locked beforehand, so such a fill can take the last cent and a little more.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from depthwalk.domain.order import Side
from depthwalk.domain.units import ONE, Money, Price, Quantity
from depthwalk.wire.scalars import NO_MONEY

STARTING_CASH = Money(10_000_000_000)
"""What a fresh paper account holds: $10,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionState:
    """One market's position. *cost* is what the open part cost, *traded* the money of all fills, *realized* excludes fees."""

    ticker: str
    quantity: Quantity = Quantity(0)
    cost: Money = NO_MONEY
    realized: Money = NO_MONEY
    traded: Money = NO_MONEY
    fees: Money = NO_MONEY


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """An account as plain values, to be kept between runs. Resting orders are not part of it: they end with the exchange."""

    cash: Money = STARTING_CASH
    positions: tuple[PositionState, ...] = ()


class Commitment(NamedTuple):
    """A resting (or wished-for) order as far as money goes: *quantity* is what remains of it."""

    side: Side
    price: Price
    quantity: Quantity


def unit_price(side: Side, price: Price) -> int:
    """Return what opening one contract costs: p for a bid, 1 - p for an ask."""
    return price if side is Side.BUY else ONE - price


def locked(opening: Iterable[tuple[Side, Price, int]]) -> Money:
    """Return what parts of orders that open a position lock."""
    return Money(sum(quantity * unit_price(side, price) for side, price, quantity in opening))


class Account:
    """The books of one account; every amount is exact."""

    def __init__(self, state: AccountState | None = None) -> None:
        given = state or AccountState()
        self.cash = given.cash
        self._positions = {position.ticker: position for position in given.positions}

    def state(self) -> AccountState:
        """Return the account as plain values, positions by ticker."""
        return AccountState(cash=self.cash, positions=tuple(self._positions[name] for name in sorted(self._positions)))

    def position(self, ticker: str) -> PositionState:
        """Return the position in a market, empty where there was never one."""
        return self._positions.get(ticker) or PositionState(ticker=ticker)

    def held(self, ticker: str) -> Quantity:
        """Return the contracts held in a market; below 0 for NO."""
        found = self._positions.get(ticker)
        return Quantity(0) if found is None else found.quantity

    def positions(self) -> list[PositionState]:
        """Return every position ever held, by ticker."""
        return [self._positions[ticker] for ticker in sorted(self._positions)]

    def reserved(self, ticker: str, orders: Iterable[Commitment]) -> Money:
        """Return what all the resting orders of one market lock together."""
        return locked(self.opening(ticker, orders))

    def opening(self, ticker: str, orders: Iterable[Commitment]) -> list[tuple[Side, Price, int]]:
        """Return the parts of orders that open a position, as (side, price, quantity), dearest first."""
        held = self.held(ticker)
        closer, closing = (Side.SELL, held) if held > 0 else (Side.BUY, -held)
        parts: list[tuple[Side, Price, int]] = []
        for side, price, quantity in sorted(orders, key=lambda one: -unit_price(one.side, one.price)):
            opens: int = quantity
            if side is closer:
                opens = max(0, quantity - closing)
                closing -= quantity - opens
            if opens:
                parts.append((side, price, opens))
        return parts

    def fill(self, ticker: str, side: Side, price: Price, quantity: Quantity, fee: Money) -> None:
        """Book a fill: close what it closes, open the rest, pay the fee."""
        old = self.position(ticker)
        against = -side.sign * old.quantity
        closes = min(quantity, max(0, against))
        opens = quantity - closes
        # Closing a bid of ours means selling YES at p; closing NO means giving up 1 - p of a dollar that was locked whole.
        proceeds = closes * (ONE - unit_price(side, price))
        spent = opens * unit_price(side, price)
        share = old.cost * closes // abs(old.quantity) if closes else 0
        self.cash = Money(self.cash + proceeds - spent - fee)
        self._positions[ticker] = replace(
            old,
            quantity=Quantity(old.quantity + side.sign * quantity),
            cost=Money(old.cost - share + spent),
            realized=Money(old.realized + proceeds - share),
            traded=Money(old.traded + proceeds + spent),
            fees=Money(old.fees + fee),
        )
