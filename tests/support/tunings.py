"""Searches that came to something: comparisons on fresh seeds with a tuned arm in them, made up by hand."""

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from depthwalk.analysis.collection import CellKey, Collection
from depthwalk.analysis.paired import AskedArm
from depthwalk.analysis.pairing import compare
from depthwalk.analysis.tuned import Objective, Sought, Tuned, tuned_of
from tests.support.trials import BASE, OTHER, asked, trial

TUNED = "tuned"
RESAMPLES = 50

SOUGHT = Sought(
    algorithm=OTHER,
    varied={"patience": "0:3", "offsets.0": "-1:3"},
    objective=Objective.GROSS,
    least_fill={"thin": 93.0},
    most_requests=25.0,
    generations=12,
    population=24,
    train_runs=60,
    train_worlds=("base",),
    training=range(1_000_000_000, 1_000_000_720),
    seed=0,
)

Costs = Mapping[str, float]


def made_up(
    cells: Mapping[tuple[str, str], Costs],
    *,
    runs: int = 100,
    noise: float = 0.0,
    parameters: Mapping[str, Mapping[str, object]] | None = None,
    sought: Sought = SOUGHT,
    **changes: Any,
) -> Tuned:
    """Return what a search came to: *cells* are (class, world) and what each arm costs there, in cents before fees."""
    rng = random.Random(8)
    collection = Collection(BASE)
    for (class_name, world), costs in cells.items():
        luck = [rng.gauss(0, noise) for _ in range(runs)]
        trials = [
            trial(seed, arm, round(cost + luck[seed] + rng.gauss(0, noise / 2), 2), **changes)
            for seed in range(runs)
            for arm, cost in costs.items()
        ]
        collection.add(CellKey(class_name, world), trials)
    arms = list(next(iter(cells.values())))
    stated = {TUNED: {"patience": 1.3, "offsets": [1.0, 0.4]}, **(parameters or {})}
    question = asked(
        arms,
        runs=runs,
        classes=tuple(dict.fromkeys(class_name for class_name, _ in cells)),
        worlds=tuple(dict.fromkeys(world for _, world in cells)),
    )
    named = tuple(
        AskedArm(
            name=arm,
            algorithm=OTHER if arm == TUNED else arm,
            parameters=stated.get(arm, {}),
            changed=tuple(stated.get(arm, {})),
        )
        for arm in arms
    )
    question = replace(question, arms=named)
    comparison = compare(question, collection, resamples=RESAMPLES)
    return tuned_of(sought, TUNED, arms[1:-1], comparison, collection, resamples=RESAMPLES)
