"""Virtual time: it jumps when there is nothing to do, and never while there is."""

import asyncio
import os
import time

from depthwalk.runtime.virtual_time import run_virtual


def test_an_hour_passes_in_no_time() -> None:
    """Sleeping an hour moves the loop's time by an hour and takes almost none."""

    async def main() -> float:
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    before = time.monotonic()

    assert run_virtual(main()) == 3600
    assert time.monotonic() - before < 5


def test_timers_fire_in_order() -> None:
    """Sleepers wake by their deadlines, whatever the order they went to sleep in."""

    async def main() -> list[int]:
        woken: list[int] = []

        async def sleeper(n: int) -> None:
            await asyncio.sleep(n)
            woken.append(n)

        await asyncio.gather(*(sleeper(n) for n in (5, 1, 3)))
        return woken

    assert run_virtual(main()) == [1, 3, 5]


def test_time_stands_still_while_something_is_ready() -> None:
    """A thousand turns of the loop cost no virtual time."""

    async def main() -> float:
        timer = asyncio.ensure_future(asyncio.sleep(1))
        for _ in range(1000):
            await asyncio.sleep(0)
        now = asyncio.get_running_loop().time()
        await timer
        return now

    assert run_virtual(main()) == 0


def test_time_waits_for_threads() -> None:
    """Work in a thread is over before any timer fires, however long it takes in real time."""

    async def main() -> list[str]:
        order: list[str] = []

        async def timer() -> None:
            await asyncio.sleep(1)
            order.append("timer")

        async def thread() -> None:
            await asyncio.to_thread(time.sleep, 0.05)
            order.append("thread")

        await asyncio.gather(timer(), thread())
        return order

    assert run_virtual(main()) == ["thread", "timer"]


def test_real_file_descriptors_are_served() -> None:
    """A byte in a pipe is seen even when only a far timer is pending."""

    async def main() -> tuple[bytes, float]:
        loop = asyncio.get_running_loop()
        read, write = os.pipe()
        got: asyncio.Future[bytes] = loop.create_future()
        loop.add_reader(read, lambda: got.set_result(os.read(read, 1)))
        os.write(write, b"x")
        result = await got
        loop.remove_reader(read)
        os.close(read)
        os.close(write)
        return result, loop.time()

    assert run_virtual(main()) == (b"x", 0.0)
