"""Where the exchanges are: base URLs as data. Which one may be written to is not decided here.

Source: kalshi-api.md section 2.1 (the recommended hosts; the older ones accept the same signatures).
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """One environment: REST and WebSocket roots, and older addresses of the same exchange."""

    rest_url: str
    websocket_url: str
    also: tuple[str, ...] = ()


DEMO: Final = Venue(
    rest_url="https://external-api.demo.kalshi.co/trade-api/v2",
    websocket_url="wss://external-api-ws.demo.kalshi.co/trade-api/ws/v2",
    also=("https://demo-api.kalshi.co/trade-api/v2",),
)
LIVE: Final = Venue(
    rest_url="https://external-api.kalshi.com/trade-api/v2",
    websocket_url="wss://external-api-ws.kalshi.com/trade-api/ws/v2",
    also=("https://api.elections.kalshi.com/trade-api/v2",),
)
VENUES: Final = {"demo": DEMO, "live": LIVE}

PAPER_URL: Final = "http://paper.invalid/trade-api/v2"
"""The embedded exchange: never resolved, the requests stay in this process; the path prefix is signed like the real one."""
