"""A venue to read from: a paper exchange, embedded or served; demo and live over the network. Nothing here sends an order."""

import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

from depthwalk.errors import NotFound, Unreachable, UsageError

if TYPE_CHECKING:
    from depthwalk.clock import Clock
    from depthwalk.config import Config
    from depthwalk.domain.market import Market
    from depthwalk.kalshi.client import KalshiClient
    from depthwalk.kalshi.signing import Credentials

REST_SOURCE: Final = "rest"
"""What the records call books that a real venue's REST interface answered with."""


class ReadingVenue(NamedTuple):
    """A client for reading, the clock it goes by, and what kind of market it reads ("synthetic", "rest")."""

    client: "KalshiClient"
    clock: "Clock"
    source: str


@asynccontextmanager
async def reading_client(
    config: "Config", environment: str, *, seed: int | None = None, max_retries: int | None = None
) -> AsyncIterator[ReadingVenue]:
    """Open a client for reading one environment, on the system's clock; use it with `async with`.

    Args:
        config: rate limits, retries, and where the key is.
        environment: paper is the configured server (`paper.server`), or a fresh exchange with a fresh account inside this
            process where there is none or a seed is given. demo and live are read over the network, without `live.enabled`,
            without a key: requests are signed only where the configured environment variable and key file are both there.
            Writes are refused before anything is signed, on every environment but paper.
        seed: of an embedded paper exchange; None: from the operating system.
        max_retries: of reads; None: as configured.

    Raises:
        UsageError: a served paper exchange whose key is missing.
        Unreachable: the body's reads raise it; without an answer of the host, the message names the host.

    """
    venue, host = _open(config, environment, seed, max_retries)
    try:
        yield venue
    except Unreachable as error:
        if host is None or error.status is not None:
            raise
        raise Unreachable(f"{error.message} ({host})", hint=error.hint) from error
    finally:
        await venue.client.close()


def _open(config: "Config", environment: str, seed: int | None, max_retries: int | None) -> tuple[ReadingVenue, str | None]:
    """Return the venue, and the host behind it where there is a network."""
    from depthwalk.clock import SystemClock

    clock = SystemClock()
    if environment == "paper" and config.paper.server is not None and seed is None:
        return _served(config, clock, max_retries), None
    if environment == "paper":
        return _paper(config, clock, secrets.randbits(32) if seed is None else seed), None

    import httpx

    from depthwalk.kalshi.environments import VENUES

    url = VENUES[environment].rest_url
    client = network_client(
        config, url, clock=clock, credentials=_credentials(config), max_retries=max_retries, writes_enabled=False
    )
    return ReadingVenue(client, clock, REST_SOURCE), httpx.URL(url).host


def network_client(
    config: "Config",
    url: str,
    *,
    clock: "Clock",
    credentials: "Credentials | None",
    max_retries: int | None = None,
    writes_enabled: bool,
) -> "KalshiClient":
    """Return a client of a real venue; where it signs, its budget is that of all processes with the key on this machine."""
    import httpx

    from depthwalk.assembly.budget import private_throttle, throttle_for
    from depthwalk.kalshi.client import KalshiClient

    host = httpx.URL(url).host
    return KalshiClient(
        base_url=url,
        transport=httpx.AsyncHTTPTransport(),
        credentials=credentials,
        clock=clock,
        throttle=private_throttle(config)
        if credentials is None
        else throttle_for(config, venue=host, key_id=credentials.key_id),
        rng=Random(secrets.randbits(64)),
        max_retries=config.execution.max_retries if max_retries is None else max_retries,
        writes_enabled=writes_enabled,
    )


def _paper(config: "Config", clock: "Clock", seed: int) -> ReadingVenue:
    from depthwalk.assembly.paper import paper_client
    from depthwalk.paper.build import synthetic_exchange

    exchange = synthetic_exchange(seed, clock.now(), ids=Random(secrets.randbits(128)))
    return ReadingVenue(paper_client(exchange, config=config, seed=seed, clock=clock), clock, exchange.source)


def _served(config: "Config", clock: "Clock", max_retries: int | None) -> ReadingVenue:
    from depthwalk.assembly.budget import throttle_for
    from depthwalk.assembly.served import KEY_ID, SERVED_SOURCE, served_client, venue_of

    throttle = throttle_for(config, venue=venue_of(config), key_id=KEY_ID)
    client = served_client(config, clock=clock, throttle=throttle, seed=secrets.randbits(64), max_retries=max_retries)
    return ReadingVenue(client, clock, SERVED_SOURCE)


def _credentials(config: "Config") -> "Credentials | None":
    """Return who signs, or None where the key's id or its file is not there: public reads need neither."""
    key_id, path = os.environ.get(config.credentials.api_key_id_env), config.private_key_path()
    if not key_id or not path.is_file():
        return None
    from depthwalk.kalshi.signing import Credentials, read_key_file

    return Credentials(key_id, lambda: read_key_file(path))


async def known_market(read: Callable[[str], "Awaitable[Market]"], ticker: str, environment: str) -> "Market":
    """Read a market. Raises UsageError where there is none of that name, and as *read* does."""
    try:
        return await read(ticker)
    except NotFound:
        raise UsageError(f"unknown ticker {ticker!r} on {environment}", hint=tickers_hint(environment)) from None


def tickers_hint(environment: str) -> str:
    """Say where tickers come from."""
    if environment == "paper":
        return "`depthwalk paper markets` lists the paper markets; --env demo|live reads real ones"
    return "tickers are in the addresses of the exchange's market pages, in capitals"
