"""Who may drive an execution: one process, one execution in a market, so many at once; and what the others are told."""

from pathlib import Path

import pytest

from depthwalk.assembly.ownership import Claim, Ownership, claim_of, own, owner
from depthwalk.config import Config, ExecutionConfig
from depthwalk.errors import Refused
from tests.support.executions import start
from tests.support.results import START

TWO = Config(execution=ExecutionConfig(max_concurrent_executions=2))
SCOPE = "live a-host a-key"
DATABASE = Path("depthwalk.sqlite")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the database in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)


def claim(number: int = 1, *, ticker: str = "T", scope: str | None = SCOPE) -> Claim:
    """Return the claim of the execution *number*."""
    return Claim(
        database=DATABASE, execution_id=f"{number:032x}", ticker=ticker, scope=scope, command=f"depthwalk execute {ticker}"
    )


def take(wanted: Claim, config: Config | None = TWO) -> Ownership:
    """Own it, as an execution does."""
    return own(wanted, now=START, config=config)


def test_one_execution_at_a_time_in_a_market() -> None:
    """Whatever its side: the second is told which one holds it, and gets it when that has ended."""
    first = take(claim(1))

    with pytest.raises(Refused, match=r"T is being traded by `depthwalk execute T` \(process \d+, execution 00000000"):
        take(claim(2))
    first.release(ended=True)
    take(claim(2)).release(ended=True)


def test_nobody_drives_an_execution_twice() -> None:
    """The lock of the execution itself, also where its market is not asked for."""
    first = take(claim(1))
    with pytest.raises(Refused, match="execution 00000000 is driven by"):
        own(claim(1, scope=None), now=START)
    first.release(ended=False)


@pytest.mark.parametrize(
    "other",
    [claim(2, ticker="U"), claim(2, scope="demo a-host a-key"), claim(2, scope="live a-host another"), claim(2, scope=None)],
    ids=["another market", "another environment", "another key", "an account of its own"],
)
def test_others_are_not_in_the_way(other: Claim) -> None:
    """Another market, environment or account has nothing to do with it."""
    first, second = take(claim(1)), take(other)
    assert owner(DATABASE, other.execution_id) is not None
    second.release(ended=True)
    first.release(ended=True)


def test_so_many_at_once_and_no_more() -> None:
    """The limit and who fills it are named; one that ends makes room; each knows how many share the budget."""
    first, second = take(claim(1, ticker="A")), take(claim(2, ticker="B"))
    assert (1, 2) == (first.running, second.running)

    with pytest.raises(Refused, match=r"max_concurrent_executions is 2.*on A .*on B "):
        take(claim(3, ticker="C"))
    first.release(ended=True)
    third = take(claim(3, ticker="C"))
    # Recovering is not counted.
    take(claim(4, ticker="D"), config=None).release(ended=True)
    third.release(ended=True)
    second.release(ended=True)


@pytest.mark.parametrize("refusal", ["its market", "a slot"])
def test_a_refusal_leaves_nothing_held(refusal: str) -> None:
    """What was taken before the refusal is free again, the execution's own lock too."""
    held = [take(claim(1, ticker="A")), take(claim(2, ticker="B"))]
    wanted = claim(3, ticker="A" if refusal == "its market" else "C")
    with pytest.raises(Refused):
        take(wanted)
    assert owner(DATABASE, wanted.execution_id) is None
    for each in held:
        each.release(ended=True)
    take(wanted).release(ended=True)


def test_an_ended_execution_leaves_no_file() -> None:
    """Locks of executions do not pile up; one that may be driven again keeps its own."""

    def names() -> list[str]:
        return sorted(each.name for each in Path("depthwalk.sqlite.locks").glob("0*"))

    take(claim(1)).release(ended=True)
    assert [] == names()
    take(claim(1)).release(ended=False)
    assert 1 == len([name for name in names() if name.endswith(".lock")])


def test_the_scope_is_the_account(tmp_path: Path) -> None:
    """Embedded: the database, however it is named. Elsewhere: host and key, whatever the database. Seeded or alone: none."""
    there = tmp_path / "a.sqlite"
    (tmp_path / "link.sqlite").symlink_to(there)

    def scope(path: Path, *, alone: bool = False, **changes: object) -> str | None:
        return claim_of(start(**changes), path, "x", alone=alone).scope

    assert scope(there) == scope(tmp_path / "link.sqlite") == scope(tmp_path / "x" / ".." / "a.sqlite")
    assert scope(there) != scope(tmp_path / "b.sqlite")
    live = {"environment": "live", "venue": "host", "account": "key"}
    assert scope(there, **live) == scope(tmp_path / "b.sqlite", **live)
    assert scope(there, **live) != scope(there, **live | {"account": "other"})
    assert scope(there, fresh_account=True) is scope(there, alone=True) is None
