"""Opening, refusing, migrating; transactions that are whole or absent."""

import multiprocessing
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from depthwalk.errors import DatabaseUnusable, ExitCode, StorageError
from depthwalk.storage import migrations, views
from depthwalk.storage.database import Database, open_database


def _schema(path: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()
    finally:
        connection.close()


def test_a_new_database_is_made_with_its_folder(tmp_path: Path) -> None:
    """Nothing needs to be there; it is in WAL mode, keeps foreign keys and has every step."""
    path = tmp_path / "deep" / "down" / "depthwalk.sqlite"

    with open_database(path) as database:
        assert "wal" == database.rows("PRAGMA journal_mode")[0][0]
        assert 1 == database.rows("PRAGMA foreign_keys")[0][0]
        assert migrations.names() == [row["name"] for row in database.rows(migrations.APPLIED)]
    assert path.is_file()


def test_an_empty_file_is_an_empty_database(database_path: Path) -> None:
    """`touch` made it; we fill it."""
    database_path.touch()

    with open_database(database_path) as database:
        assert [] == database.rows("SELECT * FROM execution_state")


@pytest.mark.parametrize("step", migrations.names())
def test_every_older_schema_is_upgraded(tmp_path: Path, step: str) -> None:
    """A database of any earlier state ends with the same schema as a new one, and keeps its rows."""
    old, new = tmp_path / "old.sqlite", tmp_path / "new.sqlite"
    connection = sqlite3.connect(old, isolation_level=None)
    migrations.apply(connection, stop_before=step)
    connection.execute("CREATE TABLE notes_of_the_user (words TEXT)")
    before = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    if "execution_state" in before:
        connection.execute(
            "INSERT INTO order_book_snapshots VALUES"
            " (1, 'T', 1, 2, 'paper', 's', '[[4100,100]]', '[]', 100, 0, 4100, NULL, NULL)"
        )
    connection.close()

    if step == migrations.names()[0]:
        with pytest.raises(DatabaseUnusable, match="belongs to another program"):
            open_database(old)
        return
    with open_database(old) as database:
        assert [4100] == [row["price_e4"] for row in database.rows("SELECT price_e4 FROM depth_levels")]
    open_database(new).close()
    assert _schema(new) == [row for row in _schema(old) if row[0] != "notes_of_the_user"]


def test_an_up_to_date_database_opens_without_sqlite_utils(database_path: Path) -> None:
    """Only a migration pays for loading it."""
    open_database(database_path).close()
    code = (
        "import sys, pathlib; from depthwalk.storage.database import open_database;"
        f"open_database(pathlib.Path({str(database_path)!r})).close(); sys.exit('sqlite_utils' in sys.modules)"
    )

    assert 0 == subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2]).returncode


def _open_at_once(path: str) -> None:
    open_database(Path(path)).close()


def test_processes_that_open_a_new_database_at_once_all_succeed(database_path: Path) -> None:
    """They migrate one after the other; the later ones find it done."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_open_at_once, args=(str(database_path),)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [0, 0, 0, 0] == [process.exitcode for process in processes]
    with open_database(database_path) as database:
        assert migrations.names() == [row["name"] for row in database.rows(migrations.APPLIED)]


def _refusal(path: Path) -> str:
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(DatabaseUnusable) as caught:
        open_database(path)
    assert ExitCode.USAGE == caught.value.exit_code
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint
    assert before == (path.read_bytes() if path.is_file() else None)
    return caught.value.message


def test_a_file_that_is_not_sqlite_is_refused(database_path: Path) -> None:
    """A text named as database stays as it is."""
    database_path.write_text("ticker,price\n" * 900)

    assert "is not a SQLite file" in _refusal(database_path)


def test_a_short_file_is_refused(database_path: Path) -> None:
    """Less than a header is no database."""
    database_path.write_bytes(b"SQL")

    assert "is not a SQLite file" in _refusal(database_path)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """A folder is not a file."""
    assert "is a folder" in _refusal(tmp_path)


def test_a_special_file_is_refused() -> None:
    """A device is not a file either."""
    assert "is not a file" in _refusal(Path("/dev/null"))


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """A file in the way of the folder is named by the system's own words."""
    (tmp_path / "file").touch()

    assert "cannot be opened" in _refusal(tmp_path / "file" / "depthwalk.sqlite")


def test_a_file_that_is_not_writable_is_refused(database_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite would open it for reading and fail at the first fill."""
    open_database(database_path).close()
    # The user of the tests may be root, whom no mode bits stop.
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != database_path)

    assert "is not writable" in _refusal(database_path)


def test_a_foreign_database_is_refused(database_path: Path) -> None:
    """Another program's tables are not migrated into."""
    connection = sqlite3.connect(database_path)
    connection.execute("CREATE TABLE logs (id INTEGER)")
    connection.close()

    assert "belongs to another program" in _refusal(database_path)


def test_a_newer_schema_is_refused(database_path: Path) -> None:
    """What a later version wrote is not guessed at."""
    open_database(database_path).close()
    connection = sqlite3.connect(database_path)
    connection.execute("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('depthwalk', 'm999_future')")
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()

    assert "newer depthwalk (it has m999_future)" in _refusal(database_path)


@pytest.mark.parametrize("keep", [20, 100, 4096, 4096 * 5, 4096 * 5 + 700])
def test_a_truncated_database_is_refused(database_path: Path, keep: int) -> None:
    """A copy that broke off is found when it is opened."""
    open_database(database_path).close()
    database_path.write_bytes(database_path.read_bytes()[:keep])

    assert "cannot be used" in _refusal(database_path)


def test_damaged_pages_are_refused(database_path: Path) -> None:
    """The header is fine, the pages behind it are not."""
    open_database(database_path).close()
    content = database_path.read_bytes()
    database_path.write_bytes(content[:100] + b"\xa5" * (len(content) - 100))

    assert "malformed" in _refusal(database_path)


def test_a_missing_table_is_refused(database_path: Path) -> None:
    """Somebody dropped what we need."""
    open_database(database_path).close()
    connection = sqlite3.connect(database_path)
    connection.execute("DROP TABLE journal")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()

    assert "no such table: journal" in _refusal(database_path)


def test_a_failed_transaction_leaves_nothing(database_path: Path) -> None:
    """All of a block or none of it, whatever stops it."""
    with open_database(database_path) as database:
        try:
            with database.transaction(durable=True) as connection:
                connection.execute("INSERT INTO paper_resets (at_us, cash_e6, after_trade_id) VALUES (1, 2, 3)")
                sys.exit(3)
        except SystemExit:
            pass

        assert [] == database.rows("SELECT * FROM paper_resets")


def test_errors_underway_are_storage_errors(database_path: Path) -> None:
    """SQL that fails, a broken foreign key, a number too large and a closed file all carry the path."""
    with open_database(database_path) as database:
        for sql, values in (
            ("SELECT * FROM nowhere", ()),
            ("INSERT INTO journal VALUES ('nobody', 0, 0, 'event', 'Woke', '{}', NULL)", ()),
            ("INSERT INTO paper_resets (at_us, cash_e6, after_trade_id) VALUES (1, ?, 3)", (2**70,)),
        ):
            with pytest.raises(StorageError, match=database_path.name), database.transaction(durable=False) as connection:
                connection.execute(sql, values)
        with pytest.raises(StorageError):
            database.row("SELECT * FROM nowhere")
    with pytest.raises(StorageError, match="closed"):
        database.rows("SELECT 1")
    database.close()


def test_a_damage_found_underway_has_a_remedy(database_path: Path) -> None:
    """Exit 1 and what to do."""
    with open_database(database_path) as database, database.transaction(durable=False) as connection:
        rows = [(number,) for number in range(20_000)]
        connection.executemany("INSERT INTO paper_resets (at_us, cash_e6, after_trade_id) VALUES (?, 2, 3)", rows)
    content = bytearray(database_path.read_bytes())
    # The middle of the rows: neither the schema nor the end of any table.
    content[-150_000:-140_000] = b"\xa5" * 10_000
    database_path.write_bytes(content)

    with open_database(database_path) as database, pytest.raises(StorageError, match="malformed") as caught:
        database.rows("SELECT * FROM paper_resets ORDER BY id")
    assert ExitCode.FAULT == caught.value.exit_code
    assert "restore a copy" in str(caught.value.hint)


def test_only_a_durable_commit_waits_for_the_disk(database_path: Path) -> None:
    """`synchronous` is FULL (2) for what must survive a power cut, NORMAL (1) else."""

    def level(database: Database) -> int:
        return int(database.rows("PRAGMA synchronous")[0][0])

    with open_database(database_path) as database:
        levels = []
        for durable in (False, True, True, False):
            with database.transaction(durable=durable):
                levels.append(level(database))

    assert [1, 2, 2, 1] == levels


@pytest.mark.parametrize("name", views.M002)
def test_every_view_can_be_read_when_empty(database_path: Path, name: str) -> None:
    """A fresh database answers every question with nothing."""
    with open_database(database_path) as database:
        assert [] == database.rows(f"SELECT * FROM {name}")  # noqa: S608 - our own names
