"""What first orders would do to a book: by hand, and as properties of every algorithm on any book."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthwalk.analysis.fees import DIRECT_PRECISION
from depthwalk.analysis.fill_probability import PRIORS, Tape, expected_fill, fill_probability, spot
from depthwalk.analysis.plans import (
    FlowFacts,
    Forecast,
    Objection,
    Outlay,
    Plan,
    PlannedOrder,
    PlanSheet,
    plan_orders,
    sweet_spot,
    worst_case,
)
from depthwalk.domain.book import Book
from depthwalk.domain.market import FeeSchedule, FeeType
from depthwalk.domain.messages import BookChanged, Reason, Rules, Started, SubmitOrder
from depthwalk.domain.order import Action, Outcome, ParentOrder, TimeInForce
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.units import Money, Price, Quantity, seconds
from depthwalk.executors.registry import ALGORITHMS, default_parameters, make_executor
from tests.support.books import book, cents, contracts, market
from tests.support.venue import T0, parent

FLOW = PRIORS[LiquidityClass.MODERATE]
TIME = seconds(38.5)


def _order(
    order: ParentOrder,
    price: Price,
    quantity: Quantity,
    *,
    split: int = 0,
    post_only: bool = False,
    time_in_force: TimeInForce = TimeInForce.GOOD_TILL_CANCELED,
) -> SubmitOrder:
    return SubmitOrder(
        client_id=order.child_id(split + 1),
        split=split,
        side=order.side,
        price=price,
        quantity=quantity,
        time_in_force=time_in_force,
        post_only=post_only,
    )


def _planned(
    order: ParentOrder,
    fees: FeeSchedule,
    shown: Book,
    orders: Sequence[SubmitOrder],
    reasons: Mapping[int, str] | None = None,
) -> tuple[PlannedOrder, ...]:
    return plan_orders(order, fees, shown, orders, reasons or {}, flow=FLOW, time=TIME)


def test_an_order_takes_what_is_there_and_queues_with_the_rest() -> None:
    """10 at 42 and 5 at 43 are taken, 5 rest at 43 behind nobody; fees by hand: 7 % x C x P x (1 - P), rounded per order."""
    order = parent(2_000)
    (planned,) = _planned(
        order, FeeSchedule(), book("40x7 | 42x10 43x5 44x50"), [_order(order, cents(43), contracts(20))], {0: "why"}
    )

    # 0.07 x 10 x 0.42 x 0.58 = $0.17052 -> $0.1706; 0.07 x 5 x 0.43 x 0.57 = $0.085785: both $0.256305 -> $0.2564.
    assert Outlay(quantity=contracts(15), value=Money(6_350_000), fees=Money(256_400)) == planned.taking
    assert Outlay(quantity=contracts(5), value=Money(2_150_000), fees=Money(0)) == planned.resting
    assert (1, cents(43), 0, "why") == (planned.level, planned.price, planned.ahead, planned.why)


def test_what_one_order_takes_is_gone_for_the_next() -> None:
    """Two orders at the ask: the second finds what the first left; the queue ahead is that of others at its price."""
    order = parent(2_000)
    orders = [_order(order, cents(42), contracts(8)), _order(order, cents(42), contracts(12), split=1)]
    first, second = _planned(order, FeeSchedule(), book("40x7 | 42x10"), orders)

    assert (contracts(8), contracts(2), contracts(10)) == (
        first.taking.quantity, second.taking.quantity, second.resting.quantity,
    )  # fmt: skip
    (queued,) = _planned(order, FeeSchedule(), book("40x7 | 42x10"), [_order(order, cents(40), contracts(1), post_only=True)])
    assert (contracts(7), contracts(1)) == (queued.ahead, queued.resting.quantity)


@pytest.mark.parametrize(
    ("outcome", "action", "leg", "own"),
    [
        (Outcome.YES, Action.BUY, 42, 42),
        (Outcome.NO, Action.SELL, 42, 58),
        (Outcome.YES, Action.SELL, 40, 40),
        (Outcome.NO, Action.BUY, 40, 60),
    ],
)
def test_prices_are_the_users(outcome: Outcome, action: Action, leg: int, own: int) -> None:
    """The order on the YES leg, the value in prices of the contract the user names; a seller's fees come off."""
    order = parent(1_000, outcome=outcome, action=action)
    seen = book("40x10 | 42x10")
    seen = seen if leg == 42 else seen.mirrored()
    (planned,) = _planned(order, FeeSchedule(), seen, [_order(order, cents(leg), contracts(10))])

    assert cents(own) == planned.price
    assert Money(own * 100 * 1_000) == planned.taking.value
    fees = planned.taking.fees
    assert fees is not None
    assert fees > 0
    sign = 1 if action is Action.BUY else -1
    assert planned.taking.value + sign * fees == planned.taking.total(action)
    assert own * 100_000 == worst_case(order, FeeSchedule(), [_order(order, cents(leg), contracts(10))], cents(own)).value


def test_a_maker_pays_where_the_schedule_says_so() -> None:
    """A quarter of the taker's rate on what rests."""
    order = parent(10_000)
    fees = FeeSchedule(fee_type=FeeType.QUADRATIC_WITH_MAKER_FEES, multiplier=Fraction(1))
    (planned,) = _planned(order, fees, book("40x7 | 42x10"), [_order(order, cents(40), contracts(100))])

    assert Money(420_000) == planned.resting.fees  # 0.0175 x 100 x 0.4 x 0.6


def test_fees_that_are_not_known_are_not_called_zero() -> None:
    """A flat schedule has no table in the API: None all the way."""
    order = parent(1_000)
    flat = FeeSchedule(fee_type=FeeType.FLAT)
    (planned,) = _planned(order, flat, book("40x7 | 42x5"), [_order(order, cents(42), contracts(10))])

    assert planned.taking.fees is None
    assert (planned.taking + planned.resting).total(Action.BUY) is None
    assert Money(4_200_000) == (planned.taking + planned.resting).value


def test_an_order_that_does_not_rest_gives_up_what_is_not_there() -> None:
    """10 of 12 taken, nothing queues: its chance to be filled whole is none, and with 10 it is certain."""
    order = parent(2_000)
    ioc = TimeInForce.IMMEDIATE_OR_CANCEL
    orders = [_order(order, cents(42), contracts(size), time_in_force=ioc) for size in (12, 10)]
    short, whole = (_planned(order, FeeSchedule(), book("40x7 | 42x10"), [each])[0] for each in orders)
    assert (contracts(10), 0, 0.0, contracts(10)) == (
        short.taking.quantity, short.resting.quantity, short.probability, short.filled,
    )  # fmt: skip
    assert (1.0, contracts(10)) == (whole.probability, whole.filled)


def test_the_chance_counts_all_who_come_before() -> None:
    """Those at better prices, those at ours, and our own orders that stand as well or better; what is taken is certain."""
    order, shown = parent(6_000), book("40x7 39x5 | 42x10")
    orders = [
        _order(order, cents(42), contracts(30)),
        _order(order, cents(39), contracts(20), split=1),
        _order(order, cents(39), contracts(10), split=2),
    ]
    planned = _planned(order, FeeSchedule(), shown, orders)
    rests = [
        (cents(42), contracts(20), 0),
        (cents(39), contracts(20), contracts(20)),
        (cents(39), contracts(10), contracts(40)),
    ]
    places = [(spot(shown, price, ours=Quantity(ours)), size) for price, size, ours in rests]
    assert [fill_probability(FLOW, at, size, TIME) for at, size in places] == [each.probability for each in planned]
    means = [int(expected_fill(FLOW, at, size, TIME)) for at, size in places]
    assert [contracts(10) + means[0], *means[1:]] == [each.filled for each in planned]
    assert [0, contracts(5), contracts(5)] == [each.ahead for each in planned]


def test_the_worst_case_is_of_all_that_was_asked_for() -> None:
    """60 asked for, 6 of them now: 60 at the cap, with the fees of an order of 6 and one of 54."""
    order = parent(6_000)
    worst = worst_case(order, FeeSchedule(), [_order(order, cents(42), contracts(6))], cents(43))
    # 0.07 x 0.43 x 0.57 = 0.0171570 a contract: x 6 = $0.102942 -> $0.1030, x 54 = $0.926478 -> $0.9265.
    assert Outlay(quantity=contracts(60), value=Money(25_800_000), fees=Money(1_029_500)) == worst


def _forecast(filled: Outlay) -> Forecast:
    return Forecast(filled=filled, maker=Quantity(0), walks=0, end=Reason.HORIZON, shortfall=None)


def test_what_a_contract_costs_against_the_mid() -> None:
    """50 for $21 and $0.50 fees, mid 41.5 c: a buyer pays 1.5 c more, a seller gets 0.5 c less; none where undefined."""
    outlay = Outlay(quantity=contracts(50), value=Money(21_000_000), fees=Money(500_000))
    assert [150, 50] == [_forecast(outlay).cost(action, 8_300) for action in (Action.BUY, Action.SELL)]
    assert _forecast(outlay).cost(Action.BUY, None) is None
    assert _forecast(replace(outlay, fees=None)).cost(Action.BUY, 8_300) is None
    assert _forecast(Outlay()).cost(Action.BUY, 8_300) is None


def test_the_flow_is_the_class_or_the_tape_with_it() -> None:
    """Without a tape the prior itself; a busy tape brings more."""
    alone = FlowFacts(liquidity=LiquidityClass.THIN)
    assert PRIORS[LiquidityClass.THIN] == alone.flow
    busy = replace(alone, tape=Tape(trades=50, volume=contracts(400), span=TIME))
    assert busy.flow.volume > alone.flow.volume


@pytest.mark.parametrize(("quantity", "where"), [(1, 42), (10, 42), (10.01, 43), (15, 43), (15.01, None)])
def test_the_sweet_spot_is_where_the_ladder_holds_the_order(quantity: float, where: int | None) -> None:
    """The cheapest level with enough at or below it; None where the whole ladder is too small."""
    assert (None if where is None else cents(where)) == sweet_spot(book("| 42x10 43x5").asks, contracts(quantity))


def _levels(grid: int, lots: int) -> Any:
    rows = st.lists(st.tuples(st.integers(1, 10_000 // grid - 1), st.integers(1, 60)), max_size=5)
    return rows.map(lambda found: [(Price(grid * price), Quantity(lots * size)) for price, size in found])


@pytest.mark.parametrize(("structure", "grid", "lots"), [("linear_cent", 100, 100), ("center_centi_edge_centi_cent", 1, 1)])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(data=st.data())
@settings(max_examples=100)
def test_any_plan_adds_up_and_its_worst_case_is_the_worst(
    algorithm: str, structure: str, grid: int, lots: int, data: st.DataObject
) -> None:
    """Any book, any order: splits sum to the quantity, prices are within the cap, nothing is taken twice or beyond its price.

    The worst case costs at least what is expected (a seller gets at most that). On the finest grid and in hundredths of a
    contract the rounding of fees, less than one step an order and a millionth a fill, can weigh more than the price.
    """
    draw = data.draw
    prices = st.none() | st.integers(1, 10_000 // grid - 1).map(lambda n: Price(grid * n))
    order = parent(
        lots * draw(st.integers(1, 300)),
        outcome=draw(st.sampled_from(Outcome)),
        action=draw(st.sampled_from(Action)),
        limit=draw(prices),
        target=draw(prices),
    )
    seen = Book.of_levels(bids=draw(_levels(grid, lots)), asks=draw(_levels(grid, lots)))
    venue = market(structure)
    executor = make_executor(algorithm, default_parameters(algorithm))
    executor.handle(Started(at=T0, parent=order, market=venue, rules=Rules()))
    intents = executor.handle(BookChanged(at=T0, book=seen, confirmed_at=T0))
    orders = [intent for intent in intents if isinstance(intent, SubmitOrder)]
    if executor.arrival is None or executor.watch.sight is None:
        assert not orders
        return
    buyers, cap = executor.watch.sight.book, executor.arrival.cap
    planned = _planned(order, venue.fees, buyers, orders)
    worst = worst_case(order, venue.fees, orders, cap)
    expected = sum((each.taking + each.resting for each in planned), Outlay())

    lost = sum(each.quantity - each.taking.quantity - each.resting.quantity for each in planned)
    assert order.quantity == worst.quantity
    assert expected.quantity + lost == sum(each.quantity for each in planned) <= order.quantity
    assert all(0 <= each.probability <= 1 and each.taking.quantity <= each.filled <= each.quantity for each in planned)
    sign = 1 if order.action is Action.BUY else -1
    assert all((cap - each.price) * sign >= 0 for each in planned)
    assert sum(each.taking.quantity for each in planned) <= sum(quantity for _, quantity in buyers.asks)
    assert all(_within_its_price(each, sign) for each in planned)
    # What is lost now, or sent later, costs at most what the worst case has for it.
    missing = Quantity(order.quantity - expected.quantity)
    later = worst_case(replace(order, quantity=missing), venue.fees, (), cap) if missing else Outlay()
    fills = (len(planned) + 1) * (len(buyers.asks) + 1)
    slack = 0 if lots == 100 and not missing else (len(planned) + 1) * DIRECT_PRECISION + fills
    least, most = (expected + later).total(order.action), worst.total(order.action)
    assert least is not None
    assert most is not None
    assert sign * (most - least) >= -slack


def _within_its_price(order: PlannedOrder, sign: int) -> bool:
    taken = order.taking
    return not taken.quantity or sign * (order.price * taken.quantity - taken.value) >= 0


def test_what_each_run_draws_is_refused_where_both_are() -> None:
    """One arm of two that would send is enough; where one is chosen, that one decides; an objection is of all."""
    order = parent(1_000)
    no, yes = (
        Plan(algorithm=name, quantity=order.quantity, horizon=TIME, end_action="cancel", refused=refused)
        for name, refused in (("a", "too dear"), ("b", None))
    )
    sheet = PlanSheet(parent=order, environment="paper", source="synthetic", at=T0, chosen=None, plans=(no, yes))
    assert sheet.refused is None
    assert "too dear" == replace(sheet, plans=(no, replace(no, algorithm="b"))).refused
    assert ["too dear", None] == [replace(sheet, chosen=name).refused for name in ("a", "b")]
    assert "closed" == replace(sheet, chosen="b", objections=(Objection(message="closed"),)).refused
