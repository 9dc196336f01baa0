import asyncio
import random

import httpx

from depthwalk.clock import ManualClock
from depthwalk.domain.units import Duration, Instant
from depthwalk.paper.latency import LatencyModel, LatencyTransport
from tests.support.paper import START


class _Inner(httpx.AsyncBaseTransport):
    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.arrivals: list[Instant] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self.gate.wait()
        self.arrivals.append(self.clock.now())
        if request.url.path == "/broken":
            raise httpx.ReadError("broken")
        return httpx.Response(200)


def test_delays_stay_in_their_bounds() -> None:
    """100 ms times 0.6 to 1.4, and 200 ms more for about three calls in a hundred."""
    rng = random.Random(5)
    delays = [LatencyModel().draw(rng) for _ in range(4_000)]
    slow = sum(delay > 140_000 for delay in delays)
    assert 60_000 <= min(delays) <= max(delays) <= 340_000
    assert 80 <= slow <= 160


def test_half_the_delay_before_and_half_after() -> None:
    """The exchange acts in the middle of the round trip."""

    async def run() -> tuple[list[Instant], Instant]:
        clock = ManualClock(START)
        inner = _Inner(clock)
        model = LatencyModel(low=1.0, high=1.0, slow_share=0.0)
        async with httpx.AsyncClient(transport=LatencyTransport(inner, clock, random.Random(1), model)) as http:
            await http.get("http://paper/")
            return inner.arrivals, clock.now()

    assert ([START + 50_000], START + 100_000) == asyncio.run(run())


def test_a_client_that_gives_up_does_not_stop_the_exchange() -> None:
    """The request arrives although nobody waits for its reply; closing waits for it; a failure then is nobody's."""

    async def run() -> int:
        clock = ManualClock(START)
        inner = _Inner(clock)
        inner.gate.clear()
        transport = LatencyTransport(inner, clock, random.Random(1))
        async with httpx.AsyncClient(transport=transport) as http:
            waiting = [asyncio.create_task(http.get(f"http://paper/{path}")) for path in ("fine", "broken")]
            for _ in range(10):
                await asyncio.sleep(0)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            assert [] == inner.arrivals
            inner.gate.set()
        return len(inner.arrivals)

    assert 2 == asyncio.run(run())


def test_delays_are_seeded() -> None:
    """The same generator draws the same delays; the share of slow calls does not shift the others."""
    never, always = LatencyModel(slow_share=0.0), LatencyModel(slow_share=1.0)
    one, two = random.Random(9), random.Random(9)
    assert [Duration(never.draw(one) + 200_000) for _ in range(20)] == [always.draw(two) for _ in range(20)]
