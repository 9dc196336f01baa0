import pytest

from depthwalk.domain.book import Book
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.market import FeeType
from depthwalk.simulation.scenarios import SCENARIOS, class_of, depth_within, value_of
from tests.support.paper import book


def test_the_named_markets() -> None:
    """Three markets, cent grid, plain quadratic fees, each of its class."""
    assert {"PAPER-THIN": "thin", "PAPER-MODERATE": "moderate", "PAPER-LIQUID": "liquid"} == {
        ticker: scenario.market_class.name for ticker, scenario in SCENARIOS.items()
    }
    for ticker, scenario in SCENARIOS.items():
        assert (ticker, FeeType.QUADRATIC) == (scenario.ticker, scenario.fees.fee_type)
        assert scenario.structure in STRUCTURES
        assert scenario.title


@pytest.mark.parametrize(
    ("bids", "asks", "name"),
    [
        ([(48, 100)], [(50, 60), (53, 40)], "liquid"),
        ([(48, 100)], [(50, 60), (54, 40)], "moderate"),
        ([(48, 49)], [(50, 600)], "thin"),
        ([(48, 900)], [], "thin"),
    ],
)
def test_the_class_goes_by_the_worse_side(bids: list[tuple[int, int]], asks: list[tuple[int, int]], name: str) -> None:
    """Depth within 3 cents: 100 contracts are liquid, 50 moderate; an empty side is thin."""
    assert name == class_of(book(bids, asks)).name


def test_the_class_is_fitted_to_a_wide_and_a_deep_book() -> None:
    """Half of what the spread exceeds the class's usual one is added to the distance; sizes grow with the depth."""
    wide = class_of(book([(20, 30)], [(68, 12)]))
    assert 0.06 + (48 - 3.15) / 2 == pytest.approx(wide.half_gap)
    deep = class_of(book([(48, 2_700)], [(49, 2_700)]))
    assert 70.0 == pytest.approx(deep.provider_size)
    assert 0.02 == deep.half_gap


@pytest.mark.parametrize(
    ("shown", "value"),
    [
        (book([(40, 1)], [(45, 1)]), 42.5),
        (book([(40, 1)]), 41.5),
        (book([], [(45, 1)]), 43.5),
        (book([], [(1, 1)]), 0.0),
        (book(), 50.0),
    ],
)
def test_the_value_to_start_from(shown: Book, value: float) -> None:
    """The mid, or beside a lone best price."""
    assert value == value_of(shown)


def test_depth_within_counts_from_the_best() -> None:
    """Levels no further than the distance count, an empty side has none."""
    assert 700 == depth_within(book([(48, 5), (45, 2), (44, 9)]).bids, 300)
    assert 0 == depth_within((), 300)
