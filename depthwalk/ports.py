"""The doors of the runner and of the recorder: exchange, journal, view, store. Protocols and the values they pass, no code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from depthwalk.domain.book import Book
from depthwalk.domain.market import Market
from depthwalk.domain.messages import AmendOrder, Event, Intent, PublicTrade, Record, SubmitOrder
from depthwalk.domain.order import Fill, OrderStatus, Side
from depthwalk.domain.result import ApiUsage, ExecutionResult, RunSnapshot
from depthwalk.domain.units import Duration, Instant, Money, Price, Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitReply:
    """The venue's answer to a create. *remaining* 0 with *filled* short of the quantity: the rest was canceled."""

    order_id: str
    filled: Quantity
    remaining: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendReply:
    """The venue's answer to an amend; *remaining* after the match is None where the venue does not say."""

    order_id: str
    remaining: Quantity | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelReply:
    """The venue's answer to a cancel: the quantity it took off the book."""

    order_id: str
    reduced_by: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReport:
    """An order as the venue lists it. *status* is one of RESTING, CANCELED, FILLED; *price* is the YES limit price."""

    order_id: str
    client_id: str
    ticker: str
    side: Side
    price: Price
    status: OrderStatus
    filled: Quantity
    remaining: Quantity
    created_at: Instant | None = None
    expires_at: Instant | None = None

    @property
    def total(self) -> Quantity:
        """What it has filled and what is left of it: fills do not change it."""
        return Quantity(self.filled + self.remaining)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeStatus:
    """Whether the exchange (of one shard) is up and takes orders; *resumes_at*: when it expects to, while it does not."""

    exchange_active: bool
    trading_active: bool
    resumes_at: Instant | None = None


class Exchange(Protocol):
    """What execution needs of a venue, live or paper.

    Reads raise Unreachable, Throttled, NotAuthorized or NotFound. Writes raise OrderRefused for a definite no and InDoubt
    where the reply is lost; the client repeats them only after a 429, which says that nothing was done.
    """

    @property
    def usage(self) -> ApiUsage:
        """Requests sent and tokens spent so far."""
        ...

    @property
    def server_offset(self) -> Duration | None:
        """Server time minus our clock, from the latest `Date` header; None before the first reply. Good to a second."""
        ...

    async def market(self, ticker: str) -> Market:
        """Read a market with its grid and fee schedule."""
        ...

    async def market_again(self, market: Market) -> Market:
        """Read a market once more in one request: its fee schedule stays as it was read."""
        ...

    async def status(self, exchange_index: int = 0) -> ExchangeStatus:
        """Read whether the shard trades."""
        ...

    async def book(self, ticker: str) -> Book:
        """Read the order book, all levels, everybody's orders in it."""
        ...

    async def trades_since(self, ticker: str, since: Instant) -> Sequence[PublicTrade]:
        """List everybody's trades of one market at or after *since* (our clock), oldest first, without block trades.

        Perhaps a few from just before.
        """
        ...

    async def submit(self, market: Market, order: SubmitOrder) -> SubmitReply:
        """Send a new order, once."""
        ...

    async def amend(self, market: Market, order_id: str, side: Side, order: AmendOrder) -> AmendReply:
        """Amend an order, once."""
        ...

    async def cancel(self, market: Market, order_id: str) -> CancelReply:
        """Cancel an order, once. Raises NotFound for an order that is terminal or unknown."""
        ...

    async def resting_orders(self, ticker: str) -> Sequence[OrderReport]:
        """List all resting orders of the account in one market."""
        ...

    async def orders_since(self, ticker: str, since: Instant) -> Sequence[OrderReport]:
        """List orders of one market created at or after *since*, whatever their status."""
        ...

    async def order(self, order_id: str) -> OrderReport:
        """Read one order."""
        ...

    async def fills_since(self, ticker: str, since: Instant) -> Sequence[Fill]:
        """List the account's fills of one market at or after *since*."""
        ...

    async def balance(self, exchange_index: int) -> Money:
        """Read the cash available on one shard."""
        ...

    async def position(self, ticker: str) -> Quantity:
        """Read the signed position in one market: positive YES, negative NO."""
        ...

    async def user_data_as_of(self) -> Instant:
        """Read how fresh orders, fills and balances are."""
        ...


class Journal(Protocol):
    """Where a run is written down. An append with effects in it is on disk when it returns."""

    def append(self, event: Event, intents: Sequence[Intent]) -> None:
        """Write an event and what the executor answered, in one transaction."""
        ...

    def finish(self, result: ExecutionResult) -> None:
        """Write the end of the run."""
        ...


class View(Protocol):
    """Somebody watching. It never talks back."""

    def show(self, snapshot: RunSnapshot, usage: ApiUsage, records: Sequence[Record]) -> None:
        """Show the run as it stands; *records* are the decisions since the last call."""
        ...


class RecordingSource(Enum):
    """How a recorded book or trade came to us. Executions have sources of their own, so what they saw is never mixed in."""

    POLL = "poll"
    IMPORT = "import"
    STREAM = "stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedBook:
    """A book to keep. *event_time* is the latest time at which it surely was the book; everybody's orders are in it.

    Where *book* is only the best levels, the totals are those of all levels; None: it has them all.
    """

    ticker: str
    environment: str
    source: RecordingSource
    event_time: Instant
    receipt_time: Instant
    book: Book
    bid_total: Quantity | None = None
    ask_total: Quantity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTrade:
    """A public trade to keep. *price* is the YES price, *taker* the side of the YES leg that took."""

    trade_id: str
    ticker: str
    environment: str
    source: RecordingSource
    at: Instant
    price: Price
    quantity: Quantity
    taker: Side
    is_block: bool = False


class BookSink(Protocol):
    """Where a recorder writes. Each call is one transaction, all or nothing, and raises StorageError."""

    def write_books(self, rows: Sequence[RecordedBook]) -> int:
        """Keep books and return how many are new; one book a ticker, environment, source and event time, the first."""
        ...

    def write_trades(self, rows: Sequence[RecordedTrade]) -> int:
        """Keep trades and return how many are new; one a trade id and environment."""
        ...

    def heartbeat(
        self, tickers: Sequence[str], *, environment: str, source: RecordingSource, since: Instant, until: Instant
    ) -> None:
        """Say that the latest books were confirmed until *until*, without a gap since *since*.

        Called with the same *since* it grows the row of that stretch, so a long watch is one row a ticker.
        """
        ...

    def gap(
        self,
        tickers: Sequence[str],
        *,
        environment: str,
        source: RecordingSource,
        since: Instant,
        until: Instant,
        detail: str,
    ) -> None:
        """Say that nothing is known between the last confirmation and *until*, and why; grows like a heartbeat."""
        ...

    def started(self, *, environment: str, source: RecordingSource, at: Instant, detail: str) -> None:
        """Say that a recorder starts."""
        ...

    def stopped(self, *, environment: str, source: RecordingSource, at: Instant, detail: str) -> None:
        """Say that a recorder stops on purpose, and why."""
        ...


class SharedState(Protocol):
    """A small record that all processes of this machine see and change, one at a time."""

    def update(self, change: Callable[[bytes | None], bytes]) -> bool:
        """Replace the record by what *change* makes of it (None: there is none yet), wholly or not at all.

        Returns at once: False where another process is at it; then *change* was not called. What *change* raises passes
        through, and the record stays. Raises StorageError.
        """
        ...
