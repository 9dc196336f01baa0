"""What reaches outside for one run: reads, writes, the watched market, the tape. Whoever drives a run connects them.

The runner carries them on asyncio, the laboratory on virtual time alone; both post what comes of them to the run's inbox.
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from depthwalk.clock import Clock
from depthwalk.domain.market import Market
from depthwalk.domain.messages import Event, Look
from depthwalk.domain.order import ParentOrder
from depthwalk.executors.base import Executor
from depthwalk.ports import Exchange
from depthwalk.runtime.market_watch import MarketWatch
from depthwalk.runtime.readings import Readings
from depthwalk.runtime.tape import Tape
from depthwalk.runtime.writes import Writes


class Effects(NamedTuple):
    """The four of a run."""

    readings: Readings
    writes: Writes
    watch: MarketWatch
    tape: Tape

    @classmethod
    def connect(
        cls,
        executor: Executor,
        *,
        exchange: Exchange,
        clock: Clock,
        parent: ParentOrder,
        market: Market,
        post: Callable[[Event], None],
        busy: Callable[[], bool],
    ) -> "Effects":
        """Build them for a run that has started, whose ledger they read. *busy*: events wait to be handled."""
        children = executor.desk.children
        watch = MarketWatch(exchange=exchange, clock=clock, market=market, post=post)
        readings = Readings(
            exchange=exchange,
            clock=clock,
            parent=parent,
            market=market,
            since=executor.run.started_at,
            children=children,
            post=post,
            busy=busy,
            explain=watch.look,
        )
        writes = Writes(
            exchange=exchange,
            clock=clock,
            market=market,
            children=children,
            readings=readings,
            watch=watch,
            post=post,
        )
        tape = Tape(exchange=exchange, clock=clock, ticker=market.ticker, readings=readings, post=post)
        return cls(readings, writes, watch, tape)

    async def look(self, look: Look, read_tape: Callable[[], Awaitable[object]]) -> None:
        """Read what a look shows. Raises ExchangeError.

        The tape comes before the orders: their fills are read after the trades, and the book soon after them.
        """
        match look:
            case Look.BOOK:
                await self.readings.look_at_book(await self.readings.look_at_account())
            case Look.TAPE:
                await read_tape()
                await self.readings.look_at_book(await self.readings.look_at_account())
            case Look.EVERYTHING:
                await self.readings.look_at_book(await self.readings.look_at_everything())
            case _:
                await self.readings.look_at_orders()
