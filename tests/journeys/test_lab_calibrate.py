"""`depthwalk lab calibrate` as its user runs it: a table, a file that `lab compare` takes, and refusals in one line."""

from pathlib import Path

from tests.assembly.test_calibrating import _shapes
from tests.support.command import depthwalk_here


def test_from_a_recording_to_a_comparison(tmp_path: Path) -> None:
    """The class that comes of a recording is traded in by its file."""
    shapes, out = _shapes(tmp_path / "shapes.jsonl"), tmp_path / "mine.yaml"
    arguments = ("lab", "calibrate", shapes, "--assume", "moderate", "--effort", "0.01", "--out", out, "--count", "30")
    ended = depthwalk_here(*arguments, folder=tmp_path)
    assert 0 == ended.code
    assert "mine: " in ended.out
    assert "assumed, as in moderate" in ended.out
    assert "The usual order is 30 contracts." in ended.out
    compare = ("--json", "lab", "compare", "--classes", out, "--algos", "simple_limit", "--runs", "2", "--jobs", "1")
    compared = depthwalk_here(*compare, folder=tmp_path)
    assert (0, ["mine"]) == (compared.code, [cell["class"] for cell in compared.object["cells"]])


def test_what_is_not_identified_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    """Exit code 2, the names and the remedy; no file."""
    out = tmp_path / "mine.yaml"
    ended = depthwalk_here("lab", "calibrate", _shapes(tmp_path / "shapes.jsonl"), "--out", out, folder=tmp_path)
    assert (2, "", False) == (ended.code, ended.out, out.exists())
    assert "the recording does not identify provider_rate, provider_life, volatility" in ended.err
    assert "`--assume CLASS` takes those from a class" in ended.err
    assert ended.err.startswith("depthwalk: the recording does not identify")
    assert 1 == ended.err.count("\n")


def test_a_file_that_cannot_be_written_is_refused_first(tmp_path: Path) -> None:
    """Before minutes of simulation."""
    ended = depthwalk_here("lab", "calibrate", "none.jsonl", "--out", tmp_path / "no" / "x.yaml", folder=tmp_path)
    assert 2 == ended.code
    assert "--out" in ended.err
