"""`depthwalk report` as its user runs it: its figures recomputed independently, its words, its refusals."""

import json
import shutil
import sqlite3
import statistics
from pathlib import Path
from typing import Any

import pytest

from depthwalk.cli.main import main
from depthwalk.clock import SystemClock
from tests.support.measured import database_of

COUNT = 2_000
CLASSES = ("liquid", "moderate", "thin")


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database of 2,000 made-up executions of the last 60 days over three classes."""
    path = tmp_path_factory.mktemp("history") / "test.sqlite"
    database_of(path, COUNT, until=SystemClock().now())
    return path


@pytest.fixture(scope="module")
def rows(history: Path) -> list[dict[str, Any]]:
    """Return the same executions as another tool reads them: the view in dollars and contracts."""
    connection = sqlite3.connect(history)
    connection.row_factory = sqlite3.Row
    found = [dict(row) for row in connection.execute("SELECT * FROM executions")]
    connection.close()
    return found


def _report(path: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["--db", str(path), "report", "--json", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    found: dict[str, Any] = json.loads(captured.out)
    return found


def _classes(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    return {name: [row for row in rows if row["liquidity"] == name] for name in CLASSES} | {"total": rows}


def _net_cents(row: dict[str, Any]) -> float:
    return 100 * float(row["shortfall_total"]) / float(row["requested"])


def test_figures_are_those_of_a_separate_calculation(
    history: Path, rows: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Plain Python over the view, for every algorithm and class: shares, slippage, shortfall and its parts, effort."""
    found = _report(history, capsys)
    assert ["all", "simple_limit", "dynamic_depth_walker"] == [group["name"] for group in found["groups"]]
    for group in found["groups"]:
        mine = [row for row in rows if group["name"] in ("all", row["algorithm"])]
        for name, members in _classes(mine).items():
            figures = group["classes"][name]
            priced = [row for row in members if row["shortfall_total"] is not None]
            slips = [row["slippage_percent"] for row in members if row["slippage_percent"] is not None]
            assert (len(members), len(slips)) == (figures["executions"], figures["slippage_percent"]["executions"])
            assert len(members) - len(priced) == figures["without_price_of_rest"]
            expected = {
                "fill_percent": statistics.fmean(100 * row["filled"] / row["requested"] for row in members),
                "underfilled_percent": 100 * sum(row["filled"] < row["requested"] for row in members) / len(members),
                "walks": statistics.fmean(row["walks"] for row in members),
                "requests": statistics.fmean(row["calls"] for row in members),
                "n_over_touch_median": statistics.median(row["n_over_touch"] for row in members),
            }
            assert expected == pytest.approx({key: figures[key]["value"] for key in expected})
            assert {
                "mean": statistics.fmean(slips),
                "median": statistics.median(slips),
                "volatility": statistics.stdev(slips),
            } == pytest.approx({key: figures["slippage_percent"][key]["value"] for key in ("mean", "median", "volatility")})
            for part, column in (
                ("net", "shortfall_total"),
                ("spread", "shortfall_spread"),
                ("drift", "shortfall_drift"),
                ("opportunity", "shortfall_opportunity"),
                ("fees", "shortfall_fees"),
            ):
                worth = [row["requested"] * row["arrival_mid"] for row in priced]
                costs = [row[column] for row in priced]
                assert statistics.fmean(100 * cost / of for cost, of in zip(costs, worth, strict=True)) == pytest.approx(
                    figures["shortfall_percent"][part]["value"]
                )
                assert statistics.fmean(
                    100 * cost / row["requested"] for cost, row in zip(costs, priced, strict=True)
                ) == pytest.approx(figures["shortfall_cents"][part]["value"])
                assert sum(costs) == pytest.approx(float(figures["shortfall_dollars"][part]["value"]), abs=1e-5)
            assert statistics.median(map(_net_cents, priced)) == pytest.approx(
                figures["shortfall_cents"]["net_median"]["value"]
            )
            gross = figures["shortfall_percent"]["gross"]
            assert gross["low"] < gross["value"] < gross["high"]


def test_rules_and_comparison_are_those_of_a_separate_calculation(
    history: Path, rows: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """The baseline's gross shortfall, shares, dollars; what the walker saves in each class and in a year."""
    found = _report(history, capsys)
    base = [row for row in rows if row["algorithm"] == "simple_limit"]
    priced = [row for row in base if row["shortfall_total"] is not None]

    def gross(members: list[dict[str, Any]]) -> float:
        return statistics.fmean(
            100 * (row["shortfall_total"] - row["shortfall_fees"]) / (row["requested"] * row["arrival_mid"]) for row in members
        )

    values = {rule["rule"]: rule["value"] for rule in found["rules"]}
    assert gross(priced) == pytest.approx(values["average_slippage"])
    assert gross([row for row in priced if row["liquidity"] == "thin"]) == pytest.approx(values["thin_slippage"])
    assert 100 * sum(row["filled"] < row["requested"] for row in base) / len(base) == pytest.approx(values["underfilled"])
    assert 100 * sum(row["liquidity"] == "thin" for row in rows) / COUNT == pytest.approx(values["thin_share"])
    assert sum(row["shortfall_total"] - row["shortfall_fees"] for row in priced) == pytest.approx(
        float(values["cumulative_cost"]), abs=1e-5
    )

    (walker,) = found["candidates"]
    assert (False, False, "liquid") == (walker["paired"], walker["randomised"], walker["dominant"])
    saving = 0.0
    for name in CLASSES:
        arms = [
            statistics.fmean(
                _net_cents(row)
                for row in rows
                if (row["algorithm"], row["liquidity"]) == (algorithm, name) and row["shortfall_total"] is not None
            )
            for algorithm in ("simple_limit", "dynamic_depth_walker")
        ]
        assert arms[0] - arms[1] == pytest.approx(walker["classes"][name]["net_cents_saved"]["value"])
        contracts = sum(row["requested"] for row in rows if row["liquidity"] == name) * 365 / 90
        saving += (arms[0] - arms[1]) / 100 * contracts
    assert saving == pytest.approx(float(walker["annual_saving"]["value"]), abs=1e-4)


def test_clusters_are_events_and_recordings_count_once(
    history: Path, rows: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """2,000 executions of 173 recorded events are 173 clusters."""
    found = _report(history, capsys)
    assert len({row["ticker"] for row in rows}) == found["bootstrap"]["clusters"] == found["counts"]["events"] == 173


def test_the_same_data_print_the_same(history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Twice, and from a copy of the file: all but the time of the report."""
    copy = tmp_path / "copy.sqlite"
    shutil.copy(history, copy)
    one, two = (_report(path, capsys) for path in (history, copy))
    for each in (one, two):
        assert each.pop("since") < each.pop("until")
    assert one == two


def test_groups_by_ticker_and_tag(history: Path, rows: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    """Every execution is in one ticker; with tags, those without have a group of their own."""
    tags = _report(history, capsys, "--by", "tag")["groups"]
    assert ["all", "desk=east", "desk=west", "(no tag)"] == [group["name"] for group in tags]
    assert sum(row["tags"] == "{}" for row in rows) == tags[-1]["classes"]["total"]["executions"]
    assert COUNT == sum(group["classes"]["total"]["executions"] for group in tags[1:])


def test_days_and_environments_are_kept_apart(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Fewer days, fewer executions, the older ones named; another environment has none of them."""
    found = _report(history, capsys, "--days", "20")
    assert COUNT == found["counts"]["executions"] + found["counts"]["earlier_left_out"]
    assert 0 < found["counts"]["executions"] < COUNT
    assert 0 == _report(history, capsys, "--env", "live")["counts"]["executions"]


def test_an_empty_database_says_what_it_takes(database_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, a clear line, the verdict; in JSON every key, and what is missing by arm and class."""
    assert 0 == main(["--db", str(database_path), "report"])
    text = capsys.readouterr().out
    assert "no finished executions in paper" in text
    assert "NOT_ENOUGH_DATA  There are no executions" in text
    found = _report(database_path, capsys)
    assert ("NOT_ENOUGH_DATA", [], 0) == (found["verdict"], found["groups"], found["counts"]["executions"])
    assert {(algorithm, name) for algorithm in ("simple_limit", "dynamic_depth_walker") for name in CLASSES} == {
        (gap["algorithm"], gap["liquidity_category"]) for gap in found["missing"]
    }
    assert {(100, 20)} == {(gap["more_executions"], gap["more_events"]) for gap in found["missing"]}


def test_real_paper_executions_are_reported(database_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A few seeded runs: counted whatever the days, too few for a verdict, and told by how many."""
    for seed in ("1", "2", "3"):
        run = ["execute", "PAPER-LIQUID", "--count", "20", "--time", "simulated", "--yes", "-q", "--seed", seed]
        assert main(["--db", str(database_path), *run]) in (0, 3)
    capsys.readouterr()
    found = _report(database_path, capsys, "--days", "1")
    assert (3, 3, 3) == (found["counts"]["executions"], found["counts"]["simulated_time"], found["counts"]["events"])
    assert "NOT_ENOUGH_DATA" == found["verdict"]
    assert "simple_limit: liquid 97 more executions and 17 more market-events" in found["because"]
    assert main(["--db", str(database_path), "report"]) == 0
    text = capsys.readouterr().out
    assert text.count("NOT_ENOUGH_DATA") == 2
    assert "\x1b" not in text


def test_realised_profit_is_a_veto_where_it_is_given(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not given is said; a loss keeps it simple."""
    assert "not given" == _rule(_report(history, capsys), "veto_not_profitable")["result"]
    found = _report(history, capsys, "--realised-pnl=-80.25")
    assert ("pass", "-80.250000", "KEEP_SIMPLE") == (
        _rule(found, "veto_not_profitable")["result"], _rule(found, "veto_not_profitable")["value"], found["verdict"],
    )  # fmt: skip


def _rule(found: dict[str, Any], key: str) -> dict[str, Any]:
    (rule,) = (rule for rule in found["rules"] if rule["rule"] == key)
    return dict(rule)


def test_thresholds_are_those_of_the_config(history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A lenient file, another verdict."""
    config = tmp_path / "mine.yaml"
    config.write_text("decision: {veto_average_slippage: 0.2, average_slippage: 0.2}")
    assert "KEEP_SIMPLE" == _report(history, capsys, "--config", str(config))["verdict"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--days", "0"], "--days"),
        (["--days", "many"], "--days"),
        (["--by", "moon"], "--by"),
        (["--realised-pnl", "lots"], "--realised-pnl: amount 'lots' is not a plain decimal number"),
        (["--env", "moon"], "--env"),
    ],
)
def test_bad_input_is_one_line(
    database_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    """Exit 2, nothing on standard output."""
    assert 2 == main(["--db", str(database_path), "report", *arguments])
    captured = capsys.readouterr()
    assert ("", 1) == (captured.out, captured.err.count("\n"))
    assert words in captured.err
