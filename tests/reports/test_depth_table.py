"""The depth at a price: counted by hand, in both outcomes' prices, with what speaks against it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.book import Book
from depthwalk.domain.order import Outcome
from depthwalk.domain.units import Instant, Price, Quantity, mirrored, parse_instant
from depthwalk.ports import RecordedBook, RecordingSource
from depthwalk.reports.depth_table import DepthAnswer, depth_answer, depth_json, depth_table, depth_warnings
from depthwalk.reports.wording import ASCII
from tests.support.domain_strategies import BOOKS, PRICES
from tests.support.tables import as_text, same_as_snapshot

_AT = parse_instant("2026-07-14T00:40:00Z")
_BOOK = Book.of_levels(
    bids=[(Price(4100), Quantity(1000)), (Price(4000), Quantity(250))],
    asks=[(Price(4300), Quantity(300)), (Price(4500), Quantity(7000))],
)


def _answer(price: int, outcome: Outcome = Outcome.YES, *, cut: bool = False, age: int = 0, **changes: Any) -> DepthAnswer:
    recorded = RecordedBook(
        ticker="SOME-MARKET",
        environment="live",
        source=RecordingSource.POLL,
        event_time=Instant(_AT - age),
        receipt_time=Instant(_AT - age),
        book=_BOOK,
        bid_total=Quantity(99_999) if cut else None,
        ask_total=Quantity(99_999) if cut else None,
    )
    fields: dict[str, Any] = {"confirmed_until": _AT, "covered": True, "gap": None}
    return depth_answer(recorded, outcome=outcome, price=Price(price), at=_AT, **(fields | changes))


@pytest.mark.parametrize(
    ("outcome", "price", "bids", "asks", "buyable", "sellable"),
    [
        (Outcome.YES, 4000, 250, 0, 0, 1250),
        (Outcome.YES, 4100, 1000, 0, 0, 1000),
        (Outcome.YES, 4200, 0, 0, 0, 0),
        (Outcome.YES, 4300, 0, 300, 300, 0),
        (Outcome.YES, 9900, 0, 0, 7300, 0),
        (Outcome.NO, 5500, 7000, 0, 0, 7300),  # the YES ask at 0.45 is the NO bid at 0.55
        (Outcome.NO, 5900, 0, 1000, 1000, 0),
        (Outcome.NO, 6000, 0, 250, 1250, 0),
    ],
)
def test_depth_is_counted_in_the_prices_of_the_outcome(
    outcome: Outcome, price: int, bids: int, asks: int, buyable: int, sellable: int
) -> None:
    """What rests at the price, and what a taker could have at it or better."""
    found = _answer(price, outcome)

    assert (bids, asks, buyable, sellable) == (found.bids, found.asks, found.buyable, found.sellable)
    assert ((4100, 4300) if outcome is Outcome.YES else (5700, 5900)) == (found.best_bid, found.best_ask)
    assert (False, False) == (found.buyable_at_least, found.sellable_at_least)


@given(BOOKS, PRICES, st.integers(0, 10**6))
def test_no_is_yes_seen_from_the_other_side(book: Book, price: Price, age: int) -> None:
    """Buying NO at q is selling YES at 1 - q, in every book."""
    at = Instant(_AT + age)
    recorded = RecordedBook(
        ticker="T", environment="live", source=RecordingSource.IMPORT, event_time=_AT, receipt_time=_AT, book=book
    )
    yes = depth_answer(recorded, outcome=Outcome.YES, price=price, at=at, confirmed_until=at, covered=True, gap=None)
    no = depth_answer(recorded, outcome=Outcome.NO, price=mirrored(price), at=at, confirmed_until=at, covered=True, gap=None)

    assert (yes.bids, yes.asks, yes.buyable, yes.sellable) == (no.asks, no.bids, no.sellable, no.buyable)
    assert age == yes.age


@pytest.mark.parametrize(
    ("outcome", "price", "bids", "asks", "warned"),
    [
        (Outcome.YES, 4000, 250, 0, False),
        (Outcome.YES, 3999, None, 0, True),
        (Outcome.YES, 4600, 0, None, True),
        (Outcome.NO, 5499, None, 0, True),
        (Outcome.NO, 6001, 0, None, True),
    ],
)
def test_beyond_the_best_levels_nothing_is_claimed(
    outcome: Outcome, price: int, bids: int | None, asks: int | None, warned: bool
) -> None:
    """A recording of ten levels does not know the eleventh: null rather than 0, at least rather than exactly."""
    found = _answer(price, outcome, cut=True)

    assert (bids, asks) == (found.bids, found.asks)
    assert warned is (found.buyable_at_least or found.sellable_at_least)
    assert warned is any("only the best levels" in words for words in depth_warnings(found))


def test_a_covered_answer_has_no_warning() -> None:
    """A heartbeat spans the moment, or the book is of it."""
    assert [] == depth_warnings(_answer(4100))


def test_an_uncovered_answer_says_since_when() -> None:
    """The time since the book was last seen, not since it last changed."""
    (words,) = depth_warnings(_answer(4100, age=90_000_000, covered=False, confirmed_until=Instant(_AT - 12_500_000)))
    assert "last seen 12.5 s before it" in words


def test_a_gap_is_named_with_its_reason() -> None:
    """Times in UTC."""
    gap = (Instant(_AT - 60_000_000), Instant(_AT + 60_000_000), "no connection")
    (words,) = depth_warnings(_answer(4100, age=70_000_000, covered=False, gap=gap))
    assert "the recording has a gap from 2026-07-14 00:39:00Z to 2026-07-14 00:41:00Z: no connection" == words


def test_the_answer_looks_as_agreed() -> None:
    """For people (REFRESH_SNAPSHOTS=1 renews it); signs that a terminal lacks are replaced."""
    found = _answer(4500, cut=True, age=965_000_000, covered=False, confirmed_until=Instant(_AT - 60_000_000))
    assert same_as_snapshot("depth-80", as_text(depth_table(found), width=80))
    assert as_text(depth_table(found, signs=ASCII), width=80).isascii()


def test_the_answer_is_a_json_object() -> None:
    """Strings for amounts, null for what is not known, the warnings too."""
    found = json.loads(json.dumps(depth_json(_answer(4600, cut=True, age=1_500_000))))

    assert ("0.00", None, "73.00", True, "0.4600") == (
        found["bids_at_price"], found["asks_at_price"], found["buyable_at_or_below"], found["buyable_is_at_least"],
        found["price"],
    )  # fmt: skip
    assert (1.5, "yes", "0.4100", "0.4300", 1) == (
        found["age_seconds"], found["side"], found["best_bid"], found["best_ask"], len(found["warnings"]),
    )  # fmt: skip
