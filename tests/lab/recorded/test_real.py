"""The real recordings under ../shared: read, replayed and traded in, held against readings that share no code with ours."""

import csv
import gzip
import json
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.order import Side
from depthwalk.domain.units import Instant, Quantity, parse_instant, seconds
from depthwalk.executors.dynamic_depth_walker import DynamicDepthWalkerParams
from depthwalk.executors.simple_limit import SimpleLimitParams
from depthwalk.lab.recorded.book import RecordedBook
from depthwalk.lab.recorded.queues import BRACKET, PROBABILISTIC, RISK_AVERSE
from depthwalk.lab.recorded.reading import read_tapes
from depthwalk.lab.recorded.reel import Reel
from depthwalk.lab.recorded.tape import Tapes
from depthwalk.lab.recorded.task import replay_tasks
from depthwalk.lab.recorded.windows import Size
from depthwalk.lab.running import Arm
from depthwalk.paper.trading import Executed, NewOrder

L2 = "kxbtc15m-ws-l2/20260513T222021Z"
"""The smallest of its runs: 62,899 changes, two markets, never crossed."""
CENTS = "kxbtcmaxy-ws-cents/20251105T1440Z.rows.csv.gz"
FRAMES = "demo-ws-session/session.jsonl.gz"

Sides = dict[str, dict[float, float]]


@pytest.fixture(scope="module")
def busy(shared: Path) -> Tapes:
    """The recording of a busy market, read once."""
    return read_tapes(shared / L2)


def _best(side: dict[float, float]) -> float | None:
    return max((price for price, size in side.items() if size > 1e-9), default=None)


def _lines(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if not line.isspace()]


def test_a_busy_market_is_read_whole(busy: Tapes) -> None:
    """Every change of the run is on a tape; the recorder moved on to the next market once."""
    assert [35_294, 27_605] == [len(tape) for tape in busy.tapes]
    assert ["the feed begins anew"] == [cut.reason for cut in busy.cuts]
    assert {id(STRUCTURES["tapered_deci_cent"])} == {id(tape.grid) for tape in busy.tapes}
    closes = [parse_instant(f"2026-05-13T22:{minute}:00Z") for minute in (30, 45)]
    assert closes == [tape.close_time for tape in busy.tapes]


def test_the_exchanges_own_ticker_agrees(shared: Path, busy: Tapes) -> None:
    """An independent channel of the same feed names the best bid and ask each second; ours differ only by what is under way."""
    reels = {tape.ticker: Reel(tape) for tape in busy.tapes}
    agreed = total = 0
    for line in _lines(shared / L2 / "ticker.ndjson.gz"):
        told, reel = line["payload_json"], reels[line["market_ticker"]]
        at = line["local_recv_ns"] // 1_000
        replay = RecordedBook(reel, reel.index(at), reel.levels(reel.index(at)), RISK_AVERSE)
        bid, ask = replay.best
        total += 1
        named = tuple(round(float(told[f"yes_{side}_dollars"]) * 10_000) for side in ("bid", "ask"))
        agreed += named == (bid or 0, ask or 10_000)
    assert 771 == total
    assert agreed > 0.92 * total


def test_whole_cents_are_replayed_as_by_hand(shared: Path) -> None:
    """Rows summed up in a dict of floats, row by row, are the tape's books at the end of every sequence number."""
    (tape,) = read_tapes(shared / CENTS).tapes
    sides: Sides = defaultdict(dict)
    with gzip.open(shared / CENTS, "rt", encoding="utf-8") as text:
        for row in csv.DictReader(text):
            side, price = sides[row["side"]], int(row["price"]) / 100
            side[price] = float(row["qty"]) + (side.get(price, 0.0) if row["type"] == "delta" else 0.0)
    *_, (_, last) = tape.books()
    assert {price / 1e4: quantity / 100 for price, quantity in last.bids} == {p: q for p, q in sides["yes"].items() if q}
    assert {(10_000 - price) / 1e4: quantity / 100 for price, quantity in last.asks} == {
        p: q for p, q in sides["no"].items() if q
    }
    assert 1_674 == len(tape)


def test_raw_frames_are_replayed_as_by_hand(shared: Path) -> None:
    """All five markets of the session end where their frames lead."""
    books: dict[str, Sides] = {}
    for frame in _lines(shared / FRAMES):
        message = frame["msg"]
        if frame["type"] == "orderbook_snapshot":
            books[message["market_ticker"]] = {
                side: {float(price): float(size) for price, size in message.get(f"{side}_dollars_fp", [])}
                for side in ("yes", "no")
            }
        elif frame["type"] == "orderbook_delta":
            side, price = books[message["market_ticker"]][message["side"]], float(message["price_dollars"])
            side[price] = side.get(price, 0.0) + float(message["delta_fp"])
    found = read_tapes(shared / FRAMES)
    assert (2_885, 5, ()) == (sum(map(len, found.tapes)), len(found.tapes), found.cuts)
    for tape in found.tapes:
        *_, (_, last) = tape.books()
        expected = books[tape.ticker]
        assert (_best(expected["yes"]), _best(expected["no"])) == (last.bids[0][0] / 1e4, (10_000 - last.asks[0][0]) / 1e4)
        assert len(last.bids) == sum(size > 1e-9 for size in expected["yes"].values())
        assert len(last.asks) == sum(size > 1e-9 for size in expected["no"].values())


def test_who_does_nothing_sees_a_busy_market_as_recorded(busy: Tapes) -> None:
    """At every thousandth change the replay that applies lazily shows what change by change shows."""
    for tape in busy.tapes:
        reel = Reel(tape)
        replay = RecordedBook(reel, 0, reel.levels(0), RISK_AVERSE)
        history = list(tape.books())
        for index in range(1_000, len(history), 1_000):
            time, expected = history[index]
            if index + 1 < len(history) and history[index + 1][0] == time:
                continue
            replay.advance(time)
            assert expected == replay.book()
            assert (expected.best_bid, expected.best_ask) == replay.best


def test_the_bracket_holds_on_a_busy_market(busy: Tapes) -> None:
    """A bid of 100 left alone at the touch fills no less when read probabilistic, and over many starts it fills more."""
    reel, filled = Reel(busy.tapes[0]), dict.fromkeys(BRACKET, 0)
    for start in range(reel.tape.start + seconds(5), reel.tape.until - seconds(110), seconds(20)):
        index, found = reel.index(start), []
        bid = reel.prices[reel.bests(reel.levels(index))[0]]
        wish = NewOrder(key=-1, side=Side.BUY, price=bid, quantity=Quantity(10_000))
        for model in BRACKET:
            replay = RecordedBook(reel, index, reel.levels(index), model)
            replay.submit(Instant(start), wish)
            events = replay.advance(Instant(start + seconds(40)))
            found.append(sum(event.quantity for event in events if isinstance(event, Executed)))
            filled[model] += found[-1]
        assert found[0] <= found[1]
    assert 0 < filled[RISK_AVERSE] < filled[PROBABILISTIC]


def test_executors_are_replayed_on_real_books(shared: Path) -> None:
    """Nothing is overfilled, left behind or paid above the cap, and asking for the touch fills more often than not."""
    found = read_tapes(shared / CENTS)
    arms = (
        Arm(name="simple", algorithm="simple_limit", params=SimpleLimitParams()),
        Arm(name="walker", algorithm="dynamic_depth_walker", params=DynamicDepthWalkerParams()),
    )
    pieces = replay_tasks(found.tapes, arms, every=seconds(600), size=Size(of_touch=Fraction(1, 4)))
    assert ["replay, risk-averse", "replay, probabilistic"] == [piece.setting.world for piece in pieces]
    for piece in pieces:
        trials = piece.run()
        assert 2 * 8 == len(trials)
        assert {0} == {trial.overfilled + trial.orphans + trial.beyond_cap for trial in trials}
        assert 0.8 < sum(trial.fill_rate for trial in trials) / len(trials) <= 1
        assert all(trial.requested <= Quantity(trial.benchmark.touch) for trial in trials)
