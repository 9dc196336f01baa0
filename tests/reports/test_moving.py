"""A picture drawn over itself: it follows the terminal, and a fault of it is nobody else's."""

import io

import pytest
from rich.text import Text

from depthwalk.reports.moving import MovingPicture
from depthwalk.reports.terminal import SteadyConsole


def terminal(stream: io.StringIO, width: int = 60) -> SteadyConsole:
    """Return a console that takes *stream* for a terminal."""
    return SteadyConsole(file=stream, force_terminal=True, width=width, height=10, legacy_windows=False)


def test_it_is_drawn_when_told_and_stays() -> None:
    """Each picture at once, for the terminal's size; at the end the cursor is given back and the last picture is there."""
    stream = io.StringIO()
    with MovingPicture(terminal(stream)) as picture:
        picture.show(lambda width, height, _: Text(f"first {width} x {height}"))
        drawn = stream.getvalue()
        picture.show(lambda *_: Text("second"))
    assert "first 60 x 10" in drawn
    text = stream.getvalue()
    assert "second" in text
    assert "\x1b[?25h" in text.split("\x1b[?25l")[-1]
    assert picture.fault is None


def test_a_fault_of_the_picture_ends_only_the_picture() -> None:
    """What is watched goes on; the first reason is kept, and the cursor comes back all the same."""
    stream = io.StringIO()

    def broken(*_: object) -> Text:
        raise ValueError("no picture")

    with MovingPicture(terminal(stream)) as picture:
        picture.show(broken)
        picture.show(lambda *_: Text("later"))
    assert "no picture" == str(picture.fault)
    assert "later" not in stream.getvalue()
    assert stream.getvalue().rstrip("\n").endswith("\x1b[?25h")


def test_a_terminal_that_went_away_ends_only_the_picture() -> None:
    """A closed stream is a fault of the picture too."""
    stream = io.StringIO()
    with MovingPicture(terminal(stream)) as picture:
        stream.close()
        picture.show(lambda *_: Text("unseen"))
    assert isinstance(picture.fault, ValueError)


def test_what_is_watched_may_fail() -> None:
    """An error of the watched is not swallowed."""
    with pytest.raises(RuntimeError, match="mine"), MovingPicture(terminal(io.StringIO())):
        raise RuntimeError("mine")
