"""An exchange that outlives its process: each command is written down before it is carried out, and replayed at the next start.

`PaperExchange` gives the same replies to the same (time, command) sequence, so the sequence is its state. Three things are
written, each before the reply that shows it leaves:

- a *request* that may change orders, before anything changes. One that cannot be written is refused (StorageError);
- a *mark*, where something happened to our orders by itself (a fill, an expiry) that a reply is about to show: whatever the
  wall clock does until the next start, that time has come;
- a *reopening*: after `STANDSTILL` in which nobody kept the exchange moving, the markets go on as others do overnight:
  nothing traded meanwhile, resting orders expired on their way or ended, and there are new books.

A pickled exchange put beside them (a checkpoint) only saves replaying all of it. What the entries mean is decided by the code:
each carries a footprint of the state before it, so that other code, which would tell another story, is found out.

No files here, no clock: the log is a protocol, and time comes with the calls.
"""

import pickle
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple, Protocol

from starlette.datastructures import QueryParams

from depthwalk.domain.units import SECOND, Duration, Instant
from depthwalk.errors import UsageError
from depthwalk.paper.account_routes import ACCOUNT_ROUTES
from depthwalk.paper.calls import Call, PaperRoute, Reply
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.trading import TradingBook

STANDSTILL: Final = Duration(2 * 3_600 * SECOND)
"""The longest time that is caught up with trade by trade: a second of work an hour, on a busy machine five."""

_MARK: Final = "mark"
_REOPENING: Final = "reopening"
_ROUTES: Final = {route.name: route for route in ACCOUNT_ROUTES if route.changes}

Books = Callable[[Instant], Mapping[str, TradingBook]]
"""The books that the markets go on in after a standstill that ended at that time."""


class Entry(NamedTuple):
    """One line of the log. *what*: a route's name, "mark" or "reopening"; *before*: the footprint of the state before it."""

    at: Instant
    what: str
    order_id: str
    body: bytes
    before: str


class StateLog(Protocol):
    """Where entries are kept, and one checkpoint."""

    def append(self, at: Instant, what: str, order_id: str, body: bytes, before: str) -> None:
        """Write an entry; it is on the disk when this returns. Raises StorageError: then it is not there."""
        ...

    def entries(self, after: int) -> Sequence[tuple[Instant, str, str, bytes, str]]:
        """Return what was appended after the first *after* entries."""
        ...

    def checkpoint(self, state: bytes) -> None:
        """Put away the state after everything appended so far. Raises StorageError."""
        ...

    def latest(self) -> tuple[int, bytes] | None:
        """Return the latest checkpoint that this code can read, and how many entries are in it."""
        ...


def footprint(exchange: PaperExchange) -> str:
    """Return what tells two states of the account apart, in a few words."""
    ledger = exchange.ledger
    resting = sum(len(ledger.resting(ticker)) for ticker in ledger.busy())
    return f"{ledger.placed} placed, {resting} resting, {len(ledger.fills)} fills, cash {exchange.account.cash}"


class KeptExchange:
    """A paper exchange and its log. `carry_out` is for `app.create_app`."""

    def __init__(self, exchange: PaperExchange, log: StateLog, books: Books) -> None:
        self._exchange = exchange
        self._log = log
        self._books = books
        self._written = footprint(exchange)

    def carry_out(self, route: PaperRoute, call: Call) -> Reply:
        """Carry out a call. Raises as its handler does, and StorageError where it cannot be kept."""
        self._wake(call.now)
        try:
            if route.changes:
                at = max(call.now, self._exchange.now)
                self._append(at, route.name, call.path.get("order_id", ""), call.body)
                try:
                    return route.handler(call)
                finally:
                    self._written = footprint(self._exchange)
            return route.handler(call)
        finally:
            self._mark()

    def tick(self, now: Instant) -> None:
        """Keep every market moving, so that no request has much to catch up with. Raises StorageError."""
        self._wake(now)
        self._exchange.advance(now, self._exchange.listings)
        self._mark()

    def checkpoint(self) -> None:
        """Put the state away, so that the next start begins there. Raises StorageError."""
        self._mark()
        self._log.checkpoint(pickle.dumps(self._exchange))

    def _wake(self, now: Instant) -> None:
        if now - self._exchange.now > STANDSTILL:
            # How far the old books came is part of the story: their trades stay on the tape.
            self._exchange.advance(self._exchange.now, self._exchange.listings)
            self._append(self._exchange.now, _MARK)
            self._written = footprint(self._exchange)
            self._append(now, _REOPENING)
            self._exchange.reopen(now, self._books(now))
            self._written = footprint(self._exchange)

    def _mark(self) -> None:
        if footprint(self._exchange) != self._written:
            self._append(self._exchange.now, _MARK)
            self._written = footprint(self._exchange)

    def _append(self, at: Instant, what: str, order_id: str = "", body: bytes = b"") -> None:
        self._log.append(at, what, order_id, body, self._written)


def resumed(log: StateLog, fresh: Callable[[], PaperExchange], books: Books) -> PaperExchange:
    """Return the exchange as its log left it; *fresh* makes it as it was when the log began.

    Raises:
        UsageError: the entries tell another story than they once did: other code, or a damaged file.

    """
    latest = log.latest()
    exchange = None if latest is None else _unpickled(latest[1])
    after = 0 if latest is None or exchange is None else latest[0]
    exchange = exchange or fresh()
    for entry in map(Entry._make, log.entries(after)):
        found = footprint(exchange)
        if found != entry.before:
            raise UsageError(
                f"the state replays to another end than it once had: {found}; then: {entry.before}",
                hint="another version of depthwalk wrote it: use that one, or start anew with --fresh",
            )
        _again(exchange, entry, books)
    return exchange


def _unpickled(state: bytes) -> PaperExchange | None:
    try:
        exchange = pickle.loads(state)  # noqa: S301 - our own file, which nobody else may write (storage/paper_log.py)
    except Exception:  # noqa: BLE001 - a pickle fails in any way it likes, and the log has everything
        return None
    return exchange if isinstance(exchange, PaperExchange) else None


def _again(exchange: PaperExchange, entry: Entry, books: Books) -> None:
    if entry.what == _REOPENING:
        exchange.reopen(entry.at, books(entry.at))
        return
    if entry.what == _MARK:
        exchange.advance(entry.at, exchange.listings)
        return
    route = _ROUTES.get(entry.what)
    if route is None:
        raise UsageError(f"the state has a command this version does not know: {entry.what}", hint="use a newer depthwalk")
    path = {"order_id": entry.order_id}
    # What was refused or failed then does so now, and leaves the same behind.
    with suppress(Exception):
        route.handler(Call(exchange=exchange, now=entry.at, path=path, query=QueryParams(), body=entry.body))
