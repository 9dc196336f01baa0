"""A split released bit by bit, at the desk: what may go out at once or rest, and what has gone already."""

import pytest

from depthwalk.domain.messages import AmendOrder, CancelOrder, Intent, OrderAccepted, OrderRejected, SubmitOrder
from depthwalk.domain.order import TimeInForce
from depthwalk.domain.units import Quantity
from depthwalk.errors import RefusalReason
from tests.support.books import book, cents, contracts
from tests.support.scene import Scene
from tests.support.venue import T0

TAKEN = TimeInForce.IMMEDIATE_OR_CANCEL


def release(scene: Scene, total: float | None, price: float, *, take: bool = False) -> list[Intent]:
    """Have the first split want a price with so much of it released; return what goes out."""
    split = scene.desk.splits[0]
    split.released, split.takes = None if total is None else contracts(total), take
    return scene.want(price)


def answered(scene: Scene, done: float) -> None:
    """The venue answers the order that takes: so much of it was there."""
    child = scene.child()
    taken = OrderAccepted(at=T0, client_id=child.client_id, order_id="v", filled=contracts(done), remaining=Quantity(0))
    scene.hear(taken, child)


def never(scene: Scene) -> None:
    """The create that is out is settled as one that never arrived."""
    child = scene.child()
    no = OrderRejected(at=T0, client_id=child.client_id, reason=RefusalReason.NEVER_ARRIVED, detail="")
    scene.hear(no, child)


def size(sent: list[Intent]) -> Quantity:
    """The quantity of the one order sent."""
    (order,) = sent
    assert isinstance(order, SubmitOrder)
    return order.quantity


def test_only_what_is_released_goes_out() -> None:
    """10 of 60 rest; 25 released make a total of 25 by an amend; 60 the whole; what is not said is all of it."""
    for last in (60, None, 900):
        scene = Scene(60)
        assert contracts(10) == size(release(scene, 10, 41))
        scene.accept()
        name = scene.child().client_id
        assert [AmendOrder(client_id=name, price=cents(41), total=contracts(25))] == release(scene, 25, 41)
        scene.amended()
        grown = [] if last is None else [AmendOrder(client_id=name, price=cents(41), total=contracts(60))]
        assert grown == release(scene, last, 41)


def test_less_released_than_before_makes_no_order_smaller() -> None:
    """A close that moves away moves the schedule back: what is out stays out, at a new price too."""
    scene = Scene(60)
    release(scene, 25, 41)
    scene.accept()

    assert [] == release(scene, 10, 41)
    assert [AmendOrder(client_id=scene.child().client_id, price=cents(42), total=contracts(25))] == release(scene, 10, 42)


def test_a_new_price_and_a_larger_total_are_one_amend() -> None:
    """One request a slice; the total counts what is filled."""
    scene = Scene(60)
    release(scene, 10, 41)
    scene.accept(done=4)

    assert [AmendOrder(client_id=scene.child().client_id, price=cents(42), total=contracts(20))] == release(scene, 20, 42)


def test_what_earlier_orders_filled_is_not_released_again() -> None:
    """7 of 10 were filled when the order was canceled: of 20 released 13 go out, then of 30 the new one may have 23."""
    scene = Scene(60)
    release(scene, 10, 41)
    scene.accept()
    scene.canceled(done=7)
    assert contracts(13) == size(release(scene, 20, 41))
    scene.accept()

    assert [AmendOrder(client_id=scene.child().client_id, price=cents(41), total=contracts(23))] == release(scene, 30, 41)


def test_a_larger_order_queues_at_the_back() -> None:
    """30 were ahead; the amend to a larger total is behind the 70 that are there by then."""
    scene = Scene(60)
    scene.shown = book("41x30 | 44x30")
    release(scene, 10, 41)
    scene.accept()
    scene.shown = book("41x70 | 44x30")
    release(scene, 20, 41)
    scene.amended()

    assert contracts(70) == scene.desk.splits[0].ahead


def test_a_post_only_order_does_not_grow_onto_the_ask_at_a_new_price() -> None:
    """Canceled and sent anew, as without slices."""
    scene = Scene(60)
    release(scene, 10, 41)
    scene.accept()

    assert [CancelOrder] == [type(intent) for intent in release(scene, 20, 44)]


def test_a_resting_order_that_never_arrived_is_sent_again_under_its_id() -> None:
    """The venue takes one order of an id at most, so all of it may go out once more; under another id none of it."""
    scene = Scene(60)
    (first,) = release(scene, 10, 41)
    never(scene)
    assert isinstance(first, SubmitOrder)
    scene.desk.splits[0].retry_id = first.client_id
    (again,) = release(scene, 20, 42)

    assert isinstance(again, SubmitOrder)
    assert (first.client_id, contracts(20)) == (again.client_id, again.quantity)


def test_an_order_that_turned_up_after_all_is_not_sent_again() -> None:
    """It rests, is filled, and the next slice is an order of its own."""
    scene = Scene(60)
    (first,) = release(scene, 10, 41)
    never(scene)
    assert isinstance(first, SubmitOrder)
    scene.desk.splits[0].retry_id = first.client_id
    child = scene.desk.children[first.client_id]
    scene.hear(
        OrderAccepted(at=T0, client_id=first.client_id, order_id="v", filled=contracts(10), remaining=Quantity(0)),
        child,
    )
    (second,) = release(scene, 20, 41)

    assert isinstance(second, SubmitOrder)
    assert first.client_id != second.client_id
    assert contracts(10) == second.quantity


# --- taking ---------------------------------------------------------------------------------------------------------


def test_a_slice_takes_at_once_what_is_there() -> None:
    """Immediate or cancel, plain, no expiry; what was missed is in the next one."""
    scene = Scene(60)
    (order,) = release(scene, 10, 45, take=True)
    assert isinstance(order, SubmitOrder)
    assert (TAKEN, False, None, cents(45)) == (order.time_in_force, order.post_only, order.expires_at, order.price)
    answered(scene, 4)

    assert contracts(16) == size(release(scene, 20, 45, take=True))
    answered(scene, 16)
    assert [] == release(scene, 20, 45, take=True)


@pytest.mark.parametrize(("ask", "sent"), [("44x30", 1), ("45x30", 1), ("46x30", 0), ("", 0)])
def test_where_there_is_nothing_to_take_nothing_is_sent(ask: str, sent: int) -> None:
    """The ask is within the price, at it, above it, or there is none."""
    scene = Scene(60)
    scene.shown = book(f"40x10 | {ask}")

    assert sent == len(release(scene, 10, 45, take=True))


def test_an_order_that_took_and_never_arrived_is_not_sent_again() -> None:
    """10 are lost: of 20 released 10 are wanted, of 30 another 10, of all 60 no more than 50; each under an id of its own."""
    scene = Scene(60)
    sent = release(scene, 10, 45, take=True)
    never(scene)
    for total, wanted in ((20, 10), (30, 10), (60, 30)):
        more = release(scene, total, 45, take=True)
        assert contracts(wanted) == size(more)
        sent += more
        answered(scene, wanted)

    ids = [intent.client_id for intent in sent if isinstance(intent, SubmitOrder)]
    assert len(ids) == len(set(ids)) == 4
    assert [] == release(scene, 60, 45, take=True)


def test_one_that_turns_up_after_all_is_counted() -> None:
    """Its 10 are filled, so they are no longer reserved but done: still no more than 50 are wanted."""
    scene = Scene(60)
    release(scene, 10, 45, take=True)
    child = scene.child()
    never(scene)
    found = OrderAccepted(at=T0, client_id=child.client_id, order_id="v", filled=contracts(10), remaining=Quantity(0))
    scene.hear(found, child)

    assert contracts(50) == size(release(scene, 60, 45, take=True))


def test_takes_are_no_walks_and_stand_in_no_queue() -> None:
    """The first at 45, the second at 44: recorded as takes, with the prices in the history."""
    scene = Scene(60)
    release(scene, 10, 45, take=True)
    answered(scene, 10)
    release(scene, 20, 44, take=True)
    answered(scene, 10)
    split = scene.desk.splits[0]

    assert (0, None) == (split.walks, split.ahead)
