"""The writes of a run: each intent sent once, and what became of it posted as events, however long that takes to find out.

Nothing here decides anything; a lost reply is settled by reading (`readings.py`), in one path for all three writes.
"""

import contextlib
import logging
from collections.abc import Callable

from depthwalk.clock import Clock
from depthwalk.domain.market import Market
from depthwalk.domain.messages import (
    AmendOrder,
    AmendRejected,
    CancelOrder,
    CancelRejected,
    Event,
    Operation,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderInDoubt,
    OrderRejected,
    SubmitOrder,
)
from depthwalk.domain.units import Quantity
from depthwalk.errors import ExchangeError, InDoubt, NotFound, OrderRefused, RefusalReason, Unreachable
from depthwalk.executors.children import Children
from depthwalk.ports import Exchange
from depthwalk.runtime.market_watch import TELLING, MarketWatch
from depthwalk.runtime.readings import Readings

log = logging.getLogger(__name__)


class Writes:
    """Writes for one run. *post* takes the events; *children* is the executor's ledger, read only."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        clock: Clock,
        market: Market,
        children: Children,
        readings: Readings,
        watch: MarketWatch,
        post: Callable[[Event], None],
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._market = market
        self._children = children
        self._readings = readings
        self._watch = watch
        self._post = post
        self._settling: set[str] = set()

    async def submit(self, intent: SubmitOrder) -> None:
        """Send a new order."""
        try:
            reply = await self._exchange.submit(self._market, intent)
        except OrderRefused as no:
            if no.reason is RefusalReason.ALREADY_EXISTS:
                await self.doubt(intent.client_id, Operation.CREATE, no)
            else:
                await self._reject(OrderRejected, intent.client_id, no.reason, no)
        except (InDoubt, Unreachable) as lost:
            await self.doubt(intent.client_id, Operation.CREATE, lost)
        except ExchangeError as no:
            await self._reject(OrderRejected, intent.client_id, RefusalReason.OTHER, no)
        else:
            self._readings.know(reply.order_id, intent.client_id)
            self._post(
                OrderAccepted(
                    at=self._clock.now(),
                    client_id=intent.client_id,
                    order_id=reply.order_id,
                    filled=reply.filled,
                    remaining=reply.remaining,
                )
            )
            await self._fills(intent.client_id, reply.filled)

    async def amend(self, intent: AmendOrder) -> None:
        """Change an order in place."""
        child = self._children[intent.client_id]
        order_id = self._order_id(intent.client_id)
        try:
            reply = await self._exchange.amend(self._market, order_id, child.side, intent)
        except OrderRefused as no:
            await self._reject(AmendRejected, intent.client_id, no.reason, no)
        except (InDoubt, Unreachable) as lost:
            await self.doubt(intent.client_id, Operation.AMEND, lost)
        except ExchangeError as no:
            await self._reject(AmendRejected, intent.client_id, RefusalReason.OTHER, no)
        else:
            filled = None if reply.remaining is None else Quantity(intent.total - reply.remaining)
            self._post(
                OrderAmended(
                    at=self._clock.now(), client_id=intent.client_id, price=intent.price, total=intent.total, filled=filled
                )
            )
            await self._fills(intent.client_id, filled or Quantity(0))

    async def cancel(self, intent: CancelOrder) -> None:
        """Take an order off the book."""
        child = self._children[intent.client_id]
        order_id = self._order_id(intent.client_id)
        try:
            reply = await self._exchange.cancel(self._market, order_id)
        except NotFound as no:
            await self._reject(CancelRejected, intent.client_id, RefusalReason.NOT_FOUND, no)
            await self._settle(intent.client_id, Operation.CANCEL, no)
        except OrderRefused as no:
            await self._reject(CancelRejected, intent.client_id, no.reason, no)
        except (InDoubt, Unreachable) as lost:
            await self.doubt(intent.client_id, Operation.CANCEL, lost)
        except ExchangeError as no:
            await self._reject(CancelRejected, intent.client_id, RefusalReason.OTHER, no)
        else:
            # The larger total, if an amend that was lost may have made it so: to think too much filled is put right by reading.
            filled = Quantity(max(child.total, child.ceiling) - reply.reduced_by)
            self._post(OrderCanceled(at=self._clock.now(), client_id=intent.client_id, filled=filled))
            await self._fills(intent.client_id, filled)

    def _order_id(self, client_id: str) -> str:
        order_id = self._children[client_id].order_id
        assert order_id is not None  # noqa: S101 - the ledger amends and cancels only what the venue has accepted
        return order_id

    async def _reject(
        self,
        event: type[OrderRejected | AmendRejected | CancelRejected],
        client_id: str,
        reason: RefusalReason,
        error: ExchangeError,
    ) -> None:
        if reason in TELLING and event is not CancelRejected:
            await self._watch.look()  # why it was refused comes first
        self._post(event(at=self._clock.now(), client_id=client_id, reason=reason, detail=error.message))

    async def _fills(self, client_id: str, filled: Quantity) -> None:
        """Read the fills a reply reported. If that fails, the next look goes on with it."""
        if filled:
            with contextlib.suppress(ExchangeError):
                await self._readings.complete_fills(client_id, filled)

    async def doubt(self, client_id: str, operation: Operation, error: ExchangeError) -> None:
        """Say that the reply to a write is lost, and find out what became of it."""
        self._post(OrderInDoubt(at=self._clock.now(), client_id=client_id, operation=operation, detail=error.message))
        await self._settle(client_id, operation, error)

    async def _settle(self, client_id: str, operation: Operation, error: ExchangeError) -> None:
        if client_id in self._settling:
            return  # one search a child: whatever it finds answers for all its writes
        log.warning("%s of %s: %s; reading what became of it", operation.value, client_id, error.message)
        child = self._children[client_id]
        price = child.amending.price if child.amending is not None else None
        self._settling.add(client_id)
        try:
            await self._readings.settle(child, operation, price)
        finally:
            self._settling.discard(client_id)
