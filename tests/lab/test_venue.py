"""The laboratory's venue: delays, tokens and waiting counted, and every request answered or refused as the client has it."""

from collections.abc import Awaitable
from dataclasses import replace

import pytest

from depthwalk.clock import Clock
from depthwalk.domain.market import Market
from depthwalk.domain.messages import AmendOrder, SubmitOrder
from depthwalk.domain.order import OrderStatus, Side, TimeInForce
from depthwalk.domain.units import CENT, CONTRACT, SECOND, Instant, Price, Quantity, seconds
from depthwalk.errors import ExchangeError
from depthwalk.kalshi.throttle import Throttle
from depthwalk.lab.running import START, WarmWorld
from depthwalk.lab.worlds import CLASSES, TICKER, WORLDS, setting
from depthwalk.ports import Exchange, OrderReport
from depthwalk.simulation.flow import stream
from depthwalk.wire.faults import Kind
from tests.support.lab_rig import asked_in_the_lab, asked_on_paper

WORLD = WarmWorld(setting(CLASSES["moderate"], WORLDS["base"]), 0)
MARKET = WORLD.setting.market
BID, ASK = 55, 57
"""The best prices of the world at the decision, in cents."""

BEFORE = Instant(START - 60 * SECOND)


def _order(cents: float, contracts: int = 5, *, number: int = 1) -> SubmitOrder:
    return SubmitOrder(
        client_id=f"dw-venue-{number}",
        split=0,
        side=Side.BUY,
        price=Price(round(cents * CENT)),
        quantity=Quantity(contracts * CONTRACT),
        time_in_force=TimeInForce.GOOD_TILL_CANCELED,
        expires_at=Instant(START + seconds(60.4)),
    )


def _change(cents: int, contracts: int, *, number: int = 1) -> AmendOrder:
    return AmendOrder(
        client_id=f"dw-venue-{number}",
        price=Price(cents * CENT),
        total=Quantity(contracts * CONTRACT),
        expires_at=Instant(START + seconds(90.4)),
    )


async def _outcome(request: Awaitable[object]) -> object:
    try:
        return await request
    except ExchangeError as no:
        return type(no).__name__, getattr(no, "reason", None), no.status, no.code, no.message


async def _story(exchange: Exchange, clock: Clock) -> list[tuple[int, object]]:
    """Do all one can ask for, and what is refused, and note what came of it and when."""
    told: list[tuple[int, object]] = []

    async def note(request: Awaitable[object]) -> object:
        found = await _outcome(request)
        told.append((clock.now(), found))
        return found

    await note(exchange.market(TICKER))
    await note(exchange.market_again(MARKET))
    await note(exchange.status())
    await note(exchange.book(TICKER))
    rests = await exchange.submit(MARKET, _order(BID - 1))
    await note(exchange.submit(MARKET, _order(ASK, 10, number=2)))
    await exchange.submit(MARKET, _order(BID - 3, number=8))
    await note(exchange.resting_orders(TICKER))
    await note(exchange.order(rests.order_id))
    await note(exchange.orders_since(TICKER, BEFORE))
    await note(exchange.user_data_as_of())
    await note(exchange.fills_since(TICKER, BEFORE))
    await note(exchange.balance(0))
    await note(exchange.position(TICKER))
    await note(exchange.amend(MARKET, rests.order_id, Side.BUY, _change(BID, 8)))
    await note(exchange.book(TICKER))
    # Refusals: a price between two, an id used twice, a post-only order that would take, a time gone by, somebody else's side.
    await note(exchange.submit(MARKET, _order(BID + 0.5, number=3)))
    await note(exchange.submit(MARKET, _order(BID - 2)))
    await note(exchange.submit(MARKET, replace(_order(ASK + 9, number=4), post_only=True)))
    await note(exchange.submit(MARKET, replace(_order(BID, number=5), expires_at=BEFORE)))
    await note(exchange.amend(MARKET, rests.order_id, Side.SELL, _change(BID, 8)))
    await note(exchange.submit(MARKET, _order(BID, 10_000_000_000, number=6)))
    await note(exchange.submit(MARKET, replace(_order(BID - 9, number=7), time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)))
    await note(exchange.cancel(MARKET, rests.order_id))
    # It is gone: a cancel does not find it, an amend is refused, and reading it says what became of it.
    await note(exchange.cancel(MARKET, rests.order_id))
    await note(exchange.amend(MARKET, rests.order_id, Side.BUY, _change(BID, 9)))
    await note(exchange.order(rests.order_id))
    await note(exchange.order("11111111-2222-3333-4444-555555555555"))
    await clock.sleep(seconds(20))
    await note(exchange.fills_since(TICKER, Instant(START + 10 * SECOND)))
    await note(exchange.orders_since(TICKER, Instant(START + 10 * SECOND)))
    trades = await exchange.trades_since(TICKER, Instant(START + 10 * SECOND))
    told.append((clock.now(), [trade for trade in trades if trade.at >= START + 10 * SECOND]))
    return told


def _comparable(value: object) -> object:
    """Leave out a market's title, which nobody reads in the laboratory, and expiries: they are looked at in the ledger."""
    match value:
        case Market():
            return replace(value, title="")
        case OrderReport():
            return replace(value, expires_at=None)
        case list():
            return [_comparable(each) for each in value]
        case _:
            return value


def test_all_is_answered_and_refused_as_the_client_has_it() -> None:
    """The same values, errors, reasons, words and times, one by one; and the same requests and tokens in all."""
    lab, paper = asked_in_the_lab(WORLD, _story), asked_on_paper(WORLD, _story)
    for (then, expected), (now, found) in zip(paper.value, lab.value, strict=True):
        assert (then, _comparable(expected)) == (now, _comparable(found))
    assert (paper.usage, paper.at) == (lab.usage, lab.at)
    for one, other in zip(paper.exchange.ledger.orders(), lab.exchange.ledger.orders(), strict=True):
        assert (one.order_id, one.cancel_on_pause) == (other.order_id, other.cancel_on_pause)
        # The venue keeps whole seconds, of a clock that the client guesses to within one.
        assert (0, True) == ((other.expires_at or 0) % SECOND, abs((one.expires_at or 0) - (other.expires_at or 0)) <= SECOND)


def test_the_story_has_something_of_everything() -> None:
    """Else there would be nothing to compare: orders, fills, trades, and refusals of nine kinds."""
    told = [outcome for _, outcome in asked_in_the_lab(WORLD, _story).value]
    assert all(told[:14])
    refused = [outcome for outcome in told if isinstance(outcome, tuple) and outcome[0] in ("OrderRefused", "NotFound")]
    assert 9 == len(set(refused))
    assert told[-1]


def test_half_of_a_round_trip_lies_before_the_exchange_acts() -> None:
    """The order is of the moment at which it arrives, the reply comes when it is back."""

    async def act(exchange: Exchange, clock: Clock) -> Instant:
        await exchange.submit(MARKET, _order(BID - 1))
        return clock.now()

    answered = asked_in_the_lab(WORLD, act)
    delay = WORLD.setting.latency.draw(stream(WORLD.seed, "latency"))
    order = answered.exchange.ledger.orders()[0]
    assert (START + delay // 2, START + delay) == (order.created_at, answered.value)


def test_a_refusal_takes_its_time_as_well() -> None:
    """Who is refused knows it when the reply is back."""

    async def act(exchange: Exchange, clock: Clock) -> Instant:
        await _outcome(exchange.submit(MARKET, _order(BID + 0.5)))
        return clock.now()

    delay = WORLD.setting.latency.draw(stream(WORLD.seed, "latency"))
    assert START + delay == asked_in_the_lab(WORLD, act).value


def test_waiting_for_the_budget_is_counted() -> None:
    """Each request waits as the throttle says, and then for its reply."""

    async def act(exchange: Exchange, _clock: Clock) -> None:
        for _ in range(9):
            await exchange.status()

    answered = asked_in_the_lab(WORLD, act, throttle=Throttle(calls_per_minute=60))
    throttle, delays, now, waited = Throttle(calls_per_minute=60), stream(WORLD.seed, "latency"), START, 0
    for _ in range(9):
        wait = throttle.reserve(now, Kind.READ, 10)
        waited += wait
        now = Instant(now + wait + WORLD.setting.latency.draw(delays))
    assert (waited, now, 9) == (answered.waited, answered.at, answered.usage.calls)
    assert seconds(2) < waited
    assert 0 == asked_in_the_lab(WORLD, act).waited


def test_tokens_are_those_of_the_endpoint() -> None:
    """A read of the book 10, of one order 2; a create 10, a cancel 2: reads and writes apart."""

    async def act(exchange: Exchange, _clock: Clock) -> None:
        await exchange.book(TICKER)
        placed = await exchange.submit(MARKET, _order(BID - 1))
        await exchange.order(placed.order_id)
        await exchange.cancel(MARKET, placed.order_id)

    usage = asked_in_the_lab(WORLD, act).usage
    assert (4, 12, 12) == (usage.calls, usage.read_tokens, usage.write_tokens)


@pytest.mark.parametrize("since", [0, 5, 11])
def test_what_is_asked_for_since_then_is_of_then_or_later(since: int) -> None:
    """Trades of everybody, oldest first; at the moment itself too."""

    async def act(exchange: Exchange, clock: Clock) -> list[Instant]:
        await clock.sleep(seconds(20))
        return [trade.at for trade in await exchange.trades_since(TICKER, Instant(START + since * SECOND))]

    answered = asked_in_the_lab(WORLD, act)
    tape = [trade.at for trade in answered.exchange.listings[TICKER].tape]
    assert sorted(at for at in tape if at >= START + since * SECOND) == answered.value
    assert answered.value
    first = answered.value[0]
    again = asked_in_the_lab(WORLD, lambda exchange, clock: _trades(exchange, clock, first))
    assert first == again.value[0]


async def _trades(exchange: Exchange, clock: Clock, since: Instant) -> list[Instant]:
    await clock.sleep(seconds(20))
    return [trade.at for trade in await exchange.trades_since(TICKER, since)]


def test_an_order_is_reported_as_it_is_at_that_moment() -> None:
    """What expired on the way is no longer resting."""

    async def act(exchange: Exchange, clock: Clock) -> list[OrderStatus]:
        placed = await exchange.submit(MARKET, _order(BID - 9))
        before = await exchange.order(placed.order_id)
        await clock.sleep(seconds(61))
        return [before.status, (await exchange.order(placed.order_id)).status]

    assert [OrderStatus.RESTING, OrderStatus.CANCELED] == asked_in_the_lab(WORLD, act).value
