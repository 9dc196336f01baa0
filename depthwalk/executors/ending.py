"""The way out of a run: cancel, confirm, perhaps one order for the rest, a last look; nothing is left behind.

CLOSING (cancels out) -> [CROSSING (one IOC)] -> [SWEEPING (after a doubt: is there an order nobody knows of?)]
-> [MARKING (a last look, to price what is unfilled)] -> FINISHED. Every way out of a working run leads through here. Where an
order was written off, SWEEPING goes on before the end for as long as its request may still arrive.
"""

from depthwalk.analysis.depth import up_to
from depthwalk.domain.messages import Finish, Intent, Look, Reason, WakeAt
from depthwalk.domain.order import OrderStatus
from depthwalk.domain.result import Arrival
from depthwalk.domain.units import Instant, Quantity, format_quantity, in_seconds, seconds
from depthwalk.executors.desk import Desk
from depthwalk.executors.state import LEAVE_BOUND, POLL, REQUEST_LIFE, EndAction, Phase
from depthwalk.executors.watch import Watch

_SWEEP_AGAIN = seconds(5)

LATE = seconds(10)
"""How long after the deadline the rest may still be taken: longer than confirming takes, much shorter than a sleep."""


class Ending:
    """How one run ends. *reason* and *detail* say why; a later reason replaces the horizon, and doubt replaces all."""

    def __init__(
        self, *, desk: Desk, watch: Watch, arrival: Arrival | None, end_action: EndAction, outbox: list[Intent]
    ) -> None:
        self.phase = Phase.CLOSING
        self.finish: Finish | None = None
        self._desk = desk
        self._watch = watch
        self._arrival = arrival
        self._wants_to_cross = end_action is EndAction.CROSS and arrival is not None
        self._outbox = outbox
        self._reason = Reason.HORIZON
        self._detail = ""
        self._since = Instant(0)
        self._looked_again = False
        self._looking = False
        self._swept = False
        self._blind = False
        self._waiting = False

    def begin(self, now: Instant, reason: Reason, detail: str) -> None:
        """Cancel everything; what follows depends on the reason."""
        self._reason, self._detail, self._since = reason, detail, now
        self._watch.record("close", detail or reason.value, now)
        self._desk.cancel_live(now)
        self._wake(now + POLL, Look.ORDERS)
        self.advance(now)

    def replace(self, reason: Reason, detail: str) -> None:
        """Take another reason while under way."""
        if self._reason is Reason.HORIZON or reason is Reason.IN_DOUBT:
            self._reason, self._detail = reason, detail

    def carried_on(self, now: Instant) -> None:
        """Go on in another process, with all the time there is for leaving: what was being looked at is looked at again."""
        self._since = now
        self._looking = self._looked_again = self._swept = False
        if self.phase in (Phase.SWEEPING, Phase.MARKING):
            self.phase = Phase.CLOSING
        self._wake(now, Look.ORDERS)

    def doubted(self) -> None:
        """Note a new doubt: what was looked for before it has to be looked for again."""
        self._swept = False

    def lost_sight(self) -> None:
        """Note that a look failed: a sweep that saw nothing has not swept."""
        self._blind = True

    def happened(self, now: Instant) -> None:
        """Go on after something happened to a child; one that turns up alive is canceled at once."""
        self._desk.cancel_live(now)
        if self.phase in (Phase.SWEEPING, Phase.MARKING) and self._desk.children.live:
            self.phase = Phase.CLOSING
            self._wake(now + POLL, Look.ORDERS)
        self.advance(now)

    def woke(self, now: Instant, look: Look) -> None:
        """Go on after a look; one that was asked for earlier ends neither the sweep nor the marking."""
        if now - self._since > LEAVE_BOUND:
            # The orders expire by themselves; what they filled is for `recover` to find out.
            detail = f"not confirmed within {in_seconds(LEAVE_BOUND):g} s: {self._detail or 'the end'}"
            self._finish(Reason.IN_DOUBT, detail)
        elif self.phase is Phase.MARKING:
            if look.shows_book:
                self._end(now, self._reason)
        elif self.phase is Phase.SWEEPING:
            if look is Look.EVERYTHING:
                self._swept = not self._blind
                self.phase = Phase.CLOSING
                self._wake(now + POLL, Look.ORDERS)
                self.advance(now)
        elif not self._looking or look.shows_book:
            self._looking = False
            self._desk.cancel_live(now)
            self._wake(now + POLL, Look.ORDERS)
            self.advance(now)

    def advance(self, now: Instant) -> None:
        """Go to the next part once every child is terminal (or hopelessly in doubt) and its fills are in."""
        children = self._desk.children
        hopeless = self._reason is Reason.IN_DOUBT
        if self._looking or self.phase in (Phase.SWEEPING, Phase.MARKING, Phase.FINISHED):
            return
        if not all(child.settled or (hopeless and child.status is OrderStatus.IN_DOUBT) for child in children):
            return
        rest = Quantity(children.requested - children.filled)
        if children.ever_in_doubt and not self._swept:
            self._wake(now + POLL if self._blind else now, Look.EVERYTHING)
            self.phase, self._blind = Phase.SWEEPING, False
        elif rest <= 0:
            self._end(now, Reason.FILLED)
        elif self._reason is not Reason.HORIZON:
            self._end(now, self._reason)
        elif self._wants_to_cross and rest <= children.limbo:
            self._wants_to_cross = False  # all of it may still turn up
            self.advance(now)
        elif self._wants_to_cross and self._watch.blocked(now) and not self._looked_again:
            # The book is not fit for a decision; now that no order of ours is in flight it may be.
            self._looked_again = self._looking = True
            self._wake(now, Look.BOOK)
        elif self._wants_to_cross and self._may_cross(now, Quantity(rest - children.limbo)):
            self.phase, self._wants_to_cross = Phase.CROSSING, False
            self._desk.cross(Quantity(rest - children.limbo), now)
        else:
            self.phase = Phase.MARKING
            self._wake(now, Look.BOOK)

    def _may_cross(self, now: Instant, rest: Quantity) -> bool:
        """Decide whether to take the rest at the cap: only on a sound, fresh book with something within the cap."""
        watch = self._watch
        if self._arrival is None or watch.sight is None or watch.blocked(now):
            watch.record("no cross", watch.hold or "the book is too old", now)
            return False
        late = now - watch.run.deadline
        if late > LATE:
            watch.record("no cross", f"the time was up {in_seconds(late):.0f} s ago", now)
            return False
        space = watch.run.space
        cap = space.traded(self._arrival.cap)
        offered = up_to(watch.sight.book.asks, cap)
        why = f"{format_quantity(offered)} offered within the cap for the last {format_quantity(rest)}"
        watch.record("cross" if offered else "no cross", why, now, price=space.leg(cap))
        return offered > 0

    def _end(self, now: Instant, reason: Reason) -> None:
        """Finish, but not while a request that was given up may still arrive: nobody would watch that order, or its fills."""
        written_off = [child for child in self._desk.children if child.written_off]
        # Counted from when the reply was given up: the request may have waited long before it was signed.
        until = max(((child.doubted_at or child.sent_at) + REQUEST_LIFE for child in written_off), default=now)
        if now >= until or reason is Reason.IN_DOUBT:
            self._finish(reason, self._detail)
            return
        if not self._waiting:
            names = ", ".join(child.client_id for child in written_off)
            self._watch.record("wait", f"{in_seconds(until - now):.0f} s, in which {names} could still arrive", now)
        self.phase, self._blind, self._waiting = Phase.SWEEPING, False, True
        self._wake(min(now + _SWEEP_AGAIN, until), Look.EVERYTHING)

    def _finish(self, reason: Reason, detail: str) -> None:
        self.phase = Phase.FINISHED
        if lost := [child.client_id for child in self._desk.children if child.written_off]:
            detail = f"{detail}{'; ' if detail else ''}never arrived, as far as one can tell: {', '.join(lost)}"
        self.finish = Finish(reason=reason, detail=detail)
        self._outbox.append(self.finish)

    def _wake(self, at: int, look: Look) -> None:
        self._outbox.append(WakeAt(at=Instant(at), look=look))
