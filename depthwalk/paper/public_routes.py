"""What anybody may read of the paper exchange: markets, books, trades, events, series, status. No account.

Paths and parameters: kalshi-api.md sections 5 and 12.
"""

from depthwalk.domain.market import MarketStatus
from depthwalk.paper.calls import BadParameter, Call, PaperRoute, Reply
from depthwalk.paper.ledger import newest_first
from depthwalk.paper.limits import COSTS
from depthwalk.paper.listing import Listing
from depthwalk.paper.refusals import missing
from depthwalk.wire.account import StatusRecord, encode_costs, encode_status, encode_user_data_time
from depthwalk.wire.books import encode_book, encode_books
from depthwalk.wire.fees import encode_event, encode_series
from depthwalk.wire.markets import encode_market, encode_markets, market_object
from depthwalk.wire.scalars import Json
from depthwalk.wire.trades import encode_trades

_DEEPEST = 100
_MOST_BOOKS = 100
_FILTERS = {
    "unopened": MarketStatus.INITIALIZED,
    "open": MarketStatus.ACTIVE,
    "paused": MarketStatus.INACTIVE,
    "closed": MarketStatus.CLOSED,
    "settled": MarketStatus.FINALIZED,
}


def _written(listing: Listing) -> Json:
    return market_object(listing.record(), book=listing.book.book(), opened_at=listing.opened_at, updated_at=listing.opened_at)


def _market(call: Call) -> Reply:
    return Reply(body=encode_market(_written(call.exchange.listing(call.now, call.path["ticker"]))))


def _markets(call: Call) -> Reply:
    limit = call.number("limit", default=100, low=0, high=1_000) or 100
    word = call.query.get("status", "")
    if word and word not in _FILTERS:
        raise BadParameter("Parameter validation failed: status is none of " + ", ".join(_FILTERS))
    tickers, event, series = call.names("tickers"), call.query.get("event_ticker"), call.query.get("series_ticker")
    call.exchange.advance(call.now, call.exchange.listings)

    def wanted(listing: Listing) -> bool:
        return (
            (not word or listing.status is _FILTERS[word])
            and (tickers is None or listing.ticker in tickers)
            and (not event or listing.terms.event_ticker == event)
            and (not series or listing.series_ticker == series)
        )

    everything = [call.exchange.listings[ticker] for ticker in sorted(call.exchange.listings, reverse=True)]
    page = newest_first(everything, wanted, limit=limit, cursor=call.query.get("cursor"))
    return Reply(body=encode_markets([_written(listing) for listing in page.items], cursor=page.cursor))


def _book(call: Call) -> Reply:
    depth = call.number("depth", default=0, low=0, high=_DEEPEST)
    return Reply(body=encode_book(call.exchange.listing(call.now, call.path["ticker"]).book.book(), depth=depth))


def _books(call: Call) -> Reply:
    asked = call.query.getlist("tickers")
    if not 1 <= len(asked) <= _MOST_BOOKS:
        raise BadParameter(f"Parameter validation failed: tickers takes 1 to {_MOST_BOOKS} values")
    call.exchange.advance(call.now, asked)
    listings = call.exchange.listings
    # A ticker nobody knows is left out: what the venue does there is not documented.
    return Reply(body=encode_books({ticker: listings[ticker].book.book() for ticker in asked if ticker in listings}))


def _trades(call: Call) -> Reply:
    ticker = call.query.get("ticker")
    limit, after, before = call.limit(), call.moment("min_ts"), call.moment("max_ts")
    call.exchange.advance(call.now, [ticker] if ticker else call.exchange.listings)
    chosen = [one for name, one in call.exchange.listings.items() if not ticker or name == ticker]
    tape = sorted((trade for listing in chosen for trade in listing.tape), key=lambda trade: trade.at)
    page = newest_first(
        tape,
        lambda trade: (after is None or trade.at >= after) and (before is None or trade.at <= before),
        limit=limit,
        cursor=call.query.get("cursor"),
    )
    return Reply(body=encode_trades(page))


def _event(call: Call) -> Reply:
    for listing in call.exchange.listings.values():
        if listing.terms.event_ticker == call.path["event_ticker"]:
            return Reply(body=encode_event(listing.event()))
    raise missing()


def _series(call: Call) -> Reply:
    for listing in call.exchange.listings.values():
        if listing.series_ticker == call.path["series_ticker"]:
            return Reply(body=encode_series(listing.series()))
    raise missing()


def _status(call: Call) -> Reply:
    status = call.exchange.status
    return Reply(body=encode_status(StatusRecord(default=status, shards={0: status})))


def _user_data_time(call: Call) -> Reply:
    return Reply(body=encode_user_data_time(call.exchange.advance(call.now)))


def _costs(_call: Call) -> Reply:
    return Reply(body=encode_costs(COSTS))


PUBLIC_ROUTES = tuple(
    PaperRoute(method="GET", path=path, handler=handler, private=False)
    for path, handler in (
        ("/markets", _markets),
        ("/markets/orderbooks", _books),
        ("/markets/trades", _trades),
        ("/markets/{ticker}", _market),
        ("/markets/{ticker}/orderbook", _book),
        ("/events/{event_ticker}", _event),
        ("/series/{series_ticker}", _series),
        ("/exchange/status", _status),
        ("/exchange/user_data_timestamp", _user_data_time),
        ("/account/endpoint_costs", _costs),
    )
)
