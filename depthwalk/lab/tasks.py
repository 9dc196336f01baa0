"""The work of the laboratory as pieces: a setting, the arms, a block of seeds. A piece is a plain value and so is its result.

Whatever runs a piece, on whichever machine and in whichever order, finds the same numbers to the last digit: nothing in here
knows of any other piece, of the time, or of the machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from depthwalk.analysis.trials import Trial
from depthwalk.domain.units import Duration, in_seconds
from depthwalk.errors import UsageError
from depthwalk.lab.running import HORIZON, Arm, Order, run_seed
from depthwalk.lab.worlds import Setting

BLOCK: Final = 25
"""How many seeds a piece has: a second or so of work, so that progress shows and little is lost with a worker."""

LONGEST: Final = 40.0
"""How many seconds an arm may have: the rest of all is completed soon after, and who had longer would pass for better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """All *arms* on *seeds* of one setting; with *paths* each seed's untouched mid is followed too. It is `scale.Work`."""

    setting: Setting
    arms: tuple[Arm, ...]
    seeds: range
    order: Order
    until: Duration = HORIZON
    paths: bool = False

    def __str__(self) -> str:
        return f"{self.setting.class_name}, world {self.setting.world}, seeds {self.seeds[0]} to {self.seeds[-1]}"

    def run(self) -> list[Trial]:
        """Run it seed by seed, and in each the arms as given."""
        return [
            trial
            for seed in self.seeds
            for trial in run_seed(self.setting, seed, self.arms, order=self.order, until=self.until, paths=self.paths)
        ]


def tasks(
    settings: Sequence[Setting],
    arms: Sequence[Arm],
    seeds: range,
    *,
    order: Order | None = None,
    block: int = BLOCK,
    paths: bool = False,
) -> list[Task]:
    """Cut the work of comparing *arms* in *settings* on *seeds* into pieces, setting by setting. Raises as `check_times`."""
    check_times(arms)
    asked = order or Order()
    return [
        Task(setting=setting, arms=tuple(arms), seeds=seeds[first : first + block], order=asked, paths=paths)
        for setting in settings
        for first in range(0, len(seeds), block)
    ]


def check_times(arms: Sequence[Arm]) -> None:
    """Raise UsageError where an arm has more than LONGEST."""
    for arm in arms:
        if arm.params.timeout_seconds > LONGEST:
            raise UsageError(
                f"{arm.name}: found timeout_seconds {arm.params.timeout_seconds:g}; allowed: at most {LONGEST:g},"
                f" as the rest of every arm is completed {in_seconds(HORIZON):g} s after the decision",
                hint=f"as in {arm.algorithm}:timeout_seconds={LONGEST:g}",
            )
