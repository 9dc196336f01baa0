"""The order book of one market, quoted on the YES leg: bids and asks, best first. Immutable; nothing here knows whose orders.

Kalshi sends bids only, for YES and for NO, in an order one must not rely on: levels are sorted here and a NO bid at q
becomes a YES ask at 1 - q (design, D2).
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import cast

from depthwalk.domain.order import Side
from depthwalk.domain.units import ONE, Price, Quantity, format_price
from depthwalk.errors import DomainError

Level = tuple[Price, Quantity]
"""A price with its total quantity."""

Touch = tuple[Level, Level]
"""The best bid and the best ask."""


class BookState(Enum):
    """What kind of book it is; only a two-sided one has a mid and may be traded on without more thought."""

    TWO_SIDED = "two-sided"
    BIDS_ONLY = "bids only"
    ASKS_ONLY = "asks only"
    EMPTY = "empty"
    LOCKED = "locked"
    CROSSED = "crossed"


def _ordered(levels: Iterable[Level], *, descending: bool) -> tuple[Level, ...]:
    """Sort by price, add up repeated prices, drop empty levels. Raises DomainError on what no book can show."""
    totals: dict[Price, int] = {}
    for price, quantity in levels:
        if quantity < 0 or not 0 <= price <= ONE:
            raise DomainError(f"no book has {quantity / 100:g} contracts at {format_price(price)}")
        # Levels at 0 or 1 dollar are not orders: the venue uses them as markers of an empty side.
        if quantity and 0 < price < ONE:
            totals[price] = totals.get(price, 0) + quantity
    return tuple((price, Quantity(totals[price])) for price in sorted(totals, reverse=descending))


@dataclass(frozen=True, slots=True)
class Book:
    """Bids highest first, asks lowest first, both in YES prices. Build it with `of_levels` or `of_bids`."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]

    @classmethod
    def of_levels(cls, *, bids: Iterable[Level], asks: Iterable[Level]) -> "Book":
        """Build a book from YES bids and YES asks in any order."""
        return cls(_ordered(bids, descending=True), _ordered(asks, descending=False))

    @classmethod
    def of_bids(cls, *, yes: Iterable[Level] | None, no: Iterable[Level] | None) -> "Book":
        """Build a book from the venue's form: YES bids and NO bids, in any order; None is an empty side."""
        asks = ((Price(ONE - price), quantity) for price, quantity in no or ())
        return cls.of_levels(bids=yes or (), asks=asks)

    @property
    def best_bid(self) -> Price | None:
        """The highest bid, or None."""
        return self.bids[0][0] if self.bids else None

    @property
    def best_ask(self) -> Price | None:
        """The lowest ask, or None."""
        return self.asks[0][0] if self.asks else None

    @property
    def mid_twice(self) -> int | None:
        """Best bid plus best ask (twice the mid, so that it stays an integer), or None without both sides."""
        return self.bids[0][0] + self.asks[0][0] if self.bids and self.asks else None

    @property
    def spread(self) -> Price | None:
        """Best ask minus best bid, or None without both sides; not positive where locked or crossed."""
        return Price(self.asks[0][0] - self.bids[0][0]) if self.bids and self.asks else None

    def queued(self, side: Side, price: Price) -> Quantity:
        """Return the quantity at exactly *price*: what a new order on that side queues behind there."""
        levels = self.bids if side is Side.BUY else self.asks
        at = _bid_place(levels, price) if side is Side.BUY else _ask_place(levels, price)
        return levels[at][1] if at < len(levels) and levels[at][0] == price else Quantity(0)

    @property
    def state(self) -> BookState:
        """Say what kind of book it is."""
        if not self.bids:
            return BookState.ASKS_ONLY if self.asks else BookState.EMPTY
        if not self.asks:
            return BookState.BIDS_ONLY
        gap = self.asks[0][0] - self.bids[0][0]
        return BookState.TWO_SIDED if gap > 0 else BookState.LOCKED if gap == 0 else BookState.CROSSED

    def mirrored(self) -> "Book":
        """Return the same book seen from the other outcome: p becomes 1 - p, bids and asks change places."""
        # Calling Price for every level would cost as much again.
        bids, asks = (tuple([(ONE - price, quantity) for price, quantity in side]) for side in (self.asks, self.bids))
        return Book(cast("tuple[Level, ...]", bids), cast("tuple[Level, ...]", asks))

    def with_change(self, side: Side, price: Price, change: int) -> "Book":
        """Return the book after one level has grown or (below 0) shrunk by *change*, which is what a delta of the feed says.

        A level that comes to nothing is gone. Only the changed side is a new tuple.

        Raises:
            DomainError: less than nothing would be left there, so that a change was missed; or no order can have that price.

        """
        if not 0 < price < ONE:
            raise DomainError(f"no book has a level at {format_price(price)}")
        if side is Side.BUY:
            return Book(_changed(self.bids, _bid_place(self.bids, price), price, change), self.asks)
        return Book(self.bids, _changed(self.asks, _ask_place(self.asks, price), price, change))

    def without(self, *, bids: Mapping[Price, int], asks: Mapping[Price, int]) -> "Book | None":
        """Take our own resting quantities out; None where a level is smaller than ours, so the book is older than they."""
        left_bids = _subtract(self.bids, bids) if bids else self.bids
        left_asks = _subtract(self.asks, asks) if asks else self.asks
        return None if left_bids is None or left_asks is None else Book(left_bids, left_asks)


def _falling(level: Level) -> int:
    return -level[0]


def _bid_place(bids: tuple[Level, ...], price: Price) -> int:
    """Return the index at which *price* stands or would be inserted."""
    return bisect_left(bids, -price, key=_falling)


def _ask_place(asks: tuple[Level, ...], price: Price) -> int:
    """Return the index at which *price* stands or would be inserted: a tuple comes before a longer one that begins with it."""
    return bisect_left(asks, (price,))


def _changed(levels: tuple[Level, ...], at: int, price: Price, change: int) -> tuple[Level, ...]:
    """Change the level of *price*, which stands at index *at* or would be inserted there."""
    there = at < len(levels) and levels[at][0] == price
    quantity = levels[at][1] + change if there else change
    if quantity < 0:
        raise DomainError(f"{change / 100:+g} contracts at {format_price(price)} leave {quantity / 100:g}")
    left = list(levels)
    left[at : at + there] = ((price, Quantity(quantity)),) if quantity else ()
    return tuple(left)


def _subtract(levels: tuple[Level, ...], own: Mapping[Price, int]) -> tuple[Level, ...] | None:
    """Take *own* out of a side. What lies beyond the last of it is not looked at: our orders are near the touch."""
    missing = dict(own)
    left: list[Level] = []
    for at, level in enumerate(levels):
        if not missing:
            return tuple(left) + levels[at:]
        price, quantity = level
        if price not in missing:
            left.append(level)
            continue
        rest = quantity - missing.pop(price)
        if rest < 0:
            return None
        if rest:
            left.append((price, Quantity(rest)))
    return None if any(missing.values()) else tuple(left)
