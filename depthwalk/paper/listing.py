"""One listed market: its terms, its book, its tape, and whether it takes orders. No account, no money."""

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from depthwalk.domain.market import FeeSchedule, MarketStatus
from depthwalk.domain.units import Instant
from depthwalk.paper.ledger import drawn_id
from depthwalk.paper.trading import BookEvent, Executed, TradingBook
from depthwalk.wire.fees import EventInfo, SeriesFees
from depthwalk.wire.markets import MarketRecord
from depthwalk.wire.trades import Trade

_TAPE_LENGTH = 5_000


@dataclass(slots=True, eq=False, kw_only=True)
class Listing:
    """A market of the exchange. *terms* states it as of the opening; `record` as of a moment."""

    terms: MarketRecord
    fees: FeeSchedule
    series_ticker: str
    book: TradingBook
    opened_at: Instant
    paused: bool = False
    closed: bool = False
    tape: deque[Trade] = field(default_factory=lambda: deque(maxlen=_TAPE_LENGTH))

    @property
    def ticker(self) -> str:
        """The market's ticker."""
        return self.terms.ticker

    @property
    def status(self) -> MarketStatus:
        """Whether it takes orders now."""
        if self.closed:
            return MarketStatus.CLOSED
        return MarketStatus.INACTIVE if self.paused else self.terms.status

    def record(self) -> MarketRecord:
        """Return the market as its own reply states it."""
        return replace(self.terms, status=self.status)

    def event(self) -> EventInfo:
        """Return its event; nothing is overridden there."""
        return EventInfo(event_ticker=self.terms.event_ticker, series_ticker=self.series_ticker)

    def series(self) -> SeriesFees:
        """Return its series and what it charges."""
        return SeriesFees(ticker=self.series_ticker, fee_type=self.fees.fee_type, multiplier=self.fees.multiplier)

    def print_trades(self, events: Iterable[BookEvent], ids: random.Random) -> list[tuple[BookEvent, str]]:
        """Put executions on the tape; return every event with its trade's id ("" for what is no trade)."""
        printed: list[tuple[BookEvent, str]] = []
        for event in events:
            trade_id = ""
            if isinstance(event, Executed):
                trade_id = drawn_id(ids)
                self.tape.append(
                    Trade(
                        trade_id=trade_id,
                        ticker=self.ticker,
                        price=event.price,
                        quantity=event.quantity,
                        taker=event.taker_side,
                        at=event.at,
                    )
                )
            printed.append((event, trade_id))
        return printed
