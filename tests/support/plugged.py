"""Algorithms as other packages bring them, without a package: what `importlib.metadata` would find, put in at the one door."""

from collections.abc import Mapping
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest

from depthwalk.executors import registry

_INSTALLED = registry._installed


class Entry(EntryPoint):
    """What `entry_points` yields, with what loading it returns, or the exception that it raises."""

    def __init__(self, name: str, brings: object) -> None:
        super().__init__(name, "elsewhere:SPEC", registry.GROUP)
        vars(self).update(dist=SimpleNamespace(name="elsewhere"), brings=brings)

    __hash__ = object.__hash__

    def load(self) -> object:
        """Return it, or raise it."""
        brings: object = vars(self)["brings"]
        if isinstance(brings, BaseException):
            raise brings
        return brings


def plug(monkeypatch: pytest.MonkeyPatch, brings: Mapping[str, object]) -> None:
    """Let other packages bring these algorithms by name, until the test is over."""
    entries = [Entry(name, each) for name, each in brings.items()]
    monkeypatch.setattr(registry, "entry_points", lambda group: entries if group == "depthwalk.algorithms" else [])
    monkeypatch.setattr(registry, "_installed", _INSTALLED.__wrapped__)
