"""A YAML file into a Config: finding it, reading it safely, all its faults at once, each with its line."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast, get_type_hints

import platformdirs
import yaml

from depthwalk.config.conversion import (
    BAD,
    assembled,
    convert,
    field_values,
    known,
    mapping,
    section,
    short,
    shown,
)
from depthwalk.config.faults import Fault, Faults
from depthwalk.config.faults import Path as Keys
from depthwalk.config.sections import Method
from depthwalk.config.settings import Config, default_algorithms, varied
from depthwalk.errors import ConfigError
from depthwalk.executors.registry import ALGORITHMS
from depthwalk.executors.state import BaseParams

FILE_NAME: Final = "depthwalk.yaml"
HINT: Final = "config.example.yaml has every key with its unit and range; `depthwalk config init` writes it"


def places() -> tuple[Path, ...]:
    """Return where a config file is looked for when none is named, the first that is there wins."""
    return (Path(FILE_NAME), platformdirs.user_config_path("depthwalk") / FILE_NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What became of looking for a configuration: the file it was found in (None: none, the defaults hold), all its faults.

    *config* keeps the default wherever there is a fault; *raw* is the document as YAML has it, None where it could not be read.
    """

    path: Path | None
    config: Config
    faults: tuple[Fault, ...] = ()
    raw: object = None


def examine(path: Path | None = None) -> Examined:
    """Read and check the configuration of *path*, else of `depthwalk.yaml` here or in the user's config folder."""
    if path is None:
        # A broken link or a folder of that name is not passed over in silence: reading it says what is wrong.
        path = next((place for place in places() if place.exists() or place.is_symlink()), None)
    if path is None:
        return Examined(path=None, config=Config())
    path = path.expanduser()
    found: list[Fault] = []
    document = _read(path, found)
    if document is None:
        return Examined(path=path, config=Config(), faults=tuple(found))
    faults = Faults(str(path), document.line_of)
    config = _config(document.raw, faults)
    return Examined(
        path=path,
        config=replace(config, origin=path.absolute()),
        # From top to bottom, as they will be mended.
        faults=tuple(sorted((*found, *faults.all), key=lambda fault: fault.line or 0)),
        raw=document.raw,
    )


def load(path: Path | None = None) -> Config:
    """Return the configuration of *path*, else of `depthwalk.yaml` here or in the user's config folder, else the defaults.

    Raises:
        ConfigError: the file is not there, cannot be read, or has faults: all of them, one line each.

    """
    examined = examine(path)
    if examined.faults:
        raise ConfigError([str(fault) for fault in examined.faults], hint=HINT)
    return examined.config


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which also finds keys that stand twice: the second would silently win."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.twice: list[tuple[str, yaml.Mark]] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Build a mapping, and note the second of two equal keys."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    self.twice.append((key.value, key.start_mark))
                seen.add(key.value)
        return super().construct_mapping(node, deep)


@dataclass(frozen=True, slots=True)
class _Document:
    """A file's text as values, and the nodes they stand in, which know their lines."""

    raw: object
    root: yaml.Node | None

    def line_of(self, path: Keys) -> int | None:
        """Return the line of a key, or of the nearest one above it that the file has; None for an empty file."""
        node, line = self.root, None if self.root is None else self.root.start_mark.line + 1
        for part in path:
            found = _child(node, part)
            if found is None:
                break
            line, node = found
        return line


def _child(node: yaml.Node | None, part: str) -> tuple[int, yaml.Node] | None:
    """Return the line of a part of *node* and what stands there; of two that are called alike the later, which holds."""
    match node:
        case yaml.MappingNode():
            for key, value in reversed(node.value):
                if isinstance(key, yaml.ScalarNode) and short(key.value) == part:
                    return key.start_mark.line + 1, value
        case yaml.SequenceNode() if part.isdecimal() and int(part) < len(node.value):
            item = node.value[int(part)]
            return item.start_mark.line + 1, item
    return None


def _read(path: Path, faults: list[Fault]) -> _Document | None:
    """Return the document, or None where there is none; what is wrong with its text is added to *faults*."""
    where = str(path)
    line = column = None
    try:
        loader = _Loader(path.read_text(encoding="utf-8-sig"))
        try:
            root = loader.get_single_node()
            raw = None if root is None else loader.construct_document(root)
        finally:
            loader.dispose()
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8 text: {error.reason} at byte {error.start}"
    except yaml.MarkedYAMLError as error:
        if error.problem_mark is not None:
            line, column = error.problem_mark.line + 1, error.problem_mark.column + 1
        problem = error.problem or error.context or "is not YAML"
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # Characters that YAML does not allow, a date that is none, nesting without end.
        problem = f"is not YAML: {str(error).splitlines()[0]}"
    else:
        faults += [
            Fault(file=where, line=mark.line + 1, column=mark.column + 1, key=(key,), problem=f"the key {key!r} stands twice")
            for key, mark in loader.twice
        ]
        return _Document(raw, root)
    faults.append(Fault(file=where, line=line, column=column, problem=problem))
    return None


def _config(raw: object, faults: Faults) -> Config:
    """Convert the whole document; keys that are absent keep their defaults."""
    hints = get_type_hints(Config)
    del hints["origin"]
    document = known(raw, hints, (), faults)
    methods = document.pop("methods", None)
    values: dict[str, object] = {}
    for key, value in document.items():
        converted = _algorithms(value, faults) if key == "algorithms" else convert(value, hints[key], (key,), faults)
        if converted is not BAD:
            values[key] = converted
    config = Config(**cast("dict[str, Any]", values))
    return replace(config, methods=config.methods | _methods(methods, config, faults))


def _algorithms(raw: object, faults: Faults) -> dict[str, BaseParams]:
    params = default_algorithms()
    for name, settings in known(raw, ALGORITHMS, ("algorithms",), faults).items():
        params[name] = section(ALGORITHMS[name].params, settings, ("algorithms", name), faults) or params[name]
    return params


def _methods(raw: object, config: Config, faults: Faults) -> dict[str, Method]:
    methods: dict[str, Method] = {}
    for key, value in mapping(raw, ("methods",), faults).items():
        if not isinstance(key, str):
            faults.add(("methods", shown(key)), "a name that is no text", "a name in quotes")
            continue
        path = ("methods", key)
        settings = dict(mapping(value, path, faults))
        chosen = settings.pop("algorithm", None)
        if not isinstance(chosen, str) or chosen not in ALGORITHMS:
            faults.add((*path, "algorithm"), shown(chosen), ", ".join(ALGORITHMS))
            continue
        methods[key] = _method(chosen, settings, path, config, faults)
    return methods


def _method(chosen: str, settings: dict[object, object], path: tuple[str, ...], config: Config, faults: Faults) -> Method:
    before = len(faults.all)
    overrides = field_values(ALGORITHMS[chosen].params, settings, path, faults)
    if len(faults.all) == before:
        # On top of the algorithm's section, as it will be used.
        assembled(lambda some: varied(config.algorithms[chosen], some), overrides, path, faults)
    return Method(algorithm=chosen, overrides=overrides)
