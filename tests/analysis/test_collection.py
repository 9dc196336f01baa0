"""Trials as they come in: whole, in any order, none twice."""

import pytest

from depthwalk.analysis.collection import CellKey, Collection
from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.trial_columns import Metric
from depthwalk.errors import DomainError
from tests.support.trials import BASE, OTHER, THIN, one_sided, trial


def test_columns_stand_in_the_order_of_seeds() -> None:
    """Whatever order they came in."""
    collection = Collection(BASE)
    collection.add(THIN, [trial(2, BASE, 3.0), trial(3, BASE, 4.0)])
    collection.add(THIN, [trial(1, BASE, 2.0), trial(0, BASE, 1.0)])
    columns = collection.arms(THIN)[BASE]
    assert [0, 1, 2, 3] == list(columns.column("seed"))
    assert [1.0, 2.0, 3.0, 4.0] == pytest.approx(list(columns.metric(Metric.SHORTFALL_CENTS)))
    assert [0, 1, 2, 3] == [row[0] for row in columns.rows()]
    assert len(columns) == 4


def test_a_seed_counts_once() -> None:
    """A piece that was done twice and counted twice would make intervals too short."""
    collection = Collection(BASE)
    for _ in range(2):
        collection.add(THIN, [trial(1, BASE)])
    with pytest.raises(DomainError, match="simple_limit has a seed of thin, base twice"):
        collection.arms(THIN)


def test_arms_have_the_same_seeds() -> None:
    """Or they cannot be compared pair by pair."""
    collection = Collection(BASE)
    collection.add(THIN, [trial(1, BASE), trial(2, OTHER)])
    with pytest.raises(DomainError, match="did not run on the same seeds"):
        collection.arms(THIN)


def test_cells_are_kept_apart() -> None:
    """The same seed in another class is another market."""
    liquid = CellKey("liquid", "base")
    collection = Collection(BASE)
    collection.add(THIN, [trial(1, BASE)])
    collection.add(liquid, [trial(1, BASE), trial(2, BASE)])
    assert (THIN, liquid) == collection.cells
    assert [1, 2] == [len(collection.arms(cell)[BASE]) for cell in collection.cells]


def test_a_running_interval_is_of_the_differences_so_far() -> None:
    """Differences 1 and 3: the mean is 2, its standard error 1; a one-sided seed has none."""
    collection = Collection(BASE)
    assert collection.running(THIN, OTHER) is None
    collection.add(THIN, [trial(1, BASE, 1.0), trial(1, OTHER, 2.0)])
    assert Estimate(value=1.0) == collection.running(THIN, OTHER)
    collection.add(THIN, [trial(2, OTHER, 4.0), trial(2, BASE, 1.0), one_sided(3, BASE), one_sided(3, OTHER)])
    found = collection.running(THIN, OTHER)
    assert found is not None
    assert [2.0, 0.04, 3.96] == pytest.approx([found.value, found.low, found.high])


def test_an_interrupted_block_leaves_nothing_behind() -> None:
    """It comes in whole or not at all, so that arms stay paired."""

    def breaking() -> "list[object]":
        raise KeyboardInterrupt

    collection = Collection(BASE)
    collection.add(THIN, [trial(1, BASE), trial(1, OTHER)])
    with pytest.raises(KeyboardInterrupt):
        collection.add(THIN, (each if each.seed == 2 else breaking() for each in (trial(2, BASE), trial(3, OTHER))))  # type: ignore[misc] # breaks off
    assert [1] == list(collection.arms(THIN)[BASE].column("seed"))
