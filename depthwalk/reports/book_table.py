"""A book as its reader sees it: the ladder with cumulative depth, the class, what taking costs; as table, line and JSON.

Pure. Everything is in prices of the outcome asked for: for NO the book is mirrored, bids become asks. Fees are estimates: the
venue's formula for one order that takes.
"""

from dataclasses import dataclass
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from depthwalk.analysis.depth import liquidity_class, sweep, sweep_levels
from depthwalk.analysis.fees import estimate
from depthwalk.domain.book import Book, BookState, Level
from depthwalk.domain.market import Market
from depthwalk.domain.messages import LiquidityRule
from depthwalk.domain.order import Action, Outcome, Side
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.units import (
    CONTRACT,
    Instant,
    Money,
    Price,
    Quantity,
    format_instant,
    format_mid,
    format_money,
    format_price,
    format_quantity,
    mirrored,
)
from depthwalk.errors import DomainError
from depthwalk.reports import wording
from depthwalk.reports.result_json import Json, average_text
from depthwalk.reports.wording import UNICODE, Glyphs

SIZES: Final = tuple(Quantity(count * CONTRACT) for count in (10, 100, 1_000))
"""What the costs are given for."""

WIDE: Final = 132
_LONGEST_BAR: Final = 40
_PRICE: Final = 8
_OTHER_LINES: Final = 17
"""Lines of the picture that are no levels."""

_STATE_WORDS: Final = {
    BookState.BIDS_ONLY: "BIDS ONLY: nobody offers, nothing can be bought",
    BookState.ASKS_ONLY: "ASKS ONLY: nobody bids, nothing can be sold",
    BookState.EMPTY: "EMPTY: nobody bids and nobody offers",
    BookState.LOCKED: "LOCKED: the best bid equals the best ask, the mid says little",
    BookState.CROSSED: "CROSSED: the best bid is above the best ask, the mid says nothing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BookPicture:
    """A book of a market, to be drawn. *book* and the grid are on the YES leg; *outcome* is the view that is wanted.

    *read_at*: when it was asked for; *at*: now; *trouble*: why it could not be read again since.
    """

    market: Market
    book: Book
    outcome: Outcome
    environment: str
    source: str
    rule: LiquidityRule
    depth: int
    read_at: Instant
    at: Instant
    trouble: str | None = None

    @property
    def view(self) -> Book:
        """The book in prices of the outcome."""
        return self.book if self.outcome is Outcome.YES else self.book.mirrored()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What taking *quantity* would come to: *filled* of it is there, for *paid*, the last at *worst*; *fees* None: unknown."""

    action: Action
    quantity: Quantity
    filled: Quantity
    paid: Money
    worst: Price | None
    fees: Money | None

    @property
    def total(self) -> Money | None:
        """What a buyer pays and what a seller gets, fees and all; None where nothing is there or the fees are unknown."""
        if self.fees is None or not self.filled:
            return None
        return Money(self.paid + self.fees if self.action is Action.BUY else self.paid - self.fees)


def costs(picture: BookPicture) -> list[Cost]:
    """Return what buying and selling each of SIZES would cost now."""
    return [_cost(picture, action, quantity) for action in Action for quantity in SIZES]


def _cost(picture: BookPicture, action: Action, quantity: Quantity) -> Cost:
    ladder = picture.view.asks if action is Action.BUY else picture.view.bids
    taken = sweep(ladder, quantity)
    yes = picture.outcome is Outcome.YES
    side = Side.BUY if yes == (action is Action.BUY) else Side.SELL
    fills = [(price if yes else mirrored(price), part) for price, part in sweep_levels(ladder, quantity)]
    try:
        fees = estimate(picture.market.fees, fills, is_taker=True, side=side)
    except DomainError:
        fees = None  # a flat schedule, whose table nobody has
    return Cost(action=action, quantity=quantity, filled=taken.filled, paid=taken.paid, worst=taken.worst, fees=fees)


def classes(picture: BookPicture) -> dict[Action, LiquidityClass]:
    """Return the liquidity class for a buyer and for a seller of the outcome."""
    return {
        Action.BUY: liquidity_class(picture.view.asks, picture.rule),
        Action.SELL: liquidity_class(picture.view.bids, picture.rule),
    }


# --- for people -------------------------------------------------------------------------------------------------------


def render(picture: BookPicture, *, width: int, height: int | None = None, signs: Glyphs = UNICODE) -> RenderableType:
    """Build the picture for a terminal of *width* columns; with *height* the deepest levels give way until it fits."""
    depth = picture.depth if height is None else max(1, min(picture.depth, height - _OTHER_LINES))
    parts: list[RenderableType] = [_title(picture, signs), *_facts(picture, signs)]
    if picture.view.bids or picture.view.asks:
        parts += [Text(), _ladder(picture.view, depth, width, signs)]
        parts += [line for line in [_deeper(picture.view, depth)] if line is not None]
    return Group(*parts, Text(), _cost_table(picture, signs))


def _title(picture: BookPicture, signs: Glyphs) -> Text:
    text, style = wording.badge(picture.environment)
    title = Text(no_wrap=True, overflow=signs.overflow)
    title.append(text if signs is UNICODE else f"[{text.strip()}]", style)
    title.append("  ").append(signs.text(picture.market.ticker), "bold")
    title.append(f"  {picture.outcome.value.upper()} prices")
    if picture.market.title:
        title.append(f"  {signs.text(picture.market.title)}", "dim")
    return title


def _facts(picture: BookPicture, signs: Glyphs) -> list[Text]:
    book, by_action = picture.view, classes(picture)
    best = Text("book   ", "dim", no_wrap=True, overflow=signs.overflow)
    best.append("bid ", "dim").append(wording.dollars(book.best_bid), "not dim bold")
    best.append("  ask ", "dim").append(wording.dollars(book.best_ask), "not dim bold")
    spread = wording.ABSENT if book.spread is None else f"{book.spread / 100:.2f} {signs.cents}"
    best.append("  spread ", "dim").append(spread, "not dim")
    best.append("  mid ", "dim").append(wording.mid(book.mid_twice), "not dim")
    kind = Text("class  ", "dim", no_wrap=True, overflow=signs.overflow)
    for action, verb in ((Action.BUY, "buy"), (Action.SELL, "sell")):
        kind.append(by_action[action].value, f"not dim {wording.CLASS_STYLES[by_action[action]]}").append(
            f" to {verb}  ", "not dim"
        )
    kind.append(wording.moment(picture.read_at), "not dim")
    lines = [best, kind]
    if (words := _STATE_WORDS.get(book.state)) is not None:
        lines.append(Text(words, "bold yellow", no_wrap=True, overflow=signs.overflow))
    if picture.trouble is not None:
        age = wording.elapsed(picture.at - picture.read_at)
        lines.append(Text(f"OLD, {age}: {signs.text(picture.trouble)}", "bold red", no_wrap=True, overflow=signs.overflow))
    return lines


@dataclass(frozen=True, slots=True)
class _Rung:
    price: Price
    quantity: Quantity
    up_to: Quantity


def _rungs(levels: tuple[Level, ...], depth: int) -> list[_Rung]:
    rungs: list[_Rung] = []
    for price, quantity in levels[:depth]:
        rungs.append(_Rung(price, quantity, Quantity(quantity + (rungs[-1].up_to if rungs else 0))))
    return rungs


def _ladder(book: Book, depth: int, width: int, signs: Glyphs) -> Table:
    bids, asks = _rungs(book.bids, depth), _rungs(book.asks, depth)
    most = max(rung.up_to for rung in (*bids[-1:], *asks[-1:]))
    # Figures are never cut: the bars get what is left, the same on both sides.
    cumulative = max(len("cumulative"), len(wording.contracts(most)))
    quantity = max(len("quantity"), *(len(wording.contracts(rung.quantity)) for rung in (*bids, *asks)))
    room = max(1, min(_LONGEST_BAR, (width - 2 * (cumulative + quantity + _PRICE) - 8) // 2))
    inner = (("cumulative", cumulative), ("quantity", quantity))
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim", expand=False)
    table.add_column("", justify="right", no_wrap=True, width=room)
    for heading, size in (*inner, ("bid", _PRICE), ("ask", _PRICE), *reversed(inner)):
        table.add_column(heading, justify="right", no_wrap=True, min_width=size)
    table.add_column("", no_wrap=True, width=room)
    for place in range(max(len(bids), len(asks))):
        bid, ask = (side[place] if place < len(side) else None for side in (bids, asks))
        table.add_row(
            *reversed(_cells(bid, most, room, "green", signs)),
            *_cells(ask, most, room, "red", signs),
        )
    return table


def _cells(rung: _Rung | None, most: int, room: int, style: str, signs: Glyphs) -> list[Text]:
    """Return price, quantity, cumulative quantity and bar, from the middle outwards."""
    if rung is None:
        return [Text(), Text(), Text(), Text()]
    # Any depth at all is seen: a bar is never shorter than one sign.
    length = max(1, rung.up_to * room // most)
    return [
        Text(wording.dollars(rung.price), "bold"),
        Text(wording.contracts(rung.quantity)),
        Text(wording.contracts(rung.up_to)),
        Text(signs.full * length, style),
    ]


def _deeper(book: Book, depth: int) -> Text | None:
    """Say what the ladder does not show."""
    words = [
        f"{len(levels) - depth} more {name} with {wording.contracts(sum(quantity for _, quantity in levels[depth:]))}"
        for levels, name in ((book.bids, "bids"), (book.asks, "asks"))
        if len(levels) > depth
    ]
    return Text(f"deeper: {', '.join(words)}", "dim", no_wrap=True, overflow="ellipsis") if words else None


def _cost_table(picture: BookPicture, signs: Glyphs) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", expand=False)
    table.add_column("to take")
    for heading in ("contracts", "average", "worst", "fees", "total"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True, overflow=signs.overflow)
    for cost in costs(picture):
        average = wording.average_price(cost.paid, cost.filled)
        table.add_row(
            cost.action.value,
            wording.contracts(cost.quantity)[:-3],
            wording.dollars_of(average),
            wording.dollars(cost.worst),
            wording.money(cost.fees if cost.filled else None),
            wording.money(cost.total),
            Text(_short(cost), "yellow"),
        )
    return table


def _short(cost: Cost) -> str:
    if cost.filled >= cost.quantity:
        return ""
    verb = "offered" if cost.action is Action.BUY else "bid for"
    return f"only {wording.contracts(cost.filled)} {verb}" if cost.filled else f"nothing {verb}"


def line(picture: BookPicture) -> str:
    """Return the book on one plain ASCII line, for pipes and logs."""
    book, by_action = picture.view, classes(picture)
    words = [
        wording.moment(picture.at),
        picture.market.ticker,
        *(() if picture.outcome is Outcome.YES else ("NO",)),
        f"bid {_sized(book.bids)}",
        f"ask {_sized(book.asks)}",
        f"spread {wording.ABSENT if book.spread is None else f'{book.spread / 100:.2f} c'}",
        f"{by_action[Action.BUY].value} to buy, {by_action[Action.SELL].value} to sell",
    ]
    if book.state is not BookState.TWO_SIDED:
        words.append(book.state.value)
    if picture.trouble is not None:
        words.append(f"old, {wording.elapsed(picture.at - picture.read_at)}: {picture.trouble}")
    return wording.ASCII.text("  ".join(words))


def _sized(levels: tuple[Level, ...]) -> str:
    return f"{format_price(levels[0][0])} x {format_quantity(levels[0][1])}" if levels else "none"


# --- for programs -----------------------------------------------------------------------------------------------------


def book_json(picture: BookPicture) -> dict[str, Json]:
    """Return the book as an object; prices and counts are strings, absent is null."""
    book, by_action = picture.view, classes(picture)
    return {
        "ticker": picture.market.ticker,
        "title": picture.market.title,
        "environment": picture.environment,
        "source": picture.source,
        "side": picture.outcome.value,
        "at": format_instant(picture.at),
        "read_at": format_instant(picture.read_at),
        "trouble": picture.trouble,
        "state": book.state.value,
        "bid": None if book.best_bid is None else format_price(book.best_bid),
        "ask": None if book.best_ask is None else format_price(book.best_ask),
        "spread": None if book.spread is None else format_price(book.spread),
        "mid": None if book.mid_twice is None else format_mid(book.mid_twice),
        "liquidity": {action.value: found.value for action, found in by_action.items()},
        "bid_total": format_quantity(sum(quantity for _, quantity in book.bids)),
        "ask_total": format_quantity(sum(quantity for _, quantity in book.asks)),
        "bids": [_pair(level) for level in book.bids[: picture.depth]],
        "asks": [_pair(level) for level in book.asks[: picture.depth]],
        "costs": [_cost_json(cost) for cost in costs(picture)],
    }


def _pair(level: Level) -> Json:
    return [format_price(level[0]), format_quantity(level[1])]


def _cost_json(cost: Cost) -> Json:
    return {
        "action": cost.action.value,
        "count": format_quantity(cost.quantity),
        "available": format_quantity(cost.filled),
        "average_price": average_text(cost.paid, cost.filled),
        "worst_price": None if cost.worst is None else format_price(cost.worst),
        "fees": None if cost.fees is None or not cost.filled else format_money(cost.fees),
        "total": None if cost.total is None else format_money(cost.total),
    }
