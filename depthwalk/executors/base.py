"""The shared layer of every algorithm: arrival, holding, steps, deadline, end game. Orders are the desk's business.

An algorithm only says which splits it wants and at which price each should rest now; everything that can lose money is
here or in `desk.py`, once. `handle(event) -> intents` is the whole interface: no clock, no client, no logger, no database
(design, D3).

A run goes  WAITING (for a usable book) -> WORKING -> CLOSING (cancels out) -> [CROSSING (one IOC)] -> [MARKING (a last look)]
-> FINISHED. Every way out of WORKING leads through CLOSING, so nothing is left alive but what is in doubt beyond hope.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, assert_never

from depthwalk.analysis.depth import up_to
from depthwalk.domain.book import BookState
from depthwalk.domain.messages import (
    AmendRejected,
    BookChanged,
    CancelRejected,
    Event,
    FeedLost,
    FeedRestored,
    Finish,
    Intent,
    Look,
    MarketClosed,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderInDoubt,
    OrderRejected,
    Reason,
    Record,
    Started,
    StopRequested,
    WakeAt,
    Woke,
)
from depthwalk.domain.order import OrderStatus
from depthwalk.domain.result import Arrival
from depthwalk.domain.units import SECOND, Duration, Instant, Price, Quantity, format_quantity, in_seconds
from depthwalk.errors import DomainError, RefusalReason, Refused
from depthwalk.executors.arrival import arrive
from depthwalk.executors.desk import CROSS_SPLIT, Denied, Desk
from depthwalk.executors.state import LEAVE_BOUND, POLL, RELOOK, BaseParams, EndAction, Phase, Quote, Run, Sight, Situation

_RELOOKS = 3
_POST_ONLY_RETRIES = 2


class Executor(ABC):
    """A state machine working one parent order. Subclasses are algorithms: they choose splits and prices, nothing else."""

    algorithm: ClassVar[str]
    post_only: ClassVar[bool] = True
    """Whether orders that should not take are sent so that they cannot."""

    def __init__(self, params: BaseParams) -> None:
        self.base = params
        self.phase = Phase.WAITING
        self.arrival: Arrival | None = None
        self.sight: Sight | None = None
        self.first_sight: Sight | None = None
        self.mids: list[tuple[Instant, int]] = []
        self.hold: str | None = None
        self.finish: Finish | None = None
        self._run: Run | None = None
        self._desk: Desk | None = None
        self._out: list[Intent] = []
        self._next_step = Instant(0)
        self._relooks = 0
        self._reason = Reason.HORIZON
        self._detail = ""
        self._leaving_since = Instant(0)

    # --- what an algorithm says ---

    @property
    @abstractmethod
    def cadence(self) -> Duration:
        """Time between two steps."""

    @property
    def look(self) -> Look:
        """What must be read before a step."""
        return Look.BOOK

    @abstractmethod
    def divide(self, situation: Situation) -> Sequence[Quantity]:
        """Return the quantities of the splits at arrival, summing to the requested quantity."""

    @abstractmethod
    def quotes(self, situation: Situation) -> Sequence[Quote]:
        """Return where each split should rest now; a split left out stays as it is."""

    def observe(self, situation: Situation) -> None:  # noqa: B027 - optional: most algorithms have no signals
        """Take note of a usable book, for signals."""

    # --- what others may look at ---

    @property
    def adverse_momentum(self) -> float | None:
        """Momentum against us now, -1 to 1, of an algorithm that follows it; else None."""
        return None

    @property
    def run(self) -> Run:
        """The facts of the run; raises DomainError before it has started."""
        if self._run is None:
            raise DomainError("the executor has not been started")
        return self._run

    @property
    def desk(self) -> Desk:
        """The splits and children; raises DomainError before the run has started."""
        if self._desk is None:
            raise DomainError("the executor has not been started")
        return self._desk

    def handle(self, event: Event) -> tuple[Intent, ...]:
        """Take one event and return what is to be done now, in this order."""
        self._out.clear()
        try:
            self._take(event)
        except Denied as denied:
            self._record("deny", denied.message, event.at)
            self._close(event.at, Reason.FAULT, f"an order was denied: {denied.message}")
        return tuple(self._out)

    def _take(self, event: Event) -> None:
        if isinstance(event, Started):
            self._run = Run.of(event, self.base)
            self._desk = Desk(self._run, self._out)
            self._wake(event.at, Look.BOOK)
            return
        self.desk.children.apply(event)
        if self.phase is Phase.FINISHED:
            return
        match event:
            case BookChanged():
                self._see(event)
            case Woke():
                self._woke(event.at)
            case StopRequested():
                self._close(event.at, Reason.STOPPED, event.detail)
            case MarketClosed():
                self._close(event.at, Reason.MARKET_CLOSED, event.detail)
            case FeedLost():
                self._record("look failed", event.detail, event.at)
            case FeedRestored():
                self._record("look works again", "", event.at)
            case OrderAccepted() | OrderFilled() | OrderAmended() | OrderCanceled() | OrderExpired():
                self._progress(event)
            case OrderRejected() | AmendRejected() | CancelRejected():
                self._refused(event)
            case OrderInDoubt():
                self._doubt(event)
            case _:
                assert_never(event)

    # --- books ---

    def _see(self, event: BookChanged) -> None:
        """Clean a book of our orders and judge it; an algorithm sees only clean and sound ones."""
        flying = self.desk.children.in_flight
        book = None if flying else self.desk.children.removed_from(event.book, event.foreign)
        if book is None:
            self._holding("orders in flight" if flying else "the book is older than our orders in it", event.at)
            if self._relooks < _RELOOKS and self.phase in (Phase.WAITING, Phase.WORKING):
                self._relooks += 1
                self._wake(min(event.at + RELOOK, self.run.closing_at), Look.BOOK)
            return
        self._relooks = 0
        if book.state in (BookState.CROSSED, BookState.LOCKED, BookState.EMPTY):
            self._holding(f"the book is {book.state.value}", event.at)
            return
        if self.hold is not None:
            self._record("resume", f"over: {self.hold}", event.at)
            self.hold = None
        self.sight = Sight(book=self.run.space.book(book), confirmed_at=event.confirmed_at)
        if self.sight.book.mid_twice is not None:
            self.mids.append((event.at, self.sight.book.mid_twice))
        self.desk.tighten_queues(self.sight.book)
        if self.phase is Phase.WAITING:
            self._arrive(event.at, self.sight)
        elif self.phase is Phase.WORKING:
            self.observe(self._situation(event.at))

    def _holding(self, why: str, now: Instant) -> None:
        if self.hold != why:
            self._record("hold", why, now)
        self.hold = why

    def _arrive(self, now: Instant, sight: Sight) -> None:
        if now >= self.run.closing_at:
            return
        age = Duration(now - sight.confirmed_at)
        try:
            self.arrival = arrive(self.run, sight.book, at=now, book_age=age, max_slippage=self.base.max_slippage)
        except Refused as no:
            self._finish(Reason.REFUSED, no.message)
            return
        self.phase, self.first_sight = Phase.WORKING, sight
        situation = self._situation(now)
        self.observe(situation)
        self.desk.open(self.divide(situation), situation.cap)
        self._step(now)

    def _situation(self, now: Instant) -> Situation:
        run, desk, arrival = self.run, self.desk, self.arrival
        if arrival is None or self.sight is None:
            raise DomainError("there is no situation before the arrival")
        return Situation(
            now=now,
            book=self.sight.book,
            grid=run.grid,
            cap=run.space.traded(arrival.cap),
            arrival=arrival,
            quantity=run.parent.quantity,
            elapsed=min(1.0, (now - run.started_at) / run.horizon),
            remaining=(run.parent.quantity - desk.children.filled) / run.parent.quantity,
            splits=desk.splits,
        )

    def _book_age(self, now: Instant) -> Duration | None:
        return None if self.sight is None else Duration(now - self.sight.confirmed_at)

    def _too_old(self, now: Instant) -> bool:
        age = self._book_age(now)
        return age is None or age > self.run.rules.max_book_age

    # --- time ---

    def _wake(self, at: int, look: Look) -> None:
        self._out.append(WakeAt(at=Instant(at), look=look))

    def _wake_working(self, at: int) -> None:
        """Wake at *at* or when the end game begins; the end game decides on the book, whatever the algorithm looks at."""
        due = min(at, self.run.closing_at)
        self._wake(due, Look.BOOK if due >= self.run.closing_at else self.look)

    def _woke(self, now: Instant) -> None:
        match self.phase:
            case Phase.WAITING:
                if now >= self.run.closing_at:
                    self._finish(Reason.NO_BOOK, self.hold or "no book could be read")
                else:
                    self._wake(min(now + SECOND, self.run.closing_at), Look.BOOK)
            case Phase.WORKING if now >= self.run.closing_at:
                self._close(now, Reason.HORIZON, "")
            case Phase.WORKING:
                if self.look is Look.BOOK and self._too_old(now):
                    self._holding(f"the book is older than {in_seconds(self.run.rules.max_book_age):g} s", now)
                if now >= self._next_step and self.hold is None:
                    self._step(now)
                else:
                    self._wake_working(max(self._next_step, now + SECOND))
            case Phase.CLOSING | Phase.CROSSING:
                self._keep_leaving(now)
            case Phase.MARKING:
                self._finish(self._reason, self._detail)
            case Phase.FINISHED:
                pass

    def _step(self, now: Instant) -> None:
        situation = self._situation(now)
        for quote in self.quotes(situation):
            split = self.desk.splits[quote.split]
            split.wanted, split.why = quote.price, quote.why
        for split in self.desk.splits:
            self.desk.pursue(split, now, situation.book, post_only=self.post_only)
        self._next_step = Instant(now + self.cadence)
        self._wake_working(self._next_step)

    # --- what happened to orders ---

    def _progress(self, event: OrderAccepted | OrderFilled | OrderAmended | OrderCanceled | OrderExpired) -> None:
        desk, now, sight = self.desk, event.at, self.sight
        child = desk.children[event.client_id]
        if isinstance(event, OrderAccepted | OrderAmended) and sight is not None:
            placed = desk.placed(child, now, sight.book)
            if placed is not None:
                self._out.append(replace(placed, book_age=self._book_age(now)))
        if self.phase is Phase.WORKING:
            if desk.children.settled and desk.children.filled >= desk.children.requested:
                self._finish(Reason.FILLED, "")
            elif isinstance(event, OrderCanceled | OrderExpired) and child.split != CROSS_SPLIT and sight is not None:
                split = desk.splits[child.split]
                if split.wanted != split.placed and self.hold is None and not self._too_old(now):
                    # The second half of cancel, confirm, send anew.
                    desk.pursue(split, now, sight.book, post_only=self.post_only)
        elif self.phase in (Phase.CLOSING, Phase.CROSSING):
            desk.cancel_live(now)
            self._advance(now)

    def _refused(self, event: OrderRejected | AmendRejected | CancelRejected) -> None:
        now, child = event.at, self.desk.children[event.client_id]
        self._record("refused", f"{event.reason.value}: {event.detail}", now, price=child.price)
        if self.phase in (Phase.CLOSING, Phase.CROSSING):
            if not isinstance(event, CancelRejected):
                self.desk.cancel_live(now)
            self._advance(now)
        if self.phase is not Phase.WORKING or isinstance(event, CancelRejected):
            return
        match event.reason:
            case RefusalReason.POST_ONLY_CROSS:
                split = self.desk.splits[child.split]
                split.refusals += 1
                if split.refusals <= _POST_ONLY_RETRIES:  # else the book runs away from us: wait for the cadence
                    self._next_step = now
                    self._wake(now, Look.BOOK)
            case RefusalReason.THROTTLED | RefusalReason.NOT_FOUND | RefusalReason.NEVER_ARRIVED:
                pass  # the next step tries again, on what the next look says
            case RefusalReason.MARKET_CLOSED | RefusalReason.PAUSED:
                self._close(now, Reason.MARKET_CLOSED, event.detail)
            case _:
                self._close(now, Reason.REJECTED, f"{event.reason.value}: {event.detail}")

    def _doubt(self, event: OrderInDoubt) -> None:
        self._record("in doubt", f"{event.operation.value}: {event.detail}", event.at)
        if event.hopeless:
            self._close(event.at, Reason.IN_DOUBT, f"{event.operation.value} of {event.client_id}: {event.detail}")
            self._advance(event.at)

    # --- the end ---

    def _close(self, now: Instant, reason: Reason, detail: str) -> None:
        """Begin to leave: cancel everything; what follows depends on the reason. A later reason replaces the horizon."""
        if self.phase in (Phase.CLOSING, Phase.CROSSING, Phase.MARKING):
            if self._reason is Reason.HORIZON or reason is Reason.IN_DOUBT:
                self._reason, self._detail = reason, detail
            return
        self.phase, self._reason, self._detail = Phase.CLOSING, reason, detail
        self._leaving_since = now
        self._record("close", detail or reason.value, now)
        self.desk.cancel_live(now)
        self._wake(now + POLL, Look.ORDERS)
        self._advance(now)

    def _keep_leaving(self, now: Instant) -> None:
        if now - self._leaving_since > LEAVE_BOUND:
            # The orders expire by themselves; what they filled is for `recover` to find out.
            self._finish(Reason.IN_DOUBT, f"not confirmed within {in_seconds(LEAVE_BOUND):g} s: {self._detail or 'the end'}")
            return
        self.desk.cancel_live(now)
        self._wake(now + POLL, Look.ORDERS)

    def _advance(self, now: Instant) -> None:
        """Go to the next part of the ending once every child is terminal (or hopelessly in doubt) and its fills are in."""
        children = self.desk.children
        hopeless = self._reason is Reason.IN_DOUBT
        if not all(child.settled or (hopeless and child.status is OrderStatus.IN_DOUBT) for child in children):
            return
        rest = Quantity(children.requested - children.filled)
        if rest <= 0:
            self._finish(Reason.FILLED, self._detail)
        elif self._reason is not Reason.HORIZON:
            self._finish(self._reason, self._detail)
        elif self.phase is Phase.CLOSING and self._may_cross(now, rest):
            self.phase = Phase.CROSSING
            self.desk.cross(rest, now)
        else:
            self.phase = Phase.MARKING
            self._wake(now, Look.BOOK)

    def _may_cross(self, now: Instant, rest: Quantity) -> bool:
        """Decide whether to take the rest at the cap: only on a sound, fresh book with something within the cap."""
        arrival = self.arrival
        if self.base.end_action is not EndAction.CROSS or arrival is None or self.sight is None:
            return False
        if self.hold is not None or self._too_old(now):
            self._record("no cross", self.hold or "the book is too old", now)
            return False
        cap = self.run.space.traded(arrival.cap)
        offered = up_to(self.sight.book.asks, cap)
        why = f"{format_quantity(offered)} offered within the cap for the last {format_quantity(rest)}"
        self._record("cross" if offered else "no cross", why, now, price=self.run.space.leg(cap))
        return offered > 0

    def _finish(self, reason: Reason, detail: str) -> None:
        self.phase = Phase.FINISHED
        self.finish = Finish(reason=reason, detail=detail)
        self._out.append(self.finish)

    def _record(
        self,
        what: str,
        why: str,
        now: Instant,
        *,
        split: int | None = None,
        price: Price | None = None,
        previous: Price | None = None,
    ) -> None:
        self._out.append(Record(what=what, why=why, split=split, price=price, previous=previous, book_age=self._book_age(now)))
