"""`depthwalk book`: its options, the call, the picture."""

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from depthwalk.cli import terminal, values
from depthwalk.cli.options import Session, session_of
from depthwalk.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from depthwalk.assembly import BookReading
    from depthwalk.reports.book_table import BookPicture


def book(
    context: typer.Context,
    ticker: Annotated[str, typer.Argument(metavar="TICKER", help="The market.")],
    *,
    side: Annotated[Literal["yes", "no"], typer.Option("--side", help="Whose prices are shown.")] = "yes",
    depth: Annotated[int, typer.Option("--depth", metavar="N", min=1, max=1000, help="Levels of each side.")] = 10,
    watch: Annotated[bool, typer.Option("--watch", help="Draw it again and again; Ctrl-C ends it.")] = False,
    interval: Annotated[
        str | None,
        typer.Option("--interval", metavar="S", help="With --watch: seconds between two readings; else as configured."),
    ] = None,
    duration: Annotated[
        str | None, typer.Option("--duration", metavar="T", help="With --watch: for how long, as in 90, 10m, 2h.")
    ] = None,
) -> int:
    """Show the order book now: the ladder, its class, what taking costs.

    Bids are on the left, asks on the right, in prices of --side. The costs are of one order that
    takes 10, 100 or 1,000 contracts now, with the exchange's fees as estimated.
    With --env demo or live real books are read; that needs no key.
    """
    session = session_of(context)
    name = values.ticker(ticker)
    pace, span = values.duration("--interval", interval), values.duration("--duration", duration)
    if not watch and (pace is not None or span is not None):
        raise UsageError("--interval and --duration are for --watch", hint="add --watch")
    # Only now: what was wrong with the flags has been said without loading anything.
    from depthwalk.assembly import BookRequest, look

    request = BookRequest(
        ticker=name, environment=session.environment, config_path=session.config, watch=watch, interval=pace, duration=span
    )

    def shown(show: "Callable[[BookPicture], None]") -> "Callable[[BookReading], None]":
        return lambda reading: show(_picture(reading, side, depth))

    if session.json:
        from depthwalk.reports.book_table import book_json

        look(request, shown(lambda picture: terminal.write_json([book_json(picture)])))
    elif not watch:
        look(request, shown(lambda picture: _draw(session, picture)))
    elif terminal.can_draw():
        _watch(session, lambda show: look(request, shown(show)))
    else:
        from depthwalk.reports.book_table import line

        look(request, shown(lambda picture: terminal.write_line(line(picture))))
    return ExitCode.DONE


def _picture(reading: "BookReading", side: str, depth: int) -> "BookPicture":
    from depthwalk.domain.order import Outcome
    from depthwalk.reports.book_table import BookPicture

    return BookPicture(
        market=reading.market,
        book=reading.book,
        outcome=Outcome(side),
        environment=reading.environment,
        source=reading.source,
        rule=reading.rule,
        depth=depth,
        read_at=reading.read_at,
        at=reading.at,
        trouble=reading.trouble,
    )


def _draw(session: Session, picture: "BookPicture") -> None:
    from depthwalk.reports.book_table import render

    terminal.write_table(session, lambda width, signs: render(picture, width=width, signs=signs))


def _watch(session: Session, run: "Callable[[Callable[[BookPicture], None]], None]") -> None:
    from depthwalk.reports.book_table import render
    from depthwalk.reports.moving import MovingPicture
    from depthwalk.reports.terminal import console

    with MovingPicture(console(sys.stdout, no_color=session.no_color)) as picture:
        run(lambda now: picture.show(lambda width, height, signs: render(now, width=width, height=height, signs=signs)))
