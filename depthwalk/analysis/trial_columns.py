"""A trial as numbers: the names of its columns, and its row. Kept in arrays, half a million trials are some hundred megabytes.

Nan stands where there is no value. Whole numbers stay exact: none comes near 2 to the 53rd.
"""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final

from depthwalk.analysis.trials import MARK_OUTS, STEPS, Stratum, Trial
from depthwalk.domain.messages import Reason
from depthwalk.domain.units import CENT, SECOND, Duration, in_seconds

NAN: Final = float("nan")

REASONS: Final = tuple(Reason)
"""What the column `reason` counts in."""


class Metric(Enum):
    """A figure that every execution has or lacks: its key where programs read it, its title and its unit.

    Costs are positive where they hurt. Points are percent of what was requested.
    """

    def __init__(self, key: str, title: str, unit: str) -> None:
        self.key, self.title, self.unit = key, title, unit

    SLIPPAGE = "slippage_percent", "slippage", "%"
    SLIPPAGE_CENTS = "slippage_cents", "slippage", "cents"
    FILL = "fill_percent", "filled", "%"
    FULL = "full_percent", "filled whole", "%"
    SHORTFALL = "shortfall_percent", "shortfall, gross", "%"
    SHORTFALL_CENTS = "shortfall_cents", "shortfall, gross", "cents"
    LENIENT = "lenient_shortfall_percent", "shortfall, the rest at the touch", "%"
    LENIENT_NET = "lenient_net_percent", "shortfall, the rest at the touch, net", "%"
    AT_MID = "at_mid_shortfall_percent", "shortfall, the rest at the mid", "%"
    NET = "net_percent", "shortfall, net", "%"
    NET_CENTS = "net_cents", "shortfall, net", "cents"
    SPREAD = "spread_cents", "spread paid", "cents"
    DRIFT = "drift_cents", "drift while waiting", "cents"
    OPPORTUNITY = "opportunity_cents", "unfilled rest", "cents"
    FEES = "fees_cents", "fees, completion included", "cents"
    FIRST_FILL = "first_fill_seconds", "first fill", "s"
    LAST_FILL = "last_fill_seconds", "last fill", "s"
    WALKS = "walks", "walks", ""
    REQUESTS = "requests", "requests", ""
    READ_TOKENS = "read_tokens", "read tokens", ""
    WRITE_TOKENS = "write_tokens", "write tokens", ""
    THROTTLED = "throttled_seconds", "throttled", "s"
    MAKER = "maker_percent", "maker share of fills", "%"
    MARK_OUT_5 = "mark_out_5_cents", "maker fills after 5 s", "cents"
    MARK_OUT_30 = "mark_out_30_cents", "maker fills after 30 s", "cents"
    MARK_OUT_300 = "mark_out_300_cents", "maker fills after 300 s", "cents"


FILLED_BY: Final = tuple(f"filled_by_{step // SECOND}s_e2" for step in STEPS)
"""The columns of `Trial.filled_by`."""

PATH: Final = tuple(f"path_{step // SECOND}s_e4" for step in STEPS)
"""The columns of `Benchmark.path`: twice the change of the mid."""

RAW: Final = (
    "seed",
    "two_sided",
    "best_bid_e4",
    "best_ask_e4",
    "touch_e2",
    "within_3_e2",
    "requested_e2",
    "filled_e2",
    "maker_e2",
    "paid_e6",
    "fees_e6",
    "shortfall_e6",
    "spread_e6",
    "drift_e6",
    "opportunity_e6",
    "completion_fees_e6",
    "lenient_e6",
    "lenient_fees_e6",
    "at_mid_e6",
    "depth_short",
    "first_fill_us",
    "last_fill_us",
    "throttled_us",
    "reason",
    "overfilled_e2",
    "orphans",
    "beyond_cap",
    "within_cap_e2",
    "takes_beyond",
    "worst_take",
    *FILLED_BY,
    *PATH,
)
"""What a trial is as it stands, in our units: prices in 1/10,000 dollar, quantities in 1/100 contract, money in 1/1,000,000."""

COLUMNS: Final = (*RAW, *(metric.key for metric in Metric))
"""All columns, in the order of `row`."""

PLACES: Final = {name: place for place, name in enumerate(COLUMNS)}


def row(trial: Trial) -> list[float]:
    """Return a trial's numbers in the order of COLUMNS."""
    return [*_raw(trial), *_metrics(trial)]


def _raw(trial: Trial) -> Iterable[float]:
    benchmark = trial.benchmark
    return _numbers(
        trial.seed,
        benchmark.stratum is Stratum.TWO_SIDED,
        benchmark.best_bid,
        benchmark.best_ask,
        benchmark.touch,
        benchmark.within_3,
        trial.requested,
        trial.filled,
        trial.maker,
        trial.paid,
        trial.fees,
        trial.shortfall,
        trial.spread,
        trial.drift,
        trial.opportunity,
        trial.completion_fees,
        trial.lenient,
        trial.lenient_fees,
        trial.at_mid,
        trial.depth_short,
        trial.first_fill,
        trial.last_fill,
        trial.throttled,
        REASONS.index(trial.reason),
        trial.overfilled,
        trial.orphans,
        trial.beyond_cap,
        trial.within_cap,
        trial.takes_beyond,
        trial.worst_take,
        *_padded(trial.filled_by, len(STEPS)),
        *_padded(benchmark.path, len(STEPS)),
    )


def _metrics(trial: Trial) -> Iterable[float]:
    """Return the metrics in the order of `Metric`. Parts that would not add up, of a shortfall not known whole, are none."""
    mid2 = trial.benchmark.mid_twice
    whole = trial.shortfall is not None
    return _numbers(
        trial.slippage,
        None if mid2 is None or not trial.filled else (2 * trial.paid / trial.filled - mid2) / (2 * CENT),
        100 * trial.fill_rate,
        100 * trial.full,
        trial.percent(trial.shortfall),
        trial.cents(trial.shortfall),
        trial.percent(trial.lenient),
        trial.percent(trial.lenient_net),
        trial.percent(trial.at_mid),
        trial.percent(trial.net),
        trial.cents(trial.net),
        trial.cents(trial.spread) if whole else None,
        trial.cents(trial.drift) if whole else None,
        trial.cents(trial.opportunity) if whole else None,
        (trial.fees + trial.completion_fees) / trial.requested / CENT if whole else None,
        _seconds(trial.first_fill),
        _seconds(trial.last_fill),
        trial.walks,
        trial.api.calls,
        trial.api.read_tokens,
        trial.api.write_tokens,
        in_seconds(trial.throttled),
        100 * trial.maker / trial.filled if trial.filled else None,
        *_padded(trial.mark_outs, len(MARK_OUTS)),
    )


def _seconds(duration: Duration | None) -> float | None:
    return None if duration is None else in_seconds(duration)


def _padded(values: Sequence[float | None], length: int) -> Iterable[float | None]:
    return (values[place] if place < len(values) else None for place in range(length))


def _numbers(*values: float | None) -> Iterable[float]:
    return (NAN if value is None else float(value) for value in values)
