"""The control law: each term by a number worked out by hand, the slew table, and the rung on every kind of grid."""

from dataclasses import replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.analysis.walker import Law, Progress, Slew, deficit, improve_or_join, next_offset, rung, target_offset
from depthwalk.domain.grid import STRUCTURES, Band, Grid
from depthwalk.domain.units import ONE, Price
from tests.support.books import cents

LINEAR, DECI, TAPERED = (STRUCTURES[name] for name in ("linear_cent", "deci_cent", "tapered_deci_cent"))
CENTI = STRUCTURES["center_centi_edge_centi_cent"]
TOP = Price(9_999)

LAW = Law(
    offsets=(1.1, 0.4, 0.0),
    patience=1.0,
    deficit_gain=3.0,
    spread_gain=0.2,
)
SLEW = Slew(base=0.5, aggressive=1.0, aggressive_multiplier=1.5, conservative_multiplier=0.8, threshold=0.1)

shares = st.floats(0.0, 1.0)
offsets = st.floats(-5.0, 30.0)


def at(elapsed: float = 0.0, remaining: float = 1.0, spread: float | None = 1.0) -> Progress:
    """Where a run stands."""
    return Progress(elapsed=elapsed, remaining=remaining, spread=spread)


# --- the terms ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("split", "offset"), [(0, 1.1), (1, 0.4), (2, 0.0)])
def test_at_the_start_of_a_one_cent_book_a_split_rests_at_its_own_offset(split: int, offset: float) -> None:
    """No time gone, nothing behind, spread 1: only a_k is left."""
    assert offset == target_offset(LAW, split, at())


@pytest.mark.parametrize(
    ("progress", "offset"),
    [
        (at(elapsed=0.5, remaining=0.5), 1.6),  # patience: 1.1 + 1 x 0.5, on the straight line
        (at(elapsed=1.0, remaining=0.0), 2.1),
        (at(elapsed=0.5, remaining=0.8), 2.5),  # deficit: 1.1 + 0.5 + 3 x 0.3
        (at(elapsed=0.5, remaining=0.2), 1.6),  # ahead of the line is worth nothing
        (at(elapsed=1.0, remaining=1.0), 5.1),  # nothing filled at the end: 1.1 + 1 + 3
        (at(spread=6.0), 2.1),  # spread: 1.1 + 0.2 x 5
        (at(spread=0.1), 0.92),  # a deci-cent spread: 1.1 - 0.2 x 0.9
        (at(spread=None), 1.1),  # one side missing counts as one cent
        (at(elapsed=0.25, remaining=0.9, spread=3.0), 2.2),  # all: 1.1 + 0.25 + 3 x 0.15 + 0.2 x 2
    ],
)
def test_each_term_of_the_target_offset(progress: Progress, offset: float) -> None:
    """The offset is a + v x elapsed + g x deficit + z x (spread - 1), in cents; here for the first split of the default law."""
    assert pytest.approx(offset) == target_offset(LAW, 0, progress)


@pytest.mark.parametrize(("imbalance", "offset"), [(1.0, 1.6), (0.0, 1.1), (-0.5, 0.85)])
def test_the_touch_may_draw_a_split_up_or_down(imbalance: float, offset: float) -> None:
    """1.1 + 0.5 x imbalance: up where more is bid than offered."""
    progress = replace(at(), imbalance=imbalance)
    assert pytest.approx(offset) == target_offset(replace(LAW, imbalance_gain=0.5), 0, progress)


@pytest.mark.parametrize(
    ("power", "widest", "progress", "offset"),
    [
        (2.0, inf, at(elapsed=0.5, remaining=0.5), 1.35),  # 1.1 + 1 x 0.25
        (2.0, inf, at(elapsed=1.0, remaining=0.0), 2.1),  # at the end all of it
        (0.5, inf, at(elapsed=0.25, remaining=0.75), 1.6),  # 1.1 + 1 x 0.5
        (1.0, 4.0, at(spread=3.0), 1.5),  # 1.1 + 0.2 x 2
        (1.0, 4.0, at(spread=9.0), 1.7),  # 1.1 + 0.2 x 3, however much wider it is
        (1.0, 4.0, at(spread=None), 1.1),
    ],
)
def test_patience_may_run_out_late_and_a_wide_spread_may_count_less(
    power: float, widest: float, progress: Progress, offset: float
) -> None:
    """Elapsed counts to a power; of the spread no more than a widest one."""
    law = replace(LAW, patience_power=power, widest_spread=widest)
    assert pytest.approx(offset) == target_offset(law, 0, progress)


@pytest.mark.parametrize(
    ("elapsed", "remaining", "behind"), [(0.0, 1.0, 0.0), (0.5, 0.5, 0.0), (0.5, 0.75, 0.25), (0.5, 0.25, 0.0), (1.0, 1.0, 1.0)]
)
def test_deficit_is_what_is_missing_to_the_straight_line(elapsed: float, remaining: float, behind: float) -> None:
    """Half the time gone should leave half the order; being ahead is 0, never less."""
    assert behind == deficit(at(elapsed, remaining))


@given(elapsed=shares, remaining=shares, later=shares, more=shares)
def test_time_and_a_rest_only_push_up(elapsed: float, remaining: float, later: float, more: float) -> None:
    """Later, or with more left, no split wants a lower offset; and the first never a lower one than the second."""
    slack = 1e-9
    now = target_offset(LAW, 0, at(elapsed, remaining))

    assert now <= target_offset(LAW, 0, at(max(elapsed, later), remaining)) + slack
    assert now <= target_offset(LAW, 0, at(elapsed, max(remaining, more))) + slack
    assert target_offset(LAW, 1, at(elapsed, remaining)) <= now


# --- slew -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("adverse", "dry_up", "cents_a_step"),
    [
        (0.0, False, 0.5),  # neutral
        (0.0999, False, 0.5),
        (-0.0999, False, 0.5),
        (0.10, False, 0.75),  # against us: 0.5 x 1.5
        (0.1999, False, 0.75),
        (0.20, False, 1.5),  # hard against us: 1.0 x 1.5
        (1.0, False, 1.5),
        (-0.10, False, 0.4),  # for us: 0.5 x 0.8
        (-1.0, False, 0.4),
        (0.0, True, 1.5),  # depth dries up: as hard against us, whatever the momentum
        (0.10, True, 1.5),
        (-1.0, True, 1.5),
    ],
)
def test_the_slew_table(adverse: float, dry_up: bool, cents_a_step: float) -> None:
    """The five regimes of algorithms.md section 2.3, each at its edges."""
    assert pytest.approx(cents_a_step) == SLEW.limit(adverse, dry_up=dry_up)


@given(adverse=st.floats(-1.0, 1.0), more=st.floats(0.0, 1.0), dry_up=st.booleans())
def test_pressure_against_us_never_slows_us_down(adverse: float, more: float, dry_up: bool) -> None:
    """The limit rises with adverse momentum (fault 15: not with its size, whatever its sign)."""
    assert SLEW.limit(adverse, dry_up=dry_up) <= SLEW.limit(adverse + more, dry_up=dry_up)
    assert SLEW.limit(adverse, dry_up=False) <= SLEW.limit(adverse, dry_up=True)


@pytest.mark.parametrize(
    ("previous", "target", "offset"),
    [
        (None, 9.0, 9.0),  # the first placement goes there directly
        (1.0, 9.0, 1.5),  # up: half a cent a step
        (1.0, 1.5, 1.5),
        (1.0, 1.2, 1.2),  # what is nearer than the limit is reached
        (1.0, 1.0, 1.0),
        (5.0, 1.0, 1.0),  # down: at once
        (5.0, -2.0, -2.0),
    ],
)
def test_an_offset_falls_at_once_and_rises_by_the_limit(previous: float | None, target: float, offset: float) -> None:
    """Limit 0.5 cents a step."""
    assert offset == next_offset(previous, target, 0.5)


@given(previous=offsets, targets=st.lists(offsets, min_size=1, max_size=10), limit=st.floats(0.01, 2.0))
def test_no_step_is_above_its_target_or_its_limit(previous: float, targets: list[float], limit: float) -> None:
    """Over any sequence of targets."""
    offset = previous
    for target in targets:
        before, offset = offset, next_offset(offset, target, limit)
        assert offset <= target
        assert offset <= before + limit
        assert offset in (target, before + limit)


# --- rung: hand examples --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grid", "bid", "offset", "price"),
    [
        # Cents: rounded towards us.
        (LINEAR, 40, 1.1, 41),
        (LINEAR, 40, 0.99, 40),
        (LINEAR, 40, 1.0, 41),
        (LINEAR, 40, 0.0, 40),
        (LINEAR, 40, -0.5, 39),
        (LINEAR, 98, 9.0, 99),  # the top of the grid
        # Tenths of a cent.
        (DECI, 40, 1.1, 41.1),
        (DECI, 40, 0.99, 40.9),
        (DECI, "40.7", 0.4, 41.1),
        (DECI, "99.8", 5.0, 99.9),
        # Tapered: tenths up to 10 cents and from 90, whole cents between.
        (TAPERED, "9.8", 0.1, 9.9),
        (TAPERED, "9.8", 0.2, 10),
        (TAPERED, "9.8", 0.4, 10),  # 10.2 is between the cents
        (TAPERED, "9.8", 1.2, 11),
        (TAPERED, 10, 0.9, 10),
        (TAPERED, 11, -0.1, 10),
        (TAPERED, 10, -0.1, 9.9),
        (TAPERED, 89, 0.9, 89),
        (TAPERED, 89, 1.0, 90),
        (TAPERED, 89, 1.1, 90.1),
        (TAPERED, 90, 0.4, 90.4),
        (TAPERED, "90.1", -0.2, 89),
        (TAPERED, "99.8", 0.1, 99.9),
    ],
)
def test_the_rung_is_on_the_grid_rounded_towards_us(grid: Grid, bid: float | str, offset: float, price: float) -> None:
    """The best other bid plus the offset, or the next valid price below it."""
    assert cents(price) == rung(grid, cents(bid), offset, ceiling=cents(99.9) if grid is not LINEAR else cents(99))


@pytest.mark.parametrize(
    ("cap", "best_ask", "price"),
    [(45, None, 45), (45, 48, 45), (48, 44, 44), (44, 44, 44), (47, 47, 47), (39, 44, 39), (60, 60, 50)],
)
def test_the_rung_ends_at_the_cap_and_at_the_ask(cap: int, best_ask: int | None, price: int) -> None:
    """40 plus 10 cents is 50, but never above the cap nor above the best ask; the ask itself may be reached."""
    ceiling = cents(cap if best_ask is None else min(cap, best_ask))

    assert cents(price) == rung(LINEAR, cents(40), 10.0, ceiling=ceiling)


@pytest.mark.parametrize(("grid", "lowest"), [(LINEAR, "1"), (DECI, "0.1"), (TAPERED, "0.1"), (CENTI, "0.01")])
def test_below_the_lowest_price_the_lowest_price(grid: Grid, lowest: str) -> None:
    """An offset below the bottom of the grid rests at its lowest price."""
    assert cents(lowest) == rung(grid, cents(1), -5.0, ceiling=cents(3))


def test_in_a_gap_of_the_grid_the_price_below_it() -> None:
    """A grid with a hole between 20 and 80 cents: 20 plus 5 cents stays at 20."""
    holed = Grid((Band(Price(0), cents(20), cents(1)), Band(cents(80), ONE, cents(1))))

    assert cents(20) == rung(holed, cents(20), 5.0, ceiling=cents(90))


@pytest.mark.parametrize(
    ("grid", "offset", "price"),
    [
        (DECI, 0.7 + 0.1, "40.8"),  # 0.7999999999999999
        (DECI, 0.1 + 0.2, "40.3"),  # 0.30000000000000004
        (LINEAR, 2.3 - 0.3, "42"),  # 1.9999999999999998
        (LINEAR, 0.6 + 0.3 + 0.1, "41"),  # 0.9999999999999999
        (DECI, 0.4 + 3 * 0.3, "41.3"),  # 1.2999999999999998
        (CENTI, 0.29, "40.29"),  # 0.29 x 100 is 28.999999999999996
        (LINEAR, 0.996, "41"),  # nearer to the unit above than to 40.99
        (LINEAR, 0.994, "40"),
    ],
)
def test_a_floats_last_digit_does_not_cost_a_step(grid: Grid, offset: float, price: str) -> None:
    """The sum is taken to the nearest unit before it is rounded down."""
    assert cents(price) == rung(grid, cents(40), offset, ceiling=cents(50))


# --- rung: properties -----------------------------------------------------------------------------------------------

NAMES = ["linear_cent", "deci_cent", "tapered_deci_cent", "center_half_edge_quint_cent", "center_deci_edge_centi_cent"]
POINTS = {name: [Price(price) for price in range(1, ONE) if price in STRUCTURES[name]] for name in NAMES}


@st.composite
def scenes(draw: st.DrawFn) -> tuple[str, Price, Price, Price | None]:
    """Draw a grid, and a best bid, a cap and a best ask (or none) on it."""
    name = draw(st.sampled_from(NAMES))
    points = st.sampled_from(POINTS[name])
    return name, draw(points), draw(points), draw(st.none() | points)


@given(scene=scenes(), offset=offsets)
def test_the_rung_is_the_highest_allowed_price(scene: tuple[str, Price, Price, Price | None], offset: float) -> None:
    """Of all prices of the grid at or below bid plus offset, cap and ask, the highest; if there is none, the lowest of all."""
    name, bid, cap, ask = scene
    bounds = [bid + round(100 * offset), cap, *([] if ask is None else [ask])]
    allowed = [price for price in POINTS[name] if price <= min(bounds)]

    price = rung(STRUCTURES[name], bid, offset, ceiling=min(bounds[1:]))

    assert price == (allowed[-1] if allowed else POINTS[name][0])
    assert price in STRUCTURES[name]
    assert price <= cap
    assert ask is None or price <= ask


@given(scene=scenes(), offset=offsets, more=st.floats(0.0, 10.0))
def test_a_higher_offset_never_rests_lower(scene: tuple[str, Price, Price, Price | None], offset: float, more: float) -> None:
    """Monotone in the offset, in the cap and in the bid."""
    name, bid, cap, ask = scene
    grid = STRUCTURES[name]
    ceiling = cap if ask is None else min(cap, ask)
    low = rung(grid, bid, offset, ceiling=ceiling)

    assert low <= rung(grid, bid, offset + more, ceiling=ceiling)
    assert low <= rung(grid, bid, offset, ceiling=POINTS[name][-1])
    assert low <= rung(grid, Price(min(bid + 100, TOP)), offset, ceiling=ceiling)


# --- improve or join ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grid", "bid", "ask", "cap", "price"),
    [
        (LINEAR, 40, 43, 45, 41),  # room: first in the queue
        (LINEAR, 40, 42, 45, 41),
        (LINEAR, 40, 41, 45, 40),  # no room below the ask: join
        (LINEAR, 40, 44, 41, 41),  # the cap itself is allowed
        (LINEAR, 40, 44, 40, 40),
        (LINEAR, 45, 48, 43, 43),  # the cap is below the bid
        (LINEAR, 40, None, 45, 41),
        (LINEAR, 98, None, 99, 99),
        (LINEAR, 99, None, 99, 99),
        (TAPERED, 89, 91, 95, 90),
        (TAPERED, 90, "90.2", 95, "90.1"),
        (TAPERED, 90, "90.1", 95, 90),
        (TAPERED, "9.9", 12, 20, 10),
    ],
)
def test_improving_needs_room_below_the_ask(
    grid: Grid, bid: float | str, ask: float | str | None, cap: float | str, price: float | str
) -> None:
    """One step above the best other bid where that does not reach the ask, else the bid, never above the cap."""
    best_ask = None if ask is None else cents(ask)

    assert cents(price) == improve_or_join(grid, cents(bid), best_ask=best_ask, cap=cents(cap))
