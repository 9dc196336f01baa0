"""An executor between a model venue and a test: tells it what the real runner would post, and checks every intent at once.

What must hold of each intent and of the end stands here; what happens, and when, is the test's.
"""

from dataclasses import replace

from depthwalk.domain.book import Book
from depthwalk.domain.market import Market
from depthwalk.domain.messages import (
    AmendOrder,
    AmendRejected,
    BookChanged,
    CancelOrder,
    CancelRejected,
    Event,
    Finish,
    ForeignOrder,
    Intent,
    Look,
    MarketChanged,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderInDoubt,
    OrderRejected,
    PublicTrade,
    Reason,
    Record,
    Recovering,
    Resumed,
    Rules,
    Started,
    SubmitOrder,
    TapeRead,
    WakeAt,
    Woke,
)
from depthwalk.domain.order import OrderStatus, ParentOrder, TimeInForce
from depthwalk.domain.result import ApiUsage
from depthwalk.domain.units import CONTRACT, SECOND, Instant, Quantity
from depthwalk.errors import RefusalReason
from depthwalk.executors.children import Child, Standing
from depthwalk.executors.registry import make_executor
from depthwalk.executors.reservation import Walking
from depthwalk.executors.state import LEAVE_BOUND, BaseParams
from depthwalk.executors.twap import Twap
from depthwalk.runtime.outcome import conclude
from tests.support.model_venue import Flight, ModelVenue, Reception, TrueOrder, Way
from tests.support.venue import T0

ANSWERS = OrderAccepted | OrderRejected | OrderAmended | AmendRejected | OrderCanceled | CancelRejected | OrderExpired


class Driven:
    """One run.

    *wake*: the wake-up it has asked for; *market*: as it knows it; *canceled*: what it has sent a cancel of, ever;
    *broken*: something did not hold.
    """

    def __init__(self, algorithm: str, params: BaseParams, parent: ParentOrder, market: Market, rules: Rules) -> None:
        self.now = T0
        self.venue = ModelVenue()
        self.parent = parent
        self.market = market
        self.wake: WakeAt | None = None
        self.finish: Finish | None = None
        self.canceled: set[str] = set()
        self.broken = False
        self._algorithm, self._params, self._rules = algorithm, params, rules
        self._executor = make_executor(algorithm, params)
        self._history: list[tuple[Event, tuple[Intent, ...]]] = []
        self._doubts: set[str] = set()
        self._known: set[str] = set()
        self._again: set[str] = set()
        self._recovering = self._hopeless = False
        self._fit: Instant | None = None
        self._leaving: Instant | None = None
        self._placed: dict[int, int] = {}
        self._walks: dict[int, int] = {}
        self._due = 0
        self.give(Started(at=self.now, parent=parent, market=market, rules=rules))

    @property
    def children(self) -> list[Child]:
        """The executor's own idea of its orders."""
        return list(self._executor.desk.children)

    @property
    def closing_at(self) -> Instant:
        """When the end game begins."""
        return self._executor.run.closing_at

    # --- events in, intents checked ---

    def give(self, event: Event) -> tuple[Intent, ...]:
        """Hand an event over, take what comes of it, and hold it against the truth."""
        match event:
            case OrderInDoubt():
                self._doubts.add(event.client_id)
                self._hopeless |= event.hopeless
            case MarketChanged():
                self.market = event.market
            case Recovering():
                self._recovering, self.finish, self._leaving, self._hopeless = True, None, self.now, False
            case OrderRejected():
                self._again.add(event.client_id)
            case _:
                pass
        if isinstance(event, ANSWERS):
            self._doubts.discard(event.client_id)
        self._count_walk(event)
        self.broken = True
        intents = self._executor.handle(event)
        self._history.append((event, intents))
        for intent in intents:
            self._take(intent)
        if self._leaving is None and self._executor.ending is not None:
            self._leaving = self.now
        self._check_worst()
        self.broken = False
        return intents

    def _check_worst(self) -> None:
        """What can be filled at the worst: never more than was asked for, of a twap never more than is due before its end."""
        assert self.venue.worst <= self.parent.quantity
        executor = self._executor
        if isinstance(executor, Twap) and executor.ending is None:
            run, slices = executor.run, executor.params.slices
            number = min(slices, run.worked(self.now) * slices // run.working + 1)
            lot = CONTRACT if self.parent.quantity % CONTRACT == 0 else 1
            # The close may have moved away: what was due before stays released.
            self._due = max(self._due, -(-self.parent.quantity // lot * number // slices) * lot)
            assert self.venue.worst <= self._due
        # What is kept of the children between two changes is what they come to.
        assert Standing.of(self.children) == executor.desk.children.standing
        momentum = executor.adverse_momentum
        assert momentum is None or -1 <= momentum <= 1

    def _take(self, intent: Intent) -> None:
        match intent:
            case SubmitOrder() | AmendOrder():
                self._check(intent)
                self.venue.send(intent)
            case CancelOrder():
                self.canceled.add(intent.client_id)
                self.venue.send(intent)
            case WakeAt():
                self.wake = intent
            case Finish():
                self.finish = intent
            case Record():
                assert intent.what not in ("deny", "fault"), intent.why

    def _check(self, intent: SubmitOrder | AmendOrder) -> None:
        """What holds of everything that can make an order or change one."""
        arrival, desk = self._executor.arrival, self._executor.desk
        assert not self._recovering
        assert not self._doubts
        assert arrival is not None
        assert intent.price in self.market.grid
        assert (intent.price - self.parent.own_price(arrival.cap)) * self.parent.side.sign <= 0
        if isinstance(intent, SubmitOrder):
            split = intent.split
            assert intent.client_id not in self._known or intent.client_id in self._again
            assert intent.side is self.parent.side
            taking = intent.time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL
            assert not (taking and intent.client_id in self._known)
            # The ledger has the order that is being sent.
            assert 1 == sum(child.live and child.split == split for child in self.children)
            self._known.add(intent.client_id)
        else:
            changed = desk.children[intent.client_id]
            split, ask = changed.split, self._best_ask()
            assert intent.total == self.venue.orders[intent.client_id].total or isinstance(self._executor, Twap)
            if changed.post_only and ask is not None and (intent.price, intent.total) != (changed.price, changed.total):
                assert self._executor.run.space.leg(intent.price) < ask
        mine = {child.client_id for child in self.children if child.split == split}
        waiting = [flight for flight in self.venue.flights if flight.way is not Way.GHOST]
        assert not [flight for flight in waiting if flight.intent.client_id in mine]
        before = self._placed.get(split)
        walks = isinstance(self._executor, Walking) and split >= 0 and before is not None and before in self.market.grid
        if walks and before != intent.price:
            assert isinstance(self._executor, Walking)
            assert self._walks.get(split, 0) < self._executor.params.max_walks
        assert self._fit is not None
        if self._executor.look.shows_book or split < 0:
            assert self.now - self._fit <= self._rules.max_book_age

    def _best_ask(self) -> int | None:
        """The best ask that the run decides on, as a buyer sees it."""
        sight = self._executor.watch.sight
        return None if sight is None else sight.book.best_ask

    def _count_walk(self, event: Event) -> None:
        """Count the price changes that the venue has accepted, split by split."""
        match event:
            case OrderAccepted(filled=filled, remaining=remaining) if filled or remaining:
                price = self._executor.desk.children[event.client_id].price
            case OrderAmended():
                price = event.price
            case _:
                return
        split = self._executor.desk.children[event.client_id].split
        before = self._placed.get(split)
        self._walks[split] = self._walks.get(split, 0) + (before is not None and before != price)
        self._placed[split] = price

    # --- what the runner posts ---

    def answer(self, flight: Flight) -> None:
        """The venue's answer comes in; where it says nothing certain, it is found out by reading."""
        match flight.answer:
            case None:
                self.doubt(flight)
            case CancelRejected(reason=RefusalReason.NOT_FOUND):
                flight.way = Way.DOUBT
                self.give(replace(flight.answer, at=self.now))
            case answer:
                self.venue.flights.remove(flight)
                self.give(replace(answer, at=self.now))

    def doubt(self, flight: Flight, *, hopeless: bool = False) -> None:
        """The answer to a write is given up; *hopeless*: reading is given up too."""
        flight.way = Way.GIVEN_UP if hopeless else Way.DOUBT
        name = flight.intent.client_id
        self.give(OrderInDoubt(at=self.now, client_id=name, operation=flight.operation, detail="model", hopeless=hopeless))

    def settle(self, flight: Flight) -> None:
        """What became of a write in doubt is read; one that has not arrived is believed never to, which may be wrong."""
        name, never = flight.intent.client_id, RefusalReason.NEVER_ARRIVED
        order = self.venue.orders.get(name)
        if flight.arrived:
            self.venue.flights.remove(flight)
        else:
            flight.way = Way.GHOST
        match flight.intent:
            case SubmitOrder() if order is None:
                self.give(OrderRejected(at=self.now, client_id=name, reason=never, detail="model"))
            case SubmitOrder() if order is not None:
                self.found(order)
            case _ if order is None or not order.open:
                assert order is not None
                self.ended(order)
            case AmendOrder(price=price, total=total) if flight.arrived and (order.price, order.total) == (price, total):
                self.give(self._amended(order))
            case AmendOrder():
                self.give(AmendRejected(at=self.now, client_id=name, reason=never, detail="model"))
            case CancelOrder():
                self.give(CancelRejected(at=self.now, client_id=name, reason=never, detail="model"))

    def found(self, order: TrueOrder) -> None:
        """An order whose create was not answered is read at the venue."""
        name, filled, left = order.client_id, Quantity(order.done), Quantity(order.left)
        child = self._executor.desk.children[name]
        self.give(OrderAccepted(at=self.now, client_id=name, order_id=order.order_id, filled=filled, remaining=left))
        if left and (order.price, order.total) != (child.price, child.total):
            self.give(self._amended(order))

    def ended(self, order: TrueOrder) -> None:
        """An order that is over is read at the venue; its fills come first."""
        self.read(order)
        child, filled = self._executor.desk.children[order.client_id], Quantity(order.done)
        whole = order.done == order.total
        if child.expires_at is not None and child.expires_at <= self.now + SECOND and not whole:
            self.give(OrderExpired(at=self.now, client_id=order.client_id, filled=filled))
        else:
            asked = child.status is OrderStatus.CANCELING or whole
            self.give(OrderCanceled(at=self.now, client_id=order.client_id, filled=filled, asked=asked))

    def read(self, order: TrueOrder, most: int = 1_000, *, again: bool = False) -> None:
        """Read up to *most* fills of an order, or the old ones *again*; none before the order itself is known."""
        if self._executor.desk.children[order.client_id].order_id is None:
            return
        for fill in order.told if again else order.unread[:most]:
            self.give(OrderFilled(at=self.now, client_id=order.client_id, fill=fill))
        if not again:
            order.told += order.unread[:most]
            del order.unread[:most]

    def look_at_orders(self, look: Look) -> None:
        """Read the orders as the runner does for a look."""
        for child in self.children:
            order = self.venue.orders.get(child.client_id)
            if order is None:
                continue
            listed = (look in (Look.BOOK, Look.TAPE) and order.left) or look is Look.EVERYTHING
            if child.written_off and listed:
                self.found(order)
            if child.status is OrderStatus.RESTING and not order.open:
                self.ended(order)
            elif child.status is OrderStatus.RESTING and (child.price, child.total) != (order.price, order.total):
                self.give(self._amended(order))
            if look is not Look.NOTHING:
                self.read(order)

    def look_at_book(self, book: Book, *, fit: bool, foreign: tuple[ForeignOrder, ...] = (), age: int = 0) -> None:
        """Show a book, which was surely it *age* ago; *fit*: something may be decided on it."""
        self._fit = Instant(self.now - age) if fit else None
        self.give(BookChanged(at=self.now, book=book, confirmed_at=Instant(self.now - age), foreign=foreign))

    def look_at_tape(self, trades: tuple[PublicTrade, ...] = ()) -> None:
        """Read what others have traded."""
        self.give(TapeRead(at=self.now, trades=trades))

    def die(self, event: Resumed | Recovering) -> None:
        """The process dies and another one takes over with *event*: what was unanswered is in doubt."""
        flying = [(child.client_id, child.awaited) for child in self.children if child.awaited is not None]
        self.wake = self._fit = None
        self.give(event)
        unanswered = [flight for flight in self.venue.flights if flight.way is not Way.GHOST]
        for flight in reversed(unanswered):
            key = (flight.intent.client_id, flight.operation)
            if key in flying:
                flying.remove(key)
                self.doubt(flight)
            elif flight.arrived:
                self.venue.flights.remove(flight)
            else:
                flight.way = Way.GHOST

    def _amended(self, order: TrueOrder) -> OrderAmended:
        total, filled = Quantity(order.total), Quantity(order.done)
        return OrderAmended(at=self.now, client_id=order.client_id, price=order.price, total=total, filled=filled)

    # --- the end ---

    def answer_all(self) -> None:
        """Everything on its way arrives and is answered, what is in doubt is read."""
        for flight in list(self.venue.flights):
            if flight not in self.venue.flights:
                continue
            if flight.way is Way.ON_THE_WAY:
                if not flight.arrived:
                    self.venue.arrive(flight, Reception.REST, 0, self.now)
                self.answer(flight)
            if flight.way is Way.DOUBT:
                self.settle(flight)

    def wait(self, book: Book) -> None:
        """Time passes to the wake-up that was asked for; everything is read honestly, and *book* is shown."""
        wake, self.wake = self.wake, None
        assert wake is not None, "it waits for nothing"
        self.now = max(self.now, wake.at)
        self.venue.expire(self.now)
        if wake.look is Look.TAPE:
            self.look_at_tape()
        if wake.look is not Look.NOTHING:
            self.look_at_orders(wake.look)
        if wake.look.shows_book:
            self.look_at_book(self.venue.shown(book), fit=True)
        if self.finish is None:
            self.give(Woke(at=self.now, look=wake.look))

    def finish_honestly(self, book: Book) -> None:
        """From here on the venue answers everything as it is: the run has to end."""
        for _ in range(1_000):
            if self.finish is not None:
                break
            self.answer_all()
            if self.finish is None:
                self.wait(book)
        assert self.finish is not None, "it does not end"
        self._check_end(self.finish)

    def _check_end(self, finish: Finish) -> None:
        """What holds when a run is over, and of its result."""
        filled = 0
        for child in self.children:
            order = self.venue.orders.get(child.client_id)
            done = 0 if order is None else order.done
            filled += child.filled
            assert child.filled <= done
            if child.written_off:
                assert child.client_id in finish.detail
            elif finish.reason is not Reason.IN_DOUBT:
                assert not child.live or child.filled >= child.total  # nothing is left of it, whatever became of its cancel
                assert child.filled == done
                assert order is None or not order.open
        if finish.reason is Reason.IN_DOUBT:
            assert self._hopeless or (self._leaving is not None and self.now - self._leaving > LEAVE_BOUND)
        result = conclude(
            self._executor,
            finished_at=self.now,
            api=ApiUsage(),
            environment="paper",
            source="synthetic",
            seed=None,
            parameters={},
            tags={},
            finish=finish,
        )
        assert filled == result.filled
        assert self.parent.quantity == result.filled + result.unfilled
        again = make_executor(self._algorithm, self._params)
        assert [intents for _, intents in self._history] == [again.handle(event) for event, _ in self._history]
