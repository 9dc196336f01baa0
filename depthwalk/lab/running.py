"""One seed of a setting: the world is made and warmed once, then every arm runs in a fork of it. Paired by construction.

What arrives is drawn from streams of the seed alone, so an arm changes how the book answers and never what comes; one that
does nothing leaves the world as it is, to the last bit.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from depthwalk.analysis.trials import STEPS, Benchmark, Trial
from depthwalk.domain.book import Book
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.messages import Rules
from depthwalk.domain.order import Action, Outcome, ParentOrder
from depthwalk.domain.units import DOLLAR, SECOND, Duration, Instant, Money, Price, seconds
from depthwalk.executors.base import Executor
from depthwalk.executors.registry import make_executor
from depthwalk.executors.space import BuyerSpace
from depthwalk.executors.state import BaseParams
from depthwalk.kalshi.throttle import Throttle
from depthwalk.lab.drive import Drive
from depthwalk.lab.measuring import Ended, Mids, measure
from depthwalk.lab.stage import Conditions, LivingBook, Stage
from depthwalk.lab.venue import LabVenue
from depthwalk.lab.virtual import Schedule
from depthwalk.lab.worlds import TICKER, Setting
from depthwalk.paper.account import AccountState
from depthwalk.paper.crowd import CrowdBook, Onlooker
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.listing import Listing
from depthwalk.paper.trading import BookEvent, TradingBook
from depthwalk.simulation.flow import stream
from depthwalk.wire.markets import MarketRecord

START: Final = Instant(1_000_000_000 * SECOND)
"""When every decision is taken; any time would do."""

HORIZON: Final = seconds(44)
"""When the rest of every arm is marked: after the longest of them has ended (algorithms.md section 3.1, point 7)."""

LATEST: Final = seconds(300)
"""How long after the horizon an empty side is waited for: who has to complete then has to wait as well."""

_STEP: Final = SECOND
_THROTTLE: Final = Throttle()
"""The sizes of an account's buckets; every run has full ones of its own."""

PARENT_ID: Final = "0" * 32
"""Of every order in the laboratory: each has an exchange of its own."""

_PURSE: Final = Money(1_000_000_000 * DOLLAR)
"""What an arm may spend is set by the order; the account is never what stops it."""


Touch = tuple[Price | None, Price | None]
"""The best bid and the best ask of the YES leg; None where a side is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """An algorithm with its parameters, under the name that it has in a comparison."""

    name: str
    algorithm: str
    params: BaseParams


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is bought or sold in a setting; YES bought unless said otherwise."""

    outcome: Outcome = Outcome.YES
    action: Action = Action.BUY


class WarmWorld:
    """The world of one seed at the moment of the decision."""

    def __init__(self, setting: Setting, seed: int, order: Order | None = None) -> None:
        self.setting, self.seed = setting, seed
        asked = order or Order()
        self.parent = ParentOrder(
            parent_id=PARENT_ID, ticker=TICKER, outcome=asked.outcome, action=asked.action, quantity=setting.quantity
        )
        self.space = BuyerSpace.of(self.parent)
        crowd = CrowdBook.synthetic(setting.market_class, STRUCTURES[setting.structure], seed, START)
        crowd.advance(START)
        self._crowd = crowd
        self.benchmark = Benchmark.of(self.space.book(crowd.book()), self.parent.action)

    def follow(self) -> None:
        """Note in the benchmark where the mid goes with nobody trading. It costs a fork of the world of its own."""
        arrival = self.benchmark.mid_twice
        if arrival is None:
            return
        book = self.fork()
        path: list[int | None] = []
        for step in STEPS:
            book.advance(Instant(START + step))
            twice = _twice(book.best, self.space)
            path.append(None if twice is None else twice - arrival)
        self.benchmark = replace(self.benchmark, path=tuple(path))

    def fork(self, onlooker: Onlooker | None = None) -> CrowdBook:
        """Return the book with the same future, for one arm; an *onlooker* is told of whoever comes."""
        return self._crowd.fork(drift=self.parent.side.sign * self.setting.drift, onlooker=onlooker)


def run(world: Stage, arm: Arm, *, until: Duration = HORIZON) -> Trial:
    """Run one arm in a fork of the world, and measure it. The mid is sampled every second up to *until*, for mark-outs."""
    return play(world, arm.name, make_executor(arm.algorithm, arm.params), until=until)


def play(world: Stage, name: str, executor: Executor, *, until: Duration = HORIZON) -> Trial:
    """Run an executor that has not been started as the arm *name*, as `run`."""
    setting, book = world.setting, _Sampled(world.fork())
    exchange = exchange_of(setting, book)
    clock = Schedule(START)
    venue = LabVenue(
        exchange,
        clock,
        rng=stream(world.seed, "latency"),
        latency=setting.latency,
        throttle=_THROTTLE.another(),
        market=setting.market,
    )
    Drive(executor, world.parent, setting.market, Rules(), exchange=venue, clock=clock).to_the_end()
    usage = venue.usage
    final = completing_book(exchange, book, world.space)
    resting = len(exchange.ledger.resting(TICKER))
    exchange.advance(Instant(START + until), (TICKER,))
    return measure(
        world.seed,
        name,
        world.benchmark,
        Ended(
            executor=executor,
            fills=tuple(record.fill for record in exchange.ledger.fills),
            began=START,
            mids=Mids(START, _STEP, [_twice(touch, world.space) for touch in book.touches]),
            final=final,
            api=usage,
            throttled=venue.waited,
            resting=resting,
        ),
    )


def run_seed(
    setting: Setting,
    seed: int,
    arms: Sequence[Arm],
    *,
    order: Order | None = None,
    until: Duration = HORIZON,
    paths: bool = False,
) -> list[Trial]:
    """Run all arms on one seed; with *paths* the benchmark follows the mid that nobody trades on."""
    world = WarmWorld(setting, seed, order)
    if paths:
        world.follow()
    return [run(world, arm, until=until) for arm in arms]


def _twice(touch: Touch, space: BuyerSpace) -> int | None:
    """Return twice a buyer's mid; None while a side is empty."""
    bid, ask = touch
    return None if bid is None or ask is None else space.twice(bid + ask)


def completing_book(exchange: PaperExchange, book: TradingBook, space: BuyerSpace) -> Book:
    """Bring the exchange to the horizon and return the buyer's book to complete the rest in: a later one while none offers."""
    at = START + HORIZON
    exchange.advance(Instant(at), (TICKER,))
    while not (final := space.book(book.book())).asks and at < START + HORIZON + LATEST:
        at += _STEP
        exchange.advance(Instant(at), (TICKER,))
    return final


def exchange_of(setting: Conditions, book: TradingBook) -> PaperExchange:
    """Return an exchange whose one market is *book*."""
    market = setting.market
    terms = MarketRecord(ticker=TICKER, event_ticker=TICKER, status=market.status, grid=market.grid, title=setting.class_name)
    listing = Listing(terms=terms, fees=setting.fees, series_ticker=TICKER, book=book, opened_at=START)
    return PaperExchange([listing], ids=random.Random(0), source="laboratory", account=AccountState(cash=_PURSE))


class _Sampled:
    """A book whose touch is noted every second as it is moved on; noting it changes nothing. A `LivingBook`."""

    def __init__(self, book: LivingBook) -> None:
        self.touches: list[Touch] = []
        self._book = book
        self._due = START
        self.submit, self.amend, self.cancel = book.submit, book.amend, book.cancel
        self.book, self.ahead = book.book, book.ahead

    @property
    def best(self) -> Touch:
        """The best bid and the best ask."""
        return self._book.best

    def advance(self, now: Instant) -> list[BookEvent]:
        """Let everything up to and including *now* happen."""
        book, events = self._book, list[BookEvent]()
        while (due := self._due) <= now:
            events += book.advance(due)
            self.touches.append(book.best)
            self._due = Instant(due + _STEP)
        events += book.advance(now)
        return events
