"""Market classes as YAML: the packaged ones beside this file, and a user's own. Reading, checking, writing; nothing runs here.

    name: kalshi-btc15m
    quantity: 240                   # contracts of the order that is usual in it
    structure: tapered_deci_cent    # the price grid, by its published name
    source: where it comes from, in words
    parameters: {provider_rate: 5.0, …}      # every field of simulation.flow.MarketClass
    assumed: {informed_rate: liquid, …}      # parameters that no data said, and the class they were taken from
    fit: {…}                                 # kept for people; nothing here reads it

`assumed` and `fit` may be absent. What is wrong is said with file, key, what was found and what is allowed, all of it at once.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Final, cast

import yaml

from depthwalk.domain.grid import STRUCTURES
from depthwalk.domain.units import CONTRACT, Quantity
from depthwalk.errors import ConfigError, UsageError
from depthwalk.lab.worlds import CLASSES, LabClass
from depthwalk.simulation.flow import MarketClass

SUFFIXES: Final = (".yaml", ".yml")
"""What ends in one of these is a file; anything else is the name of a class."""

MOST_ARRIVALS: Final = 500_000
"""The most arrivals that a class may need before a decision and through one execution: some five to ten seconds a seed."""

_WARM_LIFETIMES: Final = 6.0
_WARM_AT_LEAST: Final = 60.0
_RUN_SECONDS: Final = 60.0
_VALUE_STEPS: Final = 2.0
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_NAME_RULE: Final = "a small letter or digit, then up to 39 of a-z 0-9 . _ -"
_MOST_CONTRACTS: Final = 1_000_000
_KEYS: Final = ("name", "quantity", "structure", "source", "parameters", "assumed", "fit")
_NEEDED: Final = _KEYS[:5]
_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class Span:
    """The values that a parameter may have, both ends included; *open_low*: the lower end is not."""

    low: float
    high: float
    open_low: bool = False

    def __contains__(self, value: float) -> bool:
        return (self.low < value if self.open_low else self.low <= value) and value <= self.high

    def __str__(self) -> str:
        return f"a number {'above' if self.open_low else 'from'} {self.low:g} to {self.high:g}"


_SECONDS = Span(0.001, 100_000)
_CONTRACTS = Span(1, 1_000_000)
_RATE = Span(0, 1_000, open_low=True)

SPANS: Final[Mapping[str, Span]] = {
    "provider_rate": _RATE,
    "half_gap": Span(0, 50),
    "provider_reach": Span(0.01, 50),
    "provider_life": _SECONDS,
    "provider_size": _CONTRACTS,
    "taker_rate": _RATE,
    "taker_size": _CONTRACTS,
    "insensitive_share": Span(0, 1),
    "taker_reach": Span(0.01, 50),
    "informed_rate": _RATE,
    "informed_threshold": Span(0, 50),
    "volatility": Span(0, 10),
    "news_interval": _SECONDS,
    "news_size": Span(0, 50),
    "provider_lag": _SECONDS,
    "impact_per_contract": Span(0, 1),
    "impact_life": _SECONDS,
    "imbalance_weight": Span(0, 10),
    "review_rate": _RATE,
    "informed_size": _CONTRACTS,
    "insensitive_reach": Span(0, 99),
    "branching": Span(0, 0.95),
    "cluster_seconds": _SECONDS,
    "provider_size_sigma": Span(0, 4),
    "taker_size_sigma": Span(0, 4),
}
"""What each parameter of a class may be, in its own unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFile:
    """A file's content: the class, what in it is *assumed* (parameter: class it was taken from), and *fit* as it stands."""

    lab_class: LabClass
    assumed: Mapping[str, str] = field(default_factory=dict)
    fit: Mapping[str, object] = field(default_factory=dict)


def class_names() -> tuple[str, ...]:
    """Return the names of all classes there are: the built-in ones, then the packaged ones."""
    packaged = sorted(path.name.removesuffix(".yaml") for path in _folder().iterdir() if path.name.endswith(".yaml"))
    return (*CLASSES, *packaged)


def load_class(name_or_path: str) -> LabClass:
    """Return a class by its name, or the one in a file.

    Raises:
        UsageError: there is no such class or file, or its content is not a class; every fault is named.

    """
    return load_class_file(name_or_path).lab_class


def load_class_file(name_or_path: str) -> ClassFile:
    """Return a class with what its file says of it; see `load_class`."""
    if name_or_path.endswith(SUFFIXES):
        path = Path(name_or_path)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from None
        except UnicodeDecodeError as error:
            raise UsageError(f"{path}: is not UTF-8 text ({error.reason} at byte {error.start})") from None
        return parse_class(text, str(path), taken=class_names())
    if name_or_path in CLASSES:
        return ClassFile(lab_class=CLASSES[name_or_path])
    names = class_names()
    if name_or_path not in names:
        raise UsageError(f"unknown class {name_or_path!r}", hint=f"known: {', '.join(names)}; or a file that ends in .yaml")
    packaged = _folder() / f"{name_or_path}.yaml"
    return parse_class(packaged.read_text(encoding="utf-8"), packaged.name)


def dump_class(
    lab_class: LabClass, *, assumed: Mapping[str, str] | None = None, fit: Mapping[str, object] | None = None
) -> str:
    """Return a class as the text of a file that `parse_class` reads back to the same values."""
    content: dict[str, object] = {
        "name": lab_class.name,
        "quantity": lab_class.quantity // CONTRACT,
        "structure": lab_class.structure,
        "source": lab_class.source,
        "parameters": {name: getattr(lab_class.market, name) for name in SPANS},
        "assumed": dict(assumed or {}),
        "fit": dict(fit or {}),
    }
    return yaml.safe_dump(content, sort_keys=False, width=120)


def parse_class(text: str, source: str, *, taken: Iterable[str] = ()) -> ClassFile:
    """Return the class that a YAML text holds. *source* names it in messages; *taken* are names it may not have.

    Raises:
        ConfigError: a UsageError with everything that is wrong, one line each.

    """
    reading = _Reading(source)
    raw = reading.document(text)
    if not isinstance(raw, dict):
        raise ConfigError([f"{source}: found {_shown(raw)}; allowed: a mapping with the keys {', '.join(_KEYS)}"])
    reading.unknown(raw, _KEYS, "")
    reading.missing(raw, _NEEDED, "")
    name = reading.text(raw, "name")
    if name and (not _NAME.fullmatch(name) or name in taken):
        own = ", not one of " + ", ".join(taken) if name in taken else ""
        reading.fault("name", name, f"{_NAME_RULE}{own}")
    structure = reading.text(raw, "structure")
    if structure and structure not in STRUCTURES:
        reading.fault("structure", structure, ", ".join(STRUCTURES))
    words = reading.text(raw, "source")
    quantity = reading.quantity(raw)
    parameters = reading.parameters(raw)
    assumed, fit = reading.mapping(raw, "assumed"), reading.mapping(raw, "fit")
    reading.assumed(assumed)
    if reading.faults:
        raise ConfigError(reading.faults)
    market = MarketClass(name=name, **parameters)
    return ClassFile(
        lab_class=LabClass(market=market, quantity=quantity, structure=structure, source=words),
        assumed=cast("Mapping[str, str]", assumed),
        fit=cast("Mapping[str, object]", fit),
    )


def check_name(name: str) -> None:
    """Raise UsageError where a class of one's own may not bear a name."""
    if name in class_names():
        raise UsageError(f"name {name!r} is that of a class that comes with depthwalk")
    if not _NAME.fullmatch(name):
        raise UsageError(f"name: found {name!r}; allowed: {_NAME_RULE}")


def arrivals_a_second(market: MarketClass) -> float:
    """Return about how much arrives in a second in a market of this class."""
    return 2 * (market.provider_rate + market.taker_rate + market.informed_rate) + market.review_rate + _VALUE_STEPS


def warming(market: MarketClass) -> float:
    """Return the seconds that a world of this class lives before it is looked at."""
    return max(_WARM_AT_LEAST, _WARM_LIFETIMES * market.provider_life)


def arrivals(market: MarketClass) -> float:
    """Return about how much arrives while a world of this class is warmed and one execution runs in it."""
    return arrivals_a_second(market) * (warming(market) + _RUN_SECONDS)


def _folder() -> resources.abc.Traversable:
    return resources.files("depthwalk.lab") / "classes"


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


class _Reading:
    """One text on its way to a class, with what is wrong in it."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.faults: list[str] = []

    def fault(self, key: str, found: object, allowed: object) -> None:
        self.faults.append(f"{self._source}: {key}: found {_shown(found)}; allowed: {allowed}")

    def document(self, text: str) -> object:
        try:
            loader = yaml.SafeLoader(text)
            try:
                root = loader.get_single_node()
                self._twice(root, "")
                return None if root is None else cast("object", loader.construct_document(root))
            finally:
                loader.dispose()
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise ConfigError([f"{self._source}: is not YAML: {' '.join(str(error).split())}"]) from None
        except (KeyError, AttributeError):  # all that yaml itself says of !!bool x and !!timestamp x
            raise ConfigError([f"{self._source}: is not YAML: a value is not what its tag (!!...) says"]) from None

    def _twice(self, node: yaml.Node | None, path: str) -> None:
        """Note keys that stand twice: the second would silently win."""
        if not isinstance(node, yaml.MappingNode):
            return
        seen: set[str] = set()
        for key, value in node.value:
            name = f"{path}{key.value}"
            if name in seen:
                self.faults.append(f"{self._source}, line {key.start_mark.line + 1}: {name}: the key stands twice")
            seen.add(name)
            self._twice(value, f"{name}.")

    def unknown(self, raw: Mapping[object, object], allowed: Iterable[str], path: str) -> None:
        names = tuple(allowed)
        for key in raw:
            if key not in names:
                self.faults.append(f"{self._source}: {path}{str(key)[:_LONGEST]}: an unknown key; allowed: {', '.join(names)}")

    def missing(self, raw: Mapping[object, object], needed: Iterable[str], path: str) -> None:
        absent = [f"{path}{key}" for key in needed if key not in raw]
        if absent:
            self.faults.append(f"{self._source}: missing: {', '.join(absent)}")

    def text(self, raw: Mapping[object, object], key: str) -> str:
        value = raw.get(key, "")
        if not isinstance(value, str) or (key in raw and not value.strip()):
            self.fault(key, value, "text")
            return ""
        return value

    def quantity(self, raw: Mapping[object, object]) -> Quantity:
        value = raw.get("quantity", 1)
        if type(value) is not int or not 1 <= value <= _MOST_CONTRACTS:
            self.fault("quantity", value, f"whole contracts from 1 to {_MOST_CONTRACTS:,}")
            return CONTRACT
        return Quantity(value * CONTRACT)

    def mapping(self, raw: Mapping[object, object], key: str) -> Mapping[object, object]:
        value = raw.get(key)
        if value is not None and not isinstance(value, dict):
            self.fault(key, value, "a mapping")
            return {}
        return value or {}

    def assumed(self, raw: Mapping[object, object]) -> None:
        self.unknown(raw, SPANS, "assumed.")
        for key, value in raw.items():
            if not isinstance(value, str):
                self.fault(f"assumed.{key}", value, "the name of the class it was taken from")

    def parameters(self, raw: Mapping[object, object]) -> dict[str, float]:
        given = self.mapping(raw, "parameters")
        self.unknown(given, SPANS, "parameters.")
        if "parameters" in raw:
            self.missing(given, SPANS, "parameters.")
        good: dict[str, float] = {}
        for key, span in SPANS.items():
            value = given.get(key)
            if key not in given:
                continue
            if type(value) not in (int, float) or cast("float", value) not in span:
                self.fault(f"parameters.{key}", value, span)
            else:
                good[key] = float(cast("float", value))
        if len(good) == len(SPANS):
            self._bearable(MarketClass(name="", **good))
        return good

    def _bearable(self, market: MarketClass) -> None:
        needed = arrivals(market)
        if needed > MOST_ARRIVALS:
            self.faults.append(
                f"{self._source}: parameters: found {needed:,.0f} arrivals a world (all rates together, for the longer of 60 s"
                f" and 6 x provider_life, and a run); allowed: at most {MOST_ARRIVALS:,}, or every seed takes minutes"
            )
