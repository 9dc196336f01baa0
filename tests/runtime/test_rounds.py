"""A steady pace: slots, the end, being stopped."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.clock import LoopClock
from depthwalk.domain.units import Duration, Instant, seconds
from depthwalk.runtime.rounds import Rounds, next_slot
from depthwalk.runtime.virtual_time import run_virtual

START = Instant(1_800_000_000_000_000)


@given(st.integers(0, 10**12), st.integers(1, 10**9), st.integers(-(10**6), 10**12))
def test_the_next_slot_is_the_first_after_now(start: int, interval: int, passed: int) -> None:
    """On the lattice, later than now, and no earlier slot is."""
    slot = next_slot(Instant(start), Duration(interval), Instant(start + passed))
    assert 0 == (slot - start) % interval
    assert slot > start + passed
    assert slot - interval <= start + passed or slot == start


async def _rounds(work: float, *, interval: float, until: float | None = None, stop_at: float | None = None) -> list[float]:
    """Return when rounds began that take *work* seconds each, and last when it was all over."""
    loop = asyncio.get_running_loop()
    clock = LoopClock(START, loop)
    rounds = Rounds(clock, interval=seconds(interval), until=None if until is None else Instant(START + seconds(until)))
    began: list[float] = []

    async def act() -> None:
        began.append((clock.now() - START) / 1e6)
        await clock.sleep(seconds(work))

    if stop_at is not None:
        loop.call_later(stop_at, rounds.stop, "Ctrl-C")
    await rounds.run(act)
    assert ("the time was over" if stop_at is None else "Ctrl-C") == rounds.reason
    return [*began, (clock.now() - START) / 1e6]


@pytest.mark.parametrize(
    ("work", "until", "stop_at", "times"),
    [
        (0.5, 10, None, [0, 4, 8, 10]),
        (5, 18, None, [0, 8, 16, 21]),  # a long round costs the slot it ran into
        (0.5, 8, None, [0, 4, 8]),  # no round begins at the end
        (0.5, None, 5, [0, 4, 5]),  # stopped while waiting
        (3, None, 5, [0, 4, 5]),  # stopped within a round
        (0.5, 0, None, [0]),  # no time at all: nothing is done
    ],
)
def test_rounds_keep_their_pace_and_end_in_time(
    work: float, until: float | None, stop_at: float | None, times: list[float]
) -> None:
    """The beginnings of the rounds, and the end."""
    assert times == run_virtual(_rounds(work, interval=4, until=until, stop_at=stop_at))


def test_a_fault_of_the_work_ends_it() -> None:
    """What a round raises is for the caller."""

    async def fail() -> None:
        raise ValueError("broken")

    async def main() -> None:
        await Rounds(LoopClock(START, asyncio.get_running_loop()), interval=seconds(1)).run(fail)

    with pytest.raises(ValueError, match="broken"):
        run_virtual(main())
