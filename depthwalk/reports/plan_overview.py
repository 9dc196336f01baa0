"""Algorithms side by side: a table of one row each, and what its columns mean. Pure. One shown whole: `plan_table.py`."""

from collections.abc import Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from depthwalk.analysis.plans import Outlay, Plan, PlannedOrder, PlanSheet
from depthwalk.domain.order import Action
from depthwalk.domain.units import CONTRACT
from depthwalk.reports import wording
from depthwalk.reports.wording import UNICODE, Glyphs

_ALMOST_ALL: Final = 99


def overview(sheet: PlanSheet, signs: Glyphs) -> Table:
    """Return a row an algorithm; the one that execute would run is marked."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("", no_wrap=True)
    table.add_column("", overflow="fold")
    table.add_column("first orders", no_wrap=True)
    for label in ("chance", "filled", "cost", "tokens", "worst"):
        table.add_column(label, no_wrap=True, justify="right")
    for plan in sheet.plans:
        chosen = plan.algorithm == sheet.chosen
        table.add_row(
            Text(_mark(signs), "green") if chosen else "",
            Text(signs.text(plan.algorithm), "bold" if chosen else ""),
            _first_orders(plan),
            "\n".join(_chance(order) for order in plan.orders) or wording.ABSENT,
            wording.ABSENT if plan.filled_share is None else percent(plan.filled_share),
            cost_to_mid(plan, sheet, signs),
            wording.ABSENT if plan.tokens is None else f"{plan.tokens.writes_at_most}+{plan.tokens.reads_at_most}",
            wording.ABSENT if plan.worst is None else _total(plan.worst, sheet.parent.action),
        )
    return table


def _mark(signs: Glyphs) -> str:
    return "▸" if signs is UNICODE else ">"


def _first_orders(plan: Plan) -> str | Text:
    if plan.refused is not None:
        return Text("refused", "bold red")
    if plan.hold is not None:
        return Text("waits", "yellow")
    return "\n".join(f"{_short(order.quantity)} at {_short_price(order.price)}" for order in plan.orders) or "none yet"


def _short(quantity: int) -> str:
    """Write a quantity without decimals where it has none."""
    return wording.contracts(quantity) if quantity % CONTRACT else f"{quantity // CONTRACT:,}"


def _short_price(price: int) -> str:
    """Write a price without the decimals behind the cent where it has none."""
    text = wording.dollars(price)
    return text.removesuffix("00")


def _chance(order: PlannedOrder) -> str:
    """Say how likely an order is filled whole: "now" where it is at once."""
    return "now" if order.taking.quantity == order.quantity else percent(order.probability)


def percent(share: float) -> str:
    """Write a share in whole percent; what is not quite nothing or all is not called so."""
    in_percent = 100 * share
    if 0 < in_percent < 1:
        return "<1 %"
    return ">99 %" if share < 1 and in_percent > _ALMOST_ALL else f"{in_percent:.0f} %"


def cost_to_mid(plan: Plan, sheet: PlanSheet, signs: Glyphs) -> str:
    """Write what a contract is expected to cost more than the mid, with fees."""
    mid = None if sheet.book is None else sheet.book.mid_twice
    cost = None if plan.forecast is None else plan.forecast.cost(sheet.parent.action, mid)
    return wording.ABSENT if cost is None else wording.in_cents(cost, signs)


def _total(outlay: Outlay, action: Action) -> str:
    total = outlay.total(action)
    return wording.money(outlay.value if total is None else total)


def reasons(plans: Sequence[Plan], signs: Glyphs) -> list[Text]:
    """Say why nothing would be sent, once for all that say the same."""
    said: dict[str, list[str]] = {}
    for plan in plans:
        if plan.refused is not None:
            said.setdefault(f"refused: {plan.refused}", []).append(plan.algorithm)
        elif plan.hold is not None:
            said.setdefault(f"wait: {plan.hold}", []).append(plan.algorithm)
    return [
        Text(signs.text(f"{'all' if len(who) == len(plans) else ', '.join(who)}: {why}"), "yellow") for why, who in said.items()
    ]


def legend(sheet: PlanSheet, signs: Glyphs) -> list[Text]:
    """Say what the columns mean; nothing where there is no order in any."""
    if not any(plan.orders for plan in sheet.plans):
        return []
    paid = "cost" if sheet.parent.action is Action.BUY else "proceeds"
    words = [
        "chance: the order as it stands is filled whole before the end game",
        "filled, cost: expected in the end; cost a contract, with fees, against the mid",
        f"tokens: writes + reads, at most; worst: {paid} of all at the cap, with fees",
    ]
    if sheet.chosen is not None:
        words.insert(0, f"{_mark(signs)} what execute would run")
    return [Text(each, "dim") for each in words]
