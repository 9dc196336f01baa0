"""Pieces of HTML that are safe to put together: text is escaped unless it is markup already. And the page's style sheet.

Nothing here knows what the page is about.
"""

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final


class Html(str):
    """Text that is markup."""

    __slots__ = ()


def tag(name: str, *children: str, **attributes: str) -> Html:
    """Return an element. Children that are no `Html` are text; an attribute may end in _ where Python has its name."""
    told = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{told}>{join(children)}</{name}>")


def join(children: Iterable[str]) -> Html:
    """Return pieces one after the other, what is text escaped."""
    return Html("".join(child if isinstance(child, Html) else escape(child) for child in children))


def breakable(name: str) -> Html:
    """Return a name that may go on in another line where its parts meet."""
    return join(part for piece in re.split(r"(?<=[_:,=])(?=\w)", name) for part in (Html("<wbr>"), piece))


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], *, class_: str = "") -> Html:
    """Return a table whose first column names its rows; it scrolls sideways where it does not fit."""
    lines = [tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows]
    whole = tag(
        "table",
        tag("caption", tag("span", caption)),
        tag("thead", tag("tr", *(tag("th", cell, scope="col") for cell in head))),
        tag("tbody", *lines),
        class_=class_,
    )
    return tag("div", whole, class_="scroll", tabindex="0", role="region", aria_label=caption)


def details(summary: str, *children: str) -> Html:
    """Return what is folded away until somebody asks."""
    return tag("details", tag("summary", summary), *children)


def figure(drawing: str, caption: str, numbers: Html, *, title: str = "") -> Html:
    """Return a drawing (an SVG element) with its title above, its caption below, and the same numbers as a table."""
    parts = [tag("div", Html(drawing), class_="plot")]
    if title:
        parts.insert(0, tag("strong", breakable(title)))
    if caption:
        parts.append(tag("figcaption", caption))
    return tag("figure", *parts, details("The numbers as a table", numbers))


def document(title: str, *body: str) -> str:
    """Return a whole page that needs nothing but itself."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{tag('main', *body)}\n</body>\n</html>\n"
    )


STYLE: Final = """
:root {
  --paper: #fdfdfb; --raised: #f4f4f0; --ink: #1d1f21; --muted: #5f6468; --grid: #e3e4e0; --good: #00694b; --bad: #b3261e;
  --arm-0: #4a4f54; --arm-1: #0067a5; --arm-2: #c2500a; --arm-3: #00805c; --arm-4: #7b4ba0; --arm-5: #8f6a00; --arm-6: #c03a83;
  --arm-7: #0e8496; --arm-8: #7d4a28;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #16181a; --raised: #212427; --ink: #e9e9e6; --muted: #a4a9ad; --grid: #33373b; --good: #5fd0a5; --bad: #ff8f84;
    --arm-0: #c3c7ca; --arm-1: #62b5ee; --arm-2: #ff9a56; --arm-3: #45cfa1; --arm-4: #c59be6; --arm-5: #e3bf4d;
    --arm-6: #f58cc2; --arm-7: #66d3e3; --arm-8: #d3a27c;
  }
}
* { box-sizing: border-box; }
html { background: var(--paper); color: var(--ink); }
html { font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
body { margin: 0; }
main { max-width: 1100px; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
h1, h2, h3 { line-height: 1.2; font-weight: 650; overflow-wrap: anywhere; }
h1 { font-size: 1.75rem; margin: 0 0 .35rem; }
h2 { font-size: 1.35rem; margin: 2.75rem 0 .5rem; padding-top: .75rem; border-top: 2px solid var(--ink); }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .25rem; }
p { max-width: 46rem; margin: .4rem 0 .8rem; }
.quiet, figcaption, caption, small { color: var(--muted); }
.alarm { border: 2px solid var(--bad); color: var(--bad); padding: .6rem .9rem; font-weight: 650; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.25rem; margin: 1rem 0; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: .75rem 0; }
.scroll:focus-visible, summary:focus-visible { outline: 2px solid var(--arm-1); outline-offset: 2px; }
table { border-collapse: collapse; font-size: .86rem; font-variant-numeric: tabular-nums; min-width: 100%; }
caption { text-align: left; padding: 0 0 .35rem; }
caption span { display: inline-block; position: sticky; left: 0; max-width: calc(100vw - 2.5rem); }
th, td { padding: .3rem .6rem; text-align: right; vertical-align: top; white-space: nowrap; }
th, td { border-bottom: 1px solid var(--grid); }
thead th { font-weight: 600; white-space: normal; min-width: 4.5rem; max-width: 9rem; }
thead th { color: var(--muted); vertical-align: bottom; border-color: var(--muted); }
th:first-child { text-align: left; font-weight: 600; position: sticky; left: 0; background: var(--paper); padding-left: 0; }
th:first-child { white-space: normal; overflow-wrap: anywhere; min-width: 9.5rem; max-width: 15rem; }
table.words th, table.words td { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 9rem; }
td:has(.better, .worse, .undecided) { text-align: left; }
td small { display: block; font-size: .92em; }
.key { display: inline-block; width: .65em; height: .65em; border-radius: 2px; margin-right: .45em; background: var(--key); }
.better { color: var(--good); font-weight: 650; }
.worse { color: var(--bad); font-weight: 650; }
.plots { display: grid; gap: 1.25rem 1.75rem; align-items: start; }
.plots { grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); }
.plots.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); }
figure { margin: .5rem 0; min-width: 0; }
figcaption { font-size: .86rem; }
.plot svg { display: block; width: 100%; max-width: 560px; height: auto; }
svg * { stroke-linejoin: round; stroke-linecap: butt; }
svg { fill: var(--ink); }
svg text { font-size: 10.5px; }
svg .grid { fill: none; stroke: var(--grid); stroke-width: .7; }
details { margin: .35rem 0; }
summary { cursor: pointer; color: var(--muted); font-size: .86rem; }
summary.world { color: var(--ink); font-size: 1.05rem; font-weight: 650; padding: .4rem 0; }
footer { margin-top: 3rem; border-top: 1px solid var(--muted); padding-top: .5rem; }
@media print {
  html { font-size: 9.5px; print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  h2 { margin-top: 1.5rem; }
  section { break-before: page; }
  section h2 { border-top: 0; margin: 0; }
  h2, h3, caption { break-after: avoid; }
  figure, tr { break-inside: avoid; }
  th, td { padding: .12rem .5rem; }
  .scroll { overflow: visible; }
  .plots { grid-template-columns: 1fr 1fr; gap: .3rem 1.5rem; }
  figure { margin: .3rem 0; }
  figure .plot svg { max-width: 340px; }
  .plots.small { grid-template-columns: 1fr 1fr 1fr; }
  details:not([open]) { display: none; }
}
"""
"""Light and dark, wide and narrow, screen and paper. The arms' colors differ in lightness too, and are never the only sign."""
