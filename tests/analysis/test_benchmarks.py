"""The cap by brute force, slippage's sign, and a shortfall whose parts add up."""

from bisect import bisect_left, bisect_right
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from depthwalk.analysis.benchmarks import MarkedFill, cap_price, shortfall, slippage_percent
from depthwalk.domain.book import Book
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.order import Action, Outcome, ParentOrder
from depthwalk.domain.result import CapOrigin, Shortfall
from depthwalk.domain.units import ONE, Money, Price, Quantity, parse_money
from depthwalk.executors.space import BuyerSpace
from tests.support.books import book, cents, contracts
from tests.support.venue import parent

LINEAR = STRUCTURES["linear_cent"]
NAMES = ["linear_cent", "deci_cent", "tapered_deci_cent"]
POINTS = {name: [price for price in range(1, ONE) if price in STRUCTURES[name]] for name in NAMES}
SLIPPAGES = [0.0, 0.001, 0.01, 0.02, 0.025, 0.1, 0.333, 0.5, 1.0]
INTENTS = [(outcome, action) for outcome in Outcome for action in Action]


# --- cap ------------------------------------------------------------------------------------------------------------


def formula(action: Action, points: list[int], target: int, max_slippage: float, limit: int | None) -> int:
    """Section 6 of the design, word for word, over a list of all valid prices."""
    share = Fraction(str(max_slippage))
    if action is Action.BUY:
        if bisect_right(points, target) == len(points):
            slipped = target
        else:
            floored = bisect_right(points, target * (1 + share)) - 1
            slipped = max(points[floored], points[bisect_right(points, target)])
        return slipped if limit is None else min(limit, slipped)
    if bisect_left(points, target) == 0:
        slipped = target
    else:
        raised = bisect_left(points, target * (1 - share))
        slipped = min(points[raised], points[bisect_left(points, target) - 1])
    return slipped if limit is None else max(limit, slipped)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("max_slippage", SLIPPAGES)
def test_the_cap_is_the_formula_for_every_target(name: str, action: Action, max_slippage: float) -> None:
    """Every price of the grid as target, all slippages: min(limit, max(floor of target x (1 + s), next price)), mirrored."""
    grid, points = STRUCTURES[name], POINTS[name]
    for target in points:
        for limit in (None, points[0], points[-1], target):
            cap, _ = cap_price(
                action,
                grid,
                target=Price(target),
                limit=None if limit is None else Price(limit),
                max_slippage=max_slippage,
            )
            assert formula(action, points, target, max_slippage, limit) == cap, (target, limit)


@given(name=st.sampled_from(NAMES), action=st.sampled_from(Action), slip=st.floats(0, 1), data=st.data())
def test_the_cap_is_a_price_between_target_and_limit(name: str, action: Action, slip: float, data: st.DataObject) -> None:
    """On the grid, on the worse side of the target unless the limit is nearer, and never past the limit."""
    points = st.sampled_from(POINTS[name]).map(Price)
    target, limit = data.draw(points), data.draw(st.none() | points)
    cap, origin = cap_price(action, STRUCTURES[name], target=target, limit=limit, max_slippage=slip)
    worse = 1 if action is Action.BUY else -1

    assert cap in STRUCTURES[name]
    assert limit is None or worse * (cap - limit) <= 0
    assert (origin is CapOrigin.LIMIT and cap == limit) or worse * (cap - target) >= 0
    assert formula(action, POINTS[name], target, slip, limit) == cap


@pytest.mark.parametrize(
    ("action", "target", "cap", "origin"),
    [
        # Fault 18: below 40 cents 2.5 % is less than a cent; it is still one cent. From 40 it is one, from 80 two.
        *((Action.BUY, n, n + 1, CapOrigin.NEXT_PRICE) for n in (1, 2, 20, 38, 39)),
        *((Action.BUY, n, n + 1, CapOrigin.SLIPPAGE) for n in (40, 50, 79)),
        *((Action.BUY, n, n + 2, CapOrigin.SLIPPAGE) for n in (80, 90, 97)),
        (Action.BUY, 98, 99, CapOrigin.SLIPPAGE),
        *((Action.SELL, n, n - 1, CapOrigin.NEXT_PRICE) for n in (2, 20, 39)),
        *((Action.SELL, n, n - 1, CapOrigin.SLIPPAGE) for n in (40, 79)),
        *((Action.SELL, n, n - 2, CapOrigin.SLIPPAGE) for n in (80, 99)),
        # The last price of the grid has no next one.
        (Action.BUY, 99, 99, CapOrigin.TARGET),
        (Action.SELL, 1, 1, CapOrigin.TARGET),
    ],
)
def test_the_cap_on_a_cent_grid_at_two_and_a_half_percent(action: Action, target: int, cap: int, origin: CapOrigin) -> None:
    """The walker's default: at least one tick of room, and the record says what gave it."""
    assert (cents(cap), origin) == cap_price(action, LINEAR, target=cents(target), limit=None, max_slippage=0.025)


@pytest.mark.parametrize(
    ("name", "action", "target", "slip", "cap", "origin"),
    [
        ("deci_cent", Action.BUY, "3.9", 0.025, "4", CapOrigin.NEXT_PRICE),  # 3.9975 floors to 3.9
        ("deci_cent", Action.BUY, "4.4", 0.025, "4.5", CapOrigin.SLIPPAGE),  # 4.51
        ("deci_cent", Action.SELL, "4.4", 0.025, "4.3", CapOrigin.SLIPPAGE),  # 4.29 rises to 4.3
        ("deci_cent", Action.BUY, "99.9", 0.025, "99.9", CapOrigin.TARGET),
        ("deci_cent", Action.SELL, "0.1", 0.025, "0.1", CapOrigin.TARGET),
        ("tapered_deci_cent", Action.BUY, "9.9", 0.025, "10", CapOrigin.SLIPPAGE),  # 10.1475 is between the cents
        ("tapered_deci_cent", Action.BUY, 10, 0.025, 11, CapOrigin.NEXT_PRICE),
        ("tapered_deci_cent", Action.SELL, 10, 0.025, "9.8", CapOrigin.SLIPPAGE),  # 9.75 rises to 9.8
        ("tapered_deci_cent", Action.BUY, 89, 0.025, "91.2", CapOrigin.SLIPPAGE),  # 91.225
        ("tapered_deci_cent", Action.SELL, "90.1", 0.001, "90", CapOrigin.NEXT_PRICE),  # 90.0099 rises to 90.1
        ("tapered_deci_cent", Action.SELL, 90, 0.005, 89, CapOrigin.NEXT_PRICE),  # 89.55 rises to 90
        ("linear_cent", Action.BUY, 60, 1.0, 99, CapOrigin.SLIPPAGE),  # 120 is no price
        ("linear_cent", Action.SELL, 60, 1.0, 1, CapOrigin.SLIPPAGE),
        ("linear_cent", Action.BUY, 44, 0.0, 45, CapOrigin.NEXT_PRICE),
    ],
)
def test_the_cap_by_hand(
    name: str, action: Action, target: float | str, slip: float, cap: float | str, origin: CapOrigin
) -> None:
    """Each kind of grid, its edges and the ends of the price range."""
    found = cap_price(action, STRUCTURES[name], target=cents(target), limit=None, max_slippage=slip)
    assert (cents(cap), origin) == found


@pytest.mark.parametrize(
    ("action", "limit", "cap", "origin"),
    [
        (Action.BUY, 80, 80, CapOrigin.LIMIT),
        (Action.BUY, 81, 81, CapOrigin.LIMIT),
        (Action.BUY, 82, 82, CapOrigin.SLIPPAGE),  # the limit allows no less than the slippage does
        (Action.BUY, 90, 82, CapOrigin.SLIPPAGE),
        (Action.BUY, 20, 20, CapOrigin.LIMIT),  # below the book: a legal resting order
        (Action.SELL, 80, 80, CapOrigin.LIMIT),
        (Action.SELL, 79, 79, CapOrigin.LIMIT),
        (Action.SELL, 78, 78, CapOrigin.SLIPPAGE),
        (Action.SELL, 60, 78, CapOrigin.SLIPPAGE),
        (Action.SELL, 95, 95, CapOrigin.LIMIT),
    ],
)
def test_a_limit_binds_only_where_it_is_the_tighter(action: Action, limit: int, cap: int, origin: CapOrigin) -> None:
    """Target 80 at 2.5 %: 82 for a buyer, 78 for a seller."""
    found = cap_price(action, LINEAR, target=cents(80), limit=cents(limit), max_slippage=0.025)
    assert (cents(cap), origin) == found


# --- slippage -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("outcome", "action"), INTENTS)
@pytest.mark.parametrize(("better", "sign"), [(-1, 1), (0, 0), (1, -1)])
def test_slippage_is_positive_when_worse_for_all_four_intents(outcome: Outcome, action: Action, better: int, sign: int) -> None:
    """Two cents off the mid of 40 to 44, against us or for us: of a YES contract 2/42, of a NO contract 2/58."""
    order = parent(outcome=outcome, action=action)
    space = BuyerSpace.of(order)
    mid_twice = space.traded_twice(space.book(book("40x10 | 44x10")).mid_twice or 0)
    leg = Price(cents(42) - 200 * better * order.side.sign)
    found = slippage_percent(action, average_price=order.own_price(leg) / ONE, mid_twice=mid_twice)

    assert pytest.approx(sign * 200 / (42 if outcome is Outcome.YES else 58)) == found


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize(("average", "mid_twice"), [(None, 8_400), (0.44, None), (None, None), (0.44, 0)])
def test_slippage_without_a_fill_or_a_mid_is_none(action: Action, average: float | None, mid_twice: int | None) -> None:
    """Absent is None, never 0: a run that filled nothing did not fill at the mid."""
    assert slippage_percent(action, average_price=average, mid_twice=mid_twice) is None


# --- shortfall ------------------------------------------------------------------------------------------------------

FILLS = (
    MarkedFill(price=cents(44), quantity=contracts(60), mid_twice=8_400),
    MarkedFill(price=cents(45), quantity=contracts(20), mid_twice=8_600),
)
FINAL = book("44x30 | 46x5 47x30")


def measure(
    fills: tuple[MarkedFill, ...] = FILLS, unfilled: float = 20, final: Book | None = FINAL, mid: int | None = 8_400
) -> Shortfall:
    """A buyer of 100 who arrived at a mid of 42; 0.50 of fees paid, 0.10 to complete."""
    return shortfall(
        fills,
        arrival_mid_twice=mid,
        unfilled=contracts(unfilled),
        final=final,
        fees=parse_money("0.50"),
        completion_fees=parse_money("0.10"),
    )


def dollars(text: str) -> Money:
    """Money from dollars."""
    return parse_money(text)


def test_a_shortfall_by_hand() -> None:
    """Bought 60 at 44 (mid 42) and 20 at 45 (mid then 43); 20 missing with 5 at 46 and 30 at 47 on offer, mid 45.

    Spread 60 x .02 + 20 x .02 = 1.60. Drift 20 x .01 = 0.20. Completing costs 5 x .46 + 15 x .47 = 9.35 against 20 x .42 =
    8.40: 0.95 of opportunity; at the final mid 20 x .03 = 0.60, and then no fees to complete.
    """
    assert measure() == Shortfall(
        total=dollars("3.35"),
        spread=dollars("1.60"),
        drift=dollars("0.20"),
        opportunity=dollars("0.95"),
        fees=dollars("0.60"),
        total_mid=dollars("2.90"),
        opportunity_mid=dollars("0.60"),
    )


def test_what_gets_cheaper_is_a_gain() -> None:
    """The price falls to 38 before we buy at 39, inside: 1 cent of spread paid, 4 cents of drift earned."""
    fill = MarkedFill(price=cents(39), quantity=contracts(100), mid_twice=7_600)
    found = measure((fill,), unfilled=0)

    assert (dollars("1.00"), dollars("-4.00")) == (found.spread, found.drift)
    assert dollars("-2.40") == found.total


def test_a_filled_order_has_no_opportunity_cost() -> None:
    """Nothing is missing, so the last book does not matter, nor that there is none."""
    found = measure(unfilled=0, final=None)

    assert (0, 0, False) == (found.opportunity, found.opportunity_mid, found.depth_short)
    assert dollars("2.40") == found.total


def test_zero_fills_are_all_opportunity() -> None:
    """Nothing bought of 20: no spread, no drift (0, as nothing was paid), and the whole sweep against the arrival mid."""
    found = measure((), unfilled=20)

    assert (0, 0) == (found.spread, found.drift)
    assert dollars("0.95") == found.opportunity
    assert dollars("1.55") == found.total


def test_a_ladder_that_is_too_short_is_extended_and_flagged() -> None:
    """35 are on offer for 40: the last 5 count at 47, and the record says that they were not there."""
    found = measure((), unfilled=40)

    assert found.depth_short
    assert dollars("1.95") == found.opportunity  # 5 x .46 + 35 x .47 - 40 x .42
    assert not measure((), unfilled=35).depth_short


@pytest.mark.parametrize("fills", [(), FILLS])
@pytest.mark.parametrize("unfilled", [0, 20])
def test_without_an_arrival_mid_only_fees_are_known(fills: tuple[MarkedFill, ...], unfilled: float) -> None:
    """A one-sided arrival: every part is None, never 0; the fees stand."""
    assert measure(fills, unfilled, mid=None) == Shortfall(
        total=None, spread=None, drift=None, opportunity=None, fees=dollars("0.60")
    )


def test_without_a_last_book_the_rest_cannot_be_priced() -> None:
    """Spread and drift are known, opportunity and both totals are not."""
    found = measure(final=None)

    assert (dollars("1.60"), dollars("0.20")) == (found.spread, found.drift)
    assert (None, None, None, None) == (found.opportunity, found.total, found.opportunity_mid, found.total_mid)


@pytest.mark.parametrize(
    ("final", "total", "total_mid"), [("| 46x5 47x30", "3.35", None), ("44x30 |", None, None), ("|", None, None)]
)
def test_a_one_sided_last_book_gives_what_it_can(final: str, total: str | None, total_mid: str | None) -> None:
    """Offers alone can be swept but have no mid; without offers there is nothing to complete with."""
    found = measure(final=book(final))

    assert found.total == (None if total is None else dollars(total))
    assert found.total_mid == (None if total_mid is None else dollars(total_mid))


def test_a_fill_without_a_mid_counts_as_spread() -> None:
    """Nobody saw how the price drifted until then: the whole distance to the arrival mid is spread, the total the same."""
    blind = tuple(MarkedFill(price=fill.price, quantity=fill.quantity, mid_twice=None) for fill in FILLS)
    found = measure(blind)

    assert (dollars("1.80"), 0) == (found.spread, found.drift)
    assert measure().total == found.total


@pytest.mark.parametrize(("price", "spread"), [(4_199, -2), (4_200, 0), (4_201, 0), (4_202, 2)])
def test_half_a_unit_is_rounded_to_even(price: int, spread: int) -> None:
    """A hundredth of a contract against a mid of 42.005 cents is -1.5, -0.5, 0.5 and 1.5 micro-dollars off: no bias."""
    found = measure((MarkedFill(price=Price(price), quantity=Quantity(1), mid_twice=8_401),), unfilled=0, mid=8_401)

    assert (spread, 0) == (found.spread, found.drift)


prices = st.integers(1, ONE - 1).map(Price)
quantities = st.integers(1, 20_000).map(Quantity)
mids = st.integers(2, 2 * ONE - 2)
money = st.integers(0, 10**8).map(Money)
marked = st.lists(st.builds(MarkedFill, price=prices, quantity=quantities, mid_twice=st.none() | mids), max_size=6).map(tuple)
ladders = st.lists(st.tuples(prices, quantities), min_size=1, max_size=5)
finals = st.builds(lambda asks, bids: Book.of_levels(bids=bids, asks=asks), ladders, ladders)


@given(fills=marked, mid=mids, rest=st.integers(0, 50_000).map(Quantity), final=finals, fees=money, completion=money)
@example(fills=(), mid=8_401, rest=Quantity(1), final=book("44x1 | 46x1"), fees=Money(0), completion=Money(0))
def test_the_parts_add_up_exactly(
    fills: tuple[MarkedFill, ...], mid: int, rest: Quantity, final: Book, fees: Money, completion: Money
) -> None:
    """The total is its parts to the micro-dollar, and off the true sum by no more than half a unit a part."""
    found = shortfall(fills, arrival_mid_twice=mid, unfilled=rest, final=final, fees=fees, completion_fees=completion)
    bought = sum((fill.price - Fraction(mid, 2)) * fill.quantity for fill in fills)
    left, rest_cost = int(rest), Fraction(0)
    for price, size in final.asks:
        rest_cost += price * min(left, size)
        left -= min(left, size)
    rest_cost += final.asks[-1][0] * left - Fraction(mid, 2) * rest

    assert found.total == found.spread + found.drift + found.opportunity + found.fees
    assert found.total_mid == found.spread + found.drift + found.opportunity_mid + fees
    assert fees + completion == found.fees
    assert abs(found.spread + found.drift - bought) <= 1
    assert abs(found.opportunity - rest_cost) <= Fraction(1, 2)
    assert found.depth_short == (left > 0)


@given(fills=marked, mid=mids, final=finals)
def test_whole_mids_need_no_rounding(fills: tuple[MarkedFill, ...], mid: int, final: Book) -> None:
    """With even sums of bid and ask every part is exact."""
    even = tuple(
        MarkedFill(price=fill.price, quantity=fill.quantity, mid_twice=(fill.mid_twice or mid) // 2 * 2) for fill in fills
    )
    found = shortfall(
        even, arrival_mid_twice=mid // 2 * 2, unfilled=Quantity(0), final=final, fees=Money(0), completion_fees=Money(0)
    )

    assert found.total == sum((fill.price - mid // 2) * fill.quantity for fill in even)


# --- all four intents -----------------------------------------------------------------------------------------------


def story(order: ParentOrder, *, flip: bool) -> Shortfall:
    """Measure the same fills on the YES leg as *order* sees them; *flip* tells the story of the mirrored market."""
    space = BuyerSpace.of(order)
    legs = [(cents(44), contracts(60), book("40x9 | 44x70")), (cents(39), contracts(7.01), book("38.5x9 | 39x20"))]
    last = book("37x5 36x40 | 40x3 41x9 44x90")

    def seen(shown: Book) -> Book:
        return space.book(shown.mirrored() if flip else shown)

    fills = [
        MarkedFill(price=space.leg(Price(ONE - price) if flip else price), quantity=quantity, mid_twice=seen(shown).mid_twice)
        for price, quantity, shown in legs
    ]
    return shortfall(
        fills,
        arrival_mid_twice=seen(book("40x100 | 44x30")).mid_twice,
        unfilled=contracts(30),
        final=seen(last),
        fees=dollars("0.25"),
        completion_fees=dollars("0.05"),
    )


@pytest.mark.parametrize("action", Action)
def test_the_mirrored_story_has_the_same_shortfall(action: Action) -> None:
    """Buying NO in a mirrored market costs what buying YES does in this one, part by part; so with selling."""
    straight = story(parent(outcome=Outcome.YES, action=action), flip=False)

    assert straight == story(parent(outcome=Outcome.NO, action=action), flip=True)
    assert straight.total is not None


@pytest.mark.parametrize("outcome", Outcome)
def test_two_names_for_one_order_have_one_shortfall(outcome: Outcome) -> None:
    """Buying YES is selling NO, buying NO is selling YES: the same fills in the same market cost the same."""
    other = Outcome.NO if outcome is Outcome.YES else Outcome.YES

    assert story(parent(outcome=outcome, action=Action.BUY), flip=False) == story(
        parent(outcome=other, action=Action.SELL), flip=False
    )


def test_buyer_and_seller_of_one_contract_pay_each_others_spread() -> None:
    """At the same fills in the same market, what one loses to spread and drift the other gains."""
    buyer = story(parent(outcome=Outcome.YES, action=Action.BUY), flip=False)
    seller = story(parent(outcome=Outcome.YES, action=Action.SELL), flip=False)

    assert (buyer.spread, buyer.drift) == (-(seller.spread or 0), -(seller.drift or 0))
    assert (dollars("1.217525"), dollars("-0.227825")) == (buyer.spread, buyer.drift)


def test_a_cap_that_lies_on_a_price_is_that_price() -> None:
    """29 % above 50 cents are 64.5, on a grid that has it: computed with the float nearest to 0.29 it would be a step less."""
    grid = STRUCTURES["deci_cent"]
    assert Price(6_450) == cap_price(Action.BUY, grid, target=cents(50), limit=None, max_slippage=0.29)[0]
    assert Price(3_550) == cap_price(Action.SELL, grid, target=cents(50), limit=None, max_slippage=0.29)[0]
