"""The YES-leg book: whatever order the venue sends its bids in, and whatever is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.book import Book, BookState, Level
from depthwalk.domain.order import Side
from depthwalk.domain.units import ONE, Price, Quantity
from depthwalk.errors import DomainError


def levels(*pairs: tuple[int, int]) -> tuple[Level, ...]:
    """Levels from plain numbers: (price in 1/10,000 dollar, quantity in 1/100 contract)."""
    return tuple((Price(price), Quantity(quantity)) for price, quantity in pairs)


raw_levels = st.lists(st.tuples(st.integers(0, ONE).map(Price), st.integers(0, 100_000).map(Quantity)), max_size=12)
books = st.builds(lambda bids, asks: Book.of_levels(bids=bids, asks=asks), raw_levels, raw_levels)


def test_bids_for_no_become_asks_for_yes() -> None:
    """A NO bid at q is a YES ask at 1 - q, and both sides come out best first."""
    book = Book.of_bids(yes=levels((3_900, 500), (4_100, 200), (4_000, 300)), no=levels((5_600, 900), (5_800, 100)))
    assert levels((4_100, 200), (4_000, 300), (3_900, 500)) == book.bids
    assert levels((4_200, 100), (4_400, 900)) == book.asks
    assert (Price(4_100), Price(4_200)) == (book.best_bid, book.best_ask)
    assert (Price(8_300), Price(100)) == (book.mid_twice, book.spread)


@pytest.mark.parametrize(
    ("yes", "no", "state"),
    [
        (None, None, BookState.EMPTY),
        ([], [], BookState.EMPTY),
        ([(4_100, 100)], None, BookState.BIDS_ONLY),
        (None, [(5_800, 100)], BookState.ASKS_ONLY),
        ([(4_100, 100)], [(5_800, 100)], BookState.TWO_SIDED),
        ([(4_200, 100)], [(5_800, 100)], BookState.LOCKED),
        ([(4_300, 100)], [(5_800, 100)], BookState.CROSSED),
        # Empty levels and the venue's markers at 0 and 1 dollar are no orders.
        ([(4_100, 0)], [(5_800, 0)], BookState.EMPTY),
        ([(0, 100), (ONE, 100)], [(0, 100), (ONE, 100)], BookState.EMPTY),
    ],
)
def test_every_kind_of_book_is_told_apart(
    yes: list[tuple[int, int]] | None, no: list[tuple[int, int]] | None, state: BookState
) -> None:
    """Missing sides, null sides, empty levels, locked and crossed books are accepted and named."""
    book = Book.of_bids(
        yes=None if yes is None else levels(*yes),
        no=None if no is None else levels(*no),
    )
    one_sided = state in {BookState.EMPTY, BookState.BIDS_ONLY, BookState.ASKS_ONLY}
    assert state is book.state
    assert one_sided == (book.mid_twice is None)
    assert one_sided == (book.spread is None)
    assert (state in {BookState.EMPTY, BookState.ASKS_ONLY}) == (book.best_bid is None)
    assert (state in {BookState.EMPTY, BookState.BIDS_ONLY}) == (book.best_ask is None)


def test_repeated_prices_are_one_level() -> None:
    """A price that comes twice has the sum of its quantities."""
    book = Book.of_levels(bids=levels((4_100, 100), (4_000, 5), (4_100, 250)), asks=())
    assert levels((4_100, 350), (4_000, 5)) == book.bids


@pytest.mark.parametrize(
    ("price", "quantity", "message"),
    [
        (4_100, -1, "-0.01 contracts at 0.4100"),
        (-100, 100, "1 contracts at -0.0100"),
        (ONE + 100, 100, "1 contracts at 1.0100"),
    ],
)
@pytest.mark.parametrize("side", ["bids", "asks"])
def test_what_no_book_can_show_is_refused(price: int, quantity: int, message: str, side: str) -> None:
    """Negative quantities and prices outside 0 to 1 dollar raise DomainError, on either side."""
    sides = {"bids": (), "asks": (), side: levels((price, quantity))}
    with pytest.raises(DomainError, match=f"no book has {message}"):
        Book.of_levels(bids=sides["bids"], asks=sides["asks"])


@given(bids=raw_levels, asks=raw_levels)
def test_a_book_is_sorted_and_loses_nothing(bids: list[Level], asks: list[Level]) -> None:
    """Both sides are strictly best first, hold no empty level, and sum to what was sent between 0 and 1 dollar."""
    book = Book.of_levels(bids=bids, asks=asks)
    assert sorted({price for price, _ in book.bids}, reverse=True) == [price for price, _ in book.bids]
    assert sorted({price for price, _ in book.asks}) == [price for price, _ in book.asks]
    for sent, kept in ((bids, book.bids), (asks, book.asks)):
        assert all(quantity > 0 for _, quantity in kept)
        assert sum(quantity for price, quantity in sent if 0 < price < ONE) == sum(quantity for _, quantity in kept)


@given(bids=raw_levels, asks=raw_levels, data=st.data())
def test_the_order_of_sending_does_not_matter(bids: list[Level], asks: list[Level], data: st.DataObject) -> None:
    """Any permutation of the same levels is the same book."""
    shuffled = Book.of_levels(bids=data.draw(st.permutations(bids)), asks=data.draw(st.permutations(asks)))
    assert Book.of_levels(bids=bids, asks=asks) == shuffled


@given(yes=raw_levels, no=raw_levels)
def test_the_other_outcome_sees_the_mirror(yes: list[Level], no: list[Level]) -> None:
    """Exchanging YES and NO is mirroring; the mirror is of the same kind, with sides exchanged; twice is the same book."""
    book = Book.of_bids(yes=yes, no=no)
    mirror = book.mirrored()
    exchanged = {BookState.BIDS_ONLY: BookState.ASKS_ONLY, BookState.ASKS_ONLY: BookState.BIDS_ONLY}
    assert Book.of_bids(yes=no, no=yes) == mirror
    assert book == mirror.mirrored()
    assert exchanged.get(book.state, book.state) is mirror.state
    assert book.spread == mirror.spread


def test_own_orders_are_taken_out() -> None:
    """A level that is ours in part is smaller, one that is all ours is gone, the others stay."""
    book = Book.of_levels(bids=levels((4_100, 300), (4_000, 200)), asks=levels((4_200, 50), (4_300, 70)))
    left = book.without(bids={Price(4_100): 100, Price(4_000): 200}, asks={Price(4_200): 50})
    assert Book(levels((4_100, 200)), levels((4_300, 70))) == left


@pytest.mark.parametrize(
    ("bids", "asks"),
    [
        ({4_100: 301}, {}),
        ({4_050: 1}, {}),
        ({}, {4_200: 51}),
        ({4_100: 300}, {4_100: 1}),
    ],
)
def test_a_level_smaller_than_ours_says_the_book_is_old(bids: dict[int, int], asks: dict[int, int]) -> None:
    """Where the book shows less than we have resting, or nothing at our price, there is no answer."""
    book = Book.of_levels(bids=levels((4_100, 300)), asks=levels((4_200, 50)))
    own_bids = {Price(price): quantity for price, quantity in bids.items()}
    own_asks = {Price(price): quantity for price, quantity in asks.items()}
    assert book.without(bids=own_bids, asks=own_asks) is None


@given(book=books, own=books)
def test_adding_own_orders_and_taking_them_out_changes_nothing(book: Book, own: Book) -> None:
    """What remains without us is what there was before us, whatever we had resting."""
    everybody = Book.of_levels(bids=book.bids + own.bids, asks=book.asks + own.asks)
    assert book == everybody.without(bids=dict(own.bids), asks=dict(own.asks))


@given(book=books)
def test_nothing_of_ours_leaves_the_book_as_it_is(book: Book) -> None:
    """Without own orders, or with empty ones, the book is the same."""
    assert book == book.without(bids={}, asks={})
    assert book == book.without(bids={Price(1): 0}, asks={Price(2): 0})


# --- changes of one level -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "price", "change", "bids", "asks"),
    [
        (Side.BUY, 4_000, 50, ((4_100, 300), (4_000, 250)), ((4_200, 50), (4_300, 70))),
        (Side.BUY, 4_100, -300, ((4_000, 200),), ((4_200, 50), (4_300, 70))),
        (Side.BUY, 4_150, 9, ((4_150, 9), (4_100, 300), (4_000, 200)), ((4_200, 50), (4_300, 70))),
        (Side.BUY, 3_900, 9, ((4_100, 300), (4_000, 200), (3_900, 9)), ((4_200, 50), (4_300, 70))),
        (Side.SELL, 4_300, -30, ((4_100, 300), (4_000, 200)), ((4_200, 50), (4_300, 40))),
        (Side.SELL, 4_300, -70, ((4_100, 300), (4_000, 200)), ((4_200, 50),)),
        (Side.SELL, 4_250, 9, ((4_100, 300), (4_000, 200)), ((4_200, 50), (4_250, 9), (4_300, 70))),
        (Side.SELL, 4_225, 0, ((4_100, 300), (4_000, 200)), ((4_200, 50), (4_300, 70))),
    ],
)
def test_a_change_is_one_level(
    side: Side, price: int, change: int, bids: tuple[tuple[int, int], ...], asks: tuple[tuple[int, int], ...]
) -> None:
    """A level grows, shrinks, is gone or is new in its place; nothing else moves."""
    book = Book.of_levels(bids=levels((4_100, 300), (4_000, 200)), asks=levels((4_200, 50), (4_300, 70)))
    assert Book(levels(*bids), levels(*asks)) == book.with_change(side, Price(price), change)


@pytest.mark.parametrize(
    ("side", "price", "change", "message"),
    [
        (Side.BUY, 4_100, -301, r"-3.01 contracts at 0.4100 leave -0.01"),
        (Side.SELL, 4_100, -1, r"-0.01 contracts at 0.4100 leave -0.01"),
        (Side.BUY, 0, 1, "no book has a level at 0.0000"),
        (Side.SELL, ONE, 1, "no book has a level at 1.0000"),
    ],
)
def test_an_impossible_change_is_refused(side: Side, price: int, change: int, message: str) -> None:
    """Less than nothing says that a change was missed: a wrong book is worse than none."""
    book = Book.of_levels(bids=levels((4_100, 300)), asks=levels((4_200, 50)))
    with pytest.raises(DomainError, match=message):
        book.with_change(side, Price(price), change)


changes = st.tuples(st.sampled_from(Side), st.integers(1, 12).map(lambda n: Price(100 * n)), st.integers(-300, 500))


@given(steps=st.lists(changes, max_size=40))
def test_changes_add_up_to_the_book(steps: list[tuple[Side, Price, int]]) -> None:
    """One change after another gives the book that is built from the sums at once; one that cannot be leaves it as it was."""
    totals: dict[Side, dict[Price, int]] = {side: {} for side in Side}
    book = Book((), ())
    for side, price, change in steps:
        total = totals[side].get(price, 0) + change
        if total < 0:
            with pytest.raises(DomainError, match="leave"):
                book.with_change(side, price, change)
            continue
        totals[side][price] = total
        book = book.with_change(side, price, change)
        bids, asks = (((p, Quantity(q)) for p, q in totals[each].items()) for each in (Side.BUY, Side.SELL))
        assert Book.of_levels(bids=bids, asks=asks) == book
