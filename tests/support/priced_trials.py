"""Trials that cost so and so much: 10 contracts, all filled, against an arrival mid of 50 cents."""

from depthwalk.analysis.trials import Benchmark, Stratum, Trial
from depthwalk.domain.messages import Reason
from depthwalk.domain.result import ApiUsage
from depthwalk.domain.units import CENT, CONTRACT, Duration, Money, Price, Quantity

QUANTITY = Quantity(10 * CONTRACT)

BENCHMARK = Benchmark(
    stratum=Stratum.TWO_SIDED,
    best_bid=Price(49 * CENT),
    best_ask=Price(51 * CENT),
    touch=Quantity(5 * CONTRACT),
    within_3=Quantity(9 * CONTRACT),
)


def priced_trial(seed: int, arm: str, cents: float, fee_cents: float) -> Trial:
    """Return a trial that cost *cents* a contract more than the mid, and *fee_cents* of fees on top."""
    cost, fees = (Money(round(each * CENT * QUANTITY)) for each in (cents, fee_cents))
    return Trial(
        seed=seed,
        arm=arm,
        benchmark=BENCHMARK,
        requested=QUANTITY,
        filled=QUANTITY,
        maker=Quantity(0),
        paid=Money(50 * CENT * QUANTITY + cost),
        fees=fees,
        shortfall=cost,
        spread=cost,
        drift=Money(0),
        opportunity=Money(0),
        completion_fees=Money(0),
        lenient=cost,
        lenient_fees=Money(0),
        at_mid=cost,
        depth_short=False,
        first_fill=Duration(0),
        last_fill=Duration(0),
        walks=0,
        api=ApiUsage(calls=3, read_tokens=20, write_tokens=10),
        throttled=Duration(0),
        reason=Reason.FILLED,
        overfilled=Quantity(0),
        orphans=0,
        beyond_cap=0,
        within_cap=None,
        mark_outs=(),
    )
