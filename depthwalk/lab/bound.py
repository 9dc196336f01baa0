"""How far anything could go in a world: what one could have had who knew its future. No algorithm here that could trade.

Two bounds (algorithms.md section 3.7), each as trials beside those of the arms, under names of their own:

- the clairvoyant menu: the world is run with nobody trading, and all that could have been bought in it is listed; the
  cheapest of that is bought without a trace, a delay or a fee. A bound in practice and no theorem: an order changes what
  comes after it, and now and then for the better.
- the best constant limit: every limit is tried in the world as it answers, with delays, impact and fees, and what turned
  out best is kept. A tighter ceiling, for one order that never moves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from depthwalk.analysis.benchmarks import MarkedFill, cap_price
from depthwalk.analysis.bounds import BEST_LIMIT, BEST_LIMIT_NET, CLAIRVOYANT
from depthwalk.analysis.trials import Trial
from depthwalk.domain.book import Level
from depthwalk.domain.grid import Grid
from depthwalk.domain.messages import Reason
from depthwalk.domain.order import Side
from depthwalk.domain.result import ApiUsage
from depthwalk.domain.units import CENT, Duration, Money, Price, Quantity, seconds
from depthwalk.errors import DomainError
from depthwalk.executors.simple_limit import SimpleLimit, SimpleLimitParams
from depthwalk.executors.state import EndAction, Quote, Situation
from depthwalk.lab.measuring import priced
from depthwalk.lab.running import START, Arm, Order, WarmWorld, completing_book, exchange_of, play, run
from depthwalk.lab.tasks import LONGEST, check_times
from depthwalk.lab.worlds import Setting
from depthwalk.paper.trading import BookEvent, Executed, NewOrder
from depthwalk.simulation.flow import Exogenous, InformedTaker, NoiseTaker, ProviderOrder
from depthwalk.simulation.synthetic import taker_limit

WINDOW: Final = seconds(LONGEST)
"""How long the clairvoyant buys, and a constant limit rests: as the arms may."""

DEEPEST: Final = 2 * CENT
"""How far below the best bid limits are tried. In thin books still deeper ones would now and then turn out better."""


def bounds(world: WarmWorld, max_slippage: float) -> list[Trial]:
    """Return what was possible in a world of two sides: the clairvoyant, the best limit gross of fees, and net of them.

    All within the cap that *max_slippage* allows an executor: to bound several it has to be the widest of theirs.
    """
    limits = list(constant_limits(world, max_slippage))
    gross, net = min(limits, key=_gross), min(limits, key=_net)
    return [clairvoyant(world, max_slippage), replace(gross, arm=BEST_LIMIT), replace(net, arm=BEST_LIMIT_NET)]


def _gross(trial: Trial) -> float:
    return float("inf") if trial.shortfall is None else trial.shortfall


def _net(trial: Trial) -> float:
    return float("inf") if trial.net is None else trial.net


# --- the clairvoyant menu ---


def clairvoyant(world: WarmWorld, max_slippage: float) -> Trial:
    """Return the cheapest that a world of two sides had on its menu; what it has not is completed as every arm's is."""
    space, wanted = world.space, world.parent.quantity
    menu = Menu(world, max_slippage)
    final = completing_book(exchange_of(world.setting, menu.book), menu.book, space)
    fills = [MarkedFill(price=price, quantity=quantity, mid_twice=None) for price, quantity in menu.cheapest(wanted)]
    filled = Quantity(sum(fill.quantity for fill in fills))
    cost = priced(space, world.setting.fees, world.benchmark, fills, unfilled=Quantity(wanted - filled), final=final)
    return Trial(
        seed=world.seed,
        arm=CLAIRVOYANT,
        benchmark=world.benchmark,
        requested=wanted,
        filled=filled,
        maker=Quantity(0),
        paid=Money(sum(fill.price * fill.quantity for fill in fills)),
        fees=Money(0),
        shortfall=cost.whole.total,
        spread=cost.whole.spread,
        drift=cost.whole.drift,
        opportunity=cost.whole.opportunity,
        completion_fees=cost.completion_fees,
        lenient=cost.lenient,
        lenient_fees=cost.lenient_fees,
        at_mid=cost.whole.total_mid,
        depth_short=cost.whole.depth_short,
        first_fill=None,
        last_fill=None,
        walks=0,
        api=ApiUsage(calls=0, read_tokens=0, write_tokens=0),
        throttled=Duration(0),
        reason=Reason.FILLED if filled == wanted else Reason.HORIZON,
        overfilled=Quantity(0),
        orphans=0,
        beyond_cap=0,
        within_cap=None,
        mark_outs=(),
    )


class Menu:
    """What a buyer could have had in a world that no agent trades in, as *book* lives on. Prices are a buyer's.

    On it stand what is offered at the decision; whoever offers later, at the limit, also where the order met another; every
    sale to others at the price it had, and what a seller could not get rid of at the least that would have done; and
    whoever looks with knowledge of the value, at what would have made that trader sell.
    """

    def __init__(self, world: WarmWorld, max_slippage: float) -> None:
        self._world = world
        self._cap = cap(world, max_slippage)
        self._sellers = Side.SELL if world.parent.side is Side.BUY else Side.BUY
        self.book = world.fork(self._see)
        self._levels = list(world.space.book(self.book.book()).asks)

    def _see(self, event: Exogenous, order: NewOrder | None, events: Sequence[BookEvent]) -> None:
        """Take note of who comes."""
        if event.at > START + WINDOW:
            return
        match event:
            case ProviderOrder() if order is not None and event.side is self._sellers:
                self._add(order.price, order.quantity)
            case NoiseTaker() if order is not None and event.side is self._sellers:
                sold = [each for each in events if isinstance(each, Executed)]
                for trade in sold:
                    self._add(trade.price, trade.quantity)
                self._add(order.price, Quantity(order.quantity - sum(trade.quantity for trade in sold)))
            case InformedTaker():
                threshold = self._world.setting.market_class.informed_threshold
                grid = self._world.setting.market.grid
                self._add(taker_limit(grid, self._sellers, self.book.value, -threshold), event.quantity)
            case _:
                pass

    def cheapest(self, quantity: Quantity) -> Iterator[Level]:
        """Yield what *quantity* takes of it, cheapest first; less where there is less within the cap."""
        left = int(quantity)
        for price, offered in sorted(self._levels):
            if price > self._cap or not left:
                return
            part = min(left, offered)
            left -= part
            yield price, Quantity(part)

    def _add(self, leg: Price | None, quantity: Quantity) -> None:
        if leg is not None and quantity:
            self._levels.append((self._world.space.leg(leg), quantity))


def cap(world: WarmWorld, max_slippage: float) -> Price:
    """Return the worst buyer's price that is allowed in a world of two sides, as an executor works it out at its arrival."""
    space = world.space
    target = space.traded(_known(world.benchmark.best_ask))
    grid = space.traded_grid(world.setting.market.grid)
    return space.traded(cap_price(world.parent.action, grid, target=target, limit=None, max_slippage=max_slippage)[0])


def _known(price: Price | None) -> Price:
    if price is None:
        raise DomainError("a bound needs a world of two sides")
    return price


# --- the best constant limit ---


class ConstantLimit(SimpleLimit):
    """One order at a limit that somebody else has chosen, and at the end of the time the rest within the cap."""

    def __init__(self, limit: Price, max_slippage: float) -> None:
        super().__init__(SimpleLimitParams(timeout_seconds=LONGEST, max_slippage=max_slippage, end_action=EndAction.CROSS))
        self._limit = limit

    def choose(self, situation: Situation) -> Sequence[Quote]:
        """Return the limit, but never beyond the cap."""
        return (Quote(split=0, price=min(self._limit, situation.cap), why="a limit chosen beforehand"),)


def constant_limits(world: WarmWorld, max_slippage: float) -> Iterator[Trial]:
    """Run every constant limit in a fork of its own, from the cap down to DEEPEST below the best bid."""
    lowest = _known(world.benchmark.best_bid) - DEEPEST
    for limit in _downwards(world.space.grid(world.setting.market.grid), cap(world, max_slippage), lowest):
        yield play(world, BEST_LIMIT, ConstantLimit(limit, max_slippage))


def _downwards(grid: Grid, highest: Price, lowest: int) -> Iterator[Price]:
    """Yield prices a cent or more apart, so that a finer grid does not take ten times as long."""
    price: Price | None = highest
    while price is not None and price >= lowest:
        yield price
        price = grid.floor(price - CENT)


# --- pieces of work ---


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundTask:
    """All *arms* and both bounds on *seeds* of one setting; nothing of a seed whose world begins with an empty side."""

    setting: Setting
    arms: tuple[Arm, ...]
    seeds: range
    order: Order

    def __post_init__(self) -> None:
        """Raise as `check_times`."""
        check_times(self.arms)

    def __str__(self) -> str:
        return f"{self.setting.class_name}, {self.setting.world}, seeds {self.seeds.start} to {self.seeds.stop - 1}"

    def run(self) -> list[Trial]:
        """Run it seed by seed, and in each the arms as given, then the bounds."""
        return [trial for seed in self.seeds for trial in self._trials(WarmWorld(self.setting, seed, self.order))]

    def _trials(self, world: WarmWorld) -> list[Trial]:
        if world.benchmark.mid_twice is None:
            return []
        widest = max(arm.params.max_slippage for arm in self.arms)
        return [*(run(world, arm) for arm in self.arms), *bounds(world, widest)]
