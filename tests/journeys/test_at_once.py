"""Executions of one account at once, each a process of its own, against an exchange that counts tokens.

Three short ones in the suite; ten, with the walker's own 40 seconds, behind the marker `soak`.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.served import PaperServer, paper_server

KINDS = ("PAPER-MODERATE", "PAPER-LIQUID", "PAPER-THIN")
ALL = [kind if number == 1 else f"{kind}-{number}" for number in range(1, 5) for kind in KINDS]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PaperServer]:
    """Run an exchange with four markets of each kind, for clients of which ten may run at once."""
    settings = {"execution": {"max_concurrent_executions": 10}, "risk": {"max_daily_notional": "20000.00"}}
    with paper_server(tmp_path / "served", "--copies", "4", seed=11, settings=settings) as running:
        yield running


def at_once(server: PaperServer, tickers: list[str], *flags: str) -> list[dict[str, Any]]:
    """Execute in all markets at once, and return the results; none may meet a 429 on its way."""
    started = [
        server.popen("--json", "-v", "execute", ticker, "--count", "60", "--algo", "dynamic_depth_walker", *flags)
        for ticker in tickers
    ]
    results = []
    for process in started:
        out, err = process.communicate(timeout=150)
        assert process.returncode in (0, 3), err
        assert '"HTTP/1.1 429' not in err  # order ids have any digits in them
        results.append(json.loads(out))
    return results


def check(server: PaperServer, results: list[dict[str, Any]]) -> None:
    """Hold what the exchange has booked against what is on record: fill by fill, and nothing rests."""
    with sqlite3.connect(server.database) as database:
        recorded = set(database.execute("SELECT fill_id, ticker, price_e4, quantity_e2, fee_e6 FROM trades").fetchall())
    database.close()
    server.stop()
    exchange = server.exchange()
    booked = {
        (mine.fill.fill_id, mine.ticker, mine.fill.price, mine.fill.quantity, mine.fill.fee) for mine in exchange.ledger.fills
    }
    assert booked == recorded
    assert not exchange.ledger.busy()
    for result in results:
        assert float(result["requested"]) == float(result["filled"]) + float(result["unfilled"])


def test_three_at_once(server: PaperServer) -> None:
    """Three processes share the budget of their key: no 429, every fill on record, nothing left behind."""
    check(server, at_once(server, ALL[:3], "--timeout", "5"))


@pytest.mark.soak
def test_ten_at_once(server: PaperServer) -> None:
    """As many as the limit allows, with the walker's own horizon."""
    check(server, at_once(server, ALL[:10]))
