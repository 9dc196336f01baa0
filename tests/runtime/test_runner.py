"""The runner on the paper exchange: conservation, replay of the journal, lost replies, leaving whatever happens."""

import asyncio
from collections.abc import Callable, Sequence

import httpx
import pytest

from depthwalk.domain.messages import (
    CancelOrder,
    Event,
    Intent,
    OrderAmended,
    OrderFilled,
    OrderInDoubt,
    Reason,
    Record,
    Started,
    SubmitOrder,
)
from depthwalk.domain.order import Action, Outcome, TimeInForce
from depthwalk.domain.units import seconds
from depthwalk.errors import StorageError
from depthwalk.executors.base import Executor
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalker, DynamicDepthWalkerParams
from depthwalk.executors.simple_limit import SimpleLimit, SimpleLimitParams
from tests.support.laws import PLAIN
from tests.support.paper_run import PaperRun, paper_run

MAKE: dict[str, Callable[[], Executor]] = {
    "simple_limit": lambda: SimpleLimit(SimpleLimitParams()),
    "dynamic_depth_walker": lambda: DynamicDepthWalker(DynamicDepthWalkerParams(**PLAIN)),
}
ALGORITHMS = pytest.mark.parametrize("algorithm", MAKE)


def check(run: PaperRun) -> None:
    """Hold what every run owes: nothing rests, the exchange and our ledger agree, never more than asked."""
    children = run.executor.desk.children
    assert run.error is None
    assert run.resting == 0
    assert run.position * run.parent.side.sign == sum(fill.quantity for fill in children.fills)
    assert children.filled == sum(fill.quantity for fill in children.fills)
    assert children.filled <= run.parent.quantity


@ALGORITHMS
@pytest.mark.parametrize("ticker", ["PAPER-THIN", "PAPER-MODERATE", "PAPER-LIQUID"])
@pytest.mark.parametrize(("outcome", "action"), [(o, a) for o in Outcome for a in Action])
def test_every_run_adds_up(algorithm: str, ticker: str, outcome: Outcome, action: Action) -> None:
    """All algorithms, markets, sides and actions: what the exchange booked is what we recorded, and nothing is left."""
    check(paper_run(MAKE[algorithm](), ticker=ticker, outcome=outcome, action=action, seed=11))


@ALGORITHMS
def test_replaying_the_journal_reproduces_the_intents(algorithm: str) -> None:
    """A fresh executor fed the journaled events answers with the journaled intents, one for one."""
    run = paper_run(MAKE[algorithm](), seed=8)
    replayed = MAKE[algorithm]()

    assert len(run.journal.entries) > 10
    for event, intents in run.journal.entries:
        assert intents == replayed.handle(event)


def test_moderate_market_amends_makes_and_takes() -> None:
    """On the moderate market with a fixed seed the walker amends, fills as a maker and fills as a taker."""
    run = paper_run(MAKE["dynamic_depth_walker"](), seed=2)
    events = [event for event, _ in run.journal.entries]
    fills = [event.fill for event in events if isinstance(event, OrderFilled)]

    assert any(isinstance(event, OrderAmended) for event in events)
    assert {True, False} == {fill.is_taker for fill in fills}


def test_the_event_is_journaled_before_anything_is_sent() -> None:
    """A journal that fails on the first order means that no order reaches the exchange."""
    run = _with_broken_journal(fail_on=SubmitOrder)

    assert isinstance(run.error, StorageError)
    assert not run.exchange.ledger.orders()


def test_a_journal_that_breaks_later_still_cancels_everything() -> None:
    """The disk fills up in the middle: the error comes out, and no order stays behind."""
    run = _with_broken_journal(fail_on=CancelOrder)

    assert isinstance(run.error, StorageError)
    assert run.exchange.ledger.orders()
    assert run.resting == 0


def _with_broken_journal(fail_on: type[Intent]) -> PaperRun:
    async def break_it(run: PaperRun) -> None:
        append = run.journal.append

        def broken(event: Event, intents: Sequence[Intent]) -> None:
            if any(isinstance(intent, fail_on) for intent in intents):
                raise StorageError("disk full")
            append(event, intents)

        run.journal.append = broken  # type: ignore[method-assign]

    return paper_run(MAKE["simple_limit"](), ticker="PAPER-THIN", quantity=90_000, meddle=break_it)


@ALGORITHMS
@pytest.mark.parametrize("after", [0.1, 0.35, 3.0, 4.3, 11.0])
def test_a_stop_at_any_time_cancels_confirms_and_keeps_the_fills(algorithm: str, after: float) -> None:
    """Ctrl-C before, during and after orders: nothing rests, what was filled is on record."""

    async def stop(run: PaperRun) -> None:
        await run.clock.sleep(seconds(after))
        run.runner.stop("Ctrl-C")

    run = paper_run(MAKE[algorithm](), ticker="PAPER-THIN", meddle=stop)

    check(run)
    assert run.finish is not None
    assert run.finish.reason in (Reason.STOPPED, Reason.FILLED)


def test_a_cancelled_task_leaves_nothing_behind() -> None:
    """Even when the run itself is torn down, its orders are canceled first."""

    async def main_is_cancelled(run: PaperRun) -> None:
        await run.clock.sleep(seconds(5))
        current = next(task for task in asyncio.all_tasks() if task.get_coro().__name__ == "main")  # type: ignore[union-attr]
        current.cancel()

    run = paper_run(MAKE["simple_limit"](), ticker="PAPER-THIN", meddle=main_is_cancelled)

    assert isinstance(run.error, asyncio.CancelledError)
    assert run.resting == 0


class SlowTransport(httpx.AsyncBaseTransport):
    """Orders take *delay* seconds to arrive; everything else is as quick as ever."""

    def __init__(self, inner: httpx.AsyncBaseTransport, delay: float) -> None:
        self._inner = inner
        self._delay = delay

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Hold a create up, then pass it on."""
        if request.method == "POST" and request.url.path.endswith("/orders"):
            await asyncio.sleep(self._delay)
        return await self._inner.handle_async_request(request)


def test_a_torn_down_run_also_cancels_an_order_that_is_still_on_its_way() -> None:
    """The run dies between sending and a late reply: the order is waited for, then canceled."""

    async def tear_down(run: PaperRun) -> None:
        await run.clock.sleep(seconds(0.5))
        current = next(task for task in asyncio.all_tasks() if task.get_coro().__name__ == "main")  # type: ignore[union-attr]
        current.cancel()

    run = paper_run(
        MAKE["simple_limit"](),
        ticker="PAPER-THIN",
        quantity=90_000,
        meddle=tear_down,
        wrap=lambda inner: SlowTransport(inner, 2.5),
    )

    assert isinstance(run.error, asyncio.CancelledError)
    assert run.exchange.ledger.orders()
    assert run.resting == 0


@ALGORITHMS
def test_an_order_that_arrives_after_its_reply_was_given_up_is_found(algorithm: str) -> None:
    """The client stops waiting after 3 s and the order arrives after 4: not being listed at first proves nothing."""
    run = paper_run(MAKE[algorithm](), ticker="PAPER-THIN", wrap=lambda inner: SlowTransport(inner, 4.0))

    check(run)
    assert any(isinstance(event, OrderInDoubt) for event, _ in run.journal.entries)


class LosingTransport(httpx.AsyncBaseTransport):
    """Loses what *lose* says: "before" the exchange sees it, "after" it has acted, or answers 503 after it has acted."""

    def __init__(self, inner: httpx.AsyncBaseTransport, lose: Callable[[httpx.Request, int], str | None]) -> None:
        self._inner = inner
        self._lose = lose
        self._writes = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass on, or lose."""
        write = request.method != "GET"
        self._writes += write
        how = self._lose(request, self._writes) if write else None
        if how == "before":
            raise httpx.ConnectError("scripted: never arrived", request=request)
        response = await self._inner.handle_async_request(request)
        if how == "after":
            raise httpx.ReadError("scripted: reply lost", request=request)
        if how == "503":
            return httpx.Response(503, text="scripted", request=request)
        if how == "empty":
            return httpx.Response(201, json={}, request=request)
        return response


@ALGORITHMS
@pytest.mark.parametrize("how", ["before", "after", "503", "empty"])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_lost_reply_is_settled_by_reading(algorithm: str, how: str, number: int) -> None:
    """Whichever write loses its reply, and however: it is found out, nothing is doubled, nothing is left."""
    run = paper_run(
        MAKE[algorithm](), seed=5, wrap=lambda inner: LosingTransport(inner, lambda _, n: how if n == number else None)
    )

    check(run)
    assert run.finish is not None
    assert run.finish.reason in (Reason.FILLED, Reason.HORIZON)


@ALGORITHMS
@pytest.mark.parametrize("how", ["after", "503"])
def test_every_reply_lost_still_adds_up(algorithm: str, how: str) -> None:
    """A venue that acts but never answers a write: all of it is settled by reading."""
    check(paper_run(MAKE[algorithm](), seed=5, wrap=lambda inner: LosingTransport(inner, lambda *_: how)))


def test_doubt_that_cannot_be_settled_is_told() -> None:
    """A venue that goes silent after a create: the run ends in doubt within its bound, and says so."""

    class Silent(httpx.AsyncBaseTransport):
        def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
            self._inner = inner
            self._gone = False

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if self._gone:
                raise httpx.ConnectError("scripted: gone", request=request)
            response = await self._inner.handle_async_request(request)
            if request.method == "POST":
                self._gone = True
                raise httpx.ReadError("scripted: reply lost", request=request)
            return response

    run = paper_run(MAKE["simple_limit"](), wrap=Silent)

    assert run.finish is not None
    assert run.finish.reason is Reason.IN_DOUBT
    assert any(isinstance(event, OrderInDoubt) and event.hopeless for event, _ in run.journal.entries)


def test_foreign_orders_of_the_account_stay_and_do_not_count() -> None:
    """Somebody's own order in the same market is neither canceled nor taken for the market."""

    async def order_by_hand(run: PaperRun) -> None:
        market = await run.client.market("PAPER-MODERATE")
        book = await run.client.book("PAPER-MODERATE")
        assert book.best_bid is not None
        hand = SubmitOrder(
            client_id="by-hand-1",
            split=0,
            side=run.parent.side,
            price=type(book.best_bid)(book.best_bid - 500),
            quantity=run.parent.quantity,
            time_in_force=TimeInForce.GOOD_TILL_CANCELED,
        )
        await run.client.submit(market, hand)

    run = paper_run(MAKE["dynamic_depth_walker"](), meddle=order_by_hand)

    assert run.resting == 1
    books = [event for event, _ in run.journal.entries if type(event).__name__ == "BookChanged"]
    assert any(book.foreign for book in books)


def test_the_first_event_is_started_and_every_decision_is_recorded() -> None:
    """The journal opens with Started, and holds the decisions in order."""
    run = paper_run(MAKE["dynamic_depth_walker"]())
    records = [intent for _, intents in run.journal.entries for intent in intents if isinstance(intent, Record)]

    assert isinstance(run.journal.entries[0][0], Started)
    assert [record.what for record in records][:2] == ["place", "place"]


class _Listening(httpx.AsyncBaseTransport):
    """Notes the paths that were read on the way to another transport."""

    def __init__(self, inner: httpx.AsyncBaseTransport, read: list[str]) -> None:
        self._inner, self._read = inner, read

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            self._read.append(request.url.path.removeprefix("/trade-api/v2"))
        return await self._inner.handle_async_request(request)


def test_an_order_that_was_filled_whole_is_not_asked_about() -> None:
    """Its fills say all there is to know: a resting order that leaves the list costs one read and no second one."""
    read: list[str] = []
    run = paper_run(MAKE["dynamic_depth_walker"](), seed=2, wrap=lambda inner: _Listening(inner, read))

    check(run)
    assert run.finish is not None
    assert Reason.FILLED is run.finish.reason
    assert any(not fill.is_taker for fill in run.executor.desk.children.fills)
    assert "/portfolio/orders" in read
    assert not [path for path in read if path.startswith("/portfolio/orders/")]
