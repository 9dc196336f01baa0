"""Leaving when the loop dies of something else than its Finish: this parent's orders are canceled, their fills read.

Here nobody knows more than the venue's lists say; they lag behind replies, so the first empty one is not believed.
"""

import asyncio
import contextlib
import logging
from collections.abc import Collection
from typing import NoReturn

from depthwalk.clock import Clock
from depthwalk.domain.market import Market
from depthwalk.domain.units import Quantity, format_quantity, seconds
from depthwalk.errors import DepthwalkError, ExchangeError, InDoubt, NotFound
from depthwalk.ports import Exchange
from depthwalk.runtime.readings import Readings

log = logging.getLogger(__name__)

LEAVE_SECONDS = 15.0
"""How long leaving after an error waits for writes on their way: longer than the client waits for their replies."""

_TRIES = 6
_PAUSE = seconds(0.5)


async def shielded(leaving: "asyncio.Task[bool]") -> bool:
    """Return what *leaving* returns, and let nothing stop it: a cancellation that comes meanwhile is answered by leaving."""
    while not leaving.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(leaving)
    return leaving.result()


def raise_with_state(error: BaseException, filled: Quantity, *, confirmed: bool) -> NoReturn:
    """Raise *error* again, which made a run die, with what it leaves: what is filled, and whether something may still rest.

    Raises:
        InDoubt: instead of an error of ours, where nobody has confirmed that every order is canceled.

    """
    orders = "every order is canceled" if confirmed else "whether every order is canceled could not be confirmed"
    state = f"{format_quantity(filled)} contracts filled, {orders}"
    hint = "`depthwalk recover` settles it and completes the record"
    match error:
        case DepthwalkError() if not confirmed:
            raise InDoubt(f"{error.message}; {state}", hint=hint) from error
        case DepthwalkError():
            error.message, error.hint = f"{error.message}; {state}", hint
        case _:
            error.add_note(f"{state} ({hint})")
    raise error


async def cancel_all(
    *,
    exchange: Exchange,
    clock: Clock,
    market: Market,
    prefix: str,
    writes: "Collection[asyncio.Task[None]]",
    readings: Readings | None,
) -> bool:
    """Cancel all orders whose client id begins with *prefix*, as far as the venue can be asked, and read their fills.

    Returns whether the venue has confirmed that none of them rests any more.
    """
    confirmed = False
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
                confirmed = True
                break
            for report in left:
                with contextlib.suppress(NotFound):
                    await exchange.cancel(market, report.order_id)
        except ExchangeError as error:
            log.warning("leaving, try %d: %s", attempt + 1, error.message)
    if readings is not None:
        with contextlib.suppress(ExchangeError):
            await readings.read_all_fills()
    return confirmed
