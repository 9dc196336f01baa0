"""What is traded in: market classes, and the worlds that stress them. Data and the arithmetic of modifiers; nothing runs here.

A class says how a market lives and how much is bought in it (algorithms.md section 3.1); a world changes some of that, so
that what was found in one is tried in the others (section 3.5). A setting is a class in a world.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.market import FeeSchedule, FeeType, Market, MarketStatus
from depthwalk.domain.units import CONTRACT, Duration, Quantity
from depthwalk.errors import UsageError
from depthwalk.paper.latency import LatencyModel
from depthwalk.simulation.flow import MarketClass
from depthwalk.simulation.scenarios import LIQUID, MODERATE, THIN

TICKER: Final = "LAB"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A stress: *factors* multiply parameters of the class, *values* replace them; *quantity* multiplies the order.

    *drift* is in cents a second against the order, from the arrival on; *round_trip* multiplies the time to the exchange.
    """

    name: str
    title: str
    factors: Mapping[str, float] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)
    quantity: float = 1.0
    drift: float = 0.0
    round_trip: float = 1.0
    fee_type: FeeType = FeeType.QUADRATIC


BASE: Final = "base"

WORLDS: Final[Mapping[str, World]] = {
    world.name: world
    for world in (
        World(name=BASE, title="the class as it is"),
        World(
            name="toxic",
            title="informed takers x 3, volatility x 1.5, news x 2",
            factors={"informed_rate": 3.0, "volatility": 1.5, "news_interval": 0.5},
        ),
        World(name="calm", title="volatility x 0.5, news x 0.3", factors={"volatility": 0.5, "news_interval": 1 / 0.3}),
        World(name="drift", title="the price drifts 1 cent against us in 40 s", drift=1 / 40),
        World(name="slow", title="a round trip of 0.6 s", round_trip=6.0),
        World(name="clustered", title="takers in clusters, branching 0.75", values={"branching": 0.75}),
        World(
            name="leaning",
            title="makers lean hard: imbalance x 4, impact x 2",
            factors={"imbalance_weight": 4.0, "impact_per_contract": 2.0},
        ),
        World(name="half", title="half the quantity", quantity=0.5),
        World(name="quarter", title="a quarter of the quantity", quantity=0.25),
        World(name="double", title="twice the quantity", quantity=2.0),
        World(name="maker-fees", title="makers pay a quarter of the fee", fee_type=FeeType.QUADRATIC_WITH_MAKER_FEES),
    )
}
"""The class as it is, the nine stresses of algorithms.md section 3.5, and its maker fees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabClass:
    """A market class with the order that is usual in it. *structure* names the price grid, *source* where it comes from."""

    market: MarketClass
    quantity: Quantity
    structure: str = "linear_cent"
    source: str = "algorithms.md section 3.1"

    @property
    def name(self) -> str:
        """The market's name."""
        return self.market.name


CLASSES: Final[Mapping[str, LabClass]] = {
    each.name: each
    for each in (
        LabClass(market=THIN, quantity=Quantity(40 * CONTRACT)),
        LabClass(market=MODERATE, quantity=Quantity(60 * CONTRACT)),
        LabClass(market=LIQUID, quantity=Quantity(240 * CONTRACT)),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A class in a world, ready to be run: parameters with the modifiers applied."""

    class_name: str
    world: str
    market_class: MarketClass
    quantity: Quantity
    structure: str
    drift: float = 0.0
    latency: LatencyModel = field(default_factory=LatencyModel)
    fees: FeeSchedule = field(default_factory=FeeSchedule)

    @property
    def market(self) -> Market:
        """The market as execution sees it."""
        return _market(self.structure, self.fees)


@cache
def _market(structure: str, fees: FeeSchedule) -> Market:
    """Return the market of that price grid and those fees: one for all runs, which ask for it thousands of times."""
    return Market(ticker=TICKER, event_ticker=TICKER, status=MarketStatus.ACTIVE, grid=STRUCTURES[structure], fees=fees)


def setting(lab_class: LabClass, world: World) -> Setting:
    """Apply a world to a class. The order stays a whole number of contracts, at least one."""
    base = lab_class.market
    changed = {name: getattr(base, name) * factor for name, factor in world.factors.items()} | dict(world.values)
    latency = LatencyModel()
    return Setting(
        class_name=lab_class.name,
        world=world.name,
        market_class=replace(base, **changed),
        quantity=Quantity(max(1, round(lab_class.quantity / CONTRACT * world.quantity)) * CONTRACT),
        structure=lab_class.structure,
        drift=world.drift,
        latency=replace(latency, round_trip=Duration(round(latency.round_trip * world.round_trip))),
        fees=FeeSchedule(fee_type=world.fee_type),
    )


def world(name: str) -> World:
    """Return a world. Raises UsageError naming the known ones."""
    found = WORLDS.get(name)
    if found is None:
        raise UsageError(f"unknown world {name!r}", hint=f"known: {', '.join(WORLDS)}")
    return found
