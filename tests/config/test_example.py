"""The example file and the built-in configuration are one."""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from depthwalk.config import Config, Method, load
from depthwalk.executors.registry import ALGORITHMS

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"


def _keys(value: object, path: str = "") -> Iterator[str]:
    """Every key of a configuration that stands in the example, as a dotted path."""
    if isinstance(value, Method):
        value = {"algorithm": value.algorithm, **value.overrides}
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {each.name: getattr(value, each.name) for each in dataclasses.fields(value) if each.name != "origin"}
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _keys(inner, f"{path}.{key}")
    else:
        yield path


def test_the_example_is_the_built_in_configuration() -> None:
    """Key by key: nothing missing, nothing more, every value equal."""
    raw = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    example, built_in = load(EXAMPLE), Config()

    assert sorted(_keys(built_in)) == sorted(_keys(raw))
    for each in dataclasses.fields(Config):
        if each.name != "origin":
            assert getattr(built_in, each.name) == getattr(example, each.name), each.name
    assert built_in == example


def test_the_example_explains_every_key() -> None:
    """A comment stands before each key or before the group it belongs to, and no line is too long to read."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()

    assert max(len(line) for line in lines) <= 128
    for name in ALGORITHMS:
        place = next(number for number, line in enumerate(lines) if line == f"  {name}:")
        assert lines[place - 1].lstrip().startswith("#")
