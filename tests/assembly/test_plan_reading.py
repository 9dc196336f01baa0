"""The tape as `plan` reads it: what counts as trading against our side, and how far back."""

import asyncio

import pytest
from pytest_httpx import HTTPXMock

from depthwalk.analysis.fill_probability import Tape
from depthwalk.assembly.plan_reading import read_tape
from depthwalk.clock import ManualClock
from depthwalk.domain.order import Outcome, ParentOrder
from depthwalk.domain.units import in_seconds, seconds
from tests.support.books import contracts
from tests.support.kalshi_client import DATE, NOW, client
from tests.support.venue import parent


def _printed(trade_id: str, at: str, count: str, **changes: object) -> dict[str, object]:
    """Return a public trade against bids."""
    trade = {"trade_id": trade_id, "ticker": "KX-A", "count_fp": count, "yes_price_dollars": "0.4200", "created_time": at}
    return trade | {"taker_book_side": "ask", "is_block_trade": False} | changes


def _tape(httpx_mock: HTTPXMock, trades: list[dict[str, object]], order: ParentOrder) -> Tape | None:
    """Read the tape at 12:00:02 of the exchange's clock; ours is 2 s behind."""
    httpx_mock.add_response(json={"trades": trades, "cursor": ""}, headers={"date": DATE})
    clock = ManualClock(NOW)
    return asyncio.run(read_tape(client(clock=clock), order, clock))


def test_the_tape_counts_what_traded_against_our_side(httpx_mock: HTTPXMock) -> None:
    """Two prints at one time are one taker's; the other side, block trades and what is older are left out."""
    trades = [
        _printed("1", "2026-11-01T12:00:00Z", "3.00"),
        _printed("2", "2026-11-01T12:00:00Z", "4.00"),
        _printed("3", "2026-11-01T11:59:30Z", "5.00"),
        _printed("4", "2026-11-01T11:59:20Z", "60.00", taker_book_side="bid"),
        _printed("5", "2026-11-01T11:59:10Z", "700.00", is_block_trade=True),
        _printed("6", "2026-11-01T11:50:00Z", "8000.00"),
    ]
    assert Tape(trades=2, volume=contracts(12), span=seconds(120)) == _tape(httpx_mock, trades, parent(100))


def test_a_seller_is_reached_by_buyers(httpx_mock: HTTPXMock) -> None:
    """Selling YES and buying NO both rest as asks."""
    trades = [
        _printed("1", "2026-11-01T11:50:00Z", "1.00"),
        _printed("2", "2026-11-01T12:00:00Z", "6.00", taker_book_side="bid"),
    ]
    order = parent(100, outcome=Outcome.NO)
    assert Tape(trades=1, volume=contracts(6), span=seconds(120)) == _tape(httpx_mock, trades, order)


def test_a_short_tape_has_a_short_span(httpx_mock: HTTPXMock) -> None:
    """The first trade of all was 42 s ago (to the second of the Date header); a market without any has no tape."""
    tape = _tape(httpx_mock, [_printed("1", "2026-11-01T11:59:20Z", "1.00")], parent(100))
    assert tape is not None
    assert 42 == pytest.approx(in_seconds(tape.span), abs=0.5)
    assert _tape(httpx_mock, [], parent(100)) is None
