"""`depthwalk` in a process that kills itself (SIGKILL) at a chosen step of its journal.

    python -m tests.support.dying STEP WHEN ARGUMENTS…

STEP counts the entries that this process writes, from 1. WHEN: "before" the entry is written, "after" it is on the disk and
nothing of it has been done, or a number of seconds after that.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from depthwalk.cli.main import main
from depthwalk.domain.messages import Event, Intent
from depthwalk.storage.journal import ExecutionJournal


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def doom(step: int, when: str) -> None:
    """Let this process die at an entry."""
    append, count = ExecutionJournal.append, 0

    def doomed(journal: ExecutionJournal, event: Event, intents: Sequence[Intent]) -> None:
        nonlocal count
        count += 1
        if count != step:
            append(journal, event, intents)
            return
        if when == "before":
            _die()
        append(journal, event, intents)
        if when == "after":
            _die()
        asyncio.get_running_loop().call_later(float(when), _die)

    ExecutionJournal.append = doomed  # type: ignore[method-assign]


if __name__ == "__main__":
    doom(int(sys.argv[1]), sys.argv[2])
    sys.exit(main(sys.argv[3:]))
