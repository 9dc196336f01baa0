"""A recording left running: memory stays flat, the file grows only with what is written.

The default is short. SOAK_SECONDS=600 makes it the ten minutes of the issue.
"""

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.command import ROOT

_MEGABYTE = 1024
_BYTES_A_ROW = 1_500
_EMPTY_FILE = 400_000


def memory_of(process: int) -> int:
    """Return the resident memory of a process in kilobytes."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_watch_is_flat(tmp_path: Path) -> None:
    """From the first readings on, less than two megabytes more; and a file in proportion to its rows."""
    lasts = float(os.environ.get("SOAK_SECONDS", "6"))
    interval = min(4.0, lasts / 40)
    file = tmp_path / "soak.sqlite"
    command = [sys.executable, "-m", "depthwalk", "--db", file, "-q", "snapshot", "--watch"]
    with subprocess.Popen([*command, "--interval", f"{interval:.2f}", "--duration", f"{lasts}"], cwd=ROOT) as process:
        # Modules are loaded and caches filled in the first quarter.
        time.sleep(2 + lasts / 4)
        early = memory_of(process.pid)
        time.sleep(lasts / 2)
        late = memory_of(process.pid)
        assert 0 == process.wait(timeout=30 + lasts)
    assert late - early < 2 * _MEGABYTE
    with closing(sqlite3.connect(file)) as database:
        ((rows, books),) = database.execute(
            "SELECT (SELECT COUNT(*) FROM books) + (SELECT COUNT(*) FROM trades_public), (SELECT COUNT(*) FROM books)"
        )
    assert books > 10
    assert file.stat().st_size < _EMPTY_FILE + _BYTES_A_ROW * rows
