"""Files beside a result: refused early, written whole, what was there kept until then."""

import errno
import os
from pathlib import Path
from typing import TextIO

import pytest

from depthwalk.cli.output_file import OutputFile, check_apart, output_file
from depthwalk.errors import UsageError


def _file(flag: str, path: Path) -> OutputFile:
    file = output_file(flag, path)
    assert file is not None
    return file


def test_a_file_is_there_once_it_is_written(tmp_path: Path) -> None:
    """Until then there is what was there before; nothing else is left beside it."""
    path = tmp_path / "out.csv"
    path.write_text("before")
    path.chmod(0o640)
    file = _file("--csv", path)
    assert path.read_text() == "before"
    file.write(lambda stream: stream.write("after\n"))
    assert path.read_bytes() == b"after\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [path] == list(tmp_path.iterdir())


def test_nothing_lies_about_before_it_is_written(tmp_path: Path) -> None:
    """Whoever is killed half-way leaves no draft."""
    _file("--csv", tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("a fault of ours")])
def test_what_was_not_written_whole_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    """Whatever stopped it."""

    def half(stream: TextIO) -> None:
        stream.write("half")
        raise error

    with pytest.raises(type(error)):
        _file("--csv", tmp_path / "out.csv").write(half)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_is_said_and_keeps_what_was_there(tmp_path: Path) -> None:
    """The draft alone is lost."""
    path = tmp_path / "out.csv"
    path.write_text("before")

    def full(_: TextIO) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(UsageError, match=r"--csv .*out.csv: cannot be written \(No space left on device\)"):
        _file("--csv", path).write(full)
    assert path.read_text() == "before"
    assert [path] == list(tmp_path.iterdir())


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What it points to is replaced."""
    real, link = tmp_path / "real", tmp_path / "link"
    link.symlink_to(real)
    _file("--csv", link).write(lambda stream: stream.write("x"))
    assert link.is_symlink()
    assert real.read_text() == "x"


def test_where_nothing_can_be_written_is_refused_at_once(tmp_path: Path) -> None:
    """Before an hour of work."""
    with pytest.raises(UsageError, match=r"--html .*: is a folder"):
        output_file("--html", tmp_path)
    with pytest.raises(UsageError, match=r"--html .*: cannot be written there"):
        output_file("--html", tmp_path / "missing" / "out.html")


def test_what_is_no_regular_file_is_not_replaced_by_one(tmp_path: Path) -> None:
    """A pipe stays a pipe; of root's /dev/null nothing less is asked."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(UsageError, match=r"--csv .*pipe: is no regular file"):
        output_file("--csv", pipe)
    assert pipe.is_fifo()


def test_two_flags_do_not_name_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However it is written: the second would replace the first."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"--csv and --html name one file, .*out"):
        check_apart(csv=Path("out"), html=tmp_path / "out")
    check_apart(csv=Path("out.csv"), html=Path("out.html"))
    check_apart(csv=None, html=None)


def test_no_file_is_no_file() -> None:
    """The flag was not given."""
    assert output_file("--csv", None) is None
