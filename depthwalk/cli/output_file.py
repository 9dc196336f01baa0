"""Files that a command writes beside its result: refused before the work if they cannot be, and written whole or not at all."""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from depthwalk.errors import UsageError


class OutputFile:
    """A file to be. Nothing of it is there before it is written. What a link points to is replaced, not the link."""

    def __init__(self, flag: str, path: Path) -> None:
        """See that it can be written. Raises UsageError where it cannot, naming the flag."""
        self._named = f"{flag} {path}"
        self._target = path.expanduser().absolute().resolve()
        if self._target.exists() and not self._target.is_file():
            # A move would put a file in the place of a device or a pipe: of /dev/null, for all of the machine.
            raise UsageError(f"{self._named}: is {'a folder' if self._target.is_dir() else 'no regular file'}")
        try:
            descriptor, draft = self._draft()
        except OSError as error:
            raise UsageError(f"{self._named}: cannot be written there ({error.strerror or error})") from None
        os.close(descriptor)
        draft.unlink()

    def write(self, fill: Callable[[TextIO], object]) -> None:
        """Write what *fill* writes, and put it in its place. Raises UsageError where that fails; what was there stays."""
        draft: Path | None = None
        try:
            descriptor, draft = self._draft()
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                fill(file)
            draft.chmod(self._target.stat().st_mode if self._target.exists() else 0o644)
            draft.replace(self._target)
        except OSError as error:
            raise UsageError(f"{self._named}: cannot be written ({error.strerror or error})") from None
        finally:
            if draft is not None:
                with suppress(OSError):
                    draft.unlink(missing_ok=True)

    def _draft(self) -> tuple[int, Path]:
        """Open a file beside the target, so that the move is one step."""
        descriptor, name = tempfile.mkstemp(dir=self._target.parent, prefix=f".{self._target.name}.")
        return descriptor, Path(name)


def output_file(flag: str, path: Path | None) -> OutputFile | None:
    """Return the file that is to be written, None for None. Raises UsageError where it cannot be."""
    return None if path is None else OutputFile(flag, path)


def check_apart(**files: Path | None) -> None:
    """See that no two flags name one file, else only what is written last is kept. Raises UsageError."""
    known: dict[Path, str] = {}
    for name, path in files.items():
        if path is not None and (other := known.setdefault(path.expanduser().resolve(), name)) != name:
            raise UsageError(f"--{other} and --{name} name one file, {path}")
