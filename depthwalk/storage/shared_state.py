"""A small record that all processes of one machine see and change, one at a time. What it says is not known here.

It lies in one file, which is locked by the operating system while it is changed, so a process that is killed frees it. The
change is worked out before a byte is written, and one short write puts it down; a head with length and checksum makes whatever
else a file may come to recognizable. Nothing waits for the disk: after a power cut nobody asks what was spent before it.
"""

import os
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from filelock import lock_descriptor

from depthwalk.errors import StorageError
from depthwalk.storage.locks import HINT, private_folder

_HEAD: Final = re.compile(rb"([0-9a-f]{8}) ([0-9a-f]{8})\n")


class SharedFile:
    """A record in a file, as `ports.SharedState`. A record that is not whole is handed to the change as b"".

    Raises:
        UsageError: its folder cannot be made or written.

    """

    def __init__(self, path: Path) -> None:
        private_folder(path.parent)
        self._path = path

    def update(self, change: Callable[[bytes | None], bytes]) -> bool:
        """Replace the record by what *change* makes of it; see the port. Raises StorageError."""
        try:
            with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0) as file:
                if not lock_descriptor(file.fileno(), blocking=False):
                    return False
                whole = _headed(change(_unheaded(file.read())))
                file.seek(0)
                if file.write(whole) != len(whole):
                    raise StorageError(f"{self._path}: the disk is full", hint=HINT)
        except OSError as error:
            raise StorageError(f"{self._path}: {error.strerror or error}", hint=HINT) from error
        return True


def _headed(text: bytes) -> bytes:
    """Return what is written: the text may be shorter than what lies there, so its length goes first."""
    return b"%08x %08x\n" % (zlib.crc32(text), len(text)) + text


def _unheaded(found: bytes) -> bytes | None:
    """Return the record: None where nothing was ever written, b"" where it is not whole."""
    if not found:
        return None
    head = _HEAD.match(found)
    if head is None:
        return b""
    text = found[head.end() : head.end() + int(head[2], 16)]
    return text if _headed(text).startswith(head[0]) else b""
