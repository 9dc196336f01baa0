"""What may be varied of an algorithm: names and bounds from words, or the usual ones; parameters from a point of it.

offsets.0=0:3, patience=0:3, walk_interval_seconds=2:8      numbers, bounds in the units of the configuration
passive={true,false}, momentum={flow,volume}                choices
split_ratios.0=0.2:0.8                                      parts of a whole: the last of them takes the rest
thin.patience=0:3                                           an override of dynamic_depth_walker's `thin`
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from enum import Enum
from math import nan
from types import NoneType
from typing import Any, Final, cast, get_args, get_origin, get_type_hints

from depthwalk.domain.units import CONTRACT, Price, Quantity, parse_price
from depthwalk.errors import DomainError, UsageError
from depthwalk.executors.state import BaseParams
from depthwalk.lab.tasks import LONGEST
from depthwalk.lab.tuning import Axis, Choice, Number, Point

_SHARES: Final = "split_ratios"
"""The parameter whose entries are parts of a whole."""

_LEAST_SHARE: Final = 0.02
"""What is left for the last split at least."""

_MOST: Final = 1e9
"""How large a number may be: none that is varied is nearly so large, and steps between larger ones overflow."""

_KNOB = re.compile(r"\s*([A-Za-z_0-9.]+)\s*=\s*(?:\{([^{}]*)\}|([^,:{}]+):([^,:{}]+))\s*(?:,|$)")

_LAW: Final = (
    "patience=0:3,patience_power=0.5:4,deficit_gain=0:8,spread_gain=0:1,imbalance_gain=0:1,passive_until=0:0.95,"
    "walk_interval_seconds=2:8"
)
_STEPS: Final = "base_increment=0.001:0.03,aggressive_increment=0.001:0.03"

USUAL: Final[Mapping[str, str]] = {
    "dynamic_depth_walker": f"offsets=-1:3,split_ratios=0.05:0.95,{_LAW},{_STEPS}",
    "adaptive_limit": f"offset=-1:3,{_LAW}",
    "static_split": "split_ratios=0.05:0.95,level_steps=1:5,min_split=0:20",
    "spread_walker": f"walk_interval_seconds=2:8,momentum_threshold=0.02:0.5,{_STEPS}",
    "twap": "slices=2:20,passive={true,false}",
}
"""What is varied of each algorithm unless said otherwise; of lists, here, every entry that is in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """One parameter that is varied: where it is, the *axis* it moves on, and how a value on it is read.

    *thin*: it is an override in the mapping *thin*. *place*: it is that entry of a list.
    """

    path: str
    words: str
    field: str
    thin: bool
    place: int | None
    axis: Axis
    read: Callable[[float], object]
    written: Callable[[Any], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Parameters and what of them is varied."""

    params: BaseParams
    knobs: tuple[Knob, ...]

    @property
    def axes(self) -> tuple[Axis, ...]:
        """What the search moves on."""
        return tuple(knob.axis for knob in self.knobs)

    @property
    def words(self) -> dict[str, str]:
        """What is varied and within which bounds, for reports."""
        return {knob.path: knob.words for knob in self.knobs}

    @property
    def start(self) -> Point:
        """The parameters as they are, put within the bounds."""
        found = []
        for knob in self.knobs:
            value = knob.written(_held(self.params, knob))
            match knob.axis:
                case Number() as axis:
                    found.append(axis.value(axis.share(value)))
                case Choice():
                    found.append(value)
        return tuple(found)

    def at(self, point: Point) -> BaseParams:
        """Return the parameters at a point. Raises DomainError where the algorithm or the laboratory refuses them."""
        params = self.params
        for thin in (False, True):
            changed: dict[str, Any] = {}
            for knob, value in zip(self.knobs, point, strict=True):
                if knob.thin == thin:
                    held = changed.get(knob.field, _whole(params, knob.field, thin=thin))
                    read = knob.read(value)
                    changed[knob.field] = read if knob.place is None else _put(held, knob.place, read)
            if _SHARES in changed:
                changed[_SHARES] = _with_rest(changed[_SHARES])
            if changed:
                overrides = {"thin": {**cast("Any", params).thin, **changed}} if thin else changed
                params = replace(params, **overrides)
        if params.timeout_seconds > LONGEST:
            raise DomainError(
                f"timeout_seconds: found {params.timeout_seconds:g}; allowed: at most {LONGEST:g}, to be comparable"
            )
        return params

    def possible(self, point: Point) -> bool:
        """Say whether the parameters at a point may be."""
        try:
            self.at(point)
        except DomainError:
            return False
        return True


def space_of(algorithm: str, params: BaseParams, vary: str | None = None) -> Space:
    """Return what is varied of *params*: as *vary* says, else as is usual.

    Raises:
        UsageError: a name, bound or choice that cannot be, or nothing that is usual.

    """
    if vary is not None:
        knobs = [_knob(algorithm, params, *words) for words in _parsed(vary)]
    elif algorithm in USUAL:
        pairs = ((entry, words) for path, words in _parsed(USUAL[algorithm]) for entry in _entries(params, path))
        knobs = [_knob(algorithm, params, *words) for words in pairs]
    else:
        hint = f"for example --vary {fields(params)[0].name}=LOW:HIGH; usual for {', '.join(USUAL)}"
        raise UsageError(f"--vary: nothing is usual for {algorithm}, say what is to be varied", hint=hint)
    for knob in knobs:
        if [other.path for other in knobs].count(knob.path) > 1:
            raise UsageError(f"--vary: {knob.path} is named twice")
    space = Space(params=params, knobs=tuple(knobs))
    try:
        space.at(space.start)
    except DomainError as error:
        hint = "the search begins with the algorithm as it is, put within the bounds"
        raise UsageError(f"--vary: {algorithm} refuses the start: {error.message}", hint=hint) from None
    return space


def _parsed(text: str) -> Iterator[tuple[str, str]]:
    """Yield path and words of each knob."""
    at = 0
    while at < len(text):
        match = _KNOB.match(text, at)
        if match is None:
            raise UsageError(
                f"--vary: {text[at:].strip()!r} is no NAME=LOW:HIGH and no NAME={{a,b}}",
                hint="as in offsets.0=0:3,patience=0:3",
            )
        yield match[1], f"{{{match[2]}}}" if match[2] is not None else f"{match[3].strip()}:{match[4].strip()}"
        at = match.end()
    if not text.strip():
        raise UsageError("--vary names nothing")


def _entries(params: BaseParams, path: str) -> list[str]:
    """Return a parameter's path; of a list the paths of the entries that are in use and have a value of their own."""
    if not isinstance(held := getattr(params, path), tuple):
        return [path]
    levels = getattr(params, "levels", len(held))
    return [f"{path}.{place}" for place in range(len(held) - 1 if path == _SHARES else min(levels, len(held)))]


def _knob(algorithm: str, params: BaseParams, path: str, words: str) -> Knob:
    outer, *inner = path.split(".")
    thin = bool(inner) and isinstance(getattr(params, outer, None), Mapping)
    name, *rest = inner if thin else [outer, *inner]
    known = [each.name for each in fields(params)]
    if name not in known or (thin and name == outer):
        raise UsageError(f"--vary: {algorithm} has no parameter {path!r}", hint=f"it has {', '.join(known)}")
    kind, place = _kind(params, name), None
    if get_origin(kind) is tuple:
        place, kind = _place(path, name, rest, len(_whole(params, name, thin=thin))), get_args(kind)[0]
    elif rest:
        raise UsageError(f"--vary: {path}: {name} is no list")
    axis, read, written = (_choice if words.startswith("{") else _number)(path, kind, words)
    return Knob(path=path, words=words, field=name, thin=thin, place=place, axis=axis, read=read, written=written)


def _kind(params: BaseParams, name: str) -> Any:  # noqa: ANN401 - the type of any field
    """Return the type of a parameter, without the None of those that may be absent."""
    kind = get_type_hints(type(params))[name]
    present = [each for each in get_args(kind) if each is not NoneType]
    return present[0] if NoneType in get_args(kind) and len(present) == 1 else kind


def _place(path: str, name: str, rest: list[str], length: int) -> int:
    last = length - 1 - (name == _SHARES)
    if len(rest) == 1 and rest[0] in map(str, range(last + 1)):
        return int(rest[0])
    allowed = " or ".join(f"{name}.{place}" for place in range(last + 1)) or "nothing: it has one entry"
    more = "; the last takes the rest" if name == _SHARES else ""
    raise UsageError(f"--vary: {path}: {name} is a list, allowed: {allowed}{more}")


_Parse = Callable[[str], float]
_Read = Callable[[float], object]
_Written = Callable[[Any], float]


def _scale(kind: object) -> tuple[_Parse, int | None] | None:
    """Return how a number of that type is read from words, and how many units each whole one has; None: it has fractions."""
    if kind is Price:
        return (lambda text: float(parse_price(text))), 1
    units = {int: 1, Quantity: int(CONTRACT), float: None}
    return (float, units[kind]) if kind in units else None


def _number(path: str, kind: object, words: str) -> tuple[Axis, _Read, _Written]:
    """Return an axis between two bounds."""
    scale = _scale(kind)
    if scale is None:
        raise UsageError(f"--vary: {path} is no number", hint="choices are in braces, as in passive={true,false}")
    parse, unit = scale
    low, high = (_parsed_number(path, text, parse) for text in words.split(":"))
    if high - low < 1 / _MOST:
        raise UsageError(f"--vary: {path}={words}: the lower bound has to be below the upper one")
    if unit is not None and not (low.is_integer() and high.is_integer()):
        raise UsageError(f"--vary: {path}={words}: whole numbers are wanted")
    # Where nothing is set the search begins in the middle.
    middle = (low + high) / 2
    return (
        Number(low=low, high=high, whole=unit is not None),
        float if unit is None else lambda value: round(value) * unit,
        lambda held: middle if held is None else held / (unit or 1),
    )


def _choice(path: str, kind: object, words: str) -> tuple[Axis, _Read, _Written]:
    """Return an axis of choices."""
    values = [_chosen(path, kind, text.strip()) for text in words[1:-1].split(",")]
    if len(set(values)) < max(len(values), 2):
        raise UsageError(f"--vary: {path}={words}: two or more different choices are wanted")
    return (
        Choice(count=len(values)),
        lambda value: values[round(value)],
        lambda held: float(values.index(held)) if held in values else 0.0,
    )


def _chosen(path: str, kind: object, text: str) -> object:
    """Return what a choice says, of the parameter's type."""
    if scale := _scale(kind):
        parse, unit = scale
        value = _parsed_number(path, text, parse)
        return value if unit is None else round(value * unit)
    named: dict[str, object] = {}
    if kind is bool:
        named = {"true": True, "false": False}
    elif isinstance(kind, type) and issubclass(kind, Enum):
        named = {str(each.value): each for each in kind}
    if text not in named:
        raise UsageError(f"--vary: {path}: {text!r} is no choice for it", hint=f"known: {', '.join(named) or 'none'}")
    return named[text]


def _parsed_number(path: str, text: str, parse: _Parse) -> float:
    try:
        value = parse(text)
    except (ValueError, DomainError):
        value = nan
    if not abs(value) <= _MOST:  # nor does nan compare
        raise UsageError(f"--vary: {path}: {text!r} is no number for it")
    return value


def _held(params: BaseParams, knob: Knob) -> object:
    """Return what a knob stands at."""
    whole = _whole(params, knob.field, thin=knob.thin)
    return whole if knob.place is None else whole[knob.place]


def _whole(params: BaseParams, name: str, *, thin: bool) -> Any:  # noqa: ANN401 - the value of any field
    """Return a parameter as it stands, or its override; parts of a whole add up to 1."""
    value = getattr(params, name)
    if thin:
        value = cast("Any", params).thin.get(name, value)
    return tuple(part / sum(value) for part in value) if name == _SHARES else value


def _put(items: tuple[object, ...], place: int, value: object) -> tuple[object, ...]:
    return (*items[:place], value, *items[place + 1 :])


def _with_rest(parts: tuple[float, ...]) -> tuple[float, ...]:
    """Return parts of a whole of which the last takes what the others leave. Raises DomainError where they leave too little."""
    rest = round(1 - sum(parts[:-1]), 6)
    if rest < _LEAST_SHARE:
        raise DomainError(f"{_SHARES}: found {rest} left for the last; allowed: at least {_LEAST_SHARE}")
    return (*parts[:-1], rest)
