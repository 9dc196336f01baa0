"""Work for `depthwalk.lab.scale` to have done: plain, slow, failing and deadly pieces; and a program that has some done.

`python -m tests.support.pieces` has pieces done by two processes: four at once, the rest never; it says "done" for each.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from depthwalk.errors import UsageError
from depthwalk.lab.scale import perform

FOREVER = 600.0


@dataclass(frozen=True)
class Doubled:
    """Takes *lasts* seconds, and tells who did it."""

    number: int
    lasts: float = 0.0

    def run(self) -> tuple[int, int]:
        """Return twice the number, and the process."""
        time.sleep(self.lasts)
        return 2 * self.number, os.getpid()


class Opaque(Exception):
    """An error that can be pickled, but not back."""

    def __init__(self, *, what: str) -> None:
        super().__init__(f"no {what}")


@dataclass(frozen=True)
class Failing:
    """Fails, with an error of ours or of somebody else's."""

    ours: bool = True

    def __str__(self) -> str:
        return "thin, seeds 3 to 4"

    def run(self) -> None:
        """Raise it."""
        raise UsageError("too many", hint="take fewer") if self.ours else Opaque(what="luck")


@dataclass(frozen=True)
class Deadly:
    """Kills its worker every time."""

    def __str__(self) -> str:
        return "the deadly one"

    def run(self) -> None:
        """Die."""
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Busy:
    """Never ends, and never waits either."""

    def run(self) -> None:
        """Compute."""
        while True:
            sum(range(1000))


def in_group(group: int) -> set[int]:
    """Return the processes of a process group that are alive."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = stat.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[:3]
        except OSError:  # ended meanwhile
            continue
        if int(its_group) == group and state != "Z":
            found.add(int(stat.parent.name))
    return found


@contextmanager
def interruptible() -> Iterator[None]:
    """Leave as the command line does on Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    with interruptible():
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for _ in perform([*(Doubled(number) for number in range(4)), *[Busy()] * 100], jobs=2):
            sys.stdout.write("done\n")
            sys.stdout.flush()
