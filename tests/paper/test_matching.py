import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.units import Instant, Price, Quantity
from depthwalk.errors import DomainError
from depthwalk.paper.matching import MatchingEngine
from depthwalk.paper.trading import Executed, Removal, Removed
from depthwalk.wire.orders import SelfTradePrevention
from tests.support.paper import START, at, book, order

IOC, FOK = TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL


def _engine(*orders: tuple[int, Side, int, int]) -> MatchingEngine:
    engine = MatchingEngine()
    for key, side, cents, contracts in orders:
        engine.submit(START, order(key, side, cents, contracts))
    return engine


def _trades(events: list[object]) -> list[tuple[int | None, int, int]]:
    return [(e.maker, e.price // 100, e.quantity // 100) for e in events if isinstance(e, Executed)]


def _removals(events: list[object]) -> list[tuple[int, int, Removal]]:
    return [(e.key, e.quantity // 100, e.why) for e in events if isinstance(e, Removed)]


def test_a_taker_walks_levels_at_the_makers_prices() -> None:
    """Best price first, oldest first at one price, up to the limit; the rest rests."""
    engine = _engine((1, Side.SELL, 51, 5), (2, Side.SELL, 50, 3), (3, Side.SELL, 50, 4), (4, Side.SELL, 53, 9))
    events = engine.submit(START, order(5, Side.BUY, 52, 20))
    assert [(2, 50, 3), (3, 50, 4), (1, 51, 5)] == _trades(events)
    assert book([(52, 8)], [(53, 9)]) == engine.book()


def test_immediate_or_cancel_leaves_nothing() -> None:
    """An IOC's rest is canceled."""
    engine = _engine((1, Side.SELL, 50, 3))
    events = engine.submit(START, order(2, Side.BUY, 50, 10, time_in_force=IOC))
    assert [(2, 7, Removal.REMAINDER)] == _removals(events)
    assert book() == engine.book()


def test_fill_or_kill_trades_whole_or_not_at_all() -> None:
    """A FOK that the book cannot carry within its limit trades nothing."""
    engine = _engine((1, Side.SELL, 50, 3), (2, Side.SELL, 52, 10))
    killed = engine.submit(START, order(3, Side.BUY, 51, 4, time_in_force=FOK))
    assert ([], [(3, 4, Removal.UNFILLABLE)]) == (_trades(killed), _removals(killed))
    assert [(1, 50, 3), (2, 52, 1)] == _trades(engine.submit(START, order(4, Side.BUY, 52, 4, time_in_force=FOK)))


def test_post_only_refuses_to_take() -> None:
    """A post-only order that reaches the opposite best is gone; one that does not rests."""
    engine = _engine((1, Side.SELL, 50, 3))
    crossing = engine.submit(START, order(2, Side.BUY, 50, 1, post_only=True))
    assert [(2, 1, Removal.POST_ONLY)] == _removals(crossing)
    assert [] == engine.submit(START, order(3, Side.BUY, 49, 1, post_only=True))
    assert 3 in engine


@pytest.mark.parametrize("prevention", SelfTradePrevention)
def test_self_trade_prevention(prevention: SelfTradePrevention) -> None:
    """At an own order the taker stops, or the own order goes and the taker carries on; earlier fills stand."""
    engine = _engine((1, Side.SELL, 50, 2))
    engine.submit(START, order(2, Side.SELL, 50, 3, owner="we"))
    engine.submit(START, order(3, Side.SELL, 50, 4))
    events = engine.submit(START, order(4, Side.BUY, 50, 10, owner="we", self_trade=prevention))
    if prevention is SelfTradePrevention.TAKER_AT_CROSS:
        assert [(1, 50, 2)] == _trades(events)
        assert [(4, 8, Removal.SELF_TRADE)] == _removals(events)
        assert book([], [(50, 7)]) == engine.book()
    else:
        assert [(1, 50, 2), (3, 50, 4)] == _trades(events)
        assert [(2, 3, Removal.SELF_TRADE)] == _removals(events)
        assert book([(50, 4)]) == engine.book()


def test_fill_or_kill_is_not_rolled_back_at_an_own_order() -> None:
    """Own volume counts towards fillable; the order then stops at it and keeps its fills (kalshi-api.md section 6.3)."""
    engine = _engine((1, Side.SELL, 50, 2))
    engine.submit(START, order(2, Side.SELL, 50, 3, owner="we"))
    events = engine.submit(START, order(3, Side.BUY, 50, 5, owner="we", time_in_force=FOK))
    assert [(1, 50, 2)] == _trades(events)
    assert [(3, 3, Removal.SELF_TRADE)] == _removals(events)


@pytest.mark.parametrize(
    ("cents", "total", "expires_at", "ahead"),
    [(50, 4, None, 2), (50, 5, at(60), 2), (50, 6, None, 9), (49, 5, None, 0)],
)
def test_what_an_amend_does_to_priority(cents: int, total: int, expires_at: int | None, ahead: int) -> None:
    """A smaller total or a new expiry keeps the place; a larger total or a new price goes to the back."""
    engine = _engine((1, Side.BUY, 50, 2), (2, Side.BUY, 50, 5), (3, Side.BUY, 50, 7))
    engine.amend(START, 2, price=Price(cents * 100), total=Quantity(total * 100), expires_at=expires_at)
    assert ahead * 100 == engine.ahead(2)
    assert total * 100 == sum(q for p, q in engine.book().bids) - 900


def test_an_amended_total_counts_what_is_filled() -> None:
    """Total is filled plus wanted: equal to filled cancels, below is refused."""
    engine = _engine((1, Side.BUY, 50, 5))
    engine.submit(START, order(2, Side.SELL, 50, 2))
    with pytest.raises(DomainError, match=r"total 1\.00 is below the 2\.00 filled"):
        engine.amend(START, 1, price=Price(5000), total=Quantity(100), expires_at=None)
    engine.amend(START, 1, price=Price(5000), total=Quantity(400), expires_at=None)
    assert book([(50, 2)]) == engine.book()
    events = engine.amend(START, 1, price=Price(5000), total=Quantity(200), expires_at=None)
    assert [(1, 2, Removal.CANCELED)] == _removals(events)


def test_an_amend_that_crosses_takes_at_once() -> None:
    """A price amended through the opposite best trades, and the rest lies at the new price."""
    engine = _engine((1, Side.SELL, 52, 3), (2, Side.BUY, 50, 5))
    events = engine.amend(START, 2, price=Price(5300), total=Quantity(500), expires_at=None)
    assert [(1, 52, 3)] == _trades(events)
    assert book([(53, 2)]) == engine.book()


def test_orders_expire_at_their_own_time() -> None:
    """An expiry is passed at its time, and only if it is still the order's."""
    engine = MatchingEngine()
    engine.submit(START, order(1, Side.BUY, 50, 1, expires_at=at(10)))
    engine.submit(START, order(2, Side.BUY, 50, 1, expires_at=at(10)))
    engine.amend(START, 2, price=Price(5000), total=Quantity(100), expires_at=at(20))
    assert [Removed(at(10), 1, Quantity(100), Removal.EXPIRED)] == engine.expire(at(15))
    assert [Removed(at(20), 2, Quantity(100), Removal.EXPIRED)] == engine.expire(at(30))


def test_commands_on_what_is_not_there_are_faults() -> None:
    """Unknown keys, repeated keys and empty orders are refused, never ignored."""
    engine = _engine((1, Side.BUY, 50, 1))
    with pytest.raises(DomainError, match="order 9 does not rest"):
        engine.cancel(START, 9)
    with pytest.raises(DomainError, match="order 1 rests already"):
        engine.submit(START, order(1, Side.BUY, 50, 1))
    with pytest.raises(DomainError, match=r"count 0\.00 is not more than 0"):
        engine.submit(START, order(2, Side.BUY, 50, 0))


def test_a_fork_knows_what_was_filled() -> None:
    """Of 10 ordered 4 are gone: amended to 6, 2 are left, in the fork as well; what one does is not the other's."""
    engine = _engine((1, Side.BUY, 50, 10), (2, Side.SELL, 50, 4))
    fork = engine.fork()
    for each, left in ((fork, 6), (engine, 6)):
        assert book([(50, left)]) == each.book()
        each.amend(START, 1, price=Price(5_000), total=Quantity(600), expires_at=None)
        assert book([(50, 2)]) == each.book()


_COMMANDS = st.tuples(
    st.sampled_from(["submit", "amend", "cancel", "expire", "fork"]),
    st.integers(1, 12),  # which order
    st.sampled_from(Side),
    st.integers(45, 55),  # cents
    st.integers(1, 9),  # contracts
    st.one_of(st.none(), st.integers(1, 60)),  # seconds it lives
)


@given(st.lists(_COMMANDS, max_size=60))
def test_what_is_remembered_of_a_book_is_what_it_shows(commands: list[tuple[str, int, Side, int, int, int | None]]) -> None:
    """Its touch and depth, asked for after every command, are those of its levels; no order outlives `next_expiry` unseen."""
    engine, expiries, now = MatchingEngine(), dict[int, Instant | None](), START
    for number, (what, key, side, cents, contracts, life) in enumerate(commands):
        now = at(number)
        expires_at = None if life is None else Instant(now + life * 1_000_000)
        if what == "submit" and key not in engine:
            engine.submit(now, order(key, side, cents, contracts, expires_at=expires_at))
            expiries[key] = expires_at
        elif what == "amend" and key in engine:
            engine.amend(now, key, price=Price(cents * 100), total=Quantity(100_000 + contracts), expires_at=expires_at)
            expiries[key] = expires_at
        elif what == "cancel" and key in engine:
            engine.cancel(now, key)
        elif what == "expire":
            engine.expire(now)
            assert engine.next_expiry > now
        elif what == "fork":
            engine = engine.fork()
        shown = engine.book()
        assert (shown.best_bid, shown.best_ask) == engine.touch
        assert tuple(sum(size for _, size in half[:3]) for half in (shown.bids, shown.asks)) == engine.depths(3)
        due = [expiry for resting, expiry in expiries.items() if resting in engine and expiry is not None]
        assert engine.next_expiry <= min(due, default=math.inf)
