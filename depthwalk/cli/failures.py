"""The one place where an error becomes a line on standard error and an exit code.

    depthwalk: what and where (hint: what to do)

No traceback for anything a user did; one for a fault of ours, where --verbose asks for it. Standard output stays empty.
"""

import os
import sys
from collections.abc import Callable, Iterator

import typer

from depthwalk.cli.options import Session
from depthwalk.errors import ConfigError, DepthwalkError, ExitCode, worst


def guarded(act: Callable[[], object], session: Session) -> int:
    """Do *act* and return the exit code: what it returns where that is a number, else what its error means."""
    try:
        returned = act()
        code = returned if isinstance(returned, int) else ExitCode.DONE
        if code == ExitCode.INTERRUPTED and not isinstance(returned, ExitCode):
            tell("interrupted")  # a Ctrl-C that no command answered: Typer makes a bare number of it
    except SystemExit:
        # Typer leaves so, and only so, when the reader of a help text has gone: no fault of anybody's.
        code = ExitCode.DONE
    except (KeyboardInterrupt, typer.Abort):
        tell("interrupted")
        code = ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the outermost net: whatever it is, the user gets one line and a code
        code = _report(error, session)
    _flush()
    return code


def tell(message: str, hint: str | None = None) -> None:
    """Write a line for people to standard error, where somebody still reads it."""
    line = f"depthwalk: {_one_line(message)}"
    if hint:
        line += f" (hint: {_one_line(hint)})"
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass  # standard error is closed: the exit code still says it


def _report(error: Exception, session: Session) -> ExitCode:
    if session.verbose and not isinstance(error, typer.TyperException):
        import traceback

        tell_raw("".join(traceback.format_exception(error)))
    codes = []
    for leaf in _leaves(error):
        match leaf:
            case ConfigError(faults=[_, _, *_] as faults):
                for fault in faults:
                    tell(fault)
                if leaf.hint:
                    tell(f"hint: {leaf.hint}")
                codes.append(leaf.exit_code)
            case DepthwalkError():
                tell(leaf.message, leaf.hint)
                codes.append(leaf.exit_code)
            case typer.TyperException():
                tell(*_usage(leaf))
                codes.append(ExitCode.USAGE)
            case _:
                more = "" if session.verbose else "run it again with -v for the traceback"
                tell(f"unexpected fault: {leaf} ({type(leaf).__name__})", more)
                codes.append(ExitCode.FAULT)
    return worst(*codes)


def tell_raw(text: str) -> None:
    """Write text as it is to standard error, where somebody still reads it."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass  # as in `tell`


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors in a group of errors (tasks fail together), or the error itself."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _usage(error: typer.TyperException) -> tuple[str, str | None]:
    """Return the words and the hint of a wrong command line."""
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    path = "depthwalk" if context is None else context.command_path
    return f"{message[:1].lower()}{message[1:]}", f"`{path} --help` shows what there is"


def _one_line(text: str) -> str:
    """Return *text* on one line without control characters: parts of it come from outside."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _flush() -> None:
    """Hand over what is left of standard output, so that the interpreter does not stumble over a closed pipe at its end."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        silence(1)


def silence(descriptor: int) -> None:
    """Point a standard stream whose reader has gone at nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
