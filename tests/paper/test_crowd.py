import itertools
import statistics
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthwalk.domain.book import Book, BookState
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.units import Instant, Price, Quantity
from depthwalk.paper.crowd import CrowdBook
from depthwalk.paper.matching import MatchingEngine
from depthwalk.paper.trading import Executed, Removal, Removed
from depthwalk.simulation.flow import InformedTaker, NoiseTaker
from depthwalk.simulation.scenarios import LIQUID, MODERATE, SCENARIOS, THIN, depth_within
from depthwalk.simulation.synthetic import Valuation, pulls
from depthwalk.simulation.value import Values
from tests.support.lab_worlds import Written
from tests.support.paper import START, at, book, order

CENTS = STRUCTURES["linear_cent"]
_TOLERANCES = {"spread": 0.20, "touch": 0.30, "depth": 0.35, "volume": 0.40, "move": 0.45}


def _usual(ticker: str, seeds: int) -> dict[str, float]:
    """Average what a class's books look like at START, and what trades in the 40 s after."""
    seen: dict[str, list[float]] = {name: [] for name in ("spread", "touch", "depth", "volume", "move", "one_sided")}
    for seed in range(seeds):
        crowd = CrowdBook.synthetic(SCENARIOS[ticker].market_class, CENTS, seed, START)
        crowd.advance(START)
        first = crowd.book()
        traded = sum(event.quantity for event in crowd.advance(at(40)) if isinstance(event, Executed))
        last = crowd.book()
        seen["volume"].append(traded / 200)
        seen["one_sided"].append(float(first.state is not BookState.TWO_SIDED))
        if first.spread is None or first.mid_twice is None:
            continue
        seen["spread"].append(first.spread / 100)
        seen["touch"].append((first.bids[0][1] + first.asks[0][1]) / 200)
        seen["depth"].append((depth_within(first.bids, 300) + depth_within(first.asks, 300)) / 200)
        if last.mid_twice is not None:
            seen["move"].append((last.mid_twice - first.mid_twice) / 200)
    averages = {name: statistics.mean(values) for name, values in seen.items() if name != "move"}
    return {**averages, "move": statistics.pstdev(seen["move"])}


@pytest.mark.parametrize(
    ("ticker", "expected"),
    [
        ("PAPER-LIQUID", {"spread": 1.20, "touch": 94, "depth": 270, "volume": 88, "move": 0.90}),
        ("PAPER-MODERATE", {"spread": 1.92, "touch": 18, "depth": 52, "volume": 30, "move": 1.01}),
        ("PAPER-THIN", {"spread": 3.15, "touch": 14, "depth": 35, "volume": 13, "move": 1.72}),
    ],
)
def test_books_look_like_their_class(ticker: str, expected: dict[str, float]) -> None:
    """Averages lie near those of algorithms.md section 3.1: spread, touch, depth, volume a side, movement in 40 s."""
    usual = _usual(ticker, 60)
    assert usual.pop("one_sided") <= 0.10
    assert {name: pytest.approx(value, rel=_TOLERANCES[name]) for name, value in expected.items()} == usual


def _crowd(name: str = "PAPER-MODERATE", seed: int = 3) -> CrowdBook:
    return CrowdBook.synthetic(SCENARIOS[name].market_class, CENTS, seed, START)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 60_000_000), max_size=30))
def test_looking_changes_nothing(moments: list[int]) -> None:
    """However often one looks, the world is the same to the last bit."""
    watched, left_alone = _crowd("PAPER-THIN"), _crowd("PAPER-THIN")
    happened = watched.advance(START)
    for moment in sorted(moments):
        happened += watched.advance(Instant(START + moment))
        watched.book()
    happened += watched.advance(at(60))
    assert left_alone.advance(at(60)) == happened
    assert left_alone.book() == watched.book()
    assert left_alone.value == watched.value


def test_an_agent_nobody_meets_changes_nobody() -> None:
    """An order far from everything is the only difference between the two worlds."""
    alone, visited = _crowd(), _crowd()
    visited.advance(START)
    visited.submit(START, order(-1, Side.BUY, 1, 5))
    for second in range(60):
        alone.advance(at(second))
        visited.advance(at(second))
        mine = visited.book()
        assert alone.book() == Book(tuple(level for level in mine.bids if level[0] > 100), mine.asks)


def test_an_agent_who_acts_does_not_shift_the_world() -> None:
    """After a sweep the book answers; value and arrivals stay, so the worlds grow together again as the impact decays."""
    alone, visited = _crowd("PAPER-LIQUID"), _crowd("PAPER-LIQUID")
    alone.advance(START)
    visited.advance(START)
    swept = visited.submit(START, order(-1, Side.BUY, 95, 400, time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL))
    assert sum(event.quantity for event in swept if isinstance(event, Executed)) > 10_000
    alone.advance(at(1))
    visited.advance(at(1))
    assert alone.book() != visited.book()
    for second in (20, 40, 300):
        alone.advance(at(second))
        visited.advance(at(second))
        assert alone.value == visited.value
    assert alone.book() == visited.book()


def test_a_resting_order_is_filled_by_the_crowd_in_its_turn() -> None:
    """An order at the best bid of a liquid market is filled within some time, and never above its size."""
    crowd = _crowd("PAPER-LIQUID", seed=1)
    crowd.advance(START)
    best = crowd.book().bids[0][0]
    crowd.submit(START, order(-1, Side.BUY, best // 100, 10, owner="account"))
    assert crowd.ahead(-1) > 0
    fills = [event for event in crowd.advance(at(120)) if isinstance(event, Executed) and event.maker == -1]
    assert {best} == {event.price for event in fills}
    assert 0 < sum(event.quantity for event in fills) <= 1_000


@pytest.mark.parametrize(
    ("recorded", "name"),
    [
        (book([(48, 400)], [(50, 400)]), "liquid"),
        (book([(48, 60)], [(50, 400)]), "moderate"),
        (book([(20, 30)], [(68, 12)]), "thin"),
        (book([(20, 300)]), "thin"),
        (book([], [(98, 300)]), "thin"),
        (book(), "thin"),
    ],
)
def test_a_recorded_book_is_carried_on(recorded: Book, name: str) -> None:
    """The start shows exactly the recording; later the book lives on, never crossed, on its grid, its class's way."""
    crowd = CrowdBook.carried_on(recorded, CENTS, 5, START)
    assert {"liquid": LIQUID, "moderate": MODERATE, "thin": THIN}[name].name == crowd.market_class.name
    assert recorded == crowd.book()
    crowd.advance(START)
    for second in range(0, 600, 20):
        crowd.advance(at(second))
        now = crowd.book()
        assert now.state not in {BookState.CROSSED, BookState.LOCKED}
        assert all(price in CENTS for price, _ in now.bids + now.asks)


def test_a_wide_book_stays_wide() -> None:
    """A spread of 48 cents is not closed within seconds merely because the class's average is narrow."""
    spreads = []
    for seed in range(20):
        crowd = CrowdBook.carried_on(book([(20, 30)], [(68, 12)]), CENTS, seed, START)
        crowd.advance(at(40))
        spreads.append(crowd.book().spread or 9_900)
    assert statistics.median(spreads) > 3_500


def test_a_deep_book_stays_deep() -> None:
    """A book of ten thousands a level still has the like after its first orders have gone."""
    deep = book([(48 - n, 20_000) for n in range(10)], [(50 + n, 20_000) for n in range(10)])
    crowd = CrowdBook.carried_on(deep, CENTS, 5, START)
    crowd.advance(at(120))
    assert depth_within(crowd.book().bids, 300) > 1_000_000


def test_a_crossed_recording_uncrosses() -> None:
    """A crossed start trades with itself instead of standing crossed."""
    crowd = CrowdBook.carried_on(book([(52, 5), (48, 9)], [(50, 8), (55, 1)]), CENTS, 5, START)
    assert book([(48, 9)], [(50, 3), (55, 1)]) == crowd.book()


def test_orders_of_ours_are_amended_and_canceled() -> None:
    """The engine's commands reach our orders among the crowd's."""
    crowd = _crowd()
    crowd.advance(START)
    crowd.submit(START, order(-1, Side.BUY, 2, 5))
    crowd.amend(START, -1, price=Price(300), total=Quantity(400), expires_at=None)
    assert (300, 400) == crowd.book().bids[-1]
    crowd.cancel(START, -1)
    assert crowd.book().bids[-1][0] > 300


# --- what happens at one time ---

_PLAIN = replace(THIN, provider_lag=1e-9, impact_per_contract=0.0, imbalance_weight=0.0, review_rate=1.0)
_PULLED, _LEFT = (next(key for key in range(2, 99, 4) if pulls(0, key, 1) is wanted) for wanted in (True, False))


def _at_one_second(side: Side, key: int, beyond: int, expires: float | None = None) -> list[object]:
    """Return what happens where a quote is *beyond* the value of 50 cents, and a taker comes with the first review."""
    engine, taker = MatchingEngine(), Side.SELL if side is Side.BUY else Side.BUY
    cents = 50 + side.sign * beyond
    engine.submit(START, order(key, side, cents, 5, expires_at=None if expires is None else at(expires)))
    nobody = (InformedTaker(at(1e6 + second), Quantity(100)) for second in itertools.count())
    crowd = CrowdBook(
        _PLAIN,
        CENTS,
        0,
        start=START,
        engine=engine,
        valuation=Valuation(_PLAIN, Values(_PLAIN.provider_lag, START, 50.0, Written())),
        arrivals=itertools.chain([NoiseTaker(at(1), taker, Quantity(500), 40.0)], nobody),
    )
    assert [] == crowd.advance(Instant(at(1) - 1))
    return [event.why if isinstance(event, Removed) else type(event) for event in crowd.advance(at(1))]


@pytest.mark.parametrize("side", Side)
def test_at_one_time_orders_expire_first_then_quotes_are_reviewed_then_somebody_comes(side: Side) -> None:
    """A taker finds no quote that was pulled or ran out at the moment of his coming, and a quote that ran out is not pulled."""
    assert [Removal.CANCELED, Removal.REMAINDER] == _at_one_second(side, _PULLED, 1)
    assert [Executed] == _at_one_second(side, _LEFT, 1)
    assert [Executed] == _at_one_second(side, _PULLED, 0)
    assert [Removal.EXPIRED, Removal.REMAINDER] == _at_one_second(side, _PULLED, 1, expires=1)
    assert [Removal.EXPIRED, Removal.REMAINDER] == _at_one_second(side, _LEFT, 1, expires=1)


def test_what_nobody_comes_to_see_expires_in_time() -> None:
    """The last of what is due by a moment is an expiry as well as anything else."""
    engine = MatchingEngine()
    engine.submit(START, order(2, Side.SELL, 60, 5, expires_at=at(0.5)))
    nobody = (InformedTaker(at(1e6 + second), Quantity(100)) for second in itertools.count())
    values = Values(_PLAIN.provider_lag, START, 50.0, Written())
    crowd = CrowdBook(_PLAIN, CENTS, 0, start=START, engine=engine, valuation=Valuation(_PLAIN, values), arrivals=nobody)
    assert [Removed(at(0.5), 2, Quantity(500), Removal.EXPIRED)] == crowd.advance(at(0.5))


def test_a_fork_goes_on_as_the_book_would_have() -> None:
    """With its reviews, its value and its expiries, also from a moment between them."""
    crowd, alone = _crowd("PAPER-THIN"), _crowd("PAPER-THIN")
    for each in (crowd, alone):
        each.advance(at(30.3))
    fork = crowd.fork()
    assert fork.advance(at(90)) == alone.advance(at(90))
    assert (fork.book(), fork.value) == (alone.book(), alone.value)


def test_a_drift_is_counted_from_the_fork() -> None:
    """As of the moment up to which the book had come, to the last step of the value."""
    crowd = _crowd("PAPER-THIN")
    crowd.advance(at(10.3))
    still, drifting = crowd.fork(), crowd.fork().fork(drift=1.0)
    assert still.value == drifting.value
    for second in (11, 20):
        still.advance(at(second))
        drifting.advance(at(second))
        assert second - 10.3 - 0.25 == pytest.approx(drifting.value - still.value, abs=0.2501)
