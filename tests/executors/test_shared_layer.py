"""What every algorithm owes its user: holding, leaving, own orders, doubt, refusals, the choke point."""

import pytest

from depthwalk.domain.book import Book
from depthwalk.domain.messages import (
    AmendOrder,
    CancelOrder,
    FeedLost,
    ForeignOrder,
    Intent,
    MarketClosed,
    Operation,
    OrderFilled,
    OrderInDoubt,
    Reason,
    StopRequested,
    SubmitOrder,
    Woke,
)
from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.units import seconds
from depthwalk.errors import RefusalReason
from depthwalk.executors.base import Executor
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalker, DynamicDepthWalkerParams
from depthwalk.executors.registry import ALGORITHMS, default_parameters, make_executor
from depthwalk.executors.simple_limit import SimpleLimit, SimpleLimitParams
from depthwalk.executors.state import EndAction
from tests.support.books import book, cents, contracts
from tests.support.venue import T0, Venue, parent

GOOD = book("40x100 39x50 | 44x30 45x60")
CROSSED = book("47x100 39x50 | 44x30 45x60")
LOCKED = book("44x100 39x50 | 44x30 45x60")
EMPTY = book("|")


def walker(**overrides: object) -> Executor:
    """Return a walker."""
    return DynamicDepthWalker(DynamicDepthWalkerParams(**overrides))  # type: ignore[arg-type]


def simple(**overrides: object) -> Executor:
    """Return a simple_limit."""
    return SimpleLimit(SimpleLimitParams(**overrides))  # type: ignore[arg-type]


def fresh(algorithm: str) -> Executor:
    """Return an executor of any algorithm of the registry, as it comes."""
    return make_executor(algorithm, default_parameters(algorithm))


EVERY = pytest.mark.parametrize("algorithm", ALGORITHMS)


@EVERY
@pytest.mark.parametrize("bad", [CROSSED, LOCKED, EMPTY])
def test_no_order_on_an_unsound_book(algorithm: str, bad: Book) -> None:
    """Crossed, locked and empty books at the start are waited out: nothing is sent before a sound one, and it is said."""
    venue = Venue(fresh(algorithm), parent(), {0: bad, 6: GOOD})
    venue.run()

    assert min(at for at, intent in venue.sent if isinstance(intent, SubmitOrder)) >= 6
    assert any(record.what == "hold" for record in venue.records)
    assert any(record.what == "resume" for record in venue.records)


@EVERY
def test_a_book_that_never_becomes_sound_ends_the_run_with_nothing_sent(algorithm: str) -> None:
    """Only crossed books until the horizon: unfilled, with that reason."""
    venue = Venue(fresh(algorithm), parent(), {0: CROSSED})

    assert venue.run().reason is Reason.NO_BOOK
    assert venue.writes == []


def test_a_book_that_turns_unsound_stops_the_walk_and_the_last_order() -> None:
    """From the moment the book is crossed nothing is placed, amended or crossed: only the cancels of the end go out."""
    venue = Venue(walker(), parent(), {0: GOOD, 6: CROSSED})
    venue.run()

    late = [intent for at, intent in venue.sent if at > 6 and isinstance(intent, SubmitOrder | AmendOrder | CancelOrder)]
    assert late
    assert all(isinstance(intent, CancelOrder) for intent in late)


def test_own_and_foreign_orders_are_not_the_market() -> None:
    """Alone at the best bid, or beside another order of the same account, the walker does not chase itself up."""
    foreign = (ForeignOrder(side=Side.BUY, price=cents(43), quantity=contracts(7)),)
    order = parent()
    without = Venue(walker(patience=0.0, deficit_gain=0.0), order, {0: GOOD})
    beside = Venue(walker(patience=0.0, deficit_gain=0.0), order, {0: GOOD}, foreign=foreign)
    without.run()
    beside.run()

    assert without.trace == beside.trace
    assert not any(isinstance(intent, AmendOrder) for intent in without.writes)


def test_a_book_without_our_orders_is_held_as_old() -> None:
    """A level smaller than what we rest there means the book is older than our orders: hold and look again soon."""
    venue = Venue(walker(), parent(), {0: GOOD}, hide_ours=True)
    venue.run()

    assert not any(isinstance(intent, AmendOrder) for intent in venue.writes)
    assert any("older than our orders" in record.why for record in venue.records)


@EVERY
def test_stop_cancels_everything_and_sends_nothing_more(algorithm: str) -> None:
    """After a stop only cancels go out, all orders end, and the run says it was stopped."""
    stop = [(10.0, lambda now: StopRequested(at=now, detail="Ctrl-C"))]
    venue = Venue(fresh(algorithm), parent(), {0: GOOD}, extra=stop)  # type: ignore[arg-type]

    assert venue.run().reason is Reason.STOPPED
    assert all(isinstance(i, CancelOrder) for at, i in venue.sent if at >= 10 and i in venue.writes)
    assert not any(order.remaining for order in venue.resting.values())


@EVERY
def test_stop_while_a_create_is_unanswered_cancels_it_once_it_rests(algorithm: str) -> None:
    """A stop between send and reply: the order is canceled as soon as the venue has confirmed it."""
    stop = [(0.02, lambda now: StopRequested(at=now, detail="Ctrl-C"))]
    venue = Venue(fresh(algorithm), parent(), {0: GOOD}, extra=stop)  # type: ignore[arg-type]

    assert venue.run().reason is Reason.STOPPED
    assert not any(order.remaining for order in venue.resting.values())


@EVERY
def test_a_closed_market_ends_the_run(algorithm: str) -> None:
    """The market closes: cancel what rests, finish with that reason."""
    close = [(10.0, lambda now: MarketClosed(at=now, detail="closed early"))]

    assert Venue(fresh(algorithm), parent(), {0: GOOD}, extra=close).run().reason is Reason.MARKET_CLOSED  # type: ignore[arg-type]


def test_a_cancel_that_is_refused_is_sent_again() -> None:
    """An exchange pause refuses cancels: they are repeated until one is taken."""
    refusals = iter([RefusalReason.PAUSED] * 3)

    def refuse(intent: Intent) -> RefusalReason | None:
        return next(refusals, None) if isinstance(intent, CancelOrder) else None

    venue = Venue(simple(), parent(), {0: GOOD}, refuse=refuse)
    venue.run()

    assert sum(isinstance(intent, CancelOrder) for intent in venue.writes) == 4
    assert not any(order.remaining for order in venue.resting.values())


def test_cancels_refused_for_ever_end_in_doubt_and_not_in_a_loop() -> None:
    """An exchange that stays paused: after 90 seconds the run ends in doubt; the order dies by its expiry."""
    venue = Venue(simple(), parent(), {0: GOOD}, refuse=lambda i: RefusalReason.PAUSED if isinstance(i, CancelOrder) else None)

    assert venue.run().reason is Reason.IN_DOUBT
    assert seconds(28.5 + 90) < venue.now - T0 < seconds(28.5 + 92)


def test_a_post_only_refusal_is_repriced_and_is_no_walk() -> None:
    """The book moved between look and order: read again, price again, and the walk count stays."""
    moved = {0: GOOD, 0.01: book("38x100 | 40x30 41x60")}
    venue = Venue(walker(), parent(), moved)
    venue.run()

    assert any(record.what == "refused" and "post_only_cross" in record.why for record in venue.records)
    prices = [intent.price for intent in venue.writes if isinstance(intent, SubmitOrder) and intent.post_only]
    assert cents(42) in prices
    assert cents(39) in prices
    first_walk = next((at for at, intent in venue.sent if getattr(intent, "what", "") == "walk"), 99.0)
    assert first_walk >= 4


@pytest.mark.parametrize("reason", [RefusalReason.INSUFFICIENT_BALANCE, RefusalReason.INVALID_PRICE, RefusalReason.OTHER])
def test_a_definite_no_ends_the_run(reason: RefusalReason) -> None:
    """What will not get better by waiting ends the run, and whatever rests is canceled."""
    venue = Venue(walker(), parent(), {0: GOOD}, refuse=lambda i: reason if isinstance(i, SubmitOrder) else None)

    assert venue.run().reason is Reason.REJECTED


def test_a_throttled_order_is_tried_again_at_the_next_step() -> None:
    """429 on a create: nothing was placed, so the next step places it under a new id."""
    first = iter([RefusalReason.THROTTLED])
    venue = Venue(simple(), parent(), {0: GOOD}, refuse=lambda i: next(first, None) if isinstance(i, SubmitOrder) else None)
    venue.run()

    ids = [intent.client_id for intent in venue.writes if isinstance(intent, SubmitOrder)]
    assert len(set(ids)) == len(ids) == 2


def test_doubt_blocks_creates_and_amends_until_it_is_settled() -> None:
    """While one write is in doubt, nothing but cancels is sent for this parent."""

    def doubt(now: int) -> OrderInDoubt:
        first = f"dw-{'0' * 32}-1"
        return OrderInDoubt(at=now, client_id=first, operation=Operation.CREATE, detail="reply lost")  # type: ignore[arg-type]

    venue = Venue(walker(), parent(), {0: GOOD}, extra=[(0.01, doubt)])  # type: ignore[list-item]
    accept = venue._submit
    venue._submit = lambda intent: None if intent.client_id.endswith("-1") else accept(intent)  # type: ignore[method-assign]
    hopeless = OrderInDoubt(at=T0, client_id=f"dw-{'0' * 32}-1", operation=Operation.CREATE, detail="gave up", hopeless=True)
    venue.extra.append((31.0, lambda _: hopeless))
    finish = venue.run()

    assert finish.reason is Reason.IN_DOUBT
    after = [intent for at, intent in venue.sent if at > 0.01 and intent in venue.writes]
    assert after
    assert all(isinstance(intent, CancelOrder) for intent in after)


def test_a_lost_feed_is_held_when_the_book_has_become_too_old() -> None:
    """Failing looks: the walker goes on with the last book only while it is younger than the limit."""
    venue = Venue(walker(), parent(), {0: GOOD}, extra=[(5.0, lambda now: FeedLost(at=now, detail="timeout"))])
    look = venue._look

    def lose(kind: object) -> None:
        if venue.now > T0 + seconds(5):
            venue._give(Woke(at=venue.now, look=kind))  # type: ignore[arg-type]
        else:
            look(kind)  # type: ignore[arg-type]

    venue._look = lose  # type: ignore[method-assign]
    venue.run()

    sent = [at for at, intent in venue.sent if isinstance(intent, AmendOrder | SubmitOrder)]
    assert max(sent) <= 4.0 + 10.0
    assert any("older than 10 s" in record.why for record in venue.records)


def test_every_resting_order_dies_by_itself() -> None:
    """Each good-till-canceled order expires within 15 s of the horizon, and at most 120 s after it was sent."""
    venue = Venue(walker(), parent(), {0: GOOD})
    venue.run()

    for intent in venue.writes:
        if isinstance(intent, SubmitOrder) and intent.time_in_force is TimeInForce.GOOD_TILL_CANCELED:
            assert intent.expires_at == T0 + seconds(55)


def test_a_long_horizon_renews_the_expiry() -> None:
    """A ten-minute order is kept alive by expiry-only amends, two minutes at a time."""
    venue = Venue(simple(timeout_seconds=600.0), parent(limit=cents(35)), {0: GOOD})
    venue.run(longest=700)

    renewals = [(at, i) for at, i in venue.sent if isinstance(i, AmendOrder)]
    assert len(renewals) >= 7
    assert all(i.expires_at is not None and i.expires_at - T0 - seconds(at) <= seconds(120) for at, i in renewals)
    assert all(i.price == cents(35) and i.total == contracts(100) for _, i in renewals)


def test_a_fill_is_counted_once() -> None:
    """The same fill read twice changes nothing."""
    venue = Venue(simple(), parent(), {0: GOOD})
    give = venue._give

    def twice(event: object) -> None:
        give(event)  # type: ignore[arg-type]
        if isinstance(event, OrderFilled) and venue.finish is None:
            give(event)

    venue._give = twice  # type: ignore[method-assign]
    venue.run()

    assert venue.filled == venue.executor.desk.children.filled == contracts(30)


def test_an_algorithm_cannot_get_past_the_cap() -> None:
    """A price beyond the cap is denied at the choke point, the run ends as a fault, and the order is not sent."""

    class Greedy(SimpleLimit):
        def quotes(self, situation: object) -> object:  # type: ignore[override]
            quote = super().quotes(situation)[0]  # type: ignore[arg-type]
            return [type(quote)(split=0, price=cents(60), why="greed")]

    venue = Venue(Greedy(SimpleLimitParams()), parent(), {0: GOOD})

    assert venue.run().reason is Reason.FAULT
    assert venue.writes == []


def test_an_algorithm_cannot_ask_for_more_than_was_requested() -> None:
    """Splits that sum to more than the parent are denied where they pass it."""

    class Generous(SimpleLimit):
        def divide(self, _situation: object) -> object:  # type: ignore[override]
            return [contracts(80), contracts(80)]

        def quotes(self, situation: object) -> object:  # type: ignore[override]
            quote = super().quotes(situation)[0]  # type: ignore[arg-type]
            return [type(quote)(split=k, price=quote.price, why="more") for k in (0, 1)]

    venue = Venue(Generous(SimpleLimitParams()), parent(), {0: GOOD})

    assert venue.run().reason is Reason.FAULT
    assert venue.filled <= contracts(100)
    assert not any(order.remaining for order in venue.resting.values())


def test_cancel_at_the_end_leaves_the_rest_unfilled() -> None:
    """--end cancel: no immediate order goes out."""
    venue = Venue(walker(end_action=EndAction.CANCEL), parent(), {0: GOOD})
    venue.run()

    assert not any(kind.startswith("submit immediate") for _, kind, _, _ in venue.trace)


def test_a_post_only_order_is_never_amended_onto_the_ask() -> None:
    """Whether post-only survives an amend is unknown: cancel, confirm, send anew as a plain order."""
    deep = book("40x100 39x50 | 44x500")
    venue = Venue(walker(patience=6.0, end_action=EndAction.CANCEL), parent(), {0: deep})
    venue.run()

    post_only = {i.client_id for i in venue.writes if isinstance(i, SubmitOrder) and i.post_only}
    touched = [i for i in venue.writes if isinstance(i, AmendOrder) and i.client_id in post_only]
    assert all(intent.price < cents(44) for intent in touched)
    plain = [i for i in venue.writes if isinstance(i, SubmitOrder) and not i.post_only]
    assert cents(44) in {intent.price for intent in plain}
