"""The public trades on their way from the exchange to an executor: each once, the account's own left out, never in the way."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depthwalk.clock import LoopClock
from depthwalk.domain.messages import BookChanged, Event, FeedLost, Look, PublicTrade, SubmitOrder, TapeRead, Woke
from depthwalk.domain.order import Side, TimeInForce
from depthwalk.domain.units import Duration, Instant, Price, Quantity, seconds
from depthwalk.executors.children import Children
from depthwalk.executors.simple_limit import LimitRule, SimpleLimit, SimpleLimitParams
from depthwalk.kalshi.client import KalshiClient
from depthwalk.kalshi.environments import PAPER_URL
from depthwalk.kalshi.signing import Credentials
from depthwalk.kalshi.throttle import Throttle
from depthwalk.paper.app import create_app
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.fault_plan import FaultPlan
from depthwalk.paper.faults import FaultTransport
from depthwalk.runtime.readings import Readings
from depthwalk.runtime.replay import replay
from depthwalk.runtime.tape import Tape
from depthwalk.runtime.virtual_time import run_virtual
from depthwalk.storage import codec
from depthwalk.wire.trades import Trade
from tests.support.faults import Call, check, events, scripted, since_start
from tests.support.kalshi_client import CountingKey
from tests.support.paper import START, TICKER, at, book, exchange
from tests.support.paper_run import PaperRun, paper_run
from tests.support.venue import parent

KEY = CountingKey()


def trade(name: str, after: float, *, is_block: bool = False) -> Trade:
    """Return a trade of others, so many seconds after START."""
    price, quantity = Price(5_000), Quantity(100)
    return Trade(trade_id=name, ticker=TICKER, price=price, quantity=quantity, taker=Side.SELL, at=at(after), is_block=is_block)


@dataclass
class Scene:
    """A tape on a paper exchange of one market, 50 contracts offered at 60 cents, and what it has posted."""

    venue: PaperExchange
    clock: LoopClock
    client: KalshiClient
    tape: Tape
    posted: list[Event] = field(default_factory=list)

    def print(self, *trades: Trade) -> None:
        """Put trades of others on the tape."""
        self.venue.listings[TICKER].tape.extend(trades)

    async def until(self, after: float) -> None:
        """Wait until so many seconds after START."""
        await self.clock.sleep(seconds(max(0.0, after - (self.clock.now() - START) / 1_000_000)))

    async def buy(self, contracts: int) -> None:
        """Take contracts at 60 cents."""
        market = await self.client.market(TICKER)
        order = SubmitOrder(
            client_id=f"by-hand-{contracts}",
            split=0,
            side=Side.BUY,
            price=Price(6_000),
            quantity=Quantity(100 * contracts),
            time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
        )
        assert order.quantity == (await self.client.submit(market, order)).filled

    @property
    def read(self) -> list[list[str]]:
        """The ids of every reading."""
        return [[each.trade_id for each in event.trades] for event in self.posted if isinstance(event, TapeRead)]


def scene(story: Callable[[Scene], Awaitable[None]], *, lag: float = 0.0) -> Scene:
    """Tell a story; what is read of the account is up to *lag* seconds old."""

    async def main() -> Scene:
        clock = LoopClock(START, asyncio.get_running_loop())
        venue = exchange(book([(40, 50)], [(60, 50)]))
        plan = FaultPlan(writes=0, reads=0, lag_seconds=lag)
        app = httpx.ASGITransport(app=create_app(venue, clock, {"paper": KEY.key.public_key()}))
        client = KalshiClient(
            base_url=PAPER_URL,
            transport=FaultTransport(app, plan, clock, exchange=venue),
            credentials=Credentials("paper", KEY.load),
            clock=clock,
            throttle=Throttle(),
            rng=random.Random(7),
            writes_enabled=True,
        )
        market, posted = await client.market(TICKER), []
        await client.resting_orders(TICKER)  # from the first look at the orders on, data may be old
        readings = Readings(
            exchange=client,
            clock=clock,
            parent=parent(),
            market=market,
            since=START,
            children=Children(Quantity(10_000)),
            post=posted.append,
            busy=lambda: False,
            explain=lambda: asyncio.sleep(0),
        )
        tape = Tape(exchange=client, clock=clock, ticker=TICKER, readings=readings, post=posted.append)
        told = Scene(venue, clock, client, tape, posted)
        try:
            await story(told)
        finally:
            await client.close()
        return told

    return run_virtual(main())


# --- what is on it --------------------------------------------------------------------------------------------------


def test_trades_come_oldest_first_and_once() -> None:
    """The first reading has those since the start, the next only what came since; none is an empty reading."""

    async def story(told: Scene) -> None:
        told.print(trade("before", -2), trade("a", 1.5), trade("c", 3.0), trade("b", 2.0))
        await told.until(4)
        await told.tape.look()
        told.print(trade("d", 3.0))
        await told.until(8)
        await told.tape.look()
        await told.tape.look()

    told = scene(story)
    assert [["a", "b", "c"], ["d"], []] == told.read
    first = told.posted[0]
    assert isinstance(first, TapeRead)
    assert PublicTrade(trade_id="a", at=at(1.5), price=Price(5_000), quantity=Quantity(100), taker=Side.SELL) == first.trades[0]


def test_block_trades_are_left_out() -> None:
    """They are agreed elsewhere and do not touch the book."""

    async def story(told: Scene) -> None:
        told.print(trade("a", 1.5), trade("block", 2, is_block=True))
        await told.until(4)
        await told.tape.look()

    assert [["a"]] == scene(story).read


def test_the_account_is_not_the_market() -> None:
    """Whatever the account trades is left out, also by an order that is not of this run."""

    async def story(told: Scene) -> None:
        await told.until(2)
        await told.buy(3)
        told.print(trade("other", 2.5))
        await told.until(4)
        await told.tape.look()

    told = scene(story)
    assert ["other"] == told.read[0]
    assert 2 == len(told.venue.listings[TICKER].tape)


def test_a_trade_waits_until_it_is_known_not_to_be_ours() -> None:
    """The account's data is behind: a trade as new as that may be ours, and comes with the next look, or not at all."""

    async def story(told: Scene) -> None:
        told.print(trade("old", 1))
        await told.tape.look()  # the list of fills of before is what may come again
        await told.until(4)
        await told.buy(3)
        told.print(trade("other", 4))
        await told.until(4.2)
        await told.tape.look()
        await told.until(8)
        await told.tape.look()

    told = scene(story, lag=1.5)
    assert ["old", "other"] == [name for names in told.read for name in names]
    assert "other" in told.read[2]


@settings(deadline=None, max_examples=25)
@given(
    times=st.lists(st.tuples(st.integers(10, 150), st.integers(0, 45)), max_size=25),
    looks=st.lists(st.integers(5, 200), min_size=1, max_size=8, unique=True),
    lag=st.sampled_from([0.0, 1.5]),
)
def test_no_trade_is_lost_and_none_comes_twice(times: list[tuple[int, int]], looks: list[int], lag: float) -> None:
    """Tenths of seconds, many at once; listed late; the account's data late: after a while each was read exactly once."""
    trades = [trade(f"t-{number}", tenths / 10) for number, (tenths, _) in enumerate(times)]
    listings = [(tenths + late, each) for (tenths, late), each in zip(times, trades, strict=True)]

    async def story(told: Scene) -> None:
        steps: list[tuple[int, Trade | None]] = [*listings, *((tenths, None) for tenths in looks)]
        for tenths, printed in sorted(steps, key=lambda step: (step[0], step[1] is None)):
            await told.until(tenths / 10)
            if printed is None:
                await told.tape.look()
            else:
                told.print(printed)
        await told.until(30)
        await told.tape.look()

    read = scene(story, lag=lag).read
    assert sorted(each.trade_id for each in trades) == sorted(name for names in read for name in names)
    assert len(looks) + 1 == len(read)


# --- a run that listens ---------------------------------------------------------------------------------------------


class Listener(SimpleLimit):
    """One order at the own side's best, which listens to the tape every 4 seconds and does nothing with it."""

    def __init__(self) -> None:
        super().__init__(SimpleLimitParams(timeout_seconds=40.0, limit_rule=LimitRule.BID))
        self.heard: list[PublicTrade] = []

    @property
    def cadence(self) -> Duration:
        """Time between two looks."""
        return seconds(4)

    @property
    def look(self) -> Look:
        """The tape and the book."""
        return Look.TAPE

    def read_tape(self, trades: Sequence[PublicTrade]) -> None:
        """Remember them."""
        self.heard += trades


def listen(script: Callable[[Call], Awaitable[httpx.Response]] | None = None, seed: int = 3) -> tuple[PaperRun, Listener]:
    """Return a run that listens, at an exchange that is as *script* says."""
    listener = Listener()
    wrap = scripted(script) if script else lambda inner: inner
    return paper_run(listener, ticker="PAPER-LIQUID", quantity=2_000, seed=seed, wrap=wrap), listener


def printed(run: PaperRun, since: Instant, until: Instant) -> list[str]:
    """Return the ids of the trades of others on the exchange's tape between two times."""
    ours = {record.fill.fill_id for record in run.exchange.ledger.fills}
    tape = run.exchange.listings["PAPER-LIQUID"].tape
    return [each.trade_id for each in tape if since <= each.at <= until and each.trade_id not in ours]


@pytest.mark.parametrize("seed", [1, 3, 4])
def test_a_run_hears_every_trade_but_its_own(seed: int) -> None:
    """In each look first the trades, then the book; from the run's start to its last look none is missing."""
    run, listener = listen(seed=seed)
    check(run)
    order = [event for event, _ in run.journal.entries if isinstance(event, TapeRead | BookChanged | Woke)]
    looks = [n for n, event in enumerate(order) if isinstance(event, Woke) and event.look is Look.TAPE]
    assert looks
    for number in looks:
        assert [TapeRead, BookChanged] == [type(event) for event in order[number - 2 : number]]
    heard = [each.trade_id for each in listener.heard]
    last = [event.at for event in order if isinstance(event, TapeRead)][-1]
    # Where the run begins is known to a second, and what was traded while the last was read is not.
    surely = printed(run, Instant(run.executor.run.started_at + seconds(1)), Instant(last - seconds(1)))
    perhaps = printed(run, Instant(run.executor.run.started_at - seconds(1)), last)
    assert len(surely) > 3
    assert set(surely) <= set(heard) <= set(perhaps)
    assert len(heard) == len(set(heard))
    assert run.exchange.ledger.fills


def test_what_was_heard_is_in_the_journal() -> None:
    """Stored and read, the journal leads a fresh executor to the same place, with the same trades in its ears."""
    run, listener = listen()
    entries = []
    for event, answer in run.journal.entries:
        book_seen = event.book if isinstance(event, BookChanged) else None
        stored, intents = codec.encode_message(event), [codec.encode_message(intent) for intent in answer]
        entries.append((codec.decode_message(*stored, book_seen), tuple(codec.decode_message(*each, None) for each in intents)))
    again: list[Listener] = []

    def make() -> Listener:
        again.append(Listener())
        return again[-1]

    assert replay(make, entries).faithful
    assert listener.heard
    assert listener.heard == again[0].heard


# --- a tape that cannot be read -------------------------------------------------------------------------------------


def _is_tape(call: Call) -> bool:
    return call.request.url.path.endswith("/markets/trades")


@pytest.mark.parametrize("how", ["refused", "lost", "hanging"])
def test_a_tape_that_fails_stops_nothing(how: str, caplog: pytest.LogCaptureFixture) -> None:
    """From 6 to 20 seconds it cannot be read: every look has its book, the log says it once, and later all trades come."""

    async def script(call: Call) -> httpx.Response:
        if _is_tape(call) and 6 < call.at < 20:
            if how == "refused":
                return call.answer(503, {})
            if how == "lost":
                call.lose()
            await asyncio.sleep(60)
        return await call.forward()

    with caplog.at_level(logging.INFO, logger="depthwalk.runtime.tape"):
        run, listener = listen(script)
    check(run)
    assert [] == events(run, FeedLost)
    assert ["WARNING", "INFO"] == [record.levelname for record in caplog.records if record.name == "depthwalk.runtime.tape"]
    read = [since_start(event) for event in events(run, TapeRead)]
    assert not [after for after in read if 6 < after < 20]
    during = [since_start(event) for event in events(run, BookChanged) if 6 < since_start(event) < 20]
    assert len(during) >= 2
    last = events(run, TapeRead)[-1].at
    surely = printed(run, Instant(run.executor.run.started_at + seconds(1)), Instant(last - seconds(1)))
    assert set(surely) <= {each.trade_id for each in listener.heard}


def test_a_tape_without_the_accounts_fills_waits() -> None:
    """How new the fills are cannot be read for a while: the trades wait, and come when it can."""

    async def script(call: Call) -> httpx.Response:
        if call.freshness and call.at < 20:
            call.lose()
        return await call.forward()

    run, listener = listen(script)
    check(run)
    assert all(since_start(event) > 20 or not event.trades for event in events(run, TapeRead))
    assert listener.heard
    assert min(each.at for each in listener.heard) < run.executor.run.started_at + seconds(10)
