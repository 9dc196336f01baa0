"""Recordings for a replay: files in every form that `lab/recorded` reads, and databases of ours. Nothing is run here."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from depthwalk.errors import UsageError

if TYPE_CHECKING:
    from depthwalk.lab.recorded.tape import Tapes

_DATABASE: Final = b"SQLite format 3\x00"
_RUN: Final = "orderbook_*"
_LINES: Final = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
_ROWS: Final = (".csv", ".csv.gz")


def recordings(paths: Sequence[Path], *, environment: str | None = None) -> "Tapes":
    """Read recordings, each a file, a recorder's run, a database, or a folder of those; their tapes come in order of time.

    From a database the rows of *environment* are taken, or all.

    Raises:
        UsageError: one cannot be read or is none of these, or all are databases with nothing of *environment*.
        StorageError: a database cannot be used.

    """
    from depthwalk.lab.recorded.reading import read_tapes, together

    sources = dict.fromkeys(source for path in paths for source in _sources(path))
    found = together([_of_database(path, environment) if is_database(path) else read_tapes(path) for path in sources])
    if environment is not None and not found.tapes and all(map(is_database, sources)):
        names = ", ".join(map(str, sources))
        raise UsageError(f"{names}: nothing was recorded in {environment}", hint="--env names another environment")
    return found


def is_database(path: Path) -> bool:
    """Say whether a file is SQLite's; what cannot be read is not, and whoever reads it as a recording says what is wrong."""
    try:
        with path.open("rb") as file:
            return file.read(len(_DATABASE)) == _DATABASE
    except OSError:
        return False


def named(path: Path) -> str:
    """Return a recording as a report may name it: its folder and its own name, never where on somebody's machine it lies."""
    resolved = path.resolve()
    return f"{resolved.parent.name}/{resolved.name}"


def _sources(path: Path) -> Iterator[Path]:
    """Yield a recording as it is; what a folder of recordings holds, but for files that are none."""
    if not path.is_dir() or next(path.glob(_RUN), None) is not None:
        yield path
        return
    found = [each for each in sorted(path.iterdir()) if _is_recording(each)]
    if not found:
        raise UsageError(f"{path}: no recordings in this folder", hint="a recorder's run, or files of order books")
    yield from found


def _is_recording(path: Path) -> bool:
    from depthwalk.lab.recorded.cents import CENTS_HEADER
    from depthwalk.simulation.replay import lines

    if path.is_dir():
        return next(path.glob(_RUN), None) is not None
    if path.name.endswith(_ROWS):
        return next(lines(path), (0, b""))[1].startswith(CENTS_HEADER)
    return path.name.endswith(_LINES) or is_database(path)


def _of_database(path: Path, environment: str | None) -> "Tapes":
    from depthwalk.domain.messages import PublicTrade
    from depthwalk.lab.recorded.books import tapes_of_books
    from depthwalk.lab.recorded.reading import together
    from depthwalk.storage.coverage import read_coverage
    from depthwalk.storage.database import open_database
    from depthwalk.storage.recorded_rows import recorded_rows

    found = []
    with open_database(path) as database:
        for coverage in read_coverage(database):
            if environment is not None and coverage.environment != environment:
                continue
            rows = recorded_rows(database, coverage)
            trades = [
                PublicTrade(trade_id=one.trade_id, at=one.at, price=one.price, quantity=one.quantity, taker=one.taker)
                for one in rows.trades
            ]
            tapes = tapes_of_books(
                coverage.ticker,
                [(row.event_time, row.book) for row in rows.books],
                source=f"{path}, {coverage.environment}, {coverage.source}",
                trades=trades,
                confirmed=rows.confirmed,
                gaps=rows.gaps,
            )
            found.append(tapes)
    return together(found)
