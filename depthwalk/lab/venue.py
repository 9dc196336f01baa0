"""A paper exchange without HTTP: the same state machine, reached through the same doors as the client's, at the same delays.

Requests wait for our own throttle, are counted with their tokens, take a seeded round trip of which half lies before the
exchange acts, and are refused as paper refuses them. What the way over JSON adds is left out: signing, and the whole seconds
that the venue keeps expiries in. A test runs both and finds the same fills.
"""

import random
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from depthwalk.domain.book import Book
from depthwalk.domain.market import Market
from depthwalk.domain.messages import AmendOrder, PublicTrade, SubmitOrder
from depthwalk.domain.order import Fill, Side, TimeInForce
from depthwalk.domain.result import ApiUsage
from depthwalk.domain.units import SECOND, Duration, Instant, Money, Quantity
from depthwalk.errors import ExchangeError
from depthwalk.kalshi.throttle import Throttle
from depthwalk.lab.virtual import Schedule
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.latency import LatencyModel
from depthwalk.paper.ledger import PaperOrder
from depthwalk.paper.refusals import fault_of, missing
from depthwalk.ports import AmendReply, CancelReply, ExchangeStatus, OrderReport, SubmitReply
from depthwalk.wire.faults import Kind, exception_for
from depthwalk.wire.orders import AmendBody, CreateBody

_ROOT: Final = "/trade-api/v2"
_ORDERS: Final = f"{_ROOT}/portfolio/events/orders"
_ORDER: Final = f"{_ORDERS}/:order_id"
_AMEND: Final = f"{_ORDER}/amend"
_MARKET: Final = f"{_ROOT}/markets/:ticker"
_BOOK: Final = f"{_ROOT}/markets/:ticker/orderbook"
_TRADES: Final = f"{_ROOT}/markets/trades"
_LIST: Final = f"{_ROOT}/portfolio/orders"
_ONE: Final = f"{_ROOT}/portfolio/orders/:order_id"
_FILLS: Final = f"{_ROOT}/portfolio/fills"


def _report(order: PaperOrder) -> OrderReport:
    return OrderReport(
        order_id=order.order_id,
        client_id=order.client_id,
        ticker=order.ticker,
        side=order.side,
        price=order.price,
        status=order.status,
        filled=order.filled,
        remaining=order.remaining,
        created_at=order.created_at,
        expires_at=order.expires_at,
    )


class LabVenue:
    """An exchange as a run sees it. Implements `ports.Exchange`."""

    def __init__(
        self,
        exchange: PaperExchange,
        clock: Schedule,
        *,
        rng: random.Random,
        latency: LatencyModel,
        throttle: Throttle,
        market: Market,
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._rng = rng
        self._latency = latency
        self._throttle = throttle
        self._market = market
        self._calls = self._read_tokens = self._write_tokens = 0
        self.waited = Duration(0)

    @property
    def usage(self) -> ApiUsage:
        """Requests sent and tokens spent so far."""
        return ApiUsage(calls=self._calls, read_tokens=self._read_tokens, write_tokens=self._write_tokens)

    @property
    def server_offset(self) -> Duration:
        """The two clocks are one."""
        return Duration(0)

    async def _there(self, method: str, template: str, kind: Kind = Kind.READ) -> Duration:
        """Wait for the throttle and travel to the exchange; return how long the way back takes."""
        clock, throttle = self._clock, self._throttle
        cost = throttle.costs.cost(method, template)
        wait = throttle.reserve(clock.now(), kind, cost)
        if wait:
            self.waited = Duration(self.waited + wait)
            await clock.sleep(wait)
        self._calls += 1
        if kind is Kind.READ:
            self._read_tokens += cost
        else:
            self._write_tokens += cost
        delay = self._latency.draw(self._rng)
        there = Duration(delay // 2)
        await clock.sleep(there)
        return Duration(delay - there)

    # --- reads ---

    async def market(self, ticker: str) -> Market:  # noqa: ARG002 - the port's; there is one market here
        """Read the market: three requests, as the client needs. It never changes here."""
        for template in ("/markets/:ticker", "/events/:event_ticker", "/series/:series_ticker"):
            await self._clock.sleep(await self._there("GET", _ROOT + template))
        return self._market

    async def market_again(self, market: Market) -> Market:
        """Read the market once more."""
        await self._clock.sleep(await self._there("GET", _MARKET))
        return market

    async def status(self, exchange_index: int = 0) -> ExchangeStatus:  # noqa: ARG002 - as above
        """Read whether the exchange trades."""
        back = await self._there("GET", f"{_ROOT}/exchange/status")
        found = self._exchange.status
        await self._clock.sleep(back)
        return ExchangeStatus(exchange_active=found.exchange_active, trading_active=found.trading_active)

    async def book(self, ticker: str) -> Book:
        """Read the order book."""
        back = await self._there("GET", _BOOK)
        book = self._exchange.listing(self._clock.now(), ticker).book.book()
        await self._clock.sleep(back)
        return book

    async def trades_since(self, ticker: str, since: Instant) -> Sequence[PublicTrade]:
        """List everybody's trades, oldest first."""
        back = await self._there("GET", _TRADES)
        tape = self._exchange.listing(self._clock.now(), ticker).tape
        found = [
            PublicTrade(trade_id=trade.trade_id, at=trade.at, price=trade.price, quantity=trade.quantity, taker=trade.taker)
            for trade in tape
            if trade.at >= since
        ]
        await self._clock.sleep(back)
        return found

    async def resting_orders(self, ticker: str) -> Sequence[OrderReport]:
        """List our resting orders, newest first."""
        back = await self._there("GET", _LIST)
        self._exchange.advance(self._clock.now(), (ticker,))
        found = [_report(order) for order in reversed(self._exchange.ledger.resting(ticker).values())]
        await self._clock.sleep(back)
        return found

    async def orders_since(self, ticker: str, since: Instant) -> Sequence[OrderReport]:
        """List all our orders since then, newest first."""
        back = await self._there("GET", _LIST)
        self._exchange.advance(self._clock.now(), (ticker,))
        found = [_report(order) for order in reversed(self._exchange.ledger.orders()) if order.created_at >= since]
        await self._clock.sleep(back)
        return found

    async def order(self, order_id: str) -> OrderReport:
        """Read one order."""
        back = await self._there("GET", _ONE)
        self._exchange.advance(self._clock.now())
        order = self._exchange.ledger.by_id(order_id)
        report = None if order is None else _report(order)
        await self._clock.sleep(back)
        if report is None:
            raise _refused(missing(), Kind.READ, f"order {order_id}")
        return report

    async def fills_since(self, ticker: str, since: Instant) -> Sequence[Fill]:
        """List our fills since then, oldest first."""
        back = await self._there("GET", _FILLS)
        self._exchange.advance(self._clock.now(), (ticker,))
        found = [record.fill for record in self._exchange.ledger.fills if record.fill.at >= since]
        await self._clock.sleep(back)
        return found

    async def balance(self, exchange_index: int) -> Money:  # noqa: ARG002 - as above
        """Read the cash."""
        back = await self._there("GET", f"{_ROOT}/portfolio/balance")
        found = self._exchange.available()
        await self._clock.sleep(back)
        return found

    async def position(self, ticker: str) -> Quantity:
        """Read the position."""
        back = await self._there("GET", f"{_ROOT}/portfolio/positions")
        self._exchange.advance(self._clock.now(), (ticker,))
        found = self._exchange.account.position(ticker).quantity
        await self._clock.sleep(back)
        return found

    async def user_data_as_of(self) -> Instant:
        """Read how fresh orders and fills are: always of this moment."""
        back = await self._there("GET", f"{_ROOT}/exchange/user_data_timestamp")
        found = self._clock.now()
        await self._clock.sleep(back)
        return found

    # --- writes ---

    async def submit(self, market: Market, order: SubmitOrder) -> SubmitReply:
        """Send a new order."""
        resting = order.time_in_force is TimeInForce.GOOD_TILL_CANCELED
        body = CreateBody(
            ticker=market.ticker,
            side=order.side,
            quantity=order.quantity,
            price=order.price,
            time_in_force=order.time_in_force,
            client_id=order.client_id,
            expires_at=_whole(order.expires_at) if resting else None,
            post_only=order.post_only,
            cancel_on_pause=resting,
        )
        back = await self._there("POST", _ORDERS, Kind.WRITE)
        try:
            receipt = self._exchange.create(self._clock.now(), body)
        except ExchangeError as no:
            raise _refused(no, Kind.WRITE, f"create {order.client_id}") from None
        finally:
            await self._clock.sleep(back)
        return SubmitReply(order_id=receipt.order_id, filled=receipt.filled, remaining=receipt.remaining)

    async def amend(self, market: Market, order_id: str, side: Side, order: AmendOrder) -> AmendReply:
        """Amend an order."""
        body = AmendBody(
            ticker=market.ticker, side=side, price=order.price, total=order.total, expires_at=_whole(order.expires_at)
        )
        back = await self._there("POST", _AMEND, Kind.WRITE)
        try:
            receipt = self._exchange.amend(self._clock.now(), order_id, body)
        except ExchangeError as no:
            raise _refused(no, Kind.WRITE, f"amend {order.client_id}") from None
        finally:
            await self._clock.sleep(back)
        return AmendReply(order_id=receipt.order_id, remaining=receipt.remaining)

    async def cancel(self, market: Market, order_id: str) -> CancelReply:  # noqa: ARG002 - as above
        """Cancel an order."""
        back = await self._there("DELETE", _ORDER, Kind.CANCEL)
        try:
            receipt = self._exchange.cancel(self._clock.now(), order_id)
        except ExchangeError as no:
            raise _refused(no, Kind.CANCEL, f"cancel {order_id}") from None
        finally:
            await self._clock.sleep(back)
        return CancelReply(order_id=receipt.order_id, reduced_by=receipt.reduced_by)


def _refused(no: ExchangeError, kind: Kind, what: str) -> ExchangeError:
    """Return a refusal as the client makes it of the reply: of an order that is gone an amend is refused, and a cancel not."""
    return exception_for(no.status or HTTPStatus.BAD_REQUEST, fault_of(no), kind=kind, what=what)


def _whole(at: Instant | None) -> Instant | None:
    """Round an expiry up to the whole seconds that the venue keeps."""
    return None if at is None else Instant(-(-at // SECOND) * SECOND)
