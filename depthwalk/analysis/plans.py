"""What an executor's first orders would do to a book: who takes how much, who queues behind what, what it costs. Pure.

The orders are the executor's own; nothing is decided here. Books are a buyer's (a seller's is the mirrored one), prices of
orders are YES prices as sent, prices of results are those of the user's outcome. Costs: kalshi-api.md section 8.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from depthwalk.analysis.depth import queued_at, sweep_levels
from depthwalk.analysis.fees import FeeAccumulator, rate
from depthwalk.domain.book import Book, Level
from depthwalk.domain.market import FeeSchedule
from depthwalk.domain.messages import SubmitOrder
from depthwalk.domain.order import Action, ParentOrder, Side
from depthwalk.domain.result import Arrival, Depths, LiquidityClass
from depthwalk.domain.units import ONE, Duration, Instant, Money, Price, Quantity, cost
from depthwalk.errors import DomainError

_NOTHING: Final = Money(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlay:
    """Contracts, what they come to at their prices, and the fees; *fees* None where the venue's table is not in the API."""

    quantity: Quantity = Quantity(0)
    value: Money = _NOTHING
    fees: Money | None = _NOTHING

    def __add__(self, other: "Outlay") -> "Outlay":
        fees = None if self.fees is None or other.fees is None else Money(self.fees + other.fees)
        return Outlay(quantity=Quantity(self.quantity + other.quantity), value=Money(self.value + other.value), fees=fees)

    def total(self, action: Action) -> Money | None:
        """Return what a buyer pays or a seller receives, fees included; None where they are not known."""
        if self.fees is None:
            return None
        return Money(self.value + self.fees if action is Action.BUY else self.value - self.fees)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOrder:
    """One order that would be sent first: *taking* is filled at once, *resting* queues behind *ahead* contracts of others."""

    level: int
    price: Price
    quantity: Quantity
    taking: Outlay
    resting: Outlay
    ahead: Quantity
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a run costs in API tokens: its first orders, the most of an undisturbed run, and what may be spent meanwhile."""

    writes_now: int
    writes_at_most: int
    reads_at_most: int
    write_budget: int
    read_budget: int
    calls_at_most: int
    calls_budget: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one algorithm would do now.

    *refused* and *hold* say why it would do nothing: for good, or for the time being. *sweet_spot* is the cheapest level at
    which the cumulative taker depth reaches the requested quantity, None where the ladder never does (algorithms.md, fault 9).
    *expected* is the orders filled whole at their prices; *worst* everything at the cap as taker.
    """

    algorithm: str
    horizon: Duration
    end_action: str
    arrival: Arrival | None = None
    orders: tuple[PlannedOrder, ...] = ()
    sweet_spot: Price | None = None
    worst: Outlay | None = None
    tokens: Tokens | None = None
    refused: str | None = None
    hold: str | None = None

    @property
    def taking(self) -> Outlay:
        """The part that would be filled at once: exact."""
        return sum((order.taking for order in self.orders), Outlay())

    @property
    def resting(self) -> Outlay:
        """The part that would rest, as if it were filled at its prices."""
        return sum((order.resting for order in self.orders), Outlay())

    @property
    def expected(self) -> Outlay:
        """Both parts together."""
        return self.taking + self.resting

    @property
    def coverage(self) -> float | None:
        """Taker depth within the cap as a multiple of the requested quantity; None where nothing would be sent."""
        ordered = sum(order.quantity for order in self.orders)
        return self.arrival.depths.within_cap / ordered if self.arrival is not None and ordered else None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookFacts:
    """The book that every plan was made on, own orders removed, in the user's prices. The depths are a taker's."""

    bid: Price | None
    ask: Price | None
    depths: Depths
    liquidity: LiquidityClass
    age: Duration

    @property
    def mid_twice(self) -> int | None:
        """Twice the mid, None without both sides."""
        return None if self.bid is None or self.ask is None else self.bid + self.ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Why `execute` would refuse before it looks at the book, and what to do about it."""

    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSheet:
    """The plans of several algorithms on one book. *chosen* is the one that `execute` would run; *seed* only on paper."""

    parent: ParentOrder
    environment: str
    source: str
    at: Instant
    chosen: str
    plans: tuple[Plan, ...]
    book: BookFacts | None = None
    objections: tuple[Objection, ...] = ()
    notes: tuple[str, ...] = ()
    seed: int | None = None

    @property
    def refused(self) -> str | None:
        """Why `execute` would send nothing: the first objection, else what its algorithm says; None where it would."""
        if self.objections:
            return self.objections[0].message
        return next((plan.refused for plan in self.plans if plan.algorithm == self.chosen), None)


def sweet_spot(ladder: tuple[Level, ...], quantity: Quantity) -> Price | None:
    """Return the cheapest price of a buyer's ladder up to which *quantity* is on offer, or None."""
    taken = sweep_levels(ladder, quantity)
    return taken[-1][0] if taken and sum(part for _, part in taken) == quantity else None


def plan_orders(
    parent: ParentOrder, fees: FeeSchedule, book: Book, orders: Sequence[SubmitOrder], reasons: Mapping[int, str]
) -> tuple[PlannedOrder, ...]:
    """Return what becomes of *orders*, sent one after the other to a buyer's *book* in which nobody else moves.

    *reasons* are the executor's words by split.
    """
    ladder = list(book.asks)
    planned = []
    for order in orders:
        price = order.price if parent.side is Side.BUY else Price(ONE - order.price)
        taken = [] if order.post_only else sweep_levels(tuple(ladder), order.quantity, price)
        ladder = _without(ladder, taken)
        till = _Till(parent, fees)
        taking = sum((till.charge(level, part, is_taker=True) for level, part in taken), Outlay())
        rest = Quantity(order.quantity - taking.quantity)
        resting = till.charge(price, rest, is_taker=False) if rest else Outlay()
        planned.append(
            PlannedOrder(
                level=order.split + 1,
                price=parent.own_price(order.price),
                quantity=order.quantity,
                taking=taking,
                resting=resting,
                ahead=queued_at(book.bids, price) if rest else Quantity(0),
                why=reasons.get(order.split, ""),
            )
        )
    return tuple(planned)


def worst_case(parent: ParentOrder, fees: FeeSchedule, orders: Sequence[SubmitOrder], cap: Price) -> Outlay:
    """Return everything at the *cap* (a price of the user's outcome) as taker, each order on its own: exact."""
    price = parent.own_price(cap) if parent.side is Side.BUY else Price(ONE - parent.own_price(cap))
    return sum((_Till(parent, fees).charge(price, order.quantity, is_taker=True) for order in orders), Outlay())


def _without(ladder: list[Level], taken: list[Level]) -> list[Level]:
    gone = dict(taken)
    left = ((price, Quantity(quantity - gone.get(price, 0))) for price, quantity in ladder)
    return [(price, quantity) for price, quantity in left if quantity]


class _Till:
    """The fees of one order's fills, in the order they happen; prices a buyer's."""

    def __init__(self, parent: ParentOrder, fees: FeeSchedule) -> None:
        self._parent = parent
        try:
            rate(fees, is_taker=True)
        except DomainError:
            self._fees: FeeAccumulator | None = None
        else:
            self._fees = FeeAccumulator(fees)

    def charge(self, price: Price, quantity: Quantity, *, is_taker: bool) -> Outlay:
        side = self._parent.side
        leg = price if side is Side.BUY else Price(ONE - price)
        fee = None if self._fees is None else self._fees.charge(price=leg, quantity=quantity, is_taker=is_taker, side=side)
        return Outlay(quantity=quantity, value=cost(self._parent.own_price(leg), quantity), fees=fee)
