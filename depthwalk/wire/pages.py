"""One page of a list and its cursor. How often to turn is the client's business.

The last page carries an empty cursor; null and a missing one are accepted too (kalshi-api.md section 5.3).
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """The items of one page; *cursor* is None on the last."""

    items: tuple[T, ...]
    cursor: str | None = None


def cursor_text(cursor: str | None) -> str:
    """Write a cursor: the last page has an empty one, present."""
    return cursor or ""
