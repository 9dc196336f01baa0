"""What the depth of a recorded book was at one price, as a table for people and as a JSON object. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from depthwalk.domain.book import Book, Level
from depthwalk.domain.order import Outcome
from depthwalk.domain.units import (
    Duration,
    Instant,
    Price,
    Quantity,
    format_instant,
    format_price,
    format_quantity,
    in_seconds,
    mirrored,
)
from depthwalk.ports import RecordedBook
from depthwalk.reports import wording
from depthwalk.reports.result_json import Json
from depthwalk.reports.wording import UNICODE, Glyphs


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthAnswer:
    """The depth of the last book at or before *asked_at*, all prices and sides those of *outcome*.

    *bids* and *asks* rest at the price itself, None where the recording holds the best levels only and the price lies beyond
    them. *buyable* is what a buyer could take at the price or better, *sellable* what a seller could; *at_least*: there may
    have been more, beyond what was recorded. *confirmed_until* is the latest time up to *asked_at* at which it was seen to be
    the book still; *covered*: at *asked_at* itself.
    """

    ticker: str
    environment: str
    source: str
    outcome: Outcome
    price: Price
    asked_at: Instant
    book_time: Instant
    confirmed_until: Instant
    covered: bool
    gap: tuple[Instant, Instant, str] | None
    best_bid: Price | None
    best_ask: Price | None
    bids: Quantity | None
    asks: Quantity | None
    buyable: Quantity
    buyable_at_least: bool
    sellable: Quantity
    sellable_at_least: bool

    @property
    def age(self) -> Duration:
        """How long before the time asked for the book was surely the book."""
        return Duration(self.asked_at - self.book_time)


def depth_answer(
    recorded: RecordedBook,
    *,
    outcome: Outcome,
    price: Price,
    at: Instant,
    confirmed_until: Instant,
    covered: bool,
    gap: tuple[Instant, Instant, str] | None,
) -> DepthAnswer:
    """Return the depth at *price* of *outcome* in a recorded book."""
    book, cut_bids, cut_asks = recorded.book, recorded.bid_total is not None, recorded.ask_total is not None
    if outcome is Outcome.NO:
        book, cut_bids, cut_asks = _turned(book), cut_asks, cut_bids
    beyond_bids = cut_bids and (not book.bids or price < book.bids[-1][0])
    beyond_asks = cut_asks and (not book.asks or price > book.asks[-1][0])
    return DepthAnswer(
        ticker=recorded.ticker,
        environment=recorded.environment,
        source=recorded.source.value,
        outcome=outcome,
        price=price,
        asked_at=at,
        book_time=recorded.event_time,
        confirmed_until=confirmed_until,
        covered=covered,
        gap=gap,
        best_bid=book.best_bid,
        best_ask=book.best_ask,
        bids=None if beyond_bids else _total(level for level in book.bids if level[0] == price),
        asks=None if beyond_asks else _total(level for level in book.asks if level[0] == price),
        buyable=_total(level for level in book.asks if level[0] <= price),
        buyable_at_least=beyond_asks,
        sellable=_total(level for level in book.bids if level[0] >= price),
        sellable_at_least=beyond_bids,
    )


def _turned(book: Book) -> Book:
    """Return the book in prices of NO: who bids for NO asks for YES."""

    def other(levels: Sequence[Level]) -> tuple[Level, ...]:
        return tuple((mirrored(price), quantity) for price, quantity in levels)

    return Book(bids=other(book.asks), asks=other(book.bids))


def _total(levels: Iterable[Level]) -> Quantity:
    return Quantity(sum(quantity for _, quantity in levels))


def depth_warnings(answer: DepthAnswer) -> list[str]:
    """Return what speaks against relying on the answer, one sentence each; empty where nothing does."""
    warnings = []
    if answer.gap is not None:
        since, until, why = answer.gap
        warnings.append(
            f"the recording has a gap from {wording.moment(since)} to {wording.moment(until)}{f': {why}' if why else ''}"
        )
    elif not answer.covered:
        asked = Duration(answer.asked_at - answer.confirmed_until)
        warnings.append(
            f"no heartbeat covers that time: the book was last seen {wording.elapsed(asked)} before it and may have changed"
        )
    if answer.buyable_at_least or answer.sellable_at_least:
        warnings.append("only the best levels were recorded and the price lies beyond them: there may have been more")
    return warnings


def depth_table(answer: DepthAnswer, *, signs: Glyphs = UNICODE) -> RenderableType:
    """Return the answer for people; the warnings are not in it."""
    name = answer.outcome.value.upper()
    head = Table.grid(padding=(0, 2, 0, 0))
    head.add_column(style="dim", no_wrap=True)
    head.add_column(overflow="fold")
    head.add_row("market", f"{signs.text(answer.ticker)} {name}, {answer.environment} ({answer.source})")
    head.add_row("asked for", wording.moment(answer.asked_at))
    age = "of that very moment" if not answer.age else f"{wording.elapsed(answer.age)} earlier"
    head.add_row("book of", f"{wording.moment(answer.book_time)}, {age}")
    if answer.age and answer.confirmed_until > answer.book_time:
        head.add_row("confirmed", f"until {wording.moment(answer.confirmed_until)}")
    head.add_row("best bid", wording.dollars(answer.best_bid))
    head.add_row("best ask", wording.dollars(answer.best_ask))
    price = wording.dollars(answer.price)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(f"depth at {price}", no_wrap=True)
    table.add_column("contracts", justify="right", no_wrap=True)
    table.add_row(f"bids resting at {price}", wording.contracts(answer.bids))
    table.add_row(f"asks resting at {price}", wording.contracts(answer.asks))
    table.add_row(f"could be bought at {price} or less", _figure(answer.buyable, at_least=answer.buyable_at_least))
    table.add_row(f"could be sold at {price} or more", _figure(answer.sellable, at_least=answer.sellable_at_least))
    return Group(head, Text(), table)


def _figure(quantity: Quantity, *, at_least: bool) -> str:
    return f"at least {wording.contracts(quantity)}" if at_least else wording.contracts(quantity)


def depth_json(answer: DepthAnswer) -> dict[str, Json]:
    """Return the object of `db depth --json`; a quantity beyond what was recorded is null."""
    gap = answer.gap
    return {
        "ticker": answer.ticker,
        "environment": answer.environment,
        "source": answer.source,
        "side": answer.outcome.value,
        "price": format_price(answer.price),
        "asked_at": format_instant(answer.asked_at),
        "book_time": format_instant(answer.book_time),
        "age_seconds": in_seconds(answer.age),
        "confirmed_until": format_instant(answer.confirmed_until),
        "covered": answer.covered,
        "gap": None if gap is None else {"from": format_instant(gap[0]), "until": format_instant(gap[1]), "why": gap[2]},
        "best_bid": None if answer.best_bid is None else format_price(answer.best_bid),
        "best_ask": None if answer.best_ask is None else format_price(answer.best_ask),
        "bids_at_price": None if answer.bids is None else format_quantity(answer.bids),
        "asks_at_price": None if answer.asks is None else format_quantity(answer.asks),
        "buyable_at_or_below": format_quantity(answer.buyable),
        "buyable_is_at_least": answer.buyable_at_least,
        "sellable_at_or_above": format_quantity(answer.sellable),
        "sellable_is_at_least": answer.sellable_at_least,
        "warnings": list(depth_warnings(answer)),
    }
