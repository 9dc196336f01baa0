"""One code path for all sides: the mirrored request on the mirrored book gives the mirrored result, exactly."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthwalk.domain.book import Book
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.messages import PublicTrade, Record
from depthwalk.domain.order import Action, Outcome, Side
from depthwalk.domain.units import ONE, Instant, Price, Quantity, seconds
from depthwalk.executors.registry import ALGORITHMS, make_executor
from depthwalk.executors.state import BaseParams
from tests.support.books import market
from tests.support.parameters import any_parameters, lineup
from tests.support.venue import T0, Venue, parent

GRIDS = ["linear_cent", "tapered_deci_cent"]
POINTS = {name: [Price(p) for p in range(20, 9_990, 10) if p in STRUCTURES[name]] for name in GRIDS}
EDGES = [1, 30, 60, 90, 97, 100, 150, 178, 181, 190, 240]
"""Where a tapered book may have its middle, of 277: near both ends and around both changes of step."""

_OTHER = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}


@st.composite
def books(draw: st.DrawFn, structure: str) -> Book:
    """Draw a two-sided book on a grid, often near an edge of it; most within reach of each other."""
    points = POINTS[structure]
    middle = draw(st.sampled_from(EDGES))
    cut = min(len(points) - 8, max(5, middle * len(points) // 277 + draw(st.integers(-2, 2))))
    size = st.integers(1, 90).map(lambda n: Quantity(100 * n))
    gap = draw(st.integers(1, 3))
    bids = [(points[cut - k], draw(size)) for k in sorted(draw(st.sets(st.integers(0, 3), min_size=1)))]
    asks = [(points[cut + gap + k], draw(size)) for k in sorted(draw(st.sets(st.integers(0, 2), min_size=1)))]
    return Book.of_levels(bids=bids, asks=asks)


def _mirrored(trade: PublicTrade) -> PublicTrade:
    """The same trade in the other outcome's words: who took YES gave NO."""
    return PublicTrade(
        trade_id=trade.trade_id, at=trade.at, price=Price(ONE - trade.price), quantity=trade.quantity, taker=_OTHER[trade.taker]
    )


def _flipped(price: object) -> object:
    return ONE - price if isinstance(price, int) else price


def check_mirror(algorithm: str, params: BaseParams, data: st.DataObject) -> None:
    """Run both; all that was sent, decided, filled and walked is the same at mirrored prices."""
    structure, action = data.draw(st.sampled_from(GRIDS)), data.draw(st.sampled_from(Action))
    shown = {float(at): data.draw(books(structure)) for at in (0, 9, 21)}
    shown |= {at + 1.5: book for at, book in shown.items()}  # seen twice, so that a jump is believed
    hits = {float(at): 100 * data.draw(st.integers(1, 40)) for at in (6, 17)}
    takers = data.draw(st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 4_000)), max_size=5))
    tape = [
        PublicTrade(
            trade_id=str(number), at=Instant(T0 + seconds(5 * number)), price=Price(4_400), quantity=Quantity(size), taker=side
        )
        for number, (side, size) in enumerate(takers, 1)
    ]
    venues = []
    for outcome in Outcome:
        straight = outcome is Outcome.YES
        venue = Venue(
            make_executor(algorithm, params),
            parent(6_000, outcome=outcome, action=action),
            shown if straight else {at: book.mirrored() for at, book in shown.items()},
            hits=hits,
            tape=tape if straight else [_mirrored(trade) for trade in tape],
            venue_market=market(structure),
        )
        venue.run()
        venues.append(venue)
    yes, no = venues

    assert yes.trace == [(at, kind, _flipped(price), n) for at, kind, price, n in no.trace]
    assert [(f.price, f.quantity) for f in yes.fills] == [(_flipped(f.price), f.quantity) for f in no.fills]
    assert yes.finish == no.finish
    # A split thinks in the user's own prices, which are the same numbers for both.
    assert yes.executor.desk.splits == no.executor.desk.splits
    assert [_decision(record) for record in yes.records] == [_decision(record, flip=True) for record in no.records]
    assert yes.executor.adverse_momentum == no.executor.adverse_momentum


def _decision(record: Record, *, flip: bool = False) -> tuple[object, ...]:
    turned = _flipped if flip else lambda price: price
    return record.what, record.why, record.split, turned(record.price), turned(record.previous)


@pytest.mark.parametrize("name", lineup())
@given(data=st.data())
@settings(max_examples=8)
def test_mirrored_request_on_the_mirrored_book(name: str, data: st.DataObject) -> None:
    """Every algorithm as it comes and every profile: YES becomes NO and p becomes 1 - p, the action stays."""
    check_mirror(*lineup()[name], data)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(data=st.data())
@settings(max_examples=12)
def test_no_parameter_breaks_the_mirror(algorithm: str, data: st.DataObject) -> None:
    """As above with any parameters, the tape's signal among them."""
    check_mirror(algorithm, data.draw(any_parameters(algorithm, timeout_seconds=(12.0, 40.0))), data)
