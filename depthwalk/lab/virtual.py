"""Virtual time for coroutines without an event loop: a clock whose time is that of the next thing due. No sockets, no threads.

What runs here awaits nothing but this clock: the runtime's own readings and writes do, so the laboratory runs them as they are,
hundreds of times as fast as asyncio would. Of things due at the same time the one that asked first goes first.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from heapq import heappop, heappush
from typing import Any, Final

from depthwalk.domain.units import Duration, Instant


class _Pause(Awaitable[None]):
    """What a coroutine yields to be carried on at *until*."""

    __slots__ = ("until",)

    def __init__(self, until: Instant) -> None:
        self.until = until

    def __await__(self) -> Generator["_Pause", None, None]:
        return iter((self,))  # type: ignore[return-value] # an iterator is all that Python asks for, and takes half the time


class _NoPause(Awaitable[None]):
    """No waiting at all."""

    def __await__(self) -> Generator[None, None, None]:
        return iter(())  # type: ignore[return-value] # as above


_NO_PAUSE: Final = _NoPause()


class _Within(Awaitable[bool]):
    """Another coroutine, as far as it comes by *until*."""

    __slots__ = ("_until", "_work")

    def __init__(self, work: Coroutine[Any, Any, None], until: Instant) -> None:
        self._work, self._until = work, until

    def __await__(self) -> Generator[_Pause | None, None, bool]:
        work, until = self._work, self._until
        try:
            while True:
                pause: _Pause | None = work.send(None)
                if pause is not None and pause.until > until:
                    yield _Pause(until)
                    return False
                yield pause
        except StopIteration:
            return True
        finally:
            work.close()


class Task:
    """A coroutine under way."""

    __slots__ = ("canceled", "coroutine")

    def __init__(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self.coroutine = coroutine
        self.canceled = False

    def cancel(self) -> None:
        """Never carry it on again."""
        self.canceled = True
        self.coroutine.close()


class Schedule:
    """The tasks of one run, and their time. A `Clock`."""

    def __init__(self, at: Instant) -> None:
        self._now = at
        self._ready: deque[Task | Callable[[], None]] = deque()
        self._later: list[tuple[Instant, int, Task]] = []
        self._asked = 0

    def now(self) -> Instant:
        """Return the time."""
        return self._now

    def sleep(self, duration: Duration) -> Awaitable[None]:
        """Let that much time pass."""
        return _Pause(Instant(self._now + duration)) if duration > 0 else _NO_PAUSE

    def within(self, duration: Duration, work: Coroutine[Any, Any, None]) -> Awaitable[bool]:
        """Do *work* for that long at most; False where it had to be given up. It ends by returning, raising, or then."""
        return _Within(work, Instant(self._now + duration))

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> Task:
        """Begin a task; it runs when its turn comes."""
        task = Task(coroutine)
        self._ready.append(task)
        return task

    def soon(self, call: Callable[[], None]) -> None:
        """Call a function when its turn comes, at this time."""
        self._ready.append(call)

    def turn(self) -> bool:
        """Run what is next, letting time pass where nothing is left to do at this one; False where there is nothing at all."""
        ready = self._ready
        if not ready:
            later = self._later
            if not later:
                return False
            self._now = now = later[0][0]
            while later and later[0][0] <= now:
                ready.append(heappop(later)[2])
        turn = ready.popleft()
        if not isinstance(turn, Task):
            turn()
        elif not turn.canceled:
            self._carry_on(turn)
        return True

    def _carry_on(self, task: Task) -> None:
        try:
            pause: _Pause | None = task.coroutine.send(None)
        except StopIteration:
            return
        if pause is None:  # asyncio.sleep(0): let the others go first
            self._ready.append(task)
            return
        self._asked += 1
        heappush(self._later, (pause.until, self._asked, task))

    def close(self) -> None:
        """End all tasks."""
        for turn in self._ready:
            if isinstance(turn, Task):
                turn.cancel()
        for _, _, task in self._later:
            task.cancel()
        self._ready.clear()
        self._later.clear()
