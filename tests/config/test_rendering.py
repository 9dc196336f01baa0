"""A configuration written back: what is shown loads again to the same."""

from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depthwalk.config import Config, load
from depthwalk.config.loading import examine
from depthwalk.config.rendering import Leaf, defaults, effective, plain, to_yaml
from tests.support.configs import loaded

EVERYTHING = """
environment: demo
database: "odd: name # with signs.db"
execution: {max_book_age_seconds: 0.00001}
liquidity: {liquid: 200, moderate: "0.50", within: "0.0005"}
rate_limit: {tier: prime, calls_per_minute: 90}
risk: {max_notional: "75.000001"}
algorithms:
  dynamic_depth_walker: {split_ratios: [1, 2], thin: {max_walks: 3, base_increment: "0.02", momentum: volume}}
methods:
  "on": {algorithm: dynamic_depth_walker, min_split: "0.5", thin: {min_split: 7, offsets: [1, 2]}}
"""


def _rendered(path: Path) -> str:
    found = examine(path)
    return to_yaml(effective(found.config, found.raw))


def test_what_is_shown_loads_to_the_same() -> None:
    """Every kind of value survives: units, enums, lists, overrides, names that YAML would take for something else."""
    config = loaded(EVERYTHING)
    Path("shown.yaml").write_text(_rendered(Path("mine.yaml")), encoding="utf-8")

    assert config == load(Path("shown.yaml"))


@given(
    document=st.fixed_dictionaries(
        {},
        optional={
            "environment": st.sampled_from(["paper", "demo", "live"]),
            "database": st.none() | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1),
            "risk": st.fixed_dictionaries({}, optional={"max_count": st.integers(1, 10**9).map(lambda n: f"{n / 100:.2f}")}),
            "execution": st.fixed_dictionaries(
                {}, optional={"max_book_age_seconds": st.floats(1e-9, 1e9), "max_retries": st.integers(0, 20)}
            ),
        },
    )
)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_configuration_survives_being_shown(document: dict[str, Any]) -> None:
    """Very small floats, odd texts: written, read, the same."""
    config = loaded(yaml.safe_dump(document, allow_unicode=True))
    Path("shown.yaml").write_text(_rendered(Path("mine.yaml")), encoding="utf-8")

    assert config == load(Path("shown.yaml"))


def test_defaults_are_marked_and_what_the_file_says_is_not() -> None:
    """A key is marked where the file is silent, even in a section it has; a value that equals the default is the file's."""
    loaded("risk: {max_count: 1000}\nmethods: {mine: {algorithm: simple_limit, max_slippage: 0.5}}")
    found = examine(Path("mine.yaml"))
    lines = to_yaml(effective(found.config, found.raw)).splitlines()

    assert "  max_count: 1000" in lines
    assert "  max_notional: '500.00'  # default" in lines
    assert "environment: paper  # default" in lines
    assert "    max_slippage: 0.5" in lines
    assert "methods.aggressive_nfl_advanced.algorithm" in defaults(effective(found.config, found.raw))
    assert "methods.mine.algorithm" not in defaults(effective(found.config, found.raw))


def test_without_a_file_everything_is_a_default() -> None:
    """No key is missing, none is marked as set."""
    tree = effective(Config(), None)

    assert sorted(defaults(tree)) == sorted(_paths(plain(tree)))
    assert Config() == loaded(yaml.safe_dump(plain(tree)))


def _paths(values: dict[str, Any], path: str = "") -> list[str]:
    found: list[str] = []
    for name, value in values.items():
        inner = isinstance(value, dict) and name != "thin"
        found += _paths(value, f"{path}{name}.") if inner else [f"{path}{name}"]
    return found


def test_notes_stand_behind_their_key_on_its_line() -> None:
    """Whatever is in them, they stay a comment."""
    tree = effective(Config(), None)
    text = to_yaml(tree | {"environment": Leaf("demo", default=False)}, notes={"environment": "odd\nname: x"})

    assert "environment: demo  # odd name: x" == text.splitlines()[0]
