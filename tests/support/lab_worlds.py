"""Worlds of the laboratory that are written down event by event, watched, or given another future."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, count
from typing import Final

from depthwalk.analysis.trials import Benchmark
from depthwalk.domain.book import Level
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.order import Side
from depthwalk.domain.units import CENT, CONTRACT, SECOND, Instant, Price, Quantity
from depthwalk.lab.running import START, Order, WarmWorld
from depthwalk.lab.worlds import CLASSES, WORLDS, Setting, setting
from depthwalk.paper.crowd import CrowdBook, Onlooker
from depthwalk.paper.matching import MatchingEngine
from depthwalk.paper.trading import NewOrder
from depthwalk.simulation.flow import Exogenous, ValueStep
from depthwalk.simulation.synthetic import Valuation

VALUE: Final = 50.0
"""What the contract of a written world is worth, in cents, for ever."""

MIRROR: Final = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}


def plain_setting(contracts: int) -> Setting:
    """Return a setting whose crowd quotes around the value, whatever happens: no lag, no impact, no leaning."""
    base = setting(CLASSES["thin"], WORLDS["base"])
    market = replace(
        base.market_class,
        provider_lag=1e-9,
        impact_per_contract=0.0,
        imbalance_weight=0.0,
        informed_threshold=1.0,
        review_rate=1e-9,
    )
    return replace(base, market_class=market, quantity=Quantity(contracts * CONTRACT))


def at(seconds: float) -> Instant:
    """Return a time after the decision."""
    return Instant(START + round(seconds * SECOND))


class MadeWorld(WarmWorld):
    """A world whose book at the decision is *levels* of (side, cents, contracts), and to which only *events* come."""

    def __init__(
        self,
        setting: Setting,
        levels: Sequence[tuple[Side, int, int]],
        events: Sequence[Exogenous] = (),
        *,
        order: Order | None = None,
    ) -> None:
        super().__init__(setting, 0, order)
        engine = MatchingEngine()
        for number, (side, cents, contracts) in enumerate(levels):
            price, quantity = Price(cents * CENT), Quantity(contracts * CONTRACT)
            engine.submit(START, NewOrder(key=4 * number + 2, side=side, price=price, quantity=quantity))
        still = (ValueStep(at(100.0 + step), VALUE) for step in count())
        self._crowd = CrowdBook(
            setting.market_class,
            STRUCTURES[setting.structure],
            0,
            engine=engine,
            valuation=Valuation(setting.market_class, START, VALUE),
            arrivals=chain(events, still),
        )
        self.benchmark = Benchmark.of(self.space.book(self._crowd.book()))


def levels(found: Iterator[Level]) -> list[tuple[int, int]]:
    """Return levels in cents and contracts."""
    return [(price // CENT, quantity // CONTRACT) for price, quantity in found]


class WatchedWorld(WarmWorld):
    """A world that keeps the books of its forks, and has everything that comes to them told to *onlooker* as well."""

    def __init__(self, setting: Setting, seed: int, order: Order | None = None, *, onlooker: Onlooker | None = None) -> None:
        super().__init__(setting, seed, order)
        self.books: list[CrowdBook] = []
        self.onlooker = onlooker

    def fork(self, onlooker: Onlooker | None = None) -> CrowdBook:
        """Return the book, as every world does."""
        self.books.append(super().fork(onlooker or self.onlooker))
        return self.books[-1]
