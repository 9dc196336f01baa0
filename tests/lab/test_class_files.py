"""Classes as YAML files: what is written is read back, what is wrong is said with its key, and the packaged ones are usable."""

import math
import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.units import CONTRACT, Quantity
from depthwalk.errors import ConfigError, UsageError
from depthwalk.lab.class_files import (
    MOST_ARRIVALS,
    SPANS,
    Span,
    arrivals,
    class_names,
    dump_class,
    load_class,
    load_class_file,
    parse_class,
)
from depthwalk.lab.worlds import CLASSES, LabClass
from depthwalk.simulation.flow import MarketClass


def _values(span: Span) -> st.SearchStrategy[float]:
    return st.floats(span.low, min(span.high, 1e4), exclude_min=span.open_low, allow_nan=False)


_markets = st.fixed_dictionaries({key: _values(span) for key, span in SPANS.items()}).filter(
    lambda values: arrivals(MarketClass(name="any", **values)) <= MOST_ARRIVALS
)
_free = st.recursive(
    st.floats(allow_nan=False) | st.integers() | st.booleans() | st.text(max_size=8) | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60)
@example(
    values={key: max(span.low, 1.0) for key, span in SPANS.items()} | {"insensitive_share": 0.5, "branching": 0.5},
    name="a",
    contracts=1,
    structure="deci_cent",
    source="0\x85",
    assumed={},
    fit={"\x85": None},
)
@given(
    values=_markets,
    name=st.from_regex(re.compile(r"[a-z0-9][a-z0-9._-]{0,39}"), fullmatch=True),
    contracts=st.integers(1, 1_000_000),
    structure=st.sampled_from(sorted(STRUCTURES)),
    source=st.text(min_size=1, max_size=60).filter(lambda text: text.strip()),
    assumed=st.dictionaries(st.sampled_from(sorted(SPANS)), st.sampled_from(sorted(CLASSES)), max_size=4),
    fit=st.dictionaries(st.text(min_size=1, max_size=5), _free, max_size=3),
)
def test_what_is_written_is_read_back(
    values: dict[str, float],
    name: str,
    contracts: int,
    structure: str,
    source: str,
    assumed: dict[str, str],
    fit: dict[str, object],
) -> None:
    """A class comes back from its file with every number to the last bit, whatever its name, source and fit look like."""
    lab_class = LabClass(
        market=MarketClass(name=name, **values),
        quantity=Quantity(contracts * CONTRACT),
        structure=structure,
        source=source,
    )
    read = parse_class(dump_class(lab_class, assumed=assumed, fit=fit), "any.yaml")
    assert lab_class == read.lab_class
    assert assumed == read.assumed
    assert fit == read.fit


def test_every_parameter_has_a_span() -> None:
    """A parameter that a class gets one day must be in its files too, and the built-in classes lie inside the spans."""
    assert {each.name for each in fields(MarketClass)} - {"name"} == set(SPANS)
    assert [] == [
        (name, key) for name, each in CLASSES.items() for key, span in SPANS.items() if getattr(each.market, key) not in span
    ]


def _content(**changes: object) -> dict[str, object]:
    content = yaml.safe_load(dump_class(CLASSES["thin"])) | {"name": "mine"}
    content["parameters"] |= changes
    return content


def _said(content: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_class(yaml.safe_dump(content), "f.yaml", taken=("thin",))
    return caught.value.faults


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"provider_rate": 0}, "f.yaml: parameters.provider_rate: found 0; allowed: a number above 0 to 1000"),
        ({"taker_rate": -0.5}, "f.yaml: parameters.taker_rate: found -0.5; allowed: a number above 0 to 1000"),
        ({"insensitive_share": 1.01}, "f.yaml: parameters.insensitive_share: found 1.01; allowed: a number from 0 to 1"),
        ({"branching": 1.0}, "f.yaml: parameters.branching: found 1.0; allowed: a number from 0 to 0.95"),
        ({"half_gap": "0.1"}, "f.yaml: parameters.half_gap: found '0.1'; allowed: a number from 0 to 50"),
        ({"half_gap": True}, "f.yaml: parameters.half_gap: found True; allowed: a number from 0 to 50"),
        ({"volatility": math.inf}, "f.yaml: parameters.volatility: found inf; allowed: a number from 0 to 10"),
        ({"volatility": 10**400}, f"f.yaml: parameters.volatility: found 1{'0' * 58}…; allowed: a number from 0 to 10"),
        ({"volatility": math.nan}, "f.yaml: parameters.volatility: found nan; allowed: a number from 0 to 10"),
        ({"news_size": None}, "f.yaml: parameters.news_size: found nothing; allowed: a number from 0 to 50"),
        ({"review_rate": [1]}, "f.yaml: parameters.review_rate: found a list; allowed: a number above 0 to 1000"),
        ({"provider_size": 0.5}, "f.yaml: parameters.provider_size: found 0.5; allowed: a number from 1 to 1e+06"),
    ],
)
def test_a_parameter_that_cannot_be_is_refused(changes: dict[str, object], said: str) -> None:
    """The line names the file, the key, what was found and what is allowed."""
    assert [said] == _said(_content(**changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "Thin!"}, "f.yaml: name: found 'Thin!'; allowed: a small letter or digit, then up to 39 of a-z 0-9 . _ -"),
        (
            {"name": "thin"},
            "f.yaml: name: found 'thin'; allowed: a small letter or digit, then up to 39 of a-z 0-9 . _ -, not one of thin",
        ),
        ({"quantity": 0}, "f.yaml: quantity: found 0; allowed: whole contracts from 1 to 1,000,000"),
        ({"quantity": 2.5}, "f.yaml: quantity: found 2.5; allowed: whole contracts from 1 to 1,000,000"),
        ({"structure": "cent"}, f"f.yaml: structure: found 'cent'; allowed: {', '.join(STRUCTURES)}"),
        ({"source": 7}, "f.yaml: source: found 7; allowed: text"),
        ({"fit": 7}, "f.yaml: fit: found 7; allowed: a mapping"),
        ({"assumed": {"half_gap": 1}}, "f.yaml: assumed.half_gap: found 1; allowed: the name of the class it was taken from"),
        (
            {"extra": 1},
            "f.yaml: extra: an unknown key; allowed: name, quantity, structure, source, parameters, assumed, fit",
        ),
    ],
)
def test_a_key_that_cannot_be_is_refused(changes: dict[str, object], said: str) -> None:
    """So it is outside the parameters, and a class of one's own may not pass for a built-in one."""
    assert [said] == _said(_content() | changes)


def test_all_faults_are_said_at_once() -> None:
    """Whoever mends a file wants to know everything that is wrong with it."""
    content = _content(half_gap=-1, reach=2)
    del content["source"]
    unknown, bad = "f.yaml: parameters.reach: an unknown key; allowed: ", "f.yaml: parameters.half_gap: found -1; allowed: "
    missing, first, second = _said(content)
    assert "f.yaml: missing: source" == missing
    assert (True, True) == (first.startswith(unknown), second.startswith(bad))


def test_missing_parameters_are_named() -> None:
    """A class without a parameter has no default for it: that would be a number from nowhere."""
    content = _content()
    parameters = content["parameters"]
    assert isinstance(parameters, dict)
    del parameters["branching"], parameters["half_gap"]
    assert ["f.yaml: missing: parameters.half_gap, parameters.branching"] == _said(content)


@pytest.mark.parametrize(
    "changes", [{"provider_rate": 900.0, "provider_life": 90.0}, {"taker_rate": 999, "provider_life": 5e3}]
)
def test_a_class_too_busy_to_be_simulated_is_refused(changes: dict[str, object]) -> None:
    """Each number alone would be possible, and together every seed would take minutes."""
    (said,) = _said(_content(**changes))
    assert re.fullmatch(r"f\.yaml: parameters: found [\d,]+ arrivals a world .*; allowed: at most 500,000, .*", said)


@pytest.mark.parametrize(
    "text",
    ["", "- 1", "name: [", "a: *b", "\x00", "name: x\n\tquantity: 1", "a: !!bool x", "a: !!timestamp x", "a: &a {b: *a}"],
)
def test_what_is_no_mapping_is_refused(text: str) -> None:
    """Nothing, a list, and what is no YAML at all end in one line that names the file."""
    with pytest.raises(UsageError, match=r"^f\.yaml: "):
        parse_class(text, "f.yaml")


def test_a_key_that_stands_twice_is_refused() -> None:
    """Of two equal keys the second would silently win."""
    text = dump_class(CLASSES["thin"]).replace("  provider_life: 100.0", "  provider_life: 100.0\n  provider_life: 9.0")
    with pytest.raises(UsageError, match=r"^f\.yaml, line 10: parameters\.provider_life: the key stands twice$"):
        parse_class(text, "f.yaml")


def test_classes_are_found_by_name_and_by_file(tmp_path: Path) -> None:
    """A name is a built-in or a packaged class, what ends in .yaml a file, and neither is mistaken for the other."""
    assert CLASSES["liquid"] == load_class("liquid")
    path = tmp_path / "mine.yaml"
    path.write_text(dump_class(CLASSES["liquid"]).replace("name: liquid", "name: mine"), encoding="utf-8")
    assert (CLASSES["liquid"].quantity, "mine") == (load_class(str(path)).quantity, load_class(str(path)).name)
    with pytest.raises(UsageError, match="unknown class 'mine'"):
        load_class("mine")
    with pytest.raises(UsageError, match=r"none\.yaml: cannot be read \(No such file"):
        load_class(str(tmp_path / "none.yaml"))
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        load_class(str(path))


@pytest.mark.parametrize("name", class_names())
def test_every_class_there_is_loads_under_its_name(name: str) -> None:
    """A packaged file bears the name of the class in it, and says what in it is assumed."""
    found = load_class_file(name)
    assert name == found.lab_class.name
    assert set(found.assumed) <= set(SPANS)
    # Some 70,000 arrivals are done in a second: a seed of a packaged class must not take much longer.
    assert arrivals(found.lab_class.market) <= 70_000
