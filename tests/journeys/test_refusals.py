"""Bad input: one clear line on standard error, the right exit code, no traceback, nothing sent, standard output empty."""

import gzip
import json
import sqlite3
from pathlib import Path

import pytest

from tests.support.command import Ended
from tests.support.command import depthwalk_here as depthwalk

FAST = ("--time", "simulated", "--yes")


def expect_refused(ended: Ended, code: int, *words: str) -> None:
    """Hold what every refusal owes."""
    assert code == ended.code, ended.err
    lines = ended.err.splitlines()
    assert len(lines) == 1, ended.err
    assert lines[0].startswith("depthwalk: ")
    assert not ended.out
    for word in words:
        assert word in lines[0]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("NO-SUCH", "--count", "10"), 2, ("unknown ticker", "NO-SUCH")),
        (("PAPER-LIQUID", "--count", "10", "--limit", "0.425"), 2, ("--limit 0.4250", "0.4200 and 0.4300")),
        (("PAPER-LIQUID", "--count", "10", "--target", "0.425"), 2, ("--target 0.4250", "0.0100 steps")),
        (("PAPER-LIQUID", "--count", "10", "--limit", "1.2"), 2, ("--limit", "1.2")),
        (("PAPER-LIQUID", "--count", "0"), 2, ("--count", "more than 0")),
        (("PAPER-LIQUID", "--count", "-3"), 2, ("--count", "-3")),
        (("PAPER-LIQUID", "--count", "0.001"), 2, ("--count", "0.001", "0.01")),
        (("PAPER-LIQUID", "--count", "1e9"), 2, ("--count", "1e9")),
        (("PAPER-LIQUID", "--count", "1000000000"), 4, ("risk.max_count", "1000.00")),
        (("PAPER-LIQUID",), 2, ("--count", "missing")),
        (("PAPER-LIQUID", "--count", "10", "--algo", "magic"), 2, ("magic", "simple_limit")),
        (("PAPER-LIQUID", "--count", "10", "--method", "magic"), 2, ("magic", "aggressive_nfl_advanced")),
        (("PAPER-LIQUID", "--count", "10", "--end", "later"), 2, ("later",)),
        (("PAPER-LIQUID", "--count", "10", "--timeout", "-1"), 2, ("--timeout",)),
        (("PAPER-LIQUID", "--count", "10", "--tag", "nothing"), 2, ("--tag",)),
        (("PAPER-LIQUID", "--count", "10", "--at", "2026-05-13T20:20:37Z"), 2, ("--at", "--books")),
        (("PAPER-LIQUID", "--count", "10", "--books", "/no/such/file"), 2, ("/no/such/file",)),
    ],
)
def test_bad_flags(tmp_path: Path, arguments: tuple[str, ...], code: int, words: tuple[str, ...]) -> None:
    """Each names what was wrong and what is allowed, and leaves no order on record."""
    expect_refused(depthwalk("execute", *arguments, *FAST, folder=tmp_path), code, *words)

    if (tmp_path / "test.sqlite").exists():
        with sqlite3.connect(tmp_path / "test.sqlite") as database:
            assert database.execute("SELECT COUNT(*) FROM journal WHERE kind = 'SubmitOrder'").fetchone() == (0,)
        database.close()


def live_config(folder: Path, text: str) -> Path:
    """Write a configuration."""
    path = folder / "live.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("flags", "text", "code", "words"),
    [
        (("--env", "live"), "{}\n", 4, ("live.enabled is false", "--env live")),
        ((), "environment: live\nlive: {enabled: true}\n", 4, ("command line", "--env live")),
        (("--env", "live"), "live: {enabled: true}\n", 2, ("live needs a key", "KALSHI_API_KEY_ID")),
        (("--env", "demo"), "{}\n", 2, ("demo needs a key", "KALSHI_API_KEY_ID")),
        (("--env", "demo"), "paper: {server: 'http://127.0.0.1:1'}\n", 2, ("demo needs a key",)),
    ],
)
def test_real_exchanges_want_their_switches_and_a_key(
    tmp_path: Path, flags: tuple[str, ...], text: str, code: int, words: tuple[str, ...]
) -> None:
    """Real money is wanted twice, and signed for: before that nothing is read, signed or written."""
    config = live_config(tmp_path, text)

    ended = depthwalk("--config", config, *flags, "execute", "ANY", "--count", "10", "--yes", folder=tmp_path)

    expect_refused(ended, code, *words)


@pytest.mark.parametrize(
    "flags", [("--seed", "7"), ("--time", "simulated"), ("--books", "x.jsonl"), ("--faults", "7")], ids=lambda flags: flags[0]
)
def test_only_paper_can_be_seeded_hurried_or_broken(tmp_path: Path, flags: tuple[str, ...]) -> None:
    """Each flag of a world of one's own is refused with a real exchange, and named."""
    ended = depthwalk("--env", "demo", "execute", "ANY", "--count", "10", *flags, "--yes", folder=tmp_path)

    expect_refused(ended, 2, flags[0], "demo")


ROW = json.dumps({"ts": "2026-05-13T20:20:37Z", "ticker": "T", "yes": [["0.40", "10"]], "no": [["0.50", "10"]]}) + "\n"
CROSSED = json.dumps({"ts": "2026-05-13T20:20:37Z", "ticker": "T", "yes": [["0.60", "10"]], "no": [["0.50", "10"]]}) + "\n"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("cut.jsonl.gz", gzip.compress(ROW.encode() * 200, mtime=0)[:-20], ("cut.jsonl.gz",)),
        ("cut.jsonl", (ROW + ROW[:40]).encode(), ("cut.jsonl", "2")),
        ("prose.jsonl", b"not JSON at all\n", ("prose.jsonl", "1")),
        ("binary.jsonl", bytes(range(256)), ("binary.jsonl",)),
        ("empty.jsonl", b"", ("empty.jsonl",)),
        ("crossed.jsonl", CROSSED.encode() * 3, ("crossed.jsonl", "T")),
        ("other.jsonl", ROW.replace('"T"', '"OTHER"').encode(), ("T", "OTHER")),
    ],
)
def test_bad_books_files(tmp_path: Path, name: str, content: bytes, words: tuple[str, ...]) -> None:
    """Truncated, not JSON, only crossed, another ticker: the file, the place and the fault are named."""
    path = tmp_path / name
    path.write_bytes(content)

    expect_refused(depthwalk("execute", "T", "--count", "10", "--books", path, *FAST, folder=tmp_path), 2, *words)


@pytest.mark.parametrize("damage", ["text", "half", "zeros"])
def test_a_damaged_database(tmp_path: Path, damage: str) -> None:
    """A database that is none, is cut in half, or has a hole: said in one line, and nothing is sent."""
    path = tmp_path / "test.sqlite"
    if damage == "text":
        path.write_text("this is no database, whatever its name says\n" * 50, encoding="utf-8")
    else:
        assert depthwalk("-q", "execute", "PAPER-LIQUID", "--count", "10", *FAST, folder=tmp_path).code in (0, 3)
        whole = path.read_bytes()
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        path.write_bytes(whole[: len(whole) // 2] if damage == "half" else whole[:4096] + bytes(len(whole) - 4096))

    expect_refused(depthwalk("execute", "PAPER-LIQUID", "--count", "10", *FAST, folder=tmp_path), 2, "test.sqlite")


def test_an_order_that_could_cost_too_much(tmp_path: Path) -> None:
    """risk.max_notional counts at the cap; the refusal says so, exits 4, and no order was sent."""
    ended = depthwalk("--json", "-q", "execute", "PAPER-LIQUID", "--count", "999", *FAST, "--seed", "7", folder=tmp_path)

    assert ended.code == 4
    assert "risk.max_notional" in ended.err
    assert (ended.object["status"], ended.object["filled"]) == ("refused", "0.00")


def _config(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _sent(folder: Path) -> int:
    with sqlite3.connect(folder / "test.sqlite") as database:
        found = database.execute("SELECT COUNT(*) FROM journal WHERE kind = 'SubmitOrder'").fetchone()
    database.close()
    return int(found[0])


def test_the_kill_switch(tmp_path: Path) -> None:
    """While its file is there nothing is read or sent; the file and where it is set are named."""
    config = _config(tmp_path, "risk: {kill_switch_file: STOP}")
    (tmp_path / "STOP").touch()

    ended = depthwalk("--config", config, "execute", "PAPER-LIQUID", "--count", "10", *FAST, folder=tmp_path)
    expect_refused(ended, 4, "the kill switch is on", str(tmp_path / "STOP"), "risk.kill_switch_file", str(config))
    assert not (tmp_path / "test.sqlite").exists()


def test_the_days_limit(tmp_path: Path) -> None:
    """What was bought today counts; when nothing is left the next is refused; simulated runs neither count nor are stopped."""
    (tmp_path / "books.jsonl").write_text(ROW, encoding="utf-8")
    order = ("execute", "T", "--count", "5", "--limit", "0.50", "--books", tmp_path / "books.jsonl", "--yes")
    config = _config(tmp_path, 'risk: {max_daily_notional: "2.50"}')

    assert depthwalk("-q", "--config", config, *order, "--time", "simulated", folder=tmp_path).code == 0
    assert depthwalk("-q", "--config", config, *order, folder=tmp_path).code == 0
    before = _sent(tmp_path)
    ended = depthwalk("--config", config, *order, folder=tmp_path)
    expect_refused(ended, 4, "nothing is left today of risk.max_daily_notional 2.500000", "2.500000", str(config))
    assert before == _sent(tmp_path)
    assert depthwalk("-q", "--config", config, *order, "--time", "simulated", folder=tmp_path).code == 0


def test_an_account_without_cash(tmp_path: Path) -> None:
    """The shard, what is there and what it takes are named; nothing was sent."""
    assert depthwalk("paper", "reset", "--cash", "1", "--yes", folder=tmp_path).code == 0

    ended = depthwalk("execute", "PAPER-LIQUID", "--count", "10", *FAST, folder=tmp_path)
    expect_refused(ended, 4, "shard 0", "has 1.000000 dollars", "10.00 contracts", "paper reset")
    assert 0 == _sent(tmp_path)


def test_a_budget_for_the_simple_algorithm_only(tmp_path: Path) -> None:
    """90 calls a minute: simple_limit runs instead of the walker, and why is on record; 20: refused."""
    run = ("execute", "PAPER-LIQUID", "--count", "10", "--algo", "dynamic_depth_walker", "--seed", "7", *FAST)
    config = _config(tmp_path, "rate_limit: {calls_per_minute: 90}")
    ended = depthwalk("--json", "-q", "--config", config, *run, folder=tmp_path)
    assert "simple_limit" == ended.object["algorithm"]
    with sqlite3.connect(tmp_path / "test.sqlite") as database:
        (why,) = database.execute("SELECT payload FROM journal WHERE payload LIKE '%no API budget%'").fetchone()
    database.close()
    assert "no API budget for dynamic_depth_walker: up to " in why

    _config(tmp_path, "rate_limit: {calls_per_minute: 20}")
    ended = depthwalk("--config", config, *run, folder=tmp_path)
    expect_refused(ended, 4, "no API budget for dynamic_depth_walker", "nor for simple_limit", "rate_limit", str(config))
