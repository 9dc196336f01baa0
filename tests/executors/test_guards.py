"""Guards of the shared layer that no other test misses when they are gone (each was found by taking it away)."""

from dataclasses import replace

from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.messages import MarketChanged, Reason, SubmitOrder
from depthwalk.domain.order import TimeInForce
from depthwalk.executors.simple_limit import LimitRule, SimpleLimit, SimpleLimitParams
from depthwalk.executors.state import EndAction
from tests.support.books import book, cents, market
from tests.support.venue import Venue, parent


def test_the_last_order_is_on_the_grid_of_then() -> None:
    """A cap of 43.5 cents is none on the whole cents that the market has changed to: the rest is taken at 43."""
    fine = market("center_half_edge_half_cent")
    coarse = replace(fine, grid=STRUCTURES["linear_cent"])
    bids = SimpleLimit(SimpleLimitParams(limit_rule=LimitRule.BID, end_action=EndAction.CROSS, max_slippage=0.0))
    venue = Venue(
        bids,
        parent(10_000, target=cents(43)),
        {0: book("40x10 | 42x8 43x50")},
        venue_market=fine,
        extra=[(5.0, lambda now: MarketChanged(at=now, market=coarse))],
    )

    assert Reason.HORIZON is venue.run().reason
    taken = [
        each
        for each in venue.writes
        if isinstance(each, SubmitOrder) and each.time_in_force is not TimeInForce.GOOD_TILL_CANCELED
    ]
    assert [cents(43)] == [order.price for order in taken]
