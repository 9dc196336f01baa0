"""Each rule of the design: what it measures, and when it passes, fails, or is left open."""

import pytest

from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.figures import Sample
from depthwalk.analysis.rules import Comparison, Result, Rule, rules
from depthwalk.domain.measured import Measured
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.thresholds import Thresholds
from depthwalk.domain.units import DOLLAR, SECOND, Duration, Money, Quantity
from tests.support.measured import measured, unfilled


def _rule(comparison: Comparison, low: float | None, high: float | None, *, given: bool = True) -> Rule:
    value = Estimate(value=1.0, low=low, high=high)
    return Rule(key="k", title="t", need="k", comparison=comparison, threshold=1.5, unit="percent", value=value, n=9,
                scope="all", source="here", given=given)  # fmt: skip


@pytest.mark.parametrize(
    ("comparison", "low", "high", "expected"),
    [
        (">", 1.6, 1.9, Result.HOLDS),
        (">", 1.5, 1.9, Result.UNDECIDED),
        (">", 1.0, 1.6, Result.UNDECIDED),
        (">", 1.0, 1.5, Result.FAILS),
        (">=", 1.5, 1.9, Result.HOLDS),
        (">=", 1.0, 1.5, Result.UNDECIDED),
        (">=", 1.0, 1.4, Result.FAILS),
        ("<", 1.0, 1.4, Result.HOLDS),
        ("<", 1.0, 1.5, Result.UNDECIDED),
        ("<", 1.5, 1.9, Result.FAILS),
        ("<=", 1.5, 1.5, Result.HOLDS),
        ("<=", 1.6, 1.6, Result.FAILS),
        (">", None, None, Result.UNDECIDED),
    ],
)
def test_a_statement_holds_fails_or_is_left_open(
    comparison: Comparison, low: float | None, high: float | None, expected: Result
) -> None:
    """It holds throughout the interval, nowhere in it, or the interval straddles the threshold; without one nothing is sure."""
    assert expected is _rule(comparison, low, high).result()


def test_thresholds_can_be_scaled() -> None:
    """A quarter higher or lower: another answer is a verdict that hangs on the threshold."""
    rule = _rule(">", 1.6, 1.9)
    assert (Result.HOLDS, Result.UNDECIDED, Result.FAILS) == (rule.result(0.75), rule.result(1.25), rule.result(1.5))
    assert Result.NOT_GIVEN is _rule(">", 1.6, 1.9, given=False).result()


def _by_key(rows: list[Measured], *, realised: Money | None = None, **changes: object) -> dict[str, Rule]:
    limits = Thresholds(**changes)  # type: ignore[arg-type]
    return {rule.key: rule for rule in rules(Sample(rows, resamples=300), limits, realised=realised)}


def test_the_rules_measure_what_the_design_says() -> None:
    """On the baseline's executions, but for the thin share; averages count the unfilled rest; fees are left out."""
    rows = [measured(k, fees=Money(200_000), shortfall=Money(1_200_000)) for k in range(6)]
    rows += [unfilled(10 + k) for k in range(2)]
    rows += [measured(20 + k, liquidity=LiquidityClass.LIQUID, depth=Quantity(80_000)) for k in range(2)]
    rows += [unfilled(30 + k, algorithm="dynamic_depth_walker") for k in range(10)]
    rows += [unfilled(50, mid_twice=None, shortfall=None, liquidity=None, depth=None)]
    found = _by_key(rows)
    values = {key: rule.value.value for key, rule in found.items() if rule.value is not None}

    # 6 x 2 %, 2 x 6 % and 2 x 2 % of the baseline; thin ones without the last two.
    assert values == pytest.approx(
        {
            "average_slippage": 2.8,
            "thin_slippage": 3.0,
            "underfilled": 100 * 3 / 11,
            "thin_share": 90.0,
            "cumulative_cost": 6 * 1.0 + 2 * 3.0 + 2 * 1.0,
            "veto_average_slippage": 2.8,
            "veto_thin_share": 90.0,
            "shallow_underfilled": 25.0,
            "shallow_time": 1.0,
        }
    )
    assert (10, 8, 11, 20) == tuple(found[key].n for key in ("average_slippage", "thin_slippage", "underfilled", "thin_share"))
    assert [rule.key for rule in found.values() if rule.veto] == [
        "veto_average_slippage",
        "veto_thin_share",
        "veto_not_profitable",
    ]
    assert found["shallow_underfilled"].need == found["shallow_time"].need
    assert "dynamic_depth_walker" not in found["average_slippage"].scope


def test_thresholds_come_from_the_configuration() -> None:
    """Each rule compares with its own key."""
    limits: dict[str, object] = {
        "average_slippage": 0.11, "thin_slippage": 0.12, "underfilled": 0.13, "thin_share": 0.14,
        "cumulative_cost": Money(15 * DOLLAR), "veto_average_slippage": 0.09, "veto_thin_share": 0.08,
        "shallow_underfilled": 0.18, "shallow_time": 1.9,
    }  # fmt: skip
    found = _by_key([measured(k) for k in range(3)], **limits)
    assert [11, 12, 13, 14, 15, 9, 8, 0, 18, 1.9] == pytest.approx([rule.threshold for rule in found.values()])


def test_time_is_measured_in_time_outs() -> None:
    """An order that was never filled took one at least, also where it was stopped early; the depth is configured."""
    rows = [measured(k, full_fill=Duration(15 * SECOND)) for k in range(30)]
    assert 0.5 == _value(_by_key(rows), "shallow_time")
    stopped = [unfilled(40 + k, total_time=Duration(3 * SECOND)) for k in range(3)]
    assert 1.0 == _value(_by_key(rows + stopped), "shallow_time")
    assert _by_key(rows, shallow_depth=Quantity(100))["shallow_time"].value is None


def _value(found: dict[str, Rule], key: str) -> float | None:
    value = found[key].value
    return None if value is None else value.value


@pytest.mark.parametrize(
    ("realised", "expected"),
    [(None, Result.NOT_GIVEN), (Money(0), Result.HOLDS), (Money(-1), Result.HOLDS), (Money(1), Result.FAILS)],
)
def test_profit_is_a_veto_only_where_it_is_given(realised: Money | None, expected: Result) -> None:
    """Nothing earned, or less, is not yet profitable."""
    assert expected is _by_key([measured()], realised=realised)["veto_not_profitable"].result()
