"""What shall go wrong on the way to the paper exchange: kinds of faults, weather, and faults at a chosen call or time.

Values only; `faults.py` carries them out. The list of kinds is that of kalshi-api.md section 14 point 10 and more; faults of
the WebSocket are not there.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from depthwalk.errors import DomainError


class Calls(Enum):
    """Sorts of requests. A decrease counts as an amend, canceling several or all as a cancel."""

    CREATE = "create"
    AMEND = "amend"
    CANCEL = "cancel"
    READ = "read"
    ANY = "any"


class FaultKind(Enum):
    """What may happen to a request, or to the exchange. The values are the words of the file."""

    DROPPED = "dropped"
    """Never arrives; the connection breaks."""
    LOST_AFTER = "lost_after"
    """Acted on; the connection breaks before the reply."""
    HUNG_BEFORE = "hung_before"
    """Never arrives; no reply as long as the client waits."""
    HUNG_AFTER = "hung_after"
    """Acted on; no reply as long as the client waits."""
    E500_BEFORE = "500_before"
    E503_BEFORE = "503_before"
    E504_BEFORE = "504_before"
    """Never acted on; answered with this status."""
    E500_AFTER = "500_after"
    E503_AFTER = "503_after"
    E504_AFTER = "504_after"
    """Acted on; answered with this status all the same."""
    NO_ORDER = "no_order"
    """Acted on; answered with 200 and a body without an order in it."""
    TWICE = "twice"
    """Arrives twice; the client gets one of the two replies."""
    SLOW = "slow"
    """Takes its time on the way there."""
    SLOW_REPLY = "slow_reply"
    """Acted on at once; the reply takes its time."""
    LATE = "late"
    """Arrives after the client has given it up."""
    THROTTLED = "throttled"
    """Not acted on: 429."""
    CLOCK_SKEW = "clock_skew"
    """Not acted on: 401, the signature's time is too far off."""
    UNFUNDED = "unfunded"
    """Not acted on: 404, no cash on the market's exchange shard."""
    TRADING_PAUSE = "trading_pause"
    """For a while no order is taken or changed; cancels pass."""
    EXCHANGE_PAUSE = "exchange_pause"
    """For a while nothing is taken, cancels included."""
    MARKET_CLOSE = "market_close"
    """All markets close for good."""
    GRID_CHANGE = "grid_change"
    """The price grid of all markets changes to steps of 0.001 dollar."""


PAUSES: Final = frozenset({FaultKind.TRADING_PAUSE, FaultKind.EXCHANGE_PAUSE})
OF_THE_MARKET: Final = frozenset({FaultKind.MARKET_CLOSE, FaultKind.GRID_CHANGE})
OF_THE_EXCHANGE: Final = PAUSES | OF_THE_MARKET
"""Kinds that happen to the exchange rather than to one request."""

OF_WRITES: Final = frozenset(
    {
        FaultKind.LOST_AFTER,
        FaultKind.HUNG_AFTER,
        FaultKind.E500_AFTER,
        FaultKind.E503_AFTER,
        FaultKind.E504_AFTER,
        FaultKind.NO_ORDER,
        FaultKind.TWICE,
        FaultKind.LATE,
        FaultKind.UNFUNDED,
    }
)
"""Kinds that mean nothing for a read: it is the same before and after, or makes no sense."""

DELAYS: Final = frozenset({FaultKind.SLOW, FaultKind.SLOW_REPLY, FaultKind.LATE})
"""Kinds that are nothing but a wait."""

PASSING: Final = tuple(kind for kind in FaultKind if kind not in OF_THE_EXCHANGE | {FaultKind.CLOCK_SKEW, FaultKind.UNFUNDED})
"""The kinds of the weather unless it says otherwise: those after which a run can go on."""

MODERATE_WRITES: Final = 0.10
MODERATE_READS: Final = 0.05
MODERATE_LAG: Final = 1.5
"""Seconds: longer than between two looks of a run, so that it meets old answers."""

_LONGEST: Final = 86_400.0


def concerns(kind: FaultKind, calls: Calls) -> bool:
    """Say whether a kind makes sense for a sort of request (ANY: for some)."""
    match calls:
        case Calls.READ:
            return kind not in OF_WRITES
        case Calls.AMEND | Calls.CANCEL:
            return kind is not FaultKind.UNFUNDED
        case Calls.CREATE | Calls.ANY:
            return True


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFault:
    """A fault at the call *number* (from 1, counted from the start) of its sort.

    *seconds*: of `slow` and `late` until it arrives, of a pause how long it lasts, of every other kind until the client hears
    of it. None: as `faults.py` says for the kind.
    """

    call: Calls = Calls.ANY
    number: int = 1
    fault: FaultKind = FaultKind.LOST_AFTER
    seconds: float | None = None

    def __post_init__(self) -> None:
        _require(self.number >= 1, "number", self.number, "1 or more")
        _require_seconds(self.seconds, "seconds")
        fitting = ", ".join(kind.value for kind in FaultKind if concerns(kind, self.call))
        _require(concerns(self.fault, self.call), "fault", self.fault.value, f"with call: {self.call.value}, {fitting}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedFault:
    """A fault from *at* seconds after the first request on, for *seconds*: every call it makes sense for, or the exchange.

    MARKET_CLOSE and GRID_CHANGE are for good.
    """

    at: float = 0.0
    fault: FaultKind = FaultKind.TRADING_PAUSE
    seconds: float = 5.0

    def __post_init__(self) -> None:
        _require_seconds(self.at, "at")
        _require_seconds(self.seconds, "seconds")
        fitting = ", ".join(kind.value for kind in FaultKind if kind not in DELAYS)
        _require(self.fault not in DELAYS, "fault", self.fault.value, f"at a time, {fitting}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """All that shall go wrong. The weather is *writes*, *reads* (shares from 0 to 1), *kinds* and *lag_seconds*.

    It begins with the first look at the account's orders or fills, or the first write, so that a run always starts. By up to
    *lag_seconds* what is read of the account may be old; the exchange's word on how fresh it is takes that into account.
    """

    seed: int = 0
    writes: float = 0.0
    reads: float = 0.0
    kinds: tuple[FaultKind, ...] = PASSING
    lag_seconds: float = 0.0
    calls: tuple[CallFault, ...] = ()
    times: tuple[TimedFault, ...] = ()

    def __post_init__(self) -> None:
        _require(self.seed >= 0, "seed", self.seed, "0 or more")
        for name, share in (("writes", self.writes), ("reads", self.reads)):
            _require(0 <= share <= 1, name, share, "0 to 1")
        _require(0 <= self.lag_seconds <= _LONGEST, "lag_seconds", self.lag_seconds, "0 to 86400")
        # What happens to the exchange needs a time or a call.
        wrong = [kind.value for kind in self.kinds if kind in OF_THE_EXCHANGE]
        drawn = ", ".join(kind.value for kind in FaultKind if kind not in OF_THE_EXCHANGE)
        _require(not wrong, "kinds", ", ".join(wrong), drawn)
        _require(bool(self.kinds), "kinds", "none", drawn)

    @property
    def needs_the_markets(self) -> bool:
        """Whether it has faults that only an exchange in this process can be made to have."""
        return not OF_THE_MARKET.isdisjoint([each.fault for each in self.calls] + [each.fault for each in self.times])


def moderate(seed: int) -> FaultPlan:
    """Return a day of moderate weather: a tenth of the writes, a twentieth of the reads, the account up to 1.5 s behind."""
    return FaultPlan(seed=seed, writes=MODERATE_WRITES, reads=MODERATE_READS, lag_seconds=MODERATE_LAG)


def _require(holds: bool, name: str, value: object, allowed: str) -> None:
    if not holds:
        raise DomainError(f"{name}: found {value}; allowed: {allowed}")


def _require_seconds(value: float | None, name: str) -> None:
    _require(value is None or 0 <= value <= _LONGEST, name, value, "0 to 86400")
