"""`depthwalk snapshot`: its options, the call, who watches."""

import sys
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from depthwalk.cli import terminal, values
from depthwalk.cli.failures import tell
from depthwalk.cli.options import Session, session_of
from depthwalk.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from depthwalk.assembly import SnapshotRequest, SnapshotSetting
    from depthwalk.reports.moving import MovingPicture
    from depthwalk.reports.recording_table import RecordingPicture
    from depthwalk.runtime.recording import RecorderView

_MINUTE = 60_000_000


def snapshot(
    context: typer.Context,
    tickers: Annotated[list[str] | None, typer.Argument(metavar="TICKER", help="The markets.")] = None,
    *,
    event: Annotated[str | None, typer.Option("--event", metavar="E", help="The open markets of an event.")] = None,
    series: Annotated[str | None, typer.Option("--series", metavar="S", help="The open markets of a series.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until Ctrl-C; else once, for cron.")] = False,
    interval: Annotated[
        str | None,
        typer.Option("--interval", metavar="S", help="With --watch: seconds between two readings; else as configured."),
    ] = None,
    depth: Annotated[
        int | None,
        typer.Option("--depth", metavar="N", min=1, max=1000, help="Levels of each side that are kept; else as configured."),
    ] = None,
    duration: Annotated[
        str | None, typer.Option("--duration", metavar="T", help="With --watch: for how long, as in 90, 10m, 2h.")
    ] = None,
) -> int:
    """Record order books and public trades in the database.

    Changed books are written, marks say up to when nothing changed, and gaps when nothing is known.
    On paper all markets are recorded unless some are named. With --env demo or live real books are
    recorded; that needs no key.
    """
    session = session_of(context)
    names = tuple(dict.fromkeys(values.ticker(text) for text in tickers or ()))
    for flag, text in (("--event", event), ("--series", series)):
        if text is not None:
            values.ticker(text, flag)
    pace, span = values.duration("--interval", interval), values.duration("--duration", duration)
    if not watch and (pace is not None or span is not None):
        raise UsageError("--interval and --duration are for --watch", hint="add --watch")
    # Only now: what was wrong with the flags has been said without loading anything.
    from depthwalk import assembly

    request = assembly.SnapshotRequest(
        tickers=names,
        event=event,
        series=series,
        environment=session.environment,
        config_path=session.config,
        database_path=session.database,
        watch=watch,
        interval=pace,
        depth=depth,
        duration=span,
    )
    setting = assembly.snapshot_setting(request)
    return _watch(session, request, setting) if watch else _once(session, request, setting)


def _once(session: Session, request: "SnapshotRequest", setting: "SnapshotSetting") -> int:
    """Record once; one line or object a ticker; exit 5 where something could not be read."""
    from depthwalk import assembly

    watcher = _Collector(setting)
    failures = assembly.snapshot(request, watcher)
    watcher.report(session)
    for trouble in watcher.trouble:
        tell(trouble)
    return ExitCode.UNREACHABLE if failures or watcher.silent else ExitCode.DONE


def _watch(session: Session, request: "SnapshotRequest", setting: "SnapshotSetting") -> int:
    """Record until it is over; however many readings failed, that is in the record and no failure of the command."""
    from depthwalk import assembly

    watcher: _Collector
    if session.json:
        watcher = _Objects(setting)
        assembly.snapshot(request, watcher)
    elif session.quiet or session.verbose or not terminal.can_draw():
        watcher = _Lines(setting, quiet=session.quiet)
        assembly.snapshot(request, watcher)
    else:
        from depthwalk.reports.moving import MovingPicture
        from depthwalk.reports.terminal import console

        with MovingPicture(console(sys.stdout, no_color=session.no_color)) as picture:
            watcher = _Drawn(setting, picture)
            assembly.snapshot(request, watcher)
    try:
        watcher.end()
    except OSError as error:
        # Whoever looked has gone. What was recorded is in the database, and that is what was asked for.
        tell(f"the summary could not be written: {error.strerror or error}")
    return ExitCode.DONE


class _Collector:
    """Keeps what was written, for the report of a single snapshot; the base of the others."""

    def __init__(self, setting: "SnapshotSetting") -> None:
        self._setting = setting
        self._written: set[str] = set()
        self._trades: Counter[str] = Counter()
        self._latest: RecordingPicture | None = None
        self.trouble: list[str] = []

    @property
    def silent(self) -> bool:
        """Whether a ticker could not be read."""
        return self._latest is None or any(row.trouble is not None for row in self._latest.tickers)

    def show(self, view: "RecorderView") -> None:
        """Keep it."""
        self._latest = self._picture(view)
        self._written |= {row.ticker for row in view.news.books}
        self._trades.update(row.ticker for row in view.news.trades)
        self.trouble += view.trouble

    def report(self, session: Session) -> None:
        """Write what one snapshot found, a line or an object a ticker."""
        from depthwalk.reports.recording_table import ticker_json, ticker_line

        if self._latest is None:
            return
        for row in self._latest.tickers:
            fresh, prints = row.ticker in self._written, self._trades[row.ticker]
            if session.json:
                terminal.write_json([ticker_json(row, self._latest, written=fresh, trades=prints)])
            elif not session.quiet:
                terminal.write_line(ticker_line(row, self._latest.rule, written=fresh, trades=prints))

    def end(self) -> None:
        """Say how it ended."""
        from depthwalk.reports.recording_table import words

        if self._latest is not None:
            terminal.write_line(f"recorded {words(self._latest)}")

    def _picture(self, view: "RecorderView") -> "RecordingPicture":
        from depthwalk.domain.units import Duration
        from depthwalk.reports.recording_table import RecordingPicture, TickerRow

        return RecordingPicture(
            environment=self._setting.environment,
            rule=self._setting.rule,
            interval=self._setting.interval,
            at=view.at,
            started_at=view.started_at,
            tickers=[
                TickerRow(
                    ticker=state.ticker,
                    book=state.book,
                    age=None if state.read_at is None else Duration(view.at - state.read_at),
                    rows=state.rows,
                    gaps=state.gaps,
                    trouble=state.trouble,
                )
                for state in view.states
            ],
            books=view.totals.books,
            heartbeats=view.totals.heartbeats,
            gaps=view.totals.gaps,
            trades=view.totals.trades,
            trouble=view.trouble,
        )


class _Drawn(_Collector):
    """The table, drawn over itself."""

    def __init__(self, setting: "SnapshotSetting", picture: "MovingPicture") -> None:
        super().__init__(setting)
        self._moving = picture

    def show(self, view: "RecorderView") -> None:
        """Draw it."""
        from depthwalk.reports.recording_table import render

        now = self._latest = self._picture(view)
        self._moving.show(lambda width, height, signs: render(now, width=width, height=height, signs=signs))


class _Lines(_Collector):
    """A plain line on standard error at the start, once a minute, and when tickers fall silent or come back."""

    def __init__(self, setting: "SnapshotSetting", *, quiet: bool) -> None:
        super().__init__(setting)
        self._quiet = quiet
        self._said_at: int | None = None
        self._said_silent: frozenset[str] = frozenset()

    def show(self, view: "RecorderView") -> None:
        """Say it where it is news."""
        from depthwalk.cli.failures import tell_raw
        from depthwalk.reports.recording_table import line

        now = self._latest = self._picture(view)
        silent = frozenset(row.ticker for row in now.tickers if row.trouble is not None)
        due = self._said_at is None or now.at - self._said_at >= _MINUTE or silent != self._said_silent
        if due and not self._quiet:
            tell_raw(f"{line(now)}\n")
            self._said_at, self._said_silent = now.at, silent


class _Objects(_Collector):
    """Everything that is written, one JSON object a line; the summary at the end."""

    _unheard = False

    def show(self, view: "RecorderView") -> None:
        """Write it; where standard output has failed, nothing more of it, and the recording goes on."""
        self._latest = self._picture(view)
        if not self._unheard:
            try:
                self._write(view)
            except OSError as error:
                self._unheard = True
                tell(f"no more objects are written, the recording goes on: {error.strerror or error}")

    def _write(self, view: "RecorderView") -> None:
        from depthwalk.reports import recording_table as table

        news, environment = view.news, self._setting.environment
        terminal.write_json(table.book_json(row, self._setting.rule) for row in news.books)
        terminal.write_json(table.trade_json(row) for row in news.trades)
        for beat in news.heartbeats:
            mark = table.mark_json("heartbeat", environment, beat.ticker, since=beat.since, until=beat.until, why=None)
            terminal.write_json([mark])
        for gap in news.gaps:
            mark = table.mark_json("gap", environment, gap.ticker, since=gap.since, until=gap.until, why=gap.why)
            terminal.write_json([mark])

    def end(self) -> None:
        """Write the summary."""
        from depthwalk.reports.recording_table import summary_json

        if self._latest is not None:
            terminal.write_json([summary_json(self._latest)])
