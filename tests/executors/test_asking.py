"""An algorithm that misbehaves: whatever it raises or says ends its run on record, with nothing left alive and a whole journal.

What the shared layer makes of good answers is in the tests of the algorithms; packages as such are in `test_registry.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any, ClassVar, Final

import pytest

from depthwalk.domain.messages import Event, Intent, Look, PublicTrade, Reason, Woke
from depthwalk.domain.units import Duration, Price, Quantity, seconds
from depthwalk.executors import asking
from depthwalk.executors.asking import Faulty
from depthwalk.executors.base import Executor
from depthwalk.executors.state import BaseParams, EndAction, Quote, Situation
from depthwalk.runtime.replay import replay
from depthwalk.storage.codec import decode, encode
from tests.support.books import book
from tests.support.venue import Venue, parent

Answers = Mapping[str, Callable[[Situation | None], Any]]
PARAMS: Final = BaseParams(timeout_seconds=20.0, max_slippage=0.025, end_action=EndAction.CANCEL)


class Odd(Executor):
    """Rests at the best bid every four seconds, in two halves, but for the *answers* it gives of its own."""

    algorithm: ClassVar[str] = "odd"

    def __init__(self, answers: Answers = MappingProxyType({})) -> None:
        super().__init__(PARAMS)
        self.answers = answers
        self.entries: list[tuple[Event, tuple[Intent, ...]]] = []

    def handle(self, event: Event) -> tuple[Intent, ...]:
        """Keep what a journal would."""
        self.entries.append((event, intents := super().handle(event)))
        return intents

    def _answer(self, place: str, default: Any, situation: Situation | None = None) -> Any:
        return self.answers[place](situation) if place in self.answers else default

    @property
    def cadence(self) -> Duration:
        """Time between two steps."""
        cadence: Duration = self._answer("cadence", seconds(4))
        return cadence

    @property
    def look(self) -> Look:
        """The tape, so that it is read."""
        look: Look = self._answer("look", Look.TAPE)
        return look

    @property
    def adverse_momentum(self) -> float | None:
        """Nothing but what is to be said."""
        momentum: float | None = self._answer("adverse_momentum", None)
        return momentum

    def divide(self, situation: Situation) -> Sequence[Quantity]:
        """Return two halves."""
        half = Quantity(situation.quantity // 2)
        parts: Sequence[Quantity] = self._answer("divide", (half, half), situation)
        return parts

    def quotes(self, situation: Situation) -> Sequence[Quote]:
        """Return the best bid for both."""
        assert len(self.entries) < 2_000, "it is asked again and again"
        bid = situation.book.best_bid or Price(1_000)
        good = tuple(Quote(split=split, price=bid, why="at the bid") for split in (0, 1))
        quotes: Sequence[Quote] = self._answer("quotes", good, situation)
        return quotes

    def observe(self, situation: Situation) -> None:
        """Take no note."""
        self._answer("observe", None, situation)

    def read_tape(self, trades: Sequence[PublicTrade]) -> None:
        """Take no note, but for being asked."""
        self._answer("read_tape", trades)


def driven(answers: Answers) -> tuple[Odd, Venue]:
    """Run it on a standing book to its end."""
    odd = Odd(answers)
    venue = Venue(odd, parent(), {0: book("40x100 | 44x1000")})
    venue.run()
    return odd, venue


def check_journal(odd: Odd) -> None:
    """What was journaled can be stored and read, and a fresh executor says the same to it."""
    for event, intents in odd.entries:
        assert [event, *intents] == [decode(type(each), encode(each)) for each in (event, *intents)]
    assert replay(lambda: Odd(odd.answers), odd.entries).faithful


def late(answer: Callable[[], Any]) -> Callable[[Situation | None], Any]:
    """Give a good answer at arrival and this one from the second step on, when orders rest."""

    def say(situation: Situation | None) -> Any:
        assert situation is not None
        if situation.elapsed > 0.1:
            return answer()
        return (Quote(split=0, price=Price(4_000), why="at the bid"), Quote(split=1, price=Price(3_900), why="below it"))

    return say


def fails(*_: object) -> Any:
    """Raise, as anybody's code may."""
    raise RuntimeError("oh no")


def one(**changes: Any) -> tuple[Quote, ...]:
    """Return one quote, good but for the changes."""
    return (Quote(**({"split": 0, "price": 4_000, "why": "at the bid"} | changes)),)


def twice() -> tuple[Quote, ...]:
    """Return two quotes for one split."""
    return one() + one()


PLACE: Final = "the algorithm failed: RuntimeError: oh no (test_asking.py, line "
NO_QUOTE: Final = "a Quote is wanted, its numbers whole, its reason text"
ALMOST: Final = 5_000 - 0.5


@pytest.mark.parametrize(
    ("place", "answer", "words"),
    [
        ("divide", fails, PLACE),
        ("observe", fails, PLACE),
        ("read_tape", fails, PLACE),
        ("look", fails, PLACE),
        ("cadence", fails, PLACE),
        ("quotes", late(fails), PLACE),
        ("divide", lambda _: None, "the algorithm failed: TypeError: "),
        ("divide", lambda _: (5_000.0, 5_000.0), "splits [5000.0, 5000.0] do not add up to the order of 10000"),
        ("divide", lambda _: (5_000, 4_999), "do not add up"),
        ("divide", lambda _: (5_000, 5_001), "do not add up"),
        ("divide", lambda _: (10_000, 0), "do not add up"),
        ("divide", lambda _: (10_001, -1), "do not add up"),
        ("divide", lambda _: (9_999, True), "do not add up"),
        ("divide", lambda _: (), "do not add up"),
        ("quotes", late(lambda: None), "the algorithm failed: TypeError: "),
        ("quotes", late(lambda: [7]), f"said 7: {NO_QUOTE}"),
        ("quotes", late(lambda: one(price=4_000.0)), NO_QUOTE),
        ("quotes", late(lambda: one(price=True)), NO_QUOTE),
        ("quotes", late(lambda: one(price=None)), NO_QUOTE),
        ("quotes", late(lambda: one(release=ALMOST)), NO_QUOTE),
        ("quotes", late(lambda: one(release=True)), NO_QUOTE),
        ("quotes", late(lambda: one(split=0.0)), NO_QUOTE),
        ("quotes", late(lambda: one(split=False)), NO_QUOTE),
        ("quotes", late(lambda: one(why=None)), NO_QUOTE),
        ("quotes", late(lambda: one(take=1)), NO_QUOTE),
        ("quotes", late(lambda: one(split=-1)), "and there are 2 splits"),
        ("quotes", late(lambda: one(split=2)), "and there are 2 splits"),
        ("quotes", late(twice), "two quotes for one split"),
        ("quotes", late(lambda: one(price=4_600)), "beyond the cap"),
        ("cadence", lambda _: 4e6, "cadence is 4000000.0: a Duration in whole microseconds is wanted"),
        ("cadence", lambda _: True, "cadence is True: "),
        ("cadence", lambda _: None, "cadence is None: "),
        ("look", lambda _: Look.NOTHING, "look is <Look.NOTHING: "),
        ("look", lambda _: Look.EVERYTHING, "look is <Look.EVERYTHING: "),
        ("look", lambda _: "book", "look is 'book': Look.ORDERS, Look.BOOK or Look.TAPE is wanted"),
    ],
)
def test_what_an_algorithm_does_wrong_is_a_fault_on_record(
    place: str, answer: Callable[[Situation | None], Any], words: str
) -> None:
    """The run ends as a fault that says what and where, nothing is alive or bought, the journal can be read and replayed."""
    odd, venue = driven({place: answer})

    assert venue.finish is not None
    assert (Reason.FAULT, True) == (venue.finish.reason, words in venue.finish.detail), venue.finish.detail
    assert [] == [order.client_id for order in venue.resting.values() if order.remaining]
    assert (0, ()) == (venue.filled, odd.desk.children.live)
    assert any(words in record.why for record in venue.records if record.what in {"fault", "deny"})
    check_journal(odd)


def test_where_nothing_is_wrong_nothing_is_a_fault() -> None:
    """The same algorithm with no answer of its own rests at the bid until its time is over, and is a good journal too."""
    odd, venue = driven({})

    assert venue.finish is not None
    assert Reason.HORIZON is venue.finish.reason
    assert ["0 post 40 x50", "0 post 40 x50", "18.5 cancel", "18.5 cancel"] == venue.story
    check_journal(odd)


def test_a_fault_while_orders_rest_cancels_them_first() -> None:
    """Both halves rest when it fails at four seconds: two cancels, and nothing else is sent."""
    _, venue = driven({"quotes": late(fails)})

    assert ["post 40 x50", "post 39 x50", "cancel", "cancel"] == [each.split(" ", 1)[1] for each in venue.story]
    assert [4, 4] == [int(float(each.split()[0])) for each in venue.story[2:]]


@pytest.mark.parametrize(
    ("said", "recorded"),
    [(fails, None), (lambda _: "much", None), (lambda _: None, None), (lambda _: 0.25, 0.25), (lambda _: 1, 1.0)],
)
def test_a_momentum_that_cannot_be_said_is_none(said: Callable[[Situation | None], Any], recorded: float | None) -> None:
    """It is for the record alone: the run goes on as without, and has a result."""
    odd, venue = driven({"adverse_momentum": said})
    result = venue.result

    assert (Reason.HORIZON, recorded) == (result.finish.reason, result.conditions.momentum)
    check_journal(odd)


@pytest.mark.parametrize("cadence", [0, -4_000_000, 1, 99_999])
def test_steps_come_no_closer_than_a_tenth_of_a_second(cadence: int) -> None:
    """Whatever is said, and each look costs requests: never two looks within less, up to the end game."""
    odd, venue = driven({"cadence": lambda _: Duration(cadence)})
    looks = [event.at for event in venue.events if isinstance(event, Woke) and event.at < odd.run.closing_at]

    assert min(later - before for before, later in pairwise(looks)) >= seconds(0.1)
    assert venue.finish is not None
    assert Reason.HORIZON is venue.finish.reason
    check_journal(odd)


def test_a_cadence_beyond_all_bounds_is_no_fault() -> None:
    """It never steps again, and leaves when its time is over."""
    odd, venue = driven({"cadence": lambda _: Duration(10**30)})

    assert venue.finish is not None
    assert (Reason.HORIZON, 4) == (venue.finish.reason, len(venue.writes))
    check_journal(odd)


WHOLE: Final = ["0 post 40 x50"]


@pytest.mark.parametrize(("release", "sent"), [(10**30, WHOLE), (1, ["0 post 40 x0.01"]), (0, []), (-5, [])])
def test_a_release_is_no_more_than_the_split_and_no_less_than_nothing(release: int, sent: list[str]) -> None:
    """Out of all proportion it is the split, and of nothing or less than nothing nothing is sent: no fault."""
    odd, venue = driven({"quotes": lambda _: one(release=release)})

    assert venue.finish is not None
    assert (Reason.HORIZON, sent) == (venue.finish.reason, [each for each in venue.story if "post" in each])
    check_journal(odd)


def _leaves(*_: object) -> Any:
    raise SystemExit(0)


def _babbles(*_: object) -> Any:
    raise RuntimeError("\ud800")


class _MuteError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def _mute(*_: object) -> Any:
    raise _MuteError


@pytest.mark.parametrize(
    ("place", "answer"),
    [
        ("quotes", late(_leaves)),
        ("observe", _leaves),
        ("quotes", late(lambda: (Quote(split=0, price=Price(4_000), why="\ud800"),))),
        ("quotes", late(_babbles)),
        ("quotes", late(_mute)),
        ("observe", _mute),
    ],
)
def test_an_exit_and_what_cannot_be_written_are_faults_too(place: str, answer: Callable[..., Any]) -> None:
    """SystemExit would be success to who asked; text that UTF-8 cannot say would stop the journal."""
    odd, venue = driven({place: answer})

    assert venue.finish is not None
    assert Reason.FAULT is venue.finish.reason
    assert venue.finish.detail.encode()
    check_journal(odd)


@pytest.mark.parametrize("said", ["x", 1.5, True, -1])
def test_bounds_are_whole_numbers_or_none(said: Any) -> None:
    """What the API budget is worked out from is checked before it is used."""

    class Loud(Odd):
        walks_at_most = said

    with pytest.raises(Faulty):
        asking.bounds(Loud())
