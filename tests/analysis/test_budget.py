"""Bounds of API tokens by hand."""

from dataclasses import replace

from depthwalk.analysis.budget import ONE_EACH, most_reads, most_writes, tokens
from depthwalk.domain.messages import Look
from depthwalk.domain.units import seconds
from tests.support.plans import ALLOWANCE, COSTS, PACE


def test_writes_are_bounded_by_the_formula() -> None:
    """2 splits x (10 + 3 x max(10, 2 + 10) + 1 x 10 + 2) + 10 to cross; requests: a walk may be two."""
    assert 2 * (10 + 36 + 10 + 2) + 10 == most_writes(PACE, COSTS)
    assert 2 * (1 + 6 + 1 + 1) + 1 == most_writes(PACE, ONE_EACH)
    assert 2 * 12 == most_writes(replace(PACE, walks=0, renewals=0, crosses=False), COSTS)
    assert 5 * 10 + 2 == most_writes(replace(PACE, splits=1, creates=5, walks=0, renewals=0, crosses=False), COSTS)


def test_reads_are_bounded_by_the_formula() -> None:
    """Opening 70, 10 looks at the book of 30, 3 polls of 14, 2 more looks, fills after 19 writes, trades, the market twice."""
    assert 70 + 10 * 30 + 3 * 14 + 2 * 30 + 19 * 10 + 10 + 2 * 20 == most_reads(PACE, COSTS, 70)
    assert 70 + 10 * 14 + 3 * 14 + 2 * 30 + 19 * 10 + 10 + 2 * 20 == most_reads(replace(PACE, look=Look.ORDERS), COSTS, 70)
    assert 4 * 2 * 10 == most_reads(replace(PACE, creates=5), COSTS, 70) - most_reads(PACE, COSTS, 70)


def test_a_look_at_the_tape_costs_the_trades_and_what_tells_ours_apart() -> None:
    """30 more for each of 10 looks: the trades, how new the account's data is, and the fills; nothing else changes."""
    assert 10 * 30 == most_reads(replace(PACE, look=Look.TAPE), COSTS, 70) - most_reads(PACE, COSTS, 70)


def test_the_budget_is_what_the_buckets_let_pass() -> None:
    """Capacity plus rate x time; a cap on calls counts by the minute, and there is none unless it is set."""
    found = tokens(PACE, COSTS, opening=70, opening_calls=7, allowance=ALLOWANCE, period=seconds(40))
    assert (20, 90 + 40 * 90, 180 + 40 * 180, None) == (
        found.writes_now, found.write_budget, found.read_budget, found.calls_budget,
    )  # fmt: skip
    capped = tokens(
        PACE,
        COSTS,
        opening=70,
        opening_calls=7,
        allowance=replace(ALLOWANCE, calls_per_minute=90),
        period=seconds(40),
    )
    assert 60 == capped.calls_budget
