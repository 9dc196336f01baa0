"""Putting a paper exchange together: the synthetic markets, or one recorded market. No rules of trading here.

`source` tells the records what was traded on: "synthetic", "replay" (a recording, nothing invented) or "hybrid" (a recorded
book carried on by invented traders; never evidence).
"""

import random
from enum import Enum
from pathlib import Path

from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.market import MarketStatus
from depthwalk.domain.units import Instant
from depthwalk.paper.account import AccountState
from depthwalk.paper.crowd import CrowdBook, market_seed
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.listing import Listing
from depthwalk.paper.shadow import ShadowBook
from depthwalk.paper.trading import TradingBook
from depthwalk.simulation.replay import read_recording
from depthwalk.simulation.scenarios import Scenario, scenarios
from depthwalk.wire.markets import MarketRecord

SYNTHETIC_EVENT = "PAPER"
"""The event and series of the synthetic markets."""


class Flow(Enum):
    """What happens between the rows of a recording: nothing, or seeded traders instead of the rows."""

    NONE = "none"
    SYNTHETIC = "synthetic"


def _ids(seed: int, ids: random.Random | None) -> random.Random:
    return ids or random.Random(f"{seed}/ids")


def synthetic_exchange(
    seed: int, start: Instant, account: AccountState | None = None, *, ids: random.Random | None = None, copies: int = 1
) -> PaperExchange:
    """Return an exchange with the three synthetic markets, open at *start* after a warm-up of their own.

    Args:
        seed: same seed, same worlds.
        start: the exchange's first moment.
        account: where the account stands; None is a fresh one.
        ids: randomness of order and fill ids; by default derived from the seed, so a second run repeats them.
        copies: how many markets of each kind.

    """
    listings = [_synthetic(scenario, seed, start) for scenario in scenarios(copies).values()]
    return PaperExchange(listings, ids=_ids(seed, ids), source="synthetic", account=account)


def _synthetic(scenario: Scenario, seed: int, start: Instant) -> Listing:
    grid = STRUCTURES[scenario.structure]
    book = _crowd(scenario, market_seed(seed, scenario.ticker), start)
    terms = MarketRecord(
        ticker=scenario.ticker,
        event_ticker=SYNTHETIC_EVENT,
        status=MarketStatus.ACTIVE,
        grid=grid,
        title=scenario.title,
    )
    return Listing(
        terms=terms,
        fees=scenario.fees,
        series_ticker=SYNTHETIC_EVENT,
        book=book,
        opened_at=start,
    )


def _crowd(scenario: Scenario, seed: int, start: Instant) -> CrowdBook:
    return CrowdBook.synthetic(scenario.market_class, STRUCTURES[scenario.structure], seed, start)


def other_books(seed: int, start: Instant, copies: int = 1) -> dict[str, TradingBook]:
    """Return books of the synthetic markets that are others than at the opening, and at every *start* others again."""
    return {ticker: _crowd(one, market_seed(seed, f"{ticker}/{start}"), start) for ticker, one in scenarios(copies).items()}


def recorded_exchange(
    path: Path,
    ticker: str,
    *,
    start: Instant,
    at: Instant | None = None,
    flow: Flow = Flow.NONE,
    seed: int = 0,
    account: AccountState | None = None,
    ids: random.Random | None = None,
) -> PaperExchange:
    """Return an exchange with one recorded market whose chosen row is the book at *start*.

    Args:
        path: the recorded books.
        ticker: the market.
        start: the exchange's first moment; the recording's times are shifted to it.
        at: start from the last row at or before this time of the recording; None: the first two-sided row.
        flow: play the rows, or let seeded traders carry the chosen row on.
        seed: of the seeded traders and of the ids.
        account: where the account stands; None is a fresh one.
        ids: as in `synthetic_exchange`.

    Raises:
        UsageError: the recording cannot be used (`simulation.replay`).

    """
    recording = read_recording(path, ticker, at).starting(start)
    market = recording.market
    terms = MarketRecord(
        ticker=ticker,
        event_ticker=ticker.rpartition("-")[0] or ticker,
        status=MarketStatus.ACTIVE,
        grid=market.grid,
        close_time=market.close_time,
        title=market.title,
    )
    book: TradingBook
    if flow is Flow.NONE:
        book = ShadowBook(recording.rows)
    else:
        book = CrowdBook.carried_on(recording.rows[0][1], market.grid, market_seed(seed, ticker), start)
    listing = Listing(terms=terms, fees=market.fees, series_ticker=ticker.partition("-")[0], book=book, opened_at=start)
    source = "replay" if flow is Flow.NONE else "hybrid"
    return PaperExchange([listing], ids=_ids(seed, ids), source=source, account=account)
