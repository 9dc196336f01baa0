"""Faults at random, old answers, what is told at the end, and which plans are refused."""

from collections.abc import Callable

import pytest

from depthwalk.domain.units import Instant, parse_instant, seconds
from depthwalk.errors import DomainError
from depthwalk.paper.fault_plan import PASSING, CallFault, Calls, FaultKind, FaultPlan, TimedFault, moderate
from tests.support.fault_rig import LIST, MARKET, Rig, on_rig


def test_weather_begins_with_the_first_look_at_the_account() -> None:
    """Every read fails, but not before: markets, limits, positions and cash are read in peace, so that a run starts."""
    paths = (MARKET, "/account/limits", "/portfolio/positions", "/portfolio/balance", LIST, MARKET)

    async def act(rig: Rig) -> list[int | str]:
        return [await rig.send("GET", path) for path in paths]

    assert [200, 200, 200, 200, 429, 429] == on_rig(act, FaultPlan(reads=1.0, kinds=(FaultKind.THROTTLED,)))


@pytest.mark.parametrize(("writes", "reads"), [(1.0, 0.0), (0.0, 1.0)])
def test_shares_are_of_writes_and_of_reads(writes: float, reads: float) -> None:
    """All of the one go wrong and none of the other; half is about half."""

    async def act(rig: Rig) -> tuple[int, int]:
        for _ in range(20):
            await rig.create()
            await rig.send("GET", LIST)
        counted = rig.faults.happened
        return counted[Calls.CREATE, FaultKind.DROPPED], counted[Calls.READ, FaultKind.DROPPED]

    kinds = (FaultKind.DROPPED,)
    assert (20 * writes, 20 * reads) == on_rig(act, FaultPlan(writes=writes, reads=reads, kinds=kinds))
    half = on_rig(act, FaultPlan(seed=3, writes=writes / 2, reads=reads / 2, kinds=kinds))
    assert 4 < sum(half) < 16


async def busy(rig: Rig) -> list[int | str]:
    """Do much, and return what came of it."""
    answers: list[int | str] = []
    for _ in range(40):
        answers += [await rig.create(), await rig.send("GET", LIST), await rig.send("GET", MARKET)]
        await rig.clock.sleep(seconds(0.3))
    return [*answers, rig.faults.report()]


def test_the_same_plan_gives_the_same_faults() -> None:
    """And another seed gives others."""
    first, again, other = (on_rig(busy, FaultPlan(seed=seed, writes=0.5, reads=0.5)) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_the_moderate_weather() -> None:
    """A tenth of the writes, a twentieth of the reads, the account up to 1.5 s behind; only what a run can go on after."""
    plan = moderate(7)
    assert (7, 0.1, 0.05, 1.5) == (plan.seed, plan.writes, plan.reads, plan.lag_seconds)
    assert plan.kinds == PASSING
    assert not {FaultKind.CLOCK_SKEW, FaultKind.UNFUNDED, FaultKind.EXCHANGE_PAUSE} & set(PASSING)


def test_what_is_read_of_the_account_may_be_old_and_the_exchange_says_so() -> None:
    """An order that a list lacks was created after the time up to which the exchange calls its data complete."""
    created: list[Instant] = []

    async def act(rig: Rig) -> list[tuple[int, Instant]]:
        seen = []
        for _ in range(60):
            await rig.create()
            created.append(rig.clock.now())
            await rig.clock.sleep(seconds(0.11))
            fresh = parse_instant((await rig.client.send("GET", "/exchange/user_data_timestamp")).json()["as_of_time"])
            seen.append(((await rig.body(LIST)).count('"client_order_id"'), fresh))
        assert rig.faults.stale > 10
        return seen

    seen = on_rig(act, FaultPlan(seed=7, lag_seconds=0.5))

    assert any(count < number for number, (count, _) in enumerate(seen, 1))
    assert all(count >= sum(at <= fresh for at in created) for count, fresh in seen)


def test_without_a_lag_everything_is_fresh() -> None:
    """Each list has every order, and the exchange's word is the present."""

    async def act(rig: Rig) -> tuple[list[int], bool]:
        counts = []
        for _ in range(5):
            await rig.create()
            counts.append((await rig.body(LIST)).count('"client_order_id"'))
        told = (await rig.client.send("GET", "/exchange/user_data_timestamp")).json()["as_of_time"]
        return counts, parse_instant(told) == rig.clock.now()

    assert ([1, 2, 3, 4, 5], True) == on_rig(act, FaultPlan())


# --- telling, refusing ----------------------------------------------------------------------------------------------


def test_it_tells_what_happened_when_it_is_closed() -> None:
    """How often, to what, under the names of the file."""
    rigs: list[Rig] = []

    async def act(rig: Rig) -> None:
        rigs.append(rig)
        for _ in range(3):
            await rig.create()
        await rig.send("GET", MARKET)
        await rig.until(2)
        await rig.send("GET", MARKET)

    lost = tuple(CallFault(call=Calls.CREATE, number=number) for number in (1, 3))
    read = CallFault(call=Calls.READ, number=1, fault=FaultKind.THROTTLED)
    on_rig(act, FaultPlan(calls=(*lost, read), times=(TimedFault(at=1.0),)))
    on_rig(act, FaultPlan())

    assert [["faults: 2 creates lost_after, 1 read throttled, 1 trading_pause"], ["faults: none"]] == [rig.told for rig in rigs]


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: FaultPlan(writes=1.5), "writes: found 1.5; allowed: 0 to 1"),
        (lambda: FaultPlan(reads=-0.1), "reads: found -0.1; allowed: 0 to 1"),
        (lambda: FaultPlan(seed=-1), "seed: found -1; allowed: 0 or more"),
        (lambda: FaultPlan(lag_seconds=-1.0), "lag_seconds: found -1.0; allowed: 0 to 86400"),
        (lambda: FaultPlan(kinds=()), "kinds: found none; allowed: dropped, lost_after"),
        (lambda: FaultPlan(kinds=(FaultKind.SLOW, FaultKind.GRID_CHANGE)), "kinds: found grid_change; allowed: dropped"),
        (lambda: CallFault(number=0), "number: found 0; allowed: 1 or more"),
        (lambda: CallFault(seconds=-1.0), "seconds: found -1.0; allowed: 0 to 86400"),
        (lambda: CallFault(call=Calls.READ, fault=FaultKind.TWICE), "fault: found twice; allowed: with call: read, dropped"),
        (lambda: CallFault(call=Calls.CANCEL, fault=FaultKind.UNFUNDED), "fault: found unfunded; allowed: with call: cancel"),
        (lambda: TimedFault(at=-1.0), "at: found -1.0; allowed: 0 to 86400"),
        (lambda: TimedFault(fault=FaultKind.SLOW), "fault: found slow; allowed: at a time, dropped"),
    ],
)
def test_an_impossible_plan_is_refused(build: Callable[[], object], words: str) -> None:
    """The key, what was found, what is allowed."""
    with pytest.raises(DomainError) as refused:
        build()
    assert refused.value.message.startswith(words)
