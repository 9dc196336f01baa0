"""Reading depth: two ladders that are never summed, exact sweeps, and the class of a book."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.analysis.depth import Sweep, down_to, liquidity_class, queued_at, sweep, sweep_levels, touch, up_to, within
from depthwalk.domain.book import Book, Level
from depthwalk.domain.messages import LiquidityRule
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.units import ONE, Money, Price, Quantity, parse_money
from tests.support.books import book, cents, contracts

SCREEN = book("40x10 39x500 | 42x8 43x20 45x2 46x1")
RULE = LiquidityRule()
PRICES = st.integers(1, ONE - 1).map(Price)


def _ladder(levels: list[Level]) -> tuple[Level, ...]:
    return Book.of_levels(bids=(), asks=levels).asks


ladders = st.lists(st.tuples(PRICES, st.integers(1, 3_000).map(Quantity)), max_size=8).map(_ladder)
short_ladders = st.lists(st.tuples(PRICES, st.integers(1, 9).map(Quantity)), max_size=6).map(_ladder)
wants = st.integers(0, 20_000).map(Quantity)
caps = st.none() | st.integers(0, ONE)


# --- taker ladder and maker queue apart -----------------------------------------------------------------------------


def test_each_side_is_read_alone() -> None:
    """What a buyer takes is the asks, what he queues behind the bids: the 510 bids are in none of the ladder's figures."""
    ladder, queue = SCREEN.asks, SCREEN.bids

    assert contracts(8) == touch(ladder)
    assert contracts(31) == within(ladder, ONE)
    assert contracts(31) == up_to(ladder, ONE)
    assert contracts(10) == touch(queue)
    assert contracts(510) == within(queue, ONE)


@pytest.mark.parametrize(("price", "ahead"), [(40, 10), (39, 500), (41, 0), (42, 0), (38, 0)])
def test_the_queue_at_a_price_is_what_bids_exactly_there(price: int, ahead: int) -> None:
    """Better or worse bids do not count, nor does anything on offer."""
    assert contracts(ahead) == queued_at(SCREEN.bids, cents(price))


def test_the_class_looks_at_the_taker_side_only() -> None:
    """510 contracts bid do not make a book with 31 on offer liquid; for one who sells into those bids it is."""
    assert LiquidityClass.THIN is liquidity_class(SCREEN.asks, RULE)
    assert LiquidityClass.LIQUID is liquidity_class(SCREEN.mirrored().asks, RULE)


@pytest.mark.parametrize(
    ("distance", "depth"), [(0, 8), (99, 8), (100, 28), (299, 28), (300, 30), (399, 30), (400, 31), (9_999, 31)]
)
def test_depth_within_a_distance_counts_its_edge(distance: int, depth: int) -> None:
    """A level exactly the distance away belongs to it, one unit further does not; a bid side is measured downwards alike."""
    assert contracts(depth) == within(SCREEN.asks, distance)
    assert contracts(depth) == within(SCREEN.mirrored().bids, distance)


@pytest.mark.parametrize(("cap", "depth"), [(4_199, 0), (4_200, 8), (4_299, 8), (4_300, 28), (4_500, 30), (9_999, 31)])
def test_depth_up_to_a_cap_counts_the_cap(cap: int, depth: int) -> None:
    """What is offered at the cap may be taken, what is offered above it not; a seller's floor is the mirror."""
    assert contracts(depth) == up_to(SCREEN.asks, cap)
    assert contracts(depth) == down_to(SCREEN.mirrored().bids, ONE - cap)


def test_an_empty_side_has_no_depth() -> None:
    """No levels: nothing at the touch, nothing near, nothing to sweep, thin."""
    assert (0, 0, 0, 0) == (touch(()), within((), ONE), up_to((), ONE), queued_at((), cents(42)))
    assert Sweep(filled=Quantity(0), paid=Money(0), worst=None) == sweep((), contracts(1))
    assert LiquidityClass.THIN is liquidity_class((), RULE)


# --- sweeps ---------------------------------------------------------------------------------------------------------


def test_a_sweep_by_hand() -> None:
    """30 contracts: 8 at 42, 20 at 43, 2 at 45 cost 3.36 + 8.60 + 0.90 dollars."""
    assert Sweep(filled=contracts(30), paid=parse_money("12.86"), worst=cents(45)) == sweep(SCREEN.asks, contracts(30))
    assert [(cents(42), contracts(8)), (cents(43), contracts(20)), (cents(45), contracts(2))] == sweep_levels(
        SCREEN.asks, contracts(30)
    )


def test_a_sweep_ends_in_the_middle_of_a_level() -> None:
    """A hundredth of a contract more than the first level takes a hundredth of the second."""
    assert [(cents(42), contracts(8)), (cents(43), Quantity(1))] == sweep_levels(SCREEN.asks, Quantity(801))
    assert Money(800 * 4_200 + 4_300) == sweep(SCREEN.asks, Quantity(801)).paid


@pytest.mark.parametrize(("cap", "filled", "worst"), [(4_199, 0, None), (4_200, 8, 42), (4_399, 28, 43), (4_500, 30, 45)])
def test_a_sweep_stops_at_its_cap(cap: int, filled: int, worst: int | None) -> None:
    """The cap is taken, nothing above it, whatever is missing."""
    swept = sweep(SCREEN.asks, contracts(100), cap)

    assert contracts(filled) == swept.filled
    assert swept.worst == (None if worst is None else cents(worst))


def test_a_ladder_that_is_too_short_gives_what_it_has() -> None:
    """31 are there of the 100 wanted."""
    swept = sweep(SCREEN.asks, contracts(100))

    assert contracts(31) == swept.filled
    assert cents(46) == swept.worst


@given(ladder=short_ladders, want=st.integers(0, 60).map(Quantity), cap=caps)
def test_a_sweep_costs_what_its_cheapest_pieces_cost(ladder: tuple[Level, ...], want: Quantity, cap: int | None) -> None:
    """Bought a hundredth of a contract at a time, always the cheapest one left within the cap: the same to the unit."""
    pieces = sorted(price for price, size in ladder for _ in range(size) if cap is None or price <= cap)[:want]

    assert Sweep(filled=Quantity(len(pieces)), paid=Money(sum(pieces)), worst=pieces[-1] if pieces else None) == sweep(
        ladder, want, cap
    )


@given(ladder=ladders, want=wants, cap=caps)
def test_the_levels_of_a_sweep_add_up_to_it(ladder: tuple[Level, ...], want: Quantity, cap: int | None) -> None:
    """Every level but the last is taken whole, best first; together they are the sweep, and no more than is wanted."""
    taken, swept = sweep_levels(ladder, want, cap), sweep(ladder, want, cap)

    assert swept.filled == sum(part for _, part in taken)
    assert swept.paid == sum(price * part for price, part in taken)
    assert swept.filled == min(want, up_to(ladder, ONE if cap is None else cap))
    assert tuple(taken[:-1]) == ladder[: max(0, len(taken) - 1)]
    assert all(0 < part <= ladder[k][1] and price == ladder[k][0] for k, (price, part) in enumerate(taken))


@given(ladder=ladders, want=wants, more=wants, cap=caps)
def test_taking_more_never_gets_cheaper(ladder: tuple[Level, ...], want: Quantity, more: Quantity, cap: int | None) -> None:
    """A larger quantity fills and costs at least as much, at an average and a last price at least as high."""
    small, large = sweep(ladder, want, cap), sweep(ladder, Quantity(want + more), cap)

    assert small.filled <= large.filled
    assert small.paid <= large.paid
    assert (small.worst or 0) <= (large.worst or 0)
    assert small.paid * large.filled <= large.paid * small.filled


@given(ladder=ladders, want=wants, cap=st.integers(0, ONE), room=st.integers(0, 500))
def test_a_higher_cap_never_fills_less(ladder: tuple[Level, ...], want: Quantity, cap: int, room: int) -> None:
    """What a tight cap allows, a loose one does too, at the same prices first."""
    tight, loose = sweep_levels(ladder, want, cap), sweep_levels(ladder, want, cap + room)

    assert tight == loose[: len(tight)]


# --- class ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        ("0.01", LiquidityClass.THIN),
        ("49.99", LiquidityClass.THIN),
        ("50", LiquidityClass.MODERATE),
        ("99.99", LiquidityClass.MODERATE),
        ("100", LiquidityClass.LIQUID),
        ("5000", LiquidityClass.LIQUID),
    ],
)
def test_the_class_turns_at_50_and_at_100_contracts(depth: str, expected: LiquidityClass) -> None:
    """A hundredth of a contract short of a threshold is the class below, in one level or in two."""
    rest = contracts(depth) - 1

    assert expected is liquidity_class(book(f"| 42x{depth}").asks, RULE)
    assert expected is liquidity_class(_ladder([(cents(42), Quantity(1)), (cents(45), Quantity(rest))]), RULE)


def test_the_class_counts_three_cents_from_the_best_offer() -> None:
    """100 contracts 3 cents away make it liquid, 3.01 cents away they do not, wherever the bid is."""
    assert LiquidityClass.LIQUID is liquidity_class(book("1x1 | 42x1 45x99").asks, RULE)
    assert LiquidityClass.THIN is liquidity_class(book("41x1 | 42x1 45.01x99").asks, RULE)


def test_the_class_follows_its_rule() -> None:
    """Other thresholds and another reach classify the same book otherwise."""
    rule = LiquidityRule(liquid=contracts(28), moderate=contracts(8), within=Price(100))

    assert LiquidityClass.LIQUID is liquidity_class(SCREEN.asks, rule)
    assert LiquidityClass.MODERATE is liquidity_class(SCREEN.asks[:1], rule)
