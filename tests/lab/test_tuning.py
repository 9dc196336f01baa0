"""The search: it finds what there is, keeps to its bounds, repeats with its seed, and never mixes training with results."""

import random
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.analysis.paired import FIRST_TRAINING_SEED
from depthwalk.errors import UsageError
from depthwalk.lab.tuning import Axis, Choice, Effort, Generation, Number, Point, search

AXES = (Number(low=0.0, high=3.0), Number(low=-10, high=10, whole=True), Choice(count=3))
START = (0.5, 8.0, 0.0)
OPTIMUM = (2.1, -4.0, 2.0)


def bowl(point: Point) -> float:
    """Be 1 at the optimum, and more the farther away: a quadratic, and something for a wrong choice."""
    shares = [(value - best) / (axis.high - axis.low) for value, best, axis in zip(point, OPTIMUM, AXES[:2], strict=False)]
    return 1 + sum(share**2 for share in shares) + 0.2 * (point[2] != OPTIMUM[2])


def searched(seed: int = 1, *, noise: float = 0.0, effort: Effort | None = None) -> list[Generation]:
    """Search the bowl. Noise is common to a generation's candidates but for a part of it, as with common seeds."""
    luck = random.Random(99)

    def evaluate(_: int, points: Sequence[Point]) -> list[float]:
        common = luck.gauss(0, noise)
        return [bowl(point) + common + luck.gauss(0, noise / 4) for point in points]

    return list(search(AXES, START, evaluate, effort=effort or Effort(), rng=random.Random(seed)))


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_it_finds_the_optimum(noise: float) -> None:
    """Within a band, from far away, and with noise on the scores too."""
    low, whole, choice = searched(noise=noise)[-1].center
    assert OPTIMUM[0] == pytest.approx(low, abs=0.2)
    assert OPTIMUM[1] == pytest.approx(whole, abs=1)
    assert OPTIMUM[2] == choice


def test_the_same_seed_is_the_same_search() -> None:
    """And another one is another."""
    assert searched(1, noise=0.05) == searched(1, noise=0.05)
    assert searched(1)[0].best != searched(2)[0].best


def test_every_generation_scores_the_start_first_and_its_center() -> None:
    """What is better than the start is so on the same seeds; nothing is scored twice in a generation."""
    asked: list[Sequence[Point]] = []

    def evaluate(number: int, points: Sequence[Point]) -> list[float]:
        assert len(asked) == number
        asked.append(points)
        return [bowl(point) for point in points]

    found = list(search(AXES, START, evaluate, effort=Effort(generations=4, population=6), rng=random.Random(3)))
    assert [START] * 5 == [points[0] for points in asked]
    assert [7, 7, 7, 7, 2] == [len(set(points)) for points in asked]
    assert all(before.center in points for before, points in zip(found, asked[1:], strict=False))
    assert [bowl(START)] * 5 == [generation.start_score for generation in found]
    assert all(
        generation.best_score == bowl(generation.best) == min(map(bowl, asked[generation.number])) for generation in found
    )


@pytest.mark.parametrize("lucky", [True, False])
def test_the_answer_has_to_beat_the_start_in_a_play_off(lucky: bool) -> None:
    """Where the generations had only luck, the answer is where the search began."""
    asked: list[Sequence[Point]] = []

    def evaluate(number: int, points: Sequence[Point]) -> list[float]:
        asked.append(points)
        return [point[0] for point in points] if number == 0 else [1.0, 1.0 if lucky else 0.9]

    axes = (Number(low=0.0, high=1.0),)
    first, last = search(axes, (0.5,), evaluate, effort=Effort(generations=1), rng=random.Random(1))
    assert ((0.5,), first.center) == tuple(asked[1])
    assert (0.5,) != first.center
    assert ((0.5,) if lucky else first.center) == last.center


def test_it_never_stops_looking_around() -> None:
    """Generation after generation has a whole population, though all of them say that the start is best."""
    sizes = []

    def evaluate(_: int, points: Sequence[Point]) -> list[float]:
        sizes.append(len(points))
        return [abs(point[0] - 0.5) for point in points]

    axes, effort = (Number(low=0.0, high=1.0),), Effort(generations=60, population=8)
    list(search(axes, (0.5,), evaluate, effort=effort, rng=random.Random(1)))
    assert [9] * 60 == sizes[:60]


def test_no_choice_is_forgotten() -> None:
    """One that lost forty times is tried again now and then: seldom, as the other is what the search has settled on."""
    tried: list[int] = []

    def evaluate(_: int, points: Sequence[Point]) -> list[float]:
        tried.append(sum(point[0] != 0 for point in points))
        return [point[0] + point[1] for point in points]

    axes = (Choice(count=3), Number(low=0.0, high=1.0))
    list(search(axes, (0.0, 0.5), evaluate, effort=Effort(generations=60), rng=random.Random(1)))
    assert 5 <= sum(tried[40:60]) <= 60


def test_there_is_no_play_off_against_oneself() -> None:
    """Where the search comes back to its start."""
    found = search((Choice(count=2),), (0.0,), lambda _, points: [p[0] for p in points], effort=Effort(), rng=random.Random(1))
    assert list(range(12)) == [generation.number for generation in found]


def test_a_score_is_told_in_the_starts() -> None:
    """Without a unit; where the start's is no measure, not at all."""
    found = Generation(number=0, center=(), best=(), best_score=0.9, start_score=1.2)
    assert 0.75 == pytest.approx(found.relative or 0.0)
    for no_measure in (0.0, -1.0, float("inf")):
        assert Generation(number=0, center=(), best=(), best_score=0.9, start_score=no_measure).relative is None


@pytest.mark.parametrize(
    "possible", [lambda point: point[0] + point[1] < 1, lambda point: round(1_000 * point[0]) % 2 == 0], ids=["half", "comb"]
)
def test_what_cannot_be_is_drawn_again(possible: Callable[[Point], bool]) -> None:
    """Of impossible points none is scored, and none is the answer, though it lie between possible ones."""

    def evaluate(_: int, points: Sequence[Point]) -> list[float]:
        assert all(map(possible, points))
        return [-point[0] - 2 * point[1] for point in points]

    axes = (Number(low=0.0, high=1.0), Number(low=0.0, high=1.0))
    found = list(search(axes, (0.1, 0.1), evaluate, effort=Effort(), rng=random.Random(1), possible=possible))
    assert all(possible(generation.center) for generation in found)
    assert found[-1].center[1] > 0.7


def test_a_space_of_few_points_is_searched_whole() -> None:
    """A generation goes without what would be there twice."""
    sizes = []

    def evaluate(_: int, points: Sequence[Point]) -> list[float]:
        sizes.append(len(points))
        return [abs(point[0] - 1) for point in points]

    found = list(search((Choice(count=3),), (0.0,), evaluate, effort=Effort(generations=3), rng=random.Random(1)))
    assert ([3, 3, 3, 2], (1,)) == (sizes, found[-1].center)


@st.composite
def axes_and_start(draw: st.DrawFn) -> tuple[list[Axis], Point]:
    """Draw a few axes of any size, and a point that may lie outside of them."""
    axes: list[Axis] = []
    start = []
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            count = draw(st.integers(2, 5))
            axes.append(Choice(count=count))
            start.append(float(draw(st.integers(0, count - 1))))
        else:
            whole = draw(st.booleans())
            low = draw(st.integers(-1_000, 1_000)) if whole else draw(st.floats(-1_000, 1_000))
            width = draw(st.integers(1, 1_000)) if whole else draw(st.floats(0.001, 1_000))
            axes.append(Number(low=low, high=low + width, whole=whole))
            start.append(draw(st.floats(-3_000, 3_000)))
    return axes, tuple(start)


@given(axes_and_start(), st.integers(0, 1_000))
def test_no_candidate_leaves_the_bounds(drawn: tuple[list[Axis], Point], seed: int) -> None:
    """Whole numbers stay whole, and choices are places of choices."""
    axes, start = drawn
    rng = random.Random(seed)

    def evaluate(_: int, points: Sequence[Point]) -> list[float]:
        for point in points:
            for axis, value in zip(axes, point, strict=True):
                if isinstance(axis, Choice):
                    assert value in range(axis.count)
                else:
                    assert axis.low <= value <= axis.high
                    assert not axis.whole or value == round(value)
        return [rng.random() for _ in points]

    list(search(axes, start, evaluate, effort=Effort(generations=3, population=5), rng=rng))


@given(st.integers(1, 50), st.integers(1, 200), st.integers(0, 10_000), st.integers(1, 5_000))
def test_training_and_results_have_no_seed_in_common(generations: int, runs: int, seed: int, fresh: int) -> None:
    """And no two generations have, nor the play-off, which has more, nor searches of different seeds."""
    effort = Effort(generations=generations, runs=runs)
    training = effort.training(seed)
    assert [runs] * generations + [4 * runs] == [len(each) for each in training]
    assert all(one.stop <= other.start for one, other in pairwise(training))
    assert training[-1].stop <= effort.training(seed + 1)[0].start
    assert effort.fresh(seed, fresh).stop <= FIRST_TRAINING_SEED <= training[0].start


def test_results_on_training_seeds_are_refused() -> None:
    """Whatever the numbers asked for."""
    assert range(FIRST_TRAINING_SEED - 5, FIRST_TRAINING_SEED) == Effort().fresh(FIRST_TRAINING_SEED - 5, 5)
    with pytest.raises(UsageError, match="--seed 999999996"):
        Effort().fresh(FIRST_TRAINING_SEED - 4, 5)
