import pytest

from depthwalk.domain.units import Duration, Instant
from depthwalk.errors import StorageError, UsageError
from depthwalk.paper.journal import STANDSTILL, footprint
from tests.support.kept import ORDERS, SECOND, TICKERS, MemoryLog, World, create_body
from tests.support.paper import START


def test_any_beginning_of_the_log_is_the_past(subtests: pytest.Subtests) -> None:
    """A copy of the log made at any commit answers as the exchange did right after that command."""
    world = World()
    past = []
    for number in range(8):
        world.now = Instant(world.now + 3 * SECOND)
        ticker = TICKERS[number % 3]
        body = create_body(ticker, "bid" if number % 2 else "ask", 60 + number, 20, client_order_id=f"dw-{number}")
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
        world.ask(f"POST {ORDERS}", body=create_body())
    assert before == world.seen()
    world.log.full = False
    assert world.ask(f"POST {ORDERS}", body=create_body())[0] == 201
    world.start()
    assert [1, 1] == [len(world.order_ids()), len(world.log.lines)]


def _resting_at_the_best(world: World) -> None:
    """Join the best bid of the busiest market."""
    best = world.exchange.listing(world.now, TICKERS[0]).book.book().bids[0][0] // 100
    world.ask(f"POST {ORDERS}", body=create_body(cents=best, count=1))
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
    world.ask(f"POST {ORDERS}", body=create_body(cents=99, count=3))
    expiry = START // SECOND + 60
    world.ask(f"POST {ORDERS}", body=create_body(cents=10, expiration_time=expiry))
    world.ask(f"POST {ORDERS}", body=create_body(cents=11))
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
    world.ask(f"POST {ORDERS}", body=create_body(cents=50))
    world.kept.checkpoint()
    seen = world.seen()
    for state in (b"", b"nonsense", b"\x80\x04K\x07.", world.log.state[1][:100]):
        world.log.state = (1, state)
        world.start()
        assert seen == world.seen()


def test_a_start_from_a_checkpoint_replays_only_what_followed() -> None:
    """Entries before it are not looked at."""
    world = World()
    world.ask(f"POST {ORDERS}", body=create_body(cents=50))
    world.kept.checkpoint()
    world.ask(f"POST {ORDERS}", body=create_body(cents=51))
    seen = world.seen()
    world.log.lines[0] = (START, "unknown", "", b"", "another story")
    world.start()
    assert seen == world.seen()


def test_another_story_is_found_out() -> None:
    """Entries that no longer lead where they did are refused, and so is a command nobody knows."""
    world = World()
    world.ask(f"POST {ORDERS}", body=create_body(cents=50))
    world.ask(f"POST {ORDERS}", body=create_body(cents=51))
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
                world.ask(f"POST {ORDERS}", body=create_body(ticker, cents=cents, count=40))
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
    assert world.ask(f"POST {ORDERS}", body=create_body(cents=50))[0] == 201
    world.now = Instant(START + 90 * SECOND)
    seen = world.seen()
    world.start()
    assert seen == world.seen()
