"""Clocks: what they say, how they wait, and that none of them runs backwards."""

import asyncio

import pytest

from depthwalk.clock import LoopClock, ManualClock, SystemClock
from depthwalk.domain.units import SECOND, Duration, Instant, format_instant, parse_instant

EPOCH = parse_instant("2026-05-13T20:20:37Z")


def test_a_manual_clock_stands_still_until_told() -> None:
    """Looking at it does not move it; advancing does, by exactly so much."""
    clock = ManualClock(EPOCH)
    readings = [clock.now(), clock.now()]
    assert [Instant(EPOCH)] * 2 == readings
    clock.advance(SECOND)
    assert Instant(EPOCH + SECOND) == clock.now()


@pytest.mark.parametrize(("duration", "moved"), [(2_500_000, 2_500_000), (0, 0), (-1, 0)])
def test_sleeping_moves_a_manual_clock(duration: int, moved: int) -> None:
    """A sleep passes at once and moves the time; one of nothing or less moves nothing."""
    clock = ManualClock(EPOCH)
    asyncio.run(clock.sleep(Duration(duration)))
    assert Instant(EPOCH + moved) == clock.now()


def test_a_manual_sleep_lets_others_run() -> None:
    """Other tasks get their turn during the sleep, also one of no length."""

    async def run() -> list[str]:
        seen: list[str] = []
        clock = ManualClock(EPOCH)

        async def other() -> None:
            seen.append("other")

        task = asyncio.create_task(other())
        await clock.sleep(Duration(0))
        seen.append("after")
        await task
        return seen

    expected = ["other", "after"]
    assert expected == asyncio.run(run())


def test_the_system_clock_never_runs_backwards() -> None:
    """Readings one after the other never decrease, and are a time of this century."""
    clock = SystemClock()
    readings = [clock.now() for _ in range(1_000)]
    assert sorted(readings) == readings
    assert format_instant(readings[0]).startswith("20")


def test_the_system_clock_waits_as_long_as_asked() -> None:
    """A sleep of 20 ms takes at least that on the clock itself; none or less returns at once."""
    clock = SystemClock()
    before = clock.now()
    asyncio.run(clock.sleep(Duration(20_000)))
    waited = clock.now() - before
    asyncio.run(clock.sleep(Duration(-SECOND)))
    assert waited >= 19_000
    assert clock.now() - before < 10 * SECOND


def test_the_system_clock_does_not_follow_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """When somebody sets the wall clock back an hour, time goes on as before."""
    clock = SystemClock()
    before = clock.now()
    monkeypatch.setattr("time.time_ns", lambda: 0)
    assert 0 <= clock.now() - before < 10 * SECOND


def test_without_a_clock_that_counts_suspends_the_monotonic_one_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no CLOCK_BOOTTIME, the monotonic clock is taken."""
    monkeypatch.delattr("time.CLOCK_BOOTTIME", raising=False)
    clock = SystemClock()
    before = clock.now()
    assert 0 <= clock.now() - before < 10 * SECOND


class _Loop(asyncio.SelectorEventLoop):
    """A loop whose time is set by hand."""

    at = 12.5

    def time(self) -> float:
        return self.at


def test_a_loop_clock_counts_from_its_epoch() -> None:
    """It says the epoch when made, whatever the loop's time then, and follows the loop from there."""
    loop = _Loop()
    try:
        clock = LoopClock(EPOCH, loop)
        first = clock.now()
        loop.at += 3.25
        second = clock.now()
    finally:
        loop.close()
    assert Instant(EPOCH) == first
    assert Instant(EPOCH + 3_250_000) == second


@pytest.mark.parametrize("duration", [Duration(20_000), Duration(0), Duration(-1)])
def test_a_loop_clock_waits_on_its_loop(duration: Duration) -> None:
    """A sleep takes that long of the loop's time; none or less takes none."""

    async def run() -> tuple[Instant, Instant]:
        clock = LoopClock(EPOCH, asyncio.get_running_loop())
        before = clock.now()
        await clock.sleep(duration)
        return before, clock.now()

    before, after = asyncio.run(run())
    assert max(duration, 0) - 1_000 <= after - before < 10 * SECOND
