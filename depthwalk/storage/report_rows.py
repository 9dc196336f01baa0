"""Finished executions as the decision report needs them: one statement for the rows, one for the count of older ones.

No statistics. Reading one execution whole is in `executions.py`.
"""

import sqlite3

from depthwalk.domain.measured import Evidence, Measured
from depthwalk.domain.result import LiquidityClass, Status
from depthwalk.domain.units import Instant
from depthwalk.errors import DepthwalkError, StorageError
from depthwalk.storage import codec
from depthwalk.storage.database import Database

# Fills are held against the cap in the user's own prices: a NO contract costs one dollar less the YES price.
_COLUMNS = """
SELECT s.execution_id, s.ticker, s.algorithm, s.source, s.status, s.seed, s.started_at_us, s.fresh_account, s.requested_e2,
    s.liquidity, s.arrival_bid_e4 + s.arrival_ask_e4 AS mid_twice, s.arrival_within_3_e2, s.tags,
    json_extract(s.params, '$.timeout_seconds') AS timeout,
    (SELECT SUM(t.quantity_e2) FROM trades t WHERE t.execution_id = s.execution_id) AS traded_e2,
    (SELECT COUNT(*) FROM trades t WHERE t.execution_id = s.execution_id AND
        (CASE s.outcome WHEN 'yes' THEN t.price_e4 ELSE 10000 - t.price_e4 END - s.cap_e4)
        * CASE s.action WHEN 'buy' THEN 1 ELSE -1 END > 0) AS beyond_cap,
    m.*
FROM execution_state s LEFT JOIN execution_metrics m USING (execution_id)
"""

# Two searches of the index by start rather than one OR, which would read the whole table. Seeded runs take place at an epoch
# of their own, so the span of days says nothing of them.
_ROWS = f"""
{_COLUMNS} WHERE s.environment = ?1 AND s.started_at_us >= ?2
UNION ALL
{_COLUMNS} WHERE s.environment = ?1 AND s.started_at_us < ?2 AND s.fresh_account = 1
ORDER BY 7, 1
"""

_EARLIER = """
SELECT COUNT(*) FROM execution_state WHERE environment = ? AND started_at_us < ? AND fresh_account = 0
"""


def load_evidence(database: Database, *, environment: str, since: Instant) -> Evidence:
    """Return the executions of one environment that began at or after *since*, oldest first, and what is not evidence.

    Seeded runs on accounts of their own take place in simulated time and are returned whatever *since* is.

    Raises:
        StorageError: a row cannot be read.

    """
    counts = dict.fromkeys(("hybrid", "refused", "unfinished", "undated"), 0)
    rows: list[Measured] = []
    unknown: list[str] = []
    overfilled: list[str] = []
    beyond_cap: list[str] = []
    for row in database.rows(_ROWS, (environment, since)):
        if max(row["traded_e2"] or 0, row["filled_e2"] or 0) > row["requested_e2"]:
            overfilled.append(row["execution_id"])
        if row["beyond_cap"]:
            beyond_cap.append(row["execution_id"])
        if row["source"] == "hybrid":
            counts["hybrid"] += 1
        elif row["status"] == Status.REFUSED.value:
            counts["refused"] += 1
        elif row["filled_e2"] is None:
            counts["unfinished"] += 1
        elif row["status"] == Status.UNKNOWN.value:
            unknown.append(row["execution_id"])
        else:
            counts["undated"] += bool(row["fresh_account"])
            rows.append(_measured(row))
    earlier = database.rows(_EARLIER, (environment, since))[0][0]
    return Evidence(
        rows=tuple(rows),
        unknown=tuple(unknown),
        overfilled=tuple(overfilled),
        beyond_cap=tuple(beyond_cap),
        earlier=earlier,
        **counts,
    )


def _measured(row: sqlite3.Row) -> Measured:
    try:
        return Measured(
            execution_id=row["execution_id"],
            ticker=row["ticker"],
            algorithm=row["algorithm"],
            source=row["source"],
            status=Status(row["status"]),
            seed=row["seed"],
            started_at=row["started_at_us"],
            requested=row["requested_e2"],
            filled=row["filled_e2"],
            maker_filled=row["maker_filled_e2"],
            liquidity=LiquidityClass(row["liquidity"]) if row["liquidity"] is not None else None,
            mid_twice=row["mid_twice"],
            depth=row["arrival_within_3_e2"],
            timeout=row["timeout"],
            slippage_percent=row["slippage_percent"],
            shortfall=row["shortfall_total_e6"],
            spread=row["shortfall_spread_e6"],
            drift=row["shortfall_drift_e6"],
            opportunity=row["shortfall_opportunity_e6"],
            fees=row["shortfall_fees_e6"],
            first_fill=row["time_to_first_fill_us"],
            full_fill=row["time_to_full_fill_us"],
            total_time=row["total_time_us"],
            walks=row["walks"],
            calls=row["calls"],
            read_tokens=row["read_tokens"],
            write_tokens=row["write_tokens"],
            n_over_touch=row["n_over_touch"],
            tags=codec.decode(dict[str, str], row["tags"]),
        )
    except (DepthwalkError, ValueError, TypeError) as error:
        raise StorageError(f"execution {row['execution_id']} cannot be read: {error}") from error
