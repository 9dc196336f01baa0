"""The sections of the configuration: keys, defaults, ranges. No YAML here.

A key that nothing uses is not known. An algorithm's parameters are in its own params class.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, assert_never

from depthwalk.domain.messages import LiquidityRule
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.routing import AUTO, MILLION
from depthwalk.domain.units import (
    CONTRACT,
    DOLLAR,
    ONE,
    Duration,
    Money,
    Price,
    Quantity,
    format_money,
    format_price,
    format_quantity,
    seconds,
)
from depthwalk.errors import DomainError
from depthwalk.executors.registry import algorithm_names, is_algorithm
from depthwalk.executors.state import require

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_LOOPBACK: Final = re.compile(r"http://(127\.0\.0\.1|\[::1\]|localhost):(?P<port>\d{1,5})/?")
_LAST_PORT: Final = 65_535
_MOST_RETRIES: Final = 20
_MAX_NOTIONAL: Final = Money(500 * DOLLAR)
_SHORTEST_INTERVAL: Final = 0.1
_LONGEST_INTERVAL: Final = 86_400
_MOST_LEVELS: Final = 1_000
_MOST_EXECUTIONS: Final = 1_000
_MAX_DAILY_NOTIONAL: Final = Money(2_000 * DOLLAR)


class Environment(StrEnum):
    """Where orders go."""

    PAPER = "paper"
    DEMO = "demo"
    LIVE = "live"


class Tier(StrEnum):
    """The venue's usage tiers (kalshi-api.md, its table of tiers); AUTO asks the venue."""

    AUTO = "auto"
    BASIC = "basic"
    ADVANCED = "advanced"
    EXPERT = "expert"
    PREMIER = "premier"
    PARAGON = "paragon"
    PRIME = "prime"
    PRESTIGE = "prestige"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsConfig:
    """Where the key is: the name of an environment variable, and a file. Never the key itself."""

    api_key_id_env: str = "KALSHI_API_KEY_ID"
    private_key_path: str = "~/.config/depthwalk/kalshi.pem"

    def __post_init__(self) -> None:
        # What stands here by mistake may be the key itself, so it is not repeated.
        if not _VARIABLE.fullmatch(self.api_key_id_env):
            raise DomainError("api_key_id_env: found something else; allowed: the name of an environment variable")
        if not self.private_key_path or "-----BEGIN" in self.private_key_path or "\n" in self.private_key_path:
            raise DomainError("private_key_path: found something else; allowed: the path of a file")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperConfig:
    """Which paper exchange: *server* null is the embedded one, else one that `depthwalk paper serve` runs on this machine.

    *private_key_path* null: the key that `paper serve` wrote in the platform's data folder.
    """

    server: str | None = None
    private_key_path: str | None = None

    def __post_init__(self) -> None:
        text = self.server
        if text is None:
            return
        found = _LOOPBACK.fullmatch(text)
        allowed = "http://127.0.0.1:PORT of this machine, or null"
        require(found is not None and 0 < int(found["port"]) <= _LAST_PORT, "server", repr(text), allowed)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveConfig:
    """Real money has to be wanted here as well as on the command line."""

    enabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionConfig:
    """What holds for every execution; *max_retries* is of reads; writes are settled, and repeated only after a 429."""

    algorithm: str = "simple_limit"
    max_retries: int = 3
    max_book_age_seconds: float = 10.0
    max_concurrent_executions: int = 5

    def __post_init__(self) -> None:
        _require_algorithm(self.algorithm, " (--algo auto draws between this one and rollout.algorithm)")
        require(0 <= self.max_retries <= _MOST_RETRIES, "max_retries", self.max_retries, f"0 to {_MOST_RETRIES}")
        require(self.max_book_age_seconds > 0, "max_book_age_seconds", self.max_book_age_seconds, "more than 0")
        most = self.max_concurrent_executions
        require(1 <= most <= _MOST_EXECUTIONS, "max_concurrent_executions", most, f"1 to {_MOST_EXECUTIONS}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidityConfig:
    """What makes a book liquid or moderate: contracts on the taker side, within so many dollars of its best."""

    liquid: Quantity = LiquidityRule().liquid
    moderate: Quantity = LiquidityRule().moderate
    within: Price = LiquidityRule().within

    def __post_init__(self) -> None:
        require(self.moderate > 0, "moderate", format_quantity(self.moderate), "more than 0")
        require(
            self.liquid >= self.moderate,
            "liquid",
            format_quantity(self.liquid),
            f"moderate ({format_quantity(self.moderate)}) or more",
        )
        require(0 < self.within < ONE, "within", format_price(self.within), "between 0 and 1 dollar")

    def rule(self) -> LiquidityRule:
        """Return it as the executors know it."""
        return LiquidityRule(liquid=self.liquid, moderate=self.moderate, within=self.within)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingConfig:
    """How often books are recorded, and how many levels of each side are kept."""

    interval_seconds: float = 4.0
    depth: int = 10

    def __post_init__(self) -> None:
        require(
            _SHORTEST_INTERVAL <= self.interval_seconds <= _LONGEST_INTERVAL,
            "interval_seconds",
            self.interval_seconds,
            f"{_SHORTEST_INTERVAL} to {_LONGEST_INTERVAL}",
        )
        require(1 <= self.depth <= _MOST_LEVELS, "depth", self.depth, f"1 to {_MOST_LEVELS}")

    def interval(self) -> Duration:
        """Return the interval as a Duration."""
        return seconds(self.interval_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitConfig:
    """The share of the tier's tokens we use, the part of it kept for cancels, and a limit of one's own."""

    tier: Tier = Tier.AUTO
    utilisation: float = 0.9
    cancel_reserve: float = 0.1
    calls_per_minute: int | None = None

    def __post_init__(self) -> None:
        require(0 < self.utilisation <= 1, "utilisation", self.utilisation, "more than 0, at most 1")
        require(0 <= self.cancel_reserve < 1, "cancel_reserve", self.cancel_reserve, "0 or more, less than 1")
        calls = self.calls_per_minute
        require(calls is None or calls > 0, "calls_per_minute", calls, "1 or more, or null")


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskConfig:
    """The largest order: contracts, and dollars it may put at stake at its cap (a sale: 1 - cap a contract).

    *max_daily_notional* is of all executions of an account on one day (UTC). While the file *kill_switch_file* exists nothing
    is sent, and what runs is stopped.
    """

    max_count: Quantity = Quantity(1000 * CONTRACT)
    max_notional: Money = _MAX_NOTIONAL
    max_daily_notional: Money = _MAX_DAILY_NOTIONAL
    kill_switch_file: str | None = None

    def __post_init__(self) -> None:
        require(self.max_count > 0, "max_count", format_quantity(self.max_count), "more than 0")
        require(self.max_notional > 0, "max_notional", format_money(self.max_notional), "more than 0")
        require(self.max_daily_notional > 0, "max_daily_notional", format_money(self.max_daily_notional), "more than 0")
        require(self.kill_switch_file != "", "kill_switch_file", repr(self.kill_switch_file), "the path of a file, or null")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassShares:
    """The share of one liquidity class where it is not that of all; None: it is."""

    liquid: float | None = None
    moderate: float | None = None
    thin: float | None = None

    def __post_init__(self) -> None:
        for liquidity in LiquidityClass:
            if (share := self.of(liquidity)) is not None:
                _require_share(liquidity.value, share)

    def of(self, liquidity: LiquidityClass) -> float | None:
        """Return the share of a class, None where it has none of its own."""
        match liquidity:
            case LiquidityClass.LIQUID:
                return self.liquid
            case LiquidityClass.MODERATE:
                return self.moderate
            case LiquidityClass.THIN:
                return self.thin
            case _:
                assert_never(liquidity)


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutConfig:
    """What `--algo auto` draws: the share of executions that *algorithm* gets; the others get `execution.algorithm`."""

    share: float = 0.0
    shares: ClassShares = field(default_factory=ClassShares)
    algorithm: str = "dynamic_depth_walker"

    def __post_init__(self) -> None:
        _require_share("share", self.share)
        _require_algorithm(self.algorithm)

    def millionths(self, liquidity: LiquidityClass) -> int:
        """Return the share of a class of books, exact."""
        own = self.shares.of(liquidity)
        return round((self.share if own is None else own) * MILLION)


def _require_algorithm(name: str, why_not_auto: str = "") -> None:
    if not is_algorithm(name):
        allowed = ", ".join(algorithm_names()) + (why_not_auto if name == AUTO else "")
        require(holds=False, name="algorithm", value=repr(name), allowed=allowed)


def _require_share(key: str, share: float) -> None:
    require(0 <= share <= 1 and round(share, 6) == share, key, share, "0 to 1, at most 6 decimals")


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A named profile: an algorithm, and those of its parameters that differ from its section (converted)."""

    algorithm: str
    overrides: dict[str, object] = field(default_factory=dict)
