"""Writing runs down: what is written together, what is refused, what survives."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from depthwalk.domain.messages import AmendOrder, BookChanged, CancelOrder, Event, Finish, Intent, Look, Reason, WakeAt, Woke
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.units import Instant, Price, Quantity
from depthwalk.errors import StorageError
from depthwalk.ports import Journal
from depthwalk.storage.database import Database, open_database
from depthwalk.storage.executions import load_fills, load_journal, reopen
from depthwalk.storage.journal import ExecutionJournal, MemoryJournal
from tests.support.executions import BOOK, fill, small_run, start, stored, submit
from tests.support.results import START, parent, result


@pytest.fixture
def database(database_path: Path) -> Iterator[Database]:
    """Open a new database."""
    with open_database(database_path) as opened:
        yield opened


def _counts(database: Database) -> dict[str, int]:
    tables = ("order_book_snapshots", "journal", "trades", "split_orders", "execution_metrics")
    return {table: database.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables}  # noqa: S608 - our own names


@pytest.mark.parametrize("kind", ["memory", "database"])
def test_both_journals_keep_a_run_as_it_was(database: Database, kind: str) -> None:
    """The same run through the same door, in memory and on disk."""
    memory = MemoryJournal()
    journal: Journal = memory if kind == "memory" else ExecutionJournal.begin(database, start())
    for event, intents in small_run():
        journal.append(event, intents)
    journal.finish(result())

    kept = memory.entries if kind == "memory" else load_journal(database, start().execution_id)
    assert small_run() == kept
    assert (memory.result is None) == (kind == "database")


def test_an_execution_runs_until_it_is_finished(database: Database) -> None:
    """The state row is there before the first event and follows the events."""
    journal = ExecutionJournal.begin(database, start())
    journal.append(Woke(at=Instant(START + 7)), ())
    journal.append(Woke(at=Instant(START + 3)), ())

    row = database.rows("SELECT status, updated_at_us, finished_at_us FROM execution_state")[0]
    assert ("running", START + 7, None) == tuple(row)


def test_an_id_is_taken_once(database: Database) -> None:
    """Two executions never share a journal."""
    ExecutionJournal.begin(database, start())

    with pytest.raises(StorageError, match="UNIQUE"):
        ExecutionJournal.begin(database, start(seed=8))


def test_a_book_is_stored_once_with_the_event_that_brought_it(database: Database) -> None:
    """The journal refers to the row; the row has the totals and the venue's form."""
    journal = stored(database)
    journal.append(BookChanged(at=Instant(START + 10), book=BOOK, confirmed_at=Instant(START + 5)), ())

    row = database.rows("SELECT * FROM order_book_snapshots")[0]
    entry = database.rows("SELECT * FROM journal")[0]
    assert row["id"] == entry["snapshot_id"]
    assert "book" not in entry["payload"]
    assert (1, "PAPER-LIQUID", START + 5, START + 10, "paper", "synthetic") == tuple(row)[:6]
    assert ("[[4100,2500],[4000,100]]", "[[5800,500],[5650,70000]]", 2600, 70_500, 4100, 4200, 100) == tuple(row)[6:]


def test_a_fill_is_stored_with_its_event(database: Database) -> None:
    """One row a fill, with whose order it was."""
    stored(database, fill(1), fill(2, 4150, is_taker=False))

    assert [fill(1).fill, fill(2, 4150, is_taker=False).fill] == load_fills(database, start().execution_id)
    row = database.rows("SELECT * FROM fills")[0]
    assert (parent().child_id(1), "bid", 0.42, 5.0, 1) == (
        row["client_order_id"],
        row["side"],
        row["price"],
        row["quantity"],
        row["is_taker"],
    )


def test_a_fill_reported_again_counts_once(database: Database) -> None:
    """The journal has both reports, the trades have one fill."""
    stored(database, fill(1), fill(1))

    assert {"journal": 2, "trades": 1} == {key: count for key, count in _counts(database).items() if count}


def test_a_fill_that_contradicts_one_is_not_passed_over(database: Database) -> None:
    """The same id with another quantity or of another execution is an error, and nothing of it is written."""
    journal = stored(database, fill(1), environment="demo")
    other = stored(database, environment="demo", execution_id="other")

    with pytest.raises(StorageError, match="fill-1 is stored already"):
        journal.append(fill(1, quantity=600), ())
    with pytest.raises(StorageError, match="fill-1 is stored already"):
        other.append(fill(1), ())
    journal.append(fill(2), ())
    assert {"journal": 2, "trades": 2} == {key: count for key, count in _counts(database).items() if count}
    assert [0, 1] == [row["sequence"] for row in database.rows("SELECT sequence FROM journal")]


def test_embedded_exchanges_may_number_their_fills_alike(database: Database) -> None:
    """Two paper executions, and two environments, have fills of the same id: all are kept."""
    stored(database, fill(1))
    stored(database, fill(1), execution_id="second")
    stored(database, fill(1), execution_id="third", environment="demo")

    assert 3 == _counts(database)["trades"]


def test_a_failed_append_writes_nothing_and_can_be_repeated(database: Database) -> None:
    """Event, book, fill and intents go together or not at all."""
    journal = stored(database)
    bad = replace(fill(1), fill=replace(fill(1).fill, quantity=Quantity(2**70)))

    with pytest.raises(StorageError):
        journal.append(bad, (submit(),))
    assert {} == {key: count for key, count in _counts(database).items() if count}
    journal.append(fill(1), (submit(),))
    assert [(fill(1), (submit(),))] == load_journal(database, start().execution_id)


@pytest.mark.parametrize(
    ("durable", "event", "intents"),
    [
        (True, Woke(at=START), (submit(),)),
        (True, Woke(at=START), (AmendOrder(client_id="a", price=Price(4100), total=Quantity(5)),)),
        (True, Woke(at=START), (CancelOrder(client_id="a"),)),
        (True, Woke(at=START), (Finish(reason=Reason.HORIZON),)),
        (True, fill(1), ()),
        (False, Woke(at=START), (WakeAt(at=START, look=Look.BOOK),)),
        (False, BookChanged(at=START, book=BOOK, confirmed_at=START), ()),
    ],
)
def test_effects_and_fills_wait_for_the_disk(
    database: Database, durable: bool, event: Event, intents: tuple[Intent, ...]
) -> None:
    """A commit that matters is synchronous=FULL (2); a look at the book need not wait (1)."""
    stored(database).append(event, intents)

    assert (2 if durable else 1) == database.rows("PRAGMA synchronous")[0][0]


def test_the_end_of_a_run_waits_for_the_disk(database: Database) -> None:
    """What an execution came to is on the disk before anybody is told: synchronous=FULL (2), also after a mere look."""
    journal = stored(database)
    journal.append(Woke(at=START), (WakeAt(at=START, look=Look.BOOK),))
    journal.finish(result())

    assert 2 == database.rows("PRAGMA synchronous")[0][0]


def test_a_killed_process_loses_nothing(database_path: Path) -> None:
    """What append has returned from is there after the process is gone without a word."""
    code = (
        "import os; from pathlib import Path\n"
        "from depthwalk.storage.database import open_database\n"
        "from tests.support.executions import small_run, stored\n"
        f"journal = stored(open_database(Path({str(database_path)!r})))\n"
        "for event, intents in small_run(): journal.append(event, intents)\n"
        "os._exit(9)\n"
    )
    died = subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2])

    assert 9 == died.returncode
    with open_database(database_path) as database:
        assert small_run() == load_journal(database, start().execution_id)


def test_a_reopened_journal_carries_on(database: Database) -> None:
    """After a crash the next entry follows the last one."""
    run = small_run()
    first = stored(database)
    first.append(*run[0])
    for event, intents in run[1:]:
        reopen(database, start().execution_id).append(event, intents)

    assert run == load_journal(database, start().execution_id)
    assert start() == reopen(database, start().execution_id).start


def test_finishing_again_replaces_the_end(database: Database) -> None:
    """A settled execution may end better than it first seemed."""
    journal = stored(database)
    journal.finish(result())
    journal.finish(result(splits=result().splits[:1], walks=1))

    assert (1, 1) == (_counts(database)["split_orders"], _counts(database)["execution_metrics"])
    assert 1 == database.rows("SELECT walks FROM executions")[0]["walks"]


def test_a_result_of_another_execution_is_refused(database: Database) -> None:
    """Neither another id nor another environment ends this one."""
    journal = stored(database)

    for wrong in (result(execution_id="other"), result(environment="live")):
        with pytest.raises(StorageError, match="does not belong"):
            journal.finish(wrong)
    assert "running" == database.rows("SELECT status FROM execution_state")[0]["status"]


def test_the_side_of_a_fill_is_of_the_yes_leg(database: Database) -> None:
    """Buying NO is selling YES; the view shows both prices."""
    stored(database, fill(1, 4200), parent=parent(outcome=Outcome.NO, action=Action.BUY))

    row = database.rows("SELECT side, price, outcome_price FROM fills")[0]
    assert ("ask", 0.42, 0.58) == tuple(row)
