"""Public trades: everybody's prints. Our own executions are fills, in `portfolio.py`. Source: kalshi-api.md section 5.6."""

from dataclasses import dataclass

import msgspec

from depthwalk.domain.order import Outcome, Side
from depthwalk.domain.units import Instant, Price, Quantity, format_instant, format_price, format_quantity, mirrored
from depthwalk.wire import scalars
from depthwalk.wire.direction import outcome_of, side_of
from depthwalk.wire.pages import Page, cursor_text
from depthwalk.wire.scalars import Json, load


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A public print. *price* is the YES price; *taker* the side of the YES leg that took."""

    trade_id: str
    ticker: str
    price: Price
    quantity: Quantity
    taker: Side
    at: Instant
    is_block: bool = False


class _Trade(msgspec.Struct):
    trade_id: str
    ticker: str
    count_fp: str
    yes_price_dollars: str
    created_time: str
    taker_book_side: Side | None = None
    taker_outcome_side: Outcome | None = None
    is_block_trade: bool = False


class _TradesReply(msgspec.Struct):
    trades: list[_Trade] | None
    cursor: str | None = None


def _trade(raw: _Trade, path: str) -> Trade:
    return Trade(
        trade_id=raw.trade_id,
        ticker=raw.ticker,
        price=scalars.price(raw.yes_price_dollars, f"{path}.yes_price_dollars"),
        quantity=scalars.quantity(raw.count_fp, f"{path}.count_fp"),
        taker=side_of(raw.taker_book_side, raw.taker_outcome_side, f"{path}.taker_book_side"),
        at=scalars.instant(raw.created_time, f"{path}.created_time"),
        is_block=raw.is_block_trade,
    )


def decode_trades(body: bytes) -> Page[Trade]:
    """Read one page of `GET /markets/trades`, newest first. Raises WireError."""
    reply = load(_TradesReply, body)
    items = tuple(_trade(raw, f"trades[{index}]") for index, raw in enumerate(reply.trades or ()))
    return Page(items=items, cursor=reply.cursor or None)


def encode_trades(page: Page[Trade]) -> Json:
    """Write one page of public trades."""
    return {"trades": [_written_trade(trade) for trade in page.items], "cursor": cursor_text(page.cursor)}


def _written_trade(trade: Trade) -> Json:
    outcome = outcome_of(trade.taker).value
    return {
        "trade_id": trade.trade_id,
        "ticker": trade.ticker,
        "count_fp": format_quantity(trade.quantity),
        "yes_price_dollars": format_price(trade.price),
        "no_price_dollars": format_price(mirrored(trade.price)),
        "taker_outcome_side": outcome,
        "taker_book_side": trade.taker.value,
        "taker_side": outcome,
        "created_time": format_instant(trade.at),
        "is_block_trade": trade.is_block,
    }
