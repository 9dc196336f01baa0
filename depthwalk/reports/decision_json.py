"""The decision report as one JSON object with stable keys. Pure.

Dollars and counts of contracts are strings with their decimals; percentages, cents, points, seconds and ratios are numbers;
what is not known is null, never 0.
"""

from depthwalk.analysis.bootstrap import SEED
from depthwalk.analysis.comparison import CandidateGain, ClassGain, Gap, worth
from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.figures import Costs, Figures, Waiting
from depthwalk.analysis.rules import Result, Rule
from depthwalk.domain.units import DOLLAR, format_instant, format_money
from depthwalk.reports.decision_report import DecisionReport
from depthwalk.reports.result_json import Json


def report_json(report: DecisionReport) -> dict[str, Json]:
    """Return the object of `report --json`."""
    decision, evidence, limits = report.decision, report.evidence, report.thresholds
    total = report.total
    return {
        "verdict": decision.verdict.value,
        "because": decision.because,
        "environment": report.environment,
        "since": format_instant(report.since),
        "until": format_instant(report.until),
        "days": report.days,
        "by": report.by,
        "randomised": report.randomised,
        "counts": {
            "executions": len(evidence.rows),
            "events": 0 if total is None else total.events,
            "without_arrival_mid": 0 if total is None else total.without_mid,
            "without_price_of_rest": 0 if total is None else total.without_price,
            "simulated_time": evidence.undated,
            "hybrid_left_out": evidence.hybrid,
            "refused_left_out": evidence.refused,
            "unfinished_left_out": evidence.unfinished,
            "unknown_left_out": len(evidence.unknown),
            "earlier_left_out": evidence.earlier,
        },
        "stages": {stage.name: {"result": stage.result.value, "why": stage.why} for stage in decision.stages},
        "rules": [_rule(rule, list(decision.sensitivity)) for rule in report.rules],
        "sensitivity": {f"{factor:g}": verdict.value for factor, verdict in decision.sensitivity.items()},
        "flips": decision.flips,
        "missing": [_gap(gap) for gap in decision.gaps],
        "candidates": [_candidate(report, each) for each in report.candidates],
        "safety": {
            "result": report.safety.result.value,
            "overfilled": list(report.safety.overfilled),
            "beyond_cap": list(report.safety.beyond_cap),
            "unknown": list(report.safety.unknown),
        },
        "groups": [
            {"name": section.name, "classes": {row.name: _figures(row.figures) for row in section.rows}}
            for section in report.sections
        ],
        "bootstrap": {
            "resamples": limits.resamples,
            "clusters": report.clusters,
            "confidence": 0.95,
            "seed": SEED,
        },
    }


def _estimate(estimate: Estimate | None) -> Json:
    if estimate is None:
        return None
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def _dollars(value: float | None) -> str | None:
    return None if value is None else format_money(round(value * DOLLAR))


def _money(estimate: Estimate | None) -> Json:
    if estimate is None:
        return None
    return {"value": _dollars(estimate.value), "low": _dollars(estimate.low), "high": _dollars(estimate.high)}


def _rule(rule: Rule, factors: list[float]) -> Json:
    money = rule.unit == "dollars"
    value = _money(rule.value) if money else _estimate(rule.value)
    interval = value if isinstance(value, dict) else {"value": None, "low": None, "high": None}
    return {
        "rule": rule.key,
        "title": rule.title,
        "veto": rule.veto,
        "need": rule.need,
        **interval,
        "unit": rule.unit,
        "comparison": rule.comparison,
        "threshold": _dollars(rule.threshold) if money else rule.threshold,
        "result": rule.result().value,
        "at": {f"{factor:g}": rule.result(factor).value for factor in factors},
        "flips": rule_flips(rule, factors),
        "executions": rule.n,
        "of": rule.scope,
        "from": rule.source,
    }


def rule_flips(rule: Rule, factors: list[float]) -> bool:
    """Say whether a rule comes out otherwise with its threshold times one of the factors."""
    return any(rule.result(factor) is not rule.result() for factor in factors)


def _gap(gap: Gap) -> Json:
    return {
        "algorithm": gap.algorithm,
        "liquidity_category": gap.liquidity.value,
        "more_executions": gap.executions,
        "more_events": gap.events,
    }


def _candidate(report: DecisionReport, gain: CandidateGain) -> Json:
    limits = report.thresholds
    value: Result = worth(gain.saving, limits)
    return {
        "algorithm": gain.algorithm,
        "against": limits.baseline,
        "paired": False,
        "randomised": report.randomised,
        "dominant": None if gain.dominant is None else gain.dominant.value,
        "result": gain.result.value,
        "classes": {each.liquidity.value: _class(each, 100 * limits.fill_margin) for each in gain.classes},
        "annual_saving": _money(gain.saving),
        "annual_cost": format_money(limits.annual_cost),
        "contracts_a_year": gain.contracts_a_year,
        "value": value.value,
    }


def _class(gain: ClassGain, margin: float) -> Json:
    base, other = gain.executions
    touch_base, touch_other = gain.touch
    return {
        "executions": {"baseline": base, "candidate": other},
        "baseline_net_cents": gain.baseline_cents,
        "net_cents_saved": _estimate(gain.gain),
        "net_cents_needed": gain.needed,
        "fill_points": _estimate(gain.fill),
        "n_over_touch": {"baseline": touch_base, "candidate": touch_other},
        "result": gain.result(margin).value,
    }


def _figures(found: Figures) -> Json:
    return {
        "executions": found.executions,
        "events": found.events,
        "without_arrival_mid": found.without_mid,
        "without_price_of_rest": found.without_price,
        "requested": f"{found.requested:.2f}",
        "filled": f"{found.filled:.2f}",
        "fill_percent": _estimate(found.fill_rate),
        "underfilled_percent": _estimate(found.underfilled),
        "slippage_percent": {
            "executions": found.slippages,
            "mean": _estimate(found.slippage_mean),
            "median": _estimate(found.slippage_median),
            "volatility": _estimate(found.slippage_deviation),
        },
        "shortfall_percent": _costs(found.percent),
        "shortfall_cents": {
            **_costs(found.cents),
            "net_median": _estimate(found.net_cents_median),
            "net_95th": _estimate(found.net_cents_tail),
        },
        "shortfall_dollars": {name: _money(part) for name, part in found.dollars.parts.items()},
        "seconds_to_first_fill": _waiting(found.first_fill),
        "seconds_to_last_fill": _waiting(found.full_fill),
        "walks": _estimate(found.walks),
        "requests": _estimate(found.calls),
        "read_tokens": _estimate(found.read_tokens),
        "write_tokens": _estimate(found.write_tokens),
        "maker_percent": found.maker_share,
        "n_over_touch_median": _estimate(found.n_over_touch),
    }


def _costs(costs: Costs) -> dict[str, Json]:
    return {name: _estimate(part) for name, part in costs.parts.items()}


def _waiting(waiting: Waiting | None) -> Json:
    if waiting is None:
        return None
    return {"median": waiting.median, "p95": waiting.tail, "censored_percent": waiting.censored}
