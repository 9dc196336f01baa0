"""A kept paper exchange as a test drives it: a log in memory that can fail, calls by route name, restarts at will."""

import json
import random
from dataclasses import dataclass, field

from starlette.datastructures import QueryParams

from depthwalk.domain.units import Instant
from depthwalk.errors import DepthwalkError, StorageError
from depthwalk.paper.account_routes import ACCOUNT_ROUTES
from depthwalk.paper.build import other_books, synthetic_exchange
from depthwalk.paper.calls import Call
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.journal import KeptExchange, resumed
from depthwalk.paper.public_routes import PUBLIC_ROUTES
from depthwalk.paper.trading import TradingBook
from tests.support.paper import START

SEED = 11
TICKERS = ("PAPER-LIQUID", "PAPER-MODERATE", "PAPER-THIN")
ROUTES = {route.name: route for route in (*PUBLIC_ROUTES, *ACCOUNT_ROUTES)}
ORDERS = "/portfolio/events/orders"
SECOND = 1_000_000

# Everything that tells one state from another, public and private.
READS = [
    ("GET /portfolio/orders", {}, {"limit": "1000"}),
    ("GET /portfolio/fills", {}, {"limit": "1000"}),
    ("GET /portfolio/positions", {}, {}),
    ("GET /portfolio/balance", {}, {}),
    ("GET /portfolio/orders/queue_positions", {}, {"market_tickers": ",".join(TICKERS)}),
    ("GET /markets/trades", {}, {"limit": "1000"}),
    ("GET /exchange/user_data_timestamp", {}, {}),
    *(("GET /markets/{ticker}/orderbook", {"ticker": ticker}, {}) for ticker in TICKERS),
]


class KilledError(Exception):
    """The process is gone, at once."""


@dataclass
class MemoryLog:
    """A log that outlives the exchange; it can be full, and the process can die on either side of a commit."""

    lines: list[tuple[Instant, str, str, bytes, str]] = field(default_factory=list)
    state: tuple[int, bytes] | None = None
    full: bool = False
    dies: str = ""

    def append(self, at: Instant, what: str, order_id: str, body: bytes, before: str) -> None:
        if self.full:
            raise StorageError("the disk is full")
        if self.dies == "before":
            raise KilledError
        self.lines.append((at, what, order_id, body, before))
        if self.dies == "after":
            raise KilledError

    def entries(self, after: int) -> list[tuple[Instant, str, str, bytes, str]]:
        return self.lines[after:]

    def checkpoint(self, state: bytes) -> None:
        self.state = (len(self.lines), state)

    def latest(self) -> tuple[int, bytes] | None:
        return self.state


def _fresh() -> PaperExchange:
    exchange = synthetic_exchange(SEED, START, ids=random.Random(1))
    exchange.advance(START)
    return exchange


def _books(at: Instant) -> dict[str, TradingBook]:
    return other_books(SEED, at)


@dataclass
class World:
    """A kept exchange, its log and its time."""

    log: MemoryLog = field(default_factory=MemoryLog)
    now: Instant = START
    kept: KeptExchange = field(init=False)
    exchange: PaperExchange = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """(Re)start from what the log has."""
        self.exchange = resumed(self.log, _fresh, _books)
        self.kept = KeptExchange(self.exchange, self.log, _books)

    def ask(self, name: str, path: dict[str, str] | None = None, body: object = None, **query: str) -> object:
        """Send a call and return the reply, or the words of the refusal."""
        call = Call(
            exchange=self.exchange,
            now=self.now,
            path=path or {},
            query=QueryParams(query),
            body=b"" if body is None else json.dumps(body).encode(),
        )
        try:
            reply = self.kept.carry_out(ROUTES[name], call)
        except StorageError:
            raise
        except DepthwalkError as error:
            return error.message
        return reply.status, reply.body

    def seen(self) -> list[object]:
        """Read everything there is to read."""
        return [self.ask(name, path, **query) for name, path, query in READS]

    def order_ids(self) -> list[str]:
        return [order.order_id for order in self.exchange.ledger.orders()]


def create_body(
    ticker: str = TICKERS[0], side: str = "bid", cents: int = 99, count: int = 5, **more: object
) -> dict[str, object]:
    """Return the body of a create, as a client writes it."""
    return {
        "ticker": ticker,
        "side": side,
        "count": f"{count}.00",
        "price": f"0.{cents:02}00",
        "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "taker_at_cross",
        **more,
    }
