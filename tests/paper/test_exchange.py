import random
from dataclasses import replace
from fractions import Fraction

import pytest

from depthwalk.domain.market import FeeSchedule, FeeType, MarketStatus
from depthwalk.domain.order import OrderStatus, Side, TimeInForce
from depthwalk.domain.units import Instant, Money, Price, Quantity
from depthwalk.errors import NotFound, OrderRefused, RefusalReason
from depthwalk.paper.account import AccountState, PositionState
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.shadow import ShadowBook
from depthwalk.wire.cancels import CancelItem, DecreaseBody
from depthwalk.wire.orders import REMOVE_EXPIRY, AmendBody, SelfTradePrevention
from tests.support.paper import START, TICKER, at, book, exchange, listing, wish

IOC, FOK = TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL
STILL = book([(48, 10)], [(50, 3), (51, 4)])


def _amend(side: Side, cents: int, contracts: int, **more: object) -> AmendBody:
    return AmendBody(ticker=TICKER, side=side, price=Price(cents * 100), total=Quantity(contracts * 100), **more)


def _status(paper: PaperExchange, order_id: str) -> OrderStatus:
    order = paper.ledger.by_id(order_id)
    assert order is not None
    return order.status


def test_a_taker_pays_prices_and_fees() -> None:
    """A sweep is booked on the order, in the fills and in the cash, to the last micro-dollar."""
    paper = exchange(STILL)
    receipt = paper.create(START, wish(Side.BUY, 51, 5, "a"))
    assert (Quantity(500), Quantity(0)) == (receipt.filled, receipt.remaining)
    assert Money(504_000) == receipt.average_price
    fills = [record.fill for record in paper.ledger.fills]
    assert [(5_000, 300), (5_100, 200)] == [(fill.price, fill.quantity) for fill in fills]
    # 0.07 x 3 x 0.5 x 0.5, and 0.07 x 2 x 0.51 x 0.49 with its rounding to $0.0001.
    assert [52_500, 35_000] == [fill.fee for fill in fills]
    assert Money(10_000_000_000 - 2_520_000 - 87_500) == paper.available()
    assert Quantity(500) == paper.account.position(TICKER).quantity
    assert OrderStatus.FILLED is _status(paper, receipt.order_id)


def test_a_maker_fills_later_without_a_fee() -> None:
    """A resting order locks its price, fills when traded through, and pays nothing under plain quadratic fees."""
    paper = exchange(STILL, book([(40, 1)], [(49, 2)]))
    receipt = paper.create(START, wish(Side.BUY, 49, 5))
    assert Money(10_000_000_000 - 2_450_000) == paper.available()
    paper.advance(at(1))
    (record,) = paper.ledger.fills
    assert (Quantity(200), False, Money(0), at(1)) == (
        record.fill.quantity,
        record.fill.is_taker,
        record.fill.fee,
        record.fill.at,
    )
    assert OrderStatus.RESTING is _status(paper, receipt.order_id)
    assert Money(10_000_000_000 - 2_450_000) == paper.available()


def test_maker_fees_where_the_series_charges_them() -> None:
    """A series with maker fees charges a quarter of the taker rate, times its multiplier."""
    fees = FeeSchedule(fee_type=FeeType.QUADRATIC_WITH_MAKER_FEES, multiplier=Fraction(1, 2))
    paper = exchange(STILL, book([(40, 1)], [(49, 2)]), fees=fees)
    paper.create(START, wish(Side.BUY, 50, 5, time_in_force=IOC))
    paper.create(START, wish(Side.BUY, 49, 2))
    paper.advance(at(1))
    taker, maker = (record.fill for record in paper.ledger.fills)
    assert (True, Money(26_300), False, Money(4_400)) == (taker.is_taker, taker.fee, maker.is_taker, maker.fee)


def test_a_client_id_stays_used() -> None:
    """A repeat answers 409 and places nothing, also after the order is gone."""
    paper = exchange(STILL)
    receipt = paper.create(START, wish(Side.BUY, 40, 1, "a"))
    paper.cancel(START, receipt.order_id)
    with pytest.raises(OrderRefused) as refused:
        paper.create(START, wish(Side.BUY, 40, 1, "a"))
    assert (409, RefusalReason.ALREADY_EXISTS) == (refused.value.status, refused.value.reason)
    assert 1 == len(paper.ledger.orders())


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"cents": 50, "post_only": True}, "invalid_order"),
        ({"cents": 50, "contracts": 4, "time_in_force": FOK}, "fill_or_kill_insufficient_resting_volume"),
    ],
)
def test_a_killed_order_is_listed_and_its_id_spent(more: dict[str, object], code: str) -> None:
    """Post-only crosses and killed FOKs are refused, but stay in the list as canceled without fills."""
    paper = exchange(STILL)
    given = {"contracts": 1, **more}
    with pytest.raises(OrderRefused) as refused:
        paper.create(START, wish(Side.BUY, client_id="a", **given))
    assert code == refused.value.code
    (order,) = paper.ledger.orders()
    assert (OrderStatus.CANCELED, 0, 0) == (order.status, order.filled, order.remaining)
    with pytest.raises(OrderRefused, match="order already exists"):
        paper.create(START, wish(Side.BUY, 40, 1, "a"))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"cents": 40, "contracts": 30_000}, "insufficient_balance"),
        ({"cents": 40, "contracts": 1, "client_id": "a.b"}, "invalid_parameters"),
        ({"cents": 40, "contracts": 1, "expires_at": START}, "invalid_parameters"),
        ({"cents": 40, "contracts": 1, "expires_at": at(9), "time_in_force": IOC}, "invalid_parameters"),
        ({"cents": 40, "contracts": 1, "reduce_only": True}, "invalid_parameters"),
        ({"cents": 40, "contracts": 1, "order_group_id": "g"}, "invalid_parameters"),
        ({"cents": 100, "contracts": 1}, "invalid_price"),
    ],
)
def test_what_cannot_be_placed_is_refused_whole(body: dict[str, object], code: str) -> None:
    """A refused order leaves no trace: no order, no used id, no cash locked."""
    paper = exchange(STILL)
    with pytest.raises(OrderRefused) as refused:
        paper.create(START, wish(Side.BUY, **body))
    assert code == refused.value.code
    assert [] == paper.ledger.orders()
    assert Money(10_000_000_000) == paper.available()


def test_an_unknown_market_or_order_is_not_found() -> None:
    """Tickers and order ids nobody knows answer 404."""
    paper = exchange(STILL)
    with pytest.raises(NotFound):
        paper.listing(START, "NONE")
    with pytest.raises(NotFound):
        paper.cancel(START, "none")


def test_every_terminal_cancel_is_not_found() -> None:
    """Canceled, executed and expired orders answer a cancel alike, so it proves nothing."""
    paper = exchange(STILL)
    canceled = paper.create(START, wish(Side.BUY, 40, 2)).order_id
    assert Quantity(200) == paper.cancel(START, canceled).reduced_by
    filled = paper.create(START, wish(Side.BUY, 50, 1)).order_id
    expired = paper.create(START, wish(Side.BUY, 40, 1, expires_at=at(5))).order_id
    for order_id in (canceled, filled, expired):
        with pytest.raises(NotFound):
            paper.cancel(at(5), order_id)
    assert Money(10_000_000_000 - 500_000 - 17_500) == paper.available()


def test_amend_totals_prices_and_expiry() -> None:
    """The total counts fills; the same order goes on; the expiry is kept, set and removed; total = filled cancels."""
    paper = exchange(STILL)
    order_id = paper.create(START, wish(Side.BUY, 50, 5, "a", expires_at=at(60))).order_id
    receipt = paper.amend(at(1), order_id, _amend(Side.BUY, 51, 8, updated_client_id="b"))
    assert (order_id, "b", Quantity(400), Quantity(100)) == (
        receipt.order_id,
        receipt.client_id,
        receipt.filled,
        receipt.remaining,
    )
    assert Money(510_000) == receipt.average_price
    order = paper.ledger.by_id(order_id)
    assert order is not None
    assert (at(60), Quantity(800)) == (order.expires_at, order.total)
    paper.amend(at(2), order_id, _amend(Side.BUY, 51, 8, expires_at=at(90)))
    assert at(90) == order.expires_at
    paper.amend(at(2), order_id, _amend(Side.BUY, 51, 8, expires_at=REMOVE_EXPIRY))
    assert order.expires_at is None
    with pytest.raises(OrderRefused, match="count is below what is filled"):
        paper.amend(at(3), order_id, _amend(Side.BUY, 51, 6))
    assert Quantity(0) == paper.amend(at(3), order_id, _amend(Side.BUY, 51, 7)).remaining
    assert (OrderStatus.CANCELED, Quantity(700)) == (order.status, order.filled)
    with pytest.raises(NotFound):
        paper.amend(at(3), order_id, _amend(Side.BUY, 51, 9))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (_amend(Side.SELL, 41, 5), "order_side_mismatch"),
        (AmendBody(ticker="OTHER", side=Side.BUY, price=Price(4_100), total=Quantity(5)), "order_ticker_mismatch"),
        (_amend(Side.BUY, 41, 5, client_id="z"), "order_id_and_client_order_id_mismatch"),
        (_amend(Side.BUY, 41, 5, updated_client_id="a"), "order_already_exists"),
        (_amend(Side.BUY, 41, 5, updated_client_id="a.b"), "invalid_parameters"),
        (_amend(Side.BUY, 41, 50_000), "insufficient_balance"),
        (_amend(Side.BUY, 0, 5), "invalid_price"),
        (_amend(Side.BUY, 41, 5, expires_at=START), "invalid_parameters"),
    ],
)
def test_a_refused_amend_changes_nothing(body: AmendBody, code: str) -> None:
    """The order is as it was."""
    paper = exchange(STILL)
    order_id = paper.create(START, wish(Side.BUY, 40, 5, "a")).order_id
    order = paper.ledger.by_id(order_id)
    assert order is not None
    before = order.record("", 0)
    with pytest.raises(OrderRefused) as refused:
        paper.amend(at(1), order_id, body)
    assert code == refused.value.code
    assert before == order.record("", 0)


def test_decrease_keeps_or_cancels() -> None:
    """A decrease by or to; to nothing cancels; more than there is is refused."""
    paper = exchange(STILL)
    order_id = paper.create(START, wish(Side.BUY, 40, 5)).order_id
    assert Quantity(300) == paper.decrease(START, order_id, DecreaseBody(reduce_by=Quantity(200))).remaining
    with pytest.raises(OrderRefused, match="invalid order size"):
        paper.decrease(START, order_id, DecreaseBody(reduce_to=Quantity(300)))
    assert Quantity(0) == paper.decrease(START, order_id, DecreaseBody(reduce_to=Quantity(0))).remaining
    assert OrderStatus.CANCELED is _status(paper, order_id)


def test_batch_and_cancel_all() -> None:
    """A batch answers item by item; cancel-all leaves nothing and frees the cash."""
    paper = exchange(STILL)
    ids = [paper.create(START, wish(Side.BUY, cents, 1)).order_id for cents in (40, 41, 42)]
    first, second = paper.cancel_batch(START, [CancelItem(order_id=ids[0]), CancelItem(order_id="none")])
    assert (Quantity(100), None) == (first.reduced_by, first.fault)
    assert second.fault is not None
    assert (Quantity(0), "not_found") == (second.reduced_by, second.fault.code)
    paper.cancel_all(START)
    assert [] == paper.ledger.busy()
    assert Money(10_000_000_000) == paper.available()


def test_a_pause_refuses_orders_but_not_cancels() -> None:
    """Trading pause: no create or amend, cancels pass, those that asked go. Exchange pause: nothing passes."""
    paper = exchange(STILL)
    stays = paper.create(START, wish(Side.BUY, 40, 1)).order_id
    goes = paper.create(START, wish(Side.BUY, 41, 1, cancel_on_pause=True)).order_id
    paper.pause(at(1), trading=False)
    assert (OrderStatus.RESTING, OrderStatus.CANCELED) == (_status(paper, stays), _status(paper, goes))
    with pytest.raises(OrderRefused, match="trading is paused"):
        paper.create(at(1), wish(Side.BUY, 40, 1))
    paper.pause(at(1), exchange=False)
    for command in (paper.cancel_all, lambda now: paper.cancel(now, stays)):
        with pytest.raises(OrderRefused, match="exchange is paused"):
            command(at(1))
    paper.pause(at(2))
    assert Quantity(100) == paper.cancel(at(2), stays).reduced_by


def test_a_close_ends_every_order() -> None:
    """At the close resting orders are canceled, at its time; after it nothing is taken; a row after it fills nobody."""
    paper = exchange(STILL, STILL, STILL, book([(30, 1)], [(35, 9)]), close=at(2))
    order_id = paper.create(START, wish(Side.BUY, 40, 1)).order_id
    with pytest.raises(OrderRefused) as refused:
        paper.create(at(5), wish(Side.BUY, 40, 1))
    assert RefusalReason.MARKET_CLOSED is refused.value.reason
    order = paper.ledger.by_id(order_id)
    assert order is not None
    assert (OrderStatus.CANCELED, at(2)) == (order.status, order.updated_at)
    assert MarketStatus.CLOSED is paper.listing(at(5), TICKER).record().status


def test_the_fee_of_taking_it_whole_has_to_be_there() -> None:
    """An order needs its price and the taker's fee at its limit, with the step of the balance: not a micro-dollar less."""
    needed = 1_500_000 + 52_500 + 100  # 3 at 50 cents; 0.07 x 3 x 0.5 x 0.5; $0.0001
    short, enough = (exchange(STILL, account=AccountState(cash=Money(cash))) for cash in (needed - 1, needed))
    with pytest.raises(OrderRefused, match="insufficient balance"):
        short.create(START, wish(Side.BUY, 50, 3))
    assert Quantity(300) == enough.create(START, wish(Side.BUY, 50, 3)).filled


def test_what_rests_in_another_market_is_not_there_to_spend() -> None:
    """Ten dollars of which six are locked elsewhere buy no ten contracts at 40 cents, but nine; an amend is held to it too."""
    listings = [listing(ShadowBook([(START, STILL)])) for _ in range(2)]
    listings[1].terms = replace(listings[1].terms, ticker="TEST-2")
    paper = PaperExchange(listings, ids=random.Random(1), source="replay", account=AccountState(cash=Money(10_000_000)))
    paper.create(START, replace(wish(Side.BUY, 40, 15), ticker="TEST-2"))
    with pytest.raises(OrderRefused, match="insufficient balance"):
        paper.create(START, wish(Side.BUY, 40, 10))
    receipt = paper.create(START, wish(Side.BUY, 40, 9))
    with pytest.raises(OrderRefused, match="insufficient balance"):
        paper.amend(START, receipt.order_id, _amend(Side.BUY, 40, 10))
    assert Money(400_000) == paper.available()


def test_reduce_only_never_opens() -> None:
    """A reduce-only IOC is capped at the position; without one it is canceled."""
    account = AccountState(positions=(PositionState(ticker=TICKER, quantity=Quantity(200)),))
    paper = exchange(STILL, account=account)
    assert Quantity(200) == paper.create(START, wish(Side.SELL, 40, 5, time_in_force=IOC, reduce_only=True)).filled
    receipt = paper.create(START, wish(Side.SELL, 40, 5, time_in_force=IOC, reduce_only=True))
    assert (0, 0) == (receipt.filled, receipt.remaining)
    assert OrderStatus.CANCELED is _status(paper, receipt.order_id)


def test_self_trades_are_prevented_across_own_orders() -> None:
    """An order that would meet our own cancels it (or stops), and no fill has us on both sides."""
    paper = exchange(book([(48, 10)], [(52, 3)]))
    own = paper.create(START, wish(Side.SELL, 50, 2)).order_id
    receipt = paper.create(START, wish(Side.BUY, 50, 5, self_trade_prevention=SelfTradePrevention.MAKER))
    assert (OrderStatus.CANCELED, 0, 500) == (_status(paper, own), receipt.filled, receipt.remaining)
    assert [] == paper.ledger.fills


def test_time_never_runs_backwards() -> None:
    """A command dated earlier counts as simultaneous with the latest."""
    paper = exchange(STILL)
    paper.advance(at(10))
    assert at(10) == paper.create(at(3), wish(Side.BUY, 40, 1)).at


def test_the_same_commands_give_the_same_replies() -> None:
    """Same seed, same sequence: the same receipts, ids and fills."""

    def play() -> list[object]:
        paper = exchange(STILL, book([(40, 1)], [(47, 9)]))
        replies: list[object] = [paper.create(Instant(START + n), wish(Side.BUY, 46 + n, 2, f"c{n}")) for n in range(5)]
        paper.advance(at(1))
        return [*replies, *paper.ledger.fills, paper.account_state()]

    assert play() == play()
