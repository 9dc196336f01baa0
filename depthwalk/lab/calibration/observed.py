"""Recorded markets boiled down to stretches: how finely a recording looks, and what it shows. No file is opened here.

Three kinds of recordings tell different things: one of every change (a tape), one that looks every few seconds (or keeps what
changed), and one that looks now and then, which shows shapes and nothing that moves.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter
from typing import Final

from depthwalk.domain.book import Book
from depthwalk.domain.grid import fitting_structure
from depthwalk.domain.order import Side
from depthwalk.domain.units import CENT, CONTRACT, SECOND, Instant, Price, Quantity
from depthwalk.errors import UsageError
from depthwalk.lab.calibration.clustering import Flow
from depthwalk.lab.calibration.simulated import Look
from depthwalk.lab.calibration.sums import AT, FOLLOWED, NEAR, PRICES, Stretch, count_taker, nothing
from depthwalk.lab.recorded.tape import Kind, Tape

STRETCH: Final = 300
"""Seconds of a stretch."""

STEPS: Final = (1, 2, 4, 5, 10)
"""Seconds between two looks: the longer horizons are multiples of all of them. Looks further apart show no movement."""

HOLD: Final = 600 * SECOND
"""How long a book of a recording that keeps only what changed is taken to stand."""

_NOW_AND_THEN: Final = 3_600
_FINEST_SHARE: Final = 10
_FEWEST_BOOKS: Final = 200
_FEWEST_STRETCHES: Final = 8


@dataclass(frozen=True, slots=True)
class Taker:
    """Somebody takes: *sign* 1 buys YES, -1 sells it; *price* of the last contract, Price units."""

    at: Instant
    sign: int
    price: Price
    quantity: Quantity


@dataclass(slots=True, kw_only=True)
class RecordedMarket:
    """A market of a recording: its *rows* and *takers* in order of time; None where the book is not known from then on."""

    ticker: str
    rows: list[tuple[Instant, Book | None]] = field(default_factory=list)
    takers: list[Taker] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Prints:
    """What ticker frames tell of trading in *seconds*: the contracts traded, and the sizes of some single trades."""

    seconds: float
    contracts: float
    sizes: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A recording as stretches. *look* is how it looked; *polled*: only now and then; *prints*: takers are single trades."""

    structure: str
    look: Look
    polled: bool
    markets: int
    table: tuple[Sequence[float], ...]
    flows: tuple[Flow, ...] = ()
    prints: bool = False

    def total(self, name: str) -> float:
        """Return one sum over all stretches."""
        return sum(sums[AT[name]] for sums in self.table)


def grouped(takers: Iterable[Taker]) -> list[Taker]:
    """Return trades as takers' orders: those of one moment and side are one order that met several others."""
    orders: list[Taker] = []
    for each in takers:
        last = orders[-1] if orders else None
        if last is not None and (last.at, last.sign) == (each.at, each.sign):
            orders[-1] = Taker(each.at, each.sign, each.price, Quantity(last.quantity + each.quantity))
        else:
            orders.append(each)
    return orders


def confirmed_rows(
    books: Sequence[tuple[Instant, Book]], confirmed: Iterable[tuple[Instant, Instant]], gaps: Iterable[tuple[Instant, Instant]]
) -> list[tuple[Instant, Book | None]]:
    """Return books as rows of a market: said again while they were *confirmed*, and not known from a gap on."""
    rows: list[tuple[Instant, Book | None]] = [*books]
    for since, until in confirmed:
        for at in range(since + HOLD, until, HOLD):
            last = bisect_right(books, at, key=lambda row: row[0])
            if last:
                rows.append((Instant(at), books[last - 1][1]))
    rows += [(since, None) for since, _ in gaps]
    # What was seen at the moment at which a gap begins is from before it.
    return sorted(rows, key=lambda row: (row[0], row[1] is None))


def observe(markets: Sequence[RecordedMarket]) -> Observed:
    """Boil recorded books and trades down.

    Raises:
        UsageError: there are too few books with both sides and a mid between 20 and 80 cents to tell anything.

    """
    step = _step(markets)
    look = Look(step=step or 1, increases=step is not None, trades=any(each.takers for each in markets))
    table: list[Sequence[float]] = []
    flows: list[Flow] = []
    # By name, so that it is the same recording in whatever order it was read.
    for market in sorted(markets, key=lambda each: each.ticker):
        takers = grouped(market.takers)
        if step is None or not market.rows:
            table.append(_shapes(market.rows))
            for sums, flow in _flow_stretches(takers):
                table.append(sums)
                flows += flow
        else:
            for first in range(market.rows[0][0], market.rows[-1][0], STRETCH * SECOND):
                table.append(_stretch(market, takers, Instant(first), look))
                until = min(first + STRETCH * SECOND, market.rows[-1][0])
                flows += _flows(takers, Instant(first), Instant(until))
    prices = {
        level[0] for market in markets for _, book in market.rows if book for side in (book.bids, book.asks) for level in side
    }
    observed = Observed(
        structure=fitting_structure(prices),
        look=look,
        polled=step is None,
        markets=sum(bool(market.rows) for market in markets),
        table=_telling(table),
        flows=tuple(flows),
    )
    return _enough(observed)


def observe_tapes(tapes: Sequence[Tape], prints: Sequence[Prints] = ()) -> Observed:
    """Boil tapes of every change down; *prints* tell of trading where the tapes have no trades. Raises UsageError."""
    trades = any(tape.has_trades for tape in tapes)
    look = Look(step=1, every_change=True, trades=trades or bool(prints))
    table: list[Sequence[float]] = []
    flows: list[Flow] = []
    prices: set[int] = set()
    for tape in tapes:
        prices.update(tape.price.tolist())
        prices.update(price for side in (tape.first.bids, tape.first.asks) for price, _ in side)
        for sums, flow in _tape_stretches(tape, trades=trades):
            table.append(sums)
            flows += flow
    if not trades:
        table += map(_print_sums, prints)
    return _enough(
        Observed(
            structure=fitting_structure(prices),
            look=look,
            polled=False,
            markets=len({tape.ticker for tape in tapes}),
            table=_telling(table),
            flows=tuple(flows),
            prints=bool(prints) and not trades,
        )
    )


def _telling(table: Iterable[Sequence[float]]) -> tuple[Sequence[float], ...]:
    return tuple(sums for sums in table if sums[AT["steps"]] or sums[AT["trade_seconds"]])


def _enough(observed: Observed) -> Observed:
    books = observed.total("books")
    stretches = sum(sums[AT["books"]] > 0 for sums in observed.table)
    if books < _FEWEST_BOOKS or stretches < _FEWEST_STRETCHES:
        low, high = PRICES
        raise UsageError(
            f"too few books: {books:.0f} in {stretches} stretches have two sides and a mid of {low:g} to {high:g} cents",
            hint=f"a class needs {_FEWEST_BOOKS} in {_FEWEST_STRETCHES} stretches; one is {STRETCH} s of a market, or a market"
            " looked at now and then",
        )
    return observed


def _step(markets: Sequence[RecordedMarket]) -> int | None:
    """Return how many seconds apart a recording looks at least, by the closest tenth of its looks; None: now and then."""
    gaps = sorted(
        later[0] - earlier[0]
        for market in markets
        for earlier, later in zip(market.rows, market.rows[1:], strict=False)
        if later[0] > earlier[0]
    )
    if not gaps:
        return None
    apart = math.ceil(gaps[len(gaps) // _FINEST_SHARE] / SECOND - 0.5)
    return next((step for step in STEPS if step >= apart), None)


def _shapes(rows: Iterable[tuple[Instant, Book | None]]) -> Sequence[float]:
    """Return a market that was looked at now and then: every book by itself."""
    stretch = Stretch(_NOW_AND_THEN, increases=False)
    for _, book in rows:
        stretch.sample(book)
        stretch.sample(None)
    return stretch.close(tells_adds=False, tells_trades=False)


def _stretch(market: RecordedMarket, takers: Sequence[Taker], first: Instant, look: Look) -> Sequence[float]:
    stretch = Stretch(look.step, increases=True)
    until = min(first + STRETCH * SECOND, market.rows[-1][0])
    begun = bisect_right(takers, first, key=attrgetter("at"))
    flow = iter(takers[begun : bisect_right(takers, until, key=attrgetter("at"))])
    taker = next(flow, None)
    known = iter(market.rows[max(0, bisect_right(market.rows, first, key=itemgetter(0)) - 1) :])
    row, book = next(known, None), None
    since = first
    for at in range(first, until + 1, look.step * SECOND):
        while taker is not None and taker.at <= at:
            stretch.trade(taker.at, taker.sign, taker.quantity / CONTRACT)
            taker = next(flow, None)
        while row is not None and row[0] <= at:
            since, book = row
            row = next(known, None)
        stretch.sample(book if at - since <= HOLD else None)
    return stretch.close(tells_adds=False, tells_trades=bool(market.takers))


def _flows(takers: Sequence[Taker], first: Instant, until: Instant) -> Iterator[Flow]:
    """Return the flow of each side from one time to another, where it has takers."""
    here = takers[bisect_left(takers, first, key=attrgetter("at")) : bisect_left(takers, until, key=attrgetter("at"))]
    for sign in (1, -1):
        times = tuple((each.at - first) / SECOND for each in here if each.sign == sign)
        if times:
            yield Flow(times, (until - first) / SECOND)


def _flow_stretches(takers: Sequence[Taker]) -> Iterator[tuple[Sequence[float], list[Flow]]]:
    """Return the stretches of a market of which only trades are known; they count while the last price was in range.

    The last one ends nobody knows when, so that it tells nothing of how its takers follow one another.
    """
    if not takers:
        return
    price, index = takers[0].price / CENT, 0
    for first in range(takers[0].at, takers[-1].at + 1, STRETCH * SECOND):
        counts = PRICES[0] <= price <= PRICES[1]
        sums, taken = nothing(), dict.fromkeys((1, -1), -FOLLOWED)
        while index < len(takers) and takers[index].at < first + STRETCH * SECOND:
            each = takers[index]
            count_taker(sums, each.quantity / CONTRACT, followed=each.at - taken[each.sign] < FOLLOWED)
            taken[each.sign], price = each.at, each.price / CENT
            index += 1
        if counts:
            sums[AT["trade_seconds"]] += STRETCH
            until = Instant(first + STRETCH * SECOND)
            yield sums, list(_flows(takers, Instant(first), until)) if until <= takers[-1].at else []


def _print_sums(prints: Prints) -> Sequence[float]:
    """Return what a market traded as takers: as many as its contracts make at the mean size of its single trades seen."""
    sizes, sums = [size for size in prints.sizes if size > 0], nothing()
    if sizes:
        count = prints.contracts * len(sizes) / sum(sizes)
        logs = [math.log(size) for size in sizes]
        sums[AT["trades"]] = count
        sums[AT["traded"]] = prints.contracts
        sums[AT["trade_log"]] = count * sum(logs) / len(logs)
        sums[AT["trade_log_square"]] = count * sum(log * log for log in logs) / len(logs)
        sums[AT["trade_seconds"]] = prints.seconds
    return sums


class _Levels:
    """One side of a tape's book: levels by price, and the best of them."""

    def __init__(self, levels: Iterable[tuple[Price, Quantity]], side: Side) -> None:
        self.levels: dict[int, int] = dict(levels)
        self._sign = side.sign
        self._find()

    def _find(self) -> None:
        self.best = max((price * self._sign for price in self.levels), default=None)

    def change(self, price: int, change: int) -> float:
        """Change a level and return how far from the best it then lies, in cents."""
        left = self.levels.get(price, 0) + change
        if left > 0:
            self.levels[price] = left
            if self.best is None or price * self._sign > self.best:
                self.best = price * self._sign
        else:
            self.levels.pop(price, None)
            if price * self._sign == self.best:
                self._find()
        return math.inf if self.best is None else (self.best - price * self._sign) / CENT


def _tape_stretches(tape: Tape, *, trades: bool) -> Iterator[tuple[Sequence[float], list[Flow]]]:
    bids, asks = _Levels(tape.first.bids, Side.BUY), _Levels(tape.first.asks, Side.SELL)
    rows = tape.rows()
    row = next(rows, None)
    for first in range(tape.start, tape.until, STRETCH * SECOND):
        stretch, orders = Stretch(1, increases=False), list[Taker]()
        for at in range(first, min(first + STRETCH * SECOND, tape.until) + 1, SECOND):
            takers: list[Taker] = []
            while row is not None and row[0] <= at:
                when, kind, price, change = row
                if kind <= Kind.ASK:
                    offset = (asks if kind == Kind.ASK else bids).change(price, change)
                    if change > 0 and offset <= NEAR:
                        stretch.add(change / CONTRACT, offset)
                elif trades:
                    sign = 1 if kind == Kind.BOUGHT else -1
                    takers.append(Taker(Instant(when), sign, Price(price), Quantity(change)))
                row = next(rows, None)
            for each in grouped(takers):
                stretch.trade(each.at, each.sign, each.quantity / CONTRACT)
                orders.append(each)
            stretch.sample(_book(bids, asks))
        until = min(first + STRETCH * SECOND, tape.until)
        yield stretch.close(tells_adds=True, tells_trades=trades), list(_flows(orders, Instant(first), Instant(until)))


def _book(bids: _Levels, asks: _Levels) -> Book:
    sides = [[(Price(price), Quantity(size)) for price, size in side.levels.items()] for side in (bids, asks)]
    return Book.of_levels(bids=sides[0], asks=sides[1])
