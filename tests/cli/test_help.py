import json
import subprocess
import sys

import pytest

from depthwalk import __version__
from depthwalk.cli.main import main
from depthwalk.cli.options import hoisted
from depthwalk.errors import ExitCode

_HEAVY = (
    "asyncio", "cryptography", "depthwalk.assembly", "depthwalk.domain", "httpx", "logging", "msgspec", "platformdirs",
    "rich", "rich.live", "sqlite3", "sqlite_utils", "starlette", "yaml",
)  # fmt: skip
_PROBE = """
import json, sys
from depthwalk.cli.main import main
code = main(sys.argv[1:])
sys.stderr.write(json.dumps([code, sorted(sys.modules)]))
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["execute", "--help"],
        ["plan", "--help"],
        ["paper", "--help"],
        ["book", "--help"],
        ["snapshot", "--help"],
    ],
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    """What a command needs is loaded when it runs, not to describe it (performance.md section 1)."""
    done = subprocess.run([sys.executable, "-c", _PROBE, *arguments], capture_output=True, text=True, check=True)
    code, modules = json.loads(done.stderr)
    assert code == 0
    # Typer itself reads the options before a command with pydantic; before its own help it does not.
    assert set() == set(modules) & {*_HEAVY, *(["pydantic"] if len(arguments) == 1 else [])}


def test_help_ends_with_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    """Every code of the table in `errors`, each on a line of its own, in its order."""
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    expected = [f"{code.value} {code.meaning}" for code in ExitCode]
    assert expected == [" ".join(line.split()) for line in text.split("Exit codes:\n")[1].splitlines()]


def test_help_fits_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """No line of any help is wider than a plain terminal."""
    for arguments in (
        ["--help"],
        *(
            [*name.split(), "--help"]
            for name in ("execute", "plan", "executions", "paper reset", "config init", "book", "snapshot")
        ),
    ):
        main(arguments)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_no_command_shows_the_help_as_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing was asked for: the help on standard error, exit 2."""
    assert main([]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Exit codes:" in captured.err


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, the one place."""
    assert main(["--version"]) == 0
    assert f"depthwalk {__version__}\n" == capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "-q", "--env", "paper", "--db", "x.sqlite", "execute", "T"],
        ["execute", "T", "--json", "-q", "--env", "paper", "--db", "x.sqlite"],
        ["--json", "execute", "-q", "T", "--env", "paper", "--db", "x.sqlite"],
    ],
)
def test_global_options_may_stand_anywhere(arguments: list[str]) -> None:
    """Before the command, behind it, or both; the command's own words keep their order."""
    assert hoisted(arguments) == ["--json", "-q", "--env", "paper", "--db", "x.sqlite", "execute", "T"]


def test_only_global_options_are_moved() -> None:
    """A value with = moves whole; everything behind -- and every other option stays."""
    arguments = ["execute", "T", "--db=x", "--count", "-5", "--", "--json"]
    assert hoisted(arguments) == ["--db=x", "execute", "T", "--count", "-5", "--", "--json"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["execut"], "no such command 'execut'. Did you mean 'execute', 'executions'?"),
        (["paper"], "missing command"),
        (["execute"], "missing argument 'TICKER'"),
        (["execute", "X", "--cuont", "3"], "no such option: --cuont"),
        (["execute", "X", "--side", "maybe"], "'maybe' is not one of 'yes', 'no'"),
        (["execute", "X", "--seed", "-1"], "'--seed'"),
        (["--env", "moon", "execute", "X"], "'moon' is not one of"),
        (["execute", "X", "--db"], "no such option: --db"),
        (["execute", "X", "--", "--json"], "unexpected extra argument"),
        (["executions", "show"], "missing argument 'ID'"),
    ],
)
def test_a_wrong_command_line_is_one_clear_line(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What, and where to read more; exit 2; nothing on standard output."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("depthwalk: ")
    assert words in captured.err
    assert captured.err.count("\n") == 1
