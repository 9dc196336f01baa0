"""Builders of finished executions as the report sees them, of whole databases of them, and of a case for the verdict."""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

from depthwalk.domain.measured import Measured
from depthwalk.domain.messages import Finish, Reason
from depthwalk.domain.order import Action, Outcome
from depthwalk.domain.result import ApiUsage, Depths, ExecutionResult, LiquidityClass, Shortfall, Status
from depthwalk.domain.units import SECOND, Duration, Instant, Money, Price, Quantity
from depthwalk.storage.database import Database, open_database
from depthwalk.storage.journal import ExecutionJournal
from tests.support import executions, results

ALGORITHMS = ("simple_limit", "dynamic_depth_walker")


def measured(number: int = 0, **changes: Any) -> Measured:
    """Build one execution: 100 YES asked for at a mid of 50 cents, all filled a cent worse, no fees; its own market-event."""
    fields: dict[str, Any] = {
        "execution_id": f"{number:032x}",
        "ticker": f"KXTEST-E{number}-T1",
        "algorithm": "simple_limit",
        "source": "replay",
        "status": Status.FILLED,
        "seed": None,
        "started_at": results.START,
        "requested": Quantity(10_000),
        "filled": Quantity(10_000),
        "maker_filled": Quantity(0),
        "liquidity": LiquidityClass.THIN,
        "mid_twice": 10_000,
        "depth": Quantity(20_000),
        "timeout": 30.0,
        "slippage_percent": 2.0,
        "shortfall": Money(1_000_000),
        "spread": Money(1_000_000),
        "drift": Money(0),
        "opportunity": Money(0),
        "fees": Money(0),
        "first_fill": Duration(2 * SECOND),
        "full_fill": Duration(10 * SECOND),
        "total_time": Duration(10 * SECOND),
        "walks": 1,
        "calls": 5,
        "read_tokens": 50,
        "write_tokens": 20,
        "n_over_touch": 2.0,
        "tags": {},
    }
    return Measured(**(fields | changes))


def unfilled(number: int = 0, **changes: Any) -> Measured:
    """Build one of which nothing was filled in its 30 seconds; completing it would have cost 3 cents a contract."""
    fields: dict[str, Any] = {
        "status": Status.UNFILLED,
        "filled": Quantity(0),
        "slippage_percent": None,
        "shortfall": Money(3_000_000),
        "spread": Money(0),
        "opportunity": Money(3_000_000),
        "first_fill": None,
        "full_fill": None,
        "total_time": Duration(30 * SECOND),
    }
    return measured(number, **(fields | changes))


_WORLDS = {
    # class: size, touch, half spread, share of orders that stay under-filled for simple_limit
    LiquidityClass.LIQUID: (20_000, 9_000, 60, 0.06),
    LiquidityClass.MODERATE: (6_000, 3_000, 110, 0.12),
    LiquidityClass.THIN: (3_000, 1_000, 170, 0.22),
}


def made_up(number: int, rng: random.Random, *, started_at: Instant, environment: str = "paper") -> ExecutionResult:
    """Build a plausible result: class, algorithm, side, sizes, fills and shortfall drawn from *rng*, consistent in itself."""
    liquidity = rng.choices(tuple(_WORLDS), weights=(5, 3, 2))[0]
    size, touch, half, missing = _WORLDS[liquidity]
    algorithm = rng.choice(ALGORITHMS)
    walker = algorithm == "dynamic_depth_walker"
    outcome, action = rng.choice(tuple(Outcome)), rng.choice(tuple(Action))
    sign = 1 if action is Action.BUY else -1
    quantity = Quantity(rng.randrange(size // 2, size * 2, 100))
    mid2 = 2 * rng.randrange(2_500, 7_500, 50)
    bid, ask = Price(mid2 // 2 - half), Price(mid2 // 2 + half)
    partial = rng.random() < missing * (0.6 if walker else 1.0)
    filled = Quantity(rng.randrange(0, quantity, 100) if partial else quantity)
    worse = round(rng.gauss(half * (0.6 if walker else 1.0), half / 2))
    price = mid2 // 2 + sign * worse
    paid = Money(price * filled)
    rest = quantity - filled
    fees = Money(rng.randrange(0, 120) * filled)
    drift = Money(rng.randrange(-20, 40) * filled)
    spread = Money(worse * filled - drift)
    opportunity = Money(rest * (half + rng.randrange(0, 150)))
    mid = mid2 / 20_000
    average = paid / filled / 10_000 if filled else None
    slippage = None if average is None else 100 * sign * (average - mid) / mid
    blind = rng.random() < 0.01
    total = Duration(round(rng.uniform(20, 30) * SECOND)) if partial else Duration(round(rng.uniform(1, 29) * SECOND))
    base = results.result()
    shortfall = Shortfall(
        total=None if blind else Money(spread + drift + opportunity + fees),
        spread=spread,
        drift=drift,
        opportunity=None if blind else opportunity,
        fees=fees,
    )
    identity = f"{rng.getrandbits(128):032x}"
    assert base.arrival is not None
    depth = Quantity(touch * rng.randrange(1, 4))
    return replace(
        base,
        execution_id=identity,
        parent=results.parent(parent_id=identity, ticker=f"KXDAY-{number % 173:03d}-T5", outcome=outcome, action=action,
                              quantity=quantity),
        algorithm=algorithm,
        parameters={"timeout_seconds": 40.0 if walker else 30.0},
        environment=environment,
        source="replay",
        seed=None,
        status=Status.FILLED if not rest else Status.PARTIAL if filled else Status.UNFILLED,
        finish=Finish(reason=Reason.HORIZON if rest else Reason.FILLED),
        started_at=started_at,
        finished_at=Instant(started_at + total),
        arrival=replace(
            base.arrival, at=started_at, bid=bid, ask=ask, liquidity=liquidity, target=ask if sign > 0 else bid,
            cap=Price(9_900 if sign > 0 else 100),
            depths=Depths(touch=Quantity(touch), within_1=depth, within_3=depth, within_5=depth, within_cap=depth),
        ),
        filled=filled,
        paid=paid,
        fees=fees,
        average_price=average,
        slippage_percent=slippage,
        slippage_bps=None if slippage is None else 100 * slippage,
        shortfall=shortfall,
        time_to_first_fill=Duration(total // 3) if filled else None,
        time_to_full_fill=total if not rest else None,
        total_time=total,
        walks=rng.randrange(0, 6) if walker else 0,
        splits=(),
        api=ApiUsage(calls=rng.randrange(4, 30), read_tokens=rng.randrange(20, 200), write_tokens=rng.randrange(10, 60)),
        n_over_touch=quantity / touch,
        maker_filled=Quantity(filled // 200 * 100),
        tags={"desk": rng.choice(("east", "west"))} if number % 3 else {},
    )  # fmt: skip


def store(database: Database, result: ExecutionResult, **changes: Any) -> ExecutionJournal:
    """Write a finished execution as a run does; *changes* are of its start."""
    journal = ExecutionJournal.begin(
        database,
        executions.start(
            **{
                "execution_id": result.execution_id,
                "parent": result.parent,
                "algorithm": result.algorithm,
                "parameters": result.parameters,
                "environment": result.environment,
                "source": result.source,
                "started_at": result.started_at,
                "seed": result.seed,
                "tags": result.tags,
            }
            | changes
        ),
    )
    journal.finish(result)
    return journal


def database_of(path: Path, count: int, *, until: Instant, seed: int = 1) -> None:
    """Fill a database with *count* plausible executions of the last 60 days before *until*, over the three classes."""
    rng = random.Random(seed)
    with open_database(path) as database:
        # The file is a test's: nobody minds losing it with the power.
        with database.transaction(durable=False) as connection:
            connection.execute("SELECT 1")
        for number in range(count):
            started_at = Instant(until - rng.randrange(1, 60 * 86_400) * SECOND)
            store(database, made_up(number, rng, started_at=started_at))
