"""A class as a recording: a world without an agent is run and boiled down to the same sums as a recording. No fitting here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.order import Side
from depthwalk.domain.units import CENT, CONTRACT, SECOND, Instant
from depthwalk.lab.calibration.sums import Stretch
from depthwalk.lab.running import START
from depthwalk.paper.crowd import CrowdBook
from depthwalk.paper.trading import BookEvent, Executed, NewOrder
from depthwalk.simulation.flow import Exogenous, MarketClass, ProviderOrder

SEED: Final = 7_000_000
"""The first seed of worlds that a class is fitted in: far from those of any comparison."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a market is looked at: every *step* seconds; *every_change*: and at every change between; *trades*: and at those."""

    step: int = 1
    every_change: bool = False
    increases: bool = False
    trades: bool = False


class _Onlooker:
    """Notes who comes."""

    def __init__(self, stretch: Stretch, look: Look) -> None:
        self._stretch, self._look = stretch, look
        self.book: CrowdBook | None = None

    def __call__(self, event: Exogenous, order: NewOrder | None, events: Sequence[BookEvent]) -> None:
        taken = sum(each.quantity for each in events if isinstance(each, Executed))
        if taken and order is not None and self._look.trades:
            self._stretch.trade(event.at, order.side.sign, taken / CONTRACT)
        if isinstance(event, ProviderOrder) and order is not None and self.book is not None and self._look.every_change:
            best = self.book.best[0 if order.side is Side.BUY else 1]
            if best is not None and order.quantity > taken:
                self._stretch.add((order.quantity - taken) / CONTRACT, abs(best - order.price) / CENT)


def simulate(market: MarketClass, structure: str, seed: int, *, seconds: int, look: Look) -> Sequence[float]:
    """Return the sums of one world of a class, looked at for *seconds* after it has been warmed."""
    stretch = Stretch(look.step, increases=look.increases)
    onlooker = _Onlooker(stretch, look)
    warm = CrowdBook.synthetic(market, STRUCTURES[structure], seed, START)
    warm.advance(START)
    book = warm.fork(onlooker=onlooker)
    onlooker.book = book
    for second in range(0, seconds + 1, look.step):
        book.advance(Instant(START + second * SECOND))
        stretch.sample(book.book())
    return stretch.close(tells_adds=look.every_change, tells_trades=look.trades)
