import json
from pathlib import Path

import pytest

from depthwalk.cli.main import main


def _markets(database_path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert main(["--db", str(database_path), "--json", "paper", "markets"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_the_markets_are_listed(database_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The three classes, and the cash of the account."""
    assert main(["--db", str(database_path), "paper", "markets"]) == 0
    text = capsys.readouterr().out
    assert all(words in text for words in ("PAPER-THIN", "PAPER-MODERATE", "PAPER-LIQUID", "cash $"))


def test_a_reset_starts_afresh(database_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Positions go, the cash is as asked; --json says so in one object."""
    main(["--db", str(database_path), "-q", "execute", "PAPER-LIQUID", "--count", "5", "--time", "simulated"])
    capsys.readouterr()
    before = _markets(database_path, capsys)
    assert main(["--db", str(database_path), "--json", "paper", "reset", "--cash", "250.5", "--yes"]) == 0
    assert json.loads(capsys.readouterr().out) == {"cash": "250.500000"}
    after = _markets(database_path, capsys)
    assert before != after
    assert after["cash"] == "250.500000"


def test_a_reset_asks_first(database_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --yes and without a terminal nothing is reset, exit 4."""
    assert main(["--db", str(database_path), "paper", "reset"]) == 4
    assert "--yes" in capsys.readouterr().err


@pytest.mark.parametrize("cash", ["-1", "lots", "1e6"])
def test_impossible_cash_is_refused(cash: str, database_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit 2."""
    assert main(["--db", str(database_path), "paper", "reset", "--yes", "--cash", cash]) == 2
    assert capsys.readouterr().err.startswith("depthwalk: --cash: ")
