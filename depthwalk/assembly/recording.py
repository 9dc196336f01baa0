"""One `depthwalk snapshot`: what to record is chosen, the recorder built, run once or until it is over."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from depthwalk.assembly.databases import open_store
from depthwalk.domain.book import Book
from depthwalk.domain.messages import LiquidityRule
from depthwalk.domain.units import SECOND, Duration, Instant
from depthwalk.errors import NotFound, UsageError
from depthwalk.ports import RecordedTrade, RecordingSource

if TYPE_CHECKING:
    from depthwalk.config import Config
    from depthwalk.kalshi.client import KalshiClient
    from depthwalk.runtime.recorder import Known
    from depthwalk.runtime.recording import Watcher
    from depthwalk.storage.database import Database
    from depthwalk.storage.recordings import RecordingStore

_LOOK_BACK: Final = Duration(3_600 * SECOND)
"""Trades of before the recording are fetched, so that what was traded lately is known; no older than this."""

_TICKERS_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRequest:
    """One `depthwalk snapshot`, parsed. *interval* and *depth* None: as configured; *duration* None: until stopped."""

    tickers: tuple[str, ...] = ()
    event: str | None = None
    series: str | None = None
    environment: str | None = None
    config_path: Path | None = None
    database_path: Path | None = None
    watch: bool = False
    interval: Duration | None = None
    depth: int | None = None
    duration: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotSetting:
    """What a recording goes by, for whoever shows it."""

    environment: str
    interval: Duration
    rule: LiquidityRule


def snapshot_setting(request: SnapshotRequest) -> SnapshotSetting:
    """Return what the request and the configuration come to."""
    from depthwalk.config import load

    config = load(request.config_path)
    return SnapshotSetting(
        environment=request.environment or config.environment.value,
        interval=request.interval or config.recording.interval(),
        rule=config.liquidity.rule(),
    )


def snapshot(request: SnapshotRequest, watcher: "Watcher") -> int:
    """Record books and trades and return how many requests failed; watching, they end nothing and are shown.

    Raises:
        UsageError: nothing is selected, or there is no such market.
        ExchangeError: the exchange could not be asked what there is to record.
        StorageError: the database failed underway.

    """
    from depthwalk.config import load

    config = load(request.config_path)
    setting = snapshot_setting(request)
    if setting.environment != "paper" and not (request.tickers or request.event or request.series):
        raise UsageError(f"what of {setting.environment} shall be recorded?", hint="name tickers, or --event E, or --series S")
    with open_store(request.config_path, request.database_path) as database:
        return asyncio.run(_record(request, config, setting, database, watcher))


async def _record(
    request: SnapshotRequest, config: "Config", setting: SnapshotSetting, database: "Database", watcher: "Watcher"
) -> int:
    from depthwalk.assembly.venues import reading_client
    from depthwalk.runtime.recorder import RecorderCore
    from depthwalk.runtime.recording import Recorder
    from depthwalk.runtime.rounds import Rounds
    from depthwalk.runtime.shutdown import stopping_on_signals
    from depthwalk.storage.recordings import RecordingStore

    environment, store = setting.environment, RecordingStore(database)
    # What there is to record is asked with patience. The books are not: the next round comes anyway, and a reading that was
    # repeated would be filed under the time of its first attempt.
    async with reading_client(config, environment) as (client, _, _):
        tickers = await _selected(client, request, environment)
    async with reading_client(config, environment, max_retries=0) as (client, clock, _):
        started_at = clock.now()
        core = RecorderCore(
            _known(store, tickers, environment, started_at, newborn=environment == "paper" and config.paper.server is None),
            environment=environment,
            started_at=started_at,
            interval=setting.interval if request.watch else None,
            depth=request.depth or config.recording.depth,
        )
        recorder = Recorder(
            core, environment=environment, feed=_Feed(client, environment), sink=store, clock=clock, watcher=watcher
        )
        rounds = Rounds(
            clock,
            interval=setting.interval,
            until=None if request.duration is None else Instant(started_at + request.duration),
        )
        if request.watch:
            with stopping_on_signals(rounds.stop):
                await recorder.watch(rounds)
        else:
            await recorder.once(tries=1 + config.execution.max_retries)
        return recorder.failures


async def _selected(client: "KalshiClient", request: SnapshotRequest, environment: str) -> list[str]:
    """Return the tickers to record, each once, in the order they were named. Raises UsageError where there are none."""
    from depthwalk.assembly.venues import tickers_hint

    found: list[str] = []
    for start in range(0, len(request.tickers), _TICKERS_AT_ONCE):
        asked = request.tickers[start : start + _TICKERS_AT_ONCE]
        there = {record.ticker for record in await client.markets(tickers=asked)}
        missing = [repr(ticker) for ticker in asked if ticker not in there]
        if missing:
            raise UsageError(f"unknown ticker {', '.join(missing)} on {environment}", hint=tickers_hint(environment))
        found += asked
    if not request.tickers and request.event is None and request.series is None:
        found = sorted(record.ticker for record in await client.markets(status="open"))
    for name, event, series in (("event", request.event, None), ("series", None, request.series)):
        group = event or series
        if group is None:
            continue
        try:
            records = await client.markets(event_ticker=event, series_ticker=series, status="open")
        except NotFound:
            records = []
        if not records:
            raise UsageError(f"{name} {group!r} has no open markets on {environment}")
        found += sorted(record.ticker for record in records)
    return list(dict.fromkeys(found))


def _known(
    store: "RecordingStore", tickers: Sequence[str], environment: str, now: Instant, *, newborn: bool
) -> "dict[str, Known]":
    from depthwalk.runtime.recorder import Known
    from depthwalk.runtime.unseen import OVERLAP

    # An embedded world begins with the recording: what its crowd did to warm up happened to nobody.
    earliest = now if newborn else Instant(now - _LOOK_BACK)
    known: dict[str, Known] = {}
    for ticker in tickers:
        trade = store.last_trade(ticker, environment)
        since = earliest if trade is None else Instant(max(earliest, trade.at - OVERLAP))
        known[ticker] = Known(
            book=store.latest_book(ticker, environment),
            trades_since=since,
            trades=store.trade_times(ticker, environment, since),
        )
    return known


class _Feed:
    """A client as the recorder asks it."""

    def __init__(self, client: "KalshiClient", environment: str) -> None:
        self._client = client
        self._environment = environment

    async def books(self, tickers: Sequence[str]) -> Mapping[str, Book]:
        """Read books; a lone ticker by the request that is about it alone."""
        if len(tickers) == 1:
            return {tickers[0]: await self._client.book(tickers[0])}
        return await self._client.books(tickers)

    async def trades(self, ticker: str, since: Instant) -> list[RecordedTrade]:
        """List trades from *since* on, by the venue's clock: the client takes ours."""
        ours = Instant(since - (self._client.server_offset or 0))
        return [
            RecordedTrade(
                trade_id=trade.trade_id,
                ticker=trade.ticker,
                environment=self._environment,
                source=RecordingSource.POLL,
                at=trade.at,
                price=trade.price,
                quantity=trade.quantity,
                taker=trade.taker,
                is_block=trade.is_block,
            )
            for trade in await self._client.trades(ticker, since=ours)
        ]
