"""The schema, as an append-only list of steps: what every column means. No queries; never edit a step that was released.

Base tables hold integers in the units of `domain/units.py`; the suffix of a column says which:

| suffix | unit                      |
| ------ | ------------------------- |
| _e4    | 1/10,000 dollar (price)   |
| _e2    | 1/100 contract (quantity) |
| _e6    | 1/1,000,000 dollar (money)|
| _us    | microseconds (since 1970, or a length of time) |
| _ppm   | 1/1,000,000 of one (share, draw) |

Views (see `views.py`) turn them into dollars, contracts and RFC 3339 times for people and other tools. A prices column is
of the YES leg unless its comment says "own" (the outcome that the user traded).
"""

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

from depthwalk.storage import views

if TYPE_CHECKING:
    from sqlite_utils import Database

MIGRATION_SET = "depthwalk"
APPLIED = "SELECT name FROM _sqlite_migrations WHERE migration_set = 'depthwalk' ORDER BY id"
"""Which steps have run, from the table that sqlite-utils keeps of them."""

_BOOKS = """
CREATE TABLE order_book_snapshots (  -- one row a book that was seen
    id INTEGER PRIMARY KEY,
    ticker TEXT NOT NULL,
    event_time_us INTEGER NOT NULL,    -- latest time at which it surely was the book
    receipt_time_us INTEGER NOT NULL,  -- when we had it
    environment TEXT NOT NULL,         -- paper, demo, live
    source TEXT NOT NULL,              -- where it came from: synthetic, a file, the venue
    yes_depth TEXT NOT NULL,           -- JSON [[price_e4, quantity_e2], ...]: YES bids, best first
    no_depth TEXT NOT NULL,            -- the same of the NO bids, in NO prices, best first
    yes_total_e2 INTEGER NOT NULL,
    no_total_e2 INTEGER NOT NULL,
    best_bid_e4 INTEGER,               -- of the YES leg; NULL where that side is empty
    best_ask_e4 INTEGER,
    spread_e4 INTEGER                  -- not positive where locked or crossed
);
CREATE INDEX order_book_snapshots_by_ticker ON order_book_snapshots (ticker, event_time_us);
"""

_EXECUTIONS = """
CREATE TABLE execution_state (  -- one row an execution
    execution_id TEXT PRIMARY KEY,
    parent_id TEXT NOT NULL,           -- its child orders are dw-<parent_id>-<sequence>
    environment TEXT NOT NULL,
    source TEXT NOT NULL,
    ticker TEXT NOT NULL,
    outcome TEXT NOT NULL,             -- yes, no: what the user named
    action TEXT NOT NULL,              -- buy, sell
    algorithm TEXT NOT NULL,
    params TEXT NOT NULL,              -- JSON object: every parameter as it held
    requested_e2 INTEGER NOT NULL,
    asked_target_e4 INTEGER,           -- own price, as given by the user
    asked_limit_e4 INTEGER,            -- own price, as given by the user
    tags TEXT NOT NULL,                -- JSON object of texts
    seed INTEGER,
    fresh_account INTEGER NOT NULL,    -- 1: traded on a paper account of its own, which ended with it
    status TEXT NOT NULL,              -- running until it ends
    reason TEXT,                       -- why it ended
    detail TEXT,
    started_at_us INTEGER NOT NULL,
    updated_at_us INTEGER NOT NULL,    -- time of the latest event
    finished_at_us INTEGER,
    arrival_at_us INTEGER,             -- the first usable book; all arrival columns NULL without one
    arrival_bid_e4 INTEGER,            -- own price
    arrival_ask_e4 INTEGER,            -- own price
    arrival_touch_e2 INTEGER,          -- taker depth at the opposite best, within 1, 3, 5 cents of it, within the cap
    arrival_within_1_e2 INTEGER,
    arrival_within_3_e2 INTEGER,
    arrival_within_5_e2 INTEGER,
    arrival_within_cap_e2 INTEGER,
    arrival_book_age_us INTEGER,
    liquidity TEXT,                    -- liquid, moderate, thin
    target_e4 INTEGER,                 -- own price, in force
    cap_e4 INTEGER,                    -- own price, never passed
    cap_origin TEXT                    -- what set the cap
);
CREATE INDEX execution_state_by_start ON execution_state (started_at_us);
CREATE INDEX execution_state_by_ticker ON execution_state (ticker, started_at_us);

CREATE TABLE split_orders (  -- one row a split
    execution_id TEXT NOT NULL REFERENCES execution_state (execution_id),
    level INTEGER NOT NULL,
    price_e4 INTEGER,                  -- own price, the last one
    quantity_e2 INTEGER NOT NULL,
    filled_e2 INTEGER NOT NULL,
    paid_e6 INTEGER NOT NULL,          -- own price x quantity of its fills
    fees_e6 INTEGER NOT NULL,
    walks INTEGER NOT NULL,
    status TEXT NOT NULL,
    order_status TEXT,
    ahead_e2 INTEGER,                  -- upper bound of what was queued before us
    walk_history TEXT NOT NULL,        -- JSON [{at, previous, price, why}, ...], own prices in 1/10,000 dollar
    PRIMARY KEY (execution_id, level)
);

CREATE TABLE execution_metrics (  -- one row an execution that ended; NULL where a figure cannot be known
    execution_id TEXT PRIMARY KEY REFERENCES execution_state (execution_id),
    filled_e2 INTEGER NOT NULL,
    maker_filled_e2 INTEGER NOT NULL,
    paid_e6 INTEGER NOT NULL,
    fees_e6 INTEGER NOT NULL,
    average_price REAL,                -- dollars, own price
    slippage_percent REAL,             -- against the arrival mid, fees excluded, positive is worse
    slippage_bps REAL,
    shortfall_total_e6 INTEGER,
    shortfall_spread_e6 INTEGER,
    shortfall_drift_e6 INTEGER,
    shortfall_opportunity_e6 INTEGER,
    shortfall_fees_e6 INTEGER NOT NULL,
    shortfall_total_mid_e6 INTEGER,    -- with the rest priced at the final mid
    shortfall_opportunity_mid_e6 INTEGER,
    shortfall_depth_short INTEGER NOT NULL,  -- 1: the ladder at the horizon did not hold the rest
    time_to_first_fill_us INTEGER,
    time_to_full_fill_us INTEGER,
    total_time_us INTEGER NOT NULL,
    walks INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    read_tokens INTEGER NOT NULL,
    write_tokens INTEGER NOT NULL,
    basic_average_price REAL,          -- estimate of what simple_limit would have done; basic_filled_e2 NULL without one
    basic_slippage_percent REAL,
    basic_filled_e2 INTEGER,
    improvement_over_basic REAL,
    n_over_touch REAL
);
"""

_RECORDS = """
CREATE TABLE trades (  -- our fills, one row a fill
    id INTEGER PRIMARY KEY,
    environment TEXT NOT NULL,
    source TEXT NOT NULL,
    fill_scope TEXT NOT NULL,          -- '' at a venue; on paper the execution, whose embedded exchange numbered the fill
    fill_id TEXT NOT NULL,
    execution_id TEXT NOT NULL REFERENCES execution_state (execution_id),
    client_order_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    ticker TEXT NOT NULL,
    side TEXT NOT NULL,                -- bid, ask: of the YES leg
    price_e4 INTEGER NOT NULL,
    quantity_e2 INTEGER NOT NULL,
    is_taker INTEGER NOT NULL,
    fee_e6 INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    UNIQUE (environment, fill_scope, fill_id)
);
CREATE INDEX trades_by_execution ON trades (execution_id);
CREATE INDEX trades_by_ticker ON trades (ticker, at_us);

CREATE TABLE journal (  -- every event, each followed by the intents it was answered with
    execution_id TEXT NOT NULL REFERENCES execution_state (execution_id),
    sequence INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('event', 'intent')),
    kind TEXT NOT NULL,                -- class name in domain/messages.py
    payload TEXT NOT NULL,             -- JSON object of its fields; a BookChanged has its book in snapshot_id instead
    snapshot_id INTEGER REFERENCES order_book_snapshots (id),
    PRIMARY KEY (execution_id, sequence)
);
CREATE INDEX journal_by_snapshot ON journal (snapshot_id) WHERE snapshot_id IS NOT NULL;
"""

_PAPER_RESETS = """
CREATE TABLE paper_resets (  -- the paper account starts afresh: the latest row counts
    id INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    cash_e6 INTEGER NOT NULL,
    after_trade_id INTEGER NOT NULL    -- trades up to this id are history; ids, because simulated time runs ahead of the wall
);
"""

_RECORDINGS = """
CREATE UNIQUE INDEX order_book_snapshots_recorded ON order_book_snapshots (environment, ticker, source, event_time_us)
    WHERE source IN ('poll', 'import', 'stream');  -- not the books of executions, which may see two at one time

CREATE TABLE market_trades (  -- everybody's trades, one row a print; our own fills are in trades
    id INTEGER PRIMARY KEY,
    environment TEXT NOT NULL,
    trade_id TEXT NOT NULL,            -- the venue's; of a file without ids made of what it says
    source TEXT NOT NULL,              -- poll, import, stream
    ticker TEXT NOT NULL,
    event_time_us INTEGER NOT NULL,
    price_e4 INTEGER NOT NULL,
    quantity_e2 INTEGER NOT NULL,
    taker_side TEXT NOT NULL,          -- bid, ask: of the YES leg
    is_block INTEGER NOT NULL,
    UNIQUE (environment, trade_id)
);
CREATE INDEX market_trades_by_ticker ON market_trades (ticker, event_time_us);

CREATE TABLE recording_marks (  -- what the books and trades alone do not say
    id INTEGER PRIMARY KEY,
    environment TEXT NOT NULL,
    source TEXT NOT NULL,
    ticker TEXT,                       -- NULL: the recorder as a whole (start, stop)
    kind TEXT NOT NULL CHECK (kind IN ('heartbeat', 'gap', 'start', 'stop')),
    from_us INTEGER NOT NULL,          -- heartbeat: the latest books were confirmed again and again from here
    until_us INTEGER NOT NULL,         -- to here; one row a stretch. gap: nothing is known in between
    detail TEXT,                       -- why
    UNIQUE (environment, source, ticker, kind, from_us)
);
CREATE INDEX recording_marks_by_ticker ON recording_marks (ticker, from_us);
"""

_CONDITIONS = """
CREATE TABLE execution_conditions (  -- what the market was like, one row an execution that ended
    execution_id TEXT PRIMARY KEY REFERENCES execution_state,
    near_limit_e2 INTEGER,             -- taker depth at arrival within 1 cent of the user's limit; NULL without a limit
    traded_volume_e2 INTEGER,          -- public trades in the market during the run, ours included; NULL: not known
    momentum REAL,                     -- adverse momentum at the end, -1 to 1; NULL: the algorithm does not follow it
    ema_slippage_percent REAL          -- exponential mean of the fills' slippage at the end; NULL: nothing filled
);
"""

_SAFETY = (
    # host and port its orders went to; "embedded": an exchange inside the process, which died with it
    "ALTER TABLE execution_state ADD COLUMN venue TEXT NOT NULL DEFAULT 'embedded'",
    # fingerprint of the key that signed, never the key: limits are an account's
    "ALTER TABLE execution_state ADD COLUMN account TEXT NOT NULL DEFAULT ''",
    # the most it may put at stake: counted against the day's limit until it has ended
    "ALTER TABLE execution_state ADD COLUMN reserved_e6 INTEGER NOT NULL DEFAULT 0",
    # somebody wants it to end; its owner looks here
    "ALTER TABLE execution_state ADD COLUMN cancel_asked_at_us INTEGER",
    "CREATE INDEX execution_state_unfinished ON execution_state (environment, account) WHERE status IN ('running', 'unknown')",
)

_ROUTING = (
    # how `--algo auto` chose the algorithm; all NULL where the user named it. The algorithm drawn is routed_candidate where
    # routed_draw_ppm < routed_share_ppm, else routed_control; algorithm is the one that ran
    "ALTER TABLE execution_state ADD COLUMN routed_control TEXT",
    "ALTER TABLE execution_state ADD COLUMN routed_candidate TEXT",
    # of the book that decided: liquid, moderate, thin; with the share NULL where the book had no class
    "ALTER TABLE execution_state ADD COLUMN routed_class TEXT",
    "ALTER TABLE execution_state ADD COLUMN routed_share_ppm INTEGER",
    "ALTER TABLE execution_state ADD COLUMN routed_draw_ppm INTEGER",
)


def m001_tables(db: "Database") -> None:
    """Books, executions with their splits and metrics, fills, journal."""
    for script in (_BOOKS, _EXECUTIONS, _RECORDS):
        db.executescript(script)


def m002_views(db: "Database") -> None:
    """What people and other tools read: dollars and contracts."""
    for name, sql in views.M002.items():
        db.create_view(name, sql)


def m003_paper_resets(db: "Database") -> None:
    """Let the paper account start afresh without losing its history."""
    db.executescript(_PAPER_RESETS)


def m004_recordings(db: "Database") -> None:
    """Recorded books are unique; public trades, and marks of what was recorded when."""
    db.executescript(_RECORDINGS)
    for name, sql in views.M004.items():
        db.create_view(name, sql)


def m005_conditions(db: "Database") -> None:
    """What the market was like during an execution, and every decision with the age of the book it was taken on."""
    db.executescript(_CONDITIONS)
    for name, sql in views.M005.items():
        db.create_view(name, sql)


def m006_safety(db: "Database") -> None:
    """Where an execution's orders went and whose they are, what it may cost, and whether it shall end."""
    for statement in _SAFETY:
        db.execute(statement)


def m007_routing(db: "Database") -> None:
    """How `--algo auto` chose an execution's algorithm: share, class and draw."""
    for statement in _ROUTING:
        db.execute(statement)
    for name, sql in views.M007.items():
        db.create_view(name, sql)


STEPS: tuple[Callable[["Database"], None], ...] = (
    m001_tables,
    m002_views,
    m003_paper_resets,
    m004_recordings,
    m005_conditions,
    m006_safety,
    m007_routing,
)
"""Every step ever released, in order. Append only."""

LAST_ROWS = (
    "SELECT * FROM order_book_snapshots ORDER BY rowid DESC LIMIT 1",
    "SELECT * FROM execution_state ORDER BY rowid DESC LIMIT 1",
    "SELECT * FROM split_orders ORDER BY rowid DESC LIMIT 1",
    "SELECT * FROM execution_metrics ORDER BY rowid DESC LIMIT 1",
    "SELECT * FROM trades ORDER BY rowid DESC LIMIT 1",
    "SELECT * FROM journal ORDER BY rowid DESC LIMIT 1",
    "SELECT * FROM paper_resets ORDER BY rowid DESC LIMIT 1",
    "SELECT * FROM market_trades ORDER BY rowid DESC LIMIT 1",
    "SELECT * FROM execution_conditions ORDER BY rowid DESC LIMIT 1",
    "SELECT * FROM recording_marks ORDER BY rowid DESC LIMIT 1",
)
"""Reads the pages that the next write to each table will touch; cheap whatever the size."""


def names() -> list[str]:
    """Return the names of all steps, in order."""
    return [step.__name__ for step in STEPS]


def apply(connection: sqlite3.Connection, *, stop_before: str | None = None) -> None:
    """Run the steps that have not run, inside the transaction the caller holds; *stop_before* a step, for tests.

    Only here sqlite-utils is loaded: it takes as long as the rest of a command, and a database that is up to date does
    not need it.
    """
    from sqlite_utils import Database, Migrations  # noqa: PLC0415 - 160 ms that only a migration should cost

    steps = Migrations(MIGRATION_SET)
    for step in STEPS:
        steps()(step)
    steps.apply(Database(connection, execute_plugins=False), stop_before=stop_before)
