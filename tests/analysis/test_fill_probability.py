"""How likely an order is filled: against sums done another way, against what was measured, and as properties."""

from dataclasses import replace
from math import exp, factorial, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.analysis.fill_probability import (
    PRIORS,
    Flow,
    Spot,
    Tape,
    expected_fill,
    fill_probability,
    left_after,
    posterior,
    spot,
)
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.units import Price, Quantity, seconds
from tests.support.books import book, cents, contracts

TEN_A_MINUTE = Flow(trades=1 / 60, size=10, steepness=0.4, life=60)
FIRST = Spot(better=Quantity(0), queued=Quantity(0), improves=Price(0))


def _behind(queued: float = 0, *, better: float = 0, improves: float = 0) -> Spot:
    return Spot(better=contracts(better), queued=contracts(queued), improves=cents(improves))


def _by_erlang(mean: float, mark: float) -> float:
    """Sum over the count of trades the probability that the sum of so many exponential sizes exceeds the mark."""
    total = 0.0
    for count in range(1, 60):
        exceeds = sum(exp(-mark) * mark**k / factorial(k) for k in range(count))
        total += exp(-mean) * mean**count / factorial(count) * exceeds
    return total


@pytest.mark.parametrize("mean", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("quantity", [1, 10, 60])
def test_the_closed_form_is_the_sum_over_the_trades(mean: float, quantity: int) -> None:
    """Trades of 10 contracts in the mean; the sum is done trade by trade."""
    time = seconds(60 * mean)
    assert _by_erlang(mean, quantity / 10) == pytest.approx(fill_probability(TEN_A_MINUTE, FIRST, contracts(quantity), time))


@pytest.mark.parametrize("at", [FIRST, _behind(7), _behind(3, better=5, improves=0), _behind(improves=2)])
@pytest.mark.parametrize("quantity", [5, 40])
def test_what_is_filled_in_the_mean_is_the_sum_of_the_chances_of_every_contract(at: Spot, quantity: int) -> None:
    """E min(q, (V - a)+) is the integral of P(V >= a + x) over x: here by the middle of each of 4,000 parts."""
    flow, time, parts = PRIORS[LiquidityClass.THIN], seconds(40), 4_000
    ahead = at.better + at.queued * left_after(flow, time)
    step = contracts(quantity) / parts
    beyond = replace(at, queued=Quantity(0))
    summed = sum(
        fill_probability(flow, replace(beyond, better=Quantity(0)), Quantity(ahead + step * (part + 0.5)), time)
        for part in range(parts)
    )
    assert summed * step == pytest.approx(expected_fill(flow, at, contracts(quantity), time), rel=1e-4)


def test_without_time_or_trades_nothing_is_filled() -> None:
    """Neither by luck: probability and mean are 0."""
    for flow, time in ((TEN_A_MINUTE, seconds(0)), (replace(TEN_A_MINUTE, trades=0.0), seconds(60))):
        assert 0 == fill_probability(flow, FIRST, contracts(1), time)
        assert 0 == expected_fill(flow, FIRST, contracts(1), time)


def test_a_market_that_never_rests_is_counted_as_well() -> None:
    """900 trades an hour for a day, 21,600 in all: within two deviations of the mean volume it is as a normal count has it."""
    flow, time = replace(TEN_A_MINUTE, trades=0.25), seconds(86_400)
    mean, deviation = 216_000, 10 * sqrt(2 * 21_600)
    chances = [fill_probability(flow, FIRST, contracts(mean + k * deviation), time) for k in (-2, 0, 2)]
    assert [0.977, 0.5, 0.023] == pytest.approx(chances, abs=0.005)
    assert contracts(1_000) == pytest.approx(expected_fill(flow, FIRST, contracts(1_000), time))


MEASURED = [
    (LiquidityClass.LIQUID, 240, 94, 1.20, 0.23, 0.33, 0.94),
    (LiquidityClass.MODERATE, 60, 18, 1.92, 0.29, 0.50, 0.93),
    (LiquidityClass.THIN, 40, 14, 3.15, 0.18, 0.40, 0.86),
]
"""algorithms.md sections 3.1 and 3.2: class, order, size at the touch, spread in cents; filled in 30 s at bid, mid and ask."""


@pytest.mark.parametrize(("liquidity", "order", "touch", "spread", "bid", "mid", "ask"), MEASURED)
def test_the_classes_fill_as_was_measured(
    liquidity: LiquidityClass, order: int, touch: int, spread: float, bid: float, mid: float, ask: float
) -> None:
    """One limit order for 30 s: at the bid behind the touch, first at the mid, at the ask after taking what is there.

    Nothing was fitted to these shares. Within 7 points at bid and mid; at the ask up to 11 less, as the book stands still.
    """
    flow, time = PRIORS[liquidity], seconds(30)

    def share(at: Spot, taken: int = 0) -> float:
        return (contracts(taken) + expected_fill(flow, at, contracts(order - taken), time)) / contracts(order)

    assert bid == pytest.approx(share(_behind(touch)), abs=0.07)
    assert mid == pytest.approx(share(_behind(improves=spread / 2)), abs=0.07)
    assert ask - 0.11 <= share(_behind(improves=spread), touch) <= ask


def test_the_priors_have_the_volumes_of_their_source() -> None:
    """88, 30 and 13 contracts a side in 40 s."""
    assert [88, 30, 13] == pytest.approx([40 * PRIORS[each].volume for each in LiquidityClass])


def test_the_tape_outweighs_the_class_as_it_gets_longer() -> None:
    """Thin: 13 / 15 trades in 40 s, so 1.3 a minute. By hand: (1.3 + 2) / (60 + 120) s, (1.3 x 15 + 16) / 3.3 contracts."""
    prior = PRIORS[LiquidityClass.THIN]
    found = posterior(prior, Tape(trades=2, volume=contracts(16), span=seconds(120)))
    assert (3.3 / 180, 35.5 / 3.3) == pytest.approx((found.trades, found.size))
    assert (prior.steepness, prior.life) == (found.steepness, found.life)
    silent = posterior(prior, Tape(trades=0, volume=Quantity(0), span=seconds(120)))
    assert (prior.trades / 3, prior.size) == pytest.approx((silent.trades, silent.size))


def test_where_an_order_would_stand() -> None:
    """Behind all at better prices and at its own, and behind ours; inside the spread first, and so much better."""
    shown = book("40x7 39x5 | 44x10")
    assert Spot(better=contracts(7), queued=contracts(5), improves=cents(-1)) == spot(shown, cents(39))
    assert Spot(better=contracts(10), queued=contracts(7), improves=cents(0)) == spot(shown, cents(40), ours=contracts(10))
    assert Spot(better=contracts(0), queued=contracts(0), improves=cents(2)) == spot(shown, cents(42))
    assert cents(4) == spot(shown, cents(50)).improves
    assert [0, 0] == [spot(book(text), cents(42)).improves for text in ("40x7 |", "| 44x10")]


def test_a_wide_spread_does_not_draw_the_world() -> None:
    """Three times the flow at most, however much a price improves."""
    chances = [fill_probability(TEN_A_MINUTE, _behind(improves=by), contracts(10), seconds(40)) for by in (3, 4, 40)]
    thrice = fill_probability(replace(TEN_A_MINUTE, trades=3 / 60), FIRST, contracts(10), seconds(40))
    assert [thrice, thrice] == pytest.approx(chances[1:])
    assert chances[0] == pytest.approx(thrice)


def test_far_behind_nobody_comes() -> None:
    """A bid at 1 cent under a book at 80: never, however long, although all that is better could have been eaten by then."""
    shown, size, day = book("80x10 | 83x10"), contracts(10), seconds(86_400)
    assert fill_probability(TEN_A_MINUTE, spot(shown, cents(1)), size, day) < 1e-6
    near = [fill_probability(TEN_A_MINUTE, spot(shown, cents(price)), size, seconds(60)) for price in (78, 79, 80, 81)]
    assert sorted(near) == near


def test_others_leave_as_their_class_does() -> None:
    """After the mean life 1 / e are left of those who stood there."""
    assert [1.0, exp(-1), exp(-2)] == pytest.approx([left_after(TEN_A_MINUTE, seconds(60 * k)) for k in range(3)])


_SPOTS = st.builds(
    _behind, st.integers(0, 300), better=st.integers(0, 300), improves=st.sampled_from([-5, -1, 0, 0.5, 1, 2, 5])
)
_FLOWS = st.builds(Flow, trades=st.floats(0.001, 5), size=st.floats(0.5, 50), steepness=st.floats(0, 1), life=st.floats(1, 500))


@given(flow=_FLOWS, at=_SPOTS, quantity=st.integers(1, 500), time=st.integers(1, 600))
def test_more_time_is_better_and_a_longer_queue_is_worse(flow: Flow, at: Spot, quantity: int, time: int) -> None:
    """A probability is one; what is filled in the mean is between what is surely filled whole and all of it."""
    size, now, later = contracts(quantity), seconds(time), seconds(time + 10)
    chance, filled = fill_probability(flow, at, size, now), expected_fill(flow, at, size, now)
    slack = 1e-6
    assert 0 <= chance <= 1
    assert chance * size - size * slack <= filled <= size
    assert chance <= fill_probability(flow, at, size, later) + slack
    assert filled <= expected_fill(flow, at, size, later) + size * slack
    behind = replace(at, better=Quantity(at.better + 1_000))
    assert chance + slack >= fill_probability(flow, behind, size, now)
    assert filled + size * slack >= expected_fill(flow, behind, size, now)
    assert chance + slack >= fill_probability(flow, at, Quantity(size + 100), now)
