"""Public reads: what is asked and how the answer is read."""

import asyncio
from fractions import Fraction

import httpx
import pytest
from pytest_httpx import HTTPXMock

from depthwalk.domain.market import FeeType
from depthwalk.domain.order import Side
from depthwalk.domain.units import SECOND, parse_instant
from depthwalk.errors import NotFound, Unreachable
from depthwalk.ports import ExchangeStatus
from tests.support.kalshi_client import NOW, ROOT, client


def _market_reply(**changes: object) -> dict[str, object]:
    market = {
        "ticker": "KX-A",
        "event_ticker": "KX-E",
        "status": "active",
        "exchange_index": 2,
        "price_ranges": [{"start": "0.0000", "end": "1.0000", "step": "0.0100"}],
    }
    return {"market": market | changes}


def test_a_market_gets_its_fees_from_event_and_series(httpx_mock: HTTPXMock) -> None:
    """Three reads; the event's override wins; a waiver that still runs is seen."""
    httpx_mock.add_response(url=f"{ROOT}/markets/KX-A", json=_market_reply(fee_waiver_expiration_time="2026-11-01T12:00:01Z"))
    httpx_mock.add_response(
        url=f"{ROOT}/events/KX-E",
        json={"event": {"event_ticker": "KX-E", "series_ticker": "KX", "fee_multiplier_override": 0.5}, "markets": []},
    )
    series = {"ticker": "KX", "fee_type": "quadratic_with_maker_fees", "fee_multiplier": 1}
    httpx_mock.add_response(url=f"{ROOT}/series/KX", json={"series": series})
    market = asyncio.run(client().market("KX-A"))
    fees = market.fees
    assert (FeeType.QUADRATIC_WITH_MAKER_FEES, Fraction(1, 2), True) == (fees.fee_type, fees.multiplier, fees.waived)
    assert (2, "KX-E") == (market.exchange_index, market.event_ticker)


def test_a_market_without_an_event_has_no_fees(httpx_mock: HTTPXMock) -> None:
    """It is not traded on a guess."""
    httpx_mock.add_response(json=_market_reply(event_ticker=""))
    with pytest.raises(NotFound, match="names no event"):
        asyncio.run(client().market("KX-A"))


def test_lists_are_read_to_the_end(httpx_mock: HTTPXMock) -> None:
    """Filters are sent again with each cursor."""
    first = {"markets": [_market_reply()["market"]], "cursor": "next"}
    second = {"markets": [_market_reply(ticker="KX-B")["market"]], "cursor": ""}
    httpx_mock.add_response(url=f"{ROOT}/markets?limit=1000&series_ticker=KX&status=open", json=first)
    httpx_mock.add_response(url=f"{ROOT}/markets?limit=1000&series_ticker=KX&status=open&cursor=next", json=second)
    found = asyncio.run(client().markets(series_ticker="KX", status="open"))
    assert ["KX-A", "KX-B"] == [record.ticker for record in found]


def test_many_books_in_few_requests(httpx_mock: HTTPXMock) -> None:
    """The query repeats the name; a hundred at once."""

    def answer(request: httpx.Request) -> httpx.Response:
        tickers = request.url.params.get_list("tickers")
        assert len(tickers) <= 100
        books = [{"ticker": ticker, "orderbook_fp": {"yes_dollars": [], "no_dollars": []}} for ticker in reversed(tickers)]
        return httpx.Response(200, json={"orderbooks": books})

    httpx_mock.add_callback(answer, is_reusable=True)
    tickers = [f"KX-{number}" for number in range(150)]
    assert set(tickers) == set(asyncio.run(client().books(tickers)))
    assert len(httpx_mock.get_requests()) == 2


def test_trades_since(httpx_mock: HTTPXMock) -> None:
    """The filter counts the server's seconds, and begins two earlier: our idea of them is good to one."""
    httpx_mock.add_response(
        url=f"{ROOT}/markets/trades?ticker=KX-A&min_ts={NOW // SECOND - 2}&limit=1000", json={"trades": [], "cursor": ""}
    )
    assert [] == asyncio.run(client().trades("KX-A", since=NOW))


def _printed(name: str, second: int, **changes: object) -> dict[str, object]:
    printed = {
        "trade_id": name,
        "ticker": "KX-A",
        "count_fp": "2.50",
        "yes_price_dollars": "0.4200",
        "no_price_dollars": "0.5800",
        "taker_book_side": "bid",
        "taker_outcome_side": "yes",
        "created_time": f"2026-11-01T12:00:0{second}.5Z",
        "is_block_trade": False,
    }
    return printed | changes


def test_the_tape_is_read_to_the_end_and_turned_round(httpx_mock: HTTPXMock) -> None:
    """Two pages, newest first: all trades come oldest first, on the YES leg, without those agreed elsewhere."""
    seller = {"taker_book_side": None, "taker_outcome_side": "no"}
    pages = {"": [_printed("d", 4), _printed("block", 3, is_block_trade=True), _printed("c", 2)], "next": []}
    pages["next"] = [_printed("c", 2), _printed("b", 2, **seller), _printed("a", 1)]
    for cursor, trades in pages.items():
        httpx_mock.add_response(
            url=f"{ROOT}/markets/trades?ticker=KX-A&min_ts={NOW // SECOND - 2}&limit=1000{cursor and '&cursor=' + cursor}",
            json={"trades": trades, "cursor": "" if cursor else "next"},
        )
    found = asyncio.run(client().trades_since("KX-A", NOW))
    assert ["a", "b", "c", "d"] == [trade.trade_id for trade in found]
    assert [Side.BUY, Side.SELL, Side.BUY, Side.BUY] == [trade.taker for trade in found]
    assert {(4_200, 250)} == {(trade.price, trade.quantity) for trade in found}
    assert parse_instant("2026-11-01T12:00:01.5Z") == found[0].at


@pytest.mark.parametrize("status", [200, 503])
def test_the_exchange_may_say_it_is_down_with_an_error(httpx_mock: HTTPXMock, status: int) -> None:
    """The same body comes with 503: it is an answer, not a fault."""
    shards = [{"exchange_index": 2, "description": "", "exchange_active": True, "trading_active": False}]
    httpx_mock.add_response(
        status_code=status, json={"exchange_active": True, "trading_active": True, "exchange_index_statuses": shards}
    )
    assert ExchangeStatus(exchange_active=True, trading_active=False) == asyncio.run(client().status(2))


def test_a_broken_status_is_a_fault(httpx_mock: HTTPXMock) -> None:
    """A 503 with anything else in it is asked for again and then reported."""
    httpx_mock.add_response(status_code=503, content=b"<html>", is_reusable=True)
    with pytest.raises(Unreachable, match="503"):
        asyncio.run(client(max_retries=1).status())
    assert len(httpx_mock.get_requests()) == 2
