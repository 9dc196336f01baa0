"""The public trades of a run's market, for an executor that asks for them: the account's own left out, each once.

Trades inform signals and nothing else. So what fails here ends no look: the book still comes, without the trades, which come
with the next look that succeeds.
"""

import asyncio
import logging
from collections.abc import Callable

from depthwalk.clock import Clock
from depthwalk.domain.messages import Event, PublicTrade, TapeRead
from depthwalk.domain.units import Instant
from depthwalk.errors import ExchangeError
from depthwalk.ports import Exchange
from depthwalk.runtime.readings import Readings
from depthwalk.runtime.unseen import Unseen

log = logging.getLogger(__name__)

TAPE_SECONDS = 1.5
"""The longest a look waits for the trades."""


class Tape:
    """The trades in one market from now on. *readings* knows which are the account's; *post* takes the events."""

    def __init__(
        self, *, exchange: Exchange, clock: Clock, ticker: str, readings: Readings, post: Callable[[Event], None]
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._ticker = ticker
        self._readings = readings
        self._post = post
        self._unseen = Unseen(Instant(clock.now() + self._offset))
        self._held: list[PublicTrade] = []
        self._failing = False

    @property
    def _offset(self) -> int:
        return self._exchange.server_offset or 0

    async def look(self) -> None:
        """Read the trades and post those that are news; say it in the log, once, where they cannot be read."""
        try:
            async with asyncio.timeout(TAPE_SECONDS):
                await self.read()
        except (ExchangeError, TimeoutError) as error:
            if not self._failing:
                why = error.message if isinstance(error, ExchangeError) else f"no answer within {TAPE_SECONDS:g} s"
                log.warning("the public trades cannot be read, the run goes on without them: %s", why)
            self._failing = True
        else:
            if self._failing:
                log.info("the public trades can be read again")
            self._failing = False

    async def read(self) -> None:
        """Read the trades and post those that are news. Raises ExchangeError."""
        since = Instant(self._unseen.ask_from - self._offset)
        found = await self._exchange.trades_since(self._ticker, since)
        self._held += self._unseen.news(found)
        ready: list[PublicTrade] = []
        if self._held:
            # Fills lag behind trades: whether a trade is ours is certain once the account's data is newer (section 6.5).
            known_until = await self._exchange.user_data_as_of()
            await self._readings.read_fills()
            ready = sorted((trade for trade in self._held if trade.at <= known_until), key=lambda trade: trade.at)
            self._held = [trade for trade in self._held if trade.at > known_until]
        trades = tuple(trade for trade in ready if trade.trade_id not in self._readings.trades)
        self._post(TapeRead(at=self._clock.now(), trades=trades))
