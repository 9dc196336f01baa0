"""Builders of stored executions: a start, messages of a small run, fills."""

from typing import Any

from depthwalk.domain.book import Book
from depthwalk.domain.messages import (
    BookChanged,
    Event,
    Finish,
    Intent,
    Look,
    OrderFilled,
    Reason,
    Record,
    SubmitOrder,
    WakeAt,
    Woke,
)
from depthwalk.domain.order import Fill, TimeInForce
from depthwalk.domain.units import Instant, Money, Price, Quantity
from depthwalk.storage.database import Database
from depthwalk.storage.journal import ExecutionJournal, ExecutionStart
from tests.support.results import START, parent

BOOK = Book.of_levels(
    bids=[(Price(4100), Quantity(2500)), (Price(4000), Quantity(100))],
    asks=[(Price(4200), Quantity(500)), (Price(4350), Quantity(70_000))],
)


def start(**changes: Any) -> ExecutionStart:
    """Build the start of an execution of `results.parent`, on the lasting paper account."""
    fields: dict[str, Any] = {
        "execution_id": parent().parent_id,
        "parent": parent(),
        "algorithm": "dynamic_depth_walker",
        "parameters": {"timeout_seconds": 40.0},
        "environment": "paper",
        "source": "synthetic",
        "started_at": START,
        "tags": {"desk": "east"},
    }
    return ExecutionStart(**(fields | changes))


def fill(number: int, price: int = 4200, quantity: int = 500, **changes: Any) -> OrderFilled:
    """Build the fill *number* of the first child, at a YES price."""
    at = Instant(START + number)
    fields: dict[str, Any] = {
        "fill_id": f"fill-{number}",
        "order_id": "order-1",
        "price": Price(price),
        "quantity": Quantity(quantity),
        "is_taker": True,
        "fee": Money(1_700),
        "at": at,
    }
    return OrderFilled(at=at, client_id=parent().child_id(1), fill=Fill(**(fields | changes)))


def submit(number: int = 1) -> SubmitOrder:
    """Build the intent to send the child *number*."""
    return SubmitOrder(
        client_id=parent().child_id(number),
        split=0,
        side=parent().side,
        price=Price(4200),
        quantity=Quantity(500),
        time_in_force=TimeInForce.GOOD_TILL_CANCELED,
    )


def small_run() -> list[tuple[Event, tuple[Intent, ...]]]:
    """Build a book, an order on it, a fill, the end."""
    return [
        (
            BookChanged(at=Instant(START + 10), book=BOOK, confirmed_at=Instant(START + 5)),
            (Record(what="place", why="behind by 3 %", split=1, price=Price(4200)), submit()),
        ),
        (fill(20), (WakeAt(at=Instant(START + 99), look=Look.BOOK),)),
        (Woke(at=Instant(START + 99)), (Record(what="close", why="all filled"), Finish(reason=Reason.FILLED))),
    ]


def stored(database: Database, *fills: OrderFilled, **changes: Any) -> ExecutionJournal:
    """Begin an execution in *database* and give it these fills."""
    journal = ExecutionJournal.begin(database, start(**changes))
    for each in fills:
        journal.append(each, ())
    return journal
