"""`adaptive_limit` by hand: one order under the control law, nothing else (algorithms.md sections 2.3 and 2.10)."""

import pytest

from depthwalk.domain.messages import Look
from depthwalk.domain.order import Action, Outcome
from depthwalk.executors.adaptive_limit import AdaptiveLimit, AdaptiveLimitParams
from depthwalk.executors.state import EndAction
from tests.support.books import cents, contracts
from tests.support.venue import Venue, drive, parent

BOOK = "40x100 39x50 | 44x30 45x60 46x80"
FLAT: dict[str, object] = {"patience": 0.0, "deficit_gain": 0.0, "spread_gain": 0.0}
"""Nothing but the offset of 1.1 cents."""


def limit(books: dict[float, str] | str = BOOK, order: object = None, **params: object) -> Venue:
    """Run it."""
    return drive("adaptive_limit", books, order, **params)  # type: ignore[arg-type]


def test_the_whole_law() -> None:
    """1.1 + t/40 + 3 x deficit + 0.2 x (spread - 1) above the best other bid of 40.

    Nothing filled: 1.7 + 4t/40, so 42.1 at 4 s, 43.3 at 16 s, 44.1 at 24 s: the ask, where 30 are taken. Then the spread is 5
    and 70 percent are left: 3.8 at 28 s, 4.2 at 32 s. The rest is taken up to the cap of 45.
    """
    venue = limit()

    assert [
        "0 post 41 x100",
        "4 amend 42 x100",
        "16 amend 43 x100",
        "24 cancel",
        "24.05 plain 44 x100",
        "28 amend 43 x100",
        "32 amend 44 x100",
        "38.5 cancel",
        "38.55 take 45 x70",
    ] == venue.story
    assert contracts(90) == venue.filled


@pytest.mark.parametrize(
    ("params", "story"),
    [
        (FLAT, ["0 post 41 x100"]),
        (FLAT | {"offset": 0.9}, ["0 post 40 x100"]),
        (FLAT | {"offset": -1.0}, ["0 post 39 x100"]),
        # 1.1 + 2t/40 reaches 2 at 18 s and 3 at 38 s: the step after.
        (FLAT | {"patience": 2.0}, ["0 post 41 x100", "20 amend 42 x100"]),
        # Nothing is filled: the deficit is t/40.
        (FLAT | {"deficit_gain": 3.0}, ["0 post 41 x100", "12 amend 42 x100", "28 amend 43 x100"]),
        # Three cents of spread beyond the first.
        (FLAT | {"spread_gain": 0.31}, ["0 post 42 x100"]),
        (FLAT | {"offset": 3.9}, ["0 post 43 x100"]),
        # The ask is gone once it is taken; there is none better than 44 left to come down to.
        (FLAT | {"offset": 4.0}, ["0 plain 44 x100"]),
    ],
)
def test_each_term_alone(params: dict[str, object], story: list[str]) -> None:
    """Offset, patience, deficit, spread; at the ask the order is one that takes."""
    assert [*story, "38.5 cancel"] == limit(**params, end_action=EndAction.CANCEL).story


def test_it_follows_the_others_both_ways_at_once() -> None:
    """No slew: five cents up with them, five down."""
    books = {0: BOOK, 6: "45x100 | 49x30", 14: "40x100 | 44x30"}
    story = limit(books, parent(target=cents(60)), **FLAT).story

    assert ["0 post 41 x100", "8 amend 46 x100", "16 amend 41 x100"] == story[:3]


def test_ahead_of_the_line_is_no_reason_to_wait_longer() -> None:
    """Half is filled at 1 s: no deficit until half the time has gone, so only patience is at work: 1.7 + t/40."""
    story = limit(hits={1: 5_000}, end_action=EndAction.CANCEL).story

    assert ["0 post 41 x100", "12 amend 42 x100"] == story[:2]


def test_it_pays_no_takers_fee_before_it_may() -> None:
    """passive_until 0.85 of 40 s: one step below the ask up to 32 s, at 36 s onto it."""
    story = limit(passive_until=0.85, offset=6.0).story

    assert ["0 post 43 x100", "36 cancel", "36.05 plain 44 x100"] == story[:3]


def test_below_an_ask_that_comes_down_it_goes_down() -> None:
    """While it may not take it stays a step below the ask wherever that goes."""
    story = limit({0: BOOK, 6: "40x100 | 43x30", 14: "40x100 | 46x30"}, passive_until=1.0, offset=6.0).story

    assert ["0 post 43 x100", "8 amend 42 x100", "16 amend 45 x100", "38.5 cancel"] == story[:4]


@pytest.mark.parametrize(
    ("text", "structure", "placed"),
    [
        # 1.1 + 0.2 x 1.4 = 1.38 above 9.6 is 10.98, between the cents.
        ("9.6x100 | 12x30", "tapered_deci_cent", "10"),
        # 1.1 + 0.2 x (0.3 - 1) = 0.96: tenths.
        ("9.5x100 | 9.8x30", "tapered_deci_cent", "9.8"),
        # 1.1 - 0.2 x 0.0: 90.1, a tenth where they begin.
        ("89x100 | 90x30", "tapered_deci_cent", "90"),
        ("89x100 | 91x30", "tapered_deci_cent", "90.3"),
        ("1x100 | 2x30", "linear_cent", "2"),
        ("98x100 | 99x30", "linear_cent", "99"),
    ],
)
def test_on_the_edges_of_a_grid(text: str, structure: str, placed: str) -> None:
    """Rounded towards us where the grid is, never above the ask."""
    assert limit(text, structure=structure).story[0].split()[2] == placed


def test_no_other_bid_takes_at_the_ask_and_stays() -> None:
    """There is nothing to anchor on: 30 are taken, the rest rests there until the end."""
    assert ["0 plain 44 x100", "38.5 cancel", "38.55 take 45 x70"] == limit("| 44x30 45x60").story


def test_no_ask_counts_as_a_spread_of_a_cent() -> None:
    """1.1 + 4t/40: 2.1 at 10 s, so at 12 s; up to the cap, one above the target."""
    story = limit("40x100 |", parent(target=cents(41))).story

    assert ["0 post 41 x100", "12 amend 42 x100", "38.5 cancel"] == story


def test_walks_are_counted() -> None:
    """Two of them: then it stays."""
    assert ["0 post 41 x100", "4 amend 42 x100", "16 amend 43 x100", "38.5 cancel"] == limit(max_walks=2).story[:4]


@pytest.mark.parametrize(("outcome", "action"), [(Outcome.YES, Action.SELL), (Outcome.NO, Action.BUY)])
def test_a_seller_anchors_on_the_ask(outcome: Outcome, action: Action) -> None:
    """1.7 below 44 is 42.3, rounded up; 42 would be better for them."""
    story = limit("40x30 39x60 38x80 | 44x100", parent(outcome=outcome, action=action)).story

    assert ["0 post 43 x100", "4 amend 42 x100", "16 amend 41 x100", "24 cancel", "24.05 plain 40 x100"] == story[:5]


def test_it_looks_at_no_signal() -> None:
    """Whatever its parameters: the book, and no momentum."""
    executor = AdaptiveLimit(AdaptiveLimitParams())

    assert Look.BOOK is executor.look
    assert executor.adverse_momentum is None


def test_a_close_in_sight_makes_it_less_patient() -> None:
    """Twenty seconds instead of forty: 1.7 + 4t/20 is at 42.1 already at 2 s, so at the step of 4 s at 42.5."""
    story = limit(close=30.0).story

    assert ["0 post 41 x100", "4 amend 42 x100", "8 amend 43 x100", "12 cancel", "12.05 plain 44 x100"] == story[:5]


@pytest.mark.parametrize(
    ("urgency", "story"),
    [
        # 1.7 + 3t/40: patience counts for nothing, being behind for as much as ever.
        (0.0, ["0 post 41 x100", "4 amend 42 x100", "20 amend 43 x100", "32 cancel", "32.05 plain 44 x100"]),
        # 1.7 + 5t/40: it counts twice.
        (1.0, ["0 post 41 x100", "4 amend 42 x100", "12 amend 43 x100", "20 cancel", "20.05 plain 44 x100"]),
    ],
)
def test_urgency_scales_patience(urgency: float, story: list[str]) -> None:
    """The law's v, and nothing else of it."""
    assert story == limit(urgency=urgency).story[: len(story)]


def test_no_other_bid_and_no_takers_fee() -> None:
    """One step below the ask as long as it may not take, then at the ask; where there is no step below it nothing."""
    passive: dict[str, object] = {"passive_until": 0.85, "end_action": EndAction.CANCEL}

    assert ["0 post 43 x100", "36 cancel", "36.05 plain 44 x100", "38.5 cancel"] == limit("| 44x30", **passive).story
    assert ["36 plain 1 x100", "38.5 cancel"] == limit("| 1x30", **passive).story
