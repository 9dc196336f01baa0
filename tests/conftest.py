"""What every test may ask for. Builders of values live in tests/support/."""

import os
import random
from pathlib import Path

import pytest
from hypothesis import settings

from depthwalk.clock import ManualClock
from depthwalk.domain.units import parse_instant

# Properties are about values; how long an example takes on a busy machine is no failure.
settings.register_profile("depthwalk", deadline=None)
settings.load_profile("depthwalk")

_FOLDERS = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what waits for the clock: meanwhile the other worker has work, and the machine's other half is free."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the user's folders at an empty place, and forget the user's keys and settings."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in _FOLDERS:
        folder = home / name.lower()
        folder.mkdir(mode=0o700)
        monkeypatch.setenv(name, str(folder))
    for name in os.environ:
        if name.startswith(("KALSHI_", "DEPTHWALK_")) and name != "DEPTHWALK_SHARED":
            monkeypatch.delenv(name)


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands at a fixed time until it is told to move."""
    return ManualClock(parse_instant("2026-05-13T20:20:37Z"))


@pytest.fixture
def rng() -> random.Random:
    """Return a random generator with a fixed seed."""
    return random.Random(20_260_513)


@pytest.fixture
def database_path(tmp_path: Path) -> Path:
    """Return where a test may put a database; there is none yet."""
    return tmp_path / "depthwalk.sqlite"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of recorded books; skip where it is not (README, DEPTHWALK_SHARED)."""
    root = Path(os.environ.get("DEPTHWALK_SHARED") or Path(__file__).parents[2] / "shared")
    folder = root / "data" / "kalshi"
    if not folder.is_dir():
        pytest.skip(f"the recorded books are not at {folder}; DEPTHWALK_SHARED names another place")
    return folder
