"""The price-time engine under arbitrary commands, against a slow book that keeps every order in one list."""

from hypothesis import given, settings
from hypothesis import strategies as st

from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.units import Instant, Price, Quantity
from depthwalk.paper.matching import MatchingEngine
from depthwalk.paper.trading import BookEvent, Executed, NewOrder, Removed
from depthwalk.wire.orders import SelfTradePrevention

_PRICES = st.integers(48, 53).map(lambda cents: Price(cents * 100))
_QUANTITIES = st.integers(1, 12).map(Quantity)  # few, so that amends often hit the edges
_SUBMITS = st.tuples(
    st.just("submit"),
    st.sampled_from(Side),
    _PRICES,
    _QUANTITIES,
    st.sampled_from(TimeInForce),
    st.booleans(),
    st.sampled_from([None, "we"]),
    st.sampled_from(SelfTradePrevention),
    st.one_of(st.none(), st.integers(0, 60)),
)
# Amends and cancels choose among what rests; an amend of no price keeps it, its quantity is the change of the remainder.
_AMENDS = st.tuples(st.just("amend"), st.integers(0, 60), st.one_of(st.none(), _PRICES), st.integers(-6, 6))
_CANCELS = st.tuples(st.just("cancel"), st.integers(0, 60))
_COMMANDS = st.lists(st.one_of(_SUBMITS, _AMENDS, _AMENDS, _CANCELS), min_size=25, max_size=60)


class _Slow:
    """What must rest, order by order: [side, price, remaining, filled, turn, expiry], kept up from events alone."""

    def __init__(self) -> None:
        self.orders: dict[int, dict[str, int]] = {}
        self.turn = 0

    def rest(self, key: int, side: Side, price: int, remaining: int, filled: int) -> None:
        self.turn += 1
        self.orders[key] = {"sign": side.sign, "price": price, "remaining": remaining, "filled": filled, "turn": self.turn}

    def queue(self, sign: int) -> list[int]:
        mine = [key for key, one in self.orders.items() if one["sign"] == sign]
        return sorted(mine, key=lambda key: (-sign * self.orders[key]["price"], self.orders[key]["turn"]))

    def apply(self, events: list[BookEvent], taker: int) -> tuple[int, bool]:
        """Take events in, checking priority; return what the taker filled and whether it was removed."""
        filled, removed = 0, False
        for event in events:
            if isinstance(event, Executed):
                assert taker == event.taker
                assert event.maker is not None
                maker = self.orders[event.maker]
                assert event.maker == self.queue(maker["sign"])[0]
                assert maker["price"] == event.price
                maker["remaining"] -= event.quantity
                maker["filled"] += event.quantity
                filled += event.quantity
                if not maker["remaining"]:
                    del self.orders[event.maker]
            elif event.key == taker:
                removed = True
            else:
                assert self.orders.pop(event.key)["remaining"] == event.quantity
        return filled, removed


def _levels(slow: _Slow, sign: int) -> list[tuple[int, int]]:
    totals: dict[int, int] = {}
    for key in slow.queue(sign):
        one = slow.orders[key]
        totals[one["price"]] = totals.get(one["price"], 0) + one["remaining"]
    return list(totals.items())


def _check_places(engine: MatchingEngine, slow: _Slow) -> None:
    for sign in (1, -1):
        ahead: dict[int, int] = {}
        for key in slow.queue(sign):
            one = slow.orders[key]
            assert ahead.get(one["price"], 0) == engine.ahead(key)
            ahead[one["price"]] = ahead.get(one["price"], 0) + one["remaining"]


@settings(max_examples=150)
@given(_COMMANDS)
def test_engine_against_a_slow_book(commands: list[tuple[object, ...]]) -> None:
    """Contracts are conserved, the book is never crossed, priority is price then time, levels are the sums of their orders."""
    engine, slow = MatchingEngine(), _Slow()
    expiries: dict[int, int] = {}
    for step, command in enumerate(commands):
        now = Instant(step)
        for event in engine.expire(now):
            assert isinstance(event, Removed)
            assert expiries[event.key] <= step
            assert slow.orders.pop(event.key)["remaining"] == event.quantity
        assert all(expiries.get(key, step + 1) > step for key in slow.orders)
        match command:
            case ("submit", Side() as side, int(price), int(quantity), tif, bool(post_only), owner, stp, expiry):
                new = NewOrder(
                    key=step,
                    side=side,
                    price=Price(price),
                    quantity=Quantity(quantity),
                    owner=owner if isinstance(owner, str) else None,
                    time_in_force=TimeInForce(tif),
                    post_only=post_only,
                    self_trade=SelfTradePrevention(stp),
                    expires_at=Instant(expiry) if isinstance(expiry, int) else None,
                )
                events = engine.submit(now, new)
                filled, removed = slow.apply(events, step)
                assert filled + sum(e.quantity for e in events if isinstance(e, Removed) and e.key == step) <= quantity
                if not removed and filled < quantity:
                    assert TimeInForce.GOOD_TILL_CANCELED is tif
                    slow.rest(step, side, price, quantity - filled, filled)
                    if isinstance(expiry, int):
                        expiries[step] = expiry
            case ("amend", int(choice), price, int(change)) if slow.orders:
                key = sorted(slow.orders)[choice % len(slow.orders)]
                one = dict(slow.orders[key])
                price = price if isinstance(price, int) else one["price"]
                extra = max(1, one["remaining"] + change)
                total = one["filled"] + extra
                in_place = price == one["price"] and extra <= one["remaining"]
                events = engine.amend(now, key, price=Price(price), total=Quantity(total), expires_at=None)
                expiries.pop(key, None)
                if in_place:
                    assert not events
                    slow.orders[key]["remaining"] = extra
                else:
                    del slow.orders[key]
                    filled, removed = slow.apply(events, key)
                    assert filled <= extra
                    if not removed and filled < extra:
                        side = Side.BUY if one["sign"] > 0 else Side.SELL
                        slow.rest(key, side, price, extra - filled, one["filled"] + filled)
            case ("cancel", int(choice)) if slow.orders:
                key = sorted(slow.orders)[choice % len(slow.orders)]
                (removal,) = engine.cancel(now, key)
                assert slow.orders.pop(key)["remaining"] == removal.quantity
            case _:
                pass
        book = engine.book()
        assert _levels(slow, 1) == list(book.bids)
        assert _levels(slow, -1) == list(book.asks)
        assert book.best_bid is None or book.best_ask is None or book.best_bid < book.best_ask
        _check_places(engine, slow)
