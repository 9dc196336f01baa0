"""One line of a recorded file -> a book or a trade, exactly, or what is wrong with it. No files, no database.

    {"ts": "2026-05-13T20:20:37Z", "ticker": "T", "yes": [["0.8200", "23.35"]], "no": [["0.1500", "3.72"]]}
    {"ts": "2026-05-13T20:20:37Z", "ticker": "T", "yes_price": "0.3400", "count": "8.00", "taker_side": "yes"}

A book has bids only, of YES and of NO, best first or not; a side may be null or empty; crossed, locked and empty books are
real. A trade may have `trade_id` and `is_block_trade`, as the venue's have. Other fields are passed over.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from depthwalk.domain.book import Book, Level
from depthwalk.domain.order import Outcome, Side
from depthwalk.domain.units import ONE, Instant, Price, Quantity, mirrored, parse_instant, parse_price, parse_quantity
from depthwalk.errors import DomainError
from depthwalk.ports import RecordedBook, RecordedTrade, RecordingSource

_Levels = list[tuple[str, str]]
_TICKER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)
_TWO_DECIMALS: Final = re.compile(r"[0-9]{1,15}\.[0-9]{2}(?:,[0-9]{1,15}\.[0-9]{2})*")
_MISSING: Final = re.compile(r"Object missing required field `(\w+)`")
_KNOWN: Final = 20_000
"""How many texts of a kind are remembered, at most."""
_MOST: Final = 2**62
"""What no sum of contracts in a book comes near, and a column can hold."""
_INTEGERS: Final = msgspec.json.Decoder(list[Quantity])


class BadLine(DomainError):
    """A line that is neither a book nor a trade that we can hold."""


class _Line(msgspec.Struct, gc=False):
    ts: str
    ticker: str
    yes: _Levels | msgspec.UnsetType | None = msgspec.UNSET
    no: _Levels | msgspec.UnsetType | None = msgspec.UNSET
    yes_price: str | msgspec.UnsetType = msgspec.UNSET
    count: str | msgspec.UnsetType = msgspec.UNSET
    taker_side: Outcome | msgspec.UnsetType = msgspec.UNSET
    trade_id: str | None = None
    is_block_trade: bool = False


class _Prices(dict[str, Price]):
    """Price texts already read: a recording repeats few of them very often. *turned* gives one dollar minus the price."""

    def __init__(self, *, turned: bool) -> None:
        super().__init__()
        self._turned = turned

    def __missing__(self, text: str) -> Price:
        value = mirrored(parse_price(text)) if self._turned else parse_price(text)
        if len(self) < _KNOWN:
            self[text] = value
        return value


class LineReader:
    """Reads the lines of one file in their order.

    The order matters for trades without an id only: theirs is made of what they say and of how many trades before them in the
    file say the same (one market order gives several equal prints), so that the same file always gives the same ids.
    """

    def __init__(self, environment: str) -> None:
        self._environment = environment
        self._decode = msgspec.json.Decoder(_Line).decode
        self._bids, self._asks = _Prices(turned=False), _Prices(turned=True)
        self._tickers: set[str] = set()
        self._equal_trades: Counter[bytes] = Counter()

    def read(self, line: bytes) -> RecordedBook | RecordedTrade:
        """Return what the line says. Raises BadLine, which names the field."""
        try:
            raw = self._decode(line)
        except msgspec.ValidationError as error:
            raise BadLine(_in_words(error)) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadLine(f"not JSON: {error}") from None
        try:
            self._check_ticker(raw.ticker)
            return self._book(raw) if raw.yes_price is msgspec.UNSET else self._trade(raw)
        except BadLine:
            raise
        except DomainError as error:
            raise BadLine(error.message) from None

    def _check_ticker(self, ticker: str) -> None:
        if ticker not in self._tickers:
            if not _TICKER.fullmatch(ticker):
                raise BadLine(f"ticker: {ticker!r} is not a market ticker")
            if len(self._tickers) < _KNOWN:
                self._tickers.add(ticker)

    def _book(self, raw: _Line) -> RecordedBook:
        if isinstance(raw.yes, msgspec.UnsetType) or isinstance(raw.no, msgspec.UnsetType):
            if raw.yes is raw.no:
                raise BadLine("neither a book (yes, no) nor a trade (yes_price, count, taker_side)")
            raise BadLine(f"{'yes' if raw.no is not msgspec.UNSET else 'no'}: missing")
        at = parse_instant(raw.ts)
        return RecordedBook(
            ticker=raw.ticker,
            environment=self._environment,
            source=RecordingSource.IMPORT,
            event_time=at,
            receipt_time=at,
            book=self._sides(raw.yes or [], raw.no or []),
        )

    def _sides(self, yes: _Levels, no: _Levels) -> Book:
        try:
            bids = _plain_side(yes, self._bids, falling=True)
            asks = _plain_side(no, self._asks, falling=False)
            if bids is not None and asks is not None:
                return Book(bids, asks)
        except DomainError:
            pass  # read again below, where the message names the level
        book = Book.of_bids(yes=_named_side(yes, "yes"), no=_named_side(no, "no"))
        for side in (book.bids, book.asks):
            if sum(quantity for _, quantity in side) >= _MOST:
                raise BadLine("more contracts than there can be")
        return book

    def _trade(self, raw: _Line) -> RecordedTrade:
        for name in ("yes_price", "count", "taker_side"):
            if getattr(raw, name) is msgspec.UNSET:
                raise BadLine(f"{name}: missing")
        price, quantity = parse_price(str(raw.yes_price)), parse_quantity(str(raw.count))
        if not 0 < price < ONE:
            raise BadLine(f"yes_price: {raw.yes_price!r} is not between 0 and 1 dollar")
        if quantity <= 0:
            raise BadLine(f"count: {raw.count!r} is not more than 0")
        at = parse_instant(raw.ts)
        taker = Side.BUY if raw.taker_side is Outcome.YES else Side.SELL
        return RecordedTrade(
            trade_id=raw.trade_id or self._made_id(raw.ticker, at, price, quantity, taker),
            ticker=raw.ticker,
            environment=self._environment,
            source=RecordingSource.IMPORT,
            at=at,
            price=price,
            quantity=quantity,
            taker=taker,
            is_block=raw.is_block_trade,
        )

    def _made_id(self, ticker: str, at: Instant, price: Price, quantity: Quantity, taker: Side) -> str:
        key = hashlib.blake2b(f"{ticker} {at} {price} {quantity} {taker.value}".encode(), digest_size=12).digest()
        self._equal_trades[key] += 1
        return f"line-{key.hex()}-{self._equal_trades[key]}"


def _in_words(error: msgspec.ValidationError) -> str:
    problem, _, path = str(error).partition(" - at `$")
    missing = _MISSING.fullmatch(problem)
    return f"{missing[1]}: missing" if missing else f"{path.rstrip('`').lstrip('.')}: {problem}".removeprefix(": ")


def _plain_side(raw: _Levels, table: Mapping[str, Price], *, falling: bool) -> tuple[Level, ...] | None:
    """Read a side in its usual form, strictly ordered either way, two decimals, nothing empty; None where it is not.

    *table* turns a price text into a YES price; *falling* says which way these run when the best is first. Every step is one
    call over the whole side: this is where an import spends its time.
    """
    if not raw:
        return ()
    texts, counts = zip(*raw, strict=True)
    joined = ",".join(counts)
    if _TWO_DECIMALS.fullmatch(joined) is None:
        return None
    digits = joined.replace(".", "")
    try:
        sizes = _INTEGERS.decode(f"[{digits}]")
    except msgspec.DecodeError:  # leading zeros, as in 0.50, are no JSON
        sizes = [Quantity(int(size)) for size in digits.split(",")]
    prices = list(map(table.__getitem__, texts))
    ordered = sorted(prices, reverse=falling)
    if prices != ordered:
        prices.reverse()
        sizes.reverse()
        if prices != ordered:
            return None
    if len(set(prices)) != len(prices) or 0 in sizes or sum(sizes) >= _MOST:
        return None
    if not (0 < prices[0] < ONE and 0 < prices[-1] < ONE):
        return None
    return tuple(zip(prices, sizes, strict=True))


def _named_side(raw: _Levels, name: str) -> Iterable[Level]:
    for index, (price, count) in enumerate(raw):
        try:
            yield parse_price(price), parse_quantity(count)
        except DomainError as error:
            raise BadLine(f"{name}[{index}]: {error.message}") from None
