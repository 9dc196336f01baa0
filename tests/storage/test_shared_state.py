"""A record that processes share: one writer at a time, whole or not at all, whatever happens to the writer."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.errors import ExitCode, StorageError, UsageError
from depthwalk.storage.shared_state import SharedFile

_PRELUDE = """
import pathlib, sys, time
from depthwalk.storage.shared_state import SharedFile
record = SharedFile(pathlib.Path(sys.argv[1]))
"""

_COUNT = """
def count(before):
    return str(int(before or b'0') + 1).encode()
done = 0
while done < 60:
    done += record.update(count)
"""

_STALL = """
def stall(before):
    print('inside', flush=True)
    time.sleep(60)
record.update(stall)
"""

_FLIP = """
print('inside', flush=True)
while True:
    record.update(lambda before: (b'b' if before[:1] == b'a' else b'a') * 200_000)
"""


def _process(path: Path, script: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", _PRELUDE + script, str(path)], stdout=subprocess.PIPE, text=True)


def _inside(path: Path, script: str) -> subprocess.Popen[str]:
    """Start another process and wait until it is where its script says so."""
    running = _process(path, script)
    assert running.stdout is not None
    assert running.stdout.readline() == "inside\n"
    return running


def _end(running: subprocess.Popen[str]) -> None:
    os.kill(running.pid, signal.SIGKILL)
    running.communicate(timeout=10)


def _read(record: SharedFile) -> bytes | None:
    """Return the record as the next writer finds it; it is left as it is, or empty where there was none."""
    found: list[bytes | None] = []

    def look(before: bytes | None) -> bytes:
        found.append(before)
        return before or b""

    assert record.update(look)
    return found[0]


def test_it_is_there_for_the_next(tmp_path: Path) -> None:
    """At first there is none; then it is what was written last, for any object on that path."""
    assert _read(SharedFile(tmp_path / "new" / "r.json")) is None
    record = SharedFile(tmp_path / "r.json")
    assert record.update(lambda _: b"one")
    assert record.update(lambda before: (before or b"") + b" two")
    assert _read(SharedFile(tmp_path / "r.json")) == b"one two"


def test_one_at_a_time(tmp_path: Path) -> None:
    """While one changes it, another is told so at once, and its change is not called."""
    first, second = SharedFile(tmp_path / "r"), SharedFile(tmp_path / "r")
    called: list[bytes | None] = []

    def change(_: bytes | None) -> bytes:
        assert not second.update(lambda text: called.append(text) or b"second")
        return b"first"

    assert first.update(change)
    assert called == []
    assert _read(second) == b"first"


def test_no_change_is_lost_between_processes(tmp_path: Path) -> None:
    """Four processes count to sixty each."""
    workers = [_process(tmp_path / "r", _COUNT) for _ in range(4)]
    for each in workers:
        each.communicate(timeout=60)
    assert [0] * 4 == [each.returncode for each in workers]
    assert _read(SharedFile(tmp_path / "r")) == b"240"


def test_no_change_is_lost_between_threads(tmp_path: Path) -> None:
    """Of one object, too."""
    record = SharedFile(tmp_path / "r")

    def count(before: bytes | None) -> bytes:
        return str(int(before or b"0") + 1).encode()

    def work() -> None:
        done = 0
        while done < 50:
            done += record.update(count)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(timeout=60)
    assert _read(record) == b"150"


def test_a_writer_killed_at_work_leaves_the_old_record(tmp_path: Path) -> None:
    """While it works others are turned away; kill -9, and the next finds what was there before."""
    record = SharedFile(tmp_path / "r")
    record.update(lambda _: b"old")
    other = _inside(tmp_path / "r", _STALL)
    assert not record.update(lambda _: b"never")
    _end(other)
    assert _read(record) == b"old"


def test_a_writer_killed_while_writing_leaves_one_whole_record_or_none(tmp_path: Path) -> None:
    """The old one, the new one, or what is recognized as neither: never a mixture, and the next writer mends it."""
    record = SharedFile(tmp_path / "r")
    record.update(lambda _: b"a" * 200_000)
    for _ in range(4):
        _end(_inside(tmp_path / "r", _FLIP))
        assert _read(record) in {b"a" * 200_000, b"b" * 200_000, b""}
    assert record.update(lambda _: b"next")
    assert _read(record) == b"next"


@given(text=st.binary(min_size=1, max_size=50), old=st.binary(max_size=80), data=st.data())
def test_what_is_not_whole_is_recognized(text: bytes, old: bytes, data: st.DataObject) -> None:
    """Cut short anywhere, or with any byte changed, it is handed on as empty; whole, it is itself, over a longer one too."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r"
        record = SharedFile(path)
        record.update(lambda _: old)
        record.update(lambda _: text)
        assert text == _read(record)
        whole = path.read_bytes()[: 18 + len(text)]
        path.write_bytes(whole[: data.draw(st.integers(1, len(whole) - 1))])
        assert _read(record) == b""
        place = data.draw(st.integers(0, len(whole) - 1))
        path.write_bytes(whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :])
        assert _read(record) == b""


def test_what_a_change_raises_leaves_the_record(tmp_path: Path) -> None:
    """And the way free."""
    record = SharedFile(tmp_path / "r")
    record.update(lambda _: b"old")
    with pytest.raises(ValueError, match="invalid literal"):
        record.update(lambda _: bytes([int("x")]))
    assert _read(SharedFile(tmp_path / "r")) == b"old"


def test_a_place_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    """At the start as an error of usage (exit 2), on the way as one of storage, with the path."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="cannot be used") as refused:
        SharedFile(tmp_path / "file" / "r")
    assert ExitCode.USAGE is refused.value.exit_code
    record = SharedFile(tmp_path / "folder" / "r")
    (tmp_path / "folder" / "r").mkdir()
    with pytest.raises(StorageError, match=r"folder/r: Is a directory"):
        record.update(lambda _: b"x")
    assert 0o700 == (tmp_path / "folder").stat().st_mode & 0o777
