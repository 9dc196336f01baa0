"""Seeing a run through to its record, whoever began it: stopped by signals and from outside, measured, written down."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from depthwalk.assembly.admission import kill_switch
from depthwalk.domain.units import Instant, Quantity
from depthwalk.errors import ExchangeError

if TYPE_CHECKING:
    from depthwalk.clock import Clock
    from depthwalk.config import Config
    from depthwalk.domain.messages import Finish
    from depthwalk.domain.result import ApiUsage, ExecutionResult
    from depthwalk.executors.base import Executor
    from depthwalk.kalshi.client import KalshiClient
    from depthwalk.runtime.runner import Runner
    from depthwalk.storage.database import Database
    from depthwalk.storage.journal import ExecutionJournal

EndAsked = Callable[[], str | None]
"""Says why a run shall end from outside, None while it may go on."""


def end_asked(database: "Database", execution_id: str, config: "Config") -> EndAsked:
    """Return what looks whether a run shall end: the kill switch, or `executions cancel` in another terminal."""
    from depthwalk.storage.unfinished import asked_to_end

    def ask() -> str | None:
        if (thrown := kill_switch(config)) is not None:
            return thrown.message
        return "ended by `depthwalk executions cancel`" if asked_to_end(database, execution_id) else None

    return ask


async def see_through(
    drive: "Coroutine[Any, Any, Finish]",
    runner: "Runner",
    executor: "Executor",
    *,
    journal: "ExecutionJournal",
    client: "KalshiClient",
    clock: "Clock",
    ask: EndAsked | None,
    before: "ApiUsage",
) -> "ExecutionResult":
    """Await *drive*, a way of driving *runner*, and return the measured result, which is in the database by then.

    *before* is what the client had used when the execution began.

    Raises:
        DepthwalkError: what made the run fail; its orders are canceled.

    """
    from depthwalk.runtime.outcome import conclude
    from depthwalk.runtime.outside import heed
    from depthwalk.runtime.shutdown import stopping_on_signals

    start = journal.start
    # Until the result is written: a Ctrl-C between the last order and the record must not cost the record.
    with stopping_on_signals(runner.stop):
        heeding = None if ask is None else asyncio.ensure_future(heed(ask, runner.stop, clock))
        try:
            await drive
        finally:
            if heeding is not None:
                heeding.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await heeding
        replays = start.source == "replay"
        volume = None if replays else await _traded_volume(client, executor.run.started_at, start.parent.ticker)
        result = conclude(
            executor,
            finished_at=clock.now(),
            api=client.usage.since(before),
            environment=start.environment,
            source=start.source,
            seed=start.seed,
            parameters=start.parameters,
            tags=start.tags,
            traded_volume=volume,
        )
        journal.finish(result)
    return result


async def _traded_volume(client: "KalshiClient", since: Instant, ticker: str) -> Quantity | None:
    """Return what was traded in the market since then, or None where it cannot be read: it is worth a read, not a failure."""
    try:
        trades = await client.trades(ticker, since=since)
    except ExchangeError:
        return None
    return Quantity(sum(trade.quantity for trade in trades if trade.at >= since and not trade.is_block))
