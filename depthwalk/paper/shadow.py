"""Our orders against a recorded, aggregated book (`--flow none`). No account, no fees, no invented traders.

The recorded book stands still between its rows and after the last. An order of ours fills in exactly these cases:

1. **We take.** An arriving (or amended) order that reaches the displayed opposite best takes displayed levels at their prices.
   What we took stays gone until the recorded level is smaller than it: taken = min(taken, new size), so a level that grows
   shows only what was added.
2. **Traded through.** A later row shows an opposite best that reaches or passes our price: our orders fill at our price, best
   price and oldest first, up to the crossing quantity that we have not taken before.
3. **The queue is eaten.** A later row shows our level smaller while it was the best recorded price of its side: the difference
   is read as trades from the front of the queue: first what is ahead of us, then us. A level that shrinks behind the best, or
   in a way that cannot be read, is read as cancels spread evenly, rounded against us (`queue.py`).

A resting order joins behind everything displayed at its price, and again after a new price or a larger total. No fill is ever
derived from a row that is crossed, locked or empty, nor under 3 from the row after one, nor under 3 where our whole side is
gone. The displayed book is shown as recorded, crossed or not: whether to trade on it is the reader's business.

Known lies. Nobody reacts to us: our bids do not draw sellers, our takes do not scare makers. A cancel at the best is read as a
trade, which flatters us; orders of ours that better the recorded best are passed over by the trades behind them, which does
not. Between two rows nothing happens at all, so what came and went is lost. Not for orders above the displayed touch size.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from depthwalk.domain.book import Book, BookState, Level
from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.units import Instant, Price, Quantity, format_quantity
from depthwalk.errors import DomainError
from depthwalk.paper.queue import after_cancels, after_trades
from depthwalk.paper.trading import BookEvent, Executed, NewOrder, Removal, Removed
from depthwalk.wire.orders import SelfTradePrevention

_UNREADABLE = frozenset({BookState.CROSSED, BookState.LOCKED, BookState.EMPTY})


@dataclass(slots=True, eq=False)
class _Order:
    key: int
    side: Side
    price: Price
    remaining: int
    self_trade: SelfTradePrevention
    expires_at: Instant | None
    filled: int = 0
    ahead: int = 0
    turn: int = 0


def _opposite(side: Side) -> Side:
    return Side.SELL if side is Side.BUY else Side.BUY


class _Recorded:
    """One side as recorded, and what we took of it."""

    def __init__(self) -> None:
        self.levels: dict[Price, int] = {}
        self.taken: dict[Price, int] = {}
        self.best: Price | None = None

    def visible(self, price: Price) -> int:
        return self.levels.get(price, 0) - self.taken.get(price, 0)

    def show(self, levels: tuple[Level, ...]) -> None:
        self.levels = dict(levels)
        self.best = levels[0][0] if levels else None
        self.taken = {price: min(gone, self.levels[price]) for price, gone in self.taken.items() if price in self.levels}

    def take(self, price: Price, quantity: int) -> None:
        self.taken[price] = self.taken.get(price, 0) + quantity


class ShadowBook:
    """A recorded book with our orders in it. All orders are ours; *rows* are (time, book), oldest first, at least one."""

    def __init__(self, rows: Iterable[tuple[Instant, Book]]) -> None:
        self._rows = iter(rows)
        self._next = next(self._rows, None)
        if self._next is None:
            raise DomainError("a recording needs at least one book")
        self._sides = {side: _Recorded() for side in Side}
        self._orders: dict[int, _Order] = {}
        self._turns = itertools.count()
        self._readable = False
        self._show(self._next[1])
        self._next = next(self._rows, None)

    def advance(self, now: Instant) -> list[BookEvent]:
        """Play the rows up to *now* and let expiries pass, each at its own time."""
        events: list[BookEvent] = []
        while self._next is not None and self._next[0] <= now:
            at, book = self._next
            events += self._expire(at)
            events += self._row(at, book)
            self._next = next(self._rows, None)
        return events + self._expire(now)

    def submit(self, now: Instant, order: NewOrder) -> list[BookEvent]:
        """Take what is displayed within the limit and rest the remainder, as the time in force says."""
        if order.key in self._orders or order.quantity <= 0:
            raise DomainError(f"order {order.key} of {format_quantity(order.quantity)} cannot be placed")
        if order.post_only and self._crosses(order.side, order.price):
            return [Removed(now, order.key, order.quantity, Removal.POST_ONLY)]
        if order.time_in_force is TimeInForce.FILL_OR_KILL and self._takeable(order.side, order.price) < order.quantity:
            return [Removed(now, order.key, order.quantity, Removal.UNFILLABLE)]
        taker = _Order(order.key, order.side, order.price, order.quantity, order.self_trade, order.expires_at)
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
        return Quantity(min(order.ahead, self._sides[order.side].visible(order.price)) + own)

    # --- our orders ---

    def _resting(self, key: int) -> _Order:
        order = self._orders.get(key)
        if order is None:
            raise DomainError(f"order {key} does not rest")
        return order

    def _rest(self, order: _Order) -> None:
        order.ahead = self._sides[order.side].visible(order.price)
        order.turn = next(self._turns)
        self._orders[order.key] = order

    def _own(self, side: Side) -> list[_Order]:
        """Our resting orders of a side, best price first, oldest first."""
        own = [order for order in self._orders.values() if order.side is side]
        return sorted(own, key=lambda order: (-order.price * side.sign, order.turn))

    def _queue(self, side: Side, price: Price) -> list[_Order]:
        return [order for order in self._own(side) if order.price == price]

    def _displayed(self, side: Side) -> list[Level]:
        recorded = self._sides[side]
        others = [(price, Quantity(recorded.visible(price))) for price in recorded.levels]
        return others + [(order.price, Quantity(order.remaining)) for order in self._own(side)]

    def _reached(self, side: Side, price: Price) -> list[Price]:
        """Displayed opposite prices that an order of *side* at *price* reaches, best first."""
        shown = {at for at, quantity in self._displayed(_opposite(side)) if quantity and (price - at) * side.sign >= 0}
        return sorted(shown, reverse=side is Side.SELL)

    def _crosses(self, side: Side, price: Price) -> bool:
        return bool(self._reached(side, price))

    def _takeable(self, side: Side, price: Price) -> int:
        reached = set(self._reached(side, price))
        return sum(quantity for at, quantity in self._displayed(_opposite(side)) if at in reached)

    def _take(self, now: Instant, taker: _Order) -> list[BookEvent]:
        events: list[BookEvent] = []
        side = _opposite(taker.side)
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

    def _fill_against(self, now: Instant, taker: _Order, price: Price, limit: int, events: list[BookEvent]) -> None:
        """Take at most *limit* of what others show at a price."""
        side = _opposite(taker.side)
        quantity = min(taker.remaining, limit, self._sides[side].visible(price))
        if quantity > 0:
            self._sides[side].take(price, quantity)
            for own in self._queue(side, price):
                own.ahead = max(0, own.ahead - quantity)
            taker.remaining -= quantity
            taker.filled += quantity
            events.append(Executed(now, price, Quantity(quantity), taker.side, None, taker.key))

    def _expire(self, now: Instant) -> list[BookEvent]:
        due = sorted(
            (order.expires_at, order.turn, order.key)
            for order in self._orders.values()
            if order.expires_at is not None and order.expires_at <= now
        )
        return [event for at, _, key in due for event in self.cancel(at, key, Removal.EXPIRED)]

    # --- the recording ---

    def _show(self, book: Book) -> None:
        self._sides[Side.BUY].show(book.bids)
        self._sides[Side.SELL].show(book.asks)
        self._readable = book.state not in _UNREADABLE

    def _row(self, at: Instant, book: Book) -> list[BookEvent]:
        before = {(side, order.price): self._sides[side].visible(order.price) for side in Side for order in self._own(side)}
        bests = {side: self._sides[side].best for side in Side}
        was_readable = self._readable
        self._show(book)
        events: list[BookEvent] = []
        if not self._readable:
            return events
        for (side, price), size in before.items():
            recorded = self._sides[side]
            if was_readable:
                as_trades = price == bests[side] and bool(recorded.levels)
                events += self._shrunk(at, side, price, size, as_trades=as_trades)
            for order in self._queue(side, price):
                # Whatever the reading, nobody can stand behind more than the level shows.
                order.ahead = min(order.ahead, recorded.visible(price))
        for side in Side:
            events += self._through(at, side)
        return events

    def _shrunk(self, at: Instant, side: Side, price: Price, before: int, *, as_trades: bool) -> list[BookEvent]:
        after = min(before, self._sides[side].visible(price))
        queue = self._queue(side, price)
        events: list[BookEvent] = []
        if not as_trades:
            for order in queue:
                order.ahead = after_cancels(min(order.ahead, before), before, after)
            return events
        outcome = after_trades([(order.ahead, order.remaining) for order in queue], before - after)
        for order, (ahead, filled) in zip(queue, outcome, strict=True):
            order.ahead = ahead
            events += self._made(at, order, filled)
        return events

    def _through(self, at: Instant, side: Side) -> list[BookEvent]:
        """Fill our orders of *side* that the other side's recorded prices reach, at our prices."""
        events: list[BookEvent] = []
        other = self._sides[_opposite(side)]
        for order in self._own(side):
            crossing = [price for price in other.levels if (order.price - price) * side.sign >= 0]
            for price in sorted(crossing, reverse=side is Side.SELL):
                quantity = min(order.remaining, other.visible(price))
                if quantity:
                    other.take(price, quantity)
                    events += self._made(at, order, quantity)
        return events

    def _made(self, at: Instant, order: _Order, quantity: int) -> list[BookEvent]:
        if not quantity:
            return []
        order.remaining -= quantity
        order.filled += quantity
        if not order.remaining:
            del self._orders[order.key]
        return [Executed(at, order.price, Quantity(quantity), _opposite(order.side), order.key, None)]
