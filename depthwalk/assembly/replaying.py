"""Recordings for a replay: files in every form that `lab/recorded` reads, and databases of ours. Nothing is run here."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from depthwalk.lab.recorded.tape import Tapes

_DATABASE: Final = b"SQLite format 3\x00"


def recordings(paths: Sequence[Path]) -> "Tapes":
    """Read recordings, each a file, a recorder's folder or a database; their tapes come in order of time.

    Raises:
        UsageError: one cannot be read or is none of these.
        StorageError: a database cannot be used.

    """
    from depthwalk.lab.recorded.reading import read_tapes, together

    return together([_of_database(path) if _is_database(path) else read_tapes(path) for path in paths])


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_DATABASE)) == _DATABASE
    except OSError:
        return False


def _of_database(path: Path) -> "Tapes":
    from depthwalk.domain.messages import PublicTrade
    from depthwalk.lab.recorded.books import tapes_of_books
    from depthwalk.lab.recorded.reading import together
    from depthwalk.storage.coverage import read_coverage
    from depthwalk.storage.database import open_database
    from depthwalk.storage.recorded_rows import recorded_rows

    found = []
    with open_database(path) as database:
        for coverage in read_coverage(database):
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
