"""What a command of the laboratory leaves with once its result has been shown."""

import pytest

from depthwalk.cli.failures import guarded
from depthwalk.cli.lab_progress import end_of
from depthwalk.cli.options import Session
from depthwalk.errors import ExitCode, Unreachable

AUDIT = "an algorithm did what none may do: the audit names it"


def _left(ended_by: BaseException | None, *, clean: bool) -> int:
    return guarded(lambda: end_of(ended_by, clean=clean), Session())


def test_it_is_done_when_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    """And says nothing more."""
    assert ExitCode.DONE == _left(None, clean=True)
    assert "" == capsys.readouterr().err


def test_ctrl_c_is_an_interruption(capsys: pytest.CaptureFixture[str]) -> None:
    """With a word on what was shown."""
    assert ExitCode.INTERRUPTED == _left(KeyboardInterrupt(), clean=True)
    assert "depthwalk: interrupted; what is shown is of the seeds that were done\n" == capsys.readouterr().err


def test_what_failed_on_the_way_is_told_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """With its own words and its own exit code."""
    assert ExitCode.UNREACHABLE == _left(Unreachable("the scheduler is gone"), clean=True)
    told = capsys.readouterr().err.splitlines()
    assert ["depthwalk: it failed before its end; what is shown is of the seeds that were done"] == told[:1]
    assert ["depthwalk: the scheduler is gone"] == told[1:]


@pytest.mark.parametrize("ended_by", [None, KeyboardInterrupt(), Unreachable("the scheduler is gone")])
def test_a_breach_outranks_whatever_ended_it(ended_by: BaseException | None, capsys: pytest.CaptureFixture[str]) -> None:
    """An algorithm that overfills is found by whoever runs it every night, also on the night that was cut short."""
    assert ExitCode.FAULT == _left(ended_by, clean=False)
    assert f"depthwalk: {AUDIT}\n" in capsys.readouterr().err
