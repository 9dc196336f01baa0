"""`depthwalk lab bound`: how far anything could go in the laboratory's markets, and how far the algorithms go."""

import typer

from depthwalk.cli import terminal
from depthwalk.cli.lab_options import EVERY_CLASS, Algos, Classes, Cluster, Jobs, Runs, Seed, World
from depthwalk.cli.lab_progress import end_of, progress
from depthwalk.cli.options import session_of
from depthwalk.cli.order import ActionName, Side

_BASELINE = "simple_limit"


def bound(
    context: typer.Context,
    *,
    classes: Classes = EVERY_CLASS,
    algos: Algos = "simple_limit_40x, dynamic_depth_walker, three_level",
    runs: Runs = 200,
    seed: Seed = 0,
    world: World = "base",
    side: Side = "yes",
    action: ActionName = "buy",
    jobs: Jobs = None,
    cluster: Cluster = None,
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
