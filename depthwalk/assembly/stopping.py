"""Ending an execution from another terminal: its owner is asked and waited for; without one it is settled here."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from depthwalk.assembly.databases import open_store
from depthwalk.assembly.ownership import owner
from depthwalk.assembly.recovery import recover, row_of
from depthwalk.domain.result import Recovery, Status
from depthwalk.domain.units import seconds
from depthwalk.errors import ExitCode

if TYPE_CHECKING:
    from depthwalk.clock import Clock
    from depthwalk.storage.database import Database

_OPEN: Final = (Status.RUNNING, Status.UNKNOWN)
_PATIENCE: Final = seconds(120)
_LOOK_EVERY: Final = seconds(0.5)


def end(config_path: Path | None, database_path: Path | None, name: str, *, waiting: Callable[[str], None]) -> Recovery:
    """End an execution: its owner is asked and waited for; where it has none, it is settled here and now.

    Args:
        config_path: the configuration.
        database_path: the database.
        name: the execution's id, or an unambiguous beginning.
        waiting: told who is being waited for.

    """
    from depthwalk.clock import SystemClock
    from depthwalk.storage.executions import find_execution, load_execution
    from depthwalk.storage.unfinished import ask_to_end

    clock = SystemClock()
    with open_store(config_path, database_path) as database:
        identity = find_execution(database, name)
        asked = ask_to_end(database, identity, clock.now())
        if asked and (holder := owner(database.path, identity)) is not None:
            waiting(f"waiting for process {holder.pid} to cancel its orders")
            asyncio.run(_until_left(database, identity, clock))
        found = load_execution(database, identity).summary
        if found.status not in _OPEN:
            return row_of(
                found, found.status, found.filled, found.detail or "" if asked else "it had ended before", ExitCode.DONE
            )
        if owner(database.path, identity) is not None:
            return row_of(found, None, found.filled, "asked to end, but its process has not left yet", ExitCode.IN_DOUBT)
    settled = recover(config_path, database_path, execution_id=identity)
    return settled[0] if settled else row_of(found, None, found.filled, "it has ended meanwhile", ExitCode.DONE)


async def _until_left(database: "Database", identity: str, clock: "Clock") -> None:
    """Wait until an execution has ended or its owner is gone, but not for ever."""
    from depthwalk.storage.executions import load_execution

    since = clock.now()
    while clock.now() - since < _PATIENCE:
        if load_execution(database, identity).summary.status not in _OPEN or owner(database.path, identity) is None:
            return
        await clock.sleep(_LOOK_EVERY)
