"""The whole configuration as one frozen value, and the parameters of an algorithm merged from all that may set them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, cast

import platformdirs

from depthwalk.config.conversion import assembled, field_values
from depthwalk.config.decision import DecisionConfig
from depthwalk.config.faults import Faults
from depthwalk.config.sections import (
    CredentialsConfig,
    Environment,
    ExecutionConfig,
    LiquidityConfig,
    LiveConfig,
    Method,
    PaperConfig,
    RateLimitConfig,
    RecordingConfig,
    RiskConfig,
    RolloutConfig,
)
from depthwalk.domain.messages import Rules
from depthwalk.domain.units import seconds
from depthwalk.errors import UsageError
from depthwalk.executors.registry import ALGORITHMS, algorithm, default_parameters
from depthwalk.executors.state import BaseParams

_INSTEAD: Final = {"urgency": "edge_half_life_seconds", "edge_half_life_seconds": "urgency"}
"""Two ways to say one thing: who says one takes back what was said before in the other."""


def default_algorithms() -> dict[str, BaseParams]:
    """Return every algorithm of ours with its default parameters."""
    return {name: default_parameters(name) for name in ALGORITHMS}


_PLAIN_LAW: Final[dict[str, object]] = {
    "deficit_gain": 3.0,
    "imbalance_gain": 0.0,
    "patience_power": 1.0,
    "widest_spread": None,
    "thin": {},
}
"""What the control law of algorithms.md section 2.3 does not have, or has otherwise than the laboratory found best."""


def _default_methods() -> dict[str, Method]:
    """Return the walker's profiles (algorithms.md sections 2.6 and 2.10), and the one that the notes name."""
    profiles: dict[str, dict[str, object]] = {
        "default": {},
        "fee_aware": {"passive_until": 0.85},
        "urgent": _PLAIN_LAW | {"offsets": (2.0, 1.2, 0.0), "patience": 1.5, "spread_gain": 0.0},
        "three_level": {"split_ratios": (0.5, 0.3, 0.2)},
        "reference": _PLAIN_LAW | {"offsets": (1.1, 0.4, 0.0), "patience": 1.0, "spread_gain": 0.2, "max_slippage": 0.025},
        "aggressive_nfl_advanced": {"max_slippage": 0.025, "timeout_seconds": 40.0},
    }
    return {name: Method(algorithm="dynamic_depth_walker", overrides=changed) for name, changed in profiles.items()}


def varied(params: BaseParams, changes: Mapping[str, object]) -> BaseParams:
    """Return *params* with *changes*, whose values have been converted. Raises DomainError for what cannot be."""
    return replace(params, **cast("dict[str, Any]", dict(changes)))


def _said(params: BaseParams, changes: Mapping[str, object]) -> BaseParams:
    """Return *params* with *changes*, which take back what was said before in another way."""
    cleared = {_INSTEAD[key]: None for key in changes if key in _INSTEAD and _INSTEAD[key] not in changes}
    return varied(params, cleared | dict(changes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything configurable. *origin* is the file it came from, None for the built-in defaults."""

    environment: Environment = Environment.PAPER
    database: str | None = None
    credentials: CredentialsConfig = field(default_factory=CredentialsConfig)
    paper: PaperConfig = field(default_factory=PaperConfig)
    live: LiveConfig = field(default_factory=LiveConfig)
    execution: ExecutionConfig = field(default_factory=ExecutionConfig)
    algorithms: dict[str, BaseParams] = field(default_factory=default_algorithms)
    liquidity: LiquidityConfig = field(default_factory=LiquidityConfig)
    methods: dict[str, Method] = field(default_factory=_default_methods)
    recording: RecordingConfig = field(default_factory=RecordingConfig)
    rate_limit: RateLimitConfig = field(default_factory=RateLimitConfig)
    risk: RiskConfig = field(default_factory=RiskConfig)
    rollout: RolloutConfig = field(default_factory=RolloutConfig)
    decision: DecisionConfig = field(default_factory=DecisionConfig)
    origin: Path | None = field(default=None, compare=False)

    def database_path(self) -> Path:
        """Return where the database is; a relative path counts from the config file's folder."""
        if self.database is None:
            return platformdirs.user_data_path("depthwalk") / "depthwalk.sqlite"
        return self._resolved(self.database)

    def private_key_path(self) -> Path:
        """Return where the private key is; a relative path counts from the config file's folder."""
        return self._resolved(self.credentials.private_key_path)

    def paper_key_path(self) -> Path:
        """Return where the key of a served paper exchange is."""
        if self.paper.private_key_path is None:
            return platformdirs.user_data_path("depthwalk") / "paper-server.pem"
        return self._resolved(self.paper.private_key_path)

    def kill_switch_path(self) -> Path | None:
        """Return the file whose existence stops everything; None where there is none."""
        return None if self.risk.kill_switch_file is None else self._resolved(self.risk.kill_switch_file)

    def rules(self) -> Rules:
        """Return what holds for every algorithm."""
        return Rules(
            max_book_age=seconds(self.execution.max_book_age_seconds),
            liquidity=self.liquidity.rule(),
            max_notional=self.risk.max_notional,
        )

    def method(self, name: str) -> Method:
        """Return a named profile. Raises UsageError naming the known ones."""
        found = self.methods.get(name)
        if found is None:
            raise UsageError(f"unknown method {name!r}", hint=f"known methods: {', '.join(self.methods) or 'none'}")
        return found

    def algorithm_for(self, name: str | None = None, method: str | None = None) -> str:
        """Return the algorithm that is meant: *name*, else the method's, else the configured default.

        Raises:
            UsageError: unknown algorithm or method, or a method of another algorithm than *name*.

        """
        if name is not None:
            algorithm(name)
        if method is None:
            return name or self.execution.algorithm
        owner = self.method(method).algorithm
        if name not in (None, owner):
            raise UsageError(f"method {method!r} is of {owner}, not of {name}", hint="leave --algo out, or name another method")
        return owner

    def section(self, name: str) -> BaseParams:
        """Return an algorithm's parameters as its section has them, else as it comes. Raises UsageError for an unknown one."""
        found = self.algorithms.get(name)
        return default_parameters(name) if found is None else found

    def params_for(
        self, name: str | None = None, method: str | None = None, overrides: Mapping[str, object] | None = None
    ) -> BaseParams:
        """Return parameters: the algorithm's defaults, then its section, then *method*, then *overrides*.

        *overrides* are raw values as YAML would have them (0.02, "0.005", "cross"); None means not given.

        Raises:
            UsageError: unknown algorithm or method, a method of another algorithm, or parameters that cannot be.

        """
        chosen = self.algorithm_for(name, method)
        params = self.section(chosen)
        if method is not None:
            params = _said(params, self.method(method).overrides)
        given = {key: value for key, value in (overrides or {}).items() if value is not None}
        foreign = sorted(given.keys() - self.applicable(chosen, given).keys())
        if foreign:
            having = [other for other in self.algorithms if self.applicable(other, {foreign[0]: given[foreign[0]]})]
            hint = f"algorithms that have it: {', '.join(having) or 'none'}"
            raise UsageError(f"{chosen} has no parameter {foreign[0]}", hint=hint)
        faults = Faults()
        changes = field_values(type(params), given, (chosen,), faults)
        result = assembled(lambda some: _said(params, some), changes, (chosen,), faults)
        if result is None or faults.all:
            raise UsageError("; ".join(faults.lines))
        return result

    def applicable(self, name: str, overrides: Mapping[str, object]) -> dict[str, object]:
        """Return those of *overrides* that an algorithm has a parameter for. Raises UsageError for an unknown algorithm."""
        known = {each.name for each in fields(self.section(name))}
        return {key: value for key, value in overrides.items() if key in known}

    def _resolved(self, text: str) -> Path:
        return (self.origin.parent if self.origin else Path()) / Path(text).expanduser()
