"""What the desk notes of an order in its place: walks, their history, and the bound of the queue ahead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.messages import OrderAccepted, OrderCanceled, OrderExpired, Record
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.units import Quantity
from tests.support.books import book, cents, contracts
from tests.support.scene import Scene, sight
from tests.support.venue import T0

# --- walks ----------------------------------------------------------------------------------------------------------


def test_only_an_accepted_price_change_is_a_walk() -> None:
    """The first placement is none, nor a refused amend; a confirmed one is, up or down."""
    scene = Scene(60)
    scene.want(41)
    placed = scene.accept()
    split = scene.desk.splits[0]
    assert placed == Record(what="place", why="to 41", split=1, price=cents(41))
    assert 0 == split.walks

    scene.want(42)
    assert 0 == split.walks
    scene.refused()
    assert (0, cents(41)) == (split.walks, split.placed)

    scene.want(42)
    walked = scene.amended()
    assert walked == Record(what="walk", why="to 42", split=1, price=cents(42), previous=cents(41))
    scene.want(40)
    scene.amended()
    assert (2, cents(40)) == (split.walks, split.placed)
    assert [(None, 4_100), (4_100, 4_200), (4_200, 4_000)] == [(step.previous, step.price) for step in split.history]


def test_a_renewed_expiry_is_no_walk() -> None:
    """The price is what it was: nothing is counted, recorded or written into the history."""
    scene = Scene(60, horizon=600)
    scene.rest(41)
    scene.want(41, after=90)

    assert scene.amended() is None
    assert (0, 1) == (scene.desk.splits[0].walks, len(scene.desk.splits[0].history))


def test_canceling_and_sending_anew_at_another_price_is_one_walk() -> None:
    """The second half of cancel, confirm, send anew is the accepted price change."""
    scene = Scene(60)
    scene.rest(41)
    scene.want(44)
    scene.canceled()
    assert 0 == scene.desk.splits[0].walks
    scene.want(44)
    scene.accept(done=30)

    assert 1 == scene.desk.splits[0].walks


def test_the_last_order_is_no_walk_and_no_placement() -> None:
    """It belongs to no split."""
    scene = Scene(60)
    scene.desk.cross(contracts(60), scene.now)
    (child,) = scene.desk.children
    accepted = OrderAccepted(at=T0, client_id=child.client_id, order_id="v", filled=contracts(30), remaining=Quantity(0))

    assert scene.hear(accepted, child) is None
    assert (0, None, []) == (scene.desk.splits[0].walks, scene.desk.splits[0].placed, scene.desk.splits[0].history)


@pytest.mark.parametrize(
    ("outcome", "action", "leg", "own"),
    [
        (Outcome.YES, Action.BUY, (41, 42), (41, 42)),
        (Outcome.YES, Action.SELL, (59, 58), (59, 58)),
        (Outcome.NO, Action.BUY, (59, 58), (41, 42)),
        (Outcome.NO, Action.SELL, (41, 42), (59, 58)),
    ],
)
def test_walks_are_recorded_on_the_leg_and_kept_in_the_users_prices(
    outcome: Outcome, action: Action, leg: tuple[int, int], own: tuple[int, int]
) -> None:
    """Records carry YES prices, like every message; the split's history what the user calls them."""
    scene = Scene(60, outcome=outcome, action=action)
    scene.rest(41)
    scene.want(42)
    record = scene.amended()

    assert record is not None
    assert (cents(leg[0]), cents(leg[1])) == (record.previous, record.price)
    step = scene.desk.splits[0].history[-1]
    assert (cents(own[0]), cents(own[1])) == (step.previous, step.price)


# --- the queue ahead ------------------------------------------------------------------------------------------------


def test_the_bound_of_the_queue_only_shrinks_at_a_price() -> None:
    """30 were there when we came: 50 later are behind us, 12 later bound it; a new price starts with what is there."""
    scene = Scene(60)
    scene.shown = book("41x30 40x80 | 44x30")
    scene.rest(41)
    split = scene.desk.splits[0]
    assert contracts(30) == split.ahead

    for shown, ahead in [("41x50", 30), ("41x12", 12), ("41x40", 12), ("40x80", 0), ("41x40", 0)]:
        scene.desk.tighten_queues(sight(book(f"{shown} 39x9 | 44x30")))
        assert contracts(ahead) == split.ahead
    scene.want(40)
    scene.amended()
    assert contracts(80) == split.ahead


def test_a_renewed_expiry_keeps_the_place_in_the_queue() -> None:
    """The price is what it was, and so is the bound."""
    scene = Scene(60, horizon=600)
    scene.shown = book("41x5 | 44x30")
    scene.rest(41)
    scene.shown = book("41x70 | 44x30")
    scene.want(41, after=90)
    scene.amended()

    assert contracts(5) == scene.desk.splits[0].ahead


@given(sizes=st.lists(st.integers(0, 90), min_size=1, max_size=12))
def test_the_bound_is_the_least_ever_shown(sizes: list[int]) -> None:
    """Over any books at one price: never more than the least that others showed there since we came."""
    scene = Scene(60, outcome=Outcome.NO)
    scene.shown = book(f"41x{sizes[0]} | 44x30")
    scene.rest(41)

    for seen, size in enumerate(sizes[1:], 2):
        scene.desk.tighten_queues(sight(book(f"41x{size} | 44x30")))
        assert contracts(min(sizes[:seen])) == scene.desk.splits[0].ahead


@pytest.mark.parametrize("end", [OrderCanceled, OrderExpired])
def test_a_new_order_at_the_old_price_queues_at_the_back(end: type[OrderCanceled | OrderExpired]) -> None:
    """The venue took the order off; sent again at its price it is behind all that is there by then, and it is no walk."""
    scene = Scene(60)
    scene.shown = book("41x5 | 44x30")
    scene.rest(41)
    scene.canceled(end=end)
    scene.shown = book("41x70 | 44x30")
    scene.want(41)

    assert scene.accept() is None
    split = scene.desk.splits[0]
    assert (contracts(70), 0, 1) == (split.ahead, split.walks, len(split.history))
