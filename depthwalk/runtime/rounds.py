"""Doing something again and again at a steady pace until told to stop. What is done in a round is not known here."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine

from depthwalk.clock import Clock
from depthwalk.domain.units import Duration, Instant


def next_slot(start: Instant, interval: Duration, now: Instant) -> Instant:
    """Return the first of start, start + interval, … that lies after *now*: a round that took long costs the slots it took."""
    return start if now < start else Instant(start + ((now - start) // interval + 1) * interval)


class Rounds:
    """A steady pace, and one place to stop it from.

    Args:
        clock: our time.
        interval: from the start of a round to the start of the next.
        until: no round starts at or after this time; None: only `stop` ends it.

    """

    def __init__(self, clock: Clock, *, interval: Duration, until: Instant | None = None) -> None:
        self._clock = clock
        self._interval = interval
        self._until = until
        self._stopped = asyncio.Event()
        self.reason = "the time was over"

    def stop(self, reason: str) -> None:
        """End it: the round under way is given up, none follows. *reason* is kept; the first one counts."""
        if not self._stopped.is_set():
            self.reason = reason
            self._stopped.set()

    async def run(self, act: Callable[[], Coroutine[object, object, None]]) -> None:
        """Call *act* at once and then at each slot. What it raises ends everything."""
        start = self._clock.now()
        due = start
        while not self._stopped.is_set() and (self._until is None or due < self._until):
            await self._unless_stopped(act())
            due = next_slot(start, self._interval, self._clock.now())
            wake = due if self._until is None else min(due, self._until)
            await self._unless_stopped(self._clock.sleep(Duration(wake - self._clock.now())))

    async def _unless_stopped(self, work: Coroutine[object, object, None] | Awaitable[None]) -> None:
        """Await *work*, but give it up when stopped."""
        task = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self._stopped.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
        finally:
            for each in (task, stop):
                each.cancel()
            await asyncio.gather(task, stop, return_exceptions=True)
