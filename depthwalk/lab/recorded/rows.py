"""Lines of books and public trades, mixed as they come, plain or gzip, as rows by market. No tapes, and nothing is counted.

A book is a line as `simulation/replay.py` has it; a trade is

    {"ts": "2026-05-13T20:20:37Z", "ticker": "T", "yes_price": "0.3400", "count": "8.00", "taker_side": "yes"}
"""

from dataclasses import dataclass, field
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Literal

import msgspec

from depthwalk.domain.book import Book, Level
from depthwalk.domain.messages import PublicTrade
from depthwalk.domain.order import Side
from depthwalk.domain.units import Instant, parse_instant, parse_quantity
from depthwalk.errors import DomainError, UsageError
from depthwalk.simulation.replay import lines
from depthwalk.wire.scalars import PRICES


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRows:
    """What a file has of one market, each in order of time."""

    books: list[tuple[Instant, Book]] = field(default_factory=list)
    trades: list[PublicTrade] = field(default_factory=list)


class _Row(msgspec.Struct):
    ts: str
    ticker: str
    yes: list[tuple[str, str]] | msgspec.UnsetType | None = msgspec.UNSET
    no: list[tuple[str, str]] | msgspec.UnsetType | None = msgspec.UNSET
    yes_price: str = ""
    count: str = ""
    taker_side: Literal["yes", "no"] | None = None


def is_row(line: bytes) -> bool:
    """Say whether a line is meant as one of these."""
    try:
        row = msgspec.json.decode(line, type=_Row)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return row.yes is not msgspec.UNSET or row.taker_side is not None


def read_rows(path: Path) -> dict[str, MarketRows]:
    """Read a file, market by market. Raises UsageError with the line where one is neither a book nor a trade."""
    decode = msgspec.json.Decoder(_Row).decode
    markets: dict[str, MarketRows] = {}
    for number, line in lines(path):
        try:
            row = decode(line)
            _take(row, markets.setdefault(row.ticker, MarketRows()), number)
        except (msgspec.MsgspecError, DomainError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}, line {number}: not a recorded book or trade: {error}") from None
    for market in markets.values():
        market.books.sort(key=itemgetter(0))
        market.trades.sort(key=attrgetter("at"))
    return markets


def _take(row: _Row, market: MarketRows, number: int) -> None:
    at = parse_instant(row.ts)
    if row.taker_side is not None:
        count, taker = parse_quantity(row.count), Side.BUY if row.taker_side == "yes" else Side.SELL
        if count <= 0:
            raise DomainError(f"a trade of {row.count} contracts")
        market.trades.append(PublicTrade(trade_id=str(number), at=at, price=PRICES[row.yes_price], quantity=count, taker=taker))
    elif isinstance(row.yes, msgspec.UnsetType) or isinstance(row.no, msgspec.UnsetType):
        raise DomainError("neither a book (yes, no) nor a trade (yes_price, count, taker_side)")
    else:
        market.books.append((at, Book.of_bids(yes=_levels(row.yes), no=_levels(row.no))))


def _levels(levels: list[tuple[str, str]] | None) -> list[Level]:
    return [(PRICES[price], parse_quantity(count)) for price, count in levels or ()]
