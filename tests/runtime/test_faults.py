"""Faults one by one, each of which once cost money or orders: what the run must do, and what the exchange must show after.

The client of these runs gives a request up after 3 s, and the exchange's silence counts as a no 5 s later (design, D7).
"""

import asyncio
from typing import Any

import httpx
import pytest

from depthwalk.domain.messages import (
    AmendOrder,
    AmendRejected,
    BookChanged,
    CancelOrder,
    FeedLost,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    Reason,
    Record,
    SubmitOrder,
)
from depthwalk.domain.order import OrderStatus, TimeInForce
from depthwalk.domain.units import seconds
from depthwalk.errors import RefusalReason, StorageError
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalker, DynamicDepthWalkerParams
from depthwalk.executors.simple_limit import LimitRule, SimpleLimit, SimpleLimitParams
from tests.support.books import book
from tests.support.faults import (
    AnswersWithNothing,
    Call,
    break_the_journal_at_the_first_fill,
    check,
    events,
    hanging,
    intents,
    late,
    main_task,
    recorded,
    scripted,
    sent_at,
    since_start,
)
from tests.support.laws import PLAIN
from tests.support.paper_run import PaperRun, paper_run
from tests.support.venue import Venue, parent


def simple(rule: LimitRule = LimitRule.ASK, lasts: float = 30.0) -> SimpleLimit:
    """Return the baseline; BID rests, ASK takes."""
    return SimpleLimit(SimpleLimitParams(timeout_seconds=lasts, limit_rule=rule))


def walker(**changes: Any) -> DynamicDepthWalker:
    """Return the walker with one split at the bid."""
    given: dict[str, Any] = PLAIN | {"split_ratios": (1.0,), "offsets": (0.0, 0.0, 0.0)}
    return DynamicDepthWalker(DynamicDepthWalkerParams(**(given | changes)))


def taker(lasts: float) -> DynamicDepthWalker:
    """Return a walker whose one order takes at once, and which then does nothing before the end."""
    return walker(timeout_seconds=lasts, offsets=(5.0, 0.0, 0.0), walk_interval_seconds=30.0)


# --- creates that are late ------------------------------------------------------------------------------------------


def test_silence_counts_from_when_the_reply_was_given_up() -> None:
    """6 s on the way, given up after 3: at 5 s after sending its absence proves nothing yet, so it is found, not sent again."""
    run = paper_run(simple(), quantity=1_000, wrap=scripted(late(1, 6.5)))

    check(run)
    assert 1 == len(intents(run, SubmitOrder))
    assert [] == events(run, OrderRejected)
    assert 1_000 == recorded(run)


def test_what_never_arrived_is_sent_again_under_its_own_id() -> None:
    """The first create comes after the second: the venue refuses the double, whichever of the two was first."""
    run = paper_run(simple(), quantity=1_000, wrap=scripted(late(1, 9.5)))

    check(run)
    assert [RefusalReason.NEVER_ARRIVED] == [no.reason for no in events(run, OrderRejected)]
    assert 2 == len(intents(run, SubmitOrder))
    assert 1 == len({sent.client_id for sent in intents(run, SubmitOrder)})
    assert 1 == len(run.exchange.ledger.orders())
    assert 1_000 == recorded(run)


def test_a_create_that_comes_before_it_is_sent_again_is_found() -> None:
    """Written off at 8.2, filled at 9.2, the next step at 30: the last look finds it, and nothing is bought twice."""
    run = paper_run(taker(11), quantity=1_000, wrap=scripted(late(1, 9.2)))

    check(run)
    assert [RefusalReason.NEVER_ARRIVED] == [no.reason for no in events(run, OrderRejected)]
    assert 1_000 == recorded(run)
    assert 1 == len(intents(run, SubmitOrder))


def test_a_create_that_comes_to_rest_after_it_was_written_off_is_canceled() -> None:
    """It rests from 9.2 on; the stop at 9.4 finds it, though our ledger had given it up."""

    async def stop(run: PaperRun) -> None:
        await run.clock.sleep(seconds(9.4))
        run.runner.stop("Ctrl-C")

    patient = walker(timeout_seconds=40, walk_interval_seconds=30.0)
    run = paper_run(patient, ticker="PAPER-THIN", quantity=50_000, wrap=scripted(late(1, 9.2)), meddle=stop)

    check(run)
    assert [RefusalReason.NEVER_ARRIVED] == [no.reason for no in events(run, OrderRejected)]
    assert [OrderStatus.CANCELED] == [order.status for order in run.exchange.ledger.orders()]


@pytest.mark.parametrize("slow", [0.3, 0.6, 1.0])
def test_an_older_look_does_not_end_the_search_for_strays(slow: float) -> None:
    """The closing look is still reading when the bell rings: the search is over only when everything was read."""

    async def script(call: Call) -> httpx.Response:
        if call.create and call.creates == 1:
            await asyncio.sleep(8.7)
        elif not call.write and call.at > 9.3:
            await asyncio.sleep(slow)
        return await call.forward()

    run = paper_run(taker(11), quantity=1_000, wrap=scripted(script))

    check(run)
    assert 1_000 == recorded(run)
    assert 1 == len(intents(run, SubmitOrder))


def test_what_was_written_off_stays_reserved() -> None:
    """Nothing proves that it will not turn up after the end: the rest is not crossed, and the end says why."""
    run = paper_run(taker(11), quantity=1_000, wrap=scripted(late(1, 60)))

    check(run)
    assert 1 == len(intents(run, SubmitOrder))
    assert run.finish is not None
    assert f"never arrived, as far as one can tell: {run.parent.child_id(1)}" == run.finish.detail


def test_a_refusal_of_the_second_send_says_nothing_about_the_first() -> None:
    """Written off, sent again, that is answered with 429: until the first is accounted for, nothing goes out under a new id."""

    async def script(call: Call) -> httpx.Response:
        if call.create and call.creates == 1:
            await asyncio.sleep(11)
        if call.create and 2 <= call.creates <= 5:  # the client itself asks four times
            return call.answer(429, {"error": "too many requests"})
        return await call.forward()

    run = paper_run(simple(), quantity=1_000, wrap=scripted(script))

    check(run)
    reasons = [no.reason for no in events(run, OrderRejected)]
    assert [RefusalReason.NEVER_ARRIVED, RefusalReason.THROTTLED] == reasons
    assert 3 == len(intents(run, SubmitOrder))
    assert 1 == len({sent.client_id for sent in intents(run, SubmitOrder)})
    assert 1_000 == recorded(run)


# --- doubt and cancels ----------------------------------------------------------------------------------------------


def test_an_order_whose_amend_is_in_doubt_is_canceled_at_once() -> None:
    """The amend fails and nothing says how fresh the data is: the stop does not wait for that."""
    amends: list[float] = []

    async def script(call: Call) -> httpx.Response:
        if call.amend:
            amends.append(call.at)
            return call.answer(500, {})
        return call.answer(500, {}) if call.freshness else await call.forward()

    async def stop(run: PaperRun) -> None:
        while not amends:
            await run.clock.sleep(seconds(0.1))
        await run.clock.sleep(seconds(1))
        run.runner.stop("Ctrl-C")

    run = paper_run(walker(walk_interval_seconds=2.0), quantity=20_000, wrap=scripted(script), meddle=stop)

    check(run)
    assert run.finish is not None
    assert Reason.STOPPED is run.finish.reason
    assert amends[0] + 2 > sent_at(run, CancelOrder)[0]


def test_an_order_that_is_listed_needs_no_freshness() -> None:
    """Every create loses its reply and the freshness cannot be read: what the list shows settles the doubt."""

    async def script(call: Call) -> httpx.Response:
        if call.freshness:
            return call.answer(500, {})
        reply = await call.forward()
        if call.create:
            call.lose()
        return reply

    run = paper_run(simple(LimitRule.BID), quantity=20_000, wrap=scripted(script))

    check(run)
    assert since_start(events(run, OrderAccepted)[0]) < 5
    assert run.finish is not None
    assert Reason.HORIZON is run.finish.reason


@pytest.mark.parametrize("executor", [simple(LimitRule.BID), walker(timeout_seconds=30)], ids=["simple", "walker"])
def test_the_end_of_the_horizon_does_not_wait_for_a_look(executor: SimpleLimit | DynamicDepthWalker) -> None:
    """Reads hang from 27 s on and writes work: the cancel is decided before the 30 s are over."""
    run = paper_run(executor, ticker="PAPER-THIN", quantity=90_000, wrap=scripted(hanging(27)))

    assert run.error is None
    assert run.resting == 0
    assert events(run, FeedLost)
    assert 28.5 <= sent_at(run, CancelOrder)[-1] < 30


def test_a_look_that_hangs_is_given_up() -> None:
    """With nothing filled and nothing to be read the run ends by itself after two looks of five seconds."""
    run = paper_run(simple(LimitRule.BID), ticker="PAPER-LIQUID", quantity=90_000, wrap=scripted(hanging(27)))

    check(run)
    assert 2 == len(events(run, FeedLost))
    assert since_start(run.journal.entries[-1][0]) < 40


# --- leaving after an error -----------------------------------------------------------------------------------------


def test_leaving_after_an_error_keeps_the_fills() -> None:
    """What was filled when the loop died stands in the journal, though nobody handles it any more."""
    run = paper_run(simple(), quantity=1_000, meddle=break_the_journal_at_the_first_fill)

    assert isinstance(run.error, StorageError)
    assert run.resting == 0
    assert 1_000 == run.position
    assert 1_000 == sum(event.fill.quantity for event in events(run, OrderFilled))


def test_leaving_waits_for_a_create_longer_than_the_client_does() -> None:
    """Torn down at 1 s, the create arrives at 7 s, after its reply was given up: it is waited for and canceled."""

    async def tear_down(run: PaperRun) -> None:
        await run.clock.sleep(seconds(1))
        main_task().cancel()

    run = paper_run(simple(LimitRule.BID), ticker="PAPER-THIN", quantity=90_000, wrap=scripted(late(1, 7)), meddle=tear_down)

    assert isinstance(run.error, asyncio.CancelledError)
    assert [OrderStatus.CANCELED] == [order.status for order in run.exchange.ledger.orders()]


def test_leaving_cannot_be_stopped_half_way() -> None:
    """Canceled, and again while it leaves: the orders are canceled first all the same."""

    async def tear_down_twice(run: PaperRun) -> None:
        await run.clock.sleep(seconds(1.5))
        task = main_task()
        for _ in range(3):
            task.cancel()
            await run.clock.sleep(seconds(0.02))

    run = paper_run(simple(LimitRule.BID), ticker="PAPER-THIN", quantity=90_000, meddle=tear_down_twice)

    assert isinstance(run.error, asyncio.CancelledError)
    assert [OrderStatus.CANCELED] == [order.status for order in run.exchange.ledger.orders()]


# --- amends that are late or lost -----------------------------------------------------------------------------------


def test_an_amend_that_takes_effect_after_it_was_written_off_is_believed_in_the_end() -> None:
    """9 s on the way: for a while our price is wrong and the run holds, then it takes the exchange's word and goes on."""
    amends: list[float] = []

    async def script(call: Call) -> httpx.Response:
        if call.amend:
            amends.append(call.at)
            if len(amends) == 1:
                await asyncio.sleep(9)
        return await call.forward()

    lasts = walker(timeout_seconds=60, walk_interval_seconds=2.0, max_slippage=0.3)
    run = paper_run(lasts, ticker="PAPER-THIN", quantity=20_000, seed=29, wrap=scripted(script))

    check(run)
    written_off = events(run, AmendRejected)[0]
    assert RefusalReason.NEVER_ARRIVED is written_off.reason
    believed = next(event for event in events(run, OrderAmended) if event.at > written_off.at)
    between = [at for at in sent_at(run, AmendOrder) if since_start(written_off) < at < since_start(believed)]
    assert [] == between  # so it is the exchange's word, not the answer to another amend
    assert since_start(believed) < since_start(written_off) + 12
    old = [record.what for record in intents(run, Record) if "older than our orders" in record.why]
    assert "resume" == old[-1]


def test_a_renewal_that_never_arrives_is_not_counted() -> None:
    """No amend gets through: the order dies of its old expiry after two minutes, and a new one follows."""

    async def script(call: Call) -> httpx.Response:
        return call.answer(500, {}) if call.amend else await call.forward()

    run = paper_run(simple(LimitRule.BID, 150), ticker="PAPER-THIN", quantity=500_000, seed=2, wrap=scripted(script))

    check(run)
    assert [] == events(run, OrderAmended)
    assert events(run, AmendRejected)
    (expired,) = events(run, OrderExpired)
    assert 120 < since_start(expired) < 125
    assert 2 == len(intents(run, SubmitOrder))


# --- watching, refusals, others -------------------------------------------------------------------------------------


def test_a_view_that_fails_does_not_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal goes away in the middle: the run goes on without it."""
    shown: list[object] = []

    class Failing:
        def show(self, snapshot: object, *_: object) -> None:
            shown.append(snapshot)
            if len(shown) == 12:
                raise BrokenPipeError("stdout")

    monkeypatch.setattr("tests.support.paper_run.NullView", Failing)
    run = paper_run(walker(), ticker="PAPER-THIN", quantity=20_000)

    check(run)
    assert 12 == len(shown)
    assert run.finish is not None


def test_an_order_of_nothing_is_no_walk() -> None:
    """The book jumps while the order is on its way, which is then no order: it is neither a placement nor a walk."""
    books = {0.0: book("40x10 | 44x10"), 0.02: book("38x10 | 40x10"), 6.0: book("41x10 | 44x10")}
    venue = AnswersWithNothing(walker(), parent(1_000), books)
    venue.run()

    accepted = [event for event in venue.events if isinstance(event, OrderAccepted)]
    amended = [event for event in venue.events if isinstance(event, OrderAmended)]
    assert not accepted[0].remaining
    assert [0.0, 0.05] == [at for at, kind, *_ in venue.trace if kind.startswith("submit")][:2]
    decided = [record.what for record in venue.records if record.what in ("place", "walk")]
    assert ["place"] + (len(decided) - 1) * ["walk"] == decided
    assert len(decided) <= sum(1 for event in accepted if event.remaining or event.filled) + len(amended)
    assert len(decided) - 1 == venue.executor.desk.splits[0].walks


def test_a_book_that_does_not_fit_our_orders_is_read_again_soon() -> None:
    """Our order is not in the book yet: four looks a second rather than one a second or the next step's."""
    venue = Venue(walker(walk_interval_seconds=8.0), parent(1_000), {0.0: book("40x1 | 44x10")}, hide_ours=True)
    venue.run()

    looks = [since for since, record in venue.sent if isinstance(record, Record) and record.what == "hold"]
    books = [(event.at - venue.events[0].at) / 1_000_000 for event in venue.events if isinstance(event, BookChanged)]
    after = [at for at in books if at > looks[0]]
    assert after[0] - looks[0] <= 0.3


def test_the_end_game_reads_the_book_again_before_it_gives_up_crossing() -> None:
    """The closing look misses our order in the book: once that is canceled the book is fit again, and the run crosses."""
    venue = Venue(walker(), parent(1_000), {0.0: book("40x1 | 41x50")}, hide_ours=True)
    venue.run()

    crosses = [order for order in venue.writes if isinstance(order, SubmitOrder)]
    assert TimeInForce.IMMEDIATE_OR_CANCEL is crosses[-1].time_in_force
    assert 1_000 == venue.filled


def test_an_order_canceled_elsewhere_is_not_placed_again() -> None:
    """The user cancels it in a browser: the run takes that as a stop."""

    async def cancel_elsewhere(run: PaperRun) -> None:
        await run.clock.sleep(seconds(5))
        run.exchange.cancel_all(run.clock.now())

    run = paper_run(simple(LimitRule.BID), ticker="PAPER-THIN", quantity=50_000, seed=2, meddle=cancel_elsewhere)

    check(run)
    assert run.finish is not None
    assert Reason.STOPPED is run.finish.reason
    assert 1 == len(intents(run, SubmitOrder))
    assert [False] == [event.asked for event in events(run, OrderCanceled)]
