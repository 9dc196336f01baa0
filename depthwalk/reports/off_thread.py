"""A view drawn in a thread of its own: a terminal that takes no output must not stop the run that it shows.

Ctrl-S, a pager, a hanging connection: writing to them waits for ever. Here only the drawing does.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self

from depthwalk.domain.messages import Record
from depthwalk.domain.result import ApiUsage, RunSnapshot
from depthwalk.reports.live_view import NullView

_ROOM: Final = 64
"""Moments that may wait to be drawn."""

_PATIENCE: Final = 0.25
"""Seconds that a run waits, once, for a drawing that has fallen behind: enough for a slow terminal, little for a run."""

_GOODBYE: Final = 2.0
"""Seconds that the end of a run waits for the last drawing."""


class OffThread(NullView):
    """Draws *inner* elsewhere; what it cannot take is left out. Use it as a context manager."""

    def __init__(self, inner: NullView, *, patience: float = _PATIENCE, goodbye: float = _GOODBYE) -> None:
        self._inner = inner
        self._patience = patience
        self._goodbye = goodbye
        self._work: queue.Queue[Callable[[], None] | None] = queue.Queue(_ROOM)
        self._stuck = False
        self._thread = threading.Thread(target=self._draw, name="depthwalk-view", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._put(self._begin)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._put(lambda: self._inner.__exit__(kind, error, trace))
        self._put(None)
        self._thread.join(self._goodbye)
        self.fault = TimeoutError("the terminal takes no output") if self._thread.is_alive() else self._inner.fault

    @property
    def inner(self) -> NullView:
        """The view that draws."""
        return self._inner

    def _begin(self) -> None:
        self._inner.__enter__()

    def show(self, snapshot: RunSnapshot, usage: ApiUsage, records: Sequence[Record]) -> None:
        """Have the run shown as it stands, if there is room for it."""
        self._put(lambda: self._inner.show(snapshot, usage, records))

    def _put(self, work: Callable[[], None] | None) -> None:
        try:
            if self._stuck:
                self._work.put_nowait(work)
            else:
                self._work.put(work, timeout=self._patience)
        except queue.Full:
            self._stuck = True
        else:
            self._stuck = False

    def _draw(self) -> None:
        while (work := self._work.get()) is not None:
            work()
