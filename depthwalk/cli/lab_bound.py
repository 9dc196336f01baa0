"""`depthwalk lab bound`: how far anything could go in the laboratory's markets, and how far the algorithms go."""

from typing import Annotated, Literal

import typer

from depthwalk.cli import terminal
from depthwalk.cli.lab_progress import end_of, progress
from depthwalk.cli.options import session_of

_BASELINE = "simple_limit"


def bound(
    context: typer.Context,
    *,
    classes: Annotated[
        str, typer.Option("--classes", metavar="NAMES", help="Market classes, or files of them (.yaml).")
    ] = "thin,moderate,liquid",
    algos: Annotated[
        str, typer.Option("--algos", metavar="NAMES", help="Algorithms and methods, each as NAME or NAME:key=value,...")
    ] = "simple_limit_40x,dynamic_depth_walker,three_level",
    runs: Annotated[int, typer.Option("--runs", metavar="N", min=1, help="Seeds in each class and world.")] = 200,
    seed: Annotated[int, typer.Option("--seed", metavar="S", min=0, help="The first of them.")] = 0,
    world: Annotated[
        str, typer.Option("--world", metavar="NAMES", help="The stresses the classes are put under, or all.")
    ] = "base",
    side: Annotated[Literal["yes", "no"], typer.Option("--side", help="The contract.")] = "yes",
    action: Annotated[Literal["buy", "sell"], typer.Option("--action", help="What to do with it.")] = "buy",
    jobs: Annotated[int | None, typer.Option("--jobs", metavar="J", min=1, help="Processes; else one for each core.")] = None,
    cluster: Annotated[
        str | None, typer.Option("--cluster", metavar="URL", help="Instead: a Dask scheduler, as tcp://host:8786.")
    ] = None,
) -> int:
    """Measure what was possible on each seed, and how much of it algorithms get.

    Two bounds know the future: the best constant limit is found by trying them all, the
    clairvoyant takes the cheapest of all that was on offer in 40 seconds, without delay, impact
    or fee. An algorithm's share is of the way from simple_limit's shortfall to a bound's.

    Ctrl-C shows what is done so far.
    """
    from depthwalk import assembly
    from depthwalk.domain.order import Action, Outcome

    session = session_of(context)
    request = assembly.CompareRequest(
        classes=classes,
        algos=algos,
        worlds=world,
        baseline=_BASELINE,
        runs=runs,
        first_seed=seed,
        outcome=Outcome(side),
        action=Action(action),
        jobs=jobs,
        cluster=cluster,
        config_path=session.config,
    )
    with progress(session, "seeds") as watch:
        found = assembly.bound(request, watch)
    bounds = found.bounds
    if session.json:
        from depthwalk.reports.bound_table import bound_json

        terminal.write_json([bound_json(bounds)])
    else:
        from depthwalk.reports.bound_table import bound_tables

        terminal.write_table(session, lambda _, signs: bound_tables(bounds, signs=signs))
    return end_of(found.ended_by)
