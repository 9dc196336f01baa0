"""Recorded files for tests: lines of books and trades, written plain or packed; and a direct reading of them."""

import gzip
import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

Levels = list[tuple[str, str]]

NOON = "2026-07-01T12:00:00Z"


def book_line(ts: str = NOON, ticker: str = "T", yes: Levels | None = None, no: Levels | None = None) -> str:
    """Return a book as a line."""
    return json.dumps({"ts": ts, "ticker": ticker, "yes": yes or [], "no": no or []})


def trade_line(ts: str = NOON, ticker: str = "T", **changes: Any) -> str:
    """Return a trade as a line."""
    return json.dumps({"ts": ts, "ticker": ticker, "yes_price": "0.3400", "count": "8.00", "taker_side": "yes"} | changes)


def written(path: Path, lines: Iterable[str], *, packed: bool = False) -> Path:
    """Write lines to a file and return its path."""
    data = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(data) if packed else data)
    return path


def raw_lines(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a packed file, read by the standard library alone."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def depth_in_file(book: dict[str, Any], price: Decimal, side: str) -> dict[str, Decimal]:
    """Return the depth at a price in one line of a file, in dollars and contracts, without any code of ours.

    Who bids for the other outcome at q asks for this one at 1 - q.
    """
    other = "no" if side == "yes" else "yes"
    bids = [(Decimal(level), Decimal(count)) for level, count in book[side]]
    asks = [(1 - Decimal(level), Decimal(count)) for level, count in book[other]]
    return {
        "bids_at_price": sum((count for level, count in bids if level == price), Decimal(0)),
        "asks_at_price": sum((count for level, count in asks if level == price), Decimal(0)),
        "buyable_at_or_below": sum((count for level, count in asks if level <= price), Decimal(0)),
        "sellable_at_or_above": sum((count for level, count in bids if level >= price), Decimal(0)),
    }
