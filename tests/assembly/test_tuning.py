"""A search from a request to its answer: what is said when it is interrupted, and when there is nothing to learn from."""

import pytest

from depthwalk.analysis.trials import Stratum
from depthwalk.assembly.laboratory import Progress
from depthwalk.assembly.tuning import Trained, Training, TuneRequest, train, try_out
from depthwalk.errors import ExitCode, Interrupted, UsageError
from depthwalk.lab.running import WarmWorld
from depthwalk.lab.tuning import Effort
from depthwalk.lab.worlds import CLASSES, WORLDS, setting

REQUEST = TuneRequest(
    algo="twap",
    classes="thin",
    vary="slices=2:20",
    generations=2,
    population=2,
    train_runs=2,
    runs=6,
    seed=2,
    jobs=1,
    worlds="base",
)


@pytest.fixture(scope="module")
def trained() -> Trained:
    """Return a search that is over."""
    return train(REQUEST)


def test_progress_goes_from_generation_to_generation() -> None:
    """And to the play-off, where there is one; a score is known when a generation is whole, and not before."""
    seen: list[Training] = []
    train(REQUEST, seen.append)
    generations = [(1, 0.0), (1, 0.5), (1, 1.0), (2, 0.0), (2, 0.5), (2, 1.0)]
    assert generations == [(now.generation, now.done) for now in seen[:6]]
    assert [True, True, False, False, False, False] == [now.best is None for now in seen[:6]]
    assert ["generation 1 of 2", "the play-off"] == [seen[0].where, seen[-1].where]
    assert ((3, 0.0), (3, 1.0)) == ((seen[6].generation, seen[6].done), (seen[-1].generation, seen[-1].done))


def test_every_generation_and_the_play_off_have_seeds_of_their_own(trained: Trained) -> None:
    """What was lucky on some seeds is not lucky twice; the same seeds give the same scores."""
    points = [trained.search.space.start]
    scores = [trained.search.scores(number, points, lambda _: None) for number in (0, 1, 2, 0)]
    assert scores[0] == scores[3]
    assert 3 == len({score for (score,) in scores})


@pytest.mark.parametrize("generation", [1, 2])
def test_interrupted_in_the_search_it_says_in_which_generation(generation: int) -> None:
    """Whatever was done before."""

    def watch(now: Training) -> None:
        if now.generation == generation and now.done:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match=f"interrupted in generation {generation} of 2 of the search: nothing was written"):
        train(REQUEST, watch)


@pytest.mark.parametrize("done", [False, True])
def test_interrupted_in_the_comparison_there_is_no_result(trained: Trained, done: bool) -> None:
    """Not of a part either."""

    def watch(now: Progress) -> None:
        if bool(now.done) is done:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="in the comparison on fresh seeds: nothing was written") as caught:
        try_out(trained, watch)
    assert ExitCode.INTERRUPTED is caught.value.exit_code


def test_seeds_that_all_began_one_sided_teach_nothing() -> None:
    """That is said, with what helps."""
    effort = Effort(generations=1, runs=1)
    barren = next(seed for seed in range(2_000) if _is_one_sided(effort.training(seed)[0].start))
    request = TuneRequest(
        algo="twap", classes="thin", vary="slices=2:6", generations=1, population=2, train_runs=1, runs=1, seed=barren, jobs=1
    )
    with pytest.raises(UsageError, match="none of the 1 training seeds in generation 1 had two sides") as caught:
        train(request)
    assert "--train-runs" in str(caught.value.hint)


def _is_one_sided(seed: int) -> bool:
    return WarmWorld(setting(CLASSES["thin"], WORLDS["base"]), seed).benchmark.stratum is Stratum.ONE_SIDED
