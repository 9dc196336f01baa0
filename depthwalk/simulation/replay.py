"""Recorded books: JSON-lines files, plain or gzip, as timed books of one ticker. No matching, no exchange, nothing invented.

One line is one book, bids only, prices and counts as text, best first or not:

    {"ts": "2026-05-13T20:20:37Z", "ticker": "T", "yes": [["0.8200", "23.35"]], "no": [["0.1500", "3.72"]]}

`yes` and `no` may be null or empty. Crossed, locked, empty and one-sided rows are real and kept; what is not such a row is
refused with file and line. What a recording lacks comes from an optional sidecar file `FILE.market.json`, all keys optional:

    {"title": "...", "price_ranges": [{"start": "0.0000", "end": "1.0000", "step": "0.0100"}], "fee_type": "quadratic",
     "fee_multiplier": "1", "close_time": "2026-05-13T20:30:00Z"}

(`close_time` in the recording's own time) or from defaults: the smallest published grid that has every price of the ticker in
the file, quadratic fees, no close.
"""

import gzip
import re
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

import msgspec

from depthwalk.domain.book import Book, BookState, Level
from depthwalk.domain.grid import STRUCTURES, Band, Grid, fitting_structure
from depthwalk.domain.market import FeeSchedule, FeeType
from depthwalk.domain.units import (
    ONE,
    Duration,
    Instant,
    Price,
    format_instant,
    parse_instant,
    parse_price,
    parse_quantity,
)
from depthwalk.errors import DomainError, UsageError

_GZIP_MAGIC = b"\x1f\x8b"
_NAMED_TICKERS = 5
_MULTIPLIER = re.compile(r"[0-9]{1,2}(\.[0-9]{1,6})?")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedMarket:
    """What is known of the market beside its books. *structure* is a published label, or "" for ranges of its own."""

    ticker: str
    title: str
    grid: Grid
    structure: str
    fees: FeeSchedule
    close_time: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The books of one ticker from the chosen row on, in order of time; the first is the one to start from."""

    market: RecordedMarket
    rows: tuple[tuple[Instant, Book], ...]

    def starting(self, start: Instant) -> "Recording":
        """Return the same recording with all its times shifted so that the first row is at *start*."""
        shift = Duration(start - self.rows[0][0])
        close = self.market.close_time
        moved = RecordedMarket(
            ticker=self.market.ticker,
            title=self.market.title,
            grid=self.market.grid,
            structure=self.market.structure,
            fees=self.market.fees,
            close_time=None if close is None else Instant(close + shift),
        )
        return Recording(market=moved, rows=tuple((Instant(at + shift), book) for at, book in self.rows))


class _Row(msgspec.Struct):
    ts: str
    ticker: str
    yes: msgspec.Raw
    no: msgspec.Raw


class _Range(msgspec.Struct, forbid_unknown_fields=True):
    start: str
    end: str
    step: str


class _Sidecar(msgspec.Struct, forbid_unknown_fields=True):
    title: str = ""
    price_ranges: list[_Range] | None = None
    fee_type: FeeType = FeeType.QUADRATIC
    fee_multiplier: str | int | float = 1
    close_time: str | None = None


def read_recording(path: Path, ticker: str, at: Instant | None = None) -> Recording:
    """Read the books of *ticker*.

    Args:
        path: a JSON-lines file, plain or gzip.
        ticker: the market; rows of others are passed over.
        at: start from the last row at or before this time; None starts from the first two-sided row.

    Raises:
        UsageError: the file cannot be read, a row is not a book, the ticker is not in it or has no two-sided row.

    """
    rows, others = _read_rows(path, ticker)
    if not rows:
        named = ", ".join(list(others)[:_NAMED_TICKERS])
        more = ", …" if len(others) > _NAMED_TICKERS else ""
        found = f"the file has: {named}{more}" if others else "the file has no books"
        raise UsageError(f"{path}: unknown ticker {ticker} ({found})")
    rows.sort(key=lambda row: row[0])
    usable = next((index for index, (_, book) in enumerate(rows) if book.state is BookState.TWO_SIDED), None)
    if usable is None:
        raise UsageError(f"{path}: no usable (two-sided) row for ticker {ticker}")
    begin = usable if at is None else bisect_right(rows, at, key=lambda row: row[0]) - 1
    if begin < 0:
        raise UsageError(f"{path}: the books of {ticker} begin at {format_instant(rows[0][0])}, after the time asked for")
    market = _market(path, ticker, rows)
    return Recording(market=market, rows=tuple(rows[begin:]))


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Iterate over the lines of a file, plain or gzip, that are not blank, with their numbers. Raises UsageError."""
    number = 0
    try:
        with path.open("rb") as raw:
            packed = raw.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
            raw.seek(0)
            source = cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if packed else raw
            for number, line in enumerate(source, 1):
                if not line.isspace():
                    yield number, line
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UsageError(f"{path}, line {number + 1}: the gzip file is damaged or cut short ({error})") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from None


def _read_rows(path: Path, ticker: str) -> tuple[list[tuple[Instant, Book]], dict[str, None]]:
    decode_row = msgspec.json.Decoder(_Row).decode
    decode_levels = msgspec.json.Decoder(list[tuple[str, str]] | None).decode
    price, quantity = _remembering(parse_price), _remembering(parse_quantity)
    rows: list[tuple[Instant, Book]] = []
    others: dict[str, None] = {}

    def levels(raw: msgspec.Raw) -> list[Level]:
        return [(price(one), quantity(other)) for one, other in decode_levels(raw) or ()]

    for number, line in lines(path):
        try:
            row = decode_row(line)
            if row.ticker == ticker:
                rows.append((parse_instant(row.ts), Book.of_bids(yes=levels(row.yes), no=levels(row.no))))
            elif row.ticker not in others:
                others[row.ticker] = None
        except (msgspec.MsgspecError, DomainError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}, line {number}: not a recorded book: {error}") from None
    return rows, others


def _remembering(parse: Callable[[str], T]) -> Callable[[str], T]:
    """Parse each text once: a recording repeats few prices and counts very often."""
    seen: dict[str, T] = {}

    def parsed(text: str) -> T:
        value = seen.get(text)
        if value is None:
            value = seen[text] = parse(text)
        return value

    return parsed


def _market(path: Path, ticker: str, rows: list[tuple[Instant, Book]]) -> RecordedMarket:
    sidecar_path = path.with_name(path.name + ".market.json")
    prices = {price for _, book in rows for side in (book.bids, book.asks) for price, _ in side}
    try:
        sidecar = _sidecar(sidecar_path)
        structure = fitting_structure(prices) if sidecar.price_ranges is None else ""
        fees = _fees(sidecar)
        close = None if sidecar.close_time is None else parse_instant(sidecar.close_time)
        grid = STRUCTURES[structure] if sidecar.price_ranges is None else _grid(sidecar.price_ranges)
    except DomainError as error:
        named = sidecar_path if sidecar_path.exists() else path
        raise UsageError(f"{named}: {error}") from None
    stray = next((price for price in sorted(prices) if price not in grid), None)
    if stray is not None:
        raise UsageError(f"{sidecar_path}: the recording has price {stray / ONE:.4f}, which is not on these price_ranges")
    return RecordedMarket(
        ticker=ticker,
        title=sidecar.title or ticker,
        grid=grid,
        structure=structure,
        fees=fees,
        close_time=close,
    )


def _sidecar(path: Path) -> _Sidecar:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return _Sidecar()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from None
    try:
        return msgspec.json.decode(content, type=_Sidecar)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from None


def _fees(sidecar: _Sidecar) -> FeeSchedule:
    text = str(sidecar.fee_multiplier)
    if _MULTIPLIER.fullmatch(text) is None:
        raise DomainError(f"fee_multiplier {text} is not a plain number from 0 to 99.999999")
    if sidecar.fee_type is FeeType.FLAT:
        raise DomainError("fee_type flat has no published formula; paper cannot charge it")
    return FeeSchedule(fee_type=sidecar.fee_type, multiplier=Fraction(text))


def _grid(ranges: list[_Range]) -> Grid:
    return Grid(tuple(Band(*(Price(parse_price(text)) for text in (one.start, one.end, one.step))) for one in ranges))
