"""Whole executions through the command line, on the embedded paper exchange."""

import gzip
import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from depthwalk.analysis.fees import estimate
from depthwalk.assembly.execution import SEEDED_START
from depthwalk.config import Config
from depthwalk.domain.market import FeeSchedule
from depthwalk.domain.order import Side
from depthwalk.domain.units import Price, Quantity, format_money
from depthwalk.executors.registry import ALGORITHMS, make_executor, parameters_from
from depthwalk.storage.database import open_database
from depthwalk.storage.executions import load_execution, load_journal
from tests.support.command import Ended, depthwalk, depthwalk_here

PAIRS = tuple(product(("yes", "no"), ("buy", "sell")))
KEYS = [
    "execution_id",
    "ticker",
    "side",
    "action",
    "algorithm",
    "status",
    "target_price",
    "cap_price",
    "arrival",
    "requested",
    "filled",
    "unfilled",
    "average_price",
    "fees",
    "slippage_percent",
    "slippage_bps",
    "shortfall",
    "time_to_first_fill",
    "time_to_full_fill",
    "total_time",
    "walks",
    "splits",
    "api",
    "estimated_basic",
    "improvement_over_basic",
    "finished_because",
    "environment",
    "source",
    "n_over_touch",
]


def execute(folder: Path, *arguments: str | Path, seed: int = 7) -> Ended:
    """Run a simulated execution and return how it ended."""
    return depthwalk_here(
        "--json", "-q", "execute", *arguments, "--time", "simulated", "--seed", str(seed), "--yes", folder=folder
    )


def conserved(ended: Ended) -> dict[str, Any]:
    """Hold what every execution owes, and return its object."""
    found = ended.object
    assert ended.code == (0 if found["status"] == "filled" else 3), ended.err
    assert Decimal(found["filled"]) + Decimal(found["unfilled"]) == Decimal(found["requested"])
    assert sum(Decimal(split["filled"]) for split in found["splits"]) == Decimal(found["filled"])
    cap, sign = Decimal(found["cap_price"]), 1 if found["action"] == "buy" else -1
    prices = [Decimal(step["price"]) for split in found["splits"] for step in split["walk_history"]]
    assert all((price - cap) * sign <= 0 for price in prices)
    if found["average_price"] is not None:
        assert (Decimal(found["average_price"]) - cap) * sign <= 0
    return found


def test_the_liquid_market_with_seed_seven(tmp_path: Path) -> None:
    """The object of the design, in its order: adds up, two or more splits, fees; the same seed gives the same but for ids."""
    arguments = ("PAPER-LIQUID", "--count", "100", "--algo", "dynamic_depth_walker")
    flags = ("--time", "simulated", "--seed", "7", "--yes")
    first = conserved(depthwalk("--json", "-q", "execute", *arguments, *flags, folder=tmp_path))
    second = conserved(execute(tmp_path, *arguments))

    assert list(first) == KEYS
    assert len(first["splits"]) >= 2
    assert Decimal(first["fees"]) > 0
    assert first.pop("execution_id") != second.pop("execution_id")
    assert first == second


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(("side", "action"), PAIRS)
def test_all_four_sides_and_actions(tmp_path: Path, algorithm: str, side: str, action: str) -> None:
    """Buying and selling, YES and NO: each runs, adds up, and stays within its cap in its own prices."""
    ended = execute(tmp_path, "PAPER-MODERATE", "--count", "60", "--side", side, "--action", action, "--algo", algorithm)

    assert (side, action) == (conserved(ended)["side"], ended.object["action"])


@pytest.mark.parametrize("method", Config().methods)
@pytest.mark.parametrize("ticker", ["PAPER-THIN", "PAPER-LIQUID"])
def test_every_profile(tmp_path: Path, method: str, ticker: str) -> None:
    """The walker's profiles by name: each runs, adds up, and stays within its cap."""
    assert "dynamic_depth_walker" == conserved(execute(tmp_path, ticker, "--count", "60", "--method", method))["algorithm"]


def test_the_moderate_market_makes_takes_and_amends(tmp_path: Path) -> None:
    """With a fixed seed on PAPER-MODERATE: at least one amend, one maker fill and one taker fill, on record."""
    execute(tmp_path, "PAPER-MODERATE", "--count", "60", "--algo", "dynamic_depth_walker", seed=3)

    with sqlite3.connect(tmp_path / "test.sqlite") as database:
        amends = database.execute("SELECT COUNT(*) FROM journal WHERE kind = 'OrderAmended'").fetchone()[0]
        makers, takers = database.execute("SELECT SUM(NOT is_taker), SUM(is_taker) FROM trades").fetchone()
    database.close()
    assert amends >= 1
    assert makers >= 1
    assert takers >= 1


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_stored_journal_replays_to_the_same_intents(tmp_path: Path, algorithm: str) -> None:
    """What is in the database, fed to a fresh executor, gives the stored intents again."""
    done = execute(tmp_path, "PAPER-THIN", "--count", "40", "--algo", algorithm).object

    with open_database(tmp_path / "test.sqlite") as database:
        stored = load_execution(database, done["execution_id"])
        journal = load_journal(database, done["execution_id"])
    assert stored.result is not None
    executor = make_executor(algorithm, parameters_from(algorithm, stored.result.parameters))
    assert journal
    for event, intents in journal:
        assert intents == executor.handle(event)


# --- recorded books -------------------------------------------------------------------------------------------------


def frozen(folder: Path, yes: list[list[str]], no: list[list[str]]) -> Path:
    """Write a recording of one row: the book stands still."""
    path = folder / "frozen.jsonl"
    row = {"ts": "2026-05-13T20:20:37Z", "ticker": "FROZEN", "yes": yes, "no": no}
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    return path


def test_simple_limit_on_a_frozen_book_is_the_sweep_by_hand(tmp_path: Path) -> None:
    """Asks 44 x 30, 45 x 60.50, 47 x 80 (as NO bids); a limit of 0.45 for 100 takes 30 and 60.5, and 9.5 stay unfilled.

    By hand: 30 x 0.44 + 60.5 x 0.45 = 40.425 for 90.5 contracts, 0.446685 on average; arrival mid 0.42.
    """
    books = frozen(tmp_path, [["0.4000", "10.00"]], [["0.5300", "80.00"], ["0.5600", "30.00"], ["0.5500", "60.50"]])
    config = tmp_path / "sweep.yaml"
    config.write_text("methods:\n  sweep: {algorithm: simple_limit, limit_rule: cap, max_slippage: 0.5}\n", encoding="utf-8")
    ended = depthwalk_here(
        "--json", "-q", "--config", config, "execute", "FROZEN", "--count", "100", "--limit", "0.45", "--method", "sweep",
        "--books", books, "--time", "simulated", "--seed", "1", "--yes", folder=tmp_path,
    )  # fmt: skip
    found = conserved(ended)
    fees = estimate(FeeSchedule(), [(Price(4400), Quantity(3000)), (Price(4500), Quantity(6050))], is_taker=True, side=Side.BUY)

    assert ("90.50", "9.50", "0.4500") == (found["filled"], found["unfilled"], found["cap_price"])
    assert abs(Decimal(found["average_price"]) - Decimal("40.425") / Decimal("90.5")) < Decimal("0.000001")
    assert format_money(fees) == found["fees"]
    assert found["slippage_percent"] == pytest.approx(100 * (40.425 / 90.5 - 0.42) / 0.42)
    assert Decimal(found["shortfall"]["spread"]) == Decimal("40.425") - Decimal("0.42") * Decimal("90.5")
    assert Decimal(found["shortfall"]["opportunity"]) == (Decimal("0.47") - Decimal("0.42")) * Decimal("9.5")
    assert found["finished_because"] == "horizon"
    assert found["source"] == "replay"


def test_simple_limit_at_the_ask_takes_the_touch_only(tmp_path: Path) -> None:
    """The default limit is the best ask: 30 of 100 at 44, the rest waits in vain on a book that stands still."""
    books = frozen(tmp_path, [["0.4000", "10.00"]], [["0.5500", "60.50"], ["0.5600", "30.00"]])
    found = conserved(execute(tmp_path, "FROZEN", "--count", "100", "--books", books))

    assert ("30.00", "0.4400") == (found["filled"], found["average_price"])


KXBTC = ("KXBTCMAXY-25-DEC31-129999.99", "kxbtcmaxy-ws-cents/20251105T0048Z.converted.book-1s.jsonl.gz", "none")
HOURLY = "rest-depth-hourly/converted.books.jsonl.gz"
THIN = ("KXBIG3GAME-26JUL12BOSCHI-BOS", HOURLY, "synthetic")
MODERATE = ("KXBSNGAME-26JUL152000CDAAGS-AGS", HOURLY, "synthetic")


@pytest.mark.parametrize(("ticker", "file", "flow"), [KXBTC, THIN, MODERATE])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(("side", "action"), PAIRS)
def test_real_books(
    tmp_path: Path, shared: Path, ticker: str, file: str, flow: str, algorithm: str, side: str, action: str
) -> None:
    """On recorded Kalshi books, liquid, moderate and thin: all conserved and within the cap, labelled by what they are."""
    ended = execute(
        tmp_path, ticker, "--count", "100", "--side", side, "--action", action, "--algo", algorithm,
        "--books", shared / file, "--flow", flow,
    )  # fmt: skip

    assert conserved(ended)["source"] == ("replay" if flow == "none" else "hybrid")


def test_unsound_moments_of_a_recording_are_held_over(tmp_path: Path) -> None:
    """Crossed, locked, empty and one-sided rows in the middle: the run holds, says so, and sends nothing while they last."""
    good = {"yes": [["0.40", "10"]], "no": [["0.50", "10"]]}
    rows = [
        (0, good),
        (6, {"yes": [["0.60", "10"]], "no": [["0.50", "10"]]}),
        (11, {"yes": [["0.50", "10"]], "no": [["0.50", "10"]]}),
        (16, {"yes": [], "no": []}),
        (26, good),
    ]
    path = tmp_path / "moments.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for second, book in rows:
            file.write(json.dumps({"ts": f"2026-05-13T20:20:{second:02}Z", "ticker": "MOMENTS", **book}) + "\n")
    conserved(execute(tmp_path, "MOMENTS", "--count", "20", "--algo", "dynamic_depth_walker", "--books", path))

    with sqlite3.connect(tmp_path / "test.sqlite") as database:
        held = database.execute("SELECT payload FROM journal WHERE kind = 'Record' AND payload LIKE '%hold%'").fetchall()
        sent = database.execute("SELECT at_us FROM journal WHERE kind IN ('SubmitOrder', 'AmendOrder')").fetchall()
    database.close()
    words = " ".join(payload for (payload,) in held)
    assert all(state in words for state in ("crossed", "locked", "empty"))
    assert not [at for (at,) in sent if 8.5e6 < at - SEEDED_START < 25.5e6]


# --- real time ------------------------------------------------------------------------------------------------------


def test_every_algorithm_at_the_clocks_pace(tmp_path: Path) -> None:
    """The same code in real time, all at once, each on a market of its own: over in time and all accounted for."""

    def run(name: str) -> Ended:
        (folder := tmp_path / name).mkdir()
        flags = ("--timeout", "4", "--seed", "3", "--yes")
        return depthwalk("--json", "-q", "execute", "PAPER-MODERATE", "--count", "60", "--algo", name, *flags, folder=folder)

    with ThreadPoolExecutor(len(ALGORITHMS)) as pool:
        for name, ended in zip(ALGORITHMS, pool.map(run, ALGORITHMS), strict=True):
            found = conserved(ended)
            assert name == found["algorithm"]
            assert found["total_time"] <= 4


@pytest.mark.slow
def test_forty_seconds_of_real_time_end_within_forty_two(tmp_path: Path) -> None:
    """A 40-second run that never fills: over within 42 seconds of the process being up, all canceled, exit 3."""
    start = time.monotonic()
    depthwalk("--version", folder=tmp_path)
    before = time.monotonic()
    to_be_up = before - start
    ended = depthwalk(
        "--json", "-q", "execute", "PAPER-LIQUID", "--count", "10", "--limit", "0.02", "--timeout", "40",
        "--algo", "dynamic_depth_walker", "--time", "real", "--yes", folder=tmp_path,
    )  # fmt: skip

    assert time.monotonic() - before < 42 + to_be_up
    assert ended.object["total_time"] <= 40
    assert (3, "unfilled") == (ended.code, ended.object["status"])


def test_what_the_market_was_like_is_on_record(tmp_path: Path) -> None:
    """Stored with an execution: its first book, depth near the limit, traded volume, momentum, slippage, book ages, tags."""
    done = execute(
        tmp_path, "PAPER-LIQUID", "--count", "100", "--limit", "0.56", "--algo", "dynamic_depth_walker", "--tag", "idea=42"
    ).object
    with open_database(tmp_path / "test.sqlite") as database:
        row = database.rows("SELECT * FROM conditions WHERE execution_id = ?", (done["execution_id"],))[0]
        book = database.rows("SELECT * FROM books WHERE snapshot_id = ?", (row["arrival_snapshot_id"],))[0]
        near = database.rows(
            "SELECT SUM(quantity) AS q FROM depth_levels"
            " WHERE snapshot_id = ? AND side = 'ask' AND price BETWEEN 0.55 AND 0.57",
            (row["arrival_snapshot_id"],),
        )[0]
        ages = database.rows("SELECT book_age_seconds AS age FROM decisions WHERE what IN ('place', 'walk')")
        tags = database.rows("SELECT tags FROM executions")[0]["tags"]

    assert (done["arrival"]["bid"], done["arrival"]["ask"]) == (f"{book['best_bid']:.4f}", f"{book['best_ask']:.4f}")
    assert near["q"] == row["near_limit"]
    assert row["traded_volume"] >= float(done["filled"])
    assert -1 <= row["momentum"] <= 1
    assert row["ema_slippage_percent"] is not None
    assert ages
    assert all(0 <= each["age"] <= 10 for each in ages)
    assert json.loads(tags) == {"idea": "42"}


def test_a_ladder_too_short_is_extended_in_price_and_in_fees(tmp_path: Path) -> None:
    """30 of 100 fill at 44; one more stands at 60: the other 70 are priced at 60, and so are their fees."""
    books = frozen(tmp_path, [["0.4000", "10.00"]], [["0.5600", "30.00"], ["0.4000", "1.00"]])
    found = conserved(execute(tmp_path, "FROZEN", "--count", "100", "--books", books))
    legs = [(Price(6000), Quantity(100)), (Price(6000), Quantity(6900))]
    completion = estimate(FeeSchedule(), legs, is_taker=True, side=Side.BUY)

    assert "30.00" == found["filled"]
    assert (Decimal("0.60") - Decimal("0.42")) * 70 == Decimal(found["shortfall"]["opportunity"])
    assert Decimal(found["fees"]) + Decimal(format_money(completion)) == Decimal(found["shortfall"]["fees"])
