"""Real processes that are killed, stopped and raced, against a paper exchange that lives on: its books are the judge.

The default kills a few executions at chosen steps; behind the marker `soak` each algorithm is killed before, after and soon
after every step of its journal, and at any time (half an hour): pytest -m soak tests/journeys/test_kill.py
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest

from depthwalk.assembly.ownership import owner
from depthwalk.cli.main import main
from depthwalk.domain.units import parse_quantity
from tests.support.command import ROOT
from tests.support.killed import (
    KILLED,
    SIMPLE,
    TICKERS,
    WALKER,
    Client,
    check_books,
    check_recovered,
    ended,
    kill_server,
    placed,
    together,
    until,
)
from tests.support.served import PaperServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperServer]:
    """Return a running server."""
    with kill_server(tmp_path_factory.mktemp("kill") / "served") as running:
        yield running


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
        step, tries = 1, 0
        while step < 200:
            tries += 1
            client = Client(server, tmp_path / f"{ticker}-{tries}", ticker)
            client.folder.mkdir()
            done = client.execute(150, *options, dies=(step, when))
            assert done.code in {KILLED, 0, 3, 4}, done.err
            check_recovered(client)
            if done.code in {0, 3}:
                break
            step += done.code == KILLED  # 4: nobody was offering; the market comes back

    together(*(partial(kill, ticker) for ticker in TICKERS))


@pytest.mark.soak
def test_a_kill_at_any_time_is_recovered(server: PaperServer, tmp_path: Path) -> None:
    """Not at a step but at some moment: while it starts, between steps, while it writes, after its end."""

    def kill(ticker: str) -> None:
        rng = Random(ticker)
        for number in range(30):
            client = Client(server, tmp_path / f"{ticker}-{number}", ticker)
            client.folder.mkdir()
            process = client.start("execute", ticker, "--count", "150", *WALKER)
            time.sleep(rng.uniform(0.2, 5.0))
            process.kill()
            assert ended(process).code in {KILLED, 0, 3, 4}
            check_recovered(client)

    together(*(partial(kill, ticker) for ticker in TICKERS))


@pytest.mark.parametrize(("step", "when", "said"), [(1, "before", "before anything was sent"), (4, "after", "ended with it")])
def test_an_embedded_exchange_is_gone_with_its_process(
    step: int, when: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing can be asked any more: what is on record is all there is, and the execution is closed with it, once."""
    database = tmp_path / "paper.sqlite"
    common = ["--db", str(database), "--json"]
    command = ["execute", "PAPER-LIQUID", "--count", "150", *SIMPLE[:2]]
    doomed = [sys.executable, "-m", "tests.support.dying", str(step), when, *common, *command]
    assert KILLED == subprocess.run(doomed, cwd=ROOT, check=False, timeout=60).returncode
    assert 0 == main([*common, "recover"])
    row = json.loads(capsys.readouterr().out)
    assert ("canceled", True) == (row["after"], said in row["detail"])
    assert (0, "") == (main([*common, "recover"]), capsys.readouterr().out)


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
    os.kill(server.pid, signal.SIGSTOP)  # so that the recovery has to wait
    try:
        recovering = client.start("--json", "recover")
        until(lambda: owner(client.database, identity), recovering)
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
