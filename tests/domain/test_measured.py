"""Which executions tell the same story."""

from depthwalk.domain.units import SECOND, Instant
from tests.support.measured import measured
from tests.support.results import START

DAY = 86_400 * SECOND


def test_markets_of_an_event_are_one_cluster_a_day() -> None:
    """The ticker without its last part, and the day; a ticker of two parts is an event with one market."""
    live = [measured(ticker=f"KXHIGH-25NOV05-T{k}", source="venue") for k in range(3)]
    assert {"KXHIGH-25NOV05"} == {row.event for row in live}
    assert 1 == len({row.cluster for row in live})
    later = measured(ticker="KXHIGH-25NOV05-T9", source="venue", started_at=Instant(START + DAY))
    assert (live[0].event, False) == (later.event, live[0].cluster == later.cluster)
    assert "KXFED-25DEC" == measured(ticker="KXFED-25DEC").event


def test_a_synthetic_market_is_a_world_for_each_seed() -> None:
    """Another seed, another market; the same seed again is no news."""
    first, again, other = (measured(ticker="PAPER-THIN", source="synthetic", seed=seed) for seed in (1, 1, 2))
    assert (True, False) == (first.cluster == again.cluster, first.cluster == other.cluster)


def test_a_recording_is_one_day_however_often_it_is_replayed() -> None:
    """The day on which somebody replays it means nothing."""
    first, again = (measured(source="replay", started_at=Instant(START + k * DAY)) for k in range(2))
    assert first.cluster == again.cluster
