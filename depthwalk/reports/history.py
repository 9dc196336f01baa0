"""Executions looked back at, and the paper markets: rows as tables for people and as JSON objects. Pure.

The rows are this room's own, so that nothing here depends on how they are kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from depthwalk.analysis.routing import routing_words
from depthwalk.domain.messages import Reason, Record
from depthwalk.domain.order import Fill, ParentOrder
from depthwalk.domain.result import ExecutionResult, Status
from depthwalk.domain.routing import MILLION, Routing
from depthwalk.domain.units import (
    Instant,
    Money,
    Quantity,
    format_instant,
    format_money,
    format_price,
    format_quantity,
    in_seconds,
)
from depthwalk.reports import wording
from depthwalk.reports.plain_lines import decision_words
from depthwalk.reports.result_json import Json, average_text, to_json
from depthwalk.reports.summary import summary
from depthwalk.reports.wording import UNICODE, Glyphs

_WIDE = 132
_SHORT_ID = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionRow:
    """One execution in a list. *paid* in prices of the user's outcome; *walks* and *reason* None until it ends.

    *owner* is the process that drives it; None where nobody does, so that one that has not ended has crashed. *routing* is how
    `--algo auto` chose its algorithm, None where it was named.
    """

    execution_id: str
    parent: ParentOrder
    algorithm: str
    environment: str
    source: str
    status: Status
    reason: Reason | None
    started_at: Instant
    finished_at: Instant | None
    filled: Quantity
    paid: Money
    fees: Money
    walks: int | None
    slippage_percent: float | None
    owner: int | None = None
    routing: Routing | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedRecord:
    """A decision and when it was taken."""

    at: Instant
    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRow:
    """A market of the paper exchange: its liquidity class by name, and the account's position there, positive YES."""

    ticker: str
    title: str
    liquidity: str
    position: Quantity


def executions_table(rows: Sequence[ExecutionRow], *, width: int, signs: Glyphs = UNICODE) -> RenderableType:
    """Return the list for a terminal of *width* columns; from 132 on with every column."""
    if not rows:
        return Text("no executions yet")
    wide = width >= _WIDE
    named = wide or any(row.environment != "paper" for row in rows)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("id", no_wrap=True)
    table.add_column("started UTC", no_wrap=True)
    if named:
        table.add_column("where", no_wrap=True)
    table.add_column("order", no_wrap=True)
    table.add_column("ticker", overflow="fold")
    if wide:
        table.add_column("algorithm", no_wrap=True)
        table.add_column("requested", justify="right", no_wrap=True)
    table.add_column("filled", justify="right", no_wrap=True)
    table.add_column("average", justify="right", no_wrap=True)
    table.add_column("slippage", justify="right", no_wrap=True)
    if wide:
        table.add_column("fees", justify="right", no_wrap=True)
        table.add_column("walks", justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    for row in rows:
        table.add_row(*_cells(row, wide=wide, named=named, signs=signs))
    return table


def _cells(row: ExecutionRow, *, wide: bool, named: bool, signs: Glyphs) -> list[str | Text]:
    started = wording.moment(row.started_at)
    cells: list[str | Text] = [row.execution_id[:_SHORT_ID], started[:16] if wide else started[5:16]]
    if named:
        cells.append(Text(row.environment.upper(), "bold red" if row.environment == "live" else ""))
    cells += [wording.side_words(row.parent), signs.text(row.parent.ticker)]
    if wide:
        cells += [row.algorithm, wording.contracts(row.parent.quantity), wording.contracts(row.filled)]
    else:
        cells.append(wording.share(row.filled, row.parent.quantity))
    slippage = row.slippage_percent
    cells += [
        wording.dollars_of(wording.average_price(row.paid, row.filled)),
        wording.ABSENT if slippage is None else f"{wording.signed_number(slippage, 2)} %",
    ]
    if wide:
        cells += [wording.money(row.fees), wording.ABSENT if row.walks is None else str(row.walks)]
    return [*cells, _status(row)]


def _status(row: ExecutionRow) -> Text:
    if row.status is Status.RUNNING and row.owner is None:
        return Text("crashed", wording.STATUS_STYLES[Status.UNKNOWN])
    return Text(row.status.value, wording.STATUS_STYLES[row.status])


def execution_json(row: ExecutionRow) -> dict[str, Json]:
    """Return one line of `executions list --json`."""
    parent = row.parent
    return {
        "execution_id": row.execution_id,
        "started_at": format_instant(row.started_at),
        "finished_at": None if row.finished_at is None else format_instant(row.finished_at),
        "environment": row.environment,
        "source": row.source,
        "ticker": parent.ticker,
        "side": parent.outcome.value,
        "action": parent.action.value,
        "algorithm": row.algorithm,
        "status": row.status.value,
        "finished_because": None if row.reason is None else row.reason.value,
        "owner": row.owner,
        "requested": format_quantity(parent.quantity),
        "filled": format_quantity(row.filled),
        "average_price": average_text(row.paid, row.filled),
        "fees": format_money(row.fees),
        "slippage_percent": row.slippage_percent,
        "walks": row.walks,
        "tags": dict(row.tags),
    }


def execution_details(
    row: ExecutionRow,
    result: ExecutionResult | None,
    decisions: Sequence[TimedRecord],
    fills: Sequence[Fill],
    *,
    changed: Mapping[str, str],
    width: int,
    signs: Glyphs = UNICODE,
) -> RenderableType:
    """Return one execution whole: what came of it, every decision with its reason, every fill.

    *changed* are the parameters that were not as the algorithm comes, written as the configuration has them.
    """
    parts: list[RenderableType] = [
        executions_table([row], width=width, signs=signs) if result is None else summary(result, signs=signs)
    ]
    if result is None:
        driven = f"process {row.owner} drives it" if row.owner is not None else "nobody drives it: `depthwalk recover` ends it"
        parts.append(Text(f"execution {row.execution_id} has not ended; {driven}", "yellow"))
    if row.routing is not None:
        parts.append(_line("drawn", _routed(row.routing, row.algorithm)))
    if changed:
        parts.append(_line("set", ", ".join(f"{name} {value}" for name, value in changed.items())))
    if decisions:
        parts += [Text(), _decisions(row, decisions, signs)]
    if fills:
        parts += [Text(), _fills(row, fills, signs)]
    return Group(*parts)


def _routed(routing: Routing, ran: str) -> str:
    """Say how the algorithm was drawn."""
    other = routing.control if routing.algorithm == routing.candidate else routing.candidate
    words = f"{routing_words(routing)}; the other was {other}"
    return words if ran == routing.algorithm else f"{words}; {ran} ran instead"


def _line(name: str, words: str) -> Table:
    """Return one more line of the summary."""
    line = Table.grid(padding=(0, 2, 0, 0))
    line.add_column(style="dim", no_wrap=True, min_width=len("execution"))
    line.add_column(overflow="fold")
    line.add_row(name, words)
    return line


def _decisions(row: ExecutionRow, decisions: Sequence[TimedRecord], signs: Glyphs) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("decided", justify="right", no_wrap=True)
    table.add_column("on", no_wrap=True)
    table.add_column("what, and why", overflow="fold")
    for one in decisions:
        subject, words = decision_words(row.parent, one.record)
        table.add_row(wording.elapsed(one.at - row.started_at), subject, signs.text(words))
    return table


def _fills(row: ExecutionRow, fills: Sequence[Fill], signs: Glyphs) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("fill at", "price", "quantity", "fee"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("as", no_wrap=True)
    table.add_column("order", overflow="fold")
    for fill in fills:
        table.add_row(
            wording.elapsed(fill.at - row.started_at),
            wording.dollars(row.parent.own_price(fill.price)),
            wording.contracts(fill.quantity),
            wording.money(fill.fee),
            "taker" if fill.is_taker else "maker",
            signs.text(fill.order_id),
        )
    return table


def details_json(
    row: ExecutionRow,
    result: ExecutionResult | None,
    decisions: Sequence[TimedRecord],
    fills: Sequence[Fill],
    *,
    parameters: Mapping[str, Json],
) -> dict[str, Json]:
    """Return the object of `executions show --json`: times in seconds since its start, *result* null until it ends.

    *routing* is null where the algorithm was named; its *algorithm* is the one drawn, whatever ran. *parameters* are all that
    the algorithm had, as the configuration writes them.
    """
    own = row.parent.own_price
    return {
        **execution_json(row),
        "routing": None if row.routing is None else _routing_json(row.routing),
        "parameters": dict(parameters),
        "result": None if result is None else to_json(result),
        "decisions": [
            {
                "time": in_seconds(one.at - row.started_at),
                "what": one.record.what,
                "why": one.record.why,
                "split": one.record.split,
                "price": None if one.record.price is None else format_price(own(one.record.price)),
                "previous": None if one.record.previous is None else format_price(own(one.record.previous)),
                "book_age": None if one.record.book_age is None else in_seconds(one.record.book_age),
            }
            for one in decisions
        ],
        "fills": [
            {
                "time": in_seconds(fill.at - row.started_at),
                "fill_id": fill.fill_id,
                "order_id": fill.order_id,
                "price": format_price(own(fill.price)),
                "quantity": format_quantity(fill.quantity),
                "fee": format_money(fill.fee),
                "is_taker": fill.is_taker,
            }
            for fill in fills
        ],
    }


def _routing_json(routing: Routing) -> dict[str, Json]:
    return {
        "algorithm": routing.algorithm,
        "control": routing.control,
        "candidate": routing.candidate,
        "liquidity_category": None if routing.liquidity is None else routing.liquidity.value,
        "share": None if routing.share is None else routing.share / MILLION,
        "draw": routing.draw / MILLION,
    }


def markets_table(rows: Sequence[MarketRow], *, cash: Money, signs: Glyphs = UNICODE) -> RenderableType:
    """Return the paper exchange's markets and what the account has, for people."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("ticker", no_wrap=True)
    table.add_column("class", no_wrap=True)
    table.add_column("position", justify="right", no_wrap=True)
    table.add_column("title", overflow="fold")
    for row in rows:
        table.add_row(Text(signs.text(row.ticker), "bold"), row.liquidity, _position(row.position), signs.text(row.title))
    return Group(table, Text(), Text("cash ", "dim").append(wording.money(cash), "not dim"))


def _position(position: Quantity) -> str:
    if not position:
        return wording.ABSENT
    return f"{wording.contracts(abs(position))} {'YES' if position > 0 else 'NO'}"


def markets_json(rows: Sequence[MarketRow], *, cash: Money) -> dict[str, Json]:
    """Return the object of `paper markets --json`; a negative position is one of NO."""
    return {
        "cash": format_money(cash),
        "markets": [
            {
                "ticker": row.ticker,
                "title": row.title,
                "liquidity_category": row.liquidity,
                "position": format_quantity(row.position),
            }
            for row in rows
        ],
    }
