"""Reading depth. The taker ladder (what can be taken) and the maker queue (what one queues behind) are never summed.

Everything is seen as a buyer sees it: *ladder* is the asks lowest first, *queue* the bids highest first. A seller hands in
the mirrored book. Quantities in 1/100 contract, prices in 1/10,000 dollar.
"""

from dataclasses import dataclass

from depthwalk.domain.book import Level
from depthwalk.domain.messages import LiquidityRule
from depthwalk.domain.result import LiquidityClass
from depthwalk.domain.units import Money, Price, Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What taking from a ladder would give: *filled* for *paid*, the last level at *worst* (None: nothing)."""

    filled: Quantity
    paid: Money
    worst: Price | None


def touch(ladder: tuple[Level, ...]) -> Quantity:
    """Return the quantity at the best price, 0 on an empty side."""
    return ladder[0][1] if ladder else Quantity(0)


def within(ladder: tuple[Level, ...], distance: int) -> Quantity:
    """Return the quantity at most *distance* from the best price of its side; both sides of a book will do."""
    if not ladder:
        return Quantity(0)
    best = ladder[0][0]
    return Quantity(sum(quantity for price, quantity in ladder if abs(price - best) <= distance))


def up_to(ladder: tuple[Level, ...], cap: int) -> Quantity:
    """Return the quantity on offer at or below *cap*."""
    total = 0
    for price, quantity in ladder:
        if price > cap:
            break
        total += quantity
    return Quantity(total)


def down_to(queue: tuple[Level, ...], floor: int) -> Quantity:
    """Return the quantity bid at or above *floor*: `up_to` for who sells into it."""
    total = 0
    for price, quantity in queue:
        if price < floor:
            break
        total += quantity
    return Quantity(total)


def near(ladder: tuple[Level, ...], price: int, distance: int) -> Quantity:
    """Return the quantity at most *distance* from *price*, on either side of it."""
    return Quantity(sum(quantity for level, quantity in ladder if abs(level - price) <= distance))


def queued_at(queue: tuple[Level, ...], price: int) -> Quantity:
    """Return the quantity resting at exactly *price*: what a new order there queues behind."""
    return next((quantity for level, quantity in queue if level == price), Quantity(0))


def sweep_levels(ladder: tuple[Level, ...], quantity: Quantity, cap: int | None = None) -> list[Level]:
    """Return what taking *quantity* takes from each level, best first, nothing above *cap*."""
    left, taken = int(quantity), []
    for price, available in ladder:
        if left <= 0 or (cap is not None and price > cap):
            break
        part = Quantity(min(left, available))
        left -= part
        taken.append((price, part))
    return taken


def sweep(ladder: tuple[Level, ...], quantity: Quantity, cap: int | None = None) -> Sweep:
    """Take *quantity* from the ladder, best first, nothing above *cap*; exact cost."""
    taken = sweep_levels(ladder, quantity, cap)
    return Sweep(
        filled=Quantity(sum(part for _, part in taken)),
        paid=Money(sum(price * part for price, part in taken)),
        worst=taken[-1][0] if taken else None,
    )


def liquidity_class(ladder: tuple[Level, ...], rule: LiquidityRule) -> LiquidityClass:
    """Classify by taker depth near the opposite best, whatever the target and the limit (design, section 6)."""
    depth = within(ladder, rule.within)
    if depth >= rule.liquid:
        return LiquidityClass.LIQUID
    return LiquidityClass.MODERATE if depth >= rule.moderate else LiquidityClass.THIN
