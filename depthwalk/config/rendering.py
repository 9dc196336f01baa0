"""A configuration written back as a file would hold it, each value with where it comes from. The inverse of `conversion.py`.

What is written loads again to the same configuration. Values are shown as they are; the key is never in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, get_type_hints

import yaml

from depthwalk.config.sections import Method
from depthwalk.config.settings import Config
from depthwalk.domain.units import Money, Price, Quantity, format_money, format_price, format_quantity
from depthwalk.errors import UsageError
from depthwalk.executors.registry import algorithm, default_parameters, parameters_from

Tree = dict[str, "Leaf | Tree"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value as YAML and JSON hold it, and whether it is the built-in default rather than the file's word."""

    value: object
    default: bool


def effective(config: Config, raw: object) -> Tree:
    """Return every key with its value in force; *raw* is the document the configuration was read from."""
    tree = _section(config, raw, skip=("origin", "algorithms", "methods"))
    stated = raw if isinstance(raw, Mapping) else {}
    algorithms = _inner(stated, "algorithms")
    methods = _inner(stated, "methods")
    whole: Tree = {}
    for each in fields(Config):
        if each.name in tree:
            whole[each.name] = tree[each.name]
        elif each.name == "algorithms":
            whole[each.name] = {name: _section(params, algorithms.get(name)) for name, params in config.algorithms.items()}
        elif each.name == "methods":
            whole[each.name] = {name: _method(method, name in methods) for name, method in config.methods.items()}
    return whole


def plain(tree: Tree) -> dict[str, object]:
    """Return the values alone, nested as in the file."""
    return {name: each.value if isinstance(each, Leaf) else plain(each) for name, each in tree.items()}


def defaults(tree: Tree, path: str = "") -> list[str]:
    """Return the dotted paths of the keys that have their built-in value because nothing says otherwise."""
    found: list[str] = []
    for name, each in tree.items():
        where = f"{path}{name}"
        if isinstance(each, Leaf):
            found += [where] if each.default else []
        else:
            found += defaults(each, f"{where}.")
    return found


def to_yaml(tree: Tree, *, notes: Mapping[str, str] | None = None) -> str:
    """Return the tree as YAML, defaults marked in a comment; *notes* are more words at a key (its dotted path)."""
    return "".join(f"{line}\n" for line in _lines(tree, "", "", notes or {}))


def _lines(tree: Tree, indent: str, path: str, notes: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    for name, each in tree.items():
        key, where = on_one_line(name), f"{path}{name}"
        if not isinstance(each, Leaf):
            lines += [f"{indent}{key}:", *_lines(each, f"{indent}  ", f"{where}.", notes)]
            continue
        said = [*(["default"] if each.default else []), *([notes[where]] if where in notes else [])]
        comment = "".join(c if c.isprintable() else " " for c in f"  # {'; '.join(said)}") if said else ""
        lines.append(f"{indent}{key}: {on_one_line(each.value)}{comment}")
    return lines


def on_one_line(value: object) -> str:
    """Return one value on one line, as YAML reads it back."""
    written: str = yaml.safe_dump([value], default_flow_style=True, width=1_000_000, allow_unicode=True, sort_keys=False)
    return written.strip()[1:-1]


def _inner(document: Mapping[Any, object], name: str) -> Mapping[Any, object]:
    found = document.get(name)
    return found if isinstance(found, Mapping) else {}


def parameters_as_written(algorithm_name: str, plain: Mapping[str, object]) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return an execution's stored parameters as the file would have them, and the names of those that are not as they come.

    What this version does not know is returned as it was stored.
    """
    try:
        params, usual = parameters_from(algorithm_name, plain), default_parameters(algorithm_name)
    except UsageError:
        return dict(plain), ()
    written = {name: leaf.value for name, leaf in _section(params, None).items() if isinstance(leaf, Leaf)}
    return written, tuple(name for name in written if getattr(params, name) != getattr(usual, name))


def _section(value: Any, raw: object, skip: tuple[str, ...] = ()) -> Tree:  # noqa: ANN401 - any of the config's dataclasses
    stated = raw if isinstance(raw, Mapping) else {}
    hints = get_type_hints(type(value))
    tree: Tree = {}
    for each in fields(value):
        if each.name in skip:
            continue
        held = getattr(value, each.name)
        if is_dataclass(held):
            tree[each.name] = _section(held, stated.get(each.name))
        elif isinstance(held, Mapping):
            tree[each.name] = Leaf(
                {name: _written(inner, hints[name]) for name, inner in held.items()}, each.name not in stated
            )
        else:
            tree[each.name] = Leaf(_written(held, hints[each.name]), each.name not in stated)
    return tree


def _method(method: Method, stated: bool) -> Tree:
    kind = algorithm(method.algorithm).params
    hints = get_type_hints(kind)
    tree: Tree = {"algorithm": Leaf(method.algorithm, not stated)}
    for name, held in method.overrides.items():
        if isinstance(held, Mapping):
            written: object = {inner: _written(value, hints[inner]) for inner, value in held.items()}
        else:
            written = _written(held, hints[name])
        tree[name] = Leaf(written, not stated)
    return tree


def _written(value: Any, want: object) -> object:  # noqa: ANN401 - a value of any field
    """Write a value of the annotated type *want* as the file has it: exact text for prices and money, whole counts bare."""
    if want is Price:
        return _short(format_price(value))
    if want is Quantity:
        return value // 100 if value % 100 == 0 else _short(format_quantity(value))
    if want is Money:
        return _short(format_money(value))
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return list(value)
    return value


def _short(text: str) -> str:
    """Cut zeros at the end, but keep two decimals."""
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
