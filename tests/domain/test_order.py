"""Orders: which status may follow which, and what the user's words mean on the YES leg."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.order import TRANSITIONS, Action, OrderStatus, Outcome, ParentOrder, Side, check_transition
from depthwalk.domain.units import ONE, Price, Quantity
from depthwalk.errors import DomainError, IllegalTransition

TERMINAL = {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED}
OPEN = set(OrderStatus) - TERMINAL
PAIRS = [(old, new) for old in OrderStatus for new in OrderStatus]


def parent(
    *,
    outcome: Outcome = Outcome.YES,
    action: Action = Action.BUY,
    quantity: int = 10_000,
    target: int | None = None,
    limit: int | None = None,
    parent_id: str = "00112233445566778899aabbccddeeff",
) -> ParentOrder:
    """A parent order with little to say about it."""
    return ParentOrder(
        parent_id=parent_id,
        ticker="PAPER-MODERATE",
        outcome=outcome,
        action=action,
        quantity=Quantity(quantity),
        target=None if target is None else Price(target),
        limit=None if limit is None else Price(limit),
    )


def test_every_status_has_its_row() -> None:
    """The table speaks of every status, and of statuses only."""
    assert set(OrderStatus) == set(TRANSITIONS)
    assert set(OrderStatus) >= set().union(*TRANSITIONS.values())


def test_terminal_statuses_are_the_four() -> None:
    """Filled, canceled, expired and rejected end an order; the others do not."""
    assert frozenset(TERMINAL) == {status for status in OrderStatus if status.terminal}


@pytest.mark.parametrize("status", sorted(TERMINAL, key=str))
def test_only_a_late_fill_follows_an_end(status: OrderStatus) -> None:
    """After a cancel or an expiry a whole fill may still be reported; what was written off may turn up; filled is the end."""
    late = {OrderStatus.FILLED}
    turned_up = {OrderStatus.RESTING, OrderStatus.FILLED, OrderStatus.CANCELED}
    following = {OrderStatus.CANCELED: late, OrderStatus.EXPIRED: late, OrderStatus.REJECTED: turned_up}
    expected = following.get(status, set())
    assert expected == TRANSITIONS[status]


@pytest.mark.parametrize("status", sorted(OPEN, key=str))
def test_every_open_order_can_end(status: OrderStatus) -> None:
    """Whatever is out, the venue may report the order filled, canceled or expired next."""
    assert {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED} <= TRANSITIONS[status]


@pytest.mark.parametrize("status", [OrderStatus.PENDING, OrderStatus.AMENDING, OrderStatus.CANCELING])
def test_any_write_can_be_lost(status: OrderStatus) -> None:
    """While a request is out, doubt may follow; so may an order that rests as if nothing had been sent."""
    assert {OrderStatus.IN_DOUBT, OrderStatus.RESTING} <= TRANSITIONS[status]


def test_doubt_allows_no_amend_but_a_cancel() -> None:
    """One can always get out; nothing else is sent until the doubt is settled (design, D7)."""
    assert OrderStatus.CANCELING in TRANSITIONS[OrderStatus.IN_DOUBT]
    assert OrderStatus.AMENDING not in TRANSITIONS[OrderStatus.IN_DOUBT]
    assert {OrderStatus.RESTING} == {old for old in OrderStatus if OrderStatus.AMENDING in TRANSITIONS[old]}


def test_only_a_create_can_be_rejected() -> None:
    """An order that has rested is never rejected afterwards, and no order becomes pending again."""
    assert {OrderStatus.PENDING, OrderStatus.IN_DOUBT} == {
        old for old in OrderStatus if OrderStatus.REJECTED in TRANSITIONS[old]
    }
    assert OrderStatus.PENDING not in set().union(*TRANSITIONS.values())


@pytest.mark.parametrize(("old", "new"), [pair for pair in PAIRS if pair[1] not in TRANSITIONS[pair[0]]])
def test_a_transition_outside_the_table_raises(old: OrderStatus, new: OrderStatus) -> None:
    """The message names the order and both statuses."""
    with pytest.raises(IllegalTransition, match=f"order dw-1 cannot go from {old.value} to {new.value}$"):
        check_transition(old, new, "dw-1")


def test_every_transition_of_the_table_passes() -> None:
    """What the table allows is allowed."""
    allowed = [pair for pair in PAIRS if pair[1] in TRANSITIONS[pair[0]]]
    for old, new in allowed:
        check_transition(old, new, "dw-1")
    assert sum(map(len, TRANSITIONS.values())) == len(allowed)


@pytest.mark.parametrize(
    ("outcome", "action", "side", "sign"),
    [
        (Outcome.YES, Action.BUY, Side.BUY, 1),
        (Outcome.NO, Action.SELL, Side.BUY, 1),
        (Outcome.YES, Action.SELL, Side.SELL, -1),
        (Outcome.NO, Action.BUY, Side.SELL, -1),
    ],
)
def test_the_user_s_words_have_a_side_of_the_yes_leg(outcome: Outcome, action: Action, side: Side, sign: int) -> None:
    """Buying YES and selling NO bid on the YES leg; the other two ask (design, D2)."""
    assert side is parent(outcome=outcome, action=action).side
    assert sign == side.sign


@given(price=st.integers(0, ONE).map(Price))
def test_prices_are_shown_in_the_user_s_outcome(price: Price) -> None:
    """A YES price is itself for a YES order and one dollar less it for a NO order."""
    assert price == parent(outcome=Outcome.YES).own_price(price)
    assert Price(ONE - price) == parent(outcome=Outcome.NO).own_price(price)


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_parent_asks_for_something(quantity: int) -> None:
    """A count of 0 or less is refused."""
    with pytest.raises(DomainError, match="is not more than 0"):
        parent(quantity=quantity)


@pytest.mark.parametrize("price", [0, ONE, -100, ONE + 1])
def test_target_and_limit_are_prices(price: int) -> None:
    """0 and 1 dollar are no prices, nor is anything outside them; the message says which was meant."""
    with pytest.raises(DomainError, match=r"^target .* is not between 0 and 1 dollar"):
        parent(target=price)
    with pytest.raises(DomainError, match=r"^limit .* is not between 0 and 1 dollar"):
        parent(limit=price)


@given(bits=st.binary(min_size=16, max_size=16), numbers=st.lists(st.integers(1, 10**9), min_size=2, max_size=2, unique=True))
def test_child_ids_are_short_plain_and_distinct(bits: bytes, numbers: list[int]) -> None:
    """A child id of a 128-bit parent id has at most 64 of [A-Za-z0-9_-] and names parent and sequence (design, D7)."""
    order = parent(parent_id=bits.hex())
    first, second = (order.child_id(number) for number in numbers)
    assert f"dw-{bits.hex()}-{numbers[0]}" == first
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", first)
    assert first != second
