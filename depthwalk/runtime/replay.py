"""A run brought back from its journal, after the process that drove it is gone. No I/O.

The same executor, given the same events, is where the dead one was (design, D4). Where it is not, because the program has
changed since, the ledger of orders is built from what was written instead: enough to settle and to end the run, exactly.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from depthwalk.domain.market import Market
from depthwalk.domain.messages import AmendOrder, CancelOrder, Event, Intent, MarketChanged, Rules, Started, SubmitOrder
from depthwalk.errors import DomainError
from depthwalk.executors.base import Executor

Entries = Sequence[tuple[Event, tuple[Intent, ...]]]


class Replayed(NamedTuple):
    """A run as its journal leaves it. *faithful*: its executor answers as the dead one did, so it can carry the run on."""

    executor: Executor
    market: Market
    rules: Rules
    faithful: bool


def replay(make: Callable[[], Executor], entries: Entries) -> Replayed:
    """Return the run that wrote *entries*, its executor made by *make*.

    Raises:
        DomainError: the journal does not begin with the start of a run, or its orders do not fit together.

    """
    if not entries or not isinstance(started := entries[0][0], Started):
        raise DomainError("the journal does not begin with the start of a run")
    changed = [event.market for event, _ in entries if isinstance(event, MarketChanged)]
    market = changed[-1] if changed else started.market
    executor = make()
    faithful = _follows(executor, entries)
    if not faithful:
        executor = make()
        executor.handle(started)
        _rebuild(executor, entries)
    return Replayed(executor, market, started.rules, faithful)


def _follows(executor: Executor, entries: Entries) -> bool:
    try:
        return all(executor.handle(event) == intents for event, intents in entries)
    except Exception:  # noqa: BLE001 - whatever this version, or an algorithm of another package, raises: it does not follow
        return False


def _rebuild(executor: Executor, entries: Entries) -> None:
    """Bring the ledger of orders to where the journal says it was."""
    children = executor.desk.children
    for event, intents in entries:
        children.apply(event)
        for intent in intents:
            if isinstance(intent, SubmitOrder | AmendOrder | CancelOrder):
                children.sending(intent, event.at)
