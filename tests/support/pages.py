"""HTML pages read back: what is in them, and what is wrong with them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"meta", "br", "hr", "img", "link", "input", "wbr"})


@dataclass(kw_only=True)
class Table:
    """A table: its caption and its rows of cells, the head first."""

    caption: str = ""
    rows: list[list[str]] = field(default_factory=list)

    def row(self, name: str) -> list[str]:
        """Return the row that begins with *name*."""
        return next(row for row in self.rows if row[0] == name)


class Page(HTMLParser):
    """A page: its elements in order, tables and text, and faults in how elements close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[Table] = []
        self.faults: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.faults += [f"{name} is not closed" for name in self._open]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in _VOID:
            return
        self._open.append(tag)
        if tag == "table":
            self.tables.append(Table())
        elif tag == "tr":
            self.tables[-1].rows.append([])
        elif tag in {"th", "td"}:
            self.tables[-1].rows[-1].append("")
        elif tag == "small" and self.tables:
            self.tables[-1].rows[-1][-1] += " "

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"{tag} is closed out of turn")

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.words.append(data)
        if "caption" in self._open:
            self.tables[-1].caption += data
        elif "th" in self._open or "td" in self._open:
            cells = self.tables[-1].rows[-1]
            cells[-1] += data

    @property
    def text(self) -> str:
        """All that is there to be read."""
        return " ".join(self.words)

    def values(self, attribute: str) -> list[str]:
        """Return what an attribute is, wherever it is."""
        return [value for _, attributes in self.elements if (value := attributes.get(attribute)) is not None]

    def table(self, caption: str) -> Table:
        """Return the first table whose caption begins like that."""
        return next(table for table in self.tables if table.caption.startswith(caption))
