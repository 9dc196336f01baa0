"""The command as its user runs it, with its exit code, standard output and standard error."""

import contextlib
import io
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depthwalk.cli.main import main

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def object(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        found: dict[str, Any] = json.loads(self.out)
        return found


def depthwalk(*arguments: str | Path, folder: Path, timeout: float = 120) -> Ended:
    """Run `depthwalk` with a database in *folder*, no terminal, no input."""
    ended = subprocess.run(
        [sys.executable, "-m", "depthwalk", "--db", folder / "test.sqlite", *map(str, arguments)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        timeout=timeout,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def depthwalk_here(*arguments: str | Path, folder: Path) -> Ended:
    """As `depthwalk`, but in this process: much quicker where a process of its own is not the point."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["--db", str(folder / "test.sqlite"), *map(str, arguments)])
    return Ended(code, out.getvalue(), err.getvalue())
