"""Books that are sound but not to be believed at once: far from the one before, or without one of its sides."""

import pytest

from depthwalk.domain.book import Book
from depthwalk.domain.messages import (
    BookChanged,
    CancelOrder,
    Look,
    Operation,
    OrderAccepted,
    Rules,
    Started,
    StopRequested,
    Woke,
)
from depthwalk.domain.units import Instant, seconds
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalker, DynamicDepthWalkerParams
from depthwalk.executors.simple_limit import LimitRule, SimpleLimit, SimpleLimitParams
from tests.support.books import book, contracts, market
from tests.support.ledger import doubt
from tests.support.venue import T0, parent


def seen(*books: Book) -> DynamicDepthWalker:
    """Return a walker that has been shown books a second apart; its orders rest and can be seen."""
    walker = DynamicDepthWalker(DynamicDepthWalkerParams())
    walker.handle(Started(at=T0, parent=parent(1_000), market=market(), rules=Rules()))
    for number, shown in enumerate(books):
        at = Instant(T0 + seconds(number))
        live = [child for child in walker.desk.children.live if child.resting]
        with_ours = Book.of_levels(bids=[*shown.bids, *((child.price, child.resting) for child in live)], asks=shown.asks)
        walker.handle(BookChanged(at=at, book=with_ours, confirmed_at=at))
        for child in walker.desk.children:
            if child.order_id is None:
                name = child.client_id
                walker.handle(OrderAccepted(at=at, client_id=name, order_id=name, filled=contracts(0), remaining=child.total))
    return walker


@pytest.mark.parametrize("odd", [book("60x100 59x50 | 64x30"), book("40x100 |")])
def test_one_odd_book_is_not_decided_on(odd: Book) -> None:
    """Twenty cents away, or no asks any more: hold; the sight stays the one before."""
    good = book("40x100 39x50 | 44x30 45x60")
    walker = seen(good, odd)

    assert walker.watch.hold is not None
    assert walker.watch.sight is not None
    assert good == walker.watch.sight.book


def test_a_jump_that_is_seen_again_is_believed() -> None:
    """The market may really have moved: the second book of its kind is taken."""
    there = book("60x100 59x50 | 64x30")
    walker = seen(book("40x100 39x50 | 44x30 45x60"), there, there)

    assert walker.watch.hold is None
    assert walker.watch.sight is not None
    assert there.asks == walker.watch.sight.book.asks


@pytest.mark.parametrize(("after", "again"), [(1.0, 1), (3.0, 2)])
def test_a_venue_that_takes_no_cancel_is_not_flooded(after: float, again: int) -> None:
    """Looked at again within two seconds an order in doubt is left; after that its cancel goes out once more."""
    run = SimpleLimit(SimpleLimitParams(limit_rule=LimitRule.BID))
    run.handle(Started(at=T0, parent=parent(1_000), market=market(), rules=Rules()))
    run.handle(BookChanged(at=T0, book=book("40x100 | 44x30"), confirmed_at=T0))
    name = next(iter(run.desk.children)).client_id
    run.handle(OrderAccepted(at=T0, client_id=name, order_id=name, filled=contracts(0), remaining=contracts(10)))
    sent = run.handle(StopRequested(at=T0, detail="Ctrl-C"))
    run.handle(doubt(name, Operation.CANCEL))
    sent += run.handle(Woke(at=Instant(T0 + seconds(after)), look=Look.ORDERS))

    assert [name] * again == [each.client_id for each in sent if isinstance(each, CancelOrder)]
