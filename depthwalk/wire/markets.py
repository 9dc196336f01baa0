"""Markets: JSON to values and back. Books, fees and public trades have their own files.

`price_ranges` is the authority for the grid; the label beside it is never read. The fee schedule is not on the market: see
`fees.py`. Source: kalshi-api.md sections 4 and 5.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from depthwalk.domain.book import Book
from depthwalk.domain.grid import STRUCTURES, Band, Grid
from depthwalk.domain.market import FeeSchedule, Market, MarketStatus
from depthwalk.domain.units import ONE, Instant, Price, Quantity, format_instant, format_price, format_quantity, mirrored
from depthwalk.errors import DomainError
from depthwalk.wire import scalars
from depthwalk.wire.pages import Page, cursor_text
from depthwalk.wire.scalars import NEVER, Json, WireError, load

_NEVER_AT: Final = scalars.instant(NEVER, "NEVER")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRecord:
    """A market as its own reply states it. `with_fees` makes the Market that execution works with."""

    ticker: str
    event_ticker: str
    status: MarketStatus
    grid: Grid
    exchange_index: int = 0
    close_time: Instant | None = None
    title: str = ""
    fee_waiver_until: Instant | None = None

    def with_fees(self, fees: FeeSchedule) -> Market:
        """Return the market with its fee schedule."""
        return Market(
            ticker=self.ticker,
            event_ticker=self.event_ticker,
            status=self.status,
            grid=self.grid,
            fees=fees,
            exchange_index=self.exchange_index,
            close_time=self.close_time,
            title=self.title,
        )


class _Range(msgspec.Struct):
    start: str
    end: str
    step: str


class _Market(msgspec.Struct):
    ticker: str
    status: MarketStatus
    price_ranges: list[_Range]
    event_ticker: str = ""
    market_type: Literal["binary", "scalar"] = "binary"
    exchange_index: int | None = None
    close_time: str | None = None
    title: str | None = None
    yes_sub_title: str | None = None
    fee_waiver_expiration_time: str | None = None


class _MarketReply(msgspec.Struct):
    market: _Market


class _MarketsReply(msgspec.Struct):
    markets: list[_Market] | None
    cursor: str | None = None


def _grid(ranges: Sequence[_Range], path: str) -> Grid:
    bands = []
    for index, band in enumerate(ranges):
        where = f"{path}[{index}]"
        start, end = scalars.price(band.start, f"{where}.start"), scalars.price(band.end, f"{where}.end")
        try:
            bands.append(Band(start, end, scalars.price(band.step, f"{where}.step")))
        except WireError:
            raise
        except DomainError as error:
            raise WireError(where, error.message) from None
    try:
        # The order of the bands is not promised; that they do not overlap is checked by the grid.
        return Grid(tuple(sorted(bands, key=lambda band: band.start)))
    except DomainError as error:
        raise WireError(path, error.message) from None


def _market(raw: _Market, path: str) -> MarketRecord:
    if not raw.ticker:
        raise WireError(f"{path}.ticker", "empty")
    close = scalars.optional_instant(raw.close_time, f"{path}.close_time")
    return MarketRecord(
        ticker=raw.ticker,
        event_ticker=raw.event_ticker,
        status=raw.status,
        grid=_grid(raw.price_ranges, f"{path}.price_ranges"),
        exchange_index=raw.exchange_index or 0,
        close_time=None if close is None or close >= _NEVER_AT else close,
        title=raw.title or raw.yes_sub_title or "",
        fee_waiver_until=scalars.optional_instant(raw.fee_waiver_expiration_time, f"{path}.fee_waiver_expiration_time"),
    )


def decode_market(body: bytes) -> MarketRecord:
    """Read the reply to `GET /markets/{ticker}`. Raises WireError."""
    return _market(load(_MarketReply, body).market, "market")


def decode_markets(body: bytes) -> Page[MarketRecord]:
    """Read one page of `GET /markets`. Raises WireError."""
    reply = load(_MarketsReply, body)
    records = tuple(_market(raw, f"markets[{index}]") for index, raw in enumerate(reply.markets or ()))
    return Page(items=records, cursor=reply.cursor or None)


def _label(grid: Grid) -> str:
    """Return the published name of a grid; the wire has "" for one without a name."""
    return next((name for name, known in STRUCTURES.items() if known == grid), "")


def market_object(record: MarketRecord, *, book: Book | None = None, opened_at: Instant, updated_at: Instant) -> Json:
    """Write a market with every field the venue's schema requires; *book* gives its top, empty where None.

    What the paper exchange does not know (volumes, last price) is zero, as on a market that never traded. A record without
    a close has the year 9999: the wire requires a time.
    """
    top = book or Book((), ())
    bid, bid_size = top.bids[0] if top.bids else (Price(0), Quantity(0))
    ask, ask_size = top.asks[0] if top.asks else (ONE, Quantity(0))
    close = NEVER if record.close_time is None else format_instant(record.close_time)
    written: Json = {
        "ticker": record.ticker,
        "event_ticker": record.event_ticker,
        "market_type": "binary",
        "title": record.title,
        "yes_sub_title": record.title,
        "no_sub_title": record.title,
        "created_time": format_instant(opened_at),
        "updated_time": format_instant(updated_at),
        "open_time": format_instant(opened_at),
        "close_time": close,
        "latest_expiration_time": close,
        "settlement_timer_seconds": 300,
        "status": record.status.value,
        "notional_value_dollars": format_price(ONE),
        "yes_bid_dollars": format_price(bid),
        "yes_ask_dollars": format_price(ask),
        "no_bid_dollars": format_price(mirrored(ask)),
        "no_ask_dollars": format_price(mirrored(bid)),
        "yes_bid_size_fp": format_quantity(bid_size),
        "yes_ask_size_fp": format_quantity(ask_size),
        "result": "",
        "can_close_early": True,
        "expiration_value": "",
        "rules_primary": "",
        "rules_secondary": "",
        "price_level_structure": _label(record.grid),
        "price_ranges": [
            {"start": format_price(band.start), "end": format_price(band.end), "step": format_price(band.step)}
            for band in record.grid.bands
        ],
        "settlement_bounds_type": "default",
        "exchange_index": record.exchange_index,
    }
    for name in ("last_price", "previous_yes_bid", "previous_yes_ask", "previous_price"):
        written[f"{name}_dollars"] = format_price(0)
    for name in ("volume", "volume_24h", "open_interest"):
        written[f"{name}_fp"] = format_quantity(0)
    if record.fee_waiver_until is not None:
        written["fee_waiver_expiration_time"] = format_instant(record.fee_waiver_until)
    return written


def encode_market(market: Json) -> Json:
    """Write the reply to `GET /markets/{ticker}` from a market already written by `market_object`."""
    return {"market": market}


def encode_markets(markets: Iterable[Json], *, cursor: str | None = None) -> Json:
    """Write one page of `GET /markets` from markets already written."""
    return {"markets": list(markets), "cursor": cursor_text(cursor)}
