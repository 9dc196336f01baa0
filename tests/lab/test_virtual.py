"""Virtual time without an event loop: who goes when, who goes first, what is given up; and the same as under asyncio."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.clock import LoopClock
from depthwalk.domain.units import Duration, Instant
from depthwalk.lab.virtual import Schedule
from depthwalk.runtime.virtual_time import run_virtual

BEGIN = Instant(1_000)

Log = list[tuple[int, str]]


class _Rig:
    """A schedule whose tasks write down when they did what."""

    def __init__(self) -> None:
        self.schedule = Schedule(BEGIN)
        self.log: Log = []

    def note(self, what: str) -> None:
        self.log.append((self.schedule.now() - BEGIN, what))

    async def sleeper(self, name: str, *durations: int) -> None:
        for duration in durations:
            await self.schedule.sleep(Duration(duration))
            self.note(name)

    def run(self) -> Log:
        while self.schedule.turn():
            pass
        return self.log


def test_time_is_that_of_whoever_is_due_next() -> None:
    """It does not pass while something is ready, and jumps when nothing is."""
    rig = _Rig()
    rig.schedule.spawn(rig.sleeper("slow", 7, 7))
    rig.schedule.spawn(rig.sleeper("quick", 3, 5))
    assert BEGIN == rig.schedule.now()
    assert [(3, "quick"), (7, "slow"), (8, "quick"), (14, "slow")] == rig.run()


def test_of_things_due_at_once_the_one_that_asked_first_goes_first() -> None:
    """Whenever it was that they asked."""
    rig = _Rig()
    rig.schedule.spawn(rig.sleeper("asked at 0", 10))
    rig.schedule.spawn(rig.sleeper("asked at 4", 4, 6))
    rig.schedule.spawn(rig.sleeper("asked at 0 too", 10))
    assert [(4, "asked at 4"), (10, "asked at 0"), (10, "asked at 0 too"), (10, "asked at 4")] == rig.run()


def test_no_time_to_sleep_is_no_turn_lost() -> None:
    """A sleep of nothing, or of less, goes on at once."""
    rig = _Rig()
    rig.schedule.spawn(rig.sleeper("first", 0, -5))
    rig.schedule.spawn(rig.sleeper("second", 0))
    assert [(0, "first"), (0, "first"), (0, "second")] == rig.run()


def test_a_call_waits_for_its_turn_and_for_no_time() -> None:
    """What is ready before it goes first; what is due later, later."""
    rig = _Rig()
    rig.schedule.spawn(rig.sleeper("task", 0, 1))
    rig.schedule.soon(lambda: rig.note("call"))
    assert [(0, "task"), (0, "call"), (1, "task")] == rig.run()


def test_who_lets_others_go_first_does_so() -> None:
    """As `asyncio.sleep(0)` does under asyncio: once around, without time passing."""
    rig = _Rig()

    async def polite() -> None:
        await asyncio.sleep(0)
        rig.note("polite")

    rig.schedule.spawn(polite())
    rig.schedule.spawn(rig.sleeper("other", 0))
    assert [(0, "other"), (0, "polite")] == rig.run()


def test_who_is_canceled_is_not_carried_on() -> None:
    """Neither from a sleep nor before it began; what it had open is closed."""
    rig = _Rig()

    async def careful() -> None:
        try:
            await rig.schedule.sleep(Duration(5))
            rig.note("never")
        finally:
            rig.note("closed")

    sleeping = rig.schedule.spawn(careful())
    rig.schedule.turn()
    rig.schedule.spawn(rig.sleeper("never", 0)).cancel()
    sleeping.cancel()
    assert [(0, "closed")] == rig.run()


def test_the_end_closes_all() -> None:
    """Sleeping, ready or not begun: nothing goes on, and nothing is left to be warned about."""
    rig = _Rig()
    rig.schedule.spawn(rig.sleeper("sleeping", 5))
    rig.schedule.turn()
    rig.schedule.spawn(rig.sleeper("ready", 0))
    rig.schedule.soon(lambda: rig.note("call"))
    rig.schedule.close()
    assert (False, []) == (rig.schedule.turn(), rig.run())


def test_what_goes_wrong_in_a_task_is_raised_where_time_is_made_to_pass() -> None:
    """A fault is no detail of a task."""
    rig = _Rig()

    async def broken() -> None:
        await rig.schedule.sleep(Duration(1))
        raise ZeroDivisionError

    rig.schedule.spawn(broken())
    with pytest.raises(ZeroDivisionError):
        rig.run()


# --- no longer than that ---


@pytest.mark.parametrize(
    ("patience", "expected"),
    [
        (10, [(4, "work"), (9, "work"), (9, "True")]),
        (9, [(4, "work"), (9, "work"), (9, "True")]),
        (8, [(4, "work"), (8, "False")]),
        (3, [(3, "False")]),
        (0, [(0, "False")]),
    ],
)
def test_work_is_given_up_when_its_time_is_over(patience: int, expected: Log) -> None:
    """What is done by then counts; the rest is never done, and whoever waited goes on at that time."""
    rig = _Rig()

    async def waiting() -> None:
        rig.note(str(await rig.schedule.within(Duration(patience), rig.sleeper("work", 4, 5))))

    rig.schedule.spawn(waiting())
    assert expected == rig.run()


def test_an_error_of_work_that_is_timed_is_the_waiters() -> None:
    """It passes through."""
    rig = _Rig()

    async def broken() -> None:
        await rig.schedule.sleep(Duration(1))
        raise KeyError("x")

    async def waiting() -> None:
        try:
            await rig.schedule.within(Duration(5), broken())
        except KeyError:
            rig.note("caught")

    rig.schedule.spawn(waiting())
    assert [(1, "caught")] == rig.run()


def test_work_within_work_has_the_shorter_time() -> None:
    """A part of a look may have a time of its own."""
    rig = _Rig()

    async def part() -> None:
        rig.note(str(await rig.schedule.within(Duration(3), rig.sleeper("work", 9))))
        await rig.sleeper("rest", 9)

    async def whole() -> None:
        rig.note(str(await rig.schedule.within(Duration(5), part())))

    rig.schedule.spawn(whole())
    assert [(3, "False"), (5, "False")] == rig.run()


def test_who_is_canceled_while_it_waits_for_work_leaves_none_behind() -> None:
    """The work is closed with its waiter."""
    rig = _Rig()
    closed = []

    async def work() -> None:
        try:
            await rig.schedule.sleep(Duration(5))
        finally:
            closed.append(True)

    async def waiting() -> None:
        await rig.schedule.within(Duration(9), work())

    task = rig.schedule.spawn(waiting())
    rig.schedule.turn()
    task.cancel()
    assert [True] == closed


# --- as asyncio has it ---

Sleep = Callable[[int], Awaitable[None]]
Program = list[list[int]]


async def _part(name: int, steps: list[int], sleep: Sleep, note: Callable[[int], None]) -> None:
    for step in steps:
        await sleep(step)
        note(name)


def _in_schedule(program: Program) -> list[tuple[int, int]]:
    schedule, log = Schedule(Instant(0)), []

    async def sleep(duration: int) -> None:
        await schedule.sleep(Duration(duration))

    for name, steps in enumerate(program):
        schedule.spawn(_part(name, steps, sleep, lambda name: log.append((schedule.now(), name))))
    while schedule.turn():
        pass
    return log


def _in_asyncio(program: Program) -> list[tuple[int, int]]:
    async def main() -> list[tuple[int, int]]:
        clock, log = LoopClock(Instant(0), asyncio.get_running_loop()), []

        async def sleep(duration: int) -> None:
            await clock.sleep(Duration(duration))

        await asyncio.gather(
            *(_part(name, steps, sleep, lambda name: log.append((clock.now(), name))) for name, steps in enumerate(program))
        )
        return log

    return run_virtual(main())


@given(st.lists(st.lists(st.integers(0, 50).map(lambda each: each * 1_000), max_size=6), max_size=5))
def test_tasks_wake_when_they_would_under_asyncio(program: Program) -> None:
    """At the same times, whatever they sleep; and time never runs back."""
    found = _in_schedule(program)
    assert sorted(_in_asyncio(program)) == sorted(found)
    assert sorted(at for at, _ in found) == [at for at, _ in found]
