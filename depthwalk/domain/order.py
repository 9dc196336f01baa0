"""Orders: what the user asked for (parent), what we send (child), what happened (fill), and which status may follow which.

Two rules: all status logic of a child order is the table TRANSITIONS; and rows that look impossible stay, because venues
do them (a fill reported after a cancel, a cancel that lands on a filled order).
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from depthwalk.domain.units import ONE, Instant, Money, Price, Quantity, format_price, format_quantity
from depthwalk.errors import DomainError, IllegalTransition


class Side(Enum):
    """Side of the YES leg, as the venue's V2 orders have it."""

    BUY = "bid"
    SELL = "ask"

    def __init__(self, value: str) -> None:
        self.sign: Final = 1 if value == "bid" else -1
        """+1 for a buyer, -1 for a seller: paying more is worse times this."""


class Outcome(Enum):
    """The contract the user names."""

    YES = "yes"
    NO = "no"


class Action(Enum):
    """What the user does with it."""

    BUY = "buy"
    SELL = "sell"


class TimeInForce(Enum):
    """How long an order stays, in the venue's words."""

    GOOD_TILL_CANCELED = "good_till_canceled"
    IMMEDIATE_OR_CANCEL = "immediate_or_cancel"
    FILL_OR_KILL = "fill_or_kill"


class OrderStatus(Enum):
    """Where a child order stands. PENDING, AMENDING, CANCELING: a request is out and unanswered."""

    PENDING = "pending"
    RESTING = "resting"
    AMENDING = "amending"
    CANCELING = "canceling"
    IN_DOUBT = "in doubt"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"

    def __init__(self, value: str) -> None:
        self.terminal: Final = value in {"filled", "canceled", "expired", "rejected"}
        """Whether no more of it can be filled, as far as the venue has told us."""


_S = OrderStatus

TRANSITIONS: dict[OrderStatus, frozenset[OrderStatus]] = {
    _S.PENDING: frozenset({_S.RESTING, _S.FILLED, _S.CANCELED, _S.EXPIRED, _S.REJECTED, _S.IN_DOUBT}),
    # Read as resting while a further cancel of it was under way, whose reply is then lost.
    _S.RESTING: frozenset({_S.AMENDING, _S.CANCELING, _S.FILLED, _S.CANCELED, _S.EXPIRED, _S.IN_DOUBT}),
    _S.AMENDING: frozenset({_S.RESTING, _S.FILLED, _S.CANCELED, _S.EXPIRED, _S.IN_DOUBT}),
    # A cancel that the venue does not find leaves the order as it was until it is read again.
    _S.CANCELING: frozenset({_S.RESTING, _S.FILLED, _S.CANCELED, _S.EXPIRED, _S.IN_DOUBT}),
    # Doubt ends wherever the venue says; a cancel may be sent out of doubt, one can always get out.
    _S.IN_DOUBT: frozenset({_S.RESTING, _S.CANCELING, _S.FILLED, _S.CANCELED, _S.EXPIRED, _S.REJECTED}),
    # The venue reports a late fill after the cancel's reply: the order turns out to have been filled whole.
    _S.CANCELED: frozenset({_S.FILLED}),
    _S.EXPIRED: frozenset({_S.FILLED}),
    _S.FILLED: frozenset(),
    # An order that was written off as never arrived turns up after all.
    _S.REJECTED: frozenset({_S.RESTING, _S.FILLED, _S.CANCELED}),
}


def check_transition(old: OrderStatus, new: OrderStatus, order: str) -> None:
    """Raise IllegalTransition where *new* may not follow *old*; *order* names the order in the message."""
    if new not in TRANSITIONS[old]:
        raise IllegalTransition(f"order {order} cannot go from {old.value} to {new.value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentOrder:
    """What the user asked for, in the user's words: outcome, action, prices of that outcome.

    *target* and *limit* are prices of *outcome*; None where not given. *quantity* is the number requested, > 0.
    """

    parent_id: str
    ticker: str
    outcome: Outcome
    action: Action
    quantity: Quantity
    target: Price | None = None
    limit: Price | None = None

    def __post_init__(self) -> None:
        if self.quantity <= 0:
            raise DomainError(f"count {format_quantity(self.quantity)} is not more than 0")
        for name, price in (("target", self.target), ("limit", self.limit)):
            if price is not None and not 0 < price < ONE:
                raise DomainError(f"{name} {format_price(price)} is not between 0 and 1 dollar")

    @property
    def side(self) -> Side:
        """The side of the YES leg: buying YES and selling NO are the same thing."""
        return Side.BUY if (self.outcome is Outcome.YES) == (self.action is Action.BUY) else Side.SELL

    def own_price(self, leg_price: Price) -> Price:
        """Turn a YES price into a price of the user's outcome."""
        return leg_price if self.outcome is Outcome.YES else Price(ONE - leg_price)

    @property
    def child_prefix(self) -> str:
        """What the client order ids of this parent's children begin with, and nobody else's."""
        return f"dw-{self.parent_id}-"

    def child_id(self, sequence: int) -> str:
        """Return the client order id of the child number *sequence*: at most 64 of [A-Za-z0-9_-]."""
        return f"{self.child_prefix}{sequence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution of ours, as the venue booked it. Price on the YES leg; *fee* is what it charged (>= 0).

    *fill_id* is the id of the trade too, by which the public tape has it (kalshi-api.md section 7.1).
    """

    fill_id: str
    order_id: str
    price: Price
    quantity: Quantity
    is_taker: bool
    fee: Money
    at: Instant
