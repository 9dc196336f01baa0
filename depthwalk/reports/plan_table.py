"""Plans side by side: a row an algorithm, and below a column for each that is shown whole. Pure; JSON is in `plan_json.py`.

Prices are in the user's outcome; the cost of a seller is what comes in.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from depthwalk.analysis.fill_probability import PRIOR_SPAN
from depthwalk.analysis.plans import BookFacts, FlowFacts, Outlay, Plan, PlannedOrder, PlanSheet, Tokens
from depthwalk.domain.order import Action
from depthwalk.domain.units import in_seconds
from depthwalk.reports import wording
from depthwalk.reports.plan_overview import cost_to_mid, legend, overview, percent, reasons
from depthwalk.reports.wording import UNICODE, Glyphs

_LABEL = 12
_COLUMN = 32
_ROW = 76
_GAP = 2


def plan_table(sheet: PlanSheet, *, width: int, signs: Glyphs = UNICODE) -> RenderableType:
    """Return the plans for a terminal of *width* columns; of those shown whole more than fit beside each other follow below.

    Where a row does not fit either, all are shown whole.
    """
    parts: list[RenderableType] = [_title(sheet, signs), _book(sheet.book, signs)]
    if sheet.flow is not None:
        parts.append(_flow(sheet.flow, sheet.parent.action))
    rows = len(sheet.plans) > 1 and width >= _ROW
    if rows:
        parts += [Text(), overview(sheet, signs), *reasons(sheet.plans, signs), *legend(sheet, signs)]
    whole = [plan for plan in sheet.plans if not rows or plan.algorithm in sheet.detailed]
    beside = min(max(1, len(whole)), max(1, (width - _LABEL) // (_COLUMN + _GAP)))
    column = max(_COLUMN, (width - _LABEL) // beside - _GAP)
    for start in range(0, len(whole), beside):
        parts += [Text(), _columns(sheet, whole[start : start + beside], column, signs)]
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


def _flow(facts: FlowFacts, action: Action) -> Text:
    """Say what others bring to our side, and where that is from."""
    who = "sellers bring" if action is Action.BUY else "buyers bring"
    prior = f"the prior of a {facts.liquidity.value} book"
    if facts.tape is None:
        source = prior
    else:
        tape, weight = facts.tape, in_seconds(PRIOR_SPAN)
        seen = f"{tape.trades} trades of {wording.contracts(tape.volume)} in {in_seconds(tape.span):.0f} s"
        source = f"tape: {seen}; {prior} counts as {weight:.0f} s more"
    line = Text().append(f"{who} ", "dim").append(f"{60 * facts.flow.volume:.1f} contracts a minute")
    return line.append(f", {facts.flow.size:.1f} a trade", "dim").append(f"  {source}", "dim")


Cell = str | Text
_Row = tuple[str, Callable[[Plan], Cell]]


def _columns(sheet: PlanSheet, plans: Sequence[Plan], width: int, signs: Glyphs) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="")
    table.add_column("", style="dim", min_width=_LABEL - 2, no_wrap=True)
    for plan in plans:
        heading = Text().append(signs.text(plan.algorithm), "bold")
        if plan.algorithm == sheet.chosen and len(sheet.plans) > 1:
            heading.append(f" {'◂' if signs is UNICODE else '<'} execute", "green")
        table.add_column(heading, overflow="fold", max_width=width)
    levels = sorted({order.level for plan in plans for order in plan.orders})
    rows: list[_Row] = [*_outcome_rows(plans, signs), *_price_rows(sheet, signs)]
    rows += [(f"split {level}", _order_cell(level, signs)) for level in levels]
    rows += [*_cost_rows(sheet, signs), *_token_rows(signs)]
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
    taken = wording.contracts(order.taking.quantity)
    if not order.resting.quantity:
        return "takes all at once" if order.taking.quantity == order.quantity else f"takes {taken}, gives up the rest"
    chance = f"{percent(order.probability)} all, {wording.contracts(order.filled)} in the mean"
    rests = f"behind {wording.contracts(order.ahead)}" if order.ahead else "first in line"
    if not order.taking.quantity:
        return f"rests {rests}\n{chance}"
    return f"takes {taken}, {wording.contracts(order.resting.quantity)} {rests}\n{chance}"


def _cost_rows(sheet: PlanSheet, signs: Glyphs) -> list[_Row]:
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

    def expected(plan: Plan) -> Cell:
        forecast = plan.forecast
        if forecast is None or plan.filled_share is None:
            return "too long a run to say" if plan.orders else wording.ABSENT
        filled = f"{wording.contracts(forecast.filled.quantity)} ({percent(plan.filled_share)})"
        text = Text(filled).append(f", {wording.contracts(forecast.maker)} as maker", "dim")
        cost = cost_to_mid(plan, sheet, signs)
        return text if cost == wording.ABSENT else text.append(f"\n{cost} each to the mid, all in", "dim")

    def shortfall(plan: Plan) -> Cell:
        if plan.forecast is None or plan.forecast.shortfall is None:
            return wording.ABSENT
        return Text(wording.money(plan.forecast.shortfall, signed=True)).append(" with fees and the rest", "dim")

    return [
        ("at once", part(lambda plan: plan.taking)),
        ("resting", part(lambda plan: plan.resting)),
        ("if filled", part(lambda plan: plan.whole)),
        ("expected", expected),
        (
            "cost" if action is Action.BUY else "proceeds",
            part(lambda plan: None if plan.forecast is None else plan.forecast.filled),
        ),
        ("shortfall", shortfall),
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
