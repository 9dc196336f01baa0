from hypothesis import given
from hypothesis import strategies as st

from depthwalk.paper.queue import after_cancels, after_trades

_QUEUES = st.lists(st.tuples(st.integers(0, 500), st.integers(1, 300)), max_size=5).map(
    lambda queue: sorted(queue, key=lambda one: one[0])
)


def test_trades_eat_the_front_first() -> None:
    """What is ahead goes first, then us, then what stands between our orders, then our next."""
    assert [(40, 0)] == after_trades([(100, 50)], 60)
    assert [(0, 20)] == after_trades([(100, 50)], 120)
    assert [(0, 50), (20, 0)] == after_trades([(100, 50), (150, 10)], 180)
    assert [(0, 50), (0, 10)] == after_trades([(100, 50), (150, 10)], 1_000)


@given(_QUEUES, st.integers(0, 2_000))
def test_trades_never_fill_more_than_traded(queue: list[tuple[int, int]], volume: int) -> None:
    """Fills and the quantity eaten ahead come out of the volume, nobody is overfilled, and no place is lost."""
    outcome = after_trades(queue, volume)
    eaten = max((old - new for (old, _), (new, _) in zip(queue, outcome, strict=True)), default=0)
    assert sum(filled for _, filled in outcome) + eaten <= volume
    for (ahead, remaining), (left, filled) in zip(queue, outcome, strict=True):
        assert 0 <= left <= ahead
        assert 0 <= filled <= remaining
        assert not (filled and left)


@given(st.integers(0, 1_000), st.integers(0, 1_000), st.integers(0, 1_000))
def test_cancels_are_spread_evenly_and_rounded_against_us(one: int, two: int, three: int) -> None:
    """The share ahead shrinks in proportion, never faster, and never beyond the level."""
    after, ahead, before = sorted((one, two, three))
    left = after_cancels(ahead, before, after)
    assert left * before >= ahead * after
    assert (left - 1) * before < ahead * after or not before
    assert 0 <= left <= min(ahead, after) if before else left == 0
