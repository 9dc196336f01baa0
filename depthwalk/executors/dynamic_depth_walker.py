"""`dynamic_depth_walker`: read the depth, split over price levels, re-evaluate every few seconds, walk up to the cap.

Source: algorithms.md sections 2.3 (control law), 2.4 (signals), 2.9 (in words). What it shares with others is in
`reservation.py`, `walking.py` and `signals.py`; here are the splits, the thin overrides, and how the parts go together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import ClassVar, Final

import msgspec

from depthwalk.analysis.depth import within
from depthwalk.analysis.splits import split as divide_quantity
from depthwalk.analysis.walker import Law
from depthwalk.domain.units import CENT, CONTRACT, Price, Quantity, format_quantity
from depthwalk.errors import DomainError
from depthwalk.executors.reservation import Reserving, Signaled
from depthwalk.executors.signals import SignalParams, Signals
from depthwalk.executors.state import EndAction, Situation, require
from depthwalk.executors.walking import LawParams, require_cents

_THIN_WITHIN = Price(3 * CENT)
"""Taker depth is counted this near the opposite best when compared with min_volume_threshold."""

_THIN: Final[Mapping[str, object]] = {
    "offsets": (1.13, 0.58, 0.0),
    "patience": 1.82,
    "deficit_gain": 2.35,
    "spread_gain": 0.26,
    "imbalance_gain": 0.4,
    "patience_power": 2.7,
    "widest_spread": 4.9,
}
"""What a thin book is worked with: where little is offered, falling behind costs more than paying up."""

_FIXED = frozenset(
    {"timeout_seconds", "max_slippage", "end_action", "urgency", "edge_half_life_seconds", "min_volume_threshold", "thin"}
)
"""What a thin book cannot change: it is decided by then, is the caller's, or is what decides."""


@dataclass(frozen=True, kw_only=True)
class DynamicDepthWalkerParams(LawParams, SignalParams):
    """Parameters of the walker. Counts in contracts, increments in dollars, offsets and gains in cents.

    The law's are those that the laboratory found best in all classes and worlds together (`depthwalk lab compare`); what
    algorithms.md section 2.3 begins with is the method `reference`.

    *thin* overrides others where taker depth at arrival is below *min_volume_threshold*: all but horizon, slippage, end,
    patience and the threshold itself.
    """

    max_slippage: float = 0.035
    end_action: EndAction = EndAction.CROSS
    patience: float = 1.0
    deficit_gain: float = 0.96
    spread_gain: float = 0.43
    imbalance_gain: float = 0.42
    patience_power: float = 3.1
    widest_spread: float | None = 4.6
    split_ratios: tuple[float, ...] = (0.6, 0.4)
    max_split_levels: int = 3
    min_split: Quantity = Quantity(5 * CONTRACT)
    min_volume_threshold: Quantity = Quantity(50 * CONTRACT)
    thin: Mapping[str, object] = field(default_factory=lambda: dict(_THIN))
    offsets: tuple[float, ...] = (0.93, 0.48, 0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            bool(self.split_ratios) and all(ratio > 0 for ratio in self.split_ratios),
            "split_ratios",
            list(self.split_ratios),
            "one or more numbers above 0",
        )
        require(self.max_split_levels >= 1, "max_split_levels", self.max_split_levels, "1 or more")
        require(
            len(self.offsets) >= self.levels, "offsets", list(self.offsets), f"at least {self.levels}, one for each split level"
        )
        require_cents("offsets", *self.offsets)
        require(self.min_split >= 0, "min_split", self.min_split, "0 or more")
        known = {each.name for each in fields(self)}
        require(set(self.thin) <= known, "thin", sorted(set(self.thin) - known), "parameters of dynamic_depth_walker")
        for name in sorted(_FIXED & set(self.thin)):
            found = getattr(self.thin[name], "value", self.thin[name])
            require(holds=False, name=name, value=found, allowed="nothing here: it is decided before the book is seen")
        if self.thin:
            # Impossible overrides are refused now, not in the first thin book; the others get the types of their fields.
            thinned = self.when_thin()
            object.__setattr__(self, "thin", {name: getattr(thinned, name) for name in self.thin})

    @property
    def levels(self) -> int:
        """How many splits there are before small ones are merged."""
        return min(len(self.split_ratios), self.max_split_levels)

    def when_thin(self) -> "DynamicDepthWalkerParams":
        """Return the parameters with the thin overrides applied. Raises DomainError for a value of another type."""
        plain = msgspec.to_builtins(self) | msgspec.to_builtins(self.thin) | {"thin": {}}
        try:
            return msgspec.convert(plain, type(self))
        except msgspec.ValidationError as error:
            raise DomainError(f"thin: found {error}; allowed: values as outside of it") from None


class DynamicDepthWalker(Reserving, Signaled):
    """Splits resting at rising reservation prices, anchored on the best bid of the others."""

    algorithm: ClassVar[str] = "dynamic_depth_walker"

    def __init__(self, params: DynamicDepthWalkerParams) -> None:
        super().__init__(params)
        self.params: DynamicDepthWalkerParams = params
        self._law = params.law(params.offsets)

    @property
    def law(self) -> Law:
        """The law of the parameters, or of their thin overrides."""
        return self._law

    @property
    def rise(self) -> float:
        """As the signals let it."""
        return self.signals.limit

    @property
    def remarks(self) -> Sequence[str]:
        """What the signals see."""
        return self.signals.words()

    def divide(self, situation: Situation) -> Sequence[Quantity]:
        """Split by the ratios; a thin book changes the parameters, never the algorithm (algorithms.md, fault 22).

        With no other bid there is nothing to anchor on: the whole quantity is one split at the opposite best.
        """
        depth = within(situation.book.asks, _THIN_WITHIN)
        if depth < self.params.min_volume_threshold and self.params.thin:
            why = f"{format_quantity(depth)} offered within 3 cents: the overrides of thin hold"
            self.watch.record("thin", why, situation.now)
            self.params = self.params.when_thin()
            self._law = self.params.law(self.params.offsets)
            self.signals = Signals(self.params)
        if situation.book.best_bid is None:
            return (situation.quantity,)
        return divide_quantity(
            situation.quantity, self.params.split_ratios, levels=self.params.levels, minimum=self.params.min_split
        )
