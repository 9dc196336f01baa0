"""A market as execution needs it: ticker, status, grid, fees, close. No prices of the moment."""

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from depthwalk.domain.grid import Grid
from depthwalk.domain.units import Instant


class MarketStatus(Enum):
    """Kalshi's market life cycle (kalshi-api.md section 12)."""

    INITIALIZED = "initialized"
    ACTIVE = "active"
    INACTIVE = "inactive"
    CLOSED = "closed"
    DETERMINED = "determined"
    DISPUTED = "disputed"
    AMENDED = "amended"
    FINALIZED = "finalized"


class FeeType(Enum):
    """How a series charges (kalshi-api.md section 8)."""

    QUADRATIC = "quadratic"
    QUADRATIC_WITH_MAKER_FEES = "quadratic_with_maker_fees"
    QUADRATIC_WITH_COMBO_MAKER_FEES = "quadratic_with_combo_maker_fees"
    FLAT = "flat"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeSchedule:
    """A series' fee type and multiplier, after an event's override; `waived` while the market charges nothing."""

    fee_type: FeeType = FeeType.QUADRATIC
    multiplier: Fraction = Fraction(1)
    waived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One binary market."""

    ticker: str
    event_ticker: str
    status: MarketStatus
    grid: Grid
    fees: FeeSchedule
    exchange_index: int = 0
    close_time: Instant | None = None
    title: str = ""
