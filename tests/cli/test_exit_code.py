from dataclasses import replace
from itertools import product

import pytest

from depthwalk.cli.exit_code import exit_code_of, explanation
from depthwalk.domain.messages import Finish, Reason
from depthwalk.domain.result import Status
from depthwalk.errors import ExitCode
from tests.support import results


def _code(status: Status, reason: Reason) -> ExitCode:
    return exit_code_of(replace(results.result(), status=status, finish=Finish(reason=reason)))


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        (0, Status.FILLED, Reason.FILLED),
        (0, Status.FILLED, Reason.HORIZON),
        (0, Status.FILLED, Reason.STOPPED),
        (0, Status.FILLED, Reason.MARKET_CLOSED),
        (6, Status.FILLED, Reason.IN_DOUBT),
        (3, Status.PARTIAL, Reason.HORIZON),
        (3, Status.UNFILLED, Reason.HORIZON),
        (3, Status.UNFILLED, Reason.NO_BOOK),
        (5, Status.PARTIAL, Reason.MARKET_CLOSED),
        (130, Status.PARTIAL, Reason.STOPPED),
        (130, Status.CANCELED, Reason.STOPPED),
        (4, Status.REFUSED, Reason.REFUSED),
        (6, Status.UNKNOWN, Reason.IN_DOUBT),
        (6, Status.UNKNOWN, Reason.FAULT),
        (1, Status.FAILED, Reason.FAULT),
        (1, Status.FAILED, Reason.NO_BOOK),
        (5, Status.FAILED, Reason.MARKET_CLOSED),
        (5, Status.FAILED, Reason.REJECTED),
        (1, Status.RUNNING, Reason.HORIZON),
    ],
)
def test_status_and_reason_decide(code: int, status: Status, reason: Reason) -> None:
    """The table of design section 3, with its precedence."""
    assert code == _code(status, reason)


def test_every_pair_has_a_code() -> None:
    """No ending is forgotten; only a filled order is ever done."""
    codes = {(status, reason): _code(status, reason) for status, reason in product(Status, Reason)}
    assert {Status.FILLED} == {status for (status, _), code in codes.items() if code is ExitCode.DONE}


def test_doubt_comes_first() -> None:
    """Whatever else happened, an order in doubt is what one must know."""
    assert {ExitCode.IN_DOUBT} == {_code(status, Reason.IN_DOUBT) for status in Status}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("in doubt", ExitCode.IN_DOUBT),
        ("every order is canceled", ExitCode.INTERRUPTED),
        ("nothing was sent", ExitCode.REFUSED),
        ("takes no orders", ExitCode.UNREACHABLE),
        ("failed", ExitCode.FAULT),
    ],
)
def test_what_went_wrong_is_said(words: str, code: ExitCode) -> None:
    """One line with the detail, or the reason where there is none."""
    told = explanation(replace(results.result(), finish=Finish(reason=Reason.NO_BOOK)), code)
    assert told is not None
    assert words in told[0]
    assert told[0].endswith("no usable book")


def test_a_result_that_speaks_for_itself_needs_no_line() -> None:
    """Filled, or not quite."""
    assert [explanation(results.result(), code) for code in (ExitCode.DONE, ExitCode.INCOMPLETE)] == [None, None]
