"""`depthwalk snapshot` as its user runs it, on paper, without a terminal."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from depthwalk.cli.main import main
from tests.support.command import ROOT
from tests.support.command import depthwalk_here as depthwalk

PAPER = ["PAPER-LIQUID", "PAPER-MODERATE", "PAPER-THIN"]


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Return what the database answers, read as any other tool would."""
    with closing(sqlite3.connect(folder / "test.sqlite")) as database:
        return database.execute(query).fetchall()


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ([], PAPER),
        (["PAPER-THIN"], ["PAPER-THIN"]),
        (["PAPER-THIN", "PAPER-LIQUID", "PAPER-THIN"], ["PAPER-THIN", "PAPER-LIQUID"]),
        (["--event", "PAPER"], PAPER),
        (["PAPER-THIN", "--series", "PAPER"], ["PAPER-THIN", "PAPER-LIQUID", "PAPER-MODERATE"]),
    ],
)
def test_a_snapshot_is_one_line_a_ticker(
    selection: list[str], expected: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For cron: what was found, exit 0, a book each in the database."""
    assert 0 == main(["--db", str(tmp_path / "test.sqlite"), "snapshot", *selection])
    captured = capsys.readouterr()
    assert "" == captured.err
    assert expected == [line.split()[0] for line in captured.out.splitlines()]
    assert all("book written" in line for line in captured.out.splitlines())
    assert sorted(expected) == [ticker for (ticker,) in rows(tmp_path, "SELECT ticker FROM books ORDER BY ticker")]


def test_the_depth_is_what_is_kept_and_the_total_is_of_all(tmp_path: Path) -> None:
    """One level a side, but the totals and the figures on screen are of the whole book."""
    ended = depthwalk("--json", "snapshot", "PAPER-LIQUID", "--depth", "1", folder=tmp_path)
    ((level, total, *rest),) = rows(
        tmp_path,
        "SELECT l.quantity, b.yes_total, b.yes_levels, b.no_levels, b.environment, b.source"
        " FROM books b JOIN depth_levels l USING (snapshot_id) WHERE l.side = 'bid'",
    )
    assert [1, 1, "paper", "poll"] == rest
    assert level < total
    assert ("PAPER-LIQUID", True) == (ended.object["ticker"], ended.object["written"])


def test_a_watch_writes_what_it_says(tmp_path: Path) -> None:
    """The objects, the summary and the database agree; the stretch reaches from the first reading to the last."""
    ended = depthwalk("--json", "snapshot", "--watch", "--interval", "0.5", "--duration", "2.8", folder=tmp_path)
    assert (0, "") == (ended.code, ended.err)
    *written, summary = [json.loads(line) for line in ended.out.splitlines()]
    kinds = Counter(each["kind"] for each in written)
    assert ("summary", PAPER) == (summary["kind"], summary["tickers"])
    assert [(kinds["book"],)] == rows(tmp_path, "SELECT COUNT(*) FROM books")
    assert [(kinds["trade"],)] == rows(tmp_path, "SELECT COUNT(*) FROM trades_public")
    assert [] == rows(tmp_path, "SELECT ticker FROM recording_marks WHERE kind = 'gap'")
    assert [kinds[kind] for kind in ("book", "trade", "gap")] == [summary[key] for key in ("books", "trades", "gaps")]
    ((stretches, length),) = rows(
        tmp_path, "SELECT COUNT(*), MIN(until_us - from_us) FROM recording_marks WHERE kind = 'heartbeat'"
    )
    assert 3 == stretches
    assert 1_000_000 <= length <= 2_800_000
    assert [("start",), ("stop",)] == rows(tmp_path, "SELECT kind FROM recording_marks WHERE ticker IS NULL ORDER BY id")


def test_a_watch_in_a_pipe_says_little(tmp_path: Path) -> None:
    """One line at the start on standard error, the summary on standard output; with -q only that."""
    arguments = ("snapshot", "PAPER-THIN", "--watch", "--interval", "0.3", "--duration", "1")
    ended = depthwalk(*arguments, folder=tmp_path)
    assert (0, 1, 1) == (ended.code, ended.err.count("\n"), ended.out.count("\n"))
    assert ended.out.startswith("recorded ")
    assert "" == depthwalk("-q", *arguments, folder=tmp_path).err


@contextmanager
def watching(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a watch without an end and wait until it has written its first books.

    A second between readings: a machine that stalls for two is given no gap, which would begin a new stretch.
    """
    command = [sys.executable, "-m", "depthwalk", "--db", folder / "test.sqlite", "snapshot", "--watch", "--interval", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stderr is not None
            assert "ticker" in process.stderr.readline()
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_watch_cleanly(number: signal.Signals, tmp_path: Path) -> None:
    """Exit 0 with the summary, and the database says that it was stopped and up to when it saw the books."""
    with watching(tmp_path) as process:
        for _ in range(100):
            time.sleep(0.1)
            if rows(tmp_path, "SELECT COUNT(DISTINCT event_time_us) FROM order_book_snapshots")[0][0] > 1:
                break
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (0, "") == (process.returncode, err)
    assert out.startswith("recorded ")
    assert ["stop"] == [kind for (kind,) in rows(tmp_path, "SELECT kind FROM recording_marks WHERE kind = 'stop'")]
    ((last_book,),) = rows(tmp_path, "SELECT MAX(event_time_us) FROM order_book_snapshots")
    stretches = rows(tmp_path, "SELECT until_us FROM recording_marks WHERE kind = 'heartbeat'")
    assert [True] * 3 == [until >= last_book for (until,) in stretches]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full device is needed")
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_an_output_that_fails_ends_no_recording(more: list[str], tmp_path: Path) -> None:
    """The rounds go on, the recording is stopped on purpose, exit 0; standard error says what was lost."""
    command = [sys.executable, "-m", "depthwalk", "--db", tmp_path / "test.sqlite", *more, "snapshot", "--watch"]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        ended = subprocess.run(
            [*command, "--interval", "0.3", "--duration", "1"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            timeout=30,
            check=False,
        )
    assert 0 == ended.returncode
    assert "No space left on device" in ended.stderr
    assert [(1,)] == rows(tmp_path, "SELECT COUNT(*) FROM recording_marks WHERE kind = 'stop'")
    assert rows(tmp_path, "SELECT COUNT(DISTINCT event_time_us) FROM order_book_snapshots")[0][0] > 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["NOPE", "PAPER-THIN"], "unknown ticker 'NOPE' on paper"),
        (["--event", "NOPE"], "event 'NOPE' has no open markets on paper"),
        (["--series", "NO PE"], "--series: 'NO PE' is not a series ticker"),
        (["--duration", "10m"], "are for --watch"),
        (["--env", "live"], "what of live shall be recorded?"),
    ],
)
def test_what_cannot_be_is_one_line(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, nothing on standard output."""
    assert 2 == main(["--db", str(tmp_path / "test.sqlite"), "snapshot", *arguments])
    captured = capsys.readouterr()
    assert ("", 1) == (captured.out, captured.err.count("\n"))
    assert words in captured.err
