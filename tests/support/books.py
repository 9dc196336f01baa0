"""Books and markets from compact text, so that a test reads like a screen: "40x10 39x5 | 42x8 43x20" (cents x contracts)."""

from decimal import Decimal

from depthwalk.domain.book import Book, Level
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.market import FeeSchedule, Market, MarketStatus
from depthwalk.domain.units import Price, Quantity


def _level(text: str) -> Level:
    price, _, quantity = text.partition("x")
    return Price(int(Decimal(price) * 100)), Quantity(int(Decimal(quantity) * 100))


def book(text: str) -> Book:
    """Build a book from "bids | asks", each "cents x contracts" in any order; a side may be empty."""
    bids, _, asks = text.partition("|")
    return Book.of_levels(bids=map(_level, bids.split()), asks=map(_level, asks.split()))


def market(structure: str = "linear_cent", ticker: str = "TEST-MARKET") -> Market:
    """Return an active market with a published grid and the standard fees."""
    return Market(
        ticker=ticker,
        event_ticker="TEST",
        status=MarketStatus.ACTIVE,
        grid=STRUCTURES[structure],
        fees=FeeSchedule(),
    )


def cents(value: float | str) -> Price:
    """Return a price given in cents."""
    return Price(int(Decimal(str(value)) * 100))


def contracts(value: float | str) -> Quantity:
    """Return a quantity given in contracts."""
    return Quantity(int(Decimal(str(value)) * 100))
