"""The fee rule of kalshi-api.md section 8: its worked examples to the last digit, and what holds for every order."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.analysis.fees import FeeAccumulator, estimate, model_fee, rate, trade_fee
from depthwalk.domain.market import FeeSchedule, FeeType
from depthwalk.domain.order import Side
from depthwalk.domain.units import CONTRACT, ONE, Money, Price, Quantity, parse_money, parse_price
from depthwalk.errors import DomainError

QUADRATIC = FeeSchedule()
COMPUTABLE = [fee_type for fee_type in FeeType if fee_type is not FeeType.FLAT]

prices = st.integers(1, ONE - 1).map(Price)
quantities = st.integers(1, 1_000_000).map(Quantity)
sides = st.sampled_from(Side)
precisions = st.sampled_from([Money(100), Money(10_000)])
schedules = st.builds(
    FeeSchedule,
    fee_type=st.sampled_from(COMPUTABLE),
    multiplier=st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(1), Fraction(3, 7)]),
    waived=st.booleans(),
)
fills = st.lists(st.tuples(prices, quantities, st.booleans()), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("price", "precision", "fee"),
    [
        ("0.5200", "0.0001", "0.017500"),
        ("0.9900", "0.0001", "0.000700"),
        ("0.0550", "0.01", "0.005000"),
    ],
)
@pytest.mark.parametrize("side", Side)
def test_recorded_fees_match_to_the_last_digit(price: str, precision: str, fee: str, side: Side) -> None:
    """One contract taken by itself costs what the demo recordings and the documented example say, whoever takes it."""
    order = FeeAccumulator(QUADRATIC, parse_money(precision))
    assert parse_money(fee) == order.charge(price=parse_price(price), quantity=CONTRACT, is_taker=True, side=side)


def test_three_fills_of_one_order_share_the_rounding() -> None:
    """The first fill pays the rounding, the later ones get a step of it back."""
    order = FeeAccumulator(QUADRATIC)
    charged = [order.charge(price=Price(5_500), quantity=CONTRACT, is_taker=True, side=Side.BUY) for _ in range(3)]
    assert [parse_money(text) for text in ("0.0174", "0.0173", "0.0173")] == charged
    assert Money(25) == order.collected


@pytest.mark.parametrize(
    ("fee_type", "taker", "maker"),
    [
        (FeeType.QUADRATIC, "0.07", "0"),
        (FeeType.QUADRATIC_WITH_MAKER_FEES, "0.07", "0.0175"),
        (FeeType.QUADRATIC_WITH_COMBO_MAKER_FEES, "0.07", "0.035"),
    ],
)
def test_the_rates_are_those_of_the_table(fee_type: FeeType, taker: str, maker: str) -> None:
    """Each fee type has its taker and maker rate, and the multiplier scales both."""
    schedule = FeeSchedule(fee_type=fee_type)
    halved = FeeSchedule(fee_type=fee_type, multiplier=Fraction(1, 2))
    assert Fraction(taker) == rate(schedule, is_taker=True)
    assert Fraction(maker) == rate(schedule, is_taker=False)
    assert Fraction(taker) / 2 == rate(halved, is_taker=True)
    assert Fraction(maker) / 2 == rate(halved, is_taker=False)


def test_the_model_fee_is_not_rounded() -> None:
    """The documented example: one contract at 5.5 cents has a model fee of $0.00363825."""
    assert Fraction("3638.25") == model_fee(QUADRATIC, Price(550), CONTRACT, is_taker=True)


def test_a_fraction_of_a_micro_dollar_is_rounded_up() -> None:
    """0.05 contracts at 22 cents: 600.6 micro-dollars become 601, and with that the next step of $0.0001; 600 would not."""
    price, quantity = Price(2_200), Quantity(5)
    assert Fraction("600.6") == model_fee(QUADRATIC, price, quantity, is_taker=True)
    assert Money(700) == FeeAccumulator(QUADRATIC).charge(price=price, quantity=quantity, is_taker=True, side=Side.BUY)


@pytest.mark.parametrize("fee_type", FeeType)
def test_a_waiver_makes_every_schedule_free(fee_type: FeeType) -> None:
    """While a market waives its fees, whole contracts cost nothing, whatever the fee type."""
    schedule = FeeSchedule(fee_type=fee_type, waived=True)
    assert Fraction(0) == rate(schedule, is_taker=True)
    assert Money(0) == estimate(schedule, [(Price(4_200), CONTRACT)], is_taker=True, side=Side.BUY)


def test_a_flat_schedule_is_refused() -> None:
    """The table of flat fees is not in the API: better no answer than a wrong one."""
    with pytest.raises(DomainError, match="flat schedule"):
        rate(FeeSchedule(fee_type=FeeType.FLAT), is_taker=True)


@pytest.mark.parametrize(
    ("schedule", "price", "quantity", "message"),
    [
        (QUADRATIC, -1, 100, "no fill has the price -0.0001"),
        (QUADRATIC, ONE + 1, 100, "no fill has the price 1.0001"),
        (QUADRATIC, 4_200, -1, "no fill has -0.01 contracts"),
        (FeeSchedule(multiplier=Fraction(-1)), 4_200, 100, "multiplier -1 is negative"),
    ],
)
def test_impossible_fills_are_refused_and_leave_no_trace(
    schedule: FeeSchedule, price: int, quantity: int, message: str
) -> None:
    """A fill that cannot exist raises DomainError, and the order's accumulator stays as it was."""
    order = FeeAccumulator(schedule)
    with pytest.raises(DomainError, match=message):
        order.charge(price=Price(price), quantity=Quantity(quantity), is_taker=True, side=Side.BUY)
    assert Money(0) == order.collected


def test_a_precision_of_nothing_is_refused() -> None:
    """A balance is kept in steps of something."""
    with pytest.raises(DomainError, match="precision 0"):
        FeeAccumulator(QUADRATIC, Money(0))


@given(schedule=schedules, fills=fills, side=sides, precision=precisions)
def test_no_fill_has_a_negative_fee(
    schedule: FeeSchedule, fills: list[tuple[Price, Quantity, bool]], side: Side, precision: Money
) -> None:
    """Rebates never exceed the fee of the fill they are given on."""
    order = FeeAccumulator(schedule, precision)
    charged = [order.charge(price=p, quantity=q, is_taker=taker, side=side) for p, q, taker in fills]
    assert min(charged) >= 0


@given(schedule=schedules, fills=fills, side=sides, precision=precisions)
def test_an_order_pays_its_model_fees_and_less_than_one_step_more(
    schedule: FeeSchedule, fills: list[tuple[Price, Quantity, bool]], side: Side, precision: Money
) -> None:
    """However an order is cut into fills, rounding costs less than one step and one micro-dollar a fill in all."""
    order = FeeAccumulator(schedule, precision)
    charged = sum(order.charge(price=p, quantity=q, is_taker=taker, side=side) for p, q, taker in fills)
    model = sum(model_fee(schedule, p, q, taker) for p, q, taker in fills)
    assert model <= charged < model + precision + len(fills)
    assert 0 <= order.collected < precision


@given(schedule=schedules, price=prices, quantity=quantities, taker=st.booleans())
def test_the_model_fee_is_the_same_for_both_outcomes(
    schedule: FeeSchedule, price: Price, quantity: Quantity, taker: bool
) -> None:
    """A price and its mirror cost the same."""
    assert model_fee(schedule, Price(ONE - price), quantity, taker) == model_fee(schedule, price, quantity, taker)


@given(price=prices, quantity=quantities, precision=precisions)
def test_selling_yes_and_buying_no_round_alike(price: Price, quantity: Quantity, precision: Money) -> None:
    """A sale of YES at p is charged as the purchase of NO at 1 - p is: the sign section 8 leaves open does not matter."""
    sale = FeeAccumulator(QUADRATIC, precision).charge(price=price, quantity=quantity, is_taker=True, side=Side.SELL)
    mirror = Price(ONE - price)
    purchase = FeeAccumulator(QUADRATIC, precision).charge(price=mirror, quantity=quantity, is_taker=True, side=Side.BUY)
    assert purchase == sale


@given(schedule=schedules, fills=fills, taker=st.booleans(), side=sides)
def test_an_estimate_is_what_one_order_would_pay(
    schedule: FeeSchedule, fills: list[tuple[Price, Quantity, bool]], taker: bool, side: Side
) -> None:
    """Planning and charging are the same arithmetic."""
    order = FeeAccumulator(schedule)
    charged = sum(order.charge(price=p, quantity=q, is_taker=taker, side=side) for p, q, _ in fills)
    assert charged == estimate(schedule, [(p, q) for p, q, _ in fills], taker, side)


@given(schedules, prices, quantities, st.booleans())
def test_a_trade_fee_is_the_model_fee_rounded_up(
    schedule: FeeSchedule, price: Price, quantity: Quantity, is_taker: bool
) -> None:
    """To the micro-dollar, and never down."""
    assert math.ceil(model_fee(schedule, price, quantity, is_taker)) == trade_fee(schedule, price, quantity, is_taker)


@pytest.mark.parametrize(("price", "quantity"), [(-1, 100), (ONE + 1, 100), (5_000, -1)])
def test_no_trade_fee_of_what_cannot_be(price: int, quantity: int) -> None:
    """A price outside 0 to 1 dollar and a negative quantity are refused."""
    with pytest.raises(DomainError, match="no fill has"):
        trade_fee(QUADRATIC, Price(price), Quantity(quantity), is_taker=True)
