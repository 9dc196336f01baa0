"""Clients of a served exchange that get killed, each with a database of its own; and the exchange's books as the judge."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depthwalk.domain.units import parse_price, parse_quantity
from tests.support.command import ROOT, Ended
from tests.support.served import PaperServer, paper_server

KILLED = -signal.SIGKILL
TICKERS = ("PAPER-THIN", "PAPER-MODERATE", "PAPER-LIQUID")
SIMPLE = ("--algo", "simple_limit", "--method", "resting")
WALKER = ("--algo", "dynamic_depth_walker", "--method", "walking")
METHODS = {
    "resting": {"algorithm": "simple_limit", "limit_rule": "mid", "timeout_seconds": 3},
    "walking": {
        "algorithm": "dynamic_depth_walker",
        "timeout_seconds": 4,
        "walk_interval_seconds": 0.5,
        "max_slippage": 0.05,
        "end_action": "cross",
    },
}

STARTED: "list[subprocess.Popen[str]]" = []
"""Every process of a client, for the test that started it to end."""


@contextmanager
def kill_server(folder: Path) -> Iterator[PaperServer]:
    """Run a server whose clients know the methods above."""
    with paper_server(folder, seed=3) as running:
        config = json.loads(running.config.read_text(encoding="utf-8"))
        running.config.write_text(json.dumps(config | {"methods": METHODS}), encoding="utf-8")
        yield running


@dataclass(frozen=True)
class Client:
    """A client of the server with a database of its own, trading one ticker."""

    server: PaperServer
    folder: Path
    ticker: str

    @property
    def database(self) -> Path:
        """Its database."""
        return self.folder / "client.sqlite"

    def start(
        self, *arguments: str, dies: tuple[int, str] | None = None, config: Path | None = None
    ) -> "subprocess.Popen[str]":
        """Start a command, perhaps one that kills itself at a step."""
        program = ["depthwalk"] if dies is None else ["tests.support.dying", *map(str, dies)]
        process = subprocess.Popen(
            [sys.executable, "-m", *program, "--config", config or self.server.config, "--db", self.database, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=self.server.environment,
        )
        STARTED.append(process)
        return process

    def run(self, *arguments: str, dies: tuple[int, str] | None = None) -> Ended:
        """Run a command to its end."""
        return ended(self.start(*arguments, dies=dies))

    def execute(self, count: int, *options: str, dies: tuple[int, str] | None = None) -> Ended:
        """Execute an order, to the end or until it is killed."""
        return self.run("--json", "execute", self.ticker, "--count", str(count), *options, dies=dies)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the database."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            return database.execute(sql).fetchall()

    @property
    def ids(self) -> list[str]:
        """Its executions, the oldest first; none where it died before there was a database."""
        with suppress(sqlite3.OperationalError):
            return [row[0] for row in self.rows("SELECT execution_id FROM execution_state ORDER BY rowid")]
        return []

    def dump(self) -> list[str]:
        """Return everything in the database as SQL."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            return list(database.iterdump())

    def orders(self) -> list[dict[str, Any]]:
        """Return the exchange's orders of its executions."""
        ours = tuple(f"dw-{identity}-" for identity in self.ids)
        found = self.server.look("/portfolio/orders", ticker=self.ticker, limit="1000")["orders"]
        return [order for order in found if order["client_order_id"].startswith(ours)]


def ended(process: "subprocess.Popen[str]") -> Ended:
    """Wait for the end of a command."""
    out, err = process.communicate(timeout=100)
    return Ended(process.returncode, out, err)


def until(holds: Callable[[], object], process: "subprocess.Popen[str] | None" = None) -> None:
    """Wait until something holds, while a process runs."""
    for _ in range(400):
        if holds():
            return
        assert process is None or process.poll() is None, ended(process)
        time.sleep(0.05)
    raise AssertionError("it did not happen within 20 s")


def placed(client: Client) -> bool:
    """Say whether an order of it was accepted; the exchange is not asked, as that takes from the client's budget."""
    with suppress(sqlite3.Error):
        return bool(client.rows("SELECT 1 FROM journal WHERE kind = 'OrderAccepted'"))
    return False


def check_books(client: Client) -> None:
    """Hold its database against the exchange's books: fill by fill; no order rests; all executions have ended and add up."""
    orders = {order["order_id"]: order for order in client.orders()}
    assert [] == [order for order in orders.values() if order["status"] == "resting"]
    theirs = sorted(
        (
            fill["fill_id"],
            fill["order_id"],
            parse_price(fill["yes_price_dollars"]),
            parse_quantity(fill["count_fp"]),
            round(float(fill["fee_cost"]) * 1_000_000),
        )
        for fill in client.server.look("/portfolio/fills", ticker=client.ticker, limit="1000")["fills"]
        if fill["order_id"] in orders
    )
    ours = sorted(client.rows("SELECT fill_id, order_id, price_e4, quantity_e2, fee_e6 FROM trades"))
    assert theirs == ours
    for status, requested, filled in client.rows(
        "SELECT status, requested_e2, (SELECT TOTAL(quantity_e2) FROM trades t WHERE t.execution_id = s.execution_id)"
        " FROM execution_state s"
    ):
        assert status not in {"running", "unknown"}
        assert filled <= requested
        assert (status == "filled") == (filled == requested)
    for filled, sum_of_fills in client.rows(
        "SELECT m.filled_e2, (SELECT TOTAL(quantity_e2) FROM trades t WHERE t.execution_id = m.execution_id)"
        " FROM execution_metrics m"
    ):
        assert filled == sum_of_fills


def check_recovered(client: Client) -> None:
    """Recover: exit 0, the books are equal; and once more: nothing in the database changes."""
    before = {order["order_id"] for order in client.orders()}
    done = client.run("--json", "recover")
    assert 0 == done.code, done.err + done.out
    check_books(client)
    assert before == {order["order_id"] for order in client.orders()}
    dump = client.dump()
    again = client.run("--json", "recover")
    assert (0, "") == (again.code, again.out)
    assert dump == client.dump()


def together(*work: Callable[[], None]) -> None:
    """Do several things at once: most of their time is waiting."""
    with ThreadPoolExecutor(len(work)) as pool:
        for each in [pool.submit(one) for one in work]:
            each.result()
