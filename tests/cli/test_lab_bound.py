"""`depthwalk lab bound` as its user runs it: its object, its table, its refusals."""

from pathlib import Path

import pytest

from tests.support.command import Ended, depthwalk_here


def _bound(tmp_path: Path, *arguments: str) -> Ended:
    return depthwalk_here("lab", "bound", "--classes", "thin", "--jobs", "1", *arguments, folder=tmp_path)


def test_the_object_has_the_arms_and_the_bounds_of_every_class_and_world(tmp_path: Path) -> None:
    """The baseline goes in front."""
    asked = ("--runs", "3", "--seed", "5", "--world", "base,calm", "--algos", "three_level", "--side", "no", "--json")
    first = _bound(tmp_path, *asked)
    assert (0, ["base", "calm"]) == (first.code, [cell["world"] for cell in first.object["cells"]])
    names = ["simple_limit", "three_level", "best limit", "best limit, net", "clairvoyant"]
    assert [names, names] == [list(cell["arms"]) for cell in first.object["cells"]]
    assert ("simple_limit", 3, 5, "no") == tuple(first.object[key] for key in ("baseline", "runs", "first_seed", "side"))


def test_the_table_goes_to_standard_output_and_nothing_else_does(tmp_path: Path) -> None:
    """-q shows no progress."""
    ended = _bound(tmp_path, "--runs", "1", "-q")
    assert (0, "") == (ended.code, ended.err)
    assert ended.out.startswith("thin in world base  buy YES, N 40.00")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--world", "mars"), "unknown world 'mars'"),
        (("--algos", "simple_limt"), "did you mean simple_limit?"),
        (("--runs", "0"), "--runs"),
        (("--seed", "9007199254740992"), "--seed"),
        (("--classes", "thick"), "thick"),
        (("--classes", "thin,thin"), "named twice"),
        (("--jobs", "1", "--cluster", "tcp://127.0.0.1:1"), "exclude each other"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    """Exit code 2, nothing on standard output, and what is wrong with which flag."""
    ended = _bound(tmp_path, *arguments)
    assert (2, "") == (ended.code, ended.out)
    assert words in ended.err
    assert 1 == ended.err.count("\n")
