"""Token buckets in virtual time, and what endpoints cost."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.units import SECOND, Instant
from depthwalk.errors import DomainError
from depthwalk.kalshi.buckets import Bucket
from depthwalk.kalshi.throttle import KNOWN_COSTS, CostTable, Throttle, Tier, published_limits
from depthwalk.wire.account import AccountLimits, BucketLimit, EndpointCost, EndpointCosts
from depthwalk.wire.faults import Kind
from tests.support.tokens import passes

_START = Instant(1_795_000_000_000_000)

_ARRIVALS = st.lists(st.tuples(st.integers(0, 3 * SECOND), st.integers(1, 10)), min_size=1, max_size=60)


@given(arrivals=_ARRIVALS, rate=st.fractions(Fraction(1, 7), 200, max_denominator=60), capacity=st.integers(10, 200))
def test_what_leaves_always_fits_the_declared_bucket(arrivals: list[tuple[int, int]], rate: Fraction, capacity: int) -> None:
    """However requests arrive, a bucket of the declared rate and capacity refuses none of them, to the microsecond."""
    bucket = Bucket(rate=rate, capacity=capacity)
    now, departures = _START, []
    for gap, cost in arrivals:
        now = Instant(now + gap)
        departures.append((now + bucket.reserve(now, cost), cost))
    assert passes(departures, rate=rate, capacity=capacity)


@given(arrivals=_ARRIVALS, rate=st.integers(1, 100), capacity=st.integers(10, 100), window=st.integers(1, 5 * SECOND))
def test_no_window_exceeds_capacity_and_rate(arrivals: list[tuple[int, int]], rate: int, capacity: int, window: int) -> None:
    """In any window no more leaves than the capacity and what the window refills."""
    bucket = Bucket(rate=rate, capacity=capacity)
    now, departures = _START, []
    for gap, cost in arrivals:
        now = Instant(now + gap)
        departures.append((now + bucket.reserve(now, cost), cost))
    for start, _ in departures:
        spent = sum(cost for time, cost in departures if start <= time <= start + window)
        assert capacity + Fraction(rate * window, SECOND) >= spent


def test_waiters_do_not_wake_together() -> None:
    """Reservations stand: thirty requests at once leave one after the other, at the rate."""
    bucket = Bucket(rate=100, capacity=100)
    waits = [bucket.reserve(_START, 10) for _ in range(30)]
    assert [0] * 10 + [100_000 * n for n in range(1, 21)] == waits


def test_the_whole_budget_is_used() -> None:
    """Steadily at least 0.995 of the rate leaves: nothing is lost to rounding."""
    bucket = Bucket(rate=Fraction(1_000, 7), capacity=10)
    last = max(bucket.reserve(_START, 10) for _ in range(10_000))
    assert Fraction(995, 1_000) <= Fraction(10_000 * 10 - 10, 1) / (Fraction(1_000, 7) * Fraction(last, SECOND)) <= 1


def test_looking_reserves_nothing() -> None:
    """`wait` may be asked any number of times."""
    bucket = Bucket(rate=1, capacity=10)
    assert {0} == {bucket.wait(_START, 10) for _ in range(5)}


def test_a_cost_that_never_fits_is_refused() -> None:
    """Waiting would be forever."""
    with pytest.raises(DomainError, match="never fits"):
        Bucket(rate=1, capacity=5).reserve(_START, 6)
    with pytest.raises(DomainError, match="needs tokens"):
        Bucket(rate=0, capacity=5)


def _throttle(**changes: object) -> Throttle:
    return Throttle(limits=published_limits(Tier.BASIC), **({"utilisation": 1.0} | changes))


def test_cancels_have_a_reserve() -> None:
    """When writes have queued up for seconds, cancels still leave at once, as many as the reserve holds."""
    throttle = _throttle(cancel_reserve=0.1)
    waits = [throttle.reserve(_START, Kind.WRITE, 10) for _ in range(30)]
    assert waits[-1] > 2 * SECOND
    cancels = [throttle.reserve(_START, Kind.CANCEL, 2) for _ in range(6)]
    assert [0] * 5 + [200_000] == cancels


@given(
    arrivals=st.lists(st.tuples(st.integers(0, SECOND), st.sampled_from([Kind.WRITE, Kind.CANCEL])), min_size=1, max_size=60),
    reserve=st.sampled_from([0.0, 0.1, 0.5]),
)
def test_the_reserve_is_part_of_the_bucket(arrivals: list[tuple[int, Kind]], reserve: float) -> None:
    """Writes and cancels together fit the venue's one write bucket."""
    throttle = _throttle(cancel_reserve=reserve)
    now, departures = _START, []
    for gap, kind in arrivals:
        now = Instant(now + gap)
        cost = 2 if kind is Kind.CANCEL else 10
        departures.append((now + throttle.reserve(now, kind, cost), cost))
    assert passes(departures, rate=Fraction(100), capacity=100)


@given(
    gaps=st.lists(st.tuples(st.integers(0, SECOND), st.sampled_from(Kind)), min_size=1, max_size=150),
    calls=st.sampled_from([1, 2, 9, 10, 60, 90]),
    cost=st.sampled_from([2, 50, 90]),
)
def test_no_minute_has_more_calls_than_said(gaps: list[tuple[int, Kind]], calls: int, cost: int) -> None:
    """The old notes' 90 calls a minute, burst included, over reads, writes and cancels; and the buckets hold with it."""
    throttle = _throttle(calls_per_minute=calls)
    now, departures = _START, []
    for gap, kind in gaps:
        now = Instant(now + gap)
        departures.append((now + throttle.reserve(now, kind, cost), kind))
    for start, _ in departures:
        # One call a minute cannot be told apart from two at both ends of it.
        assert max(calls, 2) >= sum(1 for time, _ in departures if start <= time < start + 60 * SECOND)
    writes = [(time, cost) for time, kind in departures if kind is not Kind.READ]
    assert not writes or passes(writes, rate=Fraction(100), capacity=100)


def test_a_call_counts_from_when_it_leaves() -> None:
    """Held up by its own bucket for ten seconds, the next call of any kind has its share of a minute to wait from then."""
    limits = AccountLimits(tier="x", read=BucketLimit(rate=1, capacity=10), write=BucketLimit(rate=1_000, capacity=100))
    throttle = Throttle(limits=limits, utilisation=1.0, cancel_reserve=0.0, calls_per_minute=10)
    waits = [throttle.reserve(_START, kind, 10) for kind in (Kind.READ, Kind.READ, Kind.WRITE)]
    assert [0, 10 * SECOND, 16_666_667] == waits


def test_utilisation_leaves_a_margin() -> None:
    """Nine tenths of the rate and of the capacity; the share is exact."""
    throttle = _throttle(utilisation=0.9, cancel_reserve=0.0)
    waits = [throttle.reserve(_START, Kind.READ, 10) for _ in range(19)]
    assert [0] * 18 + [55_556] == waits


def test_reads_and_writes_do_not_wait_for_each_other() -> None:
    """Two buckets."""
    throttle = _throttle()
    for _ in range(40):
        throttle.reserve(_START, Kind.READ, 10)
    assert throttle.reserve(_START, Kind.WRITE, 10) == 0


@pytest.mark.parametrize("kind", Kind)
def test_another_is_full_and_its_own(kind: Kind) -> None:
    """Neither takes from the other, of any bucket: what a new one of the same sizes would let pass, it lets pass."""
    one = _throttle(calls_per_minute=60)
    new = [_throttle(calls_per_minute=60).reserve(_START, kind, 10) for _ in range(1)]
    spent = [one.reserve(_START, each, 10) for each in Kind for _ in range(30)]
    other = one.another()
    before = one.levels
    waits = [other.reserve(_START, kind, 10) for _ in range(30)]
    assert (before, new) == (one.levels, waits[:1])
    fresh = _throttle(calls_per_minute=60)
    assert [fresh.reserve(_START, kind, 10) for _ in range(30)] == waits
    assert max(spent) > 0


def test_one_request_always_fits() -> None:
    """However small the share, a create can be sent."""
    throttle = Throttle(utilisation=0.01, cancel_reserve=0.5)
    assert throttle.reserve(_START, Kind.WRITE, 10) == 0
    assert throttle.reserve(_START, Kind.WRITE, 10) == 10 * SECOND
    assert throttle.largest_write == 10


def test_the_accounts_own_limits_replace_the_table() -> None:
    """From then on they hold."""
    throttle = Throttle(utilisation=1.0, cancel_reserve=0.0)
    throttle.adopt(AccountLimits(tier="x", read=BucketLimit(rate=10, capacity=20), write=BucketLimit(rate=1_000, capacity=50)))
    assert [0, 0, SECOND] == [throttle.reserve(_START, Kind.READ, 10) for _ in range(3)]
    assert throttle.largest_write == 50


@given(
    before=st.sampled_from(Tier),
    after=st.sampled_from(Tier),
    spent=st.integers(0, 60),
    reserves=st.tuples(*[st.sampled_from([0.0, 0.1, 0.5])] * 2),
)
def test_other_limits_are_no_refill(before: Tier, after: Tier, spent: int, reserves: tuple[float, float]) -> None:
    """However limits and reserve change, all buckets together hold no more than they did, and none more than it can."""
    old = Throttle(limits=published_limits(before), cancel_reserve=reserves[0])
    new = Throttle(limits=published_limits(after), cancel_reserve=reserves[1])
    for _ in range(spent):
        old.reserve(_START, Kind.WRITE, 10)
    new.levels = old.levels
    held = [
        [each for each in (found.common, found.kept) if each is not None] for found in (old.levels.writes, new.levels.writes)
    ]
    assert sum(level.millionths for level in held[0]) >= sum(level.millionths for level in held[1])
    assert all(level.possible for level in held[1])


@given(before=st.integers(10, 100), after=st.integers(10, 100), spent=st.integers(0, 10))
def test_what_was_spent_stays_spent(before: int, after: int, spent: int) -> None:
    """Handed to a smaller bucket, a level loses what the bucket lacks, down to nothing; in a larger one it is what it was."""
    old, new = Bucket(rate=1, capacity=before), Bucket(rate=1, capacity=after)
    old.reserve(_START, spent)
    new.level = old.level
    assert max(0, min(before, after) - spent) * 1_000_000 == new.level.millionths


def test_adopting_limits_is_no_refill() -> None:
    """A bucket that was emptied is empty under the new limits, and fills up at the new rate."""
    throttle = _throttle(cancel_reserve=0.0)
    for _ in range(10):
        throttle.reserve(_START, Kind.WRITE, 10)
    throttle.adopt(published_limits(Tier.PREMIER))
    assert [-(-SECOND * 10 // 1_200), -(-SECOND * 20 // 1_200)] == [throttle.reserve(_START, Kind.WRITE, 10) for _ in range(2)]
    assert throttle.reserve(Instant(_START + 2 * SECOND), Kind.WRITE, 1_200) == 0


def test_a_drained_bucket_keeps_what_was_promised() -> None:
    """Reserved departures stand; what comes after them waits for tokens of its own, cancels too."""
    throttle = _throttle()
    waits = [throttle.reserve(_START, Kind.WRITE, 10) for _ in range(12)]
    throttle.drain(_START, Kind.CANCEL)
    assert waits[-1] + -(-SECOND * 10 // 90) == throttle.reserve(_START, Kind.WRITE, 10)
    assert SECOND // 5 == throttle.reserve(_START, Kind.CANCEL, 2)
    assert throttle.reserve(_START, Kind.READ, 10) == 0


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_impossible_shares_are_refused(share: float) -> None:
    """A share lies above 0 and is at most all."""
    with pytest.raises(DomainError, match="utilisation"):
        Throttle(utilisation=share)


@pytest.mark.parametrize(
    ("method", "template", "cost"),
    [
        ("POST", "/trade-api/v2/portfolio/events/orders", 10),
        ("DELETE", "/trade-api/v2/portfolio/events/orders/:order_id", 2),
        ("DELETE", "/trade-api/v2/portfolio/events/orders/batched", 2),
        ("POST", "/trade-api/v2/portfolio/events/orders/:order_id/amend", 10),
        ("GET", "/trade-api/v2/portfolio/orders/:order_id", 2),
        ("GET", "/trade-api/v2/portfolio/orders", 10),
        ("GET", "/trade-api/v2/markets/:ticker/orderbook", 10),
    ],
)
def test_known_costs(method: str, template: str, cost: int) -> None:
    """The table of section 6.1."""
    assert cost == CostTable(KNOWN_COSTS).cost(method, template)


def test_the_most_literal_template_wins() -> None:
    """A named part gives way to the word itself, and both to the longer match; a star takes the rest."""
    table = CostTable(
        EndpointCosts(
            default=10,
            listed=(
                EndpointCost(method="GET", path="/a/:id", cost=3),
                EndpointCost(method="GET", path="/a/special", cost=4),
                EndpointCost(method="GET", path="/b/*rest", cost=5),
                EndpointCost(method="GET", path="/b/c/:id", cost=6),
            ),
        )
    )
    asked = ("/a/:x", "/a/special", "/a", "/b/x/y", "/b/c/:d", "/z")
    assert [3, 4, 10, 5, 6, 10] == [table.cost("GET", path) for path in asked]
    assert table.cost("POST", "/a/:x") == 10
