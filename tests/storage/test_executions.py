"""Reading executions back, and the views that other tools read."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from depthwalk.domain.messages import Reason
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.result import Arrival, ExecutionResult, LiquidityClass, Status
from depthwalk.domain.units import Instant, Money, Price, Quantity
from depthwalk.errors import StorageError, UsageError
from depthwalk.storage.database import Database, open_database
from depthwalk.storage.executions import Decision, find_execution, list_executions, load_execution, load_journal, reopen
from depthwalk.storage.journal import ExecutionJournal
from tests.support.domain_strategies import values
from tests.support.executions import fill, small_run, start, stored
from tests.support.results import START, arrival, nothing_filled, parent, result


@pytest.fixture
def database(database_path: Path) -> Iterator[Database]:
    """Open a new database."""
    with open_database(database_path) as opened:
        yield opened


def _arrival(liquidity: LiquidityClass) -> Arrival:
    return arrival(liquidity=liquidity)


@given(values(ExecutionResult))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_a_result_comes_back_equal(database: Database, given_result: ExecutionResult) -> None:
    """Every number, every split with its walks, every absent figure."""
    number = database.rows("SELECT count(*) FROM execution_state")[0][0]
    splits = tuple(replace(split, level=level) for level, split in enumerate(given_result.splits, start=1))
    wanted = replace(given_result, execution_id=f"run-{number}", splits=splits)
    begun = start(execution_id=wanted.execution_id, parent=wanted.parent, environment=wanted.environment)
    ExecutionJournal.begin(database, begun).finish(wanted)

    found = load_execution(database, wanted.execution_id)

    assert wanted == found.result
    assert wanted.splits == found.splits
    assert (wanted.filled, wanted.paid, wanted.fees) == (found.summary.filled, found.summary.paid, found.summary.fees)


def test_an_execution_is_read_back_whole(database: Database) -> None:
    """What `executions show` needs: start, decisions with their times, fills, splits, result."""
    journal = stored(database)
    for event, intents in small_run():
        journal.append(event, intents)
    journal.finish(result())

    found = load_execution(database, parent().parent_id)

    assert start(seed=7) == found.summary.start
    assert (Status.PARTIAL, Reason.HORIZON, result().finished_at) == (
        found.summary.status,
        found.summary.reason,
        found.summary.finished_at,
    )
    assert [
        Decision(at=Instant(START + 10), record=small_run()[0][1][0]),
        Decision(at=Instant(START + 99), record=small_run()[2][1][0]),
    ] == list(found.decisions)
    assert (fill(20).fill,) == found.fills
    assert result() == found.result


def test_a_running_execution_is_summed_from_its_fills(database: Database) -> None:
    """Without a result the fills say how far it is, in the user's own prices."""
    stored(database, fill(1, 4200, 500), fill(2, 4100, 300), parent=parent(outcome=Outcome.NO))

    found = load_execution(database, parent().parent_id)

    assert (None, ()) == (found.result, found.splits)
    assert (Status.RUNNING, None, None) == (found.summary.status, found.summary.reason, found.summary.finished_at)
    assert (800, 5800 * 500 + 5900 * 300, 3400) == (found.summary.filled, found.summary.paid, found.summary.fees)
    assert 0.58375 == found.summary.average_price


def test_a_result_without_fills_has_no_average(database: Database) -> None:
    """Absent is None, not 0."""
    stored(database).finish(nothing_filled())

    found = load_execution(database, parent().parent_id)

    assert nothing_filled() == found.result
    assert found.summary.average_price is None
    assert found.summary.slippage_percent is None


def test_the_list_has_the_latest_first(database: Database) -> None:
    """In the order they were run here, whatever their simulated times; of one environment where asked."""
    stored(database, execution_id="first", started_at=Instant(START + 900))
    stored(database, execution_id="second", environment="demo")
    stored(database, execution_id="third")

    assert ["third", "second", "first"] == [each.start.execution_id for each in list_executions(database)]
    assert ["third", "first"] == [each.start.execution_id for each in list_executions(database, environment="paper")]
    assert ["third"] == [each.start.execution_id for each in list_executions(database, limit=1)]


def test_a_beginning_that_is_unique_names_an_execution(database: Database) -> None:
    """The whole id wins over longer ones; wildcards mean themselves."""
    for name in ("abc", "abcd", "abx", "ab_", "abz"):
        stored(database, execution_id=name)

    assert "abc" == find_execution(database, "abc")
    assert "abx" == find_execution(database, "abx")
    assert "ab_" == find_execution(database, "ab_")
    for name, words in (("ab", "several executions begin with 'ab': abz, ab_, abx, …"), ("x", "no execution 'x'")):
        with pytest.raises(UsageError, match=words):
            load_execution(database, name)
    for name in ("", "%", "a%"):
        with pytest.raises(UsageError, match="no execution"):
            find_execution(database, name)
    with pytest.raises(UsageError, match="no execution"):
        reopen(database, "nothing")


def test_a_single_execution_still_needs_a_name(database: Database) -> None:
    """No name at all is not a beginning."""
    stored(database)

    with pytest.raises(UsageError, match="no execution ''"):
        find_execution(database, "")


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE journal SET kind = 'Nonsense' WHERE sequence = 1",
        "UPDATE journal SET payload = '{' WHERE sequence = 1",
        "UPDATE journal SET snapshot_id = NULL",
        "DELETE FROM journal WHERE sequence = 1",
        "DELETE FROM journal WHERE sequence = 0",
        "UPDATE journal SET direction = 'intent'",
        "UPDATE order_book_snapshots SET yes_depth = 'x'",
    ],
)
def test_a_damaged_journal_names_the_execution(database: Database, damage: str) -> None:
    """A replay of half a journal would be a lie."""
    journal = stored(database)
    for event, intents in small_run():
        journal.append(event, intents)
    with database.transaction(durable=False) as connection:
        connection.execute(damage)

    with pytest.raises(StorageError, match=f"execution {parent().parent_id} cannot be read"):
        load_journal(database, parent().parent_id)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE execution_state SET status = 'sleeping'",
        "UPDATE execution_state SET outcome = 'maybe'",
        "UPDATE execution_state SET requested_e2 = 0",
        "UPDATE execution_state SET liquidity = 'wet'",
        "UPDATE execution_state SET params = '['",
        "UPDATE split_orders SET walk_history = '{}'",
    ],
)
def test_a_damaged_row_names_the_execution(database: Database, damage: str) -> None:
    """What no longer means anything is not shown as something."""
    stored(database).finish(result())
    with database.transaction(durable=False) as connection:
        connection.execute(damage)

    with pytest.raises(StorageError, match=f"execution {parent().parent_id} cannot be read"):
        load_execution(database, parent().parent_id)


def test_the_views_speak_dollars_and_contracts(database: Database) -> None:
    """One small run, read as another tool would."""
    journal = stored(database)
    for event, intents in small_run():
        journal.append(event, intents)
    journal.finish(result())

    book = database.rows("SELECT * FROM books")[0]
    assert (0.41, 0.42, 0.415, 0.01, "two-sided", 26.0, 705.0, 2, 2) == tuple(book)[6:15]
    assert "2026-05-13T20:20:37.000Z" == book["receipt_time"]
    execution = database.rows("SELECT * FROM executions")[0]
    assert (100.0, 62.0, 38.0, 0.42, 0.43, 0.415, 40.0) == tuple(
        execution[name]
        for name in ("requested", "filled", "unfilled", "target_price", "cap_price", "arrival_mid", "total_seconds")
    )
    split = database.rows("SELECT * FROM splits WHERE level = 1")[0]
    assert (0.42, 60.0, 0.42, 2) == (split["price"], split["filled"], split["average_price"], split["walks"])
    row = database.rows("SELECT * FROM fills")[0]
    assert (0.42, 0.42, 5.0, 0.0017) == (row["price"], row["outcome_price"], row["quantity"], row["fee"])


def test_depth_at_a_price_and_time_is_plain_sql(database: Database) -> None:
    """One row a level, both sides in YES prices, with the price of the outcome that was bid."""
    stored(database).append(*small_run()[0])

    rows = database.rows("SELECT side, outcome, level, price, outcome_price, quantity FROM depth_levels ORDER BY side, level")
    assert [
        ("ask", "no", 1, 0.42, 0.58, 5.0),
        ("ask", "no", 2, 0.435, 0.565, 700.0),
        ("bid", "yes", 1, 0.41, 0.41, 25.0),
        ("bid", "yes", 2, 0.40, 0.40, 1.0),
    ] == [tuple(row) for row in rows]
    taken = database.rows("SELECT SUM(quantity) FROM depth_levels WHERE side = 'ask' AND price_e4 <= 4300")
    assert 5.0 == taken[0][0]


def test_the_monitoring_views_never_mix_environments(database: Database) -> None:
    """By class and by algorithm, with unfilled contracts counted and absent slippage absent."""
    thin, liquid = LiquidityClass.THIN, LiquidityClass.LIQUID
    for name, environment, end in (
        ("a", "paper", result(arrival=_arrival(liquid), slippage_percent=1.0)),
        ("b", "paper", result(arrival=_arrival(liquid), slippage_percent=3.0, filled=Quantity(10_000))),
        ("c", "demo", result(arrival=_arrival(liquid), slippage_percent=9.0)),
        ("d", "paper", replace(nothing_filled(), arrival=_arrival(thin), algorithm="simple_limit")),
        ("e", "paper", nothing_filled()),
    ):
        journal = stored(database, execution_id=name, environment=environment)
        journal.finish(replace(end, execution_id=name, environment=environment))

    rows = database.rows(
        "SELECT environment, liquidity, executions, average_slippage_percent, worst_slippage_percent, fill_rate, under_filled"
        " FROM slippage_by_liquidity"
    )
    assert [
        ("demo", "liquid", 1, 9.0, 9.0, 0.62, 1),
        ("paper", "liquid", 2, 2.0, 3.0, 0.81, 1),
        ("paper", "thin", 1, None, None, 0.0, 1),
    ] == [tuple(row) for row in rows]
    by_algorithm = database.rows(
        "SELECT algorithm, liquidity, executions FROM algorithm_by_liquidity WHERE environment = 'paper'"
    )
    assert [("dynamic_depth_walker", "liquid", 2), ("simple_limit", "thin", 1)] == [tuple(row) for row in by_algorithm]


@pytest.mark.parametrize(
    ("bid", "ask", "state"),
    [
        (None, None, "empty"),
        (4000, None, "bids only"),
        (None, 4000, "asks only"),
        (4000, 4000, "locked"),
        (4100, 4000, "crossed"),
    ],
)
def test_the_books_view_says_what_kind_a_book_is(database: Database, bid: int | None, ask: int | None, state: str) -> None:
    """In the words of the domain's BookState."""
    spread = None if bid is None or ask is None else ask - bid
    with database.transaction(durable=False) as connection:
        connection.execute(
            "INSERT INTO order_book_snapshots VALUES (1, 'T', 1, 2, 'paper', 's', '[]', '[]', 0, 0, ?, ?, ?)",
            (bid, ask, spread),
        )

    assert state == database.rows("SELECT state FROM books")[0]["state"]


def test_sell_executions_are_read_back(database: Database) -> None:
    """Asked prices and action are the user's own."""
    asked = parent(action=Action.SELL, outcome=Outcome.NO, target=Price(5800), limit=Price(5700), quantity=Quantity(1))
    stored(database, parent=asked, seed=3, fresh_account=True)

    summary = list_executions(database)[0]
    assert asked == summary.start.parent
    assert (3, True, Money(0)) == (summary.start.seed, summary.start.fresh_account, summary.paid)


def test_depth_of_one_book_reads_one_book(database: Database) -> None:
    """The question the view is for uses the indexes, however many books there are."""
    plan = database.rows(
        "EXPLAIN QUERY PLAN SELECT SUM(quantity) FROM depth_levels WHERE side = 'ask' AND price_e4 <= 4300 AND snapshot_id ="
        " (SELECT id FROM order_book_snapshots WHERE ticker = 'T' AND event_time_us <= 7 ORDER BY event_time_us DESC LIMIT 1)"
    )

    steps = [row["detail"] for row in plan]
    assert any(step.startswith("SEARCH s USING INTEGER PRIMARY KEY") for step in steps)
    assert not [step for step in steps if step.startswith(("SCAN s", "SCAN order_book"))]
