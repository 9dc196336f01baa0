"""Invariants of every run, over random books, fills and refusals (algorithms.md section 2.8)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthwalk.domain.book import Book
from depthwalk.domain.messages import AmendOrder, Intent, SubmitOrder
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.units import Price, Quantity
from depthwalk.errors import RefusalReason
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalkerParams
from depthwalk.executors.registry import make_executor
from depthwalk.executors.simple_limit import SimpleLimitParams
from depthwalk.executors.state import EndAction
from tests.support.venue import Venue, parent

REFUSALS = [None, None, None, RefusalReason.THROTTLED, RefusalReason.POST_ONLY_CROSS, RefusalReason.PAUSED]

levels = st.lists(st.tuples(st.integers(1, 99), st.integers(1, 60)), max_size=4).map(
    lambda rows: [(Price(100 * price), Quantity(100 * size)) for price, size in rows]
)
any_book = st.builds(lambda bids, asks: Book.of_levels(bids=bids, asks=asks), levels, levels)


@pytest.mark.parametrize("algorithm", ["simple_limit", "dynamic_depth_walker"])
@given(data=st.data())
@settings(max_examples=150)
def test_nothing_is_ever_overfilled_past_the_cap_or_left_alive(algorithm: str, data: st.DataObject) -> None:
    """Any books (crossed, empty, one-sided), any hits, any refusals: sum of fills, cap, grid and leftovers hold."""
    draw = data.draw
    end = draw(st.sampled_from(EndAction))
    walker = DynamicDepthWalkerParams(end_action=end, patience=draw(st.sampled_from([0.0, 1.0, 8.0])))
    params = walker if algorithm == "dynamic_depth_walker" else SimpleLimitParams(end_action=end)
    order = parent(
        draw(st.integers(1, 20_000)),
        outcome=draw(st.sampled_from(Outcome)),
        action=draw(st.sampled_from(Action)),
        limit=draw(st.none() | st.integers(1, 99).map(lambda n: Price(100 * n))),
        target=draw(st.none() | st.integers(1, 99).map(lambda n: Price(100 * n))),
    )
    refusals = draw(st.lists(st.sampled_from(REFUSALS), max_size=12))
    queue = iter(refusals)

    def refuse(intent: Intent) -> RefusalReason | None:
        reason = next(queue, None)
        passive = isinstance(intent, SubmitOrder) and intent.post_only
        return None if reason is RefusalReason.POST_ONLY_CROSS and not passive else reason

    venue = Venue(
        make_executor(algorithm, params),
        order,
        {float(at): draw(any_book) for at in (0, 3, 7, 13, 22, 33)},
        hits={float(at): draw(st.integers(1, 9_000)) for at in (2, 8, 11, 15, 26, 35)},
        refuse=refuse,
    )
    venue.run()
    executor = venue.executor

    assert venue.filled <= order.quantity
    assert venue.filled == executor.desk.children.filled
    assert not any(resting.remaining for resting in venue.resting.values())
    for intent in venue.writes:
        if isinstance(intent, SubmitOrder | AmendOrder):
            assert intent.price in venue.venue_market.grid
            assert executor.arrival is not None
            cap = executor.run.space.leg(executor.run.space.traded(executor.arrival.cap))
            assert (intent.price - cap) * order.side.sign <= 0
            if order.limit is not None:
                own = order.own_price(intent.price)
                assert own <= order.limit if order.action is Action.BUY else own >= order.limit
    assert all(split.walks <= walker.max_walks for split in executor.desk.splits)
