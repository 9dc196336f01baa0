"""`depthwalk lab tune`: an algorithm's parameters searched on training seeds, the answer compared on seeds it never saw."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from depthwalk.cli import failures, terminal
from depthwalk.cli.lab_options import EVERY_CLASS, Classes, Cluster, Jobs
from depthwalk.cli.lab_progress import end_of, progress
from depthwalk.cli.options import Session, session_of
from depthwalk.cli.output_file import output_file

if TYPE_CHECKING:
    from depthwalk.assembly.tuning import Training

_LABEL = "training, not a result"


def tune(
    context: typer.Context,
    *,
    algo: Annotated[
        str, typer.Option("--algo", metavar="NAME", help="The algorithm or method to begin with, NAME or NAME:key=value,...")
    ] = "dynamic_depth_walker",
    vary: Annotated[
        str | None, typer.Option("--vary", metavar="NAME=LOW:HIGH,...", help="What is varied; else the usual parameters.")
    ] = None,
    classes: Classes = EVERY_CLASS,
    generations: Annotated[
        int, typer.Option("--generations", metavar="G", min=1, max=1_000, help="How often the search moves on.")
    ] = 12,
    population: Annotated[
        int, typer.Option("--population", metavar="P", min=2, max=1_000, help="Candidates in each generation.")
    ] = 24,
    train_runs: Annotated[
        int, typer.Option("--train-runs", metavar="N", min=1, max=100_000, help="Training seeds of each generation.")
    ] = 60,
    train_worlds: Annotated[
        str, typer.Option("--train-worlds", metavar="NAMES", help="The worlds to train in, or all.")
    ] = "base",
    runs: Annotated[
        int, typer.Option("--runs", metavar="N", min=1, max=1_000_000, help="Fresh seeds, on which the result is measured.")
    ] = 500,
    seed: Annotated[
        int, typer.Option("--seed", metavar="S", min=0, help="The search's, and the first of the fresh seeds.")
    ] = 0,
    worlds: Annotated[
        str, typer.Option("--worlds", metavar="NAMES", help="The worlds of the result beside base, or all.")
    ] = "base",
    objective: Annotated[
        Literal["net", "gross"], typer.Option("--objective", help="The shortfall with or without fees.")
    ] = "net",
    fill: Annotated[
        str, typer.Option("--fill", metavar="CLASS=SHARE,...", help="What is to be filled at least, from 0 to 1.")
    ] = "liquid=0.99,moderate=0.98,thin=0.93",
    requests: Annotated[
        float, typer.Option("--requests", metavar="R", min=0, help="Requests an execution should make at most.")
    ] = 25,
    jobs: Jobs = None,
    cluster: Cluster = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The tuned parameters, to be pasted under methods: (YAML).")
    ] = None,
) -> int:
    """Search parameters of an algorithm, and say what they are worth on seeds that were not trained on.

    Each generation draws candidates, runs all of them on seeds of its own, and moves towards the
    cheapest: shortfall in simple_limit's, mean of the classes; 1 % of fill too little costs 0.05,
    a request too many 0.02. In a play-off with more seeds the answer has to beat where the search
    began, or that is the answer. The result compares simple_limit, the algorithm as it is and the
    tuned one on fresh seeds, and recommends the tuned one where it is clearly cheaper in base
    and in no other world clearly dearer.

    What to vary: numbers as offsets.0=0:3,patience=0:3, choices as passive={true,false}; of
    split_ratios the last takes the rest; thin.NAME is an override for thin books.
    """
    from depthwalk import assembly

    session = session_of(context)
    request = assembly.TuneRequest(
        algo=algo,
        classes=classes,
        vary=vary,
        generations=generations,
        population=population,
        train_runs=train_runs,
        train_worlds=train_worlds,
        runs=runs,
        seed=seed,
        worlds=worlds,
        objective=objective,
        least_fill=fill,
        most_requests=requests,
        jobs=jobs,
        cluster=cluster,
        config_path=session.config,
    )
    out_file = output_file("--out", out)
    with _training(session) as watch_training:
        trained = assembly.train(request, watch_training)
    with progress(session, "executions") as watch:
        outcome = assembly.try_out(trained, watch)
    # The result first: an hour of work is not lost over a file.
    if session.json:
        from depthwalk.reports.tuning_table import tuning_json

        terminal.write_json([tuning_json(outcome.tuned)])
    else:
        from depthwalk.reports.tuning_table import tuning_tables

        terminal.write_table(session, lambda width, signs: tuning_tables(outcome.tuned, width=width, signs=signs))
    if out_file is not None:
        out_file.write(lambda file: file.write(outcome.method))
    return end_of(None, clean=outcome.tuned.comparison.clean)


@contextmanager
def _training(session: Session) -> "Iterator[Callable[[Training], None]]":
    """Give what shows how far the search is: a bar on a terminal, else a line a generation. To standard error."""
    import sys

    if session.quiet:
        yield lambda _: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from depthwalk.reports.terminal import console

    out = console(sys.stderr, no_color=session.no_color)

    def say(now: "Training") -> None:
        if now.done == 1.0:
            failures.tell(_words(now))

    if not out.is_terminal or out.is_dumb_terminal:
        yield say
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task("search", total=None)
        yield lambda now: bar.update(
            task, description=_words(now), total=now.generations + 1, completed=now.generation - 1 + now.done
        )


def _words(now: "Training") -> str:
    """Say what is at work and how far the last one came, without a unit: it is of training."""
    best = "" if now.best is None else f": best {now.best:.3f} of the start"
    return f"{now.where}{best} ({_LABEL})"
