"""Writing a run down: its events and intents in order, its books and fills, its end. Reading back is in `executions.py`.

The record of a fill and the intent to send an order are on the disk before `append` returns (design, D4 and D7).
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from depthwalk.domain.messages import (
    AmendOrder,
    BookChanged,
    CancelOrder,
    Event,
    Finish,
    Intent,
    OrderFilled,
    SubmitOrder,
)
from depthwalk.domain.order import ParentOrder
from depthwalk.domain.result import ExecutionResult, Status
from depthwalk.domain.routing import Routing
from depthwalk.domain.units import Instant, Money
from depthwalk.errors import StorageError
from depthwalk.storage import codec
from depthwalk.storage.database import Database
from depthwalk.storage.limits import DayLimit, reserve
from depthwalk.storage.rows import conditions_values, metrics_values, routing_values, split_values, state_values

_NOTHING = Money(0)

EMBEDDED = "embedded"
"""The venue of an execution whose exchange lives and dies with its process."""

_EFFECTS = (SubmitOrder, AmendOrder, CancelOrder, Finish)
"""Intents that reach outside: they must be on the disk before they are performed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionStart:
    """What is known of an execution before its first event.

    *parameters* are plain values, as JSON can hold them (a tuple comes back as a list, an enum as its value).
    *fresh_account*: it trades on a paper account of its own, so its fills do not move the lasting paper account.
    *venue* is the host and port its orders go to (EMBEDDED: an exchange inside this process), *account* the fingerprint of
    the key that signs, *reserved* the most it may put at stake. *routing* is how `--algo auto` chose the algorithm, None where
    it was named.
    """

    execution_id: str
    parent: ParentOrder
    algorithm: str
    parameters: dict[str, object]
    environment: str
    source: str
    started_at: Instant
    seed: int | None = None
    fresh_account: bool = False
    venue: str = EMBEDDED
    account: str = ""
    reserved: Money = _NOTHING
    routing: Routing | None = None
    tags: dict[str, str] = field(default_factory=dict)


class MemoryJournal:
    """A journal that keeps everything in lists: for the laboratory, storms and tests."""

    def __init__(self) -> None:
        self.entries: list[tuple[Event, tuple[Intent, ...]]] = []
        self.result: ExecutionResult | None = None

    def append(self, event: Event, intents: Sequence[Intent]) -> None:
        """Keep an event and what the executor answered."""
        self.entries.append((event, tuple(intents)))

    def finish(self, result: ExecutionResult) -> None:
        """Keep the end of the run."""
        self.result = result


class ExecutionJournal:
    """The journal of one execution in the database. Build it with `begin`, after a crash with `executions.reopen`."""

    def __init__(self, database: Database, start: ExecutionStart, *, next_sequence: int) -> None:
        self.start = start
        self._database = database
        self._next = next_sequence

    @classmethod
    def begin(cls, database: Database, start: ExecutionStart, *, day: DayLimit | None = None) -> "ExecutionJournal":
        """Write down that an execution starts, with status RUNNING.

        With *day* what it reserves is lowered to what is left of the day's limit, in the same transaction, so that two that
        begin at once never both get the last of it; `start` of the journal says how much it is. Without (seeded and simulated
        executions, which play for nothing) nothing is reserved, and the execution is not counted.

        Raises:
            Refused: nothing is left of the day's limit.
            StorageError: the id is taken, or the database failed.

        """
        with database.transaction(durable=False) as connection:
            reserved = _NOTHING
            if day is not None:
                reserved = reserve(database, day, environment=start.environment, account=start.account, wanted=start.reserved)
            start = replace(start, reserved=reserved)
            connection.execute(
                """
                INSERT INTO execution_state (execution_id, parent_id, environment, source, ticker, outcome, action, algorithm,
                    params, requested_e2, asked_target_e4, asked_limit_e4, tags, seed, fresh_account, venue, account,
                    reserved_e6, routed_control, routed_candidate, routed_class, routed_share_ppm, routed_draw_ppm,
                    status, started_at_us, updated_at_us)
                VALUES (:execution_id, :parent_id, :environment, :source, :ticker, :outcome, :action, :algorithm,
                    :params, :requested_e2, :asked_target_e4, :asked_limit_e4, :tags, :seed, :fresh_account, :venue, :account,
                    :reserved_e6, :routed_control, :routed_candidate, :routed_class, :routed_share_ppm, :routed_draw_ppm,
                    :status, :started_at_us, :started_at_us)
                """,
                {
                    "execution_id": start.execution_id,
                    "parent_id": start.parent.parent_id,
                    "environment": start.environment,
                    "source": start.source,
                    "ticker": start.parent.ticker,
                    "outcome": start.parent.outcome.value,
                    "action": start.parent.action.value,
                    "algorithm": start.algorithm,
                    "params": codec.encode(start.parameters),
                    "requested_e2": start.parent.quantity,
                    "asked_target_e4": start.parent.target,
                    "asked_limit_e4": start.parent.limit,
                    "tags": codec.encode(start.tags),
                    "seed": start.seed,
                    "fresh_account": int(start.fresh_account),
                    "venue": start.venue,
                    "account": start.account,
                    "reserved_e6": start.reserved,
                    **routing_values(start.routing),
                    "status": Status.RUNNING.value,
                    "started_at_us": start.started_at,
                },
            )
        return cls(database, start, next_sequence=0)

    def append(self, event: Event, intents: Sequence[Intent]) -> None:
        """Write an event, its intents, its book and its fill in one transaction.

        It is on the disk when this returns, where an effect or a fill is in it.

        Raises:
            StorageError: nothing was written.

        """
        durable = isinstance(event, OrderFilled) or any(isinstance(intent, _EFFECTS) for intent in intents)
        identity = self.start.execution_id
        with self._database.transaction(durable=durable) as connection:
            snapshot = self._write_book(connection, event) if isinstance(event, BookChanged) else None
            if isinstance(event, OrderFilled):
                self._write_fill(connection, event)
            rows = [(identity, self._next, event.at, "event", *codec.encode_message(event), snapshot)]
            rows += [
                (identity, self._next + place, event.at, "intent", *codec.encode_message(intent), None)
                for place, intent in enumerate(intents, start=1)
            ]
            connection.executemany(
                "INSERT INTO journal (execution_id, sequence, at_us, direction, kind, payload, snapshot_id)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            connection.execute(
                "UPDATE execution_state SET updated_at_us = max(updated_at_us, ?) WHERE execution_id = ?", (event.at, identity)
            )
        self._next += len(rows)

    def finish(self, result: ExecutionResult) -> None:
        """Write the end of the run: state, splits, metrics, in one transaction, on the disk. Safe to repeat.

        Raises:
            StorageError: the result is of another execution or environment, or the database failed; nothing was written.

        """
        identity = self.start.execution_id
        if (result.execution_id, result.environment) != (identity, self.start.environment):
            raise StorageError(
                f"a result of {result.execution_id} ({result.environment})"
                f" does not belong to {identity} ({self.start.environment})"
            )
        with self._database.transaction(durable=True) as connection:
            connection.execute(
                """
                UPDATE execution_state SET source = :source, algorithm = :algorithm, params = :params, tags = :tags,
                    seed = :seed, status = :status, reason = :reason, detail = :detail, started_at_us = :started_at_us,
                    updated_at_us = max(updated_at_us, :finished_at_us), finished_at_us = :finished_at_us,
                    arrival_at_us = :arrival_at_us, arrival_bid_e4 = :arrival_bid_e4, arrival_ask_e4 = :arrival_ask_e4,
                    arrival_touch_e2 = :arrival_touch_e2, arrival_within_1_e2 = :arrival_within_1_e2,
                    arrival_within_3_e2 = :arrival_within_3_e2, arrival_within_5_e2 = :arrival_within_5_e2,
                    arrival_within_cap_e2 = :arrival_within_cap_e2, arrival_book_age_us = :arrival_book_age_us,
                    liquidity = :liquidity, target_e4 = :target_e4, cap_e4 = :cap_e4, cap_origin = :cap_origin
                WHERE execution_id = :execution_id
                """,
                state_values(result),
            )
            connection.execute("DELETE FROM split_orders WHERE execution_id = ?", (identity,))
            connection.executemany(
                """
                INSERT INTO split_orders (execution_id, level, price_e4, quantity_e2, filled_e2, paid_e6, fees_e6, walks,
                    status, order_status, ahead_e2, walk_history)
                VALUES (:execution_id, :level, :price_e4, :quantity_e2, :filled_e2, :paid_e6, :fees_e6, :walks, :status,
                    :order_status, :ahead_e2, :walk_history)
                """,
                [split_values(identity, split) for split in result.splits],
            )
            connection.execute(
                """
                REPLACE INTO execution_metrics (execution_id, filled_e2, maker_filled_e2, paid_e6, fees_e6, average_price,
                    slippage_percent, slippage_bps, shortfall_total_e6, shortfall_spread_e6, shortfall_drift_e6,
                    shortfall_opportunity_e6, shortfall_fees_e6, shortfall_total_mid_e6, shortfall_opportunity_mid_e6,
                    shortfall_depth_short, time_to_first_fill_us, time_to_full_fill_us, total_time_us, walks, calls,
                    read_tokens, write_tokens, basic_average_price, basic_slippage_percent, basic_filled_e2,
                    improvement_over_basic, n_over_touch)
                VALUES (:execution_id, :filled_e2, :maker_filled_e2, :paid_e6, :fees_e6,
                    :average_price, :slippage_percent, :slippage_bps, :shortfall_total_e6, :shortfall_spread_e6,
                    :shortfall_drift_e6, :shortfall_opportunity_e6, :shortfall_fees_e6, :shortfall_total_mid_e6,
                    :shortfall_opportunity_mid_e6, :shortfall_depth_short, :time_to_first_fill_us, :time_to_full_fill_us,
                    :total_time_us, :walks, :calls, :read_tokens, :write_tokens, :basic_average_price,
                    :basic_slippage_percent, :basic_filled_e2, :improvement_over_basic, :n_over_touch)
                """,
                metrics_values(result),
            )
            connection.execute(
                """
                REPLACE INTO execution_conditions (execution_id, near_limit_e2, traded_volume_e2, momentum,
                    ema_slippage_percent)
                VALUES (:execution_id, :near_limit_e2, :traded_volume_e2, :momentum, :ema_slippage_percent)
                """,
                conditions_values(result),
            )

    def _write_book(self, connection: sqlite3.Connection, event: BookChanged) -> int | None:
        book = event.book
        return connection.execute(
            """
            INSERT INTO order_book_snapshots (ticker, event_time_us, receipt_time_us, environment, source, yes_depth, no_depth,
                yes_total_e2, no_total_e2, best_bid_e4, best_ask_e4, spread_e4)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            (
                self.start.parent.ticker,
                event.confirmed_at,
                event.at,
                self.start.environment,
                self.start.source,
                *codec.encode_book(book),
                sum(quantity for _, quantity in book.bids),
                sum(quantity for _, quantity in book.asks),
                book.best_bid,
                book.best_ask,
                book.spread,
            ),
        ).lastrowid

    def _write_fill(self, connection: sqlite3.Connection, event: OrderFilled) -> None:
        start, fill = self.start, event.fill
        # An embedded exchange numbers its fills afresh in every process; a venue never uses an id twice.
        scope = start.execution_id if start.environment == "paper" else ""
        written = connection.execute(
            """
            INSERT INTO trades (environment, source, fill_scope, fill_id, execution_id, client_order_id, order_id, ticker, side,
                price_e4, quantity_e2, is_taker, fee_e6, at_us)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (environment, fill_scope, fill_id) DO NOTHING
            """,
            (
                start.environment,
                start.source,
                scope,
                fill.fill_id,
                start.execution_id,
                event.client_id,
                fill.order_id,
                start.parent.ticker,
                start.parent.side.value,
                fill.price,
                fill.quantity,
                int(fill.is_taker),
                fill.fee,
                fill.at,
            ),
        )
        if written.rowcount:
            return
        same = connection.execute(
            """
            SELECT 1 FROM trades WHERE environment = ? AND fill_scope = ? AND fill_id = ?
                AND execution_id = ? AND price_e4 = ? AND quantity_e2 = ?
            """,
            (start.environment, scope, fill.fill_id, start.execution_id, fill.price, fill.quantity),
        ).fetchone()
        if same is None:
            # Passing over it would lose the record of a fill.
            raise StorageError(f"fill {fill.fill_id} is stored already, of another execution or with another price or quantity")
