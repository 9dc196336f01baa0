"""Order books over REST."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.book import Book, BookState
from depthwalk.domain.units import Price, Quantity, format_price, format_quantity
from depthwalk.wire.books import decode_book, decode_books, encode_book
from depthwalk.wire.scalars import WireError, dumps
from tests.support.wire_strategies import BOOKS


def _levels(*levels: tuple[int, int]) -> tuple[tuple[Price, Quantity], ...]:
    return tuple((Price(price), Quantity(size)) for price, size in levels)


def test_the_documented_example() -> None:
    """Best YES bid 0.42, best YES ask 0.44 (kalshi-api.md section 5.4)."""
    body = (
        b'{"orderbook_fp": {"yes_dollars": [["0.0100","200.00"],["0.4200","13.00"]],'
        b' "no_dollars": [["0.0100","100.00"],["0.5600","17.00"]]}}'
    )
    book = decode_book(body)
    assert _levels((4200, 1300), (100, 20_000)) == book.bids
    assert _levels((4400, 1700), (9900, 10_000)) == book.asks


@pytest.mark.parametrize(
    "body",
    [
        b'{"orderbook_fp":{"yes_dollars":[],"no_dollars":[]}}',
        b'{"orderbook_fp":{"yes_dollars":null,"no_dollars":null}}',
        b'{"orderbook_fp":{"yes_dollars":[]}}',
        b'{"orderbook_fp":{}}',
        b'{"orderbook_fp":null}',
        b'{"orderbook":{}}',
        b'{"orderbook":null}',
        b'{"orderbook":{"no":null,"no_dollars":null,"yes":[],"yes_dollars":null}}',
    ],
)
def test_every_way_of_saying_empty(body: bytes) -> None:
    """Null, missing and empty sides, and the old wrapper with nothing in it, are an empty book."""
    assert BookState.EMPTY is decode_book(body).state


@pytest.mark.parametrize("body", [b"{}", b'{"error":{"code":"not_found"}}', b'{"yes_dollars":[]}', b'{"orderbooks":[]}'])
def test_a_reply_without_a_book_is_not_an_empty_book(body: bytes) -> None:
    """An error that came with a 200 must never look like a market with nobody in it."""
    with pytest.raises(WireError, match="orderbook_fp: missing"):
        decode_book(body)


def test_whole_cents_are_refused() -> None:
    """The format that ended in 2026 is named, not guessed at."""
    with pytest.raises(WireError, match="whole cents"):
        decode_book(b'{"orderbook":{"yes":[[42,13]],"no":null}}')


@given(book=BOOKS, seed=st.integers(0, 2**32))
def test_the_order_of_levels_means_nothing(book: Book, seed: int) -> None:
    """Shuffled levels give the same book: the sources contradict each other about the order."""
    rng = random.Random(seed)
    yes = [[format_price(price), format_quantity(size)] for price, size in book.bids]
    no = [[format_price(10_000 - price), format_quantity(size)] for price, size in book.asks]
    rng.shuffle(yes)
    rng.shuffle(no)
    assert book == decode_book(dumps({"orderbook_fp": {"yes_dollars": yes, "no_dollars": no}}))


@pytest.mark.parametrize(
    ("levels", "bids"),
    [
        ('[["0.42","13"],["0.4300","1.5"]]', ((4300, 150), (4200, 1300))),
        ('[["0.420000","13.00"]]', ((4200, 1300),)),
        ('[["0.4200","13.00"],["0.4200","7.00"]]', ((4200, 2000),)),
        ('[["0.4200","0.00"],["0.4300","7.00"]]', ((4300, 700),)),
        ('[["0.0000","5.00"],["0.4300","7.00"],["1.0000","5.00"]]', ((4300, 700),)),
        ('[["0.4300","0.05"],["0.4400","0.50"]]', ((4400, 50), (4300, 5))),
    ],
)
def test_unusual_levels_are_read_exactly(levels: str, bids: tuple[tuple[int, int], ...]) -> None:
    """Other spellings, repeated prices, zero sizes, markers at 0 and 1, counts below one."""
    body = f'{{"orderbook_fp":{{"yes_dollars":{levels},"no_dollars":[]}}}}'.encode()
    assert _levels(*bids) == decode_book(body).bids


@pytest.mark.parametrize(
    ("level", "problem"),
    [
        ('["0.42005","1.00"]', r"orderbook_fp\.no_dollars\[1\]: .*finer"),
        ('["0.4200","1.005"]', r"orderbook_fp\.no_dollars\[1\]: .*finer"),
        ('["x","1.00"]', r"orderbook_fp\.no_dollars\[1\]: "),
        ('["0.4200","-1.00"]', "no book has"),
        ('["1.2000","1.00"]', "no book has"),
        ('["0.4200",1]', "Expected `str`"),
        ('["0.4200"]', "length"),
        ('["0.4200","1.00","2.00"]', "length"),
    ],
)
def test_levels_that_no_book_can_have_are_refused_by_name(level: str, problem: str) -> None:
    """Finer than our units, negative, above a dollar, numbers, wrong length: refused, with the level."""
    body = f'{{"orderbook_fp":{{"yes_dollars":[],"no_dollars":[["0.0100","1.00"],{level}]}}}}'.encode()
    with pytest.raises(WireError, match=problem):
        decode_book(body)


def test_crossed_and_locked_books_are_read() -> None:
    """Real recordings have them; what to do about them is not the wire's business."""
    crossed = b'{"orderbook_fp":{"yes_dollars":[["0.6000","1.00"]],"no_dollars":[["0.5000","1.00"]]}}'
    locked = b'{"orderbook_fp":{"yes_dollars":[["0.6000","1.00"]],"no_dollars":[["0.4000","1.00"]]}}'
    assert BookState.CROSSED is decode_book(crossed).state
    assert BookState.LOCKED is decode_book(locked).state


def test_written_books_ascend_and_keep_empty_sides() -> None:
    """Best last, four and two decimals, `[]` for a side without levels (section 14)."""
    book = Book.of_levels(bids=_levels((4200, 1300), (100, 20_000), (300, 5)), asks=())
    expected = {"yes_dollars": [["0.0100", "200.00"], ["0.0300", "0.05"], ["0.4200", "13.00"]], "no_dollars": []}
    assert {"orderbook_fp": expected} == encode_book(book)


def test_depth_keeps_the_best_levels() -> None:
    """With a depth the best levels come, still ascending."""
    book = Book.of_levels(bids=_levels((4200, 100), (4100, 100)), asks=_levels((4400, 100), (4500, 200)))
    expected = {"yes_dollars": [["0.4200", "1.00"]], "no_dollars": [["0.5600", "1.00"]]}
    assert {"orderbook_fp": expected} == encode_book(book, depth=1)


def test_books_are_matched_by_ticker() -> None:
    """The order of a batch's entries is not promised; a null book is an empty one."""
    body = (
        b'{"orderbooks":[{"ticker":"B","orderbook_fp":null},{"ticker":"A","orderbook_fp":{"yes_dollars":[["0.5000","1.00"]]}}]}'
    )
    books = decode_books(body)
    assert Book((), ()) == books["B"]
    assert _levels((5000, 100)) == books["A"].bids


def test_a_bad_level_in_a_batch_names_its_ticker() -> None:
    """One of a hundred books is wrong: which?"""
    with pytest.raises(WireError, match=r"orderbooks\[A\]\.yes_dollars\[0\]"):
        decode_books(b'{"orderbooks":[{"ticker":"A","orderbook_fp":{"yes_dollars":[["0.50001","1.00"]]}}]}')
