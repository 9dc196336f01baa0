"""The database file: opening and checking it, its pragmas, transactions. No table is named here but in the check.

One connection, one thread. Writers of several processes take turns: a write transaction takes the write lock when it
begins, so it cannot fail half way for want of it.

Every sqlite3 error leaves this file as one of ours: DatabaseUnusable (exit 2) while opening, StorageError afterwards.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from depthwalk.errors import DatabaseUnusable, StorageError
from depthwalk.storage import migrations
from depthwalk.storage.transactions import immediate

_MAGIC = b"SQLite format 3\x00"
_BUSY_MILLISECONDS = 10_000
"""How long a writer waits for another process; theirs last milliseconds."""

Value = str | int | float | None
"""What a column holds."""


class Database:
    """An open database of ours, migrated to the newest schema. Close it, or use it as a context manager.

    Build it with `open_database`.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._durable: bool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. Safe to repeat."""
        self._connection.close()

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[sqlite3.Row]:
        """Read all rows. Raises StorageError."""
        with self._translated():
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Value] = ()) -> sqlite3.Row | None:
        """Read the first row, or None. Raises StorageError."""
        with self._translated():
            found: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
            return found

    @contextmanager
    def transaction(self, *, durable: bool) -> Iterator[sqlite3.Connection]:
        """Write all or nothing; with *durable* it is on the disk, power cut or not, when this returns.

        Without *durable* a crash of the process loses nothing, a power cut perhaps the last moments. A durable commit
        carries everything committed before it.

        Raises:
            StorageError: the database failed; nothing of the block was written.

        """
        with self._translated():
            if durable is not self._durable:
                # Only outside of a transaction does this pragma take effect.
                self._connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                self._durable = durable
            with immediate(self._connection):
                yield self._connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise StorageError(f"database {self.path}: {error}", hint=_hint(error)) from error
        except (sqlite3.Error, OverflowError) as error:
            raise StorageError(f"database {self.path}: {error}") from error


def open_database(path: Path) -> Database:
    """Open the database at *path*: made with its folder where absent, checked, migrated to the newest schema.

    The check is cheap, a few pages whatever the size: the header, the schema, and the end of every table, so that a
    damaged file is refused before an order is sent rather than found out later.

    Raises:
        DatabaseUnusable: not SQLite, damaged, another program's, of a newer schema, a folder, or not writable.

    """
    path = path.expanduser()
    try:
        _check_file(path)
    except OSError as error:
        raise DatabaseUnusable(f"database {path} cannot be opened: {error.strerror or error}", hint=_ELSEWHERE) from error
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(path, timeout=_BUSY_MILLISECONDS / 1000, isolation_level=None)
        connection.row_factory = sqlite3.Row
        _prepare(connection, path)
    except (sqlite3.Error, DatabaseUnusable) as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error):
            raise DatabaseUnusable(f"database {path} cannot be used: {error}", hint=_hint(error) or _ELSEWHERE) from error
        raise
    return Database(path, connection)


_ELSEWHERE = "name another file with --db"


def _hint(error: sqlite3.Error) -> str | None:
    text = str(error)
    if "locked" in text:
        return "another program holds it; try again when it is done"
    if "full" in text:
        return "free some disk space"
    if any(word in text for word in ("malformed", "not a database", "corrupt")):
        return "the file is damaged: move it away or restore a copy; `sqlite3 FILE .recover` may save its rows"
    return None


def _check_file(path: Path) -> None:
    """Refuse what sqlite3 would report in words nobody can use. Raises DatabaseUnusable or OSError."""
    if path.is_dir():
        raise DatabaseUnusable(f"database {path} is a folder", hint="name a file in it with --db")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        if not path.is_file():
            raise DatabaseUnusable(f"database {path} is not a file", hint=_ELSEWHERE)
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
        # An empty file is an empty database.
        if head not in (b"", _MAGIC):
            raise DatabaseUnusable(f"database {path} is not a SQLite file", hint=_ELSEWHERE)
    # SQLite would open a file read-only without a word; and it keeps its write-ahead log beside the file.
    for place in (path, path.parent):
        if place.exists() and not os.access(place, os.W_OK):
            raise DatabaseUnusable(f"database {path} is not writable", hint=_ELSEWHERE)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Set the pragmas, look at the schema, migrate. Raises DatabaseUnusable or sqlite3.Error."""
    connection.execute("PRAGMA schema_version")
    applied = _applied(connection, path)
    connection.execute("PRAGMA foreign_keys=ON")
    # On a Mac an fsync alone leaves the data in the drive's cache; elsewhere this does nothing.
    connection.execute("PRAGMA fullfsync=ON")
    _use_wal(connection)
    if applied != migrations.names():
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Somebody else may have migrated while we waited for the lock: apply() looks again, inside it.
            migrations.apply(connection)
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
    for query in migrations.LAST_ROWS:
        connection.execute(query).fetchone()


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch the file to a write-ahead log, once in its life, so that readers never wait for a writer.

    Alone of all statements this one does not wait while another process has the file. So wait for that one's transaction
    to end and try again; should it never succeed, the file works as well, only slower, until the next start.
    """
    for _ in range(20):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        else:
            return


def _applied(connection: sqlite3.Connection, path: Path) -> list[str]:
    """Return the steps that this file has had. Raises DatabaseUnusable for a file that is not ours or is of a newer schema."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    applied: list[str] = []
    if "_sqlite_migrations" in tables:
        applied = [name for (name,) in connection.execute(migrations.APPLIED)]
    if tables and not applied:
        raise DatabaseUnusable(f"database {path} belongs to another program", hint=_ELSEWHERE)
    newer = [name for name in applied if name not in migrations.names()]
    if newer:
        raise DatabaseUnusable(
            f"database {path} was written by a newer depthwalk (it has {newer[-1]})", hint="upgrade depthwalk, or use --db"
        )
    return applied
