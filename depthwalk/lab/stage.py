"""What an arm is run on, synthetic or recorded: protocols, no code. `running.py` runs on whatever answers to them."""

from typing import Protocol

from depthwalk.analysis.trials import Benchmark
from depthwalk.domain.market import FeeSchedule, Market
from depthwalk.domain.order import ParentOrder
from depthwalk.domain.units import Price
from depthwalk.executors.space import BuyerSpace
from depthwalk.paper.latency import LatencyModel
from depthwalk.paper.trading import TradingBook


class Conditions(Protocol):
    """A setting: which cell of a comparison it is, *class_name* in *world*, and the terms that hold there."""

    @property
    def class_name(self) -> str:
        """The liquidity class, or the market class it is made of."""
        ...

    @property
    def world(self) -> str:
        """What is done to it."""
        ...

    @property
    def market(self) -> Market:
        """The market as execution sees it, under the laboratory's own ticker."""
        ...

    @property
    def latency(self) -> LatencyModel:
        """How far the exchange is away."""
        ...

    @property
    def fees(self) -> FeeSchedule:
        """What it charges."""
        ...


class LivingBook(TradingBook, Protocol):
    """A book that moves by itself, and tells its touch cheaply."""

    @property
    def best(self) -> tuple[Price | None, Price | None]:
        """The best bid and the best ask as of the last advance."""
        ...


class Stage(Protocol):
    """A market at the moment of a decision, with the order that is asked for; *seed* names the moment."""

    @property
    def seed(self) -> int:
        """The number that trials of the same moment share."""
        ...

    @property
    def setting(self) -> Conditions:
        """Where it is."""
        ...

    @property
    def parent(self) -> ParentOrder:
        """What is asked for."""
        ...

    @property
    def space(self) -> BuyerSpace:
        """The way a buyer sees it."""
        ...

    @property
    def benchmark(self) -> Benchmark:
        """What every arm is measured against."""
        ...

    def fork(self) -> LivingBook:
        """Return the book with the same future, for one arm."""
        ...
