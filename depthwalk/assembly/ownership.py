"""Who drives what on this machine: locks on an execution, on its market, and a slot among those that may run at once.

An execution belongs to the process that holds its lock. A lock is gone with its process, so one without an owner has crashed.
"""

import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from depthwalk.assembly.admission import too_many
from depthwalk.assembly.trading import EMBEDDED
from depthwalk.domain.units import Instant, format_instant
from depthwalk.errors import Refused

if TYPE_CHECKING:
    from depthwalk.config import Config
    from depthwalk.storage.journal import ExecutionStart
    from depthwalk.storage.locks import Held, Holder, Locks


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What an execution has to own before it acts.

    *database* is where it is recorded: whoever could drive it has that file. *scope* names the account: environment, venue
    and key, or the database of the embedded exchange. None: it has an account of its own (a seeded or simulated run), so
    nobody can be in its way and it is not counted.
    """

    database: Path
    execution_id: str
    ticker: str
    scope: str | None
    command: str


@dataclass(slots=True)
class Ownership:
    """The locks of one execution, held until `release`."""

    running: int
    """How many executions of the account run now, this one included."""
    _execution: "Held"
    _others: ExitStack = field(default_factory=ExitStack)

    def release(self, *, ended: bool) -> None:
        """Let go; *ended*: nobody will drive this execution again."""
        self._others.close()
        self._execution.release(forget=ended)


def claim_of(start: "ExecutionStart", database_path: Path, command: str, *, alone: bool = False) -> Claim:
    """Return what has to be owned to drive an execution; *alone*: it shares nothing with others while it runs."""
    where = str(database_path.resolve()) if start.venue == EMBEDDED else f"{start.venue} {start.account}"
    return Claim(
        database=database_path,
        execution_id=start.execution_id,
        ticker=start.parent.ticker,
        scope=None if alone or start.fresh_account else f"{start.environment} {where}",
        command=command,
    )


def machine_locks() -> "Locks":
    """Return the locks of this machine and user: markets, and slots of those that run at once."""
    from depthwalk.storage.locks import Locks, machine_folder

    return Locks(machine_folder())


def database_locks(path: Path) -> "Locks":
    """Return the locks of the executions in a database. They lie beside it: also a process with other folders finds them."""
    from depthwalk.storage.locks import Locks

    path = path.resolve()
    return Locks(path.with_name(f"{path.name}.locks"))


def own(claim: Claim, *, now: Instant, config: "Config | None" = None, market: bool = True) -> Ownership:
    """Take what an execution has to own: itself, with *market* its market, with *config* a slot of those that run at once.

    Raises:
        Refused: another process drives it or trades its market, or too many run already; the message says who.
        StorageError, UsageError: the locks cannot be used.

    """
    from depthwalk.storage.locks import Holder

    holder = Holder(pid=os.getpid(), execution_id=claim.execution_id, ticker=claim.ticker, since=now, command=claim.command)
    executions, locks = database_locks(claim.database), machine_locks()
    with ExitStack() as taken:
        execution = executions.take(claim.execution_id, holder=holder)
        if execution is None:
            raise Refused(f"execution {claim.execution_id[:8]} is driven by {_who(executions.holder(claim.execution_id))}")
        unowned = taken.enter_context(ExitStack())
        unowned.callback(execution.release)
        running = 1
        if claim.scope is not None and market:
            name = f"market {claim.scope} {claim.ticker}"
            held = locks.take(name, holder=holder)
            if held is None:
                other = locks.holder(name)
                raise Refused(
                    f"{claim.ticker} is being traded by {_who(other)}: one execution at a time in a market",
                    hint="`depthwalk executions cancel ID` ends it",
                )
            taken.callback(held.release)
            if config is not None:
                most, slots = config.execution.max_concurrent_executions, f"slots {claim.scope}"
                slot = locks.slot(slots, most, holder=holder)
                if slot is None:
                    raise too_many(config, locks.holders(slots, most))
                taken.callback(slot.release)
                running = max(1, len(locks.holders(slots, most)))
        unowned.pop_all()
        return Ownership(running, execution, taken.pop_all())


def owner(database: Path, execution_id: str) -> "Holder | None":
    """Return who drives an execution of a database now; None where nobody does."""
    return database_locks(database).holder(execution_id)


def _who(holder: "Holder | None") -> str:
    if holder is None:
        return "another process"
    return (
        f"`{holder.command}` (process {holder.pid}, execution {holder.execution_id[:8]}, since {format_instant(holder.since)})"
    )
