"""Tuned parameters as a method: pasted under `methods:` they are what was tuned, in any configuration."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from depthwalk.analysis.tuned import Tuned
from depthwalk.assembly.tuned_method import method_snippet
from depthwalk.config import Config
from depthwalk.domain.units import CONTRACT, Price, Quantity
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalkerParams
from depthwalk.executors.twap import TwapParams
from depthwalk.lab.running import Arm
from tests.support.configs import loaded
from tests.support.trials import BASE, OTHER
from tests.support.tunings import SOUGHT, TUNED, made_up

WALKER = "dynamic_depth_walker"


@pytest.fixture(scope="module")
def tuned() -> Tuned:
    """Return a search that came to something; what is written as a method is given beside it."""
    costs = {BASE: 2.0, OTHER: 1.5, TUNED: 1.0}
    return made_up({("thin", "base"): costs}, sought=replace(SOUGHT, varied={"patience": "0:3", "thin.offsets.0": "0:3"}))


def walker(**changes: Any) -> Arm:
    """Return a tuned walker."""
    return Arm(name=TUNED, algorithm=WALKER, params=DynamicDepthWalkerParams(**changes))


def test_it_is_what_was_tuned(tuned: Tuned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dollars, contracts, lists and overrides as the configuration has them."""
    monkeypatch.chdir(tmp_path)
    arm = walker(patience=1.25, base_increment=Price(75), min_split=Quantity(12 * CONTRACT), thin={"offsets": (2.0, 1.0, 0.0)})
    text = method_snippet(tuned, arm, Config())
    config = loaded(f"methods:\n{text}")
    assert arm.params == config.params_for(method=TUNED)
    for line in ("base_increment: '0.0075'", "min_split: 12", "patience: 1.25", "thin: {offsets: [2.0, 1.0, 0.0]}"):
        assert f"    {line}\n" in text
    assert "timeout_seconds" not in text


def test_what_was_varied_is_stated_whatever_it_came_to(tuned: Tuned) -> None:
    """Defaults change from version to version."""
    text = method_snippet(tuned, walker(thin={}), Config())
    assert "    patience: 1.0\n    thin: {}\n" == "".join(
        line for line in text.splitlines(keepends=True) if line.startswith("    ") and "algorithm" not in line
    )


def test_it_means_the_same_beside_a_section_of_ones_own(tuned: Tuned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the section changes is stated, as it was tuned: with the section's value, or back at the default."""
    monkeypatch.chdir(tmp_path)
    section = f"algorithms: {{{WALKER}: {{timeout_seconds: 30, deficit_gain: 5, urgency: 0.7}}}}\n"
    config = loaded(section)
    text = method_snippet(tuned, walker(timeout_seconds=30.0, urgency=None), config)
    for line in ("timeout_seconds: 30.0", "deficit_gain: 0.96", "urgency: null"):
        assert f"    {line}\n" in text
    expected = DynamicDepthWalkerParams(timeout_seconds=30.0)
    assert expected == loaded(f"{section}methods:\n{text}").params_for(method=TUNED)
    assert expected == loaded(f"methods:\n{text}").params_for(method=TUNED)


def test_how_it_was_found_stands_above_it(tuned: Tuned) -> None:
    """In comments: seeds, figures of the result, and whether it is recommended."""
    arm = Arm(name=TUNED, algorithm="twap", params=TwapParams(slices=7))
    lines = method_snippet(tuned, arm, Config()).splitlines()
    comments = [line.removeprefix("  # ") for line in lines if line.startswith("  # ")]
    assert "found by depthwalk 1.2.3, lab tune, with seed 0, for the gross shortfall in thin" == comments[0]
    assert "on fresh seeds 0 to 99, in percent of simple_limit's shortfall, 95 % interval:" == comments[1]
    assert "-25.0 [-25.0, -25.0] against walker in world base" == comments[2]
    assert "recommended" == comments[3]
    assert ["  tuned:", "    algorithm: twap", "    slices: 7"] == lines[4:]
    worse = made_up({("thin", "base"): {BASE: 2.0, OTHER: 1.0, TUNED: 1.5}})
    assert "  # NOT recommended\n" in method_snippet(worse, arm, Config())
