"""Order writes, account replies and error bodies, beyond the round trips."""

import json

import pytest

from depthwalk.domain.order import OrderStatus, Side, TimeInForce
from depthwalk.domain.units import Instant, Money, Price, Quantity
from depthwalk.wire import account, cancels, orders, portfolio
from depthwalk.wire.scalars import WireError, dumps

_CREATE = {
    "ticker": "T",
    "side": "bid",
    "count": "10",
    "price": "0.42",
    "time_in_force": "good_till_canceled",
    "self_trade_prevention_type": "taker_at_cross",
}


def test_a_create_as_it_goes_out() -> None:
    """Exact text: strings for numbers, seconds for the expiry, nothing that was not asked for."""
    body = orders.CreateBody(
        ticker="T",
        side=Side.SELL,
        quantity=Quantity(1_050),
        price=Price(4_205),
        time_in_force=TimeInForce.GOOD_TILL_CANCELED,
        client_id="dw-1-1",
        expires_at=Instant(1_795_000_000_000_000),
        cancel_on_pause=True,
        exchange_index=0,
    )
    expected = {
        "ticker": "T",
        "side": "ask",
        "count": "10.50",
        "price": "0.4205",
        "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "taker_at_cross",
        "client_order_id": "dw-1-1",
        "expiration_time": 1_795_000_000,
        "cancel_order_on_pause": True,
        "exchange_index": 0,
    }
    assert expected == json.loads(orders.encode_create(body))


def test_short_numbers_in_requests_are_read() -> None:
    """Requests may have 0 to 2 decimals in counts and 2 to 4 in prices."""
    body = orders.decode_create(json.dumps(_CREATE).encode())
    assert (Quantity(1_000), Price(4_200)) == (body.quantity, body.price)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"count": 10}, "count"),
        ({"price": 0.42}, "price"),
        ({"count": "0.00"}, "count"),
        ({"count": "-1.00"}, "count"),
        ({"count": "0.001"}, "count"),
        ({"price": "0.42001"}, "price"),
        ({"side": "yes"}, "side"),
        ({"time_in_force": "day"}, "time_in_force"),
        ({"self_trade_prevention_type": "none"}, "self_trade_prevention_type"),
    ],
)
def test_a_bad_create_names_its_field(changes: dict[str, object], path: str) -> None:
    """Numbers where strings must be, counts not above zero, unknown words."""
    with pytest.raises(WireError) as caught:
        orders.decode_create(json.dumps(_CREATE | changes).encode())
    assert path == caught.value.path


@pytest.mark.parametrize("field", sorted(_CREATE))
def test_every_required_field_of_a_create_is_required(field: str) -> None:
    """A create without it is refused, by name."""
    body = {name: value for name, value in _CREATE.items() if name != field}
    with pytest.raises(WireError, match=f"missing required field `{field}`"):
        orders.decode_create(json.dumps(body).encode())


@pytest.mark.parametrize(
    "body",
    [b"{}", b'{"order_id":""}', b'{"order_id":"1","fill_count":"1.00"}', b'{"order_id":"1","remaining_count":"1.00"}'],
)
def test_a_reply_without_an_order_is_no_receipt(body: bytes) -> None:
    """A 2xx with anything less than id and both counts does not say that the order was placed."""
    with pytest.raises(WireError):
        orders.decode_create_receipt(body)


def test_an_average_we_cannot_hold_does_not_hide_an_order() -> None:
    """Seven decimals in a decoration: the receipt is still a receipt."""
    body = (
        b'{"order_id":"1","fill_count":"3.00","remaining_count":"0.00","average_fill_price":"0.3333333",'
        b'"average_fee_paid":null,"ts_ms":null}'
    )
    receipt = orders.decode_create_receipt(body)
    assert (Quantity(300), None, None) == (receipt.filled, receipt.average_price, receipt.at)


def test_a_pure_price_amend_may_answer_with_an_id_alone() -> None:
    """Seen on the margin exchange: then nothing is known of the size."""
    receipt = orders.decode_amend_receipt(b'{"order_id":"1","ts_ms":1795000000123,"remaining_count":null}')
    assert (None, None, 1_795_000_000_123_000) == (receipt.remaining, receipt.filled, receipt.at)


def test_averages_are_written_as_the_venue_does() -> None:
    """Four decimals where they are enough, six where they are not."""
    receipt = orders.CreateReceipt(
        order_id="1",
        client_id=None,
        filled=Quantity(100),
        remaining=Quantity(0),
        average_price=Money(520_000),
        average_fee=Money(17_333),
    )
    written = orders.encode_create_receipt(receipt)
    assert ("0.5200", "0.017333") == (written["average_fill_price"], written["average_fee_paid"])


@pytest.mark.parametrize("body", [b"{}", b'{"reduce_by":"1","reduce_to":"1"}', b'{"reduce_by":"x"}'])
def test_a_decrease_has_exactly_one_size(body: bytes) -> None:
    """By or to, not both, not neither."""
    with pytest.raises(WireError, match="reduce_by"):
        cancels.decode_decrease(body)


def test_a_batch_item_carries_its_own_fault() -> None:
    """The rest of the batch is not touched by it."""
    body = (
        b'{"orders":[{"order_id":"1","reduced_by":"3.00","ts_ms":1},'
        b'{"order_id":"2","reduced_by":"0.00","error":{"code":"not_found","message":"not found"}}]}'
    )
    first, second = cancels.decode_cancel_receipts(body)
    assert first.fault is None
    assert second.fault is not None
    assert "not_found" == second.fault.code


_ORDER = {
    "order_id": "1",
    "ticker": "T",
    "status": "executed",
    "yes_price_dollars": "0.4200",
    "initial_count_fp": "10.00",
    "fill_count_fp": "10.00",
    "remaining_count_fp": "0.00",
    "book_side": "ask",
}


def test_executed_is_filled() -> None:
    """The venue's word for an order that is filled whole."""
    record = portfolio.decode_order(json.dumps({"order": _ORDER}).encode())
    assert (OrderStatus.FILLED, Side.SELL, "") == (record.status, record.side, record.client_id)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"status": "pending"}, "order.status"),
        ({"book_side": None}, "order.book_side"),
        ({"yes_price_dollars": "0.42001"}, "order.yes_price_dollars"),
        ({"self_trade_prevention_type": "both"}, "order.self_trade_prevention_type"),
    ],
)
def test_an_order_we_do_not_understand_is_refused(changes: dict[str, object], path: str) -> None:
    """Better no order than half of one."""
    with pytest.raises(WireError) as caught:
        portfolio.decode_order(json.dumps({"order": _ORDER | changes}).encode())
    assert path == caught.value.path


def test_a_fill_may_be_known_by_its_old_names() -> None:
    """`trade_id`, `market_ticker` and `ts` stand in where the new fields are missing."""
    fill = {
        "trade_id": "f",
        "order_id": "1",
        "market_ticker": "T",
        "outcome_side": "no",
        "count_fp": "1.00",
        "yes_price_dollars": "0.7000",
        "is_taker": False,
        "fee_cost": "0.000000",
        "ts": 7,
    }
    record = portfolio.decode_fills(json.dumps({"fills": [fill]}).encode()).items[0]
    assert ("f", "T", Side.SELL, 7_000_000) == (record.fill.fill_id, record.ticker, record.side, record.fill.at)
    for field in ("trade_id", "market_ticker", "ts"):
        with pytest.raises(WireError, match=r"fills\[0\]\."):
            portfolio.decode_fills(json.dumps({"fills": [{**fill, field: None}]}).encode())


def test_cash_of_a_shard() -> None:
    """The shard's own entry; nothing where the shards are listed without it; the total where none are."""
    body = (
        b'{"balance":101,"balance_dollars":"1.0150","updated_ts":7,'
        b'"balance_breakdown":[{"exchange_index":2,"balance":"0.5000"}]}'
    )
    balance = account.decode_balance(body)
    assert (1_015_000, 500_000, 0) == (balance.total, balance.of(2), balance.of(0))
    old = account.decode_balance(b'{"balance":101,"portfolio_value":5,"updated_ts":7}')
    assert Money(1_010_000) == old.of(3)


def test_balances_are_written_with_truncated_cents() -> None:
    """The integer cents drop what is finer."""
    written = account.encode_balance(account.Balance(total=Money(98_018_600), at=Instant(0), shards={0: Money(98_018_600)}))
    assert (9801, "98.0186") == (written["balance"], written["balance_dollars"])


def test_status_of_a_shard() -> None:
    """A listed shard speaks for itself; the others follow the default."""
    body = (
        b'{"exchange_active":true,"trading_active":true,"exchange_index_statuses":'
        b'[{"exchange_index":2,"description":"","exchange_active":true,"trading_active":false}]}'
    )
    status = account.decode_status(body)
    assert (False, True) == (status.of(2).trading_active, status.of(0).trading_active)


def test_orders_have_what_the_official_client_insists_on() -> None:
    """Every field that OpenAPI's Order requires is there (kalshi-api.md section 14)."""
    record = portfolio.decode_order(json.dumps({"order": _ORDER}).encode())
    written = json.loads(dumps(portfolio.encode_order(record)))["order"]
    required = (
        "order_id user_id client_order_id ticker side action outcome_side book_side type status yes_price_dollars"
        " no_price_dollars fill_count_fp remaining_count_fp initial_count_fp taker_fees_dollars maker_fees_dollars"
        " taker_fill_cost_dollars maker_fill_cost_dollars exchange_index"
    )
    assert set() == set(required.split()) - set(written)
