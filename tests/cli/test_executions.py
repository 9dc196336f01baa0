import json
from pathlib import Path

import pytest

from depthwalk.cli.main import main

_RUN = ["execute", "PAPER-LIQUID", "--time", "simulated", "--yes"]


@pytest.fixture
def ids(database_path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Run two executions, one of them with tags; return their ids, the latest first."""
    for count, tag in (("5", "desk=east"), ("10", "desk=west")):
        assert main(["--db", str(database_path), "-q", *_RUN, "--seed", "7", "--count", count, "--tag", tag]) == 0
    capsys.readouterr()
    main(["--db", str(database_path), "--json", "executions"])
    return [json.loads(line)["execution_id"] for line in capsys.readouterr().out.splitlines()]


def test_the_list_has_the_latest_first(ids: list[str], database_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON object a line, with tags; --limit cuts."""
    main(["--db", str(database_path), "--json", "executions", "list", "--limit", "1"])
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["execution_id"], row["requested"], row["tags"]) == (ids[0], "10.00", {"desk": "west"})


def test_no_command_lists(ids: list[str], database_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`executions` alone is `executions list`, as a table for people."""
    assert main(["--db", str(database_path), "executions"]) == 0
    text = capsys.readouterr().out
    assert [one[:8] for one in ids] == [line.split()[0] for line in text.splitlines()[1:]]


def test_an_environment_narrows_the_list(ids: list[str], database_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Environments are never mixed where one is named."""
    main(["--db", str(database_path), "--json", "--env", "demo", "executions"])
    assert (capsys.readouterr().out, len(ids)) == ("", 2)


def test_one_execution_is_shown_by_the_beginning_of_its_id(
    ids: list[str], database_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The summary, the decisions and the fills."""
    assert main(["--db", str(database_path), "executions", "show", ids[1][:10]]) == 0
    text = capsys.readouterr().out
    assert all(words in text for words in (ids[1], "slippage", "place", "taker"))


def test_one_execution_is_one_json_document(ids: list[str], database_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its result is the object that `execute --json` printed; its fills add up to it."""
    main(["--db", str(database_path), "--json", "executions", "show", ids[0]])
    found = json.loads(capsys.readouterr().out)
    assert found["execution_id"] == found["result"]["execution_id"] == ids[0]
    assert float(found["result"]["filled"]) == sum(float(fill["quantity"]) for fill in found["fills"])


def test_an_unknown_id_is_a_usage_error(database_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit 2."""
    assert main(["--db", str(database_path), "executions", "show", "nope"]) == 2
    assert capsys.readouterr().err.startswith("depthwalk: no execution 'nope'")


def test_a_damaged_database_is_a_usage_error(database_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not SQLite: one line, exit 2, the file is left as it is."""
    database_path.write_bytes(b"not a database, but long enough to be read as a header of one")
    for arguments in (["executions"], [*_RUN, "--count", "1"], ["paper", "markets"]):
        assert main(["--db", str(database_path), *arguments]) == 2
        captured = capsys.readouterr()
        assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert database_path.read_bytes().startswith(b"not a database")
