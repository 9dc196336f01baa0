"""A file of recorded books, long enough to decide in: one market for some minutes, a book every few seconds."""

from collections.abc import Container
from pathlib import Path

from tests.support.recorded import book_line, written


def kept_books(path: Path, *, length: int = 300, step: int = 10, without: Container[int] = ()) -> Path:
    """Write a book every *step* seconds for *length* of them, 10 contracts at 48 cents against 5, then 6, at 52."""
    lines = [
        book_line(
            ts=f"2026-07-01T12:{second // 60:02}:{second % 60:02}Z",
            yes=[("0.4800", "10.00"), ("0.4700", "30.00")],
            no=[("0.4800", f"{5 + second // step % 2}.00"), ("0.4700", "30.00")],
        )
        for second in range(0, length + 1, step)
        if second not in without
    ]
    return written(path, lines)
