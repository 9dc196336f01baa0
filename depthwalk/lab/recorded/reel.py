"""A tape wound up for playing: plain lists of integers over the slots of a price grid, once a tape and for all its replays.

Every price of the market's grid has a slot in each half, bids first, better prices later: bids rise, asks fall. So in either
half a higher slot is a better price, and two flat comparisons tell whether a change is near the touch. A trade is a row on a
slot of its own, beyond those of the levels.
"""

from bisect import bisect_right
from functools import lru_cache
from itertools import compress
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from depthwalk.domain.book import Book, Level
from depthwalk.domain.grid import Grid
from depthwalk.domain.units import ONE, Instant, Price
from depthwalk.lab.recorded.tape import Kind, Tape


@lru_cache(maxsize=8)
def prices_of(grid: Grid) -> tuple[Price, ...]:
    """Return every price of a grid, rising."""
    prices, price = [], grid.ceil(0)
    while price is not None:
        prices.append(price)
        price = grid.above(price)
    return tuple(prices)


def _plain(column: NDArray[Any]) -> list[int]:
    found: list[int] = column.tolist()
    return found


def under(levels: list[int], slot: int, begin: int) -> int:
    """Return the last slot before *slot* that has anything, from *begin* on; one before it where none has."""
    slot -= 1
    while slot >= begin and not levels[slot]:
        slot -= 1
    return slot


class Reel:
    """The rows of *tape* as lists: *times*, *slots* and *changes*.

    *count* is how many prices the grid has: slots below it are bids, the next as many asks, twice as many more are trades that
    took from the slot so many below. *prices* has the price of every slot of a level, and *last* is the
    last of those: where the best slots of both halves add up to it, bid and ask are one price.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        rising = prices_of(tape.grid)
        self.count = count = len(rising)
        self.last = 2 * count - 1
        self.prices = rising + rising[::-1]
        self._falling, self._rising = rising[::-1], rising
        self._falling_slots = range(count - 1, -1, -1)
        self.bids = {price: slot for slot, price in enumerate(rising)}
        self.asks = {price: self.last - slot for slot, price in enumerate(rising)}
        ranks = np.zeros(ONE, dtype=np.int64)
        ranks[list(rising)] = range(count)
        ranks = ranks[tape.price]
        sells = (tape.kind == Kind.ASK) | (tape.kind == Kind.BOUGHT)
        slots = np.where(sells, self.last - ranks, ranks) + np.where(tape.kind >= Kind.SOLD, 2 * count, 0)
        self.times, self.slots, self.changes = _plain(tape.at), _plain(slots), _plain(tape.change)
        self._slots = slots
        self.has_trades = tape.has_trades
        first = np.zeros(4 * count, dtype=np.int64)
        for side, found in ((tape.first.bids, self.bids), (tape.first.asks, self.asks)):
            for price, quantity in side:
                first[found[price]] = quantity
        self._first, self._known = first, (0, first.copy())

    def index(self, at: Instant | int) -> int:
        """Return how many rows are at or before a time."""
        return bisect_right(self.times, at)

    def levels(self, index: int) -> list[int]:
        """Return the quantity in every slot after so many rows, and nothing in those of the trades."""
        since, levels = self._known
        if index < since:
            since, levels = 0, self._first.copy()
        np.add.at(levels, self._slots[since:index], self.tape.change[since:index])
        self._known = index, levels
        return _plain(levels[: 2 * self.count]) + [0] * (2 * self.count)

    def bests(self, levels: list[int]) -> tuple[int, int]:
        """Return the best slot of the bids and of the asks that has anything; one before the half's first where it is empty."""
        count = self.count
        bid = next(compress(self._falling_slots, levels[count - 1 :: -1]), -1)
        return bid, count + next(compress(self._falling_slots, levels[self.last : count - 1 : -1]), -1)

    def book(self, levels: list[int]) -> Book:
        """Return the quantities of the slots as a book."""
        bids, asks = levels[self.count - 1 :: -1], levels[self.last : self.count - 1 : -1]
        sides = compress(zip(self._falling, bids, strict=True), bids), compress(zip(self._rising, asks, strict=True), asks)
        # Pairs of a price and a number from the tape: calling Quantity for every level would cost as much again.
        return Book(*(cast("tuple[Level, ...]", tuple(side)) for side in sides))
