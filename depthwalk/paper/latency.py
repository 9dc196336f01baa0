"""The way to the exchange and back: seeded delays, as a transport around another. Nothing is lost or changed here.

Half of the delay lies before the exchange acts and half after. A request that is on its way arrives: it runs in a task of its
own, so a client that stops waiting cancels its waiting and not the exchange (design, D9). Figures: algorithms.md section 3.1.
"""

import asyncio
import random
from dataclasses import dataclass

import httpx

from depthwalk.clock import Clock
from depthwalk.domain.units import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyModel:
    """A round trip of *round_trip* times a uniform factor, and *slow_extra* on top for a share of the calls."""

    round_trip: Duration = Duration(100_000)
    low: float = 0.6
    high: float = 1.4
    slow_share: float = 0.03
    slow_extra: Duration = Duration(200_000)

    def draw(self, rng: random.Random) -> Duration:
        """Draw one round trip; always two numbers, so that a changed share does not shift the rest."""
        factor = rng.uniform(self.low, self.high)
        slow = rng.random() < self.slow_share
        return Duration(round(self.round_trip * factor) + (self.slow_extra if slow else 0))


class LatencyTransport(httpx.AsyncBaseTransport):
    """Delays every request of *inner* on *clock*, by what *model* draws from *rng*."""

    def __init__(
        self, inner: httpx.AsyncBaseTransport, clock: Clock, rng: random.Random, model: LatencyModel | None = None
    ) -> None:
        self._inner = inner
        self._clock = clock
        self._rng = rng
        self._model = model or LatencyModel()
        self._under_way: set[asyncio.Task[httpx.Response]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a request there and its reply back."""
        delay = self._model.draw(self._rng)
        there = Duration(delay // 2)
        task = asyncio.create_task(self._deliver(request, there))
        self._under_way.add(task)
        task.add_done_callback(self._arrived)
        response = await asyncio.shield(task)
        await self._clock.sleep(Duration(delay - there))
        return response

    async def _deliver(self, request: httpx.Request, delay: Duration) -> httpx.Response:
        await self._clock.sleep(delay)
        return await self._inner.handle_async_request(request)

    def _arrived(self, task: asyncio.Task[httpx.Response]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            # Looked at, so that a failure nobody waits for any more is not reported as forgotten.
            task.exception()

    async def aclose(self) -> None:
        """Wait until everything on its way has arrived, then close."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._inner.aclose()
