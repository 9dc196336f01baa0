"""The rate budget that processes share: the same arithmetic on one record, and what happens where the record is not sound."""

import asyncio
import logging
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.clock import ManualClock
from depthwalk.domain.units import SECOND, Duration, Instant
from depthwalk.errors import DomainError, StorageError
from depthwalk.kalshi.buckets import Bucket
from depthwalk.kalshi.shared_throttle import ALONE, PATIENCE, SharedThrottle, decode_record
from depthwalk.kalshi.throttle import Tier, published_limits
from depthwalk.wire.faults import Kind
from tests.support.tokens import MemoryRecord, StandingClock, passes

_START = Instant(1_795_000_000_000_000)
_HOUR = 3_600 * SECOND
_COSTS = {Kind.READ: 10, Kind.WRITE: 10, Kind.CANCEL: 2}

_ARRIVALS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, SECOND), st.sampled_from(Kind)), min_size=1, max_size=80)


def _worker(record: MemoryRecord, **changes: object) -> SharedThrottle:
    rules = {"limits": published_limits(Tier.BASIC), "utilisation": 1.0} | changes
    return SharedThrottle(record, **rules)


def _wait(throttle: SharedThrottle, at: int, kind: Kind) -> Duration:
    """Return how long a request that comes at *at* waits."""
    clock = StandingClock(Instant(at))
    asyncio.run(throttle.admit(clock, kind, _COSTS[kind]))
    return Duration(clock.slept)


def _departures(workers: list[SharedThrottle], arrivals: list[tuple[int, int, Kind]]) -> list[tuple[int, Kind]]:
    """Return when each request leaves; arrivals are (worker, microseconds after the one before, kind)."""
    now, left = _START, []
    for worker, gap, kind in arrivals:
        now = Instant(now + gap)
        left.append((now + _wait(workers[worker % len(workers)], now, kind), kind))
    return left


def _writes(departures: list[tuple[int, Kind]]) -> list[tuple[int, int]]:
    return [(time, _COSTS[kind]) for time, kind in departures if kind is not Kind.READ]


@given(arrivals=_ARRIVALS, count=st.integers(1, 5), reserve=st.sampled_from([0.0, 0.1, 0.5]))
def test_together_they_fit_the_venues_buckets(arrivals: list[tuple[int, int, Kind]], count: int, reserve: float) -> None:
    """However requests of several processes mix, the account's buckets refuse none of them, to the microsecond."""
    record = MemoryRecord()
    left = _departures([_worker(record, cancel_reserve=reserve) for _ in range(count)], arrivals)
    assert passes(_writes(left), rate=100, capacity=100)
    assert passes([(time, 10) for time, kind in left if kind is Kind.READ], rate=200, capacity=200)


@given(
    arrivals=_ARRIVALS,
    tiers=st.lists(st.sampled_from([Tier.BASIC, Tier.ADVANCED]), min_size=3, max_size=3),
    reserves=st.lists(st.sampled_from([0.0, 0.1, 0.5]), min_size=3, max_size=3),
    adopted=st.integers(0, 80),
)
def test_processes_that_disagree_fit_the_largest_of_their_limits(
    arrivals: list[tuple[int, int, Kind]], tiers: list[Tier], reserves: list[float], adopted: int
) -> None:
    """Whatever limits and reserves they go by, and one that adopts others on the way: no tokens come from nowhere."""
    record = MemoryRecord()
    workers = [
        _worker(record, limits=published_limits(tier), cancel_reserve=reserve)
        for tier, reserve in zip(tiers, reserves, strict=True)
    ]
    left = _departures(workers, arrivals[:adopted])
    workers[0].adopt(published_limits(Tier.ADVANCED))
    rest = [
        (worker, gap + (sum(each for _, each, _ in arrivals[:adopted]) if not n else 0), kind)
        for n, (worker, gap, kind) in enumerate(arrivals[adopted:])
    ]
    left += _departures(workers, rest)
    writes = _writes(left)
    assert not writes or passes(writes, rate=300, capacity=300)


@given(arrivals=_ARRIVALS, count=st.integers(1, 5))
def test_a_cancel_never_waits_for_creates_longer_than_its_reserve_needs(
    arrivals: list[tuple[int, int, Kind]], count: int
) -> None:
    """Whatever other processes queue up, no cancel waits longer than in a bucket of its own as large as the reserve."""
    record = MemoryRecord()
    workers = [_worker(record, cancel_reserve=0.1) for _ in range(count)]
    own = Bucket(rate=10, capacity=10)
    now = _START
    for worker, gap, kind in arrivals:
        now = Instant(now + gap)
        wait = _wait(workers[worker % count], now, kind)
        if kind is Kind.CANCEL:
            assert own.reserve(now, 2) >= wait


def test_cancels_pass_the_creates_of_others() -> None:
    """Another process has queued creates for three seconds: five cancels leave at once."""
    record = MemoryRecord()
    busy, leaving = _worker(record), _worker(record)
    assert max(_wait(busy, _START, Kind.WRITE) for _ in range(40)) > 3 * SECOND
    assert [0] * 5 == [_wait(leaving, _START, Kind.CANCEL) for _ in range(5)]
    assert _wait(leaving, _START, Kind.WRITE) > 3 * SECOND


@given(arrivals=_ARRIVALS, calls=st.sampled_from([2, 9, 60]))
def test_the_cap_on_calls_is_shared_too(arrivals: list[tuple[int, int, Kind]], calls: int) -> None:
    """No minute has more calls than said, of all processes that count them, even where one does not in between."""
    record = MemoryRecord()
    counting = [_worker(record, calls_per_minute=calls) for _ in range(2)]
    left = _departures([*counting, _worker(record)], arrivals)
    counted = [time for (worker, _, _), (time, _) in zip(arrivals, left, strict=True) if worker % 3 < 2]
    for start in counted:
        assert calls >= sum(1 for time in counted if start <= time < start + 60 * SECOND)


def test_a_process_that_starts_finds_what_was_spent() -> None:
    """Its buckets are not its own."""
    record = MemoryRecord()
    assert [0] * 9 == [_wait(_worker(record), _START, Kind.WRITE) for _ in range(9)]
    assert _wait(_worker(record), _START, Kind.WRITE) > 0


def _written() -> bytes:
    record = MemoryRecord()
    worker = _worker(record, calls_per_minute=60)
    _wait(worker, _START, Kind.WRITE)
    assert record.text is not None
    return record.text


_WHOLE = _written()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\x00",
        b"[]",
        b"{}",
        b"[" * 100_000,
        _WHOLE.replace(b'"version":1', b'"version":2'),
        _WHOLE.replace(b'"capacity":200', b'"capacity":199'),
        _WHOLE.replace(b'"millionths":200000000', b'"millionths":-1'),
        _WHOLE.replace(b'"at":1795000000000000', b'"at":1795003600000001'),
        _WHOLE.replace(b'"written":1795000000000000', b'"written":"now"'),
    ],
)
def test_a_record_that_makes_no_sense_is_empty_buckets(text: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """Never full ones: every kind of request waits for its tokens; what is written then makes sense again."""
    assert text != _WHOLE
    record = MemoryRecord(text)
    worker = _worker(record, cancel_reserve=0.1)
    waits = [_wait(worker, _START, kind) for kind in (Kind.READ, Kind.WRITE, Kind.CANCEL)]
    assert [SECOND // 20, -(-SECOND * 10 // 90), -(-SECOND * 12 // 90)] == waits
    assert "made no sense" in caplog.text
    assert record.text is not None
    assert decode_record(record.text) is not None


@given(length=st.integers(0, len(_WHOLE) - 1))
def test_a_record_cut_short_is_recognized(length: int) -> None:
    """Wherever a power cut ends it."""
    assert decode_record(_WHOLE[:length]) is None
    assert decode_record(_WHOLE) is not None


def test_a_clock_that_was_set_back_makes_nobody_wait_for_hours() -> None:
    """A record of an hour ahead is taken as of now: what was spent is spent, and no wait is longer than for that."""
    record = MemoryRecord()
    before = _worker(record, cancel_reserve=0.0)
    assert [0] * 10 == [_wait(before, _START + _HOUR, Kind.WRITE) for _ in range(10)]
    assert SECOND // 10 == _wait(_worker(record, cancel_reserve=0.0), _START, Kind.WRITE)


def test_a_process_whose_clock_is_ahead_gets_no_refill_from_that() -> None:
    """It started before the clock was set back by an hour: records of the others are not an hour old to it."""
    record = MemoryRecord()
    ahead, behind = _worker(record, cancel_reserve=0.0), _worker(record, cancel_reserve=0.0)
    left = []
    for turn in range(60):
        worker, offset = (behind, 0) if turn % 2 else (ahead, _HOUR)
        at = _START + turn * 1_000
        left.append((at + _wait(worker, at + offset, Kind.WRITE), 10))
    assert passes(left, rate=100, capacity=100)


def test_small_differences_of_clocks_cost_nothing() -> None:
    """Clocks that were read a moment apart: reservations stand as they were made, to the microsecond."""
    record = MemoryRecord()
    left = []
    for turn in range(40):
        at = _START - turn % 2 * 900
        left.append((at + _wait(_worker(record, cancel_reserve=0.0), at, Kind.WRITE), 10))
    assert passes(left, rate=100, capacity=100)


def test_after_a_night_the_buckets_are_full() -> None:
    """The venue's are, too."""
    record = MemoryRecord()
    for _ in range(30):
        _wait(_worker(record), _START, Kind.WRITE)
    assert [0] * 9 == [_wait(_worker(record), _START + 9 * _HOUR, Kind.WRITE) for _ in range(9)]


def test_a_429_to_one_makes_all_back_off() -> None:
    """The bucket of that kind counts as empty for every process, the reserve too; the other kind does not."""
    record = MemoryRecord()
    told, others = _worker(record), _worker(record)
    asyncio.run(told.refused(StandingClock(_START), Kind.WRITE))
    waits = [_wait(others, _START, kind) for kind in (Kind.WRITE, Kind.WRITE, Kind.CANCEL, Kind.READ)]
    assert [-(-SECOND * 10 // 90), -(-SECOND * 20 // 90), SECOND // 5, 0] == waits


def test_what_can_never_pass_is_refused_and_reserves_nothing() -> None:
    """The record stays as it was."""
    record = MemoryRecord()
    worker = _worker(record)
    _wait(worker, _START, Kind.READ)
    before = record.text
    with pytest.raises(DomainError, match="never fits"):
        asyncio.run(worker.admit(StandingClock(_START), Kind.WRITE, 101))
    assert before == record.text


def test_a_record_in_use_is_asked_for_again() -> None:
    """For a moment, on the clock and not in the way of the loop; then the request is reserved as always."""
    record = MemoryRecord()
    record.busy = 3
    clock = ManualClock(_START)
    asyncio.run(_worker(record).admit(clock, Kind.WRITE, 10))
    assert 4 == record.asked
    assert SECOND // 100 > clock.now() - _START
    assert record.text is not None


class _Broken:
    """A record on a disk that is full."""

    def update(self, change: object) -> bool:
        """Fail."""
        raise StorageError(f"disk full, {change is not None}")


@pytest.mark.parametrize("kept", [True, False], ids=["kept by a stopped process", "disk full"])
def test_without_the_record_it_goes_on_carefully(*, kept: bool, caplog: pytest.LogCaptureFixture) -> None:
    """Within a second; as if five were about; cancels at once; and it is said once."""
    record = MemoryRecord()
    record.busy = 1_000_000
    worker = SharedThrottle(
        record if kept else _Broken(), limits=published_limits(Tier.BASIC), utilisation=1.0, cancel_reserve=0.1
    )
    clock = ManualClock(_START)

    async def run() -> list[int]:
        times = []
        for kind in [Kind.WRITE] * 4 + [Kind.CANCEL] * 5:
            await worker.admit(clock, kind, _COSTS[kind])
            times.append(clock.now() - _START)
        return times

    times = asyncio.run(run())
    assert PATIENCE <= times[0] <= PATIENCE + 3_000
    writes = [(time, ALONE * 10) for time in times[:4]]
    assert passes(writes, rate=Fraction(90), capacity=90)
    assert times[3] - times[0] > SECOND, "four creates of fifty tokens each do not fit in a second"
    assert [times[3]] * 5 == times[4:]
    assert [logging.WARNING] == [each.levelno for each in caplog.records]
    assert "going on carefully" in caplog.text


def test_without_the_record_cancels_leave_as_if_alone() -> None:
    """Getting out comes first, with or without a reserve for it: all that the bucket holds leave at once."""
    record = MemoryRecord()
    record.busy = 1_000_000
    worker, clock = _worker(record, cancel_reserve=0.0), ManualClock(_START)

    async def run() -> list[int]:
        times = []
        for _ in range(50):
            await worker.admit(clock, Kind.CANCEL, 2)
            times.append(clock.now())
        return times

    assert 1 == len(set(asyncio.run(run())))


def test_with_the_record_back_it_is_shared_again() -> None:
    """After an outage each request asks once, and the first that gets the record goes by it."""
    record = MemoryRecord()
    _wait(_worker(record), _START, Kind.READ)
    worker, clock = _worker(record), ManualClock(_START)
    record.busy = 1_000_000
    asyncio.run(worker.admit(clock, Kind.READ, 10))
    asked = record.asked
    asyncio.run(worker.admit(clock, Kind.READ, 10))
    assert asked + 1 == record.asked
    record.busy = 0
    before = record.text
    asyncio.run(worker.admit(clock, Kind.READ, 10))
    assert before != record.text
    record.busy = 1
    asyncio.run(worker.admit(clock, Kind.READ, 10))
    assert record.busy == 0
    assert asked + 4 == record.asked, "patient again: asked twice"


def test_a_429_without_the_record_empties_its_own_bucket() -> None:
    """So at least this process backs off."""
    record = MemoryRecord()
    record.busy = 1_000_000
    worker, clock = _worker(record), ManualClock(_START)
    asyncio.run(worker.refused(clock, Kind.READ))
    assert worker.reserve(clock.now(), Kind.READ, 10) == SECOND // 20
