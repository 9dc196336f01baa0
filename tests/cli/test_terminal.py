import io
import os
import subprocess
import sys

import pytest

from depthwalk.cli import terminal
from depthwalk.cli.options import Session
from depthwalk.errors import Refused

_PROBE = """
import os, sys
from depthwalk.cli import terminal
terminal.ensure_streams()
number = os.open(os.devnull, os.O_RDONLY)
print("text"); sys.stderr.write("text"); sys.stdin.read()
sys.exit(10 + number)
"""


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_nobody_elses_number(closed: str) -> None:
    """A file opened later never gets the number of a standard stream, and writing to one is harmless."""
    done = subprocess.run(["sh", "-c", f'exec "$0" -c "$1" {closed}', sys.executable, _PROBE], check=False, capture_output=True)
    assert done.returncode >= 13


def test_a_question_needs_a_person() -> None:
    """Without a terminal nothing is asked and nothing is done."""
    with pytest.raises(Refused, match="nobody is there"):
        terminal.confirm("Really?")


@pytest.mark.parametrize(("answer", "refused"), [("y\n", False), ("n\n", True), ("\n", True)])
def test_only_a_yes_is_a_yes(answer: str, refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked on standard error; the default is no."""
    monkeypatch.setattr(sys, "stdin", _Terminal(answer))
    monkeypatch.setattr(sys, "stderr", _Terminal())
    if refused:
        with pytest.raises(Refused, match="not confirmed"):
            terminal.confirm("Really?")
    else:
        terminal.confirm("Really?")
    assert "Really?" in sys.stderr.getvalue()


@pytest.mark.parametrize(("term", "drawn"), [("xterm", True), ("dumb", False), ("unknown", False)])
def test_a_live_table_needs_a_terminal_that_can(term: str, drawn: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both streams on a terminal, and not a dumb one."""
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys, "stdout", _Terminal())
    monkeypatch.setattr(sys, "stderr", _Terminal())
    assert drawn == terminal.can_draw()


def test_a_pipe_gets_no_live_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """One stream that is none is enough."""
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys, "stderr", _Terminal())
    assert not terminal.can_draw()


def test_json_is_one_ascii_line_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    """So that any reader, of any encoding, can read it line by line."""
    terminal.write_json([{"a": "≤"}, {"b": None}])
    assert capsys.readouterr().out == '{"a": "\\u2264"}\n{"b": null}\n'


def test_what_is_no_number_is_not_written_as_json() -> None:
    """NaN is not JSON."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        terminal.write_json([{"a": float("nan")}])


@pytest.mark.parametrize(("encoding", "drawn"), [("utf-8", "≤"), ("ascii", "<=")])
def test_a_table_uses_what_the_stream_can_show(encoding: str, drawn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs beyond ASCII only where the encoding has them."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    terminal.write_table(Session(), lambda _, signs: signs.at_most)
    sys.stdout.flush()
    assert raw.getvalue().decode(encoding).strip() == drawn


@pytest.mark.parametrize("arguments", [["executions"], ["paper", "markets"], ["--json", "paper", "markets"]])
def test_a_reader_that_has_gone_is_no_fault(arguments: list[str]) -> None:
    """`depthwalk executions | head -0`: exit 0, nothing on standard error."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "depthwalk", *arguments], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")
