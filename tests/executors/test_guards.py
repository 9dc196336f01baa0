"""Guards of the shared layer that no other test misses when they are gone (each was found by taking it away)."""

from dataclasses import replace

import pytest

from depthwalk.domain.book import Book
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.messages import (
    BookChanged,
    CancelOrder,
    FeedLost,
    Finish,
    Intent,
    Look,
    MarketChanged,
    Operation,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderRejected,
    Reason,
    Record,
    Recovering,
    Resumed,
    Rules,
    Started,
    StopRequested,
    SubmitOrder,
    WakeAt,
    Woke,
)
from depthwalk.domain.order import TimeInForce
from depthwalk.domain.result import ApiUsage
from depthwalk.domain.units import Instant, seconds
from depthwalk.errors import DomainError, RefusalReason
from depthwalk.executors.base import Executor
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalker, DynamicDepthWalkerParams
from depthwalk.executors.simple_limit import LimitRule, SimpleLimit, SimpleLimitParams
from depthwalk.executors.state import EndAction, Phase
from depthwalk.runtime.outcome import conclude
from tests.support.books import book, cents, contracts, market
from tests.support.ledger import Ledger, doubt, filled
from tests.support.venue import T0, Venue, parent

GOOD = book("40x100 39x50 | 44x30 45x60")


def test_the_last_order_is_on_the_grid_of_then() -> None:
    """A cap of 43.5 cents is none on the whole cents that the market has changed to: the rest is taken at 43."""
    fine = market("center_half_edge_half_cent")
    coarse = replace(fine, grid=STRUCTURES["linear_cent"])
    bids = SimpleLimit(SimpleLimitParams(limit_rule=LimitRule.BID, end_action=EndAction.CROSS, max_slippage=0.0))
    venue = Venue(
        bids,
        parent(10_000, target=cents(43)),
        {0: book("40x10 | 42x8 43x50")},
        venue_market=fine,
        extra=[(5.0, lambda now: MarketChanged(at=now, market=coarse))],
    )

    assert Reason.HORIZON is venue.run().reason
    taken = [
        each
        for each in venue.writes
        if isinstance(each, SubmitOrder) and each.time_in_force is not TimeInForce.GOOD_TILL_CANCELED
    ]
    assert [cents(43)] == [order.price for order in taken]


def lost(ledger: Ledger, name: str, quantity: float) -> None:
    """Send an order of which nothing is ever seen."""
    ledger.send(ledger.submit(name, quantity))
    ledger.children.apply(doubt(name, Operation.CREATE))
    ledger.children.apply(no(name, RefusalReason.NEVER_ARRIVED))


def no(name: str, reason: RefusalReason) -> OrderRejected:
    """A create is refused, or was never seen."""
    return OrderRejected(at=T0, client_id=name, reason=reason, detail="")


def test_what_never_arrived_stays_reserved() -> None:
    """40 of 60 may still turn up: another order may have the other 20, the same one under its id all of its 40 again."""
    ledger = Ledger(60)
    lost(ledger, "A", 40)

    assert "up to 61.00 could be filled of 60.00 requested" == ledger.admit(ledger.submit("B", 21))
    assert ledger.admit(ledger.submit("B", 20)) is None
    assert ledger.admit(ledger.submit("A", 40)) is None


@pytest.mark.parametrize("reason", [RefusalReason.PAUSED, RefusalReason.THROTTLED, RefusalReason.OTHER])
def test_a_refusal_of_the_second_send_says_nothing_of_the_first(reason: RefusalReason) -> None:
    """An order that never arrived is sent again and refused: the first one may still turn up, its 40 stay reserved."""
    ledger = Ledger(60)
    lost(ledger, "A", 40)
    ledger.send(ledger.submit("A", 40))
    ledger.children.apply(no("A", reason))

    assert contracts(40) == ledger.children.limbo
    assert ledger["A"].written_off


def test_a_refusal_of_the_only_send_frees_its_quantity() -> None:
    """A definite no: nothing of it can turn up."""
    ledger = Ledger(60)
    ledger.send(ledger.submit("A", 40))
    ledger.children.apply(no("A", RefusalReason.THROTTLED))

    assert 0 == ledger.children.limbo


def test_a_book_read_while_a_write_is_out_is_not_decided_on() -> None:
    """It may show our order or not, nobody can tell: hold, and the sight stays the one before."""
    walker = DynamicDepthWalker(DynamicDepthWalkerParams())
    seen = GOOD
    walker.handle(Started(at=T0, parent=parent(), market=market(), rules=Rules()))
    walker.handle(BookChanged(at=T0, book=seen, confirmed_at=T0))
    assert walker.desk.children.in_flight
    ours = [(child.price, child.total) for child in walker.desk.children]
    soon, later = Instant(T0 + seconds(0.1)), Book.of_levels(bids=[*seen.bids, *ours], asks=seen.asks[1:])
    answer = walker.handle(read(later, soon))

    assert ["orders in flight"] == [intent.why for intent in answer if isinstance(intent, Record) and intent.what == "hold"]
    assert walker.watch.sight is not None
    assert seen == walker.watch.sight.book


def test_a_sweep_that_saw_nothing_has_not_swept() -> None:
    """After a doubt the run looks for strays before it ends; where that look fails it looks again."""
    run = SimpleLimit(SimpleLimitParams(limit_rule=LimitRule.BID))
    run.handle(Started(at=T0, parent=parent(1_000), market=market(), rules=Rules()))
    run.handle(BookChanged(at=T0, book=book("40x100 | 44x30"), confirmed_at=T0))
    name = next(iter(run.desk.children)).client_id
    run.handle(OrderAccepted(at=T0, client_id=name, order_id="v1", filled=contracts(0), remaining=contracts(10)))
    run.handle(StopRequested(at=T0, detail="Ctrl-C"))
    run.handle(doubt(name, Operation.CANCEL))
    run.handle(OrderCanceled(at=T0, client_id=name, filled=contracts(0)))
    assert Phase.SWEEPING is run.phase
    run.handle(FeedLost(at=T0, detail="nothing could be read"))
    answer = run.handle(Woke(at=T0, look=Look.EVERYTHING))

    assert Look.EVERYTHING is next(intent.look for intent in reversed(answer) if isinstance(intent, WakeAt))
    assert run.finish is None
    run.handle(Woke(at=T0, look=Look.EVERYTHING))
    assert run.finish is not None


def working(run: Executor, quantity: int, *, resting: bool = True) -> list[str]:
    """Bring a run to work on a sound book and return the ids of its orders, which rest."""
    run.handle(Started(at=T0, parent=parent(quantity), market=market(), rules=Rules()))
    run.handle(BookChanged(at=T0, book=GOOD, confirmed_at=T0))
    names = [child.client_id for child in run.desk.children]
    for name in names if resting else ():
        total = run.desk.children[name].total
        run.handle(OrderAccepted(at=T0, client_id=name, order_id=name, filled=contracts(0), remaining=total))
    return names


def crossing(intents: tuple[Intent, ...]) -> list[int]:
    """Return the quantities of the last orders among intents."""
    return [
        intent.quantity
        for intent in intents
        if isinstance(intent, SubmitOrder) and intent.time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL
    ]


def test_what_never_arrived_is_not_crossed_for_either() -> None:
    """Of 100 split 60 and 40 the first was never seen: at the end 40 are taken, as 60 may still turn up; and only once."""
    run = DynamicDepthWalker(DynamicDepthWalkerParams(split_ratios=(0.6, 0.4)))
    first, second = working(run, 10_000, resting=False)
    run.handle(doubt(first, Operation.CREATE))
    run.handle(OrderAccepted(at=T0, client_id=second, order_id=second, filled=contracts(0), remaining=contracts(40)))
    run.handle(no(first, RefusalReason.NEVER_ARRIVED))
    end = run.run.closing_at
    shown = book("40x100 39x50 | 44x30 45x60")
    run.handle(read(shown, end))
    run.handle(Woke(at=end, look=Look.BOOK))
    run.handle(OrderCanceled(at=end, client_id=second, filled=contracts(0)))
    run.handle(read(shown, end))
    answer = run.handle(Woke(at=end, look=Look.EVERYTHING))

    assert [4_000] == crossing(answer)
    last = run.desk.children[next(child.client_id for child in run.desk.children if child.split < 0)].client_id
    after = run.handle(doubt(last, Operation.CREATE)) + run.handle(no(last, RefusalReason.NEVER_ARRIVED))
    for _ in range(5):
        after += run.handle(Woke(at=end, look=Look.EVERYTHING)) + run.handle(Woke(at=end, look=Look.ORDERS))
    assert [] == crossing(after)


def read(shown: Book, at: Instant) -> BookChanged:
    """A book read at a time."""
    return BookChanged(at=at, book=shown, confirmed_at=at)


def test_a_resumed_run_decides_nothing_on_what_a_dead_process_saw() -> None:
    """The first look of the new process fails: the old book would be young enough, but nothing is sent on it."""
    run = DynamicDepthWalker(DynamicDepthWalkerParams(split_ratios=(1.0,), walk_interval_seconds=1.0))
    (name,) = working(run, 1_000)
    soon = Instant(T0 + seconds(2))
    run.handle(Resumed(at=soon))
    run.handle(OrderExpired(at=soon, client_id=name, filled=contracts(0)))
    run.handle(FeedLost(at=soon, detail="nothing could be read"))
    answer = run.handle(Woke(at=soon, look=Look.BOOK))

    assert [] == [intent for intent in answer if isinstance(intent, SubmitOrder)]
    assert ["carried on after a crash"] == [run.watch.hold]


def test_an_order_in_doubt_is_canceled_too() -> None:
    """The reply to a cancel is lost, and nobody can tell what became of it: it is sent again, as one can always get out."""
    run = SimpleLimit(SimpleLimitParams(limit_rule=LimitRule.BID))
    (name,) = working(run, 1_000)
    stopped = run.handle(StopRequested(at=T0, detail="Ctrl-C"))
    run.handle(doubt(name, Operation.CANCEL))
    later = run.handle(Woke(at=Instant(T0 + seconds(3)), look=Look.ORDERS))

    assert [name, name] == [each.client_id for each in (*stopped, *later) if isinstance(each, CancelOrder)]


def test_what_is_seen_while_recovering_is_not_the_runs() -> None:
    """A book read long after a run died does not price what it left unfilled."""
    run = SimpleLimit(SimpleLimitParams(limit_rule=LimitRule.BID))
    (name,) = working(run, 1_000)
    later = Instant(T0 + seconds(3_600))
    run.handle(Recovering(at=later, detail="its process died"))
    run.handle(OrderCanceled(at=later, client_id=name, filled=contracts(0)))
    run.handle(read(book("41x100 | 44x30"), later))

    assert run.watch.sight is not None
    assert GOOD == run.watch.sight.book


def test_a_doubt_that_cannot_be_settled_ends_the_run() -> None:
    """Reading is given up: the run does not work on beside an order nobody knows of, it ends in doubt at once."""
    run = DynamicDepthWalker(DynamicDepthWalkerParams(split_ratios=(1.0,)))
    (name,) = working(run, 1_000, resting=False)
    run.handle(doubt(name, Operation.CREATE))
    run.handle(replace(doubt(name, Operation.CREATE), hopeless=True))
    for look in (Look.EVERYTHING, Look.ORDERS, Look.BOOK):
        run.handle(Woke(at=Instant(T0 + seconds(1)), look=look))

    assert run.finish is not None
    assert Reason.IN_DOUBT is run.finish.reason


def test_a_result_above_what_was_asked_for_is_no_result() -> None:
    """A venue that fills 11 of 10 is not summed up as if nothing were wrong: it is said."""
    run = SimpleLimit(SimpleLimitParams(limit_rule=LimitRule.BID))
    (name,) = working(run, 1_000)
    run.handle(filled(name, 10, "f1"))
    run.handle(filled(name, 1, "f2"))

    with pytest.raises(DomainError, match=r"overfilled: 11 of 10 contracts"):
        conclude(
            run,
            finished_at=T0,
            api=ApiUsage(),
            environment="paper",
            source="synthetic",
            seed=None,
            parameters={},
            tags={},
            finish=Finish(reason=Reason.FILLED),
        )
