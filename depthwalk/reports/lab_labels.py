"""Labels in plots: names short enough, and places for them where they cover nothing. Arithmetic in px; no drawing."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from depthwalk.reports.wording import printable

FONT_SIZE: Final = 10.5
LINE: Final = 13
"""How high a line of text is."""

_LONGEST: Final = 22
_GLYPH: Final = 0.58
_ASIDE: Final = 8
_AROUND: Final = (
    (1, 0),
    (-1, 0),
    (1, 9),
    (1, -9),
    (-1, 9),
    (-1, -9),
    (0, 14),
    (0, -14),
    (1, 18),
    (1, -18),
    (-1, 18),
    (-1, -18),
)
"""Where a label may go, best first: to the right of its point, to the left or in the middle, and by how much higher."""

_OUTSIDE: Final = 10.0


class Box(NamedTuple):
    """A rectangle from (x0, y0) to (x1, y1)."""

    x0: float
    y0: float
    x1: float
    y1: float

    def common(self, other: "Box") -> float:
        """Return the area of both."""
        wide, high = min(self.x1, other.x1) - max(self.x0, other.x0), min(self.y1, other.y1) - max(self.y0, other.y0)
        return max(0.0, wide) * max(0.0, high)

    @property
    def area(self) -> float:
        """How large it is."""
        return (self.x1 - self.x0) * (self.y1 - self.y0)


def labels(names: Sequence[str], longest: int = _LONGEST) -> list[str]:
    """Return names that fit beside a plot, each its own: what is in the middle goes first, as names differ at their ends."""
    head = (longest - 1) * 2 // 3
    short = [
        name if len(name) <= longest else f"{name[:head]}…{name[len(name) - (longest - 1 - head) :]}"
        for name in map(printable, names)
    ]
    return [name if short.count(name) == 1 else f"{place} {name}" for place, name in enumerate(short, 1)]


def text_width(text: str) -> float:
    """Return about how wide a text is."""
    return len(text) * FONT_SIZE * _GLYPH


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return places as near the *wanted* ones as can be, in their order, *gap* apart, from *low* to *high* if there is room."""
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    placed: list[float] = []
    for index in order:
        placed.append(max(wanted[index], placed[-1] + gap if placed else low))
    ceiling = high
    for k in reversed(range(len(placed))):
        placed[k] = min(placed[k], ceiling)
        ceiling = placed[k] - gap
    return [place for _, place in sorted(zip(order, placed, strict=True))]


def beside(dots: Sequence[tuple[float, float]], texts: Sequence[str], obstacles: Sequence[Box], frame: Box) -> list[Box]:
    """Return a box for the text of each dot, in turn: where it covers least of the *obstacles* and stays in the *frame*."""
    taken = list(obstacles)
    for (x, y), text in zip(dots, texts, strict=True):
        width = text_width(text)
        around = [
            (x + _ASIDE if side > 0 else x - _ASIDE - width if side < 0 else x - width / 2, y + higher)
            for side, higher in _AROUND
        ]
        boxes = [Box(left, middle - LINE / 2, left + width, middle + LINE / 2) for left, middle in around]
        covered = [sum(map(box.common, taken)) + _OUTSIDE * (box.area - box.common(frame)) for box in boxes]
        taken.append(boxes[covered.index(min(covered))])
    return taken[len(obstacles) :]
