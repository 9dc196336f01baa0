"""The baseline: one order, left alone."""

import pytest

from depthwalk.domain.messages import AmendOrder, Reason, SubmitOrder
from depthwalk.domain.order import Action, Outcome, Side
from depthwalk.domain.units import Price
from depthwalk.executors.simple_limit import LimitRule, SimpleLimit, SimpleLimitParams
from depthwalk.executors.state import EndAction
from tests.support.books import book, cents, contracts
from tests.support.venue import Venue, parent

BOOK = {0: book("40x100 39x50 | 44x30 45x60 46x80")}


def run(order: object = None, **params: object) -> Venue:
    """Run simple_limit on the standing book."""
    venue = Venue(SimpleLimit(SimpleLimitParams(**params)), order or parent(10_000), BOOK)  # type: ignore[arg-type]
    venue.run()
    return venue


def test_it_takes_the_touch_rests_the_rest_and_cancels() -> None:
    """At the ask for 100: 30 are there, 70 rest at 44 and are canceled when the time is up; it never amends."""
    venue = run()

    assert venue.trace == [
        (0.0, "submit good_till_canceled plain", cents(44), contracts(100)),
        (28.5, "cancel", None, None),
    ]
    assert contracts(30) == venue.filled
    assert venue.finish is not None
    assert venue.finish.reason is Reason.HORIZON
    assert not any(isinstance(intent, AmendOrder) for intent in venue.writes)


def test_end_cross_takes_the_rest_within_the_cap_only() -> None:
    """The cap is 45 (44 x 1.02 floors to 44, the next price is 45): the last order takes 60 there and leaves 46 alone."""
    venue = run(end_action=EndAction.CROSS)

    assert venue.trace[-1] == (28.55, "submit immediate_or_cancel plain", cents(45), contracts(70))
    assert contracts(90) == venue.filled


@pytest.mark.parametrize(
    ("rule", "price"), [(LimitRule.ASK, 44), (LimitRule.BID, 40), (LimitRule.MID, 42), (LimitRule.CAP, 45)]
)
def test_the_limit_rule_chooses_the_price(rule: LimitRule, price: int) -> None:
    """Opposite best, own best, middle, worst allowed."""
    assert cents(price) == run(limit_rule=rule).trace[0][2]


def test_a_limit_below_the_book_is_a_legal_resting_order() -> None:
    """--limit 0.38 rests at 38 and takes nothing."""
    venue = run(parent(10_000, limit=cents(38)))

    assert (0.0, "submit good_till_canceled plain", cents(38), contracts(100)) == venue.trace[0]
    assert venue.filled == 0


@pytest.mark.parametrize(
    ("outcome", "action", "side", "price"),
    [
        (Outcome.YES, Action.BUY, Side.BUY, 44),
        (Outcome.NO, Action.SELL, Side.BUY, 44),
        (Outcome.YES, Action.SELL, Side.SELL, 40),
        (Outcome.NO, Action.BUY, Side.SELL, 40),
    ],
)
def test_all_four_intents_reach_the_yes_leg(outcome: Outcome, action: Action, side: Side, price: int) -> None:
    """Buying NO at 1 - bid is selling YES at the bid; selling NO is buying YES at the ask."""
    order = run(parent(1_000, outcome=outcome, action=action)).writes[0]

    assert isinstance(order, SubmitOrder)
    assert (side, cents(price)) == (order.side, order.price)


def test_an_empty_other_side_without_a_target_is_refused() -> None:
    """Nobody sells and no target was given: nothing is sent."""
    venue = Venue(SimpleLimit(SimpleLimitParams()), parent(1_000), {0: book("40x100 |")})

    assert venue.run().reason is Reason.REFUSED
    assert venue.writes == []


def test_an_empty_other_side_with_a_target_rests_at_the_cap() -> None:
    """Nobody sells but the user said what it is worth: the order rests, at most at the cap."""
    venue = Venue(SimpleLimit(SimpleLimitParams()), parent(1_000, target=cents(50)), {0: book("40x100 |")})
    venue.run()

    assert Price(5_100) == venue.trace[0][2]


def test_it_ends_as_soon_as_it_is_filled() -> None:
    """Filled at once: no waiting for the horizon."""
    venue = Venue(SimpleLimit(SimpleLimitParams()), parent(3_000), BOOK)

    assert venue.run().reason is Reason.FILLED
    assert len(venue.writes) == 1
