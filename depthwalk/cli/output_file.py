"""Files that a command writes beside its result: refused before the work if they cannot be, and written whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from depthwalk.errors import UsageError


@contextmanager
def output_file(flag: str, path: Path | None) -> Iterator[TextIO | None]:
    """Give what is written to *path* once all has gone well; None for None. What a link points to is replaced, not the link.

    Raises:
        UsageError: it cannot be written there.

    """
    if path is None:
        yield None
        return
    target = path.expanduser().absolute().resolve()
    if target.is_dir():
        raise UsageError(f"{flag} {path}: is a folder")
    try:
        # Beside the target, so that the move is one step.
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise UsageError(f"{flag} {path}: cannot be written there ({error.strerror or error})") from None
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
        draft.chmod(target.stat().st_mode if target.exists() else 0o644)
        draft.replace(target)
    except OSError as error:
        raise UsageError(f"{flag} {path}: cannot be written ({error.strerror or error})") from error
    finally:
        with suppress(OSError):
            draft.unlink()
