"""The file of a served paper exchange: where it began, every command in order, and one checkpoint. No meaning of commands here.

A file of its own, not the database: one process owns it for as long as it runs, and others are kept out by SQLite's own lock,
which the system takes away from the dead. Only its owner may read it, and nothing in it is believed where others could write.
"""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from depthwalk.domain.units import Instant
from depthwalk.errors import StorageError, UsageError
from depthwalk.storage.transactions import immediate

_FORMAT: Final = 1
_APPLICATION: Final = 0x64775061
"""In the file's header, so that no other SQLite file is taken for one of these."""

_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
_ELSEWHERE: Final = "name another file with --state"
_SCHEMA: Final = """
CREATE TABLE exchange (       -- one row: where everything follows from
    seed INTEGER NOT NULL,
    ids TEXT NOT NULL,        -- seeds the ids of orders and fills: never the same twice, whatever the seed
    started_at_us INTEGER NOT NULL,
    copies INTEGER NOT NULL   -- markets of each kind
);
CREATE TABLE entries (        -- what happened since, in order
    id INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,   -- the exchange's time
    what TEXT NOT NULL,
    order_id TEXT NOT NULL,
    body BLOB NOT NULL,
    before TEXT NOT NULL      -- the account before it, in words
);
CREATE TABLE checkpoint (     -- at most one row: the state after an entry, so that a start need not begin at the beginning
    after_entry INTEGER NOT NULL,
    code TEXT NOT NULL,       -- which code can read it
    state BLOB NOT NULL
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an exchange began."""

    seed: int
    ids: str
    started_at: Instant
    copies: int = 1


class PaperLog:
    """An open state file, locked against every other process. Build it with `open_paper_log`; close it, or use `with`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, code: str) -> None:
        self.path = path
        self._connection = connection
        self._code = code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._connection.close()

    @property
    def origin(self) -> Origin | None:
        """Where the exchange began; None in a new file."""
        with self._translated():
            row = self._connection.execute("SELECT seed, ids, started_at_us, copies FROM exchange").fetchone()
        return None if row is None else Origin(seed=row[0], ids=row[1], started_at=Instant(row[2]), copies=row[3])

    def begin(self, origin: Origin) -> None:
        """Forget everything and begin at *origin*. Raises StorageError."""
        with self._transaction():
            for table in ("checkpoint", "entries", "exchange"):
                self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names stand in the line above
            row = (origin.seed, origin.ids, origin.started_at, origin.copies)
            self._connection.execute("INSERT INTO exchange (seed, ids, started_at_us, copies) VALUES (?, ?, ?, ?)", row)

    def append(self, at: Instant, what: str, order_id: str, body: bytes, before: str) -> None:
        """Write an entry; it is on the disk when this returns. Raises StorageError: then it is not there."""
        sql = "INSERT INTO entries (at_us, what, order_id, body, before) VALUES (?, ?, ?, ?, ?)"
        with self._transaction():
            self._connection.execute(sql, (at, what, order_id, body, before))

    def entries(self, after: int = 0) -> list[tuple[Instant, str, str, bytes, str]]:
        """Return the entries that follow number *after*, in order. Raises StorageError."""
        sql = "SELECT at_us, what, order_id, body, before FROM entries WHERE id > ? ORDER BY id"
        with self._translated():
            return [(Instant(row[0]), *row[1:]) for row in self._connection.execute(sql, (after,))]

    def checkpoint(self, state: bytes) -> None:
        """Put away the state after everything appended so far, in the place of any earlier one. Raises StorageError."""
        sql = "INSERT INTO checkpoint (after_entry, code, state) SELECT COALESCE(MAX(id), 0), ?, ? FROM entries"
        with self._transaction():
            self._connection.execute("DELETE FROM checkpoint")
            self._connection.execute(sql, (self._code, state))

    def latest(self) -> tuple[int, bytes] | None:
        """Return the number of the entry that the checkpoint follows, and its state; None where this code has none.

        None, too, where others than the owner may write the file: what a checkpoint says is done, not only read.
        """
        status = self.path.stat()
        if os.name == "posix" and (status.st_uid != os.getuid() or status.st_mode & _OTHERS_WRITE):
            return None
        sql = "SELECT after_entry, state FROM checkpoint WHERE code = ?"
        with self._translated():
            row: tuple[int, bytes] | None = self._connection.execute(sql, (self._code,)).fetchone()
        return row

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._translated(), immediate(self._connection):
            yield

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OverflowError) as error:
            raise StorageError(f"state {self.path}: {error}") from error


def open_paper_log(path: Path, *, code: str) -> PaperLog:
    """Open a state file, made with its folder where absent, and lock it.

    Args:
        path: the file.
        code: names the code that writes and reads checkpoints; those of other code are left alone.

    Raises:
        UsageError: another process has it, or it is no state file or cannot be written.

    """
    path = path.expanduser()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise UsageError(f"state {path} cannot be opened: {error.strerror or error}", hint=_ELSEWHERE) from None
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        _prepare(connection, path)
    except sqlite3.Error as error:
        connection.close()
        if "locked" in str(error):
            raise UsageError(f"state {path} is in use by another `depthwalk paper serve`", hint=_ELSEWHERE) from None
        raise UsageError(f"state {path} cannot be used: {error}", hint=_ELSEWHERE) from error
    except UsageError:
        connection.close()
        raise
    return PaperLog(path, connection, code)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Take the lock, look at what the file is, make the tables. Raises UsageError or sqlite3.Error."""
    # In this mode a lock, once taken, is kept until the file is closed; with it the write-ahead log needs no shared memory.
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
    if tables and application != _APPLICATION:
        raise UsageError(f"state {path} is another program's file", hint=_ELSEWHERE)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA fullfsync=ON")
    connection.execute("BEGIN EXCLUSIVE")
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > _FORMAT:
            raise UsageError(f"state {path} was written by a newer depthwalk", hint="upgrade depthwalk, or use --state")
        if not tables:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id={_APPLICATION}")
            connection.execute(f"PRAGMA user_version={_FORMAT}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
