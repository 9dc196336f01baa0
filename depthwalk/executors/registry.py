"""Every algorithm by name: its parameters and its executor. A new algorithm of ours is one line here.

Others come with other packages, through the entry point group `depthwalk.algorithms`: a name there leads to an
`AlgorithmSpec`. They are loaded when they are asked for, so that a broken one is in nobody's way; ours cannot be replaced.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

import msgspec

from depthwalk.domain.routing import AUTO
from depthwalk.errors import DomainError, UsageError
from depthwalk.executors.adaptive_limit import AdaptiveLimit, AdaptiveLimitParams
from depthwalk.executors.base import Executor
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalker, DynamicDepthWalkerParams
from depthwalk.executors.simple_limit import SimpleLimit, SimpleLimitParams
from depthwalk.executors.spread_walker import SpreadWalker, SpreadWalkerParams
from depthwalk.executors.state import BaseParams
from depthwalk.executors.static_split import StaticSplit, StaticSplitParams
from depthwalk.executors.twap import Twap, TwapParams

GROUP: Final = "depthwalk.algorithms"


@dataclass(frozen=True, slots=True)
class AlgorithmSpec:
    """An algorithm's parameter class, all of whose fields have defaults, and how to make an executor from its parameters."""

    params: type[BaseParams]
    executor: Callable[[Any], Executor]


ALGORITHMS: Final[dict[str, AlgorithmSpec]] = {
    "simple_limit": AlgorithmSpec(SimpleLimitParams, SimpleLimit),
    "static_split": AlgorithmSpec(StaticSplitParams, StaticSplit),
    "spread_walker": AlgorithmSpec(SpreadWalkerParams, SpreadWalker),
    "twap": AlgorithmSpec(TwapParams, Twap),
    "adaptive_limit": AlgorithmSpec(AdaptiveLimitParams, AdaptiveLimit),
    "dynamic_depth_walker": AlgorithmSpec(DynamicDepthWalkerParams, DynamicDepthWalker),
}
"""Ours, from the simplest on."""


def algorithm_names() -> tuple[str, ...]:
    """Return the names of all algorithms, ours first; others may turn out to be broken."""
    return (*ALGORITHMS, *(name for name in _installed() if name not in ALGORITHMS))


def is_algorithm(name: str) -> bool:
    """Say whether there is an algorithm of that name; others' packages are not searched for one of ours."""
    return name in ALGORITHMS or name in _installed()


def algorithm(name: str) -> AlgorithmSpec:
    """Return an algorithm. Raises UsageError naming the known ones, or saying why another package's cannot be used."""
    found = ALGORITHMS.get(name)
    if found is not None:
        return found
    entry = _installed().get(name)
    if entry is None:
        raise UsageError(f"unknown algorithm {name!r}", hint=f"known: {', '.join(algorithm_names())}; auto draws one")
    return _loaded(entry)


@cache
def _installed() -> Mapping[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP) if entry.name != AUTO}


@cache
def _loaded(entry: EntryPoint) -> AlgorithmSpec:
    where = f"algorithm {entry.name!r} ({entry.value}{f' of {entry.dist.name}' if entry.dist else ''})"
    try:
        spec = entry.load()
        if isinstance(spec, AlgorithmSpec):
            spec.params()  # type: ignore[call-arg] # as in `default_parameters`
    except (Exception, SystemExit) as error:  # whatever the package of somebody else raises
        raise UsageError(f"{where} cannot be used: {type(error).__name__}: {error}") from error
    if not isinstance(spec, AlgorithmSpec):
        raise UsageError(f"{where} cannot be used: found {type(spec).__name__}, an AlgorithmSpec is wanted")
    return spec


def plain_parameters(params: BaseParams) -> dict[str, object]:
    """Return parameters as JSON can hold them: enums by value, tuples as lists, prices and counts in our units."""
    plain: dict[str, object] = msgspec.to_builtins(params)
    return plain


def parameters_from(name: str, plain: Mapping[str, object]) -> BaseParams:
    """Return the parameters that `plain_parameters` wrote. Raises UsageError where they are not that algorithm's any more."""
    try:
        return msgspec.convert(plain, algorithm(name).params)
    except (msgspec.ValidationError, DomainError) as error:
        raise UsageError(f"these are no parameters of {name}: {error}") from None


def default_parameters(name: str) -> BaseParams:
    """Return an algorithm's parameters as it comes. Raises as `algorithm`."""
    return algorithm(name).params()  # type: ignore[call-arg] # of every algorithm's own class: all its fields have defaults


def make_executor(name: str, params: BaseParams) -> Executor:
    """Return a fresh executor of the named algorithm. Raises UsageError where another package's cannot be made."""
    make = algorithm(name).executor
    if name in ALGORITHMS:
        return make(params)
    try:
        made = make(params)
        called, post_only = getattr(made, "algorithm", None), getattr(made, "post_only", None)
    except (Exception, SystemExit) as error:  # whatever the package of somebody else raises
        raise UsageError(f"algorithm {name!r} cannot be made: {type(error).__name__}: {error}") from error
    if not isinstance(made, Executor):
        raise UsageError(f"algorithm {name!r} cannot be made: found {type(made).__name__}, an Executor is wanted")
    if type(post_only) is not bool:
        raise UsageError(
            f"algorithm {name!r} cannot be made: its class says post_only = {post_only!r}, it must be True or False"
        )
    if called != name:
        raise UsageError(f"algorithm {name!r} cannot be made: its class says algorithm = {called!r}, it must be {name!r}")
    return made
