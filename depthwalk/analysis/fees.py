"""What the venue charges for a fill: the quadratic model fee and the five rounding steps (kalshi-api.md section 8).

Exact: Fractions until the venue's own rounding, integers after it. Nothing here knows which orders exist or what was really
charged; the fees of recorded fills come from the venue.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import Final, assert_never

from depthwalk.domain.market import FeeSchedule, FeeType
from depthwalk.domain.order import Side
from depthwalk.domain.units import ONE, Money, Price, Quantity, cost, format_price, format_quantity
from depthwalk.errors import DomainError

DIRECT_PRECISION: Final = Money(100)
"""$0.0001: what the balance of a direct member is kept in."""

INTERMEDIARY_PRECISION: Final = Money(10_000)
"""$0.01: what the balance of a member cleared through an intermediary is kept in."""

_TAKER = Fraction(7, 100)


def rate(schedule: FeeSchedule, is_taker: bool) -> Fraction:
    """Return the factor before C x P x (1 - P): the fee type's rate times the multiplier; 0 where the fee is waived.

    Raises:
        DomainError: the schedule is `flat`, whose table the API does not give, or its multiplier is negative.

    """
    if schedule.multiplier < 0:
        raise DomainError(f"fee multiplier {schedule.multiplier} is negative")
    if schedule.waived:
        return Fraction(0)
    return schedule.multiplier * _base_rate(schedule.fee_type, is_taker)


def _base_rate(fee_type: FeeType, is_taker: bool) -> Fraction:
    match fee_type:
        case FeeType.FLAT:
            raise DomainError("the fees of a flat schedule are not in the API; they cannot be computed")
        case FeeType.QUADRATIC:
            return _TAKER if is_taker else Fraction(0)
        case FeeType.QUADRATIC_WITH_MAKER_FEES:
            return _TAKER if is_taker else _TAKER / 4
        case FeeType.QUADRATIC_WITH_COMBO_MAKER_FEES:
            return _TAKER if is_taker else _TAKER / 2
        case _:
            assert_never(fee_type)


def model_fee(schedule: FeeSchedule, price: Price, quantity: Quantity, is_taker: bool) -> Fraction:
    """Return the fee of one fill before any rounding, in Money units. The same for a price and its mirror.

    Raises:
        DomainError: as `rate`; or the price is outside 0 to 1 dollar; or the quantity is negative.

    """
    _check(price, quantity)
    # Contracts x dollars x dollars in units of 1e-2 x 1e-4 x 1e-4 is 1e-10 dollar; Money is 1e-6.
    return rate(schedule, is_taker) * quantity * price * (ONE - price) / ONE


def trade_fee(schedule: FeeSchedule, price: Price, quantity: Quantity, is_taker: bool) -> Money:
    """Return the fee of one fill rounded up to the micro-dollar, before the account's balance is rounded.

    Raises:
        DomainError: as `model_fee`.

    """
    _check(price, quantity)
    return _rounded_up(rate(schedule, is_taker), price, quantity)


def _rounded_up(factor: Fraction, price: Price, quantity: Quantity) -> Money:
    """Return the model fee of that rate rounded up, without a Fraction for each step on the way."""
    return Money(-(-factor.numerator * quantity * price * (ONE - price) // (factor.denominator * ONE)))


def _check(price: Price, quantity: Quantity) -> None:
    if not 0 <= price <= ONE:
        raise DomainError(f"no fill has the price {format_price(price)}")
    if quantity < 0:
        raise DomainError(f"no fill has {format_quantity(quantity)} contracts")


class FeeAccumulator:
    """The net fees of one order's fills, maker and taker, in the order they happen.

    *precision* is the step the account's balance is kept in. Each fill rounds the change of the balance down to that step;
    what the rounding takes is collected per order and given back a whole step at a time, so that the order's fees stay
    less than one step above what its fills cost unrounded (each to the next micro-dollar).
    """

    def __init__(self, schedule: FeeSchedule, precision: Money = DIRECT_PRECISION) -> None:
        if precision <= 0:
            raise DomainError(f"fee precision {precision} is not more than 0")
        self._schedule = schedule
        self._precision = precision
        self._collected = 0
        self._rates: dict[bool, Fraction] = {}

    @property
    def collected(self) -> Money:
        """What rounding has taken and not given back: at least 0, less than the precision."""
        return Money(self._collected)

    def charge(self, *, price: Price, quantity: Quantity, is_taker: bool, side: Side) -> Money:
        """Book one fill and return its net fee, at least 0. *price* and *side* are those of the YES leg.

        Raises:
            DomainError: as `model_fee`; the accumulator is then as it was.

        """
        _check(price, quantity)
        factor = self._rates.get(is_taker)
        if factor is None:
            factor = self._rates[is_taker] = rate(self._schedule, is_taker)
        bare = _rounded_up(factor, price, quantity)
        # A sale of YES is taken to bring in its price. As a purchase of NO it would cost one dollar a contract less that
        # price; a dollar times hundredths of a contract is whole cents, so the remainder below is the same.
        change = -side.sign * cost(price, quantity) - bare
        rounding_fee = change % self._precision
        fee = bare + rounding_fee
        collected = self._collected + rounding_fee
        # Section 8, step 4, taken at its word: where the fee is smaller than the step owed (fractions of a contract, or the
        # intermediary's cents), the fee itself is given back, and the rest stays owed.
        rebate = min(collected - collected % self._precision, fee)
        self._collected = collected - rebate
        return Money(fee - rebate)


def estimate(
    schedule: FeeSchedule,
    fills: Iterable[tuple[Price, Quantity]],
    is_taker: bool,
    side: Side,
    *,
    precision: Money = DIRECT_PRECISION,
) -> Money:
    """Return what one order with these fills, in this order, would be charged. YES prices.

    Raises:
        DomainError: as `model_fee`.

    """
    order = FeeAccumulator(schedule, precision)
    return Money(sum(order.charge(price=price, quantity=quantity, is_taker=is_taker, side=side) for price, quantity in fills))
