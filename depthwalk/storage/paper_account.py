"""The lasting paper account: cash and positions, derived from our fills since it was last reset. It has no state of its own.

Fills of executions with a fresh account (`--seed`) do not count. Nothing is settled here.
"""

from dataclasses import dataclass

from depthwalk.domain.units import DOLLAR, Instant, Money, Quantity
from depthwalk.storage.database import Database

STARTING_CASH = Money(10_000 * DOLLAR)
"""What a paper account starts with that was never reset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperLedger:
    """Cash, and the signed position of each ticker held: positive YES, negative NO. Tickers without one are left out."""

    cash: Money
    positions: dict[str, Quantity]


def paper_ledger(database: Database, *, environment: str = "paper", starting_cash: Money = STARTING_CASH) -> PaperLedger:
    """Return the account as its fills have left it; *starting_cash* holds where it was never reset.

    As the venue nets: a bid at p pays p where it opens YES and gets 1 - p where it closes NO (the pair pays a dollar); an
    ask gets p where it closes YES and pays 1 - p where it opens NO. Whatever the order of the fills, that is p a
    contract sold less p a contract bought, less one dollar locked for each contract of NO still held, less the fees.

    Raises:
        StorageError: the database failed.

    """
    reset = database.row("SELECT cash_e6, after_trade_id FROM paper_resets ORDER BY id DESC LIMIT 1")
    cash = reset["cash_e6"] if reset else starting_cash
    rows = database.rows(
        """
        SELECT t.ticker, SUM(CASE t.side WHEN 'bid' THEN t.quantity_e2 ELSE -t.quantity_e2 END) AS position_e2,
            SUM(CASE t.side WHEN 'bid' THEN -1 ELSE 1 END * t.price_e4 * t.quantity_e2 - t.fee_e6) AS flow_e6
        FROM trades t JOIN execution_state s USING (execution_id)
        WHERE t.environment = ? AND NOT s.fresh_account AND t.id > ?
        GROUP BY t.ticker ORDER BY t.ticker
        """,
        (environment, reset["after_trade_id"] if reset else 0),
    )
    positions = {row["ticker"]: Quantity(row["position_e2"]) for row in rows if row["position_e2"]}
    # 1/100 contract at a dollar is 10,000 units of Money.
    locked = sum(10_000 * -position for position in positions.values() if position < 0)
    return PaperLedger(cash=Money(cash + sum(row["flow_e6"] for row in rows) - locked), positions=positions)


def reset_paper(database: Database, *, at: Instant, cash: Money = STARTING_CASH) -> None:
    """Start the paper account afresh with *cash* and no positions; the executions and fills so far stay on record.

    Raises:
        StorageError: the database failed.

    """
    with database.transaction(durable=False) as connection:
        connection.execute(
            "INSERT INTO paper_resets (at_us, cash_e6, after_trade_id) SELECT ?, ?, COALESCE(MAX(id), 0) FROM trades",
            (at, cash),
        )
