"""Cash for an order by hand, for all four intents: the cheapest case refuses, the dearest is a note, closing takes nothing."""

from dataclasses import replace

import pytest

from depthwalk.assembly.means import Means, notes_on_means, objections_to_means
from depthwalk.domain.market import FeeSchedule, FeeType, Market
from depthwalk.domain.messages import BookChanged
from depthwalk.domain.order import Action, Outcome, ParentOrder
from depthwalk.domain.units import CONTRACT, DOLLAR, Money, Quantity
from tests.support.books import book, cents, market
from tests.support.venue import T0, parent

FREE = replace(market(), fees=FeeSchedule(waived=True))

# 100 contracts on 40 / 44. What a contract locks at the opposite best and at the cap (10 % of the price in the user's words:
# 44 to 48.4, 40 to 36, 60 to 66, 56 to 50.4), which a seller pays as the rest of the dollar; on the cent.
FOUR = [
    (Outcome.YES, Action.BUY, (44, 48), ("0.4400", "0.4800"), 1),
    (Outcome.YES, Action.SELL, (60, 64), ("0.4000", "0.3600"), -1),
    (Outcome.NO, Action.BUY, (60, 66), ("0.6000", "0.6600"), -1),
    (Outcome.NO, Action.SELL, (44, 49), ("0.5600", "0.5100"), 1),
]
INTENTS = pytest.mark.parametrize(("outcome", "action", "locks", "prices", "sign"), FOUR)


def _found(
    order: ParentOrder, cash: int, *, position: int = 0, shown: str = "40x100 | 44x500", where: Market = FREE
) -> tuple[list[str], tuple[str, ...]]:
    """Return objections and notes with this much cash."""
    seen = BookChanged(at=T0, book=book(shown), confirmed_at=T0)
    means = Means(cash=Money(cash), position=Quantity(position), seen=seen)
    objections = objections_to_means(means, order, where, max_slippage=0.1, environment="demo")
    return [each.message for each in objections], notes_on_means(means, order, where, max_slippage=0.1)


@INTENTS
def test_the_cheapest_case_refuses_and_the_dearest_is_noted(
    outcome: Outcome, action: Action, locks: tuple[int, int], prices: tuple[str, str], sign: int
) -> None:
    """To the micro-dollar; prices are said in the user's words; what is held on the same side changes nothing."""
    order, (least, most) = parent(100 * CONTRACT, outcome=outcome, action=action), locks
    for position in (0, sign * 50 * CONTRACT):
        (refused,), notes = _found(order, least * DOLLAR - 1, position=position)
        assert f"100.00 contracts at {prices[0]} take {least}.000000 with fees" in refused
        assert () == notes
        objections, (note,) = _found(order, least * DOLLAR, position=position)
        assert [] == objections
        assert f"the cap {prices[1]}, {most}.000000 with fees" in note
        assert [] == _found(order, most * DOLLAR - 1, position=position)[0]
        assert ([], ()) == _found(order, most * DOLLAR, position=position)


@INTENTS
def test_what_closes_a_position_takes_nothing(
    outcome: Outcome, action: Action, locks: tuple[int, int], prices: tuple[str, str], sign: int
) -> None:
    """Of 100 contracts against a position of 75 only 25 open one; against 100 or more none."""
    order = parent(100 * CONTRACT, outcome=outcome, action=action)
    (refused,), _ = _found(order, locks[0] * DOLLAR // 4 - 1, position=-sign * 75 * CONTRACT)
    assert f"25.00 contracts at {prices[0]}" in refused
    for held in (100, 250):
        assert ([], ()) == _found(order, 0, position=-sign * held * CONTRACT)


def test_a_limit_below_the_book_is_the_price() -> None:
    """It rests there, and locks that; without an opposite side it is the cap, and without a target nothing is known."""
    (refused,), _ = _found(parent(100 * CONTRACT, limit=cents(30)), 30 * DOLLAR - 1)
    assert "at 0.3000 take 30.000000" in refused
    (refused,), _ = _found(parent(100 * CONTRACT, target=cents(50)), 0, shown="40x100 |")
    assert "at 0.5500 take 55.000000" in refused
    assert ([], ()) == _found(parent(100 * CONTRACT, limit=cents(30)), 0, shown="40x100 |")


def test_fees_come_on_top_where_they_are_known() -> None:
    """As taker 0.07 x 100 x 0.44 x 0.56, rounded up; resting below the book nothing; a flat table is not in the API."""
    order = parent(100 * CONTRACT)
    assert "take 45.724800 with fees" in _found(order, 0, where=market())[0][0]
    assert "take 30.000000 with fees" in _found(replace(order, limit=cents(30)), 0, where=market())[0][0]
    flat = replace(market(), fees=FeeSchedule(fee_type=FeeType.FLAT))
    assert "take 44.000000 with fees" in _found(order, 0, where=flat)[0][0]
