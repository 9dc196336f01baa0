"""The venue of a forecast: what it shows, what it fills while time passes, and where an order queues."""

from dataclasses import replace
from math import exp

from depthwalk.analysis.fill_probability import PRIORS, Flow, expected_fill, spot
from depthwalk.assembly.standing_venue import StandingVenue
from depthwalk.domain.market import FeeSchedule
from depthwalk.domain.messages import (
    AmendOrder,
    BookChanged,
    CancelOrder,
    Event,
    Look,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    SubmitOrder,
    TapeRead,
)
from depthwalk.domain.order import Outcome, TimeInForce
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.units import Instant, Quantity, seconds
from depthwalk.errors import RefusalReason
from depthwalk.executors.space import BuyerSpace
from tests.support.books import book, cents, contracts
from tests.support.venue import T0, parent

FLOW = PRIORS[LiquidityClass.MODERATE]
NOBODY = replace(FLOW, trades=0.0)
SHOWN = book("40x20 39x30 | 43x10 44x30")


def _venue(flow: Flow = FLOW) -> StandingVenue:
    return StandingVenue(BuyerSpace.of(parent(10_000)), SHOWN, FeeSchedule(), flow)


def _order(
    name: str, price: float, size: float, *, takes: bool = False, post_only: bool = False, life: float = 100
) -> SubmitOrder:
    return SubmitOrder(
        client_id=name,
        split=0,
        side=parent(1).side,
        price=cents(price),
        quantity=contracts(size),
        time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL if takes else TimeInForce.GOOD_TILL_CANCELED,
        post_only=post_only,
        expires_at=None if takes else _at(life),
    )


def _at(after: float) -> Instant:
    return Instant(T0 + seconds(after))


def _filled(events: list[Event], name: str) -> int:
    return sum(event.fill.quantity for event in events if isinstance(event, OrderFilled) and event.client_id == name)


def _book(venue: StandingVenue, after: float = 0) -> BookChanged:
    return next(event for event in venue.look(Look.BOOK, _at(after)) if isinstance(event, BookChanged))


def test_what_rests_is_shown_and_what_was_taken_comes_back() -> None:
    """5 of the 10 at 43 taken, 3 rest at 41: at once 5 are left, after one mean life 5 (1 - 1/e) more."""
    venue = _venue(NOBODY)
    accepted, fill = venue.answer(_order("a", 43, 5, takes=True), T0)
    assert isinstance(accepted, OrderAccepted)
    assert isinstance(fill, OrderFilled)
    assert (contracts(5), 0, cents(43), True) == (accepted.filled, accepted.remaining, fill.fill.price, fill.fill.is_taker)
    venue.answer(_order("b", 41, 3), T0)
    assert book("41x3 40x20 39x30 | 43x5 44x30") == _book(venue).book
    back = _book(venue, FLOW.life).book.asks[0]
    assert (cents(43), int(contracts(10) - contracts(5) * exp(-1))) == back


def test_nobody_offers_where_a_bid_of_ours_waits() -> None:
    """10 taken at 43 and 5 rest there: what comes back at 43 is not shown, 44 is; after the cancel all of it is."""
    venue = _venue(NOBODY)
    venue.answer(_order("a", 43, 15, life=5_000), T0)
    assert [cents(44)] == [price for price, _ in _book(venue, 1_000).book.asks]
    venue.answer(CancelOrder(client_id="a"), _at(1_000))
    assert SHOWN.asks[1:] == _book(venue, 1_000).book.asks[1:]
    assert cents(43) == _book(venue, 1_000).book.best_ask


def test_what_rests_fills_as_the_model_says_and_is_told_once() -> None:
    """Behind 20 at 40: after 10 and 20 s, read at looks; a second look at one time tells nothing anew."""
    venue = _venue()
    venue.answer(_order("a", 40, 30), T0)
    at = spot(SHOWN, cents(40))
    first, second = (int(expected_fill(FLOW, at, contracts(30), seconds(after))) for after in (10, 20))
    assert 0 < first < second
    assert first == _filled(venue.look(Look.ORDERS, _at(10)), "a")
    assert 0 == _filled(venue.look(Look.ORDERS, _at(10)), "a")
    assert second - first == _filled(venue.look(Look.BOOK, _at(20)), "a")


def test_a_cancel_takes_off_what_is_left_by_then() -> None:
    """What was filled since the last look is told with it."""
    venue = _venue()
    venue.answer(_order("a", 41, 30), T0)
    events = venue.answer(CancelOrder(client_id="a"), _at(15))
    filled = int(expected_fill(FLOW, spot(SHOWN, cents(41)), contracts(30), seconds(15)))
    canceled = events[-1]
    assert isinstance(canceled, OrderCanceled)
    assert filled == _filled(events, "a") == canceled.filled
    assert not venue.look(Look.ORDERS, _at(30))


def test_a_new_price_or_a_larger_size_queues_anew_and_an_expiry_does_not() -> None:
    """At 15 s each: an order as it was goes on where it stood, the others begin there with what is left."""
    place, total = spot(SHOWN, cents(40)), contracts(30)
    half = int(expected_fill(FLOW, place, total, seconds(15)))
    changes = {
        "expiry": (AmendOrder(client_id="a", price=cents(40), total=total, expires_at=_at(500)), 0, 30),
        "larger": (AmendOrder(client_id="a", price=cents(40), total=contracts(40)), half, 15),
    }
    for amend, before, stood in changes.values():
        venue = _venue()
        venue.answer(_order("a", 40, 30), T0)
        events = venue.answer(amend, _at(15))
        assert isinstance(events[0], OrderAmended)
        assert half == _filled(events, "a") == events[0].filled
        wanted = before + int(expected_fill(FLOW, place, Quantity(amend.total - before), seconds(stood)))
        assert wanted - half == _filled(venue.look(Look.ORDERS, _at(30)), "a")


def test_an_amend_beyond_the_ask_takes() -> None:
    """10 at 43 and 5 of those at 44 are taken at their prices, nothing of our own."""
    venue = _venue(NOBODY)
    venue.answer(_order("a", 41, 15), T0)
    events = venue.answer(AmendOrder(client_id="a", price=cents(44), total=contracts(15)), _at(1))
    fills = [(event.fill.price, event.fill.quantity) for event in events if isinstance(event, OrderFilled)]
    assert [(cents(43), contracts(10)), (cents(44), contracts(5))] == fills


def test_ours_that_stand_better_come_first() -> None:
    """A second order at 41 waits for the first one there, one at 42 for neither."""
    venue = _venue()
    sizes = {"first": (41, 10, 0), "second": (41, 10, 10), "better": (42, 10, 0)}
    for name, (price, size, _) in sizes.items():
        venue.answer(_order(name, price, size), T0)
    events = venue.look(Look.ORDERS, _at(20))
    for name, (price, size, ours) in sizes.items():
        at = spot(SHOWN, cents(price), ours=contracts(ours))
        assert int(expected_fill(FLOW, at, contracts(size), seconds(20))) == _filled(events, name)


def test_an_order_that_must_not_take_is_refused_where_it_would() -> None:
    """At the ask; a cent below it rests."""
    venue = _venue()
    (no,) = venue.answer(_order("a", 43, 5, post_only=True), T0)
    assert isinstance(no, OrderRejected)
    assert RefusalReason.POST_ONLY_CROSS is no.reason
    (yes,) = venue.answer(_order("b", 42, 5, post_only=True), T0)
    assert isinstance(yes, OrderAccepted)
    assert contracts(5) == yes.remaining


def test_orders_die_by_themselves_unless_renewed() -> None:
    """One expires at 10 s; the other was renewed and is still there."""
    venue = _venue(NOBODY)
    for name in ("a", "b"):
        venue.answer(_order(name, 41, 5, life=10), T0)
    venue.answer(AmendOrder(client_id="b", price=cents(41), total=contracts(5), expires_at=_at(100)), _at(5))
    (expired,) = venue.look(Look.ORDERS, _at(10))
    assert isinstance(expired, OrderExpired)
    assert "a" == expired.client_id
    assert (cents(41), contracts(5)) == _book(venue, 10).book.bids[0]


def test_a_look_at_the_tape_shows_no_trades_and_the_book() -> None:
    """The mean has no single trades; the order of the events is the runner's."""
    tape, seen = _venue().look(Look.TAPE, T0)
    assert isinstance(tape, TapeRead)
    assert isinstance(seen, BookChanged)
    assert () == tape.trades


def test_a_seller_meets_the_mirrored_venue() -> None:
    """Buying NO: the same orders on the mirrored book, in YES prices on the wire."""
    venue = StandingVenue(BuyerSpace.of(parent(10_000, outcome=Outcome.NO)), SHOWN, FeeSchedule(), NOBODY)
    order = replace(_order("a", 43, 5, takes=True), side=parent(1, outcome=Outcome.NO).side, price=cents(57))
    _, fill = venue.answer(order, T0)
    assert isinstance(fill, OrderFilled)
    assert cents(57) == fill.fill.price
    assert book("57x5 56x30 | 60x20 61x30") == _book(venue).book
