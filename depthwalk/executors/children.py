"""The child orders of one parent: what was sent, what the venue said, what it filled, and what may still be sent.

This is our own ledger, the only one sizes are taken from. Two rules: a fill counts once, by its id; and `admit` is the one
door every create and amend passes (design, D15): fills of terminal children + the most that each living child can still
become + the new order never exceed what was requested; price on the grid and within the cap; nothing while in doubt.
Prices here are YES prices, money is YES price x quantity.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from depthwalk.domain.book import Book
from depthwalk.domain.grid import Grid
from depthwalk.domain.messages import (
    AmendOrder,
    AmendRejected,
    CancelOrder,
    CancelRejected,
    Event,
    ForeignOrder,
    Operation,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderInDoubt,
    OrderRejected,
    SubmitOrder,
)
from depthwalk.domain.order import Fill, OrderStatus, Side, TimeInForce, check_transition
from depthwalk.domain.units import Instant, Price, Quantity, format_price, format_quantity
from depthwalk.errors import DomainError, RefusalReason


@dataclass(slots=True, kw_only=True)
class Child:
    """One order sent for the parent. *total* is filled plus wanted; *ceiling* the most it can become while a write is out.

    It can become larger, too, by an amend that never arrived, as far as one can tell: *stray* is the total of that.
    *filled* is the sum of the fills we hold, *reported* the venue's word for it: fills may lag behind replies. *version*
    counts what happened to it, so that a reading taken before can be told apart. *written_off*: its create never
    arrived, as far as one can tell, so its quantity stays reserved. *resent*: sent once more under the same id.
    """

    client_id: str
    split: int
    side: Side
    price: Price
    total: Quantity
    time_in_force: TimeInForce
    post_only: bool
    expires_at: Instant | None
    sent_at: Instant
    order_id: str | None = None
    status: OrderStatus = OrderStatus.PENDING
    ceiling: Quantity = Quantity(0)
    stray: Quantity = Quantity(0)
    filled: Quantity = Quantity(0)
    reported: Quantity = Quantity(0)
    fills: list[Fill] = field(default_factory=list)
    amending: AmendOrder | None = None
    written_off: bool = False
    resent: bool = False
    canceled_at: Instant | None = None
    doubted_at: Instant | None = None
    version: int = 0

    @property
    def live(self) -> bool:
        """Whether it may still be filled, as far as we know."""
        return not self.status.terminal

    @property
    def resting(self) -> Quantity:
        """What of it should be in the venue's book, going by what the venue last said."""
        return Quantity(max(0, self.total - max(self.filled, self.reported))) if self.live else Quantity(0)

    @property
    def settled(self) -> bool:
        """Whether it is terminal and every fill the venue reported has been read."""
        return not self.live and self.filled >= self.reported

    @property
    def awaited(self) -> Operation | None:
        """The write whose outcome is not known yet; None where there is none."""
        match self.status:
            case OrderStatus.PENDING:
                return Operation.CREATE
            case OrderStatus.AMENDING:
                return Operation.AMEND
            case OrderStatus.CANCELING:
                return Operation.CANCEL
            case OrderStatus.IN_DOUBT if self.order_id is None:
                return Operation.CREATE
            case OrderStatus.IN_DOUBT:
                return Operation.CANCEL if self.amending is None else Operation.AMEND
            case _:
                return None

    def move(self, status: OrderStatus) -> None:
        """Change status by the transition table; staying is no change."""
        if status is not self.status:
            check_transition(self.status, status, self.client_id)
            self.status = status
        self.version += 1


class Standing(NamedTuple):
    """What all children come to, until something happens to one: those *live*, and what of them should rest in the book.

    *in_doubt*: the outcome of a write is unknown; *in_flight*: or it is unanswered, so that a book cannot be cleaned of our
    orders with certainty; *settled*: all are terminal, and every fill the venue reported has been read. *filled*: the larger
    of the fills we hold and what the venue reported, child by child; *committed*: the most that can have been filled in the
    end if nothing more is sent.
    """

    live: tuple[Child, ...]
    in_doubt: bool
    in_flight: bool
    settled: bool
    filled: Quantity
    committed: Quantity
    bids: Mapping[Price, int]
    asks: Mapping[Price, int]

    @classmethod
    def of(cls, children: Collection[Child]) -> "Standing":
        """Add up."""
        live: list[Child] = []
        bids: dict[Price, int] = {}
        asks: dict[Price, int] = {}
        filled, committed, in_doubt, in_flight, settled = 0, 0, False, False, True
        for child in children:
            done = max(child.filled, child.reported)
            filled += done
            if child.status is not OrderStatus.RESTING:
                if child.status.terminal:
                    committed += done
                    settled = settled and child.filled >= child.reported
                    continue
                in_flight = True
                in_doubt |= child.status is OrderStatus.IN_DOUBT
            committed += max(child.ceiling, child.total)
            live.append(child)
            if child.time_in_force is TimeInForce.GOOD_TILL_CANCELED and child.total > done:
                own = bids if child.side is Side.BUY else asks
                own[child.price] = own.get(child.price, 0) + child.total - done
        return cls(
            live=tuple(live),
            in_doubt=in_doubt,
            in_flight=in_flight,
            settled=settled and not live,
            filled=Quantity(filled),
            committed=Quantity(committed),
            bids=bids,
            asks=asks,
        )


class Children:
    """All children of one parent, in the order they were sent. They change through `sending` and `apply` alone."""

    def __init__(self, requested: Quantity) -> None:
        self.requested = requested
        self._by_id: dict[str, Child] = {}
        self._fill_ids: set[str] = set()
        self._standing: Standing | None = None
        self.ever_in_doubt = False

    def __iter__(self) -> Iterator[Child]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def __getitem__(self, client_id: str) -> Child:
        """Return a child; raises DomainError for one we never sent."""
        try:
            return self._by_id[client_id]
        except KeyError:
            raise DomainError(f"no child order {client_id} was sent for this parent") from None

    def get(self, client_id: str) -> Child | None:
        """Return a child, None for one we never sent."""
        return self._by_id.get(client_id)

    @property
    def standing(self) -> Standing:
        """What they come to now."""
        if self._standing is None:
            self._standing = Standing.of(self._by_id.values())
        return self._standing

    @property
    def live(self) -> Sequence[Child]:
        """Children that may still be filled."""
        return self.standing.live

    @property
    def in_flight(self) -> bool:
        """Whether a write is unanswered or in doubt."""
        return self.standing.in_flight

    @property
    def in_doubt(self) -> bool:
        """Whether the outcome of a write is unknown."""
        return self.standing.in_doubt

    @property
    def settled(self) -> bool:
        """Whether nothing is alive and no reported fill is missing."""
        return self.standing.settled

    @property
    def filled(self) -> Quantity:
        """What has been filled: the larger of the fills we hold and what the venue reported, child by child."""
        return self.standing.filled

    @property
    def committed(self) -> Quantity:
        """The most that can have been filled in the end if nothing more is sent."""
        return self.standing.committed

    @property
    def limbo(self) -> Quantity:
        """What was written off as never arrived: it stays reserved, as nothing can prove that it will not turn up."""
        return Quantity(sum(child.total for child in self if child.written_off))

    @property
    def fills(self) -> list[Fill]:
        """All fills, in the order they were read."""
        return [fill for child in self for fill in child.fills]

    def removed_from(self, book: Book, foreign: Sequence[ForeignOrder]) -> Book | None:
        """Take the account's resting orders out of a book, ours and the *foreign* ones; None where it is older than they."""
        bids, asks = self.standing.bids, self.standing.asks
        if foreign:
            bids, asks = dict(bids), dict(asks)
            for order in foreign:
                side = bids if order.side is Side.BUY else asks
                side[order.price] = side.get(order.price, 0) + order.quantity
        return book.without(bids=bids, asks=asks)

    def admit(self, intent: SubmitOrder | AmendOrder, *, grid: Grid, cap: Price, side: Side) -> str | None:
        """Say why an order must not be sent, or None if it may: the choke point. *grid* and *cap* on the YES leg."""
        if self.in_doubt:
            return "an earlier write is in doubt"
        if intent.price not in grid:
            return f"price {format_price(intent.price)} is not on the grid of {grid.describe()}"
        if (intent.price - cap) * side.sign > 0:
            return f"price {format_price(intent.price)} is beyond the cap {format_price(cap)}"
        if isinstance(intent, SubmitOrder):
            if (earlier := self._by_id.get(intent.client_id)) is not None and not earlier.written_off:
                return f"client order id {intent.client_id} was used before"
            if intent.side is not side:
                return f"a {intent.side.value} does not belong to a {side.value} parent"
            if intent.quantity <= 0:
                return "its quantity is not more than 0"
            again = earlier.total if earlier is not None else 0  # the venue takes one order of an id at most
            # What was written off may turn up as it was: a second send under its id frees nothing by asking for less.
            most = self.committed + self.limbo - again + max(again, intent.quantity)
        else:
            child = self[intent.client_id]
            if child.status is not OrderStatus.RESTING:
                return f"order {child.client_id} is {child.status.value}"
            present = max(child.ceiling, child.total)
            most = self.committed - present + max(present, intent.total) + (self.limbo if intent.total > present else 0)
            if intent.total < max(child.filled, child.reported):
                return f"total {format_quantity(intent.total)} is below what it has filled"
        if most > self.requested:
            return f"up to {format_quantity(most)} could be filled of {format_quantity(self.requested)} requested"
        return None

    def sending(self, intent: SubmitOrder | AmendOrder | CancelOrder, at: Instant) -> None:
        """Note that an admitted write goes out."""
        standing, self._standing = self._standing, None
        if isinstance(intent, SubmitOrder):
            self._by_id[intent.client_id] = Child(
                client_id=intent.client_id,
                split=intent.split,
                side=intent.side,
                price=intent.price,
                total=intent.quantity,
                ceiling=intent.quantity,
                time_in_force=intent.time_in_force,
                post_only=intent.post_only,
                expires_at=intent.expires_at,
                sent_at=at,
                resent=intent.client_id in self._by_id,
            )
            return
        child = self[intent.client_id]
        if isinstance(intent, AmendOrder):
            child.move(OrderStatus.AMENDING)
            child.amending = intent
            before, child.ceiling = max(child.ceiling, child.total), Quantity(max(child.total, child.stray, intent.total))
            if standing is not None:  # all that an amend changes, before it is answered
                committed = Quantity(standing.committed - before + max(child.ceiling, child.total))
                self._standing = standing._replace(in_flight=True, committed=committed)
        else:
            child.move(OrderStatus.CANCELING)
            child.canceled_at = at

    def apply(self, event: Event) -> None:
        """Take what the venue said about a child. Events of other kinds are none of the ledger's business."""
        standing, self._standing = self._standing, None
        match event:
            case OrderAccepted():
                child = self[event.client_id]
                child.order_id, child.written_off = event.order_id, False
                self._report(child, event.filled)
                if event.remaining:
                    child.move(OrderStatus.RESTING)
                else:
                    child.move(OrderStatus.FILLED if event.filled >= child.total else OrderStatus.CANCELED)
            case OrderRejected():
                child = self[event.client_id]
                child.move(OrderStatus.REJECTED)
                # A refusal of the second send says nothing about the first.
                child.written_off = child.resent or event.reason is RefusalReason.NEVER_ARRIVED
            case OrderFilled():
                self._fill(self[event.client_id], event.fill)
            case OrderAmended():
                self._amended(self[event.client_id], event)
            case AmendRejected():
                child = self[event.client_id]
                if event.reason is RefusalReason.NEVER_ARRIVED and child.amending is not None:
                    child.stray = Quantity(max(child.stray, child.amending.total))
                child.amending, child.ceiling = None, Quantity(max(child.total, child.stray))
                if child.live:
                    child.move(OrderStatus.RESTING)
            case OrderCanceled() | OrderExpired():
                child = self[event.client_id]
                if isinstance(event, OrderCanceled) and event.final:
                    child.reported = Quantity(max(child.filled, event.filled))
                else:
                    self._report(child, event.filled)
                ended = OrderStatus.CANCELED if isinstance(event, OrderCanceled) else OrderStatus.EXPIRED
                if child.live:
                    child.move(OrderStatus.FILLED if event.filled >= child.total else ended)
            case CancelRejected():
                child = self[event.client_id]
                # "Not found" says nothing about why: it stays CANCELING until it has been read again.
                if child.live and event.reason is not RefusalReason.NOT_FOUND:
                    child.move(OrderStatus.RESTING)
            case OrderInDoubt():
                self.ever_in_doubt = True
                child = self[event.client_id]
                child.doubted_at = event.at
                # What has been read as resting meanwhile is not in doubt because an older search gives up.
                if child.live and not (event.hopeless and child.status is OrderStatus.RESTING):
                    child.move(OrderStatus.IN_DOUBT)
            case _:
                self._standing = standing

    def _report(self, child: Child, filled: Quantity) -> None:
        child.reported = Quantity(max(child.reported, filled))

    def _amended(self, child: Child, event: OrderAmended) -> None:
        if event.filled is not None:
            self._report(child, event.filled)
        child.price, child.total = event.price, event.total
        if child.stray <= child.total:
            child.stray = Quantity(0)  # whatever comes late of it makes the order no larger
        child.ceiling = Quantity(max(child.total, child.stray))
        if child.amending is not None and child.amending.expires_at is not None:
            child.expires_at = child.amending.expires_at
        child.amending = None
        if child.live:
            done = max(child.filled, child.reported) >= child.total
            child.move(OrderStatus.FILLED if done else OrderStatus.RESTING)

    def _fill(self, child: Child, fill: Fill) -> None:
        if fill.fill_id in self._fill_ids:
            return
        self._fill_ids.add(fill.fill_id)
        child.fills.append(fill)
        child.filled = Quantity(child.filled + fill.quantity)
        child.version += 1
        writing = child.status in (OrderStatus.PENDING, OrderStatus.AMENDING, OrderStatus.IN_DOUBT)
        # While a write is out the total may yet change; its reply says whether the order is done.
        whole = max(child.total, child.ceiling)
        if child.filled >= whole and not writing and child.status is not OrderStatus.FILLED:
            child.move(OrderStatus.FILLED)


def ended_elsewhere(event: Event, child: Child) -> bool:
    """Say whether an order that was to rest is off the book by somebody else's doing."""
    match event:
        case OrderCanceled():
            return not event.asked
        case OrderAccepted():
            rests = child.time_in_force is TimeInForce.GOOD_TILL_CANCELED and not child.post_only
            return rests and not event.remaining and event.filled < child.total
        case _:
            return False
