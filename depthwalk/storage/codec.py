"""Domain values <-> JSON text, exactly and for every message by construction. No SQL, no files.

The kinds come from the Event and Intent unions themselves, so a new message is covered the day it is written. Enums are
stored by value, a book as arrays of [price, quantity], a Fraction as "1/2", numbers as the integers they are.
"""

from fractions import Fraction
from typing import Any, Final, TypeVar, cast, get_args

import msgspec

from depthwalk.domain.book import Book
from depthwalk.domain.messages import BookChanged, Event, Intent
from depthwalk.domain.units import ONE, Price, Quantity
from depthwalk.errors import StorageError

T = TypeVar("T")

EVENTS: Final[dict[str, type]] = {kind.__name__: kind for kind in get_args(Event)}
INTENTS: Final[dict[str, type]] = {kind.__name__: kind for kind in get_args(Intent)}
_KINDS: Final = EVENTS | INTENTS


def _plain(value: object) -> object:
    if isinstance(value, Fraction):
        return str(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _rich(want: type, value: object) -> object:
    if want is object:
        return value
    if want is Fraction and isinstance(value, str):
        return Fraction(value)
    raise ValueError(f"expected {want.__name__}, got {value!r}")


_ENCODER: Final = msgspec.json.Encoder(enc_hook=_plain)


def encode(value: object) -> str:
    """Return a domain value as JSON text.

    Raises:
        StorageError: something in it has no JSON form.

    """
    try:
        return _ENCODER.encode(value).decode()
    except (TypeError, ValueError, OverflowError) as error:
        raise StorageError(f"{type(value).__name__} cannot be stored: {error}") from error


def decode(want: type[T], text: str) -> T:
    """Return the value of type *want* that *text* was made from.

    Raises:
        StorageError: the text does not hold one; the row it came from was damaged or written by something else.

    """
    try:
        return msgspec.json.decode(text, type=want, dec_hook=_rich)
    except (msgspec.MsgspecError, ValueError, ArithmeticError) as error:
        raise StorageError(f"a stored {getattr(want, '__name__', want)} cannot be read: {error}") from error


def encode_message(message: Event | Intent) -> tuple[str, str]:
    """Return a message's kind and its payload; the payload of a BookChanged lacks its book (see `encode_book`)."""
    kind = type(message).__name__
    if isinstance(message, BookChanged):
        return kind, encode({"at": message.at, "confirmed_at": message.confirmed_at, "foreign": message.foreign})
    return kind, encode(message)


def decode_message(kind: str, payload: str, book: Book | None) -> Event | Intent:
    """Return the message that `encode_message` took apart; *book* for a BookChanged, else None.

    Raises:
        StorageError: unknown kind, or a payload that is not one of its.

    """
    want = _KINDS.get(kind)
    if want is None:
        raise StorageError(f"the journal has a message of unknown kind {kind!r}", hint="upgrade depthwalk")
    if want is not BookChanged:
        return cast("Event | Intent", decode(want, payload))
    if book is None:
        raise StorageError("the journal has a book event without its book")
    fields = decode(dict[str, Any], payload)
    try:
        return msgspec.convert(fields | {"book": {"bids": book.bids, "asks": book.asks}}, BookChanged, dec_hook=_rich)
    except msgspec.MsgspecError as error:
        raise StorageError(f"a stored BookChanged cannot be read: {error}") from error


def encode_book(book: Book) -> tuple[str, str]:
    """Return YES depth and NO depth, each JSON [[price, quantity], ...] best first; NO in NO prices, as at the venue."""
    return encode(book.bids), encode(_turned(book.asks))


def decode_book(yes_depth: str, no_depth: str) -> Book:
    """Return the book of two stored depths. Raises StorageError where they are not what `encode_book` writes."""
    levels = tuple[tuple[int, int], ...]
    yes, no = (
        tuple((Price(price), Quantity(quantity)) for price, quantity in decode(levels, text)) for text in (yes_depth, no_depth)
    )
    return Book(yes, _turned(no))


def _turned(levels: tuple[tuple[Price, Quantity], ...]) -> tuple[tuple[Price, Quantity], ...]:
    """Turn a NO bid at q into a YES ask at 1 - q, or back; best first stays best first."""
    return tuple((Price(ONE - price), quantity) for price, quantity in levels)
