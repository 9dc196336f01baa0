"""The end of a run whose cancels find no answer, whose orders may still arrive, or which slept through its deadline."""

import asyncio
from collections import Counter
from itertools import pairwise

import httpx
import pytest

from depthwalk.domain.messages import (
    BookChanged,
    CancelOrder,
    CancelRejected,
    Finish,
    Intent,
    Look,
    Operation,
    OrderAccepted,
    OrderCanceled,
    OrderInDoubt,
    OrderRejected,
    Reason,
    Record,
    Rules,
    Started,
    SubmitOrder,
    WakeAt,
    Woke,
)
from depthwalk.domain.order import OrderStatus
from depthwalk.domain.units import Instant, in_seconds, seconds
from depthwalk.errors import RefusalReason
from depthwalk.executors.desk import CANCEL_AGAIN
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalker, DynamicDepthWalkerParams
from depthwalk.executors.ending import LATE
from depthwalk.executors.simple_limit import LimitRule, SimpleLimit, SimpleLimitParams
from depthwalk.executors.state import REQUEST_LIFE, EndAction
from tests.support.books import book, contracts, market
from tests.support.faults import Call, Script, check, scripted
from tests.support.paper_run import PaperRun, paper_run
from tests.support.venue import T0, parent

GOOD = "40x100 39x50 | 44x300"


# --- a venue that takes no cancel -----------------------------------------------------------------------------------


def deaf(how: str, lasts: float, seen: Counter[str]) -> Script:
    """Return a script in which cancels fail for *lasts* seconds from the first one on; reads are counted in *seen*."""
    first: list[float] = []

    async def script(call: Call) -> httpx.Response:
        seen["freshness"] += call.freshness
        if not call.cancel:
            return await call.forward()
        first.append(call.at)
        if call.at - first[0] < lasts:
            if how == "503":
                return call.answer(503, {})
            if how == "reset":
                call.lose()
            await asyncio.sleep(20)
        return await call.forward()

    return script


def leave(how: str, lasts: float, seed: int) -> tuple[PaperRun, Counter[str]]:
    """Run a walker that finds no ear for its cancels."""
    seen: Counter[str] = Counter()
    run = paper_run(
        DynamicDepthWalker(DynamicDepthWalkerParams(timeout_seconds=20.0)),
        quantity=60_000,
        seed=seed,
        wrap=scripted(deaf(how, lasts, seen)),
    )
    return run, seen


@pytest.mark.parametrize("seed", [1, 2, 6])
@pytest.mark.parametrize("lasts", [8.0, 20.0, 60.0])
@pytest.mark.parametrize("how", ["503", "reset", "hangs"])
def test_a_venue_that_takes_no_cancel_does_not_break_the_run(how: str, lasts: float, seed: int) -> None:
    """It ends by itself, nothing rests or is lost, and every child is looked for once at a time."""
    run, seen = leave(how, lasts, seed)

    check(run)
    assert run.finish is not None
    assert run.finish.reason in {Reason.HORIZON, Reason.FILLED}
    # One search a child: some twenty readings in its half minute, however many cancels of it are lost meanwhile.
    assert seen["freshness"] <= 25 * len(list(run.executor.desk.children))


@pytest.mark.parametrize("how", ["503", "reset"])
def test_a_cancel_is_given_time_before_it_is_sent_again(how: str) -> None:
    """Two seconds, however fast the no comes, and however often the orders are looked at."""
    run, _ = leave(how, 60.0, seed=2)

    sent: dict[str, list[Instant]] = {}
    for event, intents in run.journal.entries:
        for intent in intents:
            if isinstance(intent, CancelOrder):
                sent.setdefault(intent.client_id, []).append(event.at)
    gaps = [later - earlier for times in sent.values() for earlier, later in pairwise(times)]
    assert gaps
    assert min(gaps) >= CANCEL_AGAIN


# --- by hand --------------------------------------------------------------------------------------------------------


class Hand:
    """A run of 10 contracts for 20 s, driven by hand: one order at the bid."""

    def __init__(self, end: EndAction) -> None:
        self.run = SimpleLimit(
            SimpleLimitParams(timeout_seconds=20.0, limit_rule=LimitRule.BID, max_slippage=0.5, end_action=end)
        )
        self.run.handle(Started(at=T0, parent=parent(1_000), market=market(), rules=Rules()))
        self.run.handle(BookChanged(at=T0, book=book(GOOD), confirmed_at=T0))
        (self.name,) = [child.client_id for child in self.run.desk.children]

    def accepted(self) -> None:
        """Let the order rest."""
        self.run.handle(OrderAccepted(at=T0, client_id=self.name, order_id="v", filled=contracts(0), remaining=contracts(10)))

    def look(self, at: Instant, bids_with: str, look: Look = Look.BOOK) -> tuple[Intent, ...]:
        """Look at a fresh book."""
        return self.run.handle(BookChanged(at=at, book=book(bids_with), confirmed_at=at)) + self.run.handle(
            Woke(at=at, look=look)
        )


def of(intents: tuple[Intent, ...], kind: type[Intent]) -> list[Intent]:
    """Return the intents of a kind."""
    return [intent for intent in intents if isinstance(intent, kind)]


def test_an_order_that_waited_before_it_was_signed_is_waited_for() -> None:
    """Handed over at 0 s, 25 s in the throttle, given up then, absent at 31 s: it may arrive until 55 s."""
    hand, given_up = Hand(EndAction.CANCEL), Instant(T0 + seconds(25))
    hand.run.handle(OrderInDoubt(at=given_up, client_id=hand.name, operation=Operation.CREATE, detail="no answer within 10 s"))
    absent, no = Instant(T0 + seconds(31)), RefusalReason.NEVER_ARRIVED
    hand.run.handle(OrderRejected(at=absent, client_id=hand.name, reason=no, detail="it is not there"))
    wake = WakeAt(at=absent, look=Look.BOOK)  # the bell
    for _ in range(60):
        if hand.run.finish is not None:
            break
        for intent in hand.look(wake.at, GOOD, wake.look):
            wake = intent if isinstance(intent, WakeAt) else wake

    assert hand.run.finish is not None
    assert 25 + in_seconds(REQUEST_LIFE) == in_seconds(wake.at - T0)
    assert hand.name in hand.run.finish.detail


@pytest.mark.parametrize(
    ("after", "crosses"),
    [(19.0, True), (20.0 + in_seconds(LATE) - 0.5, True), (20.0 + in_seconds(LATE) + 0.5, False), (140.0, False)],
)
def test_a_run_that_slept_through_its_end_buys_nothing_any_more(after: float, crosses: bool) -> None:
    """Somebody closed the laptop: on waking the orders are canceled, and only a little after the time the rest is taken."""
    hand = Hand(EndAction.CROSS)
    hand.accepted()
    at, later = Instant(T0 + seconds(after)), Instant(T0 + seconds(after + 0.1))

    # On waking the bell rings and the book is read: with our order in it, then without.
    first = hand.look(at, "40x110 39x50 | 44x300")
    assert [hand.name] == [intent.client_id for intent in first if isinstance(intent, CancelOrder)]
    out = hand.run.handle(OrderCanceled(at=later, client_id=hand.name, filled=contracts(0)))
    out += hand.look(Instant(later + 1), GOOD)

    assert (1 if crosses else 0) == len(of(first + out, SubmitOrder))
    said = {intent.what: intent.why for intent in out if isinstance(intent, Record)}
    assert crosses == ("no cross" not in said)
    assert crosses or "the time was up" in said["no cross"]
    assert crosses == (of(out, Finish) == [])


@pytest.mark.parametrize("hopeless", [False, True])
def test_a_second_cancel_is_lost_after_the_first_was_answered(hopeless: bool) -> None:
    """Read as resting meanwhile: the lost reply is a new doubt, but a search that gives up late is not."""
    hand, sent = Hand(EndAction.CANCEL), []
    hand.accepted()
    for after in (18.5, 21.0):
        at = Instant(T0 + seconds(after))
        sent += hand.look(at, "40x110 39x50 | 44x300", Look.BOOK if after < 20 else Look.ORDERS)
        hand.run.handle(OrderInDoubt(at=at, client_id=hand.name, operation=Operation.CANCEL, detail="lost"))
    assert 2 == len(of(tuple(sent), CancelOrder))
    at = Instant(T0 + seconds(21.1))
    no = RefusalReason.NEVER_ARRIVED
    hand.run.handle(CancelRejected(at=at, client_id=hand.name, reason=no, detail="it is as it was"))
    lost = OrderInDoubt(at=at, client_id=hand.name, operation=Operation.CANCEL, detail="lost", hopeless=hopeless)
    out = hand.run.handle(lost)

    expected = OrderStatus.RESTING if hopeless else OrderStatus.IN_DOUBT
    assert expected is hand.run.desk.children[hand.name].status
    assert [] == of(out, Finish)
    hand.run.handle(OrderCanceled(at=at, client_id=hand.name, filled=contracts(0)))
    finish = [hand.look(Instant(at + seconds(n)), GOOD, look)[-1:] for n, look in ((1, Look.EVERYTHING), (2, Look.BOOK))][-1]
    assert [Reason.HORIZON] == [intent.reason for intent in finish if isinstance(intent, Finish)]
