"""Reservation prices: what `dynamic_depth_walker` and `adaptive_limit` have in common, and the signals that may hurry them.

Source: algorithms.md section 2.3. The law itself is `analysis/walker.py`; here is when a split may move, and how far.
"""

from abc import abstractmethod
from collections.abc import Sequence
from math import inf

from depthwalk.analysis.walker import Law, Progress, deficit, next_offset, rung, target_offset
from depthwalk.domain.messages import Look, PublicTrade
from depthwalk.domain.units import Duration, Price, seconds
from depthwalk.executors.base import Executor
from depthwalk.executors.signals import SignalParams, Signals
from depthwalk.executors.state import Quote, Situation, Split
from depthwalk.executors.walking import LawParams, WalkingParams


class Walking(Executor):
    """Steps at an interval; a split that has used up its walks stays where it is; an urgent end is spent at the cap."""

    params: WalkingParams

    @property
    def cadence(self) -> Duration:
        """Time between two evaluations."""
        return seconds(self.params.walk_interval_seconds)

    @property
    def walks_at_most(self) -> int:
        """As the parameters have it."""
        return self.params.max_walks

    def quotes(self, situation: Situation) -> Sequence[Quote]:
        """Return what each split wants; see `price`."""
        highest = self.highest(situation)
        if highest is None:
            return ()
        start = self.params.at_cap_from
        hurried = situation.elapsed >= start
        # An urgent run keeps its last walk for the way to the cap.
        most = self.params.max_walks - (start < 1 and not hurried)
        quotes: list[Quote] = []
        for split in situation.splits:
            if split.placed is not None and split.walks >= most:
                quotes.append(Quote(split=split.index, price=split.placed, why="no walks left"))
            elif hurried:
                quotes.append(Quote(split=split.index, price=highest, why="time is short: as high as may be"))
            elif (quote := self.price(split, situation, highest)) is not None:
                quotes.append(quote)
        return quotes

    def highest(self, situation: Situation) -> Price | None:
        """Return the highest price that a split may have now: the cap; None where there is none."""
        return situation.cap

    @abstractmethod
    def price(self, split: Split, situation: Situation, highest: Price) -> Quote | None:
        """Return where a split that may walk should rest, at most at *highest* and the ask; None: where it is."""


class Signaled(Walking):
    """Walking that follows signals."""

    def __init__(self, params: SignalParams) -> None:
        super().__init__(params)
        self.signals = Signals(params)

    @property
    def look(self) -> Look:
        """What must be read for the signals."""
        return self.signals.look

    @property
    def adverse_momentum(self) -> float:
        """Momentum in -1 to 1: above 0 the price moves against us."""
        return self.signals.adverse

    def read_tape(self, trades: Sequence[PublicTrade]) -> None:
        """Feed the signals."""
        self.signals.read_tape(trades, self.run.parent.side)

    def observe(self, situation: Situation) -> None:
        """Feed the signals."""
        self.signals.observe(situation.now, situation.sight, situation.cap)


class Reserving(Walking):
    """Each split at a reservation price by the control law, anchored on the best bid of the others."""

    params: LawParams

    def __init__(self, params: LawParams) -> None:
        super().__init__(params)
        self._offsets: dict[int, float] = {}
        self._waiting: set[int] = set()
        self._explained: tuple[Progress, str] | None = None

    @property
    @abstractmethod
    def law(self) -> Law:
        """The law in force."""

    @property
    def rise(self) -> float:
        """How far an offset may rise in one step, in cents."""
        return inf

    @property
    def remarks(self) -> Sequence[str]:
        """What else a price is explained by."""
        return ()

    def price(self, split: Split, situation: Situation, highest: Price) -> Quote | None:
        """Return the split's rung by the law; with no other bid to anchor on, at the ask and left there."""
        sight, progress = situation.sight, situation.progress
        best_bid, best_ask = sight.best_bid, sight.best_ask
        ceiling = highest if best_ask is None else min(highest, best_ask)
        if best_bid is None:
            return self._unanchored(split, ceiling, situation)
        target = target_offset(self.law, split.index, progress)
        offset = self._offsets[split.index] = next_offset(self._offsets.get(split.index), target, self.rise)
        price = rung(situation.grid, best_bid, offset, ceiling=ceiling)
        return Quote(split=split.index, price=price, why=f"{self.run.space.from_own_best(offset)}, {self._why(progress)}")

    def _unanchored(self, split: Split, ceiling: Price, situation: Situation) -> Quote | None:
        """Return the price with no other bid: as high as may be, chosen once, and once more when takers' fees may be paid."""
        passive = situation.elapsed < self.params.passive_until
        if situation.sight.best_ask is None or (split.placed is not None and (passive or split.index not in self._waiting)):
            return None
        if passive:
            self._waiting.add(split.index)
        else:
            self._waiting.discard(split.index)
        where = "below the ask" if ceiling < situation.sight.best_ask else "at the ask"
        return Quote(split=split.index, price=ceiling, why=f"no other bid to anchor on: {where}")

    def highest(self, situation: Situation) -> Price | None:
        """Return the cap, or one step below the ask while takers' fees are avoided; None where there is no such step."""
        ask, cap = situation.sight.best_ask, situation.cap
        if ask is None or ask > cap or situation.elapsed >= self.params.passive_until:
            return cap
        return situation.grid.below(ask)

    def _why(self, progress: Progress) -> str:
        """Say what all splits of a step are explained by: worked out for the first of them."""
        if self._explained is None or self._explained[0] is not progress:
            behind = deficit(progress)
            words = ([f"behind by {100 * behind:.0f} %"] if behind > 0 else []) + list(self.remarks)
            self._explained = progress, ", ".join(words) or "on schedule"
        return self._explained[1]
