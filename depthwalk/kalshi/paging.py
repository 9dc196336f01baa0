"""Turning pages: to the end of a list, and never in circles. What a page holds is the caller's business."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from depthwalk.errors import Unreachable
from depthwalk.wire.pages import Page

T = TypeVar("T")

_MOST_PAGES: Final = 2_000


async def all_pages(
    fetch: Callable[[str | None], Awaitable[Page[T]]],
    *,
    key: Callable[[T], str],
    what: str,
    most: int | None = None,
) -> list[T]:
    """Return the items of all pages in order, each once (by *key*), at most *most* of them.

    The venue takes a cursor that means nothing for the first page (kalshi-api.md section 5.3): a cursor or a first item that
    comes twice is a circle.

    Raises:
        Unreachable: a circle, or more pages than any list has. Half a list of orders would be worse than none.

    """
    found: dict[str, T] = {}
    cursors: set[str] = set()
    firsts: set[str] = set()
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = await fetch(cursor)
        if page.items:
            first = key(page.items[0])
            if first in firsts:
                raise Unreachable(f"{what}: the pages go in a circle", status=200)
            firsts.add(first)
        for item in page.items:
            found.setdefault(key(item), item)
        if page.cursor is None or (most is not None and len(found) >= most):
            return list(found.values())[:most]
        if page.cursor in cursors:
            raise Unreachable(f"{what}: the same cursor came twice", status=200)
        cursors.add(page.cursor)
        cursor = page.cursor
    raise Unreachable(f"{what}: no end after {_MOST_PAGES} pages", status=200)
