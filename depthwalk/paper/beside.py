"""Our orders beside displayed levels: what every recorded book has in common. No recording, no queue model, no account.

A recorded book says how much lies at a price and not whose it is, so all known orders are ours. What is here: an arriving
order takes what is displayed within its limit, its rest lies behind everything displayed at its price, a better opposite price
fills it, an expiry ends it. When the display changes, and what that says about the queue ahead of us, is the business of
whoever plays the recording: `shadow.py` (rows) and the laboratory's recorded book (single changes).
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from depthwalk.domain.book import Book, Level
from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.units import Instant, Price, Quantity, format_quantity
from depthwalk.errors import DomainError
from depthwalk.paper.trading import BookEvent, Executed, NewOrder, Removal, Removed
from depthwalk.wire.orders import SelfTradePrevention


@dataclass(slots=True, eq=False)
class OwnOrder:
    """An order of ours. *ahead*: what others have before it at its price; *turn* grows with the time it joined."""

    key: int
    side: Side
    price: Price
    remaining: int
    self_trade: SelfTradePrevention
    expires_at: Instant | None
    filled: int = 0
    ahead: int = 0
    turn: int = 0


class Displayed(Protocol):
    """One side as recorded, less what we took of it."""

    def visible(self, price: Price) -> int:
        """Return what is left at a price."""
        ...

    def take(self, price: Price, quantity: int) -> None:
        """Remember that we took some of it."""
        ...

    def within(self, limit: Price) -> list[Price]:
        """Return the recorded prices that an order of the other side reaches at *limit*, best first."""
        ...

    def levels(self) -> list[Level]:
        """Return what is left at every recorded price; an empty level may be among them."""
        ...


def opposite(side: Side) -> Side:
    """Return the other side."""
    return Side.SELL if side is Side.BUY else Side.BUY


class BesideBook:
    """The commands of a `TradingBook` over two displayed sides. Who inherits it adds `advance`."""

    def __init__(self, sides: Mapping[Side, Displayed]) -> None:
        self._displays = sides
        self._orders: dict[int, OwnOrder] = {}
        self._turns = itertools.count()

    def submit(self, now: Instant, order: NewOrder) -> list[BookEvent]:
        """Take what is displayed within the limit and rest the remainder, as the time in force says."""
        if order.key in self._orders or order.quantity <= 0:
            raise DomainError(f"order {order.key} of {format_quantity(order.quantity)} cannot be placed")
        if order.post_only and self._reached(order.side, order.price):
            return [Removed(now, order.key, order.quantity, Removal.POST_ONLY)]
        if order.time_in_force is TimeInForce.FILL_OR_KILL and self._takeable(order.side, order.price) < order.quantity:
            return [Removed(now, order.key, order.quantity, Removal.UNFILLABLE)]
        taker = OwnOrder(order.key, order.side, order.price, order.quantity, order.self_trade, order.expires_at)
        events = self._take(now, taker)
        if taker.remaining:
            if order.time_in_force is TimeInForce.GOOD_TILL_CANCELED:
                self._rest(taker)
            else:
                events.append(Removed(now, taker.key, Quantity(taker.remaining), Removal.REMAINDER))
        return events

    def amend(self, now: Instant, key: int, *, price: Price, total: Quantity, expires_at: Instant | None) -> list[BookEvent]:
        """Change a resting order as `MatchingEngine.amend` does: same priorities, same refusals."""
        order = self._resting(key)
        wanted = total - order.filled
        if wanted < 0:
            raise DomainError(f"total {format_quantity(total)} is below the {format_quantity(order.filled)} filled")
        if not wanted:
            return self.cancel(now, key)
        order.expires_at = expires_at
        if price == order.price and wanted <= order.remaining:
            order.remaining = wanted
            return []
        del self._orders[key]
        order.price, order.remaining = price, wanted
        events = self._take(now, order)
        if order.remaining:
            self._rest(order)
        return events

    def cancel(self, now: Instant, key: int, why: Removal = Removal.CANCELED) -> list[BookEvent]:
        """Take a resting order off. Raises DomainError where it does not rest."""
        order = self._resting(key)
        del self._orders[key]
        return [Removed(now, key, Quantity(order.remaining), why)]

    def book(self) -> Book:
        """Return the recorded book less what we took, plus our resting orders."""
        return Book.of_levels(bids=self._displayed(Side.BUY), asks=self._displayed(Side.SELL))

    def ahead(self, key: int) -> Quantity:
        """Return the quantity before a resting order at its price, our own older orders included."""
        order = self._resting(key)
        own = sum(other.remaining for other in self._queue(order.side, order.price) if other.turn < order.turn)
        return Quantity(min(order.ahead, self._displays[order.side].visible(order.price)) + own)

    # --- our orders ---

    def _resting(self, key: int) -> OwnOrder:
        order = self._orders.get(key)
        if order is None:
            raise DomainError(f"order {key} does not rest")
        return order

    def _rest(self, order: OwnOrder) -> None:
        order.ahead = self._displays[order.side].visible(order.price)
        order.turn = next(self._turns)
        self._orders[order.key] = order

    def _own(self, side: Side) -> list[OwnOrder]:
        """Our resting orders of a side, best price first, oldest first."""
        own = [order for order in self._orders.values() if order.side is side]
        return sorted(own, key=lambda order: (-order.price * side.sign, order.turn))

    def _queue(self, side: Side, price: Price) -> list[OwnOrder]:
        return [order for order in self._own(side) if order.price == price]

    def _displayed(self, side: Side) -> list[Level]:
        return self._displays[side].levels() + [(order.price, Quantity(order.remaining)) for order in self._own(side)]

    def _made(self, at: Instant, order: OwnOrder, quantity: int) -> list[BookEvent]:
        """Fill a resting order."""
        if not quantity:
            return []
        order.remaining -= quantity
        order.filled += quantity
        if not order.remaining:
            del self._orders[order.key]
        return [Executed(at, order.price, Quantity(quantity), opposite(order.side), order.key, None)]

    def _expire(self, now: Instant) -> list[BookEvent]:
        due = sorted(
            (order.expires_at, order.turn, order.key)
            for order in self._orders.values()
            if order.expires_at is not None and order.expires_at <= now
        )
        return [event for at, _, key in due for event in self.cancel(at, key, Removal.EXPIRED)]

    # --- meeting the other side ---

    def _reached(self, side: Side, price: Price) -> list[Price]:
        """Displayed opposite prices that an order of *side* at *price* reaches, best first."""
        other = opposite(side)
        shown = {at for at in self._displays[other].within(price) if self._displays[other].visible(at)}
        shown |= {own.price for own in self._orders.values() if own.side is other and (price - own.price) * side.sign >= 0}
        return sorted(shown, reverse=side is Side.SELL)

    def _takeable(self, side: Side, price: Price) -> int:
        other = opposite(side)
        display, own = self._displays[other], self._own(other)
        others = sum(self._offered(other, at, display.visible(at)) for at in display.within(price))
        return others + sum(order.remaining for order in own if (price - order.price) * side.sign >= 0)

    def _take(self, now: Instant, taker: OwnOrder) -> list[BookEvent]:
        events: list[BookEvent] = []
        side = opposite(taker.side)
        for price in self._reached(taker.side, taker.price):
            for own in self._queue(side, price):
                self._fill_against(now, taker, price, own.ahead, events)
                if taker.remaining and taker.self_trade is SelfTradePrevention.TAKER_AT_CROSS:
                    events.append(Removed(now, taker.key, Quantity(taker.remaining), Removal.SELF_TRADE))
                    taker.remaining = 0
                elif taker.remaining:
                    events += self.cancel(now, own.key, Removal.SELF_TRADE)
            self._fill_against(now, taker, price, taker.remaining, events)
            if not taker.remaining:
                break
        return events

    def _offered(self, side: Side, price: Price, wanted: int) -> int:
        """Return how much of the *wanted* quantity we get of what others show at a price."""
        return min(wanted, self._displays[side].visible(price))

    def _fill_against(self, now: Instant, taker: OwnOrder, price: Price, limit: int, events: list[BookEvent]) -> None:
        """Take at most *limit* of what others show at a price."""
        side = opposite(taker.side)
        quantity = self._offered(side, price, min(taker.remaining, limit))
        if quantity > 0:
            self._displays[side].take(price, quantity)
            for own in self._queue(side, price):
                own.ahead = max(0, own.ahead - quantity)
            taker.remaining -= quantity
            taker.filled += quantity
            events.append(Executed(now, price, Quantity(quantity), taker.side, None, taker.key))

    def _through(self, at: Instant, side: Side) -> list[BookEvent]:
        """Fill our orders of *side* that the other side's recorded prices reach, at our prices."""
        events: list[BookEvent] = []
        other = self._displays[opposite(side)]
        for order in self._own(side):
            for price in other.within(order.price):
                quantity = self._offered(opposite(side), price, order.remaining)
                if quantity > 0:
                    other.take(price, quantity)
                    events += self._made(at, order, quantity)
        return events
