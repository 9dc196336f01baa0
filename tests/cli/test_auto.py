"""`execute --algo auto` and `executions show` of it, on the embedded paper exchange."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from depthwalk.analysis.routing import draw_of
from depthwalk.cli.main import main

WALKER = "dynamic_depth_walker"
RUN = ["execute", "PAPER-MODERATE", "--count", "20", "--algo", "auto", "--time", "simulated", "--seed", "7", "--yes"]


def _main(folder: Path, rollout: str, *arguments: str) -> int:
    config = folder / "c.yaml"
    config.write_text(f"rollout: {rollout}\n", encoding="utf-8")
    return main(["--config", str(config), "--db", str(folder / "test.sqlite"), "-q", *arguments])


def _ran(folder: Path, rollout: str, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    """Execute, and return the object of `executions show`."""
    assert _main(folder, rollout, "--json", *RUN, *more) in {0, 3}
    done = json.loads(capsys.readouterr().out)
    assert "routing" not in done  # its keys are the design's
    assert 0 == _main(folder, rollout, "--json", "executions", "show", done["execution_id"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["algorithm"] == done["algorithm"]
    return found


def test_the_draw_of_its_id_decides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Share 1, 0 and between: who runs, with class, share and draw; also as a view for other tools."""
    for rollout, share in (("{share: 1}", 1), ("{share: 0}", 0), *[("{share: 0.5}", 0.5)] * 3):
        found = _ran(tmp_path, rollout, capsys)
        draw = draw_of(found["execution_id"]) / 1_000_000
        assert found["routing"] == {
            "algorithm": found["algorithm"],
            "control": "simple_limit",
            "candidate": WALKER,
            "liquidity_category": found["routing"]["liquidity_category"],
            "share": share,
            "draw": draw,
        }
        assert found["algorithm"] == (WALKER if draw < share else "simple_limit")
        assert found["routing"]["liquidity_category"] in {"thin", "moderate", "liquid"}
        assert found["decisions"][0]["why"].startswith(f"auto: {found['algorithm']}, as the draw ")
        with closing(sqlite3.connect(tmp_path / "test.sqlite")) as database:
            row = database.execute(
                "SELECT share, draw, arm, algorithm FROM routings WHERE execution_id = ?", (found["execution_id"],)
            ).fetchone()
        assert row == (share, draw, "candidate" if draw < share else "control", found["algorithm"])


def test_it_is_shown_to_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was drawn and against what; nothing of it for an algorithm that was named."""
    found = _ran(tmp_path, "{share: 1}", capsys, "--timeout", "5")
    assert 0 == _main(tmp_path, "{share: 1}", "executions", "show", found["execution_id"])
    shown = " ".join(capsys.readouterr().out.split())
    assert f"drawn {WALKER}, as the draw 0." in shown
    assert f"is below the share 1 of a {found['routing']['liquidity_category']} book; the other was simple_limit" in shown

    named = _ran(tmp_path, "{share: 1}", capsys, "--timeout", "5", "--algo", "simple_limit")
    assert (None, "simple_limit") == (named["routing"], named["algorithm"])
    assert 0 == _main(tmp_path, "{share: 1}", "executions", "show", named["execution_id"])
    assert "drawn" not in capsys.readouterr().out


def test_what_ran_instead_is_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the API budget does not hold the one drawn: the arm stays the drawn one, so that arms remain comparable."""
    found = _ran(tmp_path, "{share: 1}\nrate_limit: {calls_per_minute: 90}", capsys)
    assert ("simple_limit", WALKER) == (found["algorithm"], found["routing"]["algorithm"])
    notes = [each["why"] for each in found["decisions"]][:2]
    assert [True, True] == [notes[0].startswith(f"auto: {WALKER}"), notes[1].startswith(f"no API budget for {WALKER}")]
    assert 0 == _main(tmp_path, "{share: 1}", "executions", "show", found["execution_id"])
    assert "simple_limit ran instead" in " ".join(capsys.readouterr().out.split())


def test_what_cannot_be_drawn_begins_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit 2, and no execution in the database."""
    assert 2 == _main(tmp_path, "{share: 1}", *RUN, "--method", "aggressive_nfl_advanced")
    captured = capsys.readouterr()
    assert ("", 1) == (captured.out, captured.err.count("\n"))
    assert "--algo auto draws the algorithm" in captured.err
    assert 0 == _main(tmp_path, "{share: 1}", "--json", "executions")
    assert "" == capsys.readouterr().out


def test_the_cash_is_held_against_the_one_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """8 dollars carry 100 contracts at the one's cap of 6 cents, and not at the other's of 10."""
    sections = "algorithms: {simple_limit: {max_slippage: 0}, dynamic_depth_walker: {max_slippage: 1}}"
    order = ["execute", "PAPER-MODERATE", "--count", "100", "--target", "0.05", "--algo", "auto", "--time", "simulated"]
    assert 0 == _main(tmp_path, "{}", "paper", "reset", "--cash", "8", "--yes")
    for share, code in ((0, 3), (1, 4)):
        assert code == _main(tmp_path, f"{{share: {share}}}\n{sections}", *order)
    assert "has 8.000000 dollars: 100.00 contracts at 0.1000 take 10." in capsys.readouterr().err
