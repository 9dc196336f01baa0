"""A surface to draw on with matplotlib, which comes out as small SVG to stand inside an HTML page.

Text stays text, and colors come out as CSS variables (`--ink`, `--arm-3`), so that the page says what they are in light and in
dark. matplotlib is an extra: `check_plots` says so before anybody has waited for numbers. What is drawn is in `lab_plots.py`.
"""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from depthwalk.errors import DomainError, UsageError
from depthwalk.reports.lab_labels import FONT_SIZE

if TYPE_CHECKING:
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

_SIGNS: Final = "osD^vP*Xhp<"
_LARGER: Final = {"*": 9.5, "P": 7.5, "X": 7.0, "D": 5.5}
_DASHES: Final[tuple[tuple[float, tuple[float, ...] | None], ...]] = (
    (0, None),
    (0, (5, 1.5)),
    (0, (1.5, 1.2)),
    (0, (6, 1.5, 1.5, 1.5)),
    (0, (3, 1)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How an arm looks in every plot: color, sign and dashes, so that color is never the only difference."""

    color: str
    sign: str
    dashes: tuple[float, tuple[float, ...] | None]

    @property
    def size(self) -> float:
        """How large the sign is, so that all look as large."""
        return _LARGER.get(self.sign, 6.0)

    @property
    def variable(self) -> str:
        """The color as the page knows it."""
        return _colored(self.color)


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
        "xtick.major.size": 0,
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
    found = re.search(r'<svg[^>]*viewBox="(\S+ \S+ (\S+) [^"]*)"[^>]*>', text)
    if found is None:
        raise DomainError("matplotlib wrote no drawing")
    drawn = _small(_named(_colored(text[found.end() :]), name))
    return f'<svg viewBox="{found[1]}" width="{float(found[2]):.0f}" role="img" aria-label="{escape(words)}">{drawn}'


def _colored(text: str) -> str:
    for color, variable in _VARIABLES.items():
        text = text.replace(color, f"var(--{variable})")
    return re.sub(r"#0101([0-9a-f]{2})", lambda found: f"var(--arm-{int(found[1], 16)})", text)


def _named(text: str, name: str) -> str:
    """Drop the ids that nothing refers to, and keep the others apart from those of other drawings."""
    text = text.replace("xlink:href=", "href=")
    used = set(re.findall(r'href="#([^"]+)', text))
    text = re.sub(r' id="([^"]*)"', lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "", text)
    return text.replace('href="#', f'href="#{name}-')


_SHARED: Final = ("font", "fill: var(--ink)", "stroke-linecap", "stroke-linejoin", "text-anchor: start")
_GRID_LINE: Final = f"fill:none;stroke:var(--{_VARIABLES[GRID]});stroke-width:0.7"
"""Rules that all drawings share: the page's style has them. Ink is what fills where nothing else is said."""

_DROPPED: Final = re.compile(
    r"<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>"
    r"|<clipPath.*?</clipPath>| clip-path=\"[^\"]*\""  # nothing is drawn beyond its axes
    r"|<path [^>]*style=\"fill: none\"/>"  # backgrounds nobody sees
    r"| transform=\"rotate\(-0 [^\"]*\"",
    re.DOTALL,
)


def _small(text: str) -> str:
    """Write it shorter, a fifth of its size: a tenth of a px is enough, and the page's style has what all drawings share."""
    text = _DROPPED.sub("", text)
    text = re.sub(r' (?:x|y|transform)="[^"]*"', lambda found: re.sub(r"(\.\d)\d+", r"\1", found[0]), text)
    text = re.sub(r' d="([^"]*)"', lambda found: f' d="{_path(found[1])}"', text)
    text = re.sub(r' style="([^"]*)"', lambda found: _style(found[1]), text)
    text = re.sub(r"<defs>\s*</defs>", "", re.sub(r">\s+<", "><", text))
    return _ungrouped(text).replace("<g/>", "")


def _path(commands: str) -> str:
    """Write a path's commands, one a line, shorter: straight lines as steps from where they begin, in tenths of a px."""
    written: list[str] = []
    x = y = 0
    for command in commands.strip().split("\n"):
        letter, *parts = command.split()
        numbers = [round(10 * float(part)) for part in parts]
        if letter == "L":
            right, down = numbers[0] - x, numbers[1] - y
            written.append(f"l{right / 10:g} {down / 10:g}" if right and down else "")
            written.append(f"h{right / 10:g}" if right and not down else f"v{down / 10:g}" if down and not right else "")
        else:
            written.append(letter + " ".join(f"{number / 10:g}" for number in numbers))
        if numbers:
            x, y = numbers[-2:]
    return "".join(written).replace(" -", "-")


def _style(rules: str) -> str:
    kept = ";".join(rule.strip() for rule in rules.split(";") if not rule.strip().startswith(_SHARED)).replace(": ", ":")
    return ' class="grid"' if kept == _GRID_LINE else f' style="{kept}"' if kept else ""


def _ungrouped(text: str) -> str:
    """Drop groups that say nothing of what is in them."""
    dropped: list[bool] = []

    def keep(found: re.Match[str]) -> str:
        if found[0] != "</g>":
            dropped.append(found[0] == "<g>")
            return "" if dropped[-1] else found[0]
        return "" if dropped.pop() else found[0]

    return re.sub(r"<g(?: [^>]*)?>|</g>", keep, text)
