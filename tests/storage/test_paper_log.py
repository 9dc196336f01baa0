import sqlite3
import stat
from pathlib import Path

import pytest

from depthwalk.domain.units import Instant
from depthwalk.errors import StorageError, UsageError
from depthwalk.storage.paper_log import Origin, PaperLog, open_paper_log

ORIGIN = Origin(seed=7, ids="abc", started_at=Instant(1_800_000_000_000_000))
ENTRIES = [(Instant(1), "POST /x", "", b'{"a": 1}', "none"), (Instant(2), "mark", "", b"\xff", "one")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the state is to be; there is none yet."""
    return tmp_path / "folder" / "state.sqlite"


def _open(path: Path, code: str = "this") -> PaperLog:
    return open_paper_log(path, code=code)


def test_what_was_written_is_there_after_a_close(path: Path) -> None:
    """Origin, entries in order with their bytes, and the checkpoint with its place among them."""
    with _open(path) as log:
        assert log.origin is None
        log.begin(ORIGIN)
        log.append(*ENTRIES[0])
        log.checkpoint(b"early")
        log.checkpoint(b"state")
        log.append(*ENTRIES[1])
    with _open(path) as log:
        assert ORIGIN == log.origin
        assert ENTRIES == log.entries()
        assert (1, b"state") == log.latest()
        assert ENTRIES[1:] == log.entries(1)


def test_a_new_beginning_forgets(path: Path) -> None:
    """Neither entries nor a checkpoint are left."""
    with _open(path) as log:
        log.begin(ORIGIN)
        log.append(*ENTRIES[0])
        log.checkpoint(b"state")
        log.begin(ORIGIN)
        assert ([], None) == (log.entries(), log.latest())


def test_a_checkpoint_of_other_code_is_left_alone(path: Path) -> None:
    """What other code put away cannot be read; the entries can."""
    with _open(path, "other") as log:
        log.begin(ORIGIN)
        log.append(*ENTRIES[0])
        log.checkpoint(b"state")
    with _open(path) as log:
        assert log.latest() is None
        assert ENTRIES[:1] == log.entries()


def test_a_checkpoint_that_others_could_have_written_is_not_read(path: Path) -> None:
    """The file is made for its owner alone; where that was changed, the checkpoint does not count."""
    with _open(path) as log:
        log.begin(ORIGIN)
        log.checkpoint(b"state")
        assert 0o600 == stat.S_IMODE(path.stat().st_mode)
        path.chmod(0o620)
        assert log.latest() is None
        path.chmod(0o600)
        assert (0, b"state") == log.latest()


def test_a_second_owner_is_refused(path: Path) -> None:
    """As long as one has it open, no other gets in; afterwards anybody does."""
    with _open(path), pytest.raises(UsageError, match="in use by another"):
        _open(path)
    with _open(path) as log:
        assert log.origin is None


def test_what_cannot_be_written_is_not_there(path: Path) -> None:
    """A full disk is a StorageError; the log goes on as it was once there is room."""
    with _open(path) as log:
        log.begin(ORIGIN)
        log.append(*ENTRIES[0])
        pages = log._connection.execute("PRAGMA page_count").fetchone()[0]
        log._connection.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(StorageError, match="full"):
            log.append(Instant(3), "POST /x", "", b"x" * 100_000, "much")
        assert ENTRIES[:1] == log.entries()
        log._connection.execute(f"PRAGMA max_page_count={pages + 100}")
        log.append(*ENTRIES[1])
        assert ENTRIES == log.entries()


def test_other_files_are_refused(tmp_path: Path) -> None:
    """A folder, a text, another program's database, a newer format: one line each, and nothing is changed."""
    text = tmp_path / "text"
    text.write_text("hello " * 1_000, encoding="utf-8")
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    newer = tmp_path / "newer.sqlite"
    with _open(newer) as log:
        log._connection.execute("PRAGMA user_version=99")
    before = other.read_bytes()
    for path, words in ((tmp_path, "directory"), (text, "not a database"), (other, "another program"), (newer, "newer")):
        with pytest.raises(UsageError, match=words):
            _open(path)
    assert text.read_text(encoding="utf-8").startswith("hello")
    assert before == other.read_bytes()
