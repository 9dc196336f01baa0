"""The sums of a stretch, worked out by hand: what counts, what is compared with what, and what is left out."""

import math

import pytest

from depthwalk.domain.book import Book
from depthwalk.domain.units import CONTRACT, SECOND, Instant, Price, Quantity
from depthwalk.lab.calibration.moments import values
from depthwalk.lab.calibration.sums import AT, Stretch

Sides = dict[int, int]


def _book(bids: Sides, asks: Sides) -> Book:
    """Prices in cents, contracts."""
    one, other = ([(Price(100 * price), Quantity(size * CONTRACT)) for price, size in side.items()] for side in (bids, asks))
    return Book.of_levels(bids=one, asks=other)


def _sum(stretch: Stretch, name: str, *, adds: bool = False, trades: bool = False) -> float:
    return stretch.close(tells_adds=adds, tells_trades=trades)[AT[name]]


BOOK = _book({50: 10, 49: 20, 45: 5, 39: 7}, {52: 4, 54: 6})


def test_a_book_by_hand() -> None:
    """Spread, touch, depth by distance and the prices with orders, each side by itself."""
    stretch = Stretch(1, increases=False)
    stretch.sample(BOOK)
    sums = stretch.close(tells_adds=False, tells_trades=False)
    expected = {
        "books": 1,
        "spread": 2,
        "touch": math.log(10) + math.log(4),
        "depth1": math.log(30) + math.log(4),
        "depth3": math.log(30) + math.log(10),
        "depth5": math.log(35) + math.log(10),
        "levels": 3 + 2,
        "near": 35 + 10,
    }
    assert expected == {name: pytest.approx(sums[AT[name]]) for name in expected}


def test_a_moment_needs_thirty_observations() -> None:
    """Of fewer nothing is said."""
    stretch = Stretch(1, increases=False)
    found = []
    for _ in range(30):
        stretch.sample(BOOK)
        found.append("spread" in values([stretch.close(tells_adds=False, tells_trades=False)]))
    assert [*[False] * 29, True] == found


@pytest.mark.parametrize(
    "book",
    [
        _book({10: 5}, {14: 5}),
        _book({84: 5}, {88: 5}),
        _book({52: 5}, {52: 5}),
        _book({52: 5}, {51: 5}),
        _book({50: 5}, {}),
        _book({}, {}),
        None,
    ],
)
def test_what_does_not_count(book: Book | None) -> None:
    """A mid far out, a locked or crossed book, one side, and what is not known leave no trace."""
    stretch = Stretch(1, increases=False)
    stretch.sample(book)
    assert 0 == sum(stretch.close(tells_adds=True, tells_trades=True))


def test_an_empty_side_counts_where_the_price_was_in_range_before() -> None:
    """An empty side has no mid, so it is known by what was there before it."""
    stretch = Stretch(1, increases=False)
    for book in (BOOK, _book({50: 5}, {}), _book({}, {}), BOOK):
        stretch.sample(book)
    assert 0.5 == values([[30 * each for each in stretch.close(tells_adds=False, tells_trades=False)]])["one_sided"]


def _moving(*centers: int | None, step: int = 1) -> Stretch:
    stretch = Stretch(step, increases=False)
    for center in centers:
        stretch.sample(None if center is None else _book({center - 1: 30}, {center + 1: 10}))
    return stretch


def test_changes_of_the_mid_over_each_horizon() -> None:
    """Over 1 s and 4 s, never across what is not known."""
    sums = _moving(50, 51, 53, 53, 56, None, 60).close(tells_adds=False, tells_trades=False)
    assert (4, 1 + 4 + 0 + 9) == (sums[AT["changes1"]], sums[AT["squares1"]])
    assert (2, 36 + 49) == (sums[AT["changes4"]], sums[AT["squares4"]])
    assert (0, 0) == (sums[AT["changes20"]], sums[AT["changes40"]])


def test_horizons_shorter_than_a_step_are_not_measured() -> None:
    """Who looks every 4 s knows nothing of 1 s."""
    sums = _moving(50, 51, 53, step=4).close(tells_adds=False, tells_trades=False)
    assert (0, 2, 5) == (sums[AT["changes1"]], sums[AT["changes4"]], sums[AT["squares4"]])


def test_the_imbalance_is_set_beside_the_move_after_it() -> None:
    """Thirty bid and ten asked is a lean of one half; the mid rises by 3 within 4 s."""
    sums = _moving(50, 50, 50, 50, 53).close(tells_adds=False, tells_trades=False)
    assert (0.5 * 3, 0.25) == (sums[AT["lean_move"]], sums[AT["lean_square"]])


def test_moves_are_counted_between_known_books() -> None:
    """One pair moves, one does not, and two have nothing to compare."""
    sums = _moving(50, 51, 51, None, 60).close(tells_adds=False, tells_trades=False)
    assert (2, 1) == (sums[AT["pairs"]], sums[AT["moves"]])


def test_orders_are_read_off_what_levels_have_grown_by() -> None:
    """Ten more at the best and two behind it are two orders; what shrinks and what is far off is none."""
    stretch = Stretch(1, increases=True)
    stretch.sample(BOOK)
    stretch.sample(_book({50: 20, 49: 5, 48: 2, 39: 99}, {52: 4, 54: 6}))
    sums = stretch.close(tells_adds=False, tells_trades=False)
    assert (2, 12, 2, 1) == tuple(sums[AT[name]] for name in ("adds", "added", "add_offset", "add_seconds"))


def test_orders_that_are_told_count_near_the_best_only() -> None:
    """Somebody tells of every change: ten cents off is the last that matters."""
    stretch = Stretch(1, increases=False)
    stretch.add(5.0, 0.0)
    stretch.sample(BOOK)
    for offset in (0.0, 10.0, 10.5):
        stretch.add(5.0, offset)
    stretch.sample(BOOK)
    sums = stretch.close(tells_adds=True, tells_trades=False)
    assert (2, 10, 10, 1) == tuple(sums[AT[name]] for name in ("adds", "added", "add_offset", "add_seconds"))


def test_takers_their_followers_and_what_the_mid_did_after_them() -> None:
    """The second buyer follows the first, the seller nobody; the mid is 2 higher 5 s after each."""
    stretch = Stretch(1, increases=False)
    for second, center in enumerate((50, 50, 50, 50, 50, 52, 52, 52)):
        stretch.sample(_book({center - 1: 30}, {center + 1: 10}))
        if second == 0:
            stretch.trade(Instant(SECOND // 4), 1, 3.0)
            stretch.trade(Instant(SECOND // 2), 1, 5.0)
        if second == 2:
            stretch.trade(Instant(5 * SECOND // 2), -1, 4.0)
    sums = stretch.close(tells_adds=False, tells_trades=True)
    assert (3, 12, 1, 7) == tuple(sums[AT[name]] for name in ("trades", "traded", "followed", "trade_seconds"))
    assert (3, 2 + 2 - 2) == (sums[AT["marked5"]], sums[AT["mark5"]])
    assert 0 == sums[AT["marked30"]]
