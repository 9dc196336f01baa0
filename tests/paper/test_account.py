from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.order import Side
from depthwalk.domain.units import ONE, Money, Price, Quantity
from depthwalk.paper.account import Account, AccountState, Commitment, PositionState, locked

_FILLS = st.lists(
    st.tuples(st.sampled_from(Side), st.integers(1, 9_999), st.integers(1, 5_000), st.integers(0, 10_000)), max_size=20
)


def _commitment(side: Side, cents: int, contracts: int) -> Commitment:
    return Commitment(side=side, price=Price(cents * 100), quantity=Quantity(contracts * 100))


def test_opening_locks_the_price_or_its_complement() -> None:
    """A bid locks p a contract, an ask 1 - p."""
    account = Account()
    assert 4_200_000 == account.reserved("T", [_commitment(Side.BUY, 42, 10)])
    assert 5_800_000 == account.reserved("T", [_commitment(Side.SELL, 42, 10)])


def test_closing_locks_nothing() -> None:
    """What closes the position is free; of several orders the dearest closes first."""
    account = Account(AccountState(positions=(PositionState(ticker="T", quantity=Quantity(-500)),)))
    orders = [_commitment(Side.BUY, 40, 4), _commitment(Side.BUY, 50, 3)]
    assert 2 * 400_000 == account.reserved("T", orders)
    assert 3_000_000 == account.reserved("T", [_commitment(Side.SELL, 40, 5)])


def test_a_round_trip_leaves_the_difference() -> None:
    """Buying at 40 and selling at 45 gains 5 cents a contract less the fees."""
    account = Account(AccountState(cash=Money(10_000_000)))
    account.fill("T", Side.BUY, Price(4_000), Quantity(1_000), Money(100))
    assert (5_999_900, 4_000_000) == (account.cash, account.position("T").cost)
    account.fill("T", Side.SELL, Price(4_500), Quantity(1_000), Money(200))
    assert 10_000_000 + 500_000 - 300 == account.cash
    position = account.position("T")
    assert (0, 0, 500_000, 300) == (position.quantity, position.cost, position.realized, position.fees)


def test_one_fill_may_close_and_open() -> None:
    """Selling 15 while holding 10 leaves 5 NO, which cost 1 - p each."""
    account = Account(AccountState(cash=Money(10_000_000)))
    account.fill("T", Side.BUY, Price(4_000), Quantity(1_000), Money(0))
    account.fill("T", Side.SELL, Price(6_000), Quantity(1_500), Money(0))
    assert 10_000_000 - 4_000_000 + 6_000_000 - 2_000_000 == account.cash
    assert (-500, 2_000_000, 2_000_000) == (
        account.position("T").quantity,
        account.position("T").cost,
        account.position("T").realized,
    )


@given(_FILLS)
def test_worth_is_conserved(fills: list[tuple[Side, int, int, int]]) -> None:
    """Cash plus the pay-out if YES wins is what price and fees make it, whatever closes what; state survives a round trip."""
    account = Account()
    expected = account.cash
    for side, price, quantity, fee in fills:
        account.fill("T", side, Price(price), Quantity(quantity), Money(fee))
        expected += side.sign * (10_000 - price) * quantity - fee
    position = account.position("T")
    payout = position.quantity * 10_000 if position.quantity > 0 else 0
    assert expected == account.cash + payout
    assert position.cost >= 0
    assert account.cash + position.cost == Account().cash + position.realized - position.fees
    assert account.state() == Account(account.state()).state()


_ORDERS = st.lists(st.builds(_commitment, st.sampled_from(Side), st.integers(1, 99), st.integers(1, 9)), max_size=8)


@given(st.integers(-20, 20), _ORDERS)
def test_what_opens_is_what_the_position_does_not_cover(held: int, orders: list[Commitment]) -> None:
    """Contract by contract, dearest first: an order against the position closes it, and everything else opens."""
    account = Account(AccountState(positions=(PositionState(ticker="T", quantity=Quantity(held * 100)),)))
    covered = {Side.SELL: max(0, held), Side.BUY: max(0, -held)}
    expected = []
    for one in sorted(orders, key=lambda each: each.price * each.side.sign + (each.side is Side.SELL) * ONE, reverse=True):
        closing = min(covered[one.side], one.quantity // 100)
        covered[one.side] -= closing
        expected += [(one.side, one.price)] * (one.quantity // 100 - closing)
    found = account.opening("T", orders)
    assert all(quantity > 0 for _, _, quantity in found)
    assert expected == [(side, price) for side, price, quantity in found for _ in range(quantity // 100)]
    assert account.reserved("T", orders) == locked(found)
