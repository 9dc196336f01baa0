import json
from dataclasses import replace

import pytest

from depthwalk.analysis.plans import Objection
from depthwalk.domain.order import Action, Outcome
from depthwalk.reports.plan_table import plan_json, plan_table
from depthwalk.reports.wording import ASCII
from tests.support.plans import sheet
from tests.support.tables import as_text, same_as_snapshot

BOOK = "40x20 39x30 | 43x50 44x80 46x100"


@pytest.mark.parametrize("width", [80, 140])
def test_two_algorithms_look_as_agreed(width: int) -> None:
    """Side by side, the chosen one marked (REFRESH_SNAPSHOTS=1 renews it)."""
    text = as_text(plan_table(sheet(BOOK), width=width), width=width)
    assert same_as_snapshot(f"plan-{width}", text)
    assert width >= max(map(len, text.splitlines()))


def test_a_seller_of_no_looks_as_agreed() -> None:
    """The cap is a floor, the cost is what comes in; in ASCII."""
    text = as_text(plan_table(sheet(BOOK, outcome=Outcome.NO, action=Action.SELL), width=80, signs=ASCII), width=80)
    assert same_as_snapshot("plan-selling-no-80-ascii", text)
    assert text.isascii()


def test_what_does_not_fit_beside_follows_below() -> None:
    """Six algorithms in 80 columns: three blocks of two, none cut."""
    two = sheet(BOOK)
    six = replace(two, plans=tuple(replace(two.plans[k % 2], algorithm=f"algorithm_{k}") for k in range(6)))
    text = as_text(plan_table(six, width=80), width=80)

    assert 3 == text.count("worst case")
    assert all(f"algorithm_{k}" in text for k in range(6))
    assert 80 >= max(map(len, text.splitlines()))
    assert 6 == as_text(plan_table(six, width=40), width=40).count("worst case")


def test_why_nothing_would_be_sent_is_said() -> None:
    """Refused and waiting in words; rows without a single value are left out."""
    refused = as_text(plan_table(sheet("40x20 |"), width=80), width=80)
    assert "refused: nobody offers the other" in refused
    assert "there is no usable book" in refused
    assert "worst case" not in refused
    waiting = as_text(plan_table(sheet("50x20 | 45x10"), width=80), width=80)
    assert "wait: the book is crossed" in waiting


def test_the_object_holds_what_the_table_shows() -> None:
    """Strings with decimals, null where there is nothing."""
    found = json.loads(json.dumps(plan_json(sheet(BOOK, objections=(Objection(message="no", hint="why"),)))))
    simple, walker = found["algorithms"]

    assert ("100.00", "paper", 7, "simple_limit") == (
        found["requested"], found["environment"], found["seed"], found["execute_would_run"],
    )  # fmt: skip
    assert [{"message": "no", "hint": "why"}] == found["refused"]
    assert [("50.00", "50.00", "0.00"), ("0.00", "60.00", "0.00"), ("0.00", "40.00", "20.00")] == [
        (split["at_once"], split["resting"], split["queue_ahead"]) for split in (*simple["splits"], *walker["splits"])
    ]
    assert ("0.4400", "130.00", 1.3) == (simple["sweet_spot"], simple["min_cumulative_depth"], simple["coverage"])
    # By hand: 50 at 43 c with 7 % x 50 x 0.43 x 0.57 = $0.857850 -> $0.8579; 50 rest at 43 c, free.
    assert {
        "quantity": "100.00",
        "average_price": "0.4300",
        "value": "43.000000",
        "fees": "0.857900",
        "total": "43.857900",
    } == simple["expected"]
    assert "100.00" == walker["worst_case"]["quantity"]
    nothing = json.loads(json.dumps(plan_json(sheet("40x20 |"))))
    assert (None, None, []) == tuple(nothing["algorithms"][0][key] for key in ("worst_case", "at_once", "splits"))
    assert nothing["arrival"] is None
