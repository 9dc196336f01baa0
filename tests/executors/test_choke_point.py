"""The one door every create and amend passes: quantity, cap, grid, side, doubt, one write at a time (design, D15)."""

import pytest

from depthwalk.domain.messages import AmendOrder, AmendRejected, CancelOrder, Operation, OrderCanceled, OrderRejected
from depthwalk.domain.order import OrderStatus, Side
from depthwalk.domain.units import Quantity
from depthwalk.errors import RefusalReason
from tests.support.books import cents, contracts
from tests.support.ledger import Ledger, accepted, amend, amended, doubt
from tests.support.venue import T0

NEVER = OrderRejected(at=T0, client_id="A", reason=RefusalReason.NEVER_ARRIVED, detail="")


@pytest.mark.parametrize(
    ("side", "price", "passes"),
    [
        *((Side.BUY, price, price <= 45) for price in (44, 45, 46)),
        *((Side.SELL, price, price >= 45) for price in (44, 45, 46)),
    ],
)
def test_nothing_beyond_the_cap(side: Side, price: int, passes: bool) -> None:
    """The cap itself may be sent; a buyer not above it, a seller not below: creates and amends alike."""
    ledger = Ledger(side=side)
    no = None if passes else f"price 0.{price}00 is beyond the cap 0.4500"
    assert no == ledger.admit(ledger.submit("A", 60, price))
    ledger.rest("A", 60, 45)

    assert no == ledger.admit(amend("A", 60, price))


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("price", ["44.5", "0", "100", "-1"])
def test_nothing_off_the_grid(side: Side, price: str) -> None:
    """Half a cent in a market of whole cents, and what is no price at all, on either side of the cap."""
    ledger = Ledger(side=side, cap=cents(99) if side is Side.BUY else cents(1))

    assert "is not on the grid of 0.0100 steps between 0 and 1" in (ledger.admit(ledger.submit("A", 60, price)) or "")
    ledger.rest("A", 60)
    assert "is not on the grid" in (ledger.admit(amend("A", 60, price)) or "")


def test_the_grid_is_the_markets() -> None:
    """Half a cent is a price where the steps are tenths of a cent."""
    ledger = Ledger(structure="deci_cent")

    assert ledger.admit(ledger.submit("A", 60, "44.5")) is None


def test_what_is_no_order_of_this_parent_is_refused() -> None:
    """The wrong side, no quantity, an id that was used: each says which."""
    ledger = Ledger()
    ledger.rest("A", 10)

    assert ledger.admit(ledger.submit("B", 10, side=Side.SELL)) == "a ask does not belong to a bid parent"
    assert ledger.admit(ledger.submit("B", 0)) == "its quantity is not more than 0"
    assert ledger.admit(ledger.submit("A", 10)) == "client order id A was used before"


def test_an_amend_may_not_go_below_what_is_filled() -> None:
    """20 of 60 are filled, by fills or by the venue's word: a total of 19.99 is refused, 20 (nothing more) is not."""
    by_fills, by_word = Ledger(), Ledger()
    by_fills.rest("A", 60)
    by_fills.fill("A", 20, "f1")
    by_word.send(by_word.submit("A", 60))
    by_word.children.apply(accepted("A", 20, 40))

    for ledger in (by_fills, by_word):
        assert ledger.admit(amend("A", 19.99)) == "total 19.99 is below what it has filled"
        assert ledger.admit(amend("A", 20)) is None


def test_an_amend_to_a_larger_total_counts_what_it_adds() -> None:
    """20 and 20 of 60 rest: one may become 40, not 40.01."""
    ledger = Ledger(60)
    ledger.rest("A", 20)
    ledger.rest("B", 20)

    assert ledger.admit(amend("A", 40.01)) == "up to 60.01 could be filled of 60.00 requested"
    assert ledger.admit(amend("A", 40)) is None


def test_an_amend_in_flight_counts_its_larger_total() -> None:
    """20 to 40 is 40 from the moment it is sent, 40 to 20 is 40 until the venue has said yes."""
    up, down = Ledger(60), Ledger(60)
    up.rest("A", 20)
    up.send(amend("A", 40))
    down.rest("A", 40)
    down.send(amend("A", 20))

    for ledger in (up, down):
        assert contracts(40) == ledger.children.committed
        assert ledger.admit(ledger.submit("B", 20.01)) is not None
        assert ledger.admit(ledger.submit("B", 20)) is None
    up.children.apply(amended("A", 40, 0))
    down.children.apply(amended("A", 20, 0))
    assert (contracts(40), contracts(20)) == (up.children.committed, down.children.committed)


@pytest.mark.parametrize(("before", "after"), [(20, 40), (40, 20)])
def test_a_refused_amend_leaves_the_order_as_it_was(before: float, after: float) -> None:
    """A definite no gives back what the larger total had taken, and no more."""
    ledger = Ledger(60)
    ledger.rest("A", before)
    ledger.send(amend("A", after))
    ledger.children.apply(AmendRejected(at=T0, client_id="A", reason=RefusalReason.THROTTLED, detail=""))

    assert OrderStatus.RESTING is ledger["A"].status
    assert contracts(before) == ledger["A"].total == ledger.children.committed


def test_an_amend_in_doubt_counts_its_larger_total() -> None:
    """The reply is lost: 40 may stand, so only 20 are free once the doubt is settled; until then nothing is."""
    ledger = Ledger(60)
    ledger.rest("A", 20)
    ledger.send(amend("A", 40))
    ledger.children.apply(doubt("A", Operation.AMEND))

    assert contracts(40) == ledger.children.committed
    ledger.children.apply(amended("A", 40, 0))
    assert ledger.admit(ledger.submit("B", 20.01)) is not None
    assert ledger.admit(ledger.submit("B", 20)) is None


@pytest.mark.parametrize("operation", Operation)
def test_doubt_denies_every_create_and_amend(operation: Operation) -> None:
    """One order in doubt stops the others too, until the venue has been read; a cancel is never asked."""
    ledger = Ledger(60)
    ledger.rest("B", 20)
    if operation is Operation.CREATE:
        ledger.send(ledger.submit("A", 20))
    else:
        ledger.rest("A", 20)
        ledger.send(amend("A", 20, 45) if operation is Operation.AMEND else CancelOrder(client_id="A"))
    ledger.children.apply(doubt("A", operation))

    assert ledger.admit(ledger.submit("C", 1)) == ledger.admit(amend("B", 20, 43)) == "an earlier write is in doubt"
    assert contracts(40) == ledger.children.committed
    ledger.children.apply(OrderCanceled(at=T0, client_id="A", filled=Quantity(0)))
    assert ledger.admit(ledger.submit("C", 40)) is None


@pytest.mark.parametrize(
    "moving", [[], [amend("A", 10, 43)], [CancelOrder(client_id="A")]], ids=["pending", "amending", "canceling"]
)
def test_an_order_with_a_write_in_flight_is_not_amended(moving: list[AmendOrder | CancelOrder]) -> None:
    """One write at a time: the reply first."""
    ledger = Ledger()
    ledger.send(ledger.submit("A", 10))
    if moving:
        ledger.children.apply(accepted("A", 0, 10))
        ledger.send(moving[0])

    assert ledger.children.in_flight
    assert ledger.admit(amend("A", 10)) == f"order A is {ledger['A'].status.value}"


def test_past_the_request_nothing_but_cancels_may_be_sent() -> None:
    """A fill the venue had denied turns up when the rest is out again: no amend either, as a smaller one may come too late."""
    ledger = Ledger(60)
    ledger.rest("A", 60)
    ledger.cancel("A", filled=0)
    ledger.rest("B", 60)
    ledger.fill("A", 20, "f1")

    assert contracts(80) == ledger.children.committed
    assert ledger.admit(amend("B", 40)) == "up to 80.00 could be filled of 60.00 requested"
    assert ledger.admit(ledger.submit("C", 1)) is not None
    ledger.cancel("B", filled=0)
    assert ledger.admit(ledger.submit("C", 40)) is None


def test_what_never_arrived_is_counted_against_a_larger_total_too() -> None:
    """20 written off and 40 resting of 100: the total may become 80, not 80.01; a new price needs no room at all."""
    ledger = Ledger(100)
    ledger.send(ledger.submit("A", 20))
    ledger.children.apply(NEVER)
    ledger.rest("B", 40)

    assert ledger.admit(amend("B", 80.01)) == "up to 100.01 could be filled of 100.00 requested"
    assert ledger.admit(amend("B", 80)) is None
    ledger.rest("C", 40)
    assert ledger.admit(amend("B", 40, 43)) is None


def test_sending_less_under_an_old_id_frees_nothing() -> None:
    """20 written off is sent again as 15: the first may be what arrives, so of 60 there are 40 left, not 45."""
    ledger = Ledger(60)
    ledger.send(ledger.submit("A", 20))
    ledger.children.apply(NEVER)
    ledger.rest("B", 40)

    assert ledger.admit(ledger.submit("A", 15)) is None
    assert ledger.admit(ledger.submit("A", 20)) is None
    assert ledger.admit(ledger.submit("A", 20.01)) == "up to 60.01 could be filled of 60.00 requested"
    full = Ledger(55)
    full.send(full.submit("A", 20))
    full.children.apply(NEVER)
    full.rest("B", 35)
    full.children.apply(amended("B", 40, 0))  # made larger by somebody else
    assert full.admit(full.submit("A", 15)) == "up to 60.00 could be filled of 55.00 requested"


def test_a_larger_total_that_never_arrived_stays_counted() -> None:
    """10 to 30, lost and settled as a no: it may still take effect, so 30 are counted and a fill of 10 does not end it."""
    ledger = Ledger(60)
    ledger.rest("A", 10)
    ledger.send(amend("A", 30))
    ledger.children.apply(AmendRejected(at=T0, client_id="A", reason=RefusalReason.NEVER_ARRIVED, detail=""))
    ledger.fill("A", 10, "f1")

    assert OrderStatus.RESTING is ledger["A"].status
    assert ledger.admit(ledger.submit("B", 30.01)) is not None
    assert ledger.admit(ledger.submit("B", 30)) is None
    ledger.children.apply(amended("A", 30, 10))
    ledger.fill("A", 20, "f2")
    assert OrderStatus.FILLED is ledger["A"].status


def test_a_confirmed_cancel_ends_what_a_lost_amend_could_have_done() -> None:
    """Whatever was on its way, a canceled order has filled what it has: the rest is free."""
    ledger = Ledger(60)
    ledger.rest("A", 10)
    ledger.send(amend("A", 30))
    ledger.children.apply(AmendRejected(at=T0, client_id="A", reason=RefusalReason.NEVER_ARRIVED, detail=""))
    ledger.cancel("A", filled=4)

    assert contracts(4) == ledger.children.committed
    assert ledger.admit(ledger.submit("B", 56)) is None


def test_a_smaller_amend_after_a_lost_larger_one_frees_nothing() -> None:
    """10 to 30 lost, then 10 to 20 sent and confirmed: the 30 may come last, so 30 are counted until the order has ended."""
    ledger = Ledger(60)
    ledger.rest("A", 10)
    ledger.send(amend("A", 30))
    ledger.children.apply(AmendRejected(at=T0, client_id="A", reason=RefusalReason.NEVER_ARRIVED, detail=""))
    ledger.send(amend("A", 20))
    assert contracts(30) == ledger.children.committed
    ledger.children.apply(amended("A", 20, 0))

    assert contracts(30) == ledger.children.committed
    ledger.send(amend("A", 40))
    ledger.children.apply(amended("A", 40, 0))
    assert contracts(40) == ledger.children.committed
