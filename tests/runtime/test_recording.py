"""The recorder's loop on virtual time, with a venue that does what it is told, and a real database."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from depthwalk.clock import LoopClock
from depthwalk.domain.book import Book
from depthwalk.domain.order import Side
from depthwalk.domain.units import Instant, Price, Quantity, seconds
from depthwalk.errors import Unreachable
from depthwalk.ports import RecordedTrade, RecordingSource
from depthwalk.runtime.recorder import Known, RecorderCore
from depthwalk.runtime.recording import Recorder, RecorderView
from depthwalk.runtime.rounds import Rounds
from depthwalk.runtime.virtual_time import run_virtual
from depthwalk.storage.database import Database, open_database
from depthwalk.storage.recordings import RecordingStore
from tests.support.paper import book

START = Instant(1_800_000_000_000_000)


class Venue:
    """Answers with a book that changes every 8 s, fails in between two times, prints a trade every second."""

    def __init__(self, clock: LoopClock, *, down: tuple[float, float] = (0, 0)) -> None:
        self._clock = clock
        self._down = down

    def _now(self) -> float:
        now = (self._clock.now() - START) / 1e6
        if self._down[0] <= now < self._down[1]:
            raise Unreachable("order books: no connection")
        return now

    async def books(self, tickers: Sequence[str]) -> Mapping[str, Book]:
        """Return the same book for all."""
        found = book(bids=[(40, 5 + int(self._now() // 8))], asks=[(42, 7)])
        await self._clock.sleep(seconds(0.1))
        return dict.fromkeys(tickers, found)

    async def trades(self, ticker: str, since: Instant) -> Sequence[RecordedTrade]:
        """Return the trades of the last half minute, newest first."""
        last = int(self._now())
        return [
            RecordedTrade(
                trade_id=f"{ticker}-{second}",
                ticker=ticker,
                environment="paper",
                source=RecordingSource.POLL,
                at=Instant(START + seconds(second)),
                price=Price(4_100),
                quantity=Quantity(100),
                taker=Side.BUY,
            )
            for second in range(last, max(-1, last - 30), -1)
            if START + seconds(second) >= since
        ]


class Watcher:
    """Keeps what it is shown."""

    def __init__(self) -> None:
        self.views: list[RecorderView] = []

    def show(self, view: RecorderView) -> None:
        """Keep it."""
        self.views.append(view)


async def _record(
    database: Database, watcher: Watcher, *, lasts: float | None, down: tuple[float, float] = (0, 0), tries: int = 1
) -> int:
    """Record two tickers for so long, or once."""
    clock = LoopClock(START, asyncio.get_running_loop())
    before = {ticker: Known(book=None, trades_since=START) for ticker in ("A", "B")}
    core = RecorderCore(before, environment="paper", started_at=START, interval=None if lasts is None else seconds(4), depth=5)
    recorder = Recorder(
        core,
        environment="paper",
        feed=Venue(clock, down=down),
        sink=RecordingStore(database),
        clock=clock,
        watcher=watcher,
    )
    if lasts is None:
        await recorder.once(tries=tries)
    else:
        await recorder.watch(Rounds(clock, interval=seconds(4), until=Instant(START + seconds(lasts))))
    return recorder.failures


def count(database: Database, query: str) -> int:
    """Return the number a query answers with."""
    row = database.row(query)
    assert row is not None
    return int(row[0])


def test_a_minute_of_two_tickers(database_path: Path) -> None:
    """Eight changes each, one stretch each, every trade once, where it began and ended."""
    watcher = Watcher()
    with open_database(database_path) as database:
        assert 0 == run_virtual(_record(database, watcher, lasts=60))
        assert 16 == count(database, "SELECT COUNT(*) FROM order_book_snapshots")
        assert 2 * 57 == count(database, "SELECT COUNT(*) FROM market_trades")
        assert 2 == count(database, "SELECT COUNT(*) FROM recording_marks WHERE kind = 'heartbeat'")
        assert 2 * 56_000_000 == count(database, "SELECT SUM(until_us - from_us) FROM recording_marks WHERE kind = 'heartbeat'")
        assert 0 == count(database, "SELECT COUNT(*) FROM recording_marks WHERE kind = 'gap'")
        assert 2 == count(database, "SELECT COUNT(*) FROM recording_marks WHERE kind IN ('start', 'stop')")
    last = watcher.views[-1]
    assert (16, 114, 0) == (last.totals.books, last.totals.trades, last.totals.gaps)


def test_a_failing_network_ends_nothing(database_path: Path) -> None:
    """The rounds go on, the silence is one gap a ticker from the last reading to the next, and the watcher is told."""
    watcher = Watcher()
    with open_database(database_path) as database:
        assert 9 == run_virtual(_record(database, watcher, lasts=60, down=(20, 31)))
        gaps = database.row("SELECT COUNT(*), MIN(from_us), MAX(until_us), MAX(detail) FROM recording_marks WHERE kind = 'gap'")
        assert gaps is not None
        assert (2, START + 16_000_000, START + 32_000_000, "order books: no connection") == tuple(gaps)
        assert 2 * 57 == count(database, "SELECT COUNT(*) FROM market_trades")
    assert 3 == sum(bool(view.trouble) for view in watcher.views)
    assert {"order books: no connection"} == {state for view in watcher.views for state in view.trouble}


def test_once_asks_again_where_it_fails(database_path: Path) -> None:
    """A single snapshot has no next round, so it tries more than once before it gives up."""
    with open_database(database_path) as database:
        assert 0 == run_virtual(_record(database, Watcher(), lasts=None, down=(0, 1.5), tries=4))
        assert 2 == count(database, "SELECT COUNT(*) FROM order_book_snapshots")
        assert 3 == run_virtual(_record(database, Watcher(), lasts=None, down=(0, 90), tries=4))


def test_what_the_store_has_is_no_news(database_path: Path) -> None:
    """A second recording of the same minute counts no trade twice."""
    watcher = Watcher()
    with open_database(database_path) as database:
        for _ in range(2):
            run_virtual(_record(database, watcher, lasts=20))
    assert 0 == watcher.views[-1].totals.trades
