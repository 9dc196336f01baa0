"""Talking to whoever runs the command: what is a terminal, asking, and writing results. No words of its own."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from depthwalk.cli.failures import silence
from depthwalk.cli.options import Session
from depthwalk.errors import Refused

if TYPE_CHECKING:
    from rich.console import RenderableType

    from depthwalk.reports.wording import Glyphs


def ensure_streams() -> None:
    """Give closed standard streams something to be.

    Else the next file that is opened takes their number, and what somebody writes to "standard output" lands in the database.
    """
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(descriptor, mode, closefd=False))


def can_ask() -> bool:
    """Say whether a person can read a question and answer it."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def can_draw() -> bool:
    """Say whether a live table makes sense: both streams on a terminal that can move its cursor."""
    return sys.stdout.isatty() and sys.stderr.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")


def confirm(question: str) -> None:
    """Ask on standard error. Raises Refused on a no, and where nobody can be asked."""
    if not can_ask():
        raise Refused("nobody is there to confirm it", hint="--yes goes ahead without asking")
    if not typer.confirm(question, err=True):
        raise Refused("not confirmed")


def ask(question: str) -> str:
    """Ask for a value on standard error and return the answer."""
    return str(typer.prompt(question, type=str, err=True))


@contextmanager
def waiting(session: Session, text: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal that something goes on; what is yielded changes the words."""
    if session.quiet or session.json or not can_draw():
        yield lambda _: None
        return
    from depthwalk.reports.terminal import console

    with console(sys.stderr, no_color=session.no_color).status(text) as status:
        yield status.update


def write_json(values: Iterable[Mapping[str, object]]) -> None:
    """Write objects to standard output, one a line."""
    import json

    for value in values:
        _write(json.dumps(value, allow_nan=False) + "\n")


def write_table(session: Session, build: "Callable[[int, Glyphs], RenderableType]") -> None:
    """Write what *build* makes of the width and signs of standard output."""
    from depthwalk.reports.terminal import console
    from depthwalk.reports.wording import glyphs

    out = console(sys.stdout, no_color=session.no_color)
    out.print(build(out.width, glyphs(out.encoding)))


def write_line(text: str) -> None:
    """Write one line for people to standard output."""
    _write(f"{text}\n")


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        silence(1)  # the reader has what it wanted
