"""The bounds from a request: pieces, progress, and what becomes of it when it is broken off."""

from dataclasses import replace

import pytest

from depthwalk.analysis.bounds import BOUNDS
from depthwalk.analysis.trial_columns import Metric
from depthwalk.assembly.bounding import BLOCK, bound
from depthwalk.assembly.laboratory import CompareRequest, Progress
from depthwalk.domain.order import Action, Outcome
from depthwalk.errors import DepthwalkError

REQUEST = CompareRequest(
    classes="thin", algos="simple_limit_40x", worlds="quarter", baseline="simple_limit", runs=BLOCK + 1, first_seed=5, jobs=1
)


def test_seeds_are_those_asked_for_and_progress_counts_them() -> None:
    """In pieces; the baseline goes in front, the bounds behind."""
    seen: list[Progress] = []
    found = bound(REQUEST, seen.append)
    assert found.ended_by is None
    assert (BLOCK + 1, BLOCK + 1) == (found.bounds.ran, found.bounds.wanted)
    (cell,) = found.bounds.cells
    assert ("thin", "quarter", BLOCK + 1) == (cell.class_name, cell.world, cell.seeds)
    assert ["simple_limit", "simple_limit_40x", *BOUNDS] == [arm.arm for arm in cell.arms]
    assert [(0, BLOCK + 1), (BLOCK, BLOCK + 1), (BLOCK + 1, BLOCK + 1)] == [(each.done, each.total) for each in seen]
    assert [5.0, 15.0] == list(seen[-1].collection.arms(seen[-1].collection.cells[0])["simple_limit"].column("seed"))[::BLOCK]


def test_what_is_asked_for_is_what_is_bounded() -> None:
    """Selling NO is buying YES in other words, at the same cents; selling YES meets the other side of the same books."""
    few = replace(REQUEST, runs=2)
    bought, same, sold = (
        [arm.means[Metric.NET_CENTS] for arm in bound(replace(few, outcome=outcome, action=action)).bounds.cells[0].arms]
        for outcome, action in ((Outcome.YES, Action.BUY), (Outcome.NO, Action.SELL), (Outcome.YES, Action.SELL))
    )
    assert bought == same
    assert bought != sold


@pytest.mark.parametrize("error", [KeyboardInterrupt(), DepthwalkError("the scheduler is gone")])
def test_what_is_done_is_kept_when_it_is_broken_off(error: BaseException) -> None:
    """An hour of work is not lost; who shows it is told why it is a part."""

    def breaking(progress: Progress) -> None:
        if progress.done:
            raise error

    found = bound(REQUEST, breaking)
    assert error is found.ended_by
    assert (BLOCK, [BLOCK]) == (found.bounds.ran, [cell.seeds for cell in found.bounds.cells])


def test_before_anything_is_done_there_is_nothing_to_keep() -> None:
    """It fails as it is."""

    def breaking(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bound(REQUEST, breaking)


def test_a_world_of_one_sided_books_alone_has_no_cell() -> None:
    """The seed was run, and has nothing to tell."""
    found = bound(replace(REQUEST, worlds="base", first_seed=36, runs=1)).bounds
    assert ((), 1) == (found.cells, found.ran)
