"""The recorder's judgement, by example and by property."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.book import Book
from depthwalk.domain.order import Side
from depthwalk.domain.units import Duration, Instant, Price, Quantity, seconds
from depthwalk.ports import RecordedBook, RecordedTrade, RecordingSource
from depthwalk.runtime.recorder import AskBooks, AskTrades, Gap, Heartbeat, Known, RecorderCore, Row
from tests.support.paper import book

START = Instant(1_800_000_000_000_000)
INTERVAL = seconds(4)
BOOKS = (
    book(bids=[(40, 5)], asks=[(42, 7)]),
    book(bids=[(40, 6)], asks=[(42, 7)]),
    book(bids=[(40, 5), (39, 1), (38, 1)], asks=[(42, 7)]),
    book(bids=[(40, 5), (39, 1), (37, 2)], asks=[(42, 7)]),
    book(),
)
ASK = AskBooks(tickers=("T",))


def at(after: float) -> Instant:
    """Return START and some seconds."""
    return Instant(START + seconds(after))


def core(
    *tickers: str, interval: Duration | None = INTERVAL, depth: int = 2, known: RecordedBook | None = None
) -> RecorderCore:
    """Return a recorder of these tickers that starts at START."""
    before = {ticker: Known(book=known, trades_since=START) for ticker in tickers or ("T",)}
    return RecorderCore(before, environment="paper", started_at=START, interval=interval, depth=depth)


def read(recorder: RecorderCore, after: float, found: Book | None, ticker: str = "T") -> list[Row]:
    """Give the recorder the reply to a request for one ticker, a tenth of a second under way."""
    books = {} if found is None else {ticker: found}
    sent = at(after)
    return recorder.books_read(AskBooks(tickers=(ticker,)), sent_at=sent, received_at=Instant(sent + seconds(0.1)), books=books)


def trade(name: str, after: float, *, is_block: bool = False) -> RecordedTrade:
    """Return a trade."""
    return RecordedTrade(
        trade_id=name,
        ticker="T",
        environment="paper",
        source=RecordingSource.POLL,
        at=at(after),
        price=Price(4_000),
        quantity=Quantity(100),
        taker=Side.BUY,
        is_block=is_block,
    )


# --- what is asked ----------------------------------------------------------------------------------------------------


def test_books_are_asked_for_a_hundred_at_a_time() -> None:
    """All tickers every round, in chunks the endpoint takes."""
    recorder = core(*(f"T{number}" for number in range(230)))
    asked = [request.tickers for request in recorder.requests() if isinstance(request, AskBooks)]
    assert [100, 100, 30] == [len(tickers) for tickers in asked]
    assert [f"T{number}" for number in range(230)] == [ticker for tickers in asked for ticker in tickers]


@pytest.mark.parametrize("count", [1, 3, 10, 11, 25])
def test_trades_of_many_tickers_take_turns(count: int) -> None:
    """Ten tickers a round at most, each as often as the others."""
    recorder = core(*(f"T{number}" for number in range(count)))
    rounds = [[ask.ticker for ask in recorder.requests() if isinstance(ask, AskTrades)] for _ in range(count)]
    assert {min(10, count)} == {len(turn) for turn in rounds}
    times = [sum(f"T{number}" in turn for turn in rounds) for number in range(count)]
    assert {min(10, count)} == set(times)


# --- books ------------------------------------------------------------------------------------------------------------


def test_a_book_is_cut_to_its_best_levels_and_totaled_over_all() -> None:
    """Two levels are kept, three are counted; the times are of asking and of having."""
    (row,) = read(core(depth=2), 0, BOOKS[2])
    assert isinstance(row, RecordedBook)
    assert (at(0), at(0.1)) == (row.event_time, row.receipt_time)
    assert book(bids=[(40, 5), (39, 1)], asks=[(42, 7)]) == row.book
    assert (Quantity(700), Quantity(700)) == (row.bid_total, row.ask_total)


def test_a_change_below_the_kept_levels_that_moves_the_total_is_news() -> None:
    """The totals are part of the row, so a row is written where only they differ."""
    recorder = core(depth=2)
    read(recorder, 0, BOOKS[2])
    (row,) = read(recorder, 4, BOOKS[3])
    assert isinstance(row, RecordedBook)
    assert Quantity(800) == row.bid_total


def test_what_is_stored_already_is_not_written_again() -> None:
    """A cron job on a sleeping market leaves a heartbeat, not the same book again."""
    (first,) = read(core(), 0, BOOKS[0])
    assert isinstance(first, RecordedBook)
    again = core(known=replace(first, bid_total=None))
    assert [Heartbeat(ticker="T", since=at(3), until=at(3))] == read(again, 3, BOOKS[0])


def test_an_unchanged_book_gets_a_heartbeat_now_and_then() -> None:
    """Every 20 s of an unbroken stretch, not every round; the stretch keeps its beginning."""
    recorder = core()
    rows = [row for number in range(13) for row in read(recorder, 4 * number, BOOKS[0])]
    beats = [row for row in rows if isinstance(row, Heartbeat)]
    assert 1 == sum(isinstance(row, RecordedBook) for row in rows)
    assert [(at(0), at(20)), (at(0), at(40))] == [(beat.since, beat.until) for beat in beats]
    assert [Heartbeat(ticker="T", since=at(0), until=at(48))] == recorder.finish(at(50))


def test_a_reading_of_the_same_time_is_not_a_second_book() -> None:
    """Where the clock has not moved, the change is written with the next reading."""
    recorder = core()
    read(recorder, 0, BOOKS[0])
    assert [] == read(recorder, 0, BOOKS[1])
    assert [BOOKS[1]] == [row.book for row in read(recorder, 4, BOOKS[1]) if isinstance(row, RecordedBook)]


# --- silence ----------------------------------------------------------------------------------------------------------


def test_a_failed_reading_is_a_gap_from_the_last_to_the_next() -> None:
    """With the first reason of the silence; before it the stretch is closed, after it a new one begins."""
    recorder = core()
    read(recorder, 0, BOOKS[0])
    read(recorder, 4, BOOKS[0])
    recorder.books_failed(ASK, "no answer in time")
    recorder.books_failed(ASK, "something else")
    assert [
        Heartbeat(ticker="T", since=at(0), until=at(4)),
        Gap(ticker="T", since=at(4), until=at(16), why="no answer in time"),
        Heartbeat(ticker="T", since=at(16), until=at(16)),
    ] == read(recorder, 16, BOOKS[0])


@pytest.mark.parametrize(("after", "gaps"), [(10.0, 0), (10.000001, 1), (60.0, 1)])
def test_more_than_two_and_a_half_intervals_are_a_gap(after: float, gaps: int) -> None:
    """Even where nothing failed: a machine that slept has not seen what happened."""
    recorder = core()
    read(recorder, 0, BOOKS[0])
    assert gaps == sum(isinstance(row, Gap) for row in read(recorder, after, BOOKS[1]))


def test_a_ticker_left_out_of_a_reply_is_silent_alone() -> None:
    """The others of the request go on."""
    recorder = core("A", "B")
    ask = AskBooks(tickers=("A", "B"))
    recorder.books_read(ask, sent_at=at(0), received_at=at(0), books={"A": BOOKS[0]})
    rows = recorder.finish(at(8))
    assert [Gap(ticker="B", since=START, until=at(8), why="the exchange left it out of its reply")] == rows


def test_silence_at_the_end_lasts_until_the_end() -> None:
    """Who stops while the network is down knows nothing from the last reading on."""
    recorder = core()
    read(recorder, 0, BOOKS[0])
    recorder.books_failed(ASK, "no connection")
    assert [Gap(ticker="T", since=at(0), until=at(7), why="no connection")] == recorder.finish(at(7))


def test_a_single_snapshot_is_never_late() -> None:
    """Without an interval only a failure makes a gap."""
    recorder = core(interval=None)
    assert [RecordedBook] == [type(row) for row in read(recorder, 3_600, BOOKS[0])]
    assert [] == recorder.finish(at(7_200))


# --- trades -----------------------------------------------------------------------------------------------------------


def test_trades_come_once_and_oldest_first() -> None:
    """Block trades, those of before, and those seen are left out; the next request starts a little before the newest."""
    recorder = core()
    ask = AskTrades(ticker="T", since=START)
    first = recorder.trades_read(ask, [trade("c", 9), trade("x", 8, is_block=True), trade("b", 7), trade("old", -1)])
    again = recorder.trades_read(ask, [trade("d", 9), trade("c", 9), trade("b", 7)])
    assert [trade("b", 7), trade("c", 9)] == first
    assert [trade("d", 9)] == again
    assert [at(4)] == [request.since for request in recorder.requests() if isinstance(request, AskTrades)]
    assert 3 == recorder.totals.trades


def test_what_is_remembered_of_trades_does_not_grow() -> None:
    """Hours of trades leave the ids of the last seconds."""
    recorder = core()
    for number in range(2_000):
        recorder.trades_read(AskTrades(ticker="T", since=START), [trade(str(number), number / 2)])
    assert 21 == recorder.states[0].trades.remembered


# --- properties -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """Some time passes, and a book is read, or (None) the reading fails."""

    wait: float
    found: Book | None


def steps(*waits: float) -> st.SearchStrategy[list[Step]]:
    """Return courses of a recording whose attempts lie so many seconds apart."""
    return st.lists(st.builds(Step, st.sampled_from(waits), st.sampled_from([*BOOKS, None, None])), max_size=25)


STEPS = steps(0.0, 1.0, 3.9, 4.0, 8.0, 10.0, 10.5, 45.0)


def played(course: Sequence[Step]) -> tuple[list[Row], list[tuple[Instant, Book]], list[tuple[Instant, bool]], Instant]:
    """Return all rows, the readings that counted, every attempt with its success, and the end."""
    recorder, rows, now = core(), list[Row](), 0.0
    readings: list[tuple[Instant, Book]] = []
    attempts: list[tuple[Instant, bool]] = []
    for step in course:
        now += step.wait
        attempts.append((at(now), step.found is not None))
        if step.found is None:
            recorder.books_failed(ASK, "lost")
        else:
            if not readings or readings[-1][0] < at(now):
                readings.append((at(now), step.found))
            rows += read(recorder, now, step.found)
    end = at(now + 1)
    return [*rows, *recorder.finish(end)], readings, attempts, end


@given(STEPS)
def test_every_change_is_written_exactly_once(course: Sequence[Step]) -> None:
    """The books written are the readings without the repetitions, as they are kept, and no two have one time."""
    rows, readings, _, _ = played(course)
    written = [(row.event_time, row.book, row.bid_total) for row in rows if isinstance(row, RecordedBook)]
    kept = [(when, Book(b.bids[:2], b.asks[:2]), Quantity(sum(q for _, q in b.bids))) for when, b in readings]
    changes = [now for before, now in pairwise([None, *kept]) if now is not None and (before is None or before[1:] != now[1:])]
    assert changes == written
    assert len(written) == len({when for when, _, _ in written})


@given(steps(1.0, 3.9, 4.0, 8.0, 10.0, 10.5, 45.0))
def test_gaps_cover_exactly_the_silent_time(course: Sequence[Step]) -> None:
    """Between two readings (or the ends) lies one gap where an attempt failed or 2.5 intervals passed, and else none."""
    rows, readings, attempts, end = played(course)
    times = [START, *(when for when, _ in readings if when > START), end]
    gaps = [(row.since, row.until) for row in rows if isinstance(row, Gap)]
    failed = [when for when, ok in attempts if not ok]
    silent = [
        (since, until)
        for since, until in pairwise(times)
        if until - since > 2.5 * INTERVAL or any(since < when < until for when in failed)
    ]
    assert silent == gaps


@given(STEPS)
def test_every_reading_is_on_record(course: Sequence[Step]) -> None:
    """Each lies in a stretch or is a book; no stretch reaches into a gap."""
    rows, readings, _, _ = played(course)
    books = {row.event_time for row in rows if isinstance(row, RecordedBook)}
    stretches = [(row.since, row.until) for row in rows if isinstance(row, Heartbeat)]
    gaps = [(row.since, row.until) for row in rows if isinstance(row, Gap)]
    assert all(when in books or any(since <= when <= until for since, until in stretches) for when, _ in readings)
    assert not any(since < gap_until and gap_since < until for since, until in stretches for gap_since, gap_until in gaps)
