"""The order book channel as a recorder kept it in the older whole-cent format: CSV rows, one a level of a snapshot or a change.

type (snapshot, delta), sid, seq, market_ticker, side (yes, no), price in cents, qty in contracts (for a delta the signed
change), ts; other columns are passed over. Changes belong to the one snapshot of their sid, whatever ticker they name: this
recorder wrote a default there.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from depthwalk.domain.book import Book, Level
from depthwalk.domain.order import Outcome
from depthwalk.domain.units import CENT, ONE, Instant, Price, parse_instant, parse_quantity
from depthwalk.errors import DomainError, UsageError
from depthwalk.lab.recorded.scribe import Scribe, refused
from depthwalk.lab.recorded.tape import Kind
from depthwalk.simulation.replay import lines

CENTS_HEADER: Final = b"type,sid,seq,"
"""How such a file begins."""

_COLUMNS: Final = frozenset({"type", "sid", "seq", "market_ticker", "side", "price", "qty", "ts"})


def read_cents(scribe: Scribe, path: Path) -> None:
    """Read the rows into a scribe; the levels of a snapshot follow one another. Raises UsageError with the line."""
    market: dict[str, str] = {}
    sides: dict[str, list[Level]] = {"yes": [], "no": []}
    pending: tuple[str, int, Instant, str] | None = None

    def state() -> None:
        if pending is not None:
            sid, sequence, at, place = pending
            now = scribe.frame(sid, sequence, at, place)
            try:
                book = Book.of_bids(yes=sides["yes"], no=sides["no"])
            except DomainError as error:
                raise refused(place, error) from None
            scribe.snapshot(sid, now, market[sid], book, place)

    for where, row in _rows(path):
        try:
            sid, sequence, at = row["sid"], int(row["seq"]), parse_instant(row["ts"])
            outcome, price, quantity = Outcome(row["side"]), int(row["price"]) * CENT, parse_quantity(row["qty"])
            if pending is not None and (row["type"] != "snapshot" or (sid, sequence) != pending[:2]):
                state()
                pending = None
            if row["type"] == "snapshot":
                if pending is None:
                    sides = {"yes": [], "no": []}
                    pending = sid, sequence, at, where
                    market[sid] = row["market_ticker"]
                sides[outcome.value].append((Price(price), quantity))
            elif row["type"] == "delta":
                now = scribe.frame(sid, sequence, at, where)
                bid = outcome is Outcome.YES
                kind, leg = (Kind.BID, price) if bid else (Kind.ASK, ONE - price)
                scribe.change(now, market.get(sid, row["market_ticker"]), kind, leg, quantity, stream=sid, where=where)
            else:
                raise UsageError(f"{where}: type {row['type']!r} is neither snapshot nor delta")
        except (DomainError, ValueError) as error:
            raise refused(where, error) from None
    state()


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Iterate over the rows by the names of the first, each with its place."""
    names: list[str] = []
    for number, line in lines(path):
        where = f"{path}, line {number}"
        try:
            cells = next(csv.reader([line.decode("utf-8", "replace")]))
        except csv.Error as error:
            raise refused(where, error) from None
        if not names:
            names = cells
            missing = sorted(_COLUMNS - set(names))
            if missing:
                raise UsageError(f"{where}: no column {missing[0]}")
        elif len(cells) != len(names):
            raise UsageError(f"{where}: {len(cells)} cells where the header has {len(names)}")
        else:
            yield where, dict(zip(names, cells, strict=True))
