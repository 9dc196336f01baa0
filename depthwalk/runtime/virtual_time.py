"""An asyncio event loop whose time is virtual: instead of sleeping it jumps to the next deadline.

Time never runs while something is ready, and it waits for pending threads and real file descriptors (design, D9): only when
there is nothing to do but to wait for a timer does the clock move. After the idea of trio's autojump clock.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor as Threads
from typing import Any, TypeVar, TypeVarTuple

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


class _JumpingSelector(selectors.DefaultSelector):
    """A selector that reports instead of waiting, and moves the loop's time by what it would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0
        self.busy: Callable[[], bool] = lambda: False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready now; with nothing ready, jump ahead by *timeout* unless threads are still working."""
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None or self.busy():
            # Nothing but the outside world can go on from here: wait for it, in short turns while timers are pending.
            return super().select(timeout if timeout is None else 0.005)
        self.elapsed += max(0.0, timeout)
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A selector event loop on virtual time, starting at 0."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        self._pending_threads = 0
        super().__init__(self._jumping)
        self._jumping.busy = lambda: self._pending_threads > 0

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._jumping.elapsed

    def run_in_executor(self, executor: Threads | None, func: Callable[[*_Ts], _T], *args: *_Ts) -> asyncio.Future[_T]:
        """Run in a thread; time stands still until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self._pending_threads += 1
        future.add_done_callback(self._thread_done)
        return future

    def _thread_done(self, _: asyncio.Future[Any]) -> None:
        self._pending_threads -= 1


def run_virtual(main: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end on virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
