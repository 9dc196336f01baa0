"""The bounds on the screen and as JSON, and what must be said beside them."""

import json
import random
from collections import Counter
from dataclasses import replace

from depthwalk.analysis.bounds import BEST_LIMIT, BEST_LIMIT_NET, CLAIRVOYANT, Bounds, bounds_of
from depthwalk.analysis.collection import CellKey, Collection
from depthwalk.analysis.paired import Asked, AskedArm
from depthwalk.domain.order import Action, Outcome
from depthwalk.reports.bound_table import bound_json, bound_tables
from depthwalk.reports.wording import ASCII
from tests.support.priced_trials import priced_trial
from tests.support.tables import as_text, same_as_snapshot

COSTS = {"simple_limit": 1.6, "three_level": 1.0, BEST_LIMIT: 0.3, BEST_LIMIT_NET: 0.4, CLAIRVOYANT: -0.6}
FEES = {"simple_limit": 0.8, "three_level": 0.7, BEST_LIMIT: 0.6, BEST_LIMIT_NET: 0.3, CLAIRVOYANT: 0.0}


def _bounds(seeds: int = 40) -> Bounds:
    rng = random.Random(4)
    collection = Collection("simple_limit")
    for class_name in ("thin", "liquid"):
        for seed in range(seeds):
            luck = rng.gauss(0.0, 0.5)
            trials = [
                priced_trial(seed, arm, round(cost + luck + rng.gauss(0.0, 0.6), 2), FEES[arm]) for arm, cost in COSTS.items()
            ]
            collection.add(CellKey(class_name, "base"), trials)
    arms = (
        AskedArm(name="simple_limit", algorithm="simple_limit", parameters={"timeout_seconds": 30.0}, changed=()),
        AskedArm(
            name="three_level",
            algorithm="dynamic_depth_walker",
            parameters={"split_ratios": (0.5, 0.3, 0.2)},
            changed=("split_ratios",),
        ),
    )
    asked = Asked(
        classes=("thin", "liquid"),
        worlds=("base",),
        arms=arms,
        baseline="simple_limit",
        runs=seeds + 2,
        first_seed=0,
        version="0.1.0",
        outcome=Outcome.NO,
        action=Action.SELL,
    )
    ran = dict.fromkeys(collection.cells, seeds + 2)
    return bounds_of(asked, collection, ran, resamples=300)


def test_the_table_is_as_agreed() -> None:
    """At 80 columns."""
    assert same_as_snapshot("bound-80", as_text(bound_tables(_bounds()), width=80))


def test_nothing_but_ascii_where_nothing_else_can_be_shown() -> None:
    """Signs have their fallbacks."""
    text = as_text(bound_tables(_bounds(), signs=ASCII), width=80)
    assert text.isascii()
    assert "+-" in text


def test_every_line_fits_a_narrow_screen_and_no_cell_is_folded() -> None:
    """Each arm has one line in each class."""
    lines = as_text(bound_tables(_bounds()), width=80).splitlines()
    assert 80 >= max(map(len, lines))
    for arm in COSTS:
        assert 2 == sum(line.startswith(f"{arm}  ") for line in lines)


def test_a_screen_that_is_too_narrow_breaks_figures_and_drops_none() -> None:
    """The shares of what was possible are the last columns."""
    usual, narrow = (Counter(filter(str.isdigit, as_text(bound_tables(_bounds()), width=width))) for width in (80, 50))
    assert usual == narrow


def test_what_the_market_is_and_how_sure_it_is_stands_below() -> None:
    """Invented markets, few seeds, and arms that were now and then cheaper than the bound."""
    text = " ".join(as_text(bound_tables(_bounds()), width=80).split())
    assert "2 of them one-sided at the decision, in no figure" in text
    assert "sell NO" in text
    assert "absolute levels are not to be quoted for Kalshi" in text
    assert "--runs 2000" in text
    assert "three_level: dynamic_depth_walker with split_ratios [0.5, 0.3, 0.2]" in text
    assert "Cheaper than the clairvoyant, of 40 seeds: three_level on" in text
    enough = replace(_bounds(), cells=tuple(replace(cell, seeds=2_000) for cell in _bounds().cells))
    assert "--runs 2000" not in as_text(bound_tables(enough), width=80)


def test_a_part_is_called_a_part() -> None:
    """In front, and to programs."""
    part = replace(_bounds(), ran=50)
    assert as_text(bound_tables(part), width=80).startswith("PARTIAL: 50 of 84 seeds were run.\n")
    assert (False, True) == (bound_json(part)["complete"], bound_json(_bounds())["complete"])
    assert "PARTIAL" not in as_text(bound_tables(_bounds()), width=80)


def test_where_no_seed_had_two_sides_that_is_said() -> None:
    """Instead of tables."""
    found = replace(_bounds(1), cells=())
    assert "No seed began with two sides" in as_text(bound_tables(found), width=80)
    assert [] == bound_json(found)["cells"]


def test_a_program_reads_every_figure() -> None:
    """Stable keys, ratios as numbers, counts of contracts as strings; it survives a strict writer."""
    found = json.loads(json.dumps(bound_json(_bounds()), allow_nan=False))
    assert {"best_limit": BEST_LIMIT, "best_limit_net": BEST_LIMIT_NET, "clairvoyant": CLAIRVOYANT} == found["bounds"]
    assert ("no", "sell", 42, 0) == (found["side"], found["action"], found["runs"], found["first_seed"])
    thin = found["cells"][0]
    assert ("thin", "base", 42, 40, 2, "10.00") == tuple(
        thin[key] for key in ("class", "world", "seeds", "two_sided", "one_sided", "quantity")
    )
    assert ["simple_limit", "three_level", BEST_LIMIT, BEST_LIMIT_NET, CLAIRVOYANT] == list(thin["arms"])
    walker = thin["arms"]["three_level"]
    captured = walker["captured_of_clairvoyant_percent"]
    assert captured["gross"]["low"] < captured["gross"]["value"] < captured["gross"]["high"]
    assert captured["net"] != captured["gross"]
    assert walker["captured_of_best_limit_percent"]["gross"]["value"] > captured["gross"]["value"]
    assert isinstance(walker["cheaper_than_clairvoyant_seeds"], int)
    assert {"value", "low", "high"} == set(walker["net_cents"])
