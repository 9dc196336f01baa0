"""`executions show`: what an execution was set to, for programs and for people."""

import json
from pathlib import Path

import pytest

from tests.support.command import depthwalk_here

RUN = ("-q", "execute", "PAPER-LIQUID", "--time", "simulated", "--yes", "--seed", "7", "--count", "5")
SECTION = "algorithms: {dynamic_depth_walker: {base_increment: '0.010', thin: {max_walks: 2}, trade_imbalance: true}}\n"


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    """Run the walker with a section of its own and a flag; return where it is on record."""
    config = tmp_path / "own.yaml"
    config.write_text(SECTION, encoding="utf-8")
    ran = depthwalk_here(
        "--config", config, *RUN, "--algo", "dynamic_depth_walker", "--urgency", "0.8", "--timeout", "30", folder=tmp_path
    )
    assert ran.code in {0, 3}, ran.err
    return tmp_path


def identity(folder: Path) -> str:
    """Return the id of the one execution."""
    found: str = json.loads(depthwalk_here("--json", "executions", folder=folder).out)["execution_id"]
    return found


def test_all_parameters_are_in_the_document(shown: Path) -> None:
    """Those that were set and those that were not, as the configuration writes them."""
    found = depthwalk_here("--json", "executions", "show", identity(shown), folder=shown).object["parameters"]

    assert (0.8, 30, {"max_walks": 2}) == (found["urgency"], found["timeout_seconds"], found["thin"])
    assert "0.01" == found["base_increment"]
    assert ("cross", 10) == (found["end_action"], found["max_walks"])


def test_what_was_set_is_one_line(shown: Path) -> None:
    """As in the file: true, not True; what is as the algorithm comes is not told."""
    text = " ".join(depthwalk_here("executions", "show", identity(shown), folder=shown).out.split())

    told = text[text.index("set ") :]
    for words in ("timeout_seconds 30", "urgency 0.8", "trade_imbalance true", "base_increment '0.01'", "thin {max_walks: 2}"):
        assert words in told, told
    assert "end_action" not in text


def test_where_nothing_was_set_nothing_is_told(tmp_path: Path) -> None:
    """No line; the document has them all the same."""
    depthwalk_here(*RUN, "--algo", "simple_limit", folder=tmp_path)

    lines = depthwalk_here("executions", "show", identity(tmp_path), folder=tmp_path).out.splitlines()
    assert [] == [line for line in lines if line.startswith("set ")]
    found = depthwalk_here("--json", "executions", "show", identity(tmp_path), folder=tmp_path).object["parameters"]
    assert "ask" == found["limit_rule"]
