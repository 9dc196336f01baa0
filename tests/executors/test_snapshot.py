"""A run read off its executor: the user's prices and words, sums of fills, every split and the last order as rows."""

import pytest

from depthwalk.domain.messages import (
    BookChanged,
    Event,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    Reason,
    Rules,
    Started,
    StopRequested,
    SubmitOrder,
    Woke,
)
from depthwalk.domain.order import Action, Fill, OrderStatus, Outcome, ParentOrder
from depthwalk.domain.result import RunSnapshot, SplitView
from depthwalk.domain.units import ONE, Instant, Money, Price, Quantity, parse_money, seconds
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalker, DynamicDepthWalkerParams
from depthwalk.executors.snapshot import split_views, take_snapshot
from depthwalk.executors.space import BuyerSpace
from tests.support.books import book, cents, contracts, market
from tests.support.laws import PLAIN
from tests.support.venue import T0, Venue, parent

SHOWN = book("40x100 39x50 | 44x30 45x60")
INTENTS = pytest.mark.parametrize(("outcome", "action"), [(outcome, action) for outcome in Outcome for action in Action])


class Told:
    """A walker's run told event by event: 100 contracts as 60 and 40. Books are as a buyer of the order sees them."""

    def __init__(self, order: ParentOrder | None = None) -> None:
        self.order = order or parent()
        self.space = BuyerSpace.of(self.order)
        self.executor = DynamicDepthWalker(DynamicDepthWalkerParams(**PLAIN))
        self.now = T0
        self.sent: list[SubmitOrder] = []
        self.tell(Started(at=T0, parent=self.order, market=market(), rules=Rules()))

    def tell(self, event: Event) -> None:
        """Give the executor an event; remember the orders it sends."""
        self.sent += [intent for intent in self.executor.handle(event) if isinstance(intent, SubmitOrder)]

    def show(self, text: str, after: float = 0) -> None:
        """A book is read."""
        self.now = Instant(self.now + seconds(after))
        self.tell(BookChanged(at=self.now, book=self.space.book(book(text)), confirmed_at=self.now))

    def accept(self, number: int, done: float = 0) -> None:
        """The venue takes order *number* (from 0) and fills *done* of it; the rest rests."""
        order, taken = self.sent[number], contracts(done)
        left = Quantity(order.quantity - taken)
        self.tell(OrderAccepted(at=self.now, client_id=order.client_id, order_id=f"v{number}", filled=taken, remaining=left))

    def fill(self, number: int, quantity: float, price: float, fee: str = "0") -> None:
        """A fill of order *number* at a buyer's price is read."""
        fill = Fill(
            fill_id=f"f{number}-{price}-{quantity}",
            order_id=f"v{number}",
            price=self.space.leg(cents(price)),
            quantity=contracts(quantity),
            is_taker=False,
            fee=parse_money(fee),
            at=self.now,
        )
        self.tell(OrderFilled(at=self.now, client_id=self.sent[number].client_id, fill=fill))

    def snapshot(self) -> RunSnapshot:
        """The run now."""
        return take_snapshot(self.executor, self.now)

    def splits(self) -> tuple[SplitView, ...]:
        """Its splits now."""
        return split_views(self.executor)


def working(order: ParentOrder | None = None) -> Told:
    """A run whose two orders rest at 41 and 40 (spread 4: offsets 1.7 and 1.0 put both at 41), 10 filled of the first."""
    told = Told(order)
    told.show("40x100 39x50 | 44x30 45x60")
    told.accept(0)
    told.accept(1)
    told.fill(0, 10, 41, "0.0175")
    return told


# --- before and during ----------------------------------------------------------------------------------------------


def test_before_the_first_book_there_is_nothing_to_show_but_the_order() -> None:
    """No arrival, no prices, no splits: None and empty, not 0."""
    found = Told().snapshot()

    assert (None, None, None, None, ()) == (found.arrival, found.bid, found.ask, found.book_age, found.splits)
    assert ("waiting for a book", "dynamic_depth_walker") == (found.phase, found.algorithm)
    assert (T0, T0 + seconds(40)) == (found.started_at, found.deadline)
    assert (0, 0, 0, 0) == (found.filled, found.paid, found.fees, found.walks)


def test_orders_on_their_way_are_pending_without_a_price() -> None:
    """Sent, not confirmed: no place, no queue, nothing filled."""
    told = Told()
    told.show("40x100 39x50 | 44x30 45x60")
    first, second = told.splits()

    assert (1, 2) == (first.level, second.level)
    assert (contracts(60), contracts(40)) == (first.quantity, second.quantity)
    assert ("pending", OrderStatus.PENDING, None, None, ()) == (
        first.status,
        first.order_status,
        first.price,
        first.ahead,
        first.history,
    )


def test_a_run_at_work_by_hand() -> None:
    """10 of 60 bought at 41 for 4.10 with 0.0175 of fees: in the split's row and in the run's."""
    found = working().snapshot()
    first, second = found.splits

    assert (cents(40), cents(44), "working") == (found.bid, found.ask, found.phase)
    assert (contracts(10), parse_money("4.10"), parse_money("0.0175")) == (found.filled, found.paid, found.fees)
    assert (contracts(10), parse_money("4.10"), parse_money("0.0175")) == (first.filled, first.paid, first.fees)
    assert (cents(41), "resting", OrderStatus.RESTING, 0) == (first.price, first.status, first.order_status, first.walks)
    assert (0, 0, 0) == (second.filled, second.paid, second.fees)
    assert [(None, cents(41))] == [(step.previous, step.price) for step in first.history]
    assert found.finish is None


def test_the_age_of_the_book_is_told_from_its_confirmation() -> None:
    """Three seconds after the last book it is three seconds old."""
    told = working()
    told.now = Instant(T0 + seconds(3))

    assert seconds(3) == told.snapshot().book_age


def test_a_hold_is_said_and_taken_back() -> None:
    """A crossed book is held, the next sound one resumes; the mids are those of sound books."""
    told = working()
    told.show("46x100 41x90 | 44x30", after=1)
    assert told.snapshot().hold == "the book is crossed"
    told.show("42x10 41x90 | 44x30", after=1)

    assert told.snapshot().hold is None
    assert ((T0, 8_400), (T0 + seconds(2), 8_600)) == told.snapshot().mids


def test_only_fills_that_were_read_are_counted() -> None:
    """The venue's word may run ahead; filled and paid go together, or the average would be of nothing."""
    told = Told()
    told.show("40x100 39x50 | 44x30 45x60")
    told.accept(0, done=25)

    assert (0, 0) == (told.snapshot().filled, told.splits()[0].filled)
    assert contracts(25) == told.executor.desk.children.filled
    told.fill(0, 25, 41)
    assert (contracts(25), parse_money("10.25")) == (told.snapshot().filled, told.snapshot().paid)


def test_a_filled_split_is_filled_and_queues_no_more() -> None:
    """All 60 at 41: filled, no order, no queue."""
    told = working()
    told.fill(0, 50, 41)
    first, _ = told.splits()

    assert ("filled", None, None) == (first.status, first.order_status, first.ahead)
    assert (contracts(60), parse_money("24.60")) == (first.filled, first.paid)


def test_the_queue_ahead_is_shown_while_an_order_rests() -> None:
    """70 were bid at 41 by others when ours came; not while an amend is out."""
    told = Told()
    told.show("41x70 39x50 | 44x30 45x60")
    told.accept(1)
    first, second = told.splits()

    assert second.price == cents(41)
    assert (None, contracts(70)) == (first.ahead, second.ahead)
    told.executor.desk.children[told.sent[1].client_id].move(OrderStatus.AMENDING)
    assert (None, "amending") == (told.splits()[1].ahead, told.splits()[1].status)


# --- in the user's prices -------------------------------------------------------------------------------------------

# The buyer's 40 to 44, placed at 41, filled 10 at 41.
OWN = [
    (Outcome.YES, Action.BUY, (40, 44), 41, "4.10"),
    (Outcome.NO, Action.BUY, (40, 44), 41, "4.10"),
    (Outcome.YES, Action.SELL, (56, 60), 59, "5.90"),
    (Outcome.NO, Action.SELL, (56, 60), 59, "5.90"),
]


@pytest.mark.parametrize(("outcome", "action", "touch", "price", "value"), OWN)
def test_everything_is_in_the_users_prices(
    outcome: Outcome, action: Action, touch: tuple[int, int], price: int, value: str
) -> None:
    """Touch, mids, places and history as the user's outcome is quoted; paid is what a seller receives."""
    found = working(parent(outcome=outcome, action=action)).snapshot()
    first = found.splits[0]

    assert (cents(touch[0]), cents(touch[1])) == (found.bid, found.ask)
    assert ((T0, 100 * sum(touch)),) == found.mids
    assert cents(price) == first.price == first.history[0].price
    assert parse_money(value) == found.paid == first.paid


@INTENTS
def test_a_whole_run_adds_up(outcome: Outcome, action: Action) -> None:
    """At the end, rows add up to the run and to what the venue filled, in contracts, dollars and fees, at possible prices."""
    order = parent(outcome=outcome, action=action)
    shown = BuyerSpace.of(order).book(SHOWN)
    venue = Venue(DynamicDepthWalker(DynamicDepthWalkerParams(**PLAIN)), order, {0: shown}, hits={3: 1_700, 9: 2_500})
    venue.run()
    found = take_snapshot(venue.executor, venue.now)

    assert venue.filled == found.filled == sum(view.filled for view in found.splits)
    assert sum(order.own_price(fill.price) * fill.quantity for fill in venue.fills) == found.paid
    assert found.paid == sum(view.paid for view in found.splits)
    assert found.fees == sum(view.fees for view in found.splits)
    assert found.walks == sum(view.walks for view in found.splits)
    assert (1, 2, 0) == tuple(view.level for view in found.splits)
    assert found.finish == venue.finish
    assert all(0 < (view.price or Price(0)) < ONE for view in found.splits)


# --- the end --------------------------------------------------------------------------------------------------------


@INTENTS
def test_the_last_order_has_a_row_of_its_own(outcome: Outcome, action: Action) -> None:
    """Level 0, at the cap in the user's prices; its quantity is the rest of the splits', which it does not change."""
    order = parent(outcome=outcome, action=action)
    venue = Venue(DynamicDepthWalker(DynamicDepthWalkerParams(**PLAIN)), order, {0: BuyerSpace.of(order).book(SHOWN)})
    venue.run()
    *rows, last = split_views(venue.executor)
    arrival = venue.executor.arrival

    assert arrival is not None
    assert (0, arrival.cap, "end game", 0) == (last.level, last.price, last.status, last.walks)
    assert order.quantity == sum(row.quantity for row in rows)
    assert last.quantity == order.quantity - sum(row.filled for row in rows)
    assert {"canceled", "filled"} >= {row.status for row in rows}


def test_a_stopped_run_shows_canceled_splits_and_no_last_order() -> None:
    """Stopped, both cancels confirmed: the rows say canceled, keep their fills, and there is no row of level 0."""
    told = working()
    told.tell(StopRequested(at=told.now, detail="Ctrl-C"))
    assert ["canceling", "canceling"] == [row.status for row in told.splits()]
    for number, done in ((0, 10), (1, 0)):
        told.tell(OrderCanceled(at=told.now, client_id=told.sent[number].client_id, filled=contracts(done)))
    found = told.snapshot()

    assert ["canceled", "canceled"] == [row.status for row in found.splits]
    assert [contracts(10), 0] == [row.filled for row in found.splits]
    assert found.finish is not None
    assert (Reason.STOPPED, "finished") == (found.finish.reason, found.phase)


def test_a_split_without_an_order_is_waiting_while_the_run_goes_on() -> None:
    """The venue took its order off by itself: it waits for the next step."""
    told = working()
    told.tell(OrderCanceled(at=told.now, client_id=told.sent[1].client_id, filled=Quantity(0)))

    assert ("waiting", None, cents(41)) == (told.splits()[1].status, told.splits()[1].order_status, told.splits()[1].price)
    told.tell(Woke(at=Instant(T0 + seconds(4))))
    assert "pending" == told.splits()[1].status
    assert Money(0) == told.splits()[1].paid
