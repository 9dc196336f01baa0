"""Recordings as stretches: how finely one looks, until when a book stands, and takers with and without books."""

import math
from collections.abc import Iterable

import numpy as np
import pytest

from depthwalk.domain.book import Book
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.market import FeeSchedule
from depthwalk.domain.units import CONTRACT, SECOND, Instant, Price, Quantity
from depthwalk.errors import UsageError
from depthwalk.lab.calibration.moments import bands, values
from depthwalk.lab.calibration.observed import (
    Observed,
    Prints,
    RecordedMarket,
    Taker,
    confirmed_rows,
    grouped,
    observe,
    observe_tapes,
)
from depthwalk.lab.recorded.tape import Kind, Tape


def _book(bid: int = 50, size: int = 10) -> Book:
    """A bid and an ask two cents above it, of *size* contracts each."""
    levels = [(Price(100 * price), Quantity(size * CONTRACT)) for price in (bid, bid + 2)]
    return Book.of_levels(bids=levels[:1], asks=levels[1:])


def _at(second: float) -> Instant:
    return Instant(round(second * SECOND))


def _market(rows: Iterable[tuple[float, Book | None]], *takers: Taker, ticker: str = "T") -> RecordedMarket:
    return RecordedMarket(ticker=ticker, rows=[(_at(second), book) for second, book in rows], takers=list(takers))


def _often(seconds: int = 3_000, every: int = 1) -> list[tuple[float, Book | None]]:
    return [(second, _book(50 + second // every % 2)) for second in range(0, seconds, every)]


def test_a_recording_that_looks_every_second() -> None:
    """Ten stretches of 300 s, a mid that moves at every look, and the grid that fits the prices."""
    observed = observe([_market(_often())])
    assert (False, 1, "linear_cent", 10) == (
        observed.polled,
        observed.look.step,
        observed.structure,
        len(observed.table),
    )
    shown = values(observed.table)
    assert (1.0, 1.0, 0.0) == (shown["moves"], shown["volatility1"], shown["volatility4"])


def test_a_recording_that_looks_every_four_seconds() -> None:
    """Its step is 4 s, and it says nothing of 1 s."""
    observed = observe([_market(_often(every=4))])
    assert (4, True) == (observed.look.step, observed.look.increases)
    assert "volatility1" not in values(observed.table)


@pytest.mark.parametrize(("every", "step"), [(2, 2), (3, 4), (6, 10), (7, 10), (10, 10)])
def test_looks_at_odd_intervals_still_show_what_moves(every: int, step: int) -> None:
    """A recording that looks every three seconds is looked at every four: the horizons fit."""
    observed = observe([_market(_often(every=every), *_takers(300, 10.0))])
    assert step == observed.look.step
    assert {"volatility20", "volatility40", "mark5", "mark30"} <= values(observed.table).keys()


def test_a_recording_that_looks_further_apart_shows_shapes_only() -> None:
    """Eleven seconds are too far."""
    assert observe([_market(_often(every=11), ticker=str(n)) for n in range(8)]).polled


def test_a_recording_that_keeps_what_changed_stands_in_between() -> None:
    """A tenth of the gaps being short says how finely it looked; a book holds until the next, but not for ever."""
    rows: list[tuple[float, Book | None]] = []
    for start in range(0, 6_000, 100):
        rows += [(start, _book()), (start + 1, _book(51)), (start + 50, _book())]
    # To the last row, and the looks between two stretches count for both.
    assert 5_951 + 19 == observe([_market(rows)]).total("books")
    silent = [*_often(2_500), (4_500.0, _book()), (4_501.0, _book())]
    # The last book before the silence stands for ten minutes.
    assert 2_499 + 600 + 1 + 2 == pytest.approx(observe([_market(silent)]).total("books"), abs=15)


def test_a_gap_ends_a_book() -> None:
    """What is not known is not counted, and nothing is compared across it."""
    rows = [*_often(2_500), (2_500.0, None), (2_600.0, _book()), (2_601.0, _book())]
    known, with_gap = observe([_market(_often(2_500))]), observe([_market(rows)])
    assert 2 == with_gap.total("books") - known.total("books")
    assert 1 == with_gap.total("pairs") - known.total("pairs")


def test_a_recording_that_looks_now_and_then() -> None:
    """Every market is a stretch, nothing moves, and no order is read off the difference of an hour."""
    markets = [_market([(3_600.0 * hour, _book(size=5 + hour)) for hour in range(30)], ticker=f"T{n}") for n in range(8)]
    observed = observe(markets)
    assert (True, 8, 240) == (observed.polled, len(observed.table), observed.total("books"))
    assert (0, 0, 0) == tuple(observed.total(name) for name in ("pairs", "adds", "changes1"))


def test_too_few_books_are_refused() -> None:
    """The line says how many there are, and the hint how many it takes."""
    with pytest.raises(UsageError, match=r"^too few books: 100 in 1 stretches have two sides and a mid of 20 to 80 cents$"):
        observe([_market(_often(100))])


def test_trades_of_a_moment_and_side_are_one_order() -> None:
    """Three prints of one buyer are one taker of six; the seller at the same moment is another."""
    prints = [
        Taker(_at(1), 1, Price(5200), Quantity(100)),
        Taker(_at(1), 1, Price(5200), Quantity(200)),
        Taker(_at(1), 1, Price(5300), Quantity(300)),
        Taker(_at(1), -1, Price(5000), Quantity(100)),
        Taker(_at(2), -1, Price(5000), Quantity(100)),
    ]
    assert [(1, 5300, 600), (-1, 5000, 100), (-1, 5000, 100)] == [
        (each.sign, each.price, each.quantity) for each in grouped(prints)
    ]


def _takers(count: int, every: float, *, price: int = 5_000) -> list[Taker]:
    return [Taker(_at(index * every + 0.5), 1, Price(price), Quantity(2 * CONTRACT)) for index in range(count)]


def test_takers_beside_books() -> None:
    """Their rate, their size and what the mid did after them come of the same stretches."""
    observed = observe([_market(_often(), *_takers(300, 10.0))])
    shown = values(observed.table)
    assert 300 / 3_000 / 2 == pytest.approx(shown["trade_rate"], rel=0.02)
    assert (2.0, 0.0) == (shown["trade_size"], shown["followed"])
    assert {"mark5", "mark30"} <= shown.keys()
    assert 300 == sum(len(flow.times) for flow in observed.flows)
    assert [*[300.0] * 9, 299.0] == [flow.seconds for flow in observed.flows]


def test_takers_without_books_count_while_their_price_is_in_range() -> None:
    """Trades of other markets tell of takers alone: half an hour at 50 cents, and not the half hour at 5."""
    alone = RecordedMarket(ticker="U", takers=_takers(180, 10.0))
    cheap = RecordedMarket(ticker="V", takers=_takers(180, 10.0, price=500))
    observed = observe([_market(_often()), alone, cheap])
    assert (1_800, 180, 0) == tuple(observed.total(name) for name in ("trade_seconds", "trades", "marked5"))


def test_the_last_stretch_of_trades_alone_ends_nobody_knows_when() -> None:
    """Its takers count, and tell nothing of how they follow one another."""
    alone = RecordedMarket(ticker="U", takers=_takers(75, 10.0))
    observed = observe([_market(_often()), alone])
    assert (75, 900) == (observed.total("trades"), observed.total("trade_seconds"))
    assert [30, 30] == [len(flow.times) for flow in observed.flows]


def _tape(rows: list[tuple[float, Kind, int, int]], seconds: int) -> Tape:
    columns = list(zip(*rows, strict=True))
    first = _book()
    return Tape(
        ticker="T",
        source="made up",
        grid=STRUCTURES["linear_cent"],
        fees=FeeSchedule(),
        close_time=None,
        start=_at(0),
        until=_at(seconds),
        first=first,
        at=np.array([_at(second) for second in columns[0]], dtype=np.int64),
        kind=np.array(columns[1], dtype=np.int8),
        price=np.array(columns[2], dtype=np.int32) * 100,
        change=np.array(columns[3], dtype=np.int64) * CONTRACT,
    )


def _changing(seconds: int = 3_000, *extra: tuple[float, Kind, int, int]) -> Tape:
    rows = [
        row
        for second in range(1, seconds - 1, 2)
        for row in ((second + 0.2, Kind.BID, 49, 7), (second + 0.4, Kind.BID, 51, 3), (second + 1.4, Kind.BID, 51, -3),
                    (second + 1.5, Kind.BID, 49, -7))
    ]  # fmt: skip
    return _tape(sorted([*rows, *extra]), seconds)


def _seen(*tapes: Tape, prints: tuple[Prints, ...] = ()) -> Observed:
    return observe_tapes(tapes, prints)


def test_every_change_of_a_tape_is_an_order() -> None:
    """Two orders every two seconds: seven a cent behind the best, and three that are the best."""
    observed = _seen(_changing())
    shown = values(observed.table)
    assert 0.5 == pytest.approx(shown["add_rate"], rel=0.01)
    assert (5.0, 0.5) == (pytest.approx(shown["add_size"]), pytest.approx(shown["add_offset"]))
    # On the even seconds ten bid and ten asked; on the odd ones seven behind and three before them as well.
    assert (10 + 10 + 10 / 2) / 5.0 == pytest.approx(shown["residence"], rel=0.02)


def test_the_best_of_a_tape_is_followed_when_it_goes() -> None:
    """After the better bid has gone the old one is the best again: books are as a plain replay has them."""
    tape = _changing()
    books = dict(tape.books())
    last = [books[max(at for at in books if at <= _at(second))] for second in (100, 101, 102)]
    shown = values(_seen(tape).table)
    spreads = [float(book.spread or 0) / 100 for book in last]
    assert sum(spreads[:2]) / 2 == pytest.approx(shown["spread"], rel=0.01)


def test_trades_on_a_tape_are_takers() -> None:
    """A buyer of two contracts every half minute."""
    sold = [(30.0 * index + 0.7, Kind.BOUGHT, 52, 2) for index in range(1, 99)]
    shown = values(_seen(_changing(3_000, *sold)).table)
    assert (2.0, 98 / 3_000 / 2) == (shown["trade_size"], pytest.approx(shown["trade_rate"], rel=0.02))


def test_ticker_prints_tell_of_takers_by_volume() -> None:
    """What a market traded, at the mean size of its single trades, makes so many takers; without any it tells nothing."""
    prints = (Prints(1_000.0, 4_000.0, (1.0, 3.0)), Prints(1_000.0, 4_000.0, (4.0, 4.0)), Prints(1_000.0, 2_000.0, ()))
    observed = _seen(_changing(), prints=prints)
    shown = values(observed.table)
    assert observed.prints
    assert (8_000 / 3_000, 3_000 / 2_000 / 2) == (pytest.approx(shown["trade_size"]), pytest.approx(shown["trade_rate"]))
    band = bands(observed.table)["trade_size"]
    assert band.high - band.low > 1, "markets differ, and the band says so"
    assert math.log(3) / 2 == pytest.approx(values(_seen(_changing(), prints=prints[:1]).table)["trade_spread"])


def test_confirmed_books_are_said_again_and_gaps_end_them() -> None:
    """Ten minutes of silence are bridged where a recorder has confirmed the book, and not otherwise."""
    books = [(_at(0), _book()), (_at(2_000), _book(51))]
    rows = confirmed_rows(books, [(_at(0), _at(1_500))], [(_at(2_000), _at(2_100))])
    assert [(0, True), (600, True), (1_200, True), (2_000, True), (2_000, False)] == [
        (at / SECOND, book is not None) for at, book in rows
    ]
    assert _book() == rows[2][1]
