"""Every parameter of every algorithm is alive: changing it alone changes what is sent. What cannot be is refused by name."""

from dataclasses import fields

import pytest

from depthwalk.domain.messages import PublicTrade
from depthwalk.domain.order import Side
from depthwalk.domain.units import Instant, Price, Quantity, seconds
from depthwalk.errors import DomainError
from depthwalk.executors.registry import ALGORITHMS, make_executor
from depthwalk.executors.signals import Momentum
from depthwalk.executors.simple_limit import LimitRule
from depthwalk.executors.state import EndAction
from tests.support.books import book, contracts, market
from tests.support.laws import PLAIN
from tests.support.venue import T0, Venue, parent

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
# Others take, first with us and then more and more against us.
TAPE = [
    PublicTrade(trade_id=str(at), at=Instant(T0 + seconds(at)), price=Price(4_600), quantity=Quantity(5_000), taker=side)
    for at, side in ((2, Side.SELL), (6, Side.BUY), (10, Side.BUY), (14, Side.BUY), (30, Side.SELL))
]

Overrides = dict[str, object]
Case = tuple[Overrides, Overrides]
"""What both runs have, and what one has besides."""

RUN: dict[str, Case] = {
    "timeout_seconds": ({}, {"timeout_seconds": 20.0}),
    "max_slippage": ({}, {"max_slippage": 0.10}),
    "end_action": ({}, {"end_action": EndAction.CANCEL}),
}
WALKING: dict[str, Case] = {
    "walk_interval_seconds": ({}, {"walk_interval_seconds": 7.0}),
    "max_walks": ({}, {"max_walks": 1}),
    "urgency": ({}, {"urgency": 1.0}),
    "edge_half_life_seconds": ({}, {"edge_half_life_seconds": 4.0}),
}
LAW: dict[str, Case] = {
    "patience": ({}, {"patience": 4.0}),
    "deficit_gain": ({}, {"deficit_gain": 9.0}),
    "spread_gain": ({}, {"spread_gain": 1.0}),
    "imbalance_gain": ({}, {"imbalance_gain": 3.0}),
    "patience_power": ({"patience": 4.0}, {"patience_power": 3.0}),
    "widest_spread": ({"spread_gain": 1.0}, {"widest_spread": 1.0}),
    "passive_until": ({"patience": 9.0}, {"passive_until": 0.85}),
}


def signals(slow: Overrides) -> dict[str, Case]:
    """Return the cases of the signals; *slow*: so slow that the limit of a step decides what is posted."""
    return {
        "momentum": (slow, {"momentum": Momentum.VOLUME}),
        "trade_imbalance": (slow, {"trade_imbalance": True}),
        "order_flow_imbalance": (slow, {"order_flow_imbalance": False}),
        "touch_imbalance": (slow, {"touch_imbalance": True}),
        "micro_price": (slow, {"micro_price": True}),
        "dry_up": (slow | {"momentum_threshold": 5.0}, {"dry_up": False}),
        "momentum_threshold": (slow, {"momentum_threshold": 0.9}),
        "momentum_window_seconds": (slow, {"momentum_window_seconds": 1.0}),
        "ema_alpha": (slow, {"ema_alpha": 1.0}),
        "depth_dry_up_threshold": (slow | {"momentum_threshold": 5.0}, {"depth_dry_up_threshold": 0.05}),
        "base_increment": (slow, {"base_increment": Price(90)}),
        "aggressive_increment": (slow, {"aggressive_increment": Price(200)}),
        "aggressive_walk_multiplier": (slow, {"aggressive_walk_multiplier": 4.0}),
        "conservative_walk_multiplier": (slow, {"conservative_walk_multiplier": 0.1}),
    }


_STEPS: Overrides = {"base_increment": Price(30), "aggressive_increment": Price(60)}

CASES: dict[str, dict[str, Case]] = {
    "simple_limit": RUN
    | {
        "max_slippage": ({"limit_rule": LimitRule.CAP}, {"max_slippage": 0.10}),
        "end_action": ({}, {"end_action": EndAction.CROSS}),
        "limit_rule": ({}, {"limit_rule": LimitRule.MID}),
    },
    "static_split": RUN
    | {
        "split_ratios": ({}, {"split_ratios": (0.8, 0.2)}),
        "level_steps": ({}, {"level_steps": 3}),
        "min_split": ({}, {"min_split": contracts(50)}),
    },
    "spread_walker": RUN
    | WALKING
    | signals(_STEPS)
    | {"end_action": ({"timeout_seconds": 12.0}, {"end_action": EndAction.CANCEL})},
    "twap": RUN
    | {
        # One slice that does not get all, while more comes before the end.
        "end_action": ({"timeout_seconds": 13.0, "slices": 1}, {"end_action": EndAction.CANCEL}),
        "slices": ({}, {"slices": 4}),
        "passive": ({}, {"passive": True}),
    },
    "adaptive_limit": RUN | WALKING | LAW | {"offset": ({}, {"offset": 3.1})},
    "dynamic_depth_walker": RUN
    | WALKING
    | LAW
    | signals(_STEPS | {"offsets": (0.0, -1.0, -2.0), "patience": 9.0})
    | {
        "split_ratios": ({}, {"split_ratios": (0.8, 0.2)}),
        "max_split_levels": ({}, {"max_split_levels": 1}),
        "min_split": ({}, {"min_split": contracts(50)}),
        "min_volume_threshold": ({"thin": {"patience": 4.0}}, {"min_volume_threshold": contracts(1000)}),
        "thin": ({"min_volume_threshold": contracts(1000)}, {"thin": {"patience": 4.0}}),
        "offsets": ({}, {"offsets": (3.1, 0.4, 0.0)}),
    },
}


def run(algorithm: str, overrides: Overrides) -> Venue:
    """Run an algorithm over the moving book."""
    given = PLAIN | overrides if algorithm == "dynamic_depth_walker" else overrides
    params = ALGORITHMS[algorithm].params(**given)  # type: ignore[arg-type] # each case names real fields
    # A tenth-of-a-cent grid shows small differences of the slew.
    venue = Venue(make_executor(algorithm, params), parent(10_000), MOVING, tape=TAPE, venue_market=market("deci_cent"))
    venue.run()
    return venue


def test_no_parameter_is_forgotten() -> None:
    """The table has a case for each field of each algorithm of the registry."""
    theirs = {name: {each.name for each in fields(spec.params)} for name, spec in ALGORITHMS.items()}

    assert theirs == {name: set(cases) for name, cases in CASES.items()}


@pytest.mark.parametrize(("algorithm", "name"), [(algorithm, name) for algorithm, cases in CASES.items() for name in cases])
def test_each_parameter_changes_what_is_sent(algorithm: str, name: str) -> None:
    """Two runs that differ in one parameter send different orders."""
    base, change = CASES[algorithm][name]
    assert {name} == set(change)

    assert run(algorithm, base).trace != run(algorithm, base | change).trace


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_horizon_is_kept(algorithm: str) -> None:
    """Whatever happens, a run that works for 40 seconds is over within 40 seconds of venue time."""
    assert run(algorithm, {"timeout_seconds": 40.0}).now <= T0 + seconds(40)


# --- what cannot be -------------------------------------------------------------------------------------------------

REFUSED: dict[str, list[object]] = {
    "timeout_seconds": [0.0, -1.0, 86_401.0, float("nan")],
    "max_slippage": [-0.01, 1.5, float("nan")],
    "walk_interval_seconds": [0.0, 0.09, -4.0],
    "max_walks": [-1],
    "urgency": [1.1, -0.1],
    "edge_half_life_seconds": [0.0, -3.0],
    "momentum_threshold": [0.0],
    "momentum_window_seconds": [0.0],
    "ema_alpha": [0.0, 0.0009, 1.1],
    "depth_dry_up_threshold": [0.0, 1.1],
    "base_increment": [Price(0)],
    "aggressive_increment": [Price(0)],
    "aggressive_walk_multiplier": [0.0],
    "conservative_walk_multiplier": [0.0],
    "split_ratios": [(), (0.5, -0.5), (0.0,)],
    "min_split": [Quantity(-1)],
    "level_steps": [0, -1, 101],
    "slices": [0, -1, 1_001],
    "passive_until": [2.0, -0.1],
    "max_split_levels": [0],
    "offsets": [(1.0,), (), (1_001.0, 0.0, 0.0), (0.0, float("nan"), 0.0)],
    "offset": [1_001.0, -1_001.0, float("inf"), float("nan")],
    "patience": [1_001.0, -1_001.0, float("inf"), float("nan")],
    "deficit_gain": [1_001.0, float("nan")],
    "spread_gain": [-1_001.0, float("nan")],
    "imbalance_gain": [-1_001.0, float("nan")],
    "patience_power": [0.0, -1.0, 10.5, float("nan")],
    "widest_spread": [0.5, 1_001.0, float("nan")],
    "thin": [{"patince": 1.0}],
}
"""Impossible values by field: all that have a range, whichever algorithm has them."""

UNBOUNDED = {
    "end_action",
    "limit_rule",
    "momentum",
    "passive",
    "trade_imbalance",
    "order_flow_imbalance",
    "touch_imbalance",
    "micro_price",
    "dry_up",
    "min_volume_threshold",
}
"""Fields any value of which makes sense: enums, switches, a threshold."""


def test_every_field_is_either_bounded_or_not() -> None:
    """A field that is new to all algorithms has to be said something about."""
    theirs = {each.name for spec in ALGORITHMS.values() for each in fields(spec.params)}

    assert theirs == set(REFUSED) | UNBOUNDED


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [(algorithm, name) for algorithm, cases in CASES.items() for name in cases if name in REFUSED],
)
def test_impossible_values_are_refused_by_name(algorithm: str, name: str) -> None:
    """What cannot work is refused when the parameters are made, not in the middle of a run, with what was found."""
    for value in REFUSED[name]:
        with pytest.raises(DomainError, match=rf"^{name}: found .*; allowed: "):
            ALGORITHMS[algorithm].params(**{name: value})  # type: ignore[arg-type] # wrong on purpose


@pytest.mark.parametrize("algorithm", [name for name, cases in CASES.items() if "urgency" in cases])
def test_patience_is_said_in_one_way(algorithm: str) -> None:
    """Urgency and half-life are the same thing: not both."""
    with pytest.raises(DomainError, match=r"^edge_half_life_seconds: found 20\.0; allowed: null where urgency is set"):
        ALGORITHMS[algorithm].params(urgency=0.7, edge_half_life_seconds=20.0)  # type: ignore[call-arg] # those that walk


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ema_alpha", 2.0),
        ("timeout_seconds", 9.0),
        ("max_slippage", 0.5),
        ("end_action", EndAction.CANCEL),
        ("min_volume_threshold", contracts(9)),
        ("urgency", 1.0),
        ("edge_half_life_seconds", 9.0),
        ("thin", {}),
    ],
)
def test_impossible_thin_overrides_are_refused_at_once(name: str, value: object) -> None:
    """Not in the first thin book, by the name of the field; and what a thin book cannot change any more is one of them."""
    with pytest.raises(DomainError, match=rf"^{name}: found "):
        ALGORITHMS["dynamic_depth_walker"].params(thin={name: value})  # type: ignore[call-arg] # the walker's
