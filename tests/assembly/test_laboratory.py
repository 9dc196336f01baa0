"""A comparison from its request: pieces, progress, and what becomes of it when it is broken off."""

from dataclasses import replace

import pytest

from depthwalk.analysis.trial_columns import Metric
from depthwalk.assembly.laboratory import CompareRequest, Progress, compare
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.units import Quantity
from depthwalk.errors import DepthwalkError, UsageError

REQUEST = CompareRequest(
    classes="thin", algos="simple_limit_40x", worlds="quarter", baseline="simple_limit", runs=26, first_seed=5, jobs=1
)


def test_the_baseline_goes_in_front_where_it_was_not_named() -> None:
    """And stays where it was where it was; seeds are those asked for."""
    seen: list[Progress] = []
    found = compare(REQUEST, seen.append)
    assert [arm.name for arm in found.comparison.asked.arms] == ["simple_limit", "simple_limit_40x"]
    assert found.comparison.asked.baseline == "simple_limit"
    assert found.comparison.complete
    assert found.ended_by is None
    (cell,) = found.comparison.cells
    assert ("thin", "quarter", 26) == (cell.class_name, cell.world, cell.seeds)
    assert (Quantity(1_000), Quantity(1_000)) == cell.quantity
    columns = found.collection.arms(found.collection.cells[0])["simple_limit"]
    assert [float(seed) for seed in range(5, 31)] == list(columns.column("seed"))
    assert [(0, 52), (50, 52), (52, 52)] == [(each.done, each.total) for each in seen]


def test_the_last_may_be_the_baseline() -> None:
    """Order is the user's."""
    found = compare(replace(REQUEST, algos="simple_limit_40x,simple_limit", runs=1))
    assert [arm.name for arm in found.comparison.asked.arms] == ["simple_limit_40x", "simple_limit"]
    assert [arm.against is None for arm in found.comparison.cells[0].arms] == [False, True]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), DepthwalkError("the scheduler is gone")])
def test_what_is_done_is_kept_when_it_is_broken_off(error: BaseException) -> None:
    """An hour of work is not lost; who shows it is told why it is a part."""

    def breaking(progress: Progress) -> None:
        if progress.done:
            raise error

    found = compare(REQUEST, breaking)
    assert error is found.ended_by
    assert not found.comparison.complete
    assert [25] == [cell.seeds for cell in found.comparison.cells]


def test_before_anything_is_done_there_is_nothing_to_keep() -> None:
    """It fails as it is."""

    def breaking(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(REQUEST, breaking)


def test_paths_and_mark_outs_are_followed_where_they_are_asked_for() -> None:
    """They cost time, so they are not followed else."""
    plain = compare(replace(REQUEST, runs=3)).comparison.cells[0]
    followed = compare(replace(REQUEST, runs=3, paths=True, mark_outs=True)).comparison.cells[0]
    assert plain.fan == ()
    assert len(followed.fan) == 12
    assert plain.arms[0].reasons == followed.arms[0].reasons


def test_what_is_asked_for_is_what_is_traded() -> None:
    """Selling NO is buying YES in other words, at the same cents; selling YES meets the other side of the same books."""
    few = replace(REQUEST, runs=3)
    bought, same, sold = (
        [arm.means[Metric.NET_CENTS] for arm in compare(replace(few, outcome=outcome, action=action)).comparison.cells[0].arms]
        for outcome, action in ((Outcome.YES, Action.BUY), (Outcome.NO, Action.SELL), (Outcome.YES, Action.SELL))
    )
    assert bought == same
    assert bought != sold


def test_every_world_is_one_word() -> None:
    """In the order in which they stand."""
    found = compare(replace(REQUEST, runs=1, algos="simple_limit", worlds="all"))
    assert len(found.comparison.cells) == 11
    assert found.comparison.asked.worlds[:2] == ("base", "toxic")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"worlds": "base,base"}, "--world: base is named twice"),
        ({"worlds": " "}, "--world names nothing"),
        ({"classes": "thin, thin"}, "--classes: thin is named twice"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(changes: dict[str, str], message: str) -> None:
    """Naming the flag."""
    with pytest.raises(UsageError, match=message):
        compare(replace(REQUEST, **changes), lambda _: pytest.fail("it began"))  # type: ignore[arg-type] # texts, all
