"""A picture that is drawn over itself on a terminal, whatever it shows. It draws when told, never by itself.

As with every view: whatever goes wrong with the picture, it goes quiet, and what is watched goes on.
"""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import RenderableType
from rich.live import Live

from depthwalk.reports import wording
from depthwalk.reports.terminal import SteadyConsole
from depthwalk.reports.wording import Glyphs

Build = Callable[[int, int, Glyphs], RenderableType]
"""Width, height and signs of the terminal to a picture of that size."""


class MovingPicture:
    """A picture on *console*, which is a terminal. A context manager: leaving gives the cursor back, the last picture stays."""

    def __init__(self, console: SteadyConsole) -> None:
        self._console = console
        self._signs = wording.glyphs(console.encoding)
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop")
        self.fault: Exception | None = None

    def __enter__(self) -> Self:
        self._guarded(self._live.start)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self._live.stop()
        except Exception as fault:  # noqa: BLE001 - what was watched is over and done; its picture changes nothing
            self.fault = self.fault or fault

    def show(self, build: Build) -> None:
        """Draw what *build* makes of the terminal as it is now."""
        size = self._console.size
        self._guarded(lambda: self._live.update(build(size.width, size.height, self._signs), refresh=True))

    def _guarded(self, act: Callable[[], None]) -> None:
        if self.fault is not None:
            return
        try:
            act()
        except Exception as fault:  # noqa: BLE001 - as in __exit__
            self.fault = fault
