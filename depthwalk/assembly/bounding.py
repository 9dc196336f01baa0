"""One `depthwalk lab bound`: arms and what could at best have been had, on the same seeds, collected and measured."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from depthwalk.assembly.laboratory import CompareRequest, Progress, arms_and_baseline, asked_of, settings_of
from depthwalk.errors import DepthwalkError

BLOCK: Final = 10
"""How many seeds a piece has: with a dozen runs on each, a second or so of work."""

if TYPE_CHECKING:
    from depthwalk.analysis.bounds import Bounds
    from depthwalk.lab.bound import BoundTask
    from depthwalk.lab.running import Arm
    from depthwalk.lab.worlds import Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """What came of it, and what ended it before its time, if anything did."""

    bounds: "Bounds"
    ended_by: BaseException | None = None


def bound(request: CompareRequest, watch: Callable[[Progress], None] = lambda _: None) -> Bounded:
    """Run arms and bounds. *watch* is called as pieces of it are done, in whatever order they are.

    Where it is interrupted, or fails after some of it was done, that part is measured and returned with the reason.

    Raises:
        UsageError: a class, world, algorithm or parameter that cannot be, or no such cluster.
        DepthwalkError: it failed before anything was done.

    """
    from depthwalk.analysis.bounds import bounds_of
    from depthwalk.analysis.collection import CellKey, Collection
    from depthwalk.lab.scale import perform

    arms, baseline = arms_and_baseline(request)
    settings = settings_of(request)
    pieces = _pieces(request, settings, arms)
    asked = asked_of(request, settings, arms, baseline)
    collection, ran = Collection(baseline), Counter[CellKey]()
    total = len(settings) * request.runs
    ended_by: BaseException | None = None
    try:
        with closing(perform(pieces, jobs=request.jobs, cluster=request.cluster)) as results:
            watch(Progress(done=0, total=total, asked=asked, collection=collection))
            for index, trials in results:
                piece = pieces[index]
                key = CellKey(piece.setting.class_name, piece.setting.world)
                if trials:
                    collection.add(key, trials)
                ran[key] += len(piece.seeds)
                watch(Progress(done=ran.total(), total=total, asked=asked, collection=collection))
    except (DepthwalkError, KeyboardInterrupt) as error:
        if not ran:
            raise
        ended_by = error
    return Bounded(bounds=bounds_of(asked, collection, ran), ended_by=ended_by)


def _pieces(request: CompareRequest, settings: "list[Setting]", arms: "tuple[Arm, ...]") -> "list[BoundTask]":
    from depthwalk.lab.bound import BoundTask
    from depthwalk.lab.running import Order

    order = Order(outcome=request.outcome, action=request.action)
    last = request.first_seed + request.runs
    return [
        BoundTask(setting=setting, arms=arms, seeds=range(first, min(first + BLOCK, last)), order=order)
        for setting in settings
        for first in range(request.first_seed, last, BLOCK)
    ]
