"""`spread_walker` by hand: from inside the spread up, never down, until it is at the ask (algorithms.md section 2.10)."""

import pytest

from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.units import Price
from depthwalk.executors.state import EndAction
from tests.support.books import cents, contracts
from tests.support.venue import Venue, drive, parent

BOOK = "40x100 39x50 | 44x30 45x60 46x80"
CALM: dict[str, object] = {"order_flow_imbalance": False, "dry_up": False}
"""No signal: half a cent a step, as the parameters have it."""


def walk(books: dict[float, str] | str = BOOK, order: object = None, **params: object) -> Venue:
    """Run it, without signals unless said otherwise."""
    return drive("spread_walker", books, order, **(CALM | params))  # type: ignore[arg-type]


def test_half_a_cent_every_four_seconds() -> None:
    """From 41: 41.5, 42.0, … so a cent every second step; at 24 s the ask: not amended onto it; 44.5, then 45 at the cap."""
    venue = walk()

    assert [
        "0 post 41 x100",
        "8 amend 42 x100",
        "16 amend 43 x100",
        "24 cancel",
        "24.05 plain 44 x100",
        "32 amend 45 x100",
        "38.5 cancel",
    ] == venue.story
    assert contracts(90) == venue.filled


@pytest.mark.parametrize(
    ("books", "structure", "story"),
    [
        # One step of spread: joins, and is at the ask after a cent.
        ("43x100 | 44x300", "linear_cent", ["0 post 43 x100", "8 cancel", "8.05 plain 44 x100"]),
        # Half a cent is five steps where they are tenths.
        ("40x100 | 41x300", "deci_cent", ["0 post 40.1 x100", "4 amend 40.6 x100", "8 cancel", "8.05 plain 41 x100"]),
        # 9.8, 10.3, 10.8, 11.3, 11.8, 12.3: rounded down to the grid where it is.
        (
            "9.7x100 | 12x300",
            "tapered_deci_cent",
            ["0 post 9.8 x100", "4 amend 10 x100", "12 amend 11 x100", "20 cancel", "20.05 plain 12 x100"],
        ),
        # 89, 89.5, 90.0, 90.5.
        ("88x100 | 91x300", "tapered_deci_cent", ["0 post 89 x100", "8 amend 90 x100", "12 amend 90.5 x100", "16 cancel"]),
    ],
)
def test_the_grid_rounds_towards_us(books: str, structure: str, story: list[str]) -> None:
    """The reservation price is not rounded, what is posted is."""
    assert story == walk(books, structure=structure).story[: len(story)]


def test_it_never_comes_down() -> None:
    """The other bid falls by five cents at 6 s, the ask with it by one: the price goes on from where it was."""
    story = walk({0: BOOK, 6: "35x100 | 44x30"}).story

    assert ["0 post 41 x100", "8 amend 42 x100", "16 amend 43 x100"] == story[:3]


def test_it_follows_no_bid_up_either() -> None:
    """The others improve to 43 at 2 s: its own clock decides, not theirs."""
    assert "8 amend 42 x100" == walk({0: BOOK, 2: "43x100 | 45x30"}).story[1]


def test_the_cap_ends_it_below_the_ask() -> None:
    """With a limit of 42: at 8 s there, and never again."""
    venue = walk(order=parent(limit=cents(42)))

    assert ["0 post 41 x100", "8 amend 42 x100", "38.5 cancel"] == venue.story


def test_it_stays_at_the_cap_while_the_ask_is_beyond() -> None:
    """Asked at 44 at arrival, so capped at 45; then at 50: what is reached is the cap, as a resting order."""
    venue = walk({0: BOOK, 2: "40x100 | 50x30"})

    assert ["24 amend 44 x100", "32 amend 45 x100", "38.5 cancel"] == venue.story[-3:]
    assert 0 == venue.filled


@pytest.mark.parametrize(
    ("urgency", "story"),
    [
        (0.0, ["0 post 41 x100", "38.5 cancel", "38.55 take 45 x100"]),
        (0.25, ["0 post 41 x100", "16 amend 42 x100", "32 amend 43 x100", "38.5 cancel", "38.55 take 45 x100"]),
        (1.0, ["0 post 41 x100", "4 amend 42 x100", "8 amend 43 x100", "12 cancel", "12.05 plain 44 x100", "16 amend 45 x100"]),
    ],
)
def test_urgency_scales_the_steps(urgency: float, story: list[str]) -> None:
    """0: it waits where it is; a quarter: half as fast; 1: twice as fast, a cent a step."""
    assert story == walk(urgency=urgency).story[: len(story)]


def test_it_stops_where_its_walks_are_used_up() -> None:
    """Two walks: 42 and 43; the end game takes the rest."""
    story = walk(max_walks=2).story

    assert ["0 post 41 x100", "8 amend 42 x100", "16 amend 43 x100", "38.5 cancel", "38.55 take 45 x100"] == story


def test_no_other_bid_starts_at_the_ask() -> None:
    """There is no spread to be inside of: a plain order at the ask, and upwards from there as it rests."""
    assert ["0 plain 44 x100", "8 amend 45 x100"] == walk("| 44x30 45x60").story[:2]


def test_no_ask_goes_on_to_the_cap() -> None:
    """Nobody sells and the target is 43, so the cap 44: from 41 up to it."""
    story = walk("40x100 |", parent(target=cents(43))).story

    assert ["0 post 41 x100", "8 amend 42 x100", "16 amend 43 x100", "24 amend 44 x100", "38.5 cancel"] == story


@pytest.mark.parametrize(
    ("outcome", "action"), [(Outcome.YES, Action.SELL), (Outcome.NO, Action.BUY)], ids=["sell yes", "buy no"]
)
def test_a_seller_walks_down(outcome: Outcome, action: Action) -> None:
    """From 43 to the bid of 40 and one further to the cap."""
    story = walk("40x30 39x60 | 44x100", parent(outcome=outcome, action=action)).story

    walked = ["0 post 43 x100", "8 amend 42 x100", "16 amend 41 x100", "24 cancel", "24.05 plain 40 x100", "32 amend 39 x100"]
    assert walked == story[:6]


# --- by the signals -------------------------------------------------------------------------------------------------


def signaled(books: dict[float, str]) -> list[str]:
    """Run it with order-flow imbalance alone."""
    return walk(books, order_flow_imbalance=True, end_action=EndAction.CANCEL).story


def test_pressure_against_us_hurries_it() -> None:
    """The bid grows from 100 to 300 at 4 s: imbalance 1, mean 0.3, then 0.21: 1.5 cents a step instead of half a cent."""
    story = signaled({0: "40x100 | 44x30", 4: "40x300 | 44x30"})

    assert ["0 post 41 x100", "4 amend 42 x100", "8 cancel", "8.05 plain 44 x100"] == story[:4]


def test_pressure_for_us_slows_it_down() -> None:
    """The bid shrinks: -0.3, -0.21, -0.147: 0.4 cents a step; then -0.103 and less: 42.6, 43.1, 43.6, 44.1 at 28 s."""
    story = signaled({0: "40x300 | 44x30", 4: "40x100 | 44x30"})

    assert ["0 post 41 x100", "12 amend 42 x100", "20 amend 43 x100", "28 cancel"] == story[:4]


def test_depth_that_dries_up_hurries_it() -> None:
    """Of 90 within the cap 20 are left at 4 s: aggressive from then on, until the mean of depth has come down to it."""
    story = walk({0: BOOK, 4: "40x100 | 44x20"}, dry_up=True, aggressive_increment=Price(100)).story

    assert ["0 post 41 x100", "4 amend 42 x100", "8 cancel", "8.05 plain 44 x100"] == story[:4]


def test_what_it_cannot_rise_to_it_does_not_save_up() -> None:
    """A contract is offered at 42 again and again, and at 24 s the ask is 47: on by half a cent a step, not at once to 44."""
    books = dict.fromkeys((0.0, 3.0, 7.0, 11.0, 15.0, 19.0, 23.0), "40x100 | 42x1 47x100") | {24.0: "40x100 | 47x100"}
    order = parent(3_000, limit=cents(47), target=cents(47))
    posted = [
        price for at, _, price, _ in walk(books, order, end_action=EndAction.CANCEL).trace if price is not None and at > 8.1
    ]

    assert [cents(43), cents(44)] == posted[:2]
