"""A ledger of children told in contracts and cents, and what a venue says of them in few words."""

from dataclasses import dataclass, field

from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.messages import (
    AmendOrder,
    CancelOrder,
    Operation,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderFilled,
    OrderInDoubt,
    SubmitOrder,
)
from depthwalk.domain.order import Fill, Side, TimeInForce
from depthwalk.domain.units import Instant, Money, Price
from depthwalk.executors.children import Child, Children
from tests.support.books import cents, contracts
from tests.support.venue import T0

CAP = cents(45)


@dataclass
class Ledger:
    """Children of one parent: `send` asks the choke point and notes what it lets out."""

    requested: float = 60
    side: Side = Side.BUY
    cap: Price = CAP
    structure: str = "linear_cent"
    children: Children = field(init=False)
    at: int = T0

    def __post_init__(self) -> None:
        self.children = Children(contracts(self.requested))

    def __getitem__(self, name: str) -> Child:
        return self.children[name]

    def admit(self, intent: SubmitOrder | AmendOrder) -> str | None:
        """Ask the choke point."""
        return self.children.admit(intent, grid=STRUCTURES[self.structure], cap=self.cap, side=self.side)

    def send(self, intent: SubmitOrder | AmendOrder | CancelOrder) -> None:
        """Send what must be allowed."""
        assert isinstance(intent, CancelOrder) or self.admit(intent) is None
        self.children.sending(intent, Instant(self.at))

    def submit(self, name: str, quantity: float, price: float | str = 44, side: Side | None = None) -> SubmitOrder:
        """A new order."""
        return SubmitOrder(
            client_id=name,
            split=0,
            side=side or self.side,
            price=cents(price),
            quantity=contracts(quantity),
            time_in_force=TimeInForce.GOOD_TILL_CANCELED,
        )

    def rest(self, name: str, quantity: float, price: float | str = 44) -> None:
        """Send an order that comes to rest."""
        self.send(self.submit(name, quantity, price))
        self.children.apply(accepted(name, 0, quantity))

    def cancel(self, name: str, filled: float) -> None:
        """Cancel an order; the venue says it had filled *filled*."""
        self.send(CancelOrder(client_id=name))
        self.children.apply(OrderCanceled(at=T0, client_id=name, filled=contracts(filled)))

    def fill(self, name: str, quantity: float, fill_id: str) -> None:
        """Read a fill."""
        self.children.apply(filled(name, quantity, fill_id))


def amend(name: str, total: float, price: float | str = 44) -> AmendOrder:
    """An amend to a total."""
    return AmendOrder(client_id=name, price=cents(price), total=contracts(total))


def accepted(name: str, done: float, remaining: float) -> OrderAccepted:
    """The venue took an order."""
    return OrderAccepted(at=T0, client_id=name, order_id=f"v{name}", filled=contracts(done), remaining=contracts(remaining))


def amended(name: str, total: float, done: float | None, price: float | str = 44) -> OrderAmended:
    """The venue amended an order."""
    known = None if done is None else contracts(done)
    return OrderAmended(at=T0, client_id=name, price=cents(price), total=contracts(total), filled=known)


def filled(name: str, quantity: float, fill_id: str) -> OrderFilled:
    """A fill was read."""
    fill = Fill(
        fill_id=fill_id,
        order_id=f"v{name}",
        price=cents(44),
        quantity=contracts(quantity),
        is_taker=False,
        fee=Money(0),
        at=T0,
    )
    return OrderFilled(at=T0, client_id=name, fill=fill)


def doubt(name: str, operation: Operation) -> OrderInDoubt:
    """A reply was lost."""
    return OrderInDoubt(at=T0, client_id=name, operation=operation, detail="lost")
