"""What an algorithm may be expected to do: its own executor, driven to its end on a book that stands still. Sends nothing.

The other side is `standing_venue.py`. What is decided in between is decided by the executor alone, and the result is measured
as that of a real run (`runtime/outcome.py`).
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from depthwalk.analysis.fees import rate
from depthwalk.analysis.fill_probability import Flow
from depthwalk.analysis.plans import Forecast, Outlay
from depthwalk.assembly.standing_venue import StandingVenue
from depthwalk.domain.market import FeeSchedule
from depthwalk.domain.messages import (
    AmendOrder,
    BookChanged,
    CancelOrder,
    Event,
    Finish,
    Intent,
    Started,
    SubmitOrder,
    WakeAt,
    Woke,
)
from depthwalk.domain.result import ApiUsage, ExecutionResult
from depthwalk.errors import DomainError

if TYPE_CHECKING:
    from depthwalk.executors.base import Executor
    from depthwalk.executors.state import BaseParams

_MOST_WAKES: Final = 500
"""Longer runs are not driven: no book stands still for so long, and a plan has to be there at once."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """The result of a run in which everything is as in the mean; *fees_known* False: its fees are 0 for want of a table."""

    result: ExecutionResult
    fees_known: bool

    @property
    def forecast(self) -> Forecast:
        """What of it a plan shows."""
        result, known = self.result, self.fees_known
        return Forecast(
            filled=Outlay(quantity=result.filled, value=result.paid, fees=result.fees if known else None),
            maker=result.maker_filled,
            walks=result.walks,
            end=result.finish.reason,
            shortfall=result.shortfall.total if known else None,
        )


def expect(name: str, params: "BaseParams", started: Started, seen: BookChanged, flow: Flow) -> Expectation | None:
    """Return what becomes of a run that begins with these two events.

    None where it would not send anything on them, or takes too many steps to be followed.
    """
    from depthwalk.executors.registry import make_executor
    from depthwalk.runtime.outcome import conclude

    fees_known = _fees_known(started.market.fees)
    if not fees_known:
        started = replace(started, market=replace(started.market, fees=replace(started.market.fees, waived=True)))
    executor = make_executor(name, params)
    drive = _Drive(executor, started, seen)
    if executor.watch.sight is None or executor.arrival is None:
        return None
    finish = drive.to_the_end(StandingVenue(executor.run.space, executor.watch.sight.book, started.market.fees, flow))
    if finish is None:
        return None
    result = conclude(
        executor,
        finished_at=drive.now,
        api=ApiUsage(),
        environment="",
        source="expectation",
        seed=None,
        parameters={},
        tags={},
        finish=finish,
    )
    return Expectation(result, fees_known)


def _fees_known(fees: FeeSchedule) -> bool:
    try:
        rate(fees, is_taker=True)
    except DomainError:
        return False
    return True


class _Drive:
    """An executor between the first two events of a run and its end; *now* is the time of the run."""

    def __init__(self, executor: "Executor", started: Started, seen: BookChanged) -> None:
        self.finish: Finish | None = None
        self.now = seen.at
        self._executor = executor
        self._wake: WakeAt | None = None
        executor.handle(started)
        self._writes: deque[SubmitOrder | AmendOrder | CancelOrder] = deque()
        self._give(seen)

    def to_the_end(self, venue: StandingVenue) -> Finish | None:
        """Answer, let time pass and look until it finishes; None where that takes too long."""
        self._answer_all(venue)
        for _ in range(_MOST_WAKES):
            if self.finish is not None or self._wake is None:
                break
            wake, self._wake = self._wake, None
            self.now = max(self.now, wake.at)
            for event in venue.look(wake.look, self.now):
                self._give(event)
                self._answer_all(venue)
            self._give(Woke(at=self.now, look=wake.look))
            self._answer_all(venue)
        return self.finish

    def _give(self, event: Event) -> None:
        if self.finish is None:
            for intent in self._executor.handle(event):
                self._note(intent)

    def _note(self, intent: Intent) -> None:
        match intent:
            case SubmitOrder() | AmendOrder() | CancelOrder():
                self._writes.append(intent)
            case WakeAt():
                self._wake = intent
            case Finish():
                self.finish = intent
            case _:
                pass

    def _answer_all(self, venue: StandingVenue) -> None:
        while self._writes:
            for event in venue.answer(self._writes.popleft(), self.now):
                self._give(event)
