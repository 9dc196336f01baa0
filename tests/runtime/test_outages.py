"""What no reply tells: a line that dies, a request that leaves late, a sleep, an order made smaller, a look that fails."""

import asyncio

import httpx
import pytest

from depthwalk.clock import LoopClock
from depthwalk.domain.messages import OrderAmended, OrderCanceled, Reason, Record, SubmitOrder
from depthwalk.domain.order import OrderStatus, TimeInForce
from depthwalk.domain.units import Quantity, in_seconds, seconds
from depthwalk.errors import DepthwalkError, StorageError
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalker, DynamicDepthWalkerParams
from depthwalk.executors.simple_limit import LimitRule, SimpleLimit, SimpleLimitParams
from depthwalk.executors.state import LEAVE_BOUND, EndAction
from depthwalk.kalshi.throttle import Throttle
from depthwalk.runtime.outside import heed
from depthwalk.runtime.virtual_time import run_virtual
from depthwalk.wire.cancels import DecreaseBody, DecreaseReceipt
from depthwalk.wire.faults import Kind
from tests.support import paper_run as rig
from tests.support.faults import Call, check, events, intents, recorded, scripted, sent_at, since_start
from tests.support.paper_run import START, PaperRun, paper_run


def resting(lasts: float = 20.0, end: EndAction = EndAction.CANCEL) -> SimpleLimit:
    """Return a run of one order at the bid."""
    return SimpleLimit(SimpleLimitParams(timeout_seconds=lasts, limit_rule=LimitRule.BID, end_action=end))


# --- nobody answers at the end --------------------------------------------------------------------------------------


def test_a_line_that_dies_at_the_end_leaves_doubt_and_nothing_else() -> None:
    """From the first cancel on nobody answers: the run ends in doubt within its bound, and its orders die of their expiry."""
    dead: list[float] = []

    async def script(call: Call) -> httpx.Response:
        if call.cancel or dead:
            dead.append(call.at)
            call.lose()
        return await call.forward()

    run = paper_run(resting(), ticker="PAPER-THIN", quantity=20_000, wrap=scripted(script))

    assert run.error is None
    assert run.finish is not None
    assert Reason.IN_DOUBT is run.finish.reason
    assert since_start(events(run, object)[-1]) <= dead[0] + in_seconds(LEAVE_BOUND) + 5
    run.exchange.advance(run.clock.now())
    assert {OrderStatus.CANCELED} == {order.status for order in run.exchange.ledger.orders()}
    assert 0 == run.resting


# --- a request that left late ---------------------------------------------------------------------------------------


class _Queue(Throttle):
    """A budget that is used up when the second write comes: it waits 25 s for its tokens."""

    writes = 0

    async def admit(self, clock: LoopClock, kind: Kind, cost: int) -> None:  # type: ignore[override]  # the clock of all runs here
        """Wait for the tokens."""
        await super().admit(clock, kind, cost)
        if kind is Kind.WRITE:
            self.writes += 1
            if self.writes == 2:
                await clock.sleep(seconds(25))


@pytest.mark.parametrize("seed", [1, 5])
def test_a_request_that_waited_for_tokens_may_arrive_later(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decided at 19 s, signed at 44, lost, arriving at 56: an end counted from the decision would come before its fills."""
    monkeypatch.setattr(rig, "Throttle", _Queue)
    on_the_way: list[asyncio.Task[None]] = []
    arrived: list[float] = []

    async def script(call: Call) -> httpx.Response:
        if call.create and call.creates == 2:

            async def later() -> None:
                await asyncio.sleep(12)
                await call.forward()
                arrived.append(call.at + 12)

            on_the_way.append(asyncio.ensure_future(later()))
            call.lose()
        return await call.forward()

    walker = DynamicDepthWalkerParams(timeout_seconds=20.0, max_walks=0, split_ratios=(1.0,), max_split_levels=1)
    run = paper_run(DynamicDepthWalker(walker), ticker="PAPER-LIQUID", quantity=300_000, seed=seed, wrap=scripted(script))

    check(run)
    assert 1 == len(on_the_way)
    assert 55 < arrived[0] < since_start(events(run, object)[-1])  # else it would rest, or fill, unseen
    assert TimeInForce.IMMEDIATE_OR_CANCEL in [order.time_in_force for order in intents(run, SubmitOrder)]


# --- a machine that slept -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asleep", [2.0, 120.0])
def test_nothing_is_bought_on_waking_long_after_the_end(asleep: float) -> None:
    """The clock jumps in mid-run: what was left is taken a moment after the deadline, but not minutes after it."""

    async def sleep(run: PaperRun) -> None:
        await asyncio.sleep(17.5)
        # As a suspended machine: no timer runs, and then the clock is that much further; nothing public makes time jump.
        run.clock._epoch += round(asleep * 1_000_000)

    run = paper_run(resting(end=EndAction.CROSS), ticker="PAPER-LIQUID", quantity=200_000, meddle=sleep)

    check(run)
    late = [at for at in sent_at(run, SubmitOrder) if at > 17.5]
    said = [record.why for record in intents(run, Record) if record.what == "no cross"]
    assert (1 if asleep < 10 else 0) == len(late)
    assert (asleep > 10) == any("the time was up" in why for why in said)


# --- an order made smaller elsewhere --------------------------------------------------------------------------------


@pytest.mark.parametrize(("ticker", "seed"), [("PAPER-THIN", 1), ("PAPER-THIN", 2), ("PAPER-MODERATE", 3)])
@pytest.mark.parametrize(("after", "finals"), [(8, [False]), (16, [False, True])])
def test_an_order_made_smaller_elsewhere_is_believed(ticker: str, seed: int, after: float, finals: list[bool]) -> None:
    """Looks find out in time; too late for that, the cancel gives back less than we thought was left, which is no fill."""
    reduced: list[DecreaseReceipt] = []

    async def reduce(run: PaperRun) -> None:
        await asyncio.sleep(after)
        (order,) = run.exchange.ledger.resting(ticker).values()
        smaller = DecreaseBody(reduce_by=Quantity(5_000))
        reduced.append(run.exchange.decrease(run.clock.now(), order.order_id, smaller))

    run = paper_run(resting(), ticker=ticker, quantity=20_000, seed=seed, meddle=reduce)

    check(run)
    assert 1 == len(reduced)
    assert run.finish is not None
    assert Reason.HORIZON is run.finish.reason
    assert finals == [event.final for event in events(run, OrderCanceled)]
    assert (finals == [False]) == (Quantity(15_000) in {event.total for event in events(run, OrderAmended)})
    (order,) = run.exchange.ledger.orders()
    assert order.filled == recorded(run)


# --- asking from outside --------------------------------------------------------------------------------------------


def heeded(*answers: str | DepthwalkError | None) -> tuple[list[str], float]:
    """Heed these answers one after the other; return what stopped the run, and when."""
    stopped: list[str] = []
    left = list(answers)

    def ask() -> str | None:
        answer = left.pop(0)
        if isinstance(answer, DepthwalkError):
            raise answer
        return answer

    async def main() -> float:
        loop = asyncio.get_running_loop()
        await heed(ask, stopped.append, LoopClock(START, loop))
        return loop.time()

    return stopped, run_virtual(main())


def test_the_first_reason_stops_a_run_once() -> None:
    """Asked every second."""
    assert (["the kill switch is on"], 3.0) == heeded(None, None, "the kill switch is on", "again")


def test_a_look_that_fails_stops_a_run() -> None:
    """A kill switch that cannot be looked up counts as thrown; the run says what was the matter."""
    stopped, at = heeded(None, StorageError("database x: disk I/O error"), None)

    assert 2.0 == at
    assert ["whether it shall end could not be looked up: database x: disk I/O error"] == stopped
