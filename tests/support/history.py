"""Builders of rows of the execution list."""

from dataclasses import replace

from depthwalk.domain.messages import Record
from depthwalk.domain.order import Fill
from depthwalk.domain.result import ExecutionResult, Status
from depthwalk.domain.units import Money, Quantity, parse_money, parse_price, parse_quantity
from depthwalk.reports.history import ExecutionRow, MarketRow, TimedRecord
from tests.support import results


def row(result: ExecutionResult) -> ExecutionRow:
    """Build the row of a finished execution."""
    return ExecutionRow(
        execution_id=result.execution_id,
        parent=result.parent,
        algorithm=result.algorithm,
        environment=result.environment,
        source=result.source,
        status=result.status,
        reason=result.finish.reason,
        started_at=result.started_at,
        finished_at=result.finished_at,
        filled=result.filled,
        paid=result.paid,
        fees=result.fees,
        walks=result.walks,
        slippage_percent=result.slippage_percent,
        tags=result.tags,
    )


def rows() -> list[ExecutionRow]:
    """Build a list of three: finished, empty and live, still running."""
    live = replace(
        row(results.nothing_filled()), execution_id="b07f" * 8, parent=results.selling_no().parent, environment="live"
    )
    return [row(results.result()), live, running()]


def running() -> ExecutionRow:
    """Build the row of an execution that has not ended."""
    return replace(
        row(results.result()), execution_id="c0de" * 8, status=Status.RUNNING, reason=None, finished_at=None, walks=None,
        slippage_percent=None, owner=4242,
    )  # fmt: skip


def decisions() -> list[TimedRecord]:
    """Build a placement and a walk."""
    place = Record(what="place", why="bid +0.00c, on schedule", split=1, price=parse_price("0.41"))
    walk = Record(what="walk", why="behind by 12 %", split=1, price=parse_price("0.42"), previous=parse_price("0.41"))
    return [TimedRecord(at=results.after(0.3), record=place), TimedRecord(at=results.after(8.3), record=walk)]


def fills() -> list[Fill]:
    """Build one fill as a maker and one as a taker."""
    maker = Fill(
        fill_id="f-1", order_id="o-1", price=parse_price("0.41"), quantity=parse_quantity("2"), is_taker=False, fee=Money(0),
        at=results.after(2.5),
    )  # fmt: skip
    return [maker, replace(maker, fill_id="f-2", is_taker=True, fee=parse_money("0.0175"), quantity=parse_quantity("60"))]


def markets() -> list[MarketRow]:
    """Build three markets: no position, one of YES, one of NO."""
    return [
        MarketRow(ticker="PAPER-THIN", title="A thin synthetic market", liquidity="thin", position=Quantity(0)),
        MarketRow(ticker="PAPER-MODERATE", title="A moderate one", liquidity="moderate", position=Quantity(6_200)),
        MarketRow(ticker="PAPER-LIQUID", title="A liquid one", liquidity="liquid", position=Quantity(-150_050)),
    ]
