"""A calibration on the screen and as JSON: verdicts in words, origins, and what must be said beside them."""

import json
from dataclasses import fields, replace

import pytest

from depthwalk.analysis.calibrated import Calibrated, ClusterFit, MomentFit, Origin, Parameter, Verdict
from depthwalk.reports.calibration_table import UNITS, calibration_json, calibration_tables, number
from depthwalk.reports.wording import ASCII
from depthwalk.simulation.flow import MarketClass
from tests.support.tables import as_text


def _moment(key: str, data: float, low: float, high: float, shown: float | None) -> MomentFit:
    return MomentFit(key=key, name=f"the {key}", unit="c", data=data, low=low, high=high, shown=shown)


FOUND = Calibrated(
    name="kalshi-some",
    sources=("some/run",),
    looked="every change of the book, and public trades",
    markets=3,
    stretches=42,
    books=12_345,
    contracts=330,
    structure="linear_cent",
    parameters=(
        Parameter(name="provider_rate", value=22.7, origin=Origin.MATCHED, factor=1.127),
        Parameter(name="half_gap", value=0.01525, origin=Origin.MATCHED, factor=131.3),
        Parameter(name="provider_size", value=257.7, origin=Origin.MEASURED),
        Parameter(name="news_size", value=18.5, origin=Origin.ASSUMED, source="liquid"),
    ),
    moments=(
        _moment("spread", 1.2, 1.1, 1.3, 1.25),
        _moment("touch", 300.0, 290.0, 310.0, 280.0),
        _moment("lean", 1.8, 1.4, 2.3, 0.5),
        _moment("rest", 2.0, 1.0, 3.0, None),
    ),
    clustering=ClusterFit(branching=0.4, delay=1.5, takers=900, distance=0.09, allowed=0.045),
    text="",
)


def test_every_moment_has_its_verdict_in_words() -> None:
    """Inside the band, near its value, off, and off where the class shows nothing of it."""
    verdicts = [moment.verdict for moment in FOUND.moments]
    assert [Verdict.OK, Verdict.NEAR, Verdict.OFF, Verdict.OFF] == verdicts
    text = as_text(calibration_tables(FOUND), width=80)
    rows = {line.split("  ")[0]: line.split()[-1] for line in text.splitlines() if line.startswith("the ")}
    assert {"the spread": "ok", "the touch": "near", "the lean": "off", "the rest": "off"} == rows
    assert "Fit: 1 ok, 1 near, 2 off." in text


def test_every_parameter_says_where_it_is_from() -> None:
    """Measured, matched with how surely, or assumed and from which class."""
    text = as_text(calibration_tables(FOUND), width=80)
    for words in (
        "matched, within a factor 1.13",
        "matched, but the recording hardly tells",
        "measured",
        "assumed, as in liquid",
        "The recording does not say 1 parameter: assumed, in proportion.",
        "3 markets, 42 stretches, 12,345 books",
        "where chance allows 0.045",
        "The usual order is 330 contracts.",
    ):
        assert words in " ".join(text.split())


def test_it_fits_eighty_columns_and_plain_signs() -> None:
    """No line is wider than asked, and plain terminals get plain signs."""
    text = as_text(calibration_tables(FOUND, signs=ASCII), width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert text.isascii()


def test_every_parameter_of_a_class_has_its_unit() -> None:
    """A rate, a length of time, a distance: a number alone says nothing."""
    assert {each.name for each in fields(MarketClass)} - {"name"} == set(UNITS)
    rows = [line.split() for line in as_text(calibration_tables(FOUND), width=80).splitlines()]
    assert ["provider_size", "258", "contracts", "measured"] in rows


def test_a_class_that_is_not_that_market_is_called_so() -> None:
    """More moments off than not: nobody should conclude from it."""
    words = "Most moments are off: what is traded in this class is not that market."
    assert words not in " ".join(as_text(calibration_tables(FOUND), width=80).split())
    off = replace(FOUND, moments=FOUND.moments[1:])
    assert words in " ".join(as_text(calibration_tables(off), width=80).split())


def test_the_object_has_everything() -> None:
    """Numbers as they are, null where nothing is known, counts of contracts as text."""
    found = calibration_json(FOUND)
    assert found == json.loads(json.dumps(found, allow_nan=False))
    assert {"value": 22.7, "origin": "matched", "assumed_from": None, "factor": 1.127, "unit": "/s, a side"} == (
        found["parameters"]["provider_rate"]
    )
    assert {"unit": "c", "data": 2.0, "low": 1.0, "high": 3.0, "class": None, "verdict": "off"} == found["moments"]["rest"]
    assert ("330.00", 0.4) == (found["quantity"], found["clustering"]["branching"])
    assert calibration_json(replace(FOUND, clustering=None))["clustering"] is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.0, "0"), (0.00002, "2.0e-05"), (0.0123, "0.012"), (1.234, "1.23"), (12.34, "12.3"), (1234.5, "1,234")],
)
def test_numbers_have_the_digits_they_deserve(value: float | None, text: str) -> None:
    """Small ones more, large ones none."""
    assert text == number(value).replace("\N{EN DASH}", "-").replace("\N{EM DASH}", "-")
