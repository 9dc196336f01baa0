"""One `depthwalk lab tune`: candidates scored on training seeds by whoever does the work, the answer compared on fresh ones."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Final

from depthwalk.assembly.lab_arms import arm_of
from depthwalk.assembly.laboratory import CompareRequest, Progress, compare_arms, settings_named
from depthwalk.assembly.tuned_method import method_snippet
from depthwalk.errors import Interrupted, UsageError

if TYPE_CHECKING:
    from depthwalk.analysis.trials import Trial
    from depthwalk.analysis.tuned import Sought, Tuned
    from depthwalk.config import Config
    from depthwalk.lab.running import Arm
    from depthwalk.lab.scoring import Goal
    from depthwalk.lab.spaces import Space
    from depthwalk.lab.tuning import Effort, Point
    from depthwalk.lab.worlds import Setting

BASELINE: Final = "simple_limit"
LEAST_FILL: Final = "liquid=0.99,moderate=0.98,thin=0.93"
_HOME: Final = "base"
_BLOCK: Final = 5
"""How many seeds a piece of a generation has: with all its candidates, a second or so of work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneRequest:
    """One search, in the words of the command line; *runs* are the seeds of the result, *least_fill* is CLASS=SHARE,...."""

    algo: str
    classes: str
    vary: str | None = None
    generations: int = 12
    population: int = 24
    train_runs: int = 60
    train_worlds: str = _HOME
    runs: int = 500
    seed: int = 0
    worlds: str = _HOME
    objective: str = "net"
    least_fill: str = LEAST_FILL
    most_requests: float = 25.0
    jobs: int | None = None
    cluster: str | None = None
    config_path: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How far the search is: the generation at work (from 1 on; after the last the play-off), its share done from 0 to 1.

    *best* is the best score of the last generation in the start's: of training, so no result; None before there is one.
    """

    generation: int
    generations: int
    done: float
    best: float | None

    @property
    def where(self) -> str:
        """What is at work, in words."""
        if self.generation > self.generations:
            return "the play-off"
        return f"generation {self.generation} of {self.generations}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneOutcome:
    """What came of it on fresh seeds, and the tuned parameters as a method of the configuration."""

    tuned: "Tuned"
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A search that is over, and what it answers: an arm of which nothing is known yet."""

    search: "_Search"
    answer: "Arm"


def train(request: TuneRequest, watch: Callable[[Training], None] = lambda _: None) -> Trained:
    """Search on training seeds. *watch* is called as pieces of each generation are done.

    Raises:
        UsageError: a class, world, algorithm, parameter or bound that cannot be, or no such cluster.
        DepthwalkError: a piece of it failed.
        Interrupted: by Ctrl-C; it says in which generation.

    """
    search = _Search.of(request)
    return Trained(search=search, answer=search.answer(watch))


def try_out(trained: Trained, watch: Callable[[Progress], None] = lambda _: None) -> TuneOutcome:
    """Compare what was found on fresh seeds. *watch* is called as pieces of it are done. Raises as `train`."""
    from depthwalk.analysis.tuned import tuned_of

    search, answer = trained.search, trained.answer
    arms = {arm.name: arm for arm in (search.baseline, *search.rivals, answer)}
    try:
        compared = compare_arms(search.comparison, tuple(arms.values()), BASELINE, watch)
        if compared.ended_by is not None:
            raise compared.ended_by
    except KeyboardInterrupt:
        raise Interrupted("interrupted in the comparison on fresh seeds: nothing was written") from None
    rivals = [arm.name for arm in search.rivals]
    tuned = tuned_of(search.sought, answer.name, rivals, compared.comparison, compared.collection)
    return TuneOutcome(tuned=tuned, method=method_snippet(tuned, answer, search.config))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """A request that was understood: nothing in it can be refused any more.

    *rivals* are whom the tuned parameters could replace: the algorithm as it is configured, and the start where it is another.
    """

    request: TuneRequest
    config: "Config"
    baseline: "Arm"
    rivals: tuple["Arm", ...]
    space: "Space"
    settings: tuple["Setting", ...]
    goal: "Goal"
    effort: "Effort"
    comparison: CompareRequest

    @classmethod
    def of(cls, request: TuneRequest) -> "_Search":
        """Read a request. Raises UsageError."""
        from depthwalk.analysis.tuned import Objective
        from depthwalk.config import load
        from depthwalk.lab.scoring import Goal
        from depthwalk.lab.spaces import space_of
        from depthwalk.lab.tuning import Effort

        config = load(request.config_path)
        start = arm_of(request.algo, config, "--algo")
        usual = arm_of(start.algorithm, config, "--algo")
        settings = settings_named(request.classes, request.train_worlds, "--train-worlds")
        effort = Effort(generations=request.generations, population=request.population, runs=request.train_runs)
        effort.fresh(request.seed, request.runs)
        if not isfinite(request.most_requests):
            raise UsageError(f"--requests: {request.most_requests:g} is no number of requests", hint="a number of 0 or more")
        fill = _least_fill(request.least_fill, {each.class_name for each in settings})
        return cls(
            request=request,
            config=config,
            baseline=arm_of(BASELINE, config, "--baseline"),
            rivals=(usual,) if start.params == usual.params else (usual, start),
            space=space_of(start.algorithm, start.params, request.vary),
            settings=tuple(settings),
            goal=Goal(objective=Objective(request.objective), least_fill=fill, most_requests=request.most_requests),
            effort=effort,
            comparison=_comparison(request),
        )

    @property
    def sought(self) -> "Sought":
        """What is searched, as reports state it."""
        from depthwalk.analysis.tuned import Sought

        training = self.effort.training(self.request.seed)
        return Sought(
            algorithm=self.rivals[0].algorithm,
            varied=self.space.words,
            objective=self.goal.objective,
            least_fill=self.goal.least_fill,
            most_requests=self.goal.most_requests,
            generations=self.effort.generations,
            population=self.effort.population,
            train_runs=self.effort.runs,
            train_worlds=tuple(dict.fromkeys(each.world for each in self.settings)),
            training=range(training[0].start, training[-1].stop),
            seed=self.request.seed,
        )

    def answer(self, watch: Callable[[Training], None]) -> "Arm":
        """Search, and return what was found as an arm. Raises Interrupted, naming the generation."""
        from depthwalk.lab.running import Arm
        from depthwalk.lab.tuning import search
        from depthwalk.simulation.flow import stream

        now = Training(generation=1, generations=self.effort.generations, done=0.0, best=None)
        center = self.space.start

        def evaluate(number: int, points: "Sequence[Point]") -> list[float]:
            nonlocal now
            now = replace(now, generation=number + 1, done=0.0)
            watch(now)
            return self.scores(number, points, lambda done: watch(replace(now, done=done)))

        try:
            for generation in search(
                self.space.axes,
                center,
                evaluate,
                effort=self.effort,
                rng=stream(self.request.seed, "tune"),
                possible=self.space.possible,
            ):
                center = generation.center
                now = replace(now, done=1.0, best=generation.relative)
                watch(now)
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted in {now.where} of the search: nothing was written") from None
        return Arm(name=self._name(), algorithm=self.rivals[0].algorithm, params=self.space.at(center))

    def scores(self, number: int, points: "Sequence[Point]", watch: Callable[[float], None]) -> list[float]:
        """Have the candidates of a generation run, all on its seeds, and return their scores."""
        from depthwalk.lab.running import Arm
        from depthwalk.lab.scale import perform
        from depthwalk.lab.scoring import scores
        from depthwalk.lab.tasks import tasks

        names = [f"candidate {place + 1}" for place in range(len(points))]
        candidates = [
            Arm(name=name, algorithm=self.rivals[0].algorithm, params=self.space.at(point))
            for name, point in zip(names, points, strict=True)
        ]
        seeds = self.effort.training(self.request.seed)[number]
        pieces = tasks(self.settings, (self.baseline, *candidates), seeds, block=_BLOCK)
        by_piece: dict[int, list[Trial]] = {}
        with closing(perform(pieces, jobs=self.request.jobs, cluster=self.request.cluster)) as results:
            for index, trials in results:
                by_piece[index] = trials
                watch(len(by_piece) / (len(pieces) + 1))  # the whole of it is when it has been scored
        # In the order of the pieces, whoever was done first: sums of floats depend on it.
        by_setting: dict[tuple[str, str], list[Trial]] = {}
        for index, piece in enumerate(pieces):
            by_setting.setdefault((piece.setting.class_name, piece.setting.world), []).extend(by_piece[index])
        found = scores(self.goal, self.baseline.name, names, [(name, each) for (name, _), each in by_setting.items()])
        if found is None:
            what = f"none of the {len(seeds)} training seeds in generation {number + 1} had two sides at the decision"
            raise UsageError(what, hint="--train-runs has more")
        return found

    def _name(self) -> str:
        """Return a name for the tuned parameters that no other arm has."""
        taken = {self.baseline.name, *(arm.name for arm in self.rivals)}
        return next(name for name in ("tuned", "tuned_2", "tuned_3", "tuned_4") if name not in taken)


def _comparison(request: TuneRequest) -> CompareRequest:
    """Return the comparison on fresh seeds: in the base world first, then in all others that were asked for."""
    asked = [name.strip() for name in request.worlds.split(",")]
    worlds = ",".join([_HOME, *(name for name in asked if name != _HOME)])
    settings_named(request.classes, worlds, "--worlds")
    return CompareRequest(
        classes=request.classes,
        algos="",
        worlds=worlds,
        baseline=BASELINE,
        runs=request.runs,
        first_seed=request.seed,
        jobs=request.jobs,
        cluster=request.cluster,
    )


def _least_fill(text: str, classes: set[str]) -> dict[str, float]:
    """Return the least fill in percent of the *classes* that have one, from CLASS=SHARE,...; others may be named as well."""
    from depthwalk.lab.class_files import class_names

    given: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, share = (each.strip() for each in part.partition("="))
        if name not in {*class_names(), *classes}:
            raise UsageError(f"--fill: unknown class {name!r}", hint=f"known: {', '.join(sorted({*class_names(), *classes}))}")
        try:
            value = float(share)
        except ValueError:
            value = -1.0
        if not 0 <= value <= 1:
            raise UsageError(f"--fill: {part!r} is no CLASS=SHARE", hint="shares are 0 to 1, as in liquid=0.99,thin=0.93")
        if name in given:
            raise UsageError(f"--fill: {name} is named twice")
        given[name] = 100 * value
    return {name: share for name, share in given.items() if name in classes}
