import json
from dataclasses import replace

import pytest

from depthwalk.domain.routing import Routing
from depthwalk.domain.units import parse_money
from depthwalk.reports.history import (
    details_json,
    execution_details,
    execution_json,
    executions_table,
    markets_json,
    markets_table,
)
from tests.support import history, results
from tests.support.tables import as_text, same_as_snapshot


@pytest.mark.parametrize("width", [80, 140])
def test_the_list_looks_as_agreed(width: int) -> None:
    """Three executions (REFRESH_SNAPSHOTS=1 renews it)."""
    text = as_text(executions_table(history.rows(), width=width), width=width)
    assert same_as_snapshot(f"executions-list-{width}", text)


@pytest.mark.parametrize("width", [80, 140])
def test_one_execution_looks_as_agreed(width: int) -> None:
    """Summary, decisions, fills."""
    row = history.row(results.result())
    details = execution_details(row, results.result(), history.decisions(), history.fills(), changed={}, width=width)
    assert same_as_snapshot(f"executions-show-{width}", as_text(details, width=width))


def test_an_empty_list_says_so() -> None:
    """No headings over nothing."""
    assert as_text(executions_table([], width=80), width=80) == "no executions yet\n"


def test_who_lists_only_paper_is_not_told_so_on_every_row() -> None:
    """The environment appears as soon as one row is of another."""
    assert "PAPER " not in as_text(executions_table([history.running()], width=80), width=80)


def test_an_execution_that_has_not_ended_can_be_shown() -> None:
    """There is no summary yet; that it runs is said."""
    row = history.running()
    text = as_text(execution_details(row, None, [], [], changed={}, width=80), width=80)
    assert f"execution {row.execution_id} has not ended; process 4242 drives it" in text
    assert details_json(row, None, [], [], parameters={})["result"] is None


def test_a_draw_that_decided_nothing_is_shown_as_such() -> None:
    """The book had no class: the control ran, and no share is claimed; null in JSON, never 0."""
    routing = Routing(control="dynamic_depth_walker", candidate="twap", liquidity=None, share=None, draw=0)
    row = replace(history.row(results.result()), routing=routing)
    text = as_text(execution_details(row, results.result(), [], [], changed={}, width=140), width=140)
    assert "drawn      dynamic_depth_walker, as the book had no class that a share is set for; the other was twap" in text
    assert {
        "algorithm": "dynamic_depth_walker",
        "control": "dynamic_depth_walker",
        "candidate": "twap",
        "liquidity_category": None,
        "share": None,
        "draw": 0.0,
    } == details_json(row, None, [], [], parameters={})["routing"]


def test_a_row_is_a_json_object() -> None:
    """Stable keys, strings for amounts, null for what is not known yet."""
    found = json.loads(json.dumps(execution_json(history.running())))
    assert (
        found["status"], found["finished_at"], found["walks"], found["filled"], found["average_price"],
    ) == ("running", None, None, "62.00", "0.419677")  # fmt: skip


def test_details_hold_decisions_and_fills_in_the_users_prices() -> None:
    """One document with all there is."""
    row = history.row(results.result())
    found = json.loads(
        json.dumps(details_json(row, results.result(), history.decisions(), history.fills(), parameters={"patience": 2.0}))
    )
    assert (
        found["decisions"][1]["previous"], found["decisions"][1]["price"], found["decisions"][1]["time"],
    ) == ("0.4100", "0.4200", 8.3)  # fmt: skip
    assert [fill["is_taker"] for fill in found["fills"]] == [False, True]
    assert found["result"]["execution_id"] == found["execution_id"]


@pytest.mark.parametrize("width", [80, 140])
def test_the_markets_look_as_agreed(width: int) -> None:
    """Ticker, class, position in words, cash (REFRESH_SNAPSHOTS=1 renews it)."""
    text = as_text(markets_table(history.markets(), cash=parse_money("9876.5432")), width=width)
    assert same_as_snapshot(f"paper-markets-{width}", text)


def test_the_markets_are_one_json_object() -> None:
    """Cash and positions as strings; a position of NO is negative."""
    found = json.loads(json.dumps(markets_json(history.markets(), cash=parse_money("9876.5432"))))
    assert found["cash"] == "9876.543200"
    assert [market["position"] for market in found["markets"]] == ["0.00", "62.00", "-1500.50"]


def test_one_that_nobody_drives_has_crashed() -> None:
    """The list says so in a word, the details say what to do about it; to a program it is the absent owner."""
    crashed = replace(history.running(), owner=None)

    assert as_text(executions_table([crashed], width=80), width=80).rstrip().endswith("crashed")
    details = as_text(execution_details(crashed, None, [], [], changed={}, width=80), width=80)
    assert "nobody drives it: `depthwalk recover` ends it" in " ".join(details.split())
    assert ("running", None) == tuple(execution_json(crashed)[name] for name in ("status", "owner"))
    assert 4242 == execution_json(history.running())["owner"]


def test_what_was_set_is_said() -> None:
    """The parameters that were not as the algorithm comes, in one line."""
    changed = {"patience": "2.0", "offsets": "[1.5, 0.5]"}
    text = as_text(
        execution_details(history.row(results.result()), results.result(), [], [], changed=changed, width=140), width=140
    )

    assert "set        patience 2.0, offsets [1.5, 0.5]" in text
