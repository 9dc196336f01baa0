"""The order desk of a run: brings each split to the price it wants with the one write that does it, and lets orders out.

Every create and amend leaves through `_send`, past the choke point of `children.py`. One living child a split, one write in
flight a split. Prices of splits are a buyer's, prices of orders are YES prices.
"""

from collections.abc import Sequence

from depthwalk.analysis.depth import queued_at
from depthwalk.domain.book import Book
from depthwalk.domain.messages import AmendOrder, CancelOrder, Intent, Record, SubmitOrder
from depthwalk.domain.order import OrderStatus, TimeInForce
from depthwalk.domain.result import WalkStep
from depthwalk.domain.units import Instant, Price, Quantity, seconds
from depthwalk.errors import DomainError
from depthwalk.executors.children import Child, Children
from depthwalk.executors.sight import Sight
from depthwalk.executors.state import Run, Split

OUTLIVE = seconds(15)
"""How long an order may outlive the horizon at the venue before it dies by itself (design, D6)."""

CANCEL_AGAIN = seconds(2)
"""How long a cancel is given before it is sent again, so that a venue which takes none is not flooded with them."""

LONGEST_LIFE = seconds(120)
"""Longest expiry of a resting order; on longer horizons it is renewed when half of it has passed."""

CROSS_SPLIT = -1
"""The split number of the end game's order: it belongs to no split."""


class Denied(DomainError):
    """The choke point did not let an order out: a fault of ours, after which the run only cancels."""


class Desk:
    """The splits and children of one run. Intents go into *outbox*; nothing is sent from here."""

    def __init__(self, run: Run, outbox: list[Intent]) -> None:
        self.run = run
        self.children = Children(run.parent.quantity)
        self.splits: list[Split] = []
        self.cap: Price | None = None
        self._agreed_cap = Price(0)
        self._outbox = outbox
        self._sequence = 0

    def open(self, quantities: Sequence[Quantity], cap: Price) -> None:
        """Take the splits' quantities and the cap (a buyer's price), once, at arrival."""
        self.splits = [Split(index=k, quantity=quantity) for k, quantity in enumerate(quantities)]
        self.cap = self._agreed_cap = cap

    def retune(self, run: Run) -> bool:
        """Take the run as it is after a change of its market; False where the new grid has no price within the cap."""
        self.run = run
        if self.cap is None:
            return True
        cap = run.grid.floor(self._agreed_cap)
        if cap is not None:
            self.cap = cap
        return cap is not None

    def live_child(self, split: Split) -> Child | None:
        """Return the living child of a split."""
        for child in self.children.live:
            if child.split == split.index:
                return child
        return None

    def filled(self, index: int) -> Quantity:
        """Return what a split has filled over all its children."""
        return Quantity(sum(max(child.filled, child.reported) for child in self.children if child.split == index))

    def pursue(self, split: Split, now: Instant, book: Book | Sight, *, post_only: bool) -> None:
        """Bring a split's order to the price it wants: create, amend, or cancel now and create once that is confirmed."""
        # What was wanted before a change of the grid may not be on the new one.
        wanted = None if split.wanted is None else self.run.grid.floor(split.wanted)
        if wanted is None or self.children.in_doubt:
            return
        best_ask = book.best_ask
        takes = best_ask is not None and wanted >= best_ask
        price = self.run.space.leg(wanted)
        child = self.live_child(split)
        if child is None:
            rest = self._released_rest(split)
            if rest > 0 and (takes or not split.takes):
                self._submit(split.index, price, rest, now, post_only=post_only and not takes, take=split.takes)
            return
        if child.status is not OrderStatus.RESTING:
            return
        if split.takes:
            self._send(CancelOrder(client_id=child.client_id), now)  # what is to take does not rest
            return
        renewed, total = self._renewed(child, now), self._total(split, child)
        if total > child.total:
            split.ahead = None  # a larger order queues at the back
        elif child.price == price and renewed is None:
            return
        if child.price != price and child.post_only and takes:
            # Whether post-only survives an amend is unknown (design, D5).
            self._send(CancelOrder(client_id=child.client_id), now)
        else:
            self._send(AmendOrder(client_id=child.client_id, price=price, total=total, expires_at=renewed), now)

    @property
    def lacking(self) -> bool:
        """Whether a split wants an order and has none."""
        for split in self.splits:
            if split.wanted is not None and self.live_child(split) is None and self._released_rest(split) > 0:
                return True
        return False

    def renew(self, now: Instant) -> None:
        """Give resting orders a later expiry where it is time to; nothing else is changed.

        One that may no longer be sent as it is, after a change of the grid, is left to the next step, which moves it.
        """
        for child in () if self.children.in_doubt else self.children.live:
            later = self._renewed(child, now)
            if child.status is OrderStatus.RESTING and later is not None:
                amend = AmendOrder(client_id=child.client_id, price=child.price, total=child.total, expires_at=later)
                if self._objection(amend) is None:
                    self._send(amend, now)

    def _released_rest(self, split: Split) -> Quantity:
        """Return what a split may still send, with no living child: of what is released, neither filled nor lost in doubt."""
        goal = split.quantity if split.released is None else min(split.quantity, split.released)
        return Quantity(goal - self.filled(split.index) - self._lost(split))

    def _lost(self, split: Split) -> int:
        """Return what of a split was written off and stays reserved: all but what can be sent again under its own id.

        Taken is taken once: an immediate order that never arrived is not sent again (design, D7).
        """
        lost = (child for child in self.children if child.split == split.index and child.written_off)
        return sum(child.total for child in lost if split.takes or child.client_id != split.retry_id)

    def _total(self, split: Split, child: Child) -> Quantity:
        """Return the total a resting child should have: as it is, or more where more of its split has been released."""
        if split.released is None:
            return child.total
        earlier = self.filled(split.index) - max(child.filled, child.reported) + self._lost(split)
        return Quantity(max(child.total, min(split.quantity, split.released) - earlier))

    def cross(self, quantity: Quantity, now: Instant) -> None:
        """Take *quantity* at the cap or better, at once or not at all: the end game's order."""
        self._submit(CROSS_SPLIT, self.run.space.leg(self._cap()), quantity, now, post_only=False, take=True)

    def cancel_live(self, now: Instant) -> None:
        """Cancel every resting child, and those in doubt that the venue has; others in flight follow when their reply is in."""
        for child in self.children.live:
            waited = child.canceled_at is None or now - child.canceled_at >= CANCEL_AGAIN
            doubtful = child.status is OrderStatus.IN_DOUBT and child.order_id is not None
            if waited and (child.status is OrderStatus.RESTING or doubtful):
                self._send(CancelOrder(client_id=child.client_id), now)

    def placed(self, child: Child, now: Instant, book: Book) -> Record | None:
        """Note that the venue has a child at its price: a first placement, a walk (an accepted price change), or a slice."""
        if child.split == CROSS_SPLIT:
            return None
        split, space = self.splits[child.split], self.run.space
        price, before = space.leg(child.price), split.placed
        split.placed, split.refusals = price, 0
        taken = child.time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL
        requeued = split.ahead is None
        if not taken and (before != price or requeued):
            split.ahead = queued_at(book.bids, price)
        added = before == price and requeued and split.released is not None
        if before == price and not taken and not added:
            return None
        moved = None if before == price else before
        split.walks += moved is not None and not taken
        shown = None if moved is None else space.traded(moved)
        split.history.append(WalkStep(at=now, previous=shown, price=space.traded(price), why=split.why))
        return Record(
            what="take" if taken else "add" if added else "place" if moved is None else "walk",
            why=split.why,
            split=split.index + 1,
            price=child.price,
            previous=None if moved is None else space.leg(moved),
        )

    def tighten_queues(self, sight: Sight) -> None:
        """Lower the bounds of what is ahead of our orders: never more than others show there."""
        for split in self.splits:
            if split.ahead and (child := self.live_child(split)) is not None:
                split.ahead = min(split.ahead, sight.queued(self.run.space.leg(child.price)))

    def _cap(self) -> Price:
        if self.cap is None:
            raise Denied("no order before the arrival has set a cap")
        return self.cap

    def _expiry(self, now: Instant) -> Instant:
        return Instant(min(self.run.deadline + OUTLIVE, now + LONGEST_LIFE))

    def _renewed(self, child: Child, now: Instant) -> Instant | None:
        """Return a later expiry where the present one has half run out and the horizon goes on, else None (keep)."""
        if child.expires_at is None or child.expires_at - now > LONGEST_LIFE // 2:
            return None
        expiry = self._expiry(now)
        return expiry if expiry > child.expires_at else None

    def _submit(self, split: int, price: Price, quantity: Quantity, now: Instant, *, post_only: bool, take: bool) -> None:
        client_id: str | None = None
        if not take:
            part = self.splits[split]
            part.ahead = None  # a new order queues at the back, even where the last one stood
            client_id, part.retry_id = part.retry_id, None
            earlier = None if client_id is None else self.children.get(client_id)
            if earlier is None or not earlier.written_off:
                client_id = None  # it has turned up after all
        if client_id is None:
            self._sequence += 1
            client_id = self.run.parent.child_id(self._sequence)
        order = SubmitOrder(
            client_id=client_id,
            split=split,
            side=self.run.parent.side,
            price=price,
            quantity=quantity,
            time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL if take else TimeInForce.GOOD_TILL_CANCELED,
            post_only=post_only,
            expires_at=None if take else self._expiry(now),
        )
        self._send(order, now)

    def _send(self, intent: SubmitOrder | AmendOrder | CancelOrder, now: Instant) -> None:
        """Let an order out: the only place. Cancels always pass, one can always get out."""
        if not isinstance(intent, CancelOrder) and (denied := self._objection(intent)) is not None:
            raise Denied(denied)
        self.children.sending(intent, now)
        self._outbox.append(intent)

    def _objection(self, intent: SubmitOrder | AmendOrder) -> str | None:
        """Return why the choke point would not let an order out, None where it would."""
        leg_cap = self.run.space.leg(self._cap())
        return self.children.admit(intent, grid=self.run.market.grid, cap=leg_cap, side=self.run.parent.side)
