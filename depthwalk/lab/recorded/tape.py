"""One unbroken stretch of one market's order book as columns: where it began, and every change after. Nothing is read here.

All is on the YES leg: a NO bid at q is an ask at 1 - q. A recording that breaks off, or stops making sense, becomes several
tapes with a `Cut` between them that says why; so whatever fits into one tape spans no gap.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwalk.domain.book import Book
from depthwalk.domain.grid import Grid
from depthwalk.domain.market import FeeSchedule, Market, MarketStatus
from depthwalk.domain.order import Side
from depthwalk.domain.units import Instant, Price, Quantity, format_instant


class Kind(IntEnum):
    """What a row is: a level changed by so much, or a trade of so much, named for the side that it took from."""

    BID = 0
    ASK = 1
    SOLD = 2
    """A seller took bids."""
    BOUGHT = 3
    """A buyer took asks."""


Row: TypeAlias = tuple[int, int, int, int]
"""Time, kind, price, change: as in the columns of a tape."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tape:
    """*first* was the book at *start*, and every change until *until* is here, in order.

    Columns, one entry a row: *at* microseconds, never falling; *kind* a `Kind`; *price* in Price units; *change* in Quantity
    units, what a level grew by (below 0: shrank by), or the size of a trade. No level ever falls below 0. *source* says
    where it was read. *tells_trades*: trades of this market were recorded, whether or not there were any in this stretch.
    """

    ticker: str
    source: str
    grid: Grid
    fees: FeeSchedule
    close_time: Instant | None
    start: Instant
    until: Instant
    first: Book
    at: NDArray[np.int64]
    kind: NDArray[np.int8]
    price: NDArray[np.int32]
    change: NDArray[np.int64]
    tells_trades: bool = False

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.at)

    @property
    def has_trades(self) -> bool:
        """Whether trades were recorded beside the book: where they were, none told means none happened."""
        return self.tells_trades or bool((self.kind >= Kind.SOLD).any())

    @property
    def market(self) -> Market:
        """The market as execution sees it."""
        event = self.ticker.rpartition("-")[0] or self.ticker
        return Market(
            ticker=self.ticker,
            event_ticker=event,
            status=MarketStatus.ACTIVE,
            grid=self.grid,
            fees=self.fees,
        )

    def rows(self) -> Iterator[Row]:
        """Iterate over the rows as plain integers."""
        return zip(self.at.tolist(), self.kind.tolist(), self.price.tolist(), self.change.tolist(), strict=True)

    def books(self) -> Iterator[tuple[Instant, Book]]:
        """Iterate over the first book and the book after every change. Slow and plain: faster readers are held against it."""
        book = self.first
        yield self.start, book
        for at, kind, price, change in self.rows():
            if kind <= Kind.ASK:
                book = book.with_change(Side.BUY if kind == Kind.BID else Side.SELL, Price(price), change)
                yield Instant(at), book


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Where a recording was cut, or something in it passed over: *where* is a file and line, *at* the recording's time."""

    ticker: str
    at: Instant | None
    where: str
    reason: str

    def __str__(self) -> str:
        time = "" if self.at is None else f" at {format_instant(self.at)}"
        return f"{self.where}: {self.ticker}{time}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tapes:
    """What a recording holds: its tapes by the time they start, and where it was cut."""

    tapes: tuple[Tape, ...]
    cuts: tuple[Cut, ...] = ()


def differences(before: Book, after: Book) -> list[tuple[Kind, Price, int]]:
    """Return the changes that turn one book into another: what shrinks first, best first, so that no step of it crosses."""
    shrunk: list[tuple[Kind, Price, int]] = []
    grown: list[tuple[Kind, Price, int]] = []
    for kind, old, new in ((Kind.BID, before.bids, after.bids), (Kind.ASK, before.asks, after.asks)):
        sizes, left = dict(new), dict(old)
        shrunk += [(kind, price, sizes.get(price, 0) - size) for price, size in old if sizes.get(price, Quantity(0)) < size]
        grown += [(kind, price, size - left.get(price, 0)) for price, size in new if left.get(price, Quantity(0)) < size]
    return shrunk + grown
