"""Another package's algorithm that misbehaves is in nobody's way: plans leave it out, and settling goes on past it.

The commands run in this process; what such an algorithm does to its own run is in tests/executors/test_asking.py.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from depthwalk.domain.market import FeeSchedule, FeeType
from depthwalk.domain.messages import Look
from depthwalk.domain.units import Duration, Quantity, seconds
from depthwalk.executors.base import Executor
from depthwalk.executors.registry import ALGORITHMS, AlgorithmSpec, make_executor
from depthwalk.executors.simple_limit import LimitRule, SimpleLimitParams
from depthwalk.executors.state import Quote, Situation
from tests.support.books import book
from tests.support.command import depthwalk_here
from tests.support.plugged import plug
from tests.support.venue import Venue, parent

ORDER = ("PAPER-MODERATE", "--count", "60", "--seed", "3")
RUN = ("-q", "execute", *ORDER, "--time", "simulated", "--yes", "--algo")


class Resting(Executor):
    """Rests at the best bid."""

    algorithm: ClassVar[str] = "other"

    @property
    def cadence(self) -> Duration:
        """Time between two steps."""
        return seconds(4)

    def divide(self, situation: Situation) -> Sequence[Quantity]:
        """Return the whole."""
        return (situation.quantity,)

    def quotes(self, situation: Situation) -> Sequence[Quote]:
        """Return the best bid."""
        bid = situation.book.best_bid
        return () if bid is None else (Quote(split=0, price=bid, why="at the bid"),)


def boom(*_: object) -> Any:
    """Raise, as anybody's code may."""
    raise RuntimeError("boom")


def brought(name: str = "other", **wrong: object) -> AlgorithmSpec:
    """Return the algorithm of another package under a name, with these members in the place of its own."""
    made: type[Executor] = type("Odd", (Resting,), {"algorithm": name} | wrong)
    return AlgorithmSpec(SimpleLimitParams, made)


LEFT_OUT: dict[str, dict[str, object]] = {
    "init_raises": {"__init__": boom},
    "cadence_raises": {"cadence": property(boom)},
    "cadence_float": {"cadence": 4e6},
    "look_raises": {"look": property(boom)},
    "look_nothing": {"look": Look.NOTHING},
    "walks_raise": {"walks_at_most": property(boom)},
    "creates_raise": {"creates_at_most": property(boom)},
    "named_otherwise": {"algorithm": "simple_limit"},
}
SHOWN: dict[str, dict[str, object]] = {
    "good": {},
    "divide_raises": {"divide": boom},
    "quotes_raise": {"quotes": boom},
    "observe_raises": {"observe": boom},
    "momentum_raises": {"adverse_momentum": property(boom)},
    "cadence_none": {"cadence": Duration(0)},
    "cadence_negative": {"cadence": Duration(-5)},
}


def test_a_plan_does_without_what_misbehaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of ours are planned; each of the others is left out with what is wrong, or its row says that it would not run."""
    plug(monkeypatch, {name: brought(name, **wrong) for name, wrong in (LEFT_OUT | SHOWN).items()})
    planned = depthwalk_here("--json", "plan", *ORDER, folder=tmp_path)

    assert 0 == planned.code, planned.err
    rows = {each["algorithm"]: each for each in planned.object["algorithms"]}
    assert [*ALGORITHMS, *SHOWN] == list(rows)
    notes = [note.split(" is left out: ")[0] for note in planned.object["notes"] if " is left out: " in note]
    assert sorted(LEFT_OUT) == sorted(notes)


@pytest.mark.parametrize("wrong", [{"algorithm": None}, {"__init__": boom}])
def test_settling_goes_on_past_what_misbehaves(
    wrong: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two executions died, the older of an algorithm that cannot be made any more: both are settled."""
    plug(monkeypatch, {"other": brought()})
    assert depthwalk_here(*RUN, "other", folder=tmp_path).code in {0, 3}
    assert depthwalk_here(*RUN, "simple_limit", folder=tmp_path).code in {0, 3}
    with closing(sqlite3.connect(tmp_path / "test.sqlite")) as database, database:
        database.execute("UPDATE execution_state SET status = 'running'")
    plug(monkeypatch, {"other": brought(**wrong)})

    assert 0 == depthwalk_here("recover", folder=tmp_path).code
    with closing(sqlite3.connect(tmp_path / "test.sqlite")) as database:
        rows = dict(database.execute("SELECT algorithm, status FROM execution_state").fetchall())
    assert {"other", "simple_limit"} == set(rows)  # under its own name still, or its fills were the baseline's
    assert "running" not in rows.values()


def test_one_that_cannot_be_settled_keeps_no_other_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something unforeseen goes wrong with the older one: exit 6 and said by name, and the younger one is settled."""
    plug(monkeypatch, {"other": brought()})
    depthwalk_here(*RUN, "other", folder=tmp_path)
    depthwalk_here(*RUN, "simple_limit", folder=tmp_path)
    with closing(sqlite3.connect(tmp_path / "test.sqlite")) as database, database:
        database.execute("UPDATE execution_state SET status = 'running'")
    plug(monkeypatch, {"other": brought(handle=boom, run=property(boom), desk=property(boom))})
    recovered = depthwalk_here("--json", "recover", folder=tmp_path)

    assert 6 == recovered.code, recovered.out
    assert "unexpected fault: RuntimeError: boom" in recovered.out
    with closing(sqlite3.connect(tmp_path / "test.sqlite")) as database:
        rows = dict(database.execute("SELECT algorithm, status FROM execution_state").fetchall())
    assert ("running", True) == (rows["other"], rows["simple_limit"] != "running")


def test_fees_that_are_in_no_table_are_unknown_not_nothing() -> None:
    """An unfilled rest in a market of flat fees: the run has its result, the cost of completing it is null and so the total."""
    executor = make_executor("simple_limit", SimpleLimitParams(limit_rule=LimitRule.BID))
    venue = Venue(executor, parent(), {0: book("40x100 | 44x1000")})
    venue.venue_market = replace(venue.venue_market, fees=FeeSchedule(fee_type=FeeType.FLAT))
    venue.run()
    result = venue.result

    assert (0, None) == (result.filled, result.shortfall.total)
    assert result.shortfall.opportunity is not None
