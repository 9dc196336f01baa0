"""`twap` by hand: slices that take, or rest; what one misses the next one wants too (algorithms.md section 2.10).

Of a horizon of 41.5 s the end game has 1.5, so that ten slices are four seconds each.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthwalk.domain.messages import (
    Event,
    Operation,
    OrderInDoubt,
    OrderRejected,
    Reason,
    Resumed,
    SubmitOrder,
    Woke,
)
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.units import Instant, seconds
from depthwalk.errors import RefusalReason
from depthwalk.executors.state import EndAction
from depthwalk.executors.twap import Twap, TwapParams
from tests.support.books import book, cents, contracts
from tests.support.venue import T0, Venue, drive, parent

DEEP = "40x100 39x50 | 44x1000"
HORIZON = 41.5


def slices(books: dict[float, str] | str, order: object = None, **params: object) -> Venue:
    """Run it for 41.5 s."""
    return drive("twap", books, order, **({"timeout_seconds": HORIZON} | params))  # type: ignore[arg-type]


# --- takers ---------------------------------------------------------------------------------------------------------


def test_ten_slices_take_a_tenth_each() -> None:
    """At the cap of 45, filled at 44; the last one at 36 s ends the run."""
    venue = slices(DEEP)

    assert [f"{4 * k} take 45 x10" for k in range(10)] == venue.story
    assert {cents(44)} == {fill.price for fill in venue.fills}
    assert venue.finish is not None
    assert Reason.FILLED is venue.finish.reason


@pytest.mark.parametrize(
    ("count", "quantity", "taken"),
    [
        (1, 100, {0: 100}),
        (4, 100, {0: 25, 10: 25, 20: 25, 30: 25}),
        # 33.33 and 66.67 are rounded up to whole contracts.
        (3, 100, {0: 34, 13.3333: 33, 26.6667: 33}),
        (7, 70, {40 * k / 7: 10 for k in range(7)}),
        # 2.33, 4.67, 7.
        (3, 7, {0: 3, 13.3333: 2, 26.6667: 2}),
        # Two contracts in five slices: one is due at once, the second from the third on.
        (5, 2, {0: 1, 16: 1}),
        # A fraction is divided in hundredths: 83.3 and 166.7 of 250.
        (3, 2.5, {0: 0.84, 13.3333: 0.83, 26.6667: 0.83}),
    ],
)
def test_the_schedule(count: int, quantity: float, taken: dict[float, float]) -> None:
    """Slice k begins at (k - 1)/K of the working time, and k/K of the quantity is due, rounded up."""
    story = slices(DEEP, parent(contracts(quantity)), slices=count).story

    assert [f"{at:g} take 45 x{each:g}" for at, each in taken.items()] == story


def test_a_shortfall_is_carried_forward() -> None:
    """5 of 10 are there at first; then 15 are wanted, of which 12 are there; then 13, and from then on all is there."""
    venue = slices({0: "40x100 | 44x5", 2: "40x100 | 45x12", 6: DEEP})

    assert ["0 take 45 x10", "4 take 45 x15", "8 take 45 x13", "12 take 45 x10"] == venue.story[:4]
    assert contracts(100) == venue.filled


def test_nothing_within_the_cap_sends_nothing() -> None:
    """The ask is at 46 from 2 s to 10 s: two slices pass, the next one wants three shares."""
    story = slices({0: DEEP, 2: "40x100 | 46x1000", 10: DEEP}).story

    assert ["0 take 45 x10", "12 take 45 x30", "16 take 45 x10"] == story[:3]


@pytest.mark.parametrize(("end", "last"), [(EndAction.CROSS, ["40 take 45 x40"]), (EndAction.CANCEL, [])])
def test_the_remainder_is_the_end_games(end: EndAction, last: list[str]) -> None:
    """After six slices there is nothing within the cap until 38 s: the rest is taken at the end, or left."""
    story = slices({0: DEEP, 22: "40x100 | 46x1000", 38: DEEP}, end_action=end).story

    assert [f"{4 * k} take 45 x10" for k in range(6)] + last == story


def test_it_holds_on_a_book_nobody_can_trade_on_and_catches_up() -> None:
    """Crossed from 3 s to 13 s: no slice in between; at 13 s three are due, at 16 s it is in step again."""
    story = slices({0: DEEP, 3: "45x100 | 44x1000", 13: DEEP}).story

    assert ["0 take 45 x10", "13 take 45 x30", "16 take 45 x10", "20 take 45 x10"] == story[:4]


def test_a_close_in_sight_shortens_the_slices() -> None:
    """The market closes 31.5 s after the start, 10 are kept free: ten slices of two seconds before the end game."""
    assert [f"{2 * k} take 45 x10" for k in range(10)] == slices(DEEP, close=31.5).story


def test_a_limit_is_never_passed() -> None:
    """A limit of 43 below the ask: every slice waits, nothing is sent at all."""
    venue = slices(DEEP, parent(limit=cents(43)))

    assert [] == venue.story


@pytest.mark.parametrize(("outcome", "action"), [(Outcome.YES, Action.SELL), (Outcome.NO, Action.BUY)])
def test_a_seller_takes_from_the_bids(outcome: Outcome, action: Action) -> None:
    """Down to the cap: of a bid of 40 one and 2.5 percent below."""
    assert {"take 39 x10"} == {
        text.split(" ", 1)[1] for text in slices("40x1000 | 44x100", parent(outcome=outcome, action=action)).story
    }


def test_a_run_carried_on_keeps_its_steps() -> None:
    """The last event before the crash was at 8.05 s, somebody carries on at 68.05: what was due is not sent twice."""
    resumed = [(68.05, lambda now: Resumed(at=now))]
    venue = quiet_until(8.5, 68.05, extra=resumed)

    shifted = [f"{4 * k + 60:g} take 45 x10" for k in range(3, 10)]
    assert ["0 take 45 x10", "4 take 45 x10", "8 take 45 x10", *shifted] == venue.story
    assert contracts(100) == venue.filled


def quiet_until(since: float, until: float, extra: list[tuple[float, object]]) -> Venue:
    """Run it on a venue where no wake-up comes between two times: the process is dead."""
    venue = Venue(Twap(TwapParams(timeout_seconds=HORIZON)), parent(), {0.0: book(DEEP)}, extra=extra)  # type: ignore[arg-type]
    look = venue._look

    def alive(kind: object) -> None:
        if not T0 + seconds(since) < venue.now < T0 + seconds(until):
            look(kind)  # type: ignore[arg-type]

    venue._look = alive  # type: ignore[method-assign]
    venue.run()
    return venue


# --- an order whose reply is lost -----------------------------------------------------------------------------------


def lost(never: float | None = 1.0) -> Venue:
    """Run it while the first slice's order goes out and no reply comes; at *never* seconds it is settled as a no."""
    name = f"dw-{'0' * 32}-1"

    def doubt(now: Instant) -> Event:
        return OrderInDoubt(at=now, client_id=name, operation=Operation.CREATE, detail="reply lost")

    def no(now: Instant) -> Event:
        return OrderRejected(at=now, client_id=name, reason=RefusalReason.NEVER_ARRIVED, detail="not there")

    params = TwapParams(timeout_seconds=HORIZON)
    extra = [(0.1, doubt), *([] if never is None else [(never, no)])]
    venue = Venue(Twap(params), parent(), {0.0: book(DEEP)}, extra=extra)
    submit = venue._submit
    venue._submit = lambda intent: None if intent.client_id == name else submit(intent)  # type: ignore[method-assign]
    venue.run()
    return venue


def test_a_lost_slice_is_not_sent_again_and_stays_reserved() -> None:
    """The second slice wants its own share only, and the end game leaves out what may still turn up: 90 in all."""
    venue = lost()
    sent = [intent for intent in venue.writes if isinstance(intent, SubmitOrder)]

    assert [f"{4 * k} take 45 x10" for k in range(10)] == venue.story
    assert len(sent) == len({intent.client_id for intent in sent})
    assert contracts(90) == venue.filled
    assert venue.finish is not None
    assert "never arrived" in venue.finish.detail
    # Nor may its id be lent to an order that rests.
    assert venue.executor.desk.splits[0].retry_id is None


def test_no_slice_goes_out_while_one_is_in_doubt() -> None:
    """Settled at 13 s: the slices at 4, 8 and 12 wait, and are wanted at the next look, but for the one that is lost."""
    assert ["0 take 45 x10", "13.75 take 45 x30", "16 take 45 x10"] == lost(never=13.0).story[:3]


# --- passive slices -------------------------------------------------------------------------------------------------


def passive(books: dict[float, str] | str, order: object = None, **more: object) -> Venue:
    """Run it with slices that rest."""
    return slices(books, order, passive=True, **more)


def test_passive_slices_add_to_one_order() -> None:
    """A tenth at 41, then two, then three: by amends whose total grows; the end game takes what nobody sold."""
    venue = passive(DEEP)

    assert ["0 post 41 x10", *(f"{4 * k} amend 41 x{10 * (k + 1)}" for k in range(1, 10)), "40 cancel"] == venue.story[:-1]
    assert "40.05 take 45 x100" == venue.story[-1]


def test_passive_slices_follow_the_best_other_bid_both_ways() -> None:
    """42 at 3 s, so 43; 38 at 7 s, so 39; one step of spread at 11 s, so joined."""
    story = passive({0: DEEP, 3: "42x50 | 44x50", 7: "38x50 | 44x50", 11: "43x50 | 44x50"}).story

    assert ["0 post 41 x10", "4 amend 43 x20", "8 amend 39 x30", "12 amend 43 x40"] == story[:4]


def test_what_a_passive_slice_filled_counts() -> None:
    """7 of 10 at 2 s: the total goes to 20 all the same. All 20 at 6 s: the third slice is a new order of 10."""
    venue = passive(DEEP, hits={2: 700, 6: 1_300})

    assert ["0 post 41 x10", "4 amend 41 x20", "8 post 41 x10", "12 amend 41 x20"] == venue.story[:4]


def test_a_passive_slice_is_never_amended_onto_the_ask() -> None:
    """The other bid leaves, and the ask comes down to 41 at 6 s: nothing that cannot take is sent there."""
    venue = passive({0: DEEP, 3.9: "42x100 | 44x50", 6: "39x50 | 40x50"}, end_action=EndAction.CANCEL)

    assert ["0 post 41 x10", "4 amend 43 x20", "8 amend 39 x30"] == venue.story[:3]


@pytest.mark.parametrize(
    ("text", "first"),
    [("| 44x5", "0 plain 44 x10"), ("9.9x50 | 12x50", "0 post 10 x10"), ("89.9x50 | 90x50", "0 post 89.9 x10")],
)
def test_where_a_passive_slice_rests(text: str, first: str) -> None:
    """With no other bid at the ask, and takes; on a tapered or finer grid one of its steps up, or joined."""
    structure = "tapered_deci_cent" if text.startswith("9.9") else "deci_cent"
    assert first == passive(text, structure=structure).story[0]


@settings(max_examples=30)
@given(
    count=st.integers(1, 23),
    quantity=st.integers(1, 9_000),
    hits=st.lists(st.tuples(st.integers(1, 40), st.integers(1, 4_000)), max_size=8),
    rests=st.booleans(),
)
def test_never_more_is_out_than_is_due(count: int, quantity: int, hits: list[tuple[int, int]], rests: bool) -> None:
    """Before the end game what is filled and what is out come to k/K of the quantity at most, rounded up."""
    venue = slices(
        {0: "40x100 | 44x13 45x9", 11: "41x100 | 43x8", 25: "40x100 | 44x70"},
        parent(quantity),
        slices=count,
        passive=rests,
        hits={float(at): size for at, size in hits},
    )
    again = Twap(TwapParams(timeout_seconds=HORIZON, slices=count, passive=rests))
    lot = 100 if quantity % 100 == 0 else 1
    for event in venue.events:
        again.handle(event)
        number = min(count, (event.at - T0) * count // 40_000_000 + 1)
        due = -(-quantity * number // (lot * count)) * lot
        assert again.ending is not None or again.desk.children.committed <= due
    assert venue.finish == again.finish


def test_the_first_wake_up_is_for_the_second_slice() -> None:
    """It looks when a slice is due and at no other time; 3 slices of 13.333… s, each looked for when it is really due."""
    venue = slices(DEEP, slices=3)
    woken = [(event.at - T0) / 1_000_000 for event in venue.events if isinstance(event, Woke)]

    assert [0.0, 13.333334, 26.666667] == woken[:3]
