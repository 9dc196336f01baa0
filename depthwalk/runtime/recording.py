"""The recorder's loop: ask, judge (`recorder.py`), write, show. A poll that fails never ends it; a store that fails does."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, assert_never

from depthwalk.clock import Clock
from depthwalk.domain.book import Book
from depthwalk.domain.units import Instant, seconds
from depthwalk.errors import ExchangeError, Throttled, Unreachable
from depthwalk.ports import BookSink, RecordedBook, RecordedTrade, RecordingSource
from depthwalk.runtime.recorder import AskBooks, AskTrades, Gap, Heartbeat, RecorderCore, Row, TickerState, Totals
from depthwalk.runtime.rounds import Rounds

_LOG = logging.getLogger(__name__)
_BETWEEN_TRIES = seconds(1)


class Feed(Protocol):
    """What the recorder asks of a venue. Both raise ExchangeError."""

    async def books(self, tickers: Sequence[str]) -> Mapping[str, Book]:
        """Read the books of 1 to 100 tickers, all levels; what the venue does not answer for is left out."""
        ...

    async def trades(self, ticker: str, since: Instant) -> Sequence[RecordedTrade]:
        """List the public trades of a ticker at or after a time of the venue's clock."""
        ...


@dataclass(frozen=True, slots=True)
class News:
    """What was written, by kind."""

    books: list[RecordedBook] = field(default_factory=list)
    trades: list[RecordedTrade] = field(default_factory=list)
    heartbeats: list[Heartbeat] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def add(self, rows: Sequence[Row]) -> None:
        """Sort rows in."""
        for row in rows:
            match row:
                case RecordedBook():
                    self.books.append(row)
                case RecordedTrade():
                    self.trades.append(row)
                case Heartbeat():
                    self.heartbeats.append(row)
                case Gap():
                    self.gaps.append(row)
                case _:
                    assert_never(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderView:
    """The recording as it stands. *news* was written in this round; *trouble*: the requests of it that failed, in words."""

    at: Instant
    started_at: Instant
    states: Sequence[TickerState]
    totals: Totals
    news: News
    trouble: Sequence[str]


class Watcher(Protocol):
    """Somebody watching. It never talks back."""

    def show(self, view: RecorderView) -> None:
        """Show the recording as it stands."""
        ...


class Recorder:
    """One recording, once or round after round."""

    def __init__(
        self, core: RecorderCore, *, environment: str, feed: Feed, sink: BookSink, clock: Clock, watcher: Watcher
    ) -> None:
        self._core = core
        self._environment = environment
        self._feed = feed
        self._sink = sink
        self._clock = clock
        self._watcher = watcher
        self._started_at = clock.now()
        self.failures = 0

    async def once(self, *, tries: int = 1) -> None:
        """Do one round, asking up to *tries* times for what fails, and finish. Raises StorageError."""
        await self.round(tries=tries)
        self._finish()

    async def watch(self, rounds: Rounds) -> None:
        """Do rounds until they are stopped, then finish. Raises StorageError: the database failed underway."""
        names = ", ".join(state.ticker for state in self._core.states)
        self._sink.started(environment=self._environment, source=RecordingSource.POLL, at=self._started_at, detail=names)
        await rounds.run(self.round)
        self._finish()
        self._sink.stopped(
            environment=self._environment, source=RecordingSource.POLL, at=self._clock.now(), detail=rounds.reason
        )

    async def round(self, *, tries: int = 1) -> None:
        """Ask for everything, up to *tries* times where it fails, and write what is news."""
        news = News()
        trouble: list[str] = []
        for request in self._core.requests():
            try:
                rows = await self._asked(request, tries)
            except ExchangeError as error:
                _LOG.info("%s", error.message)
                trouble.append(error.message)
                if isinstance(request, AskBooks):
                    self._core.books_failed(request, error.message)
            else:
                self._keep(rows, news)
        self.failures += len(trouble)
        self._show(news, trouble)

    async def _asked(self, request: AskBooks | AskTrades, tries: int) -> list[Row]:
        for _ in range(tries - 1):
            try:
                return await self._ask(request)
            except (Unreachable, Throttled) as error:
                _LOG.info("%s; asked again", error.message)
                await self._clock.sleep(_BETWEEN_TRIES)
        return await self._ask(request)

    async def _ask(self, request: AskBooks | AskTrades) -> list[Row]:
        match request:
            case AskBooks():
                sent_at = self._clock.now()
                books = await self._feed.books(request.tickers)
                return self._core.books_read(request, sent_at=sent_at, received_at=self._clock.now(), books=books)
            case AskTrades():
                return self._core.trades_read(request, await self._feed.trades(request.ticker, request.since))
            case _:
                assert_never(request)

    def _finish(self) -> None:
        news = News()
        self._keep(self._core.finish(self._clock.now()), news)
        self._show(news, ())

    def _keep(self, rows: Sequence[Row], news: News) -> None:
        written = News()
        written.add(rows)
        self._write(written)
        news.add(rows)

    def _show(self, news: News, trouble: Sequence[str]) -> None:
        self._watcher.show(
            RecorderView(
                at=self._clock.now(),
                started_at=self._started_at,
                states=self._core.states,
                totals=self._core.totals,
                news=news,
                trouble=trouble,
            )
        )

    def _write(self, news: News) -> None:
        if news.books:
            self._sink.write_books(news.books)
        if news.trades:
            # Those of before the recording that the store has already are no news.
            self._core.totals.trades -= len(news.trades) - self._sink.write_trades(news.trades)
        where, poll = self._environment, RecordingSource.POLL
        stretches: dict[tuple[Instant, Instant], list[str]] = defaultdict(list)
        for beat in news.heartbeats:
            stretches[beat.since, beat.until].append(beat.ticker)
        for (since, until), tickers in stretches.items():
            self._sink.heartbeat(tickers, environment=where, source=poll, since=since, until=until)
        silences: dict[tuple[Instant, Instant, str], list[str]] = defaultdict(list)
        for gap in news.gaps:
            silences[gap.since, gap.until, gap.why].append(gap.ticker)
        for (since, until, why), tickers in silences.items():
            self._sink.gap(tickers, environment=where, source=poll, since=since, until=until, detail=why)
