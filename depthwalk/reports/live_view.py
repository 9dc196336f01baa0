"""Somebody watching a run: the live table on a terminal, plain lines in a pipe, or nobody. The only shells of this room.

A view never talks back and never fails: whatever goes wrong with a picture (a closed pipe, a full disk, a fault of ours), it
goes quiet and keeps the reason in `fault`, because an execution must not end over a picture of it.
"""

import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from rich.live import Live

from depthwalk.domain.messages import Record
from depthwalk.domain.result import ApiUsage, RunSnapshot
from depthwalk.domain.units import seconds
from depthwalk.reports import wording
from depthwalk.reports.live_table import render
from depthwalk.reports.plain_lines import lines
from depthwalk.reports.terminal import SteadyConsole

_PAUSE = seconds(0.4)
"""Run time between two drawings when nothing but the clock has moved: a simulated run has thousands of moments a second."""


class NullView:
    """Nobody watches. *fault* is why a view gave up, if it did."""

    fault: Exception | None = None

    def show(self, snapshot: RunSnapshot, usage: ApiUsage, records: Sequence[Record]) -> None:
        """Show nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass


class PlainView(NullView):
    """Plain lines; *write* takes one line without its end."""

    def __init__(self, write: Callable[[str], None] | None = None) -> None:
        self._write = write or _to_stderr
        self._before: RunSnapshot | None = None

    def show(self, snapshot: RunSnapshot, usage: ApiUsage, records: Sequence[Record]) -> None:  # noqa: ARG002 - the port's names
        """Write what has happened since the last call."""
        before, self._before = self._before, snapshot
        if self.fault is not None:
            return
        try:
            for line in lines(before, snapshot, records):
                self._write(line)
        except Exception as error:  # noqa: BLE001 - a run goes on whatever happens to its picture
            self.fault = error


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class LiveView(NullView):
    """The live table on *console*, which is a terminal. Use it as a context manager: leaving gives the cursor back."""

    def __init__(self, console: SteadyConsole, *, environment: str) -> None:
        self._console = console
        self._environment = environment
        self._signs = wording.glyphs(console.encoding)
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop")
        self._latest: tuple[RunSnapshot, ApiUsage] | None = None
        self._drawn: RunSnapshot | None = None

    def __enter__(self) -> Self:
        self._guarded(self._live.start)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._latest is not None and self._latest[0] is not self._drawn:
            self._guarded(self._draw)
        self._guarded(self._live.stop, even_if_broken=True)

    def show(self, snapshot: RunSnapshot, usage: ApiUsage, records: Sequence[Record]) -> None:  # noqa: ARG002 - the port's names
        """Draw the run as it stands, at once where something has happened, else at a calm pace."""
        self._latest = (snapshot, usage)
        if self._drawn is None or _news(self._drawn, snapshot):
            self._guarded(self._draw)

    def _draw(self) -> None:
        if self._latest is None:
            return
        snapshot, usage = self._latest
        self._drawn = snapshot
        size = self._console.size
        table = render(snapshot, usage, width=size.width, height=size.height, environment=self._environment, signs=self._signs)
        self._live.update(table, refresh=True)

    def _guarded(self, act: Callable[[], None], *, even_if_broken: bool = False) -> None:
        if self.fault is not None and not even_if_broken:
            return
        try:
            act()
        except Exception as error:  # noqa: BLE001 - a run goes on whatever happens to its picture
            self.fault = error


def _news(drawn: RunSnapshot, now: RunSnapshot) -> bool:
    return (
        now.at - drawn.at >= _PAUSE
        or now.filled != drawn.filled
        or now.walks != drawn.walks
        or now.phase != drawn.phase
        or (now.hold is None) != (drawn.hold is None)
        or (now.finish is None) != (drawn.finish is None)
        or len(now.splits) != len(drawn.splits)
    )
