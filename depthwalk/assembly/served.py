"""The client of a paper exchange that `depthwalk paper serve` runs: the same as live, over a loopback socket.

It signs with the key that the server wrote, for the configured address and no other.
"""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Final

import httpx

from depthwalk.assembly.faults import fault_transport
from depthwalk.errors import Unreachable, UsageError

if TYPE_CHECKING:
    from depthwalk.clock import Clock
    from depthwalk.config import Config
    from depthwalk.kalshi.client import KalshiClient
    from depthwalk.kalshi.throttle import Throttle


KEY_ID: Final = "paper"
"""The id under which a served exchange knows its clients' key."""

SERVED_SOURCE: Final = "synthetic"
"""What the records call the markets of a served exchange: it has the synthetic ones."""


def venue_of(config: "Config") -> str:
    """Return the host and port of the configured server, as "127.0.0.1:8765". Raises UsageError where there is none.

    However it is called: what is locked under one name must not be free under another.
    """
    server = httpx.URL(_server(config))
    return f"{'[::1]' if server.host == '::1' else '127.0.0.1'}:{server.port}"


def served_client(
    config: "Config",
    *,
    clock: "Clock",
    throttle: "Throttle",
    seed: int,
    max_retries: int | None = None,
    faults: str | None = None,
    tell: Callable[[str], None] | None = None,
) -> "KalshiClient":
    """Return a client of the configured server, for reading and writing; nothing is sent yet.

    Args:
        config: where the server and its key are (`paper.server`, `paper.private_key_path`).
        clock: our time.
        throttle: the buckets, shared by all clients of the account.
        seed: of the jitter between retries.
        max_retries: of reads; None: as configured.
        faults: what `--faults` says.
        tell: told when the client is closed what came of the faults.

    Raises:
        UsageError: no server is configured, or its key is missing or can be read by others, or a bad file of faults.

    A read that finds nobody at that address raises Unreachable saying so; a write then is in doubt, as with any lost reply.
    """
    from depthwalk.kalshi.client import KalshiClient
    from depthwalk.kalshi.signing import Credentials, read_key_file

    server, path = _server(config), config.paper_key_path()
    if not path.exists():
        raise UsageError(
            f"the key of the paper exchange is missing: {path}",
            hint=f"`depthwalk paper serve` writes it when it starts at {server}; paper.private_key_path names another place",
        )
    pem = read_key_file(path)
    transport: httpx.AsyncBaseTransport = _Loopback(server)
    if faults is not None:
        transport = fault_transport(faults, transport, clock=clock, exchange_controls=None, tell=tell)
    return KalshiClient(
        base_url=f"{server}/trade-api/v2",
        transport=transport,
        credentials=Credentials(KEY_ID, lambda: pem),
        clock=clock,
        throttle=throttle,
        rng=Random(f"{seed}/retry"),
        max_retries=config.execution.max_retries if max_retries is None else max_retries,
        writes_enabled=True,
    )


def _server(config: "Config") -> str:
    if config.paper.server is None:
        raise UsageError("no paper server is configured", hint="set paper.server, as in http://127.0.0.1:8765")
    return config.paper.server.rstrip("/")


class _Loopback(httpx.AsyncHTTPTransport):
    """A transport that knows what it means when nobody listens at the server's address."""

    def __init__(self, server: str) -> None:
        super().__init__()
        self._server = server

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request. Raises Unreachable for a read where nobody listens, and as httpx does."""
        try:
            return await super().handle_async_request(request)
        except httpx.ConnectError:
            if request.method != "GET":
                raise
            raise Unreachable(
                f"no paper exchange answers at {self._server}", hint="`depthwalk paper serve` starts one there"
            ) from None
