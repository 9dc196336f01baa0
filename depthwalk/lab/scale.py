"""Pieces of work done by whoever is there: this process, processes of this machine, or a Dask cluster. No simulation here.

All are used through `concurrent.futures`, and none of them changes a number: a piece is a value that knows how to do itself,
its result is a value too, and a piece whose worker died is simply done again.
"""

import multiprocessing
import os
import pickle
import re
import signal
import threading
import traceback
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final, Protocol, TypeVar, cast

from depthwalk import __version__
from depthwalk.errors import DepthwalkError, ExitCode, UsageError

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

DEATHS: Final = 3
"""How many workers may die while a piece is under way: then it is likely that the piece is what kills them."""

_AHEAD: Final = 4
"""Pieces under way for each worker: it never waits for us, and a piece takes no memory before its turn is near."""

_AHEAD_OF_CLUSTER: Final = 100
"""Under way on a cluster at least, for workers that join later."""

_PATIENCE: Final = 10
"""Seconds to find a scheduler, and a worker there."""

_ADDRESS = re.compile(r"(?:tcp|tls)://[^\s/]+:\d{1,5}", re.ASCII)


class Work(Protocol[R_co]):
    """What can be done somewhere else: it is pickled there and its result is pickled back; `str` of it names it in an error."""

    def run(self) -> R_co:
        """Do the work."""
        ...


def perform(
    pieces: Sequence[Work[R]], *, jobs: int | None = None, cluster: str | None = None
) -> Generator[tuple[int, R], None, None]:
    """Do *pieces*, and yield the index and the result of each AS THEY COMPLETE: sort by index what is to have an order.

    Each piece is yielded once, with the same result whoever did it. The first error of a piece ends all. Close the generator
    to stop early (`contextlib.closing`): what has begun is ended at once, and nobody is left working; only workers of a
    cluster finish what they have in hand, for nobody.

    Args:
        pieces: Plain values; for processes and clusters of importable classes.
        jobs: How many processes: None is one for each core, 1 is this process itself.
        cluster: The address of a Dask scheduler, such as tcp://host:8786, in place of processes here.

    Raises:
        UsageError: For numbers and addresses that cannot be used, no scheduler or no worker there, or Dask not installed.
        DepthwalkError: When a piece fails (it is named, and the exit code is that of its error), kills its workers
            (DEATHS), or the scheduler goes away. UsageError is raised for the arguments at once, all else when iterating.
    """
    if cluster is not None:
        if jobs is not None:
            raise UsageError("--jobs and --cluster exclude each other: a cluster has the workers it has")
        if not _ADDRESS.fullmatch(cluster):
            raise UsageError(f"--cluster {cluster!r} is no address", hint="for example tcp://127.0.0.1:8786")
        address = cluster
        return _spread(pieces, lambda: _Cluster(address))
    if jobs is not None and jobs < 1:
        raise UsageError(f"--jobs {jobs}: at least 1")
    count = min(jobs or os.cpu_count() or 1, len(pieces))
    return _here(pieces) if count <= 1 else _spread(pieces, lambda: _Processes(count))


# --- one piece ---


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    """An error as plain text: not every error can be pickled, and one that cannot would look like a dead worker."""

    message: str
    hint: str | None
    exit_code: ExitCode
    trace: str

    @classmethod
    def of(cls, error: BaseException) -> "_Failure":
        trace = "".join(traceback.format_exception(error))
        if isinstance(error, DepthwalkError):
            return cls(message=error.message, hint=error.hint, exit_code=error.exit_code, trace=trace)
        return cls(message=f"{type(error).__name__}: {error}", hint=None, exit_code=ExitCode.FAULT, trace=trace)

    def at(self, piece: object) -> DepthwalkError:
        """Return the error to raise, naming the piece."""
        error = DepthwalkError(f"{piece}: {self.message}", hint=self.hint)
        error.exit_code = self.exit_code
        return error


def _here(pieces: Sequence[Work[R]]) -> Generator[tuple[int, R], None, None]:
    for index, piece in enumerate(pieces):
        try:
            result = piece.run()
        except Exception as error:
            raise _Failure.of(error).at(piece) from error
        yield index, result


def _packed(piece: Work[R]) -> bytes:
    """Return a piece as it travels. Packed here, what cannot be is an error of its own and no broken pool or graph."""
    try:
        return pickle.dumps(piece)
    except Exception as error:
        raise _Failure.of(error).at(piece) from error


def _there(packed: bytes, version: str) -> object:
    """Do a piece in a worker, which has to be of the same *version*: another would find other numbers, and nobody notice."""
    if version != __version__:
        other = UsageError(f"the worker has depthwalk {__version__}, this machine {version}", hint="install the same there")
        return _Failure.of(other)
    try:
        return pickle.loads(packed).run()  # noqa: S301 - from whoever has this very work done, over the same wire
    except Exception as error:  # noqa: BLE001 - algorithms come from other packages too, and may raise anything
        return _Failure.of(error)


# --- all of them ---


class _Crew(Protocol):
    """Workers, as many as there are; *name* is what to call them, *ahead* how many pieces to have under way."""

    name: str
    ahead: int

    @property
    def death(self) -> type[Exception]:
        """What the future of a piece fails with when its worker has died."""
        ...

    def submit(self, packed: bytes) -> Future[object]:
        """Have a packed piece done."""
        ...

    def close(self) -> None:
        """End everything, whether something is under way or not."""
        ...


def _spread(pieces: Sequence[Work[R]], gather: Callable[[], _Crew]) -> Generator[tuple[int, R], None, None]:
    fresh = iter(range(len(pieces)))
    again: deque[int] = deque()
    deaths: Counter[int] = Counter()
    under_way: dict[Future[object], int] = {}
    crew = gather()
    try:
        while True:
            while len(under_way) < crew.ahead and (index := again.popleft() if again else next(fresh, None)) is not None:
                under_way[crew.submit(_packed(pieces[index]))] = index
            if not under_way:
                return
            done, _ = wait(under_way, return_when=FIRST_COMPLETED)
            while done:
                future = done.pop()
                index = under_way.pop(future)
                if future.cancelled():  # and not by us: we take nothing back before we leave
                    raise DepthwalkError(f"{crew.name} went away with work under way")
                error = future.exception()
                if isinstance(error, crew.death):
                    deaths[index] += 1
                    if deaths[index] >= DEATHS:
                        raise DepthwalkError(
                            f"{pieces[index]}, or a piece beside it: {DEATHS} times a worker died over it",
                            hint="the system ends processes for which there is not enough memory; fewer --jobs need less",
                        )
                    again.append(index)
                else:
                    yield index, _result(pieces[index], _Failure.of(error) if error else future.result())
    finally:
        crew.close()


def _result(piece: Work[R], outcome: object) -> R:
    if isinstance(outcome, _Failure):
        error = outcome.at(piece)
        error.add_note(outcome.trace)
        raise error
    return cast("R", outcome)  # what its `run` returned


class _Processes:
    """Processes on this machine, begun afresh when one of them has died.

    They are spawned: a fork would copy the threads' locks of this process (the progress bar's, numpy's, the pool's own) but
    not the threads, and a fork server stays behind in memory after its work.
    """

    name = "the pool of processes"
    death = BrokenProcessPool

    def __init__(self, count: int) -> None:
        self.ahead = _AHEAD * count
        self._count = count
        self._context = multiprocessing.get_context("spawn")
        self._begin()

    def _begin(self) -> None:
        heard, self._lifeline = self._context.Pipe(duplex=False)
        self._heard = heard
        self._pool = ProcessPoolExecutor(self._count, mp_context=self._context, initializer=_hang_on, initargs=(heard,))

    def submit(self, packed: bytes) -> Future[object]:
        """Have a piece done, in a fresh pool where the present one is broken."""
        with _ctrl_c_is_ours():
            try:
                return self._pool.submit(_there, packed, __version__)
            except BrokenProcessPool:
                self.close()
                self._begin()
                return self._pool.submit(_there, packed, __version__)

    def close(self) -> None:
        """End the processes, now."""
        self._lifeline.close()
        self._pool.shutdown(cancel_futures=True)
        self._heard.close()


def _hang_on(lifeline: Connection) -> None:
    """Begin a worker: it ends when the other end of *lifeline* is closed, or is gone with its process, whatever it is doing."""

    def listen() -> None:
        lifeline.poll(None)
        os._exit(1)

    threading.Thread(target=listen, daemon=True).start()


@contextmanager
def _ctrl_c_is_ours() -> Iterator[None]:
    """Have processes begun in here never see the Ctrl-C that the terminal sends to all: we end them, and they say nothing."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Cluster:
    """The workers of a Dask scheduler. What a worker that died had in hand or had finished, the scheduler gives to others."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client, KilledWorker  # noqa: PLC0415 - an extra, and a second that only --cluster should cost
            from distributed.utils import silence_logging_cmgr  # noqa: PLC0415 - as above
        except ImportError:
            raise UsageError("--cluster needs Dask, which is not installed", hint="pip install 'depthwalk[cluster]'") from None
        self.name = f"the Dask scheduler at {address}"
        with ExitStack() as leaving:
            leaving.enter_context(silence_logging_cmgr("critical"))  # what it logs, tracebacks at that, we say ourselves
            try:
                client = Client(address, timeout=_PATIENCE, set_as_default=False)
            except OSError:
                raise UsageError(f"no Dask scheduler answers at {address}", hint="dask scheduler starts one") from None
            leaving.callback(client.close)
            try:
                client.wait_for_workers(1, timeout=_PATIENCE)
            except TimeoutError:
                hint = f"dask worker {address} starts one"
                raise UsageError(f"{self.name} has no workers", hint=hint) from None
            self.ahead = max(_AHEAD_OF_CLUSTER, _AHEAD * sum(client.nthreads().values()))
            self._pool = client.get_executor(pure=False)  # else asking again would be told how it ended the first time
            self.death = KilledWorker
            self._leaving = leaving.pop_all()

    def submit(self, packed: bytes) -> Future[object]:
        """Have a piece done."""
        future: Future[object] = self._pool.submit(_there, packed, __version__)
        return future

    def close(self) -> None:
        """Give back what is under way, and leave."""
        self._pool.shutdown(wait=False)
        self._leaving.close()
