"""What may end a run from outside while it goes on: somebody asked for it in another terminal, a kill switch was thrown."""

from collections.abc import Callable

from depthwalk.clock import Clock
from depthwalk.domain.units import seconds
from depthwalk.errors import DepthwalkError

EVERY = seconds(1)


async def heed(ask: Callable[[], str | None], stop: Callable[[str], None], clock: Clock) -> None:
    """Ask every second whether the run shall end; the first reason stops it, once."""
    reason: str | None = None
    while reason is None:
        await clock.sleep(EVERY)
        try:
            reason = ask()
        except DepthwalkError as error:
            # Better ended than beyond anybody's reach.
            reason = f"whether it shall end could not be looked up: {error.message}"
    stop(reason)
