"""Parameters of any algorithm of the registry, drawn field by field: a new field or algorithm is covered, or a test names it.

What a field may be stands here once, for hypothesis (`any_parameters`) and for runs drawn from a seed (`drawn_parameters`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from random import Random
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from depthwalk.config.settings import Config, varied
from depthwalk.domain.units import Price, Quantity
from depthwalk.executors.registry import ALGORITHMS, default_parameters
from depthwalk.executors.signals import Momentum
from depthwalk.executors.simple_limit import LimitRule
from depthwalk.executors.state import BaseParams, EndAction

CHOICES: Final[Mapping[str, Sequence[object]]] = {
    "timeout_seconds": (4.0, 12.0, 40.0, 400.0),
    "max_slippage": (0.0, 0.025, 0.2, 1.0),
    "end_action": tuple(EndAction),
    "limit_rule": tuple(LimitRule),
    "walk_interval_seconds": (1.0, 4.0, 9.0),
    "max_walks": (0, 1, 3, 10),
    "momentum": tuple(Momentum),
    "trade_imbalance": (False, True),
    "order_flow_imbalance": (False, True),
    "touch_imbalance": (False, True),
    "micro_price": (False, True),
    "dry_up": (False, True),
    "momentum_threshold": (0.05, 0.1, 0.5),
    "momentum_window_seconds": (0.5, 9.0, 30.0),
    "ema_alpha": (0.1, 0.3, 1.0),
    "depth_dry_up_threshold": (0.1, 0.5, 1.0),
    "base_increment": (Price(1), Price(50), Price(250)),
    "aggressive_increment": (Price(10), Price(100), Price(400)),
    "aggressive_walk_multiplier": (0.5, 1.5, 4.0),
    "conservative_walk_multiplier": (0.01, 0.8, 2.0),
    "split_ratios": ((1.0,), (0.6, 0.4), (0.5, 0.3, 0.2)),
    "max_split_levels": (1, 2, 3),
    "min_split": (Quantity(0), Quantity(500), Quantity(4_000)),
    "level_steps": (1, 2, 7),
    "slices": (1, 3, 10, 17),
    "passive": (False, True),
    "offsets": ((1.1, 0.4, 0.0), (2.0, 1.2, 0.0), (-1.0, -3.5, 9.0)),
    "offset": (1.1, -2.0, 0.05, 6.0),
    "patience": (0.0, 1.0, 8.0),
    "deficit_gain": (0.0, 3.0, 9.0),
    "spread_gain": (-0.5, 0.0, 0.2, 1.0),
    "imbalance_gain": (-0.5, 0.0, 0.35, 3.0),
    "patience_power": (0.5, 1.0, 2.2, 6.0),
    "widest_spread": (None, 1.0, 4.6, 20.0),
    "passive_until": (0.0, 0.5, 0.85, 1.0),
    "min_volume_threshold": (Quantity(0), Quantity(5_000), Quantity(100_000)),
    "thin": (
        {},
        {"max_walks": 2, "walk_interval_seconds": 2.0, "patience": 3.0},
        {"split_ratios": (1.0,), "passive_until": 0.85},
        {"trade_imbalance": True, "order_flow_imbalance": False, "momentum": Momentum.FLOW},
        {"momentum": Momentum.VOLUME, "offsets": (0.0, 0.0, 0.0)},
    ),
}
"""Values of each field, ordinary and at its edges, each of them good together with any of the others."""

HURRY: Final[tuple[tuple[float | None, float | None], ...]] = (
    *((None, None),) * 3,
    *((urgency, None) for urgency in (0.0, 0.3, 1.0)),
    *((None, life) for life in (1.0, 40.0, 1_000.0)),
)
"""Urgency and half-life: one of them at most."""

_HURRY_FIELDS: Final = ("urgency", "edge_half_life_seconds")


def field_names(algorithm: str) -> list[str]:
    """Return the fields of an algorithm's parameters."""
    return [each.name for each in fields(ALGORITHMS[algorithm].params)]


def _choices(algorithm: str, only: Mapping[str, Sequence[object]]) -> dict[str, Sequence[object]]:
    """Return what each field but the hurry's may be; KeyError for a field of which nothing is said."""
    return {name: only.get(name) or CHOICES[name] for name in field_names(algorithm) if name not in _HURRY_FIELDS}


def _build(algorithm: str, values: Mapping[str, object], hurry: tuple[float | None, float | None]) -> BaseParams:
    """Make the parameters; *hurry* is for those that know it."""
    known = dict(zip(_HURRY_FIELDS, hurry, strict=True)) if _HURRY_FIELDS[0] in field_names(algorithm) else {}
    return ALGORITHMS[algorithm].params(**values, **known)  # type: ignore[arg-type] # of each algorithm's own kind


def any_parameters(algorithm: str, **only: Sequence[object]) -> SearchStrategy[BaseParams]:
    """Return a strategy for an algorithm's parameters; *only* narrows what a field may be."""
    values = {name: st.sampled_from(choices) for name, choices in _choices(algorithm, only).items()}
    return st.builds(_build, st.just(algorithm), st.fixed_dictionaries(values), st.sampled_from(HURRY))


def drawn_parameters(algorithm: str, rng: Random, **only: Sequence[object]) -> BaseParams:
    """Return an algorithm's parameters from a generator; *only* as above."""
    values = {name: rng.choice(choices) for name, choices in _choices(algorithm, only).items()}
    return _build(algorithm, values, rng.choice(HURRY))


def lineup() -> dict[str, tuple[str, BaseParams]]:
    """Return every algorithm as it comes and every built-in profile, by name: the algorithm's name and its parameters."""
    profiles = {
        name: (method.algorithm, varied(default_parameters(method.algorithm), method.overrides))
        for name, method in Config().methods.items()
    }
    return {name: (name, default_parameters(name)) for name in ALGORITHMS} | profiles
