"""Files that a command writes beside its result: refused before the work if they cannot be, and written whole or not at all."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from depthwalk.errors import UsageError


class OutputFile:
    """A file to be, and its draft beside it. What a link points to is replaced, not the link."""

    def __init__(self, flag: str, path: Path) -> None:
        """Make the draft, empty. Raises UsageError where it cannot be made, naming the flag."""
        self._named = f"{flag} {path}"
        self._target = path.expanduser().absolute().resolve()
        if self._target.exists() and not self._target.is_file():
            # A move would put a file in the place of a device or a pipe: of /dev/null, for all of the machine.
            raise UsageError(f"{self._named}: is {'a folder' if self._target.is_dir() else 'no regular file'}")
        try:
            # Beside the target, so that the move is one step.
            descriptor, name = tempfile.mkstemp(dir=self._target.parent, prefix=f".{self._target.name}.")
        except OSError as error:
            raise UsageError(f"{self._named}: cannot be written there ({error.strerror or error})") from None
        os.close(descriptor)
        self._draft = Path(name)

    def write(self, fill: Callable[[TextIO], object]) -> None:
        """Write what *fill* writes, and put it in its place. Raises UsageError where that fails; what was there stays."""
        try:
            with self._draft.open("w", encoding="utf-8", newline="") as file:
                fill(file)
            self._draft.chmod(self._target.stat().st_mode if self._target.exists() else 0o644)
            self._draft.replace(self._target)
        except OSError as error:
            raise UsageError(f"{self._named}: cannot be written ({error.strerror or error})") from None

    def discard(self) -> None:
        """Remove the draft, where it is still one."""
        with suppress(OSError):
            self._draft.unlink()


def check_apart(**files: Path | None) -> None:
    """See that no two flags name one file, else only what is written last is kept. Raises UsageError."""
    known: dict[Path, str] = {}
    for name, path in files.items():
        if path is not None and (other := known.setdefault(path.expanduser().resolve(), name)) != name:
            raise UsageError(f"--{other} and --{name} name one file, {path}")


@contextmanager
def output_file(flag: str, path: Path | None) -> Iterator[OutputFile | None]:
    """Give the file that is to be written, None for None; nothing is left of it where it was not written."""
    file = None if path is None else OutputFile(flag, path)
    try:
        yield file
    finally:
        if file is not None:
            file.discard()
