"""What one `depthwalk plan` reads: all that `execute` would read before its first decision, and the tape. Sends nothing.

Whatever would keep `execute` from sending is listed instead of raised.
"""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from depthwalk.analysis.fill_probability import TAPE_SPAN, Tape
from depthwalk.assembly import admission
from depthwalk.assembly.means import notes_on_means, objections_to_means, read_means
from depthwalk.assembly.token_price import Rates, read_rates
from depthwalk.domain.order import ParentOrder
from depthwalk.domain.units import Duration, Instant, Quantity
from depthwalk.errors import ExchangeError, NotAuthorized, Refused

if TYPE_CHECKING:
    from depthwalk.assembly.execution import ExecuteRequest
    from depthwalk.clock import Clock
    from depthwalk.config import Config
    from depthwalk.domain.messages import BookChanged, Rules, Started
    from depthwalk.domain.result import ApiUsage
    from depthwalk.kalshi.client import KalshiClient

_OWN_UNKNOWN: Final = "without a key our own resting orders are not known and still in the book; neither are cash and position"

_TRADES: Final = 1_000
"""The newest trades that are read: one page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is planned: the order, the rules that would hold, and the largest slippage that it may run with."""

    config: "Config"
    environment: str
    parent: ParentOrder
    rules: "Rules"
    max_slippage: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was read: the two events a run begins with, what reading them cost, what the account may spend, and the tape."""

    started: "Started"
    changed: "BookChanged"
    opening: "ApiUsage"
    rates: Rates
    source: str
    tape: Tape | None
    objections: tuple[Refused, ...]
    notes: tuple[str, ...] = ()


def on_paper(request: "ExecuteRequest", asked: Asked, seed: int) -> Seen:
    """Read the embedded exchange as `execute` builds it, on virtual time: with the same seed both see the same book."""
    from depthwalk.assembly.databases import open_store
    from depthwalk.assembly.execution import SEEDED_START, world_of
    from depthwalk.assembly.paper import paper_client, paper_exchange
    from depthwalk.clock import LoopClock, SystemClock
    from depthwalk.runtime.virtual_time import run_virtual

    start = SystemClock().now() if request.seed is None else SEEDED_START
    with open_store(request.config_path, request.database_path) as database:
        exchange = paper_exchange(world_of(request, seed=seed, start=start), database)

    async def main() -> Seen:
        clock = LoopClock(start, asyncio.get_running_loop())
        client = paper_client(exchange, config=asked.config, seed=seed, clock=clock)
        try:
            return await _read(client, clock, asked, source=exchange.source, signed=True)
        finally:
            await client.close()

    return run_virtual(main())


async def on_venue(asked: Asked) -> Seen:
    """Read an exchange over its connection; without a key, what anybody may read."""
    from depthwalk.assembly.venues import reading_client
    from depthwalk.config.credentials import key_state

    key = key_state(asked.config)
    signed = asked.environment == "paper" or (key.variable_set and key.exists)
    async with reading_client(asked.config, asked.environment) as (client, clock, source):
        with admission.clocks_first(client):
            return await _read(client, clock, asked, source=source, signed=signed)


async def _read(client: "KalshiClient", clock: "Clock", asked: Asked, *, source: str, signed: bool) -> Seen:
    """Read what a run reads before its first decision, in its order (admission.admitted, then runtime/readings.py)."""
    from depthwalk.domain.messages import BookChanged, ForeignOrder, Started

    config, parent = asked.config, asked.parent
    notes: list[str] = []
    rates = await read_rates(client, config, signed=signed)
    market = await admission.read_market(client, parent, asked.environment)
    status = await client.status(market.exchange_index)
    offset = client.server_offset
    objections = [
        *admission.objections_to_market(market, now=clock.now(), offset=offset),
        *admission.objections_to_exchange(market, status),
        *admission.objections_to_clock(offset),
    ]
    if signed:
        try:
            means = await read_means(client, parent, market, clock=clock)
        except NotAuthorized as error:
            signed = False
            notes.append(f"the key is not accepted: {error.message}")
        else:
            slippage, environment = asked.max_slippage, asked.environment
            objections += objections_to_means(means, parent, market, max_slippage=slippage, environment=environment)
            notes += notes_on_means(means, parent, market, max_slippage=slippage)
    started = Started(at=clock.now(), parent=parent, market=market, rules=asked.rules)
    reports = await client.resting_orders(parent.ticker) if signed else ()
    foreign = tuple(ForeignOrder(side=each.side, price=each.price, quantity=each.remaining) for each in reports)
    looked = clock.now()
    book = await client.book(parent.ticker)
    changed = BookChanged(at=clock.now(), book=book, confirmed_at=looked, foreign=foreign)
    opening = client.usage
    # No run reads it first, so it comes last.
    try:
        tape = await read_tape(client, parent, clock)
    except ExchangeError as error:
        tape = None
        notes.append(f"the public trades could not be read: {error.message}")
    if not signed:
        notes.append(_OWN_UNKNOWN)
    return Seen(
        started=started,
        changed=changed,
        opening=opening,
        rates=rates,
        source=source,
        tape=tape,
        objections=tuple(objections),
        notes=tuple(notes),
    )


async def read_tape(client: "KalshiClient", parent: ParentOrder, clock: "Clock") -> Tape | None:
    """Read what traded against our side lately, one page of it; None in a market that has never traded.

    What one taker took of several orders is printed order by order at one time: that is one trade here. The span ends where
    the page does, or the market's whole history. The account's own trades are not told apart.

    Raises:
        ExchangeError: it could not be read.

    """
    trades = await client.trades(parent.ticker, most=_TRADES)
    now = Instant(clock.now() + (client.server_offset or 0))
    reach = now - min((trade.at for trade in trades), default=now)
    if reach <= 0:
        return None
    span = Duration(min(TAPE_SPAN, reach))
    taken: dict[Instant, int] = {}
    for trade in trades:
        if trade.at >= now - span and trade.taker is not parent.side and not trade.is_block:
            taken[trade.at] = taken.get(trade.at, 0) + trade.quantity
    return Tape(trades=len(taken), volume=Quantity(sum(taken.values())), span=span)
