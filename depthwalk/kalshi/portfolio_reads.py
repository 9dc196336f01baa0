"""Reads of the account: orders, fills, positions, cash, limits. Everything here needs a key."""

from collections.abc import Sequence

from depthwalk.domain.order import Fill
from depthwalk.domain.units import Instant, Money, Quantity
from depthwalk.kalshi.market_reads import filter_from, get
from depthwalk.kalshi.paging import all_pages
from depthwalk.kalshi.session import Parameters, Session
from depthwalk.ports import OrderReport
from depthwalk.wire.account import (
    AccountLimits,
    PositionRecord,
    decode_balance,
    decode_limits,
    decode_positions,
    decode_user_data_time,
)
from depthwalk.wire.pages import Page
from depthwalk.wire.portfolio import (
    FillRecord,
    OrderRecord,
    decode_fills,
    decode_order,
    decode_orders,
    decode_queue_position,
    decode_queue_positions,
)

_PAGE = 1_000


def _report(record: OrderRecord) -> OrderReport:
    return OrderReport(
        order_id=record.order_id,
        client_id=record.client_id,
        ticker=record.ticker,
        side=record.side,
        price=record.price,
        status=record.status,
        filled=record.filled,
        remaining=record.remaining,
        created_at=record.created_at,
        expires_at=record.expires_at,
    )


class PortfolioReads:
    """The private half of the client's reads. All methods raise as `ports.Exchange` says of reads."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def order(self, order_id: str) -> OrderReport:
        """Read one order. Reads lag writes (kalshi-api.md section 6.5)."""
        call = get("/portfolio/orders/:order_id", f"order {order_id}", order_id)
        return _report(await self._session.read(call, decode_order))

    async def orders(
        self, *, ticker: str | None = None, status: str | None = None, since: Instant | None = None
    ) -> list[OrderReport]:
        """List orders, newest first; *status* is resting, canceled or executed; *since* (our clock) may bring some earlier."""
        what = f"orders of {ticker}" if ticker else "orders"
        min_ts = None if since is None else filter_from(self._session, since)

        async def page(cursor: str | None) -> Page[OrderRecord]:
            parameters: Parameters = {
                "ticker": ticker,
                "status": status,
                "min_ts": min_ts,
                "limit": _PAGE,
                "cursor": cursor,
            }
            return await self._session.read(get("/portfolio/orders", what, parameters=parameters), decode_orders)

        records = await all_pages(page, key=lambda record: record.order_id, what=what)
        return [_report(record) for record in records]

    async def resting_orders(self, ticker: str) -> Sequence[OrderReport]:
        """List all resting orders of the account in one market."""
        return await self.orders(ticker=ticker, status="resting")

    async def orders_since(self, ticker: str, since: Instant) -> Sequence[OrderReport]:
        """List orders of one market created at or after *since*, whatever their status; perhaps a few from just before."""
        return await self.orders(ticker=ticker, since=since)

    async def queue_position(self, order_id: str) -> Quantity:
        """Read the contracts ahead of a resting order at its price."""
        call = get("/portfolio/orders/:order_id/queue_position", f"queue position of {order_id}", order_id)
        return await self._session.read(call, decode_queue_position)

    async def queue_positions(self, ticker: str) -> dict[str, Quantity]:
        """Read the contracts ahead of each resting order of one market, by order id."""
        call = get("/portfolio/orders/queue_positions", f"queue positions in {ticker}", parameters={"market_tickers": ticker})
        return await self._session.read(call, decode_queue_positions)

    async def fill_records(
        self, *, ticker: str | None = None, order_id: str | None = None, since: Instant | None = None
    ) -> list[FillRecord]:
        """List fills, newest first, with market and side; *since* (our clock) may bring some earlier."""
        what = f"fills of {ticker or order_id or 'the account'}"
        min_ts = None if since is None else filter_from(self._session, since)

        async def page(cursor: str | None) -> Page[FillRecord]:
            parameters: Parameters = {
                "ticker": ticker,
                "order_id": order_id,
                "min_ts": min_ts,
                "limit": _PAGE,
                "cursor": cursor,
            }
            return await self._session.read(get("/portfolio/fills", what, parameters=parameters), decode_fills)

        return await all_pages(page, key=lambda record: record.fill.fill_id, what=what)

    async def fills_since(self, ticker: str, since: Instant) -> Sequence[Fill]:
        """List the account's fills of one market at or after *since*, oldest first; perhaps a few from just before."""
        records = await self.fill_records(ticker=ticker, since=since)
        return [record.fill for record in reversed(records)]

    async def positions(self, *, ticker: str | None = None) -> list[PositionRecord]:
        """List the positions of the primary account, in one market or in all."""
        what = f"position in {ticker}" if ticker else "positions"

        async def page(cursor: str | None) -> Page[PositionRecord]:
            parameters: Parameters = {"ticker": ticker, "limit": _PAGE, "cursor": cursor}
            return await self._session.read(get("/portfolio/positions", what, parameters=parameters), decode_positions)

        return await all_pages(page, key=lambda record: record.ticker, what=what)

    async def position(self, ticker: str) -> Quantity:
        """Read the signed position in one market; a market without one is not listed."""
        records = await self.positions(ticker=ticker)
        return next((record.position for record in records if record.ticker == ticker), Quantity(0))

    async def balance(self, exchange_index: int) -> Money:
        """Read the cash available on one shard: collateral has to lie where the market is."""
        call = get("/portfolio/balance", "balance", parameters={"exchange_index": exchange_index})
        return (await self._session.read(call, decode_balance)).of(exchange_index)

    async def user_data_as_of(self) -> Instant:
        """Read how fresh orders, fills and balances are (server time)."""
        return await self._session.read(
            get("/exchange/user_data_timestamp", "freshness of the account's data"), decode_user_data_time
        )

    async def limits(self) -> AccountLimits:
        """Read the account's token buckets."""
        return await self._session.read(get("/account/limits", "account limits"), decode_limits)
