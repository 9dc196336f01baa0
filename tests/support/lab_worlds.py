"""Worlds of the laboratory that are written down event by event, watched, or given another future."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, count, dropwhile, takewhile
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
from depthwalk.paper.trading import BookEvent, NewOrder
from depthwalk.simulation.flow import Exogenous, InformedTaker, ProviderOrder, exogenous, first_value
from depthwalk.simulation.synthetic import Valuation
from depthwalk.simulation.value import Step, Values

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


class Written:
    """Steps of a value that are written down."""

    def __init__(self, *steps: Step) -> None:
        self._steps = list(steps)

    def until(self, end: Instant) -> Sequence[Step]:
        """Return those before *end* that have not been returned yet."""
        due = [step for step in self._steps if step[0] < end]
        del self._steps[: len(due)]
        return due


class Parting:
    """The steps of one value until *parting*, and those of another from then on."""

    def __init__(self, ours: Values, theirs: Values, parting: Instant) -> None:
        self._pair, self._parting = (ours, theirs), parting
        self._from = Instant(ours.times[0] + 1)

    def until(self, end: Instant) -> Sequence[Step]:
        """Return those before *end* that have not been returned yet."""
        since, self._from = self._from, end
        steps: list[Step] = []
        for values, low, high in zip(
            self._pair, (since, max(since, self._parting)), (min(end, self._parting), end), strict=True
        ):
            values.reach(end)
            steps += [(time, value) for time, value in zip(values.times, values.values, strict=True) if low <= time < high]
        return steps


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
        nobody = (InformedTaker(at(1e6 + second), Quantity(CONTRACT)) for second in count())
        crowd = CrowdBook(
            setting.market_class,
            STRUCTURES[setting.structure],
            0,
            start=START,
            engine=engine,
            valuation=Valuation(setting.market_class, Values(setting.market_class.provider_lag, START, VALUE, Written())),
            arrivals=chain(events, nobody),
        )
        adopted(self, crowd)


def levels(found: Iterator[Level]) -> list[tuple[int, int]]:
    """Return levels in cents and contracts."""
    return [(price // CENT, quantity // CONTRACT) for price, quantity in found]


class Diary:
    """All that came to a market and what it did there: an onlooker. The whole book is noted once a second."""

    def __init__(self) -> None:
        self.pages: list[tuple[object, ...]] = []
        self.arrivals: list[Exogenous] = []
        self.book: CrowdBook | None = None
        self._second = -1

    def note(self, event: Exogenous, order: NewOrder | None, events: Sequence[BookEvent]) -> None:
        """Write it down."""
        assert self.book is not None
        self.arrivals.append(event)
        page: tuple[object, ...] = (event, order, tuple(events), self.book.best, self.book.value)
        second = event.at // SECOND
        if second != self._second:
            self._second = second
            page += (self.book.book(),)
        self.pages.append(page)


class DiaryWorld(WarmWorld):
    """A world that keeps a diary of each of its forks."""

    def __init__(self, setting: Setting, seed: int, order: Order | None = None) -> None:
        super().__init__(setting, seed, order)
        self.diaries: list[Diary] = []

    def fork(self, onlooker: Onlooker | None = None) -> CrowdBook:
        """Return the book, as every world does; the diary is the onlooker."""
        assert onlooker is None
        diary = Diary()
        diary.book = super().fork(diary.note)
        self.diaries.append(diary)
        return diary.book


def spliced(setting: Setting, seed: int, other_seed: int, *, parting: Instant, warm: int = 120) -> WarmWorld:
    """Return a world of *seed* whose future from *parting* on is that of *other_seed*. Both begin *warm* seconds earlier."""
    begin, market, value = Instant(START - warm * SECOND), setting.market_class, first_value(seed)
    ours, theirs = (exogenous(market, each, begin) for each in (seed, other_seed))
    steps = Parting(*(Values.of(market, each, begin, value) for each in (seed, other_seed)), parting)

    def arrivals() -> Iterator[Exogenous]:
        yield from takewhile(lambda event: event.at < parting, ours)
        for event in dropwhile(lambda event: event.at < parting, theirs):
            # Numbers of its own: an order of the one past may still rest.
            yield event._replace(number=event.number + 4_000_000) if isinstance(event, ProviderOrder) else event

    world = WarmWorld(setting, seed)
    crowd = CrowdBook(
        market,
        STRUCTURES[setting.structure],
        seed,
        start=begin,
        engine=MatchingEngine(),
        valuation=Valuation(market, Values(market.provider_lag, begin, value, steps)),
        arrivals=arrivals(),
    )
    crowd.advance(START)
    return adopted(world, crowd)


def adopted(world: WarmWorld, crowd: CrowdBook) -> WarmWorld:
    """Return the world with another book at the decision."""
    world._crowd = crowd
    world.benchmark = Benchmark.of(world.space.book(crowd.book()), world.parent.action)
    return world
