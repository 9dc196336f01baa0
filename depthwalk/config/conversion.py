"""Raw YAML values into typed, frozen dataclasses, by their type hints. Generic: no section and no file is known here.

Nothing is guessed: text is no number, a float is no price, `true` is no 1. Every fault is noted (`faults.py`) and the work
goes on, so that all faults of a file are told at once.
"""

import difflib
import math
import reprlib
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import UnionType
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from depthwalk.config.faults import Faults, Path
from depthwalk.domain.units import Money, Price, Quantity, parse_money, parse_price, parse_quantity
from depthwalk.errors import DomainError

T = TypeVar("T")

BAD: Final = object()
"""Stands for a value that was refused; the fault has been noted."""

# The floats of YAML have lost the digits that money needs, so these come as text, or as whole numbers.
_UNITS: Final[dict[object, tuple[Callable[[str], int], str]]] = {
    Price: (parse_price, 'dollars in quotes with at most 4 decimals, as in "0.0300"'),
    Quantity: (parse_quantity, 'contracts, whole or in quotes with at most 2 decimals, as in 100 or "0.50"'),
    Money: (parse_money, 'dollars, whole or in quotes with at most 6 decimals, as in 500 or "499.50"'),
}
_PLAIN: Final[dict[object, str]] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}

_LONGEST_LIST: Final = 400
_LONG: Final = 10**18
"""No number of ours is as long; writing a very long one in decimals is refused by Python itself."""


def shown(raw: object) -> str:
    """Write a raw value for a message: as YAML has it, and short whatever its size."""
    match raw:
        case None:
            return "nothing"
        case bool():
            return "true" if raw else "false"
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case int() if abs(raw) >= _LONG:
            return "a huge number"
        case str() | int() | float():
            return reprlib.repr(raw)
    return f"a {type(raw).__name__}"


def short(key: str) -> str:
    """Return a key for a message: as it is, and short whatever its size."""
    return reprlib.repr(key)[1:-1]


def mapping(raw: object, path: Path, faults: Faults) -> Mapping[object, object]:
    """Return a mapping; an empty section is one without keys, anything else is a fault and counts as empty."""
    if isinstance(raw, Mapping):
        return raw
    if raw is not None:
        # Text in place of a section may be a key that was pasted there.
        faults.add(path, "text" if isinstance(raw, str) else shown(raw), "a mapping of keys")
    return {}


def known(raw: object, allowed: Iterable[str], path: Path, faults: Faults) -> dict[str, object]:
    """Return the keys of a mapping that are allowed; each other one is a fault that names the nearest."""
    names = list(allowed)
    found: dict[str, object] = {}
    for key, value in mapping(raw, path, faults).items():
        name = short(key) if isinstance(key, str) else shown(key)
        if isinstance(key, str) and key in names:
            found[key] = value
        else:
            near = difflib.get_close_matches(name, names, n=1)
            allowed = textwrap.shorten(", ".join(names), _LONGEST_LIST, placeholder=" …")
            faults.add((*path, name), "an unknown key", allowed, nearest=near[0] if near else None)
    return found


def section(kind: type[T], raw: object, path: Path, faults: Faults) -> T | None:
    """Return *kind* built from a mapping, its defaults where keys are absent; None where there were faults.

    Combinations that *kind* refuses when it is built (DomainError) are faults of the section.
    """
    before = len(faults.all)
    values = field_values(kind, raw, path, faults)
    built = assembled(lambda some: kind(**cast("dict[str, Any]", some)), values, path, faults)
    return built if len(faults.all) == before else None


def assembled(build: Callable[[dict[str, object]], T], values: dict[str, object], path: Path, faults: Faults) -> T | None:
    """Return what *build* makes of converted values; None where it refuses them, with everything it says against them noted.

    A value that is itself a mapping (overrides of the others) comes last, so that what is wrong in it is said of it.
    """
    nested = {name: value for name, value in values.items() if isinstance(value, dict)}
    good = _accepted(build, {name: value for name, value in values.items() if name not in nested}, path, faults)
    if good is None:
        return None
    for name, inner in nested.items():
        accepted = _accepted(_with(build, good, name), inner, (*path, name), faults)
        if accepted is not None:
            good = good | {name: accepted}
    return build(good)


def _with(build: Callable[[dict[str, object]], T], others: dict[str, object], name: str) -> Callable[[dict[str, object]], T]:
    """Return how to build with *others* fixed, from what the mapping *name* holds."""
    return lambda inner: build(others | {name: inner})


def _accepted(
    build: Callable[[dict[str, object]], object], values: dict[str, object], path: Path, faults: Faults
) -> dict[str, object] | None:
    """Return the values that *build* takes: after noting what it refuses it is asked again without that, for the next fault.

    None where what it refuses is none of these values, so that there is nothing to leave out.
    """
    left = dict(values)
    while True:
        try:
            build(left)
        except DomainError as error:
            key = faults.refused(path, error.message)
            if left.pop(key, BAD) is BAD:
                return None
        else:
            return left


def field_values(kind: type, raw: object, path: Path, faults: Faults) -> dict[str, object]:
    """Return the fields of dataclass *kind* that a mapping sets, converted; those that were refused are left out.

    A field that is itself a mapping holds values for other fields of *kind*, and is converted as such.
    """
    hints = _hints(kind)
    values: dict[str, object] = {}
    for name, value in known(raw, hints, path, faults).items():
        if get_origin(hints[name]) in (dict, Mapping):
            values[name] = _overrides(kind, name, value, (*path, name), faults)
            continue
        converted = convert(value, hints[name], (*path, name), faults)
        if converted is not BAD:
            values[name] = converted
    return values


def convert(raw: object, want: object, path: Path, faults: Faults) -> object:
    """Return *raw* as the type *want* of an annotation, or BAD after noting the fault."""
    if want in _UNITS:
        return _unit(raw, want, path, faults)
    if want in _PLAIN:
        return _plain(raw, want, path, faults)
    origin, inner = get_origin(want), get_args(want)
    present = [each for each in inner if each is not type(None)]
    if origin in (Union, UnionType) and len(present) == 1:
        return None if raw is None else convert(raw, present[0], path, faults)
    if origin is tuple:
        return _items(raw, inner[0], path, faults)
    if isinstance(want, type) and is_dataclass(want):
        built = section(want, raw, path, faults)
        return BAD if built is None else built
    if isinstance(want, type) and issubclass(want, Enum):
        # A value from the command line may be a member already.
        by_value: dict[object, Enum] = {each.value: each for each in want} | {each: each for each in want}
        if isinstance(raw, str | Enum) and raw in by_value:
            return by_value[raw]
        faults.add(path, shown(raw), ", ".join(str(each.value) for each in want))
        return BAD
    faults.add(path, shown(raw), f"nothing: the configuration knows no values of its type ({want})")
    return BAD


def _hints(kind: type) -> dict[str, object]:
    hints = get_type_hints(kind)
    return {each.name: hints[each.name] for each in fields(cast("Any", kind))}


def _overrides(kind: type, name: str, raw: object, path: Path, faults: Faults) -> dict[str, object]:
    hints = _hints(kind)
    others = known(raw, [other for other in hints if other != name], path, faults)
    converted = {key: convert(value, hints[key], (*path, key), faults) for key, value in others.items()}
    return {key: value for key, value in converted.items() if value is not BAD}


def _unit(raw: object, want: object, path: Path, faults: Faults) -> object:
    parse, allowed = _UNITS[want]
    if isinstance(raw, str) or (isinstance(raw, int) and not isinstance(raw, bool)):
        try:
            return parse(str(raw))
        except DomainError:
            pass
    found = f"{shown(raw)} without quotes" if isinstance(raw, float) else shown(raw)
    faults.add(path, found, allowed)
    return BAD


def _plain(raw: object, want: object, path: Path, faults: Faults) -> object:
    if type(raw) is int and abs(raw) < _LONG and want in (int, float):
        return float(raw) if want is float else raw
    if type(raw) is want and want is not int and (not isinstance(raw, float) or math.isfinite(raw)):
        return raw
    faults.add(path, shown(raw), _PLAIN[want])
    return BAD


def _items(raw: object, want: object, path: Path, faults: Faults) -> object:
    if not isinstance(raw, list | tuple):
        faults.add(path, shown(raw), "a list")
        return BAD
    items = [convert(item, want, (*path, str(place)), faults) for place, item in enumerate(raw)]
    return BAD if BAD in items else tuple(items)
