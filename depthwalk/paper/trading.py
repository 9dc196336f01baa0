"""What every paper order book can do and says: orders in, executions and removals out. Values and one protocol, no code.

`matching.py` (every order known) and `shadow.py` (a recorded, aggregated book) both answer to it, so the exchange above does
not know which one it has. Keys name orders: ours are negative, the crowd's are not.
"""

from enum import Enum
from typing import NamedTuple, Protocol

from depthwalk.domain.book import Book
from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.units import Instant, Price, Quantity
from depthwalk.wire.orders import SelfTradePrevention


class Removal(Enum):
    """Why (the rest of) an order left the book, or never rested."""

    CANCELED = "canceled"
    EXPIRED = "expired"
    REMAINDER = "the rest of an immediate order"
    UNFILLABLE = "fill or kill could not be filled whole"
    POST_ONLY = "post only cross"
    SELF_TRADE = "self trade"


class NewOrder(NamedTuple):
    """An order for a book, YES leg. *owner* None is the crowd, whose orders never count as self-trades."""

    key: int
    side: Side
    price: Price
    quantity: Quantity
    owner: str | None = None
    time_in_force: TimeInForce = TimeInForce.GOOD_TILL_CANCELED
    post_only: bool = False
    self_trade: SelfTradePrevention = SelfTradePrevention.TAKER_AT_CROSS
    expires_at: Instant | None = None


class Executed(NamedTuple):
    """A trade. Either key is None where the other party is a displayed quantity and not a known order."""

    at: Instant
    price: Price
    quantity: Quantity
    taker_side: Side
    maker: int | None
    taker: int | None


class Removed(NamedTuple):
    """*quantity* of an order is gone without a trade, and with it the order."""

    at: Instant
    key: int
    quantity: Quantity
    why: Removal


BookEvent = Executed | Removed


class TradingBook(Protocol):
    """One market's book, moved on by being told the time. Commands come at or after the time last advanced to.

    A command returns what happened because of it, in order; `advance` what happened by itself. Commands on an order that does
    not rest raise DomainError.
    """

    def advance(self, now: Instant) -> list[BookEvent]:
        """Let everything up to and including *now* happen."""
        ...

    def submit(self, now: Instant, order: NewOrder) -> list[BookEvent]:
        """Match a new order and let the rest lie, as its time in force says."""
        ...

    def amend(self, now: Instant, key: int, *, price: Price, total: Quantity, expires_at: Instant | None) -> list[BookEvent]:
        """Change a resting order: new price, new total (filled plus wanted, more than filled), new expiry."""
        ...

    def cancel(self, now: Instant, key: int) -> list[BookEvent]:
        """Take a resting order off."""
        ...

    def book(self) -> Book:
        """Return the displayed book, everybody's orders in it."""
        ...

    def ahead(self, key: int) -> Quantity:
        """Return the quantity before a resting order at its own price."""
        ...
