"""The account's orders and fills as the paper exchange keeps and lists them. No matching, no cash, no refusals.

An order lives on in the list after it is terminal; a client id, once used, stays used (kalshi-api.md section 6.2: recorded on
demo). Lists are newest first and turn pages by sequence numbers, so that what arrives meanwhile moves nothing.
"""

import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from depthwalk.analysis.fees import FeeAccumulator
from depthwalk.domain.order import Fill, OrderStatus, Side
from depthwalk.domain.units import CONTRACT, Instant, Money, Price, Quantity, cost
from depthwalk.paper.trading import Executed, Removed
from depthwalk.wire.orders import SelfTradePrevention
from depthwalk.wire.pages import Page
from depthwalk.wire.portfolio import FillRecord, OrderRecord
from depthwalk.wire.scalars import NO_MONEY

T = TypeVar("T")
_CURSOR = re.compile(r"[0-9]{1,18}")
# Version 4, variant of RFC 9562: these six bits are not drawn.
_UUID_FOUR = 0x4000_8000_0000_0000_0000
_UUID_FREE = ~0xF000_C000_0000_0000_0000


@dataclass(slots=True, eq=False, kw_only=True)
class PaperOrder:
    """One order of the account, changing as things happen to it. *key* is its name in the market's book."""

    key: int
    order_id: str
    client_id: str
    ticker: str
    side: Side
    price: Price
    total: Quantity
    remaining: Quantity
    self_trade: SelfTradePrevention
    expires_at: Instant | None
    cancel_on_pause: bool
    created_at: Instant
    updated_at: Instant
    fees: FeeAccumulator
    status: OrderStatus = OrderStatus.RESTING
    filled: Quantity = Quantity(0)
    taker_cost: Money = NO_MONEY
    maker_cost: Money = NO_MONEY
    taker_fees: Money = NO_MONEY
    maker_fees: Money = NO_MONEY

    @property
    def paid(self) -> Money:
        """Price times quantity of all fills."""
        return Money(self.taker_cost + self.maker_cost)

    @property
    def charged(self) -> Money:
        """The fees of all fills."""
        return Money(self.taker_fees + self.maker_fees)

    def filled_by(self, trade: Executed, *, is_taker: bool) -> Money:
        """Take a fill in and return its fee."""
        fee = self.fees.charge(price=trade.price, quantity=trade.quantity, is_taker=is_taker, side=self.side)
        if is_taker:
            self.taker_cost = Money(self.taker_cost + cost(trade.price, trade.quantity))
            self.taker_fees = Money(self.taker_fees + fee)
        else:
            self.maker_cost = Money(self.maker_cost + cost(trade.price, trade.quantity))
            self.maker_fees = Money(self.maker_fees + fee)
        self.filled = Quantity(self.filled + trade.quantity)
        self.remaining = Quantity(self.remaining - trade.quantity)
        self.updated_at = trade.at
        if not self.remaining:
            self.status = OrderStatus.FILLED
        return fee

    def removed_by(self, event: Removed) -> None:
        """End without (further) fills: whatever the reason, the venue calls it canceled."""
        self.remaining = Quantity(0)
        self.status = OrderStatus.CANCELED
        self.updated_at = event.at

    def record(self, user_id: str, exchange_index: int) -> OrderRecord:
        """Return the order as it is listed."""
        return OrderRecord(
            order_id=self.order_id,
            client_id=self.client_id,
            ticker=self.ticker,
            side=self.side,
            price=self.price,
            status=self.status,
            initial=self.total,
            filled=self.filled,
            remaining=self.remaining,
            taker_cost=self.taker_cost,
            maker_cost=self.maker_cost,
            taker_fees=self.taker_fees,
            maker_fees=self.maker_fees,
            created_at=self.created_at,
            updated_at=self.updated_at,
            expires_at=self.expires_at,
            self_trade_prevention=self.self_trade,
            cancel_on_pause=self.cancel_on_pause,
            user_id=user_id,
            exchange_index=exchange_index,
        )


def average(amount: int, quantity: int) -> Money | None:
    """Return an amount per contract to the nearest micro-dollar; None where there is no quantity."""
    return Money((amount * CONTRACT + quantity // 2) // quantity) if quantity else None


def drawn_id(ids: random.Random) -> str:
    """Draw a UUID."""
    # As `str(uuid.UUID(int=..., version=4))` writes it, in a fifth of the time: every trade of a market has one.
    drawn = f"{ids.getrandbits(128) & _UUID_FREE | _UUID_FOUR:032x}"
    return f"{drawn[:8]}-{drawn[8:12]}-{drawn[12:16]}-{drawn[16:20]}-{drawn[20:]}"


class Ledger:
    """All orders, fills and used client ids of the account. Ids are drawn from *ids*: random-looking, seeded."""

    def __init__(self, ids: random.Random) -> None:
        self._ids = ids
        self._by_id: dict[str, PaperOrder] = {}
        self._resting: dict[str, dict[int, PaperOrder]] = {}
        self._used: set[str] = set()
        self._next_key = 0
        self.fills: list[FillRecord] = []

    def new_id(self) -> str:
        """Return a fresh UUID."""
        return drawn_id(self._ids)

    def new_key(self) -> int:
        """Return a fresh key for a book; ours are negative."""
        self._next_key -= 1
        return self._next_key

    def used(self, client_id: str) -> bool:
        """Say whether a client id was ever used."""
        return client_id in self._used

    def burn(self, client_id: str) -> None:
        """Use a client id up."""
        if client_id:
            self._used.add(client_id)

    def add(self, order: PaperOrder) -> None:
        """Take a new order in, as resting until events say otherwise."""
        self.burn(order.client_id)
        self._by_id[order.order_id] = order
        self._resting.setdefault(order.ticker, {})[order.key] = order

    def settle(self, order: PaperOrder) -> None:
        """Take an order that has become terminal out of the resting ones."""
        if order.status is not OrderStatus.RESTING:
            self._resting[order.ticker].pop(order.key, None)

    def order_fills(self, start: int) -> None:
        """Put the fills from index *start* on into the order of their times: markets are moved on one after the other."""
        self.fills[start:] = sorted(self.fills[start:], key=lambda record: record.fill.at)

    def by_id(self, order_id: str) -> PaperOrder | None:
        """Return an order, terminal or not."""
        return self._by_id.get(order_id)

    def resting(self, ticker: str) -> dict[int, PaperOrder]:
        """Return the resting orders of a market by key, oldest first."""
        return self._resting.get(ticker, {})

    def busy(self) -> list[str]:
        """Return the markets in which orders rest."""
        return [ticker for ticker, orders in self._resting.items() if orders]

    @property
    def placed(self) -> int:
        """How many orders were ever placed."""
        return len(self._by_id)

    def orders(self) -> Sequence[PaperOrder]:
        """Return every order ever placed, oldest first."""
        return list(self._by_id.values())

    def record_fill(self, order: PaperOrder, trade: Executed, fill_id: str, *, is_taker: bool, exchange_index: int) -> Money:
        """Book a trade on an order and in the list of fills; return its fee."""
        fee = order.filled_by(trade, is_taker=is_taker)
        fill = Fill(
            fill_id=fill_id,
            order_id=order.order_id,
            price=trade.price,
            quantity=trade.quantity,
            is_taker=is_taker,
            fee=fee,
            at=trade.at,
        )
        self.fills.append(FillRecord(fill=fill, ticker=order.ticker, side=order.side, exchange_index=exchange_index))
        self.settle(order)
        return fee


def newest_first(items: Iterable[T], wanted: Callable[[T], bool], *, limit: int, cursor: str | None) -> Page[T]:
    """Return one page of *items* (oldest first) that are wanted; a cursor that is none of ours starts from the newest."""
    numbered = list(enumerate(items))
    ours = cursor is not None and _CURSOR.fullmatch(cursor) is not None
    before = int(cursor) if ours and cursor is not None else len(numbered)
    matching = [(index, item) for index, item in reversed(numbered[:before]) if wanted(item)]
    page = matching[:limit]
    more = len(matching) > limit
    return Page(items=tuple(item for _, item in page), cursor=str(page[-1][0]) if more else None)
