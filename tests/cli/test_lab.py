"""What `depthwalk lab compare` leaves with."""

import pytest

from depthwalk.assembly.laboratory import Compared
from depthwalk.cli.lab import exit_code
from depthwalk.domain.units import Quantity
from depthwalk.errors import ExitCode, Unreachable
from tests.support.trials import BASE, THIN, collected, compared, trial


def _ended(*, overfilled: int = 0, by: BaseException | None = None) -> Compared:
    trials = [trial(0, BASE, overfilled=Quantity(overfilled))]
    return Compared(comparison=compared(trials), collection=collected({THIN: trials}), ended_by=by)


def test_it_is_done_when_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    """And says nothing more."""
    assert exit_code(_ended()) is ExitCode.DONE
    assert capsys.readouterr().err == ""


def test_a_breach_is_a_fault(capsys: pytest.CaptureFixture[str]) -> None:
    """An algorithm that overfills is found by whoever runs it every night."""
    assert exit_code(_ended(overfilled=1)) is ExitCode.FAULT
    assert "the audit names it" in capsys.readouterr().err


def test_ctrl_c_is_an_interruption(capsys: pytest.CaptureFixture[str]) -> None:
    """With a word on what was shown."""
    assert exit_code(_ended(by=KeyboardInterrupt())) is ExitCode.INTERRUPTED
    assert "interrupted; what is shown is of the seeds that were done" in capsys.readouterr().err


def test_what_failed_on_the_way_is_told_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """With its own words and its own exit code."""
    with pytest.raises(Unreachable, match="the scheduler is gone"):
        exit_code(_ended(by=Unreachable("the scheduler is gone")))
    assert "it failed before its end" in capsys.readouterr().err
