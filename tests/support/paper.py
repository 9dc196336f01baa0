"""Builders for tests of the paper exchange: books from pairs, a signed in-process client, short commands."""

import base64
import random
from collections.abc import Iterable

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from depthwalk.clock import Clock, ManualClock
from depthwalk.domain.book import Book
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.market import FeeSchedule, MarketStatus
from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.units import Instant, Price, Quantity
from depthwalk.paper.account import AccountState
from depthwalk.paper.app import create_app
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.listing import Listing
from depthwalk.paper.shadow import ShadowBook
from depthwalk.paper.trading import NewOrder, TradingBook
from depthwalk.wire.markets import MarketRecord
from depthwalk.wire.orders import CreateBody
from depthwalk.wire.signing import KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, message_to_sign

START = Instant(1_800_000_000_000_000)
ROOT = "/trade-api/v2"
KEY_ID = "11111111-2222-3333-4444-555555555555"
TICKER = "TEST-1"


def at(seconds: float) -> Instant:
    """Return the time *seconds* after START."""
    return Instant(START + round(seconds * 1_000_000))


def book(bids: Iterable[tuple[int, int]] = (), asks: Iterable[tuple[int, int]] = ()) -> Book:
    """Build a book from (cents, contracts)."""
    return Book.of_levels(
        bids=[(Price(cents * 100), Quantity(count * 100)) for cents, count in bids],
        asks=[(Price(cents * 100), Quantity(count * 100)) for cents, count in asks],
    )


def order(key: int, side: Side, cents: int, contracts: int, **more: object) -> NewOrder:
    """Build an order for a trading book."""
    return NewOrder(key=key, side=side, price=Price(cents * 100), quantity=Quantity(contracts * 100), **more)


def listing(trading: TradingBook, *, close: Instant | None = None, fees: FeeSchedule | None = None) -> Listing:
    """List one market with the cent grid."""
    terms = MarketRecord(
        ticker=TICKER,
        event_ticker="TEST",
        status=MarketStatus.ACTIVE,
        grid=STRUCTURES["linear_cent"],
        close_time=close,
        title="A test",
    )
    return Listing(terms=terms, fees=fees or FeeSchedule(), series_ticker="TEST", book=trading, opened_at=START)


def exchange(
    *books: Book, close: Instant | None = None, account: AccountState | None = None, fees: FeeSchedule | None = None
) -> PaperExchange:
    """Build an exchange with one market whose book is the first of *books*, then another each second."""
    rows = [(at(index), one) for index, one in enumerate(books)]
    return PaperExchange(
        [listing(ShadowBook(rows), close=close, fees=fees)], ids=random.Random(1), source="replay", account=account
    )


def wish(side: Side, cents: int, contracts: int, client_id: str | None = None, **more: object) -> CreateBody:
    """Build a create for TICKER, good till canceled unless said."""
    given: dict[str, object] = {"time_in_force": TimeInForce.GOOD_TILL_CANCELED, "client_id": client_id, **more}
    return CreateBody(
        ticker=TICKER,
        side=side,
        price=Price(cents * 100),
        quantity=Quantity(contracts * 100),
        **given,
    )


class PaperClient:
    """A signed client of an app in this process. *skew_ms* shifts its signatures' time."""

    def __init__(self, paper: PaperExchange, clock: Clock) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.clock = clock
        self.skew_ms = 0
        app = create_app(paper, clock, {KEY_ID: self.key.public_key()})
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://paper")

    async def send(self, method: str, path: str, json: object = None, *, signed: bool = True) -> httpx.Response:
        """Send one request below the root."""
        stamp = self.clock.now() // 1_000 + self.skew_ms
        message = message_to_sign(stamp, method, ROOT + path)  # leaves the query out
        headers = {
            KEY_HEADER: KEY_ID,
            TIMESTAMP_HEADER: str(stamp),
            SIGNATURE_HEADER: base64.b64encode(self.key.sign(message)).decode(),
        }
        return await self.http.request(method, ROOT + path, json=json, headers=headers if signed else {})


def client(paper: PaperExchange) -> PaperClient:
    """Return a signed client whose clock stands at START."""
    return PaperClient(paper, ManualClock(START))
