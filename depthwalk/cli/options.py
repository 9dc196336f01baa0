"""Options that several commands share, and what the global ones come to. Nothing is checked here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer


@dataclass(slots=True)
class Session:
    """What the global options say. It is filled in once, before the command runs."""

    config: Path | None = None
    database: Path | None = None
    environment: str | None = None
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False


_FLAGS = frozenset({"--json", "-q", "--quiet", "-v", "--verbose", "--no-color", "--version"})
_VALUED = frozenset({"--config", "--db", "--env"})


def hoisted(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with the global options in front: they may stand anywhere, before or behind the command."""
    front: list[str] = []
    rest: list[str] = []
    left = iter(arguments)
    for argument in left:
        if argument == "--":
            rest += [argument, *left]
        elif argument in _FLAGS or (argument.partition("=")[0] in _VALUED and "=" in argument):
            front.append(argument)
        elif argument in _VALUED and (value := next(left, None)) is not None:
            front += [argument, value]
        else:
            rest.append(argument)
    return front + rest


Environment = Literal["paper", "demo", "live"]

ConfigPath = Annotated[
    Path | None,
    typer.Option("--config", metavar="PATH", help="The config file; else depthwalk.yaml here, then in the config folder."),
]
DatabasePath = Annotated[Path | None, typer.Option("--db", metavar="PATH", help="The database file; else as configured.")]
EnvironmentName = Annotated[
    Environment | None, typer.Option("--env", help="Where orders go: paper unless the config says otherwise.")
]
Json = Annotated[bool, typer.Option("--json", help="Write the result as JSON to standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log to standard error; show tracebacks of faults.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colors; NO_COLOR in the environment does the same.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def session_of(context: typer.Context) -> Session:
    """Return the session of a command's context."""
    session = context.find_object(Session)
    return Session() if session is None else session
