"""Locks that the processes of one machine share, each with who holds it in plain words. What they stand for is not known here.

A lock is the operating system's, on a file: it is gone with the process that took it, however that one ended. The words lie in
a file beside it and count only while the lock is held. Looking at a lock means trying it for a moment; so that this never turns
a taker away, takers and lookers go through one gate, which is open again in microseconds.
"""

import errno
import hashlib
import os
import re
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec
import platformdirs
from filelock import FileLock, Timeout, lock_descriptor

from depthwalk.domain.units import Instant
from depthwalk.errors import StorageError, UsageError

_GATE_SECONDS: Final = 2.0
_POLL_SECONDS: Final = 0.001
_ONLY_OURS: Final = 0o700
_LONGEST_WORDS: Final = 40
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")

HINT: Final = "XDG_STATE_HOME names another place for what the processes of this machine share"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a lock: the process, what it executes, since when, and the command a person would recognize it by."""

    pid: int
    execution_id: str
    ticker: str
    since: Instant
    command: str


class _OpenLock:
    """A locked file, open. A child that this process forks lets go of it, so that no lock outlives who took it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor
        _OPEN.add(self)

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            # The lock goes with the last descriptor of this opening: there is no other.
            os.close(descriptor)

    def __del__(self) -> None:
        self.close()


_OPEN: Final[weakref.WeakSet[_OpenLock]] = weakref.WeakSet()


def _let_go() -> None:
    for each in list(_OPEN):
        each.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


def _try(path: Path) -> _OpenLock | None:
    """Lock the file at *path* without waiting; None: somebody else has it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        lock = _OpenLock(descriptor)
        if not lock_descriptor(descriptor, blocking=False):
            lock.close()
            return None
        if os.fstat(descriptor).st_nlink:
            return lock
        # Forgotten between opening and locking: that file guards no name any more.
        lock.close()


class Held:
    """A lock that this process holds, until it is released, or dropped, or the process ends."""

    def __init__(self, lock: _OpenLock, path: Path, words: Path) -> None:
        self._lock = lock
        self._path = path
        self._words = words
        self._owner: int | None = os.getpid()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()

    def release(self, *, forget: bool = False) -> None:
        """Let it go; safe to repeat. *forget* removes its files: for names that nobody will lock again."""
        owner, self._owner = self._owner, None
        if owner != os.getpid():
            return  # done before, or a forked child's copy: the files are its parent's
        # First the words, so that they are never taken for the next holder's. Left behind, they are not believed either.
        with suppress(OSError):
            self._words.unlink()
        if forget:
            with suppress(OSError):
                self._path.unlink()
        self._lock.close()


def machine_folder() -> Path:
    """Return where the processes of this machine and user meet."""
    return platformdirs.user_state_path("depthwalk") / "locks"


def private_folder(folder: Path) -> Path:
    """Make *folder* where it is absent, for this user alone. Raises UsageError where it cannot be used."""
    try:
        folder.mkdir(mode=_ONLY_OURS, parents=True, exist_ok=True)
        folder.chmod(_ONLY_OURS)
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise UsageError(f"folder {folder} cannot be used: {error.strerror or error}", hint=HINT) from error
    return folder


class Locks:
    """Named locks in a folder. Two objects on one folder exclude each other, in one process as in two.

    Any text is a name. Slots of a name are numbered, and are not in the way of the name itself.

    Raises:
        UsageError: the folder cannot be made or written.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = private_folder(folder)

    def take(self, name: str, *, holder: Holder) -> Held | None:
        """Take the lock of *name* for *holder*; None: somebody else has it. Never waits for a lock. Raises StorageError."""
        with self._gate():
            return self._take(_stem(name), holder)

    def slot(self, name: str, count: int, *, holder: Holder) -> Held | None:
        """Take any one of *count* slots, the first that is free; None: all are taken. Raises StorageError."""
        with self._gate():
            return next(filter(None, (self._take(_stem(name, number), holder) for number in range(count))), None)

    def holder(self, name: str) -> Holder | None:
        """Return who holds *name* now; None where it is free or its holder is not known. Raises StorageError."""
        with self._gate():
            return self._holder(_stem(name))

    def holders(self, name: str, count: int) -> list[Holder]:
        """Return who holds the *count* slots of *name* now, as far as they are taken. Raises StorageError."""
        with self._gate():
            found = [self._holder(_stem(name, number)) for number in range(count)]
        return [holder for holder in found if holder is not None]

    def _take(self, stem: str, holder: Holder) -> Held | None:
        path, words = self._files(stem)
        lock = _try(path)
        if lock is None:
            return None
        held = Held(lock, path, words)
        try:
            # Beside the lock and not in it: whoever opens a lock file may empty it.
            fresh = words.with_suffix(".new")
            fresh.write_bytes(msgspec.json.encode(holder))
            fresh.replace(words)
        except BaseException:
            held.release()
            raise
        return held

    def _holder(self, stem: str) -> Holder | None:
        path, words = self._files(stem)
        try:
            if not path.exists():
                return None
            lock = _try(path)
            if lock is not None:
                lock.close()
                return None
            return msgspec.json.decode(words.read_bytes(), type=Holder)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def _files(self, stem: str) -> tuple[Path, Path]:
        return self._folder / f"{stem}.lock", self._folder / f"{stem}.json"

    @contextmanager
    def _gate(self) -> Iterator[None]:
        """Let one process at a time look at locks or take them; and every fault of the files leaves as StorageError."""
        try:
            with FileLock(self._folder / ".gate", timeout=_GATE_SECONDS, poll_interval=_POLL_SECONDS, fallback_to_soft=False):
                yield
        except Timeout:
            raise StorageError(
                f"folder {self._folder}: another process has kept the gate to its locks for {_GATE_SECONDS:g} seconds",
                hint="is a depthwalk process stopped (Ctrl-Z)? `fg` carries it on, ending it frees the gate",
            ) from None
        except OSError as error:
            raise StorageError(f"folder {self._folder}: {error.strerror or error}", hint=HINT) from error


def _stem(name: str, slot: int | None = None) -> str:
    """Return a file name for *name*: its safe characters for people, and a digest that no other name has."""
    whole = name if slot is None else f"{name}\0{slot}"
    digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    words = _UNSAFE.sub("_", name).strip(".")[:_LONGEST_WORDS]
    return f"{words}-{digest}" if slot is None else f"{words}-{slot}-{digest}"
