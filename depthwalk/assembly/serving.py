"""`depthwalk paper serve`: the paper exchange on a loopback socket, in a process of its own, with a state that outlives it."""

import asyncio
import hashlib
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from depthwalk.domain.units import SECOND, Duration, Instant
from depthwalk.errors import StorageError, UsageError

if TYPE_CHECKING:
    import uvicorn

    from depthwalk.clock import Clock
    from depthwalk.config import Config
    from depthwalk.paper.exchange import PaperExchange
    from depthwalk.paper.journal import KeptExchange
    from depthwalk.storage.paper_log import Origin, PaperLog

DEFAULT_PORT: Final = 8765
_LOOPBACK: Final = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6, "localhost": socket.AF_INET}
_TICK: Final = Duration(SECOND)
_TICKS_PER_CHECKPOINT: Final = 600
_SECONDS_TO_LEAVE: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeRequest:
    """One `depthwalk paper serve`, parsed. *port* 0: any free one; None: the configured server's, else 8765.

    *copies*: markets of each kind; None: as the exchange began, else one.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    seed: int | None = None
    state: Path | None = None
    fresh: bool = False
    copies: int | None = None
    config_path: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A server that is ready. *resumed*: it carries on from its state; *orders* and *fills* are in it."""

    url: str
    state: Path
    key_path: Path
    key_id: str
    seed: int
    resumed: bool
    orders: int
    fills: int


def serve(request: ServeRequest, ready: Callable[[Serving], None]) -> None:
    """Serve until a signal comes. *ready* is called once requests are answered.

    Raises:
        UsageError: the address is not loopback or in use, the state is in use or cannot be used, the key cannot be used.

    """
    import uvicorn

    from depthwalk.assembly.served import KEY_ID
    from depthwalk.assembly.server_key import public_key
    from depthwalk.clock import SystemClock
    from depthwalk.config import load
    from depthwalk.paper.app import create_app
    from depthwalk.paper.build import other_books
    from depthwalk.paper.journal import KeptExchange
    from depthwalk.storage.paper_log import open_paper_log

    config = load(request.config_path)
    clock = SystemClock()
    with _bound(request.host, _port(request, config)) as listener:
        key = public_key(config)
        with open_paper_log(_state_path(request), code=_code()) as log:
            origin, resumed = _began(log, request, clock.now())
            exchange = _exchange(log)
            kept = KeptExchange(exchange, log, lambda at: other_books(origin.seed, at, origin.copies))
            kept.tick(clock.now())
            app = create_app(exchange, clock, {KEY_ID: key}, carry_out=kept.carry_out)
            address: tuple[str, int] = listener.getsockname()[:2]
            serving = Serving(
                url=f"http://{f'[{address[0]}]' if ':' in address[0] else address[0]}:{address[1]}",
                state=log.path,
                key_path=config.paper_key_path(),
                key_id=KEY_ID,
                seed=origin.seed,
                resumed=resumed,
                orders=exchange.ledger.placed,
                fills=len(exchange.ledger.fills),
            )
            asgi = uvicorn.Config(
                app,
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                date_header=False,  # the exchange's own time stands there
                server_header=False,
                timeout_graceful_shutdown=_SECONDS_TO_LEAVE,
            )
            asyncio.run(_run(asgi, listener, kept, clock, lambda: ready(serving)))
            with suppress(StorageError):
                # Only to make the next start quick: what was answered is in the log.
                kept.checkpoint()


# --- the socket ---


def _port(request: ServeRequest, config: "Config") -> int:
    if request.port is not None:
        return request.port
    server = config.paper.server
    return DEFAULT_PORT if server is None else int(server.rstrip("/").rpartition(":")[2])


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    """Bind a loopback address. Raises UsageError."""
    family = _LOOPBACK.get(host)
    if family is None:
        allowed = ", ".join(_LOOPBACK)
        raise UsageError(f"--host: {host} is not an address of this machine alone", hint=f"allowed: {allowed}")
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        # A server that has just died leaves its address half open; that must not keep the next one out.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen()
        except OSError as error:
            said = f"{host}:{port} cannot be listened on: {error.strerror or error}"
            raise UsageError(said, hint="choose another port with --port") from None
        yield listener


async def _run(
    config: "uvicorn.Config", listener: socket.socket, kept: "KeptExchange", clock: "Clock", ready: Callable[[], None]
) -> None:
    import uvicorn

    from depthwalk.runtime.shutdown import stopping_on_signals

    class Server(uvicorn.Server):
        """Says when it is up, and leaves the signals to us: uvicorn would raise them again, and end with their code."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    server = Server(config)

    def stop(_: str) -> None:
        server.should_exit = True

    with stopping_on_signals(stop):
        ticking = asyncio.create_task(_keep_moving(kept, clock))
        serving = asyncio.create_task(server.serve([listener]))
        try:
            await asyncio.wait({ticking, serving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.should_exit = True
            await serving
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking


async def _keep_moving(kept: "KeptExchange", clock: "Clock") -> None:
    """Move the markets on every second, and put the state away every ten minutes."""
    ticks = 0
    while True:
        await clock.sleep(_TICK)
        ticks += 1
        # Where the log fails nothing was promised: the next request that needs it is refused.
        with suppress(StorageError):
            kept.tick(clock.now())
            if ticks % _TICKS_PER_CHECKPOINT == 0:
                kept.checkpoint()


# --- the state ---


def _state_path(request: ServeRequest) -> Path:
    import platformdirs

    return request.state or platformdirs.user_data_path("depthwalk") / "paper-exchange.sqlite"


def _code() -> str:
    """Return what names this very code: a checkpoint holds its objects, which other code may understand otherwise."""
    folder = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _began(log: "PaperLog", request: ServeRequest, now: Instant) -> "tuple[Origin, bool]":
    """Return where the exchange began and whether it is an old one; begin a new one where there is none or it is wished.

    Raises:
        UsageError: the state is of another seed, or of other markets, than asked for.

    """
    from depthwalk.storage.paper_log import Origin

    origin = None if request.fresh else log.origin
    if origin is None:
        seed = secrets.randbits(32) if request.seed is None else request.seed
        origin = Origin(seed=seed, ids=secrets.token_hex(16), started_at=now, copies=request.copies or 1)
        log.begin(origin)
        return origin, False
    for flag, wanted, had in (("--seed", request.seed, origin.seed), ("--copies", request.copies, origin.copies)):
        if wanted not in (None, had):
            raise UsageError(
                f"{flag}: the exchange in {log.path} began with {flag[2:]} {had}",
                hint=f"leave {flag} out to carry on; --fresh forgets that exchange and begins another",
            )
    return origin, True


def _exchange(log: "PaperLog") -> "PaperExchange":
    from depthwalk.paper.build import other_books, synthetic_exchange
    from depthwalk.paper.journal import resumed

    origin = log.origin
    if origin is None:
        raise UsageError(f"state {log.path} has no exchange in it", hint="--fresh begins one")
    seed, start, copies = origin.seed, origin.started_at, origin.copies

    def fresh() -> "PaperExchange":
        exchange = synthetic_exchange(seed, start, ids=Random(origin.ids), copies=copies)
        exchange.advance(start)
        return exchange

    return resumed(log, fresh, lambda at: other_books(seed, at, copies))


def recorded_exchange_state(path: Path) -> "PaperExchange":
    """Return the exchange of a state file that no server has open, as it was after its last command. Changes nothing in it.

    Raises:
        UsageError: the file is in use, or has no exchange.

    """
    from depthwalk.storage.paper_log import open_paper_log

    with open_paper_log(path, code=_code()) as log:
        return _exchange(log)
