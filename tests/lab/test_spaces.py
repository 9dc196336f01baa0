"""What may be varied: read from words, refused by name, and turned into parameters that the algorithm takes."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.units import CONTRACT, Price, Quantity
from depthwalk.errors import UsageError
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalkerParams
from depthwalk.executors.registry import default_parameters
from depthwalk.executors.signals import Momentum
from depthwalk.executors.state import EndAction
from depthwalk.lab.spaces import USUAL, Space, space_of
from depthwalk.lab.tuning import Choice, Number, Point
from tests.support.laws import PLAIN

WALKER = "dynamic_depth_walker"


def varied(vary: str, *point: float, algorithm: str = WALKER, **changes: Any) -> Any:
    """Return the parameters at a point of a space."""
    return space_of(algorithm, replace(default_parameters(algorithm), **changes), vary).at(point)


def test_numbers_are_in_the_units_of_the_configuration() -> None:
    """Seconds and cents as they are, dollars and contracts as ours, whole numbers whole; all else stays as it was."""
    vary = "patience=0:3, max_walks=2:20,base_increment=0.001:0.02,min_split=0:20,offsets.1=-1:2"
    expected = replace(
        DynamicDepthWalkerParams(),
        patience=1.25,
        max_walks=7,
        base_increment=Price(75),
        min_split=Quantity(12 * CONTRACT),
        offsets=(0.93, -0.5, 0.0),
    )
    found = varied(vary, 1.25, 7, 75, 12, -0.5)
    assert expected == found
    assert (int, int, int) == (type(found.max_walks), type(found.base_increment), type(found.min_split))
    axes = space_of(WALKER, DynamicDepthWalkerParams(), vary).axes
    assert Number(low=10, high=200, whole=True) == axes[2]
    assert Number(low=-1, high=2) == axes[4]


def test_choices_are_of_the_parameters_type() -> None:
    """Switches, enums and numbers."""
    vary = "momentum={flow,volume},dry_up={true,false},end_action={cancel,cross},max_walks={5,20},min_split={0,7.5}"
    found = varied(vary, 1, 1, 0, 1, 1)
    assert (Momentum.VOLUME, False, EndAction.CANCEL, 20, Quantity(750)) == (
        found.momentum,
        found.dry_up,
        found.end_action,
        found.max_walks,
        found.min_split,
    )
    space = space_of(WALKER, DynamicDepthWalkerParams(), vary)
    assert (0.0, 0.0, 1.0, 0.0, 0.0) == space.start
    assert (Choice(count=2),) * 5 == space.axes
    assert "{flow,volume}" == space.words["momentum"]


def test_of_parts_of_a_whole_the_last_takes_the_rest() -> None:
    """Whatever they added up to before; what is not varied keeps its part."""
    vary = "split_ratios.0=0.1:0.9"
    assert (0.7, 0.3) == varied(vary, 0.7).split_ratios
    assert (0.5, 0.25, 0.25) == varied(vary, 0.5, split_ratios=(2.0, 1.0, 1.0)).split_ratios
    three = space_of(
        WALKER, DynamicDepthWalkerParams(split_ratios=(0.5, 0.3, 0.2)), "split_ratios.0=0.1:0.9,split_ratios.1=0:1"
    )
    points = ((0.6, 0.3), (0.6, 0.38), (0.6, 0.39), (0.6, 0.4), (0.6, 0.0))
    assert [True, True, False, False, False] == [three.possible(point) for point in points]


def test_overrides_for_thin_books_are_varied_beside_the_others() -> None:
    """They begin at what holds outside, and what is varied outside holds in them."""
    space = space_of(
        WALKER, DynamicDepthWalkerParams(**(PLAIN | {"patience": 2.0})), "thin.patience=0:3,offsets.0=0:3,thin.offsets.1=0:1"
    )
    assert (2.0, 1.1, 0.4) == space.start
    found: Any = space.at((0.5, 2.5, 0.9))
    assert (2.0, (2.5, 0.4, 0.0)) == (found.patience, found.offsets)
    assert {"patience": 0.5, "offsets": (2.5, 0.9, 0.0)} == found.thin


def test_the_search_begins_with_what_is_there() -> None:
    """Put within the bounds; where nothing is set, in the middle."""
    space = space_of(WALKER, DynamicDepthWalkerParams(**PLAIN), "patience=2:3,offsets.0=0:3,urgency=0:1")
    assert (2.0, 1.1, 0.5) == space.start


@pytest.mark.parametrize("algorithm", USUAL)
@given(data=st.data())
def test_what_is_usual_can_be_varied(algorithm: str, data: st.DataObject) -> None:
    """Every point of it is possible, or refused without a fault; the start as it comes is the algorithm as it comes."""
    params = default_parameters(algorithm)
    space = space_of(algorithm, params)
    assert params == space.at(space.start)
    point = data.draw(points(space))
    if space.possible(point):
        assert [knob.written(_at(space.at(point), knob.path)) for knob in space.knobs] == pytest.approx(point)


def points(space: Space) -> st.SearchStrategy[Point]:
    """Return points of a space, as the search draws them."""
    drawn = [
        st.integers(0, axis.count - 1).map(float) if isinstance(axis, Choice) else st.floats(0, 1).map(axis.value)
        for axis in space.axes
    ]
    return st.tuples(*drawn)


def _at(params: Any, path: str) -> Any:
    name, _, place = path.partition(".")
    return getattr(params, name)[int(place)] if place else getattr(params, name)


def test_with_three_levels_three_offsets_and_two_parts_are_usual() -> None:
    """Entries that are in use, no others."""
    paths = space_of(WALKER, DynamicDepthWalkerParams(split_ratios=(0.5, 0.3, 0.2))).words
    assert ["offsets.0", "offsets.1", "offsets.2", "split_ratios.0", "split_ratios.1"] == list(paths)[:5]


@pytest.mark.parametrize(
    ("vary", "words"),
    [
        ("patience", "'patience' is no NAME=LOW:HIGH"),
        ("patience=1", "'patience=1' is no NAME=LOW:HIGH"),
        ("", "names nothing"),
        ("patience=0:3,patience=1:2", "patience is named twice"),
        ("patients=0:3", "dynamic_depth_walker has no parameter 'patients'"),
        ("thin.patients=0:3", "has no parameter 'thin.patients'"),
        ("thin.thin=0:3", "has no parameter 'thin.thin'"),
        ("thin=0:3", "thin is no number"),
        ("patience.0=0:3", "patience is no list"),
        ("offsets=0:3", "offsets is a list, allowed: offsets.0 or offsets.1 or offsets.2"),
        ("offsets.3=0:3", "offsets is a list, allowed: offsets.0"),
        ("split_ratios.1=0:1", "allowed: split_ratios.0; the last takes the rest"),
        ("patience=3:0", "the lower bound has to be below the upper one"),
        ("patience=0:x", "'x' is no number for it"),
        ("patience=0:inf", "'inf' is no number for it"),
        ("patience=0:nan", "'nan' is no number for it"),
        ("patience=-1e308:1e308", "'-1e308' is no number for it"),
        ("patience=0:5e-324", "the lower bound has to be below the upper one"),
        ("offsets.00=0:1", "offsets is a list, allowed: offsets.0"),
        ("max_walks=1.5:3", "whole numbers are wanted"),
        ("base_increment=0.00001:0.1", "'0.00001' is no number for it"),
        ("momentum=0:1", "momentum is no number"),
        ("momentum={flow,tide}", "'tide' is no choice for it"),
        ("dry_up={true}", "two or more different choices are wanted"),
        ("dry_up={true,true}", "two or more different choices are wanted"),
        ("max_walks={5,many}", "'many' is no number for it"),
        ("passive_until=2:3", "refuses the start: passive_until: found 2"),
        ("thin.timeout_seconds=10:20", "refuses the start: timeout_seconds"),
        ("timeout_seconds=41:60", "refuses the start: timeout_seconds: found 41; allowed: at most 40"),
        ("urgency=0:1,edge_half_life_seconds=1:9", "refuses the start: edge_half_life_seconds"),
    ],
)
def test_what_cannot_be_varied_is_refused_by_name(vary: str, words: str) -> None:
    """In one line that begins with the flag."""
    with pytest.raises(UsageError) as caught:
        space_of(WALKER, DynamicDepthWalkerParams(), vary)
    assert caught.value.message.startswith("--vary")
    assert words in caught.value.message


def test_no_candidate_has_more_time_than_others() -> None:
    """More than the comparison on fresh seeds would take."""
    space = space_of(WALKER, DynamicDepthWalkerParams(), "timeout_seconds=20:60")
    assert [True, False] == [space.possible((seconds,)) for seconds in (40.0, 40.5)]


def test_where_nothing_is_usual_it_has_to_be_said() -> None:
    """Of an algorithm without a space of its own."""
    with pytest.raises(UsageError, match="nothing is usual for simple_limit"):
        space_of("simple_limit", default_parameters("simple_limit"))
    with pytest.raises(UsageError, match="it has one entry"):
        space_of("static_split", replace(default_parameters("static_split"), split_ratios=(1.0,)), "split_ratios.0=0:1")  # type: ignore[call-arg] # of static_split
