"""The commented example: where it ships, and writing it out for the user. Its words stand in config.example.yaml alone."""

import os
import tempfile
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Final

from depthwalk.config.loading import FILE_NAME
from depthwalk.errors import UsageError

_SOURCE: Final = Path(__file__).parents[2] / "config.example.yaml"


def example_text() -> str:
    """Return the example: from the installed package (the wheel is given a copy), else from the source tree."""
    packaged = files("depthwalk.config") / "example.yaml"
    return (packaged if packaged.is_file() else _SOURCE).read_text(encoding="utf-8")


def write_example(path: Path | None, *, force: bool) -> Path:
    """Write the example to *path*, else to `depthwalk.yaml` here, and return where that is.

    What is there is never overwritten without *force*; with it the file is replaced whole or not at all.

    Raises:
        UsageError: it is there already, or cannot be written.

    """
    target = (path or Path(FILE_NAME)).expanduser().absolute()
    if target.is_dir():
        raise UsageError(f"{target} is a folder", hint=f"--config {target / FILE_NAME} names a file in it")
    try:
        if force:
            _replace(target, example_text())
        else:
            with target.open("x", encoding="utf-8") as file:
                file.write(example_text())
    except FileExistsError:
        raise UsageError(f"{target} is there already", hint="--force writes over it; --config PATH names another") from None
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror or error}") from None
    return target


def _replace(target: Path, text: str) -> None:
    # Beside the target, so that the move is one step; what a link points to is replaced, not the link.
    real = target.resolve()
    descriptor, name = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(real.stat().st_mode if real.exists() else 0o644)
        Path(name).replace(real)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
