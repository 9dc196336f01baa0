"""Carrying an execution on after its process died. Ending one from another terminal is in `stopping.py`."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from depthwalk.assembly.admission import check_open, kill_switch, objections_to_money
from depthwalk.assembly.databases import open_store
from depthwalk.assembly.ownership import claim_of, own
from depthwalk.assembly.running import end_asked, see_through
from depthwalk.assembly.trading import EMBEDDED, Destination, destination, trading_client
from depthwalk.domain.result import ApiUsage, Status
from depthwalk.domain.units import Duration, Quantity, seconds
from depthwalk.errors import Refused

if TYPE_CHECKING:
    from depthwalk.clock import Clock
    from depthwalk.config import Config
    from depthwalk.domain.result import ExecutionResult
    from depthwalk.kalshi.client import KalshiClient
    from depthwalk.ports import View
    from depthwalk.storage.database import Database
    from depthwalk.storage.executions import ExecutionSummary

ASK_AFTER: Final = seconds(60)
"""An execution that nobody has driven for longer is carried on only by somebody who says so (design, section 6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dormant:
    """An execution that could be carried on: what is left of its quantity and of its time, and since when nobody drives it."""

    execution_id: str
    ticker: str
    environment: str
    unfilled: Quantity
    left: Duration
    age: Duration


def resume(
    config_path: Path | None,
    database_path: Path | None,
    name: str,
    *,
    environment: str | None,
    view: "View",
    agree: Callable[[Dormant], None],
) -> "ExecutionResult":
    """Carry an execution on with what is left of its quantity, walks and time, and return its result as `execute` does.

    Args:
        config_path: the configuration.
        database_path: the database.
        name: the execution's id, or an unambiguous beginning.
        environment: what `--env` says: real money has to be wanted there as well.
        view: who watches.
        agree: asked where nobody has driven it for long, and where it is about real money; raises to leave it.

    Raises:
        UsageError: there is no such execution.
        Refused: it has ended, somebody drives it, its exchange is gone, or this version would decide differently.
        ExchangeError, StorageError: as `execute`.

    """
    from depthwalk.config import load
    from depthwalk.storage.executions import load_execution

    config = load(config_path)
    with open_store(config_path, database_path) as database:
        found = load_execution(database, name).summary
        _check_resumable(found, config, environment)
        return asyncio.run(_resume(found, config, database, view, agree))


def _check_resumable(found: "ExecutionSummary", config: "Config", environment: str | None) -> None:
    start, short = found.start, found.start.execution_id[:8]
    if found.status is Status.UNKNOWN:
        raise Refused(f"execution {short} ended in doubt: it cannot be carried on", hint="`depthwalk recover` settles it")
    if found.status is not Status.RUNNING:
        raise Refused(f"execution {short} has ended: {found.status.value}")
    if start.venue == EMBEDDED:
        raise Refused(
            f"execution {short} cannot be carried on: its exchange was inside its process and ended with it",
            hint="`depthwalk paper serve` is an exchange that goes on",
        )
    if destination(config, start.environment) != Destination(start.venue, start.account):
        raise Refused(f"execution {short} was sent to {start.venue} with a key that this configuration does not name")
    for objection in objections_to_money(config, start.environment, environment):
        raise objection
    if (no := kill_switch(config)) is not None:
        raise no


async def _resume(
    found: "ExecutionSummary", config: "Config", database: "Database", view: "View", agree: Callable[[Dormant], None]
) -> "ExecutionResult":
    from depthwalk.clock import SystemClock

    clock, start = SystemClock(), found.start
    claim = claim_of(start, database.path, f"depthwalk executions resume {start.execution_id[:8]}")
    owned = own(claim, now=clock.now(), config=config)
    ended = False
    try:
        async with trading_client(config, start.environment, clock) as venue:
            result = await _carry_on(found, config, database, client=venue.client, clock=clock, view=view, agree=agree)
        ended = result.status is not Status.UNKNOWN
    finally:
        owned.release(ended=ended)
    return result


async def _carry_on(
    found: "ExecutionSummary",
    config: "Config",
    database: "Database",
    *,
    client: "KalshiClient",
    clock: "Clock",
    view: "View",
    agree: Callable[[Dormant], None],
) -> "ExecutionResult":
    from depthwalk.executors.registry import make_executor, parameters_from
    from depthwalk.runtime.replay import replay
    from depthwalk.runtime.runner import Runner
    from depthwalk.storage.executions import load_journal, reopen

    start = found.start
    identity = start.execution_id
    entries = load_journal(database, identity)
    params = parameters_from(start.algorithm, start.parameters)
    brought = replay(partial(make_executor, start.algorithm, params), entries) if entries else None
    if brought is None or not brought.faithful or brought.executor.finish is not None:
        why = "nothing had been decided yet" if brought is None else "this version of depthwalk would not decide as it did"
        if brought is not None and brought.executor.finish is not None:
            why = "it had come to its end"
        raise Refused(f"execution {identity[:8]} cannot be carried on: {why}", hint="`depthwalk recover` ends and records it")
    executor, run = brought.executor, brought.executor.run
    last = entries[-1][0].at
    dormant = Dormant(
        execution_id=identity,
        ticker=start.parent.ticker,
        environment=start.environment,
        unfilled=Quantity(start.parent.quantity - executor.desk.children.filled),
        left=Duration(max(0, run.deadline - last)),
        age=Duration(max(0, clock.now() - last)),
    )
    if dormant.age > ASK_AFTER or start.environment == "live":
        agree(dormant)
    await check_open(client, start.parent.ticker, clock, environment=start.environment)
    journal = reopen(database, identity)
    runner = Runner(
        executor=executor,
        parent=start.parent,
        market=brought.market,
        rules=brought.rules,
        exchange=client,
        clock=clock,
        journal=journal,
        view=view,
        refresh=True,
    )
    ask = end_asked(database, identity, config)
    return await see_through(
        runner.resume(), runner, executor, journal=journal, client=client, clock=clock, ask=ask, before=ApiUsage()
    )
