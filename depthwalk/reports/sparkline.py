"""A row of bars from a row of integers. No units, no colors, no opinion about what they mean."""

from collections.abc import Sequence

from depthwalk.reports.wording import UNICODE


def sparkline(values: Sequence[int], *, width: int, levels: str = UNICODE.levels) -> str:
    """Draw *values*, oldest first, in at most *width* characters; *levels* are the heights, lowest first.

    The lowest value has the lowest height and the highest the highest; a flat row is drawn at half height. Where there are
    more values than characters, each character shows the last value of its share.
    """
    if width <= 0 or not values:
        return ""
    count = len(values)
    shown = values if count <= width else [values[(slot + 1) * count // width - 1] for slot in range(width)]
    low, high = min(shown), max(shown)
    if low == high:
        return levels[(len(levels) - 1) // 2] * len(shown)
    top = len(levels) - 1
    # Rounded to the nearest height in integers: floor(x + 1/2).
    return "".join(levels[(2 * (value - low) * top + (high - low)) // (2 * (high - low))] for value in shown)
