"""What one execution in the laboratory came to, as values: the metrics of algorithms.md section 4.1. No simulation here.

Every arm of a seed is measured against the same benchmark: the mid of the world at the decision, before any agent has done
anything. The unfilled rest is completed at a common horizon: by sweeping the ladder displayed then (the primary figure), at
its best price whatever its depth (lenient: how the reference table was made), and at the mid.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from depthwalk.analysis.depth import touch, within
from depthwalk.domain.book import Book, BookState
from depthwalk.domain.messages import Reason
from depthwalk.domain.order import Action
from depthwalk.domain.result import ApiUsage
from depthwalk.domain.units import CENT, ONE, Duration, Money, Price, Quantity, seconds

MARK_OUTS: Final = (seconds(5), seconds(30), seconds(300))
"""How long after a maker fill one looks what it was worth."""

STEPS: Final = tuple(seconds(each) for each in range(0, 45, 4))
"""When, after the decision, one looks how much is filled and where the mid is: up to the common horizon."""


class Stratum(Enum):
    """What the book was at the decision: shortfall is defined against a mid, which only two sides have."""

    TWO_SIDED = "two-sided"
    ONE_SIDED = "one-sided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """The world at the decision, as a buyer sees it: the same for all arms of a seed. *action*: what the user does.

    *path*: where the mid would have gone with nobody trading, as twice the mid at each of STEPS less twice the mid at the
    decision, in Price units, None while a side is empty; no entries where it was not followed.
    """

    stratum: Stratum
    best_bid: Price | None
    best_ask: Price | None
    touch: Quantity
    within_3: Quantity
    action: Action = Action.BUY
    path: tuple[int | None, ...] = ()

    @classmethod
    def of(cls, book: Book, action: Action) -> "Benchmark":
        """Read a buyer's book, no order of ours in it."""
        two = book.state is BookState.TWO_SIDED
        return cls(
            stratum=Stratum.TWO_SIDED if two else Stratum.ONE_SIDED,
            best_bid=book.best_bid,
            best_ask=book.best_ask,
            touch=touch(book.asks),
            within_3=within(book.asks, 3 * CENT),
            action=action,
        )

    @property
    def mid_twice(self) -> int | None:
        """Twice the mid; None without two sides."""
        if self.stratum is not Stratum.TWO_SIDED or self.best_bid is None or self.best_ask is None:
            return None
        return self.best_bid + self.best_ask

    @property
    def worth_twice(self) -> int | None:
        """Twice the mid of what is traded, which percents are of (algorithms.md section 4.1); None without two sides."""
        twice = self.mid_twice
        return twice if twice is None or self.action is Action.BUY else 2 * ONE - twice


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One execution of one arm on one seed. Money in Money units; *None* where there is no mid, no fill, no ladder.

    *shortfall* is gross of fees with the rest swept at the horizon, *completion_fees* what that sweep would cost in fees;
    *lenient* and *lenient_fees* the same with the rest at the best price; *at_mid* with the rest at the mid. Parts:
    *spread*, *drift* and *opportunity* add up to *shortfall*. *mark_outs*: what maker fills gained in the mean by each of
    MARK_OUTS, in cents a contract, as far as mids were sampled. *filled_by*: what was filled by each of STEPS.
    *overfilled*, *orphans* and *beyond_cap* must be 0. Of a replay, *worst_take* is the largest share that was taken of a level
    as displayed, and *takes_beyond* how often it was more than a replay may show.
    """

    seed: int
    arm: str
    benchmark: Benchmark
    requested: Quantity
    filled: Quantity
    maker: Quantity
    paid: Money
    fees: Money
    shortfall: Money | None
    spread: Money | None
    drift: Money | None
    opportunity: Money | None
    completion_fees: Money
    lenient: Money | None
    lenient_fees: Money
    at_mid: Money | None
    depth_short: bool
    first_fill: Duration | None
    last_fill: Duration | None
    walks: int
    api: ApiUsage
    throttled: Duration
    reason: Reason
    overfilled: Quantity
    orphans: int
    beyond_cap: int
    within_cap: Quantity | None
    mark_outs: tuple[float | None, ...]
    filled_by: tuple[Quantity, ...] = ()
    takes_beyond: int = 0
    worst_take: float | None = None

    @property
    def full(self) -> bool:
        """Whether all of it was filled."""
        return self.filled >= self.requested

    @property
    def fill_rate(self) -> float:
        """The share that was filled."""
        return self.filled / self.requested

    @property
    def slippage(self) -> float | None:
        """Average price of the fills against the arrival mid, in percent of that of what is traded."""
        mid2, worth2 = self.benchmark.mid_twice, self.benchmark.worth_twice
        if mid2 is None or worth2 is None or not self.filled:
            return None
        return 100 * (2 * self.paid / self.filled - mid2) / worth2

    def percent(self, amount: Money | None) -> float | None:
        """Return an amount in percent of what the order is worth at the arrival mid."""
        worth2 = self.benchmark.worth_twice
        return None if worth2 is None or amount is None else 200 * amount / (self.requested * worth2)

    def cents(self, amount: Money | None) -> float | None:
        """Return an amount in cents a contract requested."""
        return None if amount is None else amount / self.requested / CENT

    @property
    def net(self) -> Money | None:
        """The shortfall with fees paid and fees to complete."""
        return None if self.shortfall is None else Money(self.shortfall + self.fees + self.completion_fees)

    @property
    def lenient_net(self) -> Money | None:
        """As *net*, with the rest at the best price."""
        return None if self.lenient is None else Money(self.lenient + self.fees + self.lenient_fees)

    @property
    def over_touch(self) -> float | None:
        """The order relative to what was displayed at the best price; None where nothing was."""
        return self.requested / self.benchmark.touch if self.benchmark.touch else None
