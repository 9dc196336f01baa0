"""What is counted, what is left out, and times that were cut off."""

import statistics

import pytest

from depthwalk.analysis.figures import PARTS, Sample, figures, waiting
from depthwalk.domain.units import SECOND, Money, Quantity
from tests.support.measured import measured, unfilled


def _sample(*rows: object) -> Sample:
    return Sample(rows, resamples=200)  # type: ignore[arg-type]


def test_unfilled_contracts_always_count() -> None:
    """One of four unfilled: a quarter of the fill rate, in the shortfall at its completion, and in no slippage."""
    sample = _sample(*(measured(k) for k in range(3)), unfilled(3))
    found = figures(sample, range(4))

    assert found.fill_rate is not None
    assert (75.0, 25.0) == (found.fill_rate.value, found.underfilled.value if found.underfilled else None)
    assert (3, 2.0) == (found.slippages, found.slippage_mean.value if found.slippage_mean else None)
    # 1 cent three times and 3 cents once, at a mid of 50 cents.
    assert found.cents.net is not None
    assert found.percent.net is not None
    assert found.dollars.net is not None
    assert (1.5, 3.0, 6.0) == pytest.approx((found.cents.net.value, found.percent.net.value, found.dollars.net.value))


def test_what_is_not_known_is_counted_and_never_0() -> None:
    """No arrival mid, or a rest without a price: in no shortfall, but named; a group of them has none at all."""
    blind = unfilled(1, mid_twice=None, shortfall=None, spread=None, drift=None, opportunity=None, liquidity=None)
    unpriced = unfilled(2, shortfall=None, opportunity=None)
    found = figures(_sample(measured(0), blind, unpriced), range(3))
    assert (1, 1, 3) == (found.without_mid, found.without_price, found.executions)
    assert found.percent.net is not None
    assert 2.0 == found.percent.net.value
    assert found.percent.parts["spread"] is not None

    none = figures(_sample(blind, unpriced), range(2))
    assert none.slippage_mean is None
    assert [None] * 18 == [costs.parts[name] for costs in (none.percent, none.cents, none.dollars) for name in PARTS]
    assert none.fill_rate is not None
    assert 0.0 == none.fill_rate.value
    assert none.maker_share is None


def test_parts_add_up() -> None:
    """Net is gross and fees, gross is spread, drift and the unfilled rest, in every unit."""
    rows = [
        measured(
            k,
            shortfall=Money(10 * k + 9_000),
            spread=Money(5 * k),
            drift=Money(-3 * k),
            opportunity=Money(8 * k),
            fees=Money(9_000),
            mid_twice=8_000 + 50 * k,
        )
        for k in range(30)
    ]
    found = figures(_sample(*rows), range(30))
    for costs in (found.percent, found.cents, found.dollars):
        value = {name: part.value if part else float("nan") for name, part in costs.parts.items()}
        assert value["net"] == pytest.approx(value["gross"] + value["fees"])
        assert value["gross"] == pytest.approx(value["spread"] + value["drift"] + value["opportunity"])
    assert found.net_cents_median is not None
    assert statistics.median(row.shortfall / row.requested / 100 for row in rows if row.shortfall) == pytest.approx(
        found.net_cents_median.value
    )


def test_percent_is_of_the_traded_sides_mid() -> None:
    """The same cent is 1.1 % at a mid of 90 cents and 10 % at 10."""
    for mid_twice, percent in ((18_000, 10 / 9), (2_000, 10.0)):
        found = figures(_sample(measured(0, mid_twice=mid_twice)), [0]).percent.net
        assert found is not None
        assert percent == pytest.approx(found.value)


def test_each_execution_counts_once_but_in_dollars() -> None:
    """A large order weighs no more in the mean, and all it is worth in the total."""
    large = measured(1, requested=Quantity(90_000), filled=Quantity(90_000), shortfall=Money(27_000_000))
    found = figures(_sample(measured(0), large), range(2))
    assert found.cents.net is not None
    assert found.dollars.net is not None
    assert (2.0, 28.0) == pytest.approx((found.cents.net.value, found.dollars.net.value))


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([(1, 9), (2, 9), (3, 9), (4, 9)], (2.0, 4.0, 0.0)),
        ([(1, 9), (2, 9), (None, 9), (None, 9)], (2.0, None, 50.0)),
        ([(None, 9), (None, 9)], (None, None, 100.0)),
        # Cut off early says nothing of later: of the three left at 5 s one got there, then the last two of two.
        ([(None, 1), (5, 9), (6, 9), (7, 9)], (6.0, 7.0, 25.0)),
        # What happens at the moment of a cut happens first.
        ([(5, 9), (None, 5)], (5.0, None, 50.0)),
    ],
)
def test_waiting_is_read_from_the_survival_curve(
    times: list[tuple[int | None, int]], expected: tuple[float | None, float | None, float]
) -> None:
    """Kaplan-Meier by hand: median, 95th percentile, share cut off."""
    found = waiting((None if at is None else at * SECOND, end * SECOND) for at, end in times)
    assert found is not None
    assert expected == (found.median, found.tail, found.censored)
    assert waiting(()) is None
