"""Rehearsing faults with the command: `--faults SEED|FILE`."""

import re
import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.command import ROOT, Ended
from tests.support.command import depthwalk_here as depthwalk

ARGUMENTS = ("PAPER-MODERATE", "--count", "60", "--algo", "dynamic_depth_walker", "--seed", "7")
FAST = ("--time", "simulated", "--yes")


def rehearse(folder: Path, faults: str | Path, *more: str) -> Ended:
    """Run a simulated execution with these faults and return how it ended."""
    return depthwalk("--json", *more, "execute", *ARGUMENTS, *FAST, "--faults", faults, folder=folder)


def written(folder: Path, text: str) -> Path:
    """Write a file of faults."""
    path = folder / "faults.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def told(ended: Ended) -> str:
    """Return the line about faults; there is one."""
    (line,) = [line for line in ended.err.splitlines() if line.startswith("depthwalk: faults: ")]
    return line.removeprefix("depthwalk: faults: ")


def check_books(ended: Ended, folder: Path, *, cut_short: int = 3) -> None:
    """Hold that it ended by itself and that what it says was filled is what the database has as fills, and no more."""
    found = ended.object
    assert ended.code == (0 if found["status"] == "filled" else cut_short), ended.err
    assert Decimal(found["filled"]) + Decimal(found["unfilled"]) == Decimal(found["requested"])
    database = sqlite3.connect(folder / "test.sqlite")
    (filled,) = database.execute(
        "SELECT TOTAL(quantity_e2) FROM trades WHERE execution_id = ?", (found["execution_id"],)
    ).fetchone()
    database.close()
    assert Decimal(found["filled"]) * 100 == Decimal(filled)


def test_the_example_of_the_readme(tmp_path: Path) -> None:
    """It runs as it stands, everything in it happens, and the pause ends it as the text says."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Rehearsing faults\n")[2].partition("\n## ")[0]
    (example,) = re.findall(r"^```yaml\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL)

    ended = rehearse(tmp_path, written(tmp_path, example))

    check_books(ended, tmp_path, cut_short=5)
    for what in ("1 create lost_after", "503_before", "throttled", "1 trading_pause"):
        assert what in told(ended)


def test_the_same_faults_give_the_same_run(tmp_path: Path) -> None:
    """Same seeds, simulated: the result to the last byte but for its id, and the same word about faults; others differ."""
    first, again = (rehearse(tmp_path, "8") for _ in range(2))
    other = rehearse(tmp_path, "9")

    for ended in (first, again, other):
        check_books(ended, tmp_path)
    texts = [ended.out.replace(ended.object["execution_id"], "ID") for ended in (first, again, other)]
    assert texts[0] == texts[1]
    assert told(first) == told(again)
    assert told(first) != told(other)
    assert texts[0] != texts[2]


@pytest.mark.parametrize("fault", ["lost_after", "no_order", "late"])
def test_a_create_in_doubt_is_settled(tmp_path: Path, fault: str) -> None:
    """Whatever happened to the first create, the run goes on, and fills and books agree."""
    ended = rehearse(tmp_path, written(tmp_path, f"calls: [{{call: create, number: 1, fault: {fault}}}]"))

    check_books(ended, tmp_path)
    assert f"1 create {fault}" == told(ended)


def test_quiet_says_nothing(tmp_path: Path) -> None:
    """With -q the word about faults is left out."""
    ended = rehearse(tmp_path, "8", "-q")

    check_books(ended, tmp_path)
    assert "faults" not in ended.err


def test_without_faults_nothing_is_said(tmp_path: Path) -> None:
    """No option, no line."""
    ended = depthwalk("--json", "execute", *ARGUMENTS, *FAST, folder=tmp_path)

    check_books(ended, tmp_path)
    assert "faults" not in ended.err


@pytest.mark.parametrize("environment", ["demo", "live"])
def test_faults_are_for_paper(tmp_path: Path, environment: str) -> None:
    """Refused, exit 2, in one line."""
    ended = depthwalk("--env", environment, "execute", "ANY", "--count", "1", "--faults", "7", "--yes", folder=tmp_path)

    hint = "(hint: leave it out, or use --env paper)"
    expected = f"depthwalk: --faults is for the paper exchange, not for {environment} {hint}\n"
    assert (2, "", expected) == (ended.code, ended.out, ended.err)


def test_a_bad_file_is_refused_with_all_its_mistakes(tmp_path: Path) -> None:
    """Exit 2; a line a mistake with file, line, key and what is allowed; no traceback, no order."""
    path = written(tmp_path, "writes: 7\ncalls:\n  - {call: create, fault: lots}\nnonsense: 1\n")
    ended = rehearse(tmp_path, path)

    assert (2, "") == (ended.code, ended.out)
    beginnings = (
        f"depthwalk: {path}, line 1: writes: found 7.0; allowed: 0 to 1",
        f"depthwalk: {path}, line 3: calls.0.fault: found 'lots'; allowed: dropped, lost_after, ",
        f"depthwalk: {path}, line 4: nonsense: found an unknown key; allowed: seed, writes, ",
        "depthwalk: hint: README.md, Rehearsing faults",
    )
    for line, beginning in zip(ended.err.splitlines(), beginnings, strict=True):
        assert line.startswith(beginning)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Neither a number nor a file: one line that says so."""
    ended = rehearse(tmp_path, tmp_path / "none.yaml")

    assert (2, "") == (ended.code, ended.out)
    assert ended.err.startswith(f"depthwalk: {tmp_path / 'none.yaml'}: cannot be read: No such file or directory (hint: ")
    assert len(ended.err.splitlines()) == 1
