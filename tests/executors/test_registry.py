"""Which algorithms there are: ours, which nobody replaces, and those of other packages, which must be what they say they are.

Packages are doubles of what `importlib.metadata` finds, put in at the one door to them. Installed ones are in
tests/journeys/test_own_algorithm.py; what a made algorithm may answer is in `test_asking.py`.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from depthwalk.domain.units import Duration, Quantity, seconds
from depthwalk.errors import UsageError
from depthwalk.executors.base import Executor
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalkerParams
from depthwalk.executors.registry import (
    ALGORITHMS,
    AlgorithmSpec,
    algorithm,
    algorithm_names,
    default_parameters,
    is_algorithm,
    make_executor,
    parameters_from,
    plain_parameters,
)
from depthwalk.executors.signals import Momentum
from depthwalk.executors.state import BaseParams, EndAction, Quote, Situation
from tests.support.plugged import plug


@dataclass(frozen=True, kw_only=True)
class OtherParams(BaseParams):
    """Parameters as they come with another package."""

    timeout_seconds: float = 30.0
    max_slippage: float = 0.02
    end_action: EndAction = EndAction.CANCEL
    momentum: Momentum = Momentum.FLOW


class Unnamed(Executor):
    """Another package's algorithm whose class does not say its name."""

    def __init__(self, params: OtherParams) -> None:
        super().__init__(params)

    @property
    def cadence(self) -> Duration:
        """Time between two steps."""
        return seconds(4)

    def divide(self, situation: Situation) -> Sequence[Quantity]:
        """Return the whole."""
        return (situation.quantity,)

    def quotes(self, situation: Situation) -> Sequence[Quote]:
        """Return the worst price there is, for the first."""
        return (Quote(split=0, price=situation.cap, why="at the cap"),)


class Other(Unnamed):
    """The same with its name."""

    algorithm: ClassVar[str] = "other"


class Pretender(Unnamed):
    """The same under the name of one of ours."""

    algorithm: ClassVar[str] = "simple_limit"


class Refusing(Other):
    """One that cannot be made."""

    def __init__(self, params: OtherParams) -> None:
        raise SystemExit(f"not with {params.timeout_seconds} seconds")


OTHER = AlgorithmSpec(OtherParams, Other)

Install = Callable[..., None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return how to let packages bring algorithms: by name what loading them returns, or the exception it raises."""
    return lambda **brings: plug(monkeypatch, brings)


def test_another_packages_algorithm_stands_beside_ours(install: Install) -> None:
    """Named after ours, with its parameters, made from them."""
    install(other=OTHER)

    assert (*ALGORITHMS, "other") == algorithm_names()
    assert is_algorithm("other")
    assert OtherParams() == default_parameters("other")
    assert "other" == make_executor("other", OtherParams()).algorithm


def test_ours_and_the_draw_cannot_be_replaced(install: Install) -> None:
    """A package's `simple_limit` is never loaded, and its `auto` is no algorithm: auto is for the draw."""
    ours = algorithm("simple_limit")
    install(simple_limit=OTHER, auto=OTHER)

    assert tuple(ALGORITHMS) == algorithm_names()
    assert ours is algorithm("simple_limit")
    assert not is_algorithm("auto")
    with pytest.raises(UsageError, match="unknown algorithm 'auto'"):
        algorithm("auto")


def test_an_unknown_name_is_told_the_known_ones(install: Install) -> None:
    """Ours and the others', and that auto draws one."""
    install(other=OTHER)

    with pytest.raises(UsageError) as refused:
        algorithm("smart_limit")
    assert f"known: {', '.join(ALGORITHMS)}, other; auto draws one" == refused.value.hint
    assert not is_algorithm("smart_limit")


@pytest.mark.parametrize(
    ("made", "says"),
    [(Unnamed, "algorithm = None, it must be 'other'"), (Pretender, "algorithm = 'simple_limit', it must be 'other'")],
)
def test_a_class_goes_by_the_name_of_its_entry_point(made: type[Executor], says: str, install: Install) -> None:
    """Or its runs were on record, and counted, as another's."""
    install(other=AlgorithmSpec(OtherParams, made))

    with pytest.raises(UsageError, match=says):
        make_executor("other", OtherParams())


@pytest.mark.parametrize(
    ("brings", "says"),
    [
        (SystemExit("bye"), r"'other' \(elsewhere:SPEC of elsewhere\) cannot be used: SystemExit: bye"),
        (ModuleNotFoundError("nowhere"), "cannot be used: ModuleNotFoundError: nowhere"),
        (7, "cannot be used: found int, an AlgorithmSpec is wanted"),
        (AlgorithmSpec(BaseParams, Other), "cannot be used: TypeError: "),  # its parameters have no defaults
    ],
)
def test_what_cannot_be_loaded_is_a_usage_error(brings: object, says: str, install: Install) -> None:
    """Even one that ends the process when it is imported; and it stays listed, as nobody has to load it to list it."""
    install(other=brings)

    assert is_algorithm("other")
    with pytest.raises(UsageError, match=says):
        algorithm("other")


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (Refusing, "'other' cannot be made: SystemExit: not with 30.0 seconds"),
        (lambda _: 7, "'other' cannot be made: found int, an Executor is wanted"),
    ],
)
def test_what_cannot_be_made_is_a_usage_error(made: Callable[[Any], Executor], says: str, install: Install) -> None:
    """Ending the process in `__init__`, or returning something else."""
    install(other=AlgorithmSpec(OtherParams, made))

    with pytest.raises(UsageError, match=says):
        make_executor("other", OtherParams())


THIN = {"momentum": Momentum.VOLUME, "split_ratios": (0.5, 0.3, 0.2), "offsets": (2.0, 1.2, 0.0), "walk_interval_seconds": 2.0}


def test_parameters_come_back_as_they_were_stored() -> None:
    """Through JSON and back, and what a thin book changes is of its kind again: an enum, not its text."""
    params = DynamicDepthWalkerParams(thin=THIN)
    back = parameters_from("dynamic_depth_walker", json.loads(json.dumps(plain_parameters(params))))

    assert isinstance(back, DynamicDepthWalkerParams)
    assert params == back
    assert THIN == back.thin
    assert Momentum.VOLUME is back.thin["momentum"]
    thin = back.when_thin()
    assert (Momentum.VOLUME, 2.0) == (thin.momentum, thin.walk_interval_seconds)
    assert (0.5, 0.3, 0.2) == thin.split_ratios


def test_parameters_of_another_kind_are_refused() -> None:
    """A row that was written by another version: said by name, no traceback."""
    for plain in ({"timeout_seconds": "soon"}, {"timeout_seconds": -1}, {"limit_rule": "sideways"}):
        with pytest.raises(UsageError, match="these are no parameters of simple_limit: "):
            parameters_from("simple_limit", plain)
