"""Which parameters a recording identifies, named with what would identify the others; and time run faster or slower."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from depthwalk.lab.calibration.clustering import Clustering
from depthwalk.lab.calibration.moments import bands
from depthwalk.lab.calibration.observed import Observed
from depthwalk.lab.calibration.parameters import begin, in_motion, missing
from depthwalk.lab.calibration.simulated import Look, simulate
from depthwalk.lab.class_files import SPANS
from depthwalk.lab.worlds import CLASSES

MARKET = replace(CLASSES["moderate"].market, provider_rate=1.0, provider_life=8.0, taker_rate=0.6)

NEVER = {
    *("insensitive_share", "insensitive_reach", "taker_reach", "informed_rate", "informed_size", "informed_threshold"),
    *("impact_life", "review_rate"),
}
CHANGES = {"provider_lag"}
MOVING = {"provider_rate", "provider_life", "volatility", "imbalance_weight", "news_interval", "news_size"}
TAKERS = {"taker_rate", "taker_size", "taker_size_sigma"}
TIMES = {"branching", "cluster_seconds"}
BOTH = {"impact_per_contract"}


def _table(look: Look, seconds: int = 300) -> tuple[Sequence[float], ...]:
    return tuple(simulate(MARKET, "linear_cent", seed, seconds=seconds, look=look) for seed in range(8))


EVERYTHING = Look(every_change=True, trades=True)
TABLES = {look: _table(look) for look in (EVERYTHING, Look(every_change=True), Look(step=5, increases=True), Look(step=10))}


@pytest.mark.parametrize(
    ("look", "more", "expected"),
    [
        (EVERYTHING, {}, NEVER),
        (EVERYTHING, {"prints": True}, NEVER | TIMES),
        (Look(every_change=True), {}, NEVER | TAKERS | TIMES | BOTH),
        (Look(step=5, increases=True), {}, NEVER | CHANGES | TAKERS | TIMES | BOTH),
        (Look(step=10), {"polled": True}, NEVER | CHANGES | MOVING | TAKERS | TIMES | BOTH),
    ],
)
def test_what_a_kind_of_recording_does_not_say(look: Look, more: dict[str, bool], expected: set[str]) -> None:
    """No trades: no takers; looks now and then: nothing that moves; and what no public feed shows is never known."""
    observed = Observed(
        **{"structure": "linear_cent", "look": look, "polled": False, "markets": 1, "table": TABLES[look]} | more
    )
    assert expected == set(missing(observed, bands(observed.table)))


def test_orders_that_live_shorter_than_nobody_looks_are_not_known() -> None:
    """Looks every 5 s at orders of eight tell their lives; at as many orders of one and a half they do not."""
    look = Look(step=5, increases=True)
    unknown = []
    for life in (8.0, 1.5):
        market = replace(MARKET, provider_rate=4.0, provider_life=life)
        table = tuple(simulate(market, "linear_cent", seed, seconds=300, look=look) for seed in range(12))
        observed = Observed(structure="linear_cent", look=look, polled=False, markets=1, table=table)
        unknown.append(MOVING & set(missing(observed, bands(table))))
    assert [set(), MOVING] == unknown


def test_what_never_lasts_as_long_as_a_horizon_shows_no_volatility() -> None:
    """Half an hour in pieces of ten seconds: nobody saw how far a mid goes."""
    look = Look(step=10, increases=True)
    market = replace(MARKET, provider_life=60.0)
    table = tuple(simulate(market, "linear_cent", seed, seconds=10, look=look) for seed in range(20)) * 13
    observed = Observed(structure="linear_cent", look=look, polled=False, markets=1, table=table)
    assert (True, True) == (observed.total("pairs") * 10 > 1_800, bands(table)["residence"].value > 2 * look.step)
    assert set(missing(observed, bands(table))) >= MOVING


def test_a_beginning_is_near_what_is_measured_and_assumes_in_proportion() -> None:
    """Orders as they come, takers as they trade, and the assumed impact as small as the market's lots are large."""
    observed = Observed(structure="linear_cent", look=EVERYTHING, polled=False, markets=1, table=TABLES[EVERYTHING])
    assumed = CLASSES["liquid"].market
    found = begin("new", assumed, observed, bands(observed.table), None)
    assert ("new", 1.0) == (found.market.name, pytest.approx(found.market.provider_rate, rel=0.1))
    assert MARKET.provider_size == pytest.approx(found.market.provider_size, rel=0.1)
    lots = found.market.provider_size / assumed.provider_size
    assert assumed.impact_per_contract / lots == pytest.approx(found.market.impact_per_contract)
    assert {"provider_size", "provider_size_sigma"} == set(found.measured)
    assert set(SPANS) - NEVER - TIMES - set(found.measured) == set(found.matched)


def test_how_takers_cluster_is_told_by_those_who_follow() -> None:
    """No flows tell nothing; where hardly anybody follows anybody, how soon he does is not known."""
    observed = Observed(structure="linear_cent", look=EVERYTHING, polled=False, markets=1, table=TABLES[EVERYTHING])
    assumed = CLASSES["liquid"].market
    found = {}
    for branching in (None, 0.01, 0.5):
        clustering = None if branching is None else Clustering(branching, 7.0, 1_000, 0.01, 0.04)
        beginning = begin("new", assumed, observed, bands(observed.table), clustering)
        told = TIMES & {*beginning.measured, *beginning.matched}
        found[branching] = told, beginning.market.branching, beginning.market.cluster_seconds
    assert {
        None: (set(), assumed.branching, assumed.cluster_seconds),
        0.01: ({"branching"}, 0.02, assumed.cluster_seconds),
        0.5: (TIMES, 0.5, 7.0),
    } == found


def test_slow_motion_leaves_the_books_as_they_are() -> None:
    """At half the pace the same books stand, orders come half as often, and a mid needs twice the time to move as far."""
    fast, slow = (
        {
            key: band.value
            for key, band in bands(
                [simulate(market, "linear_cent", seed, seconds=seconds, look=EVERYTHING) for seed in range(10)]
            ).items()
        }
        for market, seconds in ((MARKET, 150), (in_motion(MARKET, 0.5), 300))
    )
    for key in ("spread", "depth3", "levels"):
        assert fast[key] == pytest.approx(slow[key], rel=0.15)
    for key in ("add_rate", "trade_rate"):
        assert fast[key] / 2 == pytest.approx(slow[key], rel=0.25)
    assert fast["residence"] * 2 == pytest.approx(slow["residence"], rel=0.1)
    assert fast["volatility20"] == pytest.approx(slow["volatility40"], rel=0.25)


def test_slow_motion_moves_the_value_as_far_in_its_own_time() -> None:
    """The variance of four seconds at a quarter of the pace is that of one second."""
    slow = in_motion(MARKET, 0.25)
    assert MARKET.volatility**2 * 1 == pytest.approx(slow.volatility**2 * 4)
    assert (4 * MARKET.news_interval, MARKET.news_size) == (slow.news_interval, slow.news_size)
    assert (MARKET.branching, MARKET.cluster_seconds) == (slow.branching, slow.cluster_seconds)
