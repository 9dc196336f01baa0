"""The prices a market accepts: bands of steps (`price_ranges`), and moving along them. Nothing of labels or books.

A valid price lies strictly between 0 and 1 dollar, on the grid of a band that contains it; a band's edges belong to it
(kalshi-api.md section 4, after Kalshi's page "Fixed-Point Representation").
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from depthwalk.domain.units import ONE, Price, format_price
from depthwalk.errors import DomainError


@dataclass(frozen=True, slots=True)
class Band:
    """Prices start, start + step, … up to end, all in Price units."""

    start: Price
    end: Price
    step: Price

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= ONE or self.step <= 0 or (self.end - self.start) % self.step:
            raise DomainError(
                f"price band {format_price(self.start)} to {format_price(self.end)} step {format_price(self.step)}"
                " is not a grid inside 0 to 1"
            )


@dataclass(frozen=True)
class Grid:
    """The valid prices of one market. Bands are adjacent or apart, in rising order, never overlapping."""

    bands: tuple[Band, ...]

    def __post_init__(self) -> None:
        if not self.bands:
            raise DomainError("a price grid needs at least one band")
        if any(low.end > high.start for low, high in pairwise(self.bands)):
            raise DomainError("price bands overlap or are not in rising order")

    @cached_property
    def _steps(self) -> tuple[tuple[int, int, int], ...]:
        return tuple((band.start, band.end, band.step) for band in self.bands)

    def __contains__(self, price: int) -> bool:
        """Say whether an order may carry this price."""
        return self.floor(price) == price

    def floor(self, price: int) -> Price | None:
        """Return the highest valid price at or below *price*, or None."""
        for start, end, step in reversed(self._steps):
            if price < start:
                continue
            top = min(price, end, ONE)
            candidate = top - (top - start) % step
            if candidate >= ONE:
                candidate -= step
            if candidate >= start and candidate > 0:
                return Price(candidate)
        return None

    def ceil(self, price: int) -> Price | None:
        """Return the lowest valid price at or above *price*, or None."""
        for start, end, step in self._steps:
            if price > end:
                continue
            bottom = max(price, start)
            candidate = bottom + (start - bottom) % step
            if candidate <= 0:
                candidate += step
            if candidate <= end and candidate < ONE:
                return Price(candidate)
        return None

    def above(self, price: int) -> Price | None:
        """Return the next valid price above *price*, or None at the top."""
        return self.ceil(price + 1)

    def below(self, price: int) -> Price | None:
        """Return the next valid price below *price*, or None at the bottom."""
        return self.floor(price - 1)

    def mirrored(self) -> "Grid":
        """Return the grid of the other outcome: every price p becomes 1 - p."""
        return Grid(tuple(Band(Price(ONE - band.end), Price(ONE - band.start), band.step) for band in reversed(self.bands)))

    def describe(self) -> str:
        """Say the grid in words, for error messages: "0.0100 steps between 0 and 1"."""
        if len(self.bands) == 1 and self.bands[0].end - self.bands[0].start == ONE:
            return f"{format_price(self.bands[0].step)} steps between 0 and 1"
        return ", ".join(
            f"{format_price(b.step)} steps from {format_price(b.start)} to {format_price(b.end)}" for b in self.bands
        )


def _bands(*spans: tuple[int, int, int]) -> Grid:
    return Grid(tuple(Band(Price(start), Price(end), Price(step)) for start, end, step in spans))


def _edged(edge: int, center: int, width: int = 1_000) -> Grid:
    return _bands((0, width, edge), (width, ONE - width, center), (ONE - width, ONE, edge))


# The published structures. The label is never consulted where a market states its ranges: new labels appear.
STRUCTURES: dict[str, Grid] = {
    "linear_cent": _bands((0, ONE, 100)),
    "deci_cent": _bands((0, ONE, 10)),
    "tapered_deci_cent": _edged(10, 100),
    "center_whole_edge_half_cent": _edged(50, 100),
    "center_whole_edge_quint_cent": _edged(20, 100),
    "center_half_edge_half_cent": _bands((0, ONE, 50)),
    "center_half_edge_quint_cent": _edged(20, 50),
    "center_half_edge_deci_cent": _edged(10, 50),
    "center_quint_edge_quint_cent": _bands((0, ONE, 20)),
    "center_quint_edge_deci_cent": _edged(10, 20),
    "center_centi_edge_centi_cent": _bands((0, ONE, 1)),
    "center_deci_edge_centi_cent": _edged(1, 10, width=100),
}


def _size(grid: Grid) -> int:
    return sum((band.end - band.start) // band.step for band in grid.bands)


def fitting_structure(prices: Iterable[int]) -> str:
    """Return the published structure with the fewest prices that has every one of *prices*.

    Raises:
        DomainError: a price is on no published grid; it is named.

    """
    seen = set(prices)
    for name, grid in sorted(STRUCTURES.items(), key=lambda item: _size(item[1])):
        if all(price in grid for price in seen):
            return name
    stray = next(price for price in sorted(seen) if price not in STRUCTURES["center_centi_edge_centi_cent"])
    raise DomainError(f"price {format_price(stray)} is on no published price grid")
