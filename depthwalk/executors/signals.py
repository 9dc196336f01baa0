"""What runs against us: signals from books and the tape, and how much faster a price may rise because of them.

Source: algorithms.md section 2.4. Each signal is a switch. None can move a price past the cap, and none sends an order: all
they do is set how far a reservation price may rise in one step.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from depthwalk.analysis.ema import dries_up, ema
from depthwalk.analysis.momentum import (
    Sample,
    displayed,
    micro_price_lead,
    momentum,
    order_flow_imbalance,
    remember,
    touch_imbalance,
    trade_imbalance,
    volume_change,
)
from depthwalk.analysis.walker import Slew
from depthwalk.domain.book import Touch
from depthwalk.domain.messages import Look, PublicTrade
from depthwalk.domain.order import Side
from depthwalk.domain.units import CENT, Instant, Price, seconds
from depthwalk.executors.sight import Sight
from depthwalk.executors.state import require
from depthwalk.executors.walking import WalkingParams

_LEAST_WEIGHT = 0.001


class Momentum(Enum):
    """What momentum is taken from."""

    FLOW = "flow"
    """The mean of the signals that are switched on, as an exponential mean over time; signed."""
    VOLUME = "volume"
    """The change of displayed volume, as the notes had it; unsigned, for comparison."""


@dataclass(frozen=True, kw_only=True)
class SignalParams(WalkingParams):
    """The signals' switches, and how far a price may rise in one step (increments in dollars) by what they say.

    *dry_up* looks at taker depth within the cap against its exponential mean; the others make up the momentum.
    """

    momentum: Momentum = Momentum.FLOW
    trade_imbalance: bool = False
    order_flow_imbalance: bool = True
    touch_imbalance: bool = False
    micro_price: bool = False
    dry_up: bool = True
    momentum_threshold: float = 0.10
    momentum_window_seconds: float = 30.0
    ema_alpha: float = 0.3
    depth_dry_up_threshold: float = 0.5
    base_increment: Price = Price(50)
    aggressive_increment: Price = Price(100)
    aggressive_walk_multiplier: float = 1.5
    conservative_walk_multiplier: float = 0.8

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.momentum_threshold > 0, "momentum_threshold", self.momentum_threshold, "more than 0")
        require(self.momentum_window_seconds > 0, "momentum_window_seconds", self.momentum_window_seconds, "more than 0")
        require(_LEAST_WEIGHT <= self.ema_alpha <= 1, "ema_alpha", self.ema_alpha, f"{_LEAST_WEIGHT} to 1")
        require(0 < self.depth_dry_up_threshold <= 1, "depth_dry_up_threshold", self.depth_dry_up_threshold, "above 0, to 1")
        names = ("base_increment", "aggressive_increment", "aggressive_walk_multiplier", "conservative_walk_multiplier")
        for name in names:
            require(getattr(self, name) > 0, name, getattr(self, name), "more than 0")

    def slew(self) -> Slew:
        """Return how far a price may rise in one step."""
        return Slew(
            base=self.base_increment / CENT,
            aggressive=self.aggressive_increment / CENT,
            aggressive_multiplier=self.aggressive_walk_multiplier,
            conservative_multiplier=self.conservative_walk_multiplier,
            threshold=self.momentum_threshold,
        )


class Signals:
    """The signals of one run."""

    def __init__(self, params: SignalParams) -> None:
        self._params = params
        self._slew = params.slew()
        self._window = seconds(params.momentum_window_seconds)
        self._before: Touch | None = None
        self._samples: deque[Sample] = deque()
        self._adverse: float | None = None
        self._mean_depth: float | None = None
        self._with_us = 0
        self._against_us = 0
        self.drying_up = False

    @property
    def look(self) -> Look:
        """What must be read for them: the tape only where a signal is made of it."""
        return Look.TAPE if self._params.trade_imbalance and self._params.momentum is Momentum.FLOW else Look.BOOK

    @property
    def adverse(self) -> float:
        """Momentum in -1 to 1: above 0 the price moves against us."""
        if self._adverse is None:  # a step asks several times, and not every book leads to a step
            volume = self._params.momentum is Momentum.VOLUME
            self._adverse = volume_change(self._samples) if volume else momentum(self._samples, self._params.ema_alpha)
        return self._adverse

    @property
    def limit(self) -> float:
        """How far a price may rise in one step now, in cents."""
        return self._slew.limit(self.adverse, dry_up=self.drying_up)

    def read_tape(self, trades: Sequence[PublicTrade], side: Side) -> None:
        """Add up what others have taken since the last book: those on our *side* of the YES leg run against us."""
        for trade in trades:
            if trade.taker is side:
                self._against_us += trade.quantity
            else:
                self._with_us += trade.quantity

    def observe(self, now: Instant, sight: Sight, cap: Price) -> None:
        """Take a sample from a book, and compare taker depth within the cap with its mean."""
        params, touch = self._params, sight.touch
        if touch is not None:
            reading = displayed(sight.book) if params.momentum is Momentum.VOLUME else self._reading(touch)
            if reading is not None:
                remember(self._samples, (now, reading), self._window)
                self._adverse = None
            self._before = touch
            self._with_us = self._against_us = 0
        if params.dry_up:
            depth = float(sight.offered(cap))
            self.drying_up = dries_up(depth, self._mean_depth, params.depth_dry_up_threshold)
            self._mean_depth = ema(self._mean_depth, depth, params.ema_alpha)

    def _reading(self, touch: Touch) -> float | None:
        """Return one sample: the mean of the signals that are on; None where there is nothing to tell yet."""
        params, before = self._params, self._before
        total, count = 0.0, 0
        if params.order_flow_imbalance and before is not None:
            total, count = order_flow_imbalance(before, touch), 1
        if params.trade_imbalance and before is not None:
            total, count = total + trade_imbalance(self._against_us, self._with_us, touch), count + 1
        if params.touch_imbalance:
            total, count = total + touch_imbalance(touch), count + 1
        if params.micro_price:
            total, count = total + micro_price_lead(touch), count + 1
        return total / count if count else None

    def words(self) -> list[str]:
        """Say what they see, where it matters."""
        said, pressure = [], self.adverse
        if abs(pressure) >= self._params.momentum_threshold:
            said.append(f"momentum {pressure:+.2f} {'against' if pressure > 0 else 'for'} us")
        if self.drying_up:
            said.append("depth dries up")
        return said
