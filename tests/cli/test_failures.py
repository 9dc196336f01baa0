import io
import subprocess
import sys

import pytest
import typer

from depthwalk.cli import failures
from depthwalk.cli.options import Session
from depthwalk.errors import (
    ConfigError,
    DatabaseUnusable,
    DomainError,
    ExitCode,
    InDoubt,
    Interrupted,
    Refused,
    Unreachable,
    UsageError,
)


def _raising(error: BaseException) -> object:
    raise error


def _told(error: BaseException, capsys: pytest.CaptureFixture[str], *, verbose: bool = False) -> tuple[int, str]:
    code = failures.guarded(lambda: _raising(error), Session(verbose=verbose))
    captured = capsys.readouterr()
    assert captured.out == ""
    return code, captured.err


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (ExitCode.USAGE, UsageError("a")),
        (ExitCode.USAGE, DatabaseUnusable("a")),
        (ExitCode.FAULT, DomainError("a")),
        (ExitCode.REFUSED, Refused("a")),
        (ExitCode.UNREACHABLE, Unreachable("a")),
        (ExitCode.IN_DOUBT, InDoubt("a")),
        (ExitCode.INTERRUPTED, Interrupted("a")),
    ],
)
def test_our_errors_are_one_line_and_their_code(code: ExitCode, error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    """The message, no traceback, even where one is asked for faults."""
    assert (code, "depthwalk: a\n") == _told(error, capsys)


def test_a_hint_follows_in_the_same_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What to do about it."""
    assert "depthwalk: no such market (hint: look again)\n" == _told(UsageError("no such market", hint="look again"), capsys)[1]


def test_all_faults_of_a_configuration_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, then the hint."""
    error = ConfigError(["a: found 1", "b: found 2"], hint="see the example")
    code, text = _told(error, capsys)
    assert (code, text) == (2, "depthwalk: a: found 1\ndepthwalk: b: found 2\ndepthwalk: hint: see the example\n")


def test_one_fault_of_a_configuration_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Its hint stands beside it, as everywhere."""
    assert "depthwalk: a (hint: b)\n" == _told(ConfigError(["a"], hint="b"), capsys)[1]


def test_an_unexpected_fault_says_how_to_learn_more(capsys: pytest.CaptureFixture[str]) -> None:
    """One line with the type, exit 1, no traceback."""
    code, text = _told(KeyError("x"), capsys)
    assert code == ExitCode.FAULT
    assert text.startswith("depthwalk: unexpected fault: 'x' (KeyError) (hint: run it again with -v")
    assert "Traceback" not in text


def test_verbose_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """And no hint to do what was done."""
    _, text = _told(KeyError("x"), capsys, verbose=True)
    assert "Traceback (most recent call last)" in text
    assert text.endswith("depthwalk: unexpected fault: 'x' (KeyError)\n")


def test_errors_that_come_together_are_all_told_and_the_worst_decides(capsys: pytest.CaptureFixture[str]) -> None:
    """Tasks fail in groups; doubt comes before anything else."""
    group = ExceptionGroup("tasks", [Unreachable("no answer"), ExceptionGroup("more", [InDoubt("order 3")])])
    assert (ExitCode.IN_DOUBT, "depthwalk: no answer\ndepthwalk: order 3\n") == _told(group, capsys)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), typer.Abort()])
def test_an_interruption_is_130(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C at a question, or before anything was sent."""
    assert (ExitCode.INTERRUPTED, "depthwalk: interrupted\n") == _told(error, capsys)


def test_an_interruption_that_typer_swallows_is_said_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """It hands over the number alone; a command that returns the code has said why."""
    app = typer.Typer()

    @app.command()
    def wait() -> None:
        raise KeyboardInterrupt

    command = typer.main.get_command(app)
    assert ExitCode.INTERRUPTED == failures.guarded(lambda: command.main(args=[], standalone_mode=False), Session())
    assert "depthwalk: interrupted\n" == capsys.readouterr().err
    assert ExitCode.INTERRUPTED == failures.guarded(lambda: ExitCode.INTERRUPTED, Session())
    assert "" == capsys.readouterr().err


def test_messages_from_outside_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Line ends and escape sequences are blanks."""
    assert "depthwalk: a [2J b\n" == _told(UsageError("a\x1b[2J\nb"), capsys)[1]


def test_what_an_act_returns_is_the_code() -> None:
    """A number is an exit code; anything else is done."""
    assert [failures.guarded(lambda: 3, Session()), failures.guarded(lambda: None, Session())] == [3, 0]


def test_a_closed_standard_error_changes_no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads the line; the code still says it."""
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    assert failures.guarded(lambda: _raising(Refused("a")), Session()) == ExitCode.REFUSED


def test_a_help_nobody_reads_is_no_fault() -> None:
    """`depthwalk --help | true`: exit 0, and nothing on standard error."""
    reader = subprocess.Popen(["true"], stdin=subprocess.PIPE)
    reader.wait()
    done = subprocess.run(
        [sys.executable, "-m", "depthwalk", "--help"], stdout=reader.stdin, stderr=subprocess.PIPE, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert reader.stdin is not None
    reader.stdin.close()
