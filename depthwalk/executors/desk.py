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
        self._outbox = outbox
        self._sequence = 0

    def open(self, quantities: Sequence[Quantity], cap: Price) -> None:
        """Take the splits' quantities and the cap (a buyer's price), once, at arrival."""
        self.splits = [Split(index=k, quantity=quantity) for k, quantity in enumerate(quantities)]
        self.cap = cap

    def retune(self, run: Run) -> bool:
        """Take the run as it is after a change of its market; False where the new grid has no price within the cap."""
        self.run = run
        if self.cap is None:
            return True
        cap = run.grid.floor(self.cap)
        if cap is not None:
            self.cap = cap
        return cap is not None

    def live_child(self, split: Split) -> Child | None:
        """Return the living child of a split."""
        return next((child for child in self.children.live if child.split == split.index), None)

    def filled(self, index: int) -> Quantity:
        """Return what a split has filled over all its children."""
        return Quantity(sum(max(child.filled, child.reported) for child in self.children if child.split == index))

    def pursue(self, split: Split, now: Instant, book: Book, *, post_only: bool) -> None:
        """Bring a split's order to the price it wants: create, amend, or cancel now and create once that is confirmed."""
        if split.wanted is None or self.children.in_doubt:
            return
        takes = book.best_ask is not None and split.wanted >= book.best_ask
        price = self.run.space.leg(split.wanted)
        child = self.live_child(split)
        if child is None:
            rest = Quantity(split.quantity - self.filled(split.index))
            if rest > 0:
                self._submit(split.index, price, rest, now, post_only=post_only and not takes)
            return
        if child.status is not OrderStatus.RESTING:
            return
        renewed = self._renewed(child, now)
        if child.price == price:
            if renewed is not None:
                self._send(AmendOrder(client_id=child.client_id, price=price, total=child.total, expires_at=renewed), now)
        elif child.post_only and takes:
            # Whether post-only survives an amend is unknown (design, D5).
            self._send(CancelOrder(client_id=child.client_id), now)
        else:
            self._send(AmendOrder(client_id=child.client_id, price=price, total=child.total, expires_at=renewed), now)

    def cross(self, quantity: Quantity, now: Instant) -> None:
        """Take *quantity* at the cap or better, at once or not at all: the end game's order."""
        self._submit(CROSS_SPLIT, self.run.space.leg(self._cap()), quantity, now, post_only=False)

    def cancel_live(self, now: Instant) -> None:
        """Cancel every resting child, and those in doubt that the venue has; others in flight follow when their reply is in."""
        for child in self.children.live:
            waited = child.canceled_at is None or now - child.canceled_at >= CANCEL_AGAIN
            doubtful = child.status is OrderStatus.IN_DOUBT and child.order_id is not None
            if waited and (child.status is OrderStatus.RESTING or doubtful):
                self._send(CancelOrder(client_id=child.client_id), now)

    def placed(self, child: Child, now: Instant, book: Book) -> Record | None:
        """Note that the venue has a child at its price: a first placement, a walk (an accepted price change), or neither."""
        if child.split == CROSS_SPLIT:
            return None
        split, space = self.splits[child.split], self.run.space
        price, before = space.leg(child.price), split.placed
        split.placed, split.refusals = price, 0
        if before != price or split.ahead is None:
            split.ahead = queued_at(book.bids, price)
        if before == price:
            return None
        split.walks += before is not None
        shown = None if before is None else space.traded(before)
        split.history.append(WalkStep(at=now, previous=shown, price=space.traded(price), why=split.why))
        return Record(
            what="place" if before is None else "walk",
            why=split.why,
            split=split.index + 1,
            price=child.price,
            previous=None if before is None else space.leg(before),
        )

    def tighten_queues(self, book: Book) -> None:
        """Lower the bounds of what is ahead of our orders: never more than others show there."""
        for child in self.children.live:
            if child.split == CROSS_SPLIT:
                continue
            split = self.splits[child.split]
            if split.ahead is not None:
                shown = queued_at(book.bids, self.run.space.leg(child.price))
                split.ahead = Quantity(min(split.ahead, shown))

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

    def _submit(self, split: int, price: Price, quantity: Quantity, now: Instant, *, post_only: bool) -> None:
        crossing = split == CROSS_SPLIT
        client_id: str | None = None
        if not crossing:
            part = self.splits[split]
            part.ahead = None  # a new order queues at the back, even where the last one stood
            client_id, part.retry_id = part.retry_id, None
        if client_id is None:
            self._sequence += 1
            client_id = self.run.parent.child_id(self._sequence)
        order = SubmitOrder(
            client_id=client_id,
            split=split,
            side=self.run.parent.side,
            price=price,
            quantity=quantity,
            time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL if crossing else TimeInForce.GOOD_TILL_CANCELED,
            post_only=post_only,
            expires_at=None if crossing else self._expiry(now),
        )
        self._send(order, now)

    def _send(self, intent: SubmitOrder | AmendOrder | CancelOrder, now: Instant) -> None:
        """Let an order out: the only place. Cancels always pass, one can always get out."""
        if not isinstance(intent, CancelOrder):
            denied = self.children.admit(
                intent, grid=self.run.market.grid, cap=self.run.space.leg(self._cap()), side=self.run.parent.side
            )
            if denied is not None:
                raise Denied(denied)
        self.children.sending(intent, now)
        self._outbox.append(intent)
