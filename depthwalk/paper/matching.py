"""The price-time engine: one market, every order known, integers throughout. No clock, no randomness, no account, no fees.

An order fills in exactly these cases and in no other:

1. It arrives (or is amended) at a price that reaches the best opposite order: it takes, at the resting orders' prices, best
   price first and at one price oldest first, until it is filled or its limit, or one of its owner's own orders, stops it.
2. It rests, and another arrives that takes it under rule 1, after everything better priced and everything older at its price.

Priority is lost by a new price or a larger total, and kept by a smaller total or a new expiry. An immediate order leaves its
rest canceled. Fill-or-kill trades whole or not at all, except that it counts its owner's orders as volume and may then be
stopped by them (kalshi-api.md section 6.3). Post-only is tested against every opposite order, and once: it does not outlive an
amend, whose crossing price takes. Whole-book matching is instant; nothing models hidden orders, the venue's own latency
between gateway and engine, trade busts, or netting between markets.
"""

import heapq
from bisect import bisect_left, insort
from collections import OrderedDict
from dataclasses import dataclass, field
from math import inf

from depthwalk.domain.book import Book, Level
from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.units import Instant, Price, Quantity, format_quantity
from depthwalk.errors import DomainError
from depthwalk.paper.trading import BookEvent, Executed, NewOrder, Removal, Removed
from depthwalk.wire.orders import SelfTradePrevention


@dataclass(slots=True, eq=False)
class _Order:
    key: int
    side: Side
    price: Price
    remaining: int
    owner: str | None
    self_trade: SelfTradePrevention
    expires_at: Instant | None
    filled: int = 0

    def copy(self) -> "_Order":
        return _Order(
            self.key, self.side, self.price, self.remaining, self.owner, self.self_trade, self.expires_at, self.filled
        )


@dataclass(slots=True, eq=False)
class _Queue:
    """The orders at one price, oldest first."""

    total: int = 0
    orders: OrderedDict[int, _Order] = field(default_factory=OrderedDict)


class _Half:
    """One side of the book. *ranks*: its prices (negated for asks), sorted, so that the best is last."""

    __slots__ = ("_depth", "_levels", "_sign", "best", "queues", "ranks")

    def __init__(self, side: Side) -> None:
        self._sign = side.sign
        self.queues: dict[int, _Queue] = {}
        self.ranks: list[int] = []
        self.best: Price | None = None
        self._levels = self._depth = 0

    def depth(self, levels: int) -> int:
        """Return the quantity on the first *levels* prices, added up only where the side has changed since."""
        if self._levels != levels:
            queues, sign, self._levels, self._depth = self.queues, self._sign, levels, 0
            for rank in self.ranks[-levels:]:
                self._depth += queues[rank * sign].total
        return self._depth

    def _moved(self) -> None:
        self.best = Price(self.ranks[-1] * self._sign) if self.ranks else None

    def fork(self, twin: "_Half", orders: dict[int, _Order]) -> None:
        """Make *twin* like this one, with orders of its own, which are put into *orders* too."""
        twin.ranks, twin.best = self.ranks.copy(), self.best
        for price, queue in self.queues.items():
            copies = OrderedDict((key, order.copy()) for key, order in queue.orders.items())
            twin.queues[price] = _Queue(queue.total, copies)
            orders.update(copies)

    def add(self, order: _Order) -> None:
        self._levels = 0
        queue = self.queues.get(order.price)
        if queue is None:
            queue = self.queues[order.price] = _Queue()
            insort(self.ranks, order.price * self._sign)
            self._moved()
        queue.orders[order.key] = order
        queue.total += order.remaining

    def reduce(self, order: _Order, quantity: int) -> None:
        """Take *quantity* off an order, and the order and its price off the book with the last of it."""
        self._levels = 0
        queue = self.queues[order.price]
        queue.total -= quantity
        order.remaining -= quantity
        if not order.remaining:
            del queue.orders[order.key]
            if not queue.orders:
                del self.queues[order.price]
                del self.ranks[bisect_left(self.ranks, order.price * self._sign)]
                self._moved()

    def within(self, price: int) -> list[Price]:
        """Return the prices a taker of this side reaches with limit *price*, best first."""
        first = bisect_left(self.ranks, price * self._sign)
        return [Price(rank * self._sign) for rank in reversed(self.ranks[first:])]

    def levels(self, count: int | None = None) -> tuple[Level, ...]:
        ranks = self.ranks if count is None else self.ranks[-count:]
        return tuple((Price(rank * self._sign), Quantity(self.queues[rank * self._sign].total)) for rank in reversed(ranks))


class MatchingEngine:
    """A limit order book. Every command returns what happened, in order; nothing is called back."""

    def __init__(self) -> None:
        self._bids, self._asks = _Half(Side.BUY), _Half(Side.SELL)
        self._orders: dict[int, _Order] = {}
        self._expiries: list[tuple[Instant, int]] = []
        self.next_expiry: float = inf
        """When the next order may expire; infinity where none will."""

    def __contains__(self, key: int) -> bool:
        """Say whether an order of that key rests."""
        return key in self._orders

    def fork(self) -> "MatchingEngine":
        """Return an engine of its own with the same orders in the same queues."""
        forked = MatchingEngine()
        forked._expiries, forked.next_expiry = self._expiries.copy(), self.next_expiry
        self._bids.fork(forked._bids, forked._orders)
        self._asks.fork(forked._asks, forked._orders)
        return forked

    def submit(self, now: Instant, order: NewOrder) -> list[BookEvent]:
        """Match *order* and rest what is left of it, as its time in force says.

        Raises:
            DomainError: the key rests already, or the quantity is not more than 0.

        """
        if order.key in self._orders:
            raise DomainError(f"order {order.key} rests already")
        if order.quantity <= 0:
            raise DomainError(f"count {format_quantity(order.quantity)} is not more than 0")
        if order.post_only and self.crosses(order.side, order.price):
            return [Removed(now, order.key, order.quantity, Removal.POST_ONLY)]
        if order.time_in_force is TimeInForce.FILL_OR_KILL and not self._has(order.side, order.price, order.quantity):
            return [Removed(now, order.key, order.quantity, Removal.UNFILLABLE)]
        taker = _Order(order.key, order.side, order.price, order.quantity, order.owner, order.self_trade, order.expires_at)
        events = self._take(now, taker)
        if taker.remaining and not _stopped(events, taker):
            if order.time_in_force is TimeInForce.GOOD_TILL_CANCELED:
                self._rest(taker)
            else:
                events.append(Removed(now, taker.key, Quantity(taker.remaining), Removal.REMAINDER))
        return events

    def amend(self, now: Instant, key: int, *, price: Price, total: Quantity, expires_at: Instant | None) -> list[BookEvent]:
        """Change a resting order to *price*, *total* (filled plus wanted) and *expires_at* (None: none).

        A total equal to what is filled cancels the order.

        Raises:
            DomainError: the order does not rest, or *total* is below what is filled.

        """
        order = self._resting(key)
        wanted = total - order.filled
        if wanted < 0:
            raise DomainError(f"total {format_quantity(total)} is below the {format_quantity(order.filled)} filled")
        if not wanted:
            return self.cancel(now, key)
        half = self._half(order.side)
        order.expires_at = expires_at
        if price == order.price and wanted <= order.remaining:
            half.reduce(order, order.remaining - wanted)
            self._watch(order)
            return []
        self._forget(order)
        order.price, order.remaining = price, wanted
        events = self._take(now, order)
        if order.remaining and not _stopped(events, order):
            self._rest(order)
        return events

    def cancel(self, now: Instant, key: int, why: Removal = Removal.CANCELED) -> list[BookEvent]:
        """Take a resting order off. Raises DomainError where it does not rest."""
        order = self._resting(key)
        removed = Removed(now, key, Quantity(order.remaining), why)
        self._forget(order)
        return [removed]

    def expire(self, now: Instant) -> list[BookEvent]:
        """Take off every order whose expiry is at or before *now*, each at its own time."""
        events: list[BookEvent] = []
        while self._expiries and self._expiries[0][0] <= now:
            at, key = heapq.heappop(self._expiries)
            order = self._orders.get(key)
            # An amended expiry leaves its old entry behind; only the present one counts.
            if order is not None and order.expires_at == at:
                events += self.cancel(at, key, Removal.EXPIRED)
        self._look_ahead()
        return events

    def _look_ahead(self) -> None:
        self.next_expiry = self._expiries[0][0] if self._expiries else inf

    def crosses(self, side: Side, price: Price) -> bool:
        """Say whether an order of *side* at *price* would meet an opposite one."""
        best = self._opposite(side).best
        return best is not None and (price - best) * side.sign >= 0

    @property
    def touch(self) -> tuple[Price | None, Price | None]:
        """The best bid and the best ask."""
        return self._bids.best, self._asks.best

    def depths(self, levels: int) -> tuple[int, int]:
        """Return the quantity on the first *levels* prices of the bids and of the asks."""
        return self._bids.depth(levels), self._asks.depth(levels)

    def beyond(self, side: Side, price: int) -> list[int]:
        """Return the keys of the orders of *side* at strictly better prices than *price*, best price first, oldest first."""
        half = self._half(side)
        if half.best is None or (half.best - price) * side.sign <= 0:
            return []
        limit = price + side.sign
        return [key for at in half.within(limit) for key in half.queues[at].orders]

    def ahead(self, key: int) -> Quantity:
        """Return the quantity that stands before a resting order at its price. Raises DomainError where it does not rest."""
        order = self._resting(key)
        before = 0
        for other in self._half(order.side).queues[order.price].orders.values():
            if other is order:
                break
            before += other.remaining
        return Quantity(before)

    def book(self) -> Book:
        """Return the book by levels."""
        return Book(self._bids.levels(), self._asks.levels())

    def _half(self, side: Side) -> _Half:
        return self._bids if side is Side.BUY else self._asks

    def _opposite(self, side: Side) -> _Half:
        return self._asks if side is Side.BUY else self._bids

    def _resting(self, key: int) -> _Order:
        order = self._orders.get(key)
        if order is None:
            raise DomainError(f"order {key} does not rest")
        return order

    def _rest(self, order: _Order) -> None:
        self._orders[order.key] = order
        self._half(order.side).add(order)
        self._watch(order)

    def _watch(self, order: _Order) -> None:
        if order.expires_at is not None:
            heapq.heappush(self._expiries, (order.expires_at, order.key))
            self._look_ahead()

    def _forget(self, order: _Order) -> None:
        del self._orders[order.key]
        self._half(order.side).reduce(order, order.remaining)

    def _has(self, side: Side, price: Price, quantity: int) -> bool:
        half = self._opposite(side)
        for at in half.within(price):
            quantity -= half.queues[at].total
            if quantity <= 0:
                return True
        return False

    def _take(self, now: Instant, taker: _Order) -> list[BookEvent]:
        events: list[BookEvent] = []
        half = self._opposite(taker.side)
        sign = taker.side.sign
        while taker.remaining and half.ranks:
            best = half.ranks[-1] * -sign
            if (taker.price - best) * sign < 0:
                break
            maker = next(iter(half.queues[best].orders.values()))
            if taker.owner is not None and maker.owner == taker.owner:
                if taker.self_trade is SelfTradePrevention.TAKER_AT_CROSS:
                    events.append(Removed(now, taker.key, Quantity(taker.remaining), Removal.SELF_TRADE))
                    break
                events += self.cancel(now, maker.key, Removal.SELF_TRADE)
                continue
            quantity = min(taker.remaining, maker.remaining)
            taker.remaining -= quantity
            taker.filled += quantity
            maker.filled += quantity
            half.reduce(maker, quantity)
            if not maker.remaining:
                del self._orders[maker.key]
            events.append(Executed(now, Price(best), Quantity(quantity), taker.side, maker.key, taker.key))
        return events


def _stopped(events: list[BookEvent], taker: _Order) -> bool:
    """Say whether a taker was stopped by an order of its own owner."""
    last = events[-1] if events else None
    return isinstance(last, Removed) and last.key == taker.key
