"""A surface to draw on with matplotlib, which comes out as small SVG to stand inside an HTML page.

Text stays text, and colors come out as CSS variables (`--ink`, `--arm-3`), so that the page says what they are in light and in
dark. matplotlib is an extra: `check_plots` says so before anybody has waited for numbers. What is drawn is in `lab_plots.py`.
"""

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from depthwalk.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Stand-ins: colors that nobody draws with, turned into variables when the drawing is done.
INK: Final = "#010001"
MUTED: Final = "#010002"
GRID: Final = "#010003"
PAPER: Final = "#010004"
GOOD: Final = "#010005"
BAD: Final = "#010006"
_VARIABLES: Final = {INK: "ink", MUTED: "muted", GRID: "grid", PAPER: "paper", GOOD: "good", BAD: "bad"}

HUES: Final = 9
"""How many colors for arms the page has; the first is the baseline's."""

FONT_SIZE: Final = 10.5
"""In px of a drawing that is shown at its own size."""

_SIGNS: Final = "osD^vP*Xhp<>"
_DASHES: Final[tuple[tuple[float, tuple[float, ...] | None], ...]] = (
    (0, None),
    (0, (5, 1.5)),
    (0, (1.5, 1.2)),
    (0, (6, 1.5, 1.5, 1.5)),
    (0, (3, 1)),
)
_LONGEST: Final = 22
_GLYPH: Final = 0.56


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How an arm looks in every plot: color, sign and dashes, so that color is never the only difference."""

    color: str
    sign: str
    dashes: tuple[float, tuple[float, ...] | None]


def mark(place: int) -> Mark:
    """Return the look of the arm at a place; the baseline's is 0."""
    hue = place if place < HUES else 1 + (place - 1) % (HUES - 1)
    return Mark(color=f"#0101{hue:02x}", sign=_SIGNS[place % len(_SIGNS)], dashes=_DASHES[place % len(_DASHES)])


def check_plots() -> None:
    """See that plots can be drawn here. Raises UsageError with the remedy."""
    try:
        import_module("matplotlib.figure")
    except ImportError as error:
        raise UsageError("plots need matplotlib, which is not installed", hint="pip install 'depthwalk[plots]'") from error


@contextmanager
def drawing(width: float, height: float) -> "Iterator[Figure]":
    """Lend a figure of that many px, in the house's style; it is to be turned into text within."""
    import matplotlib as mpl  # noqa: PLC0415 - an extra, and slow to load
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    style: Any = {
        "axes.axisbelow": True,
        "axes.edgecolor": MUTED,
        "axes.facecolor": "none",
        "axes.grid": True,
        "axes.labelcolor": MUTED,
        "axes.linewidth": 0.8,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.unicode_minus": True,
        "figure.facecolor": "none",
        "font.family": "DejaVu Sans",
        "font.size": FONT_SIZE,
        "grid.color": GRID,
        "grid.linewidth": 0.7,
        "legend.frameon": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "depthwalk",
        "text.color": INK,
        "text.parse_math": False,  # a dollar in a name is a dollar
        "xtick.color": MUTED,
        "xtick.labelcolor": INK,
        "xtick.major.size": 3,
        "ytick.color": MUTED,
        "ytick.labelcolor": INK,
        "ytick.major.size": 0,
    }
    with mpl.rc_context(style), warnings.catch_warnings():
        # A name in a script that the measuring font lacks is shown all the same: the reader's font has it.
        warnings.filterwarnings("ignore", message=".*[Gg]lyph.*missing")
        yield Figure(figsize=(width / 72, height / 72), dpi=72)


def svg(figure: "Figure", *, name: str, words: str) -> str:
    """Return a drawing as an SVG element. *name* keeps its ids apart from other drawings', *words* say what it shows."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>", "", text, flags=re.DOTALL)
    box = re.search(r'viewBox="([^"]*)"', text)
    width = 0 if box is None else round(float(box[1].split()[2]))
    head = f'<svg viewBox="{"" if box is None else box[1]}" width="{width}" role="img" aria-label="{escape(words)}">'
    text = head + text[text.index(">") + 1 :]
    return _small(_named(_colored(text), name))


def _colored(text: str) -> str:
    for color, variable in _VARIABLES.items():
        text = text.replace(color, f"var(--{variable})")
    return re.sub(r"#0101([0-9a-f]{2})", lambda found: f"var(--arm-{int(found[1], 16)})", text)


def _named(text: str, name: str) -> str:
    """Drop the ids that nothing refers to, and keep the others apart from those of other drawings."""
    text = text.replace("xlink:href=", "href=")
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', text))
    text = re.sub(r' id="([^"]*)"', lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "", text)
    return re.sub(r'(href="|url\()#', rf"\1#{name}-", text)


def _small(text: str) -> str:
    """Write it shorter: a tenth of a px is enough, the page has the font, and gaps between elements say nothing."""
    text = re.sub(
        r' (?:d|x|y|transform|points)="[^"]*"', lambda found: re.sub(r"(\.\d)\d+", r"\1", found[0]).replace(".0 ", " "), text
    )
    text = re.sub(r"font: ([\d.]+)px[^;\"]*", r"font-size: \1px", text)
    text = re.sub(r"[ \t]*\n[ \t]*", "\n", text)
    return re.sub(r">\s+<", "><", text)


def short(name: str, longest: int = _LONGEST) -> str:
    """Return a name that fits beside a plot: what is in the middle goes first, as names differ at their ends."""
    if len(name) <= longest:
        return name
    head = (longest - 1) * 2 // 3
    return f"{name[:head]}…{name[len(name) - (longest - 1 - head) :]}"


def text_width(text: str) -> float:
    """Return about how many px a text is wide."""
    return len(text) * FONT_SIZE * _GLYPH


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return places as near the *wanted* ones as can be, *gap* apart and from *low* to *high* where there is room, in order."""
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    placed: list[float] = []
    for index in order:
        placed.append(max(wanted[index], placed[-1] + gap if placed else low))
    ceiling = high
    for k in reversed(range(len(placed))):
        placed[k] = min(placed[k], ceiling)
        ceiling = placed[k] - gap
    found = [0.0] * len(wanted)
    for index, place in zip(order, placed, strict=True):
        found[index] = place
    return found


def bare(axes: "Axes", *, left: bool = False) -> None:
    """Take what a plot does not need off its axes: the left line, unless *left*, and the marks beside it."""
    axes.spines["left"].set_visible(left)
    axes.tick_params(axis="y", length=0)
