"""Retries of reads, and turning pages."""

import asyncio
import random
from itertools import pairwise

import pytest

from depthwalk.clock import ManualClock
from depthwalk.errors import (
    DepthwalkError,
    InDoubt,
    NotAuthorized,
    NotFound,
    OrderRefused,
    RefusalReason,
    Throttled,
    Unreachable,
)
from depthwalk.kalshi.paging import all_pages
from depthwalk.kalshi.retry import FIRST_WAIT, LONGEST_WAIT, passes, retrying
from depthwalk.wire.pages import Page


def _attempts(clock: ManualClock, rng: random.Random, error: DepthwalkError, *, max_retries: int) -> list[float]:
    """Return the seconds at which a read that always fails was tried."""
    start, times = clock.now(), []

    async def run() -> None:
        async for attempt in retrying(clock=clock, rng=rng, max_retries=max_retries):
            with attempt:
                times.append((clock.now() - start) / 1_000_000)
                raise error

    with pytest.raises(type(error)):
        asyncio.run(run())
    return times


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (Unreachable("no answer"), True),
        (Unreachable("5xx", status=503), True),
        (Throttled("429", status=429), True),
        (Unreachable("bad question", status=400), False),
        (Unreachable("nonsense", status=200), False),
        (NotFound("404", status=404), False),
        (NotAuthorized("401", status=401), False),
        (InDoubt("lost"), False),
        (OrderRefused("no", reason=RefusalReason.OTHER), False),
        (ValueError("a fault of ours"), False),
    ],
)
def test_what_is_tried_again(error: Exception, *, again: bool) -> None:
    """Faults that pass: no answer, 5xx, 429. Nothing definite, no write, no fault of ours."""
    assert again is passes(error)


def test_waits_grow_with_jitter_on_the_given_clock(clock: ManualClock, rng: random.Random) -> None:
    """Each wait lies between half and all of twice the last, up to a longest; no wall clock is involved."""
    times = _attempts(clock, rng, Unreachable("x"), max_retries=7)
    waits = [after - before for before, after in pairwise(times)]
    longest = [min(LONGEST_WAIT, FIRST_WAIT * 2**number) for number in range(7)]
    assert all(most / 2 - 1e-6 <= wait <= most for wait, most in zip(waits, longest, strict=True))
    assert len(set(waits)) == len(waits)


def test_as_often_as_said(clock: ManualClock, rng: random.Random) -> None:
    """The number counts repetitions: 0 is one attempt."""
    assert [1, 4] == [len(_attempts(clock, rng, Throttled("x"), max_retries=number)) for number in (0, 3)]


def _pages(*pages: tuple[str, str | None]) -> list[Page[str]]:
    return [Page(items=tuple(items), cursor=cursor) for items, cursor in pages]


def _turn(pages: list[Page[str]], most: int | None = None) -> tuple[list[str], list[str | None]]:
    asked: list[str | None] = []

    async def fetch(cursor: str | None) -> Page[str]:
        asked.append(cursor)
        return pages[len(asked) - 1]

    return asyncio.run(all_pages(fetch, key=str, what="letters", most=most)), asked


def test_pages_are_turned_to_the_end() -> None:
    """In order, the cursor passed on, an item on two pages once (a list that grew between them shifts)."""
    found, asked = _turn(_pages(("abc", "1"), ("cd", "2"), ("", None)))
    assert ["a", "b", "c", "d"] == found
    assert [None, "1", "2"] == asked


def test_no_more_pages_than_needed() -> None:
    """With a most, it stops there."""
    found, asked = _turn(_pages(("abc", "1"), ("def", "2"), ("ghi", None)), most=4)
    assert ["a", "b", "c", "d"] == found
    assert len(asked) == 2


def test_circles_are_noticed() -> None:
    """The same cursor, or the first page again under another cursor: the list is not believed."""
    with pytest.raises(Unreachable, match="same cursor"):
        _turn(_pages(("ab", "1"), ("cd", "1")))
    with pytest.raises(Unreachable, match="circle"):
        _turn(_pages(("ab", "1"), ("ab", "2")))


def test_endless_empty_pages_end() -> None:
    """New cursors for ever are no list."""
    with pytest.raises(Unreachable, match="no end"):
        _turn([Page(items=(), cursor=str(number)) for number in range(3_000)])
