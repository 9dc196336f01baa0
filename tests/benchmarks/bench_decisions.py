"""What the walker's decisions cost, against parsing a book and against applying one change to it, side by side in one run.

Run it from the repository root: PYTHONPATH=. python tests/benchmarks/bench_decisions.py [ROUNDS]

`dynamic_depth_walker` works with two splits resting, each alone at its price; a book comes every 10 ms, as in a busy market, so
that its signals remember some hundreds. Measured, on books of 50 levels a side (100 in all) and of 100 a side:

* parse: the body of `GET /markets/{ticker}/orderbook` to a Book, by our own parser.
* delta: the frame of one change to the Book after it: decoded, checked, applied; "applied" is `Book.with_change` alone.
* no step due: `handle(BookChanged)`. Step due: that and the `handle(Woke)` after it, which evaluates all prices anew; they
  stay, or the best bid of the others has moved and both orders are amended.

Not measured: building the events, the venue's answers, the garbage collector. It is CPU time, taken in turns within each round;
ratios are medians over the rounds of the round's own ratio, with quartiles. The goals: 1 for a step, 2 where none is due.
"""

import gc
import random
import statistics
import sys
import time
from collections.abc import Callable
from functools import reduce
from typing import Literal

import msgspec

from depthwalk.domain.book import Book
from depthwalk.domain.messages import (
    AmendOrder,
    BookChanged,
    Intent,
    Look,
    OrderAccepted,
    OrderAmended,
    Rules,
    Started,
    SubmitOrder,
    Woke,
)
from depthwalk.domain.order import Action, Side
from depthwalk.domain.units import Instant, Price, Quantity, format_price, format_quantity, mirrored, parse_quantity, seconds
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalker, DynamicDepthWalkerParams
from depthwalk.wire.books import decode_book, encode_book
from depthwalk.wire.scalars import PRICES, dumps
from tests.support.books import market
from tests.support.venue import T0, parent

BETWEEN = seconds(0.01)
TICK = Price(10)
LOWEST_ASK = Price(5_100)
SPREAD = Price(200)
TICKER = "KXBTC15M-26MAY131630-30"

BOTH = 2
IN_A_ROW = 8
"""Steps, and books parsed, one after another: neither comes out of the cold."""
BOOKS = 100
"""Books, and deltas, one after another."""

Change = tuple[Side, Price, int]


class _Delta(msgspec.Struct):
    market_ticker: str
    side: Literal["yes", "no"]
    price_dollars: str
    delta_fp: str


class _Frame(msgspec.Struct):
    type: Literal["orderbook_delta"]
    seq: int
    msg: _Delta


_DECODER = msgspec.json.Decoder(_Frame)


class Feed:
    """The books of a feed: what the recorder of the WebSocket will at least do with a frame, unless this is quicker."""

    def __init__(self, book: Book, number: int = 0) -> None:
        self.books = {TICKER: book}
        self._next = number

    def take(self, frame: bytes) -> None:
        """Check and apply one change."""
        decoded = _DECODER.decode(frame)
        if decoded.seq != self._next:
            raise SystemExit("a frame is missing")
        self._next += 1
        delta = decoded.msg
        price, change = PRICES[delta.price_dollars], parse_quantity(delta.delta_fp)
        book = self.books[delta.market_ticker]
        if delta.side == "yes":
            self.books[delta.market_ticker] = book.with_change(Side.BUY, price, change)
        else:
            self.books[delta.market_ticker] = book.with_change(Side.SELL, mirrored(price), change)


def framed(change: Change, number: int) -> bytes:
    """Write a change as the feed sends it (kalshi-api.md section 10.5)."""
    side, price, quantity = change
    message = {
        "market_ticker": TICKER,
        "market_id": "9b0f6b43-5b68-4f9f-9f02-9a2d1b8ac1a1",
        "side": "yes" if side is Side.BUY else "no",
        "price_dollars": format_price(price if side is Side.BUY else mirrored(price)),
        "delta_fp": format_quantity(quantity),
        "ts_ms": 1_778_704_837_000,
    }
    return dumps({"type": "orderbook_delta", "sid": 2, "seq": number, "msg": message})


def levels_of(count: int, draw: random.Random) -> Book:
    """Return the others' book: a tenth of a cent between levels, two cents between the sides."""
    sizes = [Quantity(draw.randint(500, 90_000)) for _ in range(2 * count)]
    return Book(
        tuple((Price(LOWEST_ASK - SPREAD - k * TICK), sizes[k]) for k in range(count)),
        tuple((Price(LOWEST_ASK + k * TICK), sizes[count + k]) for k in range(count)),
    )


def changes_of(book: Book, count: int, draw: random.Random) -> list[Change]:
    """Draw changes all over the book that leave all its levels, so that it stays as long as it is."""
    sizes = {side: dict(levels) for side, levels in ((Side.BUY, book.bids), (Side.SELL, book.asks))}
    changes = []
    for _ in range(count):
        side = draw.choice(list(Side))
        price = draw.choice(list(sizes[side]))
        change = draw.randint(500, 90_000) - sizes[side][price]
        sizes[side][price] = Quantity(sizes[side][price] + change)
        changes.append((side, price, change))
    return changes


def applied(book: Book, change: Change) -> Book:
    """Apply a change that is decoded already."""
    return book.with_change(*change)


class Walk:
    """A run of the walker at work, and a venue that takes everything it sends and fills nothing."""

    def __init__(self, action: Action, others: Book) -> None:
        self._others, self._now, self._intents = others, T0, tuple[Intent, ...]()
        self.run = DynamicDepthWalker(DynamicDepthWalkerParams(timeout_seconds=86_400.0, max_walks=1_000_000))
        self.run.handle(Started(at=T0, parent=parent(10_000, action=action), market=market("deci_cent"), rules=Rules()))
        self._intents = self.run.handle(self._event(others))
        if self.answer() != BOTH:
            raise SystemExit("two splits should have been placed")

    def answer(self) -> int:
        """Have the venue take what was sent last; return how many orders that were."""
        took, self._intents = self._intents, ()
        orders = [each for each in took if isinstance(each, SubmitOrder | AmendOrder)]
        for order in orders:
            name, price = order.client_id, order.price
            if isinstance(order, SubmitOrder):
                rest = order.quantity
                self.run.handle(OrderAccepted(at=self._now, client_id=name, order_id=name, filled=Quantity(0), remaining=rest))
            else:
                self.run.handle(OrderAmended(at=self._now, client_id=name, price=price, total=order.total, filled=None))
        return len(orders)

    def _shown(self) -> Book:
        """Return the book as the venue shows it: the others' with our orders in it."""
        book = self._others
        for child in self.run.desk.children:
            book = book.with_change(child.side, child.price, child.resting)
        return book

    def _event(self, book: Book) -> BookChanged:
        self._now = Instant(self._now + BETWEEN)
        return BookChanged(at=self._now, book=book, confirmed_at=self._now)

    def books(self, draw: random.Random) -> list[BookChanged]:
        """Return the books of the next second, one change after another."""
        events, book = [], self._shown()
        for change in changes_of(self._others, BOOKS, draw):
            book, self._others = book.with_change(*change), self._others.with_change(*change)
            events.append(self._event(book))
        return events

    def due(self, *, moved: bool) -> tuple[BookChanged, Woke]:
        """Return what comes when a step is due: the book, whose best prices have *moved* by a tick or not, and the wake-up."""
        self._now = Instant(self._now + seconds(4))
        if moved:
            bids, asks = self._others.bids, self._others.asks
            by = TICK if bids[0][0] == LOWEST_ASK - SPREAD else -TICK
            self._others = Book(*(tuple((Price(price + by), size) for price, size in side) for side in (bids, asks)))
        return self._event(self._shown()), Woke(at=self._now, look=Look.BOOK)

    def step(self, book: BookChanged, woke: Woke) -> None:
        """Take a step."""
        self.run.handle(book)
        self._intents = self.run.handle(woke)


class Clock:
    """Sums of CPU time by name, and how often each thing was done."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[float, int]] = {}

    def time(self, name: str, times: int, act: Callable[[], object]) -> None:
        """Add *act*, which does something *times* times."""
        begun = time.process_time()
        act()
        taken = time.process_time() - begun
        before, done = self._sums.get(name, (0.0, 0))
        self._sums[name] = before + taken, done + times

    @property
    def micros(self) -> dict[str, float]:
        """Microseconds a time."""
        return {name: 1e6 * taken / done for name, (taken, done) in self._sums.items()}


def one_round(count: int, draw: random.Random) -> dict[str, float]:
    """Time everything on one drawn book of *count* levels a side; return microseconds by name."""
    others = levels_of(count, draw)
    body = dumps(encode_book(others))
    walks = {"buyer": Walk(Action.BUY, others), "seller": Walk(Action.SELL, others)}
    clock = Clock()
    gc.collect()
    gc.disable()
    for moved in (False, True):
        changes = changes_of(others, BOOKS, draw)
        frames, feed = [framed(change, number) for number, change in enumerate(changes)], Feed(others)
        for _ in range(IN_A_ROW):
            clock.time("parse", 1, lambda: decode_book(body))
        clock.time("delta", BOOKS, lambda each=frames, feed=feed: [feed.take(frame) for frame in each])
        clock.time("applied", BOOKS, lambda each=changes: reduce(applied, each, others))
        for who, walk in walks.items():
            handle, events = walk.run.handle, walk.books(draw)
            clock.time(f"{who}: no step due", BOOKS, lambda each=events, handle=handle: [handle(event) for event in each])
            for _ in range(IN_A_ROW):
                book, woke = walk.due(moved=moved)
                name = f"{who}: step due, {'both amended' if moved else 'prices stay'}"
                clock.time(name, 1, lambda walk=walk, book=book, woke=woke: walk.step(book, woke))
                if walk.answer() != (BOTH if moved else 0):
                    raise SystemExit("other orders were sent than should have been")
    gc.enable()
    return clock.micros


def main(rounds: int) -> None:
    """Measure and print."""
    for count in (50, 100):
        found = [one_round(count, random.Random(number)) for number in range(rounds)]
        sys.stdout.write(f"{count} levels a side, {rounds} rounds\n")
        for name in found[0]:
            said = f"  {name:<28}{statistics.median(one[name] for one in found):8.2f} us"
            if "due" in name:
                for floor in ("delta", "applied") if "no step" in name else ("parse",):
                    low, middle, high = statistics.quantiles((one[name] / one[floor] for one in found), n=4)
                    said += f"   {middle:5.2f} x {floor} ({low:.2f} to {high:.2f})"
            sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
