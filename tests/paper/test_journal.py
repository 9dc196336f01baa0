import json
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from depthwalk.domain.units import Duration, Instant
from depthwalk.errors import DepthwalkError, StorageError, UsageError
from depthwalk.paper.account_routes import ACCOUNT_ROUTES
from depthwalk.paper.build import other_books, synthetic_exchange
from depthwalk.paper.calls import Call
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.journal import STANDSTILL, KeptExchange, footprint, resumed
from depthwalk.paper.public_routes import PUBLIC_ROUTES
from tests.support.paper import START

SEED = 11
TICKERS = ("PAPER-LIQUID", "PAPER-MODERATE", "PAPER-THIN")
ROUTES = {route.name: route for route in (*PUBLIC_ROUTES, *ACCOUNT_ROUTES)}
ORDERS = "/portfolio/events/orders"
SECOND = 1_000_000

# Everything that tells one state from another, public and private.
READS = [
    ("GET /portfolio/orders", {}, {"limit": "1000"}),
    ("GET /portfolio/fills", {}, {"limit": "1000"}),
    ("GET /portfolio/positions", {}, {}),
    ("GET /portfolio/balance", {}, {}),
    ("GET /portfolio/orders/queue_positions", {}, {"market_tickers": ",".join(TICKERS)}),
    ("GET /markets/trades", {}, {"limit": "1000"}),
    ("GET /exchange/user_data_timestamp", {}, {}),
    *(("GET /markets/{ticker}/orderbook", {"ticker": ticker}, {}) for ticker in TICKERS),
]


class KilledError(Exception):
    """The process is gone, at once."""


@dataclass
class MemoryLog:
    """A log that outlives the exchange; it can be full, and the process can die on either side of a commit."""

    lines: list[tuple[Instant, str, str, bytes, str]] = field(default_factory=list)
    state: tuple[int, bytes] | None = None
    full: bool = False
    dies: str = ""

    def append(self, at: Instant, what: str, order_id: str, body: bytes, before: str) -> None:
        if self.full:
            raise StorageError("the disk is full")
        if self.dies == "before":
            raise KilledError
        self.lines.append((at, what, order_id, body, before))
        if self.dies == "after":
            raise KilledError

    def entries(self, after: int) -> list[tuple[Instant, str, str, bytes, str]]:
        return self.lines[after:]

    def checkpoint(self, state: bytes) -> None:
        self.state = (len(self.lines), state)

    def latest(self) -> tuple[int, bytes] | None:
        return self.state


def _fresh() -> PaperExchange:
    exchange = synthetic_exchange(SEED, START, ids=random.Random(1))
    exchange.advance(START)
    return exchange


def _books(at: Instant) -> dict[str, object]:
    return other_books(SEED, at)


@dataclass
class World:
    """A kept exchange, its log and its time."""

    log: MemoryLog = field(default_factory=MemoryLog)
    now: Instant = START
    kept: KeptExchange = field(init=False)
    exchange: PaperExchange = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """(Re)start from what the log has."""
        self.exchange = resumed(self.log, _fresh, _books)
        self.kept = KeptExchange(self.exchange, self.log, _books)

    def ask(self, name: str, path: dict[str, str] | None = None, body: object = None, **query: str) -> object:
        """Send a call and return the reply, or the words of the refusal."""
        call = Call(
            exchange=self.exchange,
            now=self.now,
            path=path or {},
            query=QueryParams(query),
            body=b"" if body is None else json.dumps(body).encode(),
        )
        try:
            reply = self.kept.carry_out(ROUTES[name], call)
        except StorageError:
            raise
        except DepthwalkError as error:
            return error.message
        return reply.status, reply.body

    def seen(self) -> list[object]:
        """Read everything there is to read."""
        return [self.ask(name, path, **query) for name, path, query in READS]

    def order_ids(self) -> list[str]:
        return [order.order_id for order in self.exchange.ledger.orders()]


def _create(ticker: str = TICKERS[0], side: str = "bid", cents: int = 99, count: int = 5, **more: object) -> dict[str, object]:
    return {
        "ticker": ticker,
        "side": side,
        "count": f"{count}.00",
        "price": f"0.{cents:02}00",
        "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "taker_at_cross",
        **more,
    }


creates = st.builds(
    lambda body, client, life: {
        **body,
        **({} if client is None else {"client_order_id": f"dw-{client}"}),
        **({} if life is None else {"expiration_time": START // SECOND + life}),
    },
    st.builds(_create, st.sampled_from(TICKERS), st.sampled_from(["bid", "ask"]), st.integers(40, 90), st.integers(1, 60)),
    st.none() | st.integers(0, 5),
    st.none() | st.integers(1, 90),
)
which = st.integers(0, 9)
commands = st.one_of(
    st.tuples(st.just("create"), creates),
    st.tuples(st.just("create"), creates),
    st.tuples(st.just("create"), creates),
    st.tuples(st.just("amend"), st.tuples(which, st.integers(40, 90), st.integers(1, 80))),
    st.tuples(st.just("decrease"), st.tuples(which, st.integers(1, 10))),
    st.tuples(st.just("cancel"), which),
    st.tuples(st.just("batch"), which),
    st.tuples(st.just("all"), st.none()),
    st.tuples(st.just("nonsense"), st.none()),
)
gaps = st.integers(0, 8 * SECOND) | st.just(0) | st.just(STANDSTILL + 1)
disturbances = st.lists(
    st.sampled_from(["restart", "checkpoint", "look", "tick", "look at one", "die before", "die after"]), max_size=3
)
steps = st.lists(st.tuples(gaps, commands, disturbances), min_size=1, max_size=8)


def _command(world: World, kind: str, given: object) -> object:
    ids = world.order_ids()

    def named(number: int) -> dict[str, str]:
        return {"order_id": ids[number % len(ids)] if ids else "unknown"}

    match kind, given:
        case "create", dict(body):
            return world.ask(f"POST {ORDERS}", body=body)
        case "amend", (int(number), int(cents), int(total)):
            order = world.exchange.ledger.by_id(named(number)["order_id"])
            body = {
                "ticker": order.ticker if order else TICKERS[0],
                "side": order.side.value if order else "bid",
                "price": f"0.{cents}00",
                "count": f"{total}.00",
            }
            return world.ask(f"POST {ORDERS}/{{order_id}}/amend", named(number), body)
        case "decrease", (int(number), int(count)):
            return world.ask(f"POST {ORDERS}/{{order_id}}/decrease", named(number), {"reduce_by": f"{count}.00"})
        case "cancel", int(number):
            return world.ask(f"DELETE {ORDERS}/{{order_id}}", named(number))
        case "batch", int(number):
            return world.ask(f"DELETE {ORDERS}/batched", body={"orders": [named(number), named(number + 1)]})
        case "all", None:
            return world.ask(f"DELETE {ORDERS}")
        case _:
            return world.ask(f"POST {ORDERS}", body={"ticker": 7})


@settings(max_examples=15)
@given(steps)
def test_a_restarted_exchange_is_the_one_that_never_was(steps: list[tuple[int, tuple[str, object], list[str]]]) -> None:
    """However often it dies, on either side of a commit too, and whoever looks in between: every reply is the same."""
    steady, restarted = World(), World()
    for gap, (kind, given_), disturbed in steps:
        for world in (steady, restarted):
            world.now = Instant(world.now + gap)
            world.kept.tick(world.now)
        died = False
        for disturbance in disturbed:
            match disturbance:
                case "restart":
                    restarted.start()
                case "checkpoint":
                    restarted.kept.checkpoint()
                case "look":
                    restarted.seen()
                case "tick":
                    restarted.kept.tick(restarted.now)
                case "look at one":
                    restarted.ask("GET /markets/{ticker}/orderbook", {"ticker": TICKERS[2]})
                case _ if not died:
                    died = disturbance == "die after"
                    restarted.log.dies = disturbance.removeprefix("die ")
                    with pytest.raises(KilledError):
                        _command(restarted, kind, given_)
                    restarted.log.dies = ""
                    restarted.start()
        replied = _command(steady, kind, given_)
        if not died:
            assert replied == _command(restarted, kind, given_)
        later = Instant(restarted.now + gap // 2 % (5 * SECOND))
        if disturbed:
            restarted.now = later
            restarted.seen()
        steady.now = restarted.now = later
        assert steady.seen() == restarted.seen()
    restarted.start()
    assert steady.seen() == restarted.seen()


def test_any_beginning_of_the_log_is_the_past(subtests: pytest.Subtests) -> None:
    """A copy of the log made at any commit answers as the exchange did right after that command."""
    world = World()
    past = []
    for number in range(8):
        world.now = Instant(world.now + 3 * SECOND)
        ticker = TICKERS[number % 3]
        body = _create(ticker, "bid" if number % 2 else "ask", 60 + number, 20, client_order_id=f"dw-{number}")
        world.ask(f"POST {ORDERS}", body=body)
        past.append((len(world.log.lines), world.now, world.seen()))
    assert world.exchange.ledger.fills
    for length, now, seen in past:
        with subtests.test(length=length):
            copy = World(log=MemoryLog(lines=world.log.lines[:length]), now=now)
            assert seen == copy.seen()


def test_what_cannot_be_kept_is_not_done() -> None:
    """With a full log a command is refused and changes nothing; looking at what stands still works; later it is done."""
    world = World()
    before = world.seen()
    world.log.full = True
    with pytest.raises(StorageError):
        world.ask(f"POST {ORDERS}", body=_create())
    assert before == world.seen()
    world.log.full = False
    assert world.ask(f"POST {ORDERS}", body=_create())[0] == 201
    world.start()
    assert [1, 1] == [len(world.order_ids()), len(world.log.lines)]


def _resting_at_the_best(world: World) -> None:
    """Join the best bid of the busiest market."""
    best = world.exchange.listing(world.now, TICKERS[0]).book.book().bids[0][0] // 100
    world.ask(f"POST {ORDERS}", body=_create(cents=best, count=1))
    assert [1, 0] == [len(world.order_ids()), len(world.exchange.ledger.fills)]


def _until_a_fill(world: World) -> None:
    """Look at the fills every second until there is one."""
    for _ in range(600):
        world.now = Instant(world.now + SECOND)
        world.ask("GET /portfolio/fills")
        if world.exchange.ledger.fills:
            return


def test_a_fill_that_was_shown_has_happened() -> None:
    """A reply with an own fill leaves only once its time is written: a restart under an earlier clock still has it."""
    world = World()
    _resting_at_the_best(world)
    before = world.now
    _until_a_fill(world)
    assert ["POST " + ORDERS, "mark"] == [line[1] for line in world.log.lines]
    fills = world.ask("GET /portfolio/fills")
    world.now = before
    world.start()
    assert fills == world.ask("GET /portfolio/fills")


def test_a_fill_that_cannot_be_kept_is_not_shown() -> None:
    """While the log is full, a reply that would show a new fill is refused."""
    world = World()
    _resting_at_the_best(world)
    world.log.full = True
    with pytest.raises(StorageError):
        _until_a_fill(world)
    assert world.exchange.ledger.fills
    assert ["POST " + ORDERS] == [line[1] for line in world.log.lines]


def test_after_a_standstill_the_markets_reopen() -> None:
    """Nothing traded meanwhile: an order expired at its time, another ended at the reopening, cash and position stand."""
    world = World()
    world.ask(f"POST {ORDERS}", body=_create(cents=99, count=3))
    expiry = START // SECOND + 60
    world.ask(f"POST {ORDERS}", body=_create(cents=10, expiration_time=expiry))
    world.ask(f"POST {ORDERS}", body=_create(cents=11))
    cash, position = world.exchange.account.cash, world.exchange.account.position(TICKERS[0])
    world.start()
    world.now = Instant(START + STANDSTILL + Duration(1))
    seen = world.seen()
    orders = world.exchange.ledger.orders()
    assert [("executed", "canceled", "canceled"), expiry * SECOND, world.now] == [
        tuple({"FILLED": "executed"}.get(one.status.name, one.status.name.lower()) for one in orders),
        orders[1].updated_at,
        orders[2].updated_at,
    ]
    assert (cash, position) == (world.exchange.account.cash, world.exchange.account.position(TICKERS[0]))
    assert world.exchange.listing(world.now, TICKERS[0]).book.book().bids
    world.start()
    assert seen == world.seen()


def test_a_checkpoint_that_cannot_be_read_costs_time_and_nothing_else() -> None:
    """Damaged or of another kind: everything is replayed from the beginning."""
    world = World()
    world.ask(f"POST {ORDERS}", body=_create(cents=50))
    world.kept.checkpoint()
    seen = world.seen()
    for state in (b"", b"nonsense", b"\x80\x04K\x07.", world.log.state[1][:100]):
        world.log.state = (1, state)
        world.start()
        assert seen == world.seen()


def test_a_start_from_a_checkpoint_replays_only_what_followed() -> None:
    """Entries before it are not looked at."""
    world = World()
    world.ask(f"POST {ORDERS}", body=_create(cents=50))
    world.kept.checkpoint()
    world.ask(f"POST {ORDERS}", body=_create(cents=51))
    seen = world.seen()
    world.log.lines[0] = (START, "unknown", "", b"", "another story")
    world.start()
    assert seen == world.seen()


def test_another_story_is_found_out() -> None:
    """Entries that no longer lead where they did are refused, and so is a command nobody knows."""
    world = World()
    world.ask(f"POST {ORDERS}", body=_create(cents=50))
    world.ask(f"POST {ORDERS}", body=_create(cents=51))
    assert "1 placed, 1 resting, 0 fills, cash 10000000000" == world.log.lines[1][4]
    first = world.log.lines[0]
    world.log.lines[0] = (first[0], first[1], first[2], b"{}", first[4])
    with pytest.raises(UsageError, match="another end"):
        world.start()
    world.log.lines[0] = (first[0], "POST /unknown", *first[2:])
    with pytest.raises(UsageError, match="does not know"):
        world.start()
    world.log.lines[0] = first
    world.start()
    assert footprint(world.exchange).startswith("2 placed")


def test_fills_of_several_markets_are_listed_by_their_time() -> None:
    """Whoever looks once, late, sees the list of one who looked all the time."""
    often, once = World(), World()
    for world in (often, once):
        for ticker in TICKERS[:2]:
            best = world.exchange.listing(world.now, ticker).book.book().bids[0][0] // 100
            for cents in range(best - 2, best + 1):
                world.ask(f"POST {ORDERS}", body=_create(ticker, cents=cents, count=40))
    for _ in range(120):
        often.now = Instant(often.now + SECOND)
        often.kept.tick(often.now)
    once.now = often.now
    fills = once.ask("GET /portfolio/fills", limit="1000")
    assert fills == often.ask("GET /portfolio/fills", limit="1000")
    filled = once.exchange.ledger.fills
    assert set(TICKERS[:2]) == {record.ticker for record in filled}
    assert [record.ticker for record in filled] != sorted(record.ticker for record in filled)


def test_a_command_under_a_clock_set_back_stays_where_it_was() -> None:
    """It counts as simultaneous with the latest look, and does so after a restart, too."""
    world = World()
    world.now = Instant(START + 60 * SECOND)
    world.ask("GET /portfolio/orders")
    world.now = Instant(START + 30 * SECOND)
    assert world.ask(f"POST {ORDERS}", body=_create(cents=50))[0] == 201
    world.now = Instant(START + 90 * SECOND)
    seen = world.seen()
    world.start()
    assert seen == world.seen()
