"""All or nothing on a connection that is in autocommit otherwise. No table is known here, and no error translated."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def immediate(connection: sqlite3.Connection) -> Iterator[None]:
    """Take the write lock, do the block, commit; roll back whatever goes wrong in it. Raises sqlite3.Error and the block's."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite may have rolled back by itself (disk full); then there is nothing left to undo.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
