"""Everything that was recorded of markets, in order of time: for whoever studies recordings. Reads only.

Unlike `recordings.py` this hands out whole histories, a row at a time; what executions saw is no recording and stays out.
"""

import sqlite3
from collections.abc import Iterator, Sequence

from depthwalk.domain.units import Instant
from depthwalk.ports import RecordedBook, RecordedTrade
from depthwalk.storage.database import Database
from depthwalk.storage.recordings import RECORDED, book_of, trade_of


def recorded_tickers(database: Database, environment: str) -> tuple[str, ...]:
    """Return the markets of an environment of which books or trades were recorded. Raises StorageError."""
    rows = database.rows(
        f"SELECT DISTINCT ticker FROM order_book_snapshots WHERE environment = ? AND {RECORDED}"  # noqa: S608 - our own words
        f" UNION SELECT DISTINCT ticker FROM market_trades WHERE environment = ? AND {RECORDED} ORDER BY 1",
        (environment, environment),
    )
    return tuple(row["ticker"] for row in rows)


def recorded_books(database: Database, environment: str, ticker: str) -> Iterator[RecordedBook]:
    """Return a market's books. Raises StorageError."""
    return map(book_of, _history(database, "order_book_snapshots", environment, ticker))


def recorded_trades(database: Database, environment: str, ticker: str) -> Iterator[RecordedTrade]:
    """Return a market's public trades. Raises StorageError."""
    return map(trade_of, _history(database, "market_trades", environment, ticker))


def recorded_gaps(database: Database, environment: str, ticker: str) -> tuple[Instant, ...]:
    """Return the times from which on nothing is known of a market until its next book: gaps, and recorders that start anew.

    Raises:
        StorageError: the database failed.

    """
    rows = database.rows(
        "SELECT from_us FROM recording_marks WHERE environment = ? AND (ticker = ? OR ticker IS NULL)"
        " AND kind IN ('gap', 'start') ORDER BY from_us",
        (environment, ticker),
    )
    return tuple(Instant(row["from_us"]) for row in rows)


def _history(database: Database, table: str, environment: str, ticker: str) -> Sequence[sqlite3.Row]:
    return database.rows(
        f"SELECT * FROM {table} WHERE ticker = ? AND environment = ? AND {RECORDED}"  # noqa: S608 - our own words
        " ORDER BY event_time_us, id",
        (ticker, environment),
    )
