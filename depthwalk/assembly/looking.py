"""One `depthwalk book`: the venue opened, the market read once, its book read once or again and again."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from depthwalk.domain.book import Book
from depthwalk.domain.market import Market
from depthwalk.domain.messages import LiquidityRule
from depthwalk.domain.units import Duration, Instant
from depthwalk.errors import ExchangeError

if TYPE_CHECKING:
    from depthwalk.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class BookReading:
    """A book as read at *read_at*, seen at *at*; *trouble* is why it could not be read again since."""

    market: Market
    book: Book
    environment: str
    source: str
    rule: LiquidityRule
    read_at: Instant
    at: Instant
    trouble: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookRequest:
    """One `depthwalk book`, parsed. *interval* None: once. *duration* None: until stopped."""

    ticker: str
    environment: str | None = None
    config_path: Path | None = None
    watch: bool = False
    interval: Duration | None = None
    duration: Duration | None = None


def look(request: BookRequest, show: Callable[[BookReading], None]) -> None:
    """Read the book and show it; watching, at every interval until the time is over or a signal comes.

    Raises:
        UsageError: no such market.
        ExchangeError: it could not be read; while watching only the first reading raises, later troubles are shown.

    """
    from depthwalk.config import load

    config = load(request.config_path)
    asyncio.run(_look(request, config, request.environment or config.environment.value, show))


async def _look(request: BookRequest, config: "Config", environment: str, show: Callable[[BookReading], None]) -> None:
    from depthwalk.assembly.venues import known_market, reading_client
    from depthwalk.runtime.rounds import Rounds
    from depthwalk.runtime.shutdown import stopping_on_signals

    last: BookReading | None = None
    async with reading_client(config, environment) as (client, clock, source):
        market = await known_market(client.market, request.ticker, environment)

        async def once() -> None:
            nonlocal last
            asked = clock.now()
            try:
                book = await client.book(market.ticker)
            except ExchangeError as error:
                if last is None:
                    raise
                last = BookReading(
                    market=market,
                    book=last.book,
                    environment=environment,
                    source=source,
                    rule=last.rule,
                    read_at=last.read_at,
                    at=clock.now(),
                    trouble=error.message,
                )
            else:
                last = BookReading(
                    market=market,
                    book=book,
                    environment=environment,
                    source=source,
                    rule=config.liquidity.rule(),
                    read_at=asked,
                    at=clock.now(),
                )
            show(last)

        if not request.watch:
            await once()
            return
        interval = request.interval or config.recording.interval()
        until = None if request.duration is None else Instant(clock.now() + request.duration)
        rounds = Rounds(clock, interval=interval, until=until)
        with stopping_on_signals(rounds.stop):
            await rounds.run(once)
