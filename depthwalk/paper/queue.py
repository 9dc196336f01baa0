"""Where our resting orders stand in the queue of a recorded level. Pure arithmetic on quantities; no prices, no books.

A recording shows how large a level is, not whose orders they are. Two readings of a level that shrinks (algorithms.md section
3.1, "Replay"), and `shadow.py` says which holds when:

- *trades*: taken from the front, so they eat what stands ahead of us, then us, then what is behind;
- *cancels*: spread evenly over the level, ahead and behind alike, rounded against us.

*ahead* is always the quantity of others before an order; orders of our own between are not counted in it.
"""

from collections.abc import Sequence


def after_trades(queue: Sequence[tuple[int, int]], volume: int) -> list[tuple[int, int]]:
    """Let *volume* trade at the front of a level.

    Args:
        queue: our orders at the level, oldest first, as (ahead, remaining); *ahead* never falls along it.
        volume: the quantity traded, >= 0.

    Returns:
        For each order (ahead, filled now). The sum of what is filled and the largest quantity eaten ahead is at most *volume*.

    """
    eaten = 0
    outcome: list[tuple[int, int]] = []
    for ahead, remaining in queue:
        others = min(volume, max(0, ahead - eaten))
        eaten += others
        volume -= others
        filled = min(volume, remaining) if ahead <= eaten else 0
        volume -= filled
        outcome.append((ahead, filled))
    return [(max(0, ahead - eaten), filled) for ahead, filled in outcome]


def after_cancels(ahead: int, before: int, after: int) -> int:
    """Return what is ahead once a level of others went from *before* to *after* (0 <= after <= before, ahead <= before)."""
    if not before:
        return 0
    return ahead - (before - after) * ahead // before
