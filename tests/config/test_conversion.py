"""Raw values into typed ones: what is accepted, what is refused and in which words."""

import dataclasses
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.config import Config, Environment, Tier
from depthwalk.config.conversion import BAD, Faults, convert, section
from depthwalk.domain.messages import Rules
from depthwalk.domain.units import Duration, Price
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalkerParams
from depthwalk.executors.registry import ALGORITHMS
from depthwalk.executors.signals import Momentum
from depthwalk.executors.simple_limit import LimitRule, SimpleLimitParams
from tests.support.configs import faults_of, loaded


def test_every_kind_of_value_is_converted() -> None:
    """Units become integers, enums members, lists tuples; empty sections keep their defaults."""
    config = loaded(
        """
        environment: demo
        live:
        execution: {max_book_age_seconds: 2}
        liquidity: {liquid: 200, moderate: "0.50", within: "0.005"}
        rate_limit: {tier: prime, calls_per_minute: 90}
        risk: {max_notional: 75}
        algorithms:
          simple_limit: {limit_rule: cap}
          dynamic_depth_walker: {split_ratios: [1, 2], thin: {max_walks: 3, base_increment: "0.02", momentum: volume}}
        """
    )

    assert (20_000, 50, 50) == (config.liquidity.liquid, config.liquidity.moderate, config.liquidity.within)
    assert (Tier.PRIME, 90, 75_000_000) == (
        config.rate_limit.tier,
        config.rate_limit.calls_per_minute,
        config.risk.max_notional,
    )
    assert (
        Rules(max_book_age=Duration(2_000_000), liquidity=config.liquidity.rule(), max_notional=config.risk.max_notional)
        == config.rules()
    )
    assert SimpleLimitParams(limit_rule=LimitRule.CAP) == config.params_for("simple_limit")
    walker = config.params_for("dynamic_depth_walker")
    assert isinstance(walker, DynamicDepthWalkerParams)
    assert (1.0, 2.0) == walker.split_ratios
    assert {"max_walks": 3, "base_increment": Price(200), "momentum": Momentum.VOLUME} == walker.thin
    assert Config().live == config.live


ALL = ", ".join(ALGORITHMS)
WALKER = "algorithms: {dynamic_depth_walker: {%s}}"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("enviroment: paper", "enviroment: found an unknown key (did you mean environment?); allowed: environment, database, "),
        ("environment: Paper", "environment: found 'Paper'; allowed: paper, demo, live"),
        ("environment: null", "environment: found nothing; allowed: paper, demo, live"),
        ("origin: here", "origin: found an unknown key; allowed: environment"),
        ("1: 2", "1: found an unknown key; allowed: environment"),
        ("database: 5", "database: found 5; allowed: text"),
        ("live: {enabled: 1}", "live.enabled: found 1; allowed: true or false"),
        ('live: {enabled: "true"}', "live.enabled: found 'true'; allowed: true or false"),
        ("live: true", "live: found true; allowed: a mapping of keys"),
        ("execution: {algorithm: vwap}", f"execution.algorithm: found 'vwap'; allowed: {ALL}"),
        ("execution: {max_retries: true}", "execution.max_retries: found true; allowed: a whole number"),
        ("execution: {max_retries: 3.0}", "execution.max_retries: found 3.0; allowed: a whole number"),
        ("execution: {max_retries: 21}", "execution.max_retries: found 21; allowed: 0 to 20"),
        ('execution: {max_book_age_seconds: "10"}', "execution.max_book_age_seconds: found '10'; allowed: a number"),
        ("execution: {max_book_age_seconds: .inf}", "execution.max_book_age_seconds: found inf; allowed: a number"),
        ("execution: {max_book_age_seconds: .nan}", "execution.max_book_age_seconds: found nan; allowed: a number"),
        ("execution: {max_book_age_seconds: 0}", "execution.max_book_age_seconds: found 0.0; allowed: more than 0"),
        (
            f"execution: {{max_book_age_seconds: 0x{'f' * 9000}}}",
            "execution.max_book_age_seconds: found a huge number; allowed: a ",
        ),
        ("execution: {max_book_age_seconds: 2026-01-01}", "execution.max_book_age_seconds: found a date; allowed: a number"),
        ("liquidity: {within: 0.03}", "liquidity.within: found 0.03 without quotes; allowed: dollars in quotes"),
        (
            'liquidity: {within: "0.00005"}',
            "liquidity.within: found '0.00005'; allowed: dollars in quotes with at most 4 decimals",
        ),
        ('liquidity: {within: "1"}', "liquidity.within: found 1.0000; allowed: between 0 and 1 dollar"),
        ("liquidity: {liquid: 100.0}", "liquidity.liquid: found 100.0 without quotes; allowed: contracts"),
        ("liquidity: {liquid: true}", "liquidity.liquid: found true; allowed: contracts"),
        ("liquidity: {liquid: 49}", "liquidity.liquid: found 49.00; allowed: moderate (50.00) or more"),
        ("liquidity: {moderate: 0}", "liquidity.moderate: found 0.00; allowed: more than 0"),
        ("rate_limit: {tier: gold}", "rate_limit.tier: found 'gold'; allowed: auto, basic, advanced, expert, premier, paragon"),
        ("rate_limit: {utilisation: 1.1}", "rate_limit.utilisation: found 1.1; allowed: more than 0, at most 1"),
        ("rate_limit: {cancel_reserve: 1}", "rate_limit.cancel_reserve: found 1.0; allowed: 0 or more, less than 1"),
        ("rate_limit: {calls_per_minute: 0}", "rate_limit.calls_per_minute: found 0; allowed: 1 or more, or null"),
        ('risk: {max_notional: "1e3"}', "risk.max_notional: found '1e3'; allowed: dollars"),
        ("risk: {max_notional: 0}", "risk.max_notional: found 0.000000; allowed: more than 0"),
        ("risk: {max_count: -1}", "risk.max_count: found -1.00; allowed: more than 0"),
        ("algorithms: {vwap: {}}", f"algorithms.vwap: found an unknown key (did you mean twap?); allowed: {ALL}"),
        ("algorithms: [simple_limit]", "algorithms: found a list; allowed: a mapping of keys"),
        (
            "algorithms: {simple_limit: {end_action: stop}}",
            "algorithms.simple_limit.end_action: found 'stop'; allowed: cross, cancel",
        ),
        (
            "algorithms: {simple_limit: {end_action: [cross]}}",
            "algorithms.simple_limit.end_action: found a list; allowed: cross",
        ),
        ("algorithms: {simple_limit: {max_slippage: 2}}", "algorithms.simple_limit.max_slippage: found 2.0; allowed: 0 to 1"),
        (WALKER % "split_ratios: 0.6", "algorithms.dynamic_depth_walker.split_ratios: found 0.6; allowed: a list"),
        (WALKER % "split_ratios: [a]", "algorithms.dynamic_depth_walker.split_ratios.0: found 'a'; allowed: a number"),
        (WALKER % "split_ratios: []", "algorithms.dynamic_depth_walker.split_ratios: found []; allowed: one or more numbers"),
        (
            WALKER % "thin: {max_walk: 3}",
            "algorithms.dynamic_depth_walker.thin.max_walk: found an unknown key (did you mean max_",
        ),
        (WALKER % "thin: {thin: {}}", "algorithms.dynamic_depth_walker.thin.thin: found an unknown key"),
        (
            WALKER % "thin: {end_action: cancel}",
            "algorithms.dynamic_depth_walker.thin.end_action: found cancel; allowed: nothing here",
        ),
        (WALKER % "thin: {max_walks: x}", "algorithms.dynamic_depth_walker.thin.max_walks: found 'x'; allowed: a whole number"),
        (WALKER % "thin: {max_walks: -1}", "algorithms.dynamic_depth_walker.thin.max_walks: found -1; allowed: 0 or more"),
        ("methods: {m: {}}", f"methods.m.algorithm: found nothing; allowed: {ALL}"),
        ("methods: {m: }", f"methods.m.algorithm: found nothing; allowed: {ALL}"),
        ("methods: {5: {}}", "methods.5: found a name that is no text; allowed: a name in quotes"),
        ("methods: {m: {algorithm: simple_limit, max_walks: 3}}", "methods.m.max_walks: found an unknown key"),
        ("methods: {m: {algorithm: simple_limit, max_slippage: 9}}", "methods.m.max_slippage: found 9.0; allowed: 0 to 1"),
    ],
)
def test_each_fault_has_its_path_and_what_is_allowed(text: str, fault: str) -> None:
    """One fault, one line: file, line, path of the key, found, allowed."""
    (line,) = faults_of(text)
    assert line.startswith(f"mine.yaml, line 1: {fault}")


def test_all_faults_are_told_at_once() -> None:
    """Line by line from top to bottom, unknown keys of a line first; a good key beside a bad one does not hide it."""
    faults = faults_of(
        "environment: x\nrisk: {max_count: y, max_cost: 1}\nmethods: {m: {algorithm: z}}\nlive: {enabled: maybe}"
    )

    assert ["environment", "risk.max_cost", "risk.max_count", "methods.m.algorithm", "live.enabled"] == [
        line.split(": ")[1] for line in faults
    ]


@pytest.mark.parametrize(
    "text",
    [
        "credentials: {api_key_id_env: 11111111-2222-3333-4444-555555555555}",
        'credentials: {private_key_path: "-----BEGIN PRIVATE KEY----- 55555"}',
        'credentials: {private_key: "-----BEGIN PRIVATE KEY----- 55555"}',
        'credentials: "55555"',
    ],
)
def test_a_key_written_down_by_mistake_is_not_repeated(text: str) -> None:
    """A message may end in a log; the key must not."""
    (line,) = faults_of(text)
    assert line.startswith("mine.yaml, line 1: credentials")
    assert "55555" not in line


def test_long_values_are_shortened() -> None:
    """A message stays a line whatever the file holds."""
    (line,) = faults_of(f"environment: {'x' * 10_000}")
    assert len(line) < 120
    (line,) = faults_of(f"{'x' * 500}: 1")
    assert len(line) < 250


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
_DOCUMENTS = st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner))


@given(_DOCUMENTS)
def test_any_document_is_converted_or_refused(raw: Any) -> None:
    """Whatever stands in any section: a value or a fault, never an exception."""
    hints = {each.name: each.type for each in dataclasses.fields(Config)}
    for name, kind in hints.items():
        if dataclasses.is_dataclass(kind) or kind is Environment:
            faults = Faults("f")
            converted = convert(raw, kind, (name,), faults)
            assert (converted is BAD) == bool(faults.lines)
    for name, spec in ALGORITHMS.items():
        faults = Faults("f")
        assert (section(spec.params, raw, (name,), faults) is None) == bool(faults.lines)


@pytest.mark.parametrize("kind", [Fraction, int | str, list[int]])
def test_a_type_without_a_conversion_is_a_fault_of_the_key(kind: object) -> None:
    """A parameter of another package's algorithm may have a type that no file can say: refused by name, not by a traceback."""
    faults = Faults()

    assert convert("1/2", kind, ("algorithms", "theirs", "share"), faults) is BAD
    assert (
        "algorithms.theirs.share: found '1/2'; allowed: nothing: the configuration knows no values of its type"
        in faults.lines[0]
    )
