"""The first usable book of a run turned into what everything later is measured against: target, cap, class, depths."""

from dataclasses import dataclass

from depthwalk.analysis.benchmarks import cap_price
from depthwalk.analysis.depth import liquidity_class, touch, up_to, within
from depthwalk.domain.book import Book
from depthwalk.domain.grid import Grid
from depthwalk.domain.market import Market
from depthwalk.domain.messages import LiquidityRule
from depthwalk.domain.order import Action, Outcome, ParentOrder, Side
from depthwalk.domain.result import Arrival, Depths
from depthwalk.domain.units import CENT, ONE, Duration, Instant, Price


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

    def grid(self, grid: Grid) -> Grid:
        """Turn the YES grid into the buyer's."""
        return grid if self.side is Side.BUY else grid.mirrored()

    def leg(self, price: Price) -> Price:
        """Turn a buyer's price into a YES price, or back: the mapping is its own inverse."""
        return price if self.side is Side.BUY else Price(ONE - price)

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


def arrive(
    parent: ParentOrder,
    market: Market,
    book: Book,
    *,
    at: Instant,
    book_age: Duration,
    max_slippage: float,
    liquidity: LiquidityRule,
) -> Arrival | None:
    """Take the arrival from a buyer's book, own orders removed; None where there is no target to be had.

    The target is the user's, else the opposite best (design, section 6). All prices of the result are the traded side's.
    """
    space = BuyerSpace.of(parent)
    target = parent.target
    if target is None:
        if book.best_ask is None:
            return None
        target = space.traded(book.best_ask)
    cap, origin = cap_price(
        parent.action, space.traded_grid(market.grid), target=target, limit=parent.limit, max_slippage=max_slippage
    )
    bid, ask = space.traded_touch(book)
    ladder = book.asks
    return Arrival(
        at=at,
        bid=bid,
        ask=ask,
        depths=Depths(
            touch=touch(ladder),
            within_1=within(ladder, CENT),
            within_3=within(ladder, 3 * CENT),
            within_5=within(ladder, 5 * CENT),
            within_cap=up_to(ladder, space.traded(cap)),
        ),
        liquidity=liquidity_class(ladder, liquidity),
        book_age=book_age,
        target=target,
        cap=cap,
        cap_origin=origin,
    )
