"""The throttle of one key, shared by all depthwalk processes of this machine through a small record. No files are known here.

Each request is reserved in the record, which one process at a time may change and none keeps for longer than the arithmetic
takes; the wait comes afterwards. A record that makes no sense counts as empty buckets, never as full ones. Where the record
cannot be had, a process goes on by itself, as if it were one of several, and says so; a cancel then leaves as if alone, since
getting out comes first and a 429 to it is repeated.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import msgspec

from depthwalk.clock import Clock
from depthwalk.domain.units import SECOND, Duration, Instant
from depthwalk.errors import StorageError
from depthwalk.kalshi.buckets import BudgetLevels, Level
from depthwalk.kalshi.throttle import CostTable, Levels, Throttle
from depthwalk.ports import SharedState
from depthwalk.wire.account import AccountLimits
from depthwalk.wire.faults import Kind

T = TypeVar("T")

PATIENCE: Final = SECOND
"""How long a request asks for the record before it goes on without it; only a stopped process keeps it for so long."""

ALONE: Final = 5
"""What a request costs without the record, in its own cost: as if so many processes were about, each as busy as this one."""

_BETWEEN_TRIES: Final = Duration(2_000)
_CLOCKS_DIFFER: Final = SECOND
_LONGEST_QUEUE: Final = Duration(3_600 * SECOND)
_VERSION: Final = 1
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the processes share: all levels, and when they were written by the writer's clock."""

    version: int
    written: Instant
    levels: Levels


def decode_record(text: bytes) -> Record | None:
    """Read a record; None where it makes no sense: broken, of another version, or with levels no bucket can have."""
    try:
        record = msgspec.json.decode(text, type=Record)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    found = record.levels
    budgets = (found.reads, found.writes, *(() if found.calls is None else (found.calls,)))
    each = [level for budget in budgets for level in (budget.common, budget.kept) if level is not None]
    sound = all(level.possible and level.at <= record.written + _LONGEST_QUEUE for level in each)
    return record if sound and record.version == _VERSION else None


def _moved(levels: Levels, by: int) -> Levels:
    """Return the same levels at other times."""

    def one(level: Level) -> Level:
        return replace(level, at=Instant(level.at + by))

    def budget(found: BudgetLevels) -> BudgetLevels:
        return BudgetLevels(common=one(found.common), kept=None if found.kept is None else one(found.kept))

    calls = None if levels.calls is None else budget(levels.calls)
    return Levels(reads=budget(levels.reads), writes=budget(levels.writes), calls=calls)


class SharedThrottle(Throttle):
    """A Throttle whose levels are those of the record; see there for the arguments.

    `admit` and `refused` go by the record. What Throttle itself does is the arithmetic on the levels as last seen.
    """

    def __init__(
        self,
        record: SharedState,
        *,
        limits: AccountLimits | None = None,
        utilisation: float = 0.9,
        cancel_reserve: float = 0.1,
        calls_per_minute: int | None = None,
        costs: CostTable | None = None,
    ) -> None:
        super().__init__(
            limits=limits,
            utilisation=utilisation,
            cancel_reserve=cancel_reserve,
            calls_per_minute=calls_per_minute,
            costs=costs,
        )
        self._record = record
        self._seen = Instant(0)
        self._reachable = True

    async def admit(self, clock: Clock, kind: Kind, cost: int) -> None:
        """Wait until a request of *cost* tokens may leave. Raises DomainError where it can never pass."""
        wait = await self._patiently(clock, lambda now: self.reserve(now, kind, cost))
        if wait is None:
            wait = self.reserve(clock.now(), kind, cost, weight=1 if kind is Kind.CANCEL else ALONE)
        await clock.sleep(wait)

    async def refused(self, clock: Clock, kind: Kind) -> None:
        """Learn, for all processes, that the venue's bucket is empty, whatever ours says: it answered 429."""

        def drain(now: Instant) -> bool:
            self.drain(now, kind)
            return True

        if not await self._patiently(clock, drain):
            self.drain(clock.now(), kind)

    async def _patiently(self, clock: Clock, act: Callable[[Instant], T]) -> T | None:
        """Do *act* on the record's levels, asking for the record as long as is reasonable; None: it cannot be had."""
        give_up = Instant(clock.now() + (PATIENCE if self._reachable else 0))
        while True:
            now = clock.now()
            fault = "another process keeps it"
            try:
                done = self._once(now, act)
            except StorageError as error:
                done, fault = None, error.message
            if done is not None:
                self._reachable = True
                return done
            if now >= give_up:
                if self._reachable:
                    _LOG.warning("the rate budget of this machine cannot be had (%s): going on carefully without", fault)
                self._reachable = False
                return None
            await clock.sleep(_BETWEEN_TRIES)

    def _once(self, now: Instant, act: Callable[[Instant], T]) -> T | None:
        """Do *act* on the record's levels and write them back; None: another process is at it. Raises StorageError."""
        done: list[T] = []

        def change(before: bytes | None) -> bytes:
            calls = self._load(before, now)
            done.append(act(now))
            levels = self.levels
            # A process that counts no calls leaves the count of those that do as it is.
            levels = replace(levels, calls=calls) if levels.calls is None else levels
            return msgspec.json.encode(Record(version=_VERSION, written=now, levels=levels))

        if not self._record.update(change):
            return None
        self._seen = now
        return done[0]

    def _load(self, text: bytes | None, now: Instant) -> BudgetLevels | None:
        """Take the record's levels for ours; none yet: ours are the first. Return those of the calls."""
        if text is None:
            return None
        record = decode_record(text)
        if record is None:
            _LOG.warning("the rate budget of this machine made no sense: starting from empty buckets")
            self.drain_all(now)
            return None
        # Wall clocks are set: what is there was written between our last look and now, whatever its writer's clock said.
        written = min(max(record.written, self._seen), now)
        shift = written - record.written
        self.levels = levels = record.levels if abs(shift) < _CLOCKS_DIFFER else _moved(record.levels, shift)
        return levels.calls
