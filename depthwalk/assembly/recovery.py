"""After a crash or a doubt: what is left of each execution is settled, canceled and recorded. Nothing is ever created here.

An execution that nobody owns any more is brought back from its journal; its exchange says what became of its orders. The
embedded exchange ended with the process, so there the record is all there is. Doing it twice changes nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from depthwalk.assembly.databases import open_store
from depthwalk.assembly.ownership import claim_of, own, owner
from depthwalk.assembly.trading import EMBEDDED, Destination, destination, trading_client
from depthwalk.domain.messages import Finish, Reason
from depthwalk.domain.result import ApiUsage, Recovery, Status
from depthwalk.domain.units import Instant, Quantity
from depthwalk.errors import DepthwalkError, ExitCode, InDoubt, Refused, worst

if TYPE_CHECKING:
    from depthwalk.clock import Clock
    from depthwalk.config import Config
    from depthwalk.executors.base import Executor
    from depthwalk.kalshi.client import KalshiClient
    from depthwalk.runtime.replay import Replayed
    from depthwalk.storage.database import Database
    from depthwalk.storage.executions import ExecutionSummary
    from depthwalk.storage.journal import ExecutionJournal, ExecutionStart

_BEGAN_ANEW = "its exchange began anew, and knows none of its orders"
_ENDED_WITH_IT = "its exchange was inside its process and ended with it"


def recover(
    config_path: Path | None,
    database_path: Path | None,
    *,
    environment: str | None = None,
    execution_id: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Recovery]:
    """Settle every execution that crashed or ended in doubt, the oldest first; those that run are left alone.

    Args:
        config_path: the configuration.
        database_path: the database.
        environment: only those of it.
        execution_id: only this one.
        progress: told what is being settled.

    """
    from depthwalk.config import load
    from depthwalk.storage.unfinished import unfinished

    config = load(config_path)
    with open_store(config_path, database_path) as database:
        found = [
            each for each in unfinished(database, environment=environment) if execution_id in (None, each.start.execution_id)
        ]
        return asyncio.run(_recover_all(found, config, database, progress)) if found else []


def recovery_code(recoveries: list[Recovery]) -> ExitCode:
    """Return what all of them mean together."""
    return worst(*(each.exit_code for each in recoveries))


async def _recover_all(
    found: "list[ExecutionSummary]", config: "Config", database: "Database", progress: Callable[[str], None]
) -> list[Recovery]:
    from depthwalk.clock import SystemClock

    clock = SystemClock()
    clients: dict[str, KalshiClient] = {}
    async with AsyncExitStack() as stack:

        async def client_for(start: "ExecutionStart") -> "KalshiClient | None":
            return await _client_for(start, config, clock, clients, stack)

        rows = []
        for number, each in enumerate(found, start=1):
            progress(f"settling {each.start.execution_id[:8]} on {each.start.parent.ticker} ({number} of {len(found)})")
            rows.append(await _attempt(each, database, client_for, clock, market=True))
        return rows


async def leftovers(
    database: "Database", start: "ExecutionStart", client: "KalshiClient | None", clock: "Clock"
) -> list[Recovery]:
    """Settle what earlier executions left in the market that *start* is about to trade, which this process owns.

    Raises:
        Refused: one of them is driven by another process, which locks its market somewhere else.
        InDoubt: something is still in doubt; nothing may be sent there.

    """
    from depthwalk.storage.unfinished import unfinished

    async def client_for(_: "ExecutionStart") -> "KalshiClient | None":
        return client

    settled: list[Recovery] = []
    for each in unfinished(database, environment=start.environment, account=start.account, ticker=start.parent.ticker):
        if each.start.venue != start.venue or each.start.fresh_account:
            continue
        outcome = await _attempt(each, database, client_for, clock, market=False)
        if outcome.running and client is not None:
            raise Refused(f"execution {outcome.execution_id[:8]} trades {outcome.ticker}: {outcome.detail}")
        if outcome.exit_code is not ExitCode.DONE:
            raise InDoubt(
                f"execution {outcome.execution_id[:8]} left {outcome.ticker} in doubt: {outcome.detail}",
                hint="`depthwalk recover` settles it",
            )
        if outcome.after is not None:
            settled.append(outcome)
    return settled


async def _attempt(
    found: "ExecutionSummary",
    database: "Database",
    client_for: "Callable[[ExecutionStart], Awaitable[KalshiClient | None]]",
    clock: "Clock",
    *,
    market: bool,
) -> Recovery:
    """Settle an execution if nobody drives it; whatever goes wrong is said in the row."""
    if (holder := owner(database.path, found.start.execution_id)) is not None:
        return replace(_left(found, f"it runs (process {holder.pid})", ExitCode.DONE), running=True)
    try:
        claim = claim_of(found.start, database.path, "depthwalk recover")
        owned = own(claim, now=clock.now(), market=market)
    except Refused as no:
        # Its orders may rest, and nobody looks after them as long as another run holds its market.
        return _left(found, no.message, ExitCode.IN_DOUBT)
    row = _left(found, "stopped half-way", ExitCode.IN_DOUBT)
    try:
        row = await _settle(found, database, await client_for(found.start), clock)
    except DepthwalkError as error:
        row = _left(found, error.message, worst(ExitCode.IN_DOUBT, error.exit_code))
    except Exception as error:  # noqa: BLE001 - one that cannot be settled must not keep the others from being settled
        row = _left(found, f"unexpected fault: {type(error).__name__}: {error}", ExitCode.IN_DOUBT)
    finally:
        owned.release(ended=row.exit_code is ExitCode.DONE)
    return row


async def _client_for(
    start: "ExecutionStart", config: "Config", clock: "Clock", clients: "dict[str, KalshiClient]", stack: AsyncExitStack
) -> "KalshiClient | None":
    """Return a client of the venue that an execution was sent to, asked once whether it is there; None: embedded."""
    if start.venue == EMBEDDED:
        return None
    here = destination(config, start.environment) if start.environment != "paper" or config.paper.server else None
    if here != Destination(start.venue, start.account):
        named = "no such venue" if here is None else here.venue
        key = " with another key" if here is not None and here.venue == start.venue else ""
        raise Refused(f"it was sent to {start.venue}, and the configuration names {named}{key}")
    if start.environment not in clients:
        client = (await stack.enter_async_context(trading_client(config, start.environment, clock))).client
        await client.user_data_as_of()
        clients[start.environment] = client
    return clients[start.environment]


async def _settle(found: "ExecutionSummary", database: "Database", client: "KalshiClient | None", clock: "Clock") -> Recovery:
    """Settle one execution that this process owns. *client* None: its exchange is no more.

    Raises:
        DepthwalkError: its journal cannot be used, or the database failed; what could be canceled is canceled.

    """
    from depthwalk.runtime.outcome import conclude
    from depthwalk.runtime.replay import replay
    from depthwalk.storage.executions import load_journal, reopen
    from depthwalk.storage.unfinished import abandon, unfinished

    start = found.start
    if start.execution_id not in {each.start.execution_id for each in unfinished(database, ticker=start.parent.ticker)}:
        return _left(found, "it has ended meanwhile", ExitCode.DONE)
    entries = load_journal(database, start.execution_id)
    if not entries:
        detail = "its process died before anything was sent"
        abandon(database, start.execution_id, at=found.updated_at, detail=detail)
        return row_of(found, Status.CANCELED, Quantity(0), detail, ExitCode.DONE)
    journal = reopen(database, start.execution_id)
    brought = replay(partial(_executor_of, start), entries)
    finish, used, at = brought.executor.finish, ApiUsage(), found.updated_at
    if finish is None or finish.reason is Reason.IN_DOUBT:
        if client is None:
            finish = Finish(reason=Reason.RECOVERED, detail=_ENDED_WITH_IT)
        elif await _began_anew(brought.executor, start, client):
            finish = Finish(reason=Reason.RECOVERED, detail=_BEGAN_ANEW)
        else:
            before = client.usage
            finish = await _end(brought, found, journal, client, clock)
            used, at = client.usage.since(before), clock.now()
    result = conclude(
        brought.executor,
        finished_at=at,
        api=used,
        environment=start.environment,
        source=start.source,
        seed=start.seed,
        parameters=start.parameters,
        tags=start.tags,
        finish=finish,
    )
    # Whatever stood in for an algorithm that is not there any more: the run was that algorithm's.
    result = replace(result, algorithm=start.algorithm)
    journal.finish(result)
    code = ExitCode.IN_DOUBT if result.status is Status.UNKNOWN else ExitCode.DONE
    return row_of(found, result.status, result.filled, result.finish.detail, code)


async def _began_anew(executor: "Executor", start: "ExecutionStart", client: "KalshiClient") -> bool:
    """Say whether a served paper exchange knows none of the orders that it had accepted: `paper serve --fresh`.

    A real venue may leave old orders out of its lists (kalshi-api.md section 6.6), so there it proves nothing.
    """
    from depthwalk.runtime.readings import MARGIN

    accepted = {child.order_id for child in executor.desk.children if child.order_id is not None}
    if start.environment != "paper" or not accepted:
        return False
    listed = await client.orders_since(start.parent.ticker, Instant(executor.run.started_at - MARGIN))
    return accepted.isdisjoint(report.order_id for report in listed)


async def _end(
    brought: "Replayed", found: "ExecutionSummary", journal: "ExecutionJournal", client: "KalshiClient", clock: "Clock"
) -> Finish:
    from depthwalk.reports.live_view import NullView
    from depthwalk.runtime.runner import Runner

    runner = Runner(
        executor=brought.executor,
        parent=found.start.parent,
        market=brought.market,
        rules=brought.rules,
        exchange=client,
        clock=clock,
        journal=journal,
        view=NullView(),
        refresh=False,
    )
    return await runner.recover("its process died" if found.status is Status.RUNNING else "it had ended in doubt")


def _executor_of(start: "ExecutionStart") -> "Executor":
    """Return a fresh executor as the execution had it; of an algorithm that is not there any more, the plainest there is."""
    from depthwalk.errors import UsageError
    from depthwalk.executors.registry import make_executor, parameters_from
    from depthwalk.executors.simple_limit import SimpleLimit, SimpleLimitParams

    try:
        return make_executor(start.algorithm, parameters_from(start.algorithm, start.parameters))
    except UsageError:
        return SimpleLimit(SimpleLimitParams())


def _left(found: "ExecutionSummary", detail: str, code: ExitCode) -> Recovery:
    return row_of(found, None, found.filled, detail, code)


def row_of(found: "ExecutionSummary", after: Status | None, filled: Quantity, detail: str, code: ExitCode) -> Recovery:
    """Return what became of an execution as a row."""
    start = found.start
    return Recovery(
        execution_id=start.execution_id,
        ticker=start.parent.ticker,
        environment=start.environment,
        before=found.status,
        after=after,
        requested=start.parent.quantity,
        filled=filled,
        detail=detail,
        exit_code=code,
    )
