import json
from dataclasses import replace
from decimal import Decimal

from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.result import BasicEstimate
from depthwalk.domain.units import Money, Quantity
from depthwalk.reports.result_json import average_text, to_json
from tests.support import results
from tests.support.tables import same_as_snapshot

_KEYS = [
    "execution_id", "ticker", "side", "action", "algorithm", "status", "target_price", "cap_price", "arrival", "requested",
    "filled", "unfilled", "average_price", "fees", "slippage_percent", "slippage_bps", "shortfall", "time_to_first_fill",
    "time_to_full_fill", "total_time", "walks", "splits", "api", "estimated_basic", "improvement_over_basic",
    "finished_because", "environment", "source", "n_over_touch",
]  # fmt: skip


def test_the_whole_object_stays_as_agreed() -> None:
    """Programs rely on every key and every form of value (REFRESH_SNAPSHOTS=1 renews it)."""
    assert same_as_snapshot("result-json", json.dumps(to_json(results.result()), indent=2) + "\n")


def test_the_keys_are_those_of_the_design_in_its_order() -> None:
    """Design section 3, whether or not anything was filled."""
    assert _KEYS == list(to_json(results.result())) == list(to_json(results.nothing_filled()))


def test_what_is_absent_is_null_and_never_zero() -> None:
    """A run without a fill or a book has no price, no slippage, no shortfall."""
    found = to_json(results.nothing_filled())
    absent = {key for key, value in found.items() if value is None}
    assert absent == {
        "target_price", "cap_price", "arrival", "average_price", "slippage_percent", "slippage_bps", "time_to_first_fill",
        "time_to_full_fill", "estimated_basic", "improvement_over_basic", "n_over_touch",
    }  # fmt: skip
    assert found["shortfall"] == {"total": None, "spread": None, "drift": None, "opportunity": None, "fees": "0.000000"}


def test_a_given_target_is_told_even_without_a_book() -> None:
    """It was asked for, so it is known."""
    asked = replace(results.nothing_filled(), parent=results.parent(target=4200))
    assert to_json(asked)["target_price"] == "0.4200"


def test_sides_are_the_users() -> None:
    """Outcome and action as the flags have them, in the splits too."""
    selling = replace(results.result(), parent=results.parent(outcome=Outcome.NO, action=Action.SELL))
    found = json.loads(json.dumps(to_json(selling)))
    assert ("no", "sell", {"no"}) == (found["side"], found["action"], {split["side"] for split in found["splits"]})


def test_filled_and_unfilled_add_up() -> None:
    """As decimals, exactly."""
    found = json.loads(json.dumps(to_json(results.result())))
    assert Decimal(found["requested"]) == Decimal(found["filled"]) + Decimal(found["unfilled"])


def test_an_average_keeps_its_decimals() -> None:
    """Four where they are exact, six where not, null for nothing."""
    texts = [average_text(Money(paid), Quantity(filled)) for paid, filled in ((4_200_000, 1_000), (26_020_000, 6_200), (0, 0))]
    assert texts == ["0.4200", "0.419677", None]


def test_an_estimate_that_fills_nothing_has_no_price() -> None:
    """The basic order may be left with nothing."""
    empty = BasicEstimate(average_price=None, slippage_percent=None, filled=Quantity(0))
    expected = {"average_price": None, "slippage_percent": None, "filled": "0.00"}
    assert expected == to_json(replace(results.result(), estimated_basic=empty))["estimated_basic"]
