"""The house rules as functions: a source file in, its faults out, one line each. test_house.py applies them to the tree.

Names are followed through imports and aliases (`from datetime import datetime as d; d.now` is `datetime.datetime.now`), in
functions as well. What is not here: formatting and style, which are ruff's.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

PACKAGE = "depthwalk"
LINE_CAP = 400

# room → what it may import of the package; itself and `errors` always. A room is a file or a folder of depthwalk/.
_DOORS: Mapping[str, frozenset[str]] = {
    room: frozenset(doors.split())
    for room, doors in {
        "__init__": "",
        "__main__": "cli",
        "algorithms": "domain executors",
        "errors": "",
        "clock": "domain.units",
        "ports": "domain",
        "config": "domain executors simulation",
        "assembly": (
            "__version__ analysis clock config domain executors kalshi lab paper ports reports runtime simulation storage wire"
        ),
        "domain": "",
        "analysis": "domain",
        "executors": "domain analysis",
        "wire": "domain",
        "kalshi": "__version__ domain wire ports clock",
        "paper": "domain analysis wire ports clock simulation",
        "simulation": "domain",
        "storage": "domain ports",
        "runtime": "domain ports clock executors analysis",
        "lab": "__version__ analysis clock domain executors kalshi.throttle paper ports runtime simulation wire",
        "reports": "domain analysis ports",
        "cli": "__version__ config assembly runtime storage reports domain",
    }.items()
}

# room → what it may import of other people's. Rooms of pure thought do without.
_GUESTS: Mapping[str, frozenset[str]] = {
    room: frozenset(guests.split())
    for room, guests in {
        "analysis": "numpy",
        "config": "msgspec platformdirs yaml",
        "assembly": "cryptography httpx platformdirs rich uvicorn",
        "executors": "msgspec",
        "wire": "msgspec",
        "kalshi": "cryptography httpx msgspec tenacity",
        "lab": "distributed msgspec numba numpy yaml",
        "paper": "cryptography httpx msgspec starlette",
        "simulation": "msgspec",
        "storage": "filelock msgspec platformdirs sqlite_utils",
        "reports": "matplotlib rich",
        "cli": "click platformdirs rich typer",
    }.items()
}

_STDLIB = sys.stdlib_module_names
_LOGGING_ROOMS = frozenset({"kalshi", "storage", "runtime", "cli"})
_PRINTING_ROOMS = frozenset({"cli", "reports"})


@dataclass(frozen=True, slots=True)
class Source:
    """A Python file: where it lies under the root, what it says, and its syntax tree."""

    path: PurePosixPath
    text: str
    tree: ast.Module = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tree", ast.parse(self.text, str(self.path)))

    @property
    def in_package(self) -> bool:
        """Whether it is shipped, rather than a test."""
        return self.path.parts[0] == PACKAGE

    @property
    def room(self) -> str:
        """The file's room: `domain` for depthwalk/domain/book.py, `clock` for depthwalk/clock.py; "" for a test."""
        return PurePosixPath(self.path.parts[1]).stem if self.in_package else ""


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every import as (line, full dotted name), in functions and through importlib too; relative ones start with a dot."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                yield from ((node.lineno, "." * level + f"{module or ''}.{alias.name}") for alias in names)
            case ast.Call(
                func=ast.Name(id="__import__" | "import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield node.lineno, name


def _within(name: str, doors: frozenset[str]) -> bool:
    return any(name == door or name.startswith(f"{door}.") for door in doors)


def imports(source: Source) -> Iterator[str]:
    """The import table: rooms look one way, and guests stay in the rooms they were asked to."""
    if not source.in_package:
        return
    if source.room not in _DOORS:
        yield f"1: the room {source.room} is not in the import table"
        return
    doors = _DOORS[source.room] | {"errors", source.room}
    guests = _GUESTS.get(source.room, frozenset())
    for line, name in _imports(source.tree):
        first, _, rest = name.partition(".")
        if name.startswith("."):
            yield f"{line}: relative import"
        elif first == PACKAGE:
            if not _within(rest, doors):
                yield f"{line}: {source.room} may not import {name}"
        elif first not in _STDLIB and first not in guests:
            yield f"{line}: {source.room} may not import {first}"


def cli_imports_late(source: Source) -> Iterator[str]:
    """What a command needs is imported inside it, so that --help stays fast: at the top only typer, errors and cli itself."""
    if source.room not in {"cli", "__main__"}:
        return
    for node in _at_import_time(source.tree.body):
        for line, name in _imports(node):
            first, _, rest = name.partition(".")
            if first == PACKAGE and not _within(rest, frozenset({"cli", "errors", "__version__"})):
                yield f"{line}: {name} is imported before a command needs it"
            elif first != PACKAGE and first not in _STDLIB and first != "typer":
                yield f"{line}: {first} is imported before a command needs it"


def _at_import_time(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Import statements that run when the module is imported, looking into `if`, `try` and `with`; not for type checkers."""
    for node in body:
        match node:
            case ast.Import() | ast.ImportFrom():
                yield node
            case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"), orelse=orelse):
                yield from _at_import_time(orelse)
            case ast.If(body=inner, orelse=orelse):
                yield from _at_import_time([*inner, *orelse])
            case ast.Try(body=inner, handlers=handlers, orelse=orelse, finalbody=final):
                yield from _at_import_time([*inner, *(stmt for h in handlers for stmt in h.body), *orelse, *final])
            case ast.With(body=inner) | ast.ClassDef(body=inner):
                yield from _at_import_time(inner)


def _names(tree: ast.AST) -> Iterator[tuple[ast.AST, int, str]]:
    """Every name and attribute that leads to an import, as (node, line, full dotted name), and the imports themselves."""
    origin: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                origin[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
                yield node, node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                origin[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                yield node, node.lineno, f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            dotted = _dotted(node)
            first, _, rest = dotted.partition(".")
            if first in origin:
                yield node, node.lineno, f"{origin[first]}.{rest}" if rest else origin[first]


def _dotted(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            return f"{inner}.{attr}" if (inner := _dotted(value)) else ""
        case _:
            return ""


_WALL = frozenset(
    {
        "time",
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.datetime.today",
        "datetime.date.today",
        "email.utils.localtime",
    }
)
_SQL_NOW = re.compile(
    r"\bcurrent_(?:timestamp|time|date)\b|\b(?:date|time|datetime|julianday|unixepoch|strftime)\([^)]*'now'", re.IGNORECASE
)


def wall_clock(source: Source) -> Iterator[str]:
    """Time comes from a Clock or in a value: only clock.py reads the machine's, or sleeps."""
    if not source.in_package or source.room == "clock":
        return
    for _, line, name in _names(source.tree):
        if _within(name, _WALL):
            yield f"{line}: {name} outside clock.py"
    sleeps = {
        id(node): line for node, line, name in _names(source.tree) if name == "asyncio.sleep" and isinstance(node, ast.expr)
    }
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr="time"), args=[], keywords=[]) if _is_loop(value):
                yield f"{node.lineno}: the loop's time outside clock.py"
            case ast.Call(func=func, args=[ast.Constant(value=0)]):
                sleeps.pop(id(func), None)
            case ast.Constant(value=str(text)) if _SQL_NOW.search(text):
                yield f"{node.lineno}: SQL that reads the clock"
    for line in sleeps.values():
        yield f"{line}: asyncio.sleep outside clock.py (sleep(0), to let others run, is all right)"


def _is_loop(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return _dotted(value.func).rpartition(".")[2] in {"get_running_loop", "get_event_loop", "new_event_loop"}
    return _dotted(value).rpartition(".")[2].endswith("loop")


_SYSTEM_RANDOM = frozenset({"secrets", "os.urandom", "os.getrandom", "uuid.uuid1", "uuid.uuid4", "random.SystemRandom"})
_HIDDEN_RANDOM = frozenset(f"tenacity.{name}" for name in ("wait_random", "wait_random_exponential", "wait_exponential_jitter"))


def randomness(source: Source) -> Iterator[str]:
    """Random numbers come from a random.Random that was passed in; the system's only for ids and keys."""
    may_ask_system = not source.in_package or source.room in {"assembly", "paper"}
    for _, line, name in _names(source.tree):
        if _within(name, _SYSTEM_RANDOM):
            if not may_ask_system:
                yield f"{line}: {name} outside assembly/ and paper/"
        elif name.startswith("random.") and not _within(name, frozenset({"random.Random"})):
            yield f"{line}: {name} is shared by everybody; pass a random.Random in"
        elif name in _HIDDEN_RANDOM:
            yield f"{line}: {name} draws from the shared generator"
    generators = {id(node) for node, _, name in _names(source.tree) if name == "random.Random"}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and id(node.func) in generators and not node.args and not node.keywords:
            yield f"{node.lineno}: random.Random() without a seed"


def printing(source: Source) -> Iterator[str]:
    """Only cli/ and reports/ write to the screen."""
    if not source.in_package or source.room in _PRINTING_ROOMS:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"print", "pprint", "input"}:
            yield f"{node.lineno}: {node.func.id}() outside cli/ and reports/"
    for _, line, name in _names(source.tree):
        if name in {"sys.stdout.write", "sys.stderr.write", "pprint.pprint"}:
            yield f"{line}: {name} outside cli/ and reports/"


def logging(source: Source) -> Iterator[str]:
    """Pure rooms return decisions; kalshi, storage, runtime and cli may log."""
    if source.in_package and source.room not in _LOGGING_ROOMS:
        for line, name in _imports(source.tree):
            if _within(name, frozenset({"logging"})):
                yield f"{line}: logging in {source.room}"


def size(source: Source) -> Iterator[str]:
    """A file that needs more than the cap has two purposes."""
    lines = source.text.count("\n") + (not source.text.endswith("\n"))
    if lines > LINE_CAP:
        yield f"{LINE_CAP + 1}: {lines} lines, the cap is {LINE_CAP}"


def docstrings(source: Source) -> Iterator[str]:
    """Each module of the package says what lives in it; each test function says which behaviour it states."""
    if source.in_package:
        if not ast.get_docstring(source.tree):
            yield "1: the module has no docstring"
        return
    for node in _tests(source.tree):
        if not ast.get_docstring(node):
            yield f"{node.lineno}: {node.name} has no docstring"


def _tests(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node


_ASSERTING = re.compile(r"(?:^|[._])(?:assert|check|expect|raises|warns|fail)", re.ASCII)


def assertions(source: Source) -> Iterator[str]:
    """A test asserts: itself, or by pytest.raises, or by a helper called check…, assert… or expect…."""
    for node in _tests(source.tree) if not source.in_package else ():
        calls = (_dotted(inner.func) for inner in ast.walk(node) if isinstance(inner, ast.Call))
        if not any(isinstance(inner, ast.Assert) for inner in ast.walk(node)) and not any(map(_ASSERTING.search, calls)):
            yield f"{node.lineno}: {node.name} asserts nothing"


def mocks(source: Source) -> Iterator[str]:
    """Our own code is used as it is; stand-ins are small classes in tests/support."""
    for line, name in _imports(source.tree):
        if _within(name, frozenset({"unittest", "mock", "pytest_mock"})):
            yield f"{line}: {name}"


_EXEMPTION = re.compile(
    r"#\s*(?:noqa|type:\s*ignore)(?P<codes>:\s*[A-Z][A-Z0-9, ]*\d|\[[\w, -]+\])?(?P<reason>\s*(?:-|#)\s*\S.*)?"
)


def exemptions(source: Source) -> Iterator[str]:
    """An exemption from a checker names the rule and gives its reason on the same line (types are checked in the package)."""
    for number, line in enumerate(source.text.splitlines(), 1):
        for found in _EXEMPTION.finditer(line):
            if (source.in_package or "noqa" in found[0]) and not (found["codes"] and found["reason"]):
                yield f"{number}: {found[0].strip()} without a rule or a reason"


# The patterns are written so that these lines do not accuse themselves.
_UNFINISHED = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b")
_REGISTRY = re.compile(
    r"\bpyp[i]\.org|pythonhoste[d]\.org|registry\.npmj[s]|(?:index|find)[-_](?:url|links)\b|https?://\S*/simpl[e]\b",
    re.IGNORECASE,
)


def unfinished(text: str) -> Iterator[str]:
    """Work left undone is an issue, not a comment."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := _UNFINISHED.search(line):
            yield f"{number}: {found[0]}"


def registries(text: str) -> Iterator[str]:
    """Where packages come from is the machine's business: no tracked file names a registry."""
    for number, line in enumerate(text.splitlines(), 1):
        if found := _REGISTRY.search(line):
            yield f"{number}: {found[0]}"
