"""The REST client: implements `ports.Exchange` over any httpx transport, real or the paper exchange's. Here: the writes.

A write goes out once. What it answers is believed only as far as it fits the order: a reply about something else leaves the
order in doubt. Source: kalshi-api.md section 6.
"""

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import Final, TypeVar

import httpx

from depthwalk.clock import Clock
from depthwalk.domain.market import Market
from depthwalk.domain.messages import AmendOrder, SubmitOrder
from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.result import ApiUsage
from depthwalk.domain.units import SECOND, Duration, Instant, Quantity, format_quantity
from depthwalk.kalshi.market_reads import MarketReads
from depthwalk.kalshi.portfolio_reads import PortfolioReads
from depthwalk.kalshi.session import Call, Session
from depthwalk.kalshi.signing import Credentials
from depthwalk.kalshi.throttle import CostTable, Throttle
from depthwalk.ports import AmendReply, CancelReply, SubmitReply
from depthwalk.wire import cancels, orders
from depthwalk.wire.account import AccountLimits, EndpointCosts
from depthwalk.wire.faults import Kind
from depthwalk.wire.scalars import WireError

T = TypeVar("T")

_ORDERS: Final = "/portfolio/events/orders"
_CANCEL_TOKENS: Final = 2


class KalshiClient(MarketReads, PortfolioReads):
    """One account (or none) at one exchange.

    Args:
        base_url: the REST root with its path, as in `environments.py`; its host is the only one ever signed for.
        transport: what carries requests: `httpx.AsyncHTTPTransport()`, or `httpx.ASGITransport(app)` for the paper exchange.
        credentials: who signs; None leaves requests unsigned, which is enough for public reads.
        clock: our time; also what waiting for tokens and between retries is measured on.
        throttle: the buckets, shared by all clients of one account.
        rng: jitter of retries.
        max_retries: how often a failed read is tried again.
        timeout_seconds: the longest a request may take, in the running loop's time.
        writes_enabled: False refuses every write before it is signed.

    """

    def __init__(
        self,
        *,
        base_url: str,
        transport: httpx.AsyncBaseTransport,
        credentials: Credentials | None,
        clock: Clock,
        throttle: Throttle,
        rng: Random,
        max_retries: int = 3,
        timeout_seconds: float = 10.0,
        writes_enabled: bool = False,
    ) -> None:
        session = Session(
            base_url=base_url,
            transport=transport,
            credentials=credentials,
            clock=clock,
            throttle=throttle,
            rng=rng,
            max_retries=max_retries,
            timeout_seconds=timeout_seconds,
            writes_enabled=writes_enabled,
        )
        MarketReads.__init__(self, session)
        PortfolioReads.__init__(self, session)

    @property
    def usage(self) -> ApiUsage:
        """Requests sent and tokens spent so far."""
        return self._session.usage

    @property
    def server_offset(self) -> Duration | None:
        """Server time minus our clock, from the latest Date header; None before the first reply."""
        return self._session.server_offset

    async def close(self) -> None:
        """Let the connections go."""
        await self._session.close()

    async def adopt_limits(self) -> tuple[AccountLimits, EndpointCosts]:
        """Read the account's buckets and the endpoints' costs, keep to them from now on, and return them (needs a key)."""
        limits, costs = await asyncio.gather(self.limits(), self.endpoint_costs())
        self._session.throttle.adopt(limits)
        self._session.throttle.costs = CostTable(costs)
        return limits, costs

    def _expiry(self, at: Instant | None) -> Instant | None:
        """Turn an expiry of our clock into the server's whole seconds, rounded up: never earlier than asked."""
        if at is None:
            return None
        return Instant(-(-self._session.server_time(at) // SECOND) * SECOND)

    async def submit(self, market: Market, order: SubmitOrder) -> SubmitReply:
        """Send a new order, once. A resting one is canceled by the exchange when trading pauses."""
        resting = order.time_in_force is TimeInForce.GOOD_TILL_CANCELED
        body = orders.CreateBody(
            ticker=market.ticker,
            side=order.side,
            quantity=order.quantity,
            price=order.price,
            time_in_force=order.time_in_force,
            client_id=order.client_id,
            expires_at=self._expiry(order.expires_at) if resting else None,
            post_only=order.post_only,
            cancel_on_pause=resting,
            exchange_index=market.exchange_index,
        )

        def fitting(reply: bytes) -> orders.CreateReceipt:
            receipt = orders.decode_create_receipt(reply)
            if receipt.client_id not in {None, order.client_id}:
                raise WireError("client_order_id", f"{receipt.client_id} is not the order that was sent")
            _check_size(receipt.filled, receipt.remaining, order.quantity)
            return receipt

        receipt = await self._write("POST", _ORDERS, f"create {order.client_id}", fitting, body=orders.encode_create(body))
        return SubmitReply(order_id=receipt.order_id, filled=receipt.filled, remaining=receipt.remaining)

    async def amend(self, market: Market, order_id: str, side: Side, order: AmendOrder) -> AmendReply:
        """Amend an order, once. `total` counts what is filled, so a fill on the way never makes it buy more."""
        body = orders.AmendBody(
            ticker=market.ticker,
            side=side,
            price=order.price,
            total=order.total,
            expires_at=self._expiry(order.expires_at),
            exchange_index=market.exchange_index,
        )

        def fitting(reply: bytes) -> orders.AmendReceipt:
            receipt = orders.decode_amend_receipt(reply)
            _check_size(receipt.filled or Quantity(0), receipt.remaining or Quantity(0), order.total)
            return receipt

        receipt = await self._write(
            "POST", f"{_ORDERS}/:order_id/amend", f"amend {order.client_id}", fitting, order_id, body=orders.encode_amend(body)
        )
        return AmendReply(order_id=receipt.order_id, remaining=receipt.remaining)

    async def decrease(
        self, market: Market, order_id: str, *, reduce_by: Quantity | None = None, reduce_to: Quantity | None = None
    ) -> Quantity:
        """Make an order smaller, once, and return what remains. Exactly one of the sizes; it keeps its place in the queue."""
        body = cancels.DecreaseBody(
            reduce_by=reduce_by, reduce_to=reduce_to, ticker=market.ticker, exchange_index=market.exchange_index
        )
        receipt = await self._write(
            "POST",
            f"{_ORDERS}/:order_id/decrease",
            f"decrease {order_id}",
            cancels.decode_decrease_receipt,
            order_id,
            body=cancels.encode_decrease(body),
        )
        return receipt.remaining

    async def cancel(self, market: Market, order_id: str) -> CancelReply:
        """Cancel an order, once. NotFound does not say canceled: filled orders are not found either."""

        def fitting(reply: bytes) -> cancels.CancelReceipt:
            receipt = cancels.decode_cancel_receipt(reply)
            if receipt.order_id != order_id:
                raise WireError("order_id", f"{receipt.order_id} is not the order that was canceled")
            return receipt

        call = Call(
            method="DELETE",
            template=f"{_ORDERS}/:order_id",
            what=f"cancel {order_id}",
            kind=Kind.CANCEL,
            names=(order_id,),
            # The order id alone does not find the shard.
            parameters={"market_ticker": market.ticker, "exchange_index": market.exchange_index},
        )
        receipt = await self._session.write(call, fitting)
        return CancelReply(order_id=receipt.order_id, reduced_by=receipt.reduced_by)

    async def cancel_batch(self, market: Market, order_ids: Sequence[str]) -> list[cancels.CancelReceipt]:
        """Cancel several orders of one market, in as few requests as the bucket allows; each receipt has its own fault.

        Raises as `cancel` does, for the first request that fails: what earlier ones canceled stays canceled.
        """
        at_once = max(1, self._session.throttle.largest_write // _CANCEL_TOKENS)
        receipts: list[cancels.CancelReceipt] = []
        for start in range(0, len(order_ids), at_once):
            items = [
                cancels.CancelItem(order_id=order_id, ticker=market.ticker, exchange_index=market.exchange_index)
                for order_id in order_ids[start : start + at_once]
            ]
            call = Call(
                method="DELETE",
                template=f"{_ORDERS}/batched",
                what=f"cancel {len(items)} orders",
                kind=Kind.CANCEL,
                body=cancels.encode_cancel_batch(items),
                items=len(items),
            )
            receipts += await self._session.write(call, cancels.decode_cancel_receipts)
        return receipts

    async def _write(self, method: str, template: str, what: str, decode: Callable[[bytes], T], *names: str, body: bytes) -> T:
        call = Call(method=method, template=template, what=what, kind=Kind.WRITE, names=names, body=body)
        return await self._session.write(call, decode)


def _check_size(filled: Quantity, remaining: Quantity, most: Quantity) -> None:
    """Raise WireError where a receipt speaks of more than was asked for: then it is not about this order."""
    if filled < 0 or remaining < 0 or filled + remaining > most:
        raise WireError(
            "fill_count", f"{format_quantity(filled)} filled and {format_quantity(remaining)} left of {format_quantity(most)}"
        )
