"""Algorithms against each other on the same seeds: what each costs, and what it costs more or less than a baseline.

Statistics as in algorithms.md section 4.2. The unit is the execution, the cluster the seed; every mean has a 95 % percentile
bootstrap interval, and a difference is of the same seeds, over those on which both arms have the figure. One-sided arrivals
have no mid: they are a stratum of their own, of which only the fill rate is told. A replay's windows stand where seeds do, and
its clusters are days of an event. Values; `pairing.py` computes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.replays import Replay
from depthwalk.analysis.trial_columns import Metric
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.units import Quantity
from depthwalk.errors import UsageError

RESAMPLES: Final = 2_000

PRIMARY: Final = Metric.NET_CENTS
"""What an arm is judged by; all else but the fill rate is description."""

FILL_MARGIN: Final = 1.0
"""An arm may fill so many points less than the baseline and still count as filling no less."""

FEWEST_SEEDS: Final = 100
"""With fewer pairs of seeds on which both arms have a cost there is no verdict (algorithms.md section 4.3)."""

FEWEST_EVENT_DAYS: Final = 20
"""With fewer clusters of them in a replay there is no verdict either (algorithms.md section 4.5): their spread is not known."""

LEVEL: Final = 0.05

FIRST_TRAINING_SEED: Final = 1_000_000_000
"""Training has all seeds from here on, results have those below: nothing is ever reported on a seed that was trained on."""

TOUCH_BINS: Final = ("<= 1/2", "1/2 to 1", "1 to 2", "2 to 4", "> 4")
"""The bins of the quantity relative to the touch; upper ends belong to them."""

TOUCH_ENDS: Final = (0.5, 1.0, 2.0, 4.0)
"""The upper ends of all but the last."""


class Verdict(Enum):
    """What may be said of an arm against the baseline. Undecided is an answer."""

    BETTER = "better"
    WORSE = "worse"
    UNDECIDED = "undecided"
    TOO_FEW = "too few seeds"
    TOO_FEW_WINDOWS = "too few windows"
    TOO_FEW_DAYS = "too few event-days"


class FillVerdict(Enum):
    """Whether an arm that is better also fills no less, but for FILL_MARGIN; asked of no other."""

    HOLDS = "fills no less"
    FAILS = "fills less"
    UNDECIDED = "may fill less"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedArm:
    """An arm as asked for: its name in the comparison, the algorithm, its parameters as a configuration has them.

    *changed* are the names of those that are not as the algorithm comes.
    """

    name: str
    algorithm: str
    parameters: Mapping[str, object]
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked: every class in every world, all arms, the seeds from *first_seed* on; *version* is the package's.

    Of a *replay* the classes are those in which windows were found, and *runs* counts them all.
    """

    classes: tuple[str, ...]
    worlds: tuple[str, ...]
    arms: tuple[AskedArm, ...]
    baseline: str
    runs: int
    first_seed: int
    version: str
    outcome: Outcome = Outcome.YES
    action: Action = Action.BUY
    replay: Replay | None = None

    def __post_init__(self) -> None:
        """Raise as `check_seeds`."""
        check_seeds(self.first_seed, self.runs)

    def seeds(self, class_name: str) -> int:
        """Return how many seeds, or windows, a class has in each world."""
        return self.runs if self.replay is None else self.replay.count(class_name)

    @property
    def wanted(self) -> int:
        """How many there are in all classes and worlds."""
        return len(self.worlds) * sum(map(self.seeds, self.classes))


def check_seeds(first: int, runs: int) -> None:
    """Raise UsageError where seeds of a result would be those of training."""
    if first + runs > FIRST_TRAINING_SEED:
        raise UsageError(f"--seed {first}: with --runs it must stay below {FIRST_TRAINING_SEED:,}, where training begins")


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What must be 0: contracts bought beyond the order, orders left resting, fills beyond the cap."""

    overfilled: Quantity
    orphans: int
    beyond_cap: int

    @property
    def clean(self) -> bool:
        """Whether all is as it must be."""
        return not (self.overfilled or self.orphans or self.beyond_cap)


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """An arm against the baseline, on the same seeds: the arm's figure less the baseline's; a negative cost is a saving.

    *pairs* of the seeds, in so many *clusters*, have the primary metric in both arms, and *by_touch* is its difference in each
    of TOUCH_BINS. *p* is of the primary difference, two-sided and
    normal with the resamples' standard error; *adjusted* after Holm's correction for all arms and classes of the world.
    """

    differences: Mapping[Metric, Estimate | None]
    pairs: int
    clusters: int
    by_touch: tuple[Estimate | None, ...]
    p: float | None
    adjusted: float | None
    verdict: Verdict
    fill: FillVerdict

    @property
    def primary(self) -> Estimate | None:
        """The difference in the primary metric."""
        return self.differences[PRIMARY]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmFigures:
    """One arm in one cell. *means*, *net_median* and the like are of two-sided arrivals.

    *unpriced* of those ended with a rest that no book could price, *depth_short* with one that the book did not hold whole.
    *reasons* counts why all trials ended. *distribution* is of net cents, at the shares of `shapes.DISTRIBUTION`, *fill_curve*
    what was filled by each of `trials.STEPS`, in percent. *takes_beyond* counts the trials of a replay that took more of a
    level than it may show, *worst_take* is the largest share that any took. *against* is None for the baseline.
    """

    arm: str
    means: Mapping[Metric, Estimate | None]
    net_median: Estimate | None
    net_tail: Estimate | None
    shortfall_median: Estimate | None
    shortfall_tail: Estimate | None
    net_by_touch: tuple[Estimate | None, ...]
    unpriced: int
    depth_short: int
    one_sided_fill: Estimate | None
    reasons: Mapping[str, int]
    audit: Audit
    distribution: tuple[float, ...]
    fill_curve: tuple[Estimate | None, ...]
    takes_beyond: int
    worst_take: float | None
    against: Against | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A class in a world: the seeds by stratum, what was ordered (least and most contracts), what the books were.

    *over_touch* is the median of the quantity relative to what was displayed at the best price, *touch_bins* counts the seeds
    in TOUCH_BINS; *spread_cents*, *touch* and *within_3* (contracts) are means; *fan* is of the untouched mid (`shapes.fan`),
    empty where it was not followed. All of two-sided arrivals. *clusters*: how many of the seeds are independent.
    """

    class_name: str
    world: str
    seeds: int
    clusters: int
    two_sided: int
    one_sided: int
    quantity: tuple[Quantity, Quantity]
    over_touch: float | None
    touch_bins: tuple[int, ...]
    spread_cents: float | None
    touch: float | None
    within_3: float | None
    fan: tuple[tuple[float, ...], ...]
    arms: tuple[ArmFigures, ...]

    def arm(self, name: str) -> ArmFigures:
        """Return an arm's figures."""
        return next(each for each in self.arms if each.arm == name)

    @property
    def above_touch(self) -> int:
        """How many seeds asked for more than the best price displayed."""
        return sum(self.touch_bins[TOUCH_ENDS.index(1.0) + 1 :])


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What was asked and what was found, class by class within each world. Cells of which nothing has run are left out."""

    asked: Asked
    cells: tuple[Cell, ...]
    resamples: int = RESAMPLES

    @property
    def complete(self) -> bool:
        """Whether all that was asked for has run."""
        asked = len(self.asked.classes) * len(self.asked.worlds)
        return len(self.cells) == asked and all(cell.seeds == self.asked.seeds(cell.class_name) for cell in self.cells)

    @property
    def clean(self) -> bool:
        """Whether no arm overfilled, left an order or passed its cap."""
        return all(arm.audit.clean for cell in self.cells for arm in cell.arms)
