"""All that crosses the wall of an executor: events in, intents out. Nothing else does.

Events are facts in the past tense and each carries its time; intents are imperatives. Both are frozen and flat, so that the
journal can store them and a replay can compare them. Prices are YES prices throughout.
"""

from dataclasses import dataclass
from enum import Enum

from depthwalk.domain.book import Book
from depthwalk.domain.market import Market
from depthwalk.domain.order import Fill, ParentOrder, Side, TimeInForce
from depthwalk.domain.units import Duration, Instant, Money, Price, Quantity
from depthwalk.errors import RefusalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidityRule:
    """Taker depth that makes a book liquid or moderate, counted within *within* of the opposite best."""

    liquid: Quantity = Quantity(10_000)
    moderate: Quantity = Quantity(5_000)
    within: Price = Price(300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for every algorithm, from the configuration."""

    max_book_age: Duration = Duration(10_000_000)
    liquidity: LiquidityRule = LiquidityRule()
    max_notional: Money | None = None
    """The most money an execution may put at stake: quantity x what a contract costs at the cap (a seller: 1 - price)."""
    max_notional_name: str = "risk.max_notional"
    """Which limit that is, and where it is set, for who is refused."""


class Operation(Enum):
    """A write."""

    CREATE = "create"
    AMEND = "amend"
    CANCEL = "cancel"


class Look(Enum):
    """What to read before waking the executor."""

    NOTHING = "nothing"
    ORDERS = "orders"
    BOOK = "book"
    """The account's resting orders in the market, then the book."""
    EVERYTHING = "everything"
    """Every order of ours in the market, whatever became of it, then the book: the last look after a doubt."""
    TAPE = "tape"
    """As BOOK, and before it the public trades since the last such look."""

    @property
    def shows_book(self) -> bool:
        """Whether the book is read."""
        return self in (Look.BOOK, Look.EVERYTHING, Look.TAPE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicTrade:
    """A trade. *at* by the venue's clock; *price* on the YES leg, *taker* the side of the YES leg that took."""

    trade_id: str
    at: Instant
    price: Price
    quantity: Quantity
    taker: Side


# --- events ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The run begins: the first event, always. *notes* are decisions taken before it, as why another algorithm runs."""

    at: Instant
    parent: ParentOrder
    market: Market
    rules: Rules
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignOrder:
    """A resting order of the account that does not belong to this parent."""

    side: Side
    price: Price
    quantity: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class BookChanged:
    """A book was read, everybody's orders in it. *confirmed_at*: the latest time at which it surely was the book."""

    at: Instant
    book: Book
    confirmed_at: Instant
    foreign: tuple[ForeignOrder, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeRead:
    """The public trades since the last time they were read, oldest first, each once; empty: none.

    Left out are block trades, which do not touch the book, and the account's own (design, D16). A trade comes once the venue
    says that its list of fills is newer: until then it may be our own. The first reading has nothing older than the run, or
    than the process that carries it on; where the tape cannot be read there is no such event.
    """

    at: Instant
    trades: tuple[PublicTrade, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAccepted:
    """The venue took the order: *filled* of it at once, *remaining* rests (0: executed, or the rest was canceled)."""

    at: Instant
    client_id: str
    order_id: str
    filled: Quantity
    remaining: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRejected:
    """A definite no: nothing was placed."""

    at: Instant
    client_id: str
    reason: RefusalReason
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilled:
    """One fill of a child; the same fill_id never comes twice."""

    at: Instant
    client_id: str
    fill: Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAmended:
    """The amend stands: new price, new total (filled plus wanted); *filled* is the venue's total so far, where known."""

    at: Instant
    client_id: str
    price: Price
    total: Quantity
    filled: Quantity | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendRejected:
    """A definite no to an amend: the order is as it was, or is gone; it is read again."""

    at: Instant
    client_id: str
    reason: RefusalReason
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCanceled:
    """The order is off the book for good; *filled* is the venue's final total. Not *asked*: somebody else's doing.

    *final*: the total was read from the ended order, and stands against what replies let one conclude.
    """

    at: Instant
    client_id: str
    filled: Quantity
    detail: str = ""
    asked: bool = True
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRejected:
    """The venue did not find an order to cancel. That does not say canceled: it is read again and fills decide."""

    at: Instant
    client_id: str
    reason: RefusalReason
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderExpired:
    """The order's expiration time passed and the venue took it off; *filled* is the venue's final total."""

    at: Instant
    client_id: str
    filled: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderInDoubt:
    """The reply to a write is lost; *hopeless* once the bound of settling it has passed in vain."""

    at: Instant
    client_id: str
    operation: Operation
    detail: str
    hopeless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Woke:
    """The time asked for has come, and *look* has been delivered before this, or failed (FeedLost)."""

    at: Instant
    look: Look = Look.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLost:
    """A look failed: the book or the orders could not be read."""

    at: Instant
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRestored:
    """Looks succeed again."""

    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketClosed:
    """The market or the exchange no longer takes orders."""

    at: Instant
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketChanged:
    """The market was read again and differs: another grid, another close, another status."""

    at: Instant
    market: Market


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """Another process carries the run on after a crash: the time since the last event before this does not count."""

    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovering:
    """Another process settles what a crash or a doubt left: cancel, confirm, record, finish. Nothing is sent any more."""

    at: Instant
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRequested:
    """The user, a signal or a limit wants the run to end: cancel, confirm, finish."""

    at: Instant
    detail: str


Event = (
    Started
    | BookChanged
    | TapeRead
    | OrderAccepted
    | OrderRejected
    | OrderFilled
    | OrderAmended
    | AmendRejected
    | OrderCanceled
    | CancelRejected
    | OrderExpired
    | OrderInDoubt
    | Woke
    | FeedLost
    | FeedRestored
    | MarketClosed
    | MarketChanged
    | Resumed
    | Recovering
    | StopRequested
)


# --- intents --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitOrder:
    """Send a new child order. *expires_at* (our clock) only for GOOD_TILL_CANCELED."""

    client_id: str
    split: int
    side: Side
    price: Price
    quantity: Quantity
    time_in_force: TimeInForce
    post_only: bool = False
    expires_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendOrder:
    """Change a child in place. *total* counts what is already filled; *expires_at* None keeps the present one."""

    client_id: str
    price: Price
    total: Quantity
    expires_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder:
    """Take a child off the book."""

    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeAt:
    """Wake me at that time, after the look; a later WakeAt replaces an earlier one."""

    at: Instant
    look: Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A decision, for people and the report: *what* in one word (place, walk, hold, cross, close, …) and *why*.

    *split* counts from 1; prices are YES prices; None where they do not apply. *book_age* is the age of the book the
    decision was taken on.
    """

    what: str
    why: str
    split: int | None = None
    price: Price | None = None
    previous: Price | None = None
    book_age: Duration | None = None


class Reason(Enum):
    """Why a run ended."""

    FILLED = "filled"
    HORIZON = "horizon"
    STOPPED = "stopped"
    RECOVERED = "recovered"
    MARKET_CLOSED = "market_closed"
    REFUSED = "refused"
    REJECTED = "rejected"
    NO_BOOK = "no_usable_book"
    IN_DOUBT = "in_doubt"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The run is over and every child is terminal (or in doubt for good, reason IN_DOUBT)."""

    reason: Reason
    detail: str = ""


Intent = SubmitOrder | AmendOrder | CancelOrder | WakeAt | Record | Finish
