"""Trials made up by hand: one execution of the laboratory with round figures, and comparisons of them."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from depthwalk.analysis.collection import CellKey, Collection
from depthwalk.analysis.estimates import Estimate
from depthwalk.analysis.paired import Asked, AskedArm, Audit, Comparison
from depthwalk.analysis.pairing import compare
from depthwalk.analysis.trial_columns import Metric
from depthwalk.analysis.trials import Benchmark, Stratum, Trial
from depthwalk.domain.messages import Reason
from depthwalk.domain.result import ApiUsage
from depthwalk.domain.units import CENT, CONTRACT, SECOND, Duration, Money, Price, Quantity

RESAMPLES = 200
THIN = CellKey("thin", "base")
BASE, OTHER = "simple_limit", "walker"

BENCHMARK = Benchmark(
    stratum=Stratum.TWO_SIDED,
    best_bid=Price(5_900),
    best_ask=Price(6_100),
    touch=Quantity(20 * CONTRACT),
    within_3=Quantity(50 * CONTRACT),
)
"""59 to 61 cents, 20 contracts at the best price."""

ONE_SIDED = replace(BENCHMARK, stratum=Stratum.ONE_SIDED, best_bid=None)


def trial(seed: int, arm: str, cents: float = 1.0, *, filled: int = 40, **changes: Any) -> Trial:
    """Return an execution of 40 contracts: *cents* a contract of shortfall before fees, all spread; half a cent of fees."""
    each = Money(round(cents * CENT * 40 * CONTRACT))
    fields: dict[str, Any] = {
        "seed": seed,
        "arm": arm,
        "benchmark": BENCHMARK,
        "requested": Quantity(40 * CONTRACT),
        "filled": Quantity(filled * CONTRACT),
        "maker": Quantity(filled * CONTRACT // 2),
        "paid": Money(round((6_000 + cents * CENT) * filled * CONTRACT)),
        "fees": Money(200_000),
        "shortfall": each,
        "spread": each,
        "drift": Money(0),
        "opportunity": Money(0),
        "completion_fees": Money(0),
        "lenient": each,
        "lenient_fees": Money(0),
        "at_mid": each,
        "depth_short": False,
        "first_fill": Duration(SECOND) if filled else None,
        "last_fill": Duration(9 * SECOND) if filled else None,
        "walks": 2,
        "api": ApiUsage(calls=12, read_tokens=100, write_tokens=40),
        "throttled": Duration(0),
        "reason": Reason.FILLED if filled == 40 else Reason.HORIZON,
        "overfilled": Quantity(0),
        "orphans": 0,
        "beyond_cap": 0,
        "within_cap": Quantity(30 * CONTRACT),
        "mark_outs": (0.5, None, None),
    }
    return Trial(**fields | changes)


def one_sided(seed: int, arm: str, *, filled: int = 40) -> Trial:
    """Return an execution that met a book without bids: there is no mid, and nothing to measure but what was filled."""
    none = dict.fromkeys(("shortfall", "spread", "drift", "opportunity", "lenient", "at_mid"))
    return trial(seed, arm, filled=filled, benchmark=ONE_SIDED, **none)


def asked(arms: Iterable[str] = (BASE, OTHER), *, runs: int = 1, classes: Sequence[str] = ("thin",), **changes: Any) -> Asked:
    """Return a question about *arms*; the first is the baseline."""
    named = tuple(AskedArm(name=arm, algorithm=arm, parameters={}) for arm in arms)
    fields: dict[str, Any] = {
        "classes": tuple(classes),
        "worlds": ("base",),
        "arms": named,
        "baseline": named[0].name,
        "runs": runs,
        "first_seed": 0,
        "version": "1.2.3",
    }
    return Asked(**fields | changes)


def collected(trials: Mapping[CellKey, Iterable[Trial]], baseline: str = BASE) -> Collection:
    """Return a collection of trials, each cell's as one block."""
    collection = Collection(baseline)
    for cell, block in trials.items():
        collection.add(cell, block)
    return collection


def compared(trials: Sequence[Trial], **changes: Any) -> Comparison:
    """Return the comparison of one cell's trials, with RESAMPLES; arms in the order in which they first occur."""
    arms = tuple(dict.fromkeys(each.arm for each in trials))
    question = asked(arms, runs=len({each.seed for each in trials}), **changes)
    return compare(question, collected({THIN: trials}, question.baseline), resamples=RESAMPLES)


def sample(runs: int = 120, *, classes: Sequence[str] = ("thin", "liquid")) -> tuple[Asked, Collection]:
    """Return a seeded comparison of four arms: one cheaper, one cheaper that fills less, one as dear, one dearer."""
    rng = random.Random(4)
    collection = Collection(BASE)
    offsets = {BASE: 0.0, "walker:patience=1.5": -0.6, "sloth": -0.4, "twin": 0.02, "dear": 1.0}
    for name in classes:
        block = []
        for seed in range(runs):
            if seed % 40 == 7:
                block += [one_sided(seed, arm, filled=rng.randrange(20, 41)) for arm in offsets]
                continue
            level = rng.gauss(2.0, 1.0)
            benchmark = replace(BENCHMARK, touch=Quantity(rng.randrange(8, 90) * CONTRACT))
            for arm, offset in offsets.items():
                filled = 40 - (rng.randrange(8) if arm == "sloth" else rng.randrange(2))
                block.append(trial(seed, arm, level + offset + rng.gauss(0, 0.5), filled=filled, benchmark=benchmark))
        collection.add(CellKey(name, "base"), block)
    return asked(offsets, runs=runs, classes=classes), collection


def told_apart() -> Comparison:
    """Return a comparison in which every figure of OTHER is another number, so that none can stand in another's place."""
    whole = compared([trial(0, BASE), trial(0, OTHER)])
    (cell,) = whole.cells
    against = cell.arm(OTHER).against
    if against is None:
        raise AssertionError(OTHER)
    numbers = [Estimate(value=float(number)) for number in range(30)]
    told = replace(
        cell.arm(OTHER),
        net_median=numbers[1],
        net_tail=numbers[2],
        shortfall_median=numbers[3],
        shortfall_tail=numbers[4],
        net_by_touch=tuple(numbers[5:10]),
        fill_curve=tuple(numbers[10:22]),
        one_sided_fill=numbers[22],
        unpriced=23,
        depth_short=24,
        takes_beyond=25,
        worst_take=26.0,
        distribution=(27.0,),
        means={metric: Estimate(value=float(place)) for place, metric in enumerate(Metric)},
        audit=Audit(overfilled=Quantity(28), orphans=29, beyond_cap=30),
        against=replace(
            against,
            pairs=31,
            clusters=32,
            p=0.33,
            adjusted=0.34,
            by_touch=tuple(numbers[:5]),
            differences={metric: Estimate(value=-float(place)) for place, metric in enumerate(Metric)},
        ),
    )
    return replace(whole, cells=(replace(cell, arms=(cell.arm(BASE), told)),))
