"""`depthwalk lab compare --books` as its user runs it: a recording replayed, files beside it, refusals in one line."""

import csv
from pathlib import Path

import pytest

from tests.support.command import depthwalk_here
from tests.support.kept_books import kept_books

FEW = ("lab", "compare", "--algos", "simple_limit,dynamic_depth_walker", "--jobs", "1")


def test_a_recording_is_replayed(tmp_path: Path) -> None:
    """Both queue models, the same windows for every arm; the same numbers again; a row a trial with its market."""
    books, path = kept_books(tmp_path / "books.jsonl"), tmp_path / "trials.csv"
    arguments = ("--json", *FEW, "--books", books, "--size-of-touch", "0.4")
    found = depthwalk_here(*arguments, "--csv", path, folder=tmp_path)
    assert (0, "") == (found.code, found.err)
    assert found.object == depthwalk_here(*arguments, folder=tmp_path).object
    assert found.object["source"] == "replay"
    assert found.object["replay"]["windows"] == 5
    assert ["replay, risk-averse", "replay, probabilistic"] == [cell["world"] for cell in found.object["cells"]]
    for cell in found.object["cells"]:
        assert (5, 1, 0) == (cell["seeds"], cell["clusters"], cell["above_touch"])
        assert cell["quantity"] == {"least": "2.00", "most": "2.00"}
        assert cell["arms"]["simple_limit"]["takes_beyond"] == 0
        assert cell["arms"]["dynamic_depth_walker"]["against_baseline"]["verdict"] == "too few windows"
    with path.open(newline="", encoding="utf-8") as file:
        assert {"T"} == {row["market"] for row in csv.DictReader(file)}


def test_the_screen_and_the_page_say_that_it_is_a_replay(tmp_path: Path) -> None:
    """With what the recording lacks on standard error, but not where it should be quiet."""
    books, path = kept_books(tmp_path / "books.jsonl", without=range(200, 280)), tmp_path / "page.html"
    ended = depthwalk_here(*FEW, "--books", books, "--count", "20", "--html", path, folder=tmp_path)
    assert ended.code == 0
    assert "books.jsonl, book 21: T at 2026-07-01T12:03:10.000000Z: nothing is known for 90 s" in ended.err
    assert "each asks for 20.00 contracts" in " ".join(ended.out.split())
    assert "do not answer to our orders" in " ".join(ended.out.split())
    assert "Recorded books do not answer" in path.read_text(encoding="utf-8")
    assert depthwalk_here("-q", *FEW, "--books", books, folder=tmp_path).err == ""


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--books", "BOOKS", "--classes", "thin"], "--classes is for invented markets, and --books replays recorded ones"),
        (["--books", "BOOKS", "--world", "base"], "--world is for invented markets"),
        (["--books", "BOOKS", "--runs", "200"], "--runs is for invented markets"),
        (["--books", "BOOKS", "--seed", "0"], "--seed is for invented markets"),
        (["--books", "BOOKS", "--mark-outs"], "--mark-outs is for invented markets"),
        (["--every", "60"], "--every replays recordings, and --books names none"),
        (["--count", "5"], "--count replays recordings, and --books names none"),
        (["--size-of-touch", "1.0"], "--size-of-touch replays recordings, and --books names none"),
        (["--take-share", "0.5"], "--take-share replays recordings, and --books names none"),
        (["--strict-takes"], "--strict-takes replays recordings, and --books names none"),
        (["--books", "BOOKS", "--count", "5", "--size-of-touch", "1"], "--size-of-touch and --count exclude each other"),
        (["--books", "BOOKS", "--every", "0"], "--every: '0' is not a time span"),
        (["--books", "BOOKS", "--size-of-touch", "0"], "--size-of-touch: '0' is not a number of more than 0"),
        (["--books", "BOOKS", "--size-of-touch", "1/3"], "--size-of-touch: '1/3' is not a number of more than 0"),
        (["--books", "BOOKS", "--count", "0"], "--count: count '0' is not more than 0"),
        (["--books", "BOOKS", "--take-share", "1.1"], "--take-share: '1.1' is not a number from 0 to 1"),
        (["--books", "BOOKS", "--take-share", "0"], "--take-share: 0 would flag every order that takes"),
        (["--books", "nowhere"], "nowhere: cannot be read"),
        (["--books", "SHORT"], "no moment to decide at in 1 recorded stretches"),
        (["--books", "pyproject.toml"], "pyproject.toml, line 1: not a recording of order books"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path: Path, arguments: list[str], line: str) -> None:
    """Exit code 2, nothing on standard output, no traceback."""
    known = {"BOOKS": kept_books(tmp_path / "b.jsonl"), "SHORT": kept_books(tmp_path / "s.jsonl", length=30)}
    ended = depthwalk_here(*FEW, *(known.get(each, each) for each in arguments), folder=tmp_path)
    assert (2, "") == (ended.code, ended.out)
    assert line in ended.err
    assert ended.err.count("\n") == 1
