"""The consoles that everything for people is written through. They survive a reader that has gone."""

from typing import TextIO

from rich.console import Console


class SteadyConsole(Console):
    """A Rich console that goes quiet when its reader has gone; Rich's own ends the process, in the midst of an execution."""

    def on_broken_pipe(self) -> None:
        """Write no more, and carry on."""
        self.quiet = True


def console(stream: TextIO, *, no_color: bool = False) -> SteadyConsole:
    """Return a console on *stream*; NO_COLOR in the environment counts as *no_color*. Markup and emoji are off."""
    return SteadyConsole(file=stream, no_color=no_color or None, highlight=False, markup=False, emoji=False, soft_wrap=False)
