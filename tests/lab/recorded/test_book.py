from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.book import BookState
from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.units import Instant, Price, Quantity
from depthwalk.lab.recorded.book import RecordedBook
from depthwalk.lab.recorded.queues import BRACKET, PROBABILISTIC, RISK_AVERSE, QueueModel
from depthwalk.lab.recorded.reel import Reel
from depthwalk.lab.recorded.tape import Kind, Tape
from depthwalk.paper.trading import BookEvent, Executed, NewOrder, Removal, Removed
from tests.support.paper import START, at, book, order
from tests.support.taped import ASK, BID, BOUGHT, SOLD, played, tape, tape_of, tapes

IOC = TimeInForce.IMMEDIATE_OR_CANCEL
ALL_TRADED = QueueModel(name="all traded", cancels_ahead=True, traded=1_000_000)
USUAL = book([(48, 10)], [(52, 5)])


def _fills(events: list[BookEvent]) -> list[tuple[int | None, int, float]]:
    """Our fills as (order, cents, contracts)."""
    return [
        (event.taker if event.maker is None else event.maker, event.price // 100, event.quantity / 100)
        for event in events
        if isinstance(event, Executed) and (event.maker is not None or event.taker is not None)
    ]


# --- nothing of ours in it ---


@given(tapes(), st.sampled_from(BRACKET), st.lists(st.integers(0, 300), max_size=12))
def test_who_does_nothing_sees_the_recorded_books(recording: Tape, model: QueueModel, looks: list[int]) -> None:
    """Whenever one looks the book, and its touch, are those of a replay that applies change by change."""
    replay = played(recording, model)
    history = list(recording.books())
    for tenths in sorted(looks):
        now = Instant(START + tenths * 100_000)
        assert [] == _fills(replay.advance(now))
        expected = next(known for time, known in reversed(history) if time <= now)
        assert expected == replay.book()
        touch = (expected.best_bid, expected.best_ask) if now <= recording.until else (None, None)
        assert touch == replay.best


@given(tapes(), st.integers(0, 30))
def test_a_replay_may_begin_anywhere(recording: Tape, index: int) -> None:
    """From the middle of a tape, with levels that were asked for in any order, the end is the same."""
    reel = Reel(recording)
    whole = RecordedBook(reel, 0, reel.levels(0), RISK_AVERSE)
    index = min(index, len(recording))
    later = reel.levels(len(recording))
    part = RecordedBook(reel, index, reel.levels(index), RISK_AVERSE)
    whole.advance(recording.until)
    part.advance(recording.until)
    assert whole.book() == part.book() == reel.book(later)


def test_a_replay_keeps_a_time_of_its_own() -> None:
    """Shifted by an hour, everything happens an hour later."""
    recording = tape(USUAL, (1, ASK, 49, 3), (1, ASK, 49, -3))
    reel, hour = Reel(recording), 3_600_000_000
    replay = RecordedBook(reel, 0, reel.levels(0), RISK_AVERSE, shift=hour)
    replay.submit(Instant(START + hour), order(-1, Side.BUY, 49, 2))
    assert [] == replay.advance(Instant(at(1) + hour - 1))
    assert [Executed(Instant(at(1) + hour), Price(4_900), Quantity(200), Side.SELL, -1, None)] == replay.advance(at(3_601))


# --- when we fill ---


@pytest.mark.parametrize("model", BRACKET)
def test_the_other_side_reaching_us_fills_us_at_our_price(model: QueueModel) -> None:
    """Up to what is displayed there, the better priced first; what filled us is gone from the display."""
    replay = played(tape(USUAL, (1, ASK, 49, 4)), model)
    replay.submit(START, order(-1, Side.BUY, 49, 3))
    replay.submit(START, order(-2, Side.BUY, 50, 3))
    assert [(-2, 50, 3), (-1, 49, 1)] == _fills(replay.advance(at(1)))
    assert book([(49, 2), (48, 10)], [(52, 5)]) == replay.book()


def test_a_shrinking_best_fills_only_whom_the_reading_says() -> None:
    """10 of 10 ahead, 20 join behind, 24 go: all of it, half of it, or nothing of it was traded from the front."""
    recording = tape(USUAL, (1, BID, 48, 20), (2, BID, 48, -24))
    found = {}
    for model in (ALL_TRADED, PROBABILISTIC, RISK_AVERSE):
        replay = played(recording, model)
        replay.submit(START, order(-1, Side.BUY, 48, 5))
        found[model.name] = _fills(replay.advance(at(2)))
    assert {"all traded": [(-1, 48, 5)], "probabilistic": [(-1, 48, 2)], "risk-averse": []} == found


def test_the_place_in_the_queue_under_both_readings() -> None:
    """5 traded and 5 canceled of 10 ahead and 10 behind: 5 are eaten, then about two cancel. Risk-averse: all stay."""
    recording = tape(USUAL, (1, BID, 48, 10), (2, BID, 48, -10))
    places = {}
    for model in BRACKET:
        replay = played(recording, model)
        replay.submit(START, order(-1, Side.BUY, 48, 5))
        replay.advance(at(2))
        places[model.name] = int(replay.ahead(-1))
    assert 1_000 == places["risk-averse"]
    assert PROBABILISTIC.after_cancels(500, 1_500, 500) == places["probabilistic"]
    assert 250 < places["probabilistic"] < 350


def test_trades_behind_a_better_order_meet_it_first() -> None:
    """A level below our price that is traded would have met us first."""
    replay = played(tape(USUAL, (1, BID, 48, -6)), PROBABILISTIC)
    replay.submit(START, order(-1, Side.BUY, 50, 2))
    assert [(-1, 50, 2)] == _fills(replay.advance(at(1)))


def test_a_best_that_goes_whole_makes_the_next_one_the_best() -> None:
    """Both were traded down to, one after the other, by who would have met our better price first: half of each."""
    recording = tape(book([(48, 10), (47, 10), (46, 1)], [(52, 5)]), (1, BID, 48, -10), (1, BID, 47, -10))
    for side, there in ((Side.BUY, recording), (Side.SELL, _mirrored(recording))):
        replay = played(there, PROBABILISTIC)
        replay.submit(START, order(-1, side, 50, 20))
        assert [(-1, 50, 5), (-1, 50, 5)] == _fills(replay.advance(at(1)))


def test_a_rest_at_a_price_that_we_emptied_meets_whoever_comes_there() -> None:
    """Also at a worse price than the recorded best, which we took."""
    replay = played(tape(USUAL, (1, ASK, 53, 2)), RISK_AVERSE)
    assert [(-1, 52, 5)] == _fills(replay.submit(START, order(-1, Side.BUY, 53, 8)))
    assert [(-1, 53, 2)] == _fills(replay.advance(at(1)))


def test_a_level_behind_the_best_is_canceled_and_not_traded() -> None:
    """It brings us forward under the probabilistic reading, and fills nobody."""
    replay = played(tape(book([(49, 5), (48, 10)], [(52, 5)]), (1, BID, 48, 10), (2, BID, 48, -10)), PROBABILISTIC)
    replay.submit(START, order(-1, Side.BUY, 48, 5))
    assert [] == replay.advance(at(2))
    assert PROBABILISTIC.after_cancels(1_000, 2_000, 1_000) == replay.ahead(-1)


def test_a_side_that_goes_whole_is_not_traded() -> None:
    """A book that empties at the close proves no trade."""
    replay = played(tape(USUAL, (1, BID, 48, 10), (2, BID, 48, -20)), ALL_TRADED)
    replay.submit(START, order(-1, Side.BUY, 48, 5))
    assert [] == replay.advance(at(2))
    assert 0 == replay.ahead(-1)


def test_a_crossed_book_waits_until_it_uncrosses() -> None:
    """A seller's rest is shown before the bids that he took are gone: only then are we filled, at our price."""
    recording = tape(USUAL, (1, ASK, 48, 3), (2, BID, 48, -10))
    replay = played(recording, RISK_AVERSE)
    replay.submit(START, order(-1, Side.BUY, 48, 5))
    assert [] == replay.advance(at(1))
    assert [(-1, 48, 3)] == _fills(replay.advance(at(2)))


def test_what_leaves_a_crossed_book_is_not_read_as_traded() -> None:
    """A seller's rest came first, and what he took leaves the level: he met those ahead, nobody knows whom else."""
    growing = (1, BID, 48, 20), (2, ASK, 48, 3), (3, BID, 48, -25), (4, ASK, 48, -3)
    replay = played(tape(book([(48, 10), (47, 1)], [(52, 5)]), *growing), PROBABILISTIC)
    replay.submit(START, order(-1, Side.BUY, 48, 5))
    assert [] == replay.advance(at(9))


def test_whatever_uncrosses_a_book_lets_it_trade_through_us() -> None:
    """Also a change at a price that is nothing to us: the bids above us are taken, and the seller's rest meets us."""
    replay = played(tape(book([(50, 5), (46, 5)], [(52, 5)]), (1, ASK, 47, 3), (2, BID, 50, -5)), RISK_AVERSE)
    replay.submit(START, order(-1, Side.BUY, 48, 5))
    assert [] == replay.advance(at(1))
    assert [(-1, 48, 3)] == _fills(replay.advance(at(2)))


def test_recorded_trades_decide_where_there_are_any() -> None:
    """They eat the queue ahead, then us; the level's own shrinking afterwards is not counted again, nor guessed at."""
    recording = tape(USUAL, (1, SOLD, 48, 7), (1, BID, 48, -7), (2, BID, 48, -1), (3, SOLD, 48, 4))
    for model in BRACKET:
        replay = played(recording, model)
        replay.submit(START, order(-1, Side.BUY, 48, 5))
        assert [] == _fills(replay.advance(at(1)))
        assert 300 == replay.ahead(-1)
        replay.advance(at(2))
        # One cancels, and we know not who: risk-averse he stood behind us, if anybody does. Nobody does.
        assert 200 == replay.ahead(-1)
        assert [(-1, 48, 2)] == _fills(replay.advance(at(3)))


def test_a_printed_trade_explains_a_shrinking_level_once() -> None:
    """What shrinks beyond it is canceled: of 6 that go after a trade of 4, 2 cancel; of 3 more, 3."""
    changes = (1, BID, 48, 10), (2, SOLD, 48, 4), (3, BID, 48, -6), (4, BID, 48, -3)
    replay = played(tape(USUAL, *changes), PROBABILISTIC)
    replay.submit(START, order(-1, Side.BUY, 48, 5))
    places = []
    for second in (2, 3, 4):
        replay.advance(at(second))
        places.append(replay.ahead(-1))
    second = PROBABILISTIC.after_cancels(600, 1_600, 200)
    assert [600, second, PROBABILISTIC.after_cancels(second, 1_400, 300)] == places


@pytest.mark.parametrize("model", BRACKET)
def test_a_trade_that_is_told_after_its_level_shrank_says_nothing_new(model: QueueModel) -> None:
    """7 of the 10 ahead of us have gone, and then we hear that they traded: 3 are still ahead of us. 4 more would reach us."""
    replay = played(tape(USUAL, (1, BID, 48, -7), (1.1, SOLD, 48, 7), (1.2, SOLD, 48, 4), (1.3, BID, 48, -3)), model)
    replay.submit(START, order(-1, Side.BUY, 48, 5))
    assert [] == _fills(replay.advance(at(1.1)))
    assert 300 == replay.ahead(-1)
    assert [(-1, 48, 1)] == _fills(replay.advance(at(2)))


def test_what_went_long_before_a_trade_was_not_it() -> None:
    """7 canceled; two seconds later 7 trade, 3 of them ahead of us. Our order at a better price is met by all of a late one."""
    replay = played(tape(USUAL, (1, BID, 48, -7), (3, SOLD, 48, 7)), RISK_AVERSE)
    replay.submit(START, order(-1, Side.BUY, 48, 5))
    assert [(-1, 48, 4)] == _fills(replay.advance(at(3)))
    better = played(tape(USUAL, (1, BID, 48, -7), (1, SOLD, 48, 7)), RISK_AVERSE)
    better.submit(START, order(-1, Side.BUY, 49, 9))
    assert [(-1, 49, 7)] == _fills(better.advance(at(1)))


def test_recorded_trades_are_printed() -> None:
    """Everybody's trades are on the tape of the exchange, ours or not; a trade of the asks lets our bids alone."""
    replay = played(tape(USUAL, (1, BOUGHT, 52, 2)), PROBABILISTIC)
    replay.submit(START, order(-1, Side.BUY, 48, 5))
    assert [Executed(at(1), Price(5_200), Quantity(200), Side.BUY, None, None)] == replay.advance(at(1))


def test_sells_mirror_buys() -> None:
    """The same rules hold on the ask side: half of what shrinks is traded, and a bid that reaches us fills us."""
    first = book([(48, 10)], [(52, 5), (55, 1)])
    replay = played(tape(first, (1, ASK, 52, 10), (2, ASK, 52, -12), (3, ASK, 52, -3), (4, BID, 52, 1)), PROBABILISTIC)
    replay.submit(START, order(-1, Side.SELL, 52, 3))
    assert [(-1, 52, 1), (-1, 52, 1.5), (-1, 52, 0.5)] == _fills(replay.advance(at(4)))


def test_an_expiry_comes_before_what_happens_at_its_time() -> None:
    """Who expired is not there any more to be filled; who expires later is."""
    replay = played(tape(USUAL, (1, ASK, 49, 4), (2, ASK, 49, 4)), RISK_AVERSE)
    replay.submit(START, order(-1, Side.BUY, 49, 3, expires_at=at(1)))
    replay.submit(START, order(-2, Side.BUY, 49, 6, expires_at=at(1.5)))
    events = replay.advance(at(1))
    assert [(-2, 49, 4)] == _fills(events)
    assert [(at(1), -1)] == [(event.at, event.key) for event in events if isinstance(event, Removed)]
    assert [Removed(at(1.5), -2, Quantity(200), Removal.EXPIRED)] == replay.advance(at(1.5))
    assert [] == replay.advance(at(9))


# --- what we take ---


@pytest.mark.parametrize("resting", [False, True])
def test_what_we_took_stays_gone_until_the_level_is_refreshed_deeper(*, resting: bool) -> None:
    """A level that stands shows nothing again, one that grows shows the growth; whether or not an order of ours rests."""
    changes = (1, ASK, 52, 4), (2, ASK, 52, -8), (3, ASK, 52, 3), (4, ASK, 52, -4), (5, ASK, 52, 2)
    replay = played(tape(book([(40, 1)], [(52, 10)]), *changes), RISK_AVERSE)
    replay.submit(START, order(-1, Side.BUY, 52, 8, time_in_force=IOC))
    if resting:
        replay.submit(START, order(-2, Side.BUY, 30, 1))
    seen = []
    for second in range(6):
        replay.advance(at(second))
        seen.append(sum(quantity for _, quantity in replay.book().asks) // 100)
    assert [2, 6, 0, 3, 0, 2] == seen


def test_a_large_take_is_flagged() -> None:
    """The share counts all that we took of a level, each take beyond it counts once, and the worst is kept."""
    replay = played(tape(book([(40, 1)], [(52, 10), (53, 10)])), RISK_AVERSE)
    replay.submit(START, order(-1, Side.BUY, 52, 5, time_in_force=IOC))
    assert (0, 0.5) == (replay.takes_beyond, replay.worst_take)
    replay.submit(START, order(-2, Side.BUY, 53, 8, time_in_force=IOC))
    assert (1, 1.0) == (replay.takes_beyond, replay.worst_take)


def test_a_large_take_is_refused_if_so_asked() -> None:
    """Of every level only the share is ours to take: at once, later, or as a rest that the other side reaches."""
    replay = played(tape(book([(40, 1)], [(52, 10), (53, 8)]), (1, ASK, 52, 2)), RISK_AVERSE, strict=True)
    events = replay.submit(START, order(-1, Side.BUY, 53, 20))
    assert [(-1, 52, 5), (-1, 53, 4)] == _fills(events)
    assert [(-1, 53, 1)] == _fills(replay.advance(at(1)))
    assert (0, 0.5) == (replay.takes_beyond, replay.worst_take)


def test_fill_or_kill_counts_what_may_be_taken() -> None:
    """Refused takes are not volume."""
    replay = played(tape(book([(40, 1)], [(52, 10)])), RISK_AVERSE, strict=True)
    events = replay.submit(START, order(-1, Side.BUY, 52, 6, time_in_force=TimeInForce.FILL_OR_KILL))
    assert [Removed(START, -1, Quantity(600), Removal.UNFILLABLE)] == events


# --- always ---

ORDERS = st.lists(st.tuples(st.integers(40, 50), st.integers(1, 30)), min_size=1, max_size=4)


def _left_alone(recording: Tape, model: QueueModel, side: Side, wanted: list[tuple[int, int]]) -> tuple[RecordedBook, int]:
    """Place orders at the beginning and leave them alone; return the book and what was filled, checking on the way."""
    replay = played(recording, model)
    filled = 0
    for key, (cents, contracts) in enumerate(wanted):
        events = replay.submit(
            START, NewOrder(key=-1 - key, side=side, price=Price(cents * 100), quantity=Quantity(contracts * 100))
        )
        filled += sum(round(contracts * 100) for _, _, contracts in _fills(events))
    places: dict[int, int] = {}
    for time in [START, *recording.at.tolist(), recording.until]:
        filled += sum(round(contracts * 100) for _, _, contracts in _fills(replay.advance(Instant(time))))
        for key, resting in replay._orders.items():
            level = replay.book().queued(side, resting.price)
            assert 0 <= replay.ahead(key) <= level - resting.remaining
            assert resting.ahead <= places.get(key, resting.ahead), "a place was lost"
            places[key] = resting.ahead
    return replay, filled


@given(tapes(), st.sampled_from([*BRACKET, ALL_TRADED]), st.sampled_from(Side), ORDERS)
def test_no_more_is_filled_than_passed(recording: Tape, model: QueueModel, side: Side, wanted: list[tuple[int, int]]) -> None:
    """Nor more than was asked for; and the book is never less than nothing, nor has what we hold in it gone astray."""
    replay, filled = _left_alone(recording, model, side, wanted)
    own, other, traded = (Kind.BID, Kind.ASK, Kind.SOLD) if side is Side.BUY else (Kind.ASK, Kind.BID, Kind.BOUGHT)
    passed = sum(quantity for _, quantity in (recording.first.asks if side is Side.BUY else recording.first.bids))
    for _, kind, _, change in recording.rows():
        if kind == other and change > 0:
            passed += change
        elif kind == traded or (kind == own and change < 0 and not recording.has_trades):
            passed += abs(change)
    resting = sum(one.remaining for one in replay._orders.values())
    assert filled <= passed
    assert filled + resting == sum(contracts for _, contracts in wanted) * 100
    assert all(quantity > 0 for side_levels in (replay.book().bids, replay.book().asks) for _, quantity in side_levels)
    everybody = [book for _, book in recording.books()][-1]
    for price, quantity in everybody.bids + everybody.asks:
        assert 0 <= replay._displays[Side.BUY if (price, quantity) in everybody.bids else Side.SELL].visible(price) <= quantity


@given(tapes(), st.sampled_from(Side), ORDERS)
def test_the_bracket_is_one(recording: Tape, side: Side, wanted: list[tuple[int, int]]) -> None:
    """Of orders left alone no more fills when read risk-averse than probabilistic, nor then than when all is read as trades."""
    fills = [_left_alone(recording, model, side, wanted)[1] for model in (RISK_AVERSE, PROBABILISTIC, ALL_TRADED)]
    assert all(less <= more for less, more in pairwise(fills)), fills


@given(tapes(crossing=False), ORDERS)
def test_buying_is_selling_in_a_mirror(recording: Tape, wanted: list[tuple[int, int]]) -> None:
    """The mirrored orders in the mirrored recording fill by as much."""
    mirrored = _mirrored(recording)
    there = [(100 - cents, contracts) for cents, contracts in wanted]
    for model in BRACKET:
        assert _left_alone(recording, model, Side.BUY, wanted)[1] == _left_alone(mirrored, model, Side.SELL, there)[1]


def _mirrored(recording: Tape) -> Tape:
    rows = [(time, kind ^ 1, 10_000 - price, change) for time, kind, price, change in recording.rows()]
    assert recording.first.state is BookState.TWO_SIDED
    return tape_of(recording.first.mirrored(), rows, until=recording.until)
