"""What a run that dies of something else than its end leaves, and says: what is filled, and whether its orders are canceled."""

from collections.abc import Sequence

import httpx
import pytest

from depthwalk.domain.messages import Event, Intent, OrderAccepted
from depthwalk.domain.units import Quantity, format_quantity
from depthwalk.errors import DepthwalkError, ExitCode, InDoubt, StorageError
from depthwalk.executors.simple_limit import LimitRule, SimpleLimit, SimpleLimitParams
from depthwalk.runtime.leaving import raise_with_state
from tests.support.faults import Call, break_the_journal_at_the_first_fill, scripted
from tests.support.paper_run import Meddle, PaperRun, paper_run

HINT = "`depthwalk recover` settles it and completes the record"


def died(meddle: Meddle, *, silent: bool = False) -> PaperRun:
    """Run an order that takes part of what it wants and rests; *silent*: once it is placed, nobody answers any more."""
    placed: list[float] = []

    async def script(call: Call) -> httpx.Response:
        if silent and placed:
            call.lose()
        reply = await call.forward()
        placed.extend([call.at] * call.create)
        return reply

    run = paper_run(
        SimpleLimit(SimpleLimitParams(limit_rule=LimitRule.CAP)),
        ticker="PAPER-THIN",
        quantity=20_000,
        meddle=meddle,
        wrap=scripted(script),
    )
    assert run.finish is None
    return run


def foreign(error: BaseException) -> Meddle:
    """Return a meddler that makes the journal fail with something that is not ours."""

    async def meddle(run: PaperRun) -> None:
        append = run.journal.append

        def failing(event: Event, answer: Sequence[Intent]) -> None:
            if isinstance(event, OrderAccepted):
                raise error
            append(event, answer)

        run.journal.append = failing  # type: ignore[method-assign]  # the disk's part

    return meddle


def test_a_failing_journal_says_what_it_leaves() -> None:
    """Exit 1, what is filled by the exchange's books, that every order is canceled, and what to do about the record."""
    run = died(break_the_journal_at_the_first_fill)

    assert isinstance(run.error, StorageError)
    assert ExitCode.FAULT is run.error.exit_code
    assert 0 < run.position < 20_000
    filled = format_quantity(Quantity(run.position))
    assert f"disk full; {filled} contracts filled, every order is canceled" == run.error.message
    assert run.error.hint == HINT
    assert 0 == run.resting


def test_what_nobody_confirmed_is_in_doubt() -> None:
    """The line is dead as well: exit 6, and it is not claimed that anything was canceled."""
    run = died(break_the_journal_at_the_first_fill, silent=True)

    assert isinstance(run.error, InDoubt)
    assert ExitCode.IN_DOUBT is run.error.exit_code
    assert run.error.message.startswith("disk full; ")
    assert run.error.message.endswith("whether every order is canceled could not be confirmed")
    assert run.error.hint == HINT
    assert isinstance(run.error.__cause__, StorageError)


@pytest.mark.parametrize("silent", [False, True])
def test_an_error_of_others_keeps_its_type(silent: bool) -> None:
    """A fault of the program is seen as what it is; what it leaves is a note on it."""
    error = ZeroDivisionError("a fault")
    run = died(foreign(error), silent=silent)

    assert error is run.error
    orders = "whether every order is canceled could not be confirmed" if silent else "every order is canceled"
    (note,) = error.__notes__
    assert note.endswith(f" contracts filled, {orders} ({HINT})")


@pytest.mark.parametrize("confirmed", [False, True])
@pytest.mark.parametrize("kind", [StorageError, DepthwalkError, KeyboardInterrupt])
def test_the_state_is_part_of_whatever_is_raised(kind: type[BaseException], confirmed: bool) -> None:
    """Ours in its message, in doubt where unconfirmed; others as they are."""
    expected = InDoubt if issubclass(kind, DepthwalkError) and not confirmed else kind
    with pytest.raises(expected) as caught:
        raise_with_state(kind("why"), Quantity(1_250), confirmed=confirmed)

    ours = isinstance(caught.value, DepthwalkError)
    told = str(caught.value.message) if ours else caught.value.__notes__[0]  # type: ignore[attr-defined]  # told apart above
    assert "12.50 contracts filled" in told
    assert confirmed == ("every order is canceled" in told and "could not" not in told)
