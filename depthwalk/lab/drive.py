"""One execution from start to finish in virtual time: the laboratory's runner.

It does what `runtime/runner.py` does, in the same order and with the very same readings and writes, without a journal, a view
and signals, and without time-outs of requests, which nothing here can reach. What differs is only what carries the coroutines.
"""

import asyncio
from collections import deque
from typing import assert_never

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
    Record,
    Rules,
    Started,
    SubmitOrder,
    WakeAt,
    Woke,
)
from depthwalk.domain.order import ParentOrder
from depthwalk.domain.units import Duration, seconds
from depthwalk.errors import DomainError, ExchangeError
from depthwalk.executors.base import Executor
from depthwalk.lab.virtual import Schedule, Task
from depthwalk.ports import Exchange
from depthwalk.runtime.effects import Effects
from depthwalk.runtime.market_watch import EVERY
from depthwalk.runtime.runner import GRACE, LOOK_SECONDS
from depthwalk.runtime.tape import TAPE_SECONDS

_LOOK = seconds(LOOK_SECONDS)
_TAPE = seconds(TAPE_SECONDS)


class Drive:
    """A run of *executor*."""

    def __init__(
        self, executor: Executor, parent: ParentOrder, market: Market, rules: Rules, *, exchange: Exchange, clock: Schedule
    ) -> None:
        self._executor = executor
        self._clock = clock
        self._inbox: deque[Event] = deque()
        self._listening = False
        self._sleeper: Task | None = None
        self._looking = False
        self._looks: deque[Look] = deque()
        self._feed_lost = False
        self._finish: Finish | None = None
        # To start asks for nothing but to be woken; what reads and writes can be connected once there is a ledger.
        intents = executor.handle(Started(at=clock.now(), parent=parent, market=market, rules=rules))
        self._effects = Effects.connect(
            executor,
            exchange=exchange,
            clock=clock,
            parent=parent,
            market=market,
            post=self._post,
            busy=lambda: bool(self._inbox),
        )
        for intent in intents:
            self._perform(intent)

    def to_the_end(self) -> Finish:
        """Let time pass until the executor finishes. Raises DomainError where it never does."""
        clock = self._clock
        clock.spawn(self._ring())
        clock.spawn(self._effects.watch.keep_looking())
        while (finish := self._finish) is None:
            if not clock.turn():
                raise DomainError("nothing is left to happen, and the run has not finished")
        clock.close()
        return finish

    # --- the inbox ---

    def _post(self, event: Event) -> None:
        self._inbox.append(event)
        if not self._listening:
            self._listening = True
            self._clock.soon(self._listen)

    def _listen(self) -> None:
        self._listening = False
        while self._inbox and self._finish is None:
            self._handle(self._inbox.popleft())

    def _handle(self, event: Event) -> None:
        for intent in self._executor.handle(event):
            self._perform(intent)
        self._finish = self._executor.finish

    def _perform(self, intent: Intent) -> None:
        match intent:
            case SubmitOrder():
                self._clock.spawn(self._effects.writes.submit(intent))
            case AmendOrder():
                self._clock.spawn(self._effects.writes.amend(intent))
            case CancelOrder():
                self._clock.spawn(self._effects.writes.cancel(intent))
            case WakeAt():
                if self._sleeper is not None:
                    self._sleeper.cancel()
                self._sleeper = self._clock.spawn(self._sleep(intent))
            case Record() | Finish():
                pass
            case _:
                assert_never(intent)

    # --- looks ---

    async def _sleep(self, intent: WakeAt) -> None:
        await self._clock.sleep(Duration(intent.at - self._clock.now()))
        self._sleeper = None
        self._looks.append(intent.look)
        if not self._looking:
            self._looking = True
            self._clock.spawn(self._look())

    async def _ring(self) -> None:
        while (left := self._executor.run.closing_at + GRACE - self._clock.now()) > 0:
            await self._clock.sleep(Duration(min(left, EVERY)))
        self._post(Woke(at=self._clock.now()))

    async def _look(self) -> None:
        """Look as asked, one look after the other."""
        while self._looks:
            look = self._looks.popleft()
            if look is not Look.NOTHING and not await self._clock.within(_LOOK, self._read(look)):
                self._lost(f"nothing could be read within {LOOK_SECONDS:g} s")
            self._post(Woke(at=self._clock.now(), look=look))
            await asyncio.sleep(0)  # what it says is heard before the next look begins
        self._looking = False

    async def _read(self, look: Look) -> None:
        effects = self._effects
        try:
            await effects.look(look, lambda: self._clock.within(_TAPE, effects.tape.read()))
        except ExchangeError as error:
            self._lost(error.message)
        else:
            if self._feed_lost:
                self._post(FeedRestored(at=self._clock.now()))
            self._feed_lost = False

    def _lost(self, detail: str) -> None:
        self._feed_lost = True
        self._post(FeedLost(at=self._clock.now(), detail=detail))
