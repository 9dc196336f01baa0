"""How one parent's prices map onto a buyer's, so that no algorithm has two code paths for two sides."""

from dataclasses import dataclass
from typing import cast

from depthwalk.domain.book import Book, Touch
from depthwalk.domain.grid import Grid
from depthwalk.domain.order import Action, Outcome, ParentOrder, Side
from depthwalk.domain.units import ONE, Price


@dataclass(frozen=True, slots=True)
class BuyerSpace:
    """How one parent's prices map onto a buyer's: a seller of the YES leg sees the mirrored book and buys there.

    Three kinds of price meet here: *leg* (YES, what the venue is sent), *buyer* (what algorithms think in, where paying
    more is always worse) and *traded* (the user's outcome and action). No algorithm knows about the other two.
    """

    side: Side
    action: Action
    outcome: Outcome

    @classmethod
    def of(cls, parent: ParentOrder) -> "BuyerSpace":
        """Return the mapping for a parent."""
        return cls(parent.side, parent.action, parent.outcome)

    def book(self, book: Book) -> Book:
        """Turn a YES book into the buyer's."""
        return book if self.side is Side.BUY else book.mirrored()

    def touch(self, touch: Touch) -> Touch:
        """Turn the best bid and the best ask of a YES book into the buyer's."""
        if self.side is Side.BUY:
            return touch
        (bid, bid_size), (ask, ask_size) = touch
        return cast("Touch", ((ONE - ask, ask_size), (ONE - bid, bid_size)))

    def grid(self, grid: Grid) -> Grid:
        """Turn the YES grid into the buyer's."""
        return grid if self.side is Side.BUY else grid.mirrored()

    def leg(self, price: Price) -> Price:
        """Turn a buyer's price into a YES price, or back: the mapping is its own inverse."""
        return price if self.side is Side.BUY else Price(ONE - price)

    def twice(self, leg: int) -> int:
        """Turn twice a mid of the YES leg into twice the mid as a buyer sees it, or back."""
        return leg if self.side is Side.BUY else 2 * ONE - leg

    def traded(self, price: Price) -> Price:
        """Turn a buyer's price into a price of what the user trades, or back."""
        return price if self.action is Action.BUY else Price(ONE - price)

    def traded_touch(self, book: Book) -> tuple[Price | None, Price | None]:
        """Return best bid and ask of a buyer's book in the prices of what the user trades."""
        low = None if book.best_bid is None else self.traded(book.best_bid)
        high = None if book.best_ask is None else self.traded(book.best_ask)
        return (low, high) if self.action is Action.BUY else (high, low)

    def traded_twice(self, twice: int) -> int:
        """Turn twice a buyer's mid into twice the mid of what the user trades."""
        return twice if self.action is Action.BUY else 2 * ONE - twice

    def traded_grid(self, grid: Grid) -> Grid:
        """Turn the YES grid into the grid of the user's outcome."""
        return grid if self.outcome is Outcome.YES else grid.mirrored()

    def from_own_best(self, offset: float) -> str:
        """Say how far from the own side's best price a rung is, in cents, in the user's words: "bid +1.10c", "ask -1.10c"."""
        return f"bid {offset:+.2f}c" if self.action is Action.BUY else f"ask {0.0 - offset:+.2f}c"
