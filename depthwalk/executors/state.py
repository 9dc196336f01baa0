"""What a run is made of, as values: parameters every algorithm has, the facts of a run, its splits, what an algorithm sees."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property

from depthwalk.analysis.momentum import touch_imbalance
from depthwalk.analysis.walker import Progress
from depthwalk.domain.book import Book
from depthwalk.domain.grid import Grid
from depthwalk.domain.market import Market
from depthwalk.domain.messages import Rules, Started
from depthwalk.domain.order import ParentOrder
from depthwalk.domain.result import Arrival, WalkStep
from depthwalk.domain.units import CENT, Duration, Instant, Price, Quantity, seconds
from depthwalk.errors import DomainError
from depthwalk.executors.children import Children
from depthwalk.executors.sight import Sight
from depthwalk.executors.space import BuyerSpace

END_GAME = seconds(1.5)
"""Kept free before the deadline for cancel, confirm and the last order (algorithms.md section 2.7)."""

RELOOK = seconds(0.25)
"""Wait before reading a book again that did not fit our orders."""

POLL = seconds(0.5)
"""Wait between readings of the orders while leaving."""

LEAVE_BOUND = seconds(90)
"""How long leaving may take (a paused exchange refuses cancels); then the run ends in doubt, and the orders by expiry."""

REQUEST_LIFE = seconds(30)
"""How long a signed request is good: older ones the venue refuses (kalshi-api.md section 2.2, measured; not documented)."""

BEFORE_CLOSE = seconds(10)
"""Kept free before the market closes: after it not even a cancel is taken (kalshi-api.md section 12), and clocks differ."""

_LONGEST_HORIZON = 86_400


class EndAction(Enum):
    """What happens to the unfilled rest at the end of the horizon."""

    CROSS = "cross"
    CANCEL = "cancel"


@dataclass(frozen=True, kw_only=True)
class BaseParams:
    """What every algorithm has: horizon in seconds, cap as a share above the target, what to do with the rest.

    Without slots, so that groups of parameters can be combined; each group checks its own and then calls the next.
    """

    timeout_seconds: float
    max_slippage: float
    end_action: EndAction

    def __post_init__(self) -> None:
        require(
            0 < self.timeout_seconds <= _LONGEST_HORIZON, "timeout_seconds", self.timeout_seconds, "more than 0, at most 86400"
        )
        require(0 <= self.max_slippage <= 1, "max_slippage", self.max_slippage, "0 to 1")


def require(holds: bool, name: str, value: object, allowed: str) -> None:
    """Raise DomainError naming a parameter, what was found and what is allowed, unless *holds*."""
    if not holds:
        raise DomainError(f"{name}: found {value}; allowed: {allowed}")


class Phase(Enum):
    """Where a run stands."""

    WAITING = "waiting for a book"
    WORKING = "working"
    CLOSING = "canceling"
    CROSSING = "crossing"
    SWEEPING = "looking for strays"
    MARKING = "last look"
    FINISHED = "finished"


@dataclass(frozen=True, kw_only=True)
class Run:
    """The facts of one run: they change only when the market does, or when another process carries it on.

    *grid* is a buyer's; *patience* the horizon that was asked for; *paused* the time in which nobody drove the run, up to
    *resumed_at*.
    """

    parent: ParentOrder
    market: Market
    rules: Rules
    space: BuyerSpace
    grid: Grid
    started_at: Instant
    patience: Duration
    paused: Duration = Duration(0)
    resumed_at: Instant | None = None

    @classmethod
    def of(cls, event: Started, params: BaseParams) -> "Run":
        """Derive the facts from the first event and the parameters."""
        space = BuyerSpace.of(event.parent)
        return cls(
            parent=event.parent,
            market=event.market,
            rules=event.rules,
            space=space,
            grid=space.grid(event.market.grid),
            started_at=event.at,
            patience=seconds(params.timeout_seconds),
        )

    def at_market(self, market: Market) -> "Run":
        """Return the run in its market as that is now."""
        return replace(self, market=market, grid=self.space.grid(market.grid))

    def carried_on(self, *, since: Instant, at: Instant) -> "Run":
        """Return the run with the time from *since* to *at* not counted."""
        return replace(self, paused=Duration(self.paused + max(0, at - since)), resumed_at=at)

    @cached_property
    def horizon(self) -> Duration:
        """How long the run works: as asked, but it is over before the market closes."""
        close = self.market.close_time
        left = self.patience if close is None else close - BEFORE_CLOSE - self.started_at - self.paused
        return Duration(max(1, min(self.patience, left)))

    @property
    def deadline(self) -> Instant:
        """When the horizon ends."""
        return Instant(self.started_at + self.paused + self.horizon)

    @property
    def working(self) -> Duration:
        """How long it works before the end game."""
        return Duration(self.horizon - min(END_GAME, self.horizon // 4))

    @cached_property
    def closing_at(self) -> Instant:
        """When the end game begins."""
        return Instant(self.started_at + self.paused + self.working)

    def worked(self, at: Instant) -> Duration:
        """Return how long the run has been at work at a time of it."""
        away = self.paused if self.resumed_at is not None and at >= self.resumed_at else 0
        return Duration(max(0, at - self.started_at - away))


@dataclass(slots=True, kw_only=True)
class Split:
    """One part of the parent: its quantity, the price it wants (a buyer's), and what became of it.

    *released* is how much of it may be filled by now (None: all); *takes*: by orders that take at once or not at all.
    *ahead* bounds from above what queues before its order; *refusals* counts post-only refusals in a row; *retry_id* is the
    client id of a create that never arrived: sent again under it, the venue's own check makes a second order impossible.
    """

    index: int
    quantity: Quantity
    wanted: Price | None = None
    released: Quantity | None = None
    takes: bool = False
    why: str = ""
    placed: Price | None = None
    walks: int = 0
    refusals: int = 0
    retry_id: str | None = None
    ahead: Quantity | None = None
    history: list[WalkStep] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Where an algorithm wants a split to rest now (a buyer's price), and why.

    *take*: not to rest, but to take up to that price what is there, at once. *release*: no more of the split than this in all,
    what has been filled included; None: the whole of it.
    """

    split: int
    price: Price
    why: str
    take: bool = False
    release: Quantity | None = None


class Situation:
    """What an algorithm may look at: all prices a buyer's, own orders removed from the book. Good for one call, not to be kept.

    There is one for every book, so that what only a step looks at is worked out when it is looked at.
    """

    __slots__ = ("_children", "_progress", "_run", "arrival", "cap", "now", "sight", "splits")

    def __init__(
        self, now: Instant, sight: Sight, *, run: Run, arrival: Arrival, splits: Sequence[Split], children: Children
    ) -> None:
        self._run, self._children = run, children
        self._progress: Progress | None = None
        self.now, self.sight, self.arrival, self.splits = now, sight, arrival, splits
        self.cap: Price = run.space.traded(arrival.cap)

    @property
    def book(self) -> Book:
        """The whole book."""
        return self.sight.book

    @property
    def grid(self) -> Grid:
        """The prices there are."""
        return self._run.grid

    @property
    def quantity(self) -> Quantity:
        """What was requested."""
        return self._run.parent.quantity

    @property
    def progress(self) -> Progress:
        """Where the run stands, as the control law has it."""
        if self._progress is None:
            quantity, spread, touch = self._run.parent.quantity, self.sight.spread, self.sight.touch
            self._progress = Progress(
                elapsed=min(1.0, self._run.worked(self.now) / self._run.horizon),
                remaining=(quantity - self._children.filled) / quantity,
                spread=None if spread is None else spread / CENT,
                imbalance=0.0 if touch is None else touch_imbalance(touch),
            )
        return self._progress

    @property
    def elapsed(self) -> float:
        """The share of the horizon that has passed, 0 to 1."""
        return self.progress.elapsed

    @property
    def remaining(self) -> float:
        """The share of the requested quantity that is not filled, 0 to 1."""
        return self.progress.remaining
