"""Order books over REST: bids of both outcomes, in any order, to one YES-leg book; and back, ascending with the best last.

No time and no sequence number is in a REST book. Source: kalshi-api.md sections 5.4 and 5.5.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from depthwalk.domain.book import Book, Level
from depthwalk.domain.units import ONE, Price, Quantity, format_price, format_quantity, mirrored
from depthwalk.errors import DomainError
from depthwalk.wire import scalars
from depthwalk.wire.scalars import KNOWN_PRICES, PRICES, Json, WireError, load

_Levels = list[tuple[str, str]]
_UNSET: Final = msgspec.UNSET
_INTEGERS: Final = msgspec.json.Decoder(list[Quantity])
_TWO_DECIMALS: Final = re.compile(r"[0-9]{1,15}\.[0-9]{2}(?:,[0-9]{1,15}\.[0-9]{2})*")


class _Sides(msgspec.Struct, gc=False):
    yes_dollars: _Levels | None = None
    no_dollars: _Levels | None = None


class _Envelope(msgspec.Struct):
    orderbook_fp: _Sides | msgspec.UnsetType | None = _UNSET
    orderbook: dict[str, msgspec.Raw] | msgspec.UnsetType | None = _UNSET


class _Entry(msgspec.Struct):
    ticker: str
    orderbook_fp: _Sides | None = None


class _Entries(msgspec.Struct):
    orderbooks: list[_Entry]


class _Complements(dict[str, Price]):
    """One dollar minus the price, by the price's text: a NO bid as the YES ask that it is."""

    def __missing__(self, text: str) -> Price:
        value = mirrored(PRICES[text])
        if len(self) < KNOWN_PRICES:
            self[text] = value
        return value


_COMPLEMENTS: Final = _Complements()


def _sizes(joined: str) -> list[Quantity]:
    """Split digits at commas. As a JSON array where that is legal (no leading zeros), which is three times quicker."""
    try:
        return _INTEGERS.decode(f"[{joined}]")
    except msgspec.DecodeError:
        return [Quantity(int(digits)) for digits in joined.split(",")]


def _plain_side(raw: _Levels, table: Mapping[str, Price], *, falling: bool) -> tuple[Level, ...] | None:
    """Read a side that comes as the venue documents it, prices strictly ordered and nothing empty; None where it does not.

    *table* turns a price text into a YES price; *falling* says which way these then run. The answer is best first.
    This is the hot path of replays, so every step is one call over the whole side: the counts are joined, checked by one
    expression and split again as integers. Whatever is unusual is left to the general way.
    """
    if not raw:
        return ()
    texts, counts = zip(*raw, strict=True)
    joined = ",".join(counts)
    if _TWO_DECIMALS.fullmatch(joined) is None:
        return None
    sizes = _sizes(joined.replace(".", ""))
    prices = list(map(table.__getitem__, texts))
    if prices != sorted(prices, reverse=falling) or len(set(prices)) != len(prices):
        return None
    if not (0 < prices[0] < ONE and 0 < prices[-1] < ONE) or 0 in sizes:
        return None
    prices.reverse()
    sizes.reverse()
    return tuple(zip(prices, sizes, strict=True))


def _named_side(raw: _Levels, path: str) -> Iterable[Level]:
    for index, (text, count) in enumerate(raw):
        where = f"{path}[{index}]"
        yield scalars.price(text, where), scalars.quantity(count, where)


def _book(sides: _Sides | None, path: str) -> Book:
    if sides is None:
        return Book((), ())
    yes, no = sides.yes_dollars or [], sides.no_dollars or []
    try:
        bids = _plain_side(yes, PRICES, falling=False)
        asks = _plain_side(no, _COMPLEMENTS, falling=True)
        if bids is not None and asks is not None:
            return Book(bids, asks)
    except DomainError:
        pass  # read again below, where the message names the level
    try:
        return Book.of_bids(yes=_named_side(yes, f"{path}.yes_dollars"), no=_named_side(no, f"{path}.no_dollars"))
    except WireError:
        raise
    except DomainError as error:
        raise WireError(path, error.message) from None


def decode_book(body: bytes) -> Book:
    """Read the reply to `GET /markets/{ticker}/orderbook`.

    A side may be null, missing or empty, and the whole may be the old `{"orderbook": {}}`. A reply with neither wrapper is
    no book at all: an error body must never pass for an empty market.

    Raises:
        WireError: no book, or a level that our units cannot hold.

    """
    envelope = load(_Envelope, body)
    if not isinstance(envelope.orderbook_fp, msgspec.UnsetType):
        return _book(envelope.orderbook_fp, "orderbook_fp")
    if isinstance(envelope.orderbook, msgspec.UnsetType):
        raise WireError("orderbook_fp", "missing")
    if any(bytes(side) not in {b"null", b"[]"} for side in (envelope.orderbook or {}).values()):
        raise WireError("orderbook", "is in the format that ended in 2026 (whole cents)")
    return Book((), ())


def decode_books(body: bytes) -> dict[str, Book]:
    """Read the reply to `GET /markets/orderbooks`, by ticker: the order of its entries means nothing."""
    entries = load(_Entries, body).orderbooks
    return {entry.ticker: _book(entry.orderbook_fp, f"orderbooks[{entry.ticker}]") for entry in entries}


def _side(levels: Iterable[Level]) -> list[list[str]]:
    return [[format_price(price), format_quantity(size)] for price, size in levels]


def _sides(book: Book, depth: int) -> Json:
    last = depth or None
    return {
        "yes_dollars": _side(reversed(book.bids[:last])),
        "no_dollars": _side((Price(ONE - price), size) for price, size in reversed(book.asks[:last])),
    }


def encode_book(book: Book, *, depth: int = 0) -> Json:
    """Write a book: the *depth* best levels of each side (0: all), ascending, `[]` for an empty side."""
    return {"orderbook_fp": _sides(book, depth)}


def encode_books(books: Mapping[str, Book]) -> Json:
    """Write several books by ticker."""
    return {"orderbooks": [{"ticker": ticker, "orderbook_fp": _sides(book, 0)} for ticker, book in books.items()]}
