"""What an executor's first orders would do to a book: who takes how much, who queues behind what, what it costs. Pure.

The orders are the executor's own; nothing is decided here. Books are a buyer's (a seller's is the mirrored one), prices of
orders are YES prices as sent, prices of results are those of the user's outcome. Costs: kalshi-api.md section 8; how likely
what rests is filled: `fill_probability.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from depthwalk.analysis.depth import sweep_levels
from depthwalk.analysis.fees import FeeAccumulator, rate
from depthwalk.analysis.fill_probability import PRIORS, Flow, Tape, expected_fill, fill_probability, posterior, spot
from depthwalk.domain.book import Book, Level
from depthwalk.domain.market import FeeSchedule
from depthwalk.domain.messages import Reason, SubmitOrder
from depthwalk.domain.order import Action, ParentOrder, Side, TimeInForce
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
class FlowFacts:
    """What others are taken to bring to our side: the class's figures, weighed with the *tape* where it was read."""

    liquidity: LiquidityClass
    tape: Tape | None = None

    @property
    def flow(self) -> Flow:
        """The flow itself."""
        prior = PRIORS[self.liquidity]
        return prior if self.tape is None else posterior(prior, self.tape)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOrder:
    """One order that would be sent first: *taking* is filled at once, *resting* queues behind *ahead* contracts of others.

    *probability* is that of being filled whole by the end game if it stays as it is, *filled* how much of it is in the mean.
    """

    level: int
    price: Price
    quantity: Quantity
    taking: Outlay
    resting: Outlay
    ahead: Quantity
    why: str
    probability: float
    filled: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """How a run may be expected to end: what is filled, for how much, *maker* of it as maker; *end* is why it ends.

    *shortfall* has the fees, and what the rest would cost at the end, in it (algorithms.md section 4.1); None where unknown.
    """

    filled: Outlay
    maker: Quantity
    walks: int
    end: Reason
    shortfall: Money | None

    def cost(self, action: Action, mid_twice: int | None) -> Fraction | None:
        """Return what a filled contract costs more than the mid, fees included, in Price units; None where undefined."""
        total = self.filled.total(action)
        if total is None or mid_twice is None or not self.filled.quantity:
            return None
        worse = Fraction(total, self.filled.quantity) - Fraction(mid_twice, 2)
        return worse if action is Action.BUY else -worse


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
    *worst* is everything at the cap as taker, *forecast* what is to be expected, None where that would take too long to say.
    """

    algorithm: str
    quantity: Quantity
    horizon: Duration
    end_action: str
    arrival: Arrival | None = None
    orders: tuple[PlannedOrder, ...] = ()
    sweet_spot: Price | None = None
    forecast: Forecast | None = None
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
    def whole(self) -> Outlay:
        """Both parts together: the first orders filled whole."""
        return self.taking + self.resting

    @property
    def coverage(self) -> float | None:
        """Taker depth within the cap as a multiple of the requested quantity; None where nothing would be sent."""
        return None if self.arrival is None else self.arrival.depths.within_cap / self.quantity

    @property
    def filled_share(self) -> float | None:
        """The share of the requested quantity that may be expected to be filled; None where that is not known."""
        return None if self.forecast is None else self.forecast.filled.quantity / self.quantity


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
    """The plans of several algorithms on one book; *seed* only on paper.

    *chosen* is the one that `execute` would run, None where each run draws; *detailed* are those to be shown whole.
    """

    parent: ParentOrder
    environment: str
    source: str
    at: Instant
    chosen: str | None
    plans: tuple[Plan, ...]
    detailed: tuple[str, ...] = ()
    book: BookFacts | None = None
    flow: FlowFacts | None = None
    objections: tuple[Objection, ...] = ()
    notes: tuple[str, ...] = ()
    seed: int | None = None

    @property
    def refused(self) -> str | None:
        """Why `execute` would send nothing: the first objection, else what its algorithm says; None where it would.

        Where each run draws its algorithm, only what all of them refuse is refused for sure.
        """
        if self.objections:
            return self.objections[0].message
        said = [plan.refused for plan in self.plans if self.chosen in (plan.algorithm, None)]
        return said[0] if said and None not in said else None


def sweet_spot(ladder: tuple[Level, ...], quantity: Quantity) -> Price | None:
    """Return the cheapest price of a buyer's ladder up to which *quantity* is on offer, or None."""
    taken = sweep_levels(ladder, quantity)
    return taken[-1][0] if taken and sum(part for _, part in taken) == quantity else None


def plan_orders(
    parent: ParentOrder,
    fees: FeeSchedule,
    book: Book,
    orders: Sequence[SubmitOrder],
    reasons: Mapping[int, str],
    *,
    flow: Flow,
    time: Duration,
) -> tuple[PlannedOrder, ...]:
    """Return what becomes of *orders*, sent one after the other to a buyer's *book* in which nobody else moves.

    *reasons* are the executor's words by split; *flow* is what sellers bring, for *time*.
    """
    ladder = list(book.asks)
    planned: list[PlannedOrder] = []
    resting: list[Level] = []
    for order in orders:
        price = order.price if parent.side is Side.BUY else Price(ONE - order.price)
        taken = [] if order.post_only else sweep_levels(tuple(ladder), order.quantity, price)
        ladder = _without(ladder, taken)
        till = _Till(parent, fees)
        taking = sum((till.charge(level, part, is_taker=True) for level, part in taken), Outlay())
        left = Quantity(order.quantity - taking.quantity)
        rest = left if order.time_in_force is TimeInForce.GOOD_TILL_CANCELED else Quantity(0)
        # Of ours what is better comes before it, and what stood there earlier; a later one at a better price is not seen here.
        ours = Quantity(sum(quantity for level, quantity in resting if level >= price))
        at = spot(book, price, ours=ours)
        planned.append(
            PlannedOrder(
                level=order.split + 1,
                price=parent.own_price(order.price),
                quantity=order.quantity,
                taking=taking,
                resting=till.charge(price, rest, is_taker=False) if rest else Outlay(),
                ahead=at.queued if rest else Quantity(0),
                why=reasons.get(order.split, ""),
                probability=fill_probability(flow, at, rest, time) if rest else float(not left),
                filled=Quantity(taking.quantity + int(expected_fill(flow, at, rest, time))),
            )
        )
        resting.append((price, rest))
    return tuple(planned)


def worst_case(parent: ParentOrder, fees: FeeSchedule, orders: Sequence[SubmitOrder], cap: Price) -> Outlay:
    """Return all that was asked for at the *cap* (a price of the user's outcome) as taker: exact for these first orders.

    What comes later is taken for one more order: each that it is split into may cost less than $0.0001 more in rounding.
    """
    price = parent.own_price(cap) if parent.side is Side.BUY else Price(ONE - parent.own_price(cap))
    later = Quantity(parent.quantity - sum(order.quantity for order in orders))
    parts = [*(order.quantity for order in orders), *([later] if later else [])]
    return sum((_Till(parent, fees).charge(price, part, is_taker=True) for part in parts), Outlay())


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
