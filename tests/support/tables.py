"""Rendered tables as text, and their snapshots in tests/snapshots/."""

import io
import os
from pathlib import Path

from rich.console import Console, RenderableType

_FOLDER = Path(__file__).parents[1] / "snapshots"


def as_text(table: RenderableType, *, width: int, color: bool = False) -> str:
    """Draw *table* at *width*; without *color* as plain text, trailing blanks cut."""
    stream = io.StringIO()
    system = "truecolor" if color else None
    console = Console(file=stream, width=width, height=200, force_terminal=color, color_system=system, legacy_windows=False)
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def same_as_snapshot(name: str, text: str) -> bool:
    """Compare with the snapshot *name*; with REFRESH_SNAPSHOTS set in the environment write it instead."""
    path = _FOLDER / f"{name}.txt"
    if os.environ.get("REFRESH_SNAPSHOTS"):
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8") == text
