"""Executions that have not ended: found, asked to end, closed when nothing was ever sent."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from depthwalk.domain.messages import Reason
from depthwalk.domain.result import Status
from depthwalk.domain.units import Instant
from depthwalk.storage.database import Database, open_database
from depthwalk.storage.executions import load_execution
from depthwalk.storage.journal import ExecutionJournal
from depthwalk.storage.unfinished import abandon, ask_to_end, asked_to_end, unfinished
from tests.support.executions import start
from tests.support.results import START, result

ONE, TWO = "1" * 32, "2" * 32


@pytest.fixture
def database(database_path: Path) -> Iterator[Database]:
    """Open a database with two executions that run, one of them on demo."""
    with open_database(database_path) as opened:
        ExecutionJournal.begin(opened, start(execution_id=ONE))
        ExecutionJournal.begin(opened, start(execution_id=TWO, environment="demo", account="a key", venue="a host"))
        yield opened


def ids(database: Database, **conditions: str) -> list[str]:
    """Return the ids of those that have not ended."""
    return [found.start.execution_id for found in unfinished(database, **conditions)]


def test_the_oldest_first_and_as_narrow_as_asked(database: Database) -> None:
    """All of them; of one environment, one account, one market."""
    assert [ONE, TWO] == ids(database)
    assert [TWO] == ids(database, environment="demo")
    assert [TWO] == ids(database, account="a key")
    assert [ONE, TWO] == ids(database, ticker=start().parent.ticker)
    assert [] == ids(database, ticker="ANOTHER")


def test_where_it_went_is_kept(database: Database) -> None:
    """Venue and account come back as they were, and say that nothing was reserved."""
    found = unfinished(database, environment="demo")[0].start
    assert ("a host", "a key", 0) == (found.venue, found.account, found.reserved)


@pytest.mark.parametrize(("status", "open_"), [(Status.UNKNOWN, True), (Status.CANCELED, False), (Status.FILLED, False)])
def test_one_in_doubt_has_not_ended(database_path: Path, status: Status, open_: bool) -> None:
    """An unknown outcome is unfinished business; every other ending is an end."""
    ended = result(status=status)
    with open_database(database_path) as database:
        ExecutionJournal.begin(database, start(execution_id=ended.execution_id)).finish(ended)
        assert ([ended.execution_id] if open_ else []) == ids(database)
        assert open_ is ask_to_end(database, ended.execution_id, START)


def test_the_owner_finds_the_wish(database: Database) -> None:
    """Asked of one execution, seen of that one alone."""
    assert not asked_to_end(database, ONE)
    assert ask_to_end(database, ONE, START)
    assert (True, False) == (asked_to_end(database, ONE), asked_to_end(database, TWO))
    assert not ask_to_end(database, "3" * 32, START)


def test_what_never_acted_is_closed_without_a_result(database: Database) -> None:
    """Canceled, recovered, with the reason in words; closing it again changes nothing."""
    abandon(database, ONE, at=Instant(START + 5), detail="nothing was sent")
    abandon(database, ONE, at=Instant(START + 9), detail="again")

    found = load_execution(database, ONE)
    assert (Status.CANCELED, Reason.RECOVERED, "nothing was sent") == (
        found.summary.status,
        found.summary.reason,
        found.summary.detail,
    )
    assert START + 5 == found.summary.finished_at
    assert [TWO] == ids(database)
