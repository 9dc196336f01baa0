"""What an execution is measured against: the cap, slippage, and implementation shortfall with its parts.

The cap is in the traded side's own prices; slippage and shortfall see everything as a buyer of a mirrored book would, so
that positive is always a cost. Sources: design section 6, algorithms.md section 4.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from depthwalk.analysis.depth import sweep
from depthwalk.domain.book import Book
from depthwalk.domain.grid import Grid
from depthwalk.domain.order import Action
from depthwalk.domain.result import CapOrigin, Shortfall
from depthwalk.domain.units import Money, Price, Quantity, as_written


def cap_price(
    action: Action, grid: Grid, *, target: Price, limit: Price | None, max_slippage: float
) -> tuple[Price, CapOrigin]:
    """Return the worst price allowed and what set it, all in the traded side's prices and on its *grid*.

    For a buyer min(limit, max(grid floor of target x (1 + max_slippage), next price above the target)); mirrored for a
    seller; the target itself where no next price lies between 0 and 1 dollar.
    """
    share = as_written(max_slippage)
    slip, whole = target * share.numerator, share.denominator
    if action is Action.BUY:
        loosest, neighbour = grid.floor(target + slip // whole), grid.above(target)
        slipped = max((p for p in (loosest, neighbour) if p is not None), default=target)
    else:
        loosest, neighbour = grid.ceil(target - slip // whole), grid.below(target)
        slipped = min((p for p in (loosest, neighbour) if p is not None), default=target)
    if neighbour is None:
        cap, origin = target, CapOrigin.TARGET
    elif slipped == neighbour and slipped != loosest:
        cap, origin = slipped, CapOrigin.NEXT_PRICE
    else:
        cap, origin = slipped, CapOrigin.SLIPPAGE
    if limit is not None and (limit < cap if action is Action.BUY else limit > cap):
        return limit, CapOrigin.LIMIT
    return cap, origin


def slippage_percent(action: Action, *, average_price: float | None, mid_twice: int | None) -> float | None:
    """Return the average fill price against the arrival mid in percent of the mid; positive is worse; None if undefined.

    *average_price* in dollars, *mid_twice* in price units, both in the traded side's prices.
    """
    if average_price is None or not mid_twice:
        return None
    mid = mid_twice / 20_000
    worse = average_price - mid if action is Action.BUY else mid - average_price
    return 100 * worse / mid


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedFill:
    """A fill as a buyer sees it, with twice the mid that stood when it happened (None: unknown)."""

    price: Price
    quantity: Quantity
    mid_twice: int | None


def shortfall(
    fills: Sequence[MarkedFill],
    *,
    arrival_mid_twice: int | None,
    unfilled: Quantity,
    final: Book | None,
    fees: Money,
    completion_fees: Money | None,
) -> Shortfall:
    """Return the shortfall against the arrival mid, parts adding up exactly.

    *final* is the book displayed at the horizon as a buyer sees it, own orders removed; *completion_fees* are what sweeping
    it for the rest would cost in fees, None where that cannot be known: then neither can the total. A ladder that does not
    hold the rest is extended at its last price and flagged.
    Halves of a micro-dollar (from mids) are rounded to even in each part.
    """
    all_fees = Money(fees + (completion_fees or 0))
    if arrival_mid_twice is None:
        return Shortfall(total=None, spread=None, drift=None, opportunity=None, fees=all_fees)
    spread2 = drift2 = 0
    for fill in fills:
        mid2 = arrival_mid_twice if fill.mid_twice is None else fill.mid_twice
        spread2 += (2 * fill.price - mid2) * fill.quantity
        drift2 += (mid2 - arrival_mid_twice) * fill.quantity
    spread, drift = _halved(spread2), _halved(drift2)
    worked = Money(spread + drift + all_fees)

    opportunity: Money | None = Money(0)
    opportunity_mid: Money | None = Money(0)
    depth_short = False
    if unfilled:
        completed = sweep(final.asks, unfilled) if final is not None else None
        opportunity = None
        if completed is not None and completed.worst is not None:
            missing = unfilled - completed.filled
            depth_short = missing > 0
            paid = completed.paid + completed.worst * missing
            opportunity = _halved(2 * paid - arrival_mid_twice * unfilled)
        mid2_final = final.mid_twice if final is not None else None
        opportunity_mid = None if mid2_final is None else _halved((mid2_final - arrival_mid_twice) * unfilled)
    return Shortfall(
        total=None if opportunity is None or completion_fees is None else Money(worked + opportunity),
        spread=spread,
        drift=drift,
        opportunity=opportunity,
        fees=all_fees,
        total_mid=None if opportunity_mid is None else Money(spread + drift + fees + opportunity_mid),
        opportunity_mid=opportunity_mid,
        depth_short=depth_short,
    )


def _halved(twice: int) -> Money:
    """Half of an integer, halves to even."""
    half, odd = divmod(twice, 2)
    return Money(half + (half & 1 if odd else 0))
