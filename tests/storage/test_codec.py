"""Domain values as JSON and back."""

import json
from fractions import Fraction
from typing import get_args

import pytest
from hypothesis import given

from depthwalk.domain.book import Book
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.market import FeeSchedule
from depthwalk.domain.messages import BookChanged, Event, Intent, StopRequested, Woke
from depthwalk.domain.order import ParentOrder
from depthwalk.domain.result import WalkStep
from depthwalk.domain.units import Instant, Price, Quantity
from depthwalk.errors import StorageError
from depthwalk.storage import codec
from tests.support.domain_strategies import BOOKS, EVENTS, INTENTS, PARENTS


@given(EVENTS | INTENTS)
def test_every_message_comes_back_equal(message: Event | Intent) -> None:
    """Any event and any intent is the same after being stored and read."""
    kind, payload = codec.encode_message(message)
    book = message.book if isinstance(message, BookChanged) else None

    assert message == codec.decode_message(kind, payload, book)


@given(BOOKS)
def test_a_book_comes_back_equal(book: Book) -> None:
    """Two JSON arrays are the whole book."""
    assert book == codec.decode_book(*codec.encode_book(book))


@given(PARENTS)
def test_a_parent_comes_back_equal(parent: ParentOrder) -> None:
    """Optional prices and enums survive."""
    assert parent == codec.decode(ParentOrder, codec.encode(parent))


def test_every_message_has_a_kind_of_its_own() -> None:
    """The registry is the two unions and nothing else, and no name stands for two classes."""
    kinds = set(get_args(Event)) | set(get_args(Intent))

    assert kinds == set(codec.EVENTS.values()) | set(codec.INTENTS.values())
    assert len(kinds) == len(codec.EVENTS | codec.INTENTS)


def test_a_book_is_stored_as_the_venue_shows_it() -> None:
    """YES bids and NO bids, best first, NO in NO prices."""
    book = Book.of_levels(
        bids=[(Price(4000), Quantity(100)), (Price(4100), Quantity(250))],
        asks=[(Price(4300), Quantity(700)), (Price(4200), Quantity(50))],
    )

    assert ("[[4100,250],[4000,100]]", "[[5800,50],[5700,700]]") == codec.encode_book(book)


def test_a_book_event_does_not_hold_its_book() -> None:
    """The book is stored once, in its own table."""
    event = BookChanged(at=Instant(7), book=Book((), ()), confirmed_at=Instant(5))

    assert ("BookChanged", {"at": 7, "confirmed_at": 5, "foreign": []}) == (
        codec.encode_message(event)[0],
        json.loads(codec.encode_message(event)[1]),
    )


def test_a_fraction_is_text() -> None:
    """A fee multiplier stays exact."""
    fees = FeeSchedule(multiplier=Fraction(1, 3))

    assert '{"fee_type":"quadratic","multiplier":"1/3","waived":false}' == codec.encode(fees)
    assert fees == codec.decode(FeeSchedule, codec.encode(fees))


def test_what_a_grid_remembers_is_not_stored() -> None:
    """A cached property is no field."""
    grid = STRUCTURES["linear_cent"]
    assert 4100 in grid

    assert '{"bands":[{"start":0,"end":10000,"step":100}]}' == codec.encode(grid)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("Woken", '{"at":1}'),
        ("Woke", "{"),
        ("Woke", "{}"),
        ("Woke", '{"at":"1"}'),
        ("StopRequested", '{"at":1,"detail":3}'),
        ("BookChanged", '{"at":1}'),
        ("Started", '{"at":1}'),
    ],
)
def test_a_damaged_message_is_a_storage_error(kind: str, payload: str) -> None:
    """What is not exactly a message never becomes one."""
    with pytest.raises(StorageError):
        codec.decode_message(kind, payload, None)
    with pytest.raises(StorageError):
        codec.decode_message(kind if kind != "Woke" else "Nothing", payload, Book((), ()))


def test_a_damaged_value_is_a_storage_error() -> None:
    """A fraction over nothing, a level of three numbers and a half price are refused."""
    with pytest.raises(StorageError, match="FeeSchedule"):
        codec.decode(FeeSchedule, '{"multiplier":"1/0"}')
    with pytest.raises(StorageError, match="FeeSchedule"):
        codec.decode(FeeSchedule, '{"multiplier":0.5}')
    with pytest.raises(StorageError):
        codec.decode_book("[[1,2,3]]", "[]")
    with pytest.raises(StorageError):
        codec.decode_book("[[0.5,2]]", "[]")
    with pytest.raises(StorageError, match="WalkStep"):
        codec.decode(WalkStep, "[]")


def test_what_has_no_json_form_is_a_storage_error() -> None:
    """A value that nobody could read back is refused when it is written."""
    with pytest.raises(StorageError, match="dict cannot be stored"):
        codec.encode({"when": object()})


def test_a_time_beyond_the_units_is_kept() -> None:
    """Integers are not floats on the way."""
    message = Woke(at=Instant(2**53 + 1))

    assert message == codec.decode_message(*codec.encode_message(message), None)
    assert StopRequested(at=Instant(1), detail="\0\u2028") == codec.decode_message(
        *codec.encode_message(StopRequested(at=Instant(1), detail="\0\u2028")), None
    )
