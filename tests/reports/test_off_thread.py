"""A view in a thread of its own: complete where it can be, and never in the way."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from depthwalk.clock import SystemClock
from depthwalk.domain.result import ApiUsage
from depthwalk.domain.units import in_seconds
from depthwalk.reports.live_view import NullView, PlainView
from depthwalk.reports.off_thread import OffThread
from tests.support import results


def show(view: NullView, times: int) -> None:
    """Show the same moment again and again."""
    for _ in range(times):
        view.show(results.snapshot(), ApiUsage(), [])


class Counting(NullView):
    """Counts what it is shown, once it is let."""

    def __init__(self) -> None:
        self.shown = 0
        self.let = threading.Event()
        self.left = False

    def show(self, *_: object) -> None:
        """Wait, and count."""
        self.let.wait(10)
        self.shown += 1

    def __exit__(self, *_: object) -> None:
        self.left = True


@contextmanager
def letting_go(view: Counting) -> Iterator[None]:
    """Let the view go on at the end, so that its thread ends."""
    try:
        yield
    finally:
        view.let.set()


def test_everything_is_shown_to_a_view_that_keeps_up() -> None:
    """A thousand moments at once: none is left out, and the last is drawn before it ends."""
    inner = Counting()
    inner.let.set()
    with OffThread(inner) as view:
        show(view, 1_000)
    assert (1_000, True, None) == (inner.shown, inner.left, view.fault)


def test_lines_come_in_order() -> None:
    """What a plain view writes is whole and in order when the run has ended."""
    written: list[str] = []
    with OffThread(PlainView(written.append)) as view:
        view.show(results.before_arrival(), ApiUsage(), [])
        show(view, 3)
    assert "start" in written[0]
    assert any("arrival" in line for line in written)


def test_a_stuck_terminal_does_not_stop_a_run() -> None:
    """It waits once, shortly; after that moments are left out, and the end says why."""
    inner, clock = Counting(), SystemClock()
    with letting_go(inner):
        before = clock.now()
        with OffThread(inner, patience=0.05, goodbye=0.1) as view:
            show(view, 5_000)
        assert in_seconds(clock.now() - before) < 3
        assert isinstance(view.fault, TimeoutError)
        assert not inner.left
