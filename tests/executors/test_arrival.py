"""Arrival in the user's own prices, for all four intents; and the mapping between leg, buyer's and traded prices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.book import Book
from depthwalk.domain.grid import STRUCTURES, Band, Grid
from depthwalk.domain.market import FeeSchedule, Market, MarketStatus
from depthwalk.domain.messages import LiquidityRule, Rules, Started
from depthwalk.domain.order import Action, Outcome, ParentOrder, Side
from depthwalk.domain.result import Arrival, CapOrigin, Depths, LiquidityClass
from depthwalk.domain.units import ONE, Instant, Money, Price, parse_money, seconds
from depthwalk.errors import Refused
from depthwalk.executors.arrival import arrive
from depthwalk.executors.simple_limit import SimpleLimitParams
from depthwalk.executors.space import BuyerSpace
from depthwalk.executors.state import Run
from tests.support.books import book, cents, contracts, market
from tests.support.domain_strategies import BOOKS, PRICES
from tests.support.venue import T0, parent

SHOWN = book("40x100 39x50 36x7 | 44x30 45x60 47x8 50x1")
INTENTS = pytest.mark.parametrize(("outcome", "action"), [(outcome, action) for outcome in Outcome for action in Action])
spaces = st.builds(
    lambda outcome, action: BuyerSpace.of(parent(outcome=outcome, action=action)),
    st.sampled_from(Outcome),
    st.sampled_from(Action),
)


def arrival(
    order: ParentOrder,
    shown: Book = SHOWN,
    *,
    rules: Rules | None = None,
    where: Market | None = None,
    max_slippage: float = 0.02,
) -> Arrival:
    """Arrive with a YES book, four seconds after the start, on a book one second old."""
    started = Started(at=T0, parent=order, market=where or market(), rules=rules or Rules())
    run = Run.of(started, SimpleLimitParams())
    at = Instant(T0 + seconds(4))
    return arrive(run, run.space.book(shown), at=at, book_age=seconds(1), max_slippage=max_slippage)


# --- the four intents -----------------------------------------------------------------------------------------------

# YES 40 to 44 is NO 56 to 60. At 2 %: 44.88 floors to 44, so the next price; 39.2 rises to 40, so the next; 61.2; 54.88.
FOUR = [
    (Outcome.YES, Action.BUY, (40, 44), 44, (45, CapOrigin.NEXT_PRICE)),
    (Outcome.YES, Action.SELL, (40, 44), 40, (39, CapOrigin.NEXT_PRICE)),
    (Outcome.NO, Action.BUY, (56, 60), 60, (61, CapOrigin.SLIPPAGE)),
    (Outcome.NO, Action.SELL, (56, 60), 56, (55, CapOrigin.SLIPPAGE)),
]
ASKS = Depths(
    touch=contracts(30), within_1=contracts(90), within_3=contracts(98), within_5=contracts(98), within_cap=contracts(90)
)
BIDS = Depths(
    touch=contracts(100), within_1=contracts(150), within_3=contracts(150), within_5=contracts(157), within_cap=contracts(150)
)


@pytest.mark.parametrize(("outcome", "action", "touch", "target", "cap"), FOUR)
def test_arrival_speaks_the_users_prices(
    outcome: Outcome, action: Action, touch: tuple[int, int], target: int, cap: tuple[int, CapOrigin]
) -> None:
    """Bid, ask, mid, target (what the other side offers) and cap are prices of what the user trades."""
    found = arrival(parent(outcome=outcome, action=action))

    assert (cents(touch[0]), cents(touch[1])) == (found.bid, found.ask)
    assert 100 * sum(touch) == found.mid_twice
    assert cents(target) == found.target
    assert (cents(cap[0]), cap[1]) == (found.cap, found.cap_origin)


@INTENTS
def test_depth_is_that_of_the_side_that_is_taken(outcome: Outcome, action: Action) -> None:
    """Who buys YES or sells NO takes the YES asks, the others the YES bids; the cap is counted in."""
    order = parent(outcome=outcome, action=action)
    found = arrival(order)

    assert found.depths == (ASKS if order.side is Side.BUY else BIDS)
    assert found.liquidity is (LiquidityClass.MODERATE if order.side is Side.BUY else LiquidityClass.LIQUID)


@INTENTS
def test_arrival_keeps_when_and_how_old(outcome: Outcome, action: Action) -> None:
    """The time of the arrival and the age of its book are part of the record."""
    found = arrival(parent(outcome=outcome, action=action))

    assert (T0 + seconds(4), seconds(1)) == (found.at, found.book_age)


@pytest.mark.parametrize(
    ("outcome", "action", "target", "limit", "cap", "origin"),
    [
        (Outcome.YES, Action.BUY, 42, None, 43, CapOrigin.NEXT_PRICE),
        (Outcome.YES, Action.BUY, None, 44, 44, CapOrigin.LIMIT),
        (Outcome.YES, Action.BUY, 60, 50, 50, CapOrigin.LIMIT),
        (Outcome.YES, Action.SELL, None, 40, 40, CapOrigin.LIMIT),
        (Outcome.YES, Action.SELL, None, 30, 39, CapOrigin.NEXT_PRICE),
        (Outcome.NO, Action.BUY, 50, None, 51, CapOrigin.SLIPPAGE),
        (Outcome.NO, Action.BUY, None, 58, 58, CapOrigin.LIMIT),
        (Outcome.NO, Action.SELL, 99, None, 98, CapOrigin.SLIPPAGE),  # 97.02 rises to 98
        (Outcome.NO, Action.SELL, None, 60, 60, CapOrigin.LIMIT),
    ],
)
def test_the_users_target_and_limit_are_his_own_prices(
    outcome: Outcome, action: Action, target: int | None, limit: int | None, cap: int, origin: CapOrigin
) -> None:
    """A target given is the target whatever the book says, and a limit is never passed; the class stays what it was."""
    order = parent(
        outcome=outcome,
        action=action,
        target=None if target is None else cents(target),
        limit=None if limit is None else cents(limit),
    )
    found, plain = arrival(order), arrival(parent(outcome=outcome, action=action))

    assert (cents(cap), origin) == (found.cap, found.cap_origin)
    assert found.target == (plain.target if target is None else cents(target))
    assert (found.liquidity, found.depths.within_5) == (plain.liquidity, plain.depths.within_5)


def test_the_class_follows_the_configured_rule() -> None:
    """Thresholds and reach come from the rules."""
    rules = Rules(liquidity=LiquidityRule(liquid=contracts(30), moderate=contracts(10), within=Price(0)))

    assert LiquidityClass.LIQUID is arrival(parent(), rules=rules).liquidity


@pytest.mark.parametrize(
    ("outcome", "action", "only"),
    [
        (Outcome.YES, Action.BUY, "40x100 |"),
        (Outcome.NO, Action.SELL, "40x100 |"),
        (Outcome.YES, Action.SELL, "| 44x30"),
        (Outcome.NO, Action.BUY, "| 44x30"),
    ],
)
def test_without_the_other_side_and_a_target_it_is_refused(outcome: Outcome, action: Action, only: str) -> None:
    """Nobody to take from and no price hoped for: refused; with a target it may rest, and the missing side is None."""
    with pytest.raises(Refused, match="nobody offers the other side and no target was given"):
        arrival(parent(outcome=outcome, action=action), book(only))

    found = arrival(parent(outcome=outcome, action=action, target=cents(50)), book(only))
    missing = found.ask if action is Action.BUY else found.bid
    assert missing is found.mid_twice is None
    assert (cents(50), 0, LiquidityClass.THIN) == (found.target, found.depths.touch, found.liquidity)


@pytest.mark.parametrize(
    ("outcome", "action", "stake"),
    [
        (Outcome.YES, Action.BUY, "45"),  # at the cap
        (Outcome.YES, Action.SELL, "61"),  # at the cap of 39 a seller stands for the other 61
        (Outcome.NO, Action.BUY, "61"),
        (Outcome.NO, Action.SELL, "45"),
    ],
)
def test_what_it_could_cost_at_the_cap_is_limited(outcome: Outcome, action: Action, stake: str) -> None:
    """100 contracts may cost exactly max_notional at the cap, not a micro-dollar more."""
    order, most = parent(10_000, outcome=outcome, action=action), parse_money(stake)

    assert arrival(order, rules=Rules(max_notional=most)).cap
    with pytest.raises(Refused, match=rf"it could cost {stake}\.000000 dollars; risk\.max_notional is"):
        arrival(order, rules=Rules(max_notional=Money(most - 1)))


def test_the_limit_that_stops_it_is_named() -> None:
    """Where less than risk.max_notional is left of the day, the refusal says that."""
    with pytest.raises(Refused, match=r"dollars; what is left today is 45\.000000$"):
        arrival(parent(10_100), rules=Rules(max_notional=parse_money("45"), max_notional_name="what is left today"))


def test_the_cap_is_on_the_grid_of_the_outcome() -> None:
    """A YES grid fine below 20 cents only is a NO grid fine above 80: a NO cap near 85 may have tenths, near 15 not."""
    lopsided = Grid((Band(Price(0), cents(20), Price(10)), Band(cents(20), ONE, Price(100))))
    where = Market(ticker="T", event_ticker="T", status=MarketStatus.ACTIVE, grid=lopsided, fees=FeeSchedule())

    def capped(target: str) -> Price:
        return arrival(parent(outcome=Outcome.NO, target=cents(target)), where=where, max_slippage=0.001).cap

    assert cents("85.1") == capped("85")
    assert cents("80.1") == capped("80")
    assert cents(16) == capped("15")


@pytest.mark.parametrize("structure", ["linear_cent", "tapered_deci_cent"])
@given(data=st.data())
def test_the_mirrored_market_has_the_mirrored_arrival(structure: str, data: st.DataObject) -> None:
    """Buying NO in a mirrored book arrives as buying YES does in this one, in every field."""
    points = st.sampled_from([Price(price) for price in range(10, ONE, 10) if price in STRUCTURES[structure]])
    target = data.draw(points)
    action = data.draw(st.sampled_from(Action))
    shown = data.draw(BOOKS)

    yes, no = (parent(outcome=outcome, action=action, target=target) for outcome in (Outcome.YES, Outcome.NO))
    straight = arrival(yes, shown, where=market(structure))
    assert straight == arrival(no, shown.mirrored(), where=market(structure))


# --- the space ------------------------------------------------------------------------------------------------------


@given(space=spaces, price=PRICES)
def test_the_price_mappings_are_their_own_inverses(space: BuyerSpace, price: Price) -> None:
    """Leg to buyer and back, buyer to traded and back, twice a mid and back."""
    assert price == space.leg(space.leg(price))
    assert price == space.traded(space.traded(price))
    assert 2 * price + 1 == space.traded_twice(space.traded_twice(2 * price + 1))


@pytest.mark.parametrize(
    ("outcome", "action", "side", "buyer", "traded"),
    [
        (Outcome.YES, Action.BUY, Side.BUY, 44, 44),
        (Outcome.YES, Action.SELL, Side.SELL, 56, 44),
        (Outcome.NO, Action.BUY, Side.SELL, 56, 56),
        (Outcome.NO, Action.SELL, Side.BUY, 44, 56),
    ],
)
def test_one_leg_price_in_all_three_frames(outcome: Outcome, action: Action, side: Side, buyer: int, traded: int) -> None:
    """44 on the YES leg: what a buyer would think of it, and what the user calls it."""
    order = parent(outcome=outcome, action=action)
    space = BuyerSpace.of(order)

    assert side is space.side
    assert cents(buyer) == space.leg(cents(44))
    assert cents(traded) == space.traded(space.leg(cents(44))) == order.own_price(cents(44))
    assert 2 * cents(traded) == space.traded_twice(2 * cents(buyer))


@given(space=spaces, price=PRICES, worse=st.integers(1, 500))
def test_paying_more_is_worse_for_a_buyer_only_there(space: BuyerSpace, price: Price, worse: int) -> None:
    """In buyer's prices up is always worse; in the user's prices up is worse for who buys, down for who sells."""
    sign = 1 if space.action is Action.BUY else -1

    assert sign * (space.traded(Price(price + worse)) - space.traded(price)) == worse


@given(space=spaces, shown=BOOKS)
def test_books_are_mirrored_for_sellers_of_the_leg(space: BuyerSpace, shown: Book) -> None:
    """What a buyer takes is on the ask side, at a leg price that is really on offer; and back again it is the same book."""
    seen = space.book(shown)
    offered = shown.asks if space.side is Side.BUY else shown.bids

    assert offered == tuple((space.leg(price), quantity) for price, quantity in seen.asks)
    assert shown == space.book(seen)


@given(space=spaces, shown=BOOKS)
def test_the_touch_is_the_books_own_in_the_outcomes_prices(space: BuyerSpace, shown: Book) -> None:
    """Bid and ask as the user's outcome is quoted, None where a side is empty."""
    quoted = shown if space.outcome is Outcome.YES else shown.mirrored()

    assert (quoted.best_bid, quoted.best_ask) == space.traded_touch(space.book(shown))


@given(space=spaces, price=PRICES, name=st.sampled_from(sorted(STRUCTURES)))
def test_grids_go_with_their_prices(space: BuyerSpace, price: Price, name: str) -> None:
    """A leg price is on the market's grid exactly where it is on the buyer's, and on the outcome's, in their prices."""
    grid = STRUCTURES[name]
    buyer = space.leg(price)

    assert (price in grid) == (buyer in space.grid(grid)) == (space.traded(buyer) in space.traded_grid(grid))


@INTENTS
def test_a_rung_in_the_users_words(outcome: Outcome, action: Action) -> None:
    """A buyer comes up from the bid, a seller down from the ask."""
    space = BuyerSpace.of(parent(outcome=outcome, action=action))
    up, down = ("bid +1.10c", "bid -0.50c") if action is Action.BUY else ("ask -1.10c", "ask +0.50c")

    assert (up, down) == (space.from_own_best(1.1), space.from_own_best(-0.5))
