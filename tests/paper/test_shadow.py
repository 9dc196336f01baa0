import pytest

from depthwalk.domain.book import Book
from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.units import Price, Quantity
from depthwalk.errors import DomainError
from depthwalk.paper.shadow import ShadowBook
from depthwalk.paper.trading import Executed, Removal, Removed
from depthwalk.wire.orders import SelfTradePrevention
from tests.support.paper import START, at, book, order

IOC, FOK = TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL


def _shadow(*books: Book) -> ShadowBook:
    shadow = ShadowBook([(at(index), one) for index, one in enumerate(books)])
    shadow.advance(START)
    return shadow


def _fills(events: list[object]) -> list[tuple[int | None, int, int]]:
    return [
        (e.maker if e.maker is not None else e.taker, e.price // 100, e.quantity // 100)
        for e in events
        if isinstance(e, Executed)
    ]


def test_we_take_displayed_levels_at_their_prices() -> None:
    """A marketable order sweeps what is displayed within its limit and rests the remainder."""
    shadow = _shadow(book([(48, 10)], [(50, 3), (51, 4), (53, 9)]))
    assert [(-1, 50, 3), (-1, 51, 4)] == _fills(shadow.submit(START, order(-1, Side.BUY, 52, 10)))
    assert book([(52, 3), (48, 10)], [(53, 9)]) == shadow.book()


def test_what_we_took_stays_gone_until_the_level_shrinks_below_it() -> None:
    """A level that stands shows nothing again, one that grows shows the growth, one that shrank and grew shows that."""
    asks = [(50, 10)], [(50, 10)], [(50, 14)], [(50, 6)], [(50, 9)]
    shadow = _shadow(*(book([(40, 1)], one) for one in asks))
    shadow.submit(START, order(-1, Side.BUY, 50, 8, time_in_force=IOC))
    seen = []
    for second in range(5):
        shadow.advance(at(second))
        seen.append(shadow.book().asks[0][1] // 100 if shadow.book().asks else 0)
    assert [2, 2, 6, 0, 3] == seen


def test_the_book_stands_still_after_the_last_row() -> None:
    """Time alone changes nothing."""
    shadow = _shadow(book([(48, 10)], [(50, 3)]))
    assert [] == shadow.advance(at(10_000))
    assert book([(48, 10)], [(50, 3)]) == shadow.book()


def test_traded_through_fills_at_our_price_up_to_the_crossing_quantity() -> None:
    """An opposite best that reaches us fills us at our price; what filled us is gone from the display."""
    shadow = _shadow(book([(48, 10)], [(52, 5)]), book([(47, 10)], [(49, 3), (50, 4), (52, 5)]))
    shadow.submit(START, order(-1, Side.BUY, 50, 20))
    assert [(-1, 50, 3), (-1, 50, 4)] == _fills(shadow.advance(at(1)))
    assert book([(50, 13), (47, 10)], [(52, 5)]) == shadow.book()


def test_the_crossing_quantity_fills_the_better_order_first() -> None:
    """Of two orders the better priced one fills first, and the quantity is not used twice."""
    shadow = _shadow(book([(48, 10)], [(52, 5)]), book([(47, 10)], [(49, 3)]))
    shadow.submit(START, order(-1, Side.BUY, 49, 2))
    shadow.submit(START, order(-2, Side.BUY, 50, 2))
    assert [(-2, 50, 2), (-1, 49, 1)] == _fills(shadow.advance(at(1)))


def test_what_we_already_took_does_not_trade_through_us() -> None:
    """After taking a whole level our rest lies there; the same level recorded again is not a crossing."""
    shadow = _shadow(book([(48, 10)], [(50, 5)]), book([(48, 10)], [(50, 5)]), book([(48, 10)], [(50, 8)]))
    shadow.submit(START, order(-1, Side.BUY, 50, 9))
    assert [] == shadow.advance(at(1))
    assert [(-1, 50, 3)] == _fills(shadow.advance(at(2)))


def test_a_shrinking_best_is_traded_from_the_front() -> None:
    """Our level, the best of its side: what goes eats the queue ahead, then us."""
    shadow = _shadow(*(book([(48, size)], [(52, 5)]) for size in (10, 4, 1)))
    shadow.submit(START, order(-1, Side.BUY, 48, 5))
    assert 1_000 == shadow.ahead(-1)
    assert [] == shadow.advance(at(1))
    assert 400 == shadow.ahead(-1)
    assert [] == shadow.advance(at(2))
    assert 100 == shadow.ahead(-1)


def test_a_shrinking_best_reaches_us_once_the_queue_ahead_is_eaten() -> None:
    """Who joined behind us lets us fill when the level shrinks by more than what was ahead."""
    shadow = _shadow(book([(48, 4)], [(52, 5)]), book([(48, 30)], [(52, 5)]), book([(48, 20)], [(52, 5)]))
    shadow.submit(START, order(-1, Side.BUY, 48, 5))
    assert [(-1, 48, 5)] == _fills(shadow.advance(at(2)))


def test_a_shrink_behind_the_best_is_cancels_spread_evenly() -> None:
    """A level that is not the best of its side fills nobody; half of it gone is half of what was ahead."""
    shadow = _shadow(book([(49, 5), (48, 4)]), book([(49, 5), (48, 10)]), book([(49, 5), (48, 5)]))
    shadow.submit(START, order(-1, Side.BUY, 48, 5))
    assert [] == shadow.advance(at(2))
    assert 200 == shadow.ahead(-1)


@pytest.mark.parametrize(
    "strange",
    [book([(55, 3)], [(50, 2)]), book([(50, 3)], [(50, 2)]), book()],
    ids=["crossed", "locked", "empty"],
)
def test_nothing_is_derived_from_a_strange_row(strange: Book) -> None:
    """Crossed, locked and empty rows are shown and fill nobody, and the place in the queue survives them."""
    usual = book([(48, 10)], [(52, 5)])
    shadow = _shadow(usual, strange, usual)
    shadow.submit(START, order(-1, Side.BUY, 50, 3))
    shadow.submit(START, order(-2, Side.BUY, 48, 3))
    assert [] == shadow.advance(at(1))
    assert [] == shadow.advance(at(2))
    assert 1_000 == shadow.ahead(-2)


def test_nobody_stands_behind_more_than_the_level_shows() -> None:
    """What went while the book could not be read is not ahead of us any more: 3 are left of 10, and 17 join behind us."""
    usual, crossed = book([(48, 10)], [(52, 5)]), book([(55, 3)], [(50, 2)])
    shadow = _shadow(usual, crossed, *(book([(48, size)], [(52, 5)]) for size in (3, 20, 10)))
    shadow.submit(START, order(-1, Side.BUY, 48, 5))
    assert [(-1, 48, 5)] == _fills(shadow.advance(at(4)))


def test_a_side_that_vanishes_is_not_read_as_trades() -> None:
    """A one-sided row may trade through us, but a side gone whole is no proof of trades."""
    rows = book([(48, 10)], [(52, 5)]), book([(48, 30)], [(52, 5)]), book([], [(52, 5)]), book([], [(47, 5)])
    shadow = _shadow(*rows)
    shadow.submit(START, order(-1, Side.BUY, 48, 3))
    assert [] == shadow.advance(at(2))
    assert [(-1, 48, 3)] == _fills(shadow.advance(at(3)))


def test_sells_mirror_buys() -> None:
    """The same rules hold on the ask side."""
    shadow = _shadow(book([(48, 10)], [(52, 5)]), book([(51, 2), (50, 2)], [(53, 9)]), book([(45, 1)], [(53, 9)]))
    shadow.submit(START, order(-1, Side.SELL, 50, 9))
    assert [(-1, 50, 2), (-1, 50, 2)] == _fills(shadow.advance(at(2)))
    assert [(-2, 45, 1)] == _fills(shadow.submit(at(2), order(-2, Side.SELL, 45, 2, time_in_force=IOC)))


def test_immediate_and_post_only_orders() -> None:
    """IOC, FOK and post-only end as they do in the engine."""
    shadow = _shadow(book([(48, 10)], [(50, 3)]))
    assert [Removed(START, -1, Quantity(100), Removal.POST_ONLY)] == shadow.submit(
        START, order(-1, Side.BUY, 50, 1, post_only=True)
    )
    assert [Removed(START, -2, Quantity(400), Removal.UNFILLABLE)] == shadow.submit(
        START, order(-2, Side.BUY, 50, 4, time_in_force=FOK)
    )
    events = shadow.submit(START, order(-3, Side.BUY, 50, 4, time_in_force=IOC))
    assert Removed(START, -3, Quantity(100), Removal.REMAINDER) == events[-1]


@pytest.mark.parametrize("prevention", SelfTradePrevention)
def test_own_orders_never_trade_with_each_other(prevention: SelfTradePrevention) -> None:
    """What is ahead of our own order is taken; at it the taker stops, or it goes and the taker carries on."""
    shadow = _shadow(book([(48, 10)], [(50, 3)]), book([(48, 10)], [(50, 8)]))
    shadow.submit(START, order(-1, Side.SELL, 50, 2))
    shadow.advance(at(1))
    events = shadow.submit(at(1), order(-2, Side.BUY, 50, 12, self_trade=prevention))
    removed = [event for event in events if isinstance(event, Removed)]
    if prevention is SelfTradePrevention.TAKER_AT_CROSS:
        assert [(-2, 50, 3)] == _fills(events)
        assert [Removed(at(1), -2, Quantity(900), Removal.SELF_TRADE)] == removed
        assert (0, book([(48, 10)], [(50, 7)])) == (shadow.ahead(-1), shadow.book())
    else:
        assert [(-2, 50, 3), (-2, 50, 5)] == _fills(events)
        assert [Removed(at(1), -1, Quantity(200), Removal.SELF_TRADE)] == removed
        assert book([(50, 4), (48, 10)]) == shadow.book()


def test_amends_keep_or_lose_the_place() -> None:
    """A smaller total keeps what is ahead; a larger one joins behind everything displayed now."""
    shadow = _shadow(book([(48, 4)], [(52, 5)]), book([(48, 10)], [(52, 5)]))
    shadow.submit(START, order(-1, Side.BUY, 48, 5))
    shadow.advance(at(1))
    shadow.amend(at(1), -1, price=Price(4800), total=Quantity(300), expires_at=None)
    assert 400 == shadow.ahead(-1)
    shadow.amend(at(1), -1, price=Price(4800), total=Quantity(400), expires_at=None)
    assert 1_000 == shadow.ahead(-1)
    events = shadow.amend(at(1), -1, price=Price(5200), total=Quantity(700), expires_at=None)
    assert [(-1, 52, 5)] == _fills(events)
    with pytest.raises(DomainError, match=r"total 4\.00 is below the 5\.00 filled"):
        shadow.amend(at(1), -1, price=Price(5200), total=Quantity(400), expires_at=None)


def test_expiry_comes_before_a_later_row() -> None:
    """An order that expired between rows is not there for the next one to fill."""
    shadow = _shadow(book([(48, 10)], [(52, 5)]), book([(40, 1)], [(45, 9)]))
    shadow.submit(START, order(-1, Side.BUY, 48, 3, expires_at=at(0.5)))
    assert [Removed(at(0.5), -1, Quantity(300), Removal.EXPIRED)] == shadow.advance(at(3))


def test_our_second_order_stands_behind_our_first() -> None:
    """The quantity ahead counts our own older orders at the price."""
    shadow = _shadow(book([(48, 10)], [(52, 5)]))
    shadow.submit(START, order(-1, Side.BUY, 48, 3))
    shadow.submit(START, order(-2, Side.BUY, 48, 3))
    assert (1_000, 1_300) == (shadow.ahead(-1), shadow.ahead(-2))
    with pytest.raises(DomainError, match="order -9 does not rest"):
        shadow.ahead(-9)
