"""Orders over a long time: kept alive though steps are far apart, sent only on a young book, and on the grid of today.

How an expiry is worked out is in `test_desk.py`; holds as such are in `test_watch.py`.
"""

from collections.abc import Mapping
from itertools import count

import pytest

from depthwalk.domain.messages import AmendOrder, BookChanged, Event, MarketChanged, Reason, Record, Resumed, SubmitOrder
from depthwalk.domain.units import CENT, Instant, seconds
from depthwalk.errors import RefusalReason
from depthwalk.executors.registry import ALGORITHMS, make_executor
from depthwalk.executors.simple_limit import LimitRule
from depthwalk.executors.state import EndAction
from tests.support.books import book, market
from tests.support.venue import T0, Answer, Venue, drive, parent

CANCEL = EndAction.CANCEL


def run(
    algorithm: str,
    books: Mapping[float, str] | str,
    *,
    structure: str = "linear_cent",
    refuse: Answer = lambda _: None,
    extra: Mapping[float, type[Resumed] | str] | None = None,
    **params: object,
) -> Venue:
    """Run an algorithm to its end; *extra*: at which second another process carries it on, or which grid there is from then."""

    def event(what: type[Resumed] | str, at: Instant) -> Event:
        return MarketChanged(at=at, market=market(what)) if isinstance(what, str) else what(at=at)

    venue = Venue(
        make_executor(algorithm, ALGORITHMS[algorithm].params(**params)),  # type: ignore[arg-type] # of its own class
        parent(),
        {at: book(text) for at, text in ({0.0: books} if isinstance(books, str) else books).items()},
        refuse=refuse,
        venue_market=market(structure),
        extra=[(at, lambda now, what=what: event(what, now)) for at, what in (extra or {}).items()],
    )
    venue.run(longest=4_000.0)
    return venue


def renewals(venue: Venue) -> list[int]:
    """Whole seconds of the amends of nothing but the expiry: the price and the total stay."""
    last: dict[str, tuple[int, int]] = {}
    found = []
    for at, intent in venue.sent:
        if isinstance(intent, SubmitOrder):
            last[intent.client_id] = (intent.price, intent.quantity)
        elif isinstance(intent, AmendOrder):
            if last[intent.client_id] == (intent.price, intent.total) and intent.expires_at is not None:
                found.append(int(at))
            last[intent.client_id] = (intent.price, intent.total)
    return found


def lives(venue: Venue) -> int:
    """Return the longest time, in whole seconds, in which an order was past its expiry: 0 for one that was always renewed."""
    expiry: dict[str, int] = {}
    worst = 0
    for at, intent in venue.sent:
        if not isinstance(intent, SubmitOrder | AmendOrder):
            continue
        now = T0 + seconds(at)
        worst = max(worst, now - expiry.get(intent.client_id, now))
        if intent.expires_at is not None:
            expiry[intent.client_id] = intent.expires_at
    assert venue.finish is not None
    done = venue.executor.run.closing_at
    return max(worst, max((done - expires for expires in expiry.values()), default=0)) // 1_000_000


def refused_at_first(reason: RefusalReason) -> Answer:
    """Refuse the first create."""
    creates = count()
    return lambda intent: reason if isinstance(intent, SubmitOrder) and next(creates) == 0 else None


# --- a hold is lifted ---


def test_a_hold_is_lifted_for_one_that_looks_at_orders_only() -> None:
    """A post-only order is refused, the look at once shows one side: it looks on until the book is whole, and sends."""
    shown = {0: "40x100 | 42x1000", 0.02: "40x100 |", 1.0: "40x100 | 42x1000"}
    refuse = refused_at_first(RefusalReason.POST_ONLY_CROSS)
    venue = run("static_split", shown, refuse=refuse, timeout_seconds=200.0, end_action=CANCEL)

    assert ["0 post 41 x60", "0 post 40 x40", "1.05 post 41 x60"] == venue.story[:3]
    assert ["61.05 amend 41 x60", "61.05 amend 40 x40"] == venue.story[3:5]


@pytest.mark.parametrize("algorithm", ["simple_limit", "static_split"])
def test_carried_on_into_a_bad_look_it_renews_all_the_same(algorithm: str) -> None:
    """One side at 21 s, both again from 22 s: no order runs into its expiry in the 280 s that are left."""
    shown = {0: "40x100 | 42x10 43x100", 20: "40x100 |", 22: "40x100 | 44x1000"}
    venue = run(algorithm, shown, extra={21.0: Resumed}, timeout_seconds=300.0, end_action=CANCEL)

    assert 0 == lives(venue)
    assert len(renewals(venue)) >= 4
    assert venue.executor.watch.hold is None


# --- an order is sent on a young book ---


@pytest.mark.parametrize("algorithm", ["simple_limit", "static_split", "twap"])
def test_an_order_is_never_created_on_an_old_book(algorithm: str) -> None:
    """Creates are throttled for 20 s and the market moves at 3 s: none on a book older than 10 s, and at last one is sent."""
    venue = Venue(
        make_executor(algorithm, ALGORITHMS[algorithm].params(timeout_seconds=60.0, end_action=CANCEL)),  # type: ignore[call-arg] # of its own class
        parent(),
        {0.0: book("40x100 | 42x1000"), 3.0: book("20x100 | 22x1000")},
    )
    venue.refuse = lambda _: RefusalReason.THROTTLED if venue.now - T0 < seconds(20) else None
    venue.run()
    looks = [event.at for event in venue.events if isinstance(event, BookChanged)]
    sent = [Instant(T0 + seconds(at)) for at, intent in venue.sent if isinstance(intent, SubmitOrder)]

    assert max(at - max(look for look in looks if look <= at) for at in sent) <= seconds(10)
    assert max(sent) >= T0 + seconds(20)


# --- orders live as long as the run ---


@pytest.mark.parametrize(
    ("algorithm", "params"),
    [
        ("twap", {"passive": True, "slices": 10, "timeout_seconds": 3_600.0}),
        ("dynamic_depth_walker", {"walk_interval_seconds": 200.0, "timeout_seconds": 1_000.0}),
        ("spread_walker", {"walk_interval_seconds": 400.0, "timeout_seconds": 1_000.0}),
        ("simple_limit", {"limit_rule": LimitRule.BID, "timeout_seconds": 600.0}),
    ],
)
def test_orders_live_though_steps_are_far_apart(algorithm: str, params: Mapping[str, object]) -> None:
    """Each order is renewed a minute or so before the two minutes of its life are over; none dies, none is sent twice."""
    venue = run(algorithm, "40x500 | 60x1000", end_action=CANCEL, **params)

    assert 0 == lives(venue)
    creates = [intent for _, intent in venue.sent if isinstance(intent, SubmitOrder)]
    assert len({intent.split for intent in creates}) == len(creates)
    assert len(renewals(venue)) >= 4


# --- the grid changes under a resting order ---


@pytest.mark.parametrize(
    ("algorithm", "shown", "params"),
    [
        ("twap", "40.5x500 | 44x1000", {"passive": True, "timeout_seconds": 3_600.0}),
        ("dynamic_depth_walker", "40.5x500 | 44.3x1000", {"walk_interval_seconds": 100.0, "timeout_seconds": 400.0}),
        ("adaptive_limit", "| 44.4x2000", {"passive_until": 0.9, "timeout_seconds": 200.0}),
        ("dynamic_depth_walker", "| 44.4x2000", {"passive_until": 0.9, "timeout_seconds": 200.0}),
        ("simple_limit", "40.5x500 | 44.3x1000", {"limit_rule": LimitRule.BID, "timeout_seconds": 300.0}),
    ],
)
def test_a_grid_that_grows_coarse_is_no_fault(algorithm: str, shown: str, params: Mapping[str, object]) -> None:
    """Tenths of a cent become cents: what rests in between is neither renewed as it is nor a fault; then all is whole."""
    venue = run(algorithm, shown, structure="deci_cent", extra={20.0: "linear_cent"}, end_action=CANCEL, **params)

    assert venue.finish is not None
    assert Reason.HORIZON is venue.finish.reason, venue.finish.detail
    later = [i.price for at, i in venue.sent if isinstance(i, SubmitOrder | AmendOrder) and at > 20]
    assert [] == [price for price in later if price % CENT]
    assert later


def test_a_renewal_between_steps_keeps_the_total() -> None:
    """Steps 400 s apart, 30 of 100 filled at 10 s: a renewal says the same total, or it would take the rest off the book."""
    venue = drive(
        "spread_walker",
        "40x500 | 60x1000",
        hits={10: 3_000},
        walk_interval_seconds=400.0,
        timeout_seconds=1_000.0,
        end_action=CANCEL,
    )
    totals = [intent.total for intent in venue.writes if isinstance(intent, AmendOrder)]

    assert len(totals) >= 3
    assert {10_000} == set(totals)


def test_nothing_is_renewed_while_it_holds() -> None:
    """One side is gone from 20 s to 160 s: no write on what is not believed, renewal or not."""
    books = {0: "40x100 | 44x1000", 20: "40x100 |", 160: "40x100 | 44x1000"}
    venue = drive("dynamic_depth_walker", books, timeout_seconds=300.0, end_action=CANCEL)
    held = min(at for at, intent in venue.sent if isinstance(intent, Record) and intent.what == "hold")

    assert [] == [at for at, intent in venue.sent if isinstance(intent, AmendOrder | SubmitOrder) and held < at < 159]


def test_the_cap_comes_back_with_its_grid() -> None:
    """From tenths of a cent to cents and back: the last order is at the cap that was agreed."""
    books = {0: "40.5x500 | 44.4x10", 25: "40.5x500 | 45.2x1000"}
    venue = run(
        "simple_limit",
        books,
        structure="deci_cent",
        extra={8.0: "linear_cent", 16.0: "deci_cent"},
        limit_rule=LimitRule.BID,
        timeout_seconds=40.0,
        end_action=EndAction.CROSS,
    )

    assert "take 45.2 x100" == venue.story[-1].split(" ", 1)[1]
