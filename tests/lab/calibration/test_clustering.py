"""Clusters of takers: what the simulation draws is found again, nothing is found where there is nothing, and misfits show."""

from dataclasses import replace
from itertools import takewhile
from random import Random

import pytest

from depthwalk.domain.order import Side
from depthwalk.domain.units import SECOND, Instant
from depthwalk.lab.calibration.clustering import Clustering, Flow, cluster
from depthwalk.lab.worlds import CLASSES
from depthwalk.simulation.flow import NoiseTaker, exogenous, stream

_SECONDS = 3_000.0


def _flows(branching: float, cluster_seconds: float) -> list[list[float]]:
    thin = CLASSES["thin"].market
    market = replace(thin, taker_rate=0.2, branching=branching, cluster_seconds=cluster_seconds, provider_rate=1e-6)
    events = takewhile(lambda event: event.at < _SECONDS * SECOND, exogenous(market, 3, Instant(0)))
    takers = [event for event in events if isinstance(event, NoiseTaker)]
    return [[taker.at / SECOND for taker in takers if taker.side is side] for side in Side]


def _alone(rng: Random, rate: float, seconds: float) -> list[float]:
    """Draw takers who come independently of one another."""
    times = [rng.expovariate(rate)]
    while times[-1] < seconds:
        times.append(times[-1] + rng.expovariate(rate))
    return times[:-1]


def _found(flows: list[list[float]], seconds: float = _SECONDS) -> Clustering:
    found = cluster([Flow(times, seconds) for times in flows])
    assert found is not None
    return found


@pytest.mark.parametrize(("branching", "delay"), [(0.4, 1.5), (0.7, 3.0)])
def test_what_the_simulation_draws_is_found_again(branching: float, delay: float) -> None:
    """Branching to a tenth, delay to a quarter, and the residuals say that the model holds."""
    found = _found(_flows(branching, delay))
    assert branching == pytest.approx(found.branching, abs=0.1)
    assert delay == pytest.approx(found.delay, rel=0.25)
    assert found.holds


def test_takers_who_come_alone_follow_nobody() -> None:
    """A Poisson flow has no branching to speak of."""
    rng = stream(1, "alone")
    flows = [_alone(rng, 0.2, _SECONDS) for _ in range(6)]
    assert _found(flows).branching < 0.1


def test_rare_takers_who_come_alone_are_as_the_model_says() -> None:
    """One or two in a stretch: that their number has set its rate is allowed for."""
    rng = stream(4, "rare")
    found = _found([_alone(rng, 0.003, 300.0) for _ in range(800)], 300.0)
    assert found.branching < 0.05
    assert found.holds


def test_a_flow_of_another_kind_is_told_apart() -> None:
    """A taker every five seconds, to the tick, is no Hawkes process, and the residuals say so."""
    found = _found([[5.0 * index for index in range(1, 500)]])
    assert not found.holds
    assert found.distance > 3 * found.allowed


def test_busy_and_quiet_stretches_are_not_taken_for_clusters() -> None:
    """A rate that differs from stretch to stretch is a rate, not a crowd that follows itself."""
    rng = stream(2, "uneven")
    flows = [_alone(rng, rate, 300.0) for rate in (0.01, 0.5) * 4]
    assert _found(flows, 300.0).branching < 0.15


def test_a_stretch_that_breaks_off_is_as_long_as_it_is() -> None:
    """Takers through its first third, and then nobody because the recording ends, are no cluster."""
    rng = stream(3, "short")
    assert _found([_alone(rng, 0.1, 100.0) for _ in range(60)], 100.0).branching < 0.1


def test_who_is_followed_by_nobody_counts() -> None:
    """Where takers are rare most flows have one, and those with two are not all there is: 60 of 260 are followed, at once."""
    flows = [[100.0, 101.0 + index / 100] if index % 10 < 3 else [100.0] for index in range(200)]
    assert 60 / 260 == pytest.approx(_found(flows, 300.0).branching, abs=0.03)


def test_nothing_to_fit_is_nothing() -> None:
    """Takers one at a time say nothing of one another."""
    assert cluster([Flow([1.0], 300.0), Flow([], 300.0)]) is None
    assert cluster([]) is None
