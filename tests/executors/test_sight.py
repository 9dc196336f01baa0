"""A sight answers every question as the whole book would, without it being turned for a seller."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.analysis.depth import queued_at, up_to
from depthwalk.domain.book import Book
from depthwalk.domain.order import Action, Outcome, Side
from depthwalk.domain.units import ONE, Price, Quantity
from depthwalk.executors.sight import Sight
from depthwalk.executors.space import BuyerSpace
from tests.support.books import book, cents, contracts
from tests.support.venue import T0

SHOWN = book("40x100 39x50 | 44x30 45x60")
SPACES = [BuyerSpace(side, action, outcome) for side in Side for action in Action for outcome in Outcome]

prices = st.integers(1, 30).map(lambda n: cents(3 * n))
levels = st.lists(st.tuples(prices, st.integers(1, 90).map(Quantity)), max_size=6)
books = st.builds(lambda bids, asks: Book.of_levels(bids=bids, asks=asks), levels, levels)


@pytest.mark.parametrize(
    ("side", "bid", "ask", "mid_twice", "within", "behind"),
    [(Side.BUY, (40, 100), (44, 30), 84, 90, 50), (Side.SELL, (56, 30), (60, 100), 116, 150, 60)],
)
def test_a_seller_of_the_leg_sees_the_mirror(
    side: Side, bid: tuple[int, int], ask: tuple[int, int], mid_twice: int, within: int, behind: int
) -> None:
    """Best prices, what can be taken one cent beyond the best, and what a second-best order queues behind; by hand."""
    sight = Sight(SHOWN, BuyerSpace(side, Action.BUY, Outcome.YES), T0)

    assert ((cents(bid[0]), contracts(bid[1])), (cents(ask[0]), contracts(ask[1]))) == sight.touch
    assert (cents(mid_twice), cents(ask[0] - bid[0])) == (sight.mid_twice, sight.spread)
    assert contracts(within) == sight.offered(cents(ask[0] + 1))
    assert contracts(behind) == sight.queued(cents(bid[0] - 1))


@given(shown=books, space=st.sampled_from(SPACES), price=prices)
def test_it_says_what_the_whole_book_says(shown: Book, space: BuyerSpace, price: Price) -> None:
    """For any book, crossed and one-sided ones as well, any side and any price."""
    sight, whole = Sight(shown, space, T0), space.book(shown)

    assert whole == sight.book
    assert (whole.best_bid, whole.best_ask) == (sight.best_bid, sight.best_ask)
    assert (whole.mid_twice, whole.spread) == (sight.mid_twice, sight.spread)
    assert ((whole.bids[0], whole.asks[0]) if whole.bids and whole.asks else None) == sight.touch
    for each in (price, Price(ONE - price), Price(price + 1)):
        assert up_to(whole.asks, each) == sight.offered(each)
        assert queued_at(whole.bids, each) == sight.queued(each)
