"""Books that come too late, jump or lose a side: no order is sent on them, at the end neither, and they are looked at again."""

import pytest

from depthwalk.domain.book import Book
from depthwalk.domain.messages import (
    AmendOrder,
    BookChanged,
    CancelOrder,
    Intent,
    Look,
    OrderAccepted,
    OrderCanceled,
    Record,
    Rules,
    Started,
    SubmitOrder,
    WakeAt,
    Woke,
)
from depthwalk.domain.units import Duration, Instant, seconds
from depthwalk.executors.children import Child
from depthwalk.executors.simple_limit import LimitRule, SimpleLimit, SimpleLimitParams
from depthwalk.executors.state import RELOOK, EndAction
from tests.support.books import book, contracts, market
from tests.support.venue import T0, parent

NEAR = book("40x100 39x50 | 44x300 45x600")
UP = book("60x100 59x50 | 64x300")
DOWN = book("20x100 19x50 | 24x300")
FURTHER = book("80x100 | 84x300")
NO_BIDS = book("| 44x300")
NO_ASKS = book("40x100 39x50 |")
JUMPED, ONE_SIDED, SLOW = "the book has jumped", "the book has lost a side", "the book took too long to come"


class Hand:
    """A run of 10 contracts for 20 s, driven by hand: one resting order, whose rest is crossed at the end."""

    def __init__(self, first: Book | None = NEAR) -> None:
        self.run = SimpleLimit(
            SimpleLimitParams(timeout_seconds=20.0, limit_rule=LimitRule.BID, max_slippage=0.5, end_action=EndAction.CROSS)
        )
        self.sent: list[tuple[Instant, Intent]] = []
        self._give(Started(at=T0, parent=parent(1_000), market=market(), rules=Rules()))
        if first is not None:
            self.look(0.0, first)
            for child in list(self.run.desk.children):
                rests = child.total
                self._give(
                    OrderAccepted(
                        at=T0, client_id=child.client_id, order_id=child.client_id, filled=contracts(0), remaining=rests
                    )
                )

    def _give(self, event: object) -> None:
        at: Instant = event.at  # type: ignore[attr-defined]  # every event has it
        self.sent += [(at, intent) for intent in self.run.handle(event)]  # type: ignore[arg-type]  # an event

    def look(self, after: float, others: Book, *, age: Duration = Duration(0)) -> None:
        """Show a book at *after* seconds, our orders in it as the venue has them."""
        at = Instant(T0 + seconds(after))
        ours = [(child.price, child.resting) for child in self._live if child.resting]
        shown = Book.of_levels(bids=[*others.bids, *ours], asks=others.asks)
        self._give(BookChanged(at=at, book=shown, confirmed_at=Instant(at - age)))
        self._give(Woke(at=at, look=Look.BOOK))

    @property
    def _live(self) -> list[Child]:
        return list(self.run.desk.children.live)

    def cancel(self, after: float) -> None:
        """Confirm the cancels that are out."""
        at = Instant(T0 + seconds(after))
        for child in self._live:
            self._give(OrderCanceled(at=at, client_id=child.client_id, filled=contracts(0)))

    def since(self, after: float, kind: type[Intent]) -> list[Intent]:
        """Return the intents of a kind from *after* seconds on."""
        return [intent for at, intent in self.sent if at >= T0 + seconds(after) and isinstance(intent, kind)]

    def said(self, what: str) -> list[str]:
        """Return the reasons of the decisions called *what*."""
        return [intent.why for _, intent in self.sent if isinstance(intent, Record) and intent.what == what]

    @property
    def hold(self) -> str | None:
        """Why it holds."""
        return self.run.watch.hold


def test_a_first_book_that_took_too_long_is_none() -> None:
    """11 s old where 10 are allowed: no order on it, looked at again at once, and the next one is taken."""
    hand = Hand(first=None)
    hand.look(11.0, NEAR, age=seconds(11))

    assert (SLOW, None, []) == (hand.hold, hand.run.arrival, hand.since(0, SubmitOrder))
    hand.look(11.25, NEAR, age=seconds(10))
    assert hand.hold is None
    assert 1 == len(hand.since(0, SubmitOrder))


@pytest.mark.parametrize("odd", [NO_BIDS, NO_ASKS])
def test_a_book_that_lost_a_side_is_held_on(odd: Book) -> None:
    """Nothing moves on it, however often it comes; both sides there again: the run goes on."""
    hand = Hand()
    # Our own bid does not make up for the bids of the others.
    for after in (1.0, 1.25, 2.0):
        hand.look(after, odd)
        assert ONE_SIDED == hand.hold
    assert [] == hand.since(1.0, SubmitOrder) + hand.since(1.0, AmendOrder) + hand.since(1.0, CancelOrder)
    hand.look(3.0, NEAR)
    assert hand.hold is None


def test_a_market_that_always_had_one_side_is_traded() -> None:
    """Only a side that was there can be lost."""
    hand = Hand(first=NO_BIDS)

    assert hand.run.arrival is not None
    hand.look(1.0, NO_BIDS)
    assert hand.hold is None


@pytest.mark.parametrize(
    ("second", "hold"), [("50x100 | 54x300", None), ("51x100 | 54x300", JUMPED), ("30x9 | 34x9", None), ("29x9 | 34x9", JUMPED)]
)
def test_a_mid_may_move_by_ten_cents(second: str, hold: str | None) -> None:
    """Either way: exactly ten are believed, half a cent more is looked at twice."""
    hand = Hand()
    hand.look(1.0, book(second))

    assert hold == hand.hold


@pytest.mark.parametrize(
    ("then", "holds"),
    [
        ((UP,), True),
        ((UP, UP), False),
        ((UP, NEAR), False),
        ((UP, NEAR, UP), True),  # the jump back is no second look at the jump
        ((UP, DOWN), True),
        ((UP, DOWN, UP), True),
        ((UP, FURTHER), True),
        ((UP, NO_BIDS, UP), True),
        ((UP, NEAR, UP, UP), False),
    ],
)
def test_a_jump_is_believed_when_two_looks_in_a_row_have_seen_it(then: tuple[Book, ...], holds: bool) -> None:
    """Each look is held against the book that was believed last and against the look before it."""
    hand = Hand()
    for number, each in enumerate(then, start=1):
        hand.look(float(number), each)

    assert holds == (hand.hold is not None)
    # A book that is not believed is not seen by the algorithm, either.
    believed = NEAR if holds else then[-1]
    assert hand.run.watch.sight is not None
    assert believed == hand.run.watch.sight.book


@pytest.mark.parametrize(("odd", "age", "why"), [(UP, 0, JUMPED), (NEAR, 11, SLOW)])
def test_what_may_pass_is_looked_at_again_soon(odd: Book, age: int, why: str) -> None:
    """Within a quarter of a second, a few times; after that at the usual pace."""
    hand = Hand()
    waits = []
    for after in (11.0, 12.0, 13.0, 14.0):
        # Up, down, up...: no look confirms the one before.
        hand.look(after, odd if after % 2 or odd is NEAR else DOWN, age=seconds(age))
        assert why == hand.hold
        wakes = [wake.at for wake in hand.since(after, WakeAt) if isinstance(wake, WakeAt)]
        waits.append(wakes[-1] - T0 - seconds(after))

    assert [RELOOK, RELOOK, RELOOK] == waits[:3]
    assert waits[3] >= seconds(1)


@pytest.mark.parametrize(
    ("books", "why"),
    [
        ((NO_BIDS, NO_BIDS), ONE_SIDED),
        ((DOWN, UP), JUMPED),  # DOWN would be a bargain, if it were true
    ],
)
def test_the_last_order_is_not_sent_on_a_doubtful_book(books: tuple[Book, Book], why: str) -> None:
    """The end game looks once more, and then does without the cross, and says why."""
    hand = Hand()
    hand.look(18.0, NEAR)  # so that what it knows is young enough
    hand.look(18.5, books[0])
    assert 1 == len(hand.since(18.5, CancelOrder))
    hand.cancel(18.6)
    hand.look(18.7, books[1])

    assert [] == hand.since(0.1, SubmitOrder)
    assert [why] == hand.said("no cross")


def test_the_last_order_is_not_sent_on_a_book_that_took_too_long() -> None:
    """Both looks of the end game were under way for 11 s: what they show is over."""
    hand = Hand()
    hand.look(18.0, NEAR)  # so that what it knows is young enough
    hand.look(18.5, NEAR, age=seconds(11))
    hand.cancel(18.6)
    hand.look(18.7, NEAR, age=seconds(11))

    assert [] == hand.since(0.1, SubmitOrder)
    assert [SLOW] == hand.said("no cross")


def test_the_last_order_is_sent_on_a_jump_that_was_confirmed() -> None:
    """Two looks have seen the lower market: it is taken."""
    hand = Hand()
    hand.look(18.5, DOWN)
    hand.cancel(18.6)
    hand.look(18.7, DOWN)

    assert 1 == len(hand.since(0.1, SubmitOrder))
    assert [] == hand.said("no cross")
