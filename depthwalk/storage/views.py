"""The views of the database: the base tables in dollars, contracts and RFC 3339 times, for people and for other tools.

Each dictionary belongs to the migration it is named for and is never edited after a release: a changed view is a new
migration. Integer columns that a query filters by (`*_us`, `*_e4`) are handed through, because only they use the indexes.
"""

import re
from typing import Final


def _expanded(sql: str) -> str:
    """Write out TIME(column): microseconds as RFC 3339 with milliseconds; NULL stays NULL."""
    return re.sub(
        r"TIME\(((?:MIN|MAX)\([\w.]+\)|[\w.]+)\)", r"strftime('%Y-%m-%dT%H:%M:%fZ', \1 / 1000000.0, 'unixepoch')", sql
    )


_BOOKS: Final = """
SELECT id AS snapshot_id, ticker, TIME(event_time_us) AS event_time, TIME(receipt_time_us) AS receipt_time,
    environment, source,
    best_bid_e4 / 10000.0 AS best_bid, best_ask_e4 / 10000.0 AS best_ask,
    (best_bid_e4 + best_ask_e4) / 20000.0 AS mid, spread_e4 / 10000.0 AS spread,
    CASE WHEN best_bid_e4 IS NULL AND best_ask_e4 IS NULL THEN 'empty' WHEN best_ask_e4 IS NULL THEN 'bids only'
        WHEN best_bid_e4 IS NULL THEN 'asks only' WHEN spread_e4 > 0 THEN 'two-sided' WHEN spread_e4 = 0 THEN 'locked'
        ELSE 'crossed' END AS state,
    yes_total_e2 / 100.0 AS yes_total, no_total_e2 / 100.0 AS no_total,
    json_array_length(yes_depth) AS yes_levels, json_array_length(no_depth) AS no_levels,
    event_time_us, receipt_time_us
FROM order_book_snapshots
"""

# One row a level. "What could a buyer of YES take up to 0.43 at that time?" is
#   SELECT SUM(quantity) FROM depth_levels WHERE side = 'ask' AND price_e4 <= 4300 AND snapshot_id =
#     (SELECT id FROM order_book_snapshots WHERE ticker = 'T' AND event_time_us <= 1700000000000000
#      ORDER BY event_time_us DESC LIMIT 1)
# The two sides are joined, not a UNION of two queries: only so does a condition on the book reach the index.
_LEVELS: Final = """
SELECT s.id AS snapshot_id, s.ticker, TIME(s.event_time_us) AS event_time, s.environment, s.source,
    d.side, d.outcome, l.key + 1 AS level,
    (d.base + d.sign * json_extract(l.value, '$[0]')) / 10000.0 AS price,
    json_extract(l.value, '$[0]') / 10000.0 AS outcome_price, json_extract(l.value, '$[1]') / 100.0 AS quantity,
    d.base + d.sign * json_extract(l.value, '$[0]') AS price_e4, json_extract(l.value, '$[1]') AS quantity_e2,
    s.event_time_us
FROM order_book_snapshots s
JOIN (SELECT 'bid' AS side, 'yes' AS outcome, 0 AS base, 1 AS sign UNION ALL SELECT 'ask', 'no', 10000, -1) d
JOIN json_each(CASE d.side WHEN 'bid' THEN s.yes_depth ELSE s.no_depth END) l
"""

_EXECUTIONS: Final = """
SELECT s.execution_id, s.environment, s.source, s.ticker, s.outcome, s.action, s.algorithm, s.status, s.reason, s.detail,
    s.requested_e2 / 100.0 AS requested, m.filled_e2 / 100.0 AS filled,
    (s.requested_e2 - m.filled_e2) / 100.0 AS unfilled, m.maker_filled_e2 / 100.0 AS maker_filled,
    s.target_e4 / 10000.0 AS target_price, s.cap_e4 / 10000.0 AS cap_price, s.cap_origin,
    m.average_price, m.paid_e6 / 1000000.0 AS paid, m.fees_e6 / 1000000.0 AS fees,
    m.slippage_percent, m.slippage_bps,
    m.shortfall_total_e6 / 1000000.0 AS shortfall_total, m.shortfall_spread_e6 / 1000000.0 AS shortfall_spread,
    m.shortfall_drift_e6 / 1000000.0 AS shortfall_drift, m.shortfall_opportunity_e6 / 1000000.0 AS shortfall_opportunity,
    m.shortfall_fees_e6 / 1000000.0 AS shortfall_fees, m.shortfall_total_mid_e6 / 1000000.0 AS shortfall_total_mid,
    m.shortfall_depth_short,
    s.liquidity, s.arrival_bid_e4 / 10000.0 AS arrival_bid, s.arrival_ask_e4 / 10000.0 AS arrival_ask,
    (s.arrival_bid_e4 + s.arrival_ask_e4) / 20000.0 AS arrival_mid,
    s.arrival_touch_e2 / 100.0 AS arrival_touch, s.arrival_within_1_e2 / 100.0 AS arrival_within_1,
    s.arrival_within_3_e2 / 100.0 AS arrival_within_3, s.arrival_within_5_e2 / 100.0 AS arrival_within_5,
    s.arrival_within_cap_e2 / 100.0 AS arrival_within_cap, s.arrival_book_age_us / 1000000.0 AS arrival_book_age_seconds,
    m.time_to_first_fill_us / 1000000.0 AS seconds_to_first_fill,
    m.time_to_full_fill_us / 1000000.0 AS seconds_to_full_fill, m.total_time_us / 1000000.0 AS total_seconds,
    m.walks, m.calls, m.read_tokens, m.write_tokens, m.basic_average_price, m.basic_slippage_percent,
    m.basic_filled_e2 / 100.0 AS basic_filled, m.improvement_over_basic, m.n_over_touch,
    s.seed, s.fresh_account, s.tags, s.params,
    TIME(s.started_at_us) AS started_at, TIME(s.finished_at_us) AS finished_at, s.started_at_us
FROM execution_state s LEFT JOIN execution_metrics m USING (execution_id)
"""

_SPLITS: Final = """
SELECT p.execution_id, s.environment, s.ticker, s.algorithm, p.level, s.outcome, s.action, p.price_e4 / 10000.0 AS price,
    p.quantity_e2 / 100.0 AS quantity, p.filled_e2 / 100.0 AS filled,
    p.paid_e6 / 10000.0 / NULLIF(p.filled_e2, 0) AS average_price,
    p.paid_e6 / 1000000.0 AS paid, p.fees_e6 / 1000000.0 AS fees, p.walks, p.status, p.order_status, p.walk_history
FROM split_orders p JOIN execution_state s USING (execution_id)
"""

_FILLS: Final = """
SELECT t.id AS trade_id, t.execution_id, t.environment, t.source, t.ticker, t.fill_id, t.client_order_id, t.order_id, t.side,
    s.outcome, s.action, t.price_e4 / 10000.0 AS price,
    CASE s.outcome WHEN 'yes' THEN t.price_e4 ELSE 10000 - t.price_e4 END / 10000.0 AS outcome_price,
    t.quantity_e2 / 100.0 AS quantity, t.is_taker, t.fee_e6 / 1000000.0 AS fee, TIME(t.at_us) AS at, t.at_us
FROM trades t JOIN execution_state s USING (execution_id)
"""

# Slippage alone flatters whoever does not fill, so the shares of unfilled contracts stand beside it. Averages of
# percentages are over executions that filled something; a class without one has NULL, never 0.
_FIGURES: Final = """
    COUNT(*) AS executions, AVG(m.slippage_percent) AS average_slippage_percent,
    MAX(m.slippage_percent) AS worst_slippage_percent,
    SUM(m.filled_e2) * 1.0 / SUM(s.requested_e2) AS fill_rate, SUM(m.filled_e2 < s.requested_e2) AS under_filled,
    SUM(m.filled_e2 < s.requested_e2) * 1.0 / COUNT(*) AS under_filled_share,
    SUM(m.shortfall_total_e6) / 1000000.0 AS shortfall_total, SUM(m.fees_e6) / 1000000.0 AS fees,
    AVG(m.walks) AS average_walks, AVG(m.total_time_us) / 1000000.0 AS average_seconds
FROM execution_state s JOIN execution_metrics m USING (execution_id) WHERE s.liquidity IS NOT NULL
"""

_SLIPPAGE: Final = f"SELECT s.environment, s.liquidity, {_FIGURES} GROUP BY s.environment, s.liquidity"
_ALGORITHM: Final = (
    f"SELECT s.environment, s.algorithm, s.liquidity, {_FIGURES} GROUP BY s.environment, s.algorithm, s.liquidity"
)

M002: Final = {
    name: _expanded(sql)
    for name, sql in {
        "books": _BOOKS,
        "depth_levels": _LEVELS,
        "executions": _EXECUTIONS,
        "splits": _SPLITS,
        "fills": _FILLS,
        "slippage_by_liquidity": _SLIPPAGE,
        "algorithm_by_liquidity": _ALGORITHM,
    }.items()
}

_TRADES: Final = """
SELECT id AS print_id, environment, source, ticker, trade_id, TIME(event_time_us) AS event_time,
    price_e4 / 10000.0 AS price, (10000 - price_e4) / 10000.0 AS no_price, quantity_e2 / 100.0 AS quantity,
    taker_side, CASE taker_side WHEN 'bid' THEN 'yes' ELSE 'no' END AS taker_outcome, is_block, price_e4, event_time_us
FROM market_trades
"""

# One row a ticker, environment and source. The books of executions are no recording and are left out.
_COVERAGE: Final = """
SELECT environment, ticker, source,
    SUM(books) AS books, TIME(MIN(first_book_us)) AS first_book, TIME(MAX(last_book_us)) AS last_book,
    SUM(trades) AS trades, TIME(MIN(first_trade_us)) AS first_trade, TIME(MAX(last_trade_us)) AS last_trade,
    SUM(heartbeats) AS heartbeats, SUM(heartbeat_us) / 1000000.0 AS heartbeat_seconds,
    SUM(gaps) AS gaps, SUM(gap_us) / 1000000.0 AS gap_seconds, MIN(first_us) AS first_us, MAX(last_us) AS last_us
FROM (
    SELECT environment, ticker, source, COUNT(*) AS books, MIN(event_time_us) AS first_book_us,
        MAX(event_time_us) AS last_book_us, 0 AS trades, NULL AS first_trade_us, NULL AS last_trade_us,
        0 AS heartbeats, 0 AS heartbeat_us, 0 AS gaps, 0 AS gap_us,
        MIN(event_time_us) AS first_us, MAX(event_time_us) AS last_us
    FROM order_book_snapshots WHERE source IN ('poll', 'import', 'stream') GROUP BY environment, ticker, source
    UNION ALL
    SELECT environment, ticker, source, 0, NULL, NULL, COUNT(*), MIN(event_time_us), MAX(event_time_us), 0, 0, 0, 0,
        MIN(event_time_us), MAX(event_time_us)
    FROM market_trades GROUP BY environment, ticker, source
    UNION ALL
    SELECT environment, ticker, source, 0, NULL, NULL, 0, NULL, NULL,
        SUM(kind = 'heartbeat'), SUM((kind = 'heartbeat') * (until_us - from_us)),
        SUM(kind = 'gap'), SUM((kind = 'gap') * (until_us - from_us)), MIN(from_us), MAX(until_us)
    FROM recording_marks WHERE ticker IS NOT NULL GROUP BY environment, ticker, source
)
GROUP BY environment, ticker, source
"""

M004: Final = {name: _expanded(sql) for name, sql in {"trades_public": _TRADES, "recording_coverage": _COVERAGE}.items()}

# The book of the arrival is the one seen at the arrival's time.
_CONDITIONS: Final = """
SELECT s.execution_id, s.environment, s.ticker, s.algorithm, c.near_limit_e2 / 100.0 AS near_limit,
    c.traded_volume_e2 / 100.0 AS traded_volume, c.momentum, c.ema_slippage_percent,
    (SELECT j.snapshot_id FROM journal j WHERE j.execution_id = s.execution_id AND j.kind = 'BookChanged'
        AND j.at_us = s.arrival_at_us ORDER BY j.sequence LIMIT 1) AS arrival_snapshot_id
FROM execution_state s JOIN execution_conditions c USING (execution_id)
"""

_DECISIONS: Final = """
SELECT j.execution_id, s.environment, s.ticker, s.algorithm, j.sequence, TIME(j.at_us) AS at,
    (j.at_us - s.started_at_us) / 1000000.0 AS seconds, json_extract(j.payload, '$.what') AS what,
    json_extract(j.payload, '$.why') AS why, json_extract(j.payload, '$.split') AS split,
    json_extract(j.payload, '$.price') / 10000.0 AS price, json_extract(j.payload, '$.previous') / 10000.0 AS previous,
    json_extract(j.payload, '$.book_age') / 1000000.0 AS book_age_seconds, j.at_us
FROM journal j JOIN execution_state s USING (execution_id) WHERE j.kind = 'Record'
"""

M005: Final = {name: _expanded(sql) for name, sql in {"conditions": _CONDITIONS, "decisions": _DECISIONS}.items()}

# The arm is by the draw, whatever ran in the end: arms are compared by what was drawn. NULL where no draw decided.
_ROUTINGS: Final = """
SELECT execution_id, environment, source, ticker, status, routed_control AS control, routed_candidate AS candidate,
    routed_class AS liquidity, routed_share_ppm / 1000000.0 AS share, routed_draw_ppm / 1000000.0 AS draw,
    CASE WHEN routed_share_ppm IS NULL THEN NULL WHEN routed_draw_ppm < routed_share_ppm THEN 'candidate' ELSE 'control' END
        AS arm,
    algorithm, TIME(started_at_us) AS started_at, started_at_us
FROM execution_state WHERE routed_draw_ppm IS NOT NULL
"""

M007: Final = {"routings": _expanded(_ROUTINGS)}
