"""May this order be sent? What can be known before anything is: request, configuration, the account's day, market, cash.

`execute` raises the first objection, `plan` lists them all. What only the arrival can tell (nobody offers the other side, too
much money at stake at the cap) is the executor's own business.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from depthwalk.assembly.means import Means, notes_on_means, objections_to_means, read_means
from depthwalk.assembly.venues import known_market
from depthwalk.domain.market import Market, MarketStatus
from depthwalk.domain.order import Outcome, ParentOrder
from depthwalk.domain.units import (
    ONE,
    Duration,
    Instant,
    Money,
    cost,
    format_instant,
    format_money,
    format_price,
    format_quantity,
    in_seconds,
    seconds,
)
from depthwalk.errors import NotAuthorized, Refused, UsageError

if TYPE_CHECKING:
    from depthwalk.assembly.execution import ExecuteRequest
    from depthwalk.assembly.token_price import Rates
    from depthwalk.clock import Clock
    from depthwalk.config import Config
    from depthwalk.domain.messages import Rules
    from depthwalk.kalshi.client import KalshiClient
    from depthwalk.ports import Exchange, ExchangeStatus
    from depthwalk.storage.limits import DayLimit
    from depthwalk.storage.locks import Holder

MAX_SKEW: Final = seconds(5)
"""Clocks further apart than this refuse to start (design, D6)."""

MIN_OPEN: Final = seconds(15)
"""A market that closes sooner is not entered: after the close not even a cancel is taken (kalshi-api.md section 12)."""


# --- request and configuration ---


def objections_to_request(request: "ExecuteRequest", config: "Config") -> list[Refused]:
    """Return why an order must not be sent, as far as the request and the configuration tell; empty where it may."""
    found: list[Refused] = []
    environment = request.environment or config.environment.value
    found += objections_to_money(config, environment, request.environment)
    switched = kill_switch(config)
    if switched is not None:
        found.append(switched)
    if request.quantity > config.risk.max_count:
        found.append(
            Refused(
                f"count {format_quantity(request.quantity)} is above risk.max_count {format_quantity(config.risk.max_count)}",
                hint=f"it is set in {_origin(config)}",
            )
        )
    return found


def check_paper_only(request: "ExecuteRequest", environment: str) -> None:
    """Raise UsageError for flags that only the paper exchange can obey, whoever named another environment."""
    if environment == "paper":
        return
    flags = {
        "--time simulated": request.simulated,
        "--seed": request.seed is not None,
        "--books": request.books is not None,
        "--faults": request.faults is not None,
    }
    for flag in (name for name, given in flags.items() if given):
        raise UsageError(f"{flag} is for the paper exchange, not for {environment}", hint="leave it out, or use --env paper")


def objections_to_money(config: "Config", environment: str, said: str | None) -> list[Refused]:
    """Return why real money must not be used: it has to be wanted in the configuration and be *said* on the command line."""
    if environment != "live":
        return []
    if not config.live.enabled:
        return [
            Refused(
                f"live is not enabled: live.enabled is false in {_origin(config)}",
                hint="real money has to be wanted twice: live: {enabled: true} in the configuration, and --env live",
            )
        ]
    if said != "live":
        return [Refused("real money has to be wanted on the command line as well", hint="say --env live")]
    return []


def kill_switch(config: "Config") -> Refused | None:
    """Return the refusal while the kill-switch file is there; one that cannot be examined counts as there."""
    hint = f"remove the file to go on; risk.kill_switch_file is set in {_origin(config)}"
    try:
        path = config.kill_switch_path()
        if path is None:
            return None
        # A link that leads nowhere is there as well.
        os.lstat(path)
    except FileNotFoundError:
        return None
    except (OSError, RuntimeError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        return Refused(f"the kill switch {config.risk.kill_switch_file} cannot be examined ({why}): taken as on", hint=hint)
    return Refused(f"the kill switch is on: {path} exists", hint=hint)


def too_many(config: "Config", holders: "Sequence[Holder]") -> Refused:
    """Return the refusal of one execution more than may run at once, naming those that run."""
    names = ", ".join(f"{each.execution_id[:8]} on {each.ticker} (process {each.pid})" for each in holders)
    return Refused(
        f"execution.max_concurrent_executions is {config.execution.max_concurrent_executions}, and as many run"
        + (f": {names}" if names else ""),
        hint=f"wait for one to end; it is set in {_origin(config)}",
    )


def _origin(config: "Config") -> str:
    return str(config.origin or "the built-in defaults")


# --- the money of an order and of a day ---


def worst_stake(parent: ParentOrder, config: "Config") -> Money:
    """Return the most that an order could put at stake, before its first book: what it reserves of the day's limit.

    A buyer a contract his limit, a seller one dollar less it, either a dollar without a limit; never above risk.max_notional.
    """
    from depthwalk.executors.space import BuyerSpace

    each = ONE if parent.limit is None else BuyerSpace.of(parent).traded(parent.limit)
    return min(config.risk.max_notional, cost(each, parent.quantity))


def days_limit(config: "Config", now: Instant) -> "DayLimit":
    """Return risk.max_daily_notional as it holds on the day (UTC) of *now*."""
    from depthwalk.storage.limits import DayLimit

    return DayLimit.of(config.risk.max_daily_notional, now=now, origin=_origin(config))


def rules_within(config: "Config", reserved: Money | None) -> "Rules":
    """Return the rules of an execution that may put *reserved* at stake; None: it is under no day's limit.

    Less than risk.max_notional is reserved where the order cannot cost more, or no more of the day is left; only the
    latter can stop an arrival, so the rule then goes by that name.
    """
    rules = config.rules()
    if reserved is None or reserved >= config.risk.max_notional:
        return replace(rules, max_notional_name=f"risk.max_notional (set in {_origin(config)})")
    day = f"risk.max_daily_notional {format_money(config.risk.max_daily_notional)} (set in {_origin(config)})"
    return replace(rules, max_notional=reserved, max_notional_name=f"what is left today of {day}")


# --- market, exchange, clocks ---


def parent_of(request: "ExecuteRequest", parent_id: str) -> ParentOrder:
    """Return the order that a request asks for."""
    return ParentOrder(
        parent_id=parent_id,
        ticker=request.ticker,
        outcome=request.outcome,
        action=request.action,
        quantity=request.quantity,
        target=request.target,
        limit=request.limit,
    )


async def read_market(exchange: "Exchange", parent: ParentOrder, environment: str = "paper") -> Market:
    """Read the market of an order. Raises UsageError where there is none, or a price of the order is off its grid."""
    market = await known_market(exchange.market, parent.ticker, environment)
    grid = market.grid if parent.outcome is Outcome.YES else market.grid.mirrored()
    for name, price in (("--limit", parent.limit), ("--target", parent.target)):
        if price is not None and price not in grid:
            below, above = grid.floor(price), grid.ceil(price)
            nearest = " and ".join(format_price(each) for each in (below, above) if each is not None)
            raise UsageError(
                f"{name} {format_price(price)} is not a price of {market.ticker}: allowed are {grid.describe()}",
                hint=f"nearest: {nearest}",
            )
    return market


def objections_to_market(market: Market, *, now: Instant, offset: Duration | None) -> list[Refused]:
    """Return why nothing must be sent to a market now: our time *now*, the exchange's ahead of it by *offset* where known."""
    found: list[Refused] = []
    if market.status is not MarketStatus.ACTIVE:
        found.append(Refused(f"market {market.ticker} is {market.status.value}, not active"))
    if market.close_time is not None:
        left = market.close_time - now - (offset or 0)
        if left <= 0:
            found.append(Refused(f"market {market.ticker} closed at {format_instant(market.close_time)}"))
        elif left < MIN_OPEN:
            least = f"at least {in_seconds(MIN_OPEN):g} s are needed"
            found.append(Refused(f"market {market.ticker} closes in {in_seconds(left):.1f} s; {least}"))
    return found


def objections_to_exchange(market: Market, status: "ExchangeStatus") -> list[Refused]:
    """Return why nothing must be sent to the shard of a market now."""
    if status.exchange_active and status.trading_active:
        return []
    where = f"on shard {market.exchange_index}, where {market.ticker} is"
    said = f"trading is paused {where}" if status.exchange_active else f"the exchange is down {where}"
    if status.resumes_at is not None:
        said += f"; it expects to resume at {format_instant(status.resumes_at)}"
    return [Refused(said, hint="every Thursday from 03:00 to 05:00 Eastern trading is paused for maintenance")]


def objections_to_clock(offset: Duration | None) -> list[Refused]:
    """Return why orders must not be given an expiry: the exchange's time is ahead of ours by *offset*, None where unknown."""
    if offset is None:
        return [Refused("the exchange's replies do not say its time, so no order's expiry can be set")]
    if abs(offset) <= MAX_SKEW:
        return []
    most = f"at most {in_seconds(MAX_SKEW):g} s are allowed"
    differ = f"our clock and the exchange's differ by {in_seconds(offset):+.1f} s; {most}"
    return [Refused(differ, hint="set the clock of this machine")]


# --- all of it ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """What was read of a market that an order may be sent to; whether the cash carries it, `carried` says."""

    market: Market
    means: Means
    rates: "Rates"


async def admitted(
    client: "KalshiClient",
    parent: ParentOrder,
    config: "Config",
    *,
    clock: "Clock",
    environment: str,
) -> Admitted:
    """Read the account's limits and keep to them, then market, shard, position, cash, book; return them if it may be sent.

    The order of the reads is that of `plan`, so that with the same seed both see the same books.

    Raises:
        Refused: the first objection: of the market and its exchange, of the clocks.
        UsageError: unknown ticker, or a price off the market's grid.
        ExchangeError: the exchange could not be asked.

    """
    from depthwalk.assembly.token_price import read_rates

    with clocks_first(client):
        rates = await read_rates(client, config, signed=True)
        market = await read_market(client, parent, environment)
        await _check_open(client, market, clock)
        means = await read_means(client, parent, market, clock=clock)
    return Admitted(market=market, means=means, rates=rates)


def carried(let_in: Admitted, parent: ParentOrder, *, max_slippage: float, environment: str) -> tuple[str, ...]:
    """Return what is worth a note about the cash for an order with this slippage. Raises Refused where it does not carry it."""
    _raise_first(objections_to_means(let_in.means, parent, let_in.market, max_slippage=max_slippage, environment=environment))
    return notes_on_means(let_in.means, parent, let_in.market, max_slippage=max_slippage)


async def check_open(client: "KalshiClient", ticker: str, clock: "Clock", *, environment: str) -> Market:
    """Read a market and return it where orders may be sent to it now. Raises as `admitted`, but for the cash."""
    with clocks_first(client):
        market = await known_market(client.market, ticker, environment)
        await _check_open(client, market, clock)
    return market


async def _check_open(client: "KalshiClient", market: Market, clock: "Clock") -> None:
    status = await client.status(market.exchange_index)
    offset = client.server_offset
    _raise_first(objections_to_market(market, now=clock.now(), offset=offset))
    _raise_first(objections_to_exchange(market, status))
    _raise_first(objections_to_clock(offset))


@contextmanager
def clocks_first(client: "KalshiClient") -> Iterator[None]:
    """Refuse for clocks apart where a signature was not accepted, as it has the time in it: that says what to do."""
    try:
        yield
    except NotAuthorized:
        if client.server_offset is not None:
            _raise_first(objections_to_clock(client.server_offset))
        raise


def _raise_first(objections: Sequence[Refused]) -> None:
    for objection in objections:
        raise objection
