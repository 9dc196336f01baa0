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
    CancelOrder,
    Event,
    FeedLost,
    FeedRestored,
    Finish,
    Intent,
    Look,
    Operation,
    OrderFilled,
    Record,
    Recovering,
    Resumed,
    Rules,
    Started,
    StopRequested,
    SubmitOrder,
    WakeAt,
    Woke,
)
from depthwalk.domain.order import ParentOrder
from depthwalk.domain.units import Duration, Quantity, seconds
from depthwalk.errors import DomainError, ExchangeError, InDoubt, StorageError
from depthwalk.executors.base import Executor
from depthwalk.executors.snapshot import take_snapshot
from depthwalk.ports import Exchange, Journal, View
from depthwalk.runtime.effects import Effects
from depthwalk.runtime.leaving import cancel_all, raise_with_state, shielded
from depthwalk.runtime.market_watch import EVERY

log = logging.getLogger(__name__)

REFRESH = seconds(0.5)
"""How often the view is shown the run while nothing happens."""

LOOK_SECONDS = 5.0
"""The longest a look may take before the run goes on without it."""

GRACE = seconds(0.75)
"""How long the end game waits for its own look before it begins blind."""


def in_flight(executor: Executor) -> list[tuple[str, Operation]]:
    """Return the writes whose replies a replayed executor still waits for, by client id."""
    return [(child.client_id, child.awaited) for child in executor.desk.children if child.awaited is not None]


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
        notes: tuple[str, ...] = (),
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
        self._notes = notes
        self._inbox: asyncio.Queue[Event | BaseException] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way: set[asyncio.Task[None]] = set()
        self._sleeper: asyncio.Task[None] | None = None
        self._looking = asyncio.Lock()
        self._feed_lost = False
        self._effects: Effects | None = None
        self._only_leaving = False
        self._unhandled = 0

    def stop(self, detail: str) -> None:
        """Ask the run to end: orders are canceled and confirmed first. To be called on the loop's thread."""
        self._inbox.put_nowait(StopRequested(at=self._clock.now(), detail=detail))

    async def run(self) -> Finish:
        """Drive the executor to its Finish. Raises what went wrong in an effect or the journal, after canceling orders."""
        return await self._drive(
            Started(at=self._clock.now(), parent=self._parent, market=self._market, rules=self._rules, notes=self._notes)
        )

    async def resume(self) -> Finish:
        """Carry on what another process began: the executor has been replayed from its journal. Else as `run`."""
        return await self._drive(Resumed(at=self._clock.now()))

    async def recover(self, detail: str) -> Finish:
        """Settle what another process left, and end the run: nothing is created or amended any more. Else as `resume`."""
        self._only_leaving = True
        return await self._drive(Recovering(at=self._clock.now(), detail=detail))

    async def _drive(self, first: Started | Resumed | Recovering) -> Finish:
        flying = [] if isinstance(first, Started) else in_flight(self._executor)
        try:
            self._handle(first)
            self._effects = effects = self._connect()
            for client_id, operation in flying:
                died = InDoubt("the process that sent it died before the reply")
                self._write(effects.writes.doubt(client_id, operation, died))
            # The end game does not wait for a look that hangs.
            self._spawn(self._ring())
            self._spawn(effects.watch.keep_looking())
            if self._refresh:
                self._spawn(self._keep_showing())
            while self._executor.finish is None:
                self._handle(await self._next_event())
        except BaseException as error:  # noqa: BLE001 - whatever it is, orders are canceled before it goes on
            confirmed = await self._leave()
            raise_with_state(error, self._filled, confirmed=confirmed)
        finally:
            await self._stop_tasks()
        return self._executor.finish

    @property
    def _connected(self) -> Effects:
        assert self._effects is not None  # noqa: S101 - set by _drive before any effect can run
        return self._effects

    def _connect(self) -> Effects:
        return Effects.connect(
            self._executor,
            exchange=self._exchange,
            clock=self._clock,
            parent=self._parent,
            market=self._market,
            post=self._inbox.put_nowait,
            busy=lambda: not self._inbox.empty(),
        )

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
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._inbox.put_nowait(error)

    # --- effects ---

    def _perform(self, intent: Intent) -> None:
        match intent:
            case SubmitOrder() | AmendOrder() if self._only_leaving:
                raise DomainError(f"recovery sends nothing new, but {intent.client_id} was to be sent")
            case SubmitOrder() | AmendOrder() | CancelOrder():
                self._write(self._send(intent))
            case WakeAt():
                if self._sleeper is not None:
                    self._sleeper.cancel()
                self._sleeper = self._spawn(self._sleep(intent))
            case Record() | Finish():
                pass
            case _:
                assert_never(intent)

    async def _send(self, intent: SubmitOrder | AmendOrder | CancelOrder) -> None:
        writes = self._connected.writes
        match intent:
            case SubmitOrder():
                await writes.submit(intent)
            case AmendOrder():
                await writes.amend(intent)
            case CancelOrder():
                await writes.cancel(intent)

    async def _sleep(self, intent: WakeAt) -> None:
        await self._clock.sleep(Duration(intent.at - self._clock.now()))
        # From here on it is a look, which a newer WakeAt must not cut short.
        self._sleeper = None
        self._spawn(self._look(intent.look))

    async def _ring(self) -> None:
        """Ring when the end game is due, which may have been moved meanwhile."""
        while (left := self._executor.run.closing_at + GRACE - self._clock.now()) > 0:
            await self._clock.sleep(Duration(min(left, EVERY)))
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
        effects = self._connected
        try:
            await effects.look(look, effects.tape.look)
        except ExchangeError as error:
            self._lost(error.message)
        else:
            if self._feed_lost:
                self._inbox.put_nowait(FeedRestored(at=self._clock.now()))
            self._feed_lost = False

    # --- leaving ---

    async def _leave(self) -> bool:
        """Cancel this parent's orders and keep their fills when the loop dies of something else than a Finish.

        Returns whether the venue has confirmed that nothing of it rests.
        """
        leaving = cancel_all(
            exchange=self._exchange,
            clock=self._clock,
            market=self._market,
            prefix=self._parent.child_prefix,
            writes=self._under_way,
            readings=None if self._effects is None else self._effects.readings,
        )
        confirmed = await shielded(asyncio.ensure_future(leaving))
        while not self._inbox.empty():
            event = self._inbox.get_nowait()
            if isinstance(event, OrderFilled):
                self._unhandled += event.fill.quantity
                # The last that will be handled of it; the journal may be what we are leaving for.
                with contextlib.suppress(StorageError):
                    self._journal.append(event, ())
        return confirmed

    @property
    def _filled(self) -> Quantity:
        """What is filled as far as we have read, when the run dies."""
        if self._effects is None:
            return Quantity(0)
        held = sum(fill.quantity for fill in self._executor.desk.children.fills)
        return Quantity(held + self._unhandled)

    async def _stop_tasks(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
