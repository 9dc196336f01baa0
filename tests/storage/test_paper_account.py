"""The lasting paper account, derived from fills."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depthwalk.domain.order import Action, Side
from depthwalk.domain.units import DOLLAR, ONE, Instant, Money
from depthwalk.storage.database import Database, open_database
from depthwalk.storage.paper_account import STARTING_CASH, PaperLedger, paper_ledger, reset_paper
from tests.support.executions import fill, stored
from tests.support.results import START, parent

FEE = 1_700
Trade = tuple[Side, int, int]
"""Side, price, quantity."""


@pytest.fixture
def database(database_path: Path) -> Iterator[Database]:
    """Open a new database."""
    with open_database(database_path) as opened:
        yield opened


def _trade(database: Database, name: str, trades: Sequence[Trade], ticker: str = "T") -> None:
    for number, (side, price, quantity) in enumerate(trades):
        action = Action.BUY if side is Side.BUY else Action.SELL
        stored(
            database,
            fill(number, price, quantity),
            execution_id=f"{name}-{number}",
            parent=parent(ticker=ticker, action=action),
        )


def _fill_by_fill(trades: Sequence[Trade]) -> tuple[int, int]:
    """Cash change before fees and position, netted one fill after the other as the venue does."""
    cash = position = 0
    for side, price, quantity in trades:
        if side is Side.BUY:
            closes = min(quantity, max(0, -position))
            cash += (ONE - price) * closes - price * (quantity - closes)
            position += quantity
        else:
            closes = min(quantity, max(0, position))
            cash += price * closes - (ONE - price) * (quantity - closes)
            position -= quantity
    return cash, position


def test_an_account_without_fills_has_its_starting_cash(database: Database) -> None:
    """Nothing is stored for it."""
    assert PaperLedger(cash=STARTING_CASH, positions={}) == paper_ledger(database)
    assert PaperLedger(cash=Money(5), positions={}) == paper_ledger(database, starting_cash=Money(5))


def test_buying_and_selling_yes_and_no(database: Database) -> None:
    """Buy 10 YES at 0.40, sell 15 at 0.50: 10 close for 5.00, 5 lock 2.50 as NO bought at 0.50."""
    _trade(database, "x", [(Side.BUY, 4000, 1000), (Side.SELL, 5000, 1500)])

    ledger = paper_ledger(database, starting_cash=Money(100 * DOLLAR))

    assert {"T": -500} == ledger.positions
    assert 100 * DOLLAR - 4 * DOLLAR + 5 * DOLLAR - 2_500_000 - 2 * FEE == ledger.cash


def test_a_closed_pair_pays_a_dollar(database: Database) -> None:
    """NO at 0.40 (an ask at 0.60), closed by a bid at 0.55: 0.05 a contract is gained."""
    _trade(database, "x", [(Side.SELL, 6000, 100), (Side.BUY, 5500, 100)])

    assert PaperLedger(cash=Money(STARTING_CASH + 50_000 - 2 * FEE), positions={}) == paper_ledger(database)


@given(st.lists(st.tuples(st.sampled_from(Side), st.integers(1, ONE - 1), st.integers(1, 100_000)), max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_the_sum_equals_netting_fill_by_fill(database: Database, trades: list[Trade]) -> None:
    """The closed form and the venue's way of netting agree on any sequence."""
    resets = database.rows("SELECT count(*) FROM paper_resets")[0][0]
    reset_paper(database, at=START, cash=Money(0))
    _trade(database, f"run-{resets}", trades)

    cash, position = _fill_by_fill(trades)

    assert PaperLedger(cash=Money(cash - FEE * len(trades)), positions={"T": position} if position else {}) == paper_ledger(
        database
    )


def test_each_ticker_is_netted_alone(database: Database) -> None:
    """NO of one market does not pay for YES of another."""
    _trade(database, "x", [(Side.BUY, 4000, 100)], ticker="A")
    _trade(database, "y", [(Side.SELL, 4000, 100)], ticker="B")

    ledger = paper_ledger(database)

    assert {"A": 100, "B": -100} == ledger.positions
    assert STARTING_CASH - DOLLAR - 2 * FEE == ledger.cash


def test_fresh_accounts_and_other_environments_do_not_count(database: Database) -> None:
    """A seeded run has an account of its own; demo is another exchange."""
    stored(database, fill(1), execution_id="seeded", fresh_account=True)
    stored(database, fill(1), execution_id="demo", environment="demo")

    assert PaperLedger(cash=STARTING_CASH, positions={}) == paper_ledger(database)
    assert {"PAPER-LIQUID": 500} == paper_ledger(database, environment="demo").positions


def test_a_reset_starts_afresh_and_keeps_the_record(database: Database) -> None:
    """Fills before it are history, even those that simulated time has stamped later."""
    stored(database, fill(10**9), execution_id="before")
    reset_paper(database, at=Instant(START + 5), cash=Money(70 * DOLLAR))
    assert PaperLedger(cash=Money(70 * DOLLAR), positions={}) == paper_ledger(database)

    stored(database, fill(1, 4000, 100), execution_id="after")
    assert PaperLedger(cash=Money(70 * DOLLAR - 400_000 - FEE), positions={"PAPER-LIQUID": 100}) == paper_ledger(database)
    assert 2 == len(database.rows("SELECT * FROM trades"))

    reset_paper(database, at=Instant(START + 6))
    assert PaperLedger(cash=STARTING_CASH, positions={}) == paper_ledger(database)
