"""One quantity into several, exactly: shares by largest remainder, splits too small to be worth an order merged."""

from collections.abc import Sequence
from math import lcm

from depthwalk.domain.units import CONTRACT, Quantity, as_written


def largest_remainder(quantity: Quantity, ratios: Sequence[float], lot: int = 1) -> tuple[Quantity, ...]:
    """Divide *quantity* (a multiple of *lot*) in proportion to *ratios*, in whole lots, summing to it exactly.

    The lots that rounding down leaves over go to the largest remainders, the earlier split first on a tie
    (Hamilton's method of apportionment).
    """
    exact = [as_written(ratio) for ratio in ratios]
    together = lcm(*(weight.denominator for weight in exact))
    weights = [weight.numerator * (together // weight.denominator) for weight in exact]
    lots, total = quantity // lot, sum(weights)
    whole = [lots * weight // total for weight in weights]
    by_remainder = sorted(range(len(whole)), key=lambda k: (-(lots * weights[k] % total), k))
    for k in by_remainder[: lots - sum(whole)]:
        whole[k] += 1
    return tuple(Quantity(count * lot) for count in whole)


def merge_small(quantities: Sequence[Quantity], minimum: Quantity) -> tuple[Quantity, ...]:
    """Merge each split below *minimum* into the more aggressive neighbour (the earlier one); empty splits vanish."""
    merged = [quantity for quantity in quantities if quantity > 0]
    k = len(merged) - 1
    while k >= 0 and len(merged) > 1:
        if merged[k] < minimum:
            into = k - 1 if k else 1
            merged[into] = Quantity(merged[into] + merged[k])
            del merged[k]
        k = min(k, len(merged)) - 1
    return tuple(merged)


def split(quantity: Quantity, ratios: Sequence[float], *, levels: int, minimum: Quantity) -> tuple[Quantity, ...]:
    """Return the quantities of at most *levels* splits, the most aggressive first, summing to *quantity*.

    Whole contracts where the quantity is whole; a fractional quantity is divided in hundredths.
    """
    lot = CONTRACT if quantity % CONTRACT == 0 else 1
    return merge_small(largest_remainder(quantity, ratios[:levels], lot), minimum)
