"""One `depthwalk lab compare`: what was asked for in words made into pieces of work, done by whoever does it, and collected."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from depthwalk.assembly.lab_arms import arm_of, arms_of, asked_arm
from depthwalk.domain.order import Action, Outcome
from depthwalk.errors import DepthwalkError, UsageError

if TYPE_CHECKING:
    from depthwalk.analysis.collection import Collection
    from depthwalk.analysis.paired import Asked, Comparison
    from depthwalk.analysis.trials import Trial
    from depthwalk.assembly.replayed import BooksRequest
    from depthwalk.lab.running import Arm, Order
    from depthwalk.lab.stage import Conditions
    from depthwalk.lab.tasks import Task
    from depthwalk.lab.worlds import Setting

EVERY_WORLD: Final = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareRequest:
    """One comparison, in the words of the command line.

    *mark_outs* follows the mid for five minutes after the last fill, *paths* the mid that nobody trades on. With *books*
    recordings are replayed: classes, worlds, seeds and these two are not read then.
    """

    classes: str
    algos: str
    worlds: str
    baseline: str
    runs: int
    first_seed: int
    outcome: Outcome = Outcome.YES
    action: Action = Action.BUY
    jobs: int | None = None
    cluster: str | None = None
    mark_outs: bool = False
    paths: bool = False
    books: "BooksRequest | None" = None
    config_path: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far it is: executions done and to be done, and what has been collected."""

    done: int
    total: int
    asked: "Asked"
    collection: "Collection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What came of it: the statistics, the trials, and what ended it before its time, if anything did."""

    comparison: "Comparison"
    collection: "Collection"
    ended_by: BaseException | None = None


class _Piece(Protocol):
    """A piece of work of one cell, synthetic or recorded."""

    @property
    def setting(self) -> "Conditions":
        """Which cell it is."""
        ...

    def run(self) -> "list[Trial]":
        """Do it."""
        ...


def compare(
    request: CompareRequest,
    watch: Callable[[Progress], None] = lambda _: None,
    warn: Callable[[str], None] = lambda _: None,
) -> Compared:
    """Run a comparison. *watch* is called as pieces of it are done, in whatever order they are; *warn* before, of recordings.

    Where it is interrupted, or fails after some of it was done, that part is measured and returned with the reason.

    Raises:
        UsageError: a class, world, algorithm, parameter or recording that cannot be, or no such cluster.
        DepthwalkError: it failed before anything was done.

    """
    arms, baseline = arms_and_baseline(request)
    if request.books is None:
        return compare_arms(request, arms, baseline, watch)
    from depthwalk.assembly.replayed import replay_of
    from depthwalk.domain.result import LiquidityClass

    pieces, replay = replay_of(request.books, arms, _order(request), warn)
    asked = replace(
        asked_of(request, [piece.setting for piece in pieces], arms, baseline),
        classes=tuple(each.value for each in reversed(LiquidityClass) if replay.count(each.value)),
        runs=len(replay.windows),
        first_seed=0,
        replay=replay,
    )
    return _performed(request, pieces, asked, watch)


def compare_arms(
    request: CompareRequest, arms: tuple["Arm", ...], baseline: str, watch: Callable[[Progress], None] = lambda _: None
) -> Compared:
    """As `compare`, of arms that are values already, the one named *baseline* among them; the request's own are not read."""
    settings = settings_of(request)
    return _performed(request, _pieces(request, settings, arms), asked_of(request, settings, arms, baseline), watch)


def _performed(
    request: CompareRequest, pieces: Sequence[_Piece], asked: "Asked", watch: Callable[[Progress], None]
) -> Compared:
    from depthwalk.analysis.collection import CellKey, Collection
    from depthwalk.analysis.pairing import compare as measured
    from depthwalk.lab.scale import perform

    collection = Collection(asked.baseline)
    done, total = 0, len(asked.arms) * asked.wanted
    ended_by: BaseException | None = None
    try:
        with closing(perform(pieces, jobs=request.jobs, cluster=request.cluster)) as results:
            watch(Progress(done=done, total=total, asked=asked, collection=collection))
            for index, trials in results:
                setting = pieces[index].setting
                collection.add(CellKey(setting.class_name, setting.world), trials)
                done += len(trials)
                watch(Progress(done=done, total=total, asked=asked, collection=collection))
    except (DepthwalkError, KeyboardInterrupt) as error:
        if not done:
            raise
        ended_by = error
    return Compared(comparison=measured(asked, collection), collection=collection, ended_by=ended_by)


def arms_and_baseline(request: CompareRequest) -> tuple[tuple["Arm", ...], str]:
    """Return the arms and which of them is the baseline: it goes in front where it was not named."""
    from depthwalk.config import load

    config = load(request.config_path)
    arms = arms_of(request.algos, config)
    baseline = arm_of(request.baseline, config, "--baseline")
    return arms if any(arm.name == baseline.name for arm in arms) else (baseline, *arms), baseline.name


def settings_of(request: CompareRequest) -> list["Setting"]:
    """Return every class in every world, world by world."""
    return settings_named(request.classes, request.worlds)


def settings_named(class_names: str, world_names: str, flag: str = "--world") -> list["Setting"]:
    """Return every class in every world that is named, world by world. Raises UsageError, naming the worlds' *flag*."""
    from depthwalk.lab.class_files import load_class
    from depthwalk.lab.worlds import WORLDS, setting

    classes = [load_class(name) for name in _names("--classes", class_names)]
    asked = _names(flag, world_names)
    unknown = [name for name in asked if name not in WORLDS and name != EVERY_WORLD]
    if unknown:
        raise UsageError(f"{flag}: unknown world {unknown[0]!r}", hint=f"known: {', '.join(WORLDS)}; or {EVERY_WORLD}")
    worlds = list(WORLDS.values()) if EVERY_WORLD in asked else [WORLDS[name] for name in asked]
    for named_by, names in (("--classes", [each.name for each in classes]), (flag, [each.name for each in worlds])):
        for name in names:
            if names.count(name) > 1:
                raise UsageError(f"{named_by}: {name} is named twice")
    return [setting(lab_class, world) for world in worlds for lab_class in classes]


def _names(flag: str, text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise UsageError(f"{flag} names nothing")
    return names


def _pieces(request: CompareRequest, settings: list["Setting"], arms: tuple["Arm", ...]) -> list["Task"]:
    from depthwalk.analysis.trials import MARK_OUTS
    from depthwalk.domain.units import Duration
    from depthwalk.lab.running import HORIZON
    from depthwalk.lab.tasks import tasks

    seeds = range(request.first_seed, request.first_seed + request.runs)
    pieces = tasks(settings, arms, seeds, order=_order(request), paths=request.paths)
    if not request.mark_outs:
        return pieces
    until = Duration(HORIZON + max(MARK_OUTS))
    return [replace(piece, until=until) for piece in pieces]


def _order(request: CompareRequest) -> "Order":
    from depthwalk.lab.running import Order

    return Order(outcome=request.outcome, action=request.action)


def asked_of(request: CompareRequest, settings: "Sequence[Conditions]", arms: tuple["Arm", ...], baseline: str) -> "Asked":
    """Return what was asked for, as reports state it."""
    from depthwalk import __version__
    from depthwalk.analysis.paired import Asked

    return Asked(
        classes=tuple(dict.fromkeys(setting.class_name for setting in settings)),
        worlds=tuple(dict.fromkeys(setting.world for setting in settings)),
        arms=tuple(asked_arm(arm) for arm in arms),
        baseline=baseline,
        runs=request.runs,
        first_seed=request.first_seed,
        version=__version__,
        outcome=request.outcome,
        action=request.action,
    )
