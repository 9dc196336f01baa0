"""What is wrong in a configuration: every fault with its file, line, key, what was found and what is allowed. No YAML here."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

Path = tuple[str, ...]
"""Where a key stands: ("algorithms", "simple_limit", "end_action")."""

_WORDS: Final = re.compile(r"(?P<key>\w+): found (?P<found>.*); allowed: (?P<allowed>.*)", re.DOTALL)
"""How our own classes refuse a value (executors/state.py, `require`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong. *problem* stands alone where there is no key to speak of: no file, or no YAML.

    *file* is "" where the values come from the command line; *line* and *column* count from 1; *nearest* is the known key that
    an unknown one may have meant.
    """

    file: str = ""
    line: int | None = None
    column: int | None = None
    key: Path = ()
    found: str | None = None
    allowed: str | None = None
    nearest: str | None = None
    problem: str | None = None

    def __str__(self) -> str:
        """Write it as one line: `file, line 3: path.to.key: found X; allowed: Y`."""
        where = [self.file] if self.file else []
        if self.line is not None:
            where.append(f"line {self.line}")
        if self.column is not None:
            where.append(f"column {self.column}")
        place = f"{', '.join(where)}: " if where else ""
        if self.problem is not None:
            return f"{place}{self.problem}"
        meant = f" (did you mean {self.nearest}?)" if self.nearest else ""
        return f"{place}{'.'.join(self.key) or 'the document'}: found {self.found}{meant}; allowed: {self.allowed}"


class Faults:
    """The faults of one source, in the order found. *line_of* says on which line of it a key stands, as far as it knows."""

    def __init__(self, source: str = "", line_of: Callable[[Path], int | None] | None = None) -> None:
        self._source = source
        self._line_of = line_of or (lambda _: None)
        self.all: list[Fault] = []

    @property
    def lines(self) -> list[str]:
        """The faults as text."""
        return [str(fault) for fault in self.all]

    def add(self, path: Path, found: str, allowed: str, *, nearest: str | None = None) -> None:
        """Note what was found at a key and what is allowed there."""
        self.all.append(
            Fault(file=self._source, line=self._line_of(path), key=path, found=found, allowed=allowed, nearest=nearest)
        )

    def refused(self, path: Path, message: str) -> str:
        """Note what a class of ours said against the values of the section at *path*, and return the key it named."""
        words = _WORDS.fullmatch(message)
        key = words["key"] if words else message.partition(": ")[0]
        if any(fault.key == (*path, key) for fault in self.all):
            # Its value was refused before; what is said now is about the default in its place.
            return key
        if words:
            self.add((*path, key), words["found"], words["allowed"])
        else:
            line = self._line_of((*path, key))
            self.all.append(Fault(file=self._source, line=line, key=(*path, key), problem=".".join((*path, message))))
        return key
