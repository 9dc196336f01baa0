"""What `depthwalk report --json` costs on 2,000 executions over three classes, against the interpreter that loads numpy alone.

Run it from the repository root: PYTHONPATH=. python tests/benchmarks/bench_report.py [ROUNDS]. The goal is 2 s on a quiet
machine; the ratio to the floor, taken pairwise in one run, says more than the seconds.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from depthwalk.clock import SystemClock
from tests.support.measured import database_of


def _seconds(*command: str | Path) -> float:
    before = time.perf_counter()
    subprocess.run([sys.executable, *map(str, command)], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - before


def main() -> None:
    """Print the figures."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bench.sqlite"
        database_of(database, 2_000, until=SystemClock().now())
        pairs = [
            (_seconds("-c", "import numpy, sqlite3"), _seconds("-m", "depthwalk", "--db", database, "report", "--json"))
            for _ in range(rounds)
        ]
    floor, report = (statistics.median(each) for each in zip(*pairs, strict=True))
    ratio = statistics.median(taken / bare for bare, taken in pairs)
    sys.stdout.write(f"import numpy, sqlite3    {floor:5.2f} s\n")
    sys.stdout.write(
        f"report, 2,000 executions {report:5.2f} s  (best {min(taken for _, taken in pairs):.2f} s; the goal is 2 s)\n"
    )
    sys.stdout.write(f"report against the floor, {rounds} pairs: {ratio:.1f}\n")


if __name__ == "__main__":
    main()
