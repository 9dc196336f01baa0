"""What an import costs against a bare executemany of the same rows into the same schema, side by side in one run.

Run it from the repository root: python tests/benchmarks/bench_import.py [ROUNDS] [FILE]. `write_books` turns domain values into
rows and writes them, which should run at half the speed of the bare insert or better; `import_file` also unpacks, parses and
checks the file. Medians over the rounds; absolute rates say more about the machine.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from depthwalk.ports import RecordedBook, RecordedTrade
from depthwalk.storage.database import Database, open_database
from depthwalk.storage.importing import BATCH, import_file
from depthwalk.storage.recordings import INSERT_BOOK, RecordingStore, book_values

_ROOT = Path(__file__).parents[2]
_FILE = _ROOT.parent / "shared" / "data" / "kalshi" / "rest-depth-hourly" / "converted.books.jsonl.gz"


class _Kept(RecordingStore):
    """A store that keeps the books in a list."""

    def __init__(self) -> None:
        self.books: list[RecordedBook] = []

    def write_books(self, rows: Sequence[RecordedBook]) -> int:
        self.books += rows
        return len(rows)

    def write_trades(self, rows: Sequence[RecordedTrade]) -> int:
        return len(rows)


def _seconds(act: Callable[[Database], None]) -> float:
    with tempfile.TemporaryDirectory() as folder, open_database(Path(folder) / "bench.sqlite") as database:
        begun = time.perf_counter()
        act(database)
        return time.perf_counter() - begun


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    file = Path(sys.argv[2]) if len(sys.argv) > 2 else _FILE
    kept = _Kept()
    import_file(kept, file, environment="live")
    books = kept.books
    values = [book_values(row) for row in books]
    batches = range(0, len(books), BATCH)

    def bare(database: Database) -> None:
        for first in batches:
            with database.transaction(durable=False) as connection:
                connection.executemany(INSERT_BOOK, values[first : first + BATCH])

    def store(database: Database) -> None:
        for first in batches:
            RecordingStore(database).write_books(books[first : first + BATCH])

    def whole(database: Database) -> None:
        import_file(RecordingStore(database), file, environment="live")

    acts = {"bare executemany": bare, "write_books": store, "import_file": whole}
    times: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(rounds):
        for name, act in acts.items():
            times[name].append(_seconds(act))
    sys.stdout.write(f"{len(books)} books, {rounds} rounds\n")
    for name, found in times.items():
        ratio = statistics.median(base / one for base, one in zip(times["bare executemany"], found, strict=True))
        sys.stdout.write(f"{name:18} {len(books) / statistics.median(found):10,.0f} books/s   x {ratio:.2f}\n")


if __name__ == "__main__":
    main()
