"""A small record that all processes of one machine see and change, one at a time. What it says is not known here.

It is replaced as a whole: a process killed half way leaves the old record or the new one. After a power cut it may be cut
short, which whoever reads it has to recognize.
"""

from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from depthwalk.errors import StorageError
from depthwalk.storage.locks import HINT, private_folder


class SharedFile:
    """A record in a file, as `ports.SharedState`.

    Raises:
        UsageError: its folder cannot be made or written.

    """

    def __init__(self, path: Path) -> None:
        private_folder(path.parent)
        self._path = path
        self._fresh = path.with_name(f"{path.name}.new")
        self._lock = FileLock(path.with_name(f"{path.name}.lock"), blocking=False, fallback_to_soft=False)

    def update(self, change: Callable[[bytes | None], bytes]) -> bool:
        """Replace the record by what *change* makes of it; see the port. Raises StorageError."""
        try:
            with self._lock:
                try:
                    before = self._path.read_bytes()
                except FileNotFoundError:
                    before = None
                self._fresh.write_bytes(change(before))
                self._fresh.replace(self._path)
        except Timeout:
            return False
        except OSError as error:
            raise StorageError(f"{self._path}: {error.strerror or error}", hint=HINT) from error
        return True
