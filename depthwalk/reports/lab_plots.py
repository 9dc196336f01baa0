"""The plots of a comparison in the laboratory, each from plain numbers to one SVG element. No statistics, no HTML.

All of a cell's plots are as wide, so that they stand side by side or one below the other. Arms are labeled where they are
drawn. How colors and signs go with arms is `lab_svg.mark`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from depthwalk.analysis.estimates import Estimate
from depthwalk.reports.lab_labels import FONT_SIZE, LINE, Box, beside, spread, text_width
from depthwalk.reports.lab_svg import BAD, GOOD, INK, MUTED, PAPER, Mark, drawing, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH: Final = 470
_BINS: Final = 48
_CUT: Final = 2
"""How many hundredths at either end of a distribution are not drawn."""

# In px: a row of distributions, a plot, the way from a line's end to its label, and the margins.
_ROW: Final = 34
_HEIGHT: Final = 290
_LEADER: Final = 16
_RIGHT: Final = 14
_BOTTOM: Final = 40
_TOP: Final = 10
_WHOLE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """An arm: its whole name, the short label that it has in plots, and its look."""

    name: str
    label: str
    look: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A row of a forest: a label, the difference, and whether it is better (True), worse (False) or neither."""

    label: str
    estimate: Estimate | None
    better: bool | None


def distributions(rows: Sequence[tuple[Arm, Sequence[float], Estimate | None]], *, axis: str, name: str, words: str) -> str:
    """Draw the distribution of each arm, from its quantiles at every hundredth, the first one's outlined behind each.

    Beside it the mean with its interval. Two hundredths at either end are not drawn.
    """
    low, high = _range([quantiles for _, quantiles, _ in rows if quantiles], [mean for _, _, mean in rows])
    bins = [low + (high - low) * k / _BINS for k in range(_BINS + 1)]
    heights = [histogram(quantiles, bins) for _, quantiles, _ in rows]
    tallest = max((max(each) for each in heights if each), default=1) or 1
    left = _beside([arm.label for arm, _, _ in rows])
    height = _ROW * len(rows) + _BOTTOM + 16
    with drawing(WIDTH, height) as figure:
        axes = _axes(figure, left=left, height=height)
        for place, ((arm, _, mean), bars) in enumerate(zip(rows, heights, strict=True)):
            base = -place
            if bars:
                axes.stairs(
                    [base + 0.86 * bar / tallest for bar in bars],
                    bins,
                    baseline=base,
                    fill=True,
                    color=arm.look.color,
                    alpha=0.55,
                )
            if place and heights[0]:
                axes.stairs(
                    [base + 0.86 * bar / tallest for bar in heights[0]], bins, baseline=None, color=MUTED, linewidth=0.8
                )
            axes.axhline(base, color=MUTED, linewidth=0.5)
            _cross(axes, arm.look, x=mean, y=Estimate(value=base - 0.02))
        axes.set(xlim=(low, high), ylim=(-len(rows) + 0.72, 1.0), xlabel=axis)
        axes.set_yticks([-place + 0.14 for place in range(len(rows))], [arm.label for arm, _, _ in rows])
        axes.grid(visible=False, axis="y")
        _zero(axes, low, high)
        axes.spines["left"].set_visible(False)
        return svg(figure, name=name, words=words)


def _range(shown: Sequence[Sequence[float]], means: Sequence[Estimate | None]) -> tuple[float, float]:
    """Return from where to where distributions are drawn: their outermost parts do not squeeze the rest."""
    ends = [end for each in shown for end in (each[_CUT], each[-1 - _CUT])]
    ends += [end for mean in means if mean is not None for end in (_low(mean), _high(mean))]
    if not ends:
        return 0.0, 1.0
    margin = 0.02 * (max(ends) - min(ends)) or 1.0
    return min(ends) - margin, max(ends) + margin


def histogram(quantiles: Sequence[float], edges: Sequence[float]) -> list[float]:
    """Return the share between each two *edges*, as quantiles at equal steps tell it; nothing of no quantiles."""
    if not quantiles:
        return []
    steps, bars = len(quantiles) - 1, [0.0] * (len(edges) - 1)
    for low, high in pairwise(quantiles):
        for k in range(len(bars)):
            begin, end = edges[k], edges[k + 1]
            if high > low:
                bars[k] += max(0.0, min(high, end) - max(low, begin)) / (high - low) / steps
            elif begin <= low < end:
                bars[k] += 1 / steps
    return bars


def fill_curves(
    rows: Sequence[tuple[Arm, Sequence[Estimate | None]]], seconds: Sequence[float], *, axis: str, name: str, words: str
) -> str:
    """Draw how much each arm has filled by when, in percent, with the interval as a band."""
    with drawing(WIDTH, _HEIGHT) as figure:
        right = _LEADER + _beside([arm.label for arm, _ in rows])
        axes = _axes(figure, left=40, right=right)
        axes.set(xlim=(0, seconds[-1]), ylim=(0, _WHOLE + 2), xlabel=axis, ylabel="filled, %")
        ends: list[tuple[Arm, float]] = []
        for arm, curve in rows:
            known = [(at, each) for at, each in zip(seconds, curve, strict=True) if each is not None] if curve else []
            if not known:
                continue
            times = [at for at, _ in known]
            axes.plot(times, [each.value for _, each in known], color=arm.look.color, linestyle=arm.look.dashes, linewidth=1.6)
            axes.fill_between(
                times,
                [_low(each) for _, each in known],
                [_high(each) for _, each in known],
                color=arm.look.color,
                alpha=0.13,
                linewidth=0,
            )
            ends.append((arm, known[-1][1].value))
        _label_ends(axes, ends, at=seconds[-1])
        return svg(figure, name=name, words=words)


def _label_ends(axes: "Axes", ends: Sequence[tuple[Arm, float]], *, at: float) -> None:
    """Write the labels of lines beside their ends, moved apart, with a leader to each."""
    low, high = axes.get_ylim()
    unit = (high - low) / (_HEIGHT - _TOP - _BOTTOM)
    right = at * (1 + _LEADER / axes.bbox.width)
    for (arm, value), place in zip(ends, spread([value for _, value in ends], LINE * unit, low, high), strict=True):
        axes.plot([at, right], [value, place], color=arm.look.color, linewidth=0.8, clip_on=False)
        axes.plot([right], [place], color=arm.look.color, marker=arm.look.sign, markersize=0.75 * arm.look.size, clip_on=False)
        axes.annotate(arm.label, (right, place), xytext=(6, 0), textcoords="offset points", va="center", annotation_clip=False)


def frontier(
    points: Sequence[tuple[Arm, Estimate | None, Estimate | None]], *, titles: tuple[str, str], name: str, words: str
) -> str:
    """Draw what each arm pays (x) against what it fills (y), both with intervals: the upper left is best."""
    known = [(arm, x, y) for arm, x, y in points if x is not None and y is not None]
    with drawing(WIDTH, _HEIGHT) as figure:
        axes = _axes(figure, left=56)
        axes.set(xlabel=titles[0], ylabel=titles[1])
        for arm, x, y in known:
            _cross(axes, arm.look, x=x, y=y)
        axes.margins(x=0.1, y=0.1)
        if axes.get_ylim()[1] > _WHOLE:
            axes.set_ylim(top=_WHOLE + 0.02 * (_WHOLE - axes.get_ylim()[0]))
        axes.annotate(
            "↖ better", (0, 1), xycoords="axes fraction", xytext=(5, -4), textcoords="offset points", va="top", color=MUTED
        )
        _label_points(axes, known)
        return svg(figure, name=name, words=words)


def _label_points(axes: "Axes", points: Sequence[tuple[Arm, Estimate, Estimate]]) -> None:
    """Write a label beside each point, where it covers neither points nor their crosses."""
    frame = Box(*axes.bbox.extents)
    dots: list[tuple[float, float]] = []
    obstacles = [Box(frame.x0, frame.y1 - 20, frame.x0 + 62, frame.y1)]
    for _, x, y in points:
        middle, low, high = (
            axes.transData.transform(end) for end in ((x.value, y.value), (_low(x), _low(y)), (_high(x), _high(y)))
        )
        dots.append((float(middle[0]), float(middle[1])))
        obstacles += [
            Box(middle[0] - 5, middle[1] - 5, middle[0] + 5, middle[1] + 5),
            Box(low[0], middle[1] - 2, high[0], middle[1] + 2),
            Box(middle[0] - 2, low[1], middle[0] + 2, high[1]),
        ]
    texts = [arm.label for arm, _, _ in points]
    room = Box(frame.x0, frame.y0, frame.x1 + _RIGHT, frame.y1 + _TOP)
    for text, box in zip(texts, beside(dots, texts, obstacles, room), strict=True):
        axes.annotate(text, (box.x0, (box.y0 + box.y1) / 2), xycoords="figure pixels", va="center", annotation_clip=False)


def _low(estimate: Estimate) -> float:
    return estimate.value if estimate.low is None else estimate.low


def _high(estimate: Estimate) -> float:
    return estimate.value if estimate.high is None else estimate.high


def fan(
    steps: Sequence[Sequence[float]], seconds: Sequence[float], shares: Sequence[float], *, axis: str, name: str, words: str
) -> str:
    """Draw where prices go: bands between the outer and the inner quantiles of *steps*, and the middle one as a line."""
    with drawing(WIDTH, _HEIGHT) as figure:
        axes = _axes(figure, left=56, right=46)
        axes.set(xlim=(0, seconds[-1]), xlabel="seconds after the decision", ylabel=axis)
        known = [(at, step) for at, step in zip(seconds, steps, strict=True) if step]
        seconds, lines = [at for at, _ in known], list(zip(*(step for _, step in known), strict=True))
        for k in range(len(lines) // 2):
            axes.fill_between(seconds, lines[k], lines[-1 - k], color=INK, alpha=0.11 + 0.09 * k, linewidth=0, step="post")
        if lines:
            axes.step(seconds, lines[len(lines) // 2], color=INK, linewidth=1.6, where="post")
            low, high = min(lines[0]), max(lines[-1])
            margin = 0.08 * (high - low) or 1.0
            axes.set_ylim(low - margin, high + margin)
            unit = (high - low + 2 * margin) / (_HEIGHT - _TOP - _BOTTOM)
            for place, share in zip(
                spread([line[-1] for line in lines], LINE * unit, low - margin, high + margin), shares, strict=True
            ):
                axes.annotate(
                    f"{100 * share:.0f} %", (seconds[-1], place), xytext=(6, 0), textcoords="offset points", va="center",
                    annotation_clip=False,
                )  # fmt: skip
        axes.axhline(0, color=MUTED, linewidth=0.8, linestyle=(0, (2, 2)))
        return svg(figure, name=name, words=words)


def forest(rows: Sequence[Difference], *, span: tuple[float, float], axis: str, width: float, name: str, words: str) -> str:
    """Draw differences with their intervals against 0, one a row, over the *span*: to the left is better."""
    height = 19 * len(rows) + _BOTTOM + 8
    with drawing(width, height) as figure:
        axes = _axes(figure, left=_beside([row.label for row in rows]), width=width, height=height)
        for place, row in enumerate(rows):
            if row.estimate is None:
                continue
            color, sign = (MUTED, "o") if row.better is None else (GOOD, "<") if row.better else (BAD, ">")
            look = Mark(color=color, sign=sign, dashes=(0, None))
            _cross(axes, look, x=row.estimate, y=Estimate(value=-place), hollow=row.better is None)
        axes.set(xlim=span, ylim=(-len(rows) + 0.4, 0.6), xlabel=axis)
        axes.set_yticks([-place for place in range(len(rows))], [row.label for row in rows])
        axes.axvline(0, color=INK, linewidth=0.9)
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        return svg(figure, name=name, words=words)


# --- what they share ---


def _axes(figure: "Figure", *, left: float, right: float = _RIGHT, width: float = WIDTH, height: float = _HEIGHT) -> "Axes":
    return figure.add_axes((left / width, _BOTTOM / height, (width - left - right) / width, (height - _BOTTOM - _TOP) / height))


def _beside(labels: Sequence[str]) -> float:
    """Return how many px labels beside a plot need."""
    return max(map(text_width, labels), default=0.0) + 2 * FONT_SIZE


def _cross(axes: "Axes", look: Mark, *, x: Estimate | None, y: Estimate, hollow: bool = False) -> None:
    """Draw a point with its intervals, where there are any."""
    if x is None:
        return
    for low, high, across in ((x.low, x.high, True), (y.low, y.high, False)):
        if low is not None and high is not None:
            ends, still = [low, high], [y.value if across else x.value] * 2
            axes.plot(ends if across else still, still if across else ends, color=look.color, linewidth=1.3)
    axes.plot(
        [x.value],
        [y.value],
        color=look.color,
        marker=look.sign,
        markersize=look.size,
        markerfacecolor=PAPER if hollow else look.color,
        markeredgecolor=look.color if hollow else PAPER,
        markeredgewidth=1.2 if hollow else 0.5,
    )


def _zero(axes: "Axes", low: float, high: float) -> None:
    if low < 0 < high:
        axes.axvline(0, color=MUTED, linewidth=0.8, linestyle=(0, (2, 2)))
