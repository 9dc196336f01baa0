"""One line of a recorded file: what it says, exactly, or what is wrong with it."""

import json
import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.book import Book
from depthwalk.domain.order import Side
from depthwalk.domain.units import format_price, format_quantity, mirrored, parse_instant
from depthwalk.ports import RecordedBook, RecordedTrade, RecordingSource
from depthwalk.storage.recorded_lines import BadLine, LineReader
from tests.support.domain_strategies import BOOKS
from tests.support.recorded import NOON, book_line, trade_line


def _read(line: str) -> RecordedBook | RecordedTrade:
    return LineReader("demo").read(line.encode())


def _price(price: int, *, short: bool) -> str:
    return f"{Decimal(price) / 10_000:f}" if short else format_price(price)


def _count(quantity: int, *, short: bool) -> str:
    return f"{Decimal(quantity) / 100:f}" if short else format_quantity(quantity)


@given(BOOKS, st.booleans(), st.booleans(), st.randoms(use_true_random=False))
def test_any_book_is_read_exactly(book: Book, short: bool, shuffled: bool, order: random.Random) -> None:
    """In the venue's form and in any other: fewer decimals, any order."""
    yes = [(_price(price, short=short), _count(count, short=short)) for price, count in book.bids]
    no = [(_price(mirrored(price), short=short), _count(count, short=short)) for price, count in book.asks]
    if shuffled:
        order.shuffle(yes)
        order.shuffle(no)
    found = _read(book_line(yes=yes, no=no))

    assert isinstance(found, RecordedBook)
    assert book == found.book
    assert ("T", "demo", RecordingSource.IMPORT) == (found.ticker, found.environment, found.source)
    assert parse_instant(NOON) == found.event_time == found.receipt_time


def test_a_side_may_be_null_or_worst_first() -> None:
    """As the venue sends it: ascending, or nothing at all."""
    line = json.dumps({"ts": NOON, "ticker": "T", "yes": [["0.4000", "1.00"], ["0.4100", "0.50"]], "no": None})

    assert _read(line).book == Book(((4100, 50), (4000, 100)), ())  # type: ignore[union-attr,arg-type]


def test_repeated_and_empty_levels_are_added_up_and_dropped() -> None:
    """What a book cannot show as it stands is put in order."""
    levels = [("0.4000", "1.00"), ("0.4000", "2.00"), ("0.3900", "0.00"), ("0.0000", "5.00"), ("1.0000", "5.00")]

    assert _read(book_line(yes=levels)).book == Book(((4000, 300),), ())  # type: ignore[union-attr,arg-type]


def test_a_trade_is_read_exactly() -> None:
    """The taker of NO sold the YES leg."""
    found = _read(trade_line(yes_price="0.345", count="2.5", taker_side="no", trade_id="abc", is_block_trade=True))

    assert isinstance(found, RecordedTrade)
    assert ("abc", 3450, 250, Side.SELL, True) == (found.trade_id, found.price, found.quantity, found.taker, found.is_block)


def test_trades_without_an_id_get_the_same_ones_again() -> None:
    """Equal prints of one order are told apart by their order in the file; a second reader comes to the same ids."""
    lines = [trade_line(), trade_line(), trade_line(count="9.00"), trade_line(ticker="U")]

    def ids() -> list[str]:
        reader = LineReader("live")
        rows = [reader.read(line.encode()) for line in lines]
        return [row.trade_id for row in rows if isinstance(row, RecordedTrade)]

    assert 4 == len(set(ids()))
    assert ids() == ids()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("nonsense", "not JSON: "),
        ("", "not JSON: "),
        ('{"ts": "2026-', "not JSON: "),
        ("[1, 2]", "Expected `object`, got `array`"),
        ("{}", "ts: missing"),
        (json.dumps({"ts": NOON}), "ticker: missing"),
        (json.dumps({"ts": 5, "ticker": "T"}), "ts: Expected `str`, got `int`"),
        (json.dumps({"ts": NOON, "ticker": "T"}), "neither a book (yes, no) nor a trade (yes_price, count, taker_side)"),
        (json.dumps({"ts": NOON, "ticker": "T", "yes": []}), "no: missing"),
        (json.dumps({"ts": NOON, "ticker": "T", "no": []}), "yes: missing"),
        (json.dumps({"ts": NOON, "ticker": "T", "yes": [[0.42, 5]], "no": []}), "yes[0][0]: Expected `str`, got `float`"),
        (book_line(ticker="no such; name"), "ticker: 'no such; name' is not a market ticker"),
        (book_line(ts="yesterday"), "time 'yesterday' is not RFC 3339"),
        (book_line(ts="2026-07-01T12:00:00"), "has no zone"),
        (book_line(no=[("0.41", "1"), ("0.12345", "1")]), "no[1]: price '0.12345' is finer than 0.0001"),
        (book_line(yes=[("0.4100", "1.00"), ("0.4000", "1.005")]), "yes[1]: count '1.005' is finer than 0.01"),
        (book_line(yes=[("NaN", "1.00")]), "yes[0]: price 'NaN' is not a plain decimal number"),
        (book_line(yes=[("0.4100", "-1.00")]), "no book has -1 contracts at 0.4100"),
        (book_line(yes=[("1.4100", "1.00")]), "no book has 1 contracts at 1.4100"),
        (
            book_line(yes=[(f"0.{number:04d}", "999999999999999.99") for number in range(1, 100)]),
            "more contracts than there can be",
        ),
        (trade_line(yes_price="1.0000"), "yes_price: '1.0000' is not between 0 and 1 dollar"),
        (trade_line(count="0"), "count: '0' is not more than 0"),
        (trade_line(taker_side="maybe"), "taker_side: Invalid enum value 'maybe'"),
        (json.dumps({"ts": NOON, "ticker": "T", "yes_price": "0.4", "taker_side": "no"}), "count: missing"),
    ],
)
def test_a_bad_line_says_what_is_wrong(line: str, problem: str) -> None:
    """The field and what was found there, on one line."""
    with pytest.raises(BadLine) as caught:
        _read(line)

    assert problem in caught.value.message
    assert "\n" not in caught.value.message


@given(st.binary(max_size=200) | st.text('[]{}",:0123456789.ts yesno', max_size=60).map(str.encode))
def test_no_line_breaks_the_reader(line: bytes) -> None:
    """Bytes that are no row are a bad line, whatever they are."""
    with pytest.raises(BadLine):
        LineReader("live").read(line)
