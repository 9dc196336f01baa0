"""What a run sees: books cleaned of our orders and judged, the one it may decide on, and whether it has to hold.

An algorithm never sees a book that is crossed, locked, empty, older than our orders in it or too old (design, D12 and D16),
nor, once it has seen two sides, one that has lost a side, or one far from the last before a second look has confirmed it.
"""

from depthwalk.domain.book import BookState
from depthwalk.domain.messages import BookChanged, Intent, Record
from depthwalk.domain.units import CENT, Duration, Instant, Price, in_seconds
from depthwalk.executors.children import Children
from depthwalk.executors.sight import Sight
from depthwalk.executors.state import Run

_FLYING = "orders in flight"
_OLD = "the book is older than our orders in it"
_SLOW = "the book took too long to come"
_JUMPED = "the book has jumped"
_ONE_SIDED = "the book has lost a side"

_UNFIT = (BookState.CROSSED, BookState.LOCKED, BookState.EMPTY)

JUMP = Price(10 * CENT)
"""A mid that has moved by more since the last book is believed when a second look has seen it too."""


_FAR = 2 * JUMP  # of a mid that is counted twice


class Watch:
    """The eyes of one run. Decisions to hold and to go on are recorded in *outbox*."""

    def __init__(self, run: Run, outbox: list[Intent]) -> None:
        self.run = run
        self.sight: Sight | None = None
        self.first: Sight | None = None
        self.mids: list[tuple[Instant, int]] = []
        self.hold: str | None = None
        self._rumor: int | None = None
        self._outbox = outbox

    @property
    def passing(self) -> bool:
        """Whether the reason to hold passes by itself in a moment, so that looking again soon is worth it."""
        return self.hold in (_FLYING, _OLD, _SLOW, _JUMPED)

    def take(self, event: BookChanged, children: Children) -> Sight | None:
        """Judge a book; return the sight that it now is, None where the run has to hold."""
        flying = children.in_flight
        leg = None if flying else children.removed_from(event.book, event.foreign)
        if leg is None:
            self.holding(_FLYING if flying else _OLD, event.at)
            return None
        state = leg.state
        if state is not BookState.TWO_SIDED and state in _UNFIT:
            self.holding(f"the book is {state.value}", event.at)
            return None
        seen = Sight(leg, self.run.space, event.confirmed_at)
        doubtful = self._doubtful(seen, event.at)
        if doubtful is not None:
            self.holding(doubtful, event.at)
            return None
        if self.hold is not None:
            self.record("resume", f"over: {self.hold}", event.at)
            self.hold = None
        self.sight = seen
        if seen.mid_twice is not None:
            self.mids.append((event.at, seen.mid_twice))
        return seen

    def _doubtful(self, seen: Sight, now: Instant) -> str | None:
        """Say why a book is not decided on although it could be: too old, or too different from the one before it."""
        if now - seen.confirmed_at > self.run.rules.max_book_age:
            return _SLOW
        before, rumor = None if self.sight is None else self.sight.mid_twice, self._rumor
        mid = self._rumor = seen.mid_twice
        if before is None:
            return None
        if mid is None:
            return _ONE_SIDED
        near = abs(mid - before) <= _FAR or (rumor is not None and abs(mid - rumor) <= _FAR)
        return None if near else _JUMPED

    def holding(self, why: str, now: Instant) -> None:
        """Hold from now on, and say why if that is new."""
        if self.hold != why:
            self.record("hold", why, now)
        self.hold = why

    def hold_if_old(self, now: Instant) -> None:
        """Hold where the book we decide on has not been confirmed for too long."""
        if self.hold is None and self.too_old(now):
            self.holding(f"the book is older than {in_seconds(self.run.rules.max_book_age):g} s", now)

    def book_age(self, now: Instant) -> Duration | None:
        """Return the time since the sight was surely the book; None before the first."""
        return None if self.sight is None else Duration(now - self.sight.confirmed_at)

    def too_old(self, now: Instant) -> bool:
        """Say whether nothing may be decided on the sight any more."""
        age = self.book_age(now)
        return age is None or age > self.run.rules.max_book_age

    def blocked(self, now: Instant) -> bool:
        """Say whether nothing may be decided now: no sight, too old, or holding."""
        return self.hold is not None or self.too_old(now)

    def record(self, what: str, why: str, now: Instant, *, price: Price | None = None) -> None:
        """Write down a decision with the age of the book it was taken on."""
        self._outbox.append(Record(what=what, why=why, price=price, book_age=self.book_age(now)))
