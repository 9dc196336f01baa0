"""A tape with our orders beside it, played when somebody looks. No account, no fees, no invented traders.

Whoever does nothing sees the recorded book to the last contract. An order of ours fills in exactly these cases:

1. **We take**, as in `paper/beside.py`. What we took stays gone until the recorded level is smaller than it: a level that grows
   shows only what was added.
2. **Traded through.** The recorded other side reaches our price: we fill at our price up to what is displayed there.
3. **By trades.** A recorded trade at our price eats what is ahead of us, then us; one at a worse price would have met us first.
   Without recorded trades the queue model says how much of a shrinking best level was traded (`queues.py`). A trade and the
   level that it shrank come in either order: whichever is second says nothing new.

While the book is crossed or locked nothing is derived, and no trades from a side that goes whole. A take of more than *share*
of what a level displays is counted, or, with *strict*, stops there. Known lies: those of `paper/shadow.py`, as nobody reacts.
"""

from bisect import bisect_left, bisect_right
from typing import Final, TypeAlias

from depthwalk.domain.book import Book, Level
from depthwalk.domain.order import Side
from depthwalk.domain.units import SECOND, Duration, Instant, Price, Quantity
from depthwalk.lab.recorded.queues import QueueModel
from depthwalk.lab.recorded.reel import Reel, under
from depthwalk.paper.beside import BesideBook, OwnOrder, opposite
from depthwalk.paper.queue import after_trades
from depthwalk.paper.trading import BookEvent, Executed

NO_SHIFT: Final = Duration(0)

TAKE_SHARE: Final = 0.5
"""Of what a level displays, how much a replay may let us take without a flag: beyond it the market would have answered."""

LATE: Final = SECOND
"""How long after its level a trade may be told: a polled book is dated when it was asked for, and answered a little later."""

_Bests: TypeAlias = tuple[tuple[int, int], tuple[int, int]]
"""The best slots before and after a row. Together less than the last slot of all: neither crossed nor locked."""


class _Half:
    """One side of the recorded levels, less what we took: what `BesideBook` asks for. *begin* is its first slot."""

    def __init__(self, reel: Reel, levels: list[int], taken: dict[int, int], side: Side) -> None:
        self.side = side
        self.slots = reel.bids if side is Side.BUY else reel.asks
        self.begin = 0 if side is Side.BUY else reel.count
        self._end = self.begin + reel.count
        self._prices = reel.prices
        self._levels = levels
        self._taken = taken

    def visible(self, price: Price) -> int:
        slot = self.slots[price]
        return self._levels[slot] - self._taken.get(slot, 0)

    def take(self, price: Price, quantity: int) -> None:
        slot = self.slots[price]
        self._taken[slot] = self._taken.get(slot, 0) + quantity

    def share(self, price: Price) -> float:
        """Return how much of what is recorded at a price we have taken."""
        slot = self.slots[price]
        return self._taken.get(slot, 0) / self._levels[slot]

    def left_of(self, share: float, price: Price) -> int:
        """Return how much more may be taken at a price until it is that share."""
        slot = self.slots[price]
        return max(0, int(self._levels[slot] * share) - self._taken.get(slot, 0))

    def within(self, limit: Price) -> list[Price]:
        levels, prices = self._levels, self._prices
        return [prices[slot] for slot in range(self._end - 1, self.slots[limit] - 1, -1) if levels[slot]]

    def levels(self) -> list[Level]:
        return [(price, Quantity(self.visible(price))) for price, slot in self.slots.items() if self._levels[slot]]


class RecordedBook(BesideBook):
    """A tape from the row *index* on, under a *model* of the queue. Implements `paper.trading.TradingBook`.

    Its time is the tape's plus *shift*; *levels* are those after *index* rows (`Reel.levels`) and become the book's own.
    """

    def __init__(
        self,
        reel: Reel,
        index: int,
        levels: list[int],
        model: QueueModel,
        *,
        shift: Duration = NO_SHIFT,
        share: float = TAKE_SHARE,
        strict: bool = False,
    ) -> None:
        self._reel, self._model, self._shift = reel, model, shift
        self._next, self._levels = index, levels
        self._taken: dict[int, int] = {}
        self._printed: dict[int, int] = {}
        """Of trades that were told, how much of a level has yet to be seen to go."""
        self._unexplained: dict[int, tuple[Instant, int]] = {}
        """Since when a level lost how much that no trade has explained, where trades are told."""
        self._halves = tuple(_Half(reel, levels, self._taken, side) for side in (Side.BUY, Side.SELL))
        super().__init__({half.side: half for half in self._halves})
        self._share, self._strict = share, strict
        self._over = False
        self._bests: tuple[int, int] | None = None
        self.takes_beyond = 0
        self.worst_take: float | None = None

    @property
    def best(self) -> tuple[Price | None, Price | None]:
        """The best bid and the best ask that were recorded, whatever of ours lies there; None after the tape's end."""
        if self._over:
            return None, None
        prices, (bid, ask) = self._reel.prices, self._find_bests()
        return (prices[bid] if bid >= 0 else None), (prices[ask] if ask >= self._reel.count else None)

    def advance(self, now: Instant) -> list[BookEvent]:
        """Play the rows up to *now* and let expiries pass, each at its own time."""
        times, until, events = self._reel.times, now - self._shift, list[BookEvent]()
        self._over = until > self._reel.tape.until
        expiries = {order.expires_at for order in self._orders.values() if order.expires_at is not None}
        for due in sorted(due for due in expiries if due <= now):
            # What happens at the very time of an expiry comes after it.
            events += self._play(bisect_left(times, due - self._shift, self._next))
            events += self._expire(due)
        return events + self._play(bisect_right(times, until, self._next))

    def book(self) -> Book:
        """Return the recorded book less what we took, plus our resting orders."""
        sizes = self._levels.copy()
        for slot, taken in self._taken.items():
            sizes[slot] -= taken
        for order in self._orders.values():
            sizes[self._slot(order)] += order.remaining
        return self._reel.book(sizes)

    # --- taking ---

    def _offered(self, side: Side, price: Price, wanted: int) -> int:
        offered = super()._offered(side, price, wanted)
        return min(offered, self._half(side).left_of(self._share, price)) if self._strict else offered

    def _fill_against(self, now: Instant, taker: OwnOrder, price: Price, limit: int, events: list[BookEvent]) -> None:
        before = taker.remaining
        super()._fill_against(now, taker, price, limit, events)
        if taker.remaining < before:
            share = self._half(opposite(taker.side)).share(price)
            self.takes_beyond += share > self._share
            self.worst_take = max(share, self.worst_take or 0.0)

    # --- playing ---

    def _half(self, side: Side) -> _Half:
        return self._halves[side is Side.SELL]

    def _slot(self, order: OwnOrder) -> int:
        return self._half(order.side).slots[order.price]

    def _find_bests(self) -> tuple[int, int]:
        """Return the best slots, which are only looked for where nobody has followed them."""
        if self._bests is None:
            self._bests = self._reel.bests(self._levels)
        return self._bests

    def _play(self, end: int) -> list[BookEvent]:
        """Play the rows up to the index *end*."""
        begin, reel, levels = self._next, self._reel, self._levels
        if end <= begin:
            return []
        self._next = end
        if self._orders or reel.has_trades:
            return self._watch(begin, end)
        self._bests = None
        rows = zip(reel.slots[begin:end], reel.changes[begin:end], strict=True)
        if not self._taken:
            for slot, change in rows:
                levels[slot] += change
            return []
        for slot, change in rows:
            levels[slot] += change
            if slot in self._taken:
                self._refresh(slot)
        return []

    def _watch(self, begin: int, end: int) -> list[BookEvent]:
        """Play rows while orders of ours rest, and see to those that may concern us."""
        reel, levels, count, last = self._reel, self._levels, self._reel.count, self._reel.last
        watched = {*map(self._slot, self._orders.values()), *self._taken}
        reaches = bid_reach, ask_reach = self._reach(Side.SELL), self._reach(Side.BUY)
        bid_top, ask_top = self._top(Side.BUY), self._top(Side.SELL)
        bid, ask = self._find_bests()
        low_bid, low_ask = min(bid, bid_reach), min(ask, ask_reach)
        events: list[BookEvent] = []
        for row, slot, change in zip(range(begin, end), reel.slots[begin:end], reel.changes[begin:end], strict=True):
            left = levels[slot] = levels[slot] + change
            # Most rows are neither near the touch nor at a price of ours.
            if slot < (low_bid if slot < count else low_ask) and slot not in watched:
                continue
            was_bid, was_ask = bid, ask
            if slot < count:
                if slot >= bid:
                    bid = slot if left else under(levels, slot, 0)
                    low_bid = min(bid, bid_reach)
                concerns = slot >= bid_reach or slot == was_bid <= bid_top
            elif slot <= last:
                if slot >= ask:
                    ask = slot if left else under(levels, slot, count)
                    low_ask = min(ask, ask_reach)
                concerns = slot >= ask_reach or slot == was_ask <= ask_top
            else:
                self._traded(row, events)
                continue
            if concerns or slot in watched or was_bid + was_ask >= last:
                self._changed(row, left - change, ((was_bid, was_ask), (bid, ask)), reaches, events)
        self._bests = bid, ask
        return events

    def _reach(self, side: Side) -> int:
        """Return the first slot of the other half that our orders of *side* reach, where it trades through us."""
        other = self._half(opposite(side)).slots
        return min((other[order.price] for order in self._orders.values() if order.side is side), default=self._reel.last + 1)

    def _top(self, side: Side) -> int:
        """Return our best slot of *side*, to which what leaves its best is news; before all where nothing is read from that."""
        if not self._model.traded or self._reel.has_trades:
            return -1
        return max((self._slot(order) for order in self._orders.values() if order.side is side), default=-1)

    def _time(self, row: int) -> Instant:
        return Instant(self._reel.times[row] + self._shift)

    def _changed(self, row: int, before: int, bests: _Bests, reaches: tuple[int, int], events: list[BookEvent]) -> None:
        """See what a change of a level means: for what we took there, the queue ahead of us, the other side's reach."""
        reel, slot, change = self._reel, self._reel.slots[row], self._reel.changes[row]
        was, now = bests
        place = slot >= reel.count
        half = self._halves[place]
        hidden = self._taken.get(slot, 0)
        self._refresh(slot)
        own = self._own(half.side) if change < 0 else []
        if own:
            as_trades = slot == was[place] and sum(was) < reel.last and now[place] >= half.begin and not reel.has_trades
            traded = self._model.volume(-change) if as_trades else 0
            self._shrunk(row, own, (before - hidden, -change, traded), events)
        if sum(now) < reel.last:
            for side, best, reach in zip((Side.SELL, Side.BUY), now, reaches, strict=True):
                if best >= reach:
                    events += self._through(self._time(row), side)

    def _shrunk(self, row: int, own: list[OwnOrder], sizes: tuple[int, int, int], events: list[BookEvent]) -> None:
        """Bring our orders forward. *sizes*: of a level, before; how much of it is gone; how much of that by trades."""
        slot, at, (before, gone, traded) = self._reel.slots[row], self._time(row), sizes
        self._meet(at, own, slot, (traded, traded), events)
        # Trades that were printed have brought us forward already.
        printed = min(gone, self._printed.get(slot, 0))
        if printed:
            self._printed[slot] -= printed
        if self._reel.has_trades:
            self._unexplained[slot] = at, gone - printed + self._lately(slot, at)
        left = max(0, before - max(traded, printed))
        canceled = min(left, gone - max(traded, printed))
        for order in own:
            if self._slot(order) == slot and order.remaining:
                order.ahead = self._model.after_cancels(min(order.ahead, left), left, canceled)

    def _lately(self, slot: int, at: Instant) -> int:
        """Return how much a level has lost of late that no trade has explained."""
        since, gone = self._unexplained.get(slot, (at, 0))
        return gone if at - since < LATE else 0

    def _meet(self, at: Instant, own: list[OwnOrder], slot: int, traded: tuple[int, int], events: list[BookEvent]) -> None:
        """Let *traded* trade at a slot: in all, and the part that is news to the orders there; our better priced ones first."""
        volume, news = traded
        for order in own:
            if self._slot(order) > slot and volume:
                quantity = min(volume, order.remaining)
                volume -= quantity
                events += self._made(at, order, quantity)
        queue = [order for order in own if self._slot(order) == slot]
        outcome = after_trades([(order.ahead, order.remaining) for order in queue], min(volume, news))
        for order, (ahead, filled) in zip(queue, outcome, strict=True):
            order.ahead = ahead
            events += self._made(at, order, filled)

    def _traded(self, row: int, events: list[BookEvent]) -> None:
        """Take note of a recorded trade: it is printed, and meets us."""
        reel = self._reel
        at, slot, volume = self._time(row), reel.slots[row] - 2 * reel.count, reel.changes[row]
        half = self._halves[slot >= reel.count]
        events.append(Executed(at, reel.prices[slot], Quantity(volume), opposite(half.side), None, None))
        own = self._own(half.side)
        if own:
            told = min(volume, self._lately(slot, at))
            if told:
                since, gone = self._unexplained[slot]
                self._unexplained[slot] = since, gone - told
            self._printed[slot] = self._printed.get(slot, 0) + volume - told
            self._meet(at, own, slot, (volume, volume - told), events)

    def _refresh(self, slot: int) -> None:
        """Let what we took at a slot be no more than what is there."""
        taken = self._taken.get(slot)
        if taken is not None and taken > self._levels[slot]:
            if self._levels[slot]:
                self._taken[slot] = self._levels[slot]
            else:
                del self._taken[slot]
