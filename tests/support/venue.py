"""A tiny scripted venue for executors alone: no asyncio, no HTTP, one price-time rule, and faults on demand.

It displays the books it is told to, fills what crosses them, lets resting orders be filled by `hits`, and answers every
write after 50 ms. It checks nothing for the executor: the tests do, from `sent` and `fills`.
"""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

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
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    PublicTrade,
    Record,
    Rules,
    Started,
    SubmitOrder,
    TapeRead,
    WakeAt,
    Woke,
)
from depthwalk.domain.order import Action, Fill, Outcome, ParentOrder, Side, TimeInForce
from depthwalk.domain.result import ApiUsage, ExecutionResult
from depthwalk.domain.units import Instant, Money, Price, Quantity, seconds
from depthwalk.errors import RefusalReason
from depthwalk.executors.base import Executor
from depthwalk.executors.registry import ALGORITHMS, make_executor
from depthwalk.runtime.outcome import conclude
from tests.support.books import book, market

T0 = Instant(1_767_268_800_000_000)
DELAY = seconds(0.05)


def parent(
    quantity: int = 10_000,
    *,
    outcome: Outcome = Outcome.YES,
    action: Action = Action.BUY,
    target: Price | None = None,
    limit: Price | None = None,
) -> ParentOrder:
    """Return a parent order; *quantity* in hundredths."""
    return ParentOrder(
        parent_id="0" * 32,
        ticker="TEST-MARKET",
        outcome=outcome,
        action=action,
        quantity=Quantity(quantity),
        target=target,
        limit=limit,
    )


@dataclass(slots=True)
class Resting:
    """One of our orders at the venue."""

    client_id: str
    order_id: str
    side: Side
    price: Price
    remaining: int
    filled: int = 0
    ioc: bool = False


Answer = Callable[[Intent], RefusalReason | None]


@dataclass
class Venue:
    """Drives one executor from Started to Finish. *books* maps seconds since the start to the book shown from then on.

    *hits* maps seconds to the quantity that trades against our best resting order then. *refuse* may refuse a write.
    *tape*: what others trade, oldest first.
    """

    executor: Executor
    order: ParentOrder
    books: Mapping[float, Book]
    hits: Mapping[float, int] = field(default_factory=dict)
    refuse: Answer = lambda _: None
    foreign: tuple[ForeignOrder, ...] = ()
    venue_market: Market = field(default_factory=market)
    rules: Rules = field(default_factory=Rules)
    extra: list[tuple[float, Callable[[Instant], Event]]] = field(default_factory=list)
    hide_ours: bool = False
    tape: Sequence[PublicTrade] = ()

    now: Instant = T0
    sent: list[tuple[float, Intent]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    resting: dict[str, Resting] = field(default_factory=dict)
    finish: Finish | None = None

    def run(self, longest: float = 600.0) -> Finish:
        """Run to the Finish; an executor that never finishes fails the test."""
        self._queue: list[tuple[Instant, int, Callable[[], None]]] = []
        self._number = count()
        self._wake = 0
        self._ids = count(1)
        self._taken: dict[tuple[float, Price], int] = {}
        self._read = 0
        for at, quantity in self.hits.items():
            self._at(Instant(T0 + seconds(at)), lambda quantity=quantity: self._hit(quantity))
        for at, make in self.extra:
            self._at(Instant(T0 + seconds(at)), lambda make=make: self._give(make(self.now)))
        self._give(Started(at=T0, parent=self.order, market=self.venue_market, rules=self.rules))
        while self.finish is None:
            assert self._queue, "the executor waits for nothing and has not finished"
            self.now, _, action = heapq.heappop(self._queue)
            assert self.now < T0 + seconds(longest), "the executor does not finish"
            action()
        return self.finish

    # --- what a test asks ---

    @property
    def writes(self) -> list[Intent]:
        """All orders sent, in order."""
        return [intent for _, intent in self.sent if isinstance(intent, SubmitOrder | AmendOrder | CancelOrder)]

    @property
    def records(self) -> list[Record]:
        """All decisions."""
        return [intent for _, intent in self.sent if isinstance(intent, Record)]

    @property
    def trace(self) -> list[tuple[float, str, object, object]]:
        """Every write as (seconds, kind, YES price, quantity or total), for comparing runs."""
        rows: list[tuple[float, str, object, object]] = []
        for at, intent in self.sent:
            match intent:
                case SubmitOrder():
                    kind = f"submit {intent.time_in_force.value} {'post' if intent.post_only else 'plain'}"
                    rows.append((at, kind, intent.price, intent.quantity))
                case AmendOrder():
                    rows.append((at, "amend", intent.price, intent.total))
                case CancelOrder():
                    rows.append((at, "cancel", None, None))
                case _:
                    pass
        return rows

    @property
    def story(self) -> list[str]:
        """Every write in words: "0 post 41 x60", "4 amend 42 x60", "8 cancel", "38.55 take 45 x40"."""
        kinds = {
            "submit good_till_canceled post": "post",
            "submit good_till_canceled plain": "plain",
            "submit immediate_or_cancel plain": "take",
        }
        told = []
        for at, kind, price, number in self.trace:
            what = "" if price is None else f" {float(str(price)) / 100:g} x{float(str(number)) / 100:g}"
            told.append(f"{at:g} {kinds.get(kind, kind)}{what}")
        return told

    @property
    def result(self) -> ExecutionResult:
        """What the run came to, measured as the runner measures it."""
        return conclude(
            self.executor,
            finished_at=self.now,
            api=ApiUsage(),
            environment="paper",
            source="synthetic",
            seed=None,
            parameters={},
            tags={},
        )

    @property
    def filled(self) -> int:
        """What the venue has filled of ours, by its own count."""
        return sum(fill.quantity for fill in self.fills)

    # --- the machinery ---

    def _at(self, at: Instant, action: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (at, next(self._number), action))

    def _later(self, action: Callable[[], None]) -> None:
        self._at(Instant(self.now + DELAY), action)

    def _give(self, event: Event) -> None:
        self.events.append(event)
        for intent in self.executor.handle(event):
            self.sent.append(((self.now - T0) / 1_000_000, intent))
            self._take(intent)

    def _take(self, intent: Intent) -> None:
        match intent:
            case SubmitOrder():
                self._later(lambda: self._submit(intent))
            case AmendOrder():
                self._later(lambda: self._amend(intent))
            case CancelOrder():
                self._later(lambda: self._cancel(intent))
            case WakeAt():
                self._wake += 1
                ticket = self._wake
                self._at(max(self.now, intent.at), lambda: self._look(intent.look) if ticket == self._wake else None)
            case Finish():
                self.finish = intent
            case Record():
                pass

    def _shown(self) -> tuple[float, Book]:
        since = (self.now - T0) / 1_000_000
        at = max(key for key in self.books if key <= since)
        return at, self.books[at]

    def _others(self) -> Book:
        """The scripted book without what we have taken from it."""
        at, book = self._shown()

        def left(levels: tuple[tuple[Price, Quantity], ...]) -> list[tuple[Price, Quantity]]:
            return [(price, Quantity(quantity - self._taken.get((at, price), 0))) for price, quantity in levels]

        return Book.of_levels(bids=left(book.bids), asks=left(book.asks))

    def _look(self, look: Look) -> None:
        if look is Look.TAPE:
            printed = tuple(trade for trade in self.tape[self._read :] if trade.at <= self.now)
            self._read += len(printed)
            self._give(TapeRead(at=self.now, trades=printed))
        if look in (Look.BOOK, Look.TAPE):
            others = self._others()
            ours = [] if self.hide_ours else [o for o in self.resting.values() if o.remaining]
            bids = [*others.bids, *((o.price, Quantity(o.remaining)) for o in ours if o.side is Side.BUY)]
            asks = [*others.asks, *((o.price, Quantity(o.remaining)) for o in ours if o.side is Side.SELL)]
            bids += [(f.price, f.quantity) for f in self.foreign if f.side is Side.BUY]
            asks += [(f.price, f.quantity) for f in self.foreign if f.side is Side.SELL]
            shown = Book.of_levels(bids=bids, asks=asks)
            self._give(BookChanged(at=self.now, book=shown, confirmed_at=self.now, foreign=self.foreign))
        if self.finish is None:
            self._give(Woke(at=self.now, look=look))

    def _submit(self, intent: SubmitOrder) -> None:
        no = self.refuse(intent)
        takeable = self._takeable(intent.side, intent.price)
        if no is None and intent.post_only and takeable:
            no = RefusalReason.POST_ONLY_CROSS
        if no is not None:
            self._give(OrderRejected(at=self.now, client_id=intent.client_id, reason=no, detail="scripted"))
            return
        order = Resting(intent.client_id, f"order-{intent.client_id[-2:]}", intent.side, intent.price, intent.quantity)
        order.ioc = intent.time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL
        fills = self._match(order)
        if order.ioc:
            order.remaining = 0
        self.resting[intent.client_id] = order
        accepted = OrderAccepted(
            at=self.now,
            client_id=order.client_id,
            order_id=order.order_id,
            filled=Quantity(order.filled),
            remaining=Quantity(order.remaining),
        )
        self._give(accepted)
        self._report(order, fills)

    def _takeable(self, side: Side, price: Price) -> list[tuple[Price, Quantity]]:
        others = self._others()
        if side is Side.BUY:
            return [level for level in others.asks if level[0] <= price]
        return [level for level in others.bids if level[0] >= price]

    def _match(self, order: Resting) -> list[tuple[Price, int]]:
        at, _ = self._shown()
        fills = []
        for price, quantity in self._takeable(order.side, order.price):
            part = min(quantity, order.remaining)
            if part:
                self._taken[at, price] = self._taken.get((at, price), 0) + part
                order.remaining -= part
                order.filled += part
                fills.append((price, part))
        return fills

    def _report(self, order: Resting, fills: list[tuple[Price, int]], *, taker: bool = True) -> None:
        for price, part in fills:
            fill = Fill(
                fill_id=f"fill-{next(self._ids)}",
                order_id=order.order_id,
                price=price,
                quantity=Quantity(part),
                is_taker=taker,
                fee=Money(0),
                at=self.now,
            )
            self.fills.append(fill)
            if self.finish is None:
                self._give(OrderFilled(at=self.now, client_id=order.client_id, fill=fill))

    def _amend(self, intent: AmendOrder) -> None:
        order = self.resting[intent.client_id]
        no = self.refuse(intent) or (None if order.remaining else RefusalReason.NOT_FOUND)
        if no is not None:
            self._give(AmendRejected(at=self.now, client_id=intent.client_id, reason=no, detail="scripted"))
            return
        order.price, order.remaining = intent.price, max(0, intent.total - order.filled)
        fills = self._match(order)
        filled = Quantity(order.filled)
        self._give(OrderAmended(at=self.now, client_id=order.client_id, price=order.price, total=intent.total, filled=filled))
        self._report(order, fills)

    def _cancel(self, intent: CancelOrder) -> None:
        order = self.resting[intent.client_id]
        no = self.refuse(intent)
        if no is not None:
            self._give(CancelRejected(at=self.now, client_id=intent.client_id, reason=no, detail="scripted"))
            return
        order.remaining = 0
        self._give(OrderCanceled(at=self.now, client_id=intent.client_id, filled=Quantity(order.filled)))

    def _hit(self, quantity: int) -> None:
        """Somebody trades *quantity* against our best resting order."""
        alive = [o for o in self.resting.values() if o.remaining and not o.ioc]
        if not alive:
            return
        best = max(alive, key=lambda o: o.price * o.side.sign)
        part = min(quantity, best.remaining)
        best.remaining -= part
        best.filled += part
        self._report(best, [(best.price, part)], taker=False)


def drive(
    algorithm: str,
    books: Mapping[float, str] | str,
    order: ParentOrder | None = None,
    *,
    structure: str = "linear_cent",
    close: float | None = None,
    hits: Mapping[float, int] | None = None,
    extra: Sequence[tuple[float, Callable[[Instant], Event]]] = (),
    **params: object,
) -> Venue:
    """Run an algorithm of the registry to its end on books in text and return the venue; 100 contracts where no order is given.

    *close*: seconds after the start at which the market closes.
    """
    shown = {0.0: books} if isinstance(books, str) else books
    closes = None if close is None else Instant(T0 + seconds(close))
    venue = Venue(
        make_executor(algorithm, ALGORITHMS[algorithm].params(**params)),  # type: ignore[arg-type] # of the algorithm's own
        order or parent(),
        {at: book(text) for at, text in shown.items()},
        hits=hits or {},
        venue_market=replace(market(structure), close_time=closes),
        extra=list(extra),
    )
    venue.run(longest=4_000.0)
    return venue
