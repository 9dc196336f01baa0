"""A venue to trade on over a connection: a served paper exchange, demo, live. The embedded exchange is in `paper.py`."""

import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from depthwalk.assembly.budget import key_fingerprint
from depthwalk.errors import Unreachable, UsageError

if TYPE_CHECKING:
    from depthwalk.clock import Clock
    from depthwalk.config import Config
    from depthwalk.kalshi.client import KalshiClient
    from depthwalk.kalshi.signing import Credentials

EMBEDDED: Final = "embedded"
"""The venue of an execution whose exchange is inside its process; as the journal has it."""


class Destination(NamedTuple):
    """Where orders go and who signs, as the records have it: host and port, and the fingerprint of the key."""

    venue: str
    account: str


class TradingVenue(NamedTuple):
    """A client that may write, and what the records call the market it trades on."""

    client: "KalshiClient"
    source: str


def destination(config: "Config", environment: str) -> Destination:
    """Return where orders of an environment go; the embedded exchange has no account of its own to name.

    Raises:
        UsageError: demo and live need a key, whose id or file is not there.

    """
    if environment == "paper":
        if config.paper.server is None:
            return Destination(EMBEDDED, "")
        from depthwalk.assembly.served import KEY_ID, venue_of

        return Destination(venue_of(config), key_fingerprint(KEY_ID))
    import httpx

    from depthwalk.kalshi.environments import VENUES

    credentials = _credentials(config, environment)
    return Destination(httpx.URL(VENUES[environment].rest_url).host, key_fingerprint(credentials.key_id))


@asynccontextmanager
async def trading_client(
    config: "Config", environment: str, clock: "Clock", *, faults: str | None = None, tell: Callable[[str], None] | None = None
) -> AsyncIterator[TradingVenue]:
    """Open a client that signs and may write, on a connection; use it with `async with`.

    *faults* is what `--faults` says, for a served paper exchange; what came of it is told when the client is closed.

    Raises:
        UsageError: there is no key.
        Unreachable: the body's reads raise it; without an answer of the host, the message names the host.

    """
    host, _ = destination(config, environment)
    venue = _open(config, environment, clock, faults, tell)
    try:
        yield venue
    except Unreachable as error:
        if error.status is not None or host in error.message:
            raise
        raise Unreachable(f"{error.message} ({host})", hint=error.hint) from error
    finally:
        await venue.client.close()


def _open(
    config: "Config", environment: str, clock: "Clock", faults: str | None, tell: Callable[[str], None] | None
) -> TradingVenue:
    if environment == "paper":
        from depthwalk.assembly.budget import throttle_for
        from depthwalk.assembly.served import KEY_ID, SERVED_SOURCE, served_client, venue_of

        throttle = throttle_for(config, venue=venue_of(config), key_id=KEY_ID)
        client = served_client(config, clock=clock, throttle=throttle, seed=secrets.randbits(64), faults=faults, tell=tell)
        return TradingVenue(client, SERVED_SOURCE)

    from depthwalk.assembly.venues import REST_SOURCE, network_client
    from depthwalk.kalshi.environments import VENUES

    credentials = _credentials(config, environment)
    live = network_client(config, VENUES[environment].rest_url, clock=clock, credentials=credentials, writes_enabled=True)
    return TradingVenue(live, REST_SOURCE)


def _credentials(config: "Config", environment: str) -> "Credentials":
    from depthwalk.kalshi.signing import Credentials, read_key_file

    variable, path = config.credentials.api_key_id_env, config.private_key_path()
    key_id = os.environ.get(variable)
    if not key_id:
        raise UsageError(
            f"{environment} needs a key: the environment variable {variable} is not set", hint="it holds the key's id"
        )
    if not path.is_file():
        raise UsageError(f"{environment} needs a key: there is no file {path}", hint="credentials.private_key_path names it")
    return Credentials(key_id, lambda: read_key_file(path))
