"""Writes that were lost, given up, and take effect after all, between other writes of the same order: whole paper runs.

Losses of one write alone are in `test_growing.py` and `test_faults.py`; what the ledger makes of them in tests/executors.
"""

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import ClassVar

import httpx
import pytest

from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.market import FeeSchedule, MarketStatus
from depthwalk.domain.messages import AmendRejected, OrderCanceled, OrderInDoubt, OrderRejected, Reason, SubmitOrder
from depthwalk.domain.order import TimeInForce
from depthwalk.domain.units import Duration, Instant, Quantity, seconds
from depthwalk.errors import RefusalReason
from depthwalk.executors.adaptive_limit import AdaptiveLimit, AdaptiveLimitParams
from depthwalk.executors.base import Executor
from depthwalk.executors.state import BaseParams, EndAction, Quote, Situation
from depthwalk.executors.twap import Twap, TwapParams
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.listing import Listing
from depthwalk.paper.shadow import ShadowBook
from depthwalk.wire.markets import MarketRecord
from tests.support.books import book
from tests.support.faults import Call, Script, check, events, intents, scripted, since_start
from tests.support.paper_run import START, PaperRun, paper_run

TICKER = "STANDING-1"
QUIET = "40x100 39x50 | 44x3000"
SOLD = "40x100 39x50 | 41x{} 44x3000"
"""Somebody offers so much at the price of our bid: that much of it is filled."""


def showing(rows: dict[float, str]) -> PaperExchange:
    """Return an exchange that shows these books from so many seconds on, and on which nobody else trades."""
    terms = MarketRecord(
        ticker=TICKER,
        event_ticker="STANDING",
        status=MarketStatus.ACTIVE,
        grid=STRUCTURES["linear_cent"],
        close_time=None,
        title="Nearly nothing happens",
    )
    shown = ShadowBook([(Instant(START + seconds(at)), book(text)) for at, text in rows.items()])
    listing = Listing(terms=terms, fees=FeeSchedule(), series_ticker="STANDING", book=shown, opened_at=START)
    return PaperExchange([listing], ids=Random(1), source="replay")


def lost(
    which: Callable[[Call], bool], arrives: float | None = None, busy: tuple[float, float] = (0, 0)
) -> tuple[Script, asyncio.Event]:
    """Return a script that loses the first call of that kind, which takes effect so much later, or never (None).

    *busy*: from when to when all amends are answered with 429. The event is set when the call is lost.
    """
    tasks: list[object] = []
    gone = asyncio.Event()

    async def later(call: Call, wait: float) -> None:
        await asyncio.sleep(wait)
        await call.forward()

    async def script(call: Call) -> httpx.Response:
        if which(call) and not tasks:
            tasks.append(call if arrives is None else asyncio.ensure_future(later(call, arrives)))
            gone.set()
            call.lose()
        if call.amend and busy[0] <= call.at < busy[1]:
            return call.answer(429, {"error": "too many requests"})
        return await call.forward()

    return script, gone


def growing(slices: int = 10, seconds_in_all: float = 81.5) -> Twap:
    """Return an order of 100 that grows by as much every eight seconds, and takes what is left at the end."""
    return Twap(TwapParams(timeout_seconds=seconds_in_all, slices=slices, passive=True, end_action=EndAction.CROSS))


@pytest.mark.parametrize("arrives", [8.5, 9.0, 10.5])
def test_a_lost_larger_total_is_remembered_past_a_refusal(arrives: float) -> None:
    """10 to 20 is lost and given up, the next amend refused, the 20 come true, 10 are filled: 10 are still open, and known.

    Once the order was taken for filled then, nobody watched the rest of it, and others were sent beside it.
    """
    script, _ = lost(lambda call: call.amend, arrives, busy=(15.0, 24.0))
    market = showing({0: QUIET, 20: SOLD.format(10), 20.5: QUIET})
    run = paper_run(growing(), ticker=TICKER, quantity=10_000, wrap=scripted(script), exchange=market)

    check(run)
    assert [RefusalReason.NEVER_ARRIVED, RefusalReason.THROTTLED] == [each.reason for each in events(run, AmendRejected)][:2]
    assert 10_000 == run.position
    assert [TimeInForce.GOOD_TILL_CANCELED, TimeInForce.IMMEDIATE_OR_CANCEL] == [
        each.time_in_force for each in intents(run, SubmitOrder)
    ]


def test_an_order_that_might_have_grown_is_asked_about_once_it_has_left_the_list() -> None:
    """10 to 20 is lost and given up, and all 10 are filled: the fills alone cannot say that there was no more of it."""
    script, _ = lost(lambda call: call.amend, busy=(15.0, 40.0))
    market = showing({0: QUIET, 20: SOLD.format(10), 20.5: QUIET})
    run = paper_run(growing(), ticker=TICKER, quantity=10_000, wrap=scripted(script), exchange=market)

    check(run)
    assert [RefusalReason.NEVER_ARRIVED] == [each.reason for each in events(run, AmendRejected)][:1]
    ended = events(run, OrderCanceled)[0]
    assert (1_000, True) == (ended.filled, 20 < since_start(ended) < 30)
    assert 10_000 == run.position


@pytest.mark.parametrize("sold", [0, 5])
def test_a_cancel_while_a_larger_total_is_in_doubt_says_what_was_filled(sold: int) -> None:
    """10 to 20 takes effect, its reply is lost, 5 are filled and the user stops it: 5 are filled, not 5 less than none."""

    async def stop(run: PaperRun) -> None:
        await gone.wait()
        await asyncio.sleep(0.01)
        run.runner.stop("Ctrl-C")

    rows = {0: QUIET, 8.47: SOLD.format(sold), 8.6: QUIET} if sold else {0: QUIET}
    script, gone = lost(lambda call: call.amend, 0.0)
    run = paper_run(growing(), ticker=TICKER, quantity=10_000, wrap=scripted(script), exchange=showing(rows), meddle=stop)

    check(run)
    assert [] != events(run, OrderInDoubt)
    assert {100 * sold} == {each.filled for each in events(run, OrderCanceled)}
    assert 100 * sold == run.position


ARRIVALS = [4.7, 4.8, 4.9, 5.0, 5.1]


@pytest.mark.parametrize("arrives", ARRIVALS)
def test_a_create_that_turns_up_after_it_was_given_up_is_replaced_under_a_new_id(arrives: float) -> None:
    """Given up, found by a look, then canceled to take at the ask: the order that takes has an id of its own, and goes out."""
    script, _ = lost(lambda call: call.create, arrives)
    patient = AdaptiveLimit(AdaptiveLimitParams())
    market = showing({0: "40x500 | 43x3000"})
    run = paper_run(patient, ticker=TICKER, quantity=10_000, wrap=scripted(script), exchange=market)

    check(run)
    assert run.finish is not None
    assert Reason.FILLED is run.finish.reason, run.finish.detail


class Mixed(Executor):
    """Another package's algorithm: *first* for a twentieth of its time, *then* for the rest."""

    algorithm: ClassVar[str] = "mixed"

    def __init__(self, *, takes_first: bool) -> None:
        super().__init__(BaseParams(timeout_seconds=40.0, max_slippage=0.025, end_action=EndAction.CROSS))
        self._takes_first = takes_first

    @property
    def cadence(self) -> Duration:
        """Time between two steps."""
        return seconds(4)

    def divide(self, situation: Situation) -> Sequence[Quantity]:
        """Return the whole."""
        return (situation.quantity,)

    def quotes(self, situation: Situation) -> Sequence[Quote]:
        """Take 20 and rest the others, or the other way round."""
        early, bid = situation.elapsed < 0.05, situation.book.best_bid
        part = Quantity(2_000) if early else None
        if early is self._takes_first or bid is None:
            return (Quote(split=0, price=situation.cap, why="take", take=True, release=part),)
        return (Quote(split=0, price=bid, why="rest", release=part),)


@pytest.mark.parametrize("takes_first", [True, False])
def test_taking_and_resting_in_one_split_survive_a_create_that_was_lost(takes_first: bool) -> None:
    """20 are lost and given up, in whichever way they were to trade: no fault, and of the other way 80 go out and no more."""
    script, _ = lost(lambda call: call.create)
    market = showing({0: "40x500 | 44x3000"})
    executor = Mixed(takes_first=takes_first)
    run = paper_run(executor, ticker=TICKER, quantity=10_000, wrap=scripted(script), exchange=market)

    check(run)
    assert run.finish is not None
    assert run.finish.reason is not Reason.FAULT, run.finish.detail
    assert [RefusalReason.NEVER_ARRIVED] == [each.reason for each in events(run, OrderRejected)]
    assert [2_000, 8_000] == [each.quantity for each in intents(run, SubmitOrder)][:2]
    assert since_start(events(run, OrderRejected)[0]) < 40
    assert 8_000 == run.position
