"""Patience is the caller's: urgency, or the half-life of the reason to trade (algorithms.md sections 2.5 and 2.7)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.messages import AmendOrder, SubmitOrder
from depthwalk.executors.registry import ALGORITHMS, default_parameters
from depthwalk.executors.state import EndAction
from depthwalk.executors.walking import WalkingParams
from tests.support.books import cents
from tests.support.laws import PLAIN
from tests.support.venue import drive, parent

BOOK = "40x100 39x50 | 44x30 45x60 46x80"
PATIENT = [name for name, spec in ALGORITHMS.items() if issubclass(spec.params, WalkingParams)]


def told(algorithm: str, **params: object) -> list[str]:
    """Run an algorithm on the standing book."""
    return drive(algorithm, BOOK, **params).story


def haste(**params: float) -> WalkingParams:
    """Return parameters of something that walks."""
    found = default_parameters("adaptive_limit")
    assert isinstance(found, WalkingParams)
    return replace(found, **params)  # type: ignore[arg-type] # numbers all


@pytest.mark.parametrize(
    ("urgency", "pace", "at_cap_from"),
    [(None, 1.0, 1.0), (0.0, 0.0, 1.0), (0.25, 0.5, 1.0), (0.5, 1.0, 1.0), (0.75, 1.5, 0.875), (1.0, 2.0, 0.75)],
)
def test_urgency_in_numbers(urgency: float | None, pace: float, at_cap_from: float) -> None:
    """Twice its value times as fast; above one half the end is spent at the cap, at 1 its last quarter."""
    params = haste() if urgency is None else haste(urgency=urgency)

    assert (pace, at_cap_from) == (params.pace, params.at_cap_from)


@pytest.mark.parametrize(("life", "urgency"), [(40.0, 0.5), (120.0, 0.25), (10.0, 0.8), (1e15, 0.0), (1e-12, 1.0)])
def test_a_half_life_is_an_urgency(life: float, urgency: float) -> None:
    """Horizon over horizon plus half-life: 40 of 40 + 40 is neutral, 40 of 40 + 10 four fifths."""
    assert pytest.approx(urgency) == haste(edge_half_life_seconds=life).haste


@given(one=st.floats(0, 1), other=st.floats(0, 1))
def test_more_urgency_is_never_slower(one: float, other: float) -> None:
    """Faster, and at the cap no later; and the other way round for the half-life."""
    low, high = (haste(urgency=each) for each in sorted((one, other)))
    assert low.pace <= high.pace
    assert low.at_cap_from >= high.at_cap_from >= 0.75

    short, long = (haste(edge_half_life_seconds=1 + 99 * each) for each in sorted((one, other)))
    assert short.pace >= long.pace


@pytest.mark.parametrize("algorithm", PATIENT)
def test_neutral_is_as_the_other_parameters_have_it(algorithm: str) -> None:
    """Urgency 0.5, a half-life as long as the horizon, and neither: the same orders."""
    assert told(algorithm) == told(algorithm, urgency=0.5) == told(algorithm, edge_half_life_seconds=40.0)


@pytest.mark.parametrize("algorithm", PATIENT)
@pytest.mark.parametrize("end", EndAction)
def test_in_a_hurry_the_last_quarter_rests_at_the_cap(algorithm: str, end: EndAction) -> None:
    """Asked at 44 at arrival, so capped at 45; nobody near it later: from 32 s on, the first step after 30, all is at 45."""
    venue = drive(algorithm, {0: "40x100 | 44x30", 3: "38x100 | 52x30"}, urgency=1.0, end_action=end)
    last = {}
    for at, intent in venue.sent:
        if isinstance(intent, SubmitOrder | AmendOrder) and at < 38:
            last[venue.executor.desk.children[intent.client_id].split] = (at, intent.price)

    assert {cents(45)} == {price for _, price in last.values()}
    assert all(at <= 32.05 for at, _ in last.values())


@pytest.mark.parametrize("algorithm", PATIENT)
def test_a_hurry_never_passes_the_cap(algorithm: str) -> None:
    """A limit of 41 in a book asked at 44."""
    venue = drive(algorithm, BOOK, parent(limit=cents(41)), urgency=1.0)

    assert all(float(text.split()[2]) <= 41 for text in venue.story if "cancel" not in text)


@pytest.mark.parametrize("algorithm", PATIENT)
def test_without_walks_left_a_hurry_changes_nothing(algorithm: str) -> None:
    """The limit of walks holds also for the way to the cap."""
    story = told(algorithm, urgency=1.0, max_walks=0)

    assert not [text for text in story if "amend" in text]
    assert {"0"} == {text.split()[0] for text in story if " post " in text or " plain " in text}


@pytest.mark.parametrize(
    "algorithm", [name for name in PATIENT if "passive_until" in ALGORITHMS[name].params.__dataclass_fields__]
)
def test_takers_fees_are_avoided_in_a_hurry_too(algorithm: str) -> None:
    """Nothing at the ask of 44 before 34 s, though from 30 s on it is as high as it may be: one step below."""
    story = told(algorithm, urgency=1.0, passive_until=0.85)
    early = [float(text.split()[2]) for text in story if "cancel" not in text and float(text.split()[0]) < 34]

    assert 43 == max(early)
    assert any(text.startswith("36.05 plain 45") for text in story)


@pytest.mark.parametrize("algorithm", PATIENT)
@pytest.mark.parametrize("urgency", [0.0, 1.0])
def test_urgency_changes_nothing_at_arrival(algorithm: str, urgency: float) -> None:
    """It is about the way from there: the first orders are those of no urgency, in price and size."""
    first, second = (
        [text for text in each if text.startswith("0 ")] for each in (told(algorithm), told(algorithm, urgency=urgency))
    )
    assert first == second


@pytest.mark.parametrize("algorithm", PATIENT)
def test_the_last_walk_is_kept_for_the_way_to_the_cap(algorithm: str) -> None:
    """Three walks in a hurry: two on the way, to 43, where it stays until 32 s; then to the cap, where it takes."""
    law = PLAIN if algorithm == "dynamic_depth_walker" else {}
    venue = drive(algorithm, "40x100 | 44x30", parent(100), **(law | {"urgency": 1.0, "max_walks": 3}))
    (split,) = venue.executor.desk.splits

    assert ["32 cancel", "32.05 plain 45 x1"] == venue.story[-2:]
    assert "43 x1" in venue.story[-3]
    assert 3 == split.walks == len(split.history) - 1
