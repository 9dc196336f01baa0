"""The order desk: one write at a time a split, and the right write for a price."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthwalk.domain.book import Book
from depthwalk.domain.messages import (
    AmendOrder,
    CancelOrder,
    Operation,
    OrderInDoubt,
    OrderRejected,
    SubmitOrder,
)
from depthwalk.domain.order import Action, Outcome, Side, TimeInForce
from depthwalk.domain.units import Instant, Price, Quantity, seconds
from depthwalk.errors import RefusalReason
from depthwalk.executors.desk import CROSS_SPLIT, Denied
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalker, DynamicDepthWalkerParams
from tests.support.books import cents, contracts
from tests.support.ledger import filled
from tests.support.scene import SHOWN, Scene
from tests.support.venue import DELAY, T0, Venue, parent

# --- one write in flight a split ------------------------------------------------------------------------------------


def test_nothing_is_sent_while_a_write_is_unanswered() -> None:
    """A create, an amend, a cancel: each is answered before the same split sends another, whatever it wants by then."""
    scene = Scene(60, 40)
    assert len(scene.want(41)) == 1
    assert scene.want(42) == []
    scene.accept()

    assert [AmendOrder] == [type(intent) for intent in scene.want(42)]
    assert scene.want(43) == scene.want(41) == []
    scene.amended()

    assert [CancelOrder] == [type(intent) for intent in scene.want(44)]
    assert scene.want(43) == []
    assert len(scene.want(41, split=1)) == 1  # the other split has its own


def test_doubt_about_one_split_stops_them_all() -> None:
    """While the first order is in doubt neither split sends; cancels of what rests still go out."""
    scene = Scene(60, 40)
    scene.rest(40, split=1)
    scene.want(41)
    first = scene.child()
    doubt = OrderInDoubt(at=T0, client_id=first.client_id, operation=Operation.CREATE, detail="lost")
    scene.hear(doubt, first)

    assert scene.want(42) == scene.want(42, split=1) == []
    scene.desk.cancel_live(scene.now)
    assert [CancelOrder(client_id=scene.child(1).client_id)] == scene.out


def test_canceling_all_leaves_out_what_has_a_write_in_flight() -> None:
    """What is pending, amending or canceling follows when its reply is in; nothing is canceled twice."""
    scene = Scene(50, 30, 20)
    scene.rest(41)
    scene.rest(40, split=1)
    scene.want(42, split=1)
    scene.want(39, split=2)
    scene.out.clear()

    for _ in range(2):
        scene.desk.cancel_live(scene.now)
    assert [CancelOrder(client_id=scene.child(0).client_id)] == scene.out
    scene.amended(1)
    scene.accept(2)
    scene.desk.cancel_live(scene.now)
    assert 3 == len(scene.out)


levels = st.lists(st.tuples(st.integers(1, 99), st.integers(1, 60)), max_size=3).map(
    lambda rows: [(Price(100 * price), Quantity(100 * size)) for price, size in rows]
)
books = st.builds(lambda bids, asks: Book.of_levels(bids=bids, asks=asks), levels, levels)


@given(shown=st.lists(books, min_size=6, max_size=6), hits=st.lists(st.integers(1, 9_000), min_size=4, max_size=4))
@settings(max_examples=60)
def test_one_write_in_flight_a_split_over_whole_runs(shown: list[Book], hits: list[int]) -> None:
    """Any books and hits: two writes of one split are always apart by at least the time an answer takes."""
    executor = DynamicDepthWalker(DynamicDepthWalkerParams(patience=6.0, split_ratios=(0.5, 0.3, 0.2)))
    venue = Venue(
        executor,
        parent(),
        {0.0: SHOWN, **{4.0 * k + 3: each for k, each in enumerate(shown)}},
        hits={7.0 * k + 2: size for k, size in enumerate(hits)},
    )
    venue.run()
    latest: dict[int, float] = {}
    for at, intent in venue.sent:
        if isinstance(intent, SubmitOrder | AmendOrder | CancelOrder):
            split = executor.desk.children[intent.client_id].split
            assert at - latest.get(split, -1.0) >= DELAY / 1_000_000 - 1e-9
            latest[split] = at
    assert latest


# --- the right write ------------------------------------------------------------------------------------------------


def test_a_first_order_is_for_the_whole_split_and_cannot_take() -> None:
    """Below the ask: post-only, good till canceled, dead 15 seconds after the horizon."""
    (order,) = Scene(60, 40).want(41)

    assert order == SubmitOrder(
        client_id=f"dw-{'0' * 32}-1",
        split=0,
        side=Side.BUY,
        price=cents(41),
        quantity=contracts(60),
        time_in_force=TimeInForce.GOOD_TILL_CANCELED,
        post_only=True,
        expires_at=Instant(T0 + seconds(55)),
    )


@pytest.mark.parametrize(
    ("price", "post_only", "sent"), [(43, True, True), (44, True, False), (45, True, False), (43, False, False)]
)
def test_what_is_to_take_is_not_post_only(price: int, post_only: bool, sent: bool) -> None:
    """At or above the best ask an order is plain, and everywhere for an algorithm that sends plain orders."""
    (order,) = Scene(60).want(price, post_only=post_only)

    assert isinstance(order, SubmitOrder)
    assert sent is order.post_only


@pytest.mark.parametrize(
    ("outcome", "action", "side", "price"),
    [
        (Outcome.YES, Action.BUY, Side.BUY, 41),
        (Outcome.NO, Action.SELL, Side.BUY, 41),
        (Outcome.YES, Action.SELL, Side.SELL, 59),
        (Outcome.NO, Action.BUY, Side.SELL, 59),
    ],
)
def test_orders_are_sent_in_leg_prices(outcome: Outcome, action: Action, side: Side, price: int) -> None:
    """A split thinks as a buyer; the venue gets the YES leg, and the cap is as much a cap there."""
    scene = Scene(60, outcome=outcome, action=action)
    (order,) = scene.want(41)

    assert isinstance(order, SubmitOrder)
    assert (side, cents(price)) == (order.side, order.price)

    plain = Scene(60, outcome=outcome, action=action)
    with pytest.raises(Denied, match=r"is beyond the cap 0\.(45|55)00"):
        plain.want(46)
    plain.rest(45, post_only=False)
    with pytest.raises(Denied, match=r"is beyond the cap 0\.(45|55)00"):
        plain.want(46)
    assert plain.out == []


def test_a_new_price_is_an_amend_with_the_same_total() -> None:
    """Up or down inside the spread, partly filled or not: atomic, and the total counts what is filled."""
    scene = Scene(60)
    scene.rest(41)
    first = scene.child().client_id
    scene.desk.children.apply(filled(first, 25, "f1"))

    assert [AmendOrder(client_id=first, price=cents(42), total=contracts(60))] == scene.want(42)
    scene.amended()
    assert [AmendOrder(client_id=first, price=cents(40), total=contracts(60))] == scene.want(40)


def test_the_same_price_needs_no_order() -> None:
    """Nothing goes out where the order already is."""
    scene = Scene(60)
    scene.rest(41)

    assert scene.want(41) == []


def test_a_post_only_order_onto_the_ask_is_canceled_and_sent_anew() -> None:
    """Never amended there: cancel, confirm, then a plain order for what is not filled, under a new id."""
    scene = Scene(60, 40)
    scene.rest(41)
    first = scene.child().client_id

    assert [CancelOrder(client_id=first)] == scene.want(44)
    assert scene.want(44) == []
    scene.canceled(done=25)
    (order,) = scene.want(44)
    assert isinstance(order, SubmitOrder)
    assert (cents(44), contracts(35), False) == (order.price, order.quantity, order.post_only)
    assert first != order.client_id


def test_a_plain_order_is_amended_onto_the_ask_and_below_it() -> None:
    """It may take, so an amend is as good there as anywhere."""
    scene = Scene(60)
    scene.rest(43, post_only=False)

    assert [AmendOrder] == [type(intent) for intent in scene.want(44)]
    scene.amended()
    assert [AmendOrder] == [type(intent) for intent in scene.want(41)]


def test_a_split_is_sent_again_only_for_what_all_its_orders_left() -> None:
    """60: 20 filled by the first order, 10 by the second, by the venue's word before the fills are read: 30, then nothing."""
    scene = Scene(60, 40)
    scene.rest(41)
    scene.canceled(done=20)
    assert contracts(40) == scene.want(41)[0].quantity  # type: ignore[union-attr]
    scene.accept(done=10)
    scene.canceled(done=10)
    assert contracts(30) == scene.want(42)[0].quantity  # type: ignore[union-attr]
    scene.accept(done=30)

    assert scene.want(43) == []
    assert contracts(60) == scene.desk.filled(0)


def test_a_refused_order_is_sent_again_under_a_new_id() -> None:
    """Nothing was placed, so the whole split is free; an id is never used twice."""
    scene = Scene(60)
    (first,) = scene.want(43)
    child = scene.child()
    scene.hear(OrderRejected(at=T0, client_id=child.client_id, reason=RefusalReason.POST_ONLY_CROSS, detail=""), child)
    (second,) = scene.want(42)

    assert isinstance(first, SubmitOrder)
    assert isinstance(second, SubmitOrder)
    assert (contracts(60), f"dw-{'0' * 32}-2") == (second.quantity, second.client_id)


def test_the_last_order_takes_at_the_cap_at_once() -> None:
    """The end game: immediate or cancel, plain, no expiry, of no split; and no more than is left of the parent."""
    scene = Scene(60, 40)
    scene.rest(41)
    scene.canceled(done=20)
    scene.out.clear()
    with pytest.raises(Denied, match=r"up to 100\.01 could be filled of 100\.00 requested"):
        scene.desk.cross(contracts(80.01), scene.now)
    assert scene.out == []
    scene.desk.cross(contracts(80), scene.now)

    (order,) = scene.out
    assert isinstance(order, SubmitOrder)
    assert (CROSS_SPLIT, cents(45), contracts(80)) == (order.split, order.price, order.quantity)
    assert (TimeInForce.IMMEDIATE_OR_CANCEL, False, None) == (order.time_in_force, order.post_only, order.expires_at)


def test_nothing_is_sent_before_there_is_a_cap() -> None:
    """Without an arrival there is nothing to check a price against."""
    scene = Scene(60)
    scene.desk.cap = None

    with pytest.raises(Denied, match="no order before the arrival has set a cap"):
        scene.want(41)
    assert len(scene.desk.children) == 0


def test_a_long_run_renews_its_expiry() -> None:
    """Two minutes at a time, when half is gone: an amend of nothing but the expiry; then none until half is gone again."""
    scene = Scene(60, horizon=600)
    scene.rest(41)
    first = scene.child()
    assert Instant(T0 + seconds(120)) == first.expires_at
    assert scene.want(41, after=59) == []

    renewed = Instant(T0 + seconds(180))
    assert [AmendOrder(client_id=first.client_id, price=cents(41), total=contracts(60), expires_at=renewed)] == scene.want(
        41, after=1
    )
    scene.amended()
    assert renewed == first.expires_at
    assert scene.want(41, after=59) == []


def test_a_renewal_never_passes_the_end_of_the_run() -> None:
    """A run of 60 s: the order dies at 75 s from the start on, and is not renewed."""
    scene = Scene(60, horizon=60)
    scene.rest(41)

    assert Instant(T0 + seconds(75)) == scene.child().expires_at
    assert scene.want(41, after=50) == []
