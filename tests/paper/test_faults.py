"""Each kind of fault happens and does what it says: what the client gets, and what the exchange has."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
import pytest

from depthwalk.clock import LoopClock
from depthwalk.domain.book import Book
from depthwalk.domain.order import Side
from depthwalk.domain.units import Duration, Instant, parse_instant, seconds
from depthwalk.errors import DomainError
from depthwalk.paper.app import create_app
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.fault_plan import PASSING, CallFault, Calls, FaultKind, FaultPlan, TimedFault, moderate
from depthwalk.paper.faults import LATEST, SLOWEST, FaultTransport
from depthwalk.runtime.virtual_time import run_virtual
from depthwalk.wire.orders import encode_create
from tests.support.paper import KEY_ID, START, TICKER, PaperClient, book, exchange, wish

T = TypeVar("T")

ORDERS = "/portfolio/events/orders"
LIST = f"/portfolio/orders?ticker={TICKER}"
MARKET = f"/markets/{TICKER}"
GIVES_UP = 3.0
DEEP: Book = book(bids=[(40, 1_000)], asks=[(60, 1_000)])


def order(client_id: str, **more: object) -> dict[str, object]:
    """Return the body of a create that rests."""
    body: dict[str, object] = json.loads(encode_create(wish(Side.BUY, 30, 1, client_id, **more)))
    return body


class Counting(httpx.AsyncBaseTransport):
    """The way to the exchange, which knows what arrived there and when, in seconds."""

    def __init__(self, app: httpx.ASGITransport, clock: LoopClock) -> None:
        self.arrived: list[tuple[float, str]] = []
        self._app = app
        self._clock = clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Note it and hand it on."""
        self.arrived.append(((self._clock.now() - START) / 1_000_000, request.method))
        return await self._app.handle_async_request(request)


class Rig:
    """A client that gives up after 3 s, faults, an exchange."""

    def __init__(self, plan: FaultPlan, *, within_reach: bool = True) -> None:
        self.told: list[str] = []
        self.paper: PaperExchange = exchange(DEEP)
        self.clock = LoopClock(START, asyncio.get_running_loop())
        self.client = PaperClient(self.paper, self.clock)
        app = create_app(self.paper, self.clock, {KEY_ID: self.client.key.public_key()})
        self.inner = Counting(httpx.ASGITransport(app=app), self.clock)
        self.faults = FaultTransport(
            self.inner, plan, self.clock, exchange=self.paper if within_reach else None, tell=self.told.append
        )
        self.client.http = httpx.AsyncClient(transport=self.faults, base_url="http://paper", timeout=GIVES_UP)
        self._numbers = iter(range(1, 1_000))

    async def send(self, method: str, path: str, json: object = None) -> int | str:
        """Send a request and return the status, or the name of what went wrong."""
        try:
            async with asyncio.timeout(GIVES_UP):
                reply = await self.client.send(method, path, json)
        except (httpx.TransportError, TimeoutError) as error:
            return type(error).__name__
        return reply.status_code

    async def body(self, path: str) -> str:
        """Read something and return what it says."""
        return (await self.client.send("GET", path)).text

    async def create(self, **more: object) -> int | str:
        """Send an order that rests, each under an id of its own."""
        return await self.send("POST", ORDERS, order(f"dw-{next(self._numbers)}", **more))

    async def cancel(self, place: int = 0) -> int | str:
        """Cancel the order created as the *place*-th."""
        return await self.send("DELETE", f"{ORDERS}/{self.paper.ledger.orders()[place].order_id}")

    async def until(self, at: float) -> None:
        """Wait until *at* seconds after START."""
        await self.clock.sleep(Duration(START + seconds(at) - self.clock.now()))

    def orders(self) -> int:
        """Return how many orders the exchange has."""
        return len(self.paper.ledger.orders())


def on_rig(act: Callable[[Rig], Awaitable[T]], plan: FaultPlan, *, within_reach: bool = True) -> T:
    """Act on a rig on virtual time and close it."""

    async def main() -> T:
        rig = Rig(plan, within_reach=within_reach)
        try:
            return await act(rig)
        finally:
            await rig.client.http.aclose()

    return run_virtual(main())


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


# --- weather --------------------------------------------------------------------------------------------------------


def test_weather_begins_with_the_first_look_at_the_account() -> None:
    """Every read fails, but not before: markets, limits and the balance are read in peace, so that a run starts."""

    async def act(rig: Rig) -> list[int | str]:
        return [await rig.send("GET", path) for path in (MARKET, "/account/limits", "/portfolio/balance", LIST, MARKET)]

    assert [200, 200, 200, 429, 429] == on_rig(act, FaultPlan(reads=1.0, kinds=(FaultKind.THROTTLED,)))


@pytest.mark.parametrize(("writes", "reads"), [(1.0, 0.0), (0.0, 1.0)])
def test_shares_are_of_writes_and_of_reads(writes: float, reads: float) -> None:
    """All of the one go wrong and none of the other; half is about half."""

    async def act(rig: Rig) -> tuple[int, int]:
        for _ in range(20):
            await rig.create()
            await rig.send("GET", LIST)
        counted = rig.faults.happened
        return counted[Calls.CREATE, FaultKind.DROPPED], counted[Calls.READ, FaultKind.DROPPED]

    kinds = (FaultKind.DROPPED,)
    assert (20 * writes, 20 * reads) == on_rig(act, FaultPlan(writes=writes, reads=reads, kinds=kinds))
    half = on_rig(act, FaultPlan(seed=3, writes=writes / 2, reads=reads / 2, kinds=kinds))
    assert 4 < sum(half) < 16


async def busy(rig: Rig) -> list[int | str]:
    """Do much, and return what came of it."""
    answers: list[int | str] = []
    for _ in range(40):
        answers += [await rig.create(), await rig.send("GET", LIST), await rig.send("GET", MARKET)]
        await rig.clock.sleep(seconds(0.3))
    return [*answers, rig.faults.report()]


def test_the_same_plan_gives_the_same_faults() -> None:
    """And another seed gives others."""
    first, again, other = (on_rig(busy, FaultPlan(seed=seed, writes=0.5, reads=0.5)) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_the_moderate_weather() -> None:
    """A tenth of the writes, a twentieth of the reads, the account up to 0.4 s behind; only what a run can go on after."""
    plan = moderate(7)
    assert (7, 0.1, 0.05, 0.4) == (plan.seed, plan.writes, plan.reads, plan.lag_seconds)
    assert plan.kinds == PASSING
    assert not {FaultKind.CLOCK_SKEW, FaultKind.UNFUNDED, FaultKind.EXCHANGE_PAUSE} & set(PASSING)


def test_what_is_read_of_the_account_may_be_old_and_the_exchange_says_so() -> None:
    """An order that a list lacks was created after the time up to which the exchange calls its data complete."""
    created: list[Instant] = []

    async def act(rig: Rig) -> list[tuple[int, Instant]]:
        seen = []
        for _ in range(60):
            await rig.create()
            created.append(rig.clock.now())
            await rig.clock.sleep(seconds(0.11))
            fresh = parse_instant((await rig.client.send("GET", "/exchange/user_data_timestamp")).json()["as_of_time"])
            seen.append(((await rig.body(LIST)).count('"client_order_id"'), fresh))
        assert rig.faults.stale > 10
        return seen

    seen = on_rig(act, FaultPlan(seed=7, lag_seconds=0.5))

    assert any(count < number for number, (count, _) in enumerate(seen, 1))
    assert all(count >= sum(at <= fresh for at in created) for count, fresh in seen)


def test_without_a_lag_everything_is_fresh() -> None:
    """Each list has every order, and the exchange's word is the present."""

    async def act(rig: Rig) -> tuple[list[int], bool]:
        counts = []
        for _ in range(5):
            await rig.create()
            counts.append((await rig.body(LIST)).count('"client_order_id"'))
        told = (await rig.client.send("GET", "/exchange/user_data_timestamp")).json()["as_of_time"]
        return counts, parse_instant(told) == rig.clock.now()

    assert ([1, 2, 3, 4, 5], True) == on_rig(act, FaultPlan())


# --- telling, refusing ----------------------------------------------------------------------------------------------


def test_it_tells_what_happened_when_it_is_closed() -> None:
    """How often, to what, under the names of the file."""
    rigs: list[Rig] = []

    async def act(rig: Rig) -> None:
        rigs.append(rig)
        for _ in range(3):
            await rig.create()
        await rig.send("GET", MARKET)
        await rig.until(2)
        await rig.send("GET", MARKET)

    lost = tuple(CallFault(call=Calls.CREATE, number=number) for number in (1, 3))
    read = CallFault(call=Calls.READ, number=1, fault=FaultKind.THROTTLED)
    on_rig(act, FaultPlan(calls=(*lost, read), times=(TimedFault(at=1.0),)))
    on_rig(act, FaultPlan())

    assert [["faults: 2 creates lost_after, 1 read throttled, 1 trading_pause"], ["faults: none"]] == [rig.told for rig in rigs]


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: FaultPlan(writes=1.5), "writes: found 1.5; allowed: 0 to 1"),
        (lambda: FaultPlan(reads=-0.1), "reads: found -0.1; allowed: 0 to 1"),
        (lambda: FaultPlan(seed=-1), "seed: found -1; allowed: 0 or more"),
        (lambda: FaultPlan(lag_seconds=-1.0), "lag_seconds: found -1.0; allowed: 0 to 86400"),
        (lambda: FaultPlan(kinds=()), "kinds: found none; allowed: dropped, lost_after"),
        (lambda: FaultPlan(kinds=(FaultKind.SLOW, FaultKind.GRID_CHANGE)), "kinds: found grid_change; allowed: dropped"),
        (lambda: CallFault(number=0), "number: found 0; allowed: 1 or more"),
        (lambda: CallFault(seconds=-1.0), "seconds: found -1.0; allowed: 0 to 86400"),
        (lambda: CallFault(call=Calls.READ, fault=FaultKind.TWICE), "fault: found twice; allowed: with call: read, dropped"),
        (lambda: CallFault(call=Calls.CANCEL, fault=FaultKind.UNFUNDED), "fault: found unfunded; allowed: with call: cancel"),
        (lambda: TimedFault(at=-1.0), "at: found -1.0; allowed: 0 to 86400"),
        (lambda: TimedFault(fault=FaultKind.SLOW), "fault: found slow; allowed: at a time, dropped"),
    ],
)
def test_an_impossible_plan_is_refused(build: Callable[[], object], words: str) -> None:
    """The key, what was found, what is allowed."""
    with pytest.raises(DomainError) as refused:
        build()
    assert refused.value.message.startswith(words)
