import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.errors import DepthwalkError, ExitCode, UsageError
from depthwalk.executors.registry import ALGORITHMS
from depthwalk.lab import scale
from depthwalk.lab.running import Arm
from depthwalk.lab.scale import DEATHS, perform
from depthwalk.lab.tasks import Task, tasks
from depthwalk.lab.worlds import CLASSES, WORLDS, setting
from tests.support.command import ROOT
from tests.support.pieces import FOREVER, Deadly, Doubled, Failing, in_group


def some_tasks(seeds: int) -> list[Task]:
    """Return real work: two algorithms in two settings, one seed a piece."""
    arms = [Arm(name=name, algorithm=name, params=ALGORITHMS[name].params()) for name in ("simple_limit", "spread_walker")]
    settings = [setting(CLASSES["thin"], WORLDS["base"]), setting(CLASSES["moderate"], WORLDS["toxic"])]
    return tasks(settings, arms, range(seeds), block=1)


# --- the same, whoever does it ---


def test_two_processes_find_the_trials_that_one_finds() -> None:
    """The trials of every piece are the same, in every field, in this process and in two others."""
    pieces = some_tasks(3)
    alone = [piece.run() for piece in pieces]

    assert alone == [trials for _, trials in perform(pieces, jobs=1)]
    assert alone == [trials for _, trials in sorted(perform(pieces, jobs=2), key=lambda done: done[0])]


def test_one_job_is_this_process_in_order() -> None:
    """With one job the pieces are done here, in the order given: a debugger sees them."""
    assert [(index, (2 * index, os.getpid())) for index in range(5)] == list(perform([Doubled(n) for n in range(5)], jobs=1))


def test_results_come_as_they_complete() -> None:
    """A piece that takes long does not hold back those after it."""
    done = perform([Doubled(0, lasts=1.0), *(Doubled(number) for number in range(1, 6))], jobs=2)

    assert [0, 1, 2, 3, 4, 5] == sorted(order := [index for index, _ in done])
    assert 0 == order[-1]


def test_no_pieces_no_results() -> None:
    """Nothing to do is done."""
    assert [] == list(perform([]))


class Shelf(Sequence[Doubled]):
    """A great many pieces, made when they are taken; knows which was the last."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.last = -1

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: Any) -> Any:
        self.last = max(self.last, index)
        return Doubled(index)


def test_few_pieces_are_under_way_at_a_time() -> None:
    """Of 100,000 pieces no more are taken than a few for each worker beyond those that are done."""
    shelf = Shelf(100_000)
    with closing(perform(shelf, jobs=2)) as done:
        for count, _ in zip(range(1, 50), done, strict=False):
            assert shelf.last < count + 4 * 2


# --- workers that die ---


def test_what_a_killed_worker_had_in_hand_is_done_again() -> None:
    """A worker killed half-way costs nothing but time: every piece is there once, with its result."""
    seen: dict[int, int] = {}
    workers = set()
    for index, (doubled, worker) in perform([Doubled(number, lasts=0.02) for number in range(30)], jobs=2):
        assert index not in seen
        seen[index] = doubled
        if len(seen) == 8:
            os.kill(worker, signal.SIGKILL)
        workers.add(worker)

    assert {index: 2 * index for index in range(30)} == seen
    assert 3 <= len(workers)


def test_a_piece_that_kills_its_workers_is_given_up() -> None:
    """What dies every time is named, after a few workers, and nobody is left."""
    with pytest.raises(DepthwalkError, match=rf"the deadly one, or a piece beside it: {DEATHS} times a worker died"):
        list(perform([Deadly(), Deadly()], jobs=2))

    assert [] == multiprocessing.active_children()


class Killed(Exception):
    pass


class Mortal:
    """Workers of which so many die over each piece as *deaths* says."""

    name = "the mortals"
    ahead = 5
    death = Killed

    def __init__(self, deaths: list[int]) -> None:
        self.left = list(deaths)
        self.open = True

    def submit(self, packed: bytes) -> Future[Any]:
        piece, future = pickle.loads(packed), Future[Any]()  # noqa: S301 - packed by the code under test
        if self.left[piece.number]:
            self.left[piece.number] -= 1
            future.set_exception(Killed())
        else:
            future.set_result(piece.run())
        return future

    def close(self) -> None:
        self.open = False


@given(deaths=st.lists(st.integers(0, DEATHS), max_size=25))
def test_every_piece_is_yielded_once_whoever_dies(deaths: list[int]) -> None:
    """Pieces whose workers die less often than DEATHS are all there, once; one that reaches it ends all. Nobody is left."""
    crew = Mortal(deaths)
    done: list[int] = []
    try:
        for index, (doubled, _) in scale._spread([Doubled(number) for number in range(len(deaths))], lambda: crew):
            done.append(index)
            assert 2 * index == doubled
    except DepthwalkError:
        assert DEATHS in deaths
        assert len(set(done)) == len(done)
    else:
        assert DEATHS not in deaths
        assert list(range(len(deaths))) == sorted(done)
    assert not crew.open


# --- pieces that fail ---


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("ours", "said", "hint", "code"),
    [
        (True, "thin, seeds 3 to 4: too many", "take fewer", ExitCode.USAGE),
        (False, "thin, seeds 3 to 4: Opaque: no luck", None, ExitCode.FAULT),
    ],
)
def test_a_piece_that_fails_is_named_and_ends_all(jobs: int, ours: bool, said: str, hint: str | None, code: ExitCode) -> None:
    """The error says which piece failed and of what, with hint and exit code of its cause; nothing else is waited for."""
    began = time.monotonic()
    with pytest.raises(DepthwalkError) as caught:
        list(perform([Failing(ours=ours), *(Doubled(number, lasts=FOREVER) for number in range(20))], jobs=jobs))

    assert (said, hint, code) == (caught.value.message, caught.value.hint, caught.value.exit_code)
    assert time.monotonic() - began < 20
    assert [] == multiprocessing.active_children()


def test_the_traceback_of_a_worker_comes_along() -> None:
    """What -v shows says where in the piece it failed, though that was in another process."""
    with pytest.raises(DepthwalkError) as caught:
        list(perform([Failing(), Failing()], jobs=2))

    assert "in run" in caught.value.__notes__[0]


def test_a_task_names_its_setting_and_its_seeds() -> None:
    """A piece of the laboratory's says which class, world and seeds it is about."""
    assert "moderate, world toxic, seeds 4 to 4" == str(some_tasks(5)[-1])


def test_a_piece_that_cannot_be_sent_is_a_failure_too() -> None:
    """What cannot be pickled is named as well, and does not look like a death."""

    class Local(Failing):
        pass

    with pytest.raises(DepthwalkError, match=r"thin, seeds 3 to 4: .*Local"):
        list(perform([Local(), Local()], jobs=2))


# --- ends before the end ---


def test_closing_early_ends_the_work_in_hand() -> None:
    """Whoever closes the generator does not wait for pieces under way, and leaves nobody behind."""
    done = perform([Doubled(0), *(Doubled(number, lasts=FOREVER) for number in range(1, 30))], jobs=2)
    first = next(done)
    began = time.monotonic()
    done.close()

    assert 0 == first[0]
    assert time.monotonic() - began < 10
    assert [] == multiprocessing.active_children()


@pytest.fixture
def program() -> Iterator["subprocess.Popen[str]"]:
    """Begin the program of tests/support/pieces.py in a process group of its own, as a terminal does."""
    command = [sys.executable, "-m", "tests.support.pieces"]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        yield process
        for left in in_group(process.pid):
            os.kill(left, signal.SIGKILL)


def expect_nobody(group: int) -> None:
    """Wait until a process group is empty; fail where it never is."""
    deadline = time.monotonic() + 10
    while left := in_group(group):
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize("wait", [0.0, 0.06, 0.12, 0.5])
def test_ctrl_c_ends_all_and_only_one_speaks(program: "subprocess.Popen[str]", wait: float) -> None:
    """Ctrl-C goes to the whole group: the program leaves at once, no worker stays, and none of them shows a traceback.

    So it is while the workers start, and while they work.
    """
    assert program.stdout is not None
    program.stdout.readline()
    deadline = time.monotonic() + 10
    while len(in_group(program.pid)) < 3 and time.monotonic() < deadline:  # itself, a worker, and the keeper of semaphores
        time.sleep(0.005)
    time.sleep(wait)
    os.killpg(program.pid, signal.SIGINT)
    _, said = program.communicate(timeout=20)

    assert (130, "") == (program.returncode, said)
    expect_nobody(program.pid)


@pytest.mark.slow
def test_workers_do_not_outlive_a_killed_program(program: "subprocess.Popen[str]") -> None:
    """Where the program is killed its workers end too, in the middle of whatever they compute."""
    assert program.stdout is not None
    for _ in range(5):
        program.stdout.readline()
    program.kill()
    program.communicate(timeout=20)

    assert -signal.SIGKILL == program.returncode
    expect_nobody(program.pid)


# --- what cannot be used ---


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"jobs": 0}, "--jobs 0: at least 1"),
        ({"jobs": 2, "cluster": "tcp://127.0.0.1:1"}, "--jobs and --cluster exclude each other"),
        ({"cluster": "127.0.0.1"}, "--cluster '127.0.0.1' is no address"),
        ({"cluster": "http://127.0.0.1:80"}, "is no address"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused_at_once(asked: dict[str, Any], said: str) -> None:
    """Before anything runs, in one line."""
    with pytest.raises(UsageError, match=said):
        perform([Doubled(1)], **asked)


def test_without_dask_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster needs an extra of the package."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError) as caught:
        list(perform([Doubled(1)], cluster="tcp://127.0.0.1:1"))

    assert "pip install 'depthwalk[cluster]'" == caught.value.hint
