"""Every algorithm by name: its parameters and its executor. A new algorithm is one line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from depthwalk.errors import UsageError
from depthwalk.executors.base import Executor
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalker, DynamicDepthWalkerParams
from depthwalk.executors.simple_limit import SimpleLimit, SimpleLimitParams
from depthwalk.executors.state import BaseParams


@dataclass(frozen=True, slots=True)
class AlgorithmSpec:
    """An algorithm's parameter class and how to make an executor from its parameters."""

    params: type[BaseParams]
    executor: Callable[[Any], Executor]


ALGORITHMS: dict[str, AlgorithmSpec] = {
    "simple_limit": AlgorithmSpec(SimpleLimitParams, SimpleLimit),
    "dynamic_depth_walker": AlgorithmSpec(DynamicDepthWalkerParams, DynamicDepthWalker),
}


def algorithm(name: str) -> AlgorithmSpec:
    """Return an algorithm; raises UsageError naming the known ones."""
    try:
        return ALGORITHMS[name]
    except KeyError:
        known = ", ".join(ALGORITHMS)
        raise UsageError(f"unknown algorithm {name!r}", hint=f"known algorithms: {known}") from None


def plain_parameters(params: BaseParams) -> dict[str, object]:
    """Return parameters as JSON can hold them: enums by value, tuples as lists, prices and counts in our units."""
    plain: dict[str, object] = msgspec.to_builtins(params)
    return plain


def parameters_from(name: str, plain: Mapping[str, object]) -> BaseParams:
    """Return the parameters that `plain_parameters` wrote. Raises UsageError where they are not that algorithm's any more."""
    try:
        return msgspec.convert(plain, algorithm(name).params)
    except msgspec.ValidationError as error:
        raise UsageError(f"these are no parameters of {name}: {error}") from None


def make_executor(name: str, params: BaseParams) -> Executor:
    """Return a fresh executor of the named algorithm."""
    return algorithm(name).executor(params)
