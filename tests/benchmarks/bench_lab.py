"""How many synthetic executions a core makes in a second, their worlds included, and how far that is from the floor.

The floor is the same world with nobody in it: a fork of it moved on to the horizon, second by second. What an execution takes
beyond that is the algorithm's decisions, its requests and the exchange's answers.

    PYTHONPATH=. python tests/benchmarks/bench_lab.py [seeds of a class] [rounds]

CPU time of this process alone. The median round is told with the slowest and the fastest: the machine is shared.
"""

import statistics
import sys
import time

from depthwalk.domain.units import Instant, seconds
from depthwalk.lab.running import HORIZON, START, WarmWorld, play
from depthwalk.lab.worlds import BASE, CLASSES, WORLDS, setting
from tests.support.reference import ARMS, TABLE

SECOND = seconds(1)


def measured(name: str, seeds: range) -> tuple[float, float]:
    """Return the CPU seconds of an execution, its share of the world included, and of a world that nobody trades in."""
    where, arms = setting(CLASSES[name], WORLDS[BASE]), tuple(TABLE[name])
    alone = 0.0
    began = time.process_time()
    for seed in seeds:
        world = WarmWorld(where, seed)
        for arm in arms:
            play(world, arm, ARMS[arm]())
        since = time.process_time()
        book = world.fork()
        for at in range(START, START + HORIZON + 1, SECOND):
            book.advance(Instant(at))
        alone += time.process_time() - since
    spent = time.process_time() - began - alone
    return spent / len(seeds) / len(arms), alone / len(seeds)


def main(count: int, rounds: int) -> None:
    """Measure every class of the table, and say what was found."""
    for name in TABLE:
        found = [measured(name, range(count)) for _ in range(rounds)]
        rates = sorted(1 / execution for execution, _ in found)
        floors = sorted(execution / alone for execution, alone in found)
        sys.stdout.write(
            f"{name:<9} {statistics.median(rates):5.0f} [{rates[0]:.0f} to {rates[-1]:.0f}] executions a second, "
            f"{statistics.median(floors):.1f} [{floors[0]:.1f} to {floors[-1]:.1f}] times the world alone\n"
        )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [60, 5][len(given) :]))
