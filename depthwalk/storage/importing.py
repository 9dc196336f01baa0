"""Recorded files into the database: JSON lines of books and trades, plain or gzip, in batches; bad lines are told, not fatal.

Importing a file again writes nothing: a book is one a ticker and moment, a trade one an id (see `recorded_lines.py`).
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final, cast

from depthwalk.domain.units import Instant
from depthwalk.errors import UsageError
from depthwalk.ports import RecordedBook, RecordedTrade
from depthwalk.storage.recorded_lines import BadLine, LineReader
from depthwalk.storage.recordings import RecordingStore

BATCH: Final = 1_000
"""Rows in a transaction."""
NAMED_BAD_LINES: Final = 5
"""How many bad lines are named; the others are counted."""
_LONGEST_LINE: Final = 16 * 1024 * 1024
_GZIP_MAGIC: Final = b"\x1f\x8b"

Progress = Callable[[int, int], None]
"""Is told how many bytes of the file are read, and how many it has; never of what is no file on a disk."""


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """What came of one file.

    *superseded* books had another of the same market at the same moment behind them in the file; what was read and is neither
    written nor superseded was there already. *bad* names the first bad lines. *damage* says why reading ended early.
    """

    path: Path
    environment: str
    lines: int = 0
    books: int = 0
    books_written: int = 0
    superseded: int = 0
    trades: int = 0
    trades_written: int = 0
    tickers: int = 0
    first: Instant | None = None
    last: Instant | None = None
    bad_lines: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)
    damage: str | None = None

    @property
    def usable(self) -> int:
        """How many lines were books or trades."""
        return self.books + self.trades


def import_file(store: RecordingStore, path: Path, *, environment: str, progress: Progress | None = None) -> ImportReport:
    """Write a file's books and trades, as recorded on the exchange that *environment* names.

    A damaged or truncated gzip file gives what could be read of it.

    Raises:
        UsageError: the file cannot be read, or nothing in it is a book or a trade.
        StorageError: the database failed; the batches before it are written.

    """
    report = ImportReport(path=path, environment=environment)
    run = _Import(store, report)
    try:
        with path.open("rb") as raw:
            size = path.stat().st_size if path.is_file() else 0
            for number, line in _lines(raw, report):
                run.take(number, line)
                if progress and size and number % 100 == 0:
                    progress(raw.tell(), size)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from None
    run.finish()
    if not report.usable:
        raise UsageError(f"{path}: {_why_nothing(report)}", hint="a line is a book or a trade as JSON; `db import --help`")
    return report


def _why_nothing(report: ImportReport) -> str:
    if report.bad:
        number, problem = report.bad[0]
        return f"not one of its {report.lines} lines is a recorded book or trade; line {number}: {problem}"
    return f"nothing could be read: {report.damage}" if report.damage else "the file is empty"


def _lines(raw: BufferedReader, report: ImportReport) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank with their numbers; a damaged gzip ends them early and is noted."""
    packed = raw.peek(len(_GZIP_MAGIC)).startswith(_GZIP_MAGIC)
    source = cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if packed else raw
    number = 0
    try:
        while line := source.readline(_LONGEST_LINE):
            number += 1
            # What is left of a line that is far too long must not pass for lines of its own.
            rest = line
            while len(rest) == _LONGEST_LINE and not rest.endswith(b"\n"):
                rest = source.readline(_LONGEST_LINE)
            if not line.isspace():
                yield number, line
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        report.damage = f"the gzip file is damaged or cut short after line {number} ({error})"


class _Import:
    """One file on its way into the database."""

    def __init__(self, store: RecordingStore, report: ImportReport) -> None:
        self._store = store
        self._report = report
        self._reader = LineReader(report.environment)
        # The latest book of each ticker waits here: one at the same moment may follow, and then that one counts.
        self._waiting: dict[str, RecordedBook] = {}
        self._tickers: set[str] = set()
        self._books: list[RecordedBook] = []
        self._trades: list[RecordedTrade] = []

    def take(self, number: int, line: bytes) -> None:
        report = self._report
        report.lines += 1
        try:
            row = self._reader.read(line)
        except BadLine as error:
            report.bad_lines += 1
            if len(report.bad) < NAMED_BAD_LINES:
                report.bad.append((number, error.message))
            return
        self._tickers.add(row.ticker)
        if isinstance(row, RecordedBook):
            self._span(row.event_time)
            self._take_book(row)
        else:
            self._span(row.at)
            report.trades += 1
            self._trades.append(row)
        if len(self._books) >= BATCH or len(self._trades) >= BATCH:
            self._write()

    def finish(self) -> None:
        self._books += self._waiting.values()
        self._waiting.clear()
        self._write()
        self._report.tickers = len(self._tickers)

    def _take_book(self, row: RecordedBook) -> None:
        self._report.books += 1
        before = self._waiting.get(row.ticker)
        if before is not None:
            if before.event_time == row.event_time:
                self._report.superseded += 1
            else:
                self._books.append(before)
        self._waiting[row.ticker] = row

    def _span(self, at: Instant) -> None:
        report = self._report
        report.first = at if report.first is None or at < report.first else report.first
        report.last = at if report.last is None or at > report.last else report.last

    def _write(self) -> None:
        self._report.books_written += self._store.write_books(self._books)
        self._report.trades_written += self._store.write_trades(self._trades)
        self._books.clear()
        self._trades.clear()
