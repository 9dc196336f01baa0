"""Tapes from a few words, and hypothesis tapes: a first book and changes that never fall below nothing nor cross for long."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from depthwalk.domain.book import Book, BookState
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.market import FeeSchedule
from depthwalk.domain.order import Side
from depthwalk.domain.units import Instant, Price, Quantity, seconds
from depthwalk.lab.recorded.book import TAKE_SHARE, RecordedBook
from depthwalk.lab.recorded.queues import QueueModel
from depthwalk.lab.recorded.reel import Reel
from depthwalk.lab.recorded.tape import Kind, Row, Tape
from tests.support.paper import START, at, book

BID, ASK, SOLD, BOUGHT = Kind.BID, Kind.ASK, Kind.SOLD, Kind.BOUGHT
Change = tuple[float, Kind, int, int]
"""Seconds after START, kind, cents, contracts."""


def tape(first: Book, *changes: Change, until: float | None = None, close: float | None = None) -> Tape:
    """Return a tape that begins at START; it ends with the last change unless said."""
    rows = [(at(second), kind, cents * 100, contracts * 100) for second, kind, cents, contracts in changes]
    last = changes[-1][0] if changes else 0.0
    return tape_of(first, rows, until=at(last if until is None else until), close=None if close is None else at(close))


def tape_of(first: Book, rows: Sequence[Row], *, until: Instant, close: Instant | None = None) -> Tape:
    """Return a tape on the cent grid with these rows."""
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    return Tape(
        ticker="TAPED-1",
        source="a test",
        grid=STRUCTURES["linear_cent"],
        fees=FeeSchedule(),
        close_time=close,
        start=START,
        until=until,
        first=first,
        at=np.array(columns[0], dtype=np.int64),
        kind=np.array(columns[1], dtype=np.int8),
        price=np.array(columns[2], dtype=np.int32),
        change=np.array(columns[3], dtype=np.int64),
    )


def played(recording: Tape, model: QueueModel, *, share: float = TAKE_SHARE, strict: bool = False) -> RecordedBook:
    """Return the book of a tape from its beginning."""
    reel = Reel(recording)
    return RecordedBook(reel, 0, reel.levels(0), model, share=share, strict=strict)


@st.composite
def tapes(draw: st.DrawFn, *, crossing: bool = True, trading: bool = True) -> Tape:
    """Draw a tape of some seconds near 40 to 50 cents; with *crossing* some of its books are crossed.

    With *trading* some have trades: beside the level that shrinks, before it, after it, or of orders that never were shown.
    """
    sizes = st.integers(1, 40)
    bids = draw(st.dictionaries(st.integers(40, 44), sizes, min_size=1))
    asks = draw(st.dictionaries(st.integers(47, 50), sizes, min_size=1))
    first = now = book(bids.items(), asks.items())
    rows: list[Row] = []
    second = 0.0
    trades = trading and draw(st.booleans())
    for _ in range(draw(st.integers(0, 30))):
        second += draw(st.sampled_from([0.0, 0.1, 1.0]))
        side = draw(st.sampled_from(list(Side)))
        price = Price(draw(st.integers(40, 50)) * 100)
        present = now.queued(side, price)
        change = draw(st.integers(-present // 100, 40)) * 100
        if not change:
            continue
        after = now.with_change(side, price, change)
        if after.state in {BookState.CROSSED, BookState.LOCKED} and not crossing:
            continue
        now = after
        shown = (at(second), BID if side is Side.BUY else ASK, price, Quantity(change))
        told = (at(second), SOLD if side is Side.BUY else BOUGHT, price, Quantity(abs(change)))
        rows += draw(st.sampled_from([[shown], [shown, told], [told, shown]])) if trades else [shown]
    return tape_of(first, rows, until=Instant(at(second) + seconds(1)))
