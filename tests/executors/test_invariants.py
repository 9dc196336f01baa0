"""Invariants of every run of every algorithm, over random books, tapes, fills and refusals (algorithms.md section 2.8)."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthwalk.domain.book import Book
from depthwalk.domain.messages import AmendOrder, Intent, PublicTrade, SubmitOrder
from depthwalk.domain.order import Action, Outcome, Side, TimeInForce
from depthwalk.domain.units import Instant, Price, Quantity, seconds
from depthwalk.errors import RefusalReason
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalkerParams
from depthwalk.executors.registry import ALGORITHMS, make_executor
from depthwalk.executors.state import BaseParams
from depthwalk.executors.walking import WalkingParams
from tests.support.books import market
from tests.support.parameters import any_parameters, field_names
from tests.support.venue import T0, Venue, parent

LONG = int(os.environ.get("DEPTHWALK_STORM_RUNS", "100"))

REFUSALS = [None, None, None, RefusalReason.THROTTLED, RefusalReason.POST_ONLY_CROSS, RefusalReason.PAUSED]

levels = st.lists(st.tuples(st.integers(1, 99), st.integers(1, 60)), max_size=4).map(
    lambda rows: [(Price(100 * price), Quantity(100 * size)) for price, size in rows]
)
any_book = st.builds(lambda bids, asks: Book.of_levels(bids=bids, asks=asks), levels, levels)
any_price = st.none() | st.integers(1, 99).map(lambda number: Price(100 * number))
any_order = st.builds(
    parent,
    st.integers(1, 20_000),
    outcome=st.sampled_from(Outcome),
    action=st.sampled_from(Action),
    limit=any_price,
    target=any_price,
)
any_tape = st.lists(st.tuples(st.integers(1, 35), st.sampled_from(Side), st.integers(1, 3_000)), max_size=6).map(
    lambda rows: [
        PublicTrade(
            trade_id=f"trade-{number}", at=Instant(T0 + seconds(at)), price=Price(5_000), quantity=Quantity(size), taker=side
        )
        for number, (at, side, size) in enumerate(sorted(rows, key=lambda row: row[0]))
    ]
)


@st.composite
def venues(draw: st.DrawFn, algorithm: str) -> tuple[Venue, BaseParams]:
    """Draw a venue with anything in it: crossed, empty and one-sided books, hits, refusals, a tape."""
    params = draw(any_parameters(algorithm, timeout_seconds=(4.0, 20.0, 40.0)))
    refusals = iter(draw(st.lists(st.sampled_from(REFUSALS), max_size=12)))

    def refuse(intent: Intent) -> RefusalReason | None:
        reason = next(refusals, None)
        passive = isinstance(intent, SubmitOrder) and intent.post_only
        return None if reason is RefusalReason.POST_ONLY_CROSS and not passive else reason

    venue = Venue(
        make_executor(algorithm, params),
        draw(any_order),
        {float(at): draw(any_book) for at in (0, 3, 7, 13, 22, 33)},
        hits={float(at): draw(st.integers(1, 9_000)) for at in (2, 8, 11, 15, 26, 35)},
        tape=draw(any_tape),
        refuse=refuse,
        venue_market=market(draw(st.sampled_from(["linear_cent", "deci_cent", "tapered_deci_cent"]))),
    )
    return venue, params


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_field_of_every_algorithm_is_drawn(algorithm: str) -> None:
    """The shared strategy has a value for each parameter: a new one without is a KeyError here."""
    assert set(field_names(algorithm)) == set(ALGORITHMS[algorithm].params.__dataclass_fields__)
    any_parameters(algorithm)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(data=st.data())
@settings(max_examples=25)
def test_nothing_is_ever_overfilled_past_the_cap_or_left_alive(algorithm: str, data: st.DataObject) -> None:
    """Sum of fills, cap, limit, grid, walks, what is left over, what the result says, and the replay."""
    check_run(algorithm, data)


@pytest.mark.soak
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(data=st.data())
@settings(max_examples=LONG, deadline=None)
def test_nothing_is_ever_overfilled_for_long(algorithm: str, data: st.DataObject) -> None:
    """As above, as many runs of each as asked for."""
    check_run(algorithm, data)


def check_run(algorithm: str, data: st.DataObject) -> None:
    """Draw a run, play it, and hold it against all of that."""
    venue, params = data.draw(venues(algorithm))
    venue.run()
    executor, order = venue.executor, venue.order

    assert venue.filled <= order.quantity
    assert venue.filled == executor.desk.children.filled
    assert not any(resting.remaining for resting in venue.resting.values())
    for intent in venue.writes:
        if isinstance(intent, SubmitOrder | AmendOrder):
            check_price(venue, intent)
    check_walks(venue, params)
    ids = [intent.client_id for intent in venue.writes if isinstance(intent, SubmitOrder)]
    assert len(ids) == len(set(ids))
    check_result(venue)

    again = make_executor(algorithm, params)
    assert [intent for _, intent in venue.sent] == [intent for event in venue.events for intent in again.handle(event)]


def check_price(venue: Venue, intent: SubmitOrder | AmendOrder) -> None:
    """On the grid, within the cap, within the user's limit; what takes at once never rests."""
    executor, order = venue.executor, venue.order
    assert intent.price in venue.venue_market.grid
    assert executor.arrival is not None
    assert (intent.price - order.own_price(executor.arrival.cap)) * order.side.sign <= 0
    if order.limit is not None:
        own = order.own_price(intent.price)
        assert own <= order.limit if order.action is Action.BUY else own >= order.limit
    if isinstance(intent, SubmitOrder):
        resting = intent.time_in_force is TimeInForce.GOOD_TILL_CANCELED
        assert resting is (intent.expires_at is not None)
        assert resting or not intent.post_only


def check_walks(venue: Venue, params: BaseParams) -> None:
    """No split walks more often than the parameters allow; what does not walk does not."""
    most: float = float("inf")
    if isinstance(params, WalkingParams):
        most = params.max_walks
        if isinstance(params, DynamicDepthWalkerParams):
            most = max(most, params.when_thin().max_walks)
    elif not getattr(params, "passive", False):
        most = 0
    assert all(split.walks <= most for split in venue.executor.desk.splits)


def check_result(venue: Venue) -> None:
    """What was asked for is what was filled and what was not."""
    result = venue.result
    assert (venue.filled, venue.order.quantity) == (result.filled, result.filled + result.unfilled)
