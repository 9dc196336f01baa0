"""Every word the verdict can be, and what leads to it."""

from dataclasses import replace
from typing import Any

import pytest

from depthwalk.analysis.comparison import CandidateGain, ClassGain, Gap, compare, gaps, worth
from depthwalk.analysis.decision import Case, Safety, Verdict, decide
from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.figures import Sample
from depthwalk.analysis.rules import Result, Rule
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.thresholds import Thresholds
from depthwalk.domain.units import Money, Quantity
from tests.support.measured import measured, unfilled

THIN = LiquidityClass.THIN
WALKER = "dynamic_depth_walker"


def _need(key: str, *, holds: bool = True) -> Rule:
    middle = 2.0 if holds else 1.0
    return Rule(key=key, title=key.replace("_", " "), need=key, comparison=">", threshold=1.5, unit="percent",
                value=Estimate(value=middle, low=middle - 0.1, high=middle + 0.1), n=9, scope="all", source="x")  # fmt: skip


def _veto(*, holds: bool) -> Rule:
    rule = _need("veto_average_slippage", holds=not holds)
    return replace(rule, need=None, comparison="<", title="veto: average slippage")


def _gain(low: float = 0.4, high: float = 0.6, **changes: Any) -> CandidateGain:
    classes = ClassGain(liquidity=THIN, executions=(120, 130), baseline_cents=2.0,
                        gain=Estimate(value=(low + high) / 2, low=low, high=high),
                        fill=Estimate(value=2.0, low=1.0, high=3.0), needed=0.1, touch=(2.0, 2.1))  # fmt: skip
    fields: dict[str, Any] = {
        "algorithm": WALKER,
        "classes": (classes,),
        "dominant": THIN,
        "result": classes.result(1.0),
        "gaps": (),
        "saving": Estimate(value=900.0, low=700.0, high=1100.0),
        "contracts_a_year": 100_000.0,
    }
    return CandidateGain(**(fields | changes))


def _case(**changes: Any) -> Case:
    fields: dict[str, Any] = {
        "executions": 300,
        "rules": (_need("a"), _need("b"), _need("c"), _veto(holds=False)),
        "gaps": (),
        "candidates": (_gain(),),
        "safety": Safety(),
        "thresholds": Thresholds(),
        "environment": "paper",
    }
    return Case(**(fields | changes))


GAP = Gap(algorithm="simple_limit", liquidity=THIN, executions=40, events=1)
WALKER_GAP = Gap(algorithm=WALKER, liquidity=THIN, executions=1, events=7)


@pytest.mark.parametrize(
    ("changes", "verdict", "words"),
    [
        ({"gaps": (GAP,)}, Verdict.NOT_ENOUGH_DATA, "simple_limit: thin 40 more executions and 1 more market-event."),
        ({"gaps": (GAP,), "executions": 0}, Verdict.NOT_ENOUGH_DATA, "There are no executions: it takes 100 executions in 20"),
        ({"rules": (_need("a"), _veto(holds=True))}, Verdict.KEEP_SIMPLE, "A veto holds (average slippage)"),
        ({"rules": (_need("a", holds=False),)}, Verdict.KEEP_SIMPLE, "None of the needs is proven"),
        ({"rules": (_need("a"), _need("b", holds=False))}, Verdict.WATCH, "1 of the 3 needs that would warrant a change is"),
        ({"rules": (_need("a"), _need("b"))}, Verdict.WATCH, "2 of the 3 needs that would warrant a change are proven (a, b)"),
        ({"candidates": ()}, Verdict.NOT_ENOUGH_DATA, "names no candidate"),
        ({"candidates": (_gain(gaps=(WALKER_GAP,), result=Result.UNDECIDED),)}, Verdict.NOT_ENOUGH_DATA,
         "dynamic_depth_walker: thin 1 more execution and 7 more market-events"),
        ({"candidates": (_gain(-0.4, 0.05),)}, Verdict.KEEP_SIMPLE, "does not answer it: -0.18 cents a contract net"),
        ({"candidates": (_gain(0.05, 0.6),)}, Verdict.WATCH, "whether dynamic_depth_walker answers it is not: +0.33 cents"),
        ({"safety": Safety(overfilled=("x",))}, Verdict.KEEP_SIMPLE, "not safely: 1 overfilled"),
        ({"candidates": (_gain(saving=Estimate(value=10, low=5, high=20)),)}, Verdict.KEEP_SIMPLE, "saves less in a year"),
        ({"candidates": (_gain(saving=Estimate(value=510, low=400, high=620)),)}, Verdict.WATCH, "may save less in a year"),
        ({}, Verdict.PILOT, "confirm it on orders drawn at random, 10 % first."),
        ({"environment": "live"}, Verdict.PILOT, "on orders drawn at random"),
        ({"randomised": True}, Verdict.PILOT, "confirm it on live orders"),
        ({"randomised": True, "environment": "live"}, Verdict.ADOPT, "on randomised live orders"),
    ],
)  # fmt: skip
def test_one_word_and_one_sentence(changes: dict[str, Any], verdict: Verdict, words: str) -> None:
    """Data before need, need before benefit, benefit before safety, safety before value."""
    found = decide(_case(**changes))
    assert verdict is found.verdict
    assert words in found.because
    assert found.because.endswith(".")
    assert ["data", "need", "benefit", "safety", "value"] == [stage.name for stage in found.stages]


def test_alternatives_are_one_need() -> None:
    """Under-filled or slow where depth is low: either is enough, both count once."""
    shallow = [replace(_need(key), need="shallow") for key in ("x", "y")]
    assert Verdict.WATCH is decide(_case(rules=(*shallow, _need("a")))).verdict
    assert Verdict.WATCH is decide(_case(rules=(shallow[0], replace(_need("y", holds=False), need="shallow")))).verdict


def test_a_verdict_that_hangs_on_the_thresholds_is_flagged() -> None:
    """Needs of 1.9 to 2.1 hold above 1.5 and are open above 1.875 x ..., so a quarter more makes another verdict."""
    close = [replace(_need(key), value=Estimate(value=1.7, low=1.6, high=1.8)) for key in "abc"]
    found = decide(_case(rules=tuple(close)))
    assert found.flips
    assert {0.75: Verdict.PILOT, 1.0: Verdict.PILOT, 1.25: Verdict.KEEP_SIMPLE} == found.sensitivity
    assert not decide(_case()).flips


def test_the_simplest_candidate_that_passes_is_taken() -> None:
    """The first in order; one that is still open does not stand in the way of one that passes."""
    first, second = _gain(0.05, 0.6, algorithm="adaptive"), _gain(algorithm="walker")
    assert "walker answers" in decide(_case(candidates=(first, second))).because
    assert "plain answers" in decide(_case(candidates=(_gain(algorithm="plain"), second))).because


def _arms(base_cents: float, other_cents: float, *, count: int = 30, fill: int = 10_000) -> Sample:
    rows = [measured(k, shortfall=Money(round(base_cents * 1_000_000) + k % 7 * 1_000)) for k in range(count)]
    rows += [
        measured(100 + k, algorithm=WALKER, shortfall=Money(round(other_cents * 1_000_000) + k % 5 * 1_000),
                 filled=Quantity(fill))
        for k in range(count)
    ]  # fmt: skip
    return Sample(rows, resamples=300)


SMALL = Thresholds(min_executions=30, min_events=20)


@pytest.mark.parametrize(
    ("base", "other", "fill", "expected"),
    [
        (2.0, 1.5, 10_000, Result.HOLDS),
        (2.0, 1.95, 10_000, Result.FAILS),
        (4.0, 3.85, 10_000, Result.FAILS),  # more than 0.10 cents, but less than 5 %
        (2.0, 1.5, 9_800, Result.FAILS),  # fills 2 points less
        (2.0, 1.5, 9_950, Result.HOLDS),  # half a point less is within the margin
    ],
)
def test_the_benefit_is_enough_money_without_filling_less(base: float, other: float, fill: int, expected: Result) -> None:
    """Surely more than 0.10 cents and 5 % in the most frequent class, and fills not surely a point less."""
    found = compare(_arms(base, other, fill=fill), WALKER, SMALL, days=90)
    assert expected is found.result
    assert THIN is found.dominant


def test_no_class_may_be_worse() -> None:
    """Half a cent lost in another class undoes the gain in the main one."""
    thin = _arms(2.0, 1.0)
    liquid = [replace(row, liquidity=LiquidityClass.LIQUID, ticker=f"X-{row.ticker}") for row in _arms(1.0, 1.5, count=25).rows]
    found = compare(Sample([*thin.rows, *liquid], resamples=300), WALKER, replace(SMALL, min_executions=25), days=90)
    assert Result.FAILS is found.result
    assert (-0.05, 0.1) == (found.classes[0].needed, pytest.approx(found.classes[1].needed, rel=0.01))


def test_the_saving_is_cents_times_the_contracts_of_a_year() -> None:
    """60 orders of 100 contracts in 73 days are 30,000 a year; half a cent of them is 150 dollars, less than 500."""
    found = compare(_arms(2.0, 1.5), WALKER, SMALL, days=73)
    assert 30_000 == pytest.approx(found.contracts_a_year)
    assert found.saving is not None
    assert 150 == pytest.approx(found.saving.value, rel=0.01)
    assert Result.FAILS is worth(found.saving, SMALL)
    assert Result.HOLDS is worth(found.saving, replace(SMALL, annual_cost=Money(100_000_000)))
    assert Result.UNDECIDED is worth(None, SMALL)


def test_what_is_missing_is_told_by_class_and_arm() -> None:
    """Executions with a shortfall and distinct market-events; only classes that occur; all of them where none does."""
    rows = [measured(k // 2) for k in range(10)] + [unfilled(50, shortfall=None, opportunity=None)]
    sample = Sample(rows, resamples=200)
    limits = Thresholds(min_executions=12, min_events=6)
    assert (Gap(algorithm="simple_limit", liquidity=THIN, executions=2, events=0),) == gaps(sample, "simple_limit", limits)
    assert (Gap(algorithm=WALKER, liquidity=THIN, executions=12, events=6),) == gaps(sample, WALKER, limits)
    assert list(LiquidityClass) == [gap.liquidity for gap in gaps(Sample([], resamples=200), WALKER, limits)]
    assert () == gaps(sample, "simple_limit", Thresholds(min_executions=10, min_events=6))
