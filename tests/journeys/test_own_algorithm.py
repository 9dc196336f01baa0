"""An algorithm from another package: the README's own example, installed as a package is, and packages that are broken."""

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import ROOT, Ended

EXAMPLE = re.search(r"### An algorithm of your own.*?```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
ENTRY = re.search(
    r'\[project\.entry-points\."depthwalk\.algorithms"\]\n(.*?)```', (ROOT / "README.md").read_text("utf-8"), re.DOTALL
)
_RUN = "import sys; sys.path.insert(0, sys.argv.pop(1)); from depthwalk.__main__ import main; main()"
ORDER = ("PAPER-MODERATE", "--count", "60", "--time", "simulated", "--seed", "3", "--yes")


def installed(folder: Path, code: str, entries: str) -> None:
    """Make *folder* look as if a package had been installed in it."""
    (folder / "join_late.py").write_text(code, encoding="utf-8")
    metadata = folder / "join_late-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: join-late\nVersion: 1.0\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text(f"[depthwalk.algorithms]\n{entries}", encoding="utf-8")


def depthwalk(folder: Path, *arguments: str) -> Ended:
    """Run a command with what is installed in *folder* in sight."""
    found = subprocess.run(
        [sys.executable, "-c", _RUN, str(folder), "--db", str(folder / "test.sqlite"), *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    return Ended(found.returncode, found.stdout, found.stderr)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """Install the README's example as the README says."""
    assert EXAMPLE is not None
    assert ENTRY is not None
    installed(tmp_path, EXAMPLE[1], ENTRY[1].replace('"', ""))
    return tmp_path


def test_the_readmes_example_trades_like_any_other(example: Path) -> None:
    """Named, configured by its section and by a flag; its parameters are on record, and it is in the plan."""
    config = example / "own.yaml"
    config.write_text("algorithms: {join_late: {patience: 0.5}}\n", encoding="utf-8")
    done = depthwalk(
        example, "--json", "-q", "--config", str(config), "execute", *ORDER, "--algo", "join_late", "--timeout", "30"
    )

    assert (done.code, done.object["algorithm"]) in {(0, "join_late"), (3, "join_late")}
    assert done.object["requested"] == "60.00"
    with sqlite3.connect(example / "test.sqlite") as database:
        (params,) = database.execute("SELECT params FROM execution_state").fetchone()
    database.close()
    assert '"patience":0.5' in params.replace(" ", "")
    assert '"timeout_seconds":30.0' in params.replace(" ", "")
    planned = depthwalk(example, "--json", "plan", *ORDER[:3], "--seed", "3")
    assert "join_late" in [each["algorithm"] for each in planned.object["algorithms"]], planned.err


@pytest.mark.parametrize(
    ("code", "entries", "words"),
    [
        ("import nowhere", "join_late = join_late:SPEC", "cannot be used: ModuleNotFoundError"),
        ("", "join_late = join_late:SPEC", "cannot be used: AttributeError"),
        ("SPEC = 7", "join_late = join_late:SPEC", "an AlgorithmSpec is wanted"),
        ("", "other = join_late:SPEC", "unknown algorithm 'join_late'"),
    ],
)
def test_a_broken_package_is_refused_by_name(code: str, entries: str, words: str, tmp_path: Path) -> None:
    """Asked for, it is refused with what is wrong with it, exit 2."""
    installed(tmp_path, code, entries)
    refused = depthwalk(tmp_path, "execute", *ORDER, "--algo", "join_late")
    assert (2, True) == (refused.code, words in refused.err), refused.err
    assert "Traceback" not in refused.err


def test_a_broken_package_is_in_nobodys_way(tmp_path: Path) -> None:
    """Not asked for, it does not matter: others run, and the plan goes without it."""
    installed(tmp_path, "import nowhere", "join_late = join_late:SPEC")

    assert depthwalk(tmp_path, "-q", "execute", *ORDER, "--algo", "simple_limit").code in {0, 3}
    assert 0 == depthwalk(tmp_path, "plan", *ORDER[:3], "--seed", "3").code


def test_ours_cannot_be_replaced(example: Path) -> None:
    """A package that brings a `simple_limit` does not get its orders."""
    (example / "join_late-1.0.dist-info" / "entry_points.txt").write_text(
        "[depthwalk.algorithms]\nsimple_limit = join_late:SPEC\n", encoding="utf-8"
    )
    done = depthwalk(example, "--json", "-q", "execute", *ORDER, "--algo", "simple_limit")

    with sqlite3.connect(example / "test.sqlite") as database:
        (params,) = database.execute("SELECT params FROM execution_state").fetchone()
    database.close()
    assert "limit_rule" in params
    assert done.code in {0, 3}


@pytest.mark.parametrize(
    ("was", "becomes", "code"),
    [
        ("price=min(best, situation.cap)", "price=9_900", 1),  # beyond the cap
        ("return (situation.quantity,)", "return (situation.quantity, situation.quantity)", 1),  # more than was asked for
        ("        patient = ", "        assert situation.elapsed < 0.3\n        patient = ", 1),
    ],
)
def test_what_an_algorithm_does_wrong_costs_nothing(was: str, becomes: str, code: int, example: Path) -> None:
    """Denied or broken underway: nothing is bought past the order or the cap, nothing is left behind."""
    file = example / "join_late.py"
    text = file.read_text(encoding="utf-8")
    assert was in text
    file.write_text(text.replace(was, becomes), encoding="utf-8")
    done = depthwalk(example, "--json", "-q", "execute", *ORDER, "--algo", "join_late")

    assert code == done.code, done.err
    with sqlite3.connect(example / "test.sqlite") as database:
        (filled,) = database.execute("SELECT COALESCE(SUM(quantity_e2), 0) FROM trades").fetchone()
        (status,) = database.execute("SELECT status FROM execution_state").fetchone()
    database.close()
    assert (True, "failed") == (filled < 6_000, status)
    assert "settled" not in depthwalk(example, "execute", *ORDER, "--algo", "simple_limit").err


def test_a_package_that_is_gone_keeps_nothing_from_running(tmp_path: Path) -> None:
    """Its section is a fault for `config check`; whoever does not ask for it is not stopped by it, `recover` least of all."""
    config = tmp_path / "own.yaml"
    config.write_text("algorithms: {join_late: {patience: 0.5}}\n", encoding="utf-8")

    assert 0 == depthwalk(tmp_path, "--config", str(config), "recover").code
    checked = depthwalk(tmp_path, "--config", str(config), "config", "check")
    assert (2, True) == (checked.code, "line 1: algorithms.join_late: found an algorithm that is not installed" in checked.err)
    refused = depthwalk(tmp_path, "--config", str(config), "execute", *ORDER, "--algo", "join_late")
    assert (2, True) == (refused.code, "unknown algorithm 'join_late'" in refused.err)
