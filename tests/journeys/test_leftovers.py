"""Real processes in bad company: a killed one's orders, an exchange begun anew, a database that is held, a terminal stopped."""

import os
import pty
import select
import sqlite3
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from depthwalk.domain.units import format_quantity
from tests.support.command import ROOT
from tests.support.killed import (
    SIMPLE,
    STARTED,
    WALKER,
    Client,
    check_books,
    ended,
    kill_server,
    placed,
    together,
    until,
)
from tests.support.served import PaperServer, paper_server

AT_ONCE = ("--algo", "simple_limit", "--limit", "0.99", "--timeout", "5")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperServer]:
    """Return a running server."""
    with kill_server(tmp_path_factory.mktemp("leftovers") / "served") as running:
        yield running


def working(server: PaperServer, folder: Path, ticker: str, *options: str) -> "tuple[Client, subprocess.Popen[str]]":
    """Return a client and its process once an order of it was accepted."""
    client = Client(server, folder, ticker)
    process = client.start("--json", "execute", ticker, "--count", "150", *options)
    until(lambda: placed(client), process)
    return client, process


def killed(server: PaperServer, folder: Path, ticker: str) -> Client:
    """Return a client whose process was killed with an order out."""
    client, process = working(server, folder, ticker, *WALKER, "--timeout", "60")
    process.kill()
    process.communicate()
    return client


def check_next(server: PaperServer, folder: Path) -> None:
    """What a killed run left in the market is ended and told; the requests for that are not in the new run's figures."""
    client = killed(server, folder, "PAPER-LIQUID")
    (left,) = client.ids
    first, second = (client.execute(3, *AT_ONCE) for _ in range(2))

    assert (0, 0) == (first.code, second.code), first.err + second.err
    (filled,) = next(row for row in client.rows("SELECT filled_e2, execution_id FROM execution_metrics") if left in row)[:1]
    line = f"settled what execution {left[:8]} had left here: {format_quantity(int(filled))} of 150.00 filled; "
    assert 1 == first.err.count(line)
    assert "settled" not in second.err
    calls = [each.object["api"]["calls"] for each in (first, second)]
    assert abs(calls[0] - calls[1]) <= 2
    check_books(client)


def check_begun_anew(folder: Path) -> None:
    """`paper serve --fresh` after a crash: nobody knows the orders any more; `recover` ends the run, and the market is free."""
    with paper_server(folder / "served", seed=5) as anew:
        (folder / "client").mkdir()
        client, process = working(anew, folder / "client", "PAPER-MODERATE", "--algo", "simple_limit", "--limit", "0.02")
        process.kill()
        process.communicate()
        anew.kill()
        anew.seed = None
        anew.start("--fresh")

        done = client.run("--json", "recover")
        assert (0, "canceled") == (done.code, done.object["after"]), done.err
        assert "began anew" in done.object["detail"]
        assert (0, "") == (client.run("--json", "recover").code, client.run("--json", "recover").out)
        after = client.execute(3, *AT_ONCE)
        assert 0 == after.code, after.err


def check_held_database(server: PaperServer, folder: Path) -> None:
    """Another program holds it for longer than one waits: exit 1, what is filled, that all is canceled, and what to do."""
    client, process = working(server, folder, "PAPER-MODERATE", *WALKER, "--timeout", "60")
    with closing(sqlite3.connect(client.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        left = ended(process)
        other.execute("ROLLBACK")

    assert 1 == left.code, left.err
    line = left.err.splitlines()[-1]
    assert "database is locked" in line
    assert " contracts filled, every order is canceled" in line
    assert "depthwalk recover" in line
    assert [] == [order for order in client.orders() if order["status"] == "resting"]
    assert 0 == client.run("recover").code
    check_books(client)


def check_stopped_terminal(server: PaperServer, folder: Path) -> None:
    """Ctrl-S: nothing can be written any more. The run goes on to its end and record; let on, the terminal shows the rest."""
    client = Client(server, folder, "PAPER-THIN")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (30, 80))
    given = ("--config", server.config, "--db", client.database)
    process = subprocess.Popen(
        [sys.executable, "-m", "depthwalk", *given, "execute", client.ticker, "--count", "150", *SIMPLE, "--timeout", "4"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env={**server.environment, "TERM": "xterm-256color"},
    )
    STARTED.append(process)
    until(lambda: placed(client), process)
    termios.tcflow(theirs, termios.TCOOFF)
    try:
        until(lambda: [("running",)] != client.rows("SELECT status FROM execution_state"))
        assert [] == [order for order in client.orders() if order["status"] == "resting"]
    finally:
        termios.tcflow(theirs, termios.TCOON)
        os.close(theirs)
    shown = b""
    while select.select([ours], [], [], 10)[0]:
        try:
            shown += os.read(ours, 65_536)
        except OSError:  # nobody has it open any more
            break
    os.close(ours)
    assert process.wait(timeout=10) in (0, 3)
    assert b"150.00" in shown
    check_books(client)


def test_bad_company(server: PaperServer, tmp_path: Path) -> None:
    """The four above at once, as most of their time is waiting: each with a database and a market of its own."""
    folders = [tmp_path / str(number) for number in range(4)]
    for folder in folders:
        folder.mkdir()
    together(
        lambda: check_next(server, folders[0]),
        lambda: check_held_database(server, folders[1]),
        lambda: check_stopped_terminal(server, folders[2]),
        lambda: check_begun_anew(folders[3]),
    )
