"""An order desk alone, with a venue that says what a test makes it say. Prices are a buyer's, in cents."""

from collections.abc import Callable

from depthwalk.domain.book import Book
from depthwalk.domain.messages import (
    AmendRejected,
    Event,
    Intent,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    Record,
    Rules,
    Started,
)
from depthwalk.domain.order import Action, Outcome, Side
from depthwalk.domain.units import Instant, Quantity, seconds
from depthwalk.errors import RefusalReason
from depthwalk.executors.children import Child
from depthwalk.executors.desk import Desk
from depthwalk.executors.sight import Sight
from depthwalk.executors.simple_limit import SimpleLimitParams
from depthwalk.executors.space import BuyerSpace
from depthwalk.executors.state import Run
from tests.support.books import book, cents, contracts, market
from tests.support.venue import T0, parent

SHOWN = book("40x100 39x50 | 44x30 45x60")


def sight(shown: Book, at: Instant = T0) -> Sight:
    """What a buyer of YES sees of a book that has no order of ours in it."""
    return Sight(shown, BuyerSpace(Side.BUY, Action.BUY, Outcome.YES), at)


class Scene:
    """A desk with its cap at 45 and the splits given, on a standing book; the venue says what a test makes it say."""

    def __init__(
        self, *splits: float, outcome: Outcome = Outcome.YES, action: Action = Action.BUY, horizon: float = 40.0
    ) -> None:
        order = parent(contracts(sum(splits)), outcome=outcome, action=action)
        params = SimpleLimitParams(timeout_seconds=horizon)
        self.out: list[Intent] = []
        self.desk = Desk(Run.of(Started(at=T0, parent=order, market=market(), rules=Rules()), params), self.out)
        self.desk.open([contracts(split) for split in splits], cents(45))
        self.now = T0
        self.shown = SHOWN

    def want(self, price: float, *, split: int = 0, post_only: bool = True, after: float = 0) -> list[Intent]:
        """Have a split want a buyer's price; return what goes out."""
        self.now = Instant(self.now + seconds(after))
        one = self.desk.splits[split]
        one.wanted, one.why = cents(price), f"to {price}"
        self.out.clear()
        self.desk.pursue(one, self.now, self.shown, post_only=post_only)
        return list(self.out)

    def child(self, split: int = 0) -> Child:
        """The living child of a split."""
        child = self.desk.live_child(self.desk.splits[split])
        assert child is not None
        return child

    def hear(self, event: Event, child: Child) -> Record | None:
        """The venue's word, passed on as the executor does."""
        self.desk.children.apply(event)
        placing = isinstance(event, OrderAccepted | OrderAmended)
        return self.desk.placed(child, self.now, self.shown) if placing else None

    def accept(self, split: int = 0, done: float = 0) -> Record | None:
        """The venue takes the split's order, fills *done* of it at once, and the rest rests."""
        child = self.child(split)
        rest, taken = Quantity(child.total - contracts(done)), contracts(done)
        event = OrderAccepted(at=T0, client_id=child.client_id, order_id="v", filled=taken, remaining=rest)
        return self.hear(event, child)

    def amended(self, split: int = 0) -> Record | None:
        """The venue confirms the amend that is out."""
        child = self.child(split)
        assert child.amending is not None
        price, total = child.amending.price, child.amending.total
        return self.hear(OrderAmended(at=T0, client_id=child.client_id, price=price, total=total, filled=None), child)

    def refused(self, split: int = 0) -> None:
        """The venue says no to the amend that is out."""
        child = self.child(split)
        reason = RefusalReason.THROTTLED
        self.hear(AmendRejected(at=T0, client_id=child.client_id, reason=reason, detail=""), child)

    def canceled(self, done: float = 0, split: int = 0, end: Callable[..., Event] = OrderCanceled) -> None:
        """The split's order is off the book."""
        child = self.child(split)
        self.hear(end(at=T0, client_id=child.client_id, filled=contracts(done)), child)

    def rest(self, price: float, *, split: int = 0, post_only: bool = True) -> None:
        """Bring a split to rest at a price."""
        self.want(price, split=split, post_only=post_only)
        self.accept(split)
