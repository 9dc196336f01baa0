"""One executor against any venue: whatever happens in whatever order, as long as some truth explains it.

hypothesis plays the venue, the market, the clock, the user and the power supply. After every step the truth is held against
what was asked for (`driven.py`, `model_venue.py`); in the end the venue answers honestly, and the run has to end.
DEPTHWALK_STORM_RUNS says how many examples the long version tries.
"""

import os
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from depthwalk.domain.book import Book
from depthwalk.domain.market import MarketStatus
from depthwalk.domain.messages import (
    CancelOrder,
    FeedLost,
    FeedRestored,
    ForeignOrder,
    Look,
    MarketChanged,
    MarketClosed,
    PublicTrade,
    Reason,
    Recovering,
    Resumed,
    Rules,
    StopRequested,
    SubmitOrder,
    Woke,
)
from depthwalk.domain.order import Action, OrderStatus, Outcome, ParentOrder, Side
from depthwalk.domain.units import Instant, Price, Quantity, seconds
from depthwalk.errors import RefusalReason
from depthwalk.executors.registry import ALGORITHMS
from depthwalk.executors.state import BaseParams
from depthwalk.runtime.runner import GRACE
from tests.support.books import market
from tests.support.driven import Driven
from tests.support.model_venue import CANCEL_NOS, NOS, Flight, Reception, TrueOrder, Way, sound
from tests.support.parameters import any_parameters
from tests.support.venue import T0, parent

LONG = int(os.environ.get("DEPTHWALK_STORM_RUNS", "100"))

GRIDS = ["linear_cent", "deci_cent", "tapered_deci_cent", "center_half_edge_half_cent"]
PRICES = st.integers(2, 97)
WHICH = st.integers(0, 7)
PARTS = st.integers(1, 6_000)
SELDOM = st.sampled_from([False, False, False, True])
BROKEN = ["crossed", "locked", "empty", "without ours", "less than ours"]
CLOSES = st.none() | st.none() | st.integers(1, 60)
ORDERS = st.builds(
    parent,
    st.sampled_from([1, 300, 2_500, 12_345]),
    outcome=st.sampled_from(Outcome),
    action=st.sampled_from(Action),
    limit=st.none() | PRICES.map(lambda price: Price(100 * price)),
    target=st.none() | st.none() | PRICES.map(lambda price: Price(100 * price)),
)
RUNS = st.sampled_from(list(ALGORITHMS)).flatmap(lambda name: st.tuples(st.just(name), any_parameters(name)))
TAPE = st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 9_000)), max_size=2)


class AnyVenue(RuleBasedStateMachine):
    """The machine: `run` is what is tested, all else is what happens to it."""

    def __init__(self) -> None:
        super().__init__()
        self.run: Driven | None = None
        self.bid = 40
        self.woke: Woke | None = None

    @initialize(what=RUNS, order=ORDERS, grid=st.sampled_from(GRIDS), close=CLOSES, bid=PRICES)
    def begin(self, what: tuple[str, BaseParams], order: ParentOrder, grid: str, close: int | None, bid: int) -> None:
        """Any parent, any algorithm, any parameters of it, any grid, with or without a close in sight."""
        self.bid, self.woke = bid, None
        closes = None if close is None else Instant(T0 + seconds(close))
        self.run = Driven(*what, order, replace(market(grid), close_time=closes), Rules())

    @property
    def driven(self) -> Driven:
        """The run."""
        assert self.run is not None
        return self.run

    def going(self) -> bool:
        """Whether it goes on."""
        return self.run is not None and self.run.finish is None

    def over(self) -> bool:
        """Whether it has ended."""
        return self.run is not None and self.run.finish is not None

    def flight(self, which: int, *ways: Way, arrived: bool | None = None) -> Flight | None:
        """Return one of the writes that are in one of these ways."""
        some = [flight for flight in self.driven.venue.flights if flight.way in ways and arrived in (None, flight.arrived)]
        return some[which % len(some)] if some else None

    def order(self, which: int) -> TrueOrder | None:
        """Return one of the orders."""
        some = list(self.driven.venue.orders.values())
        return some[which % len(some)] if some else None

    @precondition(over)
    @rule(what=RUNS, order=ORDERS, grid=st.sampled_from(GRIDS), close=CLOSES, bid=PRICES)
    def begin_again(self, what: tuple[str, BaseParams], order: ParentOrder, grid: str, close: int | None, bid: int) -> None:
        """The run is held against the truth, and another one begins."""
        self.teardown()
        self.begin(what, order, grid, close, bid)

    # --- an honest stretch, so that runs get somewhere ---

    @precondition(going)
    @rule(times=st.integers(1, 3), move=st.integers(-2, 2), gap=st.integers(1, 4), size=st.sampled_from([1, 10, 60]))
    def calm(self, times: int, move: int, gap: int, size: int) -> None:
        """Everything is answered and read, time passes, the book moves a little."""
        self.bid = max(2, min(97, self.bid + move))
        for _ in range(times):
            if not self.going():
                break
            self.driven.answer_all()
            if self.going():
                self.wake()
            if self.going() and self.driven.wake is not None:
                self.driven.wait(sound(self.bid, gap, size))

    def wake(self) -> None:
        """A look that was under way comes to its end."""
        woke, self.woke = self.woke, None
        if woke is not None and self.going():
            self.driven.give(replace(woke, at=self.driven.now))

    # --- writes ---

    @precondition(lambda self: self.going() and self.flight(0, *Way, arrived=False) is not None)
    @rule(which=WHICH, how=st.sampled_from(Reception), part=PARTS)
    def arrive(self, which: int, how: Reception, part: int) -> None:
        """A write arrives: one that is on its way, in doubt, or believed never to."""
        flight = self.flight(which, *Way, arrived=False)
        if flight is not None:
            self.driven.venue.arrive(flight, how, part, self.driven.now)
            if flight.way is Way.GHOST:
                self.driven.venue.flights.remove(flight)
            self.check()

    @precondition(lambda self: self.going() and self.flight(0, Way.ON_THE_WAY, arrived=False) is not None)
    @rule(which=WHICH, number=st.integers(0, 20))
    def refuse(self, which: int, number: int) -> None:
        """A write arrives and is refused, for any reason there is."""
        flight = self.flight(which, Way.ON_THE_WAY, arrived=False)
        if flight is None:
            return
        passive = isinstance(flight.intent, SubmitOrder) and flight.intent.post_only
        nos = CANCEL_NOS if isinstance(flight.intent, CancelOrder) else NOS + [RefusalReason.POST_ONLY_CROSS] * passive
        self.driven.venue.refuse(flight, nos[number % len(nos)], self.driven.now)
        self.driven.answer(flight)

    @precondition(lambda self: self.going() and self.flight(0, Way.ON_THE_WAY, arrived=True) is not None)
    @rule(which=WHICH)
    def answer(self, which: int) -> None:
        """An answer comes in, perhaps long after the fact."""
        flight = self.flight(which, Way.ON_THE_WAY, arrived=True)
        if flight is not None:
            self.driven.answer(flight)

    @precondition(lambda self: self.going() and self.flight(0, Way.ON_THE_WAY, Way.DOUBT) is not None)
    @rule(which=WHICH, hopeless=st.sampled_from([False, False, False, True]))
    def lose(self, which: int, hopeless: bool) -> None:
        """An answer is given up, or reading what became of it is."""
        flight = self.flight(which, Way.DOUBT if hopeless else Way.ON_THE_WAY)
        if flight is not None:
            self.driven.doubt(flight, hopeless=hopeless)

    @precondition(lambda self: self.going() and self.flight(0, Way.DOUBT) is not None)
    @rule(which=WHICH)
    def settle(self, which: int) -> None:
        """A doubt is settled by reading; what has not arrived by now may still."""
        flight = self.flight(which, Way.DOUBT)
        if flight is not None:
            self.driven.settle(flight)

    # --- what happens at the venue ---

    @precondition(lambda self: self.going() and self.order(0) is not None)
    @rule(which=WHICH, quantity=PARTS)
    def trade(self, which: int, quantity: int) -> None:
        """Somebody trades with an order of ours."""
        order = self.order(which)
        if order is not None:
            self.driven.venue.trade(order, quantity, self.driven.now)
            self.check()

    @precondition(lambda self: self.going() and self.order(0) is not None)
    @rule(which=WHICH)
    def take_off(self, which: int) -> None:
        """An order is canceled by nobody we know of."""
        order = self.order(which)
        if order is not None:
            order.open = False

    @precondition(lambda self: self.going() and self.order(0) is not None)
    @rule(which=WHICH, most=st.integers(1, 2), again=st.booleans())
    def read(self, which: int, most: int, again: bool) -> None:
        """Fills are read, late or once more."""
        order = self.order(which)
        if order is not None:
            self.driven.read(order, most, again=again)

    # --- time, looks and books ---

    @precondition(going)
    @rule(share=st.integers(0, 100), beyond=st.sampled_from([0, 0, 0, 1, 12, 45]))
    def time_passes(self, share: int, beyond: int) -> None:
        """Time passes on the way to the next look, or beyond it where something hangs."""
        wake = self.driven.wake
        due = self.driven.now if wake is None else max(self.driven.now, wake.at)
        self.driven.now = Instant(self.driven.now + (due - self.driven.now) * share // 100 + seconds(beyond))
        self.driven.venue.expire(self.driven.now)
        if self.driven.now >= self.driven.closing_at + GRACE:
            self.driven.give(Woke(at=self.driven.now))

    @precondition(going)
    @rule(
        kind=st.sampled_from([*BROKEN, "bids only", "asks only", "jump", "sound", "sound", "lost"]),
        bid=PRICES,
        gap=st.integers(1, 6),
        age=st.sampled_from([0, 0, 0, 1, 9, 30]),
        foreign=st.booleans(),
        lag=st.booleans(),
        slow=st.booleans(),
        tape=TAPE,
    )
    def look(
        self,
        kind: str,
        bid: int,
        gap: int,
        age: int,
        foreign: bool,
        lag: bool,
        slow: bool,
        tape: list[tuple[Side, int]],
    ) -> None:
        """The look that was asked for: orders perhaps read late, any tape and book, the wake-up at once or in a while."""
        run = self.driven
        if run.wake is None or self.woke is not None:
            return
        look, run.now, run.wake = run.wake.look, max(run.now, run.wake.at), None
        run.venue.expire(run.now)
        if kind == "lost":
            run.give(FeedLost(at=run.now, detail="model"))
        else:
            if not lag or look is Look.EVERYTHING:
                run.look_at_orders(look)
            if look is Look.TAPE and self.going():
                run.look_at_tape(tuple(self.printed(number, *each) for number, each in enumerate(tape)))
            if look.shows_book and self.going():
                self.show(kind, bid if kind == "jump" else self.bid, gap, age, foreign=foreign)
        self.woke = Woke(at=run.now, look=look)
        if not slow:
            self.wake()

    def printed(self, number: int, taker: Side, quantity: int) -> PublicTrade:
        """A trade of others."""
        price = Price(100 * self.bid)
        return PublicTrade(
            trade_id=f"trade-{number}", at=self.driven.now, price=price, quantity=Quantity(quantity), taker=taker
        )

    @precondition(lambda self: self.woke is not None)
    @rule()
    def woken(self) -> None:
        """A look that took its time is over."""
        self.wake()

    def show(self, kind: str, bid: int, gap: int, age: int, *, foreign: bool) -> None:
        """Show a book of that kind."""
        run, others = self.driven, sound(bid, gap)
        fit = kind not in BROKEN and age <= 10
        if kind == "crossed":
            others = sound(bid, -1)
        elif kind == "locked":
            others = sound(bid, 0)
        elif kind in ("empty", "bids only", "asks only"):
            others = Book(others.bids if kind == "bids only" else (), others.asks if kind == "asks only" else ())
        shown = run.venue.shown(others)
        if kind in ("without ours", "less than ours"):
            shown, same = self.older(shown, 1 if kind == "less than ours" else 1_000_000)
            fit = same and age <= 10
        theirs: tuple[ForeignOrder, ...] = ()
        if foreign:
            theirs = (ForeignOrder(side=Side.BUY, price=Price(100 * bid + 100), quantity=Quantity(700)),)
            shown = Book.of_levels(bids=[*shown.bids, (theirs[0].price, theirs[0].quantity)], asks=shown.asks)
        run.look_at_book(shown, fit=fit, foreign=theirs, age=seconds(age))

    def older(self, shown: Book, less: int) -> tuple[Book, bool]:
        """Return a book with less at our prices than we have there, and whether nobody can tell."""
        ours: dict[int, int] = {}
        for child in self.driven.children:
            ours[child.price] = ours.get(child.price, 0) + child.resting
        old = [[(p, Quantity(max(0, n - less) if ours.get(p) else n)) for p, n in rows] for rows in (shown.bids, shown.asks)]
        there = dict(old[0] if self.driven.parent.side is Side.BUY else old[1])
        same = all(there.get(Price(price), 0) >= size for price, size in ours.items())
        return Book.of_levels(bids=old[0], asks=old[1]), same

    @precondition(going)
    @rule(lost=st.booleans(), luck=SELDOM)
    def feed(self, lost: bool, luck: bool) -> None:
        """Looks fail, or work again."""
        at = self.driven.now
        if not luck:
            return
        self.driven.give(FeedLost(at=at, detail="model") if lost else FeedRestored(at=at))

    # --- market, user, process ---

    @precondition(going)
    @rule(
        grid=st.sampled_from(GRIDS),
        status=st.sampled_from([*[MarketStatus.ACTIVE] * 16, *MarketStatus]),
        close=st.none() | st.none() | st.integers(-10, 60),
        luck=SELDOM,
    )
    def market_changes(self, grid: str, status: MarketStatus, close: int | None, luck: bool) -> None:
        """A finer or a coarser grid, another close, another status."""
        at = self.driven.now
        if not luck:
            return
        closes = None if close is None else Instant(at + seconds(close))
        changed = replace(market(grid), status=status, close_time=closes)
        self.driven.give(MarketChanged(at=at, market=changed))

    @precondition(going)
    @rule(closed=st.sampled_from([False, False, True]), luck=SELDOM)
    def stop(self, closed: bool, luck: bool) -> None:
        """The user stops it, or the exchange is paused: what rests is canceled at once, the first time."""
        if not luck:
            return
        run, at = self.driven, self.driven.now
        resting = {child.client_id for child in run.children if child.status is OrderStatus.RESTING} - run.canceled
        intents = run.give(MarketClosed(at=at, detail="model") if closed else StopRequested(at=at, detail="model"))
        assert resting <= {intent.client_id for intent in intents if isinstance(intent, CancelOrder)}

    @precondition(lambda self: self.going() or self.doubtful())
    @rule(gap=st.integers(0, 200), recover=SELDOM, luck=SELDOM)
    def crash(self, gap: int, recover: bool, luck: bool) -> None:
        """The process dies; another one recovers, or carries on what had not ended."""
        if not luck:
            return
        run = self.driven
        run.now = Instant(run.now + seconds(gap))
        run.venue.expire(run.now)
        self.woke = None
        run.die(Recovering(at=run.now, detail="model") if recover or not self.going() else Resumed(at=run.now))

    def doubtful(self) -> bool:
        """Whether it has ended in doubt."""
        return self.run is not None and self.run.finish is not None and self.run.finish.reason is Reason.IN_DOUBT

    def check(self) -> None:
        """What can be filled at the worst is never more than was asked for."""
        assert self.driven.venue.worst <= self.driven.parent.quantity

    def teardown(self) -> None:
        """From any state the run ends when the venue answers honestly from here on."""
        if self.run is not None and not self.run.broken:
            self.wake()
            self.run.finish_honestly(sound(40, 2))


def check_any_venue(examples: int, steps: int) -> None:
    """Let hypothesis play."""
    run_state_machine_as_test(
        AnyVenue,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_any_venue_is_survived() -> None:
    """Truth <= requested, cap and grid, one write a split, doubt blocks, ids unique, walks bounded, an end, and a replay."""
    check_any_venue(90, 40)


@pytest.mark.soak
def test_any_venue_is_survived_for_long() -> None:
    """As above, as many examples as asked for."""
    check_any_venue(LONG, 60)
