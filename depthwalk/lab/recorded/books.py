"""Whole books at intervals, from a file or a database, as tapes whose changes are what one book has over the one before.

A book holds until the next one. How long it is believed without one: SILENCE beyond its own time, or beyond the last time at
which somebody confirmed it (a recorder's heartbeats). What is longer is a gap.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from depthwalk.domain.book import Book
from depthwalk.domain.messages import PublicTrade
from depthwalk.domain.order import Side
from depthwalk.domain.units import Duration, Instant, in_seconds, seconds
from depthwalk.lab.recorded.rows import read_rows
from depthwalk.lab.recorded.scribe import Scribe, Terms
from depthwalk.lab.recorded.tape import Kind, Tapes
from depthwalk.simulation.replay import read_recording

SILENCE: Final = seconds(60)
"""How long a book is believed to stand where nothing confirms it."""

Span = tuple[Instant, Instant]


def read_books(path: Path, *, silence: Duration = SILENCE) -> Tapes:
    """Read all markets of a file of books, with their trades where it has any. Raises UsageError as `rows.read_rows` does."""
    found = [
        tapes_of_books(ticker, rows.books, source=str(path), terms=_terms(path, ticker), trades=rows.trades, silence=silence)
        for ticker, rows in read_rows(path).items()
        if rows.books
    ]
    tapes = sorted((tape for one in found for tape in one.tapes), key=lambda tape: (tape.start, tape.ticker))
    return Tapes(tapes=tuple(tapes), cuts=tuple(cut for one in found for cut in one.cuts))


def _terms(path: Path, ticker: str) -> Terms | None:
    """Return what the file beside it says of a market, if there is one."""
    if not path.with_name(path.name + ".market.json").exists():
        return None
    market = read_recording(path, ticker).market
    return Terms(grid=market.grid, fees=market.fees, close_time=market.close_time)


def tapes_of_books(
    ticker: str,
    rows: Iterable[tuple[Instant, Book]],
    *,
    source: str,
    terms: Terms | None = None,
    trades: Sequence[PublicTrade] = (),
    confirmed: Sequence[Span] = (),
    gaps: Sequence[Span] = (),
    silence: Duration = SILENCE,
) -> Tapes:
    """Turn the books of one market into tapes.

    Args:
        ticker: the market.
        rows: its books, in order of time.
        source: where they come from, for people.
        terms: grid, fees and close, as far as they are known.
        trades: its public trades, oldest first; empty where none were recorded.
        confirmed: the stretches during which the latest book was confirmed over and over.
        gaps: stretches of which nothing is known, whatever else says so.
        silence: how long a book is believed after it was last seen or confirmed.

    """
    scribe = Scribe(source)
    waiting = list(reversed(trades))
    last: Instant | None = None
    for number, (at, book) in enumerate(rows, 1):
        where = f"{source}, book {number}"
        if last is not None:
            dark = [since for since, until in gaps if since < at and until > last]
            sure = min([_sure_until(last, confirmed), *dark])
            if dark or at - sure > silence:
                scribe.forget(ticker, where, f"nothing is known for {in_seconds(at - sure):g} s", until=max(last, sure))
        while waiting and waiting[-1].at <= at:
            trade = waiting.pop()
            kind = Kind.BOUGHT if trade.taker is Side.BUY else Kind.SOLD
            now = scribe.frame(ticker, None, trade.at, where)
            scribe.trade(now, ticker, kind, trade.price, trade.quantity)
        scribe.snapshot(ticker, scribe.frame(ticker, None, at, where), ticker, book, where)
        last = at
    if last is not None:
        dark = [since for since, until in gaps if until > last]
        scribe.frame(ticker, None, max(last, min([_sure_until(last, confirmed), *dark])), source)
    return scribe.finish({ticker: terms or Terms()})


def _sure_until(at: Instant, confirmed: Sequence[Span]) -> Instant:
    """Return until when a book of that time surely was the book."""
    return max((until for since, until in confirmed if since <= at <= until), default=at)
