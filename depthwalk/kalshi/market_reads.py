"""Reads that need no account: markets, their fees, books, public trades, the exchange's own state and prices of requests."""

from collections.abc import Sequence

from depthwalk.domain.book import Book
from depthwalk.domain.market import Market
from depthwalk.domain.messages import PublicTrade
from depthwalk.domain.units import SECOND, Instant
from depthwalk.errors import NotFound
from depthwalk.kalshi.paging import all_pages
from depthwalk.kalshi.session import Call, Parameters, Session
from depthwalk.ports import ExchangeStatus
from depthwalk.wire.account import EndpointCosts, decode_costs, decode_status
from depthwalk.wire.books import decode_book, decode_books
from depthwalk.wire.faults import Kind
from depthwalk.wire.fees import EventInfo, SeriesFees, compose_fees, decode_event, decode_series
from depthwalk.wire.markets import MarketRecord, decode_market, decode_markets
from depthwalk.wire.pages import Page
from depthwalk.wire.trades import Trade, decode_trades

_PAGE = 1_000
_BOOKS_AT_ONCE = 100
_SLACK_SECONDS = 2
"""How much earlier than asked a filter by time begins: it counts whole seconds, and our idea of server time is good to one."""


def get(template: str, what: str, *names: str, parameters: Parameters | None = None) -> Call:
    """Return a read."""
    return Call(method="GET", template=template, what=what, kind=Kind.READ, names=names, parameters=parameters)


def filter_from(session: Session, since: Instant) -> int:
    """Return the filter `min_ts` that surely includes *since* (our clock): an item too many does no harm, one too few does."""
    return session.server_time(since) // SECOND - _SLACK_SECONDS


class MarketReads:
    """The public half of the client. All methods raise as `ports.Exchange` says of reads."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def market_record(self, ticker: str) -> MarketRecord:
        """Read one market as its own reply states it, without fees."""
        return await self._session.read(get("/markets/:ticker", f"market {ticker}", ticker), decode_market)

    async def event(self, event_ticker: str) -> EventInfo:
        """Read an event: its series, and what it overrides of the fees."""
        return await self._session.read(get("/events/:event_ticker", f"event {event_ticker}", event_ticker), decode_event)

    async def series(self, series_ticker: str) -> SeriesFees:
        """Read the fees of a series."""
        return await self._session.read(get("/series/:series_ticker", f"series {series_ticker}", series_ticker), decode_series)

    async def market(self, ticker: str) -> Market:
        """Read a market with its grid and its fee schedule: three reads, as only event and series know the fees."""
        record = await self.market_record(ticker)
        if not record.event_ticker:
            raise NotFound(f"market {ticker}: it names no event, so its fees are unknown")
        event = await self.event(record.event_ticker)
        series = await self.series(event.series_ticker)
        return record.with_fees(compose_fees(record, event, series, at=self._session.now()))

    async def market_again(self, market: Market) -> Market:
        """Read a market once more, one read: what its event and series charge is left as it was."""
        return (await self.market_record(market.ticker)).with_fees(market.fees)

    async def markets(
        self,
        *,
        event_ticker: str | None = None,
        series_ticker: str | None = None,
        tickers: Sequence[str] = (),
        status: str | None = None,
        most: int | None = None,
    ) -> list[MarketRecord]:
        """List markets; *status* is one of the venue's filter words unopened, open, paused, closed, settled."""

        async def page(cursor: str | None) -> Page[MarketRecord]:
            parameters: Parameters = {
                "limit": _PAGE,
                "event_ticker": event_ticker,
                "series_ticker": series_ticker,
                "tickers": ",".join(tickers) or None,
                "status": status,
                "cursor": cursor,
            }
            return await self._session.read(get("/markets", "markets", parameters=parameters), decode_markets)

        return await all_pages(page, key=lambda record: record.ticker, what="markets", most=most)

    async def book(self, ticker: str) -> Book:
        """Read the order book, all levels."""
        return await self._session.read(get("/markets/:ticker/orderbook", f"order book of {ticker}", ticker), decode_book)

    async def books(self, tickers: Sequence[str]) -> dict[str, Book]:
        """Read the books of several markets, a hundred a request; what the venue does not answer for is left out."""
        found: dict[str, Book] = {}
        for start in range(0, len(tickers), _BOOKS_AT_ONCE):
            parameters: Parameters = {"tickers": list(tickers[start : start + _BOOKS_AT_ONCE])}
            found |= await self._session.read(get("/markets/orderbooks", "order books", parameters=parameters), decode_books)
        return found

    async def trades(self, ticker: str, *, since: Instant | None = None, most: int | None = None) -> list[Trade]:
        """List the public trades of one market, newest first; *since* (our clock) may bring some earlier."""
        min_ts = None if since is None else filter_from(self._session, since)

        async def page(cursor: str | None) -> Page[Trade]:
            parameters: Parameters = {"ticker": ticker, "min_ts": min_ts, "limit": _PAGE, "cursor": cursor}
            call = get("/markets/trades", f"trades of {ticker}", parameters=parameters)
            return await self._session.read(call, decode_trades)

        return await all_pages(page, key=lambda trade: trade.trade_id, what=f"trades of {ticker}", most=most)

    async def trades_since(self, ticker: str, since: Instant) -> Sequence[PublicTrade]:
        """List everybody's trades of one market, oldest first, without block trades; *since* may bring some earlier."""
        return [
            PublicTrade(trade_id=trade.trade_id, at=trade.at, price=trade.price, quantity=trade.quantity, taker=trade.taker)
            for trade in reversed(await self.trades(ticker, since=since))
            if not trade.is_block
        ]

    async def status(self, exchange_index: int = 0) -> ExchangeStatus:
        """Read whether the shard is up and trades; the venue may say so with a 5xx."""
        record = await self._session.read(get("/exchange/status", "exchange status"), decode_status, with_faults=True)
        shard = record.of(exchange_index)
        return ExchangeStatus(
            exchange_active=shard.exchange_active, trading_active=shard.trading_active, resumes_at=record.resumes_at
        )

    async def endpoint_costs(self) -> EndpointCosts:
        """Read which requests do not cost the default."""
        return await self._session.read(get("/account/endpoint_costs", "endpoint costs"), decode_costs)
