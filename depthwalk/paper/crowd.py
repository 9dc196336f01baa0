"""A market made of seeded traders: the matching engine with the arrivals of `simulation.flow` applied to it, lazily.

The crowd's orders live in the same price-time engine as ours, so `matching.py` says when anything fills. What the crowd does
depends on the book as `simulation.synthetic` has it; when and with what it comes does not. No account, no fees.

Not modelled: other strategic traders, orders across markets, halts; informed takers and noise takers never rest an order.
"""

import math
import random
from collections.abc import Iterator

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
    ReviewTick,
    ValueStep,
    exogenous,
    first_value,
    lifetime,
    recorded_number,
    stream,
)
from depthwalk.simulation.scenarios import class_of, value_of
from depthwalk.simulation.synthetic import Valuation, informed_choice, provider_price, pulls, taker_limit

_LEANING_LEVELS = 3
_WARM_LIFETIMES = 6.0
_WARM_AT_LEAST = 60.0
_ORDERS_A_LEVEL = 8
# Takers leave nothing behind; one key does for all of them, beyond every order number.
_TAKER = 1 << 62


class CrowdBook:
    """A living book; *market_class* are its parameters. Build it with `synthetic` or `carried_on`."""

    def __init__(self, market_class: MarketClass, grid: Grid, seed: int, start: Instant, value: float) -> None:
        self.market_class = market_class
        self._grid = grid
        self._seed = seed
        self._engine = MatchingEngine()
        self._valuation = Valuation(market_class, start, value)
        self._arrivals: Iterator[Exogenous] = exogenous(market_class, seed, start, value)
        self._next = next(self._arrivals)

    @classmethod
    def synthetic(cls, market_class: MarketClass, grid: Grid, seed: int, start: Instant) -> "CrowdBook":
        """Return a book that has lived for several lifetimes of its orders before *start* (warming happens when first used)."""
        warm = max(_WARM_AT_LEAST, _WARM_LIFETIMES * market_class.provider_life)
        return cls(market_class, grid, seed, Instant(start - round(warm * SECOND)), first_value(seed))

    @classmethod
    def carried_on(cls, book: Book, grid: Grid, seed: int, start: Instant) -> "CrowdBook":
        """Return a recorded book as the start of a market of its class: its orders live and die like the others."""
        market_class = class_of(book)
        crowd = cls(market_class, grid, seed, start, value_of(book))
        crowd._seat(book, start)
        return crowd

    @property
    def value(self) -> float:
        """The latent value in cents, as of the last advance. For tests and the laboratory; no trader sees it."""
        return self._valuation.value

    def advance(self, now: Instant) -> list[BookEvent]:
        """Let everything up to and including *now* happen."""
        events: list[BookEvent] = []
        while self._next.at <= now:
            events += self._engine.expire(self._next.at)
            events += self._apply(self._next)
            self._next = next(self._arrivals)
        events += self._engine.expire(now)
        return events

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

    def ahead(self, key: int) -> Quantity:
        """Return the quantity before a resting order at its price."""
        return self._engine.ahead(key)

    def _seat(self, book: Book, start: Instant) -> None:
        """Turn recorded levels into orders; a crossed recording uncrosses by trading."""
        rng = stream(self._seed, "recorded")
        index = 0
        for side, levels in ((Side.BUY, book.bids), (Side.SELL, book.asks)):
            for level in levels:
                for quantity in _parts(level, self.market_class.provider_size):
                    expires_at = Instant(start + lifetime(rng, self.market_class.provider_life))
                    order = NewOrder(
                        key=recorded_number(index), side=side, price=level[0], quantity=quantity, expires_at=expires_at
                    )
                    self._engine.submit(start, order)
                    index += 1

    def _felt(self, events: list[BookEvent]) -> list[BookEvent]:
        """Let every trade leave its impact."""
        for event in events:
            if isinstance(event, Executed):
                self._valuation.traded(event.at, event.taker_side, event.quantity)
        return events

    def _fair(self, at: Instant) -> float:
        bids = self._engine.depth(Side.BUY, _LEANING_LEVELS)
        return self._valuation.fair(at, bids, self._engine.depth(Side.SELL, _LEANING_LEVELS))

    def _apply(self, event: Exogenous) -> list[BookEvent]:
        match event:
            case ProviderOrder():
                price = provider_price(self._grid, event.side, self._fair(event.at), event.offset)
                return self._place(event, price)
            case NoiseTaker():
                limit = taker_limit(self._grid, event.side, self._fair(event.at), event.reach)
                return self._sweep(event.at, event.side, limit, event.quantity)
            case InformedTaker():
                best_bid, best_ask = self._engine.best(Side.BUY), self._engine.best(Side.SELL)
                choice = informed_choice(self.market_class, self._grid, self._valuation.value, best_bid, best_ask)
                return [] if choice is None else self._sweep(event.at, choice.side, choice.limit, event.quantity)
            case ReviewTick():
                return self._review(event)
            case ValueStep():
                self._valuation.step(event.at, event.value)
                return []

    def _place(self, event: ProviderOrder, price: Price | None) -> list[BookEvent]:
        if price is None:
            return []
        order = NewOrder(key=event.number, side=event.side, price=price, quantity=event.quantity, expires_at=event.expires_at)
        return self._felt(self._engine.submit(event.at, order))

    def _sweep(self, at: Instant, side: Side, limit: Price | None, quantity: Quantity) -> list[BookEvent]:
        if limit is None:
            return []
        order = NewOrder(key=_TAKER, side=side, price=limit, quantity=quantity, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL)
        return self._felt(self._engine.submit(at, order))

    def _review(self, event: ReviewTick) -> list[BookEvent]:
        """Pull, with probability one half each, the crowd's quotes on the wrong side of fair."""
        fair = self._fair(event.at) * CENT
        stale = self._engine.beyond(Side.BUY, math.floor(fair)) + self._engine.beyond(Side.SELL, math.ceil(fair))
        events: list[BookEvent] = []
        for key in stale:
            if key >= 0 and pulls(self._seed, key, event.index):
                events += self._engine.cancel(event.at, key)
        return events


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
