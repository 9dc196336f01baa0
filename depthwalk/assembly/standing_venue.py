"""A venue of values for an executor that is driven on paper: a book that stands still, and the mean of what others bring to it.

Nobody moves; others bring the mean volume that `analysis/fill_probability.py` says, what is offered is taken as displayed and
comes back at the pace it says, and every reply is immediate. Nothing here decides anything.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from depthwalk.analysis.depth import sweep_levels
from depthwalk.analysis.fees import FeeAccumulator
from depthwalk.analysis.fill_probability import Flow, Spot, expected_fill, left_after, spot
from depthwalk.domain.book import Book, Level
from depthwalk.domain.market import FeeSchedule
from depthwalk.domain.messages import (
    AmendOrder,
    BookChanged,
    CancelOrder,
    Event,
    Look,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    SubmitOrder,
    TapeRead,
)
from depthwalk.domain.order import Fill, TimeInForce
from depthwalk.domain.units import Duration, Instant, Price, Quantity
from depthwalk.errors import RefusalReason

if TYPE_CHECKING:
    from depthwalk.executors.space import BuyerSpace


@dataclass(slots=True, kw_only=True)
class _Order:
    """An order at the venue, its price a buyer's. *since* it has stood at *at*, having filled *before*."""

    client_id: str
    price: Price
    total: Quantity
    fees: FeeAccumulator
    expires_at: Instant | None
    since: Instant
    filled: Quantity = Quantity(0)
    open: bool = True
    at: Spot | None = None
    before: Quantity = Quantity(0)
    untold: list[Fill] = field(default_factory=list)

    @property
    def left(self) -> Quantity:
        """What of it is in the book."""
        return Quantity(self.total - self.filled) if self.open else Quantity(0)


class StandingVenue:
    """The other side of the intents: a buyer's *book* of others that stands still, and what others bring to it."""

    def __init__(self, space: "BuyerSpace", book: Book, fees: FeeSchedule, flow: Flow) -> None:
        self._space, self._book, self._fees, self._flow = space, book, fees, flow
        self._orders: dict[str, _Order] = {}
        self._taken: list[tuple[Price, Quantity, Instant]] = []
        self._fills = 0

    def answer(self, intent: SubmitOrder | AmendOrder | CancelOrder, now: Instant) -> list[Event]:
        """Do what is asked, at once."""
        self._pass_time(now)
        match intent:
            case SubmitOrder():
                return self._submit(intent, now)
            case AmendOrder():
                return self._amend(intent, now)
            case CancelOrder():
                order = self._orders[intent.client_id]
                order.open = False
                return [*self._told(order, now), OrderCanceled(at=now, client_id=order.client_id, filled=order.filled)]

    def look(self, look: Look, now: Instant) -> list[Event]:
        """Return what a look shows."""
        self._pass_time(now)
        events: list[Event] = []
        for order in self._orders.values():
            events += self._told(order, now)
            if order.left and order.expires_at is not None and order.expires_at <= now:
                order.open = False
                events.append(OrderExpired(at=now, client_id=order.client_id, filled=order.filled))
        if look is Look.TAPE:
            events.append(TapeRead(at=now, trades=()))
        if look.shows_book:
            events.append(BookChanged(at=now, book=self._shown(now), confirmed_at=now))
        return events

    def _submit(self, intent: SubmitOrder, now: Instant) -> list[Event]:
        price = self._space.leg(intent.price)
        ladder = self._offered(now)
        if intent.post_only and ladder and price >= ladder[0][0]:
            reason = RefusalReason.POST_ONLY_CROSS
            return [OrderRejected(at=now, client_id=intent.client_id, reason=reason, detail="it would take")]
        order = _Order(
            client_id=intent.client_id,
            price=price,
            total=intent.quantity,
            fees=FeeAccumulator(self._fees),
            expires_at=intent.expires_at,
            since=now,
        )
        self._take(order, ladder, now)
        order.open = intent.time_in_force is TimeInForce.GOOD_TILL_CANCELED
        self._place(order, now)
        self._orders[order.client_id] = order
        name, left = order.client_id, order.left
        accepted = OrderAccepted(at=now, client_id=name, order_id=name, filled=order.filled, remaining=left)
        return [accepted, *self._told(order, now)]

    def _amend(self, intent: AmendOrder, now: Instant) -> list[Event]:
        order = self._orders[intent.client_id]
        price = self._space.leg(intent.price)
        # A new price or a larger size queues at the back, anything else keeps its place (kalshi-api.md section 6.8).
        moved = price != order.price or intent.total > order.total
        order.price, order.total = price, intent.total
        order.expires_at = intent.expires_at or order.expires_at
        if moved:
            order.open = False  # of what is offered only others' orders count
            ladder = self._offered(now)
            order.open = True
            self._take(order, ladder, now)
            self._place(order, now)
        name, total = order.client_id, order.total
        amended = OrderAmended(at=now, client_id=name, price=intent.price, total=total, filled=order.filled)
        return [amended, *self._told(order, now)]

    def _place(self, order: _Order, now: Instant) -> None:
        """Put what is left of an order at the end of the queue at its price."""
        ours = sum(each.left for each in self._orders.values() if each is not order and each.price >= order.price)
        order.at, order.since, order.before = spot(self._book, order.price, ours=Quantity(ours)), now, order.filled

    def _pass_time(self, now: Instant) -> None:
        """Fill what rests as much as it is filled in the mean."""
        for order in self._orders.values():
            if not order.left or order.at is None:
                continue
            stood, size = Duration(now - order.since), Quantity(order.total - order.before)
            filled = order.before + int(expected_fill(self._flow, order.at, size, stood))
            self._fill(order, order.price, Quantity(filled - order.filled), now, is_taker=False)

    def _take(self, order: _Order, ladder: tuple[Level, ...], now: Instant) -> None:
        for price, quantity in sweep_levels(ladder, order.left, order.price):
            self._taken.append((price, quantity, now))
            self._fill(order, price, quantity, now, is_taker=True)

    def _fill(self, order: _Order, price: Price, quantity: Quantity, now: Instant, *, is_taker: bool) -> None:
        if quantity <= 0:
            return
        leg, side = self._space.leg(price), self._space.side
        fee = order.fees.charge(price=leg, quantity=quantity, is_taker=is_taker, side=side)
        self._fills += 1
        order.filled = Quantity(order.filled + quantity)
        order.untold.append(
            Fill(
                fill_id=str(self._fills),
                order_id=order.client_id,
                price=leg,
                quantity=quantity,
                is_taker=is_taker,
                fee=fee,
                at=now,
            )
        )

    def _told(self, order: _Order, now: Instant) -> list[Event]:
        """Return the fills that have not been read yet."""
        untold, order.untold = order.untold, []
        return [OrderFilled(at=now, client_id=order.client_id, fill=fill) for fill in untold]

    def _offered(self, now: Instant) -> tuple[Level, ...]:
        """Return what can be taken: what was displayed, less what we took and is not back yet. Nobody offers at our bids."""
        highest = max((order.price for order in self._orders.values() if order.left), default=0)
        missing: dict[Price, float] = {}
        for price, quantity, at in self._taken:
            missing[price] = missing.get(price, 0.0) + quantity * left_after(self._flow, Duration(now - at))
        offered = ((price, Quantity(int(quantity - missing.get(price, 0.0)))) for price, quantity in self._book.asks)
        return tuple((price, quantity) for price, quantity in offered if price > highest and quantity > 0)

    def _shown(self, now: Instant) -> Book:
        """Return the whole book as the venue shows it, our orders in it."""
        ours = [(order.price, order.left) for order in self._orders.values() if order.left]
        return self._space.book(Book.of_levels(bids=[*self._book.bids, *ours], asks=self._offered(now)))
