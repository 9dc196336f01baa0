"""Pieces done by a real Dask scheduler and workers, on loopback; each worker is a process of its own and can be killed."""

import io
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from depthwalk.errors import DepthwalkError, ExitCode, UsageError
from depthwalk.executors.registry import ALGORITHMS
from depthwalk.lab import scale
from depthwalk.lab.running import Arm
from depthwalk.lab.scale import perform
from depthwalk.lab.tasks import tasks
from depthwalk.lab.worlds import CLASSES, WORLDS, setting
from tests.support.command import ROOT
from tests.support.pieces import Doubled, Failing

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for workers as long as a busy machine takes to start them."""
    monkeypatch.setattr(scale, "_PATIENCE", 60)


@contextmanager
def a_scheduler() -> Iterator[Any]:
    """Run a scheduler without workers, on a port of the system's choice, and yield it."""
    from distributed import LocalCluster  # noqa: PLC0415 - a second that collecting the tests should not cost

    with LocalCluster(
        n_workers=0, host="127.0.0.1", scheduler_port=0, dashboard_address="127.0.0.1:0", silence_logs="critical"
    ) as cluster:
        yield cluster.scheduler


def _with_tests() -> dict[str, str]:
    """Where the pieces of these tests can be imported."""
    return os.environ | {"PYTHONPATH": str(ROOT)}


@contextmanager
def its_workers(address: str, count: int, folder: Path) -> Iterator[None]:
    """Run workers of one thread each, whom nobody replaces when they die."""
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--host", "127.0.0.1", "--nthreads", "1"]
    command += ["--no-nanny", "--no-dashboard", "--local-directory", str(folder)]
    with ExitStack() as running:
        for _ in range(count):
            worker = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, env=_with_tests())
            running.enter_context(worker)
            running.callback(worker.kill)
        yield


def test_a_cluster_finds_what_this_process_finds_though_workers_die(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trials are the same to the last digit, each piece is there once though workers are killed, and failures come through.

    One test, because a cluster takes seconds to begin.
    """
    with a_scheduler() as scheduler:
        check_workers_are_missed(scheduler.address, monkeypatch)
        with its_workers(scheduler.address, 3, tmp_path):
            check_trials_are_the_same(scheduler.address)
            check_a_death_costs_nothing(scheduler.address)
            scheduler.allowed_failures = 0  # from now on it gives a piece up when a worker dies over it: we ask again
            check_a_death_costs_nothing(scheduler.address)
            check_a_failure_comes_through(scheduler.address)
            check_closing_takes_the_work_back(scheduler)
            check_another_version_is_refused(scheduler.address, monkeypatch)


def check_workers_are_missed(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask a scheduler without workers."""
    with monkeypatch.context() as patch:
        patch.setattr(scale, "_PATIENCE", 2)
        with pytest.raises(UsageError, match=f"the Dask scheduler at {address} has no workers"):
            list(perform([Doubled(1)], cluster=address))


def check_trials_are_the_same(address: str) -> None:
    """Compare every field of the trials of real tasks."""
    arms = [Arm(name=name, algorithm=name, params=ALGORITHMS[name].params()) for name in ("simple_limit", "spread_walker")]
    pieces = tasks([setting(CLASSES["thin"], WORLDS["base"])], arms, range(4), block=1)

    assert {index: piece.run() for index, piece in enumerate(pieces)} == dict(perform(pieces, cluster=address))


def check_a_death_costs_nothing(address: str) -> None:
    """Kill a worker half-way: everything is there, once."""
    seen: dict[int, int] = {}
    for index, (doubled, worker) in perform([Doubled(number, lasts=0.02) for number in range(40)], cluster=address):
        assert index not in seen
        seen[index] = doubled
        if len(seen) == 15:
            os.kill(worker, signal.SIGKILL)

    assert {index: 2 * index for index in range(40)} == seen


def check_a_failure_comes_through(address: str) -> None:
    """Have a piece fail with an error that cannot be pickled."""
    with pytest.raises(DepthwalkError, match="thin, seeds 3 to 4: Opaque: no luck") as caught:
        list(perform([Doubled(1), Failing(ours=False)], cluster=address))

    assert ExitCode.FAULT == caught.value.exit_code


def check_closing_takes_the_work_back(scheduler: Any) -> None:
    """Close with work under way: nobody waits, and the scheduler forgets it."""
    with closing(perform([Doubled(number, lasts=0.1) for number in range(1000)], cluster=scheduler.address)) as done:
        next(done)
        assert scheduler.tasks
        began = time.monotonic()
    assert time.monotonic() - began < 5
    while scheduler.tasks:
        assert time.monotonic() - began < 10
        time.sleep(0.02)


def check_another_version_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be of a version that the worker is not: it would find other numbers."""
    monkeypatch.setattr(scale, "__version__", "77.7")
    with pytest.raises(DepthwalkError, match=r"the worker has depthwalk \S+, this machine 77\.7") as caught:
        list(perform([Doubled(1)], cluster=address))

    assert ExitCode.USAGE == caught.value.exit_code


def test_a_scheduler_that_dies_is_an_error(tmp_path: Path) -> None:
    """Nobody waits for results that cannot come, and only we say so: Dask would add a traceback."""
    file = tmp_path / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    command += ["--no-dashboard", "--scheduler-file", str(file)]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL, env=_with_tests()) as process:
        try:
            address = its_address(file)
            with its_workers(address, 1, tmp_path), heard() as said:
                done = perform([Doubled(number, lasts=0.1) for number in range(1000)], cluster=address)
                next(done)
                process.kill()
                with pytest.raises(DepthwalkError, match=f"the Dask scheduler at {address} went away with work under way"):
                    list(done)
        finally:
            process.kill()

    assert "" == said.getvalue()


def its_address(file: Path) -> str:
    """Wait for what a scheduler writes of itself."""
    deadline = time.monotonic() + 20
    while True:
        with suppress(OSError, ValueError):
            return str(json.loads(file.read_text(encoding="utf-8"))["address"])
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def heard() -> Iterator[io.StringIO]:
    """Listen to what Dask would log to standard error; under pytest it does not itself."""
    logger, said = logging.getLogger("distributed"), io.StringIO()
    logger.addHandler(handler := logging.StreamHandler(said))
    yield said
    logger.removeHandler(handler)


def test_nobody_at_the_address(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Without a scheduler that is said in one line with the address, soon."""
    monkeypatch.setattr(scale, "_PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(UsageError, match=f"no Dask scheduler answers at {free}"):
        list(perform([Doubled(1)], cluster=free))

    assert ("", "") == capfd.readouterr()
