import errno
import io
from dataclasses import replace

import pytest

from depthwalk.domain.messages import Finish, Reason
from depthwalk.ports import View
from depthwalk.reports.live_view import LiveView, NullView, PlainView
from depthwalk.reports.terminal import SteadyConsole, console
from tests.support import results

_NOW = results.snapshot()


class _Broken(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError(text)


class _Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, text)


def _terminal(stream: io.StringIO) -> SteadyConsole:
    return SteadyConsole(file=stream, force_terminal=True, width=80, height=24, legacy_windows=False, color_system=None)


def test_every_view_fits_the_port() -> None:
    """The runner sees only `show`."""
    views: list[View] = [NullView(), PlainView(), LiveView(_terminal(io.StringIO()), environment="paper")]
    assert all(callable(view.show) for view in views)


def test_the_live_view_draws_and_gives_the_cursor_back() -> None:
    """Entering hides the cursor, leaving shows it, the last state is on the screen."""
    stream = io.StringIO()
    with LiveView(_terminal(stream), environment="paper") as view:
        view.show(_NOW, results.USAGE, [])
        view.show(replace(_NOW, at=results.after(14.7)), results.USAGE, [])
    text = stream.getvalue()
    assert "25.3 s left" in text
    assert text.index("\x1b[?25l") < text.index("\x1b[?25h")


def test_the_clock_alone_draws_calmly() -> None:
    """A hundred moments within a tenth of a second are one drawing; an event is drawn at once."""
    stream = io.StringIO()
    with LiveView(_terminal(stream), environment="paper") as view:
        for step in range(100):
            view.show(replace(_NOW, at=results.after(14.6 + step / 1000)), results.USAGE, [])
        drawn = stream.getvalue().count("dynamic_depth_walker")
        view.show(replace(_NOW, finish=Finish(reason=Reason.HORIZON)), results.USAGE, [])
        assert (drawn, stream.getvalue().count("dynamic_depth_walker")) == (1, 2)


def test_a_view_nobody_showed_anything_ends_cleanly() -> None:
    """A run refused before its first event draws nothing."""
    stream = io.StringIO()
    with LiveView(_terminal(stream), environment="paper"):
        pass
    assert "API" not in stream.getvalue()


def test_a_live_view_survives_its_terminal() -> None:
    """A run goes on when nobody can watch it any more."""
    terminal = _terminal(_Broken())
    with LiveView(terminal, environment="paper") as view:
        view.show(_NOW, results.USAGE, [])
        view.show(replace(_NOW, at=results.after(30)), results.USAGE, [])
    assert terminal.quiet


def test_a_live_view_survives_a_full_disk() -> None:
    """Any failure of the stream ends the drawing, not the run."""
    with LiveView(_terminal(_Full()), environment="paper") as view:
        view.show(_NOW, results.USAGE, [])
        view.show(replace(_NOW, at=results.after(30)), results.USAGE, [])
    assert isinstance(view.fault, OSError)


def test_a_console_whose_reader_has_gone_is_quiet() -> None:
    """Rich would end the process here."""
    steady = console(_Broken())
    steady.print("a")
    assert steady.quiet


def test_plain_lines_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output stays for the result."""
    with PlainView() as view:
        view.show(_NOW, results.USAGE, [])
    captured = capsys.readouterr()
    assert (captured.out, captured.err.startswith("   14.6 s  start    BUY YES 100.00")) == ("", True)


def test_plain_lines_tell_only_what_is_new() -> None:
    """The same state again is no line."""
    written: list[str] = []
    view = PlainView(written.append)
    view.show(_NOW, results.USAGE, [])
    before = len(written)
    view.show(replace(_NOW, at=results.after(15)), results.USAGE, [])
    assert before == len(written)


def test_a_plain_view_survives_its_pipe() -> None:
    """After the first failure it is quiet."""
    calls: list[str] = []

    def fail(line: str) -> None:
        calls.append(line)
        raise BrokenPipeError

    view = PlainView(fail)
    view.show(results.before_arrival(), results.USAGE, [])
    view.show(_NOW, results.USAGE, [])
    assert len(calls) == 1


def test_a_fault_of_ours_does_not_end_the_run_either() -> None:
    """Whatever a picture trips over, the run goes on and the reason is kept."""
    impossible = replace(_NOW, splits=(None,))
    plain = PlainView([].append)
    plain.show(impossible, results.USAGE, [])
    with LiveView(_terminal(io.StringIO()), environment="paper") as live:
        live.show(impossible, results.USAGE, [])
    assert isinstance(plain.fault, AttributeError)
    assert isinstance(live.fault, AttributeError)


def test_a_null_view_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Quiet is quiet."""
    with NullView() as view:
        view.show(_NOW, results.USAGE, [])
    assert capsys.readouterr() == ("", "")
