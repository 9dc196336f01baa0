"""Which executions are evidence, and what the database says of each."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from depthwalk.domain.messages import Finish, Reason
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.result import ExecutionResult, LiquidityClass, Status
from depthwalk.domain.units import SECOND, Instant, Price, Quantity
from depthwalk.errors import StorageError
from depthwalk.storage import report_rows
from depthwalk.storage.database import Database, open_database
from depthwalk.storage.journal import ExecutionJournal
from depthwalk.storage.report_rows import load_evidence
from tests.support import executions, results
from tests.support.measured import made_up, store

SINCE = Instant(results.START - 3600 * SECOND)


@pytest.fixture
def database(database_path: Path) -> Iterator[Database]:
    """Return an open, empty database."""
    with open_database(database_path) as opened:
        yield opened


def _result(number: int, **changes: Any) -> ExecutionResult:
    identity = f"{number:032x}"
    parent = results.parent(parent_id=identity, **changes.pop("parent", {}))
    return replace(results.result(), execution_id=identity, parent=parent, **changes)


def test_a_row_is_what_was_stored(database: Database) -> None:
    """Field by field, in exact units; absent stays None."""
    store(database, results.result())
    (row,) = load_evidence(database, environment="paper", since=SINCE).rows
    result = results.result()
    assert result.arrival is not None
    assert (result.parent.quantity, result.filled, result.maker_filled) == (row.requested, row.filled, row.maker_filled)
    assert (8_300, result.arrival.depths.within_3, LiquidityClass.LIQUID) == (row.mid_twice, row.depth, row.liquidity)
    assert result.shortfall.total == row.shortfall
    assert (result.shortfall.spread, result.shortfall.drift, result.shortfall.opportunity, result.shortfall.fees) == (
        row.spread, row.drift, row.opportunity, row.fees,
    )  # fmt: skip
    assert (result.time_to_first_fill, None, result.total_time) == (row.first_fill, row.full_fill, row.total_time)
    assert (3, 23, 210, 84, 40.0, {"desk": "east"}) == (
        row.walks, row.calls, row.read_tokens, row.write_tokens, row.timeout, row.tags,
    )  # fmt: skip

    store(database, replace(results.nothing_filled(), execution_id="b", parent=results.parent(parent_id="b")))
    blind = load_evidence(database, environment="paper", since=SINCE).rows[-1]
    assert (None, None, None, None, None) == (
        blind.mid_twice, blind.liquidity, blind.shortfall, blind.slippage_percent, blind.first_fill,
    )  # fmt: skip


def test_only_one_environment_is_read(database: Database) -> None:
    """Paper and live are never mixed."""
    for number, environment in enumerate(("paper", "live", "paper", "demo")):
        store(database, _result(number, environment=environment))
    found = {name: len(load_evidence(database, environment=name, since=SINCE).rows) for name in ("paper", "live", "demo")}
    assert {"paper": 2, "live": 1, "demo": 1} == found


def test_what_is_not_evidence_is_counted(database: Database) -> None:
    """Hybrid books, refusals, unknown outcomes, unfinished and older executions."""
    store(database, _result(1))
    store(database, _result(2, source="hybrid"))
    store(database, _result(3, status=Status.REFUSED, finish=Finish(reason=Reason.REFUSED)))
    store(database, _result(4, status=Status.UNKNOWN, finish=Finish(reason=Reason.IN_DOUBT)))
    ExecutionJournal.begin(database, executions.start(execution_id="run", parent=results.parent(parent_id="run")))
    for number in (5, 6):
        store(database, _result(number, started_at=Instant(SINCE - 1)))
    found = load_evidence(database, environment="paper", since=SINCE)
    assert (1, 1, 1, 1, 2) == (len(found.rows), found.hybrid, found.refused, found.unfinished, found.earlier)
    assert (f"{4:032x}",) == found.unknown


def test_seeded_runs_count_whenever_they_pretend_to_be(database: Database) -> None:
    """They take place at an epoch of their own; no span of days can mean them."""
    store(database, _result(1, started_at=Instant(SINCE - 10**12), seed=7), fresh_account=True)
    store(database, _result(2, started_at=Instant(SINCE - 10**12), seed=7))
    store(database, _result(3))
    found = load_evidence(database, environment="paper", since=SINCE)
    assert ([f"{1:032x}", f"{3:032x}"], 1, 1) == ([row.execution_id for row in found.rows], found.undated, found.earlier)


def test_the_order_is_that_of_time_not_of_writing(database: Database) -> None:
    """So the numbers of a report do not hang on how the file came about."""
    for number, seconds in enumerate((30, 10, 20)):
        store(database, _result(number, started_at=results.after(seconds)))
    rows = load_evidence(database, environment="paper", since=SINCE).rows
    assert [10, 20, 30] == [(row.started_at - results.START) // SECOND for row in rows]


@pytest.mark.parametrize(
    ("outcome", "action", "yes_price", "breach"),
    [
        (Outcome.YES, Action.BUY, 4_300, False),
        (Outcome.YES, Action.BUY, 4_301, True),
        (Outcome.YES, Action.SELL, 4_300, False),
        (Outcome.YES, Action.SELL, 4_299, True),
        # The cap is in the user's prices: NO at 0.43 is YES at 0.57.
        (Outcome.NO, Action.BUY, 5_700, False),
        (Outcome.NO, Action.BUY, 5_699, True),
        (Outcome.NO, Action.SELL, 5_700, False),
        (Outcome.NO, Action.SELL, 5_701, True),
    ],
)
def test_a_fill_beyond_the_cap_is_found(
    database: Database, outcome: Outcome, action: Action, yes_price: int, *, breach: bool
) -> None:
    """Dearer for a buyer, cheaper for a seller, in the user's own prices."""
    result = _result(1, parent={"outcome": outcome, "action": action})
    journal = ExecutionJournal.begin(database, executions.start(execution_id=result.execution_id, parent=result.parent))
    journal.append(executions.fill(1, yes_price), ())
    journal.finish(replace(result, arrival=results.arrival(cap=Price(4_300))))
    found = load_evidence(database, environment="paper", since=SINCE)
    assert ((result.execution_id,) if breach else ()) == found.beyond_cap
    assert () == found.overfilled


def test_an_overfill_is_found_also_where_the_run_never_ended(database: Database) -> None:
    """Measuring it raises, so it stays without a result: its fills tell."""
    journal = ExecutionJournal.begin(database, executions.start())
    journal.append(executions.fill(1, quantity=6_000), ())
    journal.append(executions.fill(2, quantity=4_000), ())
    assert () == load_evidence(database, environment="paper", since=SINCE).overfilled
    journal.append(executions.fill(3, quantity=1), ())
    assert (executions.start().execution_id,) == load_evidence(database, environment="paper", since=SINCE).overfilled
    store(database, _result(8, filled=Quantity(10_001)))
    assert f"{8:032x}" in load_evidence(database, environment="paper", since=SINCE).overfilled


def test_rows_are_found_by_index(database: Database) -> None:
    """However long the history, only the asked span is read, and fills by their execution."""
    plan = database.rows(f"EXPLAIN QUERY PLAN {report_rows._ROWS}", ("paper", SINCE))
    steps = [row["detail"] for row in plan]
    assert not [step for step in steps if step.startswith("SCAN")]
    assert 2 == sum("execution_state_by_start" in step for step in steps)


def test_a_row_that_cannot_be_read_names_its_execution(database: Database) -> None:
    """Written by something else: said, not skipped."""
    result = made_up(1, random.Random(1), started_at=results.START)
    store(database, result)
    with database.transaction(durable=False) as connection:
        connection.execute("UPDATE execution_state SET liquidity = 'oily'")
    with pytest.raises(StorageError, match=f"execution {result.execution_id} cannot be read"):
        load_evidence(database, environment="paper", since=SINCE)
