"""One code path for all sides: the mirrored request on the mirrored book gives the mirrored result, exactly."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthwalk.domain.book import Book
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.units import ONE, Price, Quantity
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalkerParams
from depthwalk.executors.registry import make_executor
from depthwalk.executors.simple_limit import SimpleLimitParams
from tests.support.books import market
from tests.support.venue import Venue, parent

PARAMS = {"simple_limit": SimpleLimitParams(), "dynamic_depth_walker": DynamicDepthWalkerParams()}


@st.composite
def books(draw: st.DrawFn, structure: str) -> Book:
    """Draw a two-sided book on a published grid."""
    grid = STRUCTURES[structure]
    points = [Price(p) for p in range(500, 9_501, 10) if p in grid]
    cut = draw(st.integers(3, len(points) - 4))
    size = st.integers(1, 90).map(lambda n: Quantity(100 * n))
    bids = [(points[cut - k], draw(size)) for k in sorted(draw(st.sets(st.integers(0, 3), min_size=1)))]
    asks = [(points[cut + 1 + k], draw(size)) for k in sorted(draw(st.sets(st.integers(0, 2), min_size=1)))]
    return Book.of_levels(bids=bids, asks=asks)


@pytest.mark.parametrize("algorithm", PARAMS)
@pytest.mark.parametrize("structure", ["linear_cent", "tapered_deci_cent"])
@pytest.mark.parametrize("action", list(Action))
@given(data=st.data())
@settings(max_examples=15)
def test_mirrored_request_on_the_mirrored_book(algorithm: str, structure: str, action: Action, data: st.DataObject) -> None:
    """YES becomes NO and p becomes 1 - p, the action stays: the same orders at mirrored prices, the same fills."""
    shown = {float(at): data.draw(books(structure)) for at in (0, 9, 21)}
    hits = {float(at): 100 * data.draw(st.integers(1, 40)) for at in (6, 17)}
    venues = []
    for outcome, scene in ((Outcome.YES, shown), (Outcome.NO, {at: book.mirrored() for at, book in shown.items()})):
        venue = Venue(
            make_executor(algorithm, PARAMS[algorithm]),
            parent(6_000, outcome=outcome, action=action),
            scene,
            hits=hits,
            venue_market=market(structure),
        )
        venue.run()
        venues.append(venue)
    straight, mirrored = venues

    def flipped(price: object) -> object:
        return ONE - price if isinstance(price, int) else price

    assert straight.trace == [(at, kind, flipped(price), n) for at, kind, price, n in mirrored.trace]
    assert [(f.price, f.quantity) for f in straight.fills] == [(flipped(f.price), f.quantity) for f in mirrored.fills]
    assert straight.finish == mirrored.finish
