"""What a recorder or an import writes down: books, public trades, and marks that tell silence from sameness.

Reading is limited to the latest book and trade; coverage is in `coverage.py`, files in `importing.py`. Books that executions
saw lie in the same table under sources of their own: nothing here reads or refuses them.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final

from depthwalk.domain.book import Level
from depthwalk.domain.order import Side
from depthwalk.domain.units import Instant, Price, Quantity
from depthwalk.ports import RecordedBook, RecordedTrade, RecordingSource
from depthwalk.storage import codec
from depthwalk.storage.database import Database, Value

# Without a target, the clause covers every unique index, but no other kind of fault.
INSERT_BOOK: Final = """
INSERT INTO order_book_snapshots (ticker, event_time_us, receipt_time_us, environment, source, yes_depth, no_depth,
    yes_total_e2, no_total_e2, best_bid_e4, best_ask_e4, spread_e4)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
INSERT_TRADE: Final = """
INSERT INTO market_trades (environment, trade_id, source, ticker, event_time_us, price_e4, quantity_e2, taker_side, is_block)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
_INSERT_MARK: Final = """
INSERT INTO recording_marks (environment, source, ticker, kind, from_us, until_us, detail) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (environment, source, ticker, kind, from_us) DO UPDATE SET until_us = max(until_us, excluded.until_us),
    detail = excluded.detail
"""
# Spelled out as in the index that it lets SQLite use.
RECORDED: Final = "source IN ('poll', 'import', 'stream')"


def book_values(row: RecordedBook) -> tuple[Value, ...]:
    """Return a book as the values of `INSERT_BOOK`."""
    book = row.book
    return (
        row.ticker,
        row.event_time,
        row.receipt_time,
        row.environment,
        row.source.value,
        *codec.encode_book(book),
        _total(book.bids) if row.bid_total is None else row.bid_total,
        _total(book.asks) if row.ask_total is None else row.ask_total,
        book.best_bid,
        book.best_ask,
        book.spread,
    )


def _total(levels: Sequence[Level]) -> Quantity:
    return Quantity(sum(quantity for _, quantity in levels))


def trade_values(row: RecordedTrade) -> tuple[Value, ...]:
    """Return a trade as the values of `INSERT_TRADE`."""
    return (
        row.environment,
        row.trade_id,
        row.source.value,
        row.ticker,
        row.at,
        row.price,
        row.quantity,
        row.taker.value,
        int(row.is_block),
    )


class RecordingStore:
    """The recordings in the database: a `ports.BookSink`, and the latest book and trade."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write_books(self, rows: Sequence[RecordedBook]) -> int:
        """Keep books in one transaction and return how many are new.

        Of several books with one ticker, environment, source and event time the first is kept, whenever it was written.

        Raises:
            StorageError: nothing was written.

        """
        return self._write(INSERT_BOOK, [book_values(row) for row in rows])

    def write_trades(self, rows: Sequence[RecordedTrade]) -> int:
        """Keep public trades in one transaction and return how many are new: a trade id counts once an environment.

        Raises:
            StorageError: nothing was written.

        """
        return self._write(INSERT_TRADE, [trade_values(row) for row in rows])

    def heartbeat(
        self, tickers: Sequence[str], *, environment: str, source: RecordingSource, since: Instant, until: Instant
    ) -> None:
        """Say that the latest books were confirmed until *until*, without a gap since *since*; see `ports.BookSink`.

        Raises:
            StorageError: nothing was written.

        """
        self._write(_INSERT_MARK, _marks("heartbeat", tickers, (environment, source.value), (since, until), None))

    def gap(
        self,
        tickers: Sequence[str],
        *,
        environment: str,
        source: RecordingSource,
        since: Instant,
        until: Instant,
        detail: str,
    ) -> None:
        """Say that nothing is known between the last confirmation (*since*) and *until*, and why.

        Raises:
            StorageError: nothing was written.

        """
        self._write(_INSERT_MARK, _marks("gap", tickers, (environment, source.value), (since, until), detail))

    def started(self, *, environment: str, source: RecordingSource, at: Instant, detail: str) -> None:
        """Say that a recorder starts. Raises StorageError."""
        self._write(_INSERT_MARK, _marks("start", [None], (environment, source.value), (at, at), detail))

    def stopped(self, *, environment: str, source: RecordingSource, at: Instant, detail: str) -> None:
        """Say that a recorder stops on purpose, and why. Raises StorageError."""
        self._write(_INSERT_MARK, _marks("stop", [None], (environment, source.value), (at, at), detail))

    def latest_book(self, ticker: str, environment: str, *, at: Instant | None = None) -> RecordedBook | None:
        """Return the last recorded book, or the last at or before *at*; None without one. Raises StorageError."""
        row = self._latest("order_book_snapshots", ticker, environment, at)
        return None if row is None else book_of(row)

    def last_trade(self, ticker: str, environment: str, *, at: Instant | None = None) -> RecordedTrade | None:
        """Return the last public trade, or the last at or before *at*; None without one. Raises StorageError."""
        row = self._latest("market_trades", ticker, environment, at)
        return None if row is None else trade_of(row)

    def trade_times(self, ticker: str, environment: str, since: Instant) -> dict[str, Instant]:
        """Return the ids and times of the public trades at or after *since*. Raises StorageError."""
        rows = self._database.rows(
            "SELECT trade_id, event_time_us FROM market_trades WHERE ticker = ? AND environment = ? AND event_time_us >= ?",
            (ticker, environment, since),
        )
        return {row["trade_id"]: Instant(row["event_time_us"]) for row in rows}

    def _latest(self, table: str, ticker: str, environment: str, at: Instant | None) -> sqlite3.Row | None:
        until = "" if at is None else "AND event_time_us <= ?"
        # Two sources at one moment, or two trades: the one written last.
        return self._database.row(
            f"SELECT * FROM {table} WHERE ticker = ? AND environment = ? AND {RECORDED} {until}"  # noqa: S608 - our own words
            " ORDER BY event_time_us DESC, id DESC LIMIT 1",
            (ticker, environment) if at is None else (ticker, environment, at),
        )

    def _write(self, sql: str, values: Sequence[tuple[Value, ...]]) -> int:
        if not values:
            return 0
        with self._database.transaction(durable=False) as connection:
            return connection.executemany(sql, values).rowcount


def _marks(
    kind: str, tickers: Sequence[str | None], where: tuple[str, str], span: tuple[Instant, Instant], detail: str | None
) -> list[tuple[Value, ...]]:
    since, until = span
    return [(*where, ticker, kind, since, max(since, until), detail) for ticker in tickers]


def book_of(row: sqlite3.Row) -> RecordedBook:
    """Return the recorded book of a row of `order_book_snapshots`. Raises StorageError."""
    book = codec.decode_book(row["yes_depth"], row["no_depth"])
    bid_total, ask_total = Quantity(row["yes_total_e2"]), Quantity(row["no_total_e2"])
    return RecordedBook(
        ticker=row["ticker"],
        environment=row["environment"],
        source=RecordingSource(row["source"]),
        event_time=Instant(row["event_time_us"]),
        receipt_time=Instant(row["receipt_time_us"]),
        book=book,
        bid_total=None if bid_total == _total(book.bids) else bid_total,
        ask_total=None if ask_total == _total(book.asks) else ask_total,
    )


def trade_of(row: sqlite3.Row) -> RecordedTrade:
    """Return the trade of a row of `market_trades`."""
    return RecordedTrade(
        trade_id=row["trade_id"],
        ticker=row["ticker"],
        environment=row["environment"],
        source=RecordingSource(row["source"]),
        at=Instant(row["event_time_us"]),
        price=Price(row["price_e4"]),
        quantity=Quantity(row["quantity_e2"]),
        taker=Side(row["taker_side"]),
        is_block=bool(row["is_block"]),
    )
