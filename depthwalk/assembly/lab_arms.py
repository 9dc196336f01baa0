"""The arms of a laboratory command from the words on its command line. Running them is elsewhere.

An arm is an algorithm (as its section of the configuration has it), a method of the configuration, or the laboratory's own
control, each perhaps with parameters of its own: `simple_limit`, `three_level`, `twap:slices=5,end_action=cancel`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from depthwalk.errors import UsageError

if TYPE_CHECKING:
    from depthwalk.analysis.paired import AskedArm
    from depthwalk.config import Config
    from depthwalk.executors.state import BaseParams
    from depthwalk.lab.running import Arm

BUILT_IN: Final[Mapping[str, tuple[str, Mapping[str, object]]]] = {
    "simple_limit_40x": ("simple_limit", {"timeout_seconds": 40.0, "end_action": "cross"})
}
"""Arms of the laboratory's own: the simple order given the walker's time and end (algorithms.md section 2.10)."""

_OPENING, _CLOSING = "[{", "]}"


def arms_of(text: str, config: "Config") -> tuple["Arm", ...]:
    """Return the arms that *text* names, separated by commas, each under its own words.

    Parameters follow a colon, `key=value` with commas between them; lists are in brackets.

    Raises:
        UsageError: an unknown name or parameter, a value that cannot be, or an arm twice.

    """
    arms = [arm_of(words, config) for words in _separated(text)]
    names = [arm.name for arm in arms]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"--algos: {name} is named twice")
    if not arms:
        raise UsageError("--algos names nothing", hint=f"known: {', '.join(_known(config))}")
    return tuple(arms)


def arm_of(words: str, config: "Config", flag: str = "--algos") -> "Arm":
    """Return the one arm that *words* name. Raises UsageError, naming the flag."""
    try:
        return _arm(words, config)
    except UsageError as error:
        raise UsageError(f"{flag}: {error.message}", hint=error.hint) from None


def asked_arm(arm: "Arm") -> "AskedArm":
    """Return an arm as reports name it."""
    from depthwalk.analysis.paired import AskedArm
    from depthwalk.config.rendering import parameters_as_written
    from depthwalk.executors.registry import plain_parameters

    written, changed = parameters_as_written(arm.algorithm, plain_parameters(arm.params))
    return AskedArm(name=arm.name, algorithm=arm.algorithm, parameters=written, changed=changed)


def _arm(words: str, config: "Config") -> "Arm":
    from depthwalk.executors.registry import is_algorithm
    from depthwalk.lab.running import Arm

    name, colon, rest = words.partition(":")
    name = name.strip()
    algorithm, built_in = BUILT_IN.get(name, (name, {}))
    method = None
    if name in config.methods and not is_algorithm(algorithm):
        algorithm, method = config.methods[name].algorithm, name
    elif not is_algorithm(algorithm):
        known = _known(config)
        close = get_close_matches(name, known, 1)
        meant = f" (did you mean {close[0]}?)" if close else ""
        raise UsageError(f"unknown algorithm or method {name!r}{meant}", hint=f"known: {', '.join(known)}")
    given = _given(name, rest, config.section(algorithm)) if colon else {}
    params = config.params_for(algorithm, method, {**built_in, **given})
    shown = f"{name}:{','.join(part.strip() for part in _split(rest))}" if given else name
    return Arm(name=shown, algorithm=algorithm, params=params)


def _known(config: "Config") -> list[str]:
    from depthwalk.executors.registry import algorithm_names

    return list(dict.fromkeys((*algorithm_names(), *BUILT_IN, *config.methods)))


def _given(name: str, text: str, params: "BaseParams") -> dict[str, object]:
    """Return `key=value,key=value` as raw values, as YAML would have them."""
    known = [each.name for each in fields(params)]
    given: dict[str, object] = {}
    for part in _split(text):
        key, equals, value = (each.strip() for each in part.partition("="))
        if not equals or not key or not value:
            raise UsageError(f"{name}: {part.strip()!r} is no key=value", hint="as in twap:slices=5,end_action=cancel")
        if key not in known:
            close = get_close_matches(key, known, 1)
            meant = f" (did you mean {close[0]}?)" if close else ""
            raise UsageError(f"{name} has no parameter {key!r}{meant}", hint=f"it has {', '.join(known)}")
        if key in given:
            raise UsageError(f"{name}: {key} is given twice")
        given[key] = _value(value, getattr(params, key))
    return given


def _value(text: str, present: object) -> object:
    """Return what a text says, of the kind that is there now: prices and the like are texts with a point, in dollars."""
    if text.startswith("[") and text.endswith("]"):
        first = present[0] if isinstance(present, tuple) and present else None
        return [_value(part.strip(), first) for part in _split(text[1:-1])]
    if "." in text and isinstance(present, int):
        return text
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    # Nothing stands for "not given" further on; here it was given.
    return text if value is None else value


def _separated(text: str) -> Iterator[str]:
    """Yield the words of each arm: a part with = that follows a colon somewhere before belongs to what is before it."""
    arm: str | None = None
    for part in _split(text):
        if arm is not None and "=" in part and ":" in arm and ":" not in part.partition("=")[0]:
            arm += f",{part}"
            continue
        if arm is not None:
            yield arm
        arm = part.strip()
    if arm is not None:
        yield arm


def _split(text: str) -> Iterator[str]:
    """Yield the parts between commas that are in no brackets; an empty text has none."""
    depth, part = 0, ""
    for character in text:
        depth += (character in _OPENING) - (character in _CLOSING)
        if character == "," and depth <= 0:
            yield part
            part = ""
        else:
            part += character
    if part.strip():
        yield part
