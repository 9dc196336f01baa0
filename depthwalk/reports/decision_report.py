"""The decision report as a value: which executions, their figures by group and class, the rules, the verdict. Pure.

Screens are drawn by `decision_tables.py`, JSON is written by `decision_json.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from depthwalk.analysis.comparison import CandidateGain, compare, gaps
from depthwalk.analysis.decision import Case, Decision, Safety, decide
from depthwalk.analysis.figures import Figures, Sample, figures
from depthwalk.analysis.rules import Rule, rules
from depthwalk.domain.measured import Evidence, Measured
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.thresholds import Thresholds
from depthwalk.domain.units import Instant, Money

Grouping = Literal["algorithm", "ticker", "tag"]

TOTAL = "total"
NO_CLASS = "no class"
UNTAGGED = "(no tag)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: a liquidity class ("liquid", "moderate", "thin", "no class" where there was no book, "total")."""

    name: str
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One algorithm, ticker or tag with its classes."""

    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionReport:
    """All of it. *sections* has "all" first; with tags an execution may be in several."""

    environment: str
    since: Instant
    until: Instant
    days: int
    by: Grouping
    evidence: Evidence
    clusters: int
    sections: tuple[Section, ...]
    rules: tuple[Rule, ...]
    candidates: tuple[CandidateGain, ...]
    safety: Safety
    thresholds: Thresholds
    decision: Decision
    randomised: bool = False

    @property
    def total(self) -> Figures | None:
        """The figures of everything; None without executions."""
        return self.sections[0].rows[-1].figures if self.sections else None


def build(
    evidence: Evidence,
    thresholds: Thresholds,
    *,
    environment: str,
    since: Instant,
    until: Instant,
    days: int,
    by: Grouping = "algorithm",
    realised: Money | None = None,
) -> DecisionReport:
    """Return the report on *evidence*, which is of one environment and of *days* days."""
    sample = Sample(evidence.rows, resamples=thresholds.resamples)
    found = rules(sample, thresholds, realised=realised)
    gains = tuple(compare(sample, name, thresholds, days=days) for name in thresholds.candidates)
    safety = Safety(overfilled=evidence.overfilled, beyond_cap=evidence.beyond_cap, unknown=evidence.unknown)
    decision = decide(
        Case(
            executions=len(evidence.rows),
            rules=found,
            gaps=gaps(sample, thresholds.baseline, thresholds),
            candidates=gains,
            safety=safety,
            thresholds=thresholds,
            environment=environment,
        )
    )
    return DecisionReport(
        environment=environment,
        since=since,
        until=until,
        days=days,
        by=by,
        evidence=evidence,
        clusters=sample.bootstrap.clusters,
        sections=tuple(_sections(sample, by, thresholds.baseline)),
        rules=found,
        candidates=gains,
        safety=safety,
        thresholds=thresholds,
        decision=decision,
    )


def _sections(sample: Sample, by: Grouping, baseline: str) -> Iterable[Section]:
    if not sample.rows:
        return
    members: dict[str, list[int]] = {}
    for number, row in enumerate(sample.rows):
        for name in _names(row, by):
            members.setdefault(name, []).append(number)
    everything = _section("all", sample, list(range(len(sample.rows))))
    yield everything
    for name in sorted(members, key=lambda each: (each != baseline, each == UNTAGGED, each)):
        alone = len(members[name]) == len(sample.rows)
        yield Section(name=name, rows=everything.rows) if alone else _section(name, sample, members[name])


def _names(row: Measured, by: Grouping) -> list[str]:
    match by:
        case "algorithm":
            return [row.algorithm]
        case "ticker":
            return [row.ticker]
        case "tag":
            return [f"{key}={value}" for key, value in row.tags.items()] or [UNTAGGED]


def _section(name: str, sample: Sample, numbers: list[int]) -> Section:
    rows = []
    for liquidity in (*LiquidityClass, None):
        chosen = [number for number in numbers if sample.rows[number].liquidity is liquidity]
        if chosen:
            label = NO_CLASS if liquidity is None else liquidity.value
            rows.append(Row(name=label, figures=figures(sample, chosen)))
    whole = rows[0].figures if len(rows) == 1 else figures(sample, numbers)
    return Section(name=name, rows=(*rows, Row(name=TOTAL, figures=whole)))
