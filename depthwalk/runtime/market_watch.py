"""Is the market still the one the run began in? Its grid, its close and its status, and whether the exchange trades.

Read now and then, and at once where the venue says something that only a change explains (kalshi-api.md section 12).
"""

import contextlib
from collections.abc import Callable

from depthwalk.clock import Clock
from depthwalk.domain.market import Market
from depthwalk.domain.messages import Event, MarketChanged, MarketClosed
from depthwalk.domain.units import seconds
from depthwalk.errors import ExchangeError, RefusalReason
from depthwalk.ports import Exchange

EVERY = seconds(30)
"""How often the market is read while nothing points to a change: two cheap reads."""

TELLING = frozenset({RefusalReason.MARKET_CLOSED, RefusalReason.PAUSED, RefusalReason.INVALID_PRICE})
"""Refusals after which the market is read at once."""


class MarketWatch:
    """What is known of the market of one run. *post* takes the events."""

    def __init__(self, *, exchange: Exchange, clock: Clock, market: Market, post: Callable[[Event], None]) -> None:
        self._exchange = exchange
        self._clock = clock
        self._market = market
        self._post = post

    async def keep_looking(self) -> None:
        """Look every now and then, for ever."""
        while True:
            await self._clock.sleep(EVERY)
            await self.look()

    async def look(self) -> None:
        """Read market and exchange, and post what is not as it was. What cannot be read is no news."""
        with contextlib.suppress(ExchangeError):
            market = await self._exchange.market_again(self._market)
            # Titles and fees may be worded anew; what a run goes by is this.
            if (market.grid, market.close_time, market.status) != (
                self._market.grid,
                self._market.close_time,
                self._market.status,
            ):
                self._market = market
                self._post(MarketChanged(at=self._clock.now(), market=market))
            status = await self._exchange.status(market.exchange_index)
            if not (status.exchange_active and status.trading_active):
                what = "trading" if status.exchange_active else "the exchange"
                self._post(MarketClosed(at=self._clock.now(), detail=f"{what} is paused"))
