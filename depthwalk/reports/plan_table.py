"""Plans side by side: a column an algorithm, as many as fit beside each other. Pure. JSON for programs is here too.

Prices are in the user's outcome; the cost of a seller is what comes in.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from depthwalk.analysis.budget import FORMULA
from depthwalk.analysis.plans import BookFacts, Outlay, Plan, PlannedOrder, PlanSheet, Tokens
from depthwalk.domain.order import Action
from depthwalk.domain.units import (
    format_instant,
    format_mid,
    format_money,
    format_price,
    format_quantity,
    in_seconds,
)
from depthwalk.reports import wording
from depthwalk.reports.result_json import Json, average_text
from depthwalk.reports.wording import UNICODE, Glyphs

_LABEL = 12
_COLUMN = 32
_GAP = 2


def plan_table(sheet: PlanSheet, *, width: int, signs: Glyphs = UNICODE) -> RenderableType:
    """Return the plans for a terminal of *width* columns; more algorithms than fit follow below."""
    beside = min(max(1, len(sheet.plans)), max(1, (width - _LABEL) // (_COLUMN + _GAP)))
    column = max(_COLUMN, (width - _LABEL) // beside - _GAP)
    parts: list[RenderableType] = [_title(sheet, signs), _book(sheet.book, signs)]
    for start in range(0, len(sheet.plans), beside):
        parts += [Text(), _columns(sheet, sheet.plans[start : start + beside], column, signs)]
    notes = [*sheet.notes]
    if sheet.seed is not None:
        notes.append(f"{sheet.source} paper market, seed {sheet.seed}; nothing was sent")
    parts += [Text(), *(Text(signs.text(note), "dim") for note in notes or ["nothing was sent"])]
    return Group(*parts)


def _title(sheet: PlanSheet, signs: Glyphs) -> Text:
    text, style = wording.badge(sheet.environment)
    title = Text(no_wrap=True, overflow=signs.overflow)
    title.append(text if signs is UNICODE else f"[{text.strip()}]", style).append("  PLAN  ")
    title.append(f"{wording.side_words(sheet.parent)} {wording.contracts(sheet.parent.quantity)}", "bold")
    return title.append("  ").append(signs.text(sheet.parent.ticker), "bold")


def _book(book: BookFacts | None, signs: Glyphs) -> Text:
    if book is None:
        return Text("there is no usable book", "yellow")
    line = Text()
    for label, words in (
        ("bid", wording.dollars(book.bid)),
        ("ask", wording.dollars(book.ask)),
        ("mid", wording.mid(book.mid_twice)),
        (f"within 3 {signs.cents}", wording.contracts(book.depths.within_3)),
        ("age", wording.elapsed(book.age)),
    ):
        line.append(f"{label} ", "dim").append(f"{words}  ")
    return line.append(book.liquidity.value, wording.CLASS_STYLES[book.liquidity])


Cell = str | Text
_Row = tuple[str, Callable[[Plan], Cell]]


def _columns(sheet: PlanSheet, plans: Sequence[Plan], width: int, signs: Glyphs) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="")
    table.add_column("", style="dim", min_width=_LABEL - 2, no_wrap=True)
    for plan in plans:
        chosen = plan.algorithm == sheet.chosen
        heading = Text().append(plan.algorithm, "bold")
        if chosen and len(sheet.plans) > 1:
            heading.append(f" {'◂' if signs is UNICODE else '<'} execute", "green")
        table.add_column(heading, overflow="fold", max_width=width)
    levels = max((len(plan.orders) for plan in plans), default=0)
    rows: list[_Row] = [*_outcome_rows(plans, signs), *_price_rows(sheet, signs)]
    rows += [(f"split {level}", _order_cell(level, signs)) for level in range(1, levels + 1)]
    rows += [*_cost_rows(sheet), *_token_rows(signs)]
    for label, cell in rows:
        cells = [cell(plan) for plan in plans]
        if any(each != wording.ABSENT for each in cells):
            table.add_row(label, *cells)
    return table


def _outcome_rows(plans: Sequence[Plan], signs: Glyphs) -> list[_Row]:
    if all(plan.refused is None and plan.hold is None for plan in plans):
        return []

    def would(plan: Plan) -> Cell:
        if plan.refused is not None:
            return Text(f"refused: {signs.text(plan.refused)}", "bold red")
        return "send" if plan.hold is None else Text(f"wait: {signs.text(plan.hold)}", "yellow")

    return [("would", would)]


def _price_rows(sheet: PlanSheet, signs: Glyphs) -> list[_Row]:
    action = sheet.parent.action

    def cap(plan: Plan) -> Cell:
        if plan.arrival is None:
            return wording.ABSENT
        return f"{wording.dollars(plan.arrival.cap)} {wording.cap_words(plan.arrival.cap_origin, action)}"

    def depth(plan: Plan) -> Cell:
        if plan.arrival is None or plan.coverage is None:
            return wording.ABSENT
        return f"{wording.contracts(plan.arrival.depths.within_cap)}, {plan.coverage:.2f} x the order"

    def spot(plan: Plan) -> Cell:
        if plan.sweet_spot is not None:
            return wording.dollars(plan.sweet_spot)
        return wording.ABSENT if plan.arrival is None else "the book does not hold it"

    return [
        ("target", lambda plan: wording.dollars(None if plan.arrival is None else plan.arrival.target)),
        (f"cap {signs.at_most}" if action is Action.BUY else "cap", cap),
        ("depth to cap", depth),
        ("sweet spot", spot),
    ]


def _order_cell(level: int, signs: Glyphs) -> Callable[[Plan], Cell]:
    def cell(plan: Plan) -> Cell:
        order = next((each for each in plan.orders if each.level == level), None)
        if order is None:
            return wording.ABSENT
        text = Text().append(f"{wording.contracts(order.quantity)} at {wording.dollars(order.price)}", "bold")
        return text.append(f"\n{_what_becomes(order)}\n").append(signs.text(order.why), "dim")

    return cell


def _what_becomes(order: PlannedOrder) -> str:
    if not order.resting.quantity:
        return "takes all at once"
    rests = f"behind {wording.contracts(order.ahead)}" if order.ahead else "first in line"
    if not order.taking.quantity:
        return f"rests {rests}"
    return f"takes {wording.contracts(order.taking.quantity)}, {wording.contracts(order.resting.quantity)} {rests}"


def _cost_rows(sheet: PlanSheet) -> list[_Row]:
    action = sheet.parent.action

    def part(choose: Callable[[Plan], Outlay | None]) -> Callable[[Plan], Cell]:
        def cell(plan: Plan) -> Cell:
            outlay = choose(plan)
            if outlay is None or not outlay.quantity:
                return wording.ABSENT
            average = wording.dollars_of(Fraction(outlay.value, outlay.quantity))
            total = outlay.total(action)
            if total is None:
                words = "before fees, which are not known"
            else:
                words = f"{'with' if action is Action.BUY else 'after'} {wording.money(outlay.fees)} fees"
            return Text(wording.money(outlay.value if total is None else total)).append(f" {words}\n{average} each", "dim")

        return cell

    both = "cost" if action is Action.BUY else "proceeds"
    return [
        ("at once", part(lambda plan: plan.taking)),
        ("resting", part(lambda plan: plan.resting)),
        (both, part(lambda plan: plan.expected)),
        ("worst case", part(lambda plan: plan.worst)),
    ]


def _token_rows(signs: Glyphs) -> list[_Row]:
    def told(words: Callable[[Tokens], str]) -> Callable[[Plan], Cell]:
        return lambda plan: wording.ABSENT if plan.tokens is None else words(plan.tokens)

    def calls(tokens: Tokens) -> str:
        budget = "" if tokens.calls_budget is None else f" of {tokens.calls_budget:,}"
        return f"{signs.at_most} {tokens.calls_at_most:,}{budget}"

    return [
        ("time", lambda plan: f"{wording.elapsed(plan.horizon)}, then {plan.end_action} the rest"),
        ("writes now", told(lambda tokens: f"{tokens.writes_now:,} tokens")),
        ("writes", told(lambda tokens: f"{signs.at_most} {tokens.writes_at_most:,} of {tokens.write_budget:,} tokens")),
        ("reads", told(lambda tokens: f"{signs.at_most} {tokens.reads_at_most:,} of {tokens.read_budget:,} tokens")),
        ("calls", told(calls)),
    ]


def plan_json(sheet: PlanSheet) -> dict[str, Json]:
    """Return the object of `plan --json`: strings with decimals for amounts, null for what is not there, never 0."""
    parent, book = sheet.parent, sheet.book
    return {
        "ticker": parent.ticker,
        "side": parent.outcome.value,
        "action": parent.action.value,
        "requested": format_quantity(parent.quantity),
        "environment": sheet.environment,
        "source": sheet.source,
        "seed": sheet.seed,
        "at": format_instant(sheet.at),
        "arrival": None if book is None else _book_json(book),
        "execute_would_run": sheet.chosen,
        "refused": [{"message": each.message, "hint": each.hint} for each in sheet.objections],
        "notes": list(sheet.notes),
        "token_formula": FORMULA,
        "algorithms": [_plan_json(plan, parent.action) for plan in sheet.plans],
    }


def _book_json(book: BookFacts) -> dict[str, Json]:
    bid, ask = book.bid, book.ask
    return {
        "bid": None if bid is None else format_price(bid),
        "ask": None if ask is None else format_price(ask),
        "mid": None if book.mid_twice is None else format_mid(book.mid_twice),
        "spread": None if bid is None or ask is None else format_price(ask - bid),
        "depth": format_quantity(book.depths.within_3),
        "depth_within_1": format_quantity(book.depths.within_1),
        "depth_within_5": format_quantity(book.depths.within_5),
        "depth_at_touch": format_quantity(book.depths.touch),
        "liquidity_category": book.liquidity.value,
        "book_age_ms": round(book.age / 1_000),
    }


def _plan_json(plan: Plan, action: Action) -> dict[str, Json]:
    arrival, tokens = plan.arrival, plan.tokens
    sends = bool(plan.orders)
    return {
        "algorithm": plan.algorithm,
        "refused": plan.refused,
        "waits_because": plan.hold,
        "timeout_seconds": in_seconds(plan.horizon),
        "end_action": plan.end_action,
        "target_price": None if arrival is None else format_price(arrival.target),
        "cap_price": None if arrival is None else format_price(arrival.cap),
        "cap_origin": None if arrival is None else arrival.cap_origin.value,
        "sweet_spot": None if plan.sweet_spot is None else format_price(plan.sweet_spot),
        "min_cumulative_depth": None if arrival is None else format_quantity(arrival.depths.within_cap),
        "coverage": plan.coverage,
        "splits": [_order_json(order) for order in plan.orders],
        "at_once": _outlay(plan.taking, action) if sends else None,
        "resting": _outlay(plan.resting, action) if sends else None,
        "expected": _outlay(plan.expected, action) if sends else None,
        "worst_case": None if plan.worst is None else _outlay(plan.worst, action),
        "tokens": None if tokens is None else _tokens_json(tokens),
    }


def _order_json(order: PlannedOrder) -> dict[str, Json]:
    return {
        "level": order.level,
        "price": format_price(order.price),
        "quantity": format_quantity(order.quantity),
        "at_once": format_quantity(order.taking.quantity),
        "resting": format_quantity(order.resting.quantity),
        "queue_ahead": format_quantity(order.ahead) if order.resting.quantity else None,
        "why": order.why,
    }


def _outlay(outlay: Outlay, action: Action) -> dict[str, Json]:
    total = outlay.total(action)
    return {
        "quantity": format_quantity(outlay.quantity),
        "average_price": average_text(outlay.value, outlay.quantity),
        "value": format_money(outlay.value),
        "fees": None if outlay.fees is None else format_money(outlay.fees),
        "total": None if total is None else format_money(total),
    }


def _tokens_json(tokens: Tokens) -> dict[str, Json]:
    return {
        "writes_now": tokens.writes_now,
        "writes_at_most": tokens.writes_at_most,
        "write_budget": tokens.write_budget,
        "reads_at_most": tokens.reads_at_most,
        "read_budget": tokens.read_budget,
        "calls_at_most": tokens.calls_at_most,
        "calls_budget": tokens.calls_budget,
    }
