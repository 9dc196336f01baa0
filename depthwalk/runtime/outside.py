"""What may end a run from outside while it goes on: somebody asked for it in another terminal, a kill switch was thrown."""

from collections.abc import Callable

from depthwalk.clock import Clock
from depthwalk.domain.units import seconds

EVERY = seconds(1)


async def heed(ask: Callable[[], str | None], stop: Callable[[str], None], clock: Clock) -> None:
    """Ask every second whether the run shall end; the first reason stops it, once."""
    while (reason := ask()) is None:
        await clock.sleep(EVERY)
    stop(reason)
