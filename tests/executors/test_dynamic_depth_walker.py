"""`dynamic_depth_walker` and its profiles by hand: splits, the law, thin books (algorithms.md sections 2.3, 2.6 and 2.10)."""

import pytest

from depthwalk.executors.state import EndAction
from tests.support.books import cents, contracts
from tests.support.laws import PLAIN
from tests.support.parameters import lineup
from tests.support.venue import Venue, drive, parent

BOOK = "40x100 39x50 | 44x30 45x60 46x80"
TIGHT = "43x100 42x50 | 44x300"


def walk(books: dict[float, str] | str = BOOK, order: object = None, **params: object) -> Venue:
    """Run it under the law of the book."""
    return drive("dynamic_depth_walker", books, order, **(PLAIN | params))  # type: ignore[arg-type]


def profile(name: str, books: dict[float, str] | str = BOOK) -> list[str]:
    """Run a built-in profile and return its story."""
    algorithm, params = lineup()[name]
    changed = {key: getattr(params, key) for key in params.__dataclass_fields__}
    return drive(algorithm, books, **changed).story


def test_two_splits_walk_up_to_the_ask() -> None:
    """1.1 and 0.4, and 0.6 for the spread: 1.7 and 1.0 above 40, and 4t/40 while nothing fills.

    42.1 at 4 s and 42.2 at 12 s; 43.3 at 16 s, 43.0 at 20 s; the first is at the ask at 24 s and takes 30. Then the spread is
    5 and 70 percent are left: 3.8 at 28 s, 4.2 at 32 s; the second stays at 43 throughout.
    """
    venue = walk()

    assert [
        "0 post 41 x60",
        "0 post 41 x40",
        "4 amend 42 x60",
        "12 amend 42 x40",
        "16 amend 43 x60",
        "20 amend 43 x40",
        "24 cancel",
        "24.05 plain 44 x60",
        "28 amend 43 x60",
        "32 amend 44 x60",
        "38.5 cancel",
        "38.5 cancel",
        "38.55 take 45 x70",
    ] == venue.story
    assert contracts(90) == venue.filled


def test_one_cent_of_spread_sixty_take_and_forty_queue() -> None:
    """1.1 reaches the ask at once, 0.4 joins the bid: the rule of Cont and Kukanov."""
    assert ["0 plain 44 x60", "0 post 43 x40"] == walk(TIGHT).story[:2]


def test_a_price_that_runs_up_is_followed_slowly_and_down_at_once() -> None:
    """The offset may rise by half a cent a step however large the deficit gain; what the others bid is followed at once."""
    jumpy: dict[str, object] = {"split_ratios": (1.0,), "deficit_gain": 90.0, "order_flow_imbalance": False, "dry_up": False}
    story = walk({0: "40x100 | 49x30", 10: "36x100 | 45x30"}, parent(target=cents(60)), **jumpy).story

    # 1.1 + 0.2 x 8 = 2.7; then 3.2, 3.7, and from 12 s on the same on four cents less: 4.2, 4.7, 5.2, 5.7.
    assert ["0 post 42 x100", "4 amend 43 x100", "12 amend 40 x100", "20 amend 41 x100"] == story[:4]


def test_a_thin_book_takes_the_overrides_and_is_split_all_the_same() -> None:
    """49 within three cents: thin, so one step of spread is joined by both; 50: not thin."""
    thin = {"thin": {"offsets": (0.0, -1.0, 0.0)}}

    assert ["0 post 43 x60", "0 post 42 x40"] == walk("43x100 | 44x49", **thin).story[:2]
    assert ["0 plain 44 x60", "0 post 43 x40"] == walk("43x100 | 44x50", **thin).story[:2]
    assert ["0 plain 44 x60", "0 post 43 x40"] == walk("43x100 | 44x9").story[:2]


def test_a_thin_book_changes_how_fast_it_walks_too() -> None:
    """A cent a step instead of half a one: 2.7, 3.7, 4.7."""
    jumpy: dict[str, object] = {"split_ratios": (1.0,), "deficit_gain": 90.0, "order_flow_imbalance": False, "dry_up": False}
    story = walk("40x100 | 49x30", parent(target=cents(60)), thin={"base_increment": cents(1)}, **jumpy).story

    assert ["0 post 42 x100", "4 amend 43 x100", "8 amend 44 x100", "12 amend 45 x100"] == story[:4]


def test_depth_further_than_three_cents_makes_no_book_less_thin() -> None:
    """49 at 44 and 500 at 48: thin."""
    assert ["0 post 43 x60", "0 post 42 x40"] == walk("43x100 | 44x49 48x500", thin={"offsets": (0.0, -1.0, 0.0)}).story[:2]


@pytest.mark.parametrize(
    ("text", "structure", "placed"),
    [
        ("9.5x100 | 12x60", "tapered_deci_cent", ["10 x60", "10 x40"]),  # 10.9 and 10.2
        ("9.2x100 | 9.9x60", "tapered_deci_cent", ["9.9 x60", "9.5 x40"]),  # 1.04 and 0.34
        ("88x100 | 91x60", "tapered_deci_cent", ["89 x60", "88 x40"]),  # 1.5 and 0.8
        ("89x100 | 91x60", "tapered_deci_cent", ["90.3 x60", "89 x40"]),  # 1.3 and 0.6
        ("1x100 | 3x60", "linear_cent", ["2 x60", "1 x40"]),  # 1.3 and 0.6
    ],
)
def test_on_the_edges_of_a_grid(text: str, structure: str, placed: list[str]) -> None:
    """Each split on its own rung, rounded down to what is a price there."""
    assert placed == [each.split(" ", 2)[2] for each in walk(text, structure=structure).story[:2]]


def test_one_side_alone() -> None:
    """No other bid: all of it at the ask. No ask: from the bid, as if the spread were a cent, up to the cap."""
    assert "0 plain 44 x100" == walk("| 44x30").story[0]
    assert ["0 post 41 x60", "0 post 40 x40"] == walk("40x100 |", parent(target=cents(43))).story[:2]


def test_a_close_in_sight_shortens_the_walk() -> None:
    """Twenty seconds: the law wants 3.3 at 8 s and 4.1 at 12 s, half a cent a step allows 2.7 and 3.2; over at 18.5 s."""
    story = walk(close=30.0, split_ratios=(1.0,)).story

    assert ["0 post 41 x100", "4 amend 42 x100", "12 amend 43 x100", "18.5 cancel"] == story[:4]


# --- the profiles ---------------------------------------------------------------------------------------------------


def test_default_is_the_walker_as_it_comes() -> None:
    """To the last order."""
    assert drive("dynamic_depth_walker", BOOK).story == profile("default")


def test_reference_is_the_law_of_the_book() -> None:
    """What comparisons go back to."""
    assert walk().story == profile("reference")


def test_the_law_that_is_shipped_by_hand() -> None:
    """0.93 and 0.48, 1.29 for the spread of 4 and 0.226 for 100 bid against 30: 2.45 and 2.00 above 40.

    From there 0.96t/40 and (t/40)**3.1: 3.04 at 20 s for the first, 3.00 at 28 s for the second, and 4.03 at 36 s, the ask,
    for the first.
    """
    assert [
        "0 post 42 x60",
        "0 post 42 x40",
        "20 amend 43 x60",
        "28 amend 43 x40",
        "36 cancel",
        "36.05 plain 44 x60",
        "38.5 cancel",
        "38.5 cancel",
        "38.55 take 45 x70",
    ] == drive("dynamic_depth_walker", BOOK).story


def test_the_law_that_is_shipped_waits_in_one_cent_of_spread() -> None:
    """0.93 - 0.42 x 0.5 against three times as much offered as bid: the queue; with more bid than offered the first takes."""
    assert ["0 post 43 x60", "0 post 43 x40"] == drive("dynamic_depth_walker", TIGHT).story[:2]
    assert ["0 plain 44 x60", "0 post 43 x40"] == drive("dynamic_depth_walker", "43x600 | 44x300").story[:2]


def test_a_thin_book_has_a_law_of_its_own() -> None:
    """49 within three cents: 1.13 above 43 takes at 44; with 50 it is the other law, and 0.93 queues."""
    assert ["0 plain 44 x60", "0 post 43 x40"] == drive("dynamic_depth_walker", "43x19 | 44x19 45x30").story[:2]
    assert ["0 post 43 x60", "0 post 43 x40"] == drive("dynamic_depth_walker", "43x20 | 44x20 45x30").story[:2]


@pytest.mark.parametrize("book", [BOOK, TIGHT, "40x100 | 41x500"])
def test_fee_aware_takes_nothing_before_85_percent(book: str) -> None:
    """Not one order at the ask before 34 s, in one cent of spread either; what is left goes there at 36 s."""
    story = profile("fee_aware", book)
    early = [text for text in story if float(text.split()[0]) < 34 and "cancel" not in text]

    assert early
    assert not [text for text in early if " plain " in text or " take " in text]
    assert all(float(text.split()[2]) < float(book.partition("| ")[2].split("x")[0]) for text in early)
    assert any(text.startswith("36.05 plain") for text in story)


def test_fee_aware_by_hand() -> None:
    """As the default, but where that reached the ask at 24 s it stays a step below it until 36 s."""
    assert [
        "0 post 41 x60",
        "0 post 41 x40",
        "4 amend 42 x60",
        "12 amend 42 x40",
        "16 amend 43 x60",
        "20 amend 43 x40",
        "36 cancel",
        "36 cancel",
        "36.05 plain 44 x60",
        "36.05 plain 44 x40",
        "38.5 cancel",
        "38.5 cancel",
        "38.55 take 45 x70",
    ] == walk(passive_until=0.85).story


def test_urgent_by_hand() -> None:
    """2.0 and 1.2 with 1.5t/40 + 3t/40 and nothing for the spread: 42 and 41; 43.1 at 12 s (2 + 1.35); the ask at 20 s."""
    story = profile("urgent")

    assert [
        "0 post 42 x60",
        "0 post 41 x40",
        "8 amend 42 x40",
        "12 amend 43 x60",
        "16 amend 43 x40",
        "20 cancel",
        "20.05 plain 44 x60",
    ] == story[:7]


def test_three_level_by_hand() -> None:
    """50, 30 and 20 at 1.7, 1.0 and 0.6 above 40; in one cent of spread half takes, and the others queue together."""
    assert ["0 post 41 x50", "0 post 41 x30", "0 post 40 x20"] == walk(split_ratios=(0.5, 0.3, 0.2)).story[:3]
    assert ["0 plain 44 x50", "0 post 43 x30", "0 post 43 x20"] == walk(TIGHT, split_ratios=(0.5, 0.3, 0.2)).story[:3]


def test_fills_of_one_split_slow_the_others_down() -> None:
    """The first is filled at 1 s: ahead of the line until 24 s, so the second has patience only: 1.0 + t/40."""
    story = walk(hits={1: 6_000}, end_action=EndAction.CANCEL).story

    assert ["0 post 41 x60", "0 post 41 x40", "28 amend 42 x40", "38.5 cancel"] == story
