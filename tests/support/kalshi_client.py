"""A client over httpx's own transport (pytest-httpx answers in its place), on a clock that stands still."""

import random

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from depthwalk.clock import Clock, ManualClock
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.market import FeeSchedule, Market, MarketStatus
from depthwalk.domain.units import parse_instant
from depthwalk.kalshi.client import KalshiClient
from depthwalk.kalshi.environments import DEMO
from depthwalk.kalshi.signing import Credentials
from depthwalk.kalshi.throttle import Throttle

ROOT = DEMO.rest_url
NOW = parse_instant("2026-11-01T12:00:00.250000Z")
DATE = "Sun, 01 Nov 2026 12:00:02 GMT"
"""The server's idea of NOW: 2.25 s later, to the second."""

MARKET = Market(
    ticker="KX-A",
    event_ticker="KX",
    status=MarketStatus.ACTIVE,
    grid=STRUCTURES["linear_cent"],
    fees=FeeSchedule(),
    exchange_index=2,
)


class CountingKey:
    """A private key that is read as often as `reads` says."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.reads = 0

    def load(self) -> bytes:
        """Return the key as PEM."""
        self.reads += 1
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def client(
    *,
    clock: Clock | None = None,
    key: CountingKey | None = None,
    throttle: Throttle | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    max_retries: int = 2,
    timeout_seconds: float = 5.0,
    writes_enabled: bool = True,
    base_url: str = ROOT,
) -> KalshiClient:
    """Return a client of the demo exchange; unsigned unless given a key."""
    return KalshiClient(
        base_url=base_url,
        transport=transport or httpx.AsyncHTTPTransport(),
        credentials=None if key is None else Credentials("key-id", key.load),
        clock=clock or ManualClock(NOW),
        throttle=throttle or Throttle(),
        rng=random.Random(7),
        max_retries=max_retries,
        timeout_seconds=timeout_seconds,
        writes_enabled=writes_enabled,
    )
