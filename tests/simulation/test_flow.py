import itertools
import statistics

import pytest

from depthwalk.domain.order import Side
from depthwalk.domain.units import Instant, Quantity
from depthwalk.simulation import flow
from depthwalk.simulation.flow import (
    Exogenous,
    InformedTaker,
    MarketClass,
    NoiseTaker,
    ProviderOrder,
    _Merged,
    exogenous,
    first_value,
)
from depthwalk.simulation.scenarios import LIQUID, MODERATE, THIN

START = Instant(1_800_000_000_000_000)
SPAN = 2_000


def _world(market_class: MarketClass, seed: int, span: float = SPAN) -> list[Exogenous]:
    end = START + span * 1_000_000
    return list(itertools.takewhile(lambda event: event.at <= end, exogenous(market_class, seed, START)))


@pytest.mark.parametrize("market_class", [LIQUID, MODERATE, THIN], ids=lambda one: one.name)
def test_rates_and_sizes_are_those_of_the_class(market_class: MarketClass) -> None:
    """Arrivals per second and mean sizes agree with the table within sampling error."""
    world = _world(market_class, 3, 6 * SPAN)
    seconds = 6 * SPAN
    for side in Side:
        providers = [one for one in world if isinstance(one, ProviderOrder) and one.side is side]
        takers = [one for one in world if isinstance(one, NoiseTaker) and one.side is side]
        assert market_class.provider_rate == pytest.approx(len(providers) / seconds, rel=0.10)
        assert market_class.taker_rate == pytest.approx(len(takers) / seconds, rel=0.25)
        assert market_class.provider_size == pytest.approx(statistics.mean(one.quantity for one in providers) / 100, rel=0.10)
        assert market_class.taker_size == pytest.approx(statistics.mean(one.quantity for one in takers) / 100, rel=0.25)
        life = statistics.mean(one.expires_at - one.at for one in providers) / 1_000_000
        assert market_class.provider_life == pytest.approx(life, rel=0.10)
        reach = statistics.mean(one.offset for one in providers) - market_class.half_gap
        assert market_class.provider_reach == pytest.approx(reach, rel=0.10)
        swept = sum(one.reach == market_class.insensitive_reach for one in takers) / len(takers)
        assert market_class.insensitive_share == pytest.approx(swept, rel=0.20)
    informed = [one for one in world if isinstance(one, InformedTaker)]
    assert 2 * market_class.informed_rate == pytest.approx(len(informed) / seconds, rel=0.10)


def test_a_world_is_its_seed() -> None:
    """The same seed draws the same arrivals in order of time; another seed draws others; numbers are unique."""
    world = _world(MODERATE, 5, 200)
    assert world == _world(MODERATE, 5, 200)
    assert world != _world(MODERATE, 6, 200)
    assert sorted(one.at for one in world) == [one.at for one in world]
    numbers = [one.number for one in world if isinstance(one, ProviderOrder)]
    assert len(set(numbers)) == len(numbers)
    assert all(one.quantity % 100 == 0 for one in world if isinstance(one, NoiseTaker | ProviderOrder | InformedTaker))


def test_streams_do_not_disturb_one_another() -> None:
    """More providers leave takers exactly where they were."""
    busy = MarketClass(**{name: getattr(THIN, name) for name in THIN.__slots__} | {"provider_rate": 2.0})

    def rest(market_class: MarketClass) -> list[Exogenous]:
        return [one for one in _world(market_class, 5, 400) if not isinstance(one, ProviderOrder)]

    assert rest(THIN) == rest(busy)


def test_takers_come_in_clusters() -> None:
    """Counts per interval vary more than those of independent arrivals."""
    counts: dict[int, int] = {}
    for one in _world(LIQUID, 3, 6 * SPAN):
        if isinstance(one, NoiseTaker) and one.side is Side.BUY:
            bucket = (one.at - START) // 10_000_000
            counts[bucket] = counts.get(bucket, 0) + 1
    series = [counts.get(bucket, 0) for bucket in range(6 * SPAN // 10)]
    assert statistics.variance(series) > 1.4 * statistics.mean(series)


def test_the_start_lies_in_50_to_80_cents() -> None:
    """A synthetic world begins uniformly in 50 to 80 cents."""
    values = [first_value(seed) for seed in range(300)]
    assert 50 <= min(values) < 53
    assert 77 < max(values) <= 80


def test_scaled_and_widened_classes() -> None:
    """Scaling changes sizes and impact only, widening distances only."""
    assert (14.0, 60.0, 0.00075) == (
        LIQUID.scaled(2).provider_size,
        LIQUID.scaled(2).informed_size,
        LIQUID.scaled(2).impact_per_contract,
    )
    assert (20.02, 28.0) == (LIQUID.widened(20).half_gap, LIQUID.widened(20).insensitive_reach)
    assert LIQUID == LIQUID.scaled(1.0).widened(0.0)


@pytest.mark.parametrize("window", [1_000, 700_000, 3_600_000_000])
def test_no_arrival_depends_on_how_far_ahead_is_drawn(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes at the very end of a piece neither stays away nor comes twice; in order of time throughout."""
    expected = _world(LIQUID, 9, 100)
    monkeypatch.setattr(flow, "_WINDOW", window)
    assert expected == _world(LIQUID, 9, 100)
    assert expected == sorted(expected, key=lambda event: event.at)


class _Told:
    """A source of arrivals that are written down."""

    def __init__(self, *events: Exogenous) -> None:
        self._events = list(events)

    def until(self, end: Instant) -> list[Exogenous]:
        """Return what comes before *end* and has not been returned yet."""
        due = [event for event in self._events if event.at < end]
        del self._events[: len(due)]
        return due


def test_who_comes_at_the_same_moment_comes_in_the_order_of_the_sources() -> None:
    """Within a piece of time and at its very beginning; of one source in its own order."""
    first, second = (
        [InformedTaker(Instant(START + second * 1_000_000), Quantity(number + place)) for second in (3, 10) for place in (0, 1)]
        for number in (10, 20)
    )
    merged = _Merged((_Told(*first), _Told(*second)), START)
    assert [10, 11, 20, 21, 10, 11, 20, 21] == [event.quantity for event in itertools.islice(merged, 8)]
