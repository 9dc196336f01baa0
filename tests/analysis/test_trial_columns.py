"""A trial as numbers, by hand."""

import math
from dataclasses import replace
from typing import Any

import pytest

from depthwalk.analysis.trial_columns import COLUMNS, FILLED_BY, PATH, PLACES, REASONS, Metric, row
from depthwalk.domain.messages import Reason
from depthwalk.domain.order import Action
from depthwalk.domain.units import CENT, CONTRACT, Money, Price, Quantity
from tests.support.trials import BASE, BENCHMARK, one_sided, trial


def _metric(metric: Metric, *arguments: Any, **changes: Any) -> float:
    return row(trial(1, BASE, *arguments, **changes))[PLACES[metric.key]]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (Metric.SLIPPAGE, 100 * 1.5 / 60),
        (Metric.SLIPPAGE_CENTS, 1.5),
        (Metric.FILL, 75.0),
        (Metric.FULL, 0.0),
        (Metric.SHORTFALL, 100 * 1.5 / 60),
        (Metric.SHORTFALL_CENTS, 1.5),
        (Metric.NET, 100 * (1.5 + 0.5) / 60),
        (Metric.NET_CENTS, 1.5 + 0.5),
        (Metric.LENIENT, 100 * 1.5 / 60),
        (Metric.LENIENT_NET, 100 * 2.0 / 60),
        (Metric.AT_MID, 100 * 1.5 / 60),
        (Metric.SPREAD, 1.5),
        (Metric.DRIFT, 0.0),
        (Metric.OPPORTUNITY, 0.0),
        (Metric.FEES, 0.5),
        (Metric.FIRST_FILL, 1.0),
        (Metric.LAST_FILL, 9.0),
        (Metric.WALKS, 2.0),
        (Metric.REQUESTS, 12.0),
        (Metric.READ_TOKENS, 100.0),
        (Metric.WRITE_TOKENS, 40.0),
        (Metric.THROTTLED, 0.0),
        (Metric.MAKER, 50.0),
        (Metric.MARK_OUT_5, 0.5),
    ],
)
def test_every_metric_of_an_execution_by_hand(metric: Metric, expected: float) -> None:
    """40 contracts at a mid of 60 cents, 30 of them filled, 1.5 cents dearer, half a cent of fees."""
    assert expected == pytest.approx(_metric(metric, 1.5, filled=30))


def test_percents_are_of_what_is_traded() -> None:
    """Who sells at a mid of 40 cents buys the mirrored contract at 60: a cent and a half are 3.75 % of his price."""
    sold = row(trial(1, BASE, 1.5, benchmark=replace(BENCHMARK, action=Action.SELL)))
    percents = (Metric.SLIPPAGE, Metric.SHORTFALL, Metric.LENIENT, Metric.AT_MID)
    assert [3.75] * 4 == pytest.approx([sold[PLACES[each.key]] for each in percents])
    assert 100 * 2.0 / 40 == pytest.approx(sold[PLACES[Metric.NET.key]])
    assert [1.5, 1.5] == pytest.approx([sold[PLACES[each.key]] for each in (Metric.SLIPPAGE_CENTS, Metric.SHORTFALL_CENTS)])


def test_fees_to_complete_are_fees() -> None:
    """They are in the net shortfall, and in its fees; the parts add up to it."""
    fees = {"completion_fees": Money(100_000)}
    assert pytest.approx(0.5 + 0.25) == _metric(Metric.FEES, 1.5, **fees)
    assert pytest.approx(1.5 + 0.75) == _metric(Metric.NET_CENTS, 1.5, **fees)


def test_each_way_to_complete_the_rest_is_told_apart() -> None:
    """By sweeping, at the touch with its own fees, and at the mid: 1.5, 1.2 and 0.9 cents of 60 before 0.5 cents of fees."""
    cent = CENT * 40 * CONTRACT
    values = row(
        trial(
            1,
            BASE,
            1.5,
            filled=30,
            completion_fees=Money(cent // 2),
            lenient=Money(12 * cent // 10),
            lenient_fees=Money(cent // 10),
            at_mid=Money(9 * cent // 10),
        )
    )
    found = [
        values[PLACES[each.key]] for each in (Metric.SHORTFALL, Metric.NET, Metric.LENIENT, Metric.LENIENT_NET, Metric.AT_MID)
    ]
    assert [cents / 0.6 for cents in (1.5, 2.5, 1.2, 1.8, 0.9)] == pytest.approx(found)


def test_what_is_not_known_is_nan_and_never_0() -> None:
    """Without a fill there is no slippage, time or share of makers; without a price of the rest no part of a shortfall."""
    nothing = row(trial(1, BASE, filled=0, shortfall=None))
    parts = (Metric.SPREAD, Metric.DRIFT, Metric.OPPORTUNITY, Metric.FEES)
    for metric in (Metric.SLIPPAGE, Metric.SLIPPAGE_CENTS, Metric.LAST_FILL, Metric.MAKER, Metric.NET_CENTS, *parts):
        assert math.isnan(nothing[PLACES[metric.key]])
    assert nothing[PLACES[Metric.FILL.key]] == 0


def test_a_one_sided_arrival_has_a_fill_rate_and_no_cost() -> None:
    """There is no mid to measure against."""
    values = row(one_sided(1, BASE, filled=10))
    assert values[PLACES["two_sided"]] == 0
    assert values[PLACES[Metric.FILL.key]] == 25
    assert math.isnan(values[PLACES["best_bid_e4"]])
    assert math.isnan(values[PLACES[Metric.SLIPPAGE.key]])


def test_a_row_has_every_column_and_raw_values_as_they_stand() -> None:
    """In our units; the reason as its place among the reasons; what was followed over time step by step."""
    values = row(trial(7, BASE, filled=39, filled_by=tuple(Quantity(step * CONTRACT) for step in range(12))))
    assert len(COLUMNS) == len(values)
    found = dict(zip(COLUMNS, values, strict=True))
    assert found["seed"] == 7
    assert found["best_ask_e4"] == Price(6_100)
    assert found["filled_e2"] == 3_900
    assert REASONS[int(found["reason"])] is Reason.HORIZON
    assert [found[name] for name in FILLED_BY] == [step * 100.0 for step in range(12)]
    assert all(math.isnan(found[name]) for name in PATH)
