"""Locks between processes: exclusive, gone with their process, and honest about who holds them."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from depthwalk.domain.units import Instant
from depthwalk.errors import ExitCode, StorageError, UsageError
from depthwalk.storage.locks import Held, Holder, Locks, machine_folder

_ME = Holder(pid=os.getpid(), execution_id="abc", ticker="KX-A", since=Instant(1_000_000), command="depthwalk execute KX-A")

_PRELUDE = """
import os, pathlib, subprocess, sys, time
from depthwalk.domain.units import Instant
from depthwalk.storage.locks import Holder, Locks
locks = Locks(pathlib.Path(sys.argv[1]))
me = Holder(pid=os.getpid(), execution_id="other", ticker="KX-B", since=Instant(7), command="depthwalk resume other")
"""


def _process(folder: Path, script: str) -> subprocess.Popen[str]:
    """Start another process on the same folder and wait for the line by which it says that it is ready."""
    running = subprocess.Popen([sys.executable, "-c", _PRELUDE + script, str(folder)], stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stdout.readline().startswith("ready")
    return running


def _end(running: subprocess.Popen[str]) -> None:
    running.kill()
    running.communicate(timeout=10)


def _taken(locks: Locks, name: str) -> Held:
    held = locks.take(name, holder=_ME)
    assert held is not None
    return held


def test_one_holds_it_and_is_named(tmp_path: Path) -> None:
    """Two objects of one process exclude each other; the second is told who; afterwards nobody holds it."""
    locks, others = Locks(tmp_path), Locks(tmp_path)
    assert others.holder("KX-A") is None
    with _taken(locks, "KX-A") as held:
        assert others.take("KX-A", holder=_ME) is None
        assert locks.take("KX-A", holder=_ME) is None
        assert _ME == others.holder("KX-A")
    assert others.holder("KX-A") is None
    again = _taken(others, "KX-A")
    held.release()
    assert _ME == locks.holder("KX-A"), "releasing twice takes nothing from the next holder"
    again.release()


def test_kill_minus_nine_frees_a_lock_and_nobody_believes_the_words_left_behind(tmp_path: Path) -> None:
    """While the other process lives it is named; killed, its words lie there and count for nothing."""
    locks = Locks(tmp_path)
    other = _process(tmp_path, "held = locks.take('KX-B', holder=me); print('ready', flush=True); time.sleep(60)")
    named = locks.holder("KX-B")
    assert (other.pid, "other", "depthwalk resume other") == (named and (named.pid, named.execution_id, named.command))
    assert locks.take("KX-B", holder=_ME) is None
    os.kill(other.pid, signal.SIGKILL)
    _end(other)
    assert list(tmp_path.glob("KX-B*.json"))
    assert locks.holder("KX-B") is None
    with _taken(locks, "KX-B"):
        assert _ME == Locks(tmp_path).holder("KX-B")


@pytest.mark.parametrize(
    "child",
    [
        "child = os.fork() or time.sleep(60)",
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], close_fds=False).pid",
    ],
    ids=["forked", "started"],
)
def test_a_child_does_not_keep_the_lock_of_its_dead_parent(tmp_path: Path, child: str) -> None:
    """Neither a forked child nor a started program inherits it."""
    script = f"held = locks.take('n', holder=me)\n{child}\nprint('ready', flush=True); print(child, flush=True); time.sleep(60)"
    parent = _process(tmp_path, script)
    assert parent.stdout is not None
    orphan = int(parent.stdout.readline())
    try:
        assert Locks(tmp_path).take("n", holder=_ME) is None
        parent.kill()
        parent.wait(timeout=10)
        os.kill(orphan, 0)  # it lives
        held, patience = None, 100
        while held is None and patience:  # a forked child lets go when it first runs
            held, patience = Locks(tmp_path).take("n", holder=_ME), patience - 1
            time.sleep(0.05)
        assert held is not None
    finally:
        os.kill(orphan, signal.SIGKILL)
        parent.stdout.close()


def test_a_forked_child_cannot_release_its_parents_lock(tmp_path: Path) -> None:
    """Its copy is a copy: the lock and its words stay."""
    script = """
held = locks.take('n', holder=me)
child = os.fork()
if child == 0:
    held.release(forget=True)
    os._exit(0)
os.waitpid(child, 0)
print('ready', flush=True)
time.sleep(60)
"""
    parent = _process(tmp_path, script)
    named = Locks(tmp_path).holder("n")
    assert parent.pid == (named and named.pid)
    _end(parent)


def test_slots_are_as_many_as_said(tmp_path: Path) -> None:
    """Three of three, no fourth; one released is free for another; they are named; the name itself is not touched."""
    locks = Locks(tmp_path)
    held = [locks.slot("executions", 3, holder=_ME) for _ in range(3)]
    assert all(held)
    assert locks.slot("executions", 3, holder=_ME) is None
    assert [_ME] * 3 == locks.holders("executions", 3)
    assert held[1] is not None
    held[1].release()
    assert [_ME] * 2 == locks.holders("executions", 3)
    again = locks.slot("executions", 3, holder=_ME)
    assert again is not None
    assert locks.slot("executions", 3, holder=_ME) is None
    _taken(locks, "executions").release()


@given(names=st.lists(st.text(max_size=60), min_size=2, max_size=2, unique=True))
@example(names=["KX/A", "KX_A"])
@example(names=["kx-a", "KX-A"])
@example(names=["../up", ".."])
@example(names=["", "."])
@example(names=["x" * 60, "x" * 59 + "y"])
@settings(max_examples=50)
def test_any_text_is_a_name_of_its_own(names: list[str]) -> None:
    """Two names never share a file, whatever they are made of, and no file lies elsewhere."""
    with tempfile.TemporaryDirectory() as outer:
        folder = Path(outer) / "locks"
        locks = Locks(folder)
        with _taken(locks, names[0]), _taken(locks, names[1]):
            files = [each.name.casefold() for each in folder.iterdir()]
        assert 5 == len(set(files))
        assert ["locks"] == [each.name for each in Path(outer).iterdir()]


def test_forgetting_removes_the_files(tmp_path: Path) -> None:
    """And the name can still be locked."""
    locks = Locks(tmp_path)
    _taken(locks, "execution 1").release(forget=True)
    assert [".gate"] == [each.name for each in tmp_path.iterdir()]
    with _taken(locks, "execution 1"):
        assert _ME == locks.holder("execution 1")


def test_a_forgotten_file_never_lets_two_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the files are forgotten between a taker's opening and its locking, it takes the name and not the old file."""
    locks, really = Locks(tmp_path), os.open
    first = [_taken(locks, "n")]

    def then_forget(path: str | Path, flags: int, mode: int = 0o777) -> int:
        descriptor = really(path, flags, mode)
        if str(path).endswith(".lock") and first:
            first.pop().release(forget=True)
        return descriptor

    monkeypatch.setattr(os, "open", then_forget)
    with _taken(locks, "n"):
        assert not first
        assert locks.take("n", holder=_ME) is None


def test_looking_never_turns_a_taker_away(tmp_path: Path) -> None:
    """While another process looks at a free lock all the time, it can be taken every time."""
    looker = _process(tmp_path, "print('ready', flush=True)\nwhile True: locks.holder('n')")
    locks = Locks(tmp_path)
    try:
        for _ in range(300):
            _taken(locks, "n").release()
    finally:
        _end(looker)
    assert locks.holder("n") is None


def test_words_that_make_no_sense_name_nobody(tmp_path: Path) -> None:
    """The lock is held all the same."""
    locks = Locks(tmp_path)
    with _taken(locks, "n"):
        next(tmp_path.glob("n-*.json")).write_bytes(b'{"pid": ')
        assert locks.holder("n") is None
        assert locks.take("n", holder=_ME) is None


def test_the_folder_is_the_users_alone(tmp_path: Path) -> None:
    """Made where absent, closed to others where it was open; by default in the platform's state folder."""
    open_to_all = tmp_path / "a" / "locks"
    open_to_all.mkdir(parents=True, mode=0o755)
    for folder in (open_to_all, machine_folder()):
        Locks(folder)
        assert 0o700 == folder.stat().st_mode & 0o777
    assert str(machine_folder()).startswith(os.environ["XDG_STATE_HOME"])


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    """At the start it is an error of usage (exit 2), on the way one of storage (exit 1): a line, no traceback."""
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(UsageError, match=rf"folder {blocked} cannot be used: ") as refused:
        Locks(blocked)
    assert ExitCode.USAGE is refused.value.exit_code
    locks = Locks(tmp_path / "locks")
    (tmp_path / "locks").rmdir()
    (tmp_path / "locks").write_text("x")
    with pytest.raises(StorageError, match=r"folder .*locks: "):
        locks.take("n", holder=_ME)


@pytest.mark.slow
def test_a_stopped_process_in_the_gate_is_said_and_not_waited_for(tmp_path: Path) -> None:
    """After two seconds it is an error that says what to do."""
    script = "gate = locks._gate(); gate.__enter__(); print('ready', flush=True); time.sleep(60)"
    other = _process(tmp_path, script)
    with pytest.raises(StorageError, match="kept the gate") as caught:
        Locks(tmp_path).take("n", holder=_ME)
    assert "stopped" in (caught.value.hint or "")
    _end(other)
    _taken(Locks(tmp_path), "n").release()
