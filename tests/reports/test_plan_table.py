"""Plans on the screen and as an object: what stands where, at which width, and what is said where nothing would be sent."""

import json
from dataclasses import replace

import pytest

from depthwalk.analysis.plans import Objection
from depthwalk.domain.order import Action, Outcome
from depthwalk.executors.registry import ALGORITHMS
from depthwalk.reports.plan_json import plan_json
from depthwalk.reports.plan_table import plan_table
from depthwalk.reports.wording import ASCII
from tests.support.plans import sheet
from tests.support.tables import as_text, same_as_snapshot

BOOK = "40x20 39x30 | 43x50 44x80 46x100"


WALKER = "dynamic_depth_walker"


@pytest.mark.parametrize("width", [80, 140])
def test_all_algorithms_look_as_agreed(width: int) -> None:
    """A row each, the chosen one marked; below two of them whole, side by side (REFRESH_SNAPSHOTS=1 renews it)."""
    found = sheet(BOOK, detailed=("simple_limit", WALKER))
    text = as_text(plan_table(found, width=width), width=width)
    assert same_as_snapshot(f"plan-{width}", text)
    assert width >= max(map(len, text.splitlines()))


def test_a_seller_of_no_looks_as_agreed() -> None:
    """The cap is a floor, the cost is what comes in; in ASCII."""
    text = as_text(plan_table(sheet(BOOK, outcome=Outcome.NO, action=Action.SELL), width=80, signs=ASCII), width=80)
    assert same_as_snapshot("plan-selling-no-80-ascii", text)
    assert text.isascii()


def _row(text: str, algorithm: str) -> str:
    return next(line for line in text.splitlines() if algorithm in line)


def test_a_row_says_it_all() -> None:
    """By hand of the first: 50 at once and 50 first in line; tokens and worst case as in the column below."""
    text = as_text(plan_table(sheet(BOOK), width=80), width=80)
    mark, *row = _row(text, "simple_limit").split()
    assert ("▸", ["simple_limit", "100", "at", "$0.43"]) == (mark, row[:4])
    assert ["126+712", "$45.7248"] == row[-2:]
    assert _row(text, WALKER).startswith(f"  {WALKER}")
    assert " now " in _row(text, "twap")
    simple = next(plan for plan in sheet(BOOK).plans if plan.algorithm == "simple_limit")
    assert simple.forecast is not None
    worse = (simple.forecast.filled.value + (simple.forecast.filled.fees or 0)) / simple.forecast.filled.quantity - 4_150
    assert f"{worse / 100:+.2f} ¢" in _row(text, "simple_limit")
    assert f"{100 * (simple.filled_share or 0):.0f} %" in _row(text, "simple_limit")


def test_who_has_nothing_to_take_yet_sends_nothing_yet() -> None:
    """Slices that only take, and nobody offers: no order, no chance; the worst case stands."""
    found = sheet(BOOK)
    plans = tuple(replace(plan, orders=()) if plan.algorithm == "twap" else plan for plan in found.plans)
    row = _row(as_text(plan_table(replace(found, plans=plans), width=80), width=80), "twap")
    assert "none yet" in row
    assert "now" not in row


def test_where_each_run_draws_none_is_marked() -> None:
    """Neither in the rows nor above the columns."""
    text = as_text(plan_table(sheet(BOOK, chosen=None, detailed=("simple_limit", WALKER)), width=80), width=80)
    assert "▸" not in text
    assert "execute" not in text


@pytest.mark.parametrize(("quantity", "width"), [(100_000, 80), (10_001, 80), (100_000_00, 90)])
def test_no_figure_is_cut(quantity: int, width: int) -> None:
    """Long counts and prices push the name, never a figure."""
    rich = sheet("40x20 | 43x20000", quantity=quantity)
    text = as_text(plan_table(rich, width=width), width=width)
    assert "…" not in text
    assert width >= max(map(len, text.splitlines()))


def test_a_narrow_screen_has_all_of_them_whole() -> None:
    """40 columns hold no row: six columns, one below the other."""
    narrow = as_text(plan_table(sheet(BOOK), width=40), width=40)
    assert len(ALGORITHMS) == narrow.count("worst case")
    assert "chance" not in narrow


def test_what_does_not_fit_beside_follows_below() -> None:
    """Six algorithms to be shown whole in 80 columns: three blocks of two, none cut."""
    six = sheet(BOOK, detailed=tuple(ALGORITHMS))
    text = as_text(plan_table(six, width=80), width=80)
    assert 3 == text.count("worst case")
    assert all(2 == text.count(f"{name} ") + text.count(f"{name}\n") for name in ALGORITHMS if name != WALKER)
    assert 80 >= max(map(len, text.splitlines()))


def test_a_run_too_long_to_follow_is_said() -> None:
    """Not a 0: the row has no figure, the column the reason, the object null."""
    found = sheet(BOOK)
    long = replace(found, plans=tuple(replace(plan, forecast=None) for plan in found.plans))
    text = as_text(plan_table(long, width=80), width=80)
    assert "too long a run to say" in text
    assert "¢" not in _row(text, "simple_limit")
    assert [None] * len(ALGORITHMS) == [each["expected"] for each in json.loads(json.dumps(plan_json(long)))["algorithms"]]


def test_why_nothing_would_be_sent_is_said() -> None:
    """Refused and waiting in words, once for all; rows without a single value are left out."""
    refused = as_text(plan_table(sheet("40x20 |"), width=80), width=80)
    assert "all: refused: nobody offers the other side and no target was given" in refused
    assert "there is no usable book" in refused
    assert "worst case" not in refused
    assert "chance:" not in refused
    waiting = as_text(plan_table(sheet("50x20 | 45x10"), width=80), width=80)
    assert "all: wait: the book is crossed" in waiting
    one = sheet(BOOK)
    mixed = replace(one, plans=(*one.plans[:-1], replace(sheet("40x20 |").plans[-1])))
    assert f"{WALKER}: refused: nobody" in as_text(plan_table(mixed, width=80), width=80)


def test_the_object_holds_what_the_table_shows() -> None:
    """Strings with decimals, null where there is nothing."""
    found = json.loads(json.dumps(plan_json(sheet(BOOK, objections=(Objection(message="no", hint="why"),)))))
    simple, walker = found["algorithms"][0], found["algorithms"][-1]

    assert ("100.00", "paper", 7, "simple_limit") == (
        found["requested"], found["environment"], found["seed"], found["execute_would_run"],
    )  # fmt: skip
    assert [{"message": "no", "hint": "why"}] == found["refused"]
    assert [("50.00", "50.00", "0.00"), ("0.00", "60.00", "0.00"), ("0.00", "40.00", "0.00")] == [
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
    } == simple["if_filled"]
    assert [1.0] == [split["fill_probability"] for split in found["algorithms"][3]["splits"]]
    expected, share = simple["expected"], simple["expected"]["filled_share"]
    assert float(expected["quantity"]) == pytest.approx(100 * share)
    assert float(expected["total"]) / (100 * share) - 0.415 == pytest.approx(expected["cost_to_mid_cents"] / 100)
    assert ("liquid", 3) == (found["flow"]["prior"], found["flow"]["tape"]["trades"])
    assert "100.00" == walker["worst_case"]["quantity"]
    nothing = json.loads(json.dumps(plan_json(sheet("40x20 |"))))
    absent = ("worst_case", "at_once", "if_filled", "expected", "tokens")
    assert [None] * len(absent) == [nothing["algorithms"][0][key] for key in absent]
    assert [] == nothing["algorithms"][0]["splits"]
    assert (None, None) == (nothing["arrival"], nothing["flow"])
