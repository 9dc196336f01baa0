"""Replaying arms on recordings: one window, every arm, both queue models. The recorded twin of `lab/tasks.py`.

A replay is run through the same exchange, at the same distance, by the same drive as a synthetic world, and measured alike. Its
cells are a liquidity class, as found at each decision, in a world that is named for the queue model; `tasks` always makes both,
because the truth is thought to lie between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from depthwalk.analysis.trials import Benchmark, Trial
from depthwalk.domain.market import FeeSchedule, Market
from depthwalk.domain.order import ParentOrder
from depthwalk.domain.units import Duration, in_seconds
from depthwalk.errors import UsageError
from depthwalk.executors.registry import make_executor
from depthwalk.executors.space import BuyerSpace
from depthwalk.lab.recorded.book import TAKE_SHARE, RecordedBook
from depthwalk.lab.recorded.queues import BRACKET, QueueModel
from depthwalk.lab.recorded.reel import Reel
from depthwalk.lab.recorded.tape import Tape
from depthwalk.lab.recorded.windows import EVERY, MARGIN, Size, Window, order_for, windows
from depthwalk.lab.running import HORIZON, START, Arm, Order, play
from depthwalk.lab.worlds import TICKER
from depthwalk.paper.latency import LatencyModel

WORLD: Final = "replay, {}"
"""The world of a replay, with the name of its queue model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The setting of a replay: a `Conditions`."""

    class_name: str
    world: str
    market: Market
    latency: LatencyModel = field(default_factory=LatencyModel)

    @property
    def fees(self) -> FeeSchedule:
        """What the exchange charges."""
        return self.market.fees


class Moment:
    """One window of a recording, ready for arms: a `Stage`. The last book that was handed out is kept for its flags."""

    def __init__(
        self, setting: Replayed, reel: Reel, window: Window, model: QueueModel, order: Order, *, share: float, strict: bool
    ) -> None:
        self.setting, self.seed = setting, window.number
        self.benchmark: Benchmark = window.benchmark
        self.parent: ParentOrder = order_for(order, window.quantity)
        self.space = BuyerSpace.of(self.parent)
        self._reel, self._model, self._share, self._strict = reel, model, share, strict
        self._index = reel.index(window.at)
        self._levels = reel.levels(self._index)
        self._shift = Duration(START - window.at)

    def fork(self) -> RecordedBook:
        """Return the recorded book from here on, untouched."""
        self.book = RecordedBook(
            self._reel,
            self._index,
            self._levels.copy(),
            self._model,
            shift=self._shift,
            share=self._share,
            strict=self._strict,
        )
        return self.book


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayTask:
    """All *arms* on the *moments* of one tape, all of one class, under one queue model. A `Piece`."""

    setting: Replayed
    tape: Tape
    moments: tuple[Window, ...]
    arms: tuple[Arm, ...]
    model: QueueModel
    order: Order
    share: float = TAKE_SHARE
    strict: bool = False
    until: Duration = HORIZON

    def __str__(self) -> str:
        numbers = [window.number for window in self.moments]
        return f"{self.tape.source}, {self.tape.ticker}, {self.setting.world}, windows {numbers[0]} to {numbers[-1]}"

    def run(self) -> list[Trial]:
        """Run it window by window, and in each the arms as given."""
        reel = Reel(self.tape)
        return [trial for window in self.moments for trial in self._window(reel, window)]

    def _window(self, reel: Reel, window: Window) -> list[Trial]:
        moment = Moment(self.setting, reel, window, self.model, self.order, share=self.share, strict=self.strict)
        trials: list[Trial] = []
        for arm in self.arms:
            trial = play(moment, arm.name, make_executor(arm.algorithm, arm.params), until=self.until)
            book = moment.book
            trials.append(replace(trial, takes_beyond=book.takes_beyond, worst_take=book.worst_take))
        return trials


def replay_tasks(
    tapes: Sequence[Tape],
    arms: Sequence[Arm],
    *,
    every: Duration = EVERY,
    size: Size | None = None,
    order: Order | None = None,
    models: Sequence[QueueModel] = BRACKET,
    share: float = TAKE_SHARE,
    strict: bool = False,
) -> list[ReplayTask]:
    """Cut the work of comparing *arms* on *tapes* into pieces: a tape, a class, a queue model. Windows are numbered through.

    Args:
        tapes: what was recorded.
        arms: who is compared.
        every: the time between two decisions.
        size: how much each asks for; one touch unless said.
        order: which side; YES bought unless said.
        models: how the queue is read; both ends of the bracket unless a test says otherwise.
        share: of a displayed level, how much may be taken without a flag.
        strict: refuse what goes beyond it instead.

    Raises:
        UsageError: *every* or *size* make no sense, or there is no moment to decide at.

    """
    asked = order or Order()
    found: list[ReplayTask] = []
    count = 0
    for tape in tapes:
        here = windows(tape, first=count, every=every, order=asked, size=size)
        count += len(here)
        market = replace(tape.market, ticker=TICKER, event_ticker=TICKER)
        found += [
            ReplayTask(
                setting=Replayed(class_name=liquidity.value, world=WORLD.format(model.name), market=market),
                tape=tape,
                moments=tuple(window for window in here if window.liquidity is liquidity),
                arms=tuple(arms),
                model=model,
                order=asked,
                share=share,
                strict=strict,
            )
            for model in models
            for liquidity in dict.fromkeys(window.liquidity for window in here)
        ]
    if not found:
        longest = max((in_seconds(tape.until - tape.start) for tape in tapes), default=0.0)
        raise UsageError(
            f"no moment to decide at in {len(tapes)} recorded stretches, the longest of {longest:g} s",
            hint=f"a two-sided book is needed, and {in_seconds(HORIZON + 2 * MARGIN):g} s without a gap before the close",
        )
    return found
