"""A sound book as one run sees it: a buyer's, own orders removed. Says nothing of whether a run may decide on it (`watch.py`).

A busy market sends a hundred books a second, and most change nothing that a run looks at. So what every book is asked for is
read off the YES leg's, and the whole of a seller's book, the mirror, is made only when a decision is due.
"""

from depthwalk.analysis.depth import down_to, up_to
from depthwalk.domain.book import Book, Touch
from depthwalk.domain.order import Side
from depthwalk.domain.units import Instant, Price, Quantity
from depthwalk.executors.space import BuyerSpace


class Sight:
    """One book. *leg* is the YES leg's; *confirmed_at* the latest time at which it surely was the book.

    *touch* and *mid_twice* are a buyer's, None without both sides.
    """

    __slots__ = ("_book", "_leg", "_space", "confirmed_at", "mid_twice", "touch")

    def __init__(self, leg: Book, space: BuyerSpace, confirmed_at: Instant) -> None:
        self._leg, self._space, self.confirmed_at = leg, space, confirmed_at
        self._book: Book | None = None
        self.touch: Touch | None = None
        self.mid_twice: int | None = None
        if leg.bids and leg.asks:
            self.touch = (bid, _), (ask, _) = space.touch((leg.bids[0], leg.asks[0]))
            self.mid_twice = bid + ask

    @property
    def book(self) -> Book:
        """The whole book, as a buyer sees it."""
        if self._book is None:
            self._book = self._space.book(self._leg)
        return self._book

    @property
    def best_bid(self) -> Price | None:
        """The highest bid, or None."""
        return self.book.best_bid if self.touch is None else self.touch[0][0]

    @property
    def best_ask(self) -> Price | None:
        """The lowest ask, or None."""
        return self.book.best_ask if self.touch is None else self.touch[1][0]

    @property
    def spread(self) -> Price | None:
        """Best ask minus best bid, or None without both sides."""
        return None if self.touch is None else Price(self.touch[1][0] - self.touch[0][0])

    def offered(self, cap: Price) -> Quantity:
        """Return what a buyer could take at *cap* or below."""
        if self._space.side is Side.BUY:
            return up_to(self._leg.asks, cap)
        return down_to(self._leg.bids, self._space.leg(cap))

    def queued(self, price: Price) -> Quantity:
        """Return what a buyer's new order at exactly *price* queues behind."""
        return self._leg.queued(self._space.side, self._space.leg(price))
