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

from collections.abc import Iterable

from depthwalk.domain.book import Book, BookState, Level
from depthwalk.domain.order import Side
from depthwalk.domain.units import Instant, Price, Quantity
from depthwalk.errors import DomainError
from depthwalk.paper.beside import BesideBook
from depthwalk.paper.queue import after_cancels, after_trades
from depthwalk.paper.trading import BookEvent

_UNREADABLE = frozenset({BookState.CROSSED, BookState.LOCKED, BookState.EMPTY})


class _Recorded:
    """One side as recorded, and what we took of it."""

    def __init__(self, side: Side) -> None:
        self._sign = side.sign
        self._levels: dict[Price, int] = {}
        self._taken: dict[Price, int] = {}
        self.best: Price | None = None

    def visible(self, price: Price) -> int:
        return self._levels.get(price, 0) - self._taken.get(price, 0)

    def within(self, limit: Price) -> list[Price]:
        return sorted((at for at in self._levels if (at - limit) * self._sign >= 0), reverse=self._sign > 0)

    def levels(self) -> list[Level]:
        return [(price, Quantity(self.visible(price))) for price in self._levels]

    def show(self, levels: tuple[Level, ...]) -> None:
        self._levels = dict(levels)
        self.best = levels[0][0] if levels else None
        self._taken = {price: min(gone, self._levels[price]) for price, gone in self._taken.items() if price in self._levels}

    def take(self, price: Price, quantity: int) -> None:
        self._taken[price] = self._taken.get(price, 0) + quantity


class ShadowBook(BesideBook):
    """A recorded book with our orders in it. All orders are ours; *rows* are (time, book), oldest first, at least one."""

    def __init__(self, rows: Iterable[tuple[Instant, Book]]) -> None:
        self._rows = iter(rows)
        self._next = next(self._rows, None)
        if self._next is None:
            raise DomainError("a recording needs at least one book")
        self._sides = {side: _Recorded(side) for side in Side}
        super().__init__(self._sides)
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
                as_trades = price == bests[side] and recorded.best is not None
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
