"""Replaying recorded changes through executors, beside NautilusTrader's TWAP and hftbacktest on the same events, in one run.

Run it from the repository root: PYTHONPATH=. python tests/benchmarks/bench_replay.py RUN [ROUNDS] [PEERS]

RUN is a recorder's folder, as in kxbtc15m-ws-l2; PEERS a Python that has nautilus_trader 1.221 and hftbacktest 2.4 (by default
/tmp/venv_peers/bin/python; what is not there is left out, and said). The changes of the run are replayed while an executor
works orders: one execution after the other, each of 44 s: `twap` with a slice every 4 s, `dynamic_depth_walker`,
`simple_limit`, and a `simple_limit` at the bid that rests for 40 s; all with the paper exchange's full order states, ledger and
fees, with requests, latency and throttle. NautilusTrader runs its TWAP with as many slices, hftbacktest a jitted strategy with
as many orders.

It is CPU time of the run itself: decoding files, loading events and compiling are told apart. Rounds are taken in turns; a
figure is the median over the rounds, a ratio the median of the rounds' own ratios, with the lowest and the highest.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalkerParams
from depthwalk.executors.simple_limit import LimitRule, SimpleLimitParams
from depthwalk.executors.twap import TwapParams
from depthwalk.lab.recorded.queues import PROBABILISTIC
from depthwalk.lab.recorded.reading import read_tapes
from depthwalk.lab.recorded.reel import Reel
from depthwalk.lab.recorded.tape import Kind, Tape
from depthwalk.lab.recorded.task import Moment, replay_tasks
from depthwalk.lab.recorded.windows import windows
from depthwalk.lab.running import HORIZON, Arm, run

ARMS = (
    Arm(name="twap", algorithm="twap", params=TwapParams()),
    Arm(name="walker", algorithm="dynamic_depth_walker", params=DynamicDepthWalkerParams()),
    Arm(name="simple", algorithm="simple_limit", params=SimpleLimitParams()),
    Arm(name="resting", algorithm="simple_limit", params=SimpleLimitParams(limit_rule=LimitRule.BID, timeout_seconds=40.0)),
)
SLICE_SECONDS = 4.0
PEERS = Path("/tmp/venv_peers/bin/python")  # noqa: S108 - where the peers are installed by hand, nothing is written there
SCRIPT = Path(__file__).with_name("replay_peers.py")


def ours(reels: list[Reel], arm: Arm) -> tuple[float, int]:
    """Return the CPU seconds of replaying all windows of the reels with an arm, and the changes played."""
    pieces = replay_tasks([reel.tape for reel in reels], (arm,), every=HORIZON, models=(PROBABILISTIC,))
    winding = {id(reel.tape): reel for reel in reels}
    spent, played = 0.0, 0
    for piece in pieces:
        reel = winding[id(piece.tape)]
        for window in piece.moments:
            played += reel.index(window.at + HORIZON) - reel.index(window.at)
            began = time.process_time()
            moment = Moment(piece.setting, reel, window, piece.model, piece.order, share=piece.share, strict=piece.strict)
            run(moment, arm)
            spent += time.process_time() - began
    return spent, played


def write_events(tape: Tape, path: Path) -> int:
    """Write the events of a tape for the peers: the first book's levels, then the level after every change."""
    sizes = {
        (kind, price): quantity
        for kind, side in ((Kind.BID, tape.first.bids), (Kind.ASK, tape.first.asks))
        for price, quantity in side
    }
    rows = [(int(tape.start), int(kind), price, quantity) for (kind, price), quantity in sizes.items()]
    for at, kind, price, change in tape.rows():
        level = Kind(kind), price
        sizes[level] = sizes.get(level, 0) + change
        rows.append((at, kind, price, sizes[level]))
    at, kind, price, size = (np.array(column) for column in zip(*rows, strict=True))
    np.savez(path, at=at, ask=kind == Kind.ASK, price=price / 10_000, size=size / 100)
    return len(rows)


def peer(python: Path, name: str, files: list[Path]) -> tuple[float, str] | str:
    """Return the CPU seconds of a peer over the files and which it is, or why there are none."""
    spent, tool = 0.0, name
    for file in files:
        command = [str(python), "-W", "ignore", str(SCRIPT), name, str(file), str(SLICE_SECONDS)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        answer = json.loads(done.stdout.splitlines()[-1])
        spent += answer["cpu"]
        tool = answer["tool"]
    return spent, tool


def spread(values: list[float], unit: str = "") -> str:
    """Write a median with the lowest and the highest."""
    return f"{statistics.median(values):,.1f}{unit} [{min(values):,.1f} to {max(values):,.1f}]"


def main(recording: Path, rounds: int, python: Path) -> None:
    """Measure, and say what was found."""
    began = time.process_time()
    found = read_tapes(recording).tapes
    decoding = time.process_time() - began
    tapes = [tape for tape in found if windows(tape, every=HORIZON)]
    total = sum(map(len, found))
    began = time.process_time()
    reels = [Reel(tape) for tape in tapes]
    winding = time.process_time() - began
    sys.stdout.write(
        f"{recording.name}: {total:,} changes; decoding {total / decoding:,.0f} a second; winding {winding:.3f} s\n"
    )
    rates: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.npz" for number in range(len(tapes))]
        events = sum(write_events(tape, file) for tape, file in zip(tapes, files, strict=True))
        missing: set[str] = set()
        for _ in range(rounds):
            for arm in ARMS:
                spent, played = ours(reels, arm)
                rates.setdefault(f"depthwalk {arm.name}", []).append(played / spent)
            for name in ("nautilus", "hftbacktest"):
                if name in missing:
                    continue
                answer = peer(python, name, files) if python.exists() else f"no {python}"
                if isinstance(answer, str):
                    missing.add(name)
                    sys.stdout.write(f"{name}: left out: {answer}\n")
                else:
                    rates.setdefault(answer[1], []).append(events / answer[0])
    for name, values in rates.items():
        sys.stdout.write(f"{name:<28} {spread([value / 1e3 for value in values], 'k')} events a second\n")
    for theirs in [name for name in rates if not name.startswith("depthwalk")]:
        for arm in ARMS:
            ratios = [mine / other for mine, other in zip(rates[f"depthwalk {arm.name}"], rates[theirs], strict=True)]
            low = "" if statistics.median(ratios) >= 1 else f" (1/{1 / statistics.median(ratios):.1f})"
            values = f"{statistics.median(ratios):.2f} [{min(ratios):.2f} to {max(ratios):.2f}]{low}"
            sys.stdout.write(f"{arm.name} / {theirs}: {values}\n")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(Path(given[0]), int(given[1]) if len(given) > 1 else 3, Path(given[2]) if len(given) > 2 else PEERS)
