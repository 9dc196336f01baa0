"""Time as a thing that is handed in. Only this file reads the machine's clocks.

A Clock's time never runs backwards and never jumps with the wall clock: SystemClock anchors itself to the wall once and
then counts on the monotonic clock (the one that goes on through a suspend, where the system has it).
"""

import asyncio
import time
from collections.abc import Awaitable
from typing import Protocol

from depthwalk.domain.units import Duration, Instant


class Clock(Protocol):
    """The present, and waiting."""

    def now(self) -> Instant:
        """Return the present as an Instant."""
        ...

    def sleep(self, duration: Duration) -> Awaitable[None]:
        """Wait *duration*; not at all where it is zero or less."""
        ...


def _steady() -> int:
    """Nanoseconds of the steadiest clock there is."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return time.monotonic_ns()


class SystemClock:
    """The machine's time."""

    def __init__(self) -> None:
        self._anchor = time.time_ns() - _steady()

    def now(self) -> Instant:
        """Return the present as an Instant."""
        return Instant((self._anchor + _steady()) // 1_000)

    async def sleep(self, duration: Duration) -> None:
        """Wait *duration* on the running event loop."""
        if duration > 0:
            await asyncio.sleep(duration / 1_000_000)


class LoopClock:
    """The running event loop's time, counted from a chosen epoch: virtual where the loop is (see `runtime/virtual_time.py`)."""

    def __init__(self, epoch: Instant, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._epoch = epoch - round(loop.time() * 1_000_000)

    def now(self) -> Instant:
        """Return the present as an Instant."""
        return Instant(self._epoch + round(self._loop.time() * 1_000_000))

    async def sleep(self, duration: Duration) -> None:
        """Wait *duration* of the loop's time."""
        if duration > 0:
            await asyncio.sleep(duration / 1_000_000)


class ManualClock:
    """Time that stands still until told; sleeping moves it. For tests and replays."""

    def __init__(self, at: Instant) -> None:
        self._at = at

    def now(self) -> Instant:
        """Return the time last set."""
        return self._at

    def advance(self, duration: Duration) -> None:
        """Move on by *duration* (>= 0)."""
        self._at = Instant(self._at + duration)

    async def sleep(self, duration: Duration) -> None:
        """Move on by *duration* and let other tasks run."""
        if duration > 0:
            self.advance(duration)
        await asyncio.sleep(0)
