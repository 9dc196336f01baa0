"""Every parameter is alive: changing it alone changes what is sent."""

from dataclasses import fields

import pytest

from depthwalk.domain.units import Price, seconds
from depthwalk.errors import DomainError
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalker, DynamicDepthWalkerParams
from depthwalk.executors.simple_limit import LimitRule, SimpleLimit, SimpleLimitParams
from depthwalk.executors.state import EndAction
from tests.support.books import book, contracts, market
from tests.support.venue import Venue, parent

# A book that leans against us, then for us, whose ask side dries up late: every signal has something to say.
MOVING = {
    0: book("40x100 39x50 | 46x30 47x60 48x80"),
    4: book("40x300 39x50 | 46x30 47x60 48x80"),
    8: book("41x500 39x50 | 46x20 47x60 48x80"),
    12: book("41x100 39x50 | 46x80 47x90 48x80"),
    16: book("41x40 39x50 | 46x300 47x60 48x80"),
    20: book("40x20 39x50 | 45x400 46x60 48x80"),
    24: book("41x20 39x50 | 46x9 48x80"),
    28: book("41x20 39x50 | 46x9 47x60 48x80"),
}
# Splits that start low and rise slowly, so that the slew decides what is posted.
SLOW = {"offsets": (0.0, -1.0, -2.0), "patience": 9.0, "base_increment": Price(30), "aggressive_increment": Price(60)}

CASES: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "timeout_seconds": ({}, {"timeout_seconds": 20.0}),
    "max_slippage": ({}, {"max_slippage": 0.10}),
    "end_action": ({}, {"end_action": EndAction.CANCEL}),
    "walk_interval_seconds": ({}, {"walk_interval_seconds": 7.0}),
    "max_walks": ({}, {"max_walks": 1}),
    "split_ratios": ({}, {"split_ratios": (0.8, 0.2)}),
    "max_split_levels": ({}, {"max_split_levels": 1}),
    "min_split": ({}, {"min_split": contracts(50)}),
    "min_volume_threshold": ({"thin": {"patience": 4.0}}, {"min_volume_threshold": contracts(1000)}),
    "thin": ({"min_volume_threshold": contracts(1000)}, {"thin": {"patience": 4.0}}),
    "momentum_threshold": (SLOW, {"momentum_threshold": 0.9}),
    "momentum_window_seconds": (SLOW, {"momentum_window_seconds": 1.0}),
    "base_increment": (SLOW, {"base_increment": Price(90)}),
    "aggressive_increment": (SLOW, {"aggressive_increment": Price(200)}),
    "aggressive_walk_multiplier": (SLOW, {"aggressive_walk_multiplier": 4.0}),
    "conservative_walk_multiplier": (SLOW, {"conservative_walk_multiplier": 0.1}),
    "ema_alpha": (SLOW, {"ema_alpha": 1.0}),
    "depth_dry_up_threshold": (SLOW | {"momentum_threshold": 5.0}, {"depth_dry_up_threshold": 0.05}),
    "offsets": ({}, {"offsets": (3.1, 0.4, 0.0)}),
    "patience": ({}, {"patience": 4.0}),
    "deficit_gain": ({}, {"deficit_gain": 9.0}),
    "spread_gain": ({}, {"spread_gain": 1.0}),
}


def walk(overrides: dict[str, object]) -> Venue:
    """Run the walker over the moving book."""
    params = DynamicDepthWalkerParams(**overrides)  # type: ignore[arg-type] # each case names real fields
    # A tenth-of-a-cent grid shows small differences of the slew.
    venue = Venue(DynamicDepthWalker(params), parent(10_000), MOVING, venue_market=market("deci_cent"))
    venue.run()
    return venue


def test_no_walker_parameter_is_forgotten() -> None:
    """The table below has a case for each field of the parameter class."""
    assert {each.name for each in fields(DynamicDepthWalkerParams)} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_each_walker_parameter_changes_what_is_sent(name: str) -> None:
    """Two runs that differ in one parameter send different orders."""
    base, change = CASES[name]
    assert set(change) == {name}

    assert walk(base).trace != walk(base | change).trace


@pytest.mark.parametrize(
    "change",
    [
        {"timeout_seconds": 9.0},
        {"end_action": EndAction.CROSS},
        {"limit_rule": LimitRule.BID},
        {"limit_rule": LimitRule.MID},
        {"limit_rule": LimitRule.CAP},
        {"limit_rule": LimitRule.CAP, "max_slippage": 0.2},
    ],
)
def test_each_simple_limit_parameter_changes_what_is_sent(change: dict[str, object]) -> None:
    """Two runs that differ in one parameter send different orders."""
    traces = []
    for overrides in ({}, {key: value for key, value in change.items() if key != "max_slippage"}, change):
        venue = Venue(SimpleLimit(SimpleLimitParams(**overrides)), parent(10_000), MOVING)  # type: ignore[arg-type]
        venue.run()
        traces.append(venue.trace)

    assert traces[0] != traces[-1]
    assert ("max_slippage" not in change) or traces[1] != traces[2]


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        ({"timeout_seconds": 0.0}, "timeout_seconds"),
        ({"max_slippage": 1.5}, "max_slippage"),
        ({"split_ratios": ()}, "split_ratios"),
        ({"split_ratios": (0.5, -0.5)}, "split_ratios"),
        ({"offsets": (1.0,)}, "offsets"),
        ({"max_walks": -1}, "max_walks"),
        ({"walk_interval_seconds": 0.0}, "walk_interval_seconds"),
        ({"ema_alpha": 0.0}, "ema_alpha"),
        ({"base_increment": Price(0)}, "base_increment"),
        ({"thin": {"patince": 1.0}}, "thin"),
        ({"thin": {"ema_alpha": 2.0}}, "ema_alpha"),
    ],
)
def test_impossible_parameters_are_refused_by_name(overrides: dict[str, object], named: str) -> None:
    """What cannot work is refused when the parameters are made, not in the middle of a run."""
    with pytest.raises(DomainError, match=named):
        DynamicDepthWalkerParams(**overrides)  # type: ignore[arg-type] # wrong on purpose


def test_the_horizon_is_kept() -> None:
    """Whatever happens, a run that works for 40 seconds is over within 40 seconds of venue time."""
    venue = walk({})

    assert venue.now <= venue.events[0].at + seconds(40)
