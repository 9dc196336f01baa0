import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.order import Side
from depthwalk.domain.units import Instant, Price
from depthwalk.simulation.scenarios import LIQUID, THIN
from depthwalk.simulation.synthetic import (
    InformedChoice,
    Valuation,
    informed_choice,
    provider_price,
    pulls,
    taker_limit,
)
from depthwalk.simulation.value import Step, Values
from tests.support.lab_worlds import Written

START = Instant(1_800_000_000_000_000)
CENTS = STRUCTURES["linear_cent"]


def _at(seconds: float) -> Instant:
    return Instant(START + round(seconds * 1_000_000))


def _valuation(*steps: Step) -> Valuation:
    """Return a valuation that begins with 60 cents."""
    return Valuation(THIN, Values(THIN.provider_lag, START, 60.0, Written(*steps)))


def test_providers_follow_the_value_in_their_lag() -> None:
    """After one lag constant the providers have seen 1 - 1/e of a jump."""
    valuation = _valuation((START, 70.0))
    assert 60.0 == pytest.approx(valuation.fair(START, 0, 0))
    assert 70 - 10 / math.e == pytest.approx(valuation.fair(_at(THIN.provider_lag), 0, 0))
    assert 70.0 == pytest.approx(valuation.fair(_at(60), 0, 0))


def test_trades_leave_an_impact_that_decays() -> None:
    """Buying lifts the quotes per contract, selling lowers them, and both are forgotten."""
    valuation = _valuation()
    valuation.traded(START, Side.BUY, 10_000)
    assert 60 + 100 * THIN.impact_per_contract == pytest.approx(valuation.fair(START, 0, 0))
    later = _at(THIN.impact_life)
    assert 60 + 100 * THIN.impact_per_contract / math.e == pytest.approx(valuation.fair(later, 0, 0))
    valuation.traded(later, Side.SELL, 10_000)
    rest = 100 * THIN.impact_per_contract * (1 / math.e - 1)
    assert 60 + rest == pytest.approx(valuation.fair(later, 0, 0))
    assert 60 + rest / math.e == pytest.approx(valuation.fair(_at(2 * THIN.impact_life), 0, 0))


def test_quotes_lean_with_the_imbalance() -> None:
    """A book of bids only leans up by the whole weight, an even one not at all."""
    valuation = _valuation()
    assert 60 + THIN.imbalance_weight == pytest.approx(valuation.fair(START, 500, 0))
    assert 60 - THIN.imbalance_weight / 2 == pytest.approx(valuation.fair(START, 100, 300))
    assert 60.0 == pytest.approx(valuation.fair(START, 0, 0))


@given(st.floats(1, 99), st.floats(0, 120), st.sampled_from(sorted(STRUCTURES)))
def test_prices_round_away_for_providers_and_towards_takers(fair: float, offset: float, structure: str) -> None:
    """Every price is on the grid; no provider is nearer than his offset, no taker pays beyond his reach."""
    grid = STRUCTURES[structure]
    for side in Side:
        price = provider_price(grid, side, fair, offset)
        assert price is None or (price in grid and (fair - price / 100) * side.sign >= offset - 1e-6)
        limit = taker_limit(grid, side, fair, offset)
        assert limit is None or (limit in grid and (limit / 100 - fair) * side.sign <= offset + 1e-6)


def test_informed_takers_need_their_threshold() -> None:
    """They take only where the value lies a threshold beyond a best price, and not past it."""
    assert InformedChoice(Side.BUY, Price(6_500)) == informed_choice(LIQUID, CENTS, 66.0, Price(6_300), Price(6_500))
    assert InformedChoice(Side.SELL, Price(6_200)) == informed_choice(LIQUID, CENTS, 61.0, Price(6_300), Price(6_500))
    assert informed_choice(LIQUID, CENTS, 64.0, Price(6_300), Price(6_500)) is None
    assert informed_choice(LIQUID, CENTS, 64.0, None, None) is None


def test_pulls_are_fair_and_fixed() -> None:
    """The hash says yes about half the time, always the same, and differs by seed, order and tick."""
    decisions = [pulls(seed, number, tick) for seed in range(10) for number in range(40) for tick in range(25)]
    assert 0.5 == pytest.approx(sum(decisions) / len(decisions), abs=0.02)
    assert decisions == [pulls(seed, number, tick) for seed in range(10) for number in range(40) for tick in range(25)]
    for column in range(3):
        keys = [tuple(n if place == column else 7 for place in range(3)) for n in range(64)]
        assert 20 <= sum(pulls(*key) for key in keys) <= 44
