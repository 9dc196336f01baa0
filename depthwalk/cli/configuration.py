"""`depthwalk config`: the example written out, a file checked, what is in force shown."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depthwalk.cli import terminal
from depthwalk.cli.options import Session, session_of
from depthwalk.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from depthwalk.config.credentials import KeyState
    from depthwalk.config.faults import Fault
    from depthwalk.config.loading import Examined

app = typer.Typer(rich_markup_mode=None, help="The configuration: write the example, check a file, show what is in force.")


@app.command()
def init(
    context: typer.Context,
    *,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> int:
    """Write the commented example to depthwalk.yaml here, or where --config says."""
    from depthwalk.config.example import write_example

    session = session_of(context)
    written = write_example(session.config, force=force)
    if session.json:
        terminal.write_json([{"written": str(written)}])
    elif not session.quiet:
        terminal.write_line(f"{written} has every key with its default; keep what you change")
    return ExitCode.DONE


@app.command()
def check(context: typer.Context) -> int:
    """Check the config file: all of its faults at once, each with its line and key."""
    from depthwalk.config.loading import HINT, examine, places

    session = session_of(context)
    found = examine(session.config)
    wrong = (*found.faults, *found.unusable)
    if session.json:
        faults = [_fault(fault) for fault in wrong]
        terminal.write_json([{"ok": not faults, "file": _file(found), "faults": faults}])
        return ExitCode.USAGE if faults else ExitCode.DONE
    if wrong:
        raise ConfigError([str(fault) for fault in wrong], hint=HINT)
    if not session.quiet:
        looked = " or ".join(str(place.absolute()) for place in places())
        none = f"ok: there is no config file, the built-in defaults are in force (it would be {looked})"
        terminal.write_line(none if found.path is None else f"ok: {found.path.absolute()}")
    return ExitCode.DONE


@app.command()
def show(context: typer.Context) -> int:
    """Show what is in force, defaults marked, and which file was read.

    Of the key it says whether it is where it should be, never what it is.
    """
    from depthwalk.config.credentials import key_state
    from depthwalk.config.loading import HINT, examine
    from depthwalk.config.rendering import Leaf, defaults, effective, plain, to_yaml

    session = session_of(context)
    found = examine(session.config)
    if found.faults:
        raise ConfigError([str(fault) for fault in found.faults], hint=HINT)
    tree, notes = effective(found.config, found.raw), {}
    database = session.database or found.config.database_path()
    for flag, name, given in (("--env", "environment", session.environment), ("--db", "database", session.database)):
        if given is not None:
            tree[name] = Leaf(str(given), default=False)
            notes[name] = f"from {flag}"
    key = key_state(found.config)
    if session.json:
        terminal.write_json(
            [
                {
                    "file": _file(found),
                    "searched": [
                        {"path": str(place), "found": there, "used": used} for place, there, used in _searched(session, found)
                    ],
                    "config": plain(tree),
                    "defaults": defaults(tree),
                    "database_path": str(database.absolute()),
                    "credentials": {
                        "api_key_id_env": key.variable,
                        "api_key_id_set": key.variable_set,
                        "private_key_path": str(key.path),
                        "private_key_found": key.exists,
                        "private_key_private": key.private,
                    },
                }
            ]
        )
        return ExitCode.DONE
    notes.setdefault("database", str(database.absolute()))
    notes["credentials.api_key_id_env"] = "the variable is set" if key.variable_set else "the variable is not set"
    notes["credentials.private_key_path"] = _key_words(key)
    for place, there, used in _searched(session, found):
        terminal.write_line(f"# {place}: {'read' if used else 'there, but not read' if there else 'not there'}")
    if found.path is None:
        terminal.write_line("# no file: the built-in defaults are in force")
    terminal.write_line(to_yaml(tree, notes=notes).rstrip("\n"))
    return ExitCode.DONE


def _file(found: "Examined") -> str | None:
    return None if found.path is None else str(found.path.absolute())


def _searched(session: Session, found: "Examined") -> list[tuple[Path, bool, bool]]:
    """Return where a file is looked for, in this order, with whether it is there and whether it was read."""
    from depthwalk.config.loading import places

    order = [*(() if session.config is None else (session.config.expanduser(),)), *places()]
    return [(place.absolute(), place.exists(), place == found.path) for place in order]


def _key_words(key: "KeyState") -> str:
    if not key.exists:
        return "there is no such file"
    return "there, and only you can read it" if key.private else "there, but others can read it: chmod 600"


def _fault(fault: "Fault") -> dict[str, object]:
    return {
        "line": fault.line,
        "column": fault.column,
        "key": ".".join(fault.key) or None,
        "found": fault.found,
        "allowed": fault.allowed,
        "nearest": fault.nearest,
        "message": str(fault),
    }
