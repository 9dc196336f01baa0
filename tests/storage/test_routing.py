"""How an execution came to its algorithm, written when it begins and the same ever after."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.routing import Routing
from depthwalk.storage.database import Database, open_database
from depthwalk.storage.executions import load_execution, reopen
from depthwalk.storage.journal import ExecutionJournal
from tests.support.domain_strategies import values
from tests.support.executions import start, stored
from tests.support.results import parent, result

DRAWN = Routing(
    control="simple_limit", candidate="dynamic_depth_walker", liquidity=LiquidityClass.THIN, share=500_000, draw=123_456
)


@pytest.fixture
def database(database_path: Path) -> Iterator[Database]:
    """Open a new database."""
    with open_database(database_path) as opened:
        yield opened


@given(values(Routing))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_a_routing_comes_back_equal(database: Database, routing: Routing) -> None:
    """Both names, class, share and draw, with and without a class."""
    number = database.rows("SELECT count(*) FROM execution_state")[0][0]
    ExecutionJournal.begin(database, start(execution_id=f"run-{number}", routing=routing))
    assert routing == load_execution(database, f"run-{number}").summary.start.routing


def test_it_stays_when_the_execution_is_carried_on_and_ends(database: Database) -> None:
    """Neither opening its journal again nor its result changes it."""
    stored(database, routing=DRAWN)
    journal = reopen(database, parent().parent_id)
    assert DRAWN == journal.start.routing
    journal.finish(result())
    assert DRAWN == load_execution(database, parent().parent_id).summary.start.routing


def test_a_named_algorithm_has_none(database: Database) -> None:
    """And is in no comparison of drawn ones."""
    stored(database)
    assert load_execution(database, parent().parent_id).summary.start.routing is None
    assert [] == database.rows("SELECT * FROM routings")


def test_the_view_has_the_arm_that_was_drawn(database: Database) -> None:
    """Whatever ran instead; no arm where no draw decided. Shares and draws are ratios there."""
    for identity, routing, ran in (
        ("below", DRAWN, "simple_limit"),
        ("border", replace(DRAWN, share=123_456), "simple_limit"),
        ("none", replace(DRAWN, share=None, liquidity=None), "simple_limit"),
    ):
        stored(database, execution_id=identity, routing=routing, algorithm=ran)
    rows = database.rows("SELECT execution_id, arm, algorithm, liquidity, share, draw FROM routings ORDER BY 1")
    assert [
        ("below", "candidate", "simple_limit", "thin", 0.5, 0.123456),
        ("border", "control", "simple_limit", "thin", 0.123456, 0.123456),
        ("none", None, "simple_limit", None, None, 0.123456),
    ] == [tuple(row) for row in rows]
