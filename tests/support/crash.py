"""Processes that die, in memory and on virtual time: the exchange lives on, the journal is all that the next process has.

A story is a run and its deaths. What had left a dying process arrives at the exchange all the same, perhaps late; its replies
go nowhere, and nothing of it cancels or records any more. `play` tells a story to its end; `wrong` says what does not add up.
"""

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from depthwalk.clock import LoopClock
from depthwalk.domain.messages import AmendOrder, Event, Finish, Intent, Reason, Recovering, Resumed, Rules, SubmitOrder
from depthwalk.domain.order import Action, Outcome, ParentOrder, TimeInForce
from depthwalk.domain.result import ApiUsage, ExecutionResult
from depthwalk.domain.units import Quantity, seconds
from depthwalk.executors.base import Executor
from depthwalk.executors.registry import make_executor
from depthwalk.executors.state import BaseParams
from depthwalk.kalshi.client import KalshiClient
from depthwalk.kalshi.environments import PAPER_URL
from depthwalk.kalshi.signing import Credentials
from depthwalk.kalshi.throttle import Throttle
from depthwalk.paper.app import create_app
from depthwalk.paper.build import synthetic_exchange
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.fault_plan import FaultPlan
from depthwalk.paper.faults import FaultTransport
from depthwalk.paper.latency import LatencyTransport
from depthwalk.reports.live_view import NullView
from depthwalk.runtime.outcome import conclude
from depthwalk.runtime.replay import Replayed, replay
from depthwalk.runtime.runner import Runner
from depthwalk.runtime.virtual_time import run_virtual
from depthwalk.storage.journal import MemoryJournal
from tests.support.paper_run import START

_KEY = Ed25519PrivateKey.generate()
_PEM = _KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class Moment(Enum):
    """When within a journal step a process dies."""

    WRITTEN = "written"
    """The step is on the disk; none of its intents has been performed."""
    HANDED_OUT = "handed out"
    """Its intents have been handed out, and it has lived on for `Death.lingers`."""


class Next(Enum):
    """What the next process does."""

    RECOVER = "recover"
    RESUME = "resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A process dies at its own journal step *step* (from 1). All times in seconds.

    *late*: so much later arrives what it had sent. *away*: so long nobody is there. *then*: what the next process does.
    """

    step: int
    moment: Moment = Moment.WRITTEN
    lingers: float = 0.0
    late: float = 0.0
    away: float = 0.0
    then: Next = Next.RECOVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One parent order and the deaths of the processes that drive it; *weather* is that of the first, the second, … process.

    *forgetful*: the next process is of another version, which would not decide as the dead one did.
    """

    algorithm: str
    params: BaseParams
    outcome: Outcome = Outcome.YES
    action: Action = Action.BUY
    ticker: str = "PAPER-MODERATE"
    quantity: int = 6_000
    seed: int = 7
    deaths: tuple[Death, ...] = ()
    weather: tuple[FaultPlan, ...] = ()
    forgetful: bool = False

    @property
    def parent(self) -> ParentOrder:
        """The order, under the same id in every process."""
        return ParentOrder(
            parent_id="0" * 32,
            ticker=self.ticker,
            outcome=self.outcome,
            action=self.action,
            quantity=Quantity(self.quantity),
        )

    def executor(self) -> Executor:
        """Return a fresh executor."""
        return make_executor(self.algorithm, self.params)


@dataclass(slots=True)
class Told:
    """How a story went: what is left of it, and of every process. *sent* has the writes that each process let out."""

    story: Story
    exchange: PaperExchange
    journal: MemoryJournal
    sent: list[list[str]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    executor: Executor | None = None
    result: ExecutionResult | None = None
    again: ExecutionResult | None = None
    grew: int = 0


class _Killed(BaseException):
    """The process is gone; not an Exception, so that nothing handles it."""


class _DoomedJournal:
    """The journal of a process that dies at one of its steps."""

    def __init__(self, inner: MemoryJournal, death: Death | None, die: asyncio.Event) -> None:
        self._inner = inner
        self._death = death
        self._die = die
        self._steps = 0

    def append(self, event: Event, intents: Sequence[Intent]) -> None:
        """Keep the step; die where it is the one."""
        self._inner.append(event, intents)
        self._steps += 1
        if self._death is None or self._steps != self._death.step:
            return
        self._die.set()
        if self._death.moment is Moment.WRITTEN:
            raise _Killed

    def finish(self, result: ExecutionResult) -> None:
        """Keep the end."""
        self._inner.finish(result)


class _MortalRunner(Runner):
    """A runner that leaves nothing when it is killed: no cancel, no record."""

    killed: asyncio.Event

    async def _leave(self) -> None:
        if not self.killed.is_set():
            await super()._leave()


class _Road(httpx.AsyncBaseTransport):
    """The way into the exchange. What is on it when its process dies goes on, *late* seconds later."""

    def __init__(self, inner: httpx.AsyncBaseTransport, clock: LoopClock, dead: asyncio.Event, late: float) -> None:
        self.sent: list[str] = []
        self._inner = inner
        self._clock = clock
        self._dead = dead
        self._late = late

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a request, late where its process is dead."""
        if request.method != "GET":
            what = "cancel" if request.method == "DELETE" else request.url.path.rpartition("/")[2]
            self.sent.append(what)
            if self._dead.is_set():
                await self._clock.sleep(seconds(self._late))
        return await self._inner.handle_async_request(request)


class _World:
    """The exchange and the time, which outlive every process."""

    def __init__(self, story: Story, clock: LoopClock) -> None:
        self.story = story
        self.clock = clock
        self.told = Told(story, synthetic_exchange(story.seed, START), MemoryJournal())
        self._clients: list[KalshiClient] = []

    def _client(self, dead: asyncio.Event, late: float) -> KalshiClient:
        number, story = len(self._clients), self.story
        app = create_app(self.told.exchange, self.clock, {"paper": _KEY.public_key()})
        road = _Road(httpx.ASGITransport(app=app), self.clock, dead, late)
        self.told.sent.append(road.sent)
        rng = random.Random(f"{story.seed}/{number}")
        way: httpx.AsyncBaseTransport = LatencyTransport(road, self.clock, rng)
        if number < len(story.weather):
            way = FaultTransport(way, story.weather[number], self.clock)
        client = KalshiClient(
            base_url=PAPER_URL,
            transport=way,
            credentials=Credentials("paper", lambda: _PEM),
            clock=self.clock,
            throttle=Throttle(),
            rng=rng,
            timeout_seconds=3.0,
            writes_enabled=True,
        )
        self._clients.append(client)
        return client

    async def process(self, kind: str, brought: Replayed | None, death: Death | None) -> Finish | None:
        """Drive the run until its end, or until this process dies (None)."""
        dead = asyncio.Event()
        client = self._client(dead, 0.0 if death is None else death.late)
        executor = self.story.executor() if brought is None else brought.executor
        runner = _MortalRunner(
            executor=executor,
            parent=self.story.parent,
            market=await client.market(self.story.ticker) if brought is None else brought.market,
            rules=Rules() if brought is None else brought.rules,
            exchange=client,
            clock=self.clock,
            journal=_DoomedJournal(self.told.journal, death, dead),
            view=NullView(),
            refresh=False,
        )
        runner.killed = dead
        self.told.kinds.append(kind)
        drive = {"run": runner.run, "resume": runner.resume, "recover": lambda: runner.recover("its process died")}[kind]
        driving = asyncio.ensure_future(drive())
        reaper = asyncio.ensure_future(self._reap(dead, driving, 0.0 if death is None else death.lingers))
        try:
            finish = await driving
        except (_Killed, asyncio.CancelledError):
            return None
        except Exception as error:  # noqa: BLE001 - whatever ended it is a finding
            self.told.errors.append(error)
            return None
        finally:
            reaper.cancel()
        self.told.executor = executor
        return finish

    async def _reap(self, dead: asyncio.Event, driving: asyncio.Future[Finish], lingers: float) -> None:
        await dead.wait()
        for _ in range(5):
            await asyncio.sleep(0)  # what was handed out reaches the network
        await asyncio.sleep(lingers)
        driving.cancel()

    def bring(self) -> Replayed:
        """Replay the journal, as another version of the program where the story says so."""
        params = self.story.params
        if self.story.forgetful:
            params = replace(params, timeout_seconds=0.9 * params.timeout_seconds)
        return replay(lambda: make_executor(self.story.algorithm, params), list(self.told.journal.entries))

    def conclude(self, brought: Replayed, finish: Finish) -> ExecutionResult:
        """Measure the run as it stands."""
        return conclude(
            brought.executor,
            finished_at=brought.executor.run.deadline,
            api=ApiUsage(),
            environment="paper",
            source="synthetic",
            seed=None,
            parameters={},
            tags={},
            finish=finish,
        )

    async def settle(self, death: Death | None, wanted: Next) -> Finish | None:
        """Do what `recover` and `executions resume` do with a journal."""
        brought = self.bring()
        finish = brought.executor.finish
        if finish is not None and finish.reason is not Reason.IN_DOUBT:
            self.told.executor = brought.executor
            return finish
        resumes = wanted is Next.RESUME and brought.faithful and finish is None
        return await self.process("resume" if resumes else "recover", brought, death)

    async def tell(self) -> Told:
        """Tell the whole story."""
        told, deaths = self.told, [*self.story.deaths, None]
        finish = await self.process("run", None, deaths[0])
        for before, death in zip(self.story.deaths, deaths[1:], strict=True):
            if finish is None or finish.reason is Reason.IN_DOUBT:
                await self.clock.sleep(seconds(before.away))
                finish = await self.settle(death, before.then)
        for _ in range(3):
            if finish is None or finish.reason is Reason.IN_DOUBT:
                finish = await self.settle(None, Next.RECOVER)
        # Whatever is still on its way arrives.
        await asyncio.gather(*(client.close() for client in self._clients))
        told.exchange.advance(self.clock.now(), [self.story.ticker])
        if finish is not None:
            said = self.bring()
            told.result = self.conclude(said, finish)
            before_again = len(told.journal.entries)
            again = await self.settle(None, Next.RECOVER)
            told.grew = len(told.journal.entries) - before_again
            told.again = None if again is None else self.conclude(self.bring(), again)
        return told


def play(story: Story) -> Told:
    """Tell a story to its end, on virtual time."""

    async def main() -> Told:
        return await _World(story, LoopClock(START, asyncio.get_running_loop())).tell()

    return run_virtual(main())


def wrong(told: Told) -> Iterator[str]:
    """Say what does not add up after a story."""
    yield from (f"raised {error!r}" for error in told.errors)
    executor, result, story = told.executor, told.result, told.story
    if executor is None or result is None:
        yield "has no end"
        return
    if result.finish.reason is Reason.IN_DOUBT:
        yield f"is still in doubt: {result.finish.detail}"
    yield from _wrong_books(told, executor)
    if result.filled + result.unfilled != story.quantity:
        yield f"filled {result.filled} and unfilled {result.unfilled} are not {story.quantity}"
    # Another version cannot tell from the journal that it was settled; what was written down at the end says so.
    if not story.forgetful and (told.grew or told.again != result):
        yield "recovering once more changes something"
    yield from _wrong_writes(told)
    if not story.forgetful and not replay(story.executor, told.journal.entries).faithful:
        yield "the journal does not replay"


def _wrong_books(told: Told, executor: Executor) -> Iterator[str]:
    """Compare our ledger with the exchange's, fill by fill, and look at what rests and at which prices."""
    story, sign = told.story, told.story.parent.side.sign
    position = told.exchange.account.position(story.ticker).quantity * sign
    ours = {fill.fill_id: fill for fill in executor.desk.children.fills}
    theirs = {record.fill.fill_id: record.fill for record in told.exchange.ledger.fills}
    if position > story.quantity:
        yield f"overfilled: {position} of {story.quantity}"
    if ours != theirs:
        yield f"recorded {len(ours)} fills of {sum(fill.quantity for fill in ours.values())}; the exchange has {len(theirs)}"
    if position != sum(fill.quantity for fill in ours.values()):
        yield f"the exchange's position is {position}"
    yield from (f"{order.client_id} rests" for order in told.exchange.ledger.resting(story.ticker).values())
    cap = executor.desk.cap
    if cap is None:
        return
    leg, grid = executor.run.space.leg(cap), executor.run.market.grid
    for order in told.exchange.ledger.orders():
        if (order.price - leg) * sign > 0:
            yield f"{order.client_id} is beyond the cap"
        if order.price not in grid:
            yield f"{order.client_id} is off the grid"


def _wrong_writes(told: Told) -> Iterator[str]:
    """A recovery decides no create and no amend, and lets none out; what takes at once is never sent twice."""
    recovering = False
    taking: set[str] = set()
    for event, intents in told.journal.entries:
        for intent in intents:
            if isinstance(intent, SubmitOrder) and intent.time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL:
                if intent.client_id in taking:
                    yield f"{intent.client_id} takes, and was sent twice"
                taking.add(intent.client_id)
        recovering = (recovering or isinstance(event, Recovering)) and not isinstance(event, Resumed)
        if recovering and any(isinstance(intent, SubmitOrder | AmendOrder) for intent in intents):
            yield "a recovery decided to send an order"
    for kind, sent in zip(told.kinds, told.sent, strict=True):
        if kind == "recover" and set(sent) - {"cancel"}:
            yield f"a recovery sent {sent}"
