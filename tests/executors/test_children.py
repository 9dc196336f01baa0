"""The ledger of child orders: what was filled, by whose word, and what may still be. Its door is `test_choke_point.py`."""

from collections.abc import Callable

import pytest

from depthwalk.domain.messages import (
    AmendOrder,
    AmendRejected,
    CancelOrder,
    CancelRejected,
    Event,
    ForeignOrder,
    OrderCanceled,
    OrderExpired,
    OrderRejected,
)
from depthwalk.domain.order import OrderStatus, Side
from depthwalk.domain.units import Instant, Quantity
from depthwalk.errors import DomainError, RefusalReason
from tests.support.books import book, cents, contracts
from tests.support.ledger import Ledger, accepted, amend, amended
from tests.support.venue import T0

# --- the ledger across re-placed orders -----------------------------------------------------------------------------


def test_fills_are_remembered_across_replaced_orders() -> None:
    """Fault 28: 60 wanted; A fills 20, B (40) replaces it and fills 10: 30 remain, and 31 are refused."""
    ledger = Ledger(60)
    ledger.rest("A", 60)
    ledger.fill("A", 20, "f1")
    ledger.cancel("A", filled=20)
    ledger.rest("B", 40)
    ledger.fill("B", 10, "f2")
    ledger.cancel("B", filled=10)

    assert contracts(30) == ledger.children.filled == ledger.children.committed
    assert ledger.admit(ledger.submit("C", 31)) == "up to 61.00 could be filled of 60.00 requested"
    assert ledger.admit(ledger.submit("C", 30)) is None


def test_a_resting_order_counts_whole_until_its_cancel_is_confirmed() -> None:
    """While B (40) rests or is being canceled, not a hundredth more may go out, whatever of it has been filled."""
    ledger = Ledger(60)
    ledger.rest("A", 20)
    ledger.rest("B", 40)
    ledger.fill("B", 10, "f1")
    ledger.send(CancelOrder(client_id="B"))

    assert ledger.admit(ledger.submit("C", 0.01)) is not None
    ledger.children.apply(OrderCanceled(at=T0, client_id="B", filled=contracts(15)))
    assert ledger.admit(ledger.submit("C", 25.01)) is not None
    assert ledger.admit(ledger.submit("C", 25)) is None


def test_all_is_settled_once_every_order_has_ended_and_its_fills_are_read() -> None:
    """Neither while one rests or is being canceled nor while a fill that the venue reported is missing."""
    ledger = Ledger(60)
    assert ledger.children.settled
    ledger.rest("A", 20)
    ledger.rest("B", 40)
    seen = [ledger.children.settled]
    for happens in (
        lambda: ledger.fill("A", 20, "f1"),
        lambda: ledger.send(CancelOrder(client_id="B")),
        lambda: ledger.children.apply(OrderCanceled(at=T0, client_id="B", filled=contracts(15))),
        lambda: ledger.fill("B", 14, "f2"),
        lambda: ledger.fill("B", 1, "f3"),
    ):
        happens()
        seen.append(ledger.children.settled)
    assert [False] * 5 + [True] == seen
    assert [True, True] == [child.settled for child in ledger.children]


def test_the_venues_word_counts_before_its_fills_are_read() -> None:
    """A reply says 25 filled, the fills come later: sizes are taken from the larger of both, and never added up."""
    ledger = Ledger(60)
    ledger.send(ledger.submit("A", 60))
    ledger.children.apply(accepted("A", 25, 35))

    assert contracts(25) == ledger.children.filled
    assert contracts(35) == ledger["A"].resting
    ledger.fill("A", 25, "f1")
    ledger.fill("A", 5, "f2")
    assert contracts(30) == ledger.children.filled == ledger["A"].filled
    assert contracts(30) == ledger["A"].resting


@pytest.mark.parametrize("end", [OrderCanceled, OrderExpired])
def test_the_venues_word_is_never_taken_back(end: Callable[..., Event]) -> None:
    """Reads lag writes: an older reading that says 10 does not undo the 25 of the reply."""
    ledger = Ledger(60)
    ledger.send(ledger.submit("A", 60))
    ledger.children.apply(accepted("A", 25, 35))
    ledger.children.apply(end(at=T0, client_id="A", filled=contracts(10)))

    assert contracts(25) == ledger.children.filled == ledger.children.committed
    assert not ledger.children.settled


@pytest.mark.parametrize("known", [True, False])
def test_a_fill_between_an_amend_and_its_reply_is_counted_once(known: bool) -> None:
    """25 of 60 fill while a price amend is out: 25 filled and 35 resting afterwards, in or out of the reply's word."""
    ledger = Ledger(60)
    ledger.rest("A", 60)
    ledger.send(amend("A", 60, 45))
    ledger.fill("A", 25, "f1")
    assert OrderStatus.AMENDING is ledger["A"].status
    ledger.children.apply(amended("A", 60, 25 if known else None, 45))

    assert (contracts(25), contracts(60)) == (ledger.children.filled, ledger.children.committed)
    assert (OrderStatus.RESTING, cents(45), contracts(35)) == (ledger["A"].status, ledger["A"].price, ledger["A"].resting)


@pytest.mark.parametrize(
    "reply",
    [
        [amended("A", 60, 60)],
        [amended("A", 60, None)],
        [
            AmendRejected(at=T0, client_id="A", reason=RefusalReason.NOT_FOUND, detail=""),
            OrderCanceled(at=T0, client_id="A", filled=contracts(60)),
        ],
        [OrderCanceled(at=T0, client_id="A", filled=contracts(60))],
    ],
)
def test_an_order_filled_whole_while_an_amend_is_out(reply: list[Event]) -> None:
    """Whatever the venue answers then, it ends filled, 60 count, and nothing more may be sent before or after."""
    ledger = Ledger(60)
    ledger.rest("A", 60)
    ledger.send(amend("A", 60, 45))
    ledger.fill("A", 60, "f1")
    assert OrderStatus.AMENDING is ledger["A"].status
    for event in reply:
        assert ledger.admit(ledger.submit("B", 0.01)) is not None
        ledger.children.apply(event)

    assert OrderStatus.FILLED is ledger["A"].status
    assert ledger.children.settled
    assert contracts(60) == ledger.children.filled == ledger.children.committed
    assert ledger.admit(ledger.submit("B", 0.01)) is not None


@pytest.mark.parametrize("end", [OrderCanceled, OrderExpired])
def test_a_late_fill_after_the_end_counts(end: Callable[..., Event]) -> None:
    """Canceled or expired with 20 filled, of which 15 were read: not settled until the other 5 are, and no more than 20."""
    ledger = Ledger(60)
    ledger.rest("A", 60)
    ledger.fill("A", 15, "f1")
    ledger.children.apply(end(at=T0, client_id="A", filled=contracts(20)))

    assert not ledger.children.settled
    assert contracts(20) == ledger.children.filled == ledger.children.committed
    ledger.fill("A", 5, "f2")
    assert ledger.children.settled
    assert contracts(20) == ledger.children.filled == ledger["A"].filled


@pytest.mark.parametrize("end", [OrderCanceled, OrderExpired])
def test_a_fill_the_venue_did_not_report_turns_a_canceled_order_into_a_filled_one(end: Callable[..., Event]) -> None:
    """The end said 0 filled, then the whole order's fill is read: it counts, and blocks what would now be too much."""
    ledger = Ledger(60)
    ledger.rest("A", 60)
    ledger.children.apply(end(at=T0, client_id="A", filled=Quantity(0)))
    assert ledger.admit(ledger.submit("B", 60)) is None
    ledger.fill("A", 60, "f1")

    assert OrderStatus.FILLED is ledger["A"].status
    assert ledger.admit(ledger.submit("B", 0.01)) is not None


def test_a_fill_id_counts_once_even_across_orders() -> None:
    """Read again, or listed for another child, it changes nothing."""
    ledger = Ledger(60)
    ledger.rest("A", 30)
    ledger.rest("B", 30)
    ledger.fill("A", 10, "f1")
    ledger.fill("A", 10, "f1")
    ledger.fill("B", 10, "f1")

    assert contracts(10) == ledger.children.filled
    assert ["f1"] == [fill.fill_id for fill in ledger.children.fills]
    assert contracts(30) == ledger["B"].resting


def test_an_order_is_filled_when_its_last_fill_is_read() -> None:
    """30 in two parts: resting after the first, filled after the second, which needs no other word."""
    ledger = Ledger(60)
    ledger.rest("A", 30)
    ledger.fill("A", 29.99, "f1")
    assert OrderStatus.RESTING is ledger["A"].status
    ledger.fill("A", 0.01, "f2")

    assert OrderStatus.FILLED is ledger["A"].status
    assert ledger["A"].settled


def test_an_unknown_order_is_named() -> None:
    """What we never sent is not ours to count."""
    with pytest.raises(DomainError, match="no child order X was sent for this parent"):
        Ledger()["X"]


# --- replies that change nothing, and what a book loses -------------------------------------------------------------


def test_a_refused_create_leaves_nothing_behind() -> None:
    """Rejected: its whole quantity is free again, and it is settled."""
    ledger = Ledger(60)
    ledger.send(ledger.submit("A", 60))
    ledger.children.apply(OrderRejected(at=T0, client_id="A", reason=RefusalReason.POST_ONLY_CROSS, detail=""))

    assert (0, True, False) == (ledger.children.committed, ledger.children.settled, ledger.children.in_flight)
    assert ledger.admit(ledger.submit("B", 60)) is None


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (RefusalReason.NOT_FOUND, OrderStatus.CANCELING),  # says nothing about why: it is read again
        (RefusalReason.PAUSED, OrderStatus.RESTING),
        (RefusalReason.NEVER_ARRIVED, OrderStatus.RESTING),
    ],
)
def test_a_refused_cancel_frees_nothing(reason: RefusalReason, status: OrderStatus) -> None:
    """Whatever the reason, the order still counts whole; a 404 does not say canceled."""
    ledger = Ledger(60)
    ledger.rest("A", 60)
    ledger.send(CancelOrder(client_id="A"))
    ledger.children.apply(CancelRejected(at=T0, client_id="A", reason=reason, detail=""))

    assert (status, contracts(60)) == (ledger["A"].status, ledger.children.committed)
    assert ledger.admit(ledger.submit("B", 0.01)) is not None


@pytest.mark.parametrize(
    ("done", "remaining", "status"), [(60, 0, OrderStatus.FILLED), (20, 0, OrderStatus.CANCELED), (20, 40, OrderStatus.RESTING)]
)
def test_what_a_create_becomes(done: float, remaining: float, status: OrderStatus) -> None:
    """Filled at once; nothing left though not filled: the venue canceled the rest; else it rests."""
    ledger = Ledger(60)
    ledger.send(ledger.submit("A", 60))
    ledger.children.apply(accepted("A", done, remaining))

    assert status is ledger["A"].status
    assert contracts(done) == ledger.children.filled
    assert contracts(60 if ledger["A"].live else done) == ledger.children.committed


def test_own_orders_are_taken_out_of_the_book() -> None:
    """Ours (what is left of them) and the account's others, side by side; a level smaller than ours means an older book."""
    ledger = Ledger(60)
    ledger.rest("A", 30, 41)
    ledger.rest("B", 20, 41)
    ledger.fill("A", 10, "f1")
    foreign = (
        ForeignOrder(side=Side.BUY, price=cents(40), quantity=contracts(5)),
        ForeignOrder(side=Side.SELL, price=cents(44), quantity=contracts(8)),
    )
    shown = book("41x50 40x5 39x7 | 44x9 45x1")

    assert book("41x10 39x7 | 44x1 45x1") == ledger.children.removed_from(shown, foreign)
    assert ledger.children.removed_from(book("41x39.99 40x5 | 44x9"), foreign) is None
    assert ledger.children.removed_from(book("41x50 40x4 | 44x9"), foreign) is None
    ledger.cancel("A", filled=10)
    assert book("41x30 40x5 39x7 | 44x9 45x1") == ledger.children.removed_from(shown, ())


def test_what_happened_to_an_order_can_be_told_from_a_reading_before() -> None:
    """Every reply and every new fill raises the version; the same fill again does not."""
    ledger = Ledger(60)
    ledger.rest("A", 60)
    seen = [ledger["A"].version]
    ledger.fill("A", 10, "f1")
    seen.append(ledger["A"].version)
    ledger.send(amend("A", 60, 45))
    seen.append(ledger["A"].version)
    ledger.children.apply(amended("A", 60, 10, 45))
    seen.append(ledger["A"].version)

    assert sorted(set(seen)) == seen
    ledger.fill("A", 10, "f1")
    assert seen[-1] == ledger["A"].version


def test_an_amend_keeps_or_moves_the_expiry() -> None:
    """No expiry in the amend: the present one stays; the one in it holds once the venue has said yes, not before."""
    ledger = Ledger(60)
    ledger.rest("A", 60)
    ledger["A"].expires_at = Instant(T0 + 1)
    ledger.send(amend("A", 60, 45))
    ledger.children.apply(amended("A", 60, 0, 45))
    assert T0 + 1 == ledger["A"].expires_at

    ledger.send(AmendOrder(client_id="A", price=cents(45), total=contracts(60), expires_at=Instant(T0 + 2)))
    assert T0 + 1 == ledger["A"].expires_at
    ledger.children.apply(amended("A", 60, 0, 45))
    assert T0 + 2 == ledger["A"].expires_at
