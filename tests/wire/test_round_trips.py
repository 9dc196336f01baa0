"""What is written reads back as the same value: the paper exchange writes what the client reads, and the other way round."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from depthwalk.domain.units import Instant
from depthwalk.wire import account, books, cancels, fees, markets, orders, portfolio, trades
from depthwalk.wire.pages import Page
from depthwalk.wire.scalars import WireError, dumps
from tests.support import wire_strategies as ws

Encode = Callable[[Any], Any]
Decode = Callable[[bytes], Any]


def _market(record: markets.MarketRecord) -> dict[str, object]:
    written = markets.market_object(record, opened_at=Instant(0), updated_at=Instant(0))
    return markets.encode_market(written)


def _markets(page: Page[markets.MarketRecord]) -> dict[str, object]:
    written = [markets.market_object(record, opened_at=Instant(0), updated_at=Instant(0)) for record in page.items]
    return markets.encode_markets(written, cursor=page.cursor)


def _queue(ahead: dict[str, Any]) -> dict[str, object]:
    return portfolio.encode_queue_positions(ahead, ticker="T")


def _pages(items: SearchStrategy[Any]) -> SearchStrategy[Page[Any]]:
    return st.builds(Page, items=st.lists(items, max_size=3).map(tuple), cursor=st.none() | ws.NAMES)


_PAIRS: dict[str, tuple[SearchStrategy[Any], Encode, Decode]] = {
    "book": (ws.BOOKS, books.encode_book, books.decode_book),
    "books": (st.dictionaries(ws.NAMES, ws.BOOKS, max_size=3), books.encode_books, books.decode_books),
    "market": (ws.MARKETS, _market, markets.decode_market),
    "markets": (_pages(ws.MARKETS), _markets, markets.decode_markets),
    "series": (ws.SERIES, fees.encode_series, fees.decode_series),
    "event": (ws.EVENTS, fees.encode_event, fees.decode_event),
    "trades": (_pages(ws.TRADES), trades.encode_trades, trades.decode_trades),
    "create": (ws.CREATES, orders.encode_create, orders.decode_create),
    "create receipt": (ws.CREATE_RECEIPTS, orders.encode_create_receipt, orders.decode_create_receipt),
    "amend": (ws.AMENDS, orders.encode_amend, orders.decode_amend),
    "amend receipt": (ws.AMEND_RECEIPTS, orders.encode_amend_receipt, orders.decode_amend_receipt),
    "decrease": (ws.DECREASES, cancels.encode_decrease, cancels.decode_decrease),
    "decrease receipt": (ws.DECREASE_RECEIPTS, cancels.encode_decrease_receipt, cancels.decode_decrease_receipt),
    "cancel receipt": (ws.CANCEL_RECEIPTS, cancels.encode_cancel_receipt, cancels.decode_cancel_receipt),
    "cancel batch": (
        st.lists(ws.CANCEL_ITEMS, max_size=3).map(tuple),
        cancels.encode_cancel_batch,
        cancels.decode_cancel_batch,
    ),
    "cancel receipts": (
        st.lists(ws.CANCEL_RECEIPTS, max_size=3).map(tuple),
        cancels.encode_cancel_receipts,
        cancels.decode_cancel_receipts,
    ),
    "order": (ws.ORDERS, portfolio.encode_order, portfolio.decode_order),
    "orders": (_pages(ws.ORDERS), portfolio.encode_orders, portfolio.decode_orders),
    "fills": (_pages(ws.FILLS), portfolio.encode_fills, portfolio.decode_fills),
    "queue position": (ws.COUNTS, portfolio.encode_queue_position, portfolio.decode_queue_position),
    "queue positions": (st.dictionaries(ws.NAMES, ws.COUNTS, max_size=3), _queue, portfolio.decode_queue_positions),
    "positions": (_pages(ws.POSITIONS), account.encode_positions, account.decode_positions),
    "balance": (ws.BALANCES, account.encode_balance, account.decode_balance),
    "status": (ws.STATUSES, account.encode_status, account.decode_status),
    "user data time": (ws.TIMES, account.encode_user_data_time, account.decode_user_data_time),
    "limits": (ws.LIMITS, account.encode_limits, account.decode_limits),
    "costs": (ws.COSTS, account.encode_costs, account.decode_costs),
}


@pytest.mark.parametrize("name", _PAIRS)
@given(data=st.data())
def test_reading_what_was_written_gives_the_same_value(name: str, data: st.DataObject) -> None:
    """decode(encode(x)) == x, for every value the units can hold."""
    strategy, encode, decode = _PAIRS[name]
    value = data.draw(strategy)
    written = encode(value)
    assert value == decode(written if isinstance(written, bytes) else dumps(written))


@pytest.mark.parametrize("legacy", [True, False])
@given(order=ws.ORDERS, fill=ws.FILLS)
def test_legacy_direction_fields_change_nothing(
    order: portfolio.OrderRecord, fill: portfolio.FillRecord, *, legacy: bool
) -> None:
    """Orders and fills read the same with and without the deprecated fields."""
    assert order == portfolio.decode_order(dumps(portfolio.encode_order(order, legacy=legacy)))
    page = Page(items=(fill,))
    assert page == portfolio.decode_fills(dumps(portfolio.encode_fills(page, legacy=legacy)))


@given(body=st.binary(max_size=40) | st.sampled_from([b"[]", b"null", b"1", b'""', b"{}", b'{"a":' * 3000]))
@pytest.mark.parametrize("name", _PAIRS)
def test_nonsense_is_refused_and_nothing_else_is_raised(name: str, body: bytes) -> None:
    """Every reader refuses what is no object of its kind, saying where, and raises nothing else."""
    decode = _PAIRS[name][2]
    with pytest.raises(WireError, match=": "):
        decode(body)
