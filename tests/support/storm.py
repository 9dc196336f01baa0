"""The scenes of the storm: a market, an order, parameters, weather and what others do meanwhile, all drawn from one seed.

What must hold afterwards is the test's business (`runtime/test_storm.py`).
"""

import contextlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from depthwalk.domain.book import Book
from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.market import FeeSchedule, MarketStatus
from depthwalk.domain.order import Action, Outcome, Side, TimeInForce
from depthwalk.domain.units import ONE, Instant, Price, Quantity, seconds
from depthwalk.errors import ExchangeError
from depthwalk.executors.registry import ALGORITHMS, make_executor
from depthwalk.executors.state import BaseParams
from depthwalk.paper.build import synthetic_exchange
from depthwalk.paper.exchange import PaperExchange
from depthwalk.paper.fault_plan import CallFault, Calls, FaultKind, FaultPlan, TimedFault
from depthwalk.paper.faults import FaultTransport, Happening
from depthwalk.paper.listing import Listing
from depthwalk.paper.shadow import ShadowBook
from depthwalk.wire.markets import MarketRecord
from depthwalk.wire.orders import CreateBody
from tests.support.faults import old_books, stormy
from tests.support.paper_run import START, Meddle, PaperRun, paper_run
from tests.support.parameters import drawn_parameters

COMBINATIONS = [(name, o, a) for name in ALGORITHMS for o in Outcome for a in Action]

RECORDED = "RECORDED-1"
"""A market whose rows are played, with rows among them that nobody should trade on."""

FOREIGN = "someone-else"
"""What the client ids of the account's other orders begin with."""

_SYNTHETIC = ("PAPER-THIN", "PAPER-MODERATE", "PAPER-LIQUID")
_COARSER = {"deci_cent": "linear_cent", "tapered_deci_cent": "linear_cent", "linear_cent": "center_half_edge_half_cent"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One run of the storm, all of it drawn from its seed. *when*: when somebody meddles; *old*: when books are old ones."""

    seed: int
    algorithm: str
    params: BaseParams
    outcome: Outcome
    action: Action
    ticker: str
    structure: str
    quantity: int
    weather: FaultPlan
    meddler: str
    when: float
    old: tuple[float, float] | None


def draw(seed: int, algorithm: str, outcome: Outcome, action: Action) -> Scene:
    """Draw a scene; most horizons are short, as the end game is where most can go wrong, a few outlive an order's expiry."""
    rng = Random(seed)
    lasts = rng.choices((6.0, 12.0, 30.0, 200.0), (8, 8, 8, 1))[0]
    params = drawn_parameters(
        algorithm,
        rng,
        timeout_seconds=(lasts,),
        max_slippage=(0.0, 0.025, 0.1),
        walk_interval_seconds=(1.0, 2.0, 4.0) if lasts < 100 else (10.0,),
    )
    when = rng.uniform(0.0, lasts)
    begins = rng.uniform(0.0, lasts)
    return Scene(
        seed=seed,
        algorithm=algorithm,
        params=params,
        outcome=outcome,
        action=action,
        ticker=rng.choice((*_SYNTHETIC, RECORDED, RECORDED)),
        structure=rng.choice(list(_COARSER)),
        quantity=rng.choice((1, 100, 1_000, 6_000, 12_345, 20_000)),
        weather=_weather(rng, seed + 1, lasts),
        meddler=rng.choice((*("nobody",) * 6, "stop", "cancel elsewhere", "coarser grid", "other orders", "other orders")),
        when=when,
        old=(begins, begins + rng.uniform(1.0, 15.0)) if rng.random() < 0.15 else None,
    )


def _weather(rng: Random, seed: int, lasts: float) -> FaultPlan:
    """Draw the weather of all passing faults, and in every other run one that ends it or lasts."""
    at, fault = rng.uniform(0.5, lasts), rng.choice(list(FaultKind))
    calls: tuple[CallFault, ...] = ()
    times: tuple[TimedFault, ...] = ()
    lasting = (FaultKind.TRADING_PAUSE, FaultKind.EXCHANGE_PAUSE, FaultKind.MARKET_CLOSE, FaultKind.GRID_CHANGE)
    match rng.randrange(8):
        case 0:
            times = (TimedFault(at=at, fault=rng.choice(lasting), seconds=rng.uniform(1.0, 12.0)),)
        case 1:
            times = (TimedFault(at=at, fault=FaultKind.THROTTLED, seconds=rng.uniform(0.5, 8.0)),)
        case 2:
            times = (TimedFault(at=at, fault=FaultKind.CLOCK_SKEW, seconds=rng.uniform(0.5, 4.0)),)
        case 3:
            calls = (CallFault(call=Calls.CREATE, number=rng.randint(1, 3), fault=FaultKind.UNFUNDED),)
        case 4:
            sort = rng.choice((Calls.CREATE, Calls.CANCEL, Calls.AMEND))
            calls = tuple(CallFault(call=sort, number=n, fault=fault) for n in (1, 2) if fault is not FaultKind.UNFUNDED)
        case _:
            pass
    return FaultPlan(
        seed=seed,
        writes=rng.choice((0.0, 0.05, 0.2, 0.4)),
        reads=rng.choice((0.0, 0.02, 0.1, 0.25)),
        lag_seconds=rng.choice((0.0, 0.4, 2.0)),
        calls=calls,
        times=times,
    )


# --- the market -----------------------------------------------------------------------------------------------------


def venue(scene: Scene) -> PaperExchange:
    """Return the exchange of a scene."""
    if scene.ticker != RECORDED:
        return synthetic_exchange(scene.seed, START)
    rng = Random(f"{scene.seed}/rows")
    terms = MarketRecord(
        ticker=RECORDED,
        event_ticker="RECORDED",
        status=MarketStatus.ACTIVE,
        grid=STRUCTURES[scene.structure],
        close_time=Instant(START + seconds(scene.when + 12.0)) if rng.random() < 0.05 else None,
        title="Rows of all kinds",
    )
    listing = Listing(terms=terms, fees=FeeSchedule(), series_ticker="RECORDED", book=ShadowBook(_rows(rng)), opened_at=START)
    return PaperExchange([listing], ids=Random(f"{scene.seed}/ids"), source="replay")


def _rows(rng: Random) -> list[tuple[Instant, Book]]:
    """Draw rows two seconds apart: a price that wanders and jumps; now and then nothing to trade on for a while."""
    bid, rows, kind = rng.randint(10, 85), [], "sound"
    for number in range(40):
        bid = max(3, min(92, bid + rng.choice((-1, 0, 0, 0, 1)) + rng.choice((0,) * 12 + (-8, 8))))
        if kind == "sound" or rng.random() < 0.4:
            kind = rng.choice(("sound",) * 16 + ("crossed", "locked", "empty", "bids only", "asks only"))
        ask = {"crossed": bid - 2, "locked": bid}.get(kind, bid + rng.randint(1, 4))
        bids = [] if kind in ("empty", "asks only") else [_level(bid - k, rng) for k in range(3) if bid > k]
        asks = [] if kind in ("empty", "bids only") else [_level(ask + k, rng) for k in range(3) if ask + k < 100]
        rows.append((Instant(START + seconds(2.0 * number)), Book.of_levels(bids=bids, asks=asks)))
    return rows


def _level(cents: int, rng: Random) -> tuple[Price, Quantity]:
    return Price(100 * cents), Quantity(100 * rng.randint(1, 80))


# --- what others do -------------------------------------------------------------------------------------------------


def meddling(scene: Scene) -> Meddle | None:
    """Return what happens from outside while the run goes on."""

    async def stop(run: PaperRun) -> None:
        await run.clock.sleep(seconds(scene.when))
        run.runner.stop("Ctrl-C")

    async def cancel_elsewhere(run: PaperRun) -> None:
        await run.clock.sleep(seconds(scene.when))
        for _ in range(3):
            if run.exchange.exchange_active:
                run.exchange.cancel_all(run.clock.now())
            await run.clock.sleep(seconds(1.5))

    async def coarser_grid(run: PaperRun) -> None:
        await run.clock.sleep(seconds(scene.when))
        listing = run.exchange.listing(run.clock.now(), scene.ticker)
        listing.terms = replace(listing.terms, grid=STRUCTURES["linear_cent"])

    async def other_orders(run: PaperRun) -> None:
        rng = Random(f"{scene.seed}/others")
        for number in range(6):
            _place_another(run, scene, rng, f"{FOREIGN}-{number}")
            await run.clock.sleep(seconds(rng.uniform(0.2, 5.0)))

    ways: dict[str, Callable[[PaperRun], object]] = {
        "stop": stop,
        "cancel elsewhere": cancel_elsewhere,
        "coarser grid": coarser_grid,
        "other orders": other_orders,
    }
    return ways.get(scene.meddler)


def _place_another(run: PaperRun, scene: Scene, rng: Random, name: str) -> None:
    """Place an order of the same account that is not the run's, on either side, near the touch."""
    listing = run.exchange.listing(run.clock.now(), scene.ticker)
    book, side = listing.book.book(), rng.choice(list(Side))
    best = book.best_bid if side is Side.BUY else book.best_ask
    price = listing.terms.grid.floor(min(ONE - 100, max(100, (best or 5_000) + rng.choice((-200, -100, 0, 0, 100)))))
    if price is None:
        return
    body = CreateBody(
        ticker=scene.ticker,
        side=side,
        price=price,
        quantity=Quantity(100 * rng.randint(1, 30)),
        time_in_force=TimeInForce.GOOD_TILL_CANCELED,
        client_id=name,
    )
    with contextlib.suppress(ExchangeError):  # paused or closed: then there is none
        run.exchange.create(run.clock.now(), body)


def play(scene: Scene) -> tuple[PaperRun, Counter[Happening]]:
    """Play a scene through and return the run with the faults that happened."""
    storms: list[FaultTransport] = []
    exchange = venue(scene)
    storm = stormy(scene.weather, storms, exchange)
    run = paper_run(
        make_executor(scene.algorithm, scene.params),
        ticker=scene.ticker,
        quantity=scene.quantity,
        outcome=scene.outcome,
        action=scene.action,
        seed=scene.seed,
        wrap=storm if scene.old is None else old_books(storm, *scene.old),
        meddle=meddling(scene),
        exchange=exchange,
    )
    return run, storms[0].happened
