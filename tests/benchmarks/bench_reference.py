"""Reproduces the prototype's tables (algorithms.md sections 3.3 and 3.4).

Run it from the repository root: PYTHONPATH=. python tests/benchmarks/bench_reference.py [SEEDS] [FIRST SEED] [JOBS]
where SEEDS are those of each class, 2000 unless said, and FIRST SEED is 0.

Prints ours beside theirs and marks what is further off than 0.10 points of slippage (thin 0.15), 2 points of fill or 0.12
points of shortfall; then the ablations, paired against the walker, with 95 % intervals. Shortfall as theirs: gross, the rest
at the ask at 44 s.
"""

import math
import statistics
import sys

from tests.support.reference import ABLATIONS, ARMS, TABLE, TOLERANCE, Row, mean, row_of, trials_of


def off(name: str, ours: Row, theirs: Row) -> str:
    """Say which figures are further off than allowed."""
    words = ("slip", "fill", "IS")
    return " ".join(word for word, a, b, most in zip(words, ours, theirs, TOLERANCE[name], strict=True) if abs(a - b) > most)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Print the tables."""
    arguments = [int(each) for each in sys.argv[1:]]
    count, first, jobs = (arguments + [2_000, 0, 0][len(arguments) :])[:3]
    found = {}
    for name in ("liquid", "moderate", "thin"):
        found[name] = trials_of(name, tuple(ARMS), range(first, first + count), jobs or None)
        say(f"\n{name}, {len(found[name]['walker'])} seeds        ours                  theirs            off")
        for arm in ARMS:
            ours, trials = row_of(found[name][arm]), found[name][arm]
            line = f"{arm:22} {ours.slippage:5.2f} {ours.filled:5.1f} {ours.shortfall:5.2f}"
            theirs = TABLE[name].get(arm)
            if theirs is not None:
                line += f"   {theirs.slippage:5.2f} {theirs.filled:5.1f} {theirs.shortfall:5.2f}   {off(name, ours, theirs)}"
            net = mean(trial.percent(trial.net) for trial in trials)
            swept = mean(trial.percent(trial.shortfall) for trial in trials)
            asked = mean(trial.api.calls for trial in trials)
            say(f"{line:72} swept {swept:5.2f} net {net:5.2f} requests {asked:4.1f}")
    say("\nablations: points of shortfall against the walker, ours [95 %] and theirs")
    for arm, theirs in ABLATIONS.items():
        cells = []
        for name, their in zip(("liquid", "moderate", "thin"), theirs, strict=True):
            pairs = zip(found[name][arm], found[name]["walker"], strict=True)
            both = [(a.percent(a.lenient), b.percent(b.lenient)) for a, b in pairs]
            gaps = [a - b for a, b in both if a is not None and b is not None]
            half = 1.96 * statistics.stdev(gaps) / math.sqrt(len(gaps))
            cells.append(f"{statistics.fmean(gaps):+.3f} ±{half:.3f} ({their:+.2f})")
        say(f"{arm:22} {'   '.join(cells)}")


if __name__ == "__main__":
    main()
