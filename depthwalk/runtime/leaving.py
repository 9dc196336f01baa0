"""Leaving when the loop dies of something else than its Finish: this parent's orders are canceled, their fills read.

Here nobody knows more than the venue's lists say; they lag behind replies, so the first empty one is not believed.
"""

import asyncio
import contextlib
import logging
from collections.abc import Collection

from depthwalk.clock import Clock
from depthwalk.domain.market import Market
from depthwalk.domain.units import seconds
from depthwalk.errors import ExchangeError, NotFound
from depthwalk.ports import Exchange
from depthwalk.runtime.readings import Readings

log = logging.getLogger(__name__)

LEAVE_SECONDS = 15.0
"""How long leaving after an error waits for writes on their way: longer than the client waits for their replies."""

_TRIES = 6
_PAUSE = seconds(0.5)


async def shielded(leaving: "asyncio.Task[None]") -> None:
    """Wait for *leaving*, and let nothing stop it: a cancellation that comes meanwhile has been answered by leaving."""
    while not leaving.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(leaving)


async def cancel_all(
    *,
    exchange: Exchange,
    clock: Clock,
    market: Market,
    prefix: str,
    writes: "Collection[asyncio.Task[None]]",
    readings: Readings | None,
) -> None:
    """Cancel all orders whose client id begins with *prefix*, as far as the venue can be asked, and read their fills."""
    if writes:
        # What is on its way arrives: an order that comes to rest after the list was read would be left behind.
        await asyncio.wait(writes, timeout=LEAVE_SECONDS)
    for attempt in range(_TRIES):
        if attempt:
            await clock.sleep(_PAUSE)
        try:
            resting = await exchange.resting_orders(market.ticker)
            left = [report for report in resting if report.client_id.startswith(prefix)]
            if attempt and not left:
                break
            for report in left:
                with contextlib.suppress(NotFound):
                    await exchange.cancel(market, report.order_id)
        except ExchangeError as error:
            log.warning("leaving, try %d: %s", attempt + 1, error.message)
    if readings is not None:
        with contextlib.suppress(ExchangeError):
            await readings.read_all_fills()
