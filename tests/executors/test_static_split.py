"""`static_split` by hand: improve or join, a step lower each, left alone until the end game (algorithms.md section 2.10)."""

import pytest

from depthwalk.domain.messages import AmendOrder, Look, Reason, WakeAt
from depthwalk.domain.order import Action, Outcome
from depthwalk.executors.state import EndAction
from tests.support.books import cents, contracts
from tests.support.venue import drive, parent

BOOK = "40x100 39x50 | 44x30 45x60 46x80"


def test_sixty_in_front_forty_behind_and_the_rest_taken_at_the_end() -> None:
    """Room in the spread: 60 first at 41, 40 in the queue at 40; at 38.5 s both are canceled, and 30 + 60 taken up to 45."""
    venue = drive("static_split", BOOK)

    assert ["0 post 41 x60", "0 post 40 x40", "38.5 cancel", "38.5 cancel", "38.55 take 45 x100"] == venue.story
    assert contracts(90) == venue.filled


@pytest.mark.parametrize(
    ("book", "structure", "params", "placed"),
    [
        # Spread of one step: in the queue, and one below.
        ("43x100 | 44x30", "linear_cent", {}, ["43 x60", "42 x40"]),
        ("42x100 | 44x30", "linear_cent", {}, ["43 x60", "42 x40"]),
        ("40x100 | 44x30", "linear_cent", {"level_steps": 2}, ["41 x60", "39 x40"]),
        ("40x100 | 44x30", "linear_cent", {"split_ratios": (0.5, 0.3, 0.2), "level_steps": 2}, ["41 x50", "39 x30", "37 x20"]),
        ("40x100 | 44x30", "linear_cent", {"split_ratios": (1.0,)}, ["41 x100"]),
        # Too small to be worth an order of their own: with the one in front.
        ("40x100 | 44x30", "linear_cent", {"min_split": contracts(41)}, ["41 x100"]),
        ("40x100 | 44x30", "linear_cent", {"min_split": contracts(40)}, ["41 x60", "40 x40"]),
        # There is nothing below the lowest price.
        ("1x100 | 3x30", "linear_cent", {"split_ratios": (0.5, 0.3, 0.2)}, ["2 x50", "1 x30", "1 x20"]),
        # Tenths of a cent, and the edges of a tapered grid: a step is what the grid says where one is.
        ("40x100 | 44x30", "deci_cent", {}, ["40.1 x60", "40 x40"]),
        ("10x100 | 12x30", "tapered_deci_cent", {"split_ratios": (0.5, 0.3, 0.2)}, ["11 x50", "10 x30", "9.9 x20"]),
        ("9.9x100 | 12x30", "tapered_deci_cent", {}, ["10 x60", "9.9 x40"]),
        ("90x100 | 90.2x30", "tapered_deci_cent", {"split_ratios": (0.5, 0.3, 0.2)}, ["90.1 x50", "90 x30", "89 x20"]),
        ("89x100 | 90.1x30", "tapered_deci_cent", {}, ["90 x60", "89 x40"]),
    ],
)
def test_where_the_splits_go(book: str, structure: str, params: dict[str, object], placed: list[str]) -> None:
    """The first improves on the best other bid where that is not the ask, else joins it; each other one rests below."""
    venue = drive("static_split", book, structure=structure, end_action=EndAction.CANCEL, **params)

    assert [f"0 post {each}" for each in placed] == venue.story[: len(placed)]
    assert all(text.endswith("cancel") for text in venue.story[len(placed) :])


@pytest.mark.parametrize(
    ("limit", "placed"), [(38, ["38 x60", "37 x40"]), (40, ["40 x60", "39 x40"]), (41, ["41 x60", "40 x40"])]
)
def test_the_users_limit_comes_first(limit: int, placed: list[str]) -> None:
    """Below the best bid as at it; one step above it there is room, though it is the cap."""
    venue = drive("static_split", BOOK, parent(limit=cents(limit)))

    assert [f"0 post {each}" for each in placed] == venue.story[:2]


def test_it_never_walks() -> None:
    """The market leaves, comes back, runs away: nothing is re-priced."""
    books = {0: BOOK, 5: "38x100 | 44x30", 12: "40x100 | 44x30", 20: "45x100 | 47x30"}
    venue = drive("static_split", books)

    assert not [intent for intent in venue.writes if isinstance(intent, AmendOrder)]
    assert {Look.ORDERS, Look.BOOK} == {intent.look for _, intent in venue.sent if isinstance(intent, WakeAt)}


def test_no_other_bid_takes_what_is_there() -> None:
    """Nothing to rest below: one order for all at the ask, which rests there with what it does not get."""
    venue = drive("static_split", "| 44x30 45x60")

    assert ["0 plain 44 x100", "38.5 cancel", "38.55 take 45 x70"] == venue.story


def test_no_ask_rests_inside_the_cap() -> None:
    """Nobody sells and the target is 50: the cap of 51 is far away, so first in front of the bids, and behind."""
    venue = drive("static_split", "40x100 39x50 |", parent(target=cents(50)))

    assert ["0 post 41 x60", "0 post 40 x40", "38.5 cancel", "38.5 cancel"] == venue.story


@pytest.mark.parametrize(
    ("outcome", "action", "placed"),
    [
        (Outcome.YES, Action.SELL, ["0 post 43 x60", "0 post 44 x40"]),
        (Outcome.NO, Action.BUY, ["0 post 43 x60", "0 post 44 x40"]),
        (Outcome.NO, Action.SELL, ["0 post 41 x60", "0 post 40 x40"]),
    ],
)
def test_all_four_intents(outcome: Outcome, action: Action, placed: list[str]) -> None:
    """A seller of the YES leg improves on the ask and rests above it."""
    assert placed == drive("static_split", BOOK, parent(outcome=outcome, action=action)).story[:2]


def test_it_ends_when_all_is_filled() -> None:
    """Both orders are filled at 5 and 9 s; the orders are read every four seconds or as the fill is told."""
    venue = drive("static_split", BOOK, hits={5: 6_000, 9: 4_000})

    assert venue.finish is not None
    assert Reason.FILLED is venue.finish.reason
    assert ["0 post 41 x60", "0 post 40 x40"] == venue.story


def test_a_close_in_sight_ends_it_earlier() -> None:
    """The market closes 30 s after the start, ten are kept free: of 20 s the last one and a half are the end game."""
    assert "18.5 cancel" in drive("static_split", BOOK, close=30.0).story


def test_the_end_game_of_a_short_run_reads_the_book() -> None:
    """Eight seconds, and the ask goes from 42 to 49 on the way: the rest is not taken on what the book was at arrival."""
    venue = drive(
        "static_split", {0: "40x100 | 42x1000", 3: "40x100 | 49x1000"}, timeout_seconds=8.0, end_action=EndAction.CROSS
    )

    assert [] == [line for line in venue.story if "take" in line]
