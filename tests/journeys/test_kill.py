"""Real processes that are killed, stopped and raced, against a paper exchange that lives on: its books are the judge.

The default kills a few executions at chosen steps; behind the marker `soak` each algorithm is killed before, after and soon
after every step of its journal (some minutes): pytest -m soak tests/journeys/test_kill.py
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from depthwalk.domain.units import parse_price, parse_quantity
from depthwalk.storage.locks import Locks
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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperServer]:
    """Return a running server; its clients know the methods above."""
    with paper_server(tmp_path_factory.mktemp("kill") / "served", seed=3) as running:
        config = json.loads(running.config.read_text(encoding="utf-8"))
        running.config.write_text(json.dumps(config | {"methods": METHODS}), encoding="utf-8")
        yield running


_STARTED: "list[subprocess.Popen[str]]" = []


@pytest.fixture(autouse=True)
def _no_process_left() -> Iterator[None]:
    """End what a failed test left behind."""
    yield
    while _STARTED:
        with _STARTED.pop() as process:
            process.kill()


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
        _STARTED.append(process)
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
        """Its executions, the oldest first."""
        return [row[0] for row in self.rows("SELECT execution_id FROM execution_state ORDER BY rowid")]

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


# --- kills ----------------------------------------------------------------------------------------------------------

SAMPLE = {
    "PAPER-THIN": [(SIMPLE, 2, "0.2"), (SIMPLE, 4, "before")],
    "PAPER-MODERATE": [(WALKER, 9, "0.02")],
    "PAPER-LIQUID": [(WALKER, 12, "after")],
}


def test_a_kill_is_recovered(server: PaperServer, tmp_path: Path) -> None:
    """SIGKILL at chosen steps: `recover` leaves what the exchange has in its books, and running it twice changes nothing."""

    def kill(ticker: str) -> None:
        for number, (options, step, when) in enumerate(SAMPLE[ticker]):
            client = Client(server, tmp_path / f"{ticker}-{number}", ticker)
            client.folder.mkdir()
            assert KILLED == client.execute(150, *options, dies=(step, when)).code
            check_recovered(client)
            if ticker == "PAPER-LIQUID":
                assert client.rows("SELECT 1 FROM trades")

    together(*(partial(kill, ticker) for ticker in TICKERS))


@pytest.mark.soak
@pytest.mark.parametrize("when", ["after", "0.02", "before"])
@pytest.mark.parametrize("options", [SIMPLE, WALKER], ids=["simple_limit", "dynamic_depth_walker"])
def test_a_kill_at_every_step_is_recovered(options: tuple[str, ...], when: str, server: PaperServer, tmp_path: Path) -> None:
    """As the sample, at every step of a short execution, until one ends before its step comes."""

    def kill(ticker: str) -> None:
        for step in range(1, 200):
            client = Client(server, tmp_path / f"{ticker}-{step}", ticker)
            client.folder.mkdir()
            done = client.execute(150, *options, dies=(step, when))
            assert done.code in {KILLED, 0, 3}, done.err
            check_recovered(client)
            if done.code != KILLED:
                break

    together(*(partial(kill, ticker) for ticker in TICKERS))


# --- what comes after a kill ----------------------------------------------------------------------------------------


def killed(server: PaperServer, folder: Path, ticker: str, *options: str, step: int) -> Client:
    """Return a client whose execution was killed right after a step."""
    client = Client(server, folder / ticker, ticker)
    client.folder.mkdir()
    assert KILLED == client.execute(150, *options, dies=(step, "after")).code
    return client


def check_resumed(server: PaperServer, folder: Path) -> None:
    """Resume a killed walker: it ends as a run that nobody killed does; then it has ended."""
    client = killed(server, folder, "PAPER-LIQUID", *WALKER, step=6)
    (identity,) = client.ids
    done = client.run("--json", "executions", "resume", identity[:8], "--yes")
    assert done.code in {0, 3}, done.err
    assert identity == done.object["execution_id"]
    assert parse_quantity(done.object["filled"]) + parse_quantity(done.object["unfilled"]) == 15_000
    check_books(client)
    again = client.run("executions", "resume", identity, "--yes")
    assert (4, "", True) == (again.code, again.out, "has ended" in again.err)


def check_next_execution(server: PaperServer, folder: Path) -> None:
    """Execute on the ticker where one was killed: what it left is settled first, and only then is anything decided."""
    client = killed(server, folder, "PAPER-MODERATE", *SIMPLE, step=5)
    done = client.execute(20, *WALKER)
    assert done.code in {0, 3}, done.err
    check_books(client)
    first, second = client.rows(
        "SELECT status, reason, finished_at_us, (SELECT min(at_us) FROM journal j WHERE j.execution_id = s.execution_id)"
        " FROM execution_state s ORDER BY rowid"
    )
    assert ("canceled", "recovered", True) == (*first[:2], first[2] <= second[3])


def check_ended_from_outside(server: PaperServer, folder: Path) -> None:
    """`executions cancel` of one whose process is dead settles it here and now."""
    client = killed(server, folder, "PAPER-THIN", *SIMPLE, step=5)
    (identity,) = client.ids
    done = client.run("--json", "executions", "cancel", identity)
    assert (0, "canceled") == (done.code, done.object["after"]), done.err
    check_books(client)


def test_a_killed_execution_is_carried_on_or_ended(server: PaperServer, tmp_path: Path) -> None:
    """By `executions resume`, by the next `execute` on that ticker, by `executions cancel`: the books agree each time."""
    together(
        lambda: check_resumed(server, tmp_path),
        lambda: check_next_execution(server, tmp_path),
        lambda: check_ended_from_outside(server, tmp_path),
    )


def test_one_process_at_a_time(server: PaperServer, tmp_path: Path) -> None:
    """While one process recovers, others that want the execution or its market are told who has it, and leave: exit 4."""
    client = killed(server, tmp_path, "PAPER-THIN", *SIMPLE, step=5)
    (identity,) = client.ids
    locks = Locks(Path(server.environment["XDG_STATE_HOME"]) / "depthwalk" / "locks")
    os.kill(server.pid, signal.SIGSTOP)  # so that the recovery has to wait
    try:
        recovering = client.start("--json", "recover")
        until(lambda: locks.holder(f"execution {identity}"), recovering)
        others = [
            client.start("execute", client.ticker, "--count", "5", *SIMPLE),
            client.start("executions", "resume", identity, "--yes"),
        ]
        for process in others:
            refused = ended(process)
            assert (4, "", 1) == (
                refused.code,
                refused.out,
                refused.err.count(f"`depthwalk recover` (process {recovering.pid}"),
            )
        also = client.run("--json", "recover")
        assert (0, None, f"it runs (process {recovering.pid})") == (also.code, also.object["after"], also.object["detail"])
    finally:
        os.kill(server.pid, signal.SIGCONT)
    done = ended(recovering)
    assert 0 == done.code, done.err
    check_books(client)


# --- leaving --------------------------------------------------------------------------------------------------------


def working(
    server: PaperServer, folder: Path, ticker: str, config: Path | None = None
) -> "tuple[Client, subprocess.Popen[str]]":
    """Return a client and its process once an order of it was accepted."""
    client = Client(server, folder / ticker, ticker)
    client.folder.mkdir(parents=True)
    command = ("--json", "execute", ticker, "--count", "150", *WALKER, "--timeout", "60")
    process = client.start(*command, config=config)
    until(lambda: placed(client), process)
    return client, process


def check_left(client: Client, process: "subprocess.Popen[str]") -> None:
    """Hold that a process ended with 130, said what was filled, and left nothing."""
    left = ended(process)
    assert 130 == left.code, left.err
    assert "canceled" == left.object["status"]
    ((filled,),) = client.rows("SELECT TOTAL(quantity_e2) FROM trades")
    assert parse_quantity(left.object["filled"]) == filled
    check_books(client)


def test_signals_cancel_everything(server: PaperServer, tmp_path: Path) -> None:
    """Ctrl-C, SIGTERM and SIGHUP: exit 130, no order rests, what was filled is recorded and said."""

    def leave(ticker: str, number: signal.Signals) -> None:
        client, process = working(server, tmp_path, ticker)
        process.send_signal(number)
        check_left(client, process)

    together(*(partial(leave, *each) for each in zip(TICKERS, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP), strict=True)))


def test_others_end_a_run(server: PaperServer, tmp_path: Path) -> None:
    """`executions cancel` in another terminal waits until it has left; a kill switch thrown meanwhile ends it by itself."""

    def cancel() -> None:
        client, process = working(server, tmp_path, "PAPER-THIN")
        asked = client.run("--json", "executions", "cancel", *client.ids)
        assert (0, "canceled") == (asked.code, asked.object["after"]), asked.err
        assert "executions cancel" in asked.object["detail"]
        check_left(client, process)

    def switch() -> None:
        config, file = tmp_path / "switch.yaml", tmp_path / "STOP"
        settings = json.loads(server.config.read_text(encoding="utf-8")) | {"risk": {"kill_switch_file": str(file)}}
        config.write_text(json.dumps(settings), encoding="utf-8")
        client, process = working(server, tmp_path, "PAPER-LIQUID", config)
        file.touch()
        check_left(client, process)
        refused = ended(client.start("execute", client.ticker, "--count", "1", config=config))
        assert (4, "", True) == (refused.code, refused.out, str(file) in refused.err)

    together(cancel, switch)
