"""A YAML file into a Config: finding it, reading it safely, all its faults at once."""

from collections.abc import Hashable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast, get_type_hints

import platformdirs
import yaml

from depthwalk.config.conversion import BAD, Faults, checked, convert, field_values, known, mapping, section, shown
from depthwalk.config.sections import Method
from depthwalk.config.settings import Config, default_algorithms, varied
from depthwalk.errors import ConfigError
from depthwalk.executors.registry import ALGORITHMS
from depthwalk.executors.state import BaseParams

FILE_NAME: Final = "depthwalk.yaml"
_HINT: Final = "config.example.yaml has every key with its unit and range"


def load(path: Path | None = None) -> Config:
    """Return the configuration of *path*, else of `depthwalk.yaml` here or in the user's config folder, else the defaults.

    Raises:
        ConfigError: the file is not there, cannot be read, or has faults: all of them, one line each.

    """
    if path is None:
        places = (Path(FILE_NAME), platformdirs.user_config_path("depthwalk") / FILE_NAME)
        # A broken link or a folder of that name is not passed over in silence: reading it says what is wrong.
        path = next((place for place in places if place.exists() or place.is_symlink()), None)
    if path is None:
        return Config()
    path = path.expanduser()
    faults = Faults(str(path))
    config = _config(_read(path), faults)
    if faults.lines:
        raise ConfigError(faults.lines, hint=_HINT)
    return replace(config, origin=path.absolute())


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which also refuses a key that stands twice: the second would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Build a mapping. Raises ConstructorError at the second of two equal keys."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"the key {key.value!r} stands twice", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _read(path: Path) -> object:
    """Return the document. Raises ConfigError with file, line and column where it is none."""
    where = str(path)
    try:
        loader = _Loader(path.read_text(encoding="utf-8-sig"))
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8 text: {error.reason} at byte {error.start}"
    except yaml.MarkedYAMLError as error:
        if error.problem_mark is not None:
            where += f", line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1}"
        problem = error.problem or error.context or "is not YAML"
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # Characters that YAML does not allow, a date that is none, nesting without end.
        problem = f"is not YAML: {str(error).splitlines()[0]}"
    raise ConfigError([f"{where}: {problem}"], hint=_HINT)


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
    before = len(faults.lines)
    overrides = field_values(ALGORITHMS[chosen].params, settings, path, faults)
    if len(faults.lines) == before:
        # On top of the algorithm's section, as it will be used.
        checked(lambda: varied(config.algorithms[chosen], overrides), path, faults)
    return Method(algorithm=chosen, overrides=overrides)
