"""The client against the paper exchange, in process and on virtual time: both sides of every endpoint agree."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import httpx
import pytest

from depthwalk.clock import Clock, LoopClock
from depthwalk.domain.book import BookState
from depthwalk.domain.market import Market, MarketStatus
from depthwalk.domain.messages import AmendOrder, SubmitOrder
from depthwalk.domain.order import OrderStatus, Side, TimeInForce
from depthwalk.domain.units import SECOND, Instant, Price, Quantity, parse_instant
from depthwalk.errors import NotAuthorized, NotFound, OrderRefused, RefusalReason
from depthwalk.kalshi.client import KalshiClient
from depthwalk.kalshi.environments import PAPER_URL
from depthwalk.kalshi.signing import Credentials
from depthwalk.kalshi.throttle import Throttle
from depthwalk.paper.app import create_app
from depthwalk.paper.build import synthetic_exchange
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.latency import LatencyTransport
from depthwalk.runtime.virtual_time import run_virtual
from depthwalk.wire.trades import Trade
from tests.support.kalshi_client import MARKET, CountingKey

T = TypeVar("T")

_START = parse_instant("2026-01-05T15:00:00Z")
_TICKER = "PAPER-LIQUID"


def _run(
    story: Callable[[KalshiClient, Clock], Awaitable[T]], *, wrong_key: bool = False, venue: PaperExchange | None = None
) -> T:
    """Run a story with a client of a paper exchange, a fresh one unless given."""

    async def main() -> T:
        clock = LoopClock(_START, asyncio.get_running_loop())
        known, used = CountingKey(), CountingKey()
        signing = used if wrong_key else known
        app = create_app(venue or synthetic_exchange(7, _START), clock, {"paper": known.key.public_key()})
        client = KalshiClient(
            base_url=PAPER_URL,
            transport=LatencyTransport(httpx.ASGITransport(app=app), clock, random.Random(7)),
            credentials=Credentials("paper", signing.load),
            clock=clock,
            throttle=Throttle(),
            rng=random.Random(7),
            writes_enabled=True,
        )
        try:
            return await story(client, clock)
        finally:
            await client.close()

    return run_virtual(main())


def _order(market: Market, clock: Clock, price: Price, **changes: object) -> SubmitOrder:
    values: dict[str, object] = {
        "client_id": "dw-contract-1",
        "split": 1,
        "side": Side.BUY,
        "price": price,
        "quantity": Quantity(1_000),
        "time_in_force": TimeInForce.GOOD_TILL_CANCELED,
        "expires_at": Instant(clock.now() + 60 * SECOND),
    }
    if price not in market.grid:
        raise AssertionError(f"{price} is off the grid")
    return SubmitOrder(**(values | changes))


def test_the_life_of_an_order() -> None:
    """Create, read, list, queue, amend, decrease, cancel; then it is canceled and not found."""

    async def story(client: KalshiClient, clock: Clock) -> None:
        market = await client.market(_TICKER)
        book = await client.book(_TICKER)
        assert (MarketStatus.ACTIVE, BookState.TWO_SIDED) == (market.status, book.state)
        low = market.grid.ceil(1)
        assert low is not None
        began = clock.now()
        reply = await client.submit(market, _order(market, clock, low, post_only=True))
        assert (0, 1_000) == (reply.filled, reply.remaining)

        (listed,) = await client.resting_orders(_TICKER)
        assert (reply.order_id, "dw-contract-1", low) == (listed.order_id, listed.client_id, listed.price)
        assert [listed.order_id] == [order.order_id for order in await client.orders_since(_TICKER, began)]
        assert listed.expires_at is not None
        assert listed.expires_at >= began + 60 * SECOND
        ahead = await client.queue_position(reply.order_id)
        assert {reply.order_id: ahead} == await client.queue_positions(_TICKER)

        higher = market.grid.above(low)
        assert higher is not None
        amended = await client.amend(
            market,
            reply.order_id,
            Side.BUY,
            AmendOrder(client_id="dw-contract-1", price=higher, total=Quantity(800)),
        )
        assert amended.remaining in {None, 800}
        assert 300 == await client.decrease(market, amended.order_id, reduce_to=Quantity(300))
        order = await client.order(amended.order_id)
        assert (higher, 300) == (order.price, order.remaining)

        canceled = await client.cancel(market, amended.order_id)
        assert canceled.reduced_by == 300
        with pytest.raises(NotFound):
            await client.cancel(market, amended.order_id)
        gone = await client.order(amended.order_id)
        assert (OrderStatus.CANCELED, 0, 0) == (gone.status, gone.filled, gone.remaining)

    _run(story)


def test_a_taker_pays_and_has_a_position() -> None:
    """An immediate order at the ask: its fills add up to what the receipt said, cash and position move by them."""

    async def story(client: KalshiClient, clock: Clock) -> None:
        market = await client.market(_TICKER)
        before = await client.balance(market.exchange_index)
        ask = (await client.book(_TICKER)).best_ask
        assert ask is not None
        began = clock.now()
        order = _order(
            market, clock, ask, quantity=Quantity(150), time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL, expires_at=None
        )
        reply = await client.submit(market, order)
        fills = await client.fills_since(_TICKER, began)
        assert reply.filled > 0
        assert reply.filled == sum(fill.quantity for fill in fills)
        assert reply.filled == await client.position(_TICKER)
        paid = sum(fill.price * fill.quantity + fill.fee for fill in fills)
        assert before - paid == await client.balance(market.exchange_index)
        assert all(fill.is_taker and fill.fee > 0 and fill.order_id == reply.order_id for fill in fills)
        assert await client.user_data_as_of() <= clock.now() + SECOND

    _run(story)


def test_definite_refusals_carry_their_reason() -> None:
    """Post-only across, off the grid, a client id used twice, more than the cash: each is one of ours."""

    async def story(client: KalshiClient, clock: Clock) -> list[RefusalReason]:
        market = await client.market(_TICKER)
        ask = (await client.book(_TICKER)).best_ask
        low = market.grid.ceil(1)
        assert ask is not None
        assert low is not None
        first = _order(market, clock, low)
        await client.submit(market, first)
        orders = [
            first,
            _order(market, clock, ask, client_id="c-2", post_only=True),
            _order(market, clock, low, client_id="c-3", quantity=Quantity(10**11)),
        ]
        reasons = []
        for order in orders:
            with pytest.raises(OrderRefused) as caught:
                await client.submit(market, order)
            reasons.append(caught.value.reason)
        return reasons

    expected = [RefusalReason.ALREADY_EXISTS, RefusalReason.POST_ONLY_CROSS, RefusalReason.INSUFFICIENT_BALANCE]
    assert expected == _run(story)


def test_a_batch_cancels_each_order_for_itself() -> None:
    """Two that rest, one that never was: two receipts with what they took off, one with a fault."""

    async def story(client: KalshiClient, clock: Clock) -> list[tuple[int, bool]]:
        market = await client.market(_TICKER)
        low = market.grid.ceil(1)
        assert low is not None
        ids = [
            (await client.submit(market, _order(market, clock, low, client_id=f"c-{number}"))).order_id for number in range(2)
        ]
        receipts = await client.cancel_batch(market, [*ids, "never-was"])
        return [(receipt.reduced_by, receipt.fault is None) for receipt in receipts]

    assert [(1_000, True), (1_000, True), (0, False)] == _run(story)


def test_public_reads() -> None:
    """Markets, books, trades, status, limits and costs are read as they are written."""

    async def story(client: KalshiClient, clock: Clock) -> None:
        tickers = [record.ticker for record in await client.markets()]
        assert _TICKER in tickers
        books = await client.books(tickers)
        assert set(tickers) == set(books)
        await clock.sleep(SECOND)
        await client.trades(_TICKER)
        status = await client.status()
        assert status.exchange_active
        assert status.trading_active
        await client.adopt_limits()
        assert client.server_offset is not None
        assert abs(client.server_offset) <= SECOND

    _run(story)


def test_a_taker_is_on_the_tape_as_the_taker() -> None:
    """Bought and sold at once: the tape has both under the ids of the fills, each with our side as the taker's."""

    async def story(client: KalshiClient, clock: Clock) -> None:
        market = await client.market(_TICKER)
        book = await client.book(_TICKER)
        began = clock.now()
        for number, (side, price) in enumerate(((Side.BUY, book.best_ask), (Side.SELL, book.best_bid))):
            assert price is not None
            now = {"time_in_force": TimeInForce.IMMEDIATE_OR_CANCEL, "expires_at": None}
            order = _order(market, clock, price, client_id=f"c-{number}", side=side, quantity=Quantity(100), **now)
            await client.submit(market, order)
        tape = {trade.trade_id: trade for trade in await client.trades_since(_TICKER, began)}
        ours = [tape[fill.fill_id] for fill in await client.fills_since(_TICKER, began)]
        assert {Side.BUY, Side.SELL} == {trade.taker for trade in ours}
        assert all(trade.price >= book.best_ask for trade in ours if trade.taker is Side.BUY)

    _run(story)


def test_a_long_tape_is_read_to_its_end() -> None:
    """More than two pages: every trade once, oldest first, and what is traded while the pages are turned moves nothing."""
    venue = synthetic_exchange(7, _START)
    tape = venue.listings[_TICKER].tape
    one = Trade(
        trade_id="", ticker=_TICKER, price=Price(5_000), quantity=Quantity(100), taker=Side.SELL, at=Instant(_START + SECOND)
    )
    tape.extend(replace(one, trade_id=f"t-{number}", at=Instant(one.at + number)) for number in range(2_500))

    async def story(client: KalshiClient, clock: Clock) -> None:
        await clock.sleep(SECOND)
        found = [trade.trade_id for trade in await client.trades_since(_TICKER, clock.now()) if trade.trade_id[:2] == "t-"]
        assert [f"t-{number}" for number in range(2_500)] == found
        assert 0 < len([trade for trade in tape if trade.at > one.at])

    _run(story, venue=venue)


def test_unknown_names_are_not_found() -> None:
    """A market and an order that are not there."""

    async def story(client: KalshiClient, _: Clock) -> None:
        with pytest.raises(NotFound):
            await client.market("NO-SUCH-MARKET")
        with pytest.raises(NotFound):
            await client.order("no-such-order")

    _run(story)


def test_signatures_are_verified_in_process_too() -> None:
    """Another key under the same id reads no orders and places none."""

    async def story(client: KalshiClient, clock: Clock) -> None:
        with pytest.raises(NotAuthorized, match="INCORRECT_API_KEY_SIGNATURE"):
            await client.resting_orders(_TICKER)
        market = replace(MARKET, ticker=_TICKER, exchange_index=0)
        with pytest.raises(OrderRefused, match="401"):
            await client.submit(market, _order(market, clock, Price(100)))

    _run(story, wrong_key=True)


def test_the_throttle_keeps_the_paper_exchange_from_refusing() -> None:
    """Sixty books at once: all arrive, none is refused, and they took the time the bucket says."""

    async def story(client: KalshiClient, clock: Clock) -> float:
        began = clock.now()
        await asyncio.gather(*(client.book(_TICKER) for _ in range(60)))
        assert client.usage.calls == 60
        return (clock.now() - began) / SECOND

    # 600 tokens at 180 a second, 180 of them at once: 2.33 s, and the way there and back.
    assert 2.3 <= _run(story) <= 2.8
