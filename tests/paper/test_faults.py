"""Each kind of fault happens and does what it says: what the client gets, and what the exchange has."""

import pytest

from depthwalk.paper.fault_plan import CallFault, Calls, FaultKind, FaultPlan, TimedFault
from depthwalk.paper.faults import LATEST, SLOWEST
from tests.support.fault_rig import GIVES_UP, LIST, MARKET, ORDERS, Rig, on_rig, order
from tests.support.paper import START, TICKER


def at_call(kind: FaultKind, call: Calls = Calls.CREATE, number: int = 1, wait: float | None = None) -> FaultPlan:
    """Return a plan with one fault at one call."""
    return FaultPlan(calls=(CallFault(call=call, number=number, fault=kind, seconds=wait),))


def at_time(kind: FaultKind, at: float, lasts: float) -> FaultPlan:
    """Return a plan with one fault at a time."""
    return FaultPlan(times=(TimedFault(at=at, fault=kind, seconds=lasts),))


BROKEN, NOTHING = "ReadError", "TimeoutError"

EFFECTS: list[tuple[FaultKind, int | str, int, int]] = [
    (FaultKind.DROPPED, BROKEN, 0, 0),
    (FaultKind.LOST_AFTER, BROKEN, 1, 1),
    (FaultKind.HUNG_BEFORE, NOTHING, 0, 0),
    (FaultKind.HUNG_AFTER, NOTHING, 1, 1),
    (FaultKind.E500_BEFORE, 500, 0, 0),
    (FaultKind.E503_BEFORE, 503, 0, 0),
    (FaultKind.E504_BEFORE, 504, 0, 0),
    (FaultKind.E500_AFTER, 500, 1, 1),
    (FaultKind.E503_AFTER, 503, 1, 1),
    (FaultKind.E504_AFTER, 504, 1, 1),
    (FaultKind.NO_ORDER, 200, 1, 1),
    (FaultKind.SLOW, 201, 1, 1),
    (FaultKind.SLOW_REPLY, 201, 1, 1),
    (FaultKind.LATE, NOTHING, 0, 1),
    (FaultKind.THROTTLED, 429, 0, 0),
    (FaultKind.CLOCK_SKEW, 401, 0, 0),
    (FaultKind.UNFUNDED, 404, 0, 0),
]


@pytest.mark.parametrize(("kind", "answer", "at_once", "in_the_end"), EFFECTS)
def test_what_a_fault_does_to_a_create(kind: FaultKind, answer: int | str, at_once: int, in_the_end: int) -> None:
    """The client gets this; so many orders are at the exchange when it does, and so many when all has arrived."""

    async def act(rig: Rig) -> tuple[int | str, int, int]:
        got, had = await rig.create(), rig.orders()
        await rig.until(GIVES_UP + LATEST + 1)
        return got, had, rig.orders()

    assert (answer, at_once, in_the_end) == on_rig(act, at_call(kind))


@pytest.mark.parametrize(("kind", "answer"), [(kind, answer) for kind, answer, *_ in EFFECTS if kind is not FaultKind.LATE])
def test_what_a_fault_does_to_a_read_and_to_a_cancel(kind: FaultKind, answer: int | str) -> None:
    """As to a create, but for the status of a success; and the order is canceled where the cancel arrived."""

    async def act(rig: Rig) -> tuple[int | str, int | str, bool]:
        await rig.create()
        read = await rig.send("GET", LIST)
        return read, await rig.cancel(), not rig.paper.ledger.resting(TICKER)

    both = FaultPlan(calls=tuple(CallFault(call=Calls.ANY, number=number, fault=kind) for number in (2, 3)))
    arrives = next(bool(count) for each, _, count, _ in EFFECTS if each is kind)
    expected = 200 if answer == 201 else answer
    assert (expected, expected, arrives) == on_rig(act, both)


def test_every_kind_is_in_the_table() -> None:
    """No kind that happens to a request is left out."""
    pauses = {FaultKind.TRADING_PAUSE, FaultKind.EXCHANGE_PAUSE, FaultKind.MARKET_CLOSE, FaultKind.GRID_CHANGE}
    assert set(FaultKind) - pauses - {FaultKind.TWICE} == {kind for kind, *_ in EFFECTS}


@pytest.mark.parametrize("seed", range(6))
def test_twice_arrives_twice(seed: int) -> None:
    """The exchange gets it twice and refuses the second; the client gets one of the two replies."""

    async def act(rig: Rig) -> tuple[int | str, int, int]:
        return await rig.create(), len(rig.inner.arrived), rig.orders()

    plan = FaultPlan(seed=seed, calls=(CallFault(call=Calls.CREATE, number=1, fault=FaultKind.TWICE),))
    answer, arrived, orders = on_rig(act, plan)
    assert answer in (201, 409)
    assert (2, 1) == (arrived, orders)


@pytest.mark.parametrize("wait", [None, 1.25])
def test_when_the_slow_ones_arrive(wait: float | None) -> None:
    """`slow` arrives after its wait, `slow_reply` at once; the client of both waits as long."""

    async def act(rig: Rig) -> tuple[float, float]:
        assert await rig.create() == 201
        return rig.inner.arrived[0][0], (rig.clock.now() - START) / 1_000_000

    arrives, hears = on_rig(act, at_call(FaultKind.SLOW, wait=wait))
    arrives_at_once, hears_late = on_rig(act, at_call(FaultKind.SLOW_REPLY, wait=wait))

    assert 0 == arrives_at_once
    assert arrives == hears
    for waited in (hears, hears_late):
        assert waited == wait if wait is not None else 0.1 <= waited <= SLOWEST


@pytest.mark.parametrize("seed", range(5))
def test_late_arrives_after_the_client_gave_up_and_before_silence_counts_as_a_no(seed: int) -> None:
    """Between 3 s, when this client gives up, and 5 s later."""

    async def act(rig: Rig) -> float:
        await rig.create()
        await rig.until(20)
        return rig.inner.arrived[0][0]

    plan = FaultPlan(seed=seed, calls=(CallFault(call=Calls.CREATE, fault=FaultKind.LATE),))
    assert GIVES_UP <= on_rig(act, plan) < GIVES_UP + 5


def test_what_is_under_way_arrives_before_the_transport_is_closed() -> None:
    """The client leaves at once; its late create is waited for all the same."""
    rigs: list[Rig] = []

    async def act(rig: Rig) -> int:
        rigs.append(rig)
        await rig.create()
        return rig.orders()

    assert 0 == on_rig(act, at_call(FaultKind.LATE))
    assert 1 == rigs[0].orders()


def test_a_fault_at_a_call_is_at_that_call_of_its_sort() -> None:
    """The second create, the first amend, the fourth request of all, and no other."""

    async def act(rig: Rig) -> list[int | str]:
        answers = [await rig.create(), await rig.send("GET", MARKET), await rig.create(), await rig.send("GET", MARKET)]
        answers.append(await rig.send("POST", f"{ORDERS}/none/amend", {}))
        return [*answers, await rig.create(), await rig.send("GET", MARKET)]

    plan = FaultPlan(
        calls=(
            CallFault(call=Calls.CREATE, number=2, fault=FaultKind.E500_AFTER),
            CallFault(call=Calls.ANY, number=4, fault=FaultKind.THROTTLED),
            CallFault(call=Calls.AMEND, number=1, fault=FaultKind.E503_BEFORE),
        )
    )
    assert [201, 200, 500, 429, 503, 201, 200] == on_rig(act, plan)


def test_a_fault_at_a_time_meets_every_call_of_that_time() -> None:
    """The line is cut from 1 s to 3 s after the first request: before and after, everything passes."""

    async def act(rig: Rig) -> list[int | str]:
        answers = []
        for at in (0.0, 0.9, 1.0, 2.9, 3.0):
            await rig.until(at)
            answers.append(await rig.send("GET", MARKET))
        return answers

    assert [200, 200, BROKEN, BROKEN, 200] == on_rig(act, at_time(FaultKind.DROPPED, 1.0, 2.0))


def test_a_fault_at_a_time_that_makes_no_sense_for_reads_leaves_them_alone() -> None:
    """Lost replies to writes for a while: reads pass, and the order is there."""

    async def act(rig: Rig) -> list[int | str]:
        return [await rig.send("GET", LIST), await rig.create(), await rig.send("GET", LIST), rig.orders()]

    assert [200, BROKEN, 200, 1] == on_rig(act, at_time(FaultKind.LOST_AFTER, 0.0, 9.0))


@pytest.mark.parametrize(
    ("kind", "cancels"), [(FaultKind.TRADING_PAUSE, 200), (FaultKind.EXCHANGE_PAUSE, 409)], ids=["trading", "exchange"]
)
@pytest.mark.parametrize("within_reach", [True, False])
def test_pauses(kind: FaultKind, cancels: int, within_reach: bool) -> None:
    """No order is taken for four seconds from 1 s on; cancels pass only a trading pause; then all is as before."""

    async def act(rig: Rig) -> list[object]:
        answers: list[object] = [await rig.create(), await rig.create()]
        await rig.until(1.5)
        answers += [await rig.create(), await rig.cancel(), '"trading_active":false' in await rig.body("/exchange/status")]
        await rig.until(5.5)
        return [*answers, await rig.create(), await rig.cancel(1), rig.faults.happened[Calls.ANY, kind]]

    plan = at_time(kind, 1.0, 4.0)
    assert [201, 201, 409, cancels, True, 201, 200, 1] == on_rig(act, plan, within_reach=within_reach)


def test_a_pause_takes_off_the_orders_that_asked_for_it() -> None:
    """Of the exchange in this process: one of two orders is canceled when trading stops."""

    async def act(rig: Rig) -> list[str]:
        await rig.create(cancel_on_pause=True)
        await rig.create()
        await rig.until(2)
        await rig.send("GET", MARKET)
        return [order.status.value for order in rig.paper.ledger.orders()]

    assert ["canceled", "resting"] == on_rig(act, at_time(FaultKind.TRADING_PAUSE, 1.0, 5.0))


def test_a_pause_that_begins_with_a_call() -> None:
    """It meets that very call, and lasts as long as was said."""

    async def act(rig: Rig) -> list[int | str]:
        answers = [await rig.create(), await rig.create()]
        await rig.until(1.9)
        answers.append(await rig.create())
        await rig.until(2.1)
        return [*answers, await rig.create()]

    assert [201, 409, 409, 201] == on_rig(act, at_call(FaultKind.TRADING_PAUSE, number=2, wait=2.0))


def test_the_market_closes_underway() -> None:
    """From then on orders are refused, what rested is canceled, and the market says that it is closed."""

    async def act(rig: Rig) -> list[object]:
        first = await rig.create()
        await rig.until(2)
        return [first, await rig.create(), rig.orders(), rig.paper.ledger.orders()[0].status.value, await rig.body(MARKET)]

    *answers, market = on_rig(act, at_time(FaultKind.MARKET_CLOSE, 1.0, 0.0))
    assert [201, 409, 1, "canceled"] == answers
    assert '"status":"closed"' in str(market)


def test_the_grid_changes_underway() -> None:
    """A price of 0.305 is refused before and taken after."""

    async def act(rig: Rig) -> list[int | str]:
        fine = order("dw-1") | {"price": "0.3050"}
        before = await rig.send("POST", ORDERS, fine)
        await rig.until(2)
        return [before, await rig.send("POST", ORDERS, fine)]

    assert [400, 201] == on_rig(act, at_time(FaultKind.GRID_CHANGE, 1.0, 0.0))
