"""The shared layer of every algorithm: what an algorithm says, arrival, steps, what happens to orders.

An algorithm only says which splits it wants and at which price each should rest now; everything that can lose money is in the
shared layer, once: orders in `desk.py`, books in `watch.py`, leaving in `ending.py`. `handle(event) -> intents` is the whole
interface: no clock, no client, no logger, no database (design, D3).

A run goes WAITING (for a usable book) -> WORKING -> its ending; every way out leads through `ending.py`.
"""

from dataclasses import replace
from typing import assert_never

from depthwalk.domain.market import MarketStatus
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
    MarketChanged,
    MarketClosed,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderInDoubt,
    OrderRejected,
    Reason,
    Recovering,
    Resumed,
    Started,
    StopRequested,
    TapeRead,
    WakeAt,
    Woke,
)
from depthwalk.domain.order import OrderStatus, TimeInForce
from depthwalk.domain.result import Arrival
from depthwalk.domain.units import SECOND, Duration, Instant
from depthwalk.errors import DomainError, RefusalReason, Refused
from depthwalk.executors import asking
from depthwalk.executors.algorithm import Algorithm
from depthwalk.executors.arrival import arrive
from depthwalk.executors.asking import Faulty
from depthwalk.executors.children import Child, ended_elsewhere
from depthwalk.executors.desk import CROSS_SPLIT, LONGEST_LIFE, Denied, Desk
from depthwalk.executors.ending import Ending
from depthwalk.executors.sight import Sight
from depthwalk.executors.state import RELOOK, BaseParams, Phase, Run, Situation
from depthwalk.executors.watch import Watch

_RELOOKS = 3
_POST_ONLY_RETRIES = 2


class Executor(Algorithm):
    """A state machine working one parent order. Subclasses are algorithms: they choose splits and prices, nothing else."""

    def __init__(self, params: BaseParams) -> None:
        self.base = params
        self.arrival: Arrival | None = None
        self.ending: Ending | None = None
        self._parts: tuple[Run, Desk, Watch] | None = None
        self._phase = Phase.WAITING
        self._out: list[Intent] = []
        self._next_step = Instant(0)
        self._relooks = 0
        self._relook_at: Instant | None = None
        self._latest = Instant(0)
        self._recovering = False

    # --- what others may look at ---

    @property
    def phase(self) -> Phase:
        """Where the run stands."""
        return self._phase if self.ending is None else self.ending.phase

    @property
    def finish(self) -> Finish | None:
        """How the run ended; None while it goes on."""
        return None if self.ending is None else self.ending.finish

    @property
    def run(self) -> Run:
        """The facts of the run. This and the next two raise DomainError before it has started."""
        return self._started[0]

    @property
    def desk(self) -> Desk:
        """The splits and children."""
        return self._started[1]

    @property
    def watch(self) -> Watch:
        """What has been seen of the market."""
        return self._started[2]

    @property
    def _started(self) -> tuple[Run, Desk, Watch]:
        if self._parts is None:
            raise DomainError("the executor has not been started")
        return self._parts

    def handle(self, event: Event) -> tuple[Intent, ...]:
        """Take one event and return what is to be done now, in this order."""
        self._out.clear()
        since, self._latest = self._latest, max(self._latest, event.at)
        try:
            if isinstance(event, BookChanged):  # nearly every event is one, and no child is changed by it
                self._see(event)
            else:
                self._take(event, since)
        except (Denied, Faulty) as fault:
            denied = isinstance(fault, Denied)
            self.watch.record("deny" if denied else "fault", fault.message, event.at)
            self._close(event.at, Reason.FAULT, f"an order was denied: {fault.message}" if denied else fault.message)
        return tuple(self._out)

    def _take(self, event: Event, since: Instant) -> None:
        if isinstance(event, Started):
            run = Run.of(event, self.base)
            self._parts = run, Desk(run, self._out), Watch(run, self._out)
            for note in event.notes:
                self.watch.record("note", note, event.at)
            self._wake(event.at, Look.BOOK)
            return
        if isinstance(event, Recovering):
            self._replace_run(self.run.carried_on(since=since, at=event.at))
            self._recover(event)
            return
        if isinstance(event, Resumed):
            self._replace_run(self.run.carried_on(since=since, at=event.at))
        self.desk.children.apply(event)
        if self.phase is Phase.FINISHED:
            return
        match event:
            case Woke():
                self._woke(event.at, event.look)
            case BookChanged():
                self._see(event)
            case TapeRead():
                asking.asked(lambda: self.read_tape(event.trades))
            case StopRequested():
                self._close(event.at, Reason.STOPPED, event.detail)
            case MarketClosed():
                self._close(event.at, Reason.MARKET_CLOSED, event.detail)
            case MarketChanged():
                self._change(event)
            case Resumed():
                self._resume(event.at)
            case FeedLost():
                self.watch.record("look failed", event.detail, event.at)
                if self.ending is not None:
                    self.ending.lost_sight()
            case FeedRestored():
                self.watch.record("look works again", "", event.at)
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
        """Let the watch judge a book; an algorithm sees only clean and sound ones."""
        run, desk, watch = self._started
        phase = self.phase
        if self._recovering or phase is Phase.FINISHED:
            return
        sight = watch.take(event, desk.children)
        if sight is None:
            if watch.passing and self._relooks < _RELOOKS:
                self._relooks += 1
                self._relook_at = Instant(min(event.at + RELOOK, run.closing_at))
            return
        self._relooks, self._relook_at = 0, None
        desk.tighten_queues(sight)
        if phase is Phase.WAITING:
            self._arrive(event.at, sight)
        elif phase is Phase.WORKING:
            self._observe(self._situation(event.at))

    def _arrive(self, now: Instant, sight: Sight) -> None:
        if now >= self.run.closing_at:
            return
        age = Duration(now - sight.confirmed_at)
        try:
            self.arrival = arrive(self.run, sight.book, at=now, book_age=age, max_slippage=self.base.max_slippage)
        except Refused as no:
            self._close(now, Reason.REFUSED, no.message)
            return
        self._phase, self.watch.first = Phase.WORKING, sight
        situation = self._situation(now)
        self.desk.open(asking.division(self, situation), situation.cap)
        self._observe(situation)
        self._step(now)

    def _observe(self, situation: Situation) -> None:
        try:
            self.observe(situation)
        except (Exception, SystemExit) as error:
            raise Faulty.of(error) from error

    def _situation(self, now: Instant) -> Situation:
        run, desk, watch = self._started
        if self.arrival is None or watch.sight is None:
            raise DomainError("there is no situation before the arrival")
        return Situation(now, watch.sight, run=run, arrival=self.arrival, splits=desk.splits, children=desk.children)

    # --- time ---

    def _wake(self, at: int, look: Look) -> None:
        self._out.append(WakeAt(at=Instant(at), look=look))

    def _wake_working(self, at: int) -> None:
        """Wake at *at*, when the end game begins, which decides on the book, or when orders have to be renewed."""
        due = min(at, self._latest + LONGEST_LIFE // 2, self.run.closing_at)
        look = asking.look(self)
        # While it holds, or an order is still to be sent, it needs the book whatever the algorithm looks at (design, D12).
        blind = not look.shows_book and (due >= self.run.closing_at or self.watch.hold is not None or self.desk.lacking)
        self._wake(due, Look.BOOK if blind else look)

    def _woke(self, now: Instant, look: Look) -> None:
        if self.ending is not None:
            self.ending.woke(now, look)
        elif self.phase is Phase.WAITING:
            if now >= self.run.closing_at:
                self._close(now, Reason.NO_BOOK, self.watch.hold or "no book could be read")
            else:
                self._wake(min(self._relook(now) or now + SECOND, self.run.closing_at), Look.BOOK)
        elif now >= self.run.closing_at:
            self._close(now, Reason.HORIZON, "")
        else:
            self._work(now)

    def _work(self, now: Instant) -> None:
        if asking.look(self).shows_book or self.desk.lacking:
            self.watch.hold_if_old(now)
        if now >= self._next_step and self.watch.hold is None:
            self._step(now)
        elif (soon := self._relook(now)) is not None:
            self._wake(soon, Look.BOOK)
        else:
            if self.watch.hold is None:
                self.desk.renew(now)
            self._wake_working(max(self._next_step, now + SECOND))

    def _relook(self, now: Instant) -> Instant | None:
        """Return when to look again soon, once, after a book that did not fit our orders."""
        at, self._relook_at = self._relook_at, None
        return None if at is None else max(now, at)

    def _step(self, now: Instant) -> None:
        situation, desk = self._situation(now), self.desk
        for quote in asking.quotations(self, situation):
            split = desk.splits[quote.split]
            # A price from before a change of the grid may not be on the new one.
            split.wanted, split.why = situation.grid.floor(quote.price), quote.why
            split.released, split.takes = quote.release, quote.take
        for split in desk.splits:
            desk.pursue(split, now, situation.sight, post_only=self.post_only)
        self._next_step = Instant(now + asking.cadence(self))
        self._wake_working(self._next_step)

    # --- what happened to the market, and to the process ---

    def _replace_run(self, run: Run) -> bool:
        """Take the facts of the run as they are now; False where no price within the cap is left."""
        _, desk, watch = self._started
        self._parts, watch.run = (run, desk, watch), run
        return desk.retune(run)

    def _change(self, event: MarketChanged) -> None:
        market = event.market
        self.watch.record("market changed", f"{market.status.value}, prices {market.grid.describe()}", event.at)
        tradable = self._replace_run(self.run.at_market(market))
        if market.status is not MarketStatus.ACTIVE:
            self._close(event.at, Reason.MARKET_CLOSED, f"the market is {market.status.value}")
        elif not tradable:
            self._close(event.at, Reason.REJECTED, "the new grid has no price within the cap")

    def _resume(self, now: Instant) -> None:
        """Carry on after a crash: on a new look, never on what was seen before."""
        self.watch.record("carry on", "another process drives the run from here", now)
        if self.ending is not None:
            self.ending.carried_on(now)
            return
        self.watch.holding("carried on after a crash", now)
        self._next_step = now
        self._wake(now, Look.BOOK)

    def _recover(self, event: Recovering) -> None:
        """Leave, whatever the run was doing or had concluded; a book that is seen from now on is not the run's any more."""
        self._recovering = self.desk.children.ever_in_doubt = True
        self.ending = None
        self._close(event.at, Reason.RECOVERED, event.detail)

    # --- what happened to orders ---

    def _progress(self, event: OrderAccepted | OrderFilled | OrderAmended | OrderCanceled | OrderExpired) -> None:
        desk, now = self.desk, event.at
        child = desk.children[event.client_id]
        nothing = isinstance(event, OrderAccepted) and not event.filled and not event.remaining
        if isinstance(event, OrderAccepted | OrderAmended) and self.watch.sight is not None and not nothing:
            placed = desk.placed(child, now, self.watch.sight.book)
            if placed is not None:
                self._out.append(replace(placed, book_age=self.watch.book_age(now)))
        if self.ending is not None:
            self.ending.happened(now)
        elif desk.children.settled and desk.children.filled >= desk.children.requested:
            self._close(now, Reason.FILLED, "")
        elif nothing and child.post_only:
            self._crossed(child, now)  # some answer a post-only order that would take with nothing instead of a refusal
        elif ended_elsewhere(event, child):
            self._close(now, Reason.STOPPED, f"order {child.client_id} was canceled elsewhere")
        elif isinstance(event, OrderCanceled | OrderExpired) and child.split != CROSS_SPLIT:
            split = desk.splits[child.split]
            sight = self.watch.sight
            if split.wanted != split.placed and sight is not None and not self.watch.blocked(now):
                # The second half of cancel, confirm, send anew.
                desk.pursue(split, now, sight, post_only=self.post_only)

    def _refused(self, event: OrderRejected | AmendRejected | CancelRejected) -> None:
        now, child = event.at, self.desk.children[event.client_id]
        self.watch.record("refused", f"{event.reason.value}: {event.detail}", now, price=child.price)
        if self.ending is not None:
            if isinstance(event, CancelRejected):
                self.ending.advance(now)  # sent again after the next look, not at once
            else:
                self.ending.happened(now)
        elif not isinstance(event, CancelRejected):
            self._answer(event, child)

    def _answer(self, event: OrderRejected | AmendRejected, child: Child) -> None:
        """Decide what a definite no means for a working run."""
        if child.written_off and child.time_in_force is TimeInForce.GOOD_TILL_CANCELED:
            self.desk.splits[child.split].retry_id = child.client_id
        match event.reason:
            case RefusalReason.POST_ONLY_CROSS:
                self._crossed(child, event.at)
            case RefusalReason.THROTTLED | RefusalReason.NOT_FOUND | RefusalReason.NEVER_ARRIVED:
                pass  # the next step tries again, on what the next look says
            case RefusalReason.INVALID_PRICE if self._off_grid(child):
                self._look_at_once(event.at)  # the grid changed under it
            case RefusalReason.MARKET_CLOSED | RefusalReason.PAUSED:
                self._close(event.at, Reason.MARKET_CLOSED, event.detail)
            case _:
                self._close(event.at, Reason.REJECTED, f"{event.reason.value}: {event.detail}")

    def _crossed(self, child: Child, now: Instant) -> None:
        """A post-only order would have taken: read again, price again; it is no walk."""
        split = self.desk.splits[child.split]
        split.refusals += 1
        if split.refusals <= _POST_ONLY_RETRIES:  # else the book runs away from us: wait for the cadence
            self._look_at_once(now)

    def _off_grid(self, child: Child) -> bool:
        wanted = self.desk.splits[child.split].wanted
        return wanted is not None and wanted not in self.run.grid

    def _look_at_once(self, now: Instant) -> None:
        self._next_step = now
        self._wake(now, Look.BOOK)

    def _doubt(self, event: OrderInDoubt) -> None:
        self.watch.record("in doubt", f"{event.operation.value}: {event.detail}", event.at)
        if self.ending is not None:
            self.ending.doubted()
        if event.hopeless and self.desk.children[event.client_id].status is OrderStatus.IN_DOUBT:
            self._close(event.at, Reason.IN_DOUBT, f"{event.operation.value} of {event.client_id}: {event.detail}")

    # --- the end ---

    def _close(self, now: Instant, reason: Reason, detail: str) -> None:
        """Begin to leave, or say a weightier reason for leaving; all the rest is the ending's."""
        if self.ending is None:
            self.ending = Ending(
                desk=self.desk,
                watch=self.watch,
                arrival=self.arrival,
                end_action=self.base.end_action,
                outbox=self._out,
            )
            self.ending.begin(now, reason, detail)
        else:
            self.ending.replace(reason, detail)
            self.ending.happened(now)
