"""A finished execution as the decision report sees it, in exact units; nothing beyond what follows from the fields.

How executions are found is in `storage/report_rows.py`, what is made of them in `analysis/`.
"""

from dataclasses import dataclass, field

from depthwalk.domain.result import LiquidityClass, Status
from depthwalk.domain.units import Duration, Instant, Money, Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One finished execution. None where a figure cannot be known, never 0.

    *mid_twice* is twice the arrival mid in the traded side's prices, *depth* the taker depth within 3 cents at arrival.
    *shortfall* has the fees in it and is None where the arrival had no mid or the rest could not be priced. *timeout* in
    seconds, as the algorithm was told.
    """

    execution_id: str
    ticker: str
    algorithm: str
    source: str
    status: Status
    seed: int | None
    started_at: Instant
    requested: Quantity
    filled: Quantity
    maker_filled: Quantity
    liquidity: LiquidityClass | None
    mid_twice: int | None
    depth: Quantity | None
    timeout: float | None
    slippage_percent: float | None
    shortfall: Money | None
    spread: Money | None
    drift: Money | None
    opportunity: Money | None
    fees: Money
    first_fill: Duration | None
    full_fill: Duration | None
    total_time: Duration
    walks: int
    calls: int
    read_tokens: int
    write_tokens: int
    n_over_touch: float | None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def underfilled(self) -> bool:
        """Whether less than requested was filled."""
        return self.filled < self.requested

    @property
    def event(self) -> str:
        """The market-event: what must be independent of the others for the statistics.

        A synthetic market is a world of its own for each seed. Elsewhere the ticker without its last part, as Kalshi builds
        tickers; a ticker of fewer than three parts is taken for the event itself.
        """
        if self.source == "synthetic" and self.seed is not None:
            return f"{self.ticker}#{self.seed}"
        head, _, _ = self.ticker.rpartition("-")
        return head if "-" in head else self.ticker

    @property
    def cluster(self) -> tuple[str, int]:
        """What is resampled together: the event and the day (UTC); a recording is the same day however often it is replayed."""
        return self.event, 0 if self.source in ("replay", "synthetic") else self.started_at // _DAY


_DAY = 86_400 * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The executions of one environment in a span of time, oldest first, and those that are not evidence, counted.

    *rows* lacks refused executions (nothing was sent), those of unknown outcome (their figures may still change), and
    hybrid ones (invented traders on a recorded book). *undated* of *rows* were seeded runs in simulated time, which no span of
    days leaves out; *earlier* ones began before the span. *unknown*, *overfilled* and *beyond_cap* are ids; whatever an
    execution is otherwise, having bought too much or too dear puts it there.
    """

    rows: tuple[Measured, ...]
    unknown: tuple[str, ...] = ()
    overfilled: tuple[str, ...] = ()
    beyond_cap: tuple[str, ...] = ()
    hybrid: int = 0
    refused: int = 0
    unfinished: int = 0
    earlier: int = 0
    undated: int = 0
