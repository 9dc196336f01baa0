"""`depthwalk lab`: algorithms against each other on invented and recorded markets, before money is spent."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depthwalk.cli import failures, terminal
from depthwalk.cli.lab_books import books_of
from depthwalk.cli.lab_bound import bound
from depthwalk.cli.lab_calibrate import calibrate
from depthwalk.cli.lab_options import EVERY_CLASS, Algos, Classes, Cluster, Jobs, Runs, Seed, World
from depthwalk.cli.lab_progress import end_of, progress
from depthwalk.cli.lab_tune import tune
from depthwalk.cli.options import Session, session_of
from depthwalk.cli.order import ActionName, Side
from depthwalk.cli.output_file import check_apart, output_file

if TYPE_CHECKING:
    from depthwalk.assembly.laboratory import Compared

app = typer.Typer(rich_markup_mode=None, help="The laboratory: algorithms against each other, paired.")

_ALGOS = "simple_limit, simple_limit_40x, static_split, spread_walker, twap, adaptive_limit, dynamic_depth_walker"


@app.command()
def compare(
    context: typer.Context,
    *,
    classes: Classes = EVERY_CLASS,
    algos: Algos = _ALGOS,
    runs: Runs = 200,
    seed: Seed = 0,
    world: World = "base",
    baseline: Annotated[
        str, typer.Option("--baseline", metavar="NAME", help="Whom the others are compared with.")
    ] = "simple_limit",
    side: Side = "yes",
    action: ActionName = "buy",
    jobs: Jobs = None,
    cluster: Cluster = None,
    mark_outs: Annotated[
        bool, typer.Option("--mark-outs", help="Follow prices for 5 more minutes: what maker fills were worth then.")
    ] = False,
    books: Annotated[
        list[Path] | None,
        typer.Option("--books", metavar="FILE", help="Replay a recording, a folder of them or a database; may be repeated."),
    ] = None,
    every: Annotated[
        str, typer.Option("--every", metavar="SECONDS", help="Of a replay: from one decision to the next.")
    ] = "60",
    size_of_touch: Annotated[
        str, typer.Option("--size-of-touch", metavar="X", help="Of a replay: N, in what the best price offers then.")
    ] = "1.0",
    count: Annotated[
        str | None, typer.Option("--count", metavar="N", help="Of a replay: so many contracts, in place of --size-of-touch.")
    ] = None,
    take_share: Annotated[
        str, typer.Option("--take-share", metavar="X", help="Of a replay: who takes more of a level than this is flagged.")
    ] = "0.5",
    strict_takes: Annotated[
        bool, typer.Option("--strict-takes", help="Of a replay: nobody gets more of a level than --take-share.")
    ] = False,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Every trial, one row each.")] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="A page with plots.")] = None,
) -> int:
    """Compare algorithms on the same seeds: what each costs, and what it saves over the baseline.

    The algorithms are those that trade, with the configured parameters. A seed is one market for
    all of them: the difference is theirs alone. Each difference has a 95 % interval; better and
    worse are said where it is clear, else undecided.

    simple_limit_40x is the simple order with 40 seconds and a last order that takes the rest.
    Parameters of one's own: --algos twap,dynamic_depth_walker:patience=1.5,offsets=[2.0,1.2,0.0]

    --books decides at moments of recorded books instead. Those do not answer to orders: the queue
    is read in two ways, as a bracket, and what would have moved the market is flagged. From a
    database the rows of one exchange are taken: live unless --env says otherwise.

    Ctrl-C shows what is done so far. Exit code 1 where an algorithm traded more than asked, left
    an order, or passed its cap.
    """
    from depthwalk import assembly
    from depthwalk.domain.order import Action, Outcome

    session = session_of(context)
    recorded = books_of(
        context,
        books or (),
        every=every,
        size_of_touch=size_of_touch,
        count=count,
        take_share=take_share,
        strict=strict_takes,
        environment=session.environment or "live",
    )
    check_apart(csv=csv, html=html)
    csv_file, html_file = output_file("--csv", csv), output_file("--html", html)
    if html_file is not None:
        from depthwalk.reports.lab_page import check_plots

        check_plots()
    request = assembly.CompareRequest(
        classes=classes,
        algos=algos,
        worlds=world,
        baseline=baseline,
        runs=runs,
        first_seed=seed,
        outcome=Outcome(side),
        action=Action(action),
        jobs=jobs,
        cluster=cluster,
        mark_outs=mark_outs,
        paths=html is not None,
        books=recorded,
        config_path=session.config,
    )
    with progress(session, "executions") as watch:
        compared = assembly.compare(request, watch, _unsaid if session.quiet else failures.tell)
    _show(session, compared)
    if csv_file is not None:
        from depthwalk.reports.lab_csv import write_csv

        csv_file.write(lambda file: write_csv(compared.comparison.asked, compared.collection, file))
    if html_file is not None:
        from depthwalk.reports.lab_page import page

        html_file.write(lambda file: file.write(page(compared.comparison)))
    return end_of(compared.ended_by, clean=compared.comparison.clean)


def _unsaid(_: str) -> None:
    """Say nothing of what a recording lacks."""


def _show(session: Session, compared: "Compared") -> None:
    comparison = compared.comparison
    if session.json:
        from depthwalk.reports.lab_json import comparison_json

        terminal.write_json([comparison_json(comparison)])
    else:
        from depthwalk.reports.lab_table import comparison_tables

        terminal.write_table(session, lambda width, signs: comparison_tables(comparison, width=width, signs=signs))


app.command("bound")(bound)
app.command("calibrate")(calibrate)
app.command("tune")(tune)
