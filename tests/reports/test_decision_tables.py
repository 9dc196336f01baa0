"""The report on the screen, as agreed at two widths, and what must never be missing from it."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from depthwalk.domain.measured import Evidence, Measured
from depthwalk.domain.result import LiquidityClass, Status
from depthwalk.domain.thresholds import Thresholds
from depthwalk.domain.units import SECOND, Duration, Instant, Money, Quantity
from depthwalk.reports.decision_json import report_json
from depthwalk.reports.decision_report import DecisionReport, build
from depthwalk.reports.decision_tables import report_tables
from depthwalk.reports.wording import ASCII
from tests.support.measured import measured, unfilled
from tests.support.results import START
from tests.support.tables import as_text, same_as_snapshot

WALKER = "dynamic_depth_walker"


def _rows() -> list[Measured]:
    rng = random.Random(11)
    rows = []
    for number in range(360):
        algorithm = rng.choice(("simple_limit", WALKER))
        liquidity = rng.choice(tuple(LiquidityClass))
        cents = rng.gauss(1.2 if algorithm == WALKER else 1.9, 0.7)
        changes: dict[str, Any] = {
            "algorithm": algorithm,
            "liquidity": liquidity,
            "n_over_touch": rng.uniform(0.5, 4),
            "slippage_percent": 2 * cents,
        }
        spread, fees = Money(round(cents * 1_000_000)), Money(rng.randrange(200_000))
        whole = {
            "shortfall": Money(spread + fees),
            "spread": spread,
            "fees": fees,
            "full_fill": Duration(rng.randrange(30) * SECOND),
        }
        rows.append(
            unfilled(number, **changes | {"slippage_percent": None})
            if rng.random() < 0.2
            else measured(number, **changes | whole)
        )
    return rows


def _report(rows: Sequence[Measured] | None = None, **changes: Any) -> DecisionReport:
    evidence = Evidence(rows=tuple(_rows() if rows is None else rows), **changes.pop("evidence", {}))
    fields: dict[str, Any] = {
        "environment": "paper",
        "since": START,
        "until": Instant(START + 90 * 86_400 * SECOND),
        "days": 90,
    }
    return build(evidence, changes.pop("thresholds", Thresholds(min_executions=40, resamples=500)), **(fields | changes))


def _text(report: DecisionReport, width: int = 140) -> str:
    return as_text(report_tables(report, width=width), width=width)


@pytest.mark.parametrize("width", [80, 140])
def test_the_report_looks_as_agreed(width: int) -> None:
    """Verdict, answers, rules, comparison, figures, verdict (REFRESH_SNAPSHOTS=1 renews it)."""
    text = _text(_report(), width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "…" not in text
    assert same_as_snapshot(f"report-{width}", text)


def test_the_verdict_stands_first_and_last() -> None:
    """Who reads only one line reads that one; what is good or bad needs no color."""
    lines = [line for line in _text(_report()).splitlines() if line]
    verdict = _report().decision.verdict.value
    assert lines[1].startswith(verdict)
    assert sum(line.startswith(verdict) for line in lines) == 2
    assert {"pass", "fail", "undecided"} & set(" ".join(lines).split())


def test_no_column_is_lost_on_a_narrow_screen() -> None:
    """The same figures, in more tables."""
    report = _report()
    for heading in (
        "under-filled",
        "slippage median",
        "volatility",
        "unfilled rest",
        "$ net",
        "not all",
        "tokens r / w",
        "N/touch",
    ):
        assert heading in _text(report, 80)


def test_what_is_not_counted_is_said() -> None:
    """Every kind of execution that is not in the figures, with its number."""
    rows = [*_rows(), unfilled(900, mid_twice=None, shortfall=None, liquidity=None), unfilled(901, shortfall=None)]
    report = _report(
        rows, evidence={"hybrid": 3, "refused": 1, "unfinished": 2, "earlier": 1400, "undated": 5, "unknown": ("a",)}
    )
    text = " ".join(_text(report).split())
    for words in (
        "1 execution had no arrival mid",
        "1 execution left a rest that no book could price",
        "5 executions ran on seeds",
        "Not counted: 1,400 older than 90 days, 3 on hybrid books, which are no evidence, 1 refused before anything was sent,",
        "2 not finished, 1 of unknown outcome.",
    ):
        assert words in text
    assert "no class" in text


def test_a_breach_of_safety_is_loud_whatever_the_verdict() -> None:
    """With the ids to look at."""
    report = _report([measured(k) for k in range(5)], evidence={"overfilled": ("abcdef0123456789",), "unknown": ("b" * 32,)})
    text = _text(report)
    assert "NOT_ENOUGH_DATA" in text
    assert "SAFETY: 1 overfilled, 0 beyond the cap, 1 unknown." in text
    assert "Look at: abcdef012345, bbbbbbbbbbbb." in text
    assert "fail" == report_json(report)["stages"]["safety"]["result"]  # type: ignore[index,call-overload]


def test_what_is_missing_is_said_for_each_arm() -> None:
    """How many more executions and market-events, by algorithm and class."""
    text = _text(_report(_rows()[:40], thresholds=Thresholds(resamples=200)))
    assert "Missing of simple_limit: liquid" in text
    assert "Missing of dynamic_depth_walker: liquid" in text
    assert "more market-events" in text


def test_one_execution_has_no_interval() -> None:
    """A figure without an interval says so, and nothing is decided on it."""
    report = _report([measured()])
    text = _text(report)
    assert "2.00 % [-]" in text
    assert "undecided" in text
    rule = report_json(report)["rules"][0]  # type: ignore[index]
    assert (2.0, None, "undecided") == (rule["value"], rule["low"], rule["result"])  # type: ignore[index,call-overload]


def test_an_arm_that_never_was_run_is_not_compared() -> None:
    """No table of nothing; the verdict says what is missing."""
    report = _report([*(measured(k) for k in range(60)), *(unfilled(100 + k) for k in range(40))])
    assert "against simple_limit" not in _text(report)
    assert "NOT_ENOUGH_DATA" == report.decision.verdict.value


def test_nothing_filled_is_no_slippage() -> None:
    """A dash and null, never 0."""
    report = _report([unfilled(k, status=Status.UNFILLED) for k in range(30)])
    figures = report.sections[0].rows[-1].figures
    assert figures.slippage_mean is None
    total = report_json(report)["groups"][0]["classes"]["total"]  # type: ignore[index,call-overload]
    assert total["slippage_percent"]["mean"] is None  # type: ignore[index,call-overload]
    assert {"median": None, "p95": None, "censored_percent": 100.0} == total["seconds_to_last_fill"]  # type: ignore[index,call-overload]


def test_a_terminal_of_ascii_gets_ascii() -> None:
    """No sign that it cannot show, whatever the names."""
    rows = [replace(row, tags={"desk": "Zürich"}, requested=Quantity(10_000)) for row in _rows()[:30]]
    report = _report(rows, by="tag")
    text = as_text(report_tables(report, width=80, signs=ASCII), width=80)
    assert text.isascii()
    assert "desk=Z?rich" in text
