"""A comparison as programs read it: the JSON object, and the trials as CSV."""

import csv
import io
import json
from typing import Any

import pytest

from depthwalk.analysis.collection import CellKey
from depthwalk.analysis.pairing import compare
from depthwalk.analysis.trial_columns import Metric
from depthwalk.reports.lab_csv import HEADER, write_csv
from depthwalk.reports.lab_json import comparison_json
from tests.support.trials import BASE, OTHER, THIN, asked, collected, compared, one_sided, sample, told_apart, trial


def _json(found: Any) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(json.dumps(comparison_json(found), allow_nan=False))
    return parsed


def test_the_object_has_what_was_asked_and_what_was_found() -> None:
    """Every metric with its interval, for every arm of every cell; differences for all but the baseline."""
    question, collection = sample(110, classes=("thin",))
    found = _json(compare(question, collection, resamples=100))
    assert found["complete"] is True
    assert found["runs"] == 110
    assert found["primary"] == "net_cents"
    assert found["side"] == "yes"
    (cell,) = found["cells"]
    assert (cell["class"], cell["world"], cell["seeds"]) == ("thin", "base", 110)
    assert {"least": "40.00", "most": "40.00"} == cell["quantity"]
    assert sum(cell["n_over_touch"]["bins"].values()) == cell["two_sided"] == 107
    assert [arm["name"] for arm in found["arms"]] == list(cell["arms"])
    for name, arm in cell["arms"].items():
        assert {metric.key for metric in Metric} == arm["means"].keys()
        assert {"value", "low", "high"} == arm["means"]["net_cents"].keys()
        assert arm["audit"] == {"clean": True, "overfilled": "0.00", "orphans": 0, "beyond_cap": 0}
        against = arm["against_baseline"]
        assert (name == BASE) is (against is None)
        if against:
            assert against["verdict"] in ("better", "worse", "undecided")
            assert {metric.key for metric in Metric} == against["differences"].keys()
            assert (against["pairs"], against["clusters"]) == (107, 107)


def test_every_figure_stands_under_its_own_key() -> None:
    """Each is given a value that no other has."""
    found = _json(told_apart())["cells"][0]["arms"][OTHER]
    single = {
        "net_cents_median": 1,
        "net_cents_95th": 2,
        "shortfall_percent_median": 3,
        "shortfall_percent_95th": 4,
        "one_sided_fill_percent": 22,
    }
    assert single == {key: found[key]["value"] for key in single}
    assert [5, 6, 7, 8, 9] == [each["value"] for each in found["net_cents_by_n_over_touch"].values()]
    assert {str(4 * k): 10 + k for k in range(12)} == {at: each["value"] for at, each in found["filled_percent_by"].items()}
    plain = {
        "without_price_of_rest": 23,
        "rest_deeper_than_book": 24,
        "takes_beyond": 25,
        "worst_take": 26,
        "net_cents_percentiles": [27],
        "audit": {"clean": False, "overfilled": "0.28", "orphans": 29, "beyond_cap": 30},
    }
    assert plain == {key: found[key] for key in plain}
    assert {metric.key: place for place, metric in enumerate(Metric)} == {
        key: each["value"] for key, each in found["means"].items()
    }
    compared_with = found["against_baseline"]
    assert (31, 32, 0.33, 0.34) == tuple(compared_with[key] for key in ("pairs", "clusters", "p", "p_adjusted"))
    assert [0, 1, 2, 3, 4] == [each["value"] for each in compared_with["net_cents_by_n_over_touch"].values()]
    assert {metric.key: -place for place, metric in enumerate(Metric)} == {
        key: each["value"] for key, each in compared_with["differences"].items()
    }


def test_what_is_not_known_is_null() -> None:
    """Never 0, and never nan, which is no JSON."""
    cell = _json(compared([one_sided(0, BASE, filled=10), one_sided(0, OTHER)]))["cells"][0]
    assert cell["n_over_touch"]["median"] is None
    assert cell["untouched_mid_cents"] is None
    arm = cell["arms"][BASE]
    assert arm["means"]["net_cents"] is None
    assert arm["one_sided_fill_percent"]["value"] == 25
    assert cell["arms"][OTHER]["against_baseline"]["p"] is None


def test_every_trial_is_a_row_with_every_column() -> None:
    """Ordered by class, arm and seed, whatever came first; whole numbers are whole, what is not known is empty."""
    collection = collected({THIN: [trial(1, OTHER, 1.25), trial(1, BASE), one_sided(0, OTHER), one_sided(0, BASE)]})
    file = io.StringIO(newline="")
    write_csv(asked(), collection, file)
    header, *rows = csv.reader(io.StringIO(file.getvalue()))
    assert list(HEADER) == header
    found = [dict(zip(header, row, strict=True)) for row in rows]
    assert [(BASE, "0"), (BASE, "1"), (OTHER, "0"), (OTHER, "1")] == [(row["arm"], row["seed"]) for row in found]
    last = found[-1]
    assert ("thin", "base", "1") == (last["class"], last["world"], last["two_sided"])
    assert ("4000", "500000", "filled", "1.75", "0") == (
        last["filled_e2"],
        last["shortfall_e6"],
        last["reason"],
        last["net_cents"],
        last["drift_cents"],
    )
    assert ("", "") == (found[0]["net_cents"], found[0]["best_bid_e4"])


def test_the_same_trials_make_the_same_file() -> None:
    """In whatever order their cells came, so that files can be compared: world by world, class by class, as asked."""
    cells = [CellKey(name, world) for world in ("base", "toxic") for name in ("thin", "liquid")]
    question = asked(classes=("thin", "liquid"), worlds=("base", "toxic"))
    files = []
    for order in (cells, cells[::-1]):
        file = io.StringIO(newline="")
        write_csv(question, collected({cell: [trial(0, BASE), trial(0, OTHER)] for cell in order}), file)
        files.append(file.getvalue())
    assert files[0] == files[1]
    rows = [tuple(line.split(",")[:3]) for line in files[0].splitlines()[1:]]
    assert rows == [(cell.class_name, cell.world, arm) for cell in cells for arm in (BASE, OTHER)]


@pytest.mark.parametrize("value", [0.1 + 0.2, -1e-9, 123456.789])
def test_figures_have_six_decimals_at_most(value: float) -> None:
    """More would be noise of the arithmetic."""
    file = io.StringIO(newline="")
    write_csv(asked((BASE,)), collected({THIN: [trial(0, BASE, mark_outs=(value, None, None))]}), file)
    row = dict(zip(HEADER, file.getvalue().splitlines()[1].split(","), strict=True))
    assert value == pytest.approx(float(row["mark_out_5_cents"]), abs=1e-6)
    assert len(row["mark_out_5_cents"].partition(".")[2]) <= 6
    assert row["mark_out_5_cents"] != "-0"
