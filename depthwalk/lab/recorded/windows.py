"""When in a recording a decision is taken, and about how much. Nothing is run here.

A window is a moment with a two-sided book and enough of the tape left for the longest arm; its number is what a seed is in a
synthetic world. The quantity is a multiple of the touch at that moment, because a replay cannot show how a market answers:
what is asked for beyond the touch is flagged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from depthwalk.analysis.depth import liquidity_class
from depthwalk.analysis.trials import Benchmark, Stratum
from depthwalk.domain.book import Book
from depthwalk.domain.messages import LiquidityRule
from depthwalk.domain.order import ParentOrder
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.units import Duration, Instant, Quantity, seconds
from depthwalk.errors import UsageError
from depthwalk.executors.space import BuyerSpace
from depthwalk.lab.recorded.reel import Reel
from depthwalk.lab.recorded.tape import Tape
from depthwalk.lab.running import HORIZON, PARENT_ID, Order
from depthwalk.lab.worlds import TICKER

EVERY: Final = seconds(60)
"""How far apart decisions are, unless said otherwise: farther than an arm lives, so that no two share a moment."""

MARGIN: Final = seconds(5)
"""How far a window stays away from either end of its tape, and from the market's close, beyond what an arm needs."""

TOUCH: Final = Fraction(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much a window asks for: *quantity*, or without one *of_touch* times what the best price offers, to 1/100 contract."""

    of_touch: Fraction = TOUCH
    quantity: Quantity | None = None

    def __post_init__(self) -> None:
        if self.of_touch <= 0 or (self.quantity is not None and self.quantity <= 0):
            raise UsageError("a replay needs a size above 0")

    def at(self, touch: Quantity) -> Quantity:
        """Return the quantity at a touch of more than 0; at least the smallest there is."""
        return Quantity(max(1, int(touch * self.of_touch))) if self.quantity is None else self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A moment to decide at: *number* is unlike that of any other window of the comparison; *at* is the tape's time."""

    number: int
    at: Instant
    quantity: Quantity
    liquidity: LiquidityClass
    benchmark: Benchmark

    @property
    def above_touch(self) -> bool:
        """Whether more is asked for than the best price offers: then the replay is no evidence."""
        return self.quantity > self.benchmark.touch


def order_for(order: Order, quantity: Quantity) -> ParentOrder:
    """Return what is asked for in a window."""
    return ParentOrder(parent_id=PARENT_ID, ticker=TICKER, outcome=order.outcome, action=order.action, quantity=quantity)


def windows(
    tape: Tape,
    *,
    first: int = 0,
    every: Duration = EVERY,
    order: Order | None = None,
    size: Size | None = None,
    rule: LiquidityRule | None = None,
) -> list[Window]:
    """Find the windows of a tape, numbered from *first* on.

    Raises:
        UsageError: *every* is not more than 0.

    """
    if every <= 0:
        raise UsageError("a replay needs a time of more than 0 between decisions")
    asked = size or Size()
    parent = order_for(order or Order(), Quantity(1))
    space = BuyerSpace.of(parent)
    found: list[Window] = []
    for at, book in _moments(tape, every):
        seen = space.book(book)
        benchmark = Benchmark.of(seen, parent.action)
        if benchmark.stratum is Stratum.TWO_SIDED:
            window = Window(
                number=first + len(found),
                at=at,
                quantity=asked.at(benchmark.touch),
                liquidity=liquidity_class(seen.asks, rule or LiquidityRule()),
                benchmark=benchmark,
            )
            found.append(window)
    return found


def _moments(tape: Tape, every: Duration) -> Iterator[tuple[Instant, Book]]:
    last = tape.until if tape.close_time is None else min(tape.until, tape.close_time)
    times = range(tape.start + MARGIN, last - HORIZON - MARGIN + 1, every)
    if times:
        reel = Reel(tape)
        for time in times:
            yield Instant(time), reel.book(reel.levels(reel.index(time)))
