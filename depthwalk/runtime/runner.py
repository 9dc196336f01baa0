"""The one loop that drives an executor: inbox -> executor -> journal -> effects, whose results come back to the inbox.

Its inbox is the only way in. An event and the intents it led to are journaled before any of them is performed (design, D4);
effects run in tasks, so nothing ever waits for the exchange. Whatever ends the loop other than the executor's Finish (an
exception, a canceled task), this parent's orders are canceled before it leaves.
"""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any, assert_never

from depthwalk.clock import Clock
from depthwalk.domain.market import Market
from depthwalk.domain.messages import (
    AmendOrder,
    AmendRejected,
    CancelOrder,
    CancelRejected,
    Event,
    FeedLost,
    FeedRestored,
    Finish,
    Intent,
    Look,
    Operation,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderFilled,
    OrderInDoubt,
    OrderRejected,
    Record,
    Rules,
    Started,
    StopRequested,
    SubmitOrder,
    WakeAt,
    Woke,
)
from depthwalk.domain.order import ParentOrder
from depthwalk.domain.units import Duration, Instant, Quantity, seconds
from depthwalk.errors import ExchangeError, InDoubt, NotFound, OrderRefused, RefusalReason, StorageError, Unreachable
from depthwalk.executors.base import Executor
from depthwalk.executors.snapshot import take_snapshot
from depthwalk.ports import Exchange, Journal, View
from depthwalk.runtime.readings import Readings

log = logging.getLogger(__name__)

REFRESH = seconds(0.5)
"""How often the view is shown the run while nothing happens."""

_LEAVE_TRIES = 6
LOOK_SECONDS = 5.0
"""The longest a look may take before the run goes on without it."""

GRACE = seconds(0.75)
"""How long the end game waits for its own look before it begins blind."""

LEAVE_SECONDS = 15.0
"""How long leaving after an error waits for writes on their way: longer than the client waits for their replies."""


class Runner:
    """One run of one parent order."""

    def __init__(
        self,
        *,
        executor: Executor,
        parent: ParentOrder,
        market: Market,
        rules: Rules,
        exchange: Exchange,
        clock: Clock,
        journal: Journal,
        view: View,
        refresh: bool,
    ) -> None:
        self._executor = executor
        self._parent = parent
        self._market = market
        self._rules = rules
        self._exchange = exchange
        self._clock = clock
        self._journal = journal
        self._view: View | None = view
        self._refresh = refresh
        self._inbox: asyncio.Queue[Event | BaseException] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writes: set[asyncio.Task[None]] = set()
        self._sleeper: asyncio.Task[None] | None = None
        self._looking = asyncio.Lock()
        self._feed_lost = False
        self._readings: Readings | None = None

    def stop(self, detail: str) -> None:
        """Ask the run to end: orders are canceled and confirmed first. To be called on the loop's thread."""
        self._inbox.put_nowait(StopRequested(at=self._clock.now(), detail=detail))

    async def run(self) -> Finish:
        """Drive the executor to its Finish. Raises what went wrong in an effect or the journal, after canceling orders."""
        started = Started(at=self._clock.now(), parent=self._parent, market=self._market, rules=self._rules)
        try:
            self._handle(started)
            self._readings = Readings(
                exchange=self._exchange,
                clock=self._clock,
                parent=self._parent,
                market=self._market,
                since=started.at,
                children=self._executor.desk.children,
                post=self._inbox.put_nowait,
                busy=lambda: not self._inbox.empty(),
            )
            # The end game does not wait for a look that hangs.
            self._spawn(self._ring(Instant(self._executor.run.closing_at + GRACE)))
            if self._refresh:
                self._spawn(self._keep_showing())
            while self._executor.finish is None:
                self._handle(await self._next_event())
        except BaseException:
            await self._leave()
            raise
        finally:
            await self._stop_tasks()
        return self._executor.finish

    async def _next_event(self) -> Event:
        """Return the next event, or raise what made an effect fail in a way that is not the exchange's."""
        event = await self._inbox.get()
        if isinstance(event, BaseException):
            raise event
        return event

    def _handle(self, event: Event) -> None:
        intents = self._executor.handle(event)
        self._journal.append(event, intents)
        for intent in intents:
            self._perform(intent)
        self._show([intent for intent in intents if isinstance(intent, Record)])

    def _show(self, records: list[Record]) -> None:
        if self._view is None:
            return
        try:
            self._view.show(take_snapshot(self._executor, self._clock.now()), self._exchange.usage, records)
        except Exception:
            log.warning("the view failed; the run goes on without it", exc_info=True)
            self._view = None

    async def _keep_showing(self) -> None:
        while True:
            await self._clock.sleep(REFRESH)
            self._show([])

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _write(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._spawn(work)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._inbox.put_nowait(error)

    # --- effects ---

    def _perform(self, intent: Intent) -> None:
        match intent:
            case SubmitOrder():
                self._write(self._submit(intent))
            case AmendOrder():
                self._write(self._amend(intent))
            case CancelOrder():
                self._write(self._cancel(intent))
            case WakeAt():
                if self._sleeper is not None:
                    self._sleeper.cancel()
                self._sleeper = self._spawn(self._sleep(intent))
            case Record() | Finish():
                pass
            case _:
                assert_never(intent)

    async def _sleep(self, intent: WakeAt) -> None:
        await self._clock.sleep(Duration(intent.at - self._clock.now()))
        # From here on it is a look, which a newer WakeAt must not cut short.
        self._sleeper = None
        self._spawn(self._look(intent.look))

    async def _ring(self, at: Instant) -> None:
        await self._clock.sleep(Duration(at - self._clock.now()))
        self._inbox.put_nowait(Woke(at=self._clock.now()))

    async def _look(self, look: Look) -> None:
        async with self._looking:
            if look is not Look.NOTHING:
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._read(look)
                except TimeoutError:
                    self._lost(f"nothing could be read within {LOOK_SECONDS:g} s")
            self._inbox.put_nowait(Woke(at=self._clock.now(), look=look))

    def _lost(self, detail: str) -> None:
        self._feed_lost = True
        self._inbox.put_nowait(FeedLost(at=self._clock.now(), detail=detail))

    async def _read(self, look: Look) -> None:
        try:
            match look:
                case Look.BOOK:
                    await self._known.look_at_book(await self._known.look_at_account())
                case Look.EVERYTHING:
                    await self._known.look_at_book(await self._known.look_at_everything())
                case _:
                    await self._known.look_at_orders()
        except ExchangeError as error:
            self._lost(error.message)
        else:
            if self._feed_lost:
                self._inbox.put_nowait(FeedRestored(at=self._clock.now()))
            self._feed_lost = False

    @property
    def _known(self) -> Readings:
        assert self._readings is not None  # noqa: S101 - set by run before any effect can run
        return self._readings

    async def _submit(self, intent: SubmitOrder) -> None:
        try:
            reply = await self._exchange.submit(self._market, intent)
        except OrderRefused as no:
            if no.reason is RefusalReason.ALREADY_EXISTS:
                await self._doubt(intent.client_id, Operation.CREATE, no)
            else:
                self._reject(OrderRejected, intent.client_id, no.reason, no)
        except (InDoubt, Unreachable) as lost:
            await self._doubt(intent.client_id, Operation.CREATE, lost)
        except ExchangeError as no:
            self._reject(OrderRejected, intent.client_id, RefusalReason.OTHER, no)
        else:
            self._known.know(reply.order_id, intent.client_id)
            self._inbox.put_nowait(
                OrderAccepted(
                    at=self._clock.now(),
                    client_id=intent.client_id,
                    order_id=reply.order_id,
                    filled=reply.filled,
                    remaining=reply.remaining,
                )
            )
            await self._fills(intent.client_id, reply.filled)

    async def _amend(self, intent: AmendOrder) -> None:
        child = self._executor.desk.children[intent.client_id]
        order_id = self._order_id(intent.client_id)
        try:
            reply = await self._exchange.amend(self._market, order_id, child.side, intent)
        except OrderRefused as no:
            self._reject(AmendRejected, intent.client_id, no.reason, no)
        except (InDoubt, Unreachable) as lost:
            await self._doubt(intent.client_id, Operation.AMEND, lost)
        except ExchangeError as no:
            self._reject(AmendRejected, intent.client_id, RefusalReason.OTHER, no)
        else:
            filled = None if reply.remaining is None else Quantity(intent.total - reply.remaining)
            self._inbox.put_nowait(
                OrderAmended(
                    at=self._clock.now(), client_id=intent.client_id, price=intent.price, total=intent.total, filled=filled
                )
            )
            await self._fills(intent.client_id, filled or Quantity(0))

    async def _cancel(self, intent: CancelOrder) -> None:
        child = self._executor.desk.children[intent.client_id]
        order_id = self._order_id(intent.client_id)
        try:
            reply = await self._exchange.cancel(self._market, order_id)
        except NotFound as no:
            self._reject(CancelRejected, intent.client_id, RefusalReason.NOT_FOUND, no)
            await self._settle(intent.client_id, Operation.CANCEL, no)
        except OrderRefused as no:
            self._reject(CancelRejected, intent.client_id, no.reason, no)
        except (InDoubt, Unreachable) as lost:
            await self._doubt(intent.client_id, Operation.CANCEL, lost)
        except ExchangeError as no:
            self._reject(CancelRejected, intent.client_id, RefusalReason.OTHER, no)
        else:
            filled = Quantity(child.total - reply.reduced_by)
            self._inbox.put_nowait(OrderCanceled(at=self._clock.now(), client_id=intent.client_id, filled=filled))
            await self._fills(intent.client_id, filled)

    def _order_id(self, client_id: str) -> str:
        order_id = self._executor.desk.children[client_id].order_id
        assert order_id is not None  # noqa: S101 - the ledger amends and cancels only what the venue has accepted
        return order_id

    def _reject(
        self,
        event: type[OrderRejected | AmendRejected | CancelRejected],
        client_id: str,
        reason: RefusalReason,
        error: ExchangeError,
    ) -> None:
        self._inbox.put_nowait(event(at=self._clock.now(), client_id=client_id, reason=reason, detail=error.message))

    async def _fills(self, client_id: str, filled: Quantity) -> None:
        """Read the fills a reply reported. If that fails, the next look goes on with it."""
        if filled:
            with contextlib.suppress(ExchangeError):
                await self._known.complete_fills(client_id, filled)

    async def _doubt(self, client_id: str, operation: Operation, error: ExchangeError) -> None:
        self._inbox.put_nowait(
            OrderInDoubt(at=self._clock.now(), client_id=client_id, operation=operation, detail=error.message)
        )
        await self._settle(client_id, operation, error)

    async def _settle(self, client_id: str, operation: Operation, error: ExchangeError) -> None:
        log.warning("%s of %s: %s; reading what became of it", operation.value, client_id, error.message)
        child = self._executor.desk.children[client_id]
        price = child.amending.price if child.amending is not None else None
        await self._known.settle(child, operation, price)

    # --- leaving ---

    async def _leave(self) -> None:
        """Cancel this parent's orders and keep their fills when the loop dies of something else than a Finish.

        Nothing stops it half-way: a cancellation that comes meanwhile has already been answered by leaving.
        """
        leaving = asyncio.ensure_future(self._cancel_all())
        while not leaving.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(leaving)
        self._keep_fills()

    def _keep_fills(self) -> None:
        """Write down the fills that nobody will handle any more."""
        while not self._inbox.empty():
            event = self._inbox.get_nowait()
            if isinstance(event, OrderFilled):
                with contextlib.suppress(StorageError):  # it may be what we are leaving for
                    self._journal.append(event, ())

    async def _cancel_all(self) -> None:
        if self._writes:
            # What is on its way arrives: an order that comes to rest after the list was read would be left behind.
            await asyncio.wait(self._writes, timeout=LEAVE_SECONDS)
        for attempt in range(_LEAVE_TRIES):
            # Lists lag behind replies, so the first empty one is not believed.
            if attempt:
                await self._clock.sleep(seconds(0.5))
            try:
                resting = await self._exchange.resting_orders(self._market.ticker)
                left = [report for report in resting if report.client_id.startswith(self._parent.child_prefix)]
                if attempt and not left:
                    break
                for report in left:
                    with contextlib.suppress(NotFound):
                        await self._exchange.cancel(self._market, report.order_id)
            except ExchangeError as error:
                log.warning("leaving, try %d: %s", attempt + 1, error.message)
        if self._readings is not None:
            with contextlib.suppress(ExchangeError):
                await self._readings.read_all_fills()

    async def _stop_tasks(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
