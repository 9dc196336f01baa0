"""What a run looks like from outside: a snapshot while it goes on, a result when it is over. Plain data, no behaviour.

All prices here are in the traded side's prices (the user's outcome), unless a field says otherwise.
"""

from dataclasses import dataclass, field
from enum import Enum

from depthwalk.domain.messages import Finish
from depthwalk.domain.order import OrderStatus, ParentOrder
from depthwalk.domain.units import Duration, Instant, Money, Price, Quantity
from depthwalk.errors import ExitCode


class Status(Enum):
    """How an execution stands or ended (design, section 6)."""

    RUNNING = "running"
    FILLED = "filled"
    PARTIAL = "partial"
    UNFILLED = "unfilled"
    CANCELED = "canceled"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


class LiquidityClass(Enum):
    """By taker depth at arrival (design, section 6)."""

    LIQUID = "liquid"
    MODERATE = "moderate"
    THIN = "thin"


class CapOrigin(Enum):
    """What set the cap."""

    LIMIT = "limit"
    SLIPPAGE = "max_slippage"
    NEXT_PRICE = "next_price"
    TARGET = "target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Depths:
    """Taker depth at arrival within 1, 3 and 5 cents of the opposite best, within the cap, and at the touch."""

    touch: Quantity
    within_1: Quantity
    within_3: Quantity
    within_5: Quantity
    within_cap: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """The first usable book, own orders removed. *bid* and *ask* are None where that side was empty."""

    at: Instant
    bid: Price | None
    ask: Price | None
    depths: Depths
    liquidity: LiquidityClass
    book_age: Duration
    target: Price
    cap: Price
    cap_origin: CapOrigin

    @property
    def mid_twice(self) -> int | None:
        """Twice the mid, None without both sides."""
        return None if self.bid is None or self.ask is None else self.bid + self.ask


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkStep:
    """One accepted price change of a split, or its first placement (*previous* None)."""

    at: Instant
    previous: Price | None
    price: Price
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitView:
    """One split as it stands: *ahead* is an upper bound of the quantity queued before us; *status* in plain words."""

    level: int
    price: Price | None
    quantity: Quantity
    filled: Quantity
    paid: Money
    fees: Money
    walks: int
    status: str
    ahead: Quantity | None = None
    order_status: OrderStatus | None = None
    history: tuple[WalkStep, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSnapshot:
    """The whole run at one moment, for the view. *mids* are (time, twice the mid) of the books seen, oldest first."""

    at: Instant
    parent: ParentOrder
    algorithm: str
    phase: str
    started_at: Instant | None
    deadline: Instant | None
    arrival: Arrival | None
    bid: Price | None
    ask: Price | None
    book_age: Duration | None
    filled: Quantity
    paid: Money
    fees: Money
    walks: int
    splits: tuple[SplitView, ...] = ()
    mids: tuple[tuple[Instant, int], ...] = ()
    hold: str | None = None
    finish: Finish | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiUsage:
    """Requests sent and tokens they cost."""

    calls: int = 0
    read_tokens: int = 0
    write_tokens: int = 0

    def since(self, before: "ApiUsage") -> "ApiUsage":
        """Return what has been used since *before*."""
        return ApiUsage(
            calls=self.calls - before.calls,
            read_tokens=self.read_tokens - before.read_tokens,
            write_tokens=self.write_tokens - before.write_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """Implementation shortfall in money; positive is a cost. None where the part cannot be known.

    total = spread + drift + opportunity + fees. *opportunity* prices the unfilled rest by sweeping the ladder displayed at
    the horizon; *opportunity_mid* prices it at the final mid. *depth_short*: the ladder did not hold the rest.
    """

    total: Money | None
    spread: Money | None
    drift: Money | None
    opportunity: Money | None
    fees: Money
    total_mid: Money | None = None
    opportunity_mid: Money | None = None
    depth_short: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicEstimate:
    """What sweeping the arrival book up to the baseline's limit would have done: the deterministic part of `simple_limit`."""

    average_price: float | None
    slippage_percent: float | None
    filled: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What the market was like, for the report. None where it is not known or does not apply.

    *near_limit*: taker depth at arrival within 1 cent of the user's limit, on either side of it. *traded_volume*: public
    trades in the market during the run, ours included. *momentum*: adverse momentum at the end, -1 to 1, of algorithms that
    follow it. *ema_slippage_percent*: exponential mean of the fills' slippage, in order, at the end.
    """

    near_limit: Quantity | None = None
    traded_volume: Quantity | None = None
    momentum: float | None = None
    ema_slippage_percent: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionResult:
    """An execution from start to finish. Money parts exact; percentages are statistics and may be None, never 0 for absent."""

    execution_id: str
    parent: ParentOrder
    algorithm: str
    parameters: dict[str, object]
    environment: str
    source: str
    seed: int | None
    status: Status
    finish: Finish
    started_at: Instant
    finished_at: Instant
    arrival: Arrival | None
    filled: Quantity
    paid: Money
    fees: Money
    average_price: float | None
    slippage_percent: float | None
    slippage_bps: float | None
    shortfall: Shortfall
    time_to_first_fill: Duration | None
    time_to_full_fill: Duration | None
    total_time: Duration
    walks: int
    splits: tuple[SplitView, ...]
    api: ApiUsage
    estimated_basic: BasicEstimate | None
    improvement_over_basic: float | None
    n_over_touch: float | None
    maker_filled: Quantity = Quantity(0)
    conditions: Conditions = Conditions()
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def unfilled(self) -> Quantity:
        """Requested minus filled."""
        return Quantity(self.parent.quantity - self.filled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What became of an execution that had not ended. *after* None: it was left as it is, and *detail* says why.

    *running*: because a process drives it.
    """

    execution_id: str
    ticker: str
    environment: str
    before: Status
    after: Status | None
    requested: Quantity
    filled: Quantity
    detail: str
    exit_code: ExitCode = ExitCode.DONE
    running: bool = False
