"""The truth about one parent's orders, as a venue has it and no executor can see: what arrived, what traded, what is lost.

It decides nothing by itself: a test says what happens. What it hands out is what the real runner would post then, so
whatever an executor hears is consistent with this truth, however odd it sounds.
"""

from dataclasses import dataclass, field
from enum import Enum

from depthwalk.domain.book import Book
from depthwalk.domain.messages import (
    AmendOrder,
    AmendRejected,
    CancelOrder,
    CancelRejected,
    Event,
    Operation,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderRejected,
    SubmitOrder,
)
from depthwalk.domain.order import Fill, Side, TimeInForce
from depthwalk.domain.units import Instant, Money, Price, Quantity
from depthwalk.errors import RefusalReason

Write = SubmitOrder | AmendOrder | CancelOrder

NOS = [
    RefusalReason.THROTTLED,
    RefusalReason.THROTTLED,
    RefusalReason.INVALID_PRICE,
    RefusalReason.INSUFFICIENT_BALANCE,
    RefusalReason.PAUSED,
    RefusalReason.MARKET_CLOSED,
    RefusalReason.NOT_FOUND,
    RefusalReason.OTHER,
]
CANCEL_NOS = [RefusalReason.NOT_FOUND, RefusalReason.PAUSED, RefusalReason.THROTTLED, RefusalReason.OTHER]
"""Why writes are refused: creates and amends, cancels."""


def sound(bid: int, gap: int, size: int = 40) -> Book:
    """Return a book of others, in cents; a gap of 0 or less is locked or crossed."""
    ask, many = min(99, bid + gap), Quantity(100 * size)
    bids = [(Price(100 * bid), many), (Price(100 * max(1, bid - 2)), many)]
    return Book.of_levels(bids=bids, asks=[(Price(100 * ask), many), (Price(100 * min(99, ask + 2)), many)])


class Way(Enum):
    """Where a write is. ON_THE_WAY: unanswered. DOUBT: its reply was given up, reading goes on. GIVEN_UP: reading too."""

    ON_THE_WAY = "on the way"
    DOUBT = "in doubt"
    GIVEN_UP = "given up"
    GHOST = "believed never to arrive"


class Reception(Enum):
    """What the venue does with an order it takes."""

    REST = "all of it rests"
    PART = "a part trades, the rest rests"
    WHOLE = "all of it trades"
    CUT = "a part trades, the rest is canceled"
    NOTHING = "canceled at once"


@dataclass(slots=True, eq=False)
class Flight:
    """A write that was sent; *answer* is the venue's, once it has *arrived*. An answer of None leaves it to be read."""

    intent: Write
    way: Way = Way.ON_THE_WAY
    arrived: bool = False
    answer: Event | None = None

    @property
    def operation(self) -> Operation:
        """What it is."""
        match self.intent:
            case SubmitOrder():
                return Operation.CREATE
            case AmendOrder():
                return Operation.AMEND
            case CancelOrder():
                return Operation.CANCEL


@dataclass(slots=True, eq=False, kw_only=True)
class TrueOrder:
    """An order as the venue has it. *unread*: fills nobody has been told of yet; *told*: the others."""

    client_id: str
    order_id: str
    side: Side
    price: Price
    total: int
    expires_at: Instant | None
    rests: bool
    done: int = 0
    open: bool = True
    unread: list[Fill] = field(default_factory=list)
    told: list[Fill] = field(default_factory=list)

    @property
    def left(self) -> int:
        """What may still trade of it."""
        return self.total - self.done if self.open else 0


class ModelVenue:
    """Orders by client id, and the writes that have not been answered or may still turn up."""

    def __init__(self) -> None:
        self.orders: dict[str, TrueOrder] = {}
        self.flights: list[Flight] = []
        self._fills = 0

    @property
    def worst(self) -> int:
        """The most that all orders can have filled in the end if nothing more is sent."""
        most = {name: order.done + order.left for name, order in self.orders.items()}
        for flight in self.flights:
            name, order = flight.intent.client_id, self.orders.get(flight.intent.client_id)
            match flight.intent:
                case SubmitOrder(quantity=quantity) if not flight.arrived and order is None:
                    most[name] = max(most.get(name, 0), quantity)
                case AmendOrder(total=total) if not flight.arrived and order is not None and order.open:
                    most[name] = max(most[name], total)
                case _:
                    pass
        return sum(most.values())

    def send(self, intent: Write) -> None:
        """A write goes out."""
        self.flights.append(Flight(intent))

    def shown(self, others: Book) -> Book:
        """Return what the venue shows: the others' book and our open orders."""
        ours = [order for order in self.orders.values() if order.left and order.rests]
        bids = [(order.price, Quantity(order.left)) for order in ours if order.side is Side.BUY]
        asks = [(order.price, Quantity(order.left)) for order in ours if order.side is Side.SELL]
        return Book.of_levels(bids=[*others.bids, *bids], asks=[*others.asks, *asks])

    # --- what happens at the venue ---

    def trade(self, order: TrueOrder, quantity: int, at: Instant) -> None:
        """Somebody trades up to *quantity* with an order."""
        part = min(quantity, order.left)
        if part <= 0:
            return
        self._fills += 1
        order.done += part
        order.open = order.done < order.total
        order.unread.append(
            Fill(
                fill_id=f"fill-{self._fills}",
                order_id=order.order_id,
                price=order.price,
                quantity=Quantity(part),
                is_taker=False,
                fee=Money(0),
                at=at,
            )
        )

    def expire(self, at: Instant) -> None:
        """Take off what has expired."""
        for order in self.orders.values():
            if order.expires_at is not None and order.expires_at <= at:
                order.open = False

    def refuse(self, flight: Flight, reason: RefusalReason, at: Instant) -> None:
        """A write arrives and is refused; "not found" of a cancel says nothing, and is read up on."""
        flight.arrived, name = True, flight.intent.client_id
        match flight.intent:
            case SubmitOrder():
                flight.answer = OrderRejected(at=at, client_id=name, reason=reason, detail="model")
            case AmendOrder():
                flight.answer = AmendRejected(at=at, client_id=name, reason=reason, detail="model")
            case CancelOrder():
                flight.answer = CancelRejected(at=at, client_id=name, reason=reason, detail="model")

    def arrive(self, flight: Flight, reception: Reception, part: int, at: Instant) -> None:
        """A write arrives and is carried out, as far as it can be; *part* is what trades on the way."""
        flight.arrived, name = True, flight.intent.client_id
        order = self.orders.get(name)
        match flight.intent:
            case SubmitOrder() if order is None:
                order = self._create(flight.intent, reception, part, at)
                rest, filled = Quantity(order.left), Quantity(order.done)
                flight.answer = OrderAccepted(at=at, client_id=name, order_id=order.order_id, filled=filled, remaining=rest)
            case SubmitOrder():
                flight.answer = None  # it exists already: found by reading
            case _ if order is None or not order.open:
                self.refuse(flight, RefusalReason.NOT_FOUND, at)
            case AmendOrder(price=price, total=total, expires_at=expires_at):
                order.price, order.total = price, total
                order.expires_at = expires_at or order.expires_at
                order.open = total > order.done
                if reception in (Reception.PART, Reception.WHOLE):
                    self.trade(order, order.left if reception is Reception.WHOLE else part, at)
                known = None if reception is Reception.NOTHING and order.open else Quantity(order.done)
                flight.answer = OrderAmended(at=at, client_id=name, price=price, total=total, filled=known)
            case CancelOrder():
                order.open = False
                flight.answer = OrderCanceled(at=at, client_id=name, filled=Quantity(order.done))

    def _create(self, intent: SubmitOrder, reception: Reception, part: int, at: Instant) -> TrueOrder:
        rests = intent.time_in_force is TimeInForce.GOOD_TILL_CANCELED
        order = TrueOrder(
            client_id=intent.client_id,
            order_id=f"order-{len(self.orders) + 1}",
            side=intent.side,
            price=intent.price,
            total=intent.quantity,
            expires_at=intent.expires_at,
            rests=rests,
        )
        self.orders[intent.client_id] = order
        if reception in (Reception.PART, Reception.CUT):
            self.trade(order, part, at)
        elif reception is Reception.WHOLE:
            self.trade(order, order.total, at)
        order.open = order.open and rests and reception not in (Reception.CUT, Reception.NOTHING)
        return order
