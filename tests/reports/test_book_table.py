"""The picture of a book: both widths, all states, both outcomes, and figures counted by hand."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.book import Book, BookState
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.market import FeeSchedule, FeeType, Market, MarketStatus
from depthwalk.domain.messages import LiquidityRule
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.units import Instant, Money, Price, Quantity, parse_instant, seconds
from depthwalk.reports.book_table import BookPicture, book_json, classes, costs, line, render
from depthwalk.reports.wording import ASCII, UNICODE, Glyphs
from tests.support.paper import book
from tests.support.tables import as_text, same_as_snapshot

AT = parse_instant("2026-11-21T12:00:00Z")
MARKET = Market(
    ticker="KX-RAIN-26NOV21",
    event_ticker="KX-RAIN",
    status=MarketStatus.ACTIVE,
    grid=STRUCTURES["linear_cent"],
    fees=FeeSchedule(),
    title="Will it rain?",
)
LADDER = book(
    bids=[(41, 120), (40, 300), (39, 12), (35, 1_500), (10, 40)],
    asks=[(43, 7), (44, 30), (50, 900), (60, 1_200)],
)
STATES = {
    BookState.TWO_SIDED: LADDER,
    BookState.BIDS_ONLY: Book(LADDER.bids, ()),
    BookState.ASKS_ONLY: Book((), LADDER.asks),
    BookState.EMPTY: book(),
    BookState.LOCKED: book(bids=[(43, 5)], asks=[(43, 7)]),
    BookState.CROSSED: book(bids=[(45, 5)], asks=[(43, 7)]),
}


def picture(shown: Book = LADDER, **changes: object) -> BookPicture:
    """Return a picture of a book read 0.2 s ago."""
    made = BookPicture(
        market=MARKET,
        book=shown,
        outcome=Outcome.YES,
        environment="demo",
        source="rest",
        rule=LiquidityRule(),
        depth=10,
        read_at=AT,
        at=Instant(AT + seconds(0.2)),
    )
    return replace(made, **changes)


def drawn(made: BookPicture, width: int, signs: Glyphs = UNICODE, height: int | None = None) -> str:
    """Draw it as plain text."""
    return as_text(render(made, width=width, height=height, signs=signs), width=width)


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize("outcome", Outcome)
def test_the_picture_looks_as_agreed(outcome: Outcome, width: int) -> None:
    """The whole picture, at the two widths that count (REFRESH_SNAPSHOTS=1 renews it)."""
    assert same_as_snapshot(f"book-{outcome.value}-{width}", drawn(picture(outcome=outcome), width))


def test_ascii_terminals_get_ascii() -> None:
    """No sign of ours is beyond ASCII where the terminal cannot show it."""
    text = drawn(picture(depth=2), 80, ASCII)
    assert text.isascii()
    assert same_as_snapshot("book-80-ascii", text)


@pytest.mark.parametrize(("state", "shown"), STATES.items())
def test_an_unusual_book_is_named_in_words(state: BookState, shown: Book) -> None:
    """In capitals in the picture, in words on the line and in the object; a two-sided book needs no words."""
    text = drawn(picture(shown), 80)
    word = state.value.upper()
    assert (state is not BookState.TWO_SIDED) == (f"{word}: " in text)
    assert state.value == book_json(picture(shown))["state"]
    assert (state is not BookState.TWO_SIDED) == line(picture(shown)).endswith(state.value)


def test_a_book_that_could_not_be_read_again_is_old() -> None:
    """How old, and why; in the picture, on the line and in the object."""
    old = picture(at=Instant(AT + seconds(12)), trouble="no answer in time")
    assert "OLD, 12.0 s: no answer in time" in drawn(old, 80)
    assert "old, 12.0 s: no answer in time" in line(old)
    assert "no answer in time" == book_json(old)["trouble"]


@pytest.mark.parametrize("width", [80, 100, 140])
@pytest.mark.parametrize("height", [20, 24, 40])
def test_it_fits_the_terminal(width: int, height: int) -> None:
    """The deepest levels give way, and what is not shown is counted; no line is too long."""
    deep = book(bids=[(cents, 10) for cents in range(1, 41)], asks=[(cents, 10) for cents in range(45, 85)])
    text = drawn(picture(deep, depth=100), width, height=height)
    assert len(text.splitlines()) < height
    assert max(map(len, text.splitlines())) <= width
    assert "more bids with" in text


@pytest.mark.parametrize("width", [80, 140])
def test_large_figures_are_not_cut(width: int) -> None:
    """Two million contracts at 80 columns: the bars give way."""
    text = drawn(picture(book(bids=[(40, 1_234_567), (39, 1_000_000)], asks=[(43, 2_345_678)])), width)
    assert all(figure in text for figure in ("1,234,567.00", "2,234,567.00", "2,345,678.00", "█"))
    assert max(map(len, text.splitlines())) <= width


def test_costs_by_hand() -> None:
    """Seven at 43 cents and three at 44: $4.33; the fee is 7 % of C x P x (1 - P), each fill rounded up."""
    ten = costs(picture())[0]
    assert (Action.BUY, Quantity(1_000), Quantity(1_000), Price(4_400)) == (ten.action, ten.quantity, ten.filled, ten.worst)
    assert Money(4_330_000) == ten.paid
    exact = Decimal("0.07") * (7 * Decimal("0.43") * Decimal("0.57") + 3 * Decimal("0.44") * Decimal("0.56"))
    assert ten.fees is not None
    assert exact <= Decimal(ten.fees) / 1_000_000 < exact + Decimal("0.0002")
    assert ten.paid + ten.fees == ten.total


def test_what_is_not_there_is_said() -> None:
    """Only so many offered, only so many bid for, or nothing at all."""
    text = drawn(picture(book(bids=[(40, 8)], asks=[(43, 37)])), 80)
    assert 2 == text.count("only 37.00 offered")
    assert 3 == text.count("only 8.00 bid for")
    assert 3 == drawn(picture(STATES[BookState.BIDS_ONLY]), 80).count("nothing offered")


def test_fees_that_nobody_knows_are_absent() -> None:
    """A flat schedule is not in the API: no fees and no total, rather than wrong ones."""
    flat = picture(market=replace(MARKET, fees=FeeSchedule(fee_type=FeeType.FLAT)))
    assert {(None, None)} == {(cost.fees, cost.total) for cost in costs(flat)}
    found = book_json(flat)["costs"]
    assert isinstance(found, list)
    assert all(isinstance(each, dict) and each["fees"] is None and each["average_price"] is not None for each in found)


def test_the_class_is_of_what_can_be_taken() -> None:
    """A buyer of YES takes asks, a seller bids; a buyer of NO takes the YES bids."""
    yes, no = classes(picture()), classes(picture(outcome=Outcome.NO))
    assert ("thin", "liquid") == (yes[Action.BUY].value, yes[Action.SELL].value)
    assert (yes[Action.BUY], yes[Action.SELL]) == (no[Action.SELL], no[Action.BUY])


SIDES = st.lists(st.tuples(st.integers(1, 49), st.integers(1, 400)), max_size=8)


@given(SIDES, SIDES)
def test_buying_no_is_selling_yes(bids: list[tuple[int, int]], asks: list[tuple[int, int]]) -> None:
    """The same levels, the mirrored prices, the same fees."""
    shown = book(bids=bids, asks=[(cents + 50, count) for cents, count in asks])
    yes, no = costs(picture(shown)), costs(picture(shown, outcome=Outcome.NO))
    for bought, sold in zip(
        (cost for cost in no if cost.action is Action.BUY), (c for c in yes if c.action is Action.SELL), strict=True
    ):
        assert (sold.filled, sold.fees) == (bought.filled, bought.fees)
        assert sold.filled * 10_000 == sold.paid + bought.paid
