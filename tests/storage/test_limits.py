"""The day's limit: what counts, of whom, since when; and that two who begin at once never both get the last of it."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.result import Status
from depthwalk.domain.units import CONTRACT, DOLLAR, SECOND, Instant, Money, Price
from depthwalk.errors import DomainError, ExitCode, Refused
from depthwalk.storage.database import Database, open_database
from depthwalk.storage.journal import ExecutionJournal
from depthwalk.storage.limits import DayLimit, DayStake, stake_of_day
from tests.support.executions import fill, start
from tests.support.results import START, parent, result

DAY = DayLimit.of(Money(100 * DOLLAR), now=START, origin="mine.yaml")
LATER = 3_600 * SECOND


@pytest.fixture
def database(database_path: Path) -> Iterator[Database]:
    """Open a new database."""
    with open_database(database_path) as opened:
        yield opened


def _begin(database: Database, name: str, dollars: int, *, day: DayLimit | None = DAY, **changes: Any) -> ExecutionJournal:
    """Begin an execution that may put so many dollars at stake."""
    fields: dict[str, Any] = {
        "execution_id": name,
        "parent": parent(parent_id=name),
        "account": "key",
        "reserved": Money(dollars * DOLLAR),
    }
    return ExecutionJournal.begin(database, start(**(fields | changes)), day=day)


def _ended(journal: ExecutionJournal, status: Status = Status.PARTIAL) -> None:
    first = journal.start
    journal.finish(result(execution_id=first.execution_id, parent=first.parent, environment=first.environment, status=status))


def _stake(database: Database, *, environment: str = "paper", account: str = "key") -> DayStake:
    return stake_of_day(database, environment=environment, account=account, since=DAY.since)


def test_the_day_begins_at_midnight_utc() -> None:
    """Whatever the hour, and midnight itself is the new day."""
    midnight = DAY.since
    assert 0 == midnight % (86_400 * SECOND)
    assert midnight == DayLimit.of(Money(1), now=midnight, origin="x").since
    assert midnight - 86_400 * SECOND == DayLimit.of(Money(1), now=Instant(midnight - 1), origin="x").since


def test_what_is_reserved_is_lowered_to_what_is_left(database: Database) -> None:
    """70 of 100 dollars, then 30 for who wants 50, then a refusal that names limit, value, what was found and where."""
    assert [70 * DOLLAR, 30 * DOLLAR] == [_begin(database, name, most).start.reserved for name, most in (("a", 70), ("b", 50))]

    with pytest.raises(Refused) as refused:
        _begin(database, "c", 1)
    assert refused.value.exit_code is ExitCode.REFUSED
    assert "risk.max_daily_notional 100.000000" in refused.value.message
    assert "reserved by what has not ended 100.000000 dollars" in refused.value.message
    assert "it is set in mine.yaml" == refused.value.hint
    assert [("a", 70 * DOLLAR), ("b", 30 * DOLLAR)] == [
        tuple(row) for row in database.rows("SELECT execution_id, reserved_e6 FROM execution_state ORDER BY 1")
    ]


@pytest.mark.parametrize(
    ("outcome", "action", "stake"),
    [
        (Outcome.YES, Action.BUY, 42),
        (Outcome.YES, Action.SELL, 58),
        (Outcome.NO, Action.BUY, 58),
        (Outcome.NO, Action.SELL, 42),
    ],
)
def test_a_fill_stakes_what_it_can_lose(database: Database, outcome: Outcome, action: Action, stake: int) -> None:
    """100 contracts at 42 cents of the YES leg: a bid can lose 42 dollars, an ask 58."""
    journal = _begin(database, "a", 80, parent=parent(parent_id="a", outcome=outcome, action=action))
    journal.append(fill(1, 4200, 100 * CONTRACT), ())
    _ended(journal)
    assert DayStake(filled=Money(stake * DOLLAR), reserved=Money(0)) == _stake(database)


def test_while_it_runs_it_counts_with_all_it_reserved(database: Database) -> None:
    """Its fills are inside of that; once it has ended only they count, and the rest is free again."""
    journal = _begin(database, "a", 80)
    journal.append(fill(1, 5000, 20 * CONTRACT), ())
    assert DayStake(filled=Money(0), reserved=Money(80 * DOLLAR)) == _stake(database)

    _ended(journal)
    assert DayStake(filled=Money(10 * DOLLAR), reserved=Money(0)) == _stake(database)
    assert 90 * DOLLAR == _begin(database, "b", 95).start.reserved


def test_what_is_in_doubt_stays_reserved(database: Database) -> None:
    """An execution that ended without knowing what it bought may have bought all of it."""
    _ended(_begin(database, "a", 80), Status.UNKNOWN)
    assert DayStake(filled=Money(0), reserved=Money(80 * DOLLAR)) == _stake(database)


def test_fills_count_on_their_day_and_what_runs_counts_today(database: Database) -> None:
    """Over midnight: yesterday's fills of an ended execution are yesterday's; a running one counts with all it reserved."""
    journal = _begin(database, "over", 60, started_at=Instant(DAY.since - LATER))
    journal.append(fill(1, 5000, 20 * CONTRACT, at=Instant(DAY.since - 1)), ())
    journal.append(fill(2, 5000, 2 * CONTRACT, at=DAY.since), ())
    assert DayStake(filled=Money(0), reserved=Money(60 * DOLLAR)) == _stake(database)
    _ended(journal)
    assert DayStake(filled=Money(1 * DOLLAR), reserved=Money(0)) == _stake(database)


@pytest.mark.parametrize("changes", [{"environment": "demo"}, {"account": "other"}, {"day": None}])
def test_others_count_for_nothing(database: Database, changes: dict[str, Any]) -> None:
    """Another environment, another key, under no day's limit (a seeded or simulated run)."""
    running = _begin(database, "running", 90, **changes)
    ended = _begin(database, "ended", 90, **changes)
    for number, journal in enumerate((running, ended)):
        journal.append(fill(number, 5000, 10 * CONTRACT), ())
    _ended(ended)
    assert DayStake(filled=Money(0), reserved=Money(0)) == _stake(database)


def test_a_seeded_or_simulated_run_is_under_no_limit(database: Database) -> None:
    """It begins although nothing is left, and reserves nothing whatever it could cost."""
    _begin(database, "a", 100)
    assert 0 == _begin(database, "b", 90, day=None).start.reserved


def test_reserving_nothing_is_a_mistake(database: Database) -> None:
    """It would not be counted: a caller that forgets what an order may cost is told, and nothing is written."""
    with pytest.raises(DomainError, match="cannot cost 0"):
        _begin(database, "a", 0)
    assert [] == database.rows("SELECT 1 FROM execution_state")


@settings(max_examples=40)
@given(runs=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 9_999), st.booleans()), max_size=8))
def test_the_limit_is_never_passed(tmp_path_factory: pytest.TempPathFactory, runs: Sequence[tuple[int, int, bool]]) -> None:
    """Whoever begins, fills as much as it reserved at any price, and ends or not: never more than the limit at stake."""
    with open_database(tmp_path_factory.mktemp("limit") / "test.sqlite") as database:
        for number, (wanted, price, ends) in enumerate(runs):
            left = _stake(database).left(DAY)
            assert left >= 0
            if not left:
                with pytest.raises(Refused):
                    _begin(database, str(number), wanted)
                continue
            journal = _begin(database, str(number), wanted)
            assert min(wanted * DOLLAR, left) == journal.start.reserved
            if quantity := journal.start.reserved // price:
                journal.append(fill(number, Price(price), quantity), ())
            if ends:
                _ended(journal)


@pytest.mark.usefixtures("database")
def test_what_another_process_reserves_meanwhile_is_seen(database_path: Path) -> None:
    """Somebody else's begin is under way: ours waits for it, then finds nothing left."""
    with sqlite3.connect(database_path, isolation_level=None) as other, ThreadPoolExecutor(1) as pool:
        other.execute("BEGIN IMMEDIATE")
        started = threading.Event()

        def begin() -> Money:
            with open_database(database_path) as mine:
                started.set()
                return _begin(mine, "ours", 50).start.reserved

        ours = pool.submit(begin)
        assert started.wait(10)
        with pytest.raises(TimeoutError):
            ours.result(0.2)
        other.execute(
            "INSERT INTO execution_state (execution_id, parent_id, environment, source, ticker, outcome, action, algorithm,"
            " params, requested_e2, tags, fresh_account, account, reserved_e6, status, started_at_us, updated_at_us) VALUES"
            " ('theirs', 'p', 'paper', 's', 'T', 'yes', 'buy', 'a', '{}', 1, '{}', 0, 'key', 100000000, 'running', 0, 0)"
        )
        other.execute("COMMIT")
        with pytest.raises(Refused, match="reserved by what has not ended 100"):
            ours.result(10)
    other.close()


_RACER = """
import sys
from pathlib import Path
from depthwalk.errors import Refused
from depthwalk.storage.database import open_database
from tests.storage.test_limits import _begin

with open_database(Path(sys.argv[1])) as database:
    print("ready", flush=True)
    sys.stdin.readline()
    taken = 0
    for number in range(20):
        try:
            taken += _begin(database, f"{sys.argv[2]}-{number}", 3).start.reserved
        except Refused:
            pass
print(taken)
"""


def test_processes_that_begin_at_once_share_the_limit(database_path: Path, database: Database) -> None:
    """Three processes reserve 3 dollars at a time as fast as they can: together the whole hundred and not a cent more."""
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", _RACER, database_path, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for number in range(3)
    ]
    assert ["ready"] * 3 == [racer.stdout.readline().strip() for racer in racers if racer.stdout]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    taken = [int(racer.communicate(timeout=60)[0]) for racer in racers]

    assert 100 * DOLLAR == sum(taken)
    assert DayStake(filled=Money(0), reserved=DAY.most) == _stake(database)
