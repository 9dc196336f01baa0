"""The embedded paper exchange: which one a run trades on, the lasting account, and the client that speaks to it."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from depthwalk.assembly.databases import open_store
from depthwalk.assembly.faults import fault_transport
from depthwalk.domain.units import Instant, Money, Quantity
from depthwalk.errors import UsageError

if TYPE_CHECKING:
    from depthwalk.clock import Clock
    from depthwalk.config import Config
    from depthwalk.kalshi.client import KalshiClient
    from depthwalk.paper.account import AccountState
    from depthwalk.paper.exchange import PaperExchange
    from depthwalk.reports.history import MarketRow
    from depthwalk.storage.database import Database

PAPER_KEY_ID: Final = "paper"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperWorld:
    """What a paper exchange is made of. *fresh*: an account of its own instead of the lasting one; *flow* as in the flags."""

    seed: int
    start: Instant
    fresh: bool
    ticker: str | None = None
    books: Path | None = None
    books_at: Instant | None = None
    flow: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperOverview:
    """The paper markets, and the cash of the lasting account."""

    cash: Money
    markets: "tuple[MarketRow, ...]"


def paper_overview(config_path: Path | None, database_path: Path | None) -> PaperOverview:
    """Return the paper markets with the lasting account's positions in them, and its cash; of the server where there is one.

    Raises:
        UsageError, ExchangeError: the configured server's key is missing, or the server cannot be asked.

    """
    from depthwalk.config import load
    from depthwalk.reports.history import MarketRow
    from depthwalk.simulation.scenarios import SCENARIOS
    from depthwalk.storage.paper_account import paper_ledger

    config = load(config_path)
    if config.paper.server is not None:
        return asyncio.run(_served_overview(config))
    with open_store(config_path, database_path) as database:
        ledger = paper_ledger(database)
    markets = tuple(
        MarketRow(
            ticker=scenario.ticker,
            title=scenario.title,
            liquidity=scenario.market_class.name,
            position=ledger.positions.get(scenario.ticker, Quantity(0)),
        )
        for scenario in SCENARIOS.values()
    )
    return PaperOverview(cash=ledger.cash, markets=markets)


async def _served_overview(config: "Config") -> PaperOverview:
    from depthwalk.assembly.venues import reading_client
    from depthwalk.reports.history import MarketRow
    from depthwalk.simulation.scenarios import scenario_of

    async with reading_client(config, "paper") as (client, _, _):
        listed = await client.markets()
        held = {position.ticker: position.position for position in await client.positions()}
        cash = await client.balance(0)
    markets = tuple(
        MarketRow(
            ticker=market.ticker,
            title=market.title,
            liquidity=scenario.market_class.name,
            position=held.get(market.ticker, Quantity(0)),
        )
        for market in listed
        if (scenario := scenario_of(market.ticker)) is not None
    )
    return PaperOverview(cash=cash, markets=markets)


def paper_reset(config_path: Path | None, database_path: Path | None, cash: Money | None) -> Money:
    """Start the lasting paper account afresh and return its cash; the executions so far stay on record.

    Raises:
        UsageError: the account is a served exchange's.

    """
    from depthwalk.clock import SystemClock
    from depthwalk.config import load
    from depthwalk.storage.paper_account import STARTING_CASH, reset_paper

    server = load(config_path).paper.server
    if server is not None:
        raise UsageError(
            f"the paper account is with the server at {server} (paper.server)",
            hint="stop that one, and start it with `depthwalk paper serve --fresh`",
        )
    start = STARTING_CASH if cash is None else cash
    with open_store(config_path, database_path) as database:
        reset_paper(database, at=SystemClock().now(), cash=start)
    return start


def _lasting_account(database: "Database") -> "AccountState":
    from depthwalk.paper.account import AccountState, PositionState
    from depthwalk.storage.paper_account import paper_ledger

    ledger = paper_ledger(database)
    positions = tuple(PositionState(ticker=ticker, quantity=held) for ticker, held in ledger.positions.items())
    return AccountState(cash=ledger.cash, positions=positions)


def paper_exchange(world: PaperWorld, database: "Database") -> "PaperExchange":
    """Return the exchange of a run: the synthetic markets, or one recorded market. Raises UsageError for a bad recording."""
    from depthwalk.paper.build import Flow, recorded_exchange, synthetic_exchange

    account = None if world.fresh else _lasting_account(database)
    # Ids stay unique whatever the seed, as the database keeps those of every run.
    ids = Random(secrets.randbits(128))
    if world.books is None or world.ticker is None:
        return synthetic_exchange(world.seed, world.start, account, ids=ids)
    return recorded_exchange(
        world.books,
        world.ticker,
        start=world.start,
        at=world.books_at,
        flow=Flow(world.flow),
        seed=world.seed,
        account=account,
        ids=ids,
    )


def paper_client(
    exchange: "PaperExchange",
    *,
    config: "Config",
    seed: int,
    clock: "Clock",
    faults: str | None = None,
    tell: Callable[[str], None] | None = None,
) -> "KalshiClient":
    """Return the same client as live, over the embedded exchange: signed, throttled, delayed, but in this process.

    *faults* is what `--faults` says; what came of it is told when the client is closed. Raises ConfigError for a bad file.
    """
    import httpx
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from depthwalk.assembly.budget import private_throttle
    from depthwalk.kalshi.client import KalshiClient
    from depthwalk.kalshi.environments import PAPER_URL
    from depthwalk.kalshi.signing import Credentials
    from depthwalk.paper.app import create_app
    from depthwalk.paper.latency import LatencyTransport

    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    app = create_app(exchange, clock, {PAPER_KEY_ID: key.public_key()})
    transport: httpx.AsyncBaseTransport = LatencyTransport(httpx.ASGITransport(app=app), clock, Random(f"{seed}/latency"))
    if faults is not None:
        transport = fault_transport(faults, transport, clock=clock, exchange_controls=exchange, tell=tell)
    return KalshiClient(
        base_url=PAPER_URL,
        transport=transport,
        credentials=Credentials(PAPER_KEY_ID, lambda: pem),
        clock=clock,
        throttle=private_throttle(config),
        rng=Random(f"{seed}/retry"),
        max_retries=config.execution.max_retries,
        writes_enabled=True,
    )
