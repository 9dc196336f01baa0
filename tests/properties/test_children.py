"""The ledger under arbitrary orders and a venue that is honest but slow: replies late or lost, fills read late or twice.

Only what the choke point admits is sent. Then, whatever the order of events, what can still be filled in truth is never more
than the ledger has committed, and that never more than was requested.
"""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from depthwalk.domain.messages import (
    AmendOrder,
    AmendRejected,
    CancelOrder,
    CancelRejected,
    Event,
    Operation,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderInDoubt,
    OrderRejected,
    SubmitOrder,
)
from depthwalk.domain.order import Fill, OrderStatus, Side, TimeInForce
from depthwalk.domain.units import Money, Quantity
from depthwalk.errors import RefusalReason
from depthwalk.executors.children import Standing
from tests.support.books import cents
from tests.support.ledger import Ledger
from tests.support.venue import T0

STEPS = [
    *("submit", "submit", "amend", "amend", "cancel", "arrive", "arrive", "trade", "trade", "reply", "reply", "read", "look"),
    *("reread", "lose", "vanish", "close"),
]
SCRIPTS = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 5), st.integers(1, 70)), min_size=10, max_size=60)
UNTIMELY = RefusalReason.NEVER_ARRIVED


@dataclass
class Order:
    """One order in truth: *write* is on its way to the venue, *reply* on its way back, *unread* its fills not yet read."""

    name: str
    total: int = 0
    done: int = 0
    open: bool = False
    write: SubmitOrder | AmendOrder | CancelOrder | None = None
    reply: Event | None = None
    unread: list[OrderFilled] = field(default_factory=list)
    read: list[OrderFilled] = field(default_factory=list)

    @property
    def most(self) -> int:
        """What it can still become in truth if nothing more is sent."""
        match self.write:
            case SubmitOrder(quantity=quantity):
                return quantity
            case AmendOrder(total=total) if self.open:
                return max(self.total, total)
            case _:
                return self.total if self.open else self.done


class World:
    """A ledger of 60 lots and the truth about its orders. Each step does something or, where it cannot, nothing."""

    def __init__(self) -> None:
        self.ledger = Ledger(0.60)
        self.orders: list[Order] = []
        self.fills = 0

    def step(self, what: str, which: int, size: int) -> None:
        """Do one step; *which* chooses the order, *size* is a quantity where one is needed."""
        if what == "submit":
            self.submit(size, ioc=which == 0)
        elif self.orders:
            getattr(self, what)(self.orders[which % len(self.orders)], size)

    # --- we send ---

    def submit(self, size: int, *, ioc: bool) -> None:
        """Send a new order if the choke point lets it out."""
        order = Order(f"o{len(self.orders)}")
        intent = SubmitOrder(
            client_id=order.name,
            split=0,
            side=Side.BUY,
            price=cents(44),
            quantity=Quantity(size),
            time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL if ioc else TimeInForce.GOOD_TILL_CANCELED,
        )
        if self.ledger.admit(intent) is None:
            self.ledger.send(intent)
            order.write = intent
            self.orders.append(order)

    def amend(self, order: Order, size: int) -> None:
        """Amend to a total of *size* if the choke point lets it out."""
        intent = AmendOrder(client_id=order.name, price=cents(45), total=Quantity(size))
        if self.ledger.admit(intent) is None:
            self.ledger.send(intent)
            order.write = intent

    def cancel(self, order: Order, _: int) -> None:
        """Cancel what rests, as the desk does."""
        if self.ledger[order.name].status is OrderStatus.RESTING:
            order.write = CancelOrder(client_id=order.name)
            self.ledger.send(order.write)

    # --- the venue acts ---

    def arrive(self, order: Order, size: int) -> None:
        """The venue takes the write in and answers; a price that crosses trades up to *size* at once."""
        write, order.write, name = order.write, None, order.name
        match write:
            case SubmitOrder(quantity=quantity):
                order.total, order.open = quantity, True
                self.trade(order, size - 35)
                order.open &= write.time_in_force is TimeInForce.GOOD_TILL_CANCELED
                rest = Quantity(order.total - order.done if order.open else 0)
                order.reply = OrderAccepted(at=T0, client_id=name, order_id=name, filled=Quantity(order.done), remaining=rest)
            case AmendOrder() if not order.open or write.total < order.done:
                reason = RefusalReason.OTHER if order.open else RefusalReason.NOT_FOUND
                order.reply = AmendRejected(at=T0, client_id=name, reason=reason, detail="")
            case AmendOrder(total=total):
                order.total, order.open = total, total > order.done
                self.trade(order, size - 35)
                known = Quantity(order.done) if size % 2 or not order.open else None
                order.reply = OrderAmended(at=T0, client_id=name, price=write.price, total=total, filled=known)
            case CancelOrder() if order.open:
                order.open = False
                order.reply = OrderCanceled(at=T0, client_id=name, filled=Quantity(order.done))
            case CancelOrder():
                order.reply = CancelRejected(at=T0, client_id=name, reason=RefusalReason.NOT_FOUND, detail="")
            case None:
                pass

    def trade(self, order: Order, size: int) -> None:
        """Somebody trades with the order."""
        part = min(size, order.total - order.done) if order.open else 0
        if part > 0:
            self.fills += 1
            order.done += part
            order.open = order.done < order.total
            fill = Fill(
                fill_id=f"f{self.fills}",
                order_id=order.name,
                price=cents(44),
                quantity=Quantity(part),
                is_taker=False,
                fee=Money(0),
                at=T0,
            )
            order.unread.append(OrderFilled(at=T0, client_id=order.name, fill=fill))

    def close(self, order: Order, _: int) -> None:
        """The venue takes the order off by itself: expired, or to keep us from trading with ourselves."""
        order.open = False

    # --- we hear ---

    def reply(self, order: Order, _: int) -> None:
        """The answer comes in, or what was found out about a lost one."""
        answer, order.reply = order.reply, None
        if answer is not None:
            self.ledger.children.apply(answer)

    def lose(self, order: Order, _: int) -> None:
        """The answer to a write that arrived is lost: doubt, and it is found out later."""
        if order.reply is not None:
            self._doubt(order)

    def vanish(self, order: Order, _: int) -> None:
        """A write never arrives: doubt, and later the certainty that it never will."""
        write, order.write = order.write, None
        match write:
            case SubmitOrder():
                order.reply = OrderRejected(at=T0, client_id=order.name, reason=UNTIMELY, detail="")
            case AmendOrder():
                order.reply = AmendRejected(at=T0, client_id=order.name, reason=UNTIMELY, detail="")
            case CancelOrder():
                order.reply = CancelRejected(at=T0, client_id=order.name, reason=UNTIMELY, detail="")
            case None:
                return
        self._doubt(order)

    def _doubt(self, order: Order) -> None:
        self.ledger.children.apply(OrderInDoubt(at=T0, client_id=order.name, operation=Operation.AMEND, detail=""))

    def read(self, order: Order, _: int) -> None:
        """One fill is read."""
        if order.unread:
            order.read.append(order.unread.pop(0))
            self.ledger.children.apply(order.read[-1])

    def reread(self, order: Order, which: int) -> None:
        """A fill is listed again."""
        if order.read:
            self.ledger.children.apply(order.read[which % len(order.read)])

    def look(self, order: Order, size: int) -> None:
        """An order that we think alive, with no answer awaited, is read; where it is over, that is told."""
        awaited = order.write is not None or order.reply is not None
        if self.ledger[order.name].live and not awaited and not order.open:
            over = OrderExpired if size % 2 else OrderCanceled
            self.ledger.children.apply(over(at=T0, client_id=order.name, filled=Quantity(order.done)))

    # --- what must hold ---

    def check(self) -> None:
        """Truth within the ledger's bounds, the bounds within the request; what was added up is still so."""
        children = self.ledger.children
        done = sum(order.done for order in self.orders)

        assert sum(order.most for order in self.orders) <= children.committed <= children.requested
        assert children.filled <= done <= children.requested
        assert sum(fill.quantity for fill in children.fills) <= children.filled
        assert Standing.of(list(children)) == children.standing

    def settle(self) -> None:
        """Everything on its way arrives, everything is read, every order ends."""
        for order in self.orders:
            self.arrive(order, 1)
            self.reply(order, 0)
            self.close(order, 0)
            self.look(order, 0)
            while order.unread:
                self.read(order, 0)


@given(script=SCRIPTS)
@settings(max_examples=300)
def test_what_is_committed_bounds_the_truth_and_never_passes_the_request(script: list[tuple[str, int, int]]) -> None:
    """After every step: fills and open orders in truth <= committed <= requested; in the end every fill is known once."""
    world = World()
    for step in script:
        world.step(*step)
        world.check()
    world.settle()
    world.check()

    children = world.ledger.children
    done = sum(order.done for order in world.orders)
    assert children.settled
    assert done == children.filled == children.committed == sum(fill.quantity for fill in children.fills)


def test_the_property_is_about_something() -> None:
    """A script reaches what the property is about: an amend overtaken by a fill, its answer lost, and a late fill."""
    world = World()
    for step in [
        ("submit", 1, 60),
        ("arrive", 0, 1),
        ("reply", 0, 1),
        ("amend", 0, 50),
        ("trade", 0, 20),
        ("arrive", 0, 1),
        ("lose", 0, 1),
        ("submit", 1, 1),  # denied: in doubt
        ("reply", 0, 1),
        ("submit", 1, 11),  # denied: 10 are free
        ("submit", 1, 10),
        ("trade", 0, 30),
        ("read", 0, 1),
    ]:
        world.step(*step)
        world.check()

    assert [(50, 50), (0, 0)] == [(order.total, order.done) for order in world.orders]
    assert (60, 20) == (world.ledger.children.committed, world.ledger.children.filled)
