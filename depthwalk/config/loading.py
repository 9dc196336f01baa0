"""A YAML file into a Config: finding it, all its faults at once, each with its line. Reading YAML is `document.py`."""

import difflib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast, get_type_hints

import platformdirs

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
from depthwalk.config.document import read_document
from depthwalk.config.faults import Fault, Faults
from depthwalk.config.sections import Method
from depthwalk.config.settings import Config, default_algorithms, varied
from depthwalk.errors import ConfigError, UsageError
from depthwalk.executors.registry import algorithm, algorithm_names, is_algorithm
from depthwalk.executors.state import BaseParams

FILE_NAME: Final = "depthwalk.yaml"
HINT: Final = "config.example.yaml has every key with its unit and range; `depthwalk config init` writes it"


def places() -> tuple[Path, ...]:
    """Return where a config file is looked for when none is named, the first that is there wins."""
    return (Path(FILE_NAME), platformdirs.user_config_path("depthwalk") / FILE_NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What became of looking for a configuration: the file it was found in (None: none, the defaults hold), all its faults.

    *unusable* are sections of algorithms of other packages that cannot be loaded: faults, but in nobody's way who does not
    use them. *config* keeps the default wherever there is a fault; *raw* is the document as YAML has it, None where it could
    not be read.
    """

    path: Path | None
    config: Config
    faults: tuple[Fault, ...] = ()
    unusable: tuple[Fault, ...] = ()
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
    document = read_document(path, found)
    if document is None:
        return Examined(path=path, config=Config(), faults=tuple(found))
    faults = Faults(str(path), document.line_of)
    unusable = Faults(str(path), document.line_of)
    config = _config(document.raw, faults, unusable)
    return Examined(
        path=path,
        config=replace(config, origin=path.absolute()),
        # From top to bottom, as they will be mended.
        faults=tuple(sorted((*found, *faults.all), key=lambda fault: fault.line or 0)),
        unusable=tuple(unusable.all),
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


def _config(raw: object, faults: Faults, unusable: Faults) -> Config:
    """Convert the whole document; keys that are absent keep their defaults."""
    hints = get_type_hints(Config)
    del hints["origin"]
    document = known(raw, hints, (), faults)
    methods = document.pop("methods", None)
    values: dict[str, object] = {}
    for key, value in document.items():
        converted = _algorithms(value, faults, unusable) if key == "algorithms" else convert(value, hints[key], (key,), faults)
        if converted is not BAD:
            values[key] = converted
    config = Config(**cast("dict[str, Any]", values))
    return replace(config, methods=config.methods | _methods(methods, config, faults, unusable))


def _algorithms(raw: object, faults: Faults, unusable: Faults) -> dict[str, BaseParams]:
    params = default_algorithms()
    here = mapping(raw, ("algorithms",), faults)
    # What resembles no name is what is left of a package that is gone, rather than a slip.
    gone = {name for name in here if isinstance(name, str) and not difflib.get_close_matches(name, algorithm_names(), n=1)}
    for name in sorted(gone):
        unusable.add(("algorithms", short(name)), "an algorithm that is not installed", ", ".join(algorithm_names()))
    rest = {name: settings for name, settings in here.items() if name not in gone}
    for name, settings in known(rest, algorithm_names(), ("algorithms",), faults).items():
        if _usable(name, ("algorithms", name), unusable):
            read = section(algorithm(name).params, settings, ("algorithms", name), faults)
            if read is not None:
                params[name] = read
    return params


def _usable(name: str, path: tuple[str, ...], unusable: Faults) -> bool:
    """Say whether an algorithm can be loaded; where it cannot, that is noted."""
    try:
        algorithm(name)
    except UsageError as no:
        unusable.add(path, no.message, "an algorithm that can be loaded")
        return False
    return True


def _methods(raw: object, config: Config, faults: Faults, unusable: Faults) -> dict[str, Method]:
    methods: dict[str, Method] = {}
    for key, value in mapping(raw, ("methods",), faults).items():
        if not isinstance(key, str):
            faults.add(("methods", shown(key)), "a name that is no text", "a name in quotes")
            continue
        path = ("methods", key)
        settings = dict(mapping(value, path, faults))
        chosen = settings.pop("algorithm", None)
        if not isinstance(chosen, str) or not is_algorithm(chosen):
            faults.add((*path, "algorithm"), shown(chosen), ", ".join(algorithm_names()))
            continue
        if _usable(chosen, (*path, "algorithm"), unusable):
            methods[key] = _method(chosen, settings, path, config, faults)
    return methods


def _method(chosen: str, settings: dict[object, object], path: tuple[str, ...], config: Config, faults: Faults) -> Method:
    before = len(faults.all)
    overrides = field_values(algorithm(chosen).params, settings, path, faults)
    if len(faults.all) == before:
        # On top of the algorithm's section, as it will be used.
        assembled(lambda some: varied(config.section(chosen), some), overrides, path, faults)
    return Method(algorithm=chosen, overrides=overrides)
