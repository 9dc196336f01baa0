"""Reading executions back: lists, one execution whole, its journal, its fills. Writing is in `journal.py`.

Rows become domain values here; what cannot be read raises StorageError and names the execution.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from depthwalk.domain.messages import Event, Intent, Reason, Record
from depthwalk.domain.order import Action, Fill, Outcome, ParentOrder
from depthwalk.domain.result import ExecutionResult, SplitView, Status
from depthwalk.domain.units import ONE, Instant, Money, Price, Quantity
from depthwalk.errors import DepthwalkError, StorageError, UsageError
from depthwalk.storage import codec
from depthwalk.storage.database import Database, Value
from depthwalk.storage.journal import ExecutionJournal, ExecutionStart
from depthwalk.storage.rows import result_of, routing_of, split_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionSummary:
    """One execution in a list. *filled*, *paid* and *fees* come from its fills while it has no result.

    *paid* is in prices of the user's outcome. *updated_at* is the time of the latest event; *reason* and *finished_at* are
    None until it ends.
    """

    start: ExecutionStart
    status: Status
    reason: Reason | None
    detail: str | None
    updated_at: Instant
    finished_at: Instant | None
    filled: Quantity
    paid: Money
    fees: Money
    walks: int | None
    slippage_percent: float | None

    @property
    def average_price(self) -> float | None:
        """Dollars a contract of the user's outcome; None where nothing filled."""
        return self.paid / self.filled / ONE if self.filled else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision of the executor and when it was taken."""

    at: Instant
    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredExecution:
    """All there is of one execution; *result* is None, and *splits* empty, until it ends."""

    summary: ExecutionSummary
    splits: tuple[SplitView, ...]
    decisions: tuple[Decision, ...]
    fills: tuple[Fill, ...]
    result: ExecutionResult | None


# A result's numbers where there is one, else the sum of the fills: a running or crashed execution has no result.
# Paid is in own prices: a NO contract costs one dollar less the YES price.
_SUMMARIES = """
SELECT s.*, m.walks, m.slippage_percent,
    COALESCE(m.filled_e2, (SELECT SUM(t.quantity_e2) FROM trades t WHERE t.execution_id = s.execution_id), 0) AS filled_e2,
    COALESCE(m.paid_e6, (SELECT SUM(t.quantity_e2 * CASE s.outcome WHEN 'yes' THEN t.price_e4 ELSE 10000 - t.price_e4 END)
        FROM trades t WHERE t.execution_id = s.execution_id), 0) AS paid_e6,
    COALESCE(m.fees_e6, (SELECT SUM(t.fee_e6) FROM trades t WHERE t.execution_id = s.execution_id), 0) AS fees_e6
FROM execution_state s LEFT JOIN execution_metrics m USING (execution_id)
"""


def summaries(database: Database, condition: str, values: Sequence[Value]) -> list[ExecutionSummary]:
    """Return the executions for which *condition* holds, SQL on `execution_state s` and what may follow WHERE."""
    return [_summary(row) for row in database.rows(f"{_SUMMARIES} WHERE {condition}", values)]


def list_executions(database: Database, *, environment: str | None = None, limit: int = 50) -> list[ExecutionSummary]:
    """Return the latest *limit* executions, the one begun last first; of all environments where None is given.

    "Last" is the order in which they were run here: a seeded run carries simulated times.
    """
    return summaries(database, "?1 IS NULL OR s.environment = ?1 ORDER BY s.rowid DESC LIMIT ?2", (environment, limit))


def find_execution(database: Database, name: str) -> str:
    """Return the id that *name* is, or begins alone.

    Raises:
        UsageError: no execution begins so, or several do.

    """
    if database.row("SELECT 1 FROM execution_state WHERE execution_id = ?", (name,)):
        return name
    found = database.rows(
        "SELECT execution_id FROM execution_state WHERE substr(execution_id, 1, length(?1)) = ?1 ORDER BY rowid DESC LIMIT 4",
        (name,),
    )
    if not found or not name:
        raise UsageError(f"no execution {name!r}", hint="`depthwalk executions list` shows them")
    if len(found) > 1:
        some = ", ".join(row["execution_id"] for row in found[:3])
        raise UsageError(f"several executions begin with {name!r}: {some}{', …' if found[3:] else ''}")
    return str(found[0]["execution_id"])


def load_execution(database: Database, name: str) -> StoredExecution:
    """Return one execution whole, by its id or an unambiguous beginning of it.

    Raises:
        UsageError: none or several are called so.
        StorageError: its rows cannot be read.

    """
    identity = find_execution(database, name)
    state = database.rows(_SUMMARIES + " WHERE s.execution_id = ?", (identity,))[0]
    metrics = database.row(
        "SELECT * FROM execution_metrics LEFT JOIN execution_conditions USING (execution_id) WHERE execution_id = ?",
        (identity,),
    )
    rows = database.rows("SELECT * FROM split_orders WHERE execution_id = ? ORDER BY level", (identity,))
    summary = _summary(state)
    with _reading(identity):
        splits = tuple(split_of(row) for row in rows)
        return StoredExecution(
            summary=summary,
            splits=splits,
            decisions=tuple(load_decisions(database, identity)),
            fills=tuple(load_fills(database, identity)),
            result=result_of(state, metrics, splits, summary.start.parent) if metrics else None,
        )


def load_journal(database: Database, execution_id: str) -> list[tuple[Event, tuple[Intent, ...]]]:
    """Return the events of an execution in order, each with the intents it was answered with, equal to what was written.

    Raises:
        StorageError: an entry cannot be read.

    """
    rows = database.rows(
        """
        SELECT j.sequence, j.direction, j.kind, j.payload, b.yes_depth, b.no_depth
        FROM journal j LEFT JOIN order_book_snapshots b ON b.id = j.snapshot_id
        WHERE j.execution_id = ? ORDER BY j.sequence
        """,
        (execution_id,),
    )
    entries: list[tuple[Event, list[Intent]]] = []
    with _reading(execution_id):
        for place, row in enumerate(rows):
            if row["sequence"] != place or (not entries and row["direction"] != "event"):
                raise StorageError(f"its journal has a hole before entry {row['sequence']}")
            book = codec.decode_book(row["yes_depth"], row["no_depth"]) if row["yes_depth"] is not None else None
            message = codec.decode_message(row["kind"], row["payload"], book)
            if row["direction"] == "event":
                entries.append((cast("Event", message), []))
            else:
                entries[-1][1].append(cast("Intent", message))
    return [(event, tuple(intents)) for event, intents in entries]


def load_decisions(database: Database, execution_id: str) -> list[Decision]:
    """Return the decisions of an execution in order. Raises StorageError."""
    rows = database.rows(
        "SELECT at_us, payload FROM journal WHERE execution_id = ? AND kind = 'Record' ORDER BY sequence", (execution_id,)
    )
    with _reading(execution_id):
        return [Decision(at=Instant(row["at_us"]), record=codec.decode(Record, row["payload"])) for row in rows]


def load_fills(database: Database, execution_id: str) -> list[Fill]:
    """Return the fills of an execution in the order they were written. Prices on the YES leg. Raises StorageError."""
    rows = database.rows("SELECT * FROM trades WHERE execution_id = ? ORDER BY id", (execution_id,))
    return [
        Fill(
            fill_id=row["fill_id"],
            order_id=row["order_id"],
            price=Price(row["price_e4"]),
            quantity=Quantity(row["quantity_e2"]),
            is_taker=bool(row["is_taker"]),
            fee=Money(row["fee_e6"]),
            at=Instant(row["at_us"]),
        )
        for row in rows
    ]


def reopen(database: Database, execution_id: str) -> ExecutionJournal:
    """Return the journal of an execution that was begun before, to carry on after its last entry.

    Raises:
        UsageError: there is none of that id.
        StorageError: its row cannot be read.

    """
    start = summaries(database, "s.execution_id = ?", (find_execution(database, execution_id),))[0].start
    last = database.rows("SELECT max(sequence) FROM journal WHERE execution_id = ?", (start.execution_id,))[0][0]
    return ExecutionJournal(database, start, next_sequence=0 if last is None else last + 1)


def _summary(row: sqlite3.Row) -> ExecutionSummary:
    with _reading(row["execution_id"]):
        start = ExecutionStart(
            execution_id=row["execution_id"],
            parent=ParentOrder(
                parent_id=row["parent_id"],
                ticker=row["ticker"],
                outcome=Outcome(row["outcome"]),
                action=Action(row["action"]),
                quantity=row["requested_e2"],
                target=row["asked_target_e4"],
                limit=row["asked_limit_e4"],
            ),
            algorithm=row["algorithm"],
            parameters=codec.decode(dict[str, object], row["params"]),
            environment=row["environment"],
            source=row["source"],
            started_at=row["started_at_us"],
            seed=row["seed"],
            fresh_account=bool(row["fresh_account"]),
            venue=row["venue"],
            account=row["account"],
            reserved=row["reserved_e6"],
            routing=routing_of(row),
            tags=codec.decode(dict[str, str], row["tags"]),
        )
        return ExecutionSummary(
            start=start,
            status=Status(row["status"]),
            reason=Reason(row["reason"]) if row["reason"] is not None else None,
            detail=row["detail"],
            updated_at=row["updated_at_us"],
            finished_at=row["finished_at_us"],
            filled=row["filled_e2"],
            paid=row["paid_e6"],
            fees=row["fees_e6"],
            walks=row["walks"],
            slippage_percent=row["slippage_percent"],
        )


@contextmanager
def _reading(execution_id: str) -> Iterator[None]:
    """Name the execution in whatever goes wrong with its rows."""
    try:
        yield
    except (DepthwalkError, ValueError, TypeError) as error:
        raise StorageError(f"execution {execution_id} cannot be read: {error}") from error
