"""The price grid against a brute-force list of its prices, for every published structure and for invented ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.grid import STRUCTURES, Band, Grid, fitting_structure
from depthwalk.domain.units import CENT, ONE, Price
from depthwalk.errors import DomainError

# kalshi-api.md section 4, in 1/10,000 dollar: (start, end, step).
PUBLISHED = {
    "linear_cent": [(0, 10_000, 100)],
    "deci_cent": [(0, 10_000, 10)],
    "tapered_deci_cent": [(0, 1_000, 10), (1_000, 9_000, 100), (9_000, 10_000, 10)],
    "center_whole_edge_half_cent": [(0, 1_000, 50), (1_000, 9_000, 100), (9_000, 10_000, 50)],
    "center_whole_edge_quint_cent": [(0, 1_000, 20), (1_000, 9_000, 100), (9_000, 10_000, 20)],
    "center_half_edge_half_cent": [(0, 10_000, 50)],
    "center_half_edge_quint_cent": [(0, 1_000, 20), (1_000, 9_000, 50), (9_000, 10_000, 20)],
    "center_half_edge_deci_cent": [(0, 1_000, 10), (1_000, 9_000, 50), (9_000, 10_000, 10)],
    "center_quint_edge_quint_cent": [(0, 10_000, 20)],
    "center_quint_edge_deci_cent": [(0, 1_000, 10), (1_000, 9_000, 20), (9_000, 10_000, 10)],
    "center_centi_edge_centi_cent": [(0, 10_000, 1)],
    "center_deci_edge_centi_cent": [(0, 100, 1), (100, 9_900, 10), (9_900, 10_000, 1)],
}
EVERY = pytest.mark.parametrize("name", sorted(PUBLISHED))


def listed(spans: list[tuple[int, int, int]]) -> list[int]:
    """All prices of these bands, one after the other, without 0 and 1 dollar."""
    return sorted({price for start, end, step in spans for price in range(start, end + 1, step) if 0 < price < ONE})


ALL_PRICES = {name: listed(spans) for name, spans in PUBLISHED.items()}


def grid_of(spans: list[tuple[int, int, int]]) -> Grid:
    """Build a grid from plain numbers."""
    return Grid(tuple(Band(Price(start), Price(end), Price(step)) for start, end, step in spans))


@st.composite
def any_spans(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """Invented bands: rising, touching or apart, with steps that fit."""
    spans: list[tuple[int, int, int]] = []
    start = draw(st.integers(0, 300))
    for _ in range(draw(st.integers(1, 4))):
        step = draw(st.sampled_from([1, 7, 10, 50, 100]))
        end = start + step * draw(st.integers(1, 20))
        spans.append((start, end, step))
        start = end + draw(st.sampled_from([0, 0, 3, 100]))
    return spans


def check_against_list(grid: Grid, every: list[int], price: int) -> None:
    """Compare all that a grid answers about one price with what the list says."""
    assert (price in every) == (price in grid)
    assert max((p for p in every if p <= price), default=None) == grid.floor(price)
    assert min((p for p in every if p >= price), default=None) == grid.ceil(price)
    assert max((p for p in every if p < price), default=None) == grid.below(price)
    assert min((p for p in every if p > price), default=None) == grid.above(price)
    mirror = grid.mirrored()
    assert (price in every) == (ONE - price in mirror)
    assert grid.floor(price) == (None if (m := mirror.ceil(ONE - price)) is None else ONE - m)


def test_the_structures_are_the_published_ones() -> None:
    """All twelve structures of the reference are there, band for band, and no other."""
    expected = {name: grid_of(spans) for name, spans in PUBLISHED.items()}
    assert expected == STRUCTURES


@EVERY
@given(price=st.integers(-200, ONE + 200))
def test_published_grids_match_their_lists(name: str, price: int) -> None:
    """Membership, floor, ceil, the neighbours and the mirror agree with counting."""
    check_against_list(STRUCTURES[name], ALL_PRICES[name], price)


@EVERY
def test_published_grids_match_their_lists_at_every_edge(name: str) -> None:
    """The same near the ends and where one band hands over to the next, where mistakes live."""
    for start, end, step in PUBLISHED[name]:
        for price in (*range(start - 2, start + 3), *range(end - 2, end + 3), start + step, end - step):
            check_against_list(STRUCTURES[name], ALL_PRICES[name], price)


@given(spans=any_spans(), price=st.integers(-50, ONE + 50))
def test_any_grid_matches_its_list(spans: list[tuple[int, int, int]], price: int) -> None:
    """The same for bands that nobody has published, gaps included."""
    check_against_list(grid_of(spans), listed(spans), price)


@EVERY
def test_walking_up_and_down_visits_every_price(name: str) -> None:
    """From the bottom, `above` reaches every price once; `below` leads back."""
    grid, up, down = STRUCTURES[name], [], []
    price = grid.ceil(0)
    while price is not None:
        up.append(price)
        price = grid.above(price)
    price = grid.floor(ONE)
    while price is not None:
        down.append(price)
        price = grid.below(price)
    assert ALL_PRICES[name] == up
    assert ALL_PRICES[name] == down[::-1]


@EVERY
def test_published_grids_are_their_own_mirror(name: str) -> None:
    """Every published structure offers the same prices for YES and for NO."""
    assert STRUCTURES[name] == STRUCTURES[name].mirrored()


@EVERY
def test_settlement_values_are_no_prices_but_whole_cents_are(name: str) -> None:
    """0 and 1 dollar are never order prices; 1 to 99 cents always are (section 4)."""
    grid = STRUCTURES[name]
    assert 0 not in grid
    assert ONE not in grid
    assert all(cents * CENT in grid for cents in range(1, 100))


@pytest.mark.parametrize(
    ("price", "below", "floor", "ceil", "above"),
    [
        (0, None, None, 10, 10),
        (10, None, 10, 10, 20),
        (1_000, 990, 1_000, 1_000, 1_100),
        (1_050, 1_000, 1_000, 1_100, 1_100),
        (8_950, 8_900, 8_900, 9_000, 9_000),
        (9_000, 8_900, 9_000, 9_000, 9_010),
        (9_990, 9_980, 9_990, 9_990, None),
        (ONE, 9_990, 9_990, None, None),
    ],
)
def test_a_tapered_grid_is_fine_at_the_edges_only(
    price: int, below: int | None, floor: int | None, ceil: int | None, above: int | None
) -> None:
    """Below 10 and above 90 cents there are tenths of a cent; between them whole cents; the borders belong to both."""
    grid = STRUCTURES["tapered_deci_cent"]
    assert below == grid.below(price)
    assert floor == grid.floor(price)
    assert ceil == grid.ceil(price)
    assert above == grid.above(price)


@pytest.mark.parametrize(
    ("start", "end", "step"),
    [(0, 10_000, 0), (0, 10_000, -100), (0, 10_000, 300), (100, 100, 100), (200, 100, 100), (-100, 100, 100), (0, 10_100, 100)],
)
def test_bands_that_are_none_are_refused(start: int, end: int, step: int) -> None:
    """A band rises within 0 to 1 dollar by a positive step that fits into it."""
    with pytest.raises(DomainError, match="is not a grid inside 0 to 1"):
        Band(Price(start), Price(end), Price(step))


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([], "at least one band"),
        ([(0, 1_000, 10), (900, 2_000, 100)], "overlap"),
        ([(1_000, 2_000, 10), (0, 1_000, 100)], "rising order"),
    ],
)
def test_bands_that_do_not_make_a_grid_are_refused(spans: list[tuple[int, int, int]], message: str) -> None:
    """No bands, overlapping bands and bands out of order are refused."""
    with pytest.raises(DomainError, match=message):
        grid_of(spans)


@pytest.mark.parametrize(
    ("spans", "words"),
    [
        (PUBLISHED["linear_cent"], "0.0100 steps between 0 and 1"),
        (
            PUBLISHED["tapered_deci_cent"],
            "0.0010 steps from 0.0000 to 0.1000, 0.0100 steps from 0.1000 to 0.9000, 0.0010 steps from 0.9000 to 1.0000",
        ),
        ([(1_000, 9_000, 100)], "0.0100 steps from 0.1000 to 0.9000"),
    ],
)
def test_a_grid_is_described_as_it_is(spans: list[tuple[int, int, int]], words: str) -> None:
    """The words name each band's step and, unless it is the whole dollar, its borders."""
    assert words == grid_of(spans).describe()


@pytest.mark.parametrize(
    ("prices", "name"),
    [
        ([], "linear_cent"),
        ([4_200], "linear_cent"),
        ([4_200, 50], "center_whole_edge_half_cent"),
        ([4_250], "center_half_edge_half_cent"),
        ([4_210], "deci_cent"),
        ([4_210, 11], "center_deci_edge_centi_cent"),
        ([4_201], "center_centi_edge_centi_cent"),
    ],
)
def test_a_fitting_structure_is_named(prices: list[int], name: str) -> None:
    """Seen prices are explained with no finer structure than they need."""
    assert name == fitting_structure(prices)


@given(prices=st.lists(st.integers(1, 999).map(lambda tenths: tenths * 10), max_size=4))
def test_no_coarser_structure_would_fit(prices: list[int]) -> None:
    """The structure named has all the prices, and none that has them all has fewer prices."""
    fewest = min(len(every) for every in ALL_PRICES.values() if set(prices) <= set(every))
    found = ALL_PRICES[fitting_structure(prices)]
    assert set(prices) <= set(found)
    assert fewest == len(found)


@pytest.mark.parametrize("stray", [0, ONE, -100, ONE + 100])
def test_a_price_on_no_grid_is_named(stray: int) -> None:
    """What no published structure has is refused by name, however good the others are."""
    with pytest.raises(DomainError, match="is on no published price grid"):
        fitting_structure([4_200, stray])
