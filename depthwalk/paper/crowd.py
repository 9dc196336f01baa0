"""A market made of seeded traders: the matching engine with the arrivals of `simulation.flow` applied to it, lazily.

The crowd's orders live in the same price-time engine as ours, so `matching.py` says when anything fills. What the crowd does
depends on the book as `simulation.synthetic` has it; when and with what it comes, and the value (`simulation.value`), do not.
Stale quotes are reviewed by the clock, at the class's rate. No account, no fees.

Not modelled: other strategic traders, orders across markets, halts; informed takers and noise takers never rest an order.
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from depthwalk.domain.book import Book, Level
from depthwalk.domain.grid import Grid
from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.units import CENT, CONTRACT, SECOND, Instant, Price, Quantity
from depthwalk.paper.matching import MatchingEngine
from depthwalk.paper.trading import BookEvent, Executed, NewOrder
from depthwalk.simulation.flow import (
    Exogenous,
    InformedTaker,
    MarketClass,
    NoiseTaker,
    ProviderOrder,
    exogenous,
    first_value,
    lifetime,
    recorded_number,
    stream,
)
from depthwalk.simulation.scenarios import class_of, value_of
from depthwalk.simulation.synthetic import Valuation, informed_choice, provider_price, pulls, taker_limit
from depthwalk.simulation.value import Values

_LEANING_LEVELS = 3
_WARM_LIFETIMES = 6.0
_WARM_AT_LEAST = 60.0
_ORDERS_A_LEVEL = 8
# Takers leave nothing behind; one key does for all of them, beyond every order number.
_TAKER = 1 << 62

Onlooker = Callable[[Exogenous, NewOrder | None, Sequence[BookEvent]], None]
"""Told of every trader who comes, after it: the order that came of it (None: the trader stayed away), and what that did."""


class CrowdBook:
    """A living book; *market_class* are its parameters. Build it with `synthetic` or `carried_on`."""

    def __init__(
        self,
        market_class: MarketClass,
        grid: Grid,
        seed: int,
        *,
        start: Instant,
        engine: MatchingEngine,
        valuation: Valuation,
        arrivals: Iterator[Exogenous],
        onlooker: Onlooker | None = None,
    ) -> None:
        self.market_class = market_class
        self._grid = grid
        self._seed = seed
        self._engine = engine
        self._valuation = valuation
        self._arrivals = arrivals
        self._next = next(arrivals)
        self._now = self._start = start
        self._tick = 1
        self._onlooker = onlooker
        self._foreseen: _Foreseen | None = None

    @classmethod
    def synthetic(cls, market_class: MarketClass, grid: Grid, seed: int, start: Instant) -> "CrowdBook":
        """Return a book that has lived for several lifetimes of its orders before *start* (warming happens when first used)."""
        warm = max(_WARM_AT_LEAST, _WARM_LIFETIMES * market_class.provider_life)
        return cls._begun(
            market_class, grid, seed, Instant(start - round(warm * SECOND)), value=first_value(seed), engine=MatchingEngine()
        )

    @classmethod
    def carried_on(cls, book: Book, grid: Grid, seed: int, start: Instant) -> "CrowdBook":
        """Return a recorded book as the start of a market of its class: its orders live and die like the others."""
        market_class = class_of(book)
        engine = _seated(book, market_class, seed, start)
        return cls._begun(market_class, grid, seed, start, value=value_of(book), engine=engine)

    @classmethod
    def _begun(
        cls, market_class: MarketClass, grid: Grid, seed: int, start: Instant, *, value: float, engine: MatchingEngine
    ) -> "CrowdBook":
        """Return a book at the beginning of its world."""
        return cls(
            market_class,
            grid,
            seed,
            start=start,
            engine=engine,
            valuation=Valuation(market_class, Values.of(market_class, seed, start, value)),
            arrivals=exogenous(market_class, seed, start),
        )

    def fork(self, *, drift: float = 0.0, onlooker: Onlooker | None = None) -> "CrowdBook":
        """Return the same book with the same future, which goes a way of its own from here.

        What arrives is drawn once for all forks of a book, by whichever comes to it first; this book itself stays behind. The
        value drifts by *drift* cents a second on top of what it does by itself. An *onlooker* changes nothing.
        """
        if self._foreseen is None:
            self._foreseen = _Foreseen(chain((self._next,), self._arrivals))
        forked = CrowdBook(
            self.market_class,
            self._grid,
            self._seed,
            start=self._start,
            engine=self._engine.fork(),
            valuation=self._valuation.fork(self._now, drift),
            arrivals=iter(self._foreseen),
            onlooker=onlooker,
        )
        forked._now, forked._tick = self._now, self._tick
        return forked

    @property
    def value(self) -> float:
        """The latent value in cents, as of the last advance. For tests and the laboratory; no trader sees it."""
        return self._valuation.value(self._now)

    def advance(self, now: Instant) -> list[BookEvent]:
        """Let everything up to and including *now* happen. At one time: expiries, then a review, then who comes."""
        events: list[BookEvent] = []
        engine, arrivals, event, review = self._engine, self._arrivals, self._next, self._review_at
        while True:
            reviewed = review <= event.at
            at = review if reviewed else event.at
            if at > now:
                break
            self._now = at
            if engine.next_expiry <= at:
                events += engine.expire(at)
            if reviewed:
                events += self._review(at)
                self._tick += 1
                review = self._review_at
            else:
                events += self._apply(event)
                event = next(arrivals)
        self._next, self._now = event, max(self._now, now)
        if engine.next_expiry <= now:
            events += engine.expire(now)
        return events

    @property
    def _review_at(self) -> Instant:
        """When providers look at their stale quotes next."""
        return Instant(self._start + round(self._tick * SECOND / self.market_class.review_rate))

    def submit(self, now: Instant, order: NewOrder) -> list[BookEvent]:
        """Match a new order of ours."""
        return self._felt(self._engine.submit(now, order))

    def amend(self, now: Instant, key: int, *, price: Price, total: Quantity, expires_at: Instant | None) -> list[BookEvent]:
        """Change a resting order of ours."""
        return self._felt(self._engine.amend(now, key, price=price, total=total, expires_at=expires_at))

    def cancel(self, now: Instant, key: int) -> list[BookEvent]:
        """Take a resting order of ours off."""
        return self._engine.cancel(now, key)

    def book(self) -> Book:
        """Return the displayed book."""
        return self._engine.book()

    @property
    def best(self) -> tuple[Price | None, Price | None]:
        """The best bid and the best ask."""
        return self._engine.touch

    def ahead(self, key: int) -> Quantity:
        """Return the quantity before a resting order at its price."""
        return self._engine.ahead(key)

    def _felt(self, events: list[BookEvent]) -> list[BookEvent]:
        """Let every trade leave its impact."""
        for event in events:
            if isinstance(event, Executed):
                self._valuation.traded(event.at, event.taker_side, event.quantity)
        return events

    def _fair(self, at: Instant) -> float:
        return self._valuation.fair(at, *self._engine.depths(_LEANING_LEVELS))

    def _apply(self, event: Exogenous) -> list[BookEvent]:
        match event:
            case ProviderOrder():
                price = provider_price(self._grid, event.side, self._fair(event.at), event.offset)
                return self._arrive(event, _provided(event, price))
            case NoiseTaker():
                limit = taker_limit(self._grid, event.side, self._fair(event.at), event.reach)
                return self._arrive(event, _taking(event.side, limit, event.quantity))
            case InformedTaker():
                best_bid, best_ask = self._engine.touch
                value = self._valuation.value(event.at)
                choice = informed_choice(self.market_class, self._grid, value, best_bid, best_ask)
                order = None if choice is None else _taking(choice.side, choice.limit, event.quantity)
                return self._arrive(event, order)

    def _arrive(self, event: Exogenous, order: NewOrder | None) -> list[BookEvent]:
        """Match what a trader comes with."""
        events = [] if order is None else self._felt(self._engine.submit(event.at, order))
        if self._onlooker is not None:
            self._onlooker(event, order, events)
        return events

    def _review(self, at: Instant) -> list[BookEvent]:
        """Pull, with probability one half each, the crowd's quotes on the wrong side of fair."""
        engine = self._engine
        bid, ask = engine.touch
        fair = self._fair(at) * CENT
        stale: list[int] = []
        if bid is not None and bid > fair:
            stale += engine.beyond(Side.BUY, math.floor(fair))
        if ask is not None and ask < fair:
            stale += engine.beyond(Side.SELL, math.ceil(fair))
        events: list[BookEvent] = []
        for key in stale:
            if key >= 0 and pulls(self._seed, key, self._tick):
                events += engine.cancel(at, key)
        return events


def _provided(event: ProviderOrder, price: Price | None) -> NewOrder | None:
    if price is None:
        return None
    return NewOrder(key=event.number, side=event.side, price=price, quantity=event.quantity, expires_at=event.expires_at)


def _taking(side: Side, limit: Price | None, quantity: Quantity) -> NewOrder | None:
    if limit is None:
        return None
    return NewOrder(key=_TAKER, side=side, price=limit, quantity=quantity, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)


class _Foreseen:
    """What arrives, drawn once and kept for whoever comes after."""

    def __init__(self, arrivals: Iterator[Exogenous]) -> None:
        self._arrivals = arrivals
        self._drawn: list[Exogenous] = []

    def __iter__(self) -> Iterator[Exogenous]:
        drawn, index = self._drawn, 0
        while True:
            if index == len(drawn):
                drawn.append(next(self._arrivals))
            yield drawn[index]
            index += 1


def _seated(book: Book, market_class: MarketClass, seed: int, start: Instant) -> MatchingEngine:
    """Turn recorded levels into orders; a crossed recording uncrosses by trading."""
    engine, rng, index = MatchingEngine(), stream(seed, "recorded"), 0
    for side, levels in ((Side.BUY, book.bids), (Side.SELL, book.asks)):
        for level in levels:
            for quantity in _parts(level, market_class.provider_size):
                expires_at = Instant(start + lifetime(rng, market_class.provider_life))
                order = NewOrder(
                    key=recorded_number(index), side=side, price=level[0], quantity=quantity, expires_at=expires_at
                )
                engine.submit(start, order)
                index += 1
    return engine


def _parts(level: Level, usual_size: float) -> list[Quantity]:
    """Divide a recorded level into a few orders, as equal as whole contracts allow, the first taking the odd rest."""
    quantity = level[1]
    count = max(1, min(_ORDERS_A_LEVEL, round(quantity / CONTRACT / usual_size)))
    share = quantity // count // CONTRACT * CONTRACT
    if not share:
        return [quantity]
    return [Quantity(quantity - share * (count - 1)), *(Quantity(share) for _ in range(count - 1))]


def market_seed(seed: int, name: str) -> int:
    """Return the seed of one market of an exchange that was given *seed*."""
    return random.Random(f"{seed}/{name}").getrandbits(63)
