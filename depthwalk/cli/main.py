"""The application: global options, the commands, the exit codes. Nothing heavy is imported here: `--help` must be quick."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.main import get_command

from depthwalk import __version__
from depthwalk.cli import configuration, database, executions, failures, lab, options, paper, terminal
from depthwalk.cli.book import book
from depthwalk.cli.execute import execute
from depthwalk.cli.plan import plan
from depthwalk.cli.recover import recover
from depthwalk.cli.report import report
from depthwalk.cli.snapshot import snapshot
from depthwalk.errors import ExitCode


def _exit_codes() -> str:
    """Return the table of exit codes for the end of the help."""
    # The \b keeps the lines of its paragraph as they are.
    lines = [f"  {code.value:>3}  {code.meaning}" for code in ExitCode]
    return "\n".join(["\b", "Exit codes:", *lines])


app = typer.Typer(
    name="depthwalk",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    epilog=_exit_codes(),
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(execute)
app.command()(plan)
app.command()(book)
app.command()(snapshot)
app.command()(report)
app.command()(recover)
app.add_typer(executions.app, name="executions")
app.add_typer(lab.app, name="lab")
app.add_typer(paper.app, name="paper")
app.add_typer(database.app, name="db")
app.add_typer(configuration.app, name="config")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"depthwalk {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def depthwalk(
    context: typer.Context,
    *,
    config: options.ConfigPath = None,
    database: options.DatabasePath = None,
    environment: options.EnvironmentName = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
    version: Annotated[  # noqa: ARG001 - its callback answers before this function is called
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Execute orders on Kalshi by splitting and walking, and report what execution really cost.

    Paper trading is the default: no key, no network, no server. The options here may stand
    before or behind the command.
    """
    session = options.session_of(context)
    session.config, session.database, session.environment = config, database, environment
    session.json, session.quiet, session.verbose, session.no_color = json, quiet, verbose, no_color
    if verbose:
        _log(context)
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(ExitCode.USAGE)


def _log(context: typer.Context) -> None:
    """Log to standard error, from a thread of its own: a terminal that is stuck stops nothing."""
    import logging
    from logging.handlers import QueueHandler, QueueListener
    from queue import SimpleQueue

    waiting: SimpleQueue[logging.LogRecord] = SimpleQueue()
    writer = logging.StreamHandler()
    writer.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    listener = QueueListener(waiting, writer)
    listener.start()
    context.call_on_close(listener.stop)
    logging.basicConfig(level=logging.INFO, handlers=[QueueHandler(waiting)], force=True)


def main(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit code."""
    session = options.Session()
    command = get_command(app)
    return failures.guarded(
        lambda: command.main(args=options.hoisted(arguments), prog_name="depthwalk", standalone_mode=False, obj=session),
        session,
    )


def run() -> None:
    """Run this process's command line and leave with its exit code."""
    terminal.ensure_streams()
    raise SystemExit(main(sys.argv[1:]))
